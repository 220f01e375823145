package graph

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/wacloud/wacloud"
)

// User is somebody with a phone. Identity never changes.
type User struct {
	Identity wacloud.User
	stranger bool // known only because the business wrote to them
}

type directory struct {
	all     []*User
	byPhone map[string]*User
	byID    map[string]*User
}

func (d *directory) add(id wacloud.User, stranger bool) *User {
	u := &User{Identity: id, stranger: stranger}
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
	switch {
	case id.Phone == "" && id.ID == "":
		return nil, errors.New("graph: a user needs a phone number or a user id")
	case strings.Trim(id.Phone, "0123456789") != "":
		return nil, errors.New("graph: the phone number of a user is digits only, as webhooks write it")
	case id.Phone != "" && e.users.byPhone[id.Phone] != nil, id.ID != "" && e.users.byID[id.ID] != nil:
		return nil, errors.New("graph: there is such a user already")
	case len(e.users.all) >= 2*e.cfg.KeepChats:
		return nil, errors.New("graph: there are too many users")
	}
	return e.users.add(id, false), nil
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
	Status   string           // of the business's messages: the last one reported, or "accepted"
	Read     bool             // of the user's messages: the business marked it as read

	chat *chat
}

// chatKey is a number's chat with a user or a group.
type chatKey struct {
	number string
	user   *User
	group  string
}

type chat struct {
	key      chatKey
	messages ring[*Message]
	typing   time.Time // the indicator is shown until then
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
	return c != nil && e.cfg.Now().Before(c.typing)
}

// chat returns the chat of key; the oldest makes room for it.
func (e *Engine) chat(key chatKey) *chat {
	if c := e.chats[key]; c != nil {
		return c
	}
	c := &chat{key: key, messages: newRing[*Message](e.cfg.Keep)}
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
	m.Seq, m.chat = e.seq, c
	before := c.messages.bytes
	for _, old := range c.messages.add(m, len(m.Body)) {
		delete(e.byID, old.ID)
	}
	e.bytes += c.messages.bytes - before
	e.byID[m.ID] = m
	for e.bytes > e.cfg.KeepBytes && len(e.oldest) > 1 {
		oldest := e.oldest[0]
		if oldest == c.key {
			oldest = e.oldest[1]
		}
		e.forget(oldest)
	}
	e.touch()
}

// addressee is the chat that a request goes to. Whoever is not known yet gets a phone now: the business may write first.
func (e *Engine) addressee(number string, to address) chatKey {
	if to.group {
		return chatKey{number: number, group: to.input}
	}
	if to.userID {
		u := e.users.byID[to.input]
		if u == nil {
			u = e.users.add(wacloud.User{ID: to.input}, true)
		}
		return chatKey{number: number, user: u}
	}
	u := e.users.byPhone[digits(to.input)]
	if u == nil {
		u = e.users.add(wacloud.User{Phone: digits(to.input)}, true)
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
