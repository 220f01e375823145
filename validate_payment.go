package wacloud

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Validate reports everything that Meta would refuse, see [OrderDetails].
func (m OrderDetails) Validate() error { c := newChecker(); m.check(c); return c.verdict() }

func (m OrderDetails) check(c *checker) {
	c.in("interactive")
	if m.Image != (Media{}) {
		HeaderImage{m.Image}.checkHeader(c)
	}
	c.text(ruleBody, "body.text", m.Body)
	c.text(ruleFooter, "footer.text", m.Footer)
	c.in("action.parameters")
	m.Payment.check(c)
	c.out()
	c.out()
}

// Validate reports everything that Meta would refuse, see [OrderStatus].
func (m OrderStatus) Validate() error { c := newChecker(); m.check(c); return c.verdict() }

func (m OrderStatus) check(c *checker) {
	c.in("interactive")
	c.header(m.Header)
	c.text(ruleBody, "body.text", m.Body)
	c.text(ruleFooter, "footer.text", m.Footer)
	c.in("action.parameters")
	m.Update.check(c)
	c.out()
	c.out()
}

func (u *OrderUpdate) check(c *checker) {
	c.reference(rulePaymentReferenceBrazil, u.ReferenceID)
	switch u.Status {
	case "pending", "processing", "partially-shipped", "partially_shipped", "shipped", "completed", "canceled":
	default:
		c.fail(ruleOrderState, "order.status", "another word")
	}
	c.text(ruleOrderDescription, "order.description", u.Description)
	if u.PaymentStatus == "" && !u.PaymentTime.IsZero() {
		c.fail(rulePaymentState, "payment.status", "empty")
	}
	c.oneOf(rulePaymentState, "payment.status", u.PaymentStatus, "pending", "captured", "failed")
	if !u.PaymentTime.IsZero() {
		c.moment("payment.timestamp", u.PaymentTime)
	}
}

// reference checks the reference of a payment.
func (c *checker) reference(length rule, id string) {
	c.length(length, "reference_id", id)
	if strings.Trim(id, lowerCase+upperCase+digits+"_-.") != "" {
		c.fail(rulePaymentReferenceForm, "reference_id", "another character")
	}
}

func (p *Payment) check(c *checker) {
	length, onlyType := rulePaymentReference, "upi"
	switch p.Currency {
	case CurrencyBrazil:
		length, onlyType = rulePaymentReferenceBrazil, brazilPayment
	case CurrencyIndia:
	default:
		c.fail(rulePaymentCurrency, "currency", "another currency")
	}
	c.reference(length, p.ReferenceID)
	if p.Goods != digitalGoods && p.Goods != physicalGoods {
		c.fail(rulePaymentGoods, "type", "another word")
	}
	c.oneOf(rulePaymentType, "payment_type", p.Type, onlyType)
	p.checkSettings(c)
	p.checkBeneficiaries(c)
	if p.Total() < 0 {
		c.fail(ruleOrderAmount, "total_amount.value", "less than 0")
	}
	c.in("order")
	p.Order.check(c, p.Currency == CurrencyIndia)
	c.out()
}

const (
	digitalGoods  = "digital-goods"
	physicalGoods = "physical-goods"
)

func (p *Payment) checkSettings(c *checker) {
	c.number(rulePaymentSettings, "payment_settings", len(p.Settings))
	for i, s := range p.Settings {
		c.at("payment_settings", i)
		p.checkSetting(c, s)
		c.out()
	}
}

func (p *Payment) checkSetting(c *checker, s PaymentSetting) {
	if isNil(s) {
		c.fail(rulePaymentSetting, "", "nothing")
		return
	}
	kind := s.paymentType()
	if country := paymentCountry(kind); country != "" && p.isKnownCountry() && country != p.Currency {
		c.fail(rulePaymentCountry, "type", "one of another country")
	}
	c.in(kind)
	s.checkPayment(c)
	c.out()
}

func (p *Payment) isKnownCountry() bool {
	return p.Currency == CurrencyIndia || p.Currency == CurrencyBrazil
}

// paymentCountry is the currency of the country that has a way to pay, empty where both have.
func paymentCountry(kind string) string {
	switch kind {
	case "payment_gateway", "upi_intent_link":
		return CurrencyIndia
	case "pix_dynamic_code", "boleto", "offsite_card_pay":
		return CurrencyBrazil
	}
	return ""
}

func (p *Payment) checkBeneficiaries(c *checker) {
	switch {
	case len(p.Beneficiaries) > 0 && p.Currency == CurrencyBrazil:
		c.fail(ruleBeneficiaryCountry, "beneficiaries", "beneficiaries in Brazil")
	case len(p.Beneficiaries) == 0 && p.Currency == CurrencyIndia && p.Goods == physicalGoods:
		c.fail(ruleBeneficiaryMissing, "beneficiaries", "none")
	}
	for i, b := range p.Beneficiaries {
		c.at("beneficiaries", i)
		c.text(ruleBeneficiaryName, "name", b.Name)
		c.text(ruleBeneficiaryLine, "address_line1", b.Line1)
		c.text(ruleBeneficiaryLine2, "address_line2", b.Line2)
		c.utf8("", b.City, b.State, b.Country)
		if len(b.PostalCode) != 6 || !isDigits(b.PostalCode) {
			c.fail(ruleBeneficiaryPostalCode, "postal_code", "something else")
		}
		c.out()
	}
}

