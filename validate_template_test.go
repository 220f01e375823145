package wacloud

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// joined is a map with the entries of both.
func joined[V any](a, b map[string]V) map[string]V {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func aTemplate() Template { return NewTemplate("order_ready", "pt_BR") }

func inTemplate(fill func(m Template, s string) Template) func(string) []Problem {
	return func(s string) []Problem { return Check(fill(aTemplate(), s)) }
}

// templateCards are n cards with a picture and as many quick replies.
func templateCards(n, replies int) []TemplateCard {
	cards := make([]TemplateCard, n)
	for i := range cards {
		cards[i] = NewTemplateCard(HeaderImage{Media: MediaID("1")})
		for j := range replies {
			cards[i].Buttons = append(cards[i].Buttons, QuickReplyPayload(string(rune('a'+i))+string(rune('a'+j))))
		}
	}
	return cards
}

func onCards(fill func(k TemplateCard, s string) TemplateCard) func(string) []Problem {
	return func(s string) []Problem {
		cards := templateCards(2, 1)
		for i := range cards {
			cards[i] = fill(cards[i], s)
		}
		return Check(aTemplate().WithCards(cards...))
	}
}

func withParameter(p TemplateParameter) Message { return aTemplate().WithBody(p) }

func withButtons(buttons ...TemplateButton) Message { return aTemplate().WithButtons(buttons...) }

func repeated[T any](n int, make func(i int) T) []T {
	var all []T
	for i := range n {
		all = append(all, make(i))
	}
	return all
}

func aPayment(change func(p *Payment)) Message {
	p := Payment{
		ReferenceID: "ord-42", Goods: "digital-goods", Currency: CurrencyBrazil, Settings: []PaymentSetting{PaymentLink{URI: "https://pay.example"}},
		Order: Order{Items: []OrderLine{{RetailerID: "sku", Name: "Cake", Amount: 500, Quantity: 1}}, Subtotal: Charge{Amount: 500}},
	}
	change(&p)
	return NewOrderDetails("Body", p)
}

// indian is a payment of India in which nothing is amiss.
func indian(change func(p *Payment)) Message {
	return aPayment(func(p *Payment) {
		p.Currency = CurrencyIndia
		p.Order.CatalogID = "7"
		change(p)
	})
}

func inPayment(change func(p *Payment, s string)) func(string) []Problem {
	return func(s string) []Problem { return Check(aPayment(func(p *Payment) { change(p, s) })) }
}

func inIndia(change func(p *Payment, s string)) func(string) []Problem {
	return func(s string) []Problem { return Check(indian(func(p *Payment) { change(p, s) })) }
}

func aBeneficiary() Beneficiary {
	return Beneficiary{Name: "Asha", Line1: "1 Example Road", PostalCode: "560001"}
}

func toBeneficiary(change func(b *Beneficiary, s string)) func(string) []Problem {
	return inIndia(func(p *Payment, s string) {
		b := aBeneficiary()
		change(&b, s)
		p.Beneficiaries = []Beneficiary{b}
	})
}

func directText(s string) []Problem {
	return Outgoing{To: aPhone, Message: NewText(s), DirectSend: &DirectSend{Category: "utility"}}.Check()
}

const (
	componentPath = "template.components[0]."
	paymentPath   = "interactive.action.parameters."
)

var templateTextRows = map[string]textRow{
	"template.name":         {path: "template.name", ascii: true, check: func(s string) []Problem { return Check(NewTemplate(s, "en")) }},
	"template.text":         {path: componentPath + "parameters[0].text", check: func(s string) []Problem { return ofRule(Check(aTemplate().WithTexts(s)), "template.text") }},
	"template.header":       {path: componentPath + "parameters[0].text", check: inTemplate(func(m Template, s string) Template { return m.WithHeader(TextParameter{Text: s}) })},
	"template.body":         {path: componentPath + "parameters", check: inTemplate(func(m Template, s string) Template { return m.WithTexts(s) })},
	"template.body.offer":   {path: componentPath + "parameters", check: inTemplate(func(m Template, s string) Template { return m.WithTexts(s).WithOffer(time.Unix(1, 0)) })},
	"template.body.product": {path: "template.components[1].parameters", check: inTemplate(func(m Template, s string) Template { return m.WithTexts(s).WithHeader(HeaderProduct{"sku", "7"}) })},
	"template.card.body":    {path: componentPath + "cards[0].components[1].parameters", check: onCards(func(k TemplateCard, s string) TemplateCard { return k.WithTexts(s) })},
	"template.fallback":     {path: componentPath + "parameters[0].date_time.fallback_value", check: inTemplate(func(m Template, s string) Template { return m.WithBody(DateTimeParameter{s}) })},
	"template.payload":      {path: componentPath + "parameters[0].payload", check: inTemplate(func(m Template, s string) Template { return m.WithButtons(QuickReplyPayload(s)) })},
	"template.url":          {path: componentPath + "parameters[0].text", check: inTemplate(func(m Template, s string) Template { return m.WithButtons(URLSuffix(s)) })},
	"template.coupon":       {path: componentPath + "parameters[0].coupon_code", check: inTemplate(func(m Template, s string) Template { return m.WithButtons(CouponCode(s)) })},
	"template.coupon.long":  {path: componentPath + "parameters[0].coupon_code", check: inTemplate(func(m Template, s string) Template { return m.WithButtons(CouponCode(s)) })},
	"template.otp":          {path: componentPath + "parameters[0].text", check: inTemplate(func(m Template, s string) Template { return m.WithOTP(s) })},
	"template.tap_target.title": {path: componentPath + "parameters[0].tap_target_configuration[0].title", check: inTemplate(func(m Template, s string) Template {
		return m.WithTapTargets(TapTarget{URL: "https://example.com", Title: s})
	})},

	"payment.reference_id":        {path: paymentPath + "reference_id", ascii: true, check: inIndia(func(p *Payment, s string) { p.ReferenceID = s })},
	"payment.reference_id.brazil": {path: paymentPath + "reference_id", ascii: true, check: inPayment(func(p *Payment, s string) { p.ReferenceID = s })},
	"payment.configuration":       {path: paymentPath + "payment_settings[0].payment_gateway.configuration_name", check: inIndia(func(p *Payment, s string) { p.Settings = []PaymentSetting{PayU{Configuration: s}} })},
	"razorpay.receipt":            {path: paymentPath + "payment_settings[0].payment_gateway.razorpay.receipt", check: inIndia(func(p *Payment, s string) { p.Settings = []PaymentSetting{Razorpay{Configuration: "c", Receipt: s}} })},
	"razorpay.note": {path: paymentPath + "payment_settings[0].payment_gateway.razorpay.notes.k", check: inIndia(func(p *Payment, s string) {
		p.Settings = []PaymentSetting{Razorpay{Configuration: "c", Notes: map[string]string{"k": s}}}
	})},
	"payu.udf": {path: paymentPath + "payment_settings[0].payment_gateway.payu.udf4", check: inIndia(func(p *Payment, s string) {
		p.Settings = []PaymentSetting{PayU{Configuration: "c", UDF: [4]string{3: s}}}
	})},
	"zaakpay.extra": {path: paymentPath + "payment_settings[0].payment_gateway.zaakpay.extra2", check: inIndia(func(p *Payment, s string) {
		p.Settings = []PaymentSetting{Zaakpay{Configuration: "c", Extra: [2]string{1: s}}}
	})},
	"billdesk.additional_info": {path: paymentPath + "payment_settings[0].payment_gateway.billdesk.additional_info7", check: inIndia(func(p *Payment, s string) {
		p.Settings = []PaymentSetting{BillDesk{Configuration: "c", AdditionalInfo: [7]string{6: s}}}
	})},
	"payment.field":             {path: paymentPath + "payment_settings[0].boleto.digitable_line", check: inPayment(func(p *Payment, s string) { p.Settings = []PaymentSetting{Boleto{s}} })},
	"beneficiary.name":          {path: paymentPath + "beneficiaries[0].name", check: toBeneficiary(func(b *Beneficiary, s string) { b.Name = s })},
	"beneficiary.address_line1": {path: paymentPath + "beneficiaries[0].address_line1", check: toBeneficiary(func(b *Beneficiary, s string) { b.Line1 = s })},
	"beneficiary.address_line2": {path: paymentPath + "beneficiaries[0].address_line2", check: toBeneficiary(func(b *Beneficiary, s string) { b.Line2 = s })},
	"order.item.name":           {path: paymentPath + "order.items[0].name", check: inPayment(func(p *Payment, s string) { p.Order.Items[0].Name = s })},
	"order.note":                {path: paymentPath + "order.discount.discount_program_name", check: inPayment(func(p *Payment, s string) { p.Order.Discount.ProgramName = s })},
	"order.expiration.description": {path: paymentPath + "order.expiration.description", check: inPayment(func(p *Payment, s string) {
		p.Order.Expires, p.Order.ExpiresNote = time.Unix(1, 0), s
	})},
	"order_status.description": {path: paymentPath + "order.description", check: func(s string) []Problem {
		return Check(NewOrderStatus("Body", OrderUpdate{ReferenceID: "1", Status: "shipped", Description: s}))
	}},

	"pin.message_id": {path: "pin.message_id", check: func(s string) []Problem { return Check(Pin{MessageID: s, Days: 1}) }},
	"direct.text":    {path: "text.body", check: directText},
}

var templateCountRows = map[string]countRow{
	"template.cards":        {componentPath + "cards", func(n int) []Problem { return Check(aTemplate().WithCards(templateCards(n, 1)...)) }},
	"template.cards.few":    {componentPath + "cards", func(n int) []Problem { return Check(aTemplate().WithCards(templateCards(n, 1)...)) }},
	"template.card.buttons": {componentPath + "cards[0].components", func(n int) []Problem { return Check(aTemplate().WithCards(templateCards(2, n)...)) }},
	"template.buttons": {"template.components", func(n int) []Problem {
		return Check(withButtons(repeated(n, func(i int) TemplateButton { return QuickReplyPayload(many(n)[i]) })...))
	}},
	"template.buttons.url": {"template.components", func(n int) []Problem {
		return Check(withButtons(repeated(n, func(int) TemplateButton { return URLSuffix("a") })...))
	}},
	"template.buttons.copy_code": {"template.components", func(n int) []Problem {
		return Check(withButtons(repeated(n, func(int) TemplateButton { return CouponCode("a") })...))
	}},

	"payment.settings": {paymentPath + "payment_settings", func(n int) []Problem {
		return Check(aPayment(func(p *Payment) {
			p.Settings = repeated(n, func(int) PaymentSetting { return PaymentLink{URI: "https://pay.example"} })
		}))
	}},
	"razorpay.notes": {paymentPath + "payment_settings[0].payment_gateway.razorpay.notes", func(n int) []Problem {
		notes := map[string]string{}
		for _, s := range many(n) {
			notes[s] = s
		}
		return Check(indian(func(p *Payment) { p.Settings = []PaymentSetting{Razorpay{Configuration: "c", Notes: notes}} }))
	}},
	"order.items": {paymentPath + "order.items", func(n int) []Problem { return Check(aPayment(func(p *Payment) { p.Order.Items = orderLines(n) })) }},
	"order.items.images": {paymentPath + "order.items", func(n int) []Problem {
		return Check(aPayment(func(p *Payment) {
			p.Order.Items = orderLines(n)
			p.Order.Items[0].ImageLink = "https://example.com/a.jpg"
		}))
	}},
	"order.item.quantity": {paymentPath + "order.items[0].quantity", func(n int) []Problem { return Check(aPayment(func(p *Payment) { p.Order.Items[0].Quantity = n })) }},

	"pin.expiration_days": {"pin.expiration_days", func(n int) []Problem { return Check(Pin{MessageID: "wamid.1", Days: n}) }},
	"mixed.links": {"interactive.action.buttons", func(n int) []Problem {
		return Check(NewMixedButtons("Body", repeated(n, func(int) Link { return aLink })...))
	}},
	"mixed.buttons": {"interactive.action.buttons", func(n int) []Problem {
		return Check(NewMixedButtons("Body", aLink).WithButtons(repeated(n-1, func(i int) Button { return Button{many(n)[i], many(n)[i]} })...))
	}},
}

func orderLines(n int) []OrderLine {
	return repeated(n, func(i int) OrderLine {
		return OrderLine{RetailerID: many(n)[i], Name: "Cake", Amount: 500, Quantity: 1}
	})
}

// templateLimits are the numbers of Meta's pages once more, by hand.
var templateLimits = map[string][2]int{
	"template.name": {1, 512}, "template.text": {1, unlimited}, "template.header": {0, 60}, "template.body": {0, 1024},
	"template.body.offer": {0, 600}, "template.body.product": {0, 160}, "template.card.body": {0, 160},
	"template.fallback": {1, unlimited}, "template.cards": {0, 10}, "template.cards.few": {2, unlimited},
	"template.card.buttons": {0, 2}, "template.buttons": {0, 10}, "template.buttons.url": {0, 2}, "template.buttons.copy_code": {0, 1},
	"template.payload": {1, 256}, "template.url": {1, 2000}, "template.coupon": {1, 20}, "template.coupon.long": {0, 15},
	"template.otp": {0, 15}, "template.tap_target.title": {1, unlimited},
	"payment.reference_id": {1, 35}, "payment.reference_id.brazil": {1, 60}, "payment.settings": {1, unlimited},
	"payment.configuration": {1, 60}, "razorpay.receipt": {0, 40}, "razorpay.notes": {0, 15}, "razorpay.note": {0, 256},
	"payu.udf": {0, 255}, "zaakpay.extra": {0, 180}, "billdesk.additional_info": {0, 120}, "payment.field": {1, unlimited},
	"beneficiary.name": {1, 200}, "beneficiary.address_line1": {1, 100}, "beneficiary.address_line2": {0, 100},
	"order.items": {1, unlimited}, "order.items.images": {0, 10}, "order.item.name": {1, 60}, "order.item.quantity": {1, unlimited},
	"order.note": {0, 60}, "order.expiration.description": {0, 120}, "order_status.description": {0, 120},
	"pin.message_id": {1, unlimited}, "pin.expiration_days": {1, 30}, "mixed.links": {1, 2}, "mixed.buttons": {0, 10},
	"direct.text": {0, 1024},
}

var templateRuleTests = []struct {
	rule  string
	m     Message
	wants []string
}{
	{"template.name.form", NewTemplate("Order-ready", "en"), []string{"template.name: another character"}},
	{"template.name.form", NewTemplate("order_ready_2", "en"), nil},
	{"template.language", NewTemplate("hello", ""), []string{"template.language.code: another form"}},
	{"template.language", NewTemplate("hello", "pt-BR"), []string{"template.language.code: another form"}},
	{"template.language", NewTemplate("hello", "english"), []string{"template.language.code: another form"}},
	{"template.language", NewTemplate("hello", "en_"), []string{"template.language.code: another form"}},
	{"template.language", NewTemplate("hello", "en_é"), []string{"template.language.code: another form"}},
	{"template.language", NewTemplate("hello", "fil"), nil},
	{"template.language", NewTemplate("hello", "zh_CN"), nil},
	{"template.parameter", withParameter(nil), []string{componentPath + "parameters[0]: nothing"}},
	{"template.parameter", withParameter((*TextParameter)(nil)), []string{componentPath + "parameters[0]: nothing"}},
	{"template.parameter", withParameter(&TextParameter{Text: "a"}), nil},
	{"header", aTemplate().WithHeader((*HeaderImage)(nil)), []string{componentPath + "parameters: a nil pointer"}},
	{"template.text.space", aTemplate().WithTexts("a\nb"), []string{componentPath + "parameters[0].text: a line break, a tab or 5 spaces"}},
	{"template.text.space", aTemplate().WithTexts("a     b"), []string{componentPath + "parameters[0].text: a line break, a tab or 5 spaces"}},
	{"template.text.space", aTemplate().WithTexts("a    b"), nil},
	{"template.names", aTemplate().WithBody(TextParameter{Name: "a", Text: "a"}, TextParameter{Text: "b"}, TextParameter{Name: "c", Text: "c"}), []string{componentPath + "parameters[1].parameter_name: names on some texts"}},
	{"template.names", aTemplate().WithBody(TextParameter{Name: "a", Text: "a"}, DateTimeParameter{"b"}), nil},
	{"template.currency", withParameter(CurrencyParameter{Fallback: "1", Code: "brl"}), []string{componentPath + "parameters[0].currency.code: another form"}},
	{"template.currency", withParameter(CurrencyParameter{Fallback: "1", Code: "BRL", Amount1000: -1}), nil},
	{"time", aTemplate().WithOffer(time.Unix(-1, 0)), []string{componentPath + "parameters[0].limited_time_offer.expiration_time_ms: another time"}},
	{"time", aTemplate().WithOffer(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)), nil},
	{"template.card.header", aTemplate().WithCards(templateCards(1, 0)[0], TemplateCard{}), []string{componentPath + "cards[1].components: no header"}},
	{"template.card.header", aTemplate().WithCards(templateCards(1, 0)[0], NewTemplateCard((*HeaderVideo)(nil))), []string{componentPath + "cards[1].components: no header"}},
	{"template.card.header.id", aTemplate().WithCards(templateCards(1, 0)[0], NewTemplateCard(aPicture)), []string{componentPath + "cards[1].components[0].parameters[0].image: a link"}},
	{"template.cards.same", aTemplate().WithCards(templateCards(1, 0)[0], NewTemplateCard(HeaderVideo{Media: MediaID("1")})), []string{componentPath + "cards[1].components: video after image"}},
	{"template.cards.same", aTemplate().WithCards(templateCards(1, 0)[0], templateCards(1, 0)[0].WithTexts("a")), []string{componentPath + "cards[1].components: 1 parameters after 0"}},
	{"template.cards.same", aTemplate().WithCards(templateCards(1, 0)[0], templateCards(1, 1)[0]), []string{componentPath + "cards[1].components: 1 buttons after 0"}},
	{"template.cards.same", aTemplate().WithCards(templateCards(1, 1)[0], NewTemplateCard(HeaderImage{Media: MediaID("1")}, URLSuffix("a"))), []string{componentPath + "cards[1].components: another kind of button"}},
	{"template.cards.same", aTemplate().WithCards(NewTemplateCard(HeaderProduct{"a", "7"}), NewTemplateCard(&HeaderProduct{"b", "7"})), nil},
	{"template.buttons.grouped", withButtons(QuickReplyPayload("a"), URLSuffix("b"), QuickReplyPayload("c")), []string{"template.components: another button between them"}},
	{"template.buttons.grouped", withButtons(QuickReplyPayload("a"), nil, QuickReplyPayload("c"), URLSuffix("b")), nil},
	{"template.button", withButtons((*URLSuffix)(nil)), []string{componentPath[:len(componentPath)-1] + ": a nil pointer"}},
	{"template.button", withButtons(nil, nil, new(URLSuffix("a"))), nil},
	{"template.payload.unique", withButtons(QuickReplyPayload("a"), QuickReplyPayload("a")), []string{"template.components[1].parameters[0].payload: used before in this message"}},
	{"template.payload.unique", aTemplate().WithCards(templateCards(1, 1)[0], templateCards(1, 1)[0]), []string{componentPath + "cards[1].components[1].parameters[0].payload: used before in this message"}},
	{"flow.data", withButtons(FlowButton{Data: []byte(`[]`)}), []string{componentPath + "parameters[0].action.flow_action_data: other JSON"}},
	{"flow.data", withButtons(FlowButton{Data: []byte(`{}`)}), []string{componentPath + "parameters[0].action.flow_action_data: an empty object"}},
	{"url", aTemplate().WithTapTargets(TapTarget{URL: "example.com", Title: "Offer"}), []string{componentPath + "parameters[0].tap_target_configuration[0].url: no http:// or https:// at its start"}},
	{"media.source", aTemplate().WithHeader(HeaderDocument{}), []string{componentPath + "parameters[0].document: neither id nor link"}},
	{"location.latitude", aTemplate().WithHeader(Location{Latitude: 91, Longitude: 1}), []string{componentPath + "parameters[0].location.latitude: out of range"}},
	{"text.utf8", withButtons(FlowButton{Token: "\xff"}), []string{componentPath + "parameters[0].action.flow_token: bytes that are not UTF-8"}},
}

