package wacloud

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const defaultFallbackWithin = 5 * time.Minute

// WithFallbackWithin sets how long after a message was sent a status that says it failed is answered with another shape, see
// [Fallback]: 5 minutes without this option, or when d is 0. A negative d leaves failures that come later to the program.
func WithFallbackWithin(d time.Duration) Option {
	return optionFunc(func(c *clientConfig) { c.fallbackWithin = d })
}

// outRecord is the value of out|<send id>: where a send stands on its way down, for a status that says that it has failed. It
// never changes. What was sent then is recorded with the run that handles the status.
type outRecord struct {
	At             time.Time `json:"at"` // of the message itself, also on a rung below it
	Number         string    `json:"number"`
	Part           string    `json:"part"`               // the rung, which falls once however many of its messages fail
	Descent        descent   `json:"descent,omitzero"`   // of the rung
	Optional       bool      `json:"optional,omitempty"` // a picture beside the choices: nothing is lost without it
	Message        []byte    `json:"message"`            // request body of the message itself, without an id
	Given          [][]byte  `json:"given,omitempty"`    // those of Fallback; empty for one that cannot be sent
	Template       []byte    `json:"template,omitempty"` // that of OrTemplate
	Fallback       bool      `json:"fallback,omitempty"` // asked for by the send
	SkipValidation bool      `json:"skip_validation,omitempty"`
}

// outOf is what a status may have to know about a send of o at d; nil where there is nothing below it, or nobody to tell.
func (c *Client) outOf(ctx context.Context, o *Outgoing, cfg *sendConfig, d descent) *outRecord {
	if c.storeFor(ctx) == nil || c.fallbackWithin < 0 || !c.isAbove(cfg, o.Message, d) {
		return nil
	}
	body, err := EncodeMessage(*o)
	if err != nil {
		return nil // it is not going to be sent either
	}
	out := &outRecord{Number: c.number, Descent: d, Message: body}
	if cfg == nil {
		return out
	}
	out.Fallback, out.SkipValidation = cfg.fallback, cfg.skipValidation
	for _, m := range cfg.fallbacks {
		out.Given = append(out.Given, encodeAs(o.To, m))
	}
	if cfg.template != nil {
		out.Template = encodeAs(o.To, *cfg.template)
	}
	return out
}

// isAbove reports whether there is another place below d.
func (c *Client) isAbove(cfg *sendConfig, m Message, d descent) bool {
	if d.Template {
		return false
	}
	below := d
	below.Rung++
	_, shape := c.rungAt(cfg, m, below)
	return shape || cfg != nil && cfg.template != nil
}

// encodeAs is nil for a message that has no form on the wire.
func encodeAs(to Recipient, m Message) []byte {
	body, err := EncodeMessage(Outgoing{To: to, Message: m})
	if err != nil {
		return nil
	}
	return body
}

// of is the record of one message of the rung p.
func (r *outRecord) of(p *part, m Message) *outRecord {
	one := *r
	one.Part = p.id
	if plain, had := bare(m); had && plain == nil && r.Descent.Rung > 0 {
		one.Optional = true
	}
	return &one
}

// since sets when the message itself was sent, zero for now. r may be nil.
func (r *outRecord) since(began time.Time) *outRecord {
	if r != nil {
		r.At = began
	}
	return r
}

// restore is the send that r is of.
func (r *outRecord) restore() (*Outgoing, *sendConfig, error) {
	o, err := DecodeMessage(r.Message)
	if err != nil {
		return nil, nil, err
	}
	cfg := &sendConfig{fallback: r.Fallback, skipValidation: r.SkipValidation}
	for _, body := range r.Given {
		cfg.fallbacks = append(cfg.fallbacks, messageIn(body))
	}
	if t := templateIn(messageIn(r.Template)); t != nil {
		cfg.template = t
	}
	return o, cfg, nil
}

func messageIn(body []byte) Message {
	o, err := DecodeMessage(body)
	if err != nil {
		return nil
	}
	return o.Message
}

// errStatusEarly says that a failed status has come before what it is about was recorded.
var errStatusEarly = errors.New("wacloud: the status may be of a send that is not on record yet")

// earlyFor is how long after Meta's time of a status its send may still be on its way to the record.
const earlyFor = 30 * time.Second

// fallBack sends the next shape of a message that has failed by the status e, at most once.
func (w *Webhook) fallBack(ctx context.Context, store Store, e *Event) error {
	cause, ok := curableOf(e.Status)
	c := e.client()
	if !ok || c == nil || c.fallbackWithin < 0 || e.Status.GroupID != "" {
		return nil
	}
	out, err := findOut(ctx, store, e)
	if errors.Is(err, errStatusEarly) && e.Attempt < min(3, w.cfg.RunConfig.WithDefaults().MaxAttempts) {
		return RetryAfter(err, earlyPause(e.Attempt))
	}
	if err != nil || out.Number != e.PhoneNumberID {
		return ignoreEarly(err)
	}
	f := fall{client: c, store: store, event: e, out: out, cause: cause}
	if falls, err := f.claim(ctx); !falls || err != nil {
		return err
	}
	sent, err := f.send(ctx)
	switch {
	case err == nil:
		s := *e.Status // the attempt's own
		s.Fallback = sent
		e.Status = &s
	case errors.Is(err, ErrLeaseLost), isOurs(err), SafeToRetry(err) && e.Attempt < w.cfg.RunConfig.WithDefaults().MaxAttempts:
		return err
	default:
		w.log.WarnContext(ctx, "wacloud: a message failed, and so did what was sent instead", "event", e, "error", maskText(err.Error()))
	}
	return nil
}

