package graph

import (
	"context"

	"github.com/wacloud/wacloud"
)

// Say is something that a user does in a chat.
type Say struct {
	Number  string // phone number id
	User    *User
	GroupID string
	Content Content
	Context Context
	Standby bool
}

// Act does what s says: the message stands in the chat, the webhook goes to the bot, and its answer comes back.
func (e *Engine) Act(ctx context.Context, s Say) (id string, d Delivery) {
	number, ok := e.Number(s.Number)
	if !ok {
		number = e.cfg.Numbers[0]
	}
	e.mu.Lock()
	key := chatKey{number: number.ID, user: s.User}
	if s.GroupID != "" {
		key = chatKey{number: number.ID, group: s.GroupID}
	}
	now := e.Now()
	id = e.nextInbound()
	body := Element{
		Number: number, Time: now, ID: id, From: s.User.Identity, GroupID: s.GroupID, Context: s.Context, Standby: s.Standby,
	}.Message(s.Content)
	c := e.chat(key)
	e.receive(c, &Message{ID: id, FromUser: true, At: now, Body: body})
	var seen []string
	if e.policy.AutoStatus {
		seen = c.see()
	}
	held := c.takeHeld() // before the bot hears of it: what it sends then waits for the next time
	e.mu.Unlock()
	d = e.Deliver(ctx, body)
	for _, out := range seen {
		e.scheduleStatus(out, "read")
	}
	for _, h := range held {
		for _, status := range h.order {
			e.scheduleStatus(h.id, status)
		}
	}
	return id, d
}

// receive writes a user's message, which opens the window.
func (e *Engine) receive(c *chat, m *Message) {
	c.lastIn, c.rev = m.At, e.nextRev()
	e.write(c, m)
}

// Send delivers a webhook body that was made elsewhere. Its messages stand in the chats of their users, so that the bot
// may mark them as read.
func (e *Engine) Send(ctx context.Context, body []byte) Delivery {
	events, err := wacloud.ParseWebhook(body)
	if err != nil { // a broken body is what some tests send
		return e.Deliver(ctx, body)
	}
	e.mu.Lock()
	for i := range events {
		e.note(&events[i], body)
	}
	e.mu.Unlock()
	return e.Deliver(ctx, body)
}

func (e *Engine) note(ev *wacloud.Event, body []byte) {
	m := ev.Message
	_, known := e.Number(ev.PhoneNumberID)
	if ev.Kind != wacloud.KindMessage || m == nil || m.ID == "" || !known || e.byID[m.ID] != nil {
		return
	}
	key := chatKey{number: ev.PhoneNumberID, group: m.GroupID}
	if m.GroupID == "" {
		if key.user = e.users.find(m.From); key.user == nil {
			return
		}
	}
	e.receive(e.chat(key), &Message{ID: m.ID, FromUser: true, At: e.Now(), Body: body})
}