var paymentRuleTests = []struct {
	rule  string
	m     Message
	wants []string
}{
	{"payment.currency", aPayment(func(p *Payment) { p.Currency = "USD"; p.Settings = []PaymentSetting{PaymentLink{"https://a.example"}} }), []string{paymentPath + "currency: another currency"}},
	{"payment.reference_id.form", aPayment(func(p *Payment) { p.ReferenceID = "ord 42" }), []string{paymentPath + "reference_id: another character"}},
	{"payment.reference_id.form", aPayment(func(p *Payment) { p.ReferenceID = "ordé" }), []string{paymentPath + "reference_id: another character"}},
	{"payment.reference_id.form", aPayment(func(p *Payment) { p.ReferenceID = "Ord_4-2.1" }), nil},
	{"payment.goods", aPayment(func(p *Payment) { p.Goods = "" }), []string{paymentPath + "type: another word"}},
	{"payment.type", aPayment(func(p *Payment) { p.Type = "upi" }), []string{paymentPath + "payment_type: another word"}},
	{"payment.type", aPayment(func(p *Payment) { p.Type = "br" }), nil},
	{"payment.type", indian(func(p *Payment) { p.Type = "br" }), []string{paymentPath + "payment_type: another word"}},
	{"payment.type", indian(func(p *Payment) { p.Type = "upi" }), nil},
	{"payment.setting", aPayment(func(p *Payment) { p.Settings = []PaymentSetting{nil} }), []string{paymentPath + "payment_settings[0]: nothing"}},
	{"payment.setting", aPayment(func(p *Payment) { p.Settings = []PaymentSetting{(*Boleto)(nil)} }), []string{paymentPath + "payment_settings[0]: nothing"}},
	{"payment.setting.country", aPayment(func(p *Payment) { p.Settings = []PaymentSetting{UPIIntent{"upi://pay"}} }), []string{paymentPath + "payment_settings[0].type: one of another country"}},
	{"payment.setting.country", indian(func(p *Payment) { p.Settings = []PaymentSetting{Boleto{"1"}} }), []string{paymentPath + "payment_settings[0].type: one of another country"}},
	{"payment.setting.country", indian(func(p *Payment) { p.Settings = []PaymentSetting{&Zaakpay{Configuration: "c"}} }), nil},
	{"pix.key_type", aPayment(func(p *Payment) { p.Settings = []PaymentSetting{PixCode{"c", "m", "k", "cpf"}} }), []string{paymentPath + "payment_settings[0].pix_dynamic_code.key_type: another word"}},
	{"pix.key_type", aPayment(func(p *Payment) { p.Settings = []PaymentSetting{PixCode{"c", "m", "k", "EVP"}} }), nil},
	{"upi.link", indian(func(p *Payment) { p.Settings = []PaymentSetting{UPIIntent{"https://pay.example"}} }), []string{paymentPath + "payment_settings[0].upi_intent_link.link: another address"}},
	{"upi.link", indian(func(p *Payment) { p.Settings = []PaymentSetting{UPIIntent{"upi://pay?pn=A B"}} }), []string{paymentPath + "payment_settings[0].upi_intent_link.link: another address"}},
	{"upi.link", indian(func(p *Payment) { p.Settings = []PaymentSetting{UPIIntent{"upi://pay?pa=a"}} }), nil},
	{"url", aPayment(func(p *Payment) { p.Settings = []PaymentSetting{PaymentLink{"pay"}} }), []string{paymentPath + "payment_settings[0].payment_link.uri: no http:// or https:// at its start"}},
	{"card.last_four_digits", aPayment(func(p *Payment) { p.Settings = []PaymentSetting{OffsiteCard{"12345", "c"}} }), []string{paymentPath + "payment_settings[0].offsite_card_pay.last_four_digits: something else"}},
	{"card.last_four_digits", aPayment(func(p *Payment) { p.Settings = []PaymentSetting{OffsiteCard{"1234", "c"}} }), nil},
	{"payment.beneficiaries", aPayment(func(p *Payment) { p.Beneficiaries = []Beneficiary{aBeneficiary()} }), []string{paymentPath + "beneficiaries: beneficiaries in Brazil"}},
	{"payment.beneficiaries.missing", indian(func(p *Payment) { p.Goods = "physical-goods" }), []string{paymentPath + "beneficiaries: none"}},
	{"payment.beneficiaries.missing", indian(func(*Payment) {}), nil},
	{"beneficiary.postal_code", indian(func(p *Payment) { p.Beneficiaries = []Beneficiary{{Name: "A", Line1: "1", PostalCode: "5600"}} }), []string{paymentPath + "beneficiaries[0].postal_code: something else"}},
	{"order.items.images.catalog", aPayment(func(p *Payment) { p.Order.CatalogID, p.Order.Items[0].ImageLink = "7", "https://a.example/1.jpg" }), []string{paymentPath + "order.items: pictures"}},
	{"order.item.sale_amount", aPayment(func(p *Payment) { p.Order.Items[0].SaleAmount = 500 }), []string{paymentPath + "order.items[0].sale_amount.value: as much or more"}},
	{"order.item.sale_amount", aPayment(func(p *Payment) { p.Order.Items[0].SaleAmount = 499 }), nil},
	{"order.item.importer", indian(func(p *Payment) { p.Order.CatalogID = "" }), []string{paymentPath + "order.items[0]: without them"}},
	{"order.item.importer", indian(func(p *Payment) {
		p.Order.CatalogID = ""
		p.Order.Items[0].CountryOfOrigin, p.Order.Items[0].ImporterName, p.Order.Items[0].ImporterAddress.Line1 = "India", "Imports", "1 Road"
	}), nil},
	{"order.item.importer", aPayment(func(*Payment) {}), nil},
	{"order.amount", aPayment(func(p *Payment) { p.Order.Items[0].Amount = -1 }), []string{paymentPath + "order.items[0].amount.value: out of range"}},
	{"order.amount", aPayment(func(p *Payment) { p.Order.Tax.Amount = -1 }), []string{paymentPath + "order.tax.value: out of range"}},
	{"order.amount", aPayment(func(p *Payment) { p.Order.Discount.Amount = 501 }), []string{paymentPath + "total_amount.value: less than 0"}},
	{"order.amount", aPayment(func(p *Payment) { p.Order.Discount.Amount = 500 }), nil},
	{"time", aPayment(func(p *Payment) { p.Order.Expires = time.Unix(-1, 0) }), []string{paymentPath + "order.expiration.timestamp: another time"}},
	{"time", aPayment(func(p *Payment) { p.Order.ExpiresNote = "soon" }), []string{paymentPath + "order.expiration.timestamp: a note without a time"}},
	{"media.source", OrderDetails{Image: Media{ID: "1", Link: "https://a.example/1.jpg"}, Body: "Body", Payment: aPayment(func(*Payment) {}).(OrderDetails).Payment}, []string{"interactive.header.image: both id and link"}},
	{"order_status.status", NewOrderStatus("Body", OrderUpdate{ReferenceID: "1", Status: "sent"}), []string{paymentPath + "order.status: another word"}},
	{"order_status.status", NewOrderStatus("Body", OrderUpdate{ReferenceID: "1", Status: "partially_shipped"}), nil},
	{"order_status.payment", NewOrderStatus("Body", OrderUpdate{ReferenceID: "1", Status: "shipped", PaymentStatus: "paid"}), []string{paymentPath + "payment.status: another word"}},
	{"order_status.payment", NewOrderStatus("Body", OrderUpdate{ReferenceID: "1", Status: "shipped", PaymentTime: time.Unix(1, 0)}), []string{paymentPath + "payment.status: empty"}},
	{"order_status.payment", NewOrderStatus("Body", OrderUpdate{ReferenceID: "1", Status: "shipped", PaymentStatus: "captured"}), nil},
	{"button.id.unique", NewMixedButtons("Body", aLink).WithButtons(aButton, Button{ID: "1", Title: "Two"}), []string{"interactive.action.buttons[2].reply.id: used before in this message"}},
	{"button.title.unique", NewMixedButtons("Body", aLink).WithButtons(aButton, Button{ID: "2", Title: "One"}), []string{"interactive.action.buttons[2].reply.title: used before in this message"}},
	{"id.space", Unpin{MessageID: " a"}, []string{"pin.message_id: space at its start or end"}},
}

