package wacloud

import (
	"encoding/json"
	"slices"
)

// Header is what may stand above the body of [Buttons], [CTAURL], [Flow] and [AddressRequest]: [HeaderText],
// [HeaderImage], [HeaderVideo] or [HeaderDocument].
//
//sumtype:decl
type Header interface {
	headerType() string
	appendHeader(b []byte) []byte
	checkHeader(c *checker)
}

// CardHeader is what stands above a carousel card: [HeaderImage] or [HeaderVideo].
//
//sumtype:decl
type CardHeader interface {
	Header
	cardHeader()
}

// HeaderText is a header line of at most 60 characters.
type HeaderText struct {
	Text    string
	SubText string // at most 60 characters; only in Meta's OpenAPI, no page shows it
}

// HeaderImage is a picture header.
type HeaderImage struct{ Media Media }

// HeaderVideo is a video header.
type HeaderVideo struct{ Media Media }

// HeaderDocument is a file header.
type HeaderDocument struct {
	Media    Media
	Filename string
}

func (HeaderImage) cardHeader() {}
func (HeaderVideo) cardHeader() {}

// A Button is a choice: of [Buttons] and of [QuickReplies]. ID comes back when it is tapped.
type Button struct {
	ID    string // 1 to 256 characters, unique in the message
	Title string // 1 to 20 characters
}

// Buttons is a message with 1 to 3 reply buttons (Meta, interactive-reply-buttons-messages, read 2026-05). The tap comes
// back as a [Reply] of [ReplyKindButton].
type Buttons struct {
	Header  Header // optional
	Body    string // 1 to 1024 characters
	Footer  string // at most 60 characters
	Buttons []Button
}

// NewButtons returns a message with reply buttons.
func NewButtons(body string, buttons ...Button) Buttons {
	return Buttons{Body: body, Buttons: slices.Clone(buttons)}
}

// WithHeader returns m with a header.
func (m Buttons) WithHeader(h Header) Buttons { m.Header = h; return m }

// WithFooter returns m with a footer.
func (m Buttons) WithFooter(footer string) Buttons { m.Footer = footer; return m }

// WithButtons returns m with more buttons after those it has.
func (m Buttons) WithButtons(buttons ...Button) Buttons {
	m.Buttons = slices.Concat(m.Buttons, buttons)
	return m
}

// A Row is a choice of a [List].
type Row struct {
	ID          string // 1 to 200 characters, unique in the message
	Title       string // 1 to 24 characters
	Description string // at most 72 characters
}

// A Section is a titled group of rows of a [List].
type Section struct {
	Title string // at most 24 characters, required when there is more than one section
	Rows  []Row
}

// A Menu is what a [List] opens: the label of the button that opens it, and its sections. It has 1 to 10 sections and 1
// to 10 rows over all sections.
type Menu struct {
	Button   string // 1 to 20 characters
	Sections []Section
}

// Rows is a menu's single section without a title.
func Rows(rows ...Row) []Section { return []Section{{Rows: slices.Clone(rows)}} }

// List is a message with a button that opens a menu (Meta, interactive-list-messages, read 2026-03). The tap comes back as
// a [Reply] of [ReplyKindListRow] with the row, never the section.
type List struct {
	Header string // text only, at most 60 characters
	Body   string // 1 to 4096 characters
	Footer string // at most 60 characters
	Menu   Menu
}

// NewList returns a message with a menu.
func NewList(body string, menu Menu) List {
	menu.Sections = slices.Clone(menu.Sections)
	return List{Body: body, Menu: menu}
}

// WithHeader returns m with a header line.
func (m List) WithHeader(header string) List { m.Header = header; return m }

// WithFooter returns m with a footer.
func (m List) WithFooter(footer string) List { m.Footer = footer; return m }

// WithSections returns m with more sections after those it has.
func (m List) WithSections(sections ...Section) List {
	m.Menu.Sections = slices.Concat(m.Menu.Sections, sections)
	return m
}

// A Link is a labelled address: the button of [CTAURL], and a [CardAction].
type Link struct {
	Text string // 1 to 20 characters; on a carousel card 20 UTF-8 bytes
	URL  string // http or https
}

// CTAURL is a message with one button that opens a web page. Meta sends no webhook when it is tapped (Meta,
// interactive-cta-url-messages, read 2026-03).
type CTAURL struct {
	Header Header // optional
	Body   string // 1 to 1024 characters
	Footer string // at most 60 characters
	Link   Link
}

