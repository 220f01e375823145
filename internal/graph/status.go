package graph

import (
	"context"
	"slices"
	"time"

	"github.com/wacloud/wacloud"
)

// Report sends a status of a message; errs makes sense with "failed" only.
func (e *Engine) Report(ctx context.Context, messageID, status string, errs ...wacloud.EventError) (Delivery, bool) {
	body, ok := e.statusBody(messageID, status, errs)
	if !ok {
		return Delivery{}, false
	}
	return e.Deliver(ctx, body), true
}

// announce schedules the statuses of a message that was accepted; fails is the code with which it fails, 0 for none.
func (e *Engine) announce(id string, fails int) {
	if fails != 0 {
		e.scheduleStatus(id, "failed", wacloud.EventError{Code: fails})
		return
	}
	p := e.Policy()
	if !p.AutoStatus {
		return
	}
	order := []string{"sent", "delivered"}
	if p.AutoRead {
		order = append(order, "read")
	}
	f := e.faults.takeReorder()
	switch f.Kind {
	case kindReorderDelivered:
		order[0], order[1] = order[1], order[0]
	case kindReorderRead:
		order = []string{"sent", "read", "delivered"}
	}
	if e.plan(id, order, f.Kind == kindReorderTap) {
		return
	}
	for _, status := range order {
		e.scheduleStatus(id, status)
	}
}

// plan notes what is going to be reported of a message; held means not before its user has acted.
func (e *Engine) plan(id string, order []string, hold bool) (held bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	m := e.byID[id]
	if m == nil {
		return false
	}
	m.seen = hold || slices.Contains(order, "read")
	if hold {
		m.held = order
	}
	return hold
}

// held is what is to be reported of a message once its user has acted.
type held struct {
	id    string
	order []string
}

// takeHeld returns what was held in a chat, and holds it no longer.
func (c *chat) takeHeld() (all []held) {
	for _, m := range c.messages.items {
		if m.held != nil {
			all = append(all, held{m.ID, m.held})
			m.held, m.seen = nil, slices.Contains(m.held, "read")
		}
	}
	return all
}

// See is what happens when a user looks at a chat: all that came is read.
func (e *Engine) See(number string, u *User) {
	e.mu.Lock()
	var ids []string
	if c := e.chats[chatKey{number: number, user: u}]; c != nil {
		ids = c.see()
	}
	e.mu.Unlock()
	for _, id := range ids {
		e.scheduleStatus(id, "read")
	}
}

// see returns the business's messages that the user sees now for the first time.
func (c *chat) see() []string {
	var ids []string
	for _, m := range c.messages.items {
		if !m.FromUser && !m.seen && m.Status != "failed" {
			m.seen = true
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// scheduleStatus reports a status after those of the same message that are scheduled already.
func (e *Engine) scheduleStatus(id, status string, errs ...wacloud.EventError) {
	e.mu.Lock()
	m := e.byID[id]
	if m == nil {
		e.mu.Unlock()
		return
	}
	due := time.Now()
	if status != "read" {
		due = due.Add(e.policy.StatusDelay)
	}
	if m.due.After(due) {
		due = m.due
	}
	if status == "delivered" {
		due = due.Add(e.policy.StatusDelay)
	}
	m.due = due
	e.mu.Unlock()
	e.at(due, 0, func(ctx context.Context) {
		if m, ok := e.Message(id); ok && m.Status == "failed" {
			return // somebody reported that meanwhile, and nothing comes after it
		}
		if body, ok := e.statusBody(id, status, errs); ok && e.connected() {
			e.Deliver(ctx, body)
		}
	})
}

// rank orders the statuses as the ticks on a phone do: a late one takes nothing back.
var rank = map[string]int{"accepted": 0, "sent": 1, "delivered": 2, "read": 3, "played": 4, "failed": 5}

// statusBody notes the status and writes its webhook.
func (e *Engine) statusBody(messageID, status string, errs []wacloud.EventError) ([]byte, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	m := e.byID[messageID]
	if m == nil || m.FromUser {
		return nil, false
	}
	if rank[status] >= rank[m.Status] {
		m.Status = status
	}
	m.Errors = append(m.Errors, errs...)
	m.rev = e.nextRev()
	e.touch()
	return e.writeStatus(m, status, errs), true
}

func (e *Engine) writeStatus(m *Message, status string, errs []wacloud.EventError) []byte {
	s := wacloud.Status{ID: m.ID, Status: status, CallbackData: m.Outgoing.CallbackData, Errors: errs}
	if u := m.chat.key.user; u != nil {
		s.Recipient = u.Identity
	} else {
		s.GroupID = m.chat.key.group
	}
	if status != "failed" {
		s.Pricing = &wacloud.Pricing{Model: "PMP", Type: "free_customer_service", Category: "service"}
	}
	number, _ := e.Number(m.chat.key.number)
	return Element{Number: number, Time: e.Now()}.Status(s)
}