var endpointTests = []struct {
	rule  string
	o     Outgoing
	wants []string
}{
	{"pin.to", Outgoing{To: aPhone, Message: Pin{MessageID: "1", Days: 1}}, []string{"to: somebody else"}},
	{"pin.to", Outgoing{To: UserID("BR.a"), Message: &Unpin{MessageID: "1"}}, []string{"recipient: somebody else"}},
	{"pin.to", Outgoing{To: GroupID("g"), Message: Pin{MessageID: "1", Days: 1}}, nil},
	{"mixed.direct", Outgoing{To: aPhone, Message: NewMixedButtons("Body", aLink)}, []string{"category: another message"}},
	{"mixed.direct", Outgoing{To: aPhone, Message: NewMixedButtons("Body", aLink), DirectSend: &DirectSend{Category: "service"}}, nil},
	{"direct.kind", Outgoing{To: aPhone, Message: Image{Media: MediaID("1")}, DirectSend: &DirectSend{Category: "service"}}, []string{"type: another kind"}},
	{"direct.kind", Outgoing{To: aPhone, Message: Raw{Type: "text", JSON: []byte(`{}`)}, DirectSend: &DirectSend{Category: "service"}}, []string{"type: another kind"}},
	{"direct.kind", Outgoing{To: aPhone, Message: &VoiceCall{Body: "Body"}, DirectSend: &DirectSend{Category: "service"}}, nil},
	{"direct.preview", Outgoing{To: aPhone, Message: &Text{Body: "https://a.example", PreviewURL: true}, DirectSend: &DirectSend{Category: "service"}}, []string{"text.preview_url: a preview"}},
	{"direct.category", Outgoing{To: aPhone, Message: NewText("Hi"), DirectSend: &DirectSend{}}, []string{"category: another word"}},
	{"direct.category", Outgoing{To: aPhone, Message: NewText("Hi"), DirectSend: &DirectSend{Category: "marketing"}}, []string{"category: another word"}},
	{"direct.ttl_seconds", Outgoing{To: aPhone, Message: NewText("Hi"), DirectSend: &DirectSend{Category: "utility", TTLSeconds: -1}}, []string{"ttl_seconds: less than 0"}},
	{"direct.ttl_seconds", Outgoing{To: aPhone, Message: NewText("Hi"), DirectSend: &DirectSend{Category: "utility"}}, nil},
	{"marketing.kind", Outgoing{To: aPhone, Message: NewText("Hi"), Marketing: &Marketing{}}, []string{"type: another kind"}},
	{"marketing.kind", Outgoing{To: aPhone, Message: new(aTemplate()), Marketing: &Marketing{}}, nil},
	{"marketing.product_policy", Outgoing{To: aPhone, Message: aTemplate(), Marketing: &Marketing{ProductPolicy: "strict"}}, []string{"product_policy: another word"}},
	{"marketing.direct", Outgoing{To: aPhone, Message: aTemplate(), Marketing: &Marketing{}}, nil},
	{"group.kind", Outgoing{To: GroupID("g"), Message: aTemplate().WithHeader(aPicture).WithTexts("Ada")}, nil},
	{"group.kind", Outgoing{To: GroupID("g"), Message: aTemplate().WithHeader(HeaderProduct{"a", "7"})}, []string{"type: a template with products or an order"}},
	{"group.kind", Outgoing{To: GroupID("g"), Message: aTemplate().WithCards(repeated(2, func(int) TemplateCard { return NewTemplateCard(HeaderProduct{"a", "7"}) })...)}, []string{"type: a template with products or an order"}},
	{"group.kind", Outgoing{To: GroupID("g"), Message: aTemplate().WithButtons(CatalogButton{})}, []string{"type: a template with products or an order"}},
	{"group.kind", Outgoing{To: GroupID("g"), Message: new(aTemplate().WithOrderStatus(OrderUpdate{ReferenceID: "1", Status: "shipped"}))}, []string{"type: a template with products or an order"}},
	{"template.otp.to", Outgoing{To: UserID("BR.a"), Message: aTemplate().WithOTP("123456")}, []string{"recipient: a user id"}},
	{"template.otp.to", Outgoing{To: aPhone, Message: aTemplate().WithOTP("123456")}, nil},
	{"template.otp.to", Outgoing{To: UserID("BR.a"), Message: aTemplate().WithTexts("a").WithButtons(URLSuffix("b"))}, nil},
}

