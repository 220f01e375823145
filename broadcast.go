package wacloud

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"strconv"
	"time"
)

// Broadcast sends a template to many recipients, each once for the id, which names the broadcast: 1 to 64 of A to Z, a to
// z, 0 to 9, '.', '_' and '-'. The same call again goes on where an earlier one ended, was stopped or died; so each
// number that the client sends from can have an id of its own, and two broadcasts never share one.
//
// It needs a [Store] ([WithStore]), in which each recipient is recorded, hashed, for 30 days before its message is posted.
// A recipient whose outcome is unknown is not sent to again: the message of an [*AmbiguousSendError], and the few that were
// on their way when the process died. A status webhook settles it, where a [Webhook] has the same Store, and [WithUnknown] says
// what else becomes of it. One that was refused is tried again by the next call, unless the recipient is why
// ([ErrUndeliverable], and [ErrBlocked] such as the codes 131049 and 131050). Any number of processes may run one broadcast
// at the same time. A recipient that is named twice gets one message; a phone number and a [UserID] are two recipients.
//
// Recipients are pulled one by one, as the messages go out, so a sequence of millions takes no memory. All that can be sent
// goes out at the rate of [RateLimit], with as many messages under way as [BroadcastInFlight] says. It waits as long as
// Meta or the limits throttle, and for 5 minutes while the API cannot be reached. A sequence that fails ends early, and
// the next call goes on; a panic in it goes to the caller, after the messages under way are done.
//
// The error is nil when every recipient has been seen. It is a [*BroadcastStopError] where going on would not help any
// recipient; a [*ValidationError] where the template breaks a rule, before anything is sent; ctx's error after ctx ended. What was
// under way then is still finished, for at most 10 seconds. The report counts every recipient that was pulled,
// also beside an error.
//
// What Meta reports later comes as status webhooks, 131049 and 131050 among them. A [Webhook] with the same Store records
// them: [Client.BroadcastReport] counts them, and the next call counts their recipients as refused and sends them
// nothing. Their [Status] has the CallbackData "broadcast:", the id, a colon and 32 hexadecimal digits that stand for the
// recipient, unless [BroadcastSend] sets another: then they are not recorded.
func (c *Client) Broadcast(ctx context.Context, id string, recipients iter.Seq[Recipient], t Template, opts ...BroadcastOption) (BroadcastReport, error) {
	b, err := c.newBroadcast(ctx, id, opts)
	switch {
	case err != nil:
		return BroadcastReport{}, broadcastError(err)
	case recipients == nil:
		return BroadcastReport{}, broadcastError(errors.New("recipients is nil"))
	}
	if err := b.check(t); err != nil {
		return BroadcastReport{}, err
	}
	b.oneTemplate = true
	return b.run(ctx, func(yield func(Recipient, Template) bool) {
		for to := range recipients {
			if !yield(to, t) {
				return
			}
		}
	})
}

// BroadcastEach is [Client.Broadcast] with a template for each recipient: the same one with other parameters, mostly. A
// template that is refused for its parameters stops nobody but its recipient.
func (c *Client) BroadcastEach(ctx context.Context, id string, messages iter.Seq2[Recipient, Template], opts ...BroadcastOption) (BroadcastReport, error) {
	b, err := c.newBroadcast(ctx, id, opts)
	switch {
	case err != nil:
		return BroadcastReport{}, broadcastError(err)
	case messages == nil:
		return BroadcastReport{}, broadcastError(errors.New("messages is nil"))
	}
	return b.run(ctx, messages)
}

// A BroadcastOption changes one [Client.Broadcast].
type BroadcastOption interface{ applyBroadcast(*broadcastConfig) }

type broadcastConfig struct {
	inFlight int
	send     []SendOption
	result   func(BroadcastResult)
	progress func(BroadcastReport)
}

type broadcastOptionFunc func(*broadcastConfig)

func (f broadcastOptionFunc) applyBroadcast(c *broadcastConfig) { f(c) }

// BroadcastInFlight sets how many messages are under way at once. The default, and what 0 or less means, is half of what
// this process may send in a second ([RateLimit]), so an API that answers within half a second is no brake. So many
// recipients at most have an unknown outcome when the process dies.
func BroadcastInFlight(n int) BroadcastOption {
	return broadcastOptionFunc(func(c *broadcastConfig) { c.inFlight = n })
}

// BroadcastSend sends each message with these options, such as [Marketing] or [CallbackData].
func BroadcastSend(opts ...SendOption) BroadcastOption {
	return broadcastOptionFunc(func(c *broadcastConfig) { c.send = append(c.send, opts...) })
}

// BroadcastResults calls f with what became of each recipient, in the order in which that was known. Calls come one after
// the other on the goroutine that called [Client.Broadcast], between two pulls of the sequence, so f needs no lock and
// should be quick.
func BroadcastResults(f func(BroadcastResult)) BroadcastOption {
	return broadcastOptionFunc(func(c *broadcastConfig) { c.result = f })
}

