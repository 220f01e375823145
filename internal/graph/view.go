package graph

import (
	"slices"
	"strings"
	"time"

	"github.com/wacloud/wacloud"
)

// View is what has changed since an earlier one, or everything.
type View struct {
	Rev        int // pass it to the next [Engine.View]
	Generation int // another one means that something was forgotten: start anew
	Now        time.Time
	Advanced   bool // the clock was
	Users      []User
	Chats      []Chat
	Messages   []Message // by Seq
	Calls      []Call
	Deliveries []Delivery
	Policy     *Policy // nil when it has not changed
}

// Chat is a number's chat with a user or a group.
type Chat struct {
	Key         string
	Number      string
	User        *User
	GroupID     string
	TypingUntil time.Time // zero when nobody types
	WindowUntil time.Time // zero before the user has written
}

// View returns what has changed after the revision since, 0 for everything.
func (e *Engine) View(since int) View {
	e.mu.Lock()
	defer e.mu.Unlock()
	v := View{Rev: e.rev, Generation: e.generation, Now: e.Now(), Advanced: e.clockRev > since}
	for _, u := range e.users.all {
		if u.rev > since {
			v.Users = append(v.Users, *u)
		}
	}
	for _, key := range e.oldest {
		c := e.chats[key]
		if c.rev > since {
			v.Chats = append(v.Chats, c.view())
		}
		for _, m := range c.messages.items {
			if m.rev > since {
				v.Messages = append(v.Messages, *m)
			}
		}
	}
	slices.SortFunc(v.Messages, func(a, b Message) int { return a.Seq - b.Seq })
	v.Calls = after(e.calls.items, since, func(c *Call) int { return c.rev })
	v.Deliveries = after(e.posts.items, since, func(d *Delivery) int { return d.rev })
	if e.policyRev > since || since == 0 {
		p := e.policy
		v.Policy = &p
	}
	return v
}

// after returns the values of an ordered list whose revision is higher.
func after[T any](all []T, since int, rev func(*T) int) []T {
	i := len(all)
	for i > 0 && rev(&all[i-1]) > since {
		i--
	}
	return slices.Clone(all[i:])
}

func (c *chat) view() Chat {
	return Chat{
		Key: c.key.String(), Number: c.key.number, User: c.key.user, GroupID: c.key.group,
		TypingUntil: c.typing, WindowUntil: c.windowUntil(),
	}
}

// ChatKey names the chat that a message stands in.
func (m *Message) ChatKey() string {
	if m.chat == nil {
		return ""
	}
	return m.chat.key.String()
}

// Call finds a call by its id.
func (e *Engine) Call(id int) (Call, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	i := slices.IndexFunc(e.calls.items, func(c Call) bool { return c.ID == id })
	if i < 0 {
		return Call{}, false
	}
	return e.calls.items[i], true
}

// Delivery finds a webhook by its id.
func (e *Engine) Delivery(id int) (Delivery, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	i := slices.IndexFunc(e.posts.items, func(d Delivery) bool { return d.ID == id })
	if i < 0 {
		return Delivery{}, false
	}
	return e.posts.items[i], true
}

// FindUser finds a user by key, phone number, user id or name; an empty word is the first user.
func (e *Engine) FindUser(word string) (*User, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := e.users.all
	if word == "" && len(all) > 0 {
		return all[0], true
	}
	for _, same := range []func(u *User) bool{
		func(u *User) bool { return u.Key == word },
		func(u *User) bool { return u.Identity.Phone != "" && u.Identity.Phone == digits(word) },
		func(u *User) bool { return u.Identity.ID == word },
		func(u *User) bool { return strings.EqualFold(u.Identity.Name, word) },
	} {
		if i := slices.IndexFunc(all, same); word != "" && i >= 0 {
			return all[i], true
		}
	}
	return nil, false
}

// Reset forgets chats, records and faults, what is scheduled, and with users the users too.
func (e *Engine) Reset(users bool) {
	e.Disarm()
	e.schedule.forget()
	e.target.mu.Lock()
	e.target.late, e.target.batch.bodies = nil, nil
	e.target.mu.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.clear(users)
	e.touch()
}

func (e *Engine) clear(users bool) {
	e.chats, e.oldest, e.byID, e.bytes = map[chatKey]*chat{}, nil, map[string]*Message{}, 0
	e.sent, e.calls, e.posts = newRing[wacloud.Outgoing](e.cfg.Keep), newRing[Call](e.cfg.Keep), newRing[Delivery](e.cfg.Keep)
	e.throughput = map[string]*bucket{}
	if users {
		e.users = directory{count: e.users.count, byPhone: map[string]*User{}, byID: map[string]*User{}}
	}
	e.generation++
}
