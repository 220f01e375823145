package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wacloud/wacloud"
)

// User is somebody with a phone. Identity never changes.
type User struct {
	Key      string // names the user within the engine: "u1"
	Identity wacloud.User
	Phone    Phone
	stranger bool // known only because the business wrote to them
	rev      int
}

type directory struct {
	count   int // of all times
	all     []*User
	byPhone map[string]*User
	byID    map[string]*User
}

func (d *directory) add(id wacloud.User, stranger bool) *User {
	d.count++
	u := &User{Key: fmt.Sprintf("u%d", d.count), Identity: id, stranger: stranger}
	d.all = append(d.all, u)
	if id.Phone != "" {
		d.byPhone[id.Phone] = u
	}
	if id.ID != "" {
		d.byID[id.ID] = u
	}
	return u
}

func (d *directory) remove(u *User) {
	d.all = slices.DeleteFunc(slices.Clone(d.all), func(other *User) bool { return other == u })
	delete(d.byPhone, u.Identity.Phone)
	delete(d.byID, u.Identity.ID)
}

// find returns the user with either identity, or nil.
func (d *directory) find(id wacloud.User) *User {
	if u := d.byPhone[id.Phone]; u != nil {
		return u
	}
	return d.byID[id.ID]
}

// AddUser adds a user, who has a phone number or a user id that nobody else has.
func (e *Engine) AddUser(id wacloud.User) (*User, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.users.all) >= 2*e.cfg.KeepChats {
		return nil, errors.New("graph: there are too many users")
	}
	if err := e.users.check(id); err != nil {
		return nil, fmt.Errorf("graph: %w", err)
	}
	return e.addUser(id, false), nil
}

func (d *directory) check(id wacloud.User) error {
	switch {
	case id.Phone == "" && id.ID == "":
		return errors.New("a user needs a phone number or a user id")
	case strings.Trim(id.Phone, "0123456789") != "":
		return errors.New("the phone number of a user is digits only, as webhooks write it")
	case id.Phone != "" && d.byPhone[id.Phone] != nil, id.ID != "" && d.byID[id.ID] != nil:
		return errors.New("there is such a user already")
	}
	return nil
}

func (e *Engine) addUser(id wacloud.User, stranger bool) *User {
	u := e.users.add(id, stranger)
	u.rev = e.nextRev()
	e.touch()
	return u
}

// Users returns everybody, in the order in which they came.
func (e *Engine) Users() []*User {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.users.all)
}

// Message is one message of a chat.
type Message struct {
	Seq      int // counts all messages of the engine
	ID       string
	FromUser bool
	At       time.Time
	Outgoing wacloud.Outgoing // of the business's messages
	Body     []byte           // the request of the business, or the webhook of the user
	Status   string           // of the business's messages: the furthest one reported, or "accepted"
	Read     bool             // of the user's messages: the business marked it as read
	After    string           // of the business's messages: the one before, which had failed by then

	Type      string // Meta's
	ReplyTo   string // the message that it quotes or answers
	Errors    []wacloud.EventError
	Problems  []wacloud.Problem // warnings
	Reactions []MessageReaction

	chat *chat
	rev  int
	due  time.Time // when the last status is due
	seen bool      // the status read is scheduled
	held []string  // statuses that wait for the user to act
}

// Content is what stands under the type's name, nil where the message has nothing there.
func (m *Message) Content() json.RawMessage {
	_, content, _ := contentOf(m)
	return content
}

// Sender is who wrote a user's message; the zero User for the business's.
func (m *Message) Sender() wacloud.User {
	if !m.FromUser || m.chat == nil || m.chat.key.user == nil {
		return wacloud.User{}
	}
	return m.chat.key.user.Identity
}

// failure is the code with which the message failed, 0 where it did not or nobody knows.
func (m *Message) failure() int {
	if m.Status != "failed" || len(m.Errors) == 0 {
		return 0
	}
	return m.Errors[len(m.Errors)-1].Code
}

// MessageReaction is an emoji that hangs on a message.
type MessageReaction struct {
	FromUser bool
	Emoji    string
}

// chatKey is a number's chat with a user or a group.
type chatKey struct {
	number string
	user   *User
	group  string
}

// String is the key for people and pages; it has no slash but one.
func (k chatKey) String() string {
	if k.user != nil {
		return k.number + "/" + k.user.Key
	}
	return k.number + "/" + k.group
}