// The numbers of other kinds hold inside of templates and payments too.
func TestNumbersInsideOfTemplates(t *testing.T) {
	t.Parallel()
	unnamed := aPayment(func(p *Payment) { p.Order.Items[0].Name = "" }).(OrderDetails).Payment
	tests := []struct {
		name  string
		m     Message
		wants []string
	}{
		{"minutes of a call", withButtons(CallButton{TTLMinutes: 43201}), []string{componentPath + "parameters[0].ttl_minutes: 43201 minutes"}},
		{"payload of a call", withButtons(CallButton{TTLMinutes: 1, Payload: strings.Repeat("a", 513)}), []string{componentPath + "parameters[1].payload: 513 characters"}},
		{"payload alone", withButtons(CallButton{Payload: strings.Repeat("a", 513)}), []string{componentPath + "parameters[0].payload: 513 characters"}},
		{"products", withButtons(ProductsButton{"sku", []ProductSection{{RetailerIDs: many(31)}}}), []string{componentPath + "parameters[0].action.sections: 31 products"}},
		{"a product in the deepest place", aTemplate().WithCards(repeated(2, func(int) TemplateCard {
			return NewTemplateCard(HeaderProduct{"a", "7"}, ProductsButton{"sku", []ProductSection{{RetailerIDs: []string{""}}}})
		})...), []string{
			componentPath + "cards[0].components[1].parameters[0].action.sections[0].product_items[0].product_retailer_id: empty",
			componentPath + "cards[1].components[1].parameters[0].action.sections[0].product_items[0].product_retailer_id: empty",
		}},
		{"an order on a button", withButtons(OrderDetailsButton{unnamed}), []string{componentPath + "parameters[0].action.order_details.order.items[0].name: empty"}},
		{"a Pix code", aPayment(func(p *Payment) { p.Settings = []PaymentSetting{PixCode{KeyType: "EVP"}} }), []string{
			paymentPath + "payment_settings[0].pix_dynamic_code.code: empty", paymentPath + "payment_settings[0].pix_dynamic_code.merchant_name: empty",
			paymentPath + "payment_settings[0].pix_dynamic_code.key: empty",
		}},
		{"an empty order", OrderStatus{Body: "Body"}, []string{
			paymentPath + "reference_id: empty", paymentPath + "order.status: another word",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, p := range errorsOf(Check(tt.m)) {
				got = append(got, p.Path+": "+p.Got)
			}
			require.Equal(t, tt.wants, got)
		})
	}
}

