package wacloud

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// A cure is what helps against a refusal.
type cure uint8

const (
	cureNone     cure = iota
	cureShape         // another shape
	cureMedia         // another shape, without the pictures and videos
	cureOnce          // one other shape: the user may not be reachable at all
	cureTemplate      // the template of OrTemplate
)

// cures are the codes that another shape of the message can cure (Meta, error codes, read 2025-12). Which of Meta's codes
// a phone that cannot show a message leads to could not be checked against the live API.
var cures = map[int]cure{
	100:    cureShape,    // invalid parameter
	1026:   cureShape,    // the receiver cannot show it
	131008: cureShape,    // a required parameter is missing
	131009: cureShape,    // a parameter's value is invalid
	131026: cureOnce,     // undeliverable: no WhatsApp, or an old one
	131047: cureTemplate, // the customer service window is closed
	131051: cureShape,    // the type is not supported
	131053: cureMedia,    // the media could not be fetched
}

// cureOf is what helps against err. An unknown outcome is never cured: the message may have arrived.
func cureOf(err error) cure {
	if _, ambiguous := errors.AsType[*AmbiguousSendError](err); ambiguous {
		return cureNone
	}
	if _, invalid := errors.AsType[*ValidationError](err); invalid {
		return cureShape
	}
	if e, ok := errors.AsType[*APIError](err); ok {
		return cures[e.Code]
	}
	if e, ok := errors.AsType[EventError](err); ok {
		return cures[e.Code]
	}
	return cureNone
}

// A FallbackError says that a message was refused, and so was what was sent instead. [errors.Is] and [errors.As] see the
// last refusal, which ended it.
type FallbackError struct { //nolint:recvcheck // Format and LogValue must hold for a value too
	Tried []FailedRung // in order, the message itself first
	Sent  []string     // ids of messages that were accepted before a later one of the same rung was refused
}

// A FailedRung is one shape that was refused.
type FailedRung struct {
	Why string // what the shape is, see [Rung]; empty for the message itself
	Err error
}

func (e *FallbackError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "wacloud: send: refused in %d shapes", len(e.Tried))
	for i, t := range e.Tried {
		if t.Why == "" {
			t.Why = "the message itself"
		}
		fmt.Fprintf(&b, "; %d. %s: %s", i+1, t.Why, trimPrefix(t.Err))
	}
	return b.String()
}

// Format prints Error, also for a value and for %#v and %d, which would print the fields.
func (e FallbackError) Format(f fmt.State, verb rune) { formatText(f, verb, e.Error()) }

// LogValue is Error.
func (e FallbackError) LogValue() slog.Value { return slog.StringValue(e.Error()) }

// Unwrap returns the last refusal.
func (e *FallbackError) Unwrap() error {
	if len(e.Tried) == 0 {
		return nil
	}
	return e.Tried[len(e.Tried)-1].Err
}

// WithFallback lets every [Client.Send] of a message with choices degrade as [Fallback] does, in the words of w: the zero
// Wording is English.
func WithFallback(w Wording) Option {
	return optionFunc(func(c *clientConfig) { c.fallback = &w })
}

// Fallback sends another shape where the message itself is refused: ms in their order, or without any those of [Degrade]
// in the words of [WithFallback]. It acts
//
//   - on a message that breaks a rule, 11 cards or 4 buttons for example, without asking Meta;
//   - on the codes 100, 1026, 131008, 131009 and 131051;
//   - on 131053, media that Meta could not fetch: the next shape comes without pictures and videos;
//   - on 131026, for one other shape.
//
// Every other error is returned as it is: an unknown outcome, credentials, a closed window (see [OrTemplate]), a rate limit.
//
// With a [Store] it acts on a status webhook that reports one of these codes later, too: a running [Webhook] of that Store sends
// the next shape, once for each, while the message is younger than [WithFallbackWithin], no "delivered", "read" or
// "played" of it came, its choices were not answered, no later choice was shown to the user and the customer service window
// is not known to be closed. The handler then finds in [Status] what was sent. Of a shape of several messages the first failure
// counts; a picture beside the choices that Meta could not fetch is left out. Every other failure is reported, no more.
//
// [Sent] tells what was really sent. When every shape is refused, the error is a [*FallbackError]; when all were refused
// by [Check], the message's own [*ValidationError]. Within a handler, with a [Store], a run after an error goes on where
// the last one stood.
func Fallback(ms ...Message) SendOption {
	return sendOptionFunc(func(c *sendConfig) { c.fallback, c.fallbacks = true, ms })
}

