package wacloudtest

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/internal/graph"
)

// User is a user with a phone, in the chat with one business number. Its methods fail the test when the bot does not take
// the webhook. They belong on the test's own goroutine; different users may act on different ones.
type User struct {
	srv    *Server
	user   *graph.User
	number string

	mu   sync.Mutex
	seen int    // number of the last message that was expected or tapped
	last []byte // webhook body
}

// A UserOption configures [Server.User].
type UserOption struct{ apply func(*wacloud.User) }

// WithPhone sets the WhatsApp id (digits).
func WithPhone(digits string) UserOption {
	return UserOption{func(u *wacloud.User) { u.Phone = digits }}
}

// WithUserID sets the business-scoped user id.
func WithUserID(id string) UserOption { return UserOption{func(u *wacloud.User) { u.ID = id }} }

// WithoutPhone is a user who hides the phone number behind a username: webhooks carry the business-scoped user id only.
func WithoutPhone() UserOption { return UserOption{func(u *wacloud.User) { u.Phone = "" }} }

// WithoutUserID is a user as webhooks showed them before business-scoped user ids.
func WithoutUserID() UserOption { return UserOption{func(u *wacloud.User) { u.ID = "" }} }

// User adds a user, each time another one. By default they have a phone number and a business-scoped user id, both made
// from the number of users.
func (s *Server) User(name string, opts ...UserOption) *User {
	s.tb.Helper()
	s.mu.Lock()
	s.users++
	id := wacloud.User{
		Name: name, Phone: fmt.Sprintf("5511900000%03d", s.users), ID: fmt.Sprintf("BR.wacloudtest%03d", s.users),
	}
	s.mu.Unlock()
	for _, o := range opts {
		o.apply(&id)
	}
	user, err := s.engine.AddUser(id)
	if err != nil {
		s.tb.Fatalf("wacloudtest: user %s: %v", name, err)
		return nil
	}
	return &User{srv: s, user: user, number: s.cfg.numbers[0]}
}

// On is the same user in the chat with another number of the business.
func (u *User) On(phoneNumberID string) *User {
	u.srv.tb.Helper()
	if _, ok := u.srv.engine.Number(phoneNumberID); !ok {
		u.srv.tb.Fatalf("wacloudtest: the server has no number %s: name it in Numbers", phoneNumberID)
	}
	return &User{srv: u.srv, user: u.user, number: phoneNumberID}
}

// Identity is the user as webhooks name them.
func (u *User) Identity() wacloud.User { return u.user.Identity }

// Recipient addresses the user.
func (u *User) Recipient() wacloud.Recipient { return u.user.Identity.Recipient() }

// Say sends a text and returns its message id.
func (u *User) Say(text string) string {
	u.srv.tb.Helper()
	return u.act(graph.Text(text), "")
}

// SendLocation sends a point on the map. It answers a [wacloud.LocationRequest] where that is the bot's last message so far.
func (u *User) SendLocation(loc wacloud.LocationContent) string {
	u.srv.tb.Helper()
	return u.act(graph.Location(loc), asked[wacloud.LocationRequest](u))
}

// SendMedia sends a file; kind is image, video, audio, document or sticker. [Server.AddMedia] makes one that the bot can
// download; without an id it is one that Meta could not fetch.
func (u *User) SendMedia(kind string, m wacloud.MediaContent) string {
	u.srv.tb.Helper()
	return u.act(graph.Media(kind, m), "")
}

// SendContacts sends contact cards.
func (u *User) SendContacts(cards ...wacloud.Contact) string {
	u.srv.tb.Helper()
	return u.act(graph.Contacts(cards), "")
}

// ShareContact answers a [wacloud.ContactInfoRequest] with the user's own number.
func (u *User) ShareContact() string {
	u.srv.tb.Helper()
	about := asked[wacloud.ContactInfoRequest](u)
	if about == "" || u.user.Identity.Phone == "" {
		u.srv.tb.Fatalf("wacloudtest: %s was not asked last for a contact, or has no number%s", u.user.Identity.Name, u.srv.trouble())
		return ""
	}
	phone := u.user.Identity.Phone
	return u.act(graph.Contacts([]wacloud.Contact{{
		Origin: "contact_request", Phones: []wacloud.ContactPhone{{Phone: "+" + phone, WaID: phone, Type: "CELL"}},
	}}), about)
}

// asked returns the id of the bot's last message so far, if that is an M.
func asked[M wacloud.Message](u *User) string {
	m, ok := u.latest(func(wacloud.Message) bool { return true })
	if _, is := m.Outgoing.Message.(M); !ok || !is {
		return ""
	}
	u.seeUpTo(m.Seq)
	return m.ID
}

// IsRead reports whether the bot has marked a message of the user as read.
func (u *User) IsRead(messageID string) bool {
	m, _ := u.srv.engine.Message(messageID)
	return m.Read
}

