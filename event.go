package wacloud

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"
)

// Kind says what an [Event] is. The zero value is [KindUnknown].
type Kind uint8

// The kinds of events.
const (
	KindUnknown Kind = iota // malformed, or newer than this release: see Raw
	KindMessage             // a user wrote, tapped, reacted, …: see Message
	KindStatus              // a message of ours was sent, delivered, read, …: see Status
	KindEcho                // somebody else wrote in our name, the phone app or Meta's agent: see Message
	KindError               // an error that belongs to no message: see Errors
	KindAccount             // the account, its numbers, templates, groups, calls, …: see Field and Raw
)

// String is the kind in lower case: "message", "status", …
func (k Kind) String() string {
	names := [...]string{"unknown", "message", "status", "echo", "error", "account"}
	if int(k) >= len(names) {
		return "kind " + strconv.Itoa(int(k))
	}
	return names[k]
}

// An Event is one thing that a webhook brought: see [ParseWebhook]. Its methods are safe on a nil event, and for
// concurrent use as long as nobody changes the fields. A copy is a good event.
type Event struct { //nolint:recvcheck // Format and LogValue must hold for a copy too
	Kind               Kind
	ID                 string    // the dedupe key: equal for every delivery of the same thing, and never for another; at most 200 bytes
	PhoneNumberID      string    // Meta's id of the business's number that received it; empty for most account events
	DisplayPhoneNumber string    // that number itself, as Meta writes it
	BusinessAccountID  string    // id of the WhatsApp business account
	Field              string    // the webhook's field: "messages", "standby", …
	Timestamp          time.Time // Meta's, in whole seconds and UTC; zero where it is missing or no date
	Standby            bool      // somebody else holds the conversation: do not answer
	Attempt            int       // how often a handler was started for it, from 1
	Message            *InboundMessage
	Status             *Status
	Errors             []EventError    // of KindError; those of a message or a status are there
	Raw                json.RawMessage // the element of the webhook, as it came; always valid JSON

	body    []byte  // see Body; the event's strings are slices of it
	alias   UserKey // of a user whose number is on record and not in the event
	route   routeState
	binding *binding
}

// Key is the event's lane: events of one key are handled one at a time, in the order in which they were stored. It is
// the [UserKey] for messages and echoes, the message for statuses, so that a slow handler delays no receipt, and account
// and field for the rest. It has at most 200 bytes, may hold a phone number, and is no place to read one from.
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

// Body is the event as a webhook body of its own: Meta's envelope with this one element and its own contact, a copy.
// [ParseWebhook] makes the same event of it, with the same ID and Key, so it is the form to store or to queue. Where that
// takes more than the element, an event without an id of Meta's, a member "wacloud" of the outermost object holds it.
// Body is nil for an event that did not come from ParseWebhook.
func (e *Event) Body() []byte {
	if e == nil {
		return nil
	}
	return slices.Clone(e.body)
}

// Text is the body of a text message or of an echo of one, or "". A caption, or a tap's title, is none.
func (e *Event) Text() string {
	if e == nil || e.Message == nil {
		return ""
	}
	text, _ := e.Message.Content.(TextContent)
	return text.Body
}

