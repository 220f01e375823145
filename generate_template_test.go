package wacloud

import (
	"encoding/json"
	"strings"
	"time"
)

// endpoint makes some requests direct sends and marketing messages.
func (g generator) endpoint(o *Outgoing) {
	direct := &DirectSend{
		Category: []string{"utility", "authentication", "service"}[g.IntN(3)], TTLSeconds: g.IntN(2) * (1 + g.IntN(3600)),
		TemplateName: g.maybe(g.word(20)),
	}
	switch o.Message.(type) {
	case MixedButtons:
		o.DirectSend = direct
	case Buttons, CTAURL, VoiceCall:
		if g.coin() {
			o.DirectSend = direct
		}
	case Template:
		if g.coin() {
			o.Marketing = &Marketing{ProductPolicy: g.maybe("STRICT")}
			if g.coin() {
				o.Marketing.ActivitySharing = new(g.coin())
			}
		}
	}
}

func (g generator) maybeMedia() Media {
	if g.coin() {
		return Media{}
	}
	return g.media()
}

// moment is a time after 1970 to the second.
func (g generator) moment() time.Time { return time.Unix(1+g.Int64N(1<<33), 0).UTC() }

func (g generator) template() Template {
	m := Template{Name: strings.ToLower(g.word(30)) + "_1", Language: []string{"en", "pt_BR", "fil"}[g.IntN(3)]}
	if g.IntN(10) == 0 {
		return m.WithOTP(g.digits(6))
	}
	m.Header, m.Body = g.templateHeader(), g.parameters(100)
	switch g.IntN(4) {
	case 0:
		m.OfferEnds = g.moment().Add(time.Duration(g.IntN(1000)) * time.Millisecond)
	case 1:
		m.OrderStatus = g.orderUpdate()
	case 2:
		m.Cards = g.templateCards()
	}
	m.Buttons = g.templateButtons()
	m.TapTargets = some(g, 0, 2, func(g generator) TapTarget { return TapTarget{URL: g.link().URL, Title: g.label(20)} })
	return m
}

func (g generator) templateHeader() TemplateHeader {
	switch g.IntN(7) {
	case 0:
		return TextParameter{Name: g.maybe("name"), Text: g.label(60)}
	case 1:
		return HeaderImage{Media: g.media()}
	case 2:
		return HeaderVideo{Media: g.media()}
	case 3:
		return HeaderDocument{Media: g.media(), Filename: g.maybe(g.word(20) + ".pdf")}
	case 4:
		return Location{Latitude: g.Float64()*180 - 90, Longitude: g.Float64()*360 - 180, Name: g.maybe(g.text(40))}
	case 5:
		return HeaderProduct{RetailerID: g.unique("sku"), CatalogID: g.digits(15)}
	default:
		return nil
	}
}

// parameters have at most max characters together.
func (g generator) parameters(max int) []TemplateParameter {
	name := g.maybe("name")
	return some(g, 0, 4, func(g generator) TemplateParameter {
		switch g.IntN(4) {
		case 0:
			return CurrencyParameter{Fallback: g.label(20), Code: "BRL", Amount1000: g.Int64N(1 << 50)}
		case 1:
			return DateTimeParameter{Fallback: g.label(20)}
		default:
			return TextParameter{Name: name, Text: g.label(max / 4)}
		}
	})
}

// templateButtons end in one that takes a parameter: there is nothing on the wire of those behind.
func (g generator) templateButtons() []TemplateButton {
	all := some(g, 0, 3, func(g generator) TemplateButton { return QuickReplyPayload(g.unique("p")) })
	for range g.IntN(3) {
		all = append(all, nil)
	}
	return append(all, g.templateButton())
}

func (g generator) templateButton() TemplateButton {
	switch g.IntN(7) {
	case 0:
		return URLSuffix(g.word(20) + "?a=<1>&b")
	case 1:
		return CouponCode(g.word(15))
	case 2:
		b := FlowButton{Token: g.maybe(g.word(20))}
		if g.coin() {
			b.Data = json.RawMessage(`{"name":"` + g.word(20) + `"}`)
		}
		return b
	case 3:
		return CatalogButton{ThumbnailRetailerID: g.maybe(g.unique("sku"))}
	case 4:
		return ProductsButton{ThumbnailRetailerID: g.unique("sku"), Sections: some(g, 1, 10, func(g generator) ProductSection {
			return ProductSection{Title: g.label(24), RetailerIDs: g.skus(1, 3)}
		})}
	case 5:
		return CallButton{TTLMinutes: g.IntN(2) * (1 + g.IntN(43200)), Payload: g.maybe(g.text(512))}
	default:
		return OrderDetailsButton{Payment: g.payment()}
	}
}

