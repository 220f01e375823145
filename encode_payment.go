package wacloud

import (
	"strconv"
	"time"

	"github.com/wacloud/wacloud/internal/wire"
)

func (OrderDetails) messageType() string { return "interactive" }
func (OrderStatus) messageType() string  { return "interactive" }

func (m OrderDetails) appendContent(b []byte) []byte {
	b = appendInteractive(b, "order_details")
	if m.Image != (Media{}) {
		b = appendHeader(b, HeaderImage{m.Image})
	}
	b = appendOptionalText(appendText(b, "body", m.Body), "footer", m.Footer)
	return append(m.Payment.appendPayment(appendAction(b, "review_and_pay")), "}}}"...)
}

func (m OrderStatus) appendContent(b []byte) []byte {
	b = appendHeader(appendInteractive(b, "order_status"), m.Header)
	b = appendOptionalText(appendText(b, "body", m.Body), "footer", m.Footer)
	return append(m.Update.appendUpdate(appendAction(b, "review_order")), "}}}"...)
}

// appendUpdate appends the members of an order's new state.
func (u *OrderUpdate) appendUpdate(b []byte) []byte {
	b = wire.AppendField(b, "reference_id", u.ReferenceID)
	b = wire.AppendField(wire.AppendOpen(b, "order", '{'), "status", u.Status)
	b = append(wire.AppendOptional(b, "description", u.Description), '}')
	if u.PaymentStatus == "" && u.PaymentTime.IsZero() {
		return b
	}
	b = wire.AppendOptional(wire.AppendOpen(b, "payment", '{'), "status", u.PaymentStatus)
	if !u.PaymentTime.IsZero() {
		b = strconv.AppendInt(wire.AppendKey(b, "timestamp"), u.PaymentTime.Unix(), 10)
	}
	return append(b, '}')
}

// appendPayment appends the members of an order to review and pay.
func (p *Payment) appendPayment(b []byte) []byte {
	b = wire.AppendField(b, "reference_id", p.ReferenceID)
	b = wire.AppendField(b, "type", p.Goods)
	b = wire.AppendOptional(b, "payment_type", p.wireType())
	b = appendSettings(b, p.Settings)
	b = wire.AppendField(b, "currency", p.Currency)
	b = appendAmount(b, "total_amount", p.Total())
	b = appendList(b, "beneficiaries", p.Beneficiaries, func(b []byte, p Beneficiary) []byte {
		b = wire.AppendField(b, "name", p.Name)
		b = wire.AppendField(b, "address_line1", p.Line1)
		b = wire.AppendOptional(b, "address_line2", p.Line2)
		b = wire.AppendOptional(b, "city", p.City)
		b = wire.AppendOptional(b, "state", p.State)
		b = wire.AppendOptional(b, "country", p.Country)
		return wire.AppendOptional(b, "postal_code", p.PostalCode)
	})
	return p.Order.appendOrder(b)
}

// wireType is the payment type, which Brazil requires and has one of.
func (p *Payment) wireType() string {
	if p.Type == "" && p.Currency == CurrencyBrazil {
		return brazilPayment
	}
	return p.Type
}

const brazilPayment = "br"

// appendAmount appends an amount in hundredths.
func appendAmount(b []byte, key string, a Amount) []byte {
	return append(appendOpenAmount(b, key, a), '}')
}

func appendOpenAmount(b []byte, key string, a Amount) []byte {
	b = strconv.AppendInt(wire.AppendKey(wire.AppendOpen(b, key, '{'), "value"), int64(a), 10)
	return append(b, `,"offset":100`...)
}

func appendSettings(b []byte, settings []PaymentSetting) []byte {
	without := len(b)
	b = wire.AppendOpen(b, "payment_settings", '[')
	none := len(b)
	for _, s := range settings {
		if !isNil(s) {
			b = wire.AppendField(append(wire.AppendComma(b), '{'), "type", s.paymentType())
			b = append(s.appendPayment(wire.AppendOpen(b, s.paymentType(), '{')), "}}"...)
		}
	}
	if len(b) == none {
		return b[:without]
	}
	return append(b, ']')
}

func (o *Order) appendOrder(b []byte) []byte {
	b = append(wire.AppendOpen(b, "order", '{'), `"status":"pending"`...)
	b = wire.AppendOptional(b, "catalog_id", o.CatalogID)
	b = o.appendExpiration(b)
	b = wire.AppendOpen(b, "items", '[')
	for i := range o.Items {
		b = o.Items[i].appendItem(wire.AppendComma(b))
	}
	b = append(b, ']')
	b = o.Subtotal.appendCharge(b, "subtotal")
	b = o.Tax.appendCharge(b, "tax")
	if o.Shipping != (Charge{}) {
		b = o.Shipping.appendCharge(b, "shipping")
	}
	if o.Discount != (Discount{}) {
		b = appendOpenAmount(b, "discount", o.Discount.Amount)
		b = wire.AppendOptional(b, "description", o.Discount.Description)
		b = append(wire.AppendOptional(b, "discount_program_name", o.Discount.ProgramName), '}')
	}
	return append(b, '}')
}