func TestMarketingIsNoDirectSend(t *testing.T) {
	t.Parallel()
	o := Outgoing{To: aPhone, Message: aTemplate(), Marketing: &Marketing{}, DirectSend: &DirectSend{Category: "utility"}}
	require.Len(t, ofRule(o.Check(), "marketing.direct"), 1)
}

// Once is enough for a body, whatever the order of its names.
func TestNamesAreReportedOnce(t *testing.T) {
	t.Parallel()
	named, unnamed := TextParameter{Name: "a", Text: "a"}, TextParameter{Text: "b"}
	for _, body := range [][]TemplateParameter{{named, unnamed, unnamed, named}, {unnamed, named, unnamed, named, named}} {
		require.Len(t, ofRule(Check(aTemplate().WithBody(body...)), "template.names"), 1)
	}
}

func secretTemplate(secret string) Message {
	m := NewTemplate(secret+"-", secret).WithHeader(TextParameter{Text: strings.Repeat(secret, 40)}).
		WithBody(TextParameter{Name: " " + secret, Text: secret + "\n"}, TextParameter{}, CurrencyParameter{Code: secret}).
		WithButtons(QuickReplyPayload(" "+secret), QuickReplyPayload(" "+secret), FlowButton{Data: []byte(secret)}, CouponCode(strings.Repeat(secret, 9)))
	return m.WithTapTargets(TapTarget{URL: secret})
}

func secretOrder(secret string) Message {
	return indian(func(p *Payment) {
		p.ReferenceID, p.Goods, p.Type, p.Currency = "+"+secret, secret, secret, secret
		p.Settings = []PaymentSetting{
			Razorpay{Notes: map[string]string{secret: strings.Repeat(secret, 40)}},
			UPIIntent{secret},
			PaymentLink{secret},
			PixCode{KeyType: secret},
			OffsiteCard{LastFour: secret},
		}
		p.Beneficiaries = []Beneficiary{{Name: strings.Repeat(secret, 40), PostalCode: secret}}
		p.Order.Items[0].ImageLink = secret
	})
}