func (o *Order) check(c *checker, india bool) {
	c.givenID("catalog_id", o.CatalogID)
	if !o.Expires.IsZero() {
		c.moment("expiration.timestamp", o.Expires)
	} else if o.ExpiresNote != "" {
		c.fail(ruleTime, "expiration.timestamp", "a note without a time")
	}
	c.text(ruleOrderExpiresNote, "expiration.description", o.ExpiresNote)
	c.number(ruleOrderItems, "items", len(o.Items))
	images := 0
	for i := range o.Items {
		t := &o.Items[i]
		if t.ImageLink != "" {
			images++
		}
		c.at("items", i)
		t.check(c)
		if india && o.CatalogID == "" && !t.hasOrigin() {
			c.fail(ruleOrderOrigin, "", "without them")
		}
		c.out()
	}
	if images > 0 {
		c.number(ruleOrderImages, "items", len(o.Items))
		if o.CatalogID != "" {
			c.fail(ruleOrderImageCatalog, "items", "pictures")
		}
	}
	c.charge("subtotal", o.Subtotal.Amount, o.Subtotal.Description)
	c.charge("tax", o.Tax.Amount, o.Tax.Description)
	c.charge("shipping", o.Shipping.Amount, o.Shipping.Description)
	c.charge("discount", o.Discount.Amount, o.Discount.Description)
	c.text(ruleOrderNote, "discount.discount_program_name", o.Discount.ProgramName)
}

func (c *checker) charge(name string, a Amount, note string) {
	c.amount(name, a)
	c.in(name)
	c.text(ruleOrderNote, "description", note)
	c.out()
}

// amount checks an amount of the object of that name.
func (c *checker) amount(name string, a Amount) {
	if a < 0 || a > maxAmount {
		c.in(name)
		c.fail(ruleOrderAmount, "value", "out of range")
		c.out()
	}
}

// maxAmount keeps the total of an order from overflowing.
const maxAmount = 1 << 60

func (t *OrderLine) hasOrigin() bool {
	return t.CountryOfOrigin != "" && t.ImporterName != "" && t.ImporterAddress != (ImporterAddress{})
}

func (t *OrderLine) check(c *checker) {
	c.id(ruleRetailerID, "retailer_id", t.RetailerID)
	c.text(ruleOrderLineName, "name", t.Name)
	c.amount("amount", t.Amount)
	c.number(ruleOrderQuantity, "quantity", t.Quantity)
	c.amount("sale_amount", t.SaleAmount)
	if t.SaleAmount != 0 && t.SaleAmount >= t.Amount {
		c.fail(ruleOrderSale, "sale_amount.value", "as much or more")
	}
	if t.ImageLink != "" {
		c.web("image.link", t.ImageLink)
	}
	a := &t.ImporterAddress
	c.utf8("importer_address", a.Line1, a.Line2, a.City, a.ZoneCode, a.PostalCode, a.CountryCode)
	c.utf8("", t.CountryOfOrigin, t.ImporterName)
}

// Ways to pay. The place of c is their object.

func (s BillDesk) checkPayment(c *checker) {
	c.length(rulePaymentConfiguration, "configuration_name", s.Configuration)
	c.numbered(ruleBillDeskInfo, "billdesk.additional_info", s.AdditionalInfo[:])
}

func (s PayU) checkPayment(c *checker) {
	c.length(rulePaymentConfiguration, "configuration_name", s.Configuration)
	c.numbered(rulePayUField, "payu.udf", s.UDF[:])
}

func (s Zaakpay) checkPayment(c *checker) {
	c.length(rulePaymentConfiguration, "configuration_name", s.Configuration)
	c.numbered(ruleZaakpayExtra, "zaakpay.extra", s.Extra[:])
}

func (c *checker) numbered(r rule, name string, texts []string) {
	for i, text := range texts {
		c.length(r, name+strconv.Itoa(i+1), text)
	}
}

func (s Razorpay) checkPayment(c *checker) {
	c.length(rulePaymentConfiguration, "configuration_name", s.Configuration)
	c.in("razorpay")
	c.length(ruleRazorpayReceipt, "receipt", s.Receipt)
	c.number(ruleRazorpayNotes, "notes", len(s.Notes))
	c.in("notes")
	for _, key := range slices.Sorted(maps.Keys(s.Notes)) {
		c.utf8(printableField(key), key)
		c.length(ruleRazorpayNote, printableField(key), s.Notes[key])
	}
	c.out()
	c.out()
}

func (s UPIIntent) checkPayment(c *checker) {
	if !strings.HasPrefix(s.Link, "upi://") || hasSpace(s.Link) {
		c.fail(ruleUPILink, "link", "another address")
	}
}

func (s PaymentLink) checkPayment(c *checker) { c.web("uri", s.URI) }

func (s PixCode) checkPayment(c *checker) {
	c.length(rulePaymentField, "code", s.Code)
	c.length(rulePaymentField, "merchant_name", s.MerchantName)
	c.length(rulePaymentField, "key", s.Key)
	if !slices.Contains([]string{"CPF", "CNPJ", "EMAIL", "PHONE", "EVP"}, s.KeyType) {
		c.fail(rulePixKeyType, "key_type", "another word")
	}
}

func (s Boleto) checkPayment(c *checker) {
	c.length(rulePaymentField, "digitable_line", s.DigitableLine)
}

func (s OffsiteCard) checkPayment(c *checker) {
	if len(s.LastFour) != 4 || !isDigits(s.LastFour) {
		c.fail(ruleCardDigits, "last_four_digits", "something else")
	}
	c.length(rulePaymentField, "credential_id", s.CredentialID)
}
