package wacloud

import (
	"encoding/json"
	"slices"
	"time"
)

// Template sends an approved message template: the only thing that goes out when the customer service window is closed.
// A template is made of slots that are filled when it is sent, and each field here fills one (Meta, templates/components,
// read 2026-03). What the template has is known to Meta alone, so only what no template takes is refused before it is
// sent; a parameter too many or too few comes back as [ErrTemplate].
//
//	wacloud.NewTemplate("order_ready", "pt_BR").WithTexts("Ada", "42")
type Template struct {
	Name     string // 1 to 512 of a to z, 0 to 9 and _
	Language string // "pt_BR", "en": the code under which the template was approved
	Header   TemplateHeader
	Body     []TemplateParameter // all named or all by position, as in the template
	// OfferEnds is when a limited-time offer ends, to the millisecond (Meta, marketing-templates/limited-time-offer, read
	// 2026-03).
	OfferEnds   time.Time
	OrderStatus OrderUpdate // of an order status template; the zero value is none
	// Cards are those of a carousel template, as many as were approved: at most 10. A carousel of products is approved with
	// 2 and may be sent with more (Meta, marketing-templates/media-card-carousel-templates, read 2026-03).
	Cards []TemplateCard
	// Buttons stand at the place of the template's buttons, which is their index on the wire: at most 10. Nil is one that
	// takes no parameter, such as a phone number.
	Buttons    []TemplateButton
	TapTargets []TapTarget
}

// NewTemplate returns a message of the template with that name and language code.
func NewTemplate(name, language string) Template { return Template{Name: name, Language: language} }

// WithHeader returns m with what fills its header.
func (m Template) WithHeader(h TemplateHeader) Template { m.Header = h; return m }

// WithTexts returns m with more texts for its body, by position.
func (m Template) WithTexts(texts ...string) Template {
	m.Body = appendTexts(m.Body, texts)
	return m
}

// WithBody returns m with more parameters for its body.
func (m Template) WithBody(parameters ...TemplateParameter) Template {
	m.Body = slices.Concat(m.Body, parameters)
	return m
}

// WithOffer returns m with the time at which its limited-time offer ends.
func (m Template) WithOffer(ends time.Time) Template { m.OfferEnds = ends; return m }

// WithOrderStatus returns m with the state of an order.
func (m Template) WithOrderStatus(update OrderUpdate) Template { m.OrderStatus = update; return m }

// WithCards returns m with more cards.
func (m Template) WithCards(cards ...TemplateCard) Template {
	m.Cards = slices.Concat(m.Cards, cards)
	return m
}

// WithButtons returns m with more buttons after those it has. Nil is one that takes no parameter.
func (m Template) WithButtons(buttons ...TemplateButton) Template {
	m.Buttons = slices.Concat(m.Buttons, buttons)
	return m
}

// WithOTP returns m with a one-time password of at most 15 characters, which authentication templates take twice: in
// the body and on the button (Meta, templates/authentication-templates, read 2026-03). They do not go to a [UserID]
// when their button copies the code or fills it in.
func (m Template) WithOTP(code string) Template {
	m.Body = []TemplateParameter{TextParameter{Text: code}}
	m.Buttons = []TemplateButton{URLSuffix(code)}
	return m
}

// WithTapTargets returns m with pages that a tap on the message itself opens.
func (m Template) WithTapTargets(targets ...TapTarget) Template {
	m.TapTargets = slices.Concat(m.TapTargets, targets)
	return m
}

func appendTexts(parameters []TemplateParameter, texts []string) []TemplateParameter {
	all := slices.Clone(parameters)
	for _, text := range texts {
		all = append(all, TextParameter{Text: text})
	}
	return all
}

// TemplateHeader fills the header of a [Template]: [TextParameter], [HeaderImage], [HeaderVideo], [HeaderDocument],
// [Location] or [HeaderProduct].
//
//sumtype:decl
type TemplateHeader interface {
	templateParameterType() string
	appendTemplateParameter(b []byte) []byte
	checkTemplateHeader(c *checker)
}

// TemplateCardHeader fills the header of a [TemplateCard]: [HeaderImage], [HeaderVideo] or [HeaderProduct].
//
//sumtype:decl
type TemplateCardHeader interface {
	TemplateHeader
	templateCardHeader()
}

// HeaderProduct is a product of a catalog above a template, which has one, or above a card of a product carousel (Meta,
// marketing-templates/spm-templates, read 2026-03).
type HeaderProduct struct {
	RetailerID string
	CatalogID  string
}

