package wacloudtest

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/internal/graph"
)

// What webhooks carry unless an [EventOption] says otherwise.
const (
	PhoneNumberID      = "100000000000001"
	DisplayPhoneNumber = "15550005555"
	BusinessAccountID  = "200000000000001"
)

// An EventOption changes a webhook body that a builder makes.
type EventOption struct{ apply func(*graph.Element) }

// ToNumber sets the id of the business phone number that gets the message.
func ToNumber(phoneNumberID string) EventOption {
	return EventOption{func(e *graph.Element) { e.Number.ID = phoneNumberID }}
}

// ToBusiness sets the business account's id.
func ToBusiness(id string) EventOption {
	return EventOption{func(e *graph.Element) { e.Number.BusinessAccountID = id }}
}

// MessageID sets the id. Without it the id is a hash of the rest, so that the same call twice is a repeated delivery.
func MessageID(id string) EventOption { return EventOption{func(e *graph.Element) { e.ID = id }} }

// At sets the time, to the second. Without it the time is now.
func At(t time.Time) EventOption { return EventOption{func(e *graph.Element) { e.Time = t }} }

// About sets the context: the message that was tapped or quoted.
func About(messageID string) EventOption {
	return EventOption{func(e *graph.Element) { e.Context.ID = messageID }}
}

// Forwarded marks a forwarded message; many means more than five times.
func Forwarded(many bool) EventOption {
	return EventOption{func(e *graph.Element) { e.Context.Forwarded, e.Context.Frequently = true, many }}
}

// AboutProduct sets the product that a message asks about.
func AboutProduct(p wacloud.ProductContent) EventOption {
	return EventOption{func(e *graph.Element) { e.Context.CatalogID, e.Context.RetailerID = p.CatalogID, p.RetailerID }}
}

// InGroup sends the message in a group.
func InGroup(groupID string) EventOption {
	return EventOption{func(e *graph.Element) { e.GroupID = groupID }}
}

// Referred adds the ad or post that brought the user.
func Referred(r wacloud.Referral) EventOption {
	return EventOption{func(e *graph.Element) { e.Referral = r }}
}

// Standby wraps the element as Meta does while somebody else holds the conversation.
func Standby() EventOption { return EventOption{func(e *graph.Element) { e.Standby = true }} }

// TapShape is a shape in which a tap on a carousel card may arrive.
type TapShape uint8

// The shapes. Phones were recorded with the first; Meta's pages show none (read 2026-03), and older parsers guessed the
// others. The library accepts all three.
const (
	TapButton      TapShape = iota // type "button"
	TapButtonReply                 // interactive.button_reply
	TapQuickReply                  // interactive.quick_reply
)

// Text is a webhook body with a text.
func Text(from wacloud.User, body string, opts ...EventOption) []byte {
	return build(from, graph.Text(body), opts)
}

// Media is a webhook body with a file; kind is image, video, audio, document or sticker. Without an id it is one that Meta
// could not fetch.
func Media(from wacloud.User, kind string, m wacloud.MediaContent, opts ...EventOption) []byte {
	return build(from, graph.Media(kind, m), opts)
}

// Location is a webhook body with a point on the map.
func Location(from wacloud.User, loc wacloud.LocationContent, opts ...EventOption) []byte {
	return build(from, graph.Location(loc), opts)
}

// Contacts is a webhook body with contact cards.
func Contacts(from wacloud.User, cards []wacloud.Contact, opts ...EventOption) []byte {
	return build(from, graph.Contacts(cards), opts)
}

// Reaction is a webhook body with an emoji on a message; without an emoji it is the removal.
func Reaction(from wacloud.User, r wacloud.Reaction, opts ...EventOption) []byte {
	return build(from, graph.Reaction(r), opts)
}

// ButtonReply is a webhook body with a tap on a reply button.
func ButtonReply(from wacloud.User, b wacloud.Button, opts ...EventOption) []byte {
	return build(from, graph.ButtonReply(b), opts)
}

// ListReply is a webhook body with a tap on a list row.
func ListReply(from wacloud.User, row wacloud.Row, opts ...EventOption) []byte {
	return build(from, graph.ListReply(row), opts)
}

// CarouselTap is a webhook body with a tap on a quick reply of a carousel card, as phones send it.
func CarouselTap(from wacloud.User, b wacloud.Button, opts ...EventOption) []byte {
	return CarouselTapAs(TapButton, from, b, opts...)
}

// CarouselTapAs is CarouselTap in a shape of choice.
func CarouselTapAs(shape TapShape, from wacloud.User, b wacloud.Button, opts ...EventOption) []byte {
	return build(from, graph.CarouselTap(graph.TapShape(shape), b), opts)
}

// TemplateTap is a webhook body with a tap on a template's quick reply. Without an id the payload is missing; Meta's
// default for a template that was sent without one is the label as payload.
func TemplateTap(from wacloud.User, b wacloud.Button, opts ...EventOption) []byte {
	return build(from, graph.QuickReply(b), opts)
}