// mayDegrade reports whether a send has shapes to fall back to.
func (c *Client) mayDegrade(cfg *sendConfig, m Message) bool {
	switch {
	case cfg != nil && (len(cfg.fallbacks) > 0 || cfg.template != nil):
		return true
	case c.fallback == nil && (cfg == nil || !cfg.fallback):
		return false
	}
	switch m.(type) {
	case Buttons, *Buttons, List, *List, Carousel, *Carousel, CTAURL, *CTAURL:
		return true
	default:
		return false
	}
}

func checkFallback(w *Wording) error {
	if w == nil {
		return nil
	}
	return w.check()
}

// rungsFor are the shapes below m that a send may use: none unless it was asked for.
func (c *Client) rungsFor(cfg *sendConfig, m Message, media bool) []Rung {
	switch {
	case cfg != nil && len(cfg.fallbacks) > 0:
		return givenRungs(m, cfg.fallbacks)
	case c.fallback != nil:
		return c.fallback.rungs(m, media)
	case cfg != nil && cfg.fallback:
		return Wording{}.rungs(m, media)
	default:
		return nil
	}
}

// givenRungs are the caller's own. One without choices stands for those of m.
func givenRungs(m Message, given []Message) []Rung {
	rungs := make([]Rung, len(given))
	for i, g := range given {
		rungs[i] = Rung{Messages: []Message{g}, Why: "a message given to Fallback", Choices: choicesOf(g)}
		if rungs[i].Choices == nil {
			rungs[i].Choices = choicesOf(m)
		}
	}
	return rungs
}

// bare is a message of a rung without its picture, video or document: nil where nothing is left to say. had reports
// whether it had one.
func bare(m Message) (plain Message, had bool) {
	switch m := m.(type) {
	case Image, Video, Document:
		return nil, true
	case Buttons:
		return m.WithHeader(nil), m.Header != nil
	case CTAURL:
		return m.WithHeader(nil), m.Header != nil
	default:
		return m, false
	}
}

// descent is where a send stands on its way down. It is written to the store before a rung is sent, so that a handler that
// runs again does not begin with what was refused.
type descent struct {
	Rung int  `json:"rung"`           // from 1; 0 is the message itself
	Bare bool `json:"bare,omitempty"` // without media
	Once bool `json:"once,omitempty"` // the cure that works once was used
	// Template is the last place, whatever Rung is.
	Template bool   `json:"template,omitempty"`
	Cause    string `json:"cause,omitempty"`
}

// next is the place after a refusal, unless nothing can cure it. A place that does not exist is no cure: see [Client.rungAt].
func (d descent) next(err error) (descent, bool) {
	how := cureOf(err)
	if how == cureNone || d.Template {
		return d, false
	}
	d.Cause = trimPrefix(err)
	switch how {
	case cureTemplate:
		d.Template = true
		return d, true
	case cureOnce:
		if d.Once {
			return d, false
		}
		d.Once = true
	case cureMedia:
		d.Bare = true
	default: // the next shape as it is
	}
	d.Rung++
	return d, true
}