func (HeaderImage) templateCardHeader()   {}
func (HeaderVideo) templateCardHeader()   {}
func (HeaderProduct) templateCardHeader() {}

// TemplateParameter fills one variable of the body of a [Template]: [TextParameter], [CurrencyParameter] or
// [DateTimeParameter].
//
//sumtype:decl
type TemplateParameter interface {
	templateParameterType() string
	appendTemplateParameter(b []byte) []byte
	checkTemplateParameter(c *checker)
}

// TextParameter is a text that is not empty, for a variable of the header or body. Name is the variable's where the
// template names them ({{first_name}}), and empty where it numbers them ({{1}}).
type TextParameter struct {
	Name string
	Text string
}

// CurrencyParameter is an amount of money that the phone writes in its own way.
type CurrencyParameter struct {
	Fallback   string // shown where the phone cannot: "R$ 10,99"
	Code       string // ISO 4217: "BRL"
	Amount1000 int64  // the amount times 1000: 10990
}

// DateTimeParameter is a date. Phones show Fallback as it is.
type DateTimeParameter struct {
	Fallback string
}

// A TemplateCard is one card of a carousel template. All cards fill the same slots.
type TemplateCard struct {
	Header  TemplateCardHeader // required; media by the ID of an upload
	Body    []TemplateParameter
	Buttons []TemplateButton // at most 2, placed as in [Template]
}

// NewTemplateCard returns a card.
func NewTemplateCard(header TemplateCardHeader, buttons ...TemplateButton) TemplateCard {
	return TemplateCard{Header: header, Buttons: slices.Clone(buttons)}
}

// WithTexts returns k with more texts for its body, by position.
func (k TemplateCard) WithTexts(texts ...string) TemplateCard {
	k.Body = appendTexts(k.Body, texts)
	return k
}

// WithBody returns k with more parameters for its body.
func (k TemplateCard) WithBody(parameters ...TemplateParameter) TemplateCard {
	k.Body = slices.Concat(k.Body, parameters)
	return k
}

// TemplateButton fills one button of a template: [QuickReplyPayload], [URLSuffix], [CouponCode], [FlowButton],
// [CatalogButton], [ProductsButton], [CallButton] or [OrderDetailsButton]. Its kind is that of the template's button.
//
//sumtype:decl
type TemplateButton interface {
	templateButtonType() string // the sub_type on the wire
	appendTemplateButton(b []byte) []byte
	checkTemplateButton(c *checker)
}

// QuickReplyPayload is what comes back as the ID of a [Reply] of [ReplyKindQuick] when a quick reply is tapped, such as
// the id of a [Route]. Where the button has none (nil), its label comes back. Meta states no length; 1 to 256 characters
// are taken for safe.
type QuickReplyPayload string

// URLSuffix is the end of the address that a link button opens, put in place of the variable in it.
type URLSuffix string

// CouponCode is the code that a button copies, at most 20 characters, on some of Meta's pages 15.
type CouponCode string

// FlowButton opens a WhatsApp Flow. Both fields are optional (Meta, flows/guides/sendingaflow, read 2026-06).
type FlowButton struct {
	Token string
	Data  json.RawMessage // input of the first screen, a JSON object that is not empty
}

// CatalogButton opens the catalog. The product whose picture stands for it is optional (Meta,
// marketing-templates/catalog-templates, read 2026-03).
type CatalogButton struct {
	ThumbnailRetailerID string
}

// ProductsButton opens a list of up to 30 products in up to 10 sections (Meta, marketing-templates/mpm-templates, read
// 2026-03).
type ProductsButton struct {
	ThumbnailRetailerID string
	Sections            []ProductSection
}

// CallButton calls the business on WhatsApp. Both fields are optional (Meta, calling/call-button-messages-deep-links, read
// 2026-03).
type CallButton struct {
	TTLMinutes int    // 1 to 43200, Meta's default is 10080
	Payload    string // at most 512 characters, comes back in the calls webhooks
}

// OrderDetailsButton opens an order to review and pay (Meta, payments/payments-in/orderdetailstemplate, read 2025-10).
type OrderDetailsButton struct {
	Payment Payment
}

// A TapTarget is a page that a tap on the message itself opens, and what the phone calls it. Only verified businesses may
// use it (Meta, templates/tap-target-url-title-override, read 2026-05).
type TapTarget struct {
	URL   string
	Title string
}
