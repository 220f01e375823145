package wacloud

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// defaultAnswerWithin is how long an option can be typed.
const defaultAnswerWithin = 10 * time.Minute

// WithAnswerWithin sets how long after a message with choices the user may type one of them instead of tapping it: 10
// minutes without this option, or when d is 0. A negative d turns typed answers off.
//
// Typed answers need a [Store], see [WithStore]; give the webhook the same one. Each user has at most one open choice: the
// last message with reply buttons, rows or quick replies, or the last rung of [Fallback]. Any later message to the user
// but a reaction closes it, and so does a tap on one of its choices, or typing one. While it is open, a text that is the
// title of exactly one choice comes as its [Reply], of [ReplyKindTyped]. Case, Latin accents, full-width forms, emoji and
// the space and punctuation around it do not matter. So does a number where the message printed numbers. Every other text,
// and one that quotes another message, stays what it is.
//
// What an event chose is stored under its id first, so an event that is handled again chooses the same.
func WithAnswerWithin(d time.Duration) Option {
	return optionFunc(func(c *clientConfig) { c.answerWithin = d })
}

// openChoice is the store's record of what a user may type.
type openChoice struct {
	ID       string    `json:"id"`                 // of the logical message, ours
	Event    string    `json:"event,omitempty"`    // in whose run it was sent: it does not answer itself
	Messages []string  `json:"messages,omitempty"` // ids of the parts that were accepted
	Until    time.Time `json:"until"`
	Choices  []Choice  `json:"choices"`            // none once it is closed
	Shown    string    `json:"shown,omitempty"`    // id of the last logical message with choices, open or not
	ShownAt  time.Time `json:"shown_at,omitzero"`  // when it was
	Answered bool      `json:"answered,omitempty"` // one of its choices was tapped or typed
}

// closed is what is kept of a choice that was answered, as long as it would have been open.
func (o *openChoice) closed() openChoice {
	return openChoice{ID: o.ID, Until: o.Until, Shown: o.Shown, ShownAt: o.ShownAt, Answered: true}
}

// A part is what a send is part of: all messages of a rung open one choice.
type part struct {
	id      string
	choices []Choice
	began   bool       // an earlier message of the rung opened the choice
	out     *outRecord // what to do when a status says that it failed; nil for nothing
}

func newPart(choices []Choice) *part { return &part{id: rand.Text(), choices: choices} }

// choiceKey is the store's key of the user's open choice. It is hashed, so that it holds no phone number.
func choiceKey(user UserKey) string {
	if user == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(user))
	return "choice|" + hex.EncodeToString(sum[:16])
}

// A turn is one message's change of its user's open choice.
type turn struct {
	store  Store
	key    string
	number string
	part   *part
	mine   openChoice // without choices where the message closes
	old    openChoice
}