// Flow is a webhook body with the answer of a flow; response becomes its JSON. It panics when that is impossible.
func Flow(from wacloud.User, response any, opts ...EventOption) []byte {
	return build(from, graph.FormReply("flow", "Sent", response), opts)
}

// Address is a webhook body with the answer of an address form; response becomes its JSON. It panics when that is
// impossible.
func Address(from wacloud.User, response any, opts ...EventOption) []byte {
	return build(from, graph.FormReply("address_message", "Sent", response), opts)
}

// CallPermission is a webhook body with the answer of a call permission request.
func CallPermission(from wacloud.User, accepted bool, opts ...EventOption) []byte {
	return build(from, graph.CallPermission(accepted), opts)
}

// Payment is a webhook body with a payment method (Brazil); method becomes its JSON. It panics when that is impossible.
func Payment(from wacloud.User, method any, opts ...EventOption) []byte {
	return build(from, graph.Payment(method), opts)
}

// Order is a webhook body with a cart.
func Order(from wacloud.User, order wacloud.OrderContent, opts ...EventOption) []byte {
	return build(from, graph.Order(order), opts)
}

// Product is a webhook body with a product card. Its shape is a guess: Meta's page names the kind without showing it.
func Product(from wacloud.User, p wacloud.ProductContent, opts ...EventOption) []byte {
	return build(from, graph.Product(p), opts)
}

// System is a webhook body with a change of the user, who is still named by the old identity.
func System(from wacloud.User, s wacloud.SystemContent, opts ...EventOption) []byte {
	return build(from, graph.System(s), opts)
}

// Edit is a webhook body with the new text of a message.
func Edit(from wacloud.User, originalID string, text wacloud.TextContent, opts ...EventOption) []byte {
	return build(from, graph.Edit(originalID, graph.Text(text.Body)), opts)
}

// Revoke is a webhook body with the deletion of a message.
func Revoke(from wacloud.User, originalID string, opts ...EventOption) []byte {
	return build(from, graph.Revoke(originalID), opts)
}

// Welcome is a webhook body with the opening of a chat by a new user.
func Welcome(from wacloud.User, opts ...EventOption) []byte {
	return build(from, graph.Welcome(), opts)
}

// Unsupported is a webhook body with a message that the API does not deliver, such as "poll_creation"; kind may be empty.
func Unsupported(from wacloud.User, kind string, opts ...EventOption) []byte {
	return build(from, graph.Unsupported(kind), opts)
}

// Message is a webhook body with a message of any type; object stands under the type's name, nil for none. It panics when
// object has no JSON.
func Message(from wacloud.User, kind string, object any, opts ...EventOption) []byte {
	return build(from, graph.Content{Type: kind, Object: object}, opts)
}

// Status is a webhook body with a status. Its timestamp counts, unless it is zero.
func Status(s wacloud.Status, opts ...EventOption) []byte {
	e := element(opts)
	if !s.Timestamp.IsZero() {
		e.Time = s.Timestamp
	}
	return e.Status(s)
}

// Echo is a webhook body with a text that somebody else sent in the business's name: from the phone app, or in [Standby]
// Meta's agent.
func Echo(to wacloud.User, text string, opts ...EventOption) []byte {
	e := element(opts)
	e.From = to
	e = identified(e, func(e graph.Element) []byte { return e.Echo(graph.Text(text)) })
	return e.Echo(graph.Text(text))
}

// Errors is a webhook body with errors that belong to no message.
func Errors(errs []wacloud.EventError, opts ...EventOption) []byte {
	return element(opts).Failures(errs)
}

// Account is a webhook body of another field, such as "account_alerts"; value becomes its JSON. It panics when that is
// impossible.
func Account(field string, value any, opts ...EventOption) []byte {
	return element(opts).Field(field, value)
}

// Batch is one webhook body with the entries of several, as Meta collects them. It panics when one is no webhook body.
func Batch(bodies ...[]byte) []byte {
	body, err := graph.Batch(bodies...)
	if err != nil {
		panic("wacloudtest: a batch of something that is not a webhook body: " + err.Error())
	}
	return body
}

func build(from wacloud.User, c graph.Content, opts []EventOption) []byte {
	e := element(opts)
	e.From = from
	e = identified(e, func(e graph.Element) []byte { return e.Message(c) })
	return e.Message(c)
}

func element(opts []EventOption) graph.Element {
	e := graph.Element{Number: graph.Number{
		ID: PhoneNumberID, Display: DisplayPhoneNumber, BusinessAccountID: BusinessAccountID,
	}}
	for _, o := range opts {
		o.apply(&e)
	}
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	return e
}

// identified gives e an id made of everything but the time.
func identified(e graph.Element, write func(graph.Element) []byte) graph.Element {
	if e.ID == "" {
		timeless := e
		timeless.Time = time.Unix(0, 0)
		sum := sha256.Sum256(write(timeless))
		e.ID = "wamid." + hex.EncodeToString(sum[:8])
	}
	return e
}
