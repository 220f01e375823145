package wacloud

// Content is what a message holds: [TextContent], [MediaContent], [LocationContent], [ContactsContent],
// [ReactionContent], [ReplyContent], [OrderContent], [ProductContent], [SystemContent], [EditContent], [RevokeContent],
// [WelcomeContent], [UnsupportedContent] or [UnknownContent].
//
//sumtype:decl
type Content interface{ content() }

// TextContent is a text.
type TextContent struct{ Body string }

// MediaContent is a picture, video, audio, document or sticker; which one says [InboundMessage.Type].
type MediaContent struct {
	ID       string // empty when Meta could not fetch it: see [InboundMessage.Errors]
	MIMEType string // the sender's word, with parameters: "audio/ogg; codecs=opus"
	SHA256   string // base64
	URL      string // where the file is, for a few minutes and with the token only; often empty
	Caption  string
	Filename string // the sender's word: never a path
	Voice    bool   // a voice note
	Animated bool   // a sticker that moves
}

// LocationContent is a point on the map, in degrees. What Meta writes as no number is 0.
type LocationContent struct {
	Latitude  float64
	Longitude float64
	Name      string
	Address   string
	URL       string
}

// ContactsContent is contact cards.
type ContactsContent struct{ Contacts []Contact }

// ReactionContent is an emoji on a message; empty when it was taken away.
type ReactionContent struct {
	MessageID string
	Emoji     string
}

// ReplyContent is a tap: see [InboundMessage.Reply].
type ReplyContent struct{}

// OrderContent is a cart that the user sent.
type OrderContent struct {
	CatalogID string
	Text      string
	Items     []OrderItem
}

// An OrderItem is one line of an [OrderContent].
type OrderItem struct {
	RetailerID string
	Quantity   int
	Price      string // decimal as Meta wrote it, in major units of Currency: "12.5"
	Currency   string // ISO 4217
}

// ProductContent is a product card that the user sent.
type ProductContent struct {
	CatalogID  string
	RetailerID string
}

// SystemContent is a change of the user: user_changed_number, user_changed_user_id or customer_identity_changed (Meta,
// changelog of 2026-08-11).
type SystemContent struct {
	Type             string
	Body             string // a sentence for people
	WaID             string // the new number
	UserID           string // the new user id
	ParentUserID     string
	PreviousUserID   string
	PreviousParentID string
}

// EditContent is a message that the user changed, within 15 minutes: Type and Content are of the new one.
type EditContent struct {
	OriginalID string
	Type       string
	Content    Content
}

// RevokeContent is a message that the user deleted for everyone.
type RevokeContent struct{ OriginalID string }

// WelcomeContent is the opening of a chat by a new user (request_welcome). Meta documents it, and in 2026 it did not work.
type WelcomeContent struct{}

// UnsupportedContent is a message that the API does not deliver; why says [InboundMessage.Errors]. Type is Meta's name of
// what the user sent, "poll_creation" for example, or empty.
type UnsupportedContent struct{ Type string }

// UnknownContent is what this release does not know: see [InboundMessage.Raw].
type UnknownContent struct{}

func (TextContent) content()        {}
func (MediaContent) content()       {}
func (LocationContent) content()    {}
func (ContactsContent) content()    {}
func (ReactionContent) content()    {}
func (ReplyContent) content()       {}
func (OrderContent) content()       {}
func (ProductContent) content()     {}
func (SystemContent) content()      {}
func (EditContent) content()        {}
func (RevokeContent) content()      {}
func (WelcomeContent) content()     {}
func (UnsupportedContent) content() {}
func (UnknownContent) content()     {}
