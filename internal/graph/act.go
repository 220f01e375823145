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
	now := e.cfg.Now()
	id = e.nextInbound()
	body := Element{
		Number: number, Time: now, ID: id, From: s.User.Identity, GroupID: s.GroupID, Context: s.Context, Standby: s.Standby,
	}.Message(s.Content)
	c := e.chat(key)
	e.write(c, &Message{ID: id, FromUser: true, At: now, Body: body})
	unread := c.unread()
	e.mu.Unlock()
	if e.cfg.AutoStatus {
		for _, out := range unread {
			e.queueStatus(out, "read")
		}
	}
	return id, e.Deliver(ctx, body)
}

// unread returns the business's messages that the user sees now for the first time.
func (c *chat) unread() []string {
	var ids []string
	for _, m := range c.messages.items {
		if !m.FromUser && (m.Status == "accepted" || m.Status == "sent" || m.Status == "delivered") {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// Report sends a status of a message; errs makes sense with "failed" only.
func (e *Engine) Report(ctx context.Context, messageID, status string, errs ...wacloud.EventError) (Delivery, bool) {
	body, ok := e.statusBody(messageID, status, errs)
	if !ok {
		return Delivery{}, false
	}
	return e.Deliver(ctx, body), true
}

func (e *Engine) queueStatus(messageID, status string) {
	if body, ok := e.statusBody(messageID, status, nil); ok {
		e.enqueue(body)
	}
}

// statusBody notes the status and writes its webhook.
func (e *Engine) statusBody(messageID, status string, errs []wacloud.EventError) ([]byte, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	m := e.byID[messageID]
	if m == nil || m.FromUser {
		return nil, false
	}
	m.Status = status
	s := wacloud.Status{ID: messageID, Status: status, CallbackData: m.Outgoing.CallbackData, Errors: errs}
	if u := m.chat.key.user; u != nil {
		s.Recipient = u.Identity
	} else {
		s.GroupID = m.chat.key.group
	}
	if status != "failed" {
		s.Pricing = &wacloud.Pricing{Model: "PMP", Type: "free_customer_service", Category: "service"}
	}
	number, _ := e.Number(m.chat.key.number)
	e.touch()
	return Element{Number: number, Time: e.cfg.Now()}.Status(s), true
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
	e.write(e.chat(key), &Message{ID: m.ID, FromUser: true, At: e.cfg.Now(), Body: body})
}
