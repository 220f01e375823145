package wacloud

import (
	"context"
	"fmt"
	"slices"
)

// binding is what an event's methods act through.
type binding struct {
	client *Client
	run    *run // nil outside of an inbox
}

// Respond sends m to the event's chat, from the number that received the event. Its errors are those of [Client.Send],
// and [ErrUnbound] and [ErrLeaseLost], with which nothing was sent.
//
// With a [Store], a handler that runs again for the same event gets back what it sent before instead of sending it
// again: calls are matched by what they send, so keep the time and random values out of messages. A send that was
// interrupted comes back as an [*AmbiguousSendError].
func (e *Event) Respond(ctx context.Context, m Message, opts ...SendOption) (*Sent, error) {
	c, ctx, err := e.act(ctx)
	if err != nil {
		return nil, fmt.Errorf("wacloud: respond: %w", err)
	}
	return c.Send(ctx, e.Chat(), m, opts...)
}

// Quote is [Event.Respond] with a quote of the event's message.
func (e *Event) Quote(ctx context.Context, m Message, opts ...SendOption) (*Sent, error) {
	id, err := e.messageID()
	if err != nil {
		return nil, fmt.Errorf("wacloud: quote: %w", err)
	}
	return e.Respond(ctx, m, slices.Insert(slices.Clone(opts), 0, ReplyTo(id))...)
}

// React puts an emoji on the event's message. An empty emoji takes it away again. It is recorded as [Event.Respond] is.
func (e *Event) React(ctx context.Context, emoji string) (*Sent, error) {
	id, err := e.messageID()
	if err != nil {
		return nil, fmt.Errorf("wacloud: react: %w", err)
	}
	return e.Respond(ctx, Reaction{MessageID: id, Emoji: emoji})
}

// MarkRead marks the event's message, and those before it, as read. A handler that runs again does it again.
func (e *Event) MarkRead(ctx context.Context) error {
	id, err := e.messageID()
	if err != nil {
		return fmt.Errorf("wacloud: mark read: %w", err)
	}
	c, ctx, err := e.act(ctx)
	if err != nil {
		return fmt.Errorf("wacloud: mark read: %w", err)
	}
	return c.MarkRead(ctx, id)
}

// Typing marks the event's message as read and shows the typing indicator for up to 25 seconds, or until the answer.
func (e *Event) Typing(ctx context.Context) error {
	id, err := e.messageID()
	if err != nil {
		return fmt.Errorf("wacloud: typing: %w", err)
	}
	c, ctx, err := e.act(ctx)
	if err != nil {
		return fmt.Errorf("wacloud: typing: %w", err)
	}
	return c.Typing(ctx, id)
}

// act returns the client to act through and the context in which its sends are recorded.
func (e *Event) act(ctx context.Context) (*Client, context.Context, error) {
	if e == nil || e.binding == nil {
		return nil, nil, ErrUnbound
	}
	if r := e.binding.run; r != nil {
		if err := r.held(); err != nil {
			return nil, nil, err
		}
		if runFrom(ctx) != r {
			ctx = context.WithValue(ctx, runKey{}, r)
		}
	}
	if e.binding.client == nil {
		return nil, nil, ErrUnbound
	}
	return e.binding.client, ctx, nil
}

func (e *Event) messageID() (string, error) {
	if e == nil || e.Message == nil || e.Message.ID == "" {
		return "", fmt.Errorf("the event has no message: %w", ErrInvalid)
	}
	return e.Message.ID, nil
}

// Bind returns a copy of e whose methods act through c, from the number that received the event: a handler can then be
// called without a webhook. An event of another number than c's gets a copy of c for that number.
func (c *Client) Bind(e *Event) *Event {
	if e == nil {
		return nil
	}
	bound := *e
	bound.binding = &binding{client: c}
	if e.binding != nil {
		bound.binding.run = e.binding.run
	}
	if c != nil && e.PhoneNumberID != "" && e.PhoneNumberID != c.PhoneNumberID() {
		bound.binding.client, _ = c.ForNumber(e.PhoneNumberID) // none for an id that is no number: ErrUnbound
	}
	return &bound
}