// SeesTyping reports whether the bot shows the user that it is typing, which lasts 25 seconds or until its next message.
func (u *User) SeesTyping() bool { return u.srv.engine.Typing(u.number, u.user) }

// SendOrder sends a cart.
func (u *User) SendOrder(order wacloud.OrderContent) string {
	u.srv.tb.Helper()
	return u.act(graph.Order(order), "")
}

// React puts an emoji on the last message of the bot; an empty one takes it away.
func (u *User) React(emoji string) string {
	u.srv.tb.Helper()
	m, ok := u.lastMessage(func(wacloud.Message) bool { return true })
	if !ok {
		u.srv.tb.Fatalf("wacloudtest: %s has no message to react to%s", u.user.Identity.Name, u.srv.trouble())
		return ""
	}
	return u.act(graph.Reaction(wacloud.Reaction{MessageID: m.ID, Emoji: emoji}), "")
}

// FillFlow answers the last flow or address form; response becomes the JSON of the answer. It panics when that is
// impossible.
func (u *User) FillFlow(response any) string {
	u.srv.tb.Helper()
	m, ok := u.lastMessage(func(m wacloud.Message) bool { return formName(m) != "" })
	if !ok {
		u.srv.tb.Fatalf("wacloudtest: %s has no form to fill%s", u.user.Identity.Name, u.srv.trouble())
		return ""
	}
	return u.fill(m, response)
}

func (u *User) fill(m graph.Message, response any) string {
	u.srv.tb.Helper()
	u.seeUpTo(m.Seq)
	return u.act(graph.FormReply(formName(m.Outgoing.Message), "Sent", response), m.ID)
}

func formName(m wacloud.Message) string {
	switch m.(type) {
	case wacloud.Flow:
		return "flow"
	case wacloud.AddressRequest:
		return "address_message"
	}
	return ""
}

// Send sends a webhook body that a builder made for [User.Identity].
func (u *User) Send(body []byte) {
	u.srv.tb.Helper()
	u.sent(u.srv.engine.Send(context.Background(), body))
}

// Redeliver sends the user's last webhook once more, as Meta does when it saw no 200.
func (u *User) Redeliver() {
	u.srv.tb.Helper()
	u.mu.Lock()
	body := u.last
	u.mu.Unlock()
	if body == nil {
		u.srv.tb.Fatalf("wacloudtest: %s has sent nothing yet", u.user.Identity.Name)
		return
	}
	u.sent(u.srv.engine.Deliver(context.Background(), body))
}

// act does something in the chat, about a message of the bot where there is one.
func (u *User) act(c graph.Content, about string) string {
	u.srv.tb.Helper()
	id, d := u.srv.engine.Act(context.Background(), graph.Say{
		Number: u.number, User: u.user, Content: c, Context: graph.Context{ID: about},
	})
	u.sent(d)
	return id
}

// sent notes what the user posted and wants a 200 for it.
func (u *User) sent(d graph.Delivery) {
	u.srv.tb.Helper()
	u.mu.Lock()
	u.last = d.Body
	u.mu.Unlock()
	u.taken(d)
}

// taken wants a 200.
func (u *User) taken(d graph.Delivery) {
	u.srv.tb.Helper()
	switch {
	case d.Err != nil:
		u.srv.tb.Fatalf("wacloudtest: the webhook of %s did not reach the bot: %v", u.user.Identity.Name, d.Err)
	case d.Status != http.StatusOK:
		u.srv.tb.Fatalf("wacloudtest: the bot answered %d to the webhook of %s: %s", d.Status, u.user.Identity.Name, d.Answer)
	}
}

// news returns the bot's messages that were not expected yet.
func (u *User) news() []graph.Message {
	u.mu.Lock()
	seen := u.seen
	u.mu.Unlock()
	var fresh []graph.Message
	for _, m := range u.srv.engine.Messages(u.number, u.user, seen) {
		if !m.FromUser {
			fresh = append(fresh, m)
		}
	}
	return fresh
}

func (u *User) seeUpTo(seq int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.seen = max(u.seen, seq)
}

// lastMessage waits until the bot is done and returns its last message that fits. For a bot that the kit does not run it
// waits for one.
func (u *User) lastMessage(fits func(wacloud.Message) bool) (found graph.Message, ok bool) {
	look := func() bool {
		found, ok = u.latest(fits)
		return ok
	}
	u.srv.settle()
	if !look() && u.srv.served() == nil {
		u.srv.await(u.srv.cfg.patience, look)
	}
	return found, ok
}

// latest returns the bot's last message so far that fits.
func (u *User) latest(fits func(wacloud.Message) bool) (graph.Message, bool) {
	for _, m := range slices.Backward(u.srv.engine.Messages(u.number, u.user, 0)) {
		if !m.FromUser && fits(m.Outgoing.Message) {
			return m, true
		}
	}
	return graph.Message{}, false
}
