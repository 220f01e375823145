package wacloudtest

import (
	"net/http"
	"time"

	"github.com/wacloud/wacloud"
)

// What webhooks carry unless an [EventOption] says otherwise.
const (
	PhoneNumberID      = "100000000000001"
	DisplayPhoneNumber = "15550005555"
	BusinessAccountID  = "200000000000001"
)

// An EventOption changes a webhook body that a builder makes.
type EventOption struct{ apply func(*event) }

type event struct{}

// ToNumber sets the business phone number that gets the message.
func ToNumber(phoneNumberID string) EventOption { panic("skeleton") }

// ToBusiness sets the business account's id.
func ToBusiness(id string) EventOption { panic("skeleton") }

// MessageID sets the id. Without it the id is a hash of the rest, so that the same call twice is a repeated delivery.
func MessageID(id string) EventOption { panic("skeleton") }

// At sets the time, to the second. Without it the time is now.
func At(t time.Time) EventOption { panic("skeleton") }

// About sets the context: the message that was tapped or quoted.
func About(messageID string) EventOption { panic("skeleton") }

// InGroup sends the message in a group.
func InGroup(groupID string) EventOption { panic("skeleton") }

// Referred adds the ad or post that brought the user.
func Referred(r wacloud.Referral) EventOption { panic("skeleton") }

// Standby wraps the element as Meta does while somebody else holds the conversation.
func Standby() EventOption { panic("skeleton") }

// TapShape is a shape in which a tap on a carousel card may arrive.
type TapShape uint8

// The shapes.
const (
	TapButton      TapShape = iota // type "button": what phones send
	TapButtonReply                 // interactive.button_reply: older guesses, harmless to accept
	TapQuickReply                  // interactive.quick_reply: older guesses, harmless to accept
)

// Text is a webhook body with a text.
func Text(from wacloud.User, body string, opts ...EventOption) []byte { panic("skeleton") }

// Media is a webhook body with a file; kind is image, video, audio, document or sticker.
func Media(from wacloud.User, kind string, m wacloud.MediaContent, opts ...EventOption) []byte {
	panic("skeleton")
}

// Location is a webhook body with a point on the map.
func Location(from wacloud.User, loc wacloud.LocationContent, opts ...EventOption) []byte {
	panic("skeleton")
}

// Contacts is a webhook body with contact cards.
func Contacts(from wacloud.User, cards []wacloud.Contact, opts ...EventOption) []byte {
	panic("skeleton")
}

// Reaction is a webhook body with an emoji on a message; without an emoji it is the removal.
func Reaction(from wacloud.User, r wacloud.Reaction, opts ...EventOption) []byte { panic("skeleton") }

// ButtonReply is a webhook body with a tap on a reply button.
func ButtonReply(from wacloud.User, b wacloud.Button, opts ...EventOption) []byte { panic("skeleton") }

// ListReply is a webhook body with a tap on a list row.
func ListReply(from wacloud.User, row wacloud.Row, opts ...EventOption) []byte { panic("skeleton") }

// CarouselTap is a webhook body with a tap on a quick reply of a carousel card.
func CarouselTap(from wacloud.User, b wacloud.Button, opts ...EventOption) []byte { panic("skeleton") }

// CarouselTapAs is CarouselTap in another shape.
func CarouselTapAs(shape TapShape, from wacloud.User, b wacloud.Button, opts ...EventOption) []byte {
	panic("skeleton")
}

// TemplateTap is a webhook body with a tap on a template's quick reply; without an id the payload is missing.
func TemplateTap(from wacloud.User, b wacloud.Button, opts ...EventOption) []byte { panic("skeleton") }

// Flow is a webhook body with the answer of a flow; response becomes its JSON.
func Flow(from wacloud.User, response any, opts ...EventOption) []byte { panic("skeleton") }

// Address is a webhook body with the answer of an address form; response becomes its JSON.
func Address(from wacloud.User, response any, opts ...EventOption) []byte { panic("skeleton") }

// CallPermission is a webhook body with the answer of a call permission request.
func CallPermission(from wacloud.User, accepted bool, opts ...EventOption) []byte { panic("skeleton") }

// Payment is a webhook body with a payment method (Brazil); method becomes its JSON.
func Payment(from wacloud.User, method any, opts ...EventOption) []byte { panic("skeleton") }

// Order is a webhook body with a cart.
func Order(from wacloud.User, order wacloud.OrderContent, opts ...EventOption) []byte {
	panic("skeleton")
}

// Product is a webhook body with a product card.
func Product(from wacloud.User, p wacloud.ProductContent, opts ...EventOption) []byte {
	panic("skeleton")
}

// System is a webhook body with a change of the user.
func System(from wacloud.User, s wacloud.SystemContent, opts ...EventOption) []byte {
	panic("skeleton")
}

// Edit is a webhook body with the new text of a message.
func Edit(from wacloud.User, edit wacloud.EditContent, opts ...EventOption) []byte {
	panic("skeleton")
}

// Revoke is a webhook body with the deletion of a message.
func Revoke(from wacloud.User, originalID string, opts ...EventOption) []byte { panic("skeleton") }

// Welcome is a webhook body with the opening of a chat by a new user.
func Welcome(from wacloud.User, opts ...EventOption) []byte { panic("skeleton") }

// Unsupported is a webhook body with a message that the API does not deliver, such as "poll_creation".
func Unsupported(from wacloud.User, kind string, opts ...EventOption) []byte { panic("skeleton") }

// Message is a webhook body with a message of any type; object stands under the type's name, nil for none.
func Message(from wacloud.User, kind string, object any, opts ...EventOption) []byte {
	panic("skeleton")
}

// Status is a webhook body with a status.
func Status(s wacloud.Status, opts ...EventOption) []byte { panic("skeleton") }

// Echo is a webhook body with a text that somebody sent in the business's name from the phone app.
func Echo(to wacloud.User, text string, opts ...EventOption) []byte { panic("skeleton") }

// Errors is a webhook body with errors that belong to no message.
func Errors(errs []wacloud.EventError, opts ...EventOption) []byte { panic("skeleton") }

// Account is a webhook body of another field, such as "account_alerts"; value becomes its JSON.
func Account(field string, value any, opts ...EventOption) []byte { panic("skeleton") }

// Batch is one webhook body with the entries of several.
func Batch(bodies ...[]byte) []byte { panic("skeleton") }

// Sign returns the X-Hub-Signature-256 header of a body.
func Sign(body []byte, secret wacloud.Secret) string { panic("skeleton") }

// Post signs a body, posts it to a webhook and returns the answer.
func Post(tb TB, webhook http.Handler, body []byte, secret wacloud.Secret) *http.Response {
	panic("skeleton")
}

// Event returns the one event of a webhook body, for a handler without a server: r.Handle(ctx, client.Bind(event)).
func Event(tb TB, body []byte) *wacloud.Event { panic("skeleton") }