// UserKey identifies the user and the number that they wrote to: the sender of a message, the addressee of an echo or of
// a status, the member in a group. It is empty where the event names nobody. A user is named by the phone number, else by
// the user id; in an event that a [Webhook] with a [Store] handed out, by the number also where only the id came and an
// earlier event had both.
func (e *Event) UserKey() UserKey {
	switch {
	case e == nil:
		return ""
	case e.alias != "":
		return e.alias
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

// UserKey is one user of one business number: number and phone, or number and user id where the phone is not known. It
// has at most 200 bytes. It holds personal data and fmt prints it; log/slog gets a hash of it.
type UserKey string

// Chat is where an answer goes: the group, else the user; nobody for an event without either.
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

// A User is a person on WhatsApp. Either identity may be missing: since 2026 users with a username may hide their phone,
// and older webhooks have no user id (Meta, business-scoped user ids, read 2026-06). Name, Username, ParentID and a
// missing identity come from the contact that belongs to the element.
type User struct {
	Phone    string // WhatsApp id: digits without a plus
	ID       string // business-scoped user id, "US.…"
	ParentID string // the user id of a whole group of businesses
	Name     string // profile name, the user's own choice
	Username string // without an at sign
}

// Recipient addresses the user: by phone where it is known, else by user id; nobody without either.
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

// InboundMessage is a message that came in, or an echo of one that went out (Meta, webhooks reference, messages, read
// 2026-03).
type InboundMessage struct {
	ID        string          // "wamid.…"
	From      User            // nobody in an echo: it is from the business
	To        User            // of an echo only: the user it went to
	GroupID   string          // of a message in a group
	Timestamp time.Time       // as in the Event
	Type      string          // Meta's type: "text", "button", …
	Context   *MessageContext // nil for a message that refers to none; Meta leaves it out at times
	Referral  *Referral       // nil unless the user came from an ad or a post
	Identity  *Identity       // nil unless the identity check is on
	Content   Content         // never nil
	Reply     *Reply          // not nil for every tap
	Errors    []EventError    // why Content is not all: a picture that Meta could not fetch, a type that it does not deliver
	Raw       json.RawMessage // the message as it came
}

// MessageContext is what a message refers to.
type MessageContext struct {
	ID                  string // of the message; empty when this one was only forwarded
	From                string // who wrote that: a phone number, or the phone number id of the business
	Forwarded           bool
	FrequentlyForwarded bool   // more than five times
	CatalogID           string // of the product that the message asks about
	RetailerID          string // of that product
}

// Referral is the ad or post that brought the user.
type Referral struct {
	SourceType   string // "ad" or "post"
	SourceID     string // Meta's id of it
	SourceURL    string
	Headline     string
	Body         string
	MediaType    string // "image" or "video"
	ImageURL     string
	VideoURL     string
	ThumbnailURL string
	ClickID      string // ctwa_clid; missing for ads in a status
	WelcomeText  string // what the ad greeted the user with
}

// Identity is the user's security code, where the identity check is on. A message has only the hash.
type Identity struct {
	Acknowledged bool
	CreatedAt    time.Time
	Hash         string // for [IdentityKeyHash]
}

// ReplyKind says what was tapped.
type ReplyKind uint8

// The kinds of replies.
const (
	ReplyKindButton         ReplyKind = iota + 1 // a reply button (button_reply)
	ReplyKindListRow                             // a row of a list (list_reply)
	ReplyKindQuick                               // a quick reply of a carousel card or of a template (type "button")
	ReplyKindTyped                               // an option that was typed instead of tapped
	ReplyKindFlow                                // a flow or an address form, whose answers are in Data (nfm_reply)
	ReplyKindCallPermission                      // "accept" or "reject", in ID and Title (call_permission_reply)
	ReplyKindPayment                             // a payment: its reference in ID, all of it in Data (payment_method)
	ReplyKindExpected                            // a text that was waited for, see [Expect]: ID is the route's, the text is in [Event.Text]
)

// String is the kind in lower case: "button", "list row", …
func (k ReplyKind) String() string {
	names := [...]string{"none", "button", "list row", "quick", "typed", "flow", "call permission", "payment", "expected"}
	if int(k) >= len(names) {
		return "reply kind " + strconv.Itoa(int(k))
	}
	return names[k]
}

// A Reply is a tap, in one shape wherever it came from. That a tap on a carousel card comes like one on a template's
// quick reply is documented nowhere; recorded webhooks of July and October 2026 show it.
type Reply struct {
	Kind        ReplyKind
	ID          string          // of the button or row, as sent; "flow" or "address_message"; empty for a template button without payload
	Title       string          // what the user saw and tapped; the text under a flow's answer
	Description string          // of a list's row
	ContextID   string          // the message that was tapped, where Meta says
	Data        json.RawMessage // the answers of a flow, or the object of a call permission or payment; valid JSON or nil
}

// Status tells what became of a message that was sent (Meta, webhooks reference, messages/status, read 2026-03). Statuses
// come in any order and some not at all: read may come without delivered.
type Status struct {
	ID            string          // of the message
	Status        string          // sent, delivered, read, played, failed; of payments captured, pending
	Type          string          // payment, call, else mostly empty
	Timestamp     time.Time       // as in the Event
	Recipient     User            // nobody for groups
	RecipientType string          // "group" for groups
	GroupID       string          // the group that the message went to
	Participant   User            // the member of the group that the status is about
	CallbackData  string          // see [CallbackData]: the caller's own, without SendID
	SendID        string          // of the send, as in [Sent]; empty where it was sent without a [Store]
	Fallback      *Sent           // what the library sent instead of a message that failed, see [Fallback]; nil for nothing
	Conversation  *Conversation   // nil since v24, except for free entry points
	Pricing       *Pricing        // nil where Meta says nothing, for failed ones for example
	Errors        []EventError    // why it failed
	Raw           json.RawMessage // the status as it came
}

// Conversation is Meta's conversation of a [Status].
type Conversation struct {
	ID        string
	Origin    string    // "service", "utility", "referral_conversion", …
	ExpiresAt time.Time // zero except for sent
}

// Pricing is how a message is billed, in Meta's words, which change: take them as opaque.
type Pricing struct {
	Billable bool
	Model    string // "PMP" per message, "CBP" per conversation
	Type     string // "regular", "free_customer_service", "free_entry_point"
	Category string // "marketing", "utility", "service", …
}

// EventError is an error in a webhook. It matches the sentinels by its code as [*APIError] does; an unknown code matches
// none.
type EventError struct {
	Code    int
	Title   string
	Message string
	Details string // error_data.details, which says most
	Href    string // Meta's page about errors
}

func (e EventError) Error() string {
	what := e.Message
	if what == "" {
		what = e.Title
	}
	return "wacloud: webhook: " + maskText(what) + " (code " + strconv.Itoa(e.Code) + ")"
}

// Format prints Error, also for %#v and %d, which would print the fields.
func (e EventError) Format(f fmt.State, verb rune) { formatText(f, verb, e.Error()) }

// LogValue is Error.
func (e EventError) LogValue() slog.Value { return slog.StringValue(e.Error()) }

// Is reports whether e belongs to one of the sentinels.
func (e EventError) Is(target error) bool { return codeIs(e.Code, target) }