// takeTurn opens or closes the choice before o is posted. It returns nil where there is nothing to do.
func (c *Client) takeTurn(ctx context.Context, o *Outgoing, p *part) (*turn, error) {
	t := &turn{store: c.storeFor(ctx), key: choiceKey(c.userOf(ctx, o.To)), number: c.number, part: p}
	if _, reaction := o.Message.(Reaction); reaction || t.store == nil || t.key == "" || c.answerWithin < 0 {
		return nil, nil
	}
	if p == nil {
		t.part = newPart(choicesOf(o.Message))
	}
	if t.part.began {
		return t, nil
	}
	now := time.Now()
	t.mine = openChoice{ID: t.part.id, Until: now.Add(c.answerWithin), Choices: t.part.choices, Shown: t.part.id, ShownAt: now}
	if r := runFrom(ctx); r != nil {
		t.mine.Event = r.event.ID
	}
	old, _, err := readChoice(ctx, t.store, t.key)
	if err == nil {
		t.old = old
		err = t.begin(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("wacloud: record choice: %w", err)
	}
	return t, nil
}

func (t *turn) begin(ctx context.Context) error {
	switch {
	case len(t.mine.Choices) > 0:
		return putChoice(ctx, t.store, t.key, t.mine)
	case len(t.old.Choices) > 0:
		t.mine.Shown, t.mine.ShownAt, t.mine.Answered = t.old.Shown, t.old.ShownAt, t.old.Answered
		return putChoice(ctx, t.store, t.key, t.mine)
	default:
		return nil
	}
}

// settle notes what became of the message. One that was refused changes nothing; one that may have arrived counts.
func (t *turn) settle(ctx context.Context, sent *Sent, err error) {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_, ambiguous := errors.AsType[*AmbiguousSendError](err)
	switch {
	case err == nil && len(t.part.choices) > 0:
		t.note(ctx, sent)
	case err == nil:
		t.noteAlias(ctx, sent, openChoice{})
	case !ambiguous && !t.part.began:
		t.undo(ctx)
	}
}

// note adds the message to the open choice: an answer names it, and a quote of another is no answer. Without the note the
// choice is open all the same, so an error does not matter.
func (t *turn) note(ctx context.Context, sent *Sent) {
	now, version, err := readChoice(ctx, t.store, t.key)
	if err != nil || now.ID != t.part.id || len(now.Choices) == 0 {
		return
	}
	now.Messages = append(now.Messages, sent.MessageID)
	_ = swapChoice(ctx, t.store, t.key, version, now)
	t.noteAlias(ctx, sent, now)
}

// noteAlias does the same for the WhatsApp id of the user where it is not what was asked for, as in Brazil: answers come
// from there.
func (t *turn) noteAlias(ctx context.Context, sent *Sent, now openChoice) {
	alias := choiceKey(userKey(t.number, User{Phone: sent.WaID}))
	switch {
	case sent.WaID == "" || alias == t.key:
	case len(now.Choices) > 0:
		_ = putChoice(ctx, t.store, alias, now)
	default:
		_ = t.store.Delete(ctx, alias)
	}
}

// undo gives the user the choice back that was open before.
func (t *turn) undo(ctx context.Context) {
	now, version, err := readChoice(ctx, t.store, t.key)
	if err != nil || now.ID != t.mine.ID && now.ID != "" || now.ID == "" && t.old.ID == "" {
		return
	}
	_ = swapChoice(ctx, t.store, t.key, version, t.old)
}

// readChoice returns the zero openChoice where none is open.
func readChoice(ctx context.Context, store Store, key string) (openChoice, uint64, error) {
	return readRecord[openChoice](ctx, store, key)
}

// readRecord reads a record of the store. One that is absent, or of a release that wrote it in another form, is zero.
func readRecord[T any](ctx context.Context, store Store, key string) (T, uint64, error) {
	var record, none T
	value, version, err := store.Get(ctx, key)
	switch {
	case errors.Is(err, ErrNotFound):
		return none, 0, nil
	case err != nil:
		return none, 0, err
	case json.Unmarshal(value, &record) != nil:
		return none, version, nil //nolint:nilerr // as the comment says
	}
	return record, version, nil
}

// adoptChoice makes the choice that is open under one name of a user open under another, unless that has a later one.
func adoptChoice(ctx context.Context, store Store, from, to string) error {
	open, _, err := readChoice(ctx, store, from)
	if err != nil || len(open.Choices) == 0 {
		return err
	}
	there, _, err := readChoice(ctx, store, to)
	if err != nil {
		return err
	}
	if there.Until.Before(open.Until) {
		if err := putChoice(ctx, store, to, open); err != nil {
			return err
		}
	}
	return store.Delete(ctx, from)
}

func putChoice(ctx context.Context, store Store, key string, open openChoice) error {
	value, err := json.Marshal(open)
	if err != nil {
		return err
	}
	return store.Put(ctx, key, value, time.Until(open.Until))
}

// swapChoice replaces the choice of that version. One without choices, or that is over, closes it.
func swapChoice(ctx context.Context, store Store, key string, version uint64, open openChoice) error {
	value, err := json.Marshal(open)
	if err != nil {
		return err
	}
	ttl := time.Until(open.Until)
	if ttl == 0 {
		ttl = -1 // 0 would be for ever
	}
	_, err = store.Swap(ctx, key, version, value, ttl)
	return err
}

// isAbout reports whether a text that quotes a message, or none, can answer.
func (o *openChoice) isAbout(quote *MessageContext) bool {
	return quote == nil || quote.ID == "" || len(o.Messages) == 0 || slices.Contains(o.Messages, quote.ID)
}

// message is the id that a typed answer names.
func (o *openChoice) message() string {
	if len(o.Messages) == 0 {
		return ""
	}
	return o.Messages[0]
}