// BroadcastProgress calls f with the counts so far, at most ten times a second, and at the end. It is called as
// [BroadcastResults] says.
func BroadcastProgress(f func(BroadcastReport)) BroadcastOption {
	return broadcastOptionFunc(func(c *broadcastConfig) { c.progress = f })
}

// A BroadcastOutcome is what became of one recipient.
type BroadcastOutcome uint8

// The outcomes.
const (
	BroadcastOpen    BroadcastOutcome = iota // not sent, because the broadcast ended: the next call tries
	BroadcastSent                            // accepted by Meta, in this call
	BroadcastSkipped                         // accepted before, by another process, or named twice
	BroadcastHeld                            // accepted, but Meta holds it back and may drop it; not sent again
	BroadcastRefused                         // not accepted, now or in an earlier call
	BroadcastUnknown                         // perhaps accepted, now or in an earlier call; not sent again
)

var broadcastOutcomes = [...]string{"open", "sent", "skipped", "held", "refused", "unknown"}

// String returns "sent", "skipped", and so on.
func (o BroadcastOutcome) String() string {
	if int(o) < len(broadcastOutcomes) {
		return broadcastOutcomes[o]
	}
	return "outcome " + strconv.Itoa(int(o))
}

// A BroadcastResult is what became of one recipient. It prints without personal data.
type BroadcastResult struct {
	To      Recipient
	Outcome BroadcastOutcome
	Code    int   // Meta's, of a refusal, also an earlier call's; 0 where there is none
	Sent    *Sent // of what was accepted in this call, else nil
	Err     error // of what was tried in this call and not accepted, else nil
}

// Format prints LogValue, whatever the verb.
func (r BroadcastResult) Format(f fmt.State, _ rune) { writeText(f, r.private()) }

// LogValue is the outcome, the code and the masked recipient.
func (r BroadcastResult) LogValue() slog.Value { return slog.StringValue(r.private()) }

func (r BroadcastResult) private() string {
	if r.Code == 0 {
		return r.Outcome.String() + " " + r.To.String()
	}
	return r.Outcome.String() + " " + r.To.String() + " (code " + strconv.Itoa(r.Code) + ")"
}

// A BroadcastReport counts what became of the recipients: each that was pulled from the sequence counts once.
type BroadcastReport struct {
	Sent    int
	Skipped int
	Held    int
	Refused int
	Unknown int
	Open    int
	Codes   map[int]int // Refused by Meta's code; 0 is what was refused here. Nil for none
	Elapsed time.Duration
}

// Total is the number of recipients that were pulled.
func (r BroadcastReport) Total() int {
	return r.Sent + r.Skipped + r.Held + r.Refused + r.Unknown + r.Open
}

// PerSecond is how many messages Meta accepted per second of Elapsed.
func (r BroadcastReport) PerSecond() float64 {
	if r.Elapsed <= 0 {
		return 0
	}
	return float64(r.Sent+r.Held) / r.Elapsed.Seconds()
}

func (r *BroadcastReport) add(o BroadcastOutcome, code int) {
	switch o {
	case BroadcastSent:
		r.Sent++
	case BroadcastSkipped:
		r.Skipped++
	case BroadcastHeld:
		r.Held++
	case BroadcastUnknown:
		r.Unknown++
	case BroadcastOpen:
		r.Open++
	case BroadcastRefused:
		r.Refused++
		if r.Codes == nil {
			r.Codes = make(map[int]int)
		}
		r.Codes[code]++
	}
}

func (r BroadcastReport) clone() BroadcastReport {
	r.Codes = maps.Clone(r.Codes)
	return r
}

// A BroadcastStopError says why a broadcast went no further: what happened to one recipient would happen to all. The same
// call goes on once that has changed.
type BroadcastStopError struct {
	// Held is Meta's word where it holds messages back: "held_for_quality_assessment", until it knows how users take the
	// template, or "paused". What is held goes out later or is dropped, which comes as the status failed.
	Held string
	// Err is the refusal, such as [ErrAuth], the codes 132015 and 132016 (template paused, disabled) or 131048 (spam); the
	// store's error; or that too many outcomes in a row are unknown. It is nil where Held is not empty.
	Err error
}

func (e *BroadcastStopError) Error() string {
	if e.Held != "" {
		return "wacloud: broadcast: stopped: Meta holds messages back (message status " + maskText(e.Held) + ")"
	}
	return "wacloud: broadcast: stopped: " + trimPrefix(e.Err)
}

func (e *BroadcastStopError) Unwrap() error { return e.Err }

func broadcastError(err error) error { return opError("broadcast", err) }

const maxBroadcastID = 64

func checkBroadcastID(id string) error {
	switch {
	case id == "":
		return errors.New("the id is empty: it names the broadcast, so that it is sent once")
	case len(id) > maxBroadcastID:
		return fmt.Errorf("the id has %d characters, at most %d", len(id), maxBroadcastID)
	}
	for _, c := range []byte(id) {
		if !isWordByte(c) && c != '.' && c != '-' {
			return errors.New("the id has a character other than A to Z, a to z, 0 to 9, '.', '_' and '-'")
		}
	}
	return nil
}

func isWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
}