// templateCards fill the same slots.
func (g generator) templateCards() []TemplateCard {
	kind, texts, replies := g.IntN(3), g.IntN(3), g.IntN(2)
	return some(g, 2, 10, func(g generator) TemplateCard {
		k := TemplateCard{Header: HeaderImage{Media: g.media()}}
		switch kind {
		case 0:
			k.Header = HeaderVideo{Media: g.media()}
		case 1:
			k.Header = HeaderProduct{RetailerID: g.unique("sku"), CatalogID: g.digits(15)}
		}
		for range texts {
			k = k.WithTexts(g.label(50))
		}
		for range replies {
			k.Buttons = append(k.Buttons, QuickReplyPayload(g.unique("p")))
		}
		k.Buttons = append(k.Buttons, URLSuffix(g.word(20)))
		return k
	})
}

func (g generator) orderUpdate() OrderUpdate {
	u := OrderUpdate{
		ReferenceID: g.word(35), Status: []string{"pending", "partially-shipped", "canceled"}[g.IntN(3)],
		Description: g.maybe(g.text(120)),
	}
	if g.coin() {
		u.PaymentStatus = "captured"
		if g.coin() {
			u.PaymentTime = g.moment()
		}
	}
	return u
}

func (g generator) amount() Amount { return Amount(g.Int64N(1 << 40)) }

func (g generator) charge() Charge {
	return Charge{Amount: g.amount(), Description: g.maybe(g.text(60))}
}

func (g generator) payment() Payment {
	p := Payment{ReferenceID: g.word(30) + "_-.1", Goods: "digital-goods", Currency: CurrencyBrazil, Order: g.order()}
	if g.coin() {
		p.Goods = "physical-goods"
	}
	if g.coin() {
		p.Settings = some(g, 0, 3, generator.brazilSetting)
		return p
	}
	p.Currency, p.Type = CurrencyIndia, g.maybe("upi")
	p.Settings = some(g, 0, 3, generator.indiaSetting)
	p.Beneficiaries = some(g, 0, 2, func(g generator) Beneficiary {
		return Beneficiary{
			Name: g.text(200), Line1: g.text(100), Line2: g.maybe(g.text(100)), City: g.maybe(g.text(20)),
			State: g.maybe(g.text(20)), Country: g.maybe("India"), PostalCode: g.digits(6),
		}
	})
	return p
}

func (g generator) order() Order {
	o := Order{
		Items: some(g, 1, 4, generator.orderLine), Subtotal: g.charge(), Tax: g.charge(), CatalogID: g.maybe(g.digits(15)),
	}
	o.Subtotal.Amount += 1 << 41 // more than any discount
	if g.coin() {
		o.Shipping = g.charge()
		o.Discount = Discount{Amount: g.amount(), Description: g.maybe(g.text(60)), ProgramName: g.maybe(g.text(60))}
	}
	if g.coin() {
		o.Expires, o.ExpiresNote = g.moment(), g.maybe(g.text(120))
	}
	if o.CatalogID == "" {
		for i := range o.Items {
			o.Items[i].ImageLink = g.maybe(g.link().URL)
		}
	}
	return o
}

func (g generator) orderLine() OrderLine {
	t := OrderLine{
		RetailerID: g.unique("sku"), Name: g.text(60), Amount: 10 + g.amount(), Quantity: 1 + g.IntN(100),
		CountryOfOrigin: g.maybe("India"), ImporterName: g.maybe(g.text(20)),
	}
	if g.coin() {
		t.SaleAmount = 1 + Amount(g.IntN(9))
		t.ImporterAddress = ImporterAddress{
			Line1: g.text(20), Line2: g.maybe(g.text(20)), City: g.text(20), ZoneCode: g.maybe("TS"),
			PostalCode: g.digits(6), CountryCode: g.maybe("IN"),
		}
	}
	return t
}

func (g generator) indiaSetting() PaymentSetting {
	switch g.IntN(6) {
	case 0:
		s := BillDesk{Configuration: g.word(60)}
		s.AdditionalInfo[g.IntN(7)] = g.maybe(g.text(120))
		return s
	case 1:
		s := Razorpay{Configuration: g.word(60), Receipt: g.maybe(g.text(40))}
		if g.coin() {
			s.Notes = map[string]string{"k": g.text(256), "<b>": ""}
		}
		return s
	case 2:
		s := PayU{Configuration: g.word(60)}
		s.UDF[g.IntN(4)] = g.maybe(g.text(255))
		return s
	case 3:
		s := Zaakpay{Configuration: g.word(60)}
		s.Extra[g.IntN(2)] = g.maybe(g.text(180))
		return s
	case 4:
		return UPIIntent{Link: "upi://pay?pa=" + g.word(20)}
	default:
		return PaymentLink{URI: g.link().URL}
	}
}

func (g generator) brazilSetting() PaymentSetting {
	switch g.IntN(4) {
	case 0:
		return PixCode{Code: g.text(100), MerchantName: g.text(40), Key: g.digits(14), KeyType: "CNPJ"}
	case 1:
		return Boleto{DigitableLine: g.digits(47)}
	case 2:
		return OffsiteCard{LastFour: g.digits(4), CredentialID: g.word(20)}
	default:
		return PaymentLink{URI: g.link().URL}
	}
}
