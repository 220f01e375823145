package wacloud

import "context"

// binding ties an event to the client that answers it.
type binding struct{}

// Respond sends m to the event's chat, from the number that received the event.
func (e *Event) Respond(ctx context.Context, m Message, opts ...SendOption) (*Sent, error) {
	panic("skeleton")
}

// Quote is Respond with a quote of the event's message.
func (e *Event) Quote(ctx context.Context, m Message, opts ...SendOption) (*Sent, error) {
	panic("skeleton")
}

// React puts an emoji on the event's message.
func (e *Event) React(ctx context.Context, emoji string) (*Sent, error) { panic("skeleton") }

// MarkRead marks the event's message as read.
func (e *Event) MarkRead(ctx context.Context) error { panic("skeleton") }

// Typing marks the event's message as read and shows the typing indicator.
func (e *Event) Typing(ctx context.Context) error { panic("skeleton") }
