package wacloud

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

// Kind says what an [Event] is.
type Kind uint8

// The kinds of events.
const (
	KindUnknown Kind = iota // kept as Raw
	KindMessage             // a user wrote, tapped, reacted, …
	KindStatus              // a message of ours was sent, delivered, read, …
	KindEcho                // somebody else wrote in our name: the phone app, Meta's agent
	KindError               // an error without a message
	KindAccount             // the account, its numbers, templates, …
)

// String is the kind in lower case: "message", "status", …
func (k Kind) String() string {
	names := [...]string{"unknown", "message", "status", "echo", "error", "account"}
	if int(k) >= len(names) {
		return "kind " + strconv.Itoa(int(k))
	}
	return names[k]
}

// An Event is one thing that a webhook brought.
type Event struct { //nolint:recvcheck // Format and LogValue must hold for a copy too
	Kind               Kind
	ID                 string // the dedupe key
	PhoneNumberID      string // the business's number that received it
	DisplayPhoneNumber string
	BusinessAccountID  string
	Field              string // the webhook's field: "messages", "standby", …
	Timestamp          time.Time
	Standby            bool // somebody else holds the conversation: do not answer
	Attempt            int  // how often a handler was started for it, from 1
	Message            *InboundMessage
	Status             *Status
	Errors             []EventError
	Raw                json.RawMessage // the element of the webhook, as it came

	body    []byte // see Body; the event's strings are slices of it
	route   routeState
	binding *binding
}

// Key is the event's lane: events of one key are handled one at a time, in order.
func (e *Event) Key() string {
	if e == nil {
		return ""
	}
	switch e.Kind {
	case KindMessage, KindEcho:
		if user := e.UserKey(); user != "" {
			return string(user)
		}
	case KindStatus:
		if e.Status != nil {
			return key("s", e.Status.ID)
		}
	default: // the account's
	}
	return key("a", e.BusinessAccountID, e.Field)
}

// Body is the event as a webhook body of its own.
func (e *Event) Body() []byte {
	if e == nil {
		return nil
	}
	return slices.Clone(e.body)
}

// Text is the text that the user wrote, or "".
func (e *Event) Text() string {
	if e == nil || e.Message == nil {
		return ""
	}
	text, _ := e.Message.Content.(TextContent)
	return text.Body
}

// UserKey identifies the user and the number that they wrote to.
func (e *Event) UserKey() UserKey {
	if e == nil {
		return ""
	}
	return userKey(e.PhoneNumberID, e.user())
}

// user is the person that the event is about.
func (e *Event) user() User {
	switch {
	case e.Message != nil && e.Kind == KindEcho:
		return e.Message.To
	case e.Message != nil:
		return e.Message.From
	case e.Status != nil && e.Status.GroupID != "":
		return e.Status.Participant
	case e.Status != nil:
		return e.Status.Recipient
	default:
		return User{}
	}
}

// UserKey is one user of one business number, the same for all of the user's events. It holds personal data: hash it
// before you log it.
type UserKey string

// Chat is where an answer goes: the group, else the user.
func (e *Event) Chat() Recipient {
	if e == nil {
		return Recipient{}
	}
	if e.Message != nil && e.Message.GroupID != "" {
		return GroupID(e.Message.GroupID)
	}
	if e.Status != nil && e.Status.GroupID != "" {
		return GroupID(e.Status.GroupID)
	}
	return e.user().Recipient()
}

// A User is who wrote. Either identity may be missing.
type User struct {
	Phone    string // WhatsApp id: digits
	ID       string // business-scoped user id
	ParentID string // parent business-scoped user id
	Name     string // profile name
	Username string
}

// Recipient addresses the user: by phone where it is known, else by user id.
func (u User) Recipient() Recipient {
	switch {
	case u.Phone != "":
		return WaID(u.Phone)
	case u.ID != "":
		return UserID(u.ID)
	default:
		return Recipient{}
	}
}

// InboundMessage is a message that came in.
type InboundMessage struct {
	ID        string
	From      User
	To        User // of an echo only: the user it went to
	GroupID   string
	Timestamp time.Time
	Type      string // Meta's type: "text", "button", …
	Context   *MessageContext
	Referral  *Referral
	Identity  *Identity
	Content   Content // never nil
	Reply     *Reply  // not nil for every tap
	Errors    []EventError
	Raw       json.RawMessage
}