// isOurs reports whether nobody but a store or a context had a say in err.
func isOurs(err error) bool {
	_, answered := errors.AsType[*APIError](err)
	_, invalid := errors.AsType[*ValidationError](err)
	_, unknown := errors.AsType[*AmbiguousSendError](err)
	_, sending := errors.AsType[*transportError](err)
	_, limited := errors.AsType[*RateLimitError](err)
	return !answered && !invalid && !unknown && !sending && !limited
}

// curableOf is the error of a failed status that another message can cure.
func curableOf(s *Status) (EventError, bool) {
	if s.Status != "failed" {
		return EventError{}, false
	}
	for _, err := range s.Errors {
		if cureOf(err) != cureNone {
			return err, true
		}
	}
	return EventError{}, false
}

// findOut finds the record by the send's id, or for a status without one by the message's. The zero record is none.
func findOut(ctx context.Context, store Store, e *Event) (outRecord, error) {
	id := e.Status.SendID
	if id == "" {
		value, _, err := store.Get(ctx, wamidKey(e.PhoneNumberID, e.Status.ID))
		switch {
		case errors.Is(err, ErrNotFound) && time.Since(e.Timestamp) < earlyFor:
			return outRecord{}, errStatusEarly
		case errors.Is(err, ErrNotFound):
			return outRecord{}, nil
		case err != nil:
			return outRecord{}, fmt.Errorf("wacloud: find failed send: %w", err)
		}
		id = string(value)
	}
	out, _, err := readRecord[outRecord](ctx, store, outPrefix+id)
	if err != nil {
		return outRecord{}, fmt.Errorf("wacloud: find failed send: %w", err)
	}
	return out, nil
}

// earlyPause spreads two more looks over earlyFor.
func earlyPause(attempt int) time.Duration {
	if attempt <= 1 {
		return 5 * time.Second
	}
	return earlyFor - 5*time.Second
}

func ignoreEarly(err error) error {
	if errors.Is(err, errStatusEarly) {
		return nil
	}
	return err
}

// A fall is one failed status on its way to the next shape.
type fall struct {
	client *Client
	store  Store
	event  *Event
	out    outRecord
	cause  EventError
}

// claim reports whether this event is the one that the rung falls by. The first that may takes it for good: when its handler
// runs again it goes on, whatever has changed meanwhile, and no other does.
func (f *fall) claim(ctx context.Context) (bool, error) {
	if f.out.Optional && cureOf(f.cause) == cureMedia {
		return false, nil
	}
	key, mine := "fell|"+f.out.Part, string(eventHash(f.event.ID))
	value, _, err := f.store.Get(ctx, key)
	switch {
	case err == nil:
		return string(value) == mine, nil
	case !errors.Is(err, ErrNotFound):
		return false, fmt.Errorf("wacloud: claim fallback: %w", err)
	}
	if may, err := f.may(ctx); !may || err != nil {
		return false, err
	}
	taken, err := f.store.Swap(ctx, key, 0, []byte(mine), sentTTL)
	if err != nil {
		return false, fmt.Errorf("wacloud: claim fallback: %w", err)
	}
	return taken, nil
}

// may reports whether another shape would still make sense to the user.
func (f *fall) may(ctx context.Context) (bool, error) {
	if time.Since(f.out.At) >= f.client.fallbackWithin {
		return false, nil
	}
	seen, err := statusSeen(ctx, f.store, f.event)
	if err != nil || seen.reached() {
		return false, err
	}
	o, cfg, err := f.out.restore()
	if err != nil {
		return false, nil //nolint:nilerr // a message of another release: its failure is reported, no more
	}
	d, ok := f.out.Descent.next(f.cause)
	if _, exists := f.client.rungAt(cfg, o.Message, d); !ok || !exists {
		return false, nil
	}
	if open, _, err := readChoice(ctx, f.store, choiceKey(f.client.userOf(ctx, o.To))); err != nil || open.isAfter(&f.out) {
		return false, err
	}
	window, err := f.client.Window(ctx, o.To)
	return err == nil && (d.Template || !window.Closed(time.Now())), err
}

// isAfter reports whether the choice was shown later than the message of out, or answers it.
func (o *openChoice) isAfter(out *outRecord) bool {
	if o.Shown == out.Part {
		return o.Answered
	}
	return o.ShownAt.After(out.At)
}

// send goes down from where the send stood. The event's run keeps what is sent, so running again sends nothing twice.
func (f *fall) send(ctx context.Context) (*Sent, error) {
	o, cfg, err := f.out.restore()
	if err != nil {
		return nil, err
	}
	at, err := f.client.turnOf(ctx, o.To)
	if err != nil {
		return nil, &transportError{op: "send", err: err, ended: true}
	}
	defer f.client.pace.leave(at)
	d, _ := f.out.Descent.next(f.cause)
	log, err := f.client.descentLog(ctx, o)
	if err == nil {
		d, err = log.readFrom(ctx, d)
	}
	if err != nil {
		return nil, err
	}
	return f.client.sendFrom(ctx, o, cfg, d, log, f.out.At)
}

// readFrom is read for a way down that begins at d.
func (l descentLog) readFrom(ctx context.Context, d descent) (descent, error) {
	further, err := l.read(ctx)
	if err != nil || further == (descent{}) {
		return d, err
	}
	return further, nil
}