// appendExpiration writes the time as a string, as Meta's page.
func (o *Order) appendExpiration(b []byte) []byte {
	if o.Expires.IsZero() && o.ExpiresNote == "" {
		return b
	}
	b = wire.AppendOpen(b, "expiration", '{')
	if !o.Expires.IsZero() {
		b = wire.AppendField(b, "timestamp", strconv.FormatInt(o.Expires.Unix(), 10))
	}
	return append(wire.AppendOptional(b, "description", o.ExpiresNote), '}')
}

func (k Charge) appendCharge(b []byte, key string) []byte {
	return append(wire.AppendOptional(appendOpenAmount(b, key, k.Amount), "description", k.Description), '}')
}

func (t *OrderLine) appendItem(b []byte) []byte {
	b = wire.AppendField(append(b, '{'), "retailer_id", t.RetailerID)
	b = wire.AppendField(b, "name", t.Name)
	b = appendAmount(b, "amount", t.Amount)
	b = wire.AppendInt(wire.AppendKey(b, "quantity"), t.Quantity)
	if t.SaleAmount != 0 {
		b = appendAmount(b, "sale_amount", t.SaleAmount)
	}
	if t.ImageLink != "" {
		b = append(wire.AppendField(wire.AppendOpen(b, "image", '{'), "link", t.ImageLink), '}')
	}
	b = wire.AppendOptional(b, "country_of_origin", t.CountryOfOrigin)
	b = wire.AppendOptional(b, "importer_name", t.ImporterName)
	if a := t.ImporterAddress; a != (ImporterAddress{}) {
		b = wire.AppendOptional(wire.AppendOpen(b, "importer_address", '{'), "address_line1", a.Line1)
		b = wire.AppendOptional(b, "address_line2", a.Line2)
		b = wire.AppendOptional(b, "city", a.City)
		b = wire.AppendOptional(b, "zone_code", a.ZoneCode)
		b = wire.AppendOptional(b, "postal_code", a.PostalCode)
		b = append(wire.AppendOptional(b, "country_code", a.CountryCode), '}')
	}
	return append(b, '}')
}

// Ways to pay. Each appends the members of the object under its type.

func (BillDesk) paymentType() string    { return "payment_gateway" }
func (Razorpay) paymentType() string    { return "payment_gateway" }
func (PayU) paymentType() string        { return "payment_gateway" }
func (Zaakpay) paymentType() string     { return "payment_gateway" }
func (UPIIntent) paymentType() string   { return "upi_intent_link" }
func (PaymentLink) paymentType() string { return "payment_link" }
func (PixCode) paymentType() string     { return "pix_dynamic_code" }
func (Boleto) paymentType() string      { return "boleto" }
func (OffsiteCard) paymentType() string { return "offsite_card_pay" }

func appendGateway(b []byte, kind, configuration string) []byte {
	return wire.AppendField(wire.AppendField(b, "type", kind), "configuration_name", configuration)
}

// appendNumbered appends an object whose keys are a name and the place of the text, counted from 1, unless all are empty.
func appendNumbered(b []byte, key, name string, texts []string) []byte {
	without := len(b)
	b = wire.AppendOpen(b, key, '{')
	none := len(b)
	for i, text := range texts {
		b = wire.AppendOptional(b, name+strconv.Itoa(i+1), text)
	}
	if len(b) == none {
		return b[:without]
	}
	return append(b, '}')
}

func (s BillDesk) appendPayment(b []byte) []byte {
	return appendNumbered(appendGateway(b, "billdesk", s.Configuration), "billdesk", "additional_info", s.AdditionalInfo[:])
}

func (s Razorpay) appendPayment(b []byte) []byte {
	b = appendGateway(b, "razorpay", s.Configuration)
	if s.Receipt == "" && len(s.Notes) == 0 {
		return b
	}
	b = wire.AppendOptional(wire.AppendOpen(b, "razorpay", '{'), "receipt", s.Receipt)
	return append(appendStrings(b, "notes", s.Notes), '}')
}

func (s PayU) appendPayment(b []byte) []byte {
	return appendNumbered(appendGateway(b, "payu", s.Configuration), "payu", "udf", s.UDF[:])
}

func (s Zaakpay) appendPayment(b []byte) []byte {
	return appendNumbered(appendGateway(b, "zaakpay", s.Configuration), "zaakpay", "extra", s.Extra[:])
}

func (s UPIIntent) appendPayment(b []byte) []byte { return wire.AppendField(b, "link", s.Link) }

func (s PaymentLink) appendPayment(b []byte) []byte { return wire.AppendField(b, "uri", s.URI) }

func (s PixCode) appendPayment(b []byte) []byte {
	b = wire.AppendField(wire.AppendField(b, "code", s.Code), "merchant_name", s.MerchantName)
	return wire.AppendField(wire.AppendField(b, "key", s.Key), "key_type", s.KeyType)
}

func (s Boleto) appendPayment(b []byte) []byte {
	return wire.AppendField(b, "digitable_line", s.DigitableLine)
}

func (s OffsiteCard) appendPayment(b []byte) []byte {
	return wire.AppendField(wire.AppendField(b, "last_four_digits", s.LastFour), "credential_id", s.CredentialID)
}

// fromSeconds is the time of a Unix time in seconds.
func fromSeconds(n int64) time.Time { return time.Unix(n, 0).UTC() }