type chat struct {
	key      chatKey
	messages ring[*Message]
	typing   time.Time // the indicator is shown until then
	lastIn   time.Time // when the user wrote last
	pair     bucket
	rev      int
}

// failed is the last message, if it is the business's and has failed; what the business sends next comes after that.
func (c *chat) failed() string {
	all := c.messages.items
	if len(all) == 0 || all[len(all)-1].FromUser || all[len(all)-1].Status != "failed" {
		return ""
	}
	return all[len(all)-1].ID
}

// Messages returns what was written after the message with the number seq, both ways, in order.
func (e *Engine) Messages(number string, u *User, seq int) []Message {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.chats[chatKey{number: number, user: u}]
	if c == nil {
		return nil
	}
	var out []Message
	for _, m := range c.messages.items {
		if m.Seq > seq {
			out = append(out, *m)
		}
	}
	return out
}

// Message finds a message of any chat.
func (e *Engine) Message(id string) (Message, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if m := e.byID[id]; m != nil {
		return *m, true
	}
	return Message{}, false
}

// Typing reports whether the user sees the typing indicator.
func (e *Engine) Typing(number string, u *User) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.chats[chatKey{number: number, user: u}]
	return c != nil && e.Now().Before(c.typing)
}

// chat returns the chat of key; the oldest makes room for it.
func (e *Engine) chat(key chatKey) *chat {
	if c := e.chats[key]; c != nil {
		return c
	}
	c := &chat{key: key, messages: newRing[*Message](e.cfg.Keep), rev: e.nextRev()}
	e.chats[key] = c
	e.oldest = append(e.oldest, key)
	if len(e.oldest) > e.cfg.KeepChats {
		e.forget(e.oldest[0])
	}
	return c
}

// forget drops a chat, and its user when nobody but the business knows them.
func (e *Engine) forget(key chatKey) {
	c := e.chats[key]
	for _, m := range c.messages.items {
		delete(e.byID, m.ID)
	}
	e.bytes -= c.messages.bytes
	e.generation++
	delete(e.chats, key)
	e.oldest = slices.DeleteFunc(slices.Clone(e.oldest), func(k chatKey) bool { return k == key })
	elsewhere := func(k chatKey) bool { return k.user == key.user }
	if key.user != nil && key.user.stranger && !slices.ContainsFunc(e.oldest, elsewhere) {
		e.users.remove(key.user)
	}
}

// write puts m at the end of its chat. Old messages, and old chats, make room for it.
func (e *Engine) write(c *chat, m *Message) {
	e.seq++
	m.Seq, m.chat, m.rev = e.seq, c, e.nextRev()
	m.Type, _, m.ReplyTo = contentOf(m)
	before := c.messages.bytes
	for _, old := range c.messages.add(m, len(m.Body)) {
		delete(e.byID, old.ID)
		e.generation++
	}
	e.bytes += c.messages.bytes - before
	e.byID[m.ID] = m
	e.react(m)
	for e.bytes > e.cfg.KeepBytes && len(e.oldest) > 1 {
		oldest := e.oldest[0]
		if oldest == c.key {
			oldest = e.oldest[1]
		}
		e.forget(oldest)
	}
	e.touch()
}

// known is the chat that a request goes to, if it exists.
func (e *Engine) known(number string, to address) chatKey {
	switch {
	case to.group:
		return chatKey{number: number, group: to.input}
	case to.userID:
		return chatKey{number: number, user: e.users.byID[to.input]}
	default:
		return chatKey{number: number, user: e.users.byPhone[digits(to.input)]}
	}
}

// addressee is the chat that a request goes to. Whoever is not known yet gets a phone now: the business may write first.
func (e *Engine) addressee(number string, to address) chatKey {
	if to.group {
		return chatKey{number: number, group: to.input}
	}
	if to.userID {
		u := e.users.byID[to.input]
		if u == nil {
			u = e.addUser(wacloud.User{ID: to.input}, true)
		}
		return chatKey{number: number, user: u}
	}
	u := e.users.byPhone[digits(to.input)]
	if u == nil {
		u = e.addUser(wacloud.User{Phone: digits(to.input)}, true)
	}
	return chatKey{number: number, user: u}
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
