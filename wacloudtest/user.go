package wacloudtest

import "github.com/wacloud/wacloud"

// User is a user with a phone. Its methods fail the test when the bot does not take the webhook.
type User struct{}

// A UserOption configures [Server.User].
type UserOption struct{ apply func(*wacloud.User) }

// WithPhone sets the WhatsApp id (digits).
func WithPhone(digits string) UserOption { panic("skeleton") }

// WithUserID sets the business-scoped user id.
func WithUserID(id string) UserOption { panic("skeleton") }

// WithoutPhone is a user who hides the phone number behind a username: webhooks carry the business-scoped user id only.
func WithoutPhone() UserOption { panic("skeleton") }

// WithoutUserID is a user as webhooks showed them before business-scoped user ids.
func WithoutUserID() UserOption { panic("skeleton") }

// User adds a user. By default they have a phone number and a business-scoped user id, both made from the number of users.
func (s *Server) User(name string, opts ...UserOption) *User { panic("skeleton") }

// Identity is the user as webhooks name them.
func (u *User) Identity() wacloud.User { panic("skeleton") }

// Recipient addresses the user.
func (u *User) Recipient() wacloud.Recipient { panic("skeleton") }

// Say sends a text and returns its message id.
func (u *User) Say(text string) string { panic("skeleton") }

// Tap taps an option of the last message that has options: a reply button, a list row, a card's quick reply or a
// template's, by its title.
func (u *User) Tap(title string) { panic("skeleton") }

// TapID taps an option of the last message that has options, by its id.
func (u *User) TapID(id string) { panic("skeleton") }

// Card is a card, counted from 0, of the last carousel.
func (u *User) Card(i int) *Card { panic("skeleton") }

// SendLocation sends a point on the map.
func (u *User) SendLocation(loc wacloud.LocationContent) string { panic("skeleton") }

// SendMedia sends a file; kind is image, video, audio, document or sticker.
func (u *User) SendMedia(kind string, m wacloud.MediaContent) string { panic("skeleton") }

// SendContacts sends contact cards.
func (u *User) SendContacts(cards ...wacloud.Contact) string { panic("skeleton") }

// React puts an emoji on the last message of the bot; an empty one takes it away.
func (u *User) React(emoji string) string { panic("skeleton") }

// FillFlow answers the last flow message; response becomes the JSON of the answer.
func (u *User) FillFlow(response any) string { panic("skeleton") }

// Send sends a webhook body that a builder made for [User.Identity].
func (u *User) Send(body []byte) { panic("skeleton") }

// Redeliver sends the user's last webhook once more, as Meta does when it saw no 200.
func (u *User) Redeliver() { panic("skeleton") }

// ExpectNothing fails the test when the bot has sent something that no Expect took. It waits until the handlers are done.
func (u *User) ExpectNothing() { panic("skeleton") }

// Expect waits for the next message to the user and fails the test when it is not an M, or when the handlers are done and
// none came. Messages are expected in the order in which they were sent.
func Expect[M wacloud.Message](u *User) *Received[M] { panic("skeleton") }

// Received is a message that a user got. It stays tappable.
type Received[M wacloud.Message] struct {
	ID       string
	Message  M
	Outgoing wacloud.Outgoing
}

// Tap taps an option by its title.
func (r *Received[M]) Tap(title string) { panic("skeleton") }

// TapID taps an option by its id.
func (r *Received[M]) TapID(id string) { panic("skeleton") }

// Card is a card of a carousel, counted from 0.
func (r *Received[M]) Card(i int) *Card { panic("skeleton") }

// Reply sends a text that quotes the message.
func (r *Received[M]) Reply(text string) string { panic("skeleton") }

// React puts an emoji on the message.
func (r *Received[M]) React(emoji string) string { panic("skeleton") }

// Report sends a status of the message: sent, delivered, read, played.
func (r *Received[M]) Report(status string) { panic("skeleton") }

// ReportFailed sends the status failed with an error code.
func (r *Received[M]) ReportFailed(code int) { panic("skeleton") }

// Card is one card of a carousel that a user got.
type Card struct{}

// Tap taps an option of the card by its title.
func (c *Card) Tap(title string) { panic("skeleton") }