// MessageContext is what a message refers to.
type MessageContext struct {
	ID                  string
	From                string
	Forwarded           bool
	FrequentlyForwarded bool
	CatalogID           string // of the product that the message asks about
	RetailerID          string
}

// Referral is the ad or post that brought the user.
type Referral struct {
	SourceType   string
	SourceID     string
	SourceURL    string
	Headline     string
	Body         string
	MediaType    string
	ImageURL     string
	VideoURL     string
	ThumbnailURL string
	ClickID      string // ctwa_clid
	WelcomeText  string
}

// Identity is the user's security code, where the identity check is on.
type Identity struct {
	Acknowledged bool
	CreatedAt    time.Time
	Hash         string
}

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
	MIMEType string
	SHA256   string // base64
	URL      string
	Caption  string
	Filename string // the sender's word: never a path
	Voice    bool
	Animated bool
}

// LocationContent is a point on the map.
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
	Price      string // decimal, in major units of Currency
	Currency   string
}

// ProductContent is a product card that the user sent.
type ProductContent struct {
	CatalogID  string
	RetailerID string
}

// SystemContent is a change of the user: number, user id, identity.
type SystemContent struct {
	Type             string
	Body             string
	WaID             string // the new number
	UserID           string
	ParentUserID     string
	PreviousUserID   string
	PreviousParentID string
}

// EditContent is a message that the user changed: Content is the new one.
type EditContent struct {
	OriginalID string
	Type       string
	Content    Content
}

// RevokeContent is a message that the user deleted for everyone.
type RevokeContent struct{ OriginalID string }

// WelcomeContent is the opening of a chat by a new user (request_welcome).
type WelcomeContent struct{}

// UnsupportedContent is a message that the API does not deliver, a poll for example; why says [InboundMessage.Errors].
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

// ReplyKind says what was tapped.
type ReplyKind uint8

// The kinds of replies.
const (
	ReplyKindButton         ReplyKind = iota + 1 // a reply button
	ReplyKindListRow                             // a row of a list
	ReplyKindQuick                               // a quick reply of a carousel card or a template
	ReplyKindTyped                               // an option that was typed instead of tapped
	ReplyKindFlow                                // a flow or an address form, in Data
	ReplyKindCallPermission                      // accept or reject, in ID
	ReplyKindPayment                             // a payment method, in Data
)

// String is the kind in lower case: "button", "list row", …
func (k ReplyKind) String() string {
	names := [...]string{"none", "button", "list row", "quick", "typed", "flow", "call permission", "payment"}
	if int(k) >= len(names) {
		return "reply kind " + strconv.Itoa(int(k))
	}
	return names[k]
}

// A Reply is a tap, in one shape wherever it came from.
type Reply struct {
	Kind        ReplyKind
	ID          string // of the button or row, raw; a flow's name
	Title       string
	Description string // of a row
	ContextID   string // the message that was tapped, where Meta says
	Data        json.RawMessage
}

// Status tells what became of a message that was sent.
type Status struct {
	ID            string // of the message
	Status        string // sent, delivered, read, played, failed; of payments captured, pending
	Type          string // payment, call, else mostly empty
	Timestamp     time.Time
	Recipient     User
	RecipientType string // "group" for groups
	GroupID       string
	Participant   User // the member of the group
	CallbackData  string
	Conversation  *Conversation
	Pricing       *Pricing
	Errors        []EventError
	Raw           json.RawMessage
}

// Conversation is Meta's conversation of a [Status].
type Conversation struct {
	ID        string
	Origin    string
	ExpiresAt time.Time
}

// Pricing is what a message costs.
type Pricing struct {
	Billable bool
	Model    string
	Type     string
	Category string
}

// EventError is an error in a webhook. It matches the sentinels as [*APIError] does.
type EventError struct {
	Code    int
	Title   string
	Message string
	Details string
	Href    string
}

func (e EventError) Error() string {
	what := e.Message
	if what == "" {
		what = e.Title
	}
	return "wacloud: webhook: " + maskText(what) + " (code " + strconv.Itoa(e.Code) + ")"
}

// Is reports whether e belongs to one of the sentinels.
func (e EventError) Is(target error) bool { return codeIs(e.Code, target) }
