package wacloud

import (
	"slices"
	"time"
)

// OrderDetails asks the user to review and pay an order. Payments exist in India and Brazil, for businesses that Meta has
// let in (Meta, payments/payments-in/pg and payments/payments-br/orders, read 2026-03). What the user does arrives as a
// status of the message.
type OrderDetails struct {
	Image   Media  // optional header
	Body    string // 1 to 1024 characters
	Footer  string // at most 60 characters
	Payment Payment
}

// NewOrderDetails returns an order to review and pay.
func NewOrderDetails(body string, payment Payment) OrderDetails {
	return OrderDetails{Body: body, Payment: payment}
}

// WithImage returns m with a picture above it.
func (m OrderDetails) WithImage(image Media) OrderDetails { m.Image = image; return m }

// WithFooter returns m with a footer.
func (m OrderDetails) WithFooter(footer string) OrderDetails { m.Footer = footer; return m }

// The currencies in which orders are paid.
const (
	CurrencyIndia  = "INR"
	CurrencyBrazil = "BRL"
)

// Amount is money in hundredths of the currency: 5500 are R$ 55,00. It is Meta's value with an offset of 100.
type Amount int64

// A Payment is an order and the ways to pay it. The currency tells the country whose rules hold.
type Payment struct {
	// ReferenceID is the business's id of this payment, unique in each message: 1 to 35 characters in India, 60 in Brazil,
	// of letters, digits, "_", "-" and ".".
	ReferenceID string
	Goods       string           // "digital-goods" or "physical-goods"
	Type        string           // "upi" for payment links in India, else empty; Brazil's "br" is written for you
	Settings    []PaymentSetting // the ways to pay
	Currency    string           // [CurrencyIndia] or [CurrencyBrazil]
	// Beneficiaries are who gets physical goods that are shipped; India only.
	Beneficiaries []Beneficiary
	Order         Order
}

// Total is what the user pays: subtotal, tax and shipping less the discount. It stands in the request as total_amount.
func (p Payment) Total() Amount {
	o := &p.Order
	return o.Subtotal.Amount + o.Tax.Amount + o.Shipping.Amount - o.Discount.Amount
}

// An Order is what is paid.
type Order struct {
	CatalogID string      // optional: the items are products of this catalog
	Items     []OrderLine // at least 1; at most 10 where they have pictures
	Subtotal  Charge
	Tax       Charge // always shown
	Shipping  Charge
	Discount  Discount
	Expires   time.Time // optional, to the second, at least 300 seconds ahead
	// ExpiresNote says so in words, at most 120 characters.
	ExpiresNote string
}

// A Charge is an amount with an optional note of at most 60 characters.
type Charge struct {
	Amount      Amount
	Description string
}

// A Discount is a [Charge] that is taken off. ProgramName is optional, at most 60 characters.
type Discount struct {
	Amount      Amount
	Description string
	ProgramName string
}

// An OrderLine is one line of an order.
type OrderLine struct {
	RetailerID string // id of the product
	Name       string // 1 to 60 characters
	Amount     Amount // for one
	Quantity   int
	SaleAmount Amount // optional, less than Amount: what one costs on sale
	ImageLink  string // optional; then the order has no catalog
	// The three below are required in India where the order has no catalog.
	CountryOfOrigin string
	ImporterName    string
	ImporterAddress ImporterAddress
}

// ImporterAddress is where the importer of an item is.
type ImporterAddress struct {
	Line1       string
	Line2       string
	City        string
	ZoneCode    string
	PostalCode  string
	CountryCode string
}

// A Beneficiary is who gets shipped goods.
type Beneficiary struct {
	Name       string // 1 to 200 characters
	Line1      string // 1 to 100 characters
	Line2      string // at most 100 characters
	City       string
	State      string
	Country    string
	PostalCode string // 6 digits
}

// PaymentSetting is one way to pay. In India: [BillDesk], [Razorpay], [PayU], [Zaakpay], [UPIIntent], [PaymentLink]. In
// Brazil: [PixCode], [Boleto], [OffsiteCard], [PaymentLink].
//
//sumtype:decl
type PaymentSetting interface {
	paymentType() string
	appendPayment(b []byte) []byte
	checkPayment(c *checker)
}

// BillDesk is a payment gateway of India. Configuration is its name on Meta's side, 1 to 60 characters.
type BillDesk struct {
	Configuration  string
	AdditionalInfo [7]string // at most 120 characters each
}

// Razorpay is a payment gateway of India. Configuration is its name on Meta's side, 1 to 60 characters.
type Razorpay struct {
	Configuration string
	Receipt       string            // at most 40 characters
	Notes         map[string]string // at most 15, of 256 characters
}

// PayU is a payment gateway of India. Configuration is its name on Meta's side, 1 to 60 characters.
type PayU struct {
	Configuration string
	UDF           [4]string // at most 255 characters each
}

// Zaakpay is a payment gateway of India. Configuration is its name on Meta's side, 1 to 60 characters.
type Zaakpay struct {
	Configuration string
	Extra         [2]string // at most 180 characters each
}

// UPIIntent is a link that opens a payment app of India: upi://pay?…
type UPIIntent struct{ Link string }

// PaymentLink is a page to pay on.
type PaymentLink struct{ URI string }

// PixCode is a dynamic Pix code of Brazil.
type PixCode struct {
	Code         string // the code that the user copies
	MerchantName string
	Key          string
	KeyType      string // CPF, CNPJ, EMAIL, PHONE or EVP
}

// Boleto is a Brazilian payment slip.
type Boleto struct{ DigitableLine string }

// OffsiteCard pays with a card that the business has on file, in Brazil.
type OffsiteCard struct {
	LastFour     string // the last four digits
	CredentialID string
}

// OrderStatus tells the user what became of an order that was sent as [OrderDetails] (Meta,
// payments/payments-in/orderstatus, read 2026-03). A state that cannot follow the last one comes back as a failed status
// with the code 2046 or 2047.
type OrderStatus struct {
	Header Header // optional
	Body   string // 1 to 1024 characters
	Footer string // at most 60 characters
	Update OrderUpdate
}

// NewOrderStatus returns a message about an order.
func NewOrderStatus(body string, update OrderUpdate) OrderStatus {
	return OrderStatus{Body: body, Update: update}
}

// WithHeader returns m with a header.
func (m OrderStatus) WithHeader(h Header) OrderStatus { m.Header = h; return m }

// WithFooter returns m with a footer.
func (m OrderStatus) WithFooter(footer string) OrderStatus { m.Footer = footer; return m }

// An OrderUpdate is the new state of an order, in an [OrderStatus] or in a [Template].
type OrderUpdate struct {
	ReferenceID string // of the [Payment]
	Status      string // pending, processing, partially-shipped, shipped, completed or canceled
	Description string // at most 120 characters
	// PaymentStatus is pending, captured or failed; empty says nothing about the payment. PaymentTime is to the second.
	PaymentStatus string
	PaymentTime   time.Time
}

// isZero reports whether there is no update.
func (u OrderUpdate) isZero() bool {
	return u.ReferenceID == "" && u.Status == "" && u.Description == "" && u.PaymentStatus == "" && u.PaymentTime.IsZero()
}

// WithSettings returns p with more ways to pay.
func (p Payment) WithSettings(settings ...PaymentSetting) Payment {
	p.Settings = slices.Concat(p.Settings, settings)
	return p
}
