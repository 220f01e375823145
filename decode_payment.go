package wacloud

import (
	"fmt"

	"github.com/wacloud/wacloud/internal/wire"
)

func (o *object) orderDetails() (m OrderDetails) {
	o.get("header").object(func(o *object) {
		if h, ok := o.headerOf("image").(HeaderImage); ok {
			m.Image = h.Media
		}
	})
	m.Body, m.Footer = o.need("body").textOf(), o.optionalText("footer")
	o.parameters("review_and_pay", func(p *object) { m.Payment = p.payment() })
	return m
}

func (o *object) orderStatus() (m OrderStatus) {
	m.Header, m.Body, m.Footer = o.header(), o.need("body").textOf(), o.optionalText("footer")
	o.parameters("review_order", func(p *object) { m.Update = p.orderUpdate() })
	return m
}

func (o *object) orderUpdate() (u OrderUpdate) {
	u.ReferenceID = o.need("reference_id").str()
	o.need("order").object(func(o *object) {
		u.Status, u.Description = o.need("status").str(), o.optional("description")
	})
	o.optionalObject("payment", func(o *object) {
		u.PaymentStatus, u.PaymentTime = o.optional("status"), o.get("timestamp").moment(fromSeconds)
	})
	return u
}

func (o *object) payment() (p Payment) {
	p.ReferenceID, p.Goods = o.need("reference_id").str(), o.need("type").str()
	p.Currency = o.need("currency").str()
	p.Type = o.paymentType(p.Currency)
	o.optionalList("payment_settings").each(func(_ int, f field) {
		f.object(func(o *object) {
			if s := o.paymentSetting(); s != nil {
				p.Settings = append(p.Settings, s)
			}
		})
	})
	total := o.amount("total_amount")
	p.Beneficiaries = list(o.optionalList("beneficiaries"), func(_ int, o *object) Beneficiary {
		return Beneficiary{
			Name: o.need("name").str(), Line1: o.need("address_line1").str(), Line2: o.optional("address_line2"),
			City: o.optional("city"), State: o.optional("state"), Country: o.optional("country"),
			PostalCode: o.optional("postal_code"),
		}
	})
	o.need("order").object(func(o *object) { p.Order = o.order() })
	if f := o.get("total_amount"); f.v.Kind() == wire.Object && total != p.Total() {
		f.report("total", "another sum", "subtotal + tax + shipping - discount", "")
	}
	return p
}

// paymentType is the payment type, empty where it is the one that Brazil requires.
func (o *object) paymentType(currency string) string {
	if currency != CurrencyBrazil {
		return o.optional("payment_type")
	}
	if kind := o.need("payment_type").filled(); kind != brazilPayment {
		return kind
	}
	return ""
}

// amount is an object with a value in hundredths.
func (o *object) amount(name string) (a Amount) {
	o.need(name).object(func(o *object) { a = o.hundredths() })
	return a
}

func (o *object) hundredths() Amount {
	offset := o.need("offset")
	if n := offset.int(); offset.v.Kind() == wire.Number && n != 100 {
		offset.problem("value", "100", "give amounts in hundredths")
	}
	return Amount(o.need("value").int64())
}

// int64 is a whole number of any size.
func (f field) int64() int64 {
	if !f.is(wire.Number) {
		return 0
	}
	n, ok := f.v.Int()
	if !ok {
		f.problem("type", "a whole number", "")
	}
	return n
}

func (f field) charge() (k Charge) {
	f.object(func(o *object) { k = Charge{Amount: o.hundredths(), Description: o.optional("description")} })
	return k
}

func (o *object) order() (r Order) {
	o.need("status").oneOf("pending")
	r.CatalogID = o.optional("catalog_id")
	o.optionalObject("expiration", func(o *object) {
		r.Expires, r.ExpiresNote = o.get("timestamp").moment(fromSeconds), o.optional("description")
	})
	r.Items = list(o.need("items"), func(_ int, o *object) OrderLine { return o.orderItem() })
	r.Subtotal, r.Tax, r.Shipping = o.need("subtotal").charge(), o.need("tax").charge(), o.get("shipping").charge()
	o.get("discount").object(func(o *object) {
		r.Discount = Discount{o.hundredths(), o.optional("description"), o.optional("discount_program_name")}
	})
	return r
}

func (o *object) orderItem() (t OrderLine) {
	t.RetailerID, t.Name = o.need("retailer_id").str(), o.need("name").str()
	t.Amount, t.Quantity = o.amount("amount"), o.need("quantity").int()
	o.get("sale_amount").object(func(o *object) { t.SaleAmount = o.hundredths() })
	o.get("image").object(func(o *object) { t.ImageLink = o.need("link").filled() })
	t.CountryOfOrigin, t.ImporterName = o.optional("country_of_origin"), o.optional("importer_name")
	o.optionalObject("importer_address", func(o *object) {
		t.ImporterAddress = ImporterAddress{
			Line1: o.optional("address_line1"), Line2: o.optional("address_line2"), City: o.optional("city"),
			ZoneCode: o.optional("zone_code"), PostalCode: o.optional("postal_code"), CountryCode: o.optional("country_code"),
		}
	})
	return t
}

// paymentSetting reads one way to pay; nil after a report.
func (o *object) paymentSetting() (s PaymentSetting) {
	kind := o.need("type").oneOf("payment_gateway", "payment_link", "upi_intent_link", "pix_dynamic_code", "boleto", "offsite_card_pay")
	if kind == "" {
		o.skip()
		return nil
	}
	o.need(kind).object(func(o *object) {
		switch kind {
		case "payment_gateway":
			s = o.gateway()
		case "payment_link":
			s = PaymentLink{URI: o.need("uri").str()}
		case "upi_intent_link":
			s = UPIIntent{Link: o.need("link").str()}
		case "pix_dynamic_code":
			s = PixCode{o.need("code").str(), o.need("merchant_name").str(), o.need("key").str(), o.need("key_type").str()}
		case "boleto":
			s = Boleto{DigitableLine: o.need("digitable_line").str()}
		case "offsite_card_pay":
			s = OffsiteCard{LastFour: o.need("last_four_digits").str(), CredentialID: o.need("credential_id").str()}
		}
	})
	return s
}

func (o *object) gateway() (s PaymentSetting) {
	kind := o.need("type").oneOf("billdesk", "razorpay", "payu", "zaakpay")
	if kind == "" {
		o.skip()
		return nil
	}
	name := o.need("configuration_name").str()
	switch kind {
	case "billdesk":
		g := BillDesk{Configuration: name}
		o.numbered(kind, "additional_info", g.AdditionalInfo[:])
		s = g
	case "payu":
		g := PayU{Configuration: name}
		o.numbered(kind, "udf", g.UDF[:])
		s = g
	case "zaakpay":
		g := Zaakpay{Configuration: name}
		o.numbered(kind, "extra", g.Extra[:])
		s = g
	case "razorpay":
		g := Razorpay{Configuration: name}
		o.optionalObject(kind, func(o *object) { g.Receipt, g.Notes = o.optional("receipt"), o.optionalStrings("notes") })
		s = g
	}
	return s
}

// numbered reads the texts of an object whose keys are a name and a number from 1.
func (o *object) numbered(key, name string, texts []string) {
	o.optionalObject(key, func(o *object) {
		for i := range texts {
			texts[i] = o.optional(fmt.Sprintf("%s%d", name, i+1))
		}
	})
}
