package wacloud

import (
	"encoding/json"
	"slices"
)

// Message is one thing that [Client.Send] delivers. The set is closed; each kind is a plain struct that works as a
// literal and, where it has required parts, by a constructor of the same name:
//
//   - text and media: [Text], [Image], [Video], [Audio], [Document], [Sticker]
//   - [Location], [Contacts], [Reaction]
//   - interactive: [Buttons], [List], [CTAURL], [Carousel], [ProductCarousel], [Product], [ProductList], [Catalog],
//     [LocationRequest], [ContactInfoRequest], [AddressRequest], [Flow], [VoiceCall], [CallPermissionRequest],
//     [MixedButtons], and for payments [OrderDetails], [OrderStatus]
//   - [Template]; in groups [Pin], [Unpin]
//   - [Raw], for what this release does not model
//
// Values and pointers both satisfy the interface; a nil pointer is refused by [Client.Send] with an error. Messages are
// never changed by the library, so one value may be sent from many goroutines.
type Message interface {
	// Validate reports everything that Meta's documented rules would refuse, as a [*ValidationError], or nil.
	// Warnings do not count; [Check] returns those too. It is pure: no clock, no network.
	Validate() error

	// messageType is the "type" of the request body: "text", "image", "interactive", …
	messageType() string
	// appendContent appends the JSON object that stands under messageType in the request body.
	appendContent(b []byte) []byte
	// check reports the problems of the message to c.
	check(c *checker)
}

// Media names a file: by the ID of an upload, or by a public Link that Meta fetches (and keeps for 10 minutes).
// Exactly one of the two is set.
type Media struct {
	ID   string
	Link string
}

// MediaID is the media of an upload, see [Client.Upload].
func MediaID(id string) Media { return Media{ID: id} }

// MediaLink is the media at a public http or https address.
func MediaLink(url string) Media { return Media{Link: url} }

// Text is a plain text message of 1 to 4096 characters (Meta, text-messages, read 2026-03).
type Text struct {
	Body       string
	PreviewURL bool // draw a preview of the first link in Body, which must start with http:// or https://
}

// NewText returns a text message.
func NewText(body string) Text { return Text{Body: body} }

// Image is a JPEG or PNG picture of at most 5 MB, with an optional caption of at most 1024 characters (Meta,
// image-messages and business-phone-numbers/media, read 2026-03). [CheckImage] looks at the picture itself.
type Image struct {
	Media   Media
	Caption string
}

// Video is an MP4 or 3GPP video of at most 16 MB, H.264 and AAC, with an optional caption of at most 1024 characters
// (Meta, business-phone-numbers/media, read 2026-03).
type Video struct {
	Media   Media
	Caption string
}

// Audio is an audio file of at most 16 MB. Voice makes it a voice note, which must be Opus in an Ogg container, mono; over
// 512 KB the phone shows a download arrow instead of the play button (Meta, audio-messages, read 2026-03).
type Audio struct {
	Media Media
	Voice bool
}

// Document is a file of at most 100 MB. Filename decides the icon that the phone shows (Meta, document-messages, read
// 2026-03).
type Document struct {
	Media    Media
	Filename string
	Caption  string
}

// Sticker is a WebP picture of 512×512 pixels, at most 100 KB, or 500 KB when it is animated (Meta, sticker-messages,
// read 2026-03).
type Sticker struct {
	Media Media
}

// Location is a point on the map. On the wire the coordinates are strings of degrees with at least four decimals, as in
// Meta's samples (Meta, location-messages, read 2026-03); more where the float has more.
type Location struct {
	Latitude  float64 // degrees, -90 to 90
	Longitude float64 // degrees, -180 to 180
	Name      string
	Address   string
}

// Contacts sends 1 to 257 contact cards (Meta, contacts-messages, read 2026-03).
type Contacts struct {
	Contacts []Contact
}

// NewContacts returns a message of contact cards.
func NewContacts(contacts ...Contact) Contacts { return Contacts{Contacts: slices.Clone(contacts)} }

// Contact is one contact card, sent or received.
type Contact struct {
	Name      ContactName
	Phones    []ContactPhone
	Emails    []ContactEmail
	URLs      []ContactURL
	Addresses []ContactAddress
	Org       ContactOrg
	Birthday  string // YYYY-MM-DD
	Origin    string // received only: "contact_request" when it answers a [ContactInfoRequest], or "other"
	VCard     string // received only
}

// ContactName is the name on a card: Formatted and at least one other part.
type ContactName struct {
	Formatted string
	First     string
	Last      string
	Middle    string
	Suffix    string
	Prefix    string
}

// ContactPhone is a phone number on a card. With a WaID the phone offers "Message", without it "Invite".
type ContactPhone struct {
	Phone string
	Type  string
	WaID  string
}

// ContactEmail is an e-mail address on a card.
type ContactEmail struct {
	Email string
	Type  string
}

// ContactURL is a web address on a card.
type ContactURL struct {
	URL  string
	Type string
}

// ContactAddress is a postal address on a card.
type ContactAddress struct {
	Street      string
	City        string
	State       string
	Zip         string
	Country     string
	CountryCode string
	Type        string
}

// ContactOrg is the organisation on a card.
type ContactOrg struct {
	Company    string
	Department string
	Title      string
}

// Reaction puts an emoji on a message of the user. An empty Emoji takes it away again. Meta refuses it later, by a failed
// status, when the message is over 30 days old, deleted or itself a reaction (Meta, reaction-messages, read 2026-03).
type Reaction struct {
	MessageID string
	Emoji     string
}

// Raw sends JSON that this release does not model: Type is the request's "type", JSON the object that stands under it.
// Extra, if not empty, is an object whose members stand beside it, such as {"category":"utility"}. They are checked for
// being JSON objects and nothing else.
type Raw struct {
	Type  string
	JSON  json.RawMessage
	Extra json.RawMessage
}

// An Outgoing is one request to the messages endpoint, or with Marketing to that of marketing messages. [EncodeMessage] and [DecodeMessage] are its wire form, which a
// queue may store.
type Outgoing struct {
	To              Recipient
	Message         Message
	ReplyTo         string // id of the message that this one quotes
	CallbackData    string // at most 512 characters, comes back in the status webhooks
	IdentityKeyHash string // send only if the user's identity still has this hash
	DirectSend      *DirectSend
	Marketing       *Marketing
}