// NewCTAURL returns a message with a link button.
func NewCTAURL(body string, link Link) CTAURL { return CTAURL{Body: body, Link: link} }

// WithHeader returns m with a header.
func (m CTAURL) WithHeader(h Header) CTAURL { m.Header = h; return m }

// WithFooter returns m with a footer.
func (m CTAURL) WithFooter(footer string) CTAURL { m.Footer = footer; return m }

// LocationRequest asks the user to send a location; the answer is a message with [LocationContent] (Meta,
// location-request-messages, read 2026-03).
type LocationRequest struct {
	Body string // 1 to 1024 characters
}

// NewLocationRequest returns a request for the user's location.
func NewLocationRequest(body string) LocationRequest { return LocationRequest{Body: body} }

// ContactInfoRequest asks the user to share their phone number; the answer is a message with [ContactsContent] whose
// card has the origin "contact_request" (Meta, business-scoped-user-ids, read 2026-06).
type ContactInfoRequest struct {
	Body string // 1 to 1024 characters
}

// NewContactInfoRequest returns a request for the user's contact card.
func NewContactInfoRequest(body string) ContactInfoRequest { return ContactInfoRequest{Body: body} }

// Product shows one product of a catalog (Meta, single-product-messages, read 2026-05).
type Product struct {
	Body       string // optional, at most 1024 characters
	Footer     string // optional, at most 60 characters
	CatalogID  string
	RetailerID string
}

// A ProductSection is a titled group of products of a [ProductList].
type ProductSection struct {
	Title       string // at most 24 characters, required when there is more than one section
	RetailerIDs []string
}

// ProductList shows up to 30 products in up to 10 sections (Meta, multi-product-messages, read 2026-03).
type ProductList struct {
	Header    string // required, at most 60 characters
	Body      string // 1 to 1024 characters
	Footer    string // at most 60 characters
	CatalogID string
	Sections  []ProductSection
}

// Catalog shows the business's whole catalog (Meta, catalogs, read 2026-03).
type Catalog struct {
	Body                string // 1 to 1024 characters
	Footer              string // at most 60 characters
	ThumbnailRetailerID string // optional: the product whose picture stands for the catalog
}

// A Flow opens a WhatsApp Flow. Exactly one of ID and Name is set (Meta, flows/guides/sendingaflow, read 2026-06).
type Flow struct {
	Header         Header // optional
	Body           string // 1 to 1024 characters
	Footer         string // at most 60 characters
	ID             string
	Name           string
	CTA            string // label of the button, 1 to 30 characters; phones cut it after 20
	Token          string
	Mode           string          // "published" (Meta's default) or "draft"
	Action         string          // "navigate" (Meta's default) or "data_exchange"
	Screen         string          // first screen, for navigate
	Data           json.RawMessage // input of the first screen, a JSON object that is not empty, for navigate
	MessageVersion string          // defaults to "3"
}

// An AddressRequest asks for a delivery address. India only: the recipient's number must start with +91. A phone that
// cannot show it drops it, and a failed status with the code 1026 comes (Meta, address-messages, read 2026-03). The keys of
// the maps are Meta's names of the fields: name, phone_number, in_pin_code, house_number, floor_number, tower_number,
// building_name, address, landmark_area, city, state.
type AddressRequest struct {
	Header           Header // optional
	Body             string // 1 to 1024 characters
	Footer           string // at most 60 characters
	Country          string // "IN"
	Values           map[string]string
	SavedAddresses   []SavedAddress
	ValidationErrors map[string]string
}

// A SavedAddress is an address that the user may pick in an [AddressRequest].
type SavedAddress struct {
	ID    string
	Value map[string]string
}

// VoiceCall is a message with a button that calls the business on WhatsApp (Meta, call-button-messages-deep-links, read
// 2026-03).
type VoiceCall struct {
	Body       string // 1 to 1024 characters
	Text       string // label of the button, at most 20 characters, Meta's default is "Call Now"
	TTLMinutes int    // 1 to 43200, Meta's default is 10080
	Payload    string // at most 512 characters, comes back in the calls webhooks
}

// CallPermissionRequest asks the user for permission to call them: at most once in 24 hours and twice in 7 days (Meta,
// calling/user-call-permissions, read 2026-03).
type CallPermissionRequest struct {
	Body string // optional, at most 1024 characters
}