// sendDown sends o's message, or the first of the shapes below it that is accepted.
func (c *Client) sendDown(ctx context.Context, o *Outgoing, cfg *sendConfig) (*Sent, error) {
	log, err := c.descentLog(ctx, o)
	if err != nil {
		return nil, err
	}
	d, err := log.read(ctx)
	if err == nil && d == (descent{}) && cfg != nil && cfg.template != nil {
		d, err = c.startTemplate(ctx, o, cfg, log)
	}
	if err != nil {
		return nil, err
	}
	return c.sendFrom(ctx, o, cfg, d, log, time.Time{})
}

// sendFrom sends the shape at d, or the first below it that is accepted. began is when the message itself was sent, zero for now.
func (c *Client) sendFrom(ctx context.Context, o *Outgoing, cfg *sendConfig, d descent, log descentLog, began time.Time) (*Sent, error) {
	failed := new(FallbackError)
	for {
		rung, ok := c.rungAt(cfg, o.Message, d)
		if !ok {
			return nil, failed.verdict()
		}
		sent, err := c.sendRung(ctx, o, cfg, rung, c.outOf(ctx, o, cfg, d).since(began))
		if err == nil {
			return sent.as(rung, d), nil
		}
		failed.add(rung, sent, err)
		if d, ok = d.next(err); !ok {
			return nil, failed.verdict()
		}
		if _, more := c.rungAt(cfg, o.Message, d); !more {
			return nil, failed.verdict()
		}
		if err := log.write(ctx, d); err != nil {
			return nil, err
		}
	}
}

// rungAt is the shape at d.
func (c *Client) rungAt(cfg *sendConfig, m Message, d descent) (Rung, bool) {
	if d.Template {
		return cfg.templateRung(m)
	}
	if d.Rung == 0 {
		return Rung{Messages: []Message{m}, Choices: choicesOf(m)}, true
	}
	rungs := c.rungsFor(cfg, m, !d.Bare)
	if d.Rung > len(rungs) {
		return Rung{}, false
	}
	return rungs[d.Rung-1], true
}

// sendRung sends the messages of a rung. When one is refused, Sent is what was accepted before.
func (c *Client) sendRung(ctx context.Context, o *Outgoing, cfg *sendConfig, rung Rung, out *outRecord) (*Sent, error) {
	var all Sent
	p := newPart(rung.Choices)
	p.out = out
	for i, m := range rung.Messages {
		one := *o
		one.Message = m
		if _, template := m.(Template); i > 0 || template && rung.Why != "" {
			one.ReplyTo = "" // one quote is enough, and a template has none
		}
		sent, err := c.sendOne(ctx, &one, cfg, p)
		if plain, had := bare(m); had && rung.Why != "" && cureOf(err) == cureMedia {
			if plain == nil {
				continue // the picture is lost, no choice is
			}
			one.Message = plain
			sent, err = c.sendOne(ctx, &one, cfg, p)
		}
		if err != nil {
			return &all, err
		}
		p.began = true
		sent.Parts = append(all.Parts, sent.MessageID)
		sent.Attempts += all.Attempts
		all = *sent
	}
	return &all, nil
}

// as tells in s how it came to be sent.
func (s *Sent) as(rung Rung, d descent) *Sent {
	if len(s.Parts) == 1 {
		s.Parts = nil
	}
	if d != (descent{}) {
		s.Fallback = rung.Why + ", after: " + d.Cause
	}
	return s
}

func (e *FallbackError) add(rung Rung, sent *Sent, err error) {
	e.Tried = append(e.Tried, FailedRung{rung.Why, err})
	e.Sent = append(e.Sent, sent.Parts...)
}

// verdict is the plain error where only one shape was tried, and where nothing but checks refused them.
func (e *FallbackError) verdict() error {
	if len(e.Tried) == 1 && len(e.Sent) == 0 {
		return e.Tried[0].Err
	}
	for _, t := range e.Tried {
		if _, invalid := errors.AsType[*ValidationError](t.Err); !invalid {
			return e
		}
	}
	return e.Tried[0].Err
}
