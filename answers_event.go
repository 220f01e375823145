package wacloud

import (
	"context"
	"encoding/json"
	"errors"
)

// typedAnswer is the store's record of what an event chose, or was expected for.
type typedAnswer struct {
	Choice   string `json:"choice,omitempty"`   // id of the openChoice
	Expected string `json:"expected,omitempty"` // id of the expectation, where there is no Choice
	ID       string `json:"id"`
	Title    string `json:"title,omitempty"`
	Message  string `json:"message,omitempty"`
}

// resolveAnswer makes a text that is an answer to the user's open choice, or else one that [Expect] waits for, a [Reply].
// It closes what was answered, by text or tap. e is the attempt's own copy.
func resolveAnswer(ctx context.Context, store Store, e *Event) error {
	key := choiceKey(e.UserKey())
	if store == nil || key == "" || !canAnswer(e) {
		return nil
	}
	if isTap(e) {
		return closeTapped(ctx, store, key, e)
	}
	a, err := recallAnswer(ctx, store, e)
	if err == nil && a.ID == "" {
		a, err = findAnswer(ctx, store, key, e)
	}
	if err != nil || a.ID == "" {
		return err
	}
	e.answer(a)
	if a.Expected != "" {
		return closeExpected(ctx, store, e.UserKey(), a.Expected)
	}
	return closeChoice(ctx, store, key, a.Choice)
}

// answerKeys are what resolveAnswer looks up.
func answerKeys(e *Event) []string {
	key := choiceKey(e.UserKey())
	switch {
	case key == "" || !canAnswer(e):
		return nil
	case isTap(e):
		return []string{key}
	default:
		return []string{key, answerKey(e), expectKey(e.UserKey())}
	}
}

// findAnswer finds what the text is an answer to and records it.
func findAnswer(ctx context.Context, store Store, key string, e *Event) (typedAnswer, error) {
	a, err := chooseAnswer(ctx, store, key, e)
	if err == nil && a.ID == "" {
		a, err = chooseExpected(ctx, store, e)
	}
	if err != nil || a.ID == "" || e.ID == "" {
		return a, err
	}
	value, err := json.Marshal(a)
	if err == nil {
		err = store.Put(ctx, answerKey(e), value, sentTTL)
	}
	return a, err
}

// resolveRecorded is resolveAnswer for an event that was given up: only what it chose before counts.
func resolveRecorded(ctx context.Context, store Store, e *Event) {
	if store == nil || !canAnswer(e) || isTap(e) {
		return
	}
	if a, err := recallAnswer(ctx, store, e); err == nil && a.ID != "" {
		e.answer(a)
	}
}

// canAnswer tells whether e is a user's tap, or a text that may stand for one.
func canAnswer(e *Event) bool {
	if e.Kind != KindMessage || e.Standby || e.Message == nil || e.Message.GroupID != "" {
		return false
	}
	return isTap(e) || e.Message.Reply == nil && e.Text() != ""
}

// maxTyped is the length in bytes above which no text is a title.
const maxTyped = 1024

func answerKey(e *Event) string { return "answer|" + e.ID }

func recallAnswer(ctx context.Context, store Store, e *Event) (typedAnswer, error) {
	var a typedAnswer
	if e.ID == "" {
		return a, nil
	}
	value, _, err := store.Get(ctx, answerKey(e))
	switch {
	case errors.Is(err, ErrNotFound):
		return a, nil
	case err != nil:
		return a, err
	}
	return a, json.Unmarshal(value, &a)
}

// chooseAnswer finds which of the user's open choices the text is.
func chooseAnswer(ctx context.Context, store Store, key string, e *Event) (typedAnswer, error) {
	if len(e.Text()) > maxTyped {
		return typedAnswer{}, nil
	}
	open, _, err := readChoice(ctx, store, key)
	if err != nil || len(open.Choices) == 0 || open.isOf(e) || !open.isAbout(e.Message.Context) {
		return typedAnswer{}, err
	}
	c, ok := matchChoice(open.Choices, e.Text())
	if !ok {
		return typedAnswer{}, nil
	}
	return typedAnswer{Choice: open.ID, ID: c.ID, Title: c.Title, Message: open.message()}, nil
}

// isOf reports whether an earlier run of e's own handler sent the choice.
func (o *openChoice) isOf(e *Event) bool { return e.ID != "" && o.Event == e.ID }

// closeTapped closes the choice that e tapped an option of.
func closeTapped(ctx context.Context, store Store, key string, e *Event) error {
	open, version, err := readChoice(ctx, store, key)
	if err != nil || open.isOf(e) || !open.isAbout(e.Message.Context) {
		return err
	}
	for _, c := range open.Choices {
		if c.ID == e.Message.Reply.ID {
			return swapChoice(ctx, store, key, version, open.closed())
		}
	}
	return nil
}

// closeChoice closes the choice with an id, if it is still the open one.
func closeChoice(ctx context.Context, store Store, key, id string) error {
	open, version, err := readChoice(ctx, store, key)
	if err != nil || open.ID != id || version == 0 {
		return err
	}
	return swapChoice(ctx, store, key, version, open.closed())
}

// answer makes the event a reply.
func (e *Event) answer(a typedAnswer) {
	m := *e.Message
	m.Reply = &Reply{Kind: ReplyKindTyped, ID: a.ID, Title: a.Title, ContextID: a.Message}
	if a.Expected != "" {
		m.Reply.Kind = ReplyKindExpected
	}
	e.Message = &m
}

// storeOf is where the event's sends are recorded.
func (w *Webhook) storeOf(e *Event) Store {
	if w.cfg.Store != nil {
		return w.cfg.Store
	}
	if e.binding == nil || e.binding.client == nil {
		return nil
	}
	return e.binding.client.store
}
