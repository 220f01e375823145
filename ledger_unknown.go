package wacloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/wacloud/wacloud/internal/sendid"
)

// UnknownAction is what to do with a send whose outcome nobody can tell.
type UnknownAction uint8

// The actions.
const (
	Drop   UnknownAction = iota // leave it: the user may not have got the message
	Resend                      // send it once more: the user may get it twice
)

// Unknown says what becomes of sends whose outcome is unknown: the request left and no answer came back, or the process died
// meanwhile. A status webhook that names the send settles it as sent or as failed. Where none comes for After, Do is done, or what Ask says.
//
// It needs a [Store], and somebody who looks: a running [Webhook] of the same Store every 15 seconds, or [Client.SettleUnknown].
// Several processes may look at once. A [Resend] is made at most once for each send: one whose outcome is unknown again is
// dropped when After has passed, unless Ask says otherwise. So is one that nobody could send for an hour. The clocks of
// processes that share a Store must not differ by more than After.
type Unknown struct {
	After time.Duration // defaults to 5 minutes; counted from the outcome, or where a process died from After or the longest time a send may take, whichever is more
	Do    UnknownAction
	// Ask decides for each send instead of Do. Its context ends After later; with an error it is asked again after that.
	Ask func(ctx context.Context, s UnknownSend) (UnknownAction, error)
}

// UnknownSend is a send whose outcome is unknown.
type UnknownSend struct {
	SendID        string
	PhoneNumberID string // of the business number it was sent from
	To            Recipient
	Message       Message // nil for one that this release cannot read
	CallbackData  string
	At            time.Time // when it was sent first
	Resends       int       // how often it was sent again
}

// LogValue has the recipient masked and neither message nor callback data.
func (s UnknownSend) LogValue() slog.Value {
	return slog.GroupValue(slog.String("send", s.SendID), slog.String("phone_number_id", s.PhoneNumberID),
		slog.String("to", s.To.String()), slog.Time("at", s.At), slog.Int("resends", s.Resends))
}

// WithUnknown sets what becomes of sends whose outcome is unknown; without it they are dropped after 5 minutes.
func WithUnknown(u Unknown) Option {
	return optionFunc(func(c *clientConfig) { c.unknown = u })
}

const defaultUnknownAfter = 5 * time.Minute

func (u Unknown) withDefaults() Unknown {
	if u.After == 0 {
		u.After = defaultUnknownAfter
	}
	return u
}

func (u Unknown) validate() error {
	switch {
	case u.After < 0:
		return errors.New("unknown: After is negative")
	case u.Do > Resend:
		return errors.New("unknown: Do is neither Drop nor Resend")
	default:
		return nil
	}
}

// MetricSendSettled counts sends whose outcome was unknown, of a [Client] with [WithObserver]; label: "sent" or "failed" by
// a status, "dropped" or "resent" by the policy. "asked" counts calls of [Unknown].Ask, besides what they lead to.
const MetricSendSettled Metric = "wa.send.settled"

const (
	settledDropped = "dropped"
	settledResent  = "resent"
	settledAsked   = "asked"
)

func (c *Client) observeSettled(ctx context.Context, label string) {
	if c != nil && c.observer != nil {
		c.observe(ctx, MetricSendSettled, 1, label)
	}
}

// SettleUnknown looks once for sends of the client's number whose outcome has been unknown for long enough and does with
// them what [Unknown] says. A program that runs a [Webhook] with the same [Store] needs it not; one that only sends calls it
// every minute or so. It does nothing without a [Store]. Its error is the store's, or ctx's; what it did not get to waits
// for the next call.
func (c *Client) SettleUnknown(ctx context.Context) error {
	if c.store == nil {
		return nil
	}
	s := sweep{work: ctx, store: c.store, clientOf: func(_ context.Context, number string) *Client {
		if number != c.number {
			return nil
		}
		return c
	}}
	if err := s.run(ctx); err != nil {
		return fmt.Errorf("wacloud: settle unknown sends: %w", err)
	}
	return nil
}

// sweepPage is how many records are read at once.
const sweepPage = 100

// A sweep looks through the sends on record once.
type sweep struct {
	work     context.Context // of what was begun, where it outlives that of the look
	store    Store
	clientOf func(ctx context.Context, number string) *Client // nil for numbers of others
}

func (s *sweep) run(ctx context.Context) error {
	var errs []error
	for after := ""; ; {
		page, err := s.store.Scan(ctx, pendPrefix, after, sweepPage)
		if err != nil {
			return err
		}
		for _, e := range page {
			if ctx.Err() != nil {
				return errors.Join(append(errs, ctx.Err())...)
			}
			errs = append(errs, s.look(s.work, e))
			after = e.Key
		}
		if len(page) < sweepPage {
			return errors.Join(errs...)
		}
	}
}

// look does what is due for one record.
func (s *sweep) look(ctx context.Context, e Entry) error {
	var pend pendRecord
	if err := json.Unmarshal(e.Value, &pend); err != nil || pend.State == pendDropped || time.Now().Before(pend.Until) {
		return nil //nolint:nilerr // a record of another release is left to it
	}
	c := s.clientOf(ctx, pend.Number)
	if c == nil {
		return nil
	}
	u := unknown{client: c, store: s.store, id: strings.TrimPrefix(e.Key, pendPrefix), version: e.Version, pend: pend}
	return u.settle(ctx)
}

// An unknown is a send on record that nobody is at work on any more. Each change of the record is a swap from the version
// that was read, so of several processes one acts.
type unknown struct {
	client  *Client
	store   Store
	id      string
	version uint64
	pend    pendRecord
}

func (u *unknown) settle(ctx context.Context) error {
	switch over, err := u.isOver(ctx); {
	case err != nil:
		return err
	case u.pend.State == pendSent, u.pend.State == pendFailed: // and whoever sent it died
		removed, err := u.remove(ctx)
		if removed {
			u.client.observeSettled(ctx, string(u.pend.State))
		}
		return err
	case over:
		_, err := u.remove(ctx)
		return err
	}
	do, ok, err := u.action(ctx)
	switch {
	case err != nil || !ok:
		return err
	case do == Resend:
		return u.resend(ctx)
	default:
		return u.drop(ctx)
	}
}

// isOver reports whether the handler's run that sent it knows what became of it: it was accepted, or refused, and then another
// send took its place or is going to.
func (u *unknown) isOver(ctx context.Context) (bool, error) {
	if u.pend.Run == "" {
		return false, nil
	}
	rec, _, err := readRecord[sentRecord](ctx, u.store, u.pend.Run)
	return rec.MessageID != "" || rec.SendID != u.id, err
}

func (u *unknown) remove(ctx context.Context) (bool, error) {
	return u.store.Swap(ctx, pendPrefix+u.id, u.version, nil, -1)
}

// action is what the policy says; ok is false where somebody else acts, or nobody yet.
func (u *unknown) action(ctx context.Context) (do UnknownAction, ok bool, err error) {
	policy := &u.client.unknown
	switch {
	case time.Since(u.pend.At) > u.client.longestUnknown()+ledgerTTL:
		return Drop, true, nil
	case policy.Ask != nil:
		return u.ask(ctx)
	case policy.Do == Resend && u.pend.Resends == 0:
		return Resend, true, nil
	default:
		return Drop, true, nil
	}
}

// ask claims the record and asks.
func (u *unknown) ask(ctx context.Context) (do UnknownAction, ok bool, err error) {
	after := u.client.unknown.After
	u.pend.State, u.pend.Until = pendUnknown, time.Now().Add(after)
	if ok, err := u.swap(ctx); !ok || err != nil {
		return 0, false, err
	}
	ctx, cancel := context.WithTimeout(ctx, after)
	defer cancel()
	u.client.observeSettled(ctx, settledAsked)
	do, err = u.askSafely(ctx)
	if err != nil {
		u.log(ctx, "wacloud: the policy for a send of unknown outcome failed, it will be asked again", err)
		return 0, false, nil
	}
	return do, true, nil
}

// askSafely makes a panic an error: there is no handler to blame it on.
func (u *unknown) askSafely(ctx context.Context) (do UnknownAction, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("wacloud: Ask panicked: %v", p)
		}
	}()
	s := UnknownSend{SendID: u.id, PhoneNumberID: u.pend.Number, To: u.pend.To, At: u.pend.At, Resends: u.pend.Resends}
	o := u.outgoing()
	s.Message, s.CallbackData = o.Message, o.CallbackData
	return u.client.unknown.Ask(ctx, s)
}

// drop keeps only what a late status needs.
func (u *unknown) drop(ctx context.Context) error {
	u.pend.ended(pendDropped)
	dropped, err := u.swap(ctx)
	if dropped {
		u.client.observeSettled(ctx, settledDropped)
		u.log(ctx, "wacloud: the outcome of a send stayed unknown, it was dropped", nil)
	}
	return err
}

// swap writes the record and notes its new version. It reports false where somebody else has changed it.
func (u *unknown) swap(ctx context.Context) (bool, error) {
	if ok, err := swapPend(ctx, u.store, u.id, u.version, u.pend, u.client.pendTTL()); !ok || err != nil {
		return false, err
	}
	now, version, err := readPend(ctx, u.store, u.id)
	u.version = version
	return err == nil && now.State == u.pend.State && now.Until.Equal(u.pend.Until), err
}

// resend sends the same request once more. The record says so first: a process that dies with it leaves a send that was
// sent again, and is not sent a third time.
func (u *unknown) resend(ctx context.Context) error {
	before := u.pend
	u.pend.State, u.pend.Until = pendSending, time.Now().Add(u.client.longestUnknown())
	u.pend.Resends++
	if ok, err := u.swap(ctx); !ok || err != nil {
		return err
	}
	sent, err := u.post(ctx)
	ctx, cancel := afterwards(ctx)
	defer cancel()
	switch _, ambiguous := errors.AsType[*AmbiguousSendError](err); {
	case err == nil:
		s := entry{client: u.client, store: u.store, id: u.id, pend: u.pend}
		s.accept(ctx, sent)
		_ = acceptBroadcast(ctx, u.store, u.pend.Broadcast) // without it the recipient stays unknown: not sent to again
		u.client.observeSettled(ctx, settledResent)
	case ambiguous:
		u.client.observeSettled(ctx, settledResent)
	case isFinal(err):
		u.log(ctx, "wacloud: a send of unknown outcome was refused when it was sent again", err)
		return u.drop(ctx)
	default: // nothing was sent
		u.pend.State, u.pend.Resends, u.pend.Until = pendUnknown, before.Resends, time.Now().Add(u.client.unknown.After)
		_, err = u.swap(ctx)
		return err
	}
	return nil
}

// isFinal reports whether sending again would be refused again.
func isFinal(err error) bool {
	_, answered := errors.AsType[*APIError](err)
	return answered && !SafeToRetry(err)
}

func (u *unknown) post(ctx context.Context) (*Sent, error) {
	ctx, cancel := context.WithDeadline(ctx, u.pend.Until)
	defer cancel()
	at, err := u.client.turnOf(ctx, u.pend.To)
	if err != nil {
		return nil, &transportError{op: "send", err: err, ended: true}
	}
	defer u.client.pace.leave(at)
	o := u.outgoing()
	t, err := u.client.takeTurn(ctx, o, u.pend.part())
	if err != nil {
		return nil, err
	}
	s := entry{client: u.client, store: u.store, id: u.id, pend: u.pend}
	sent, err := s.post(ctx, o)
	t.settle(ctx, sent, err)
	return sent, err
}

// outgoing is what is on record. A message that this release cannot read is nil; its request is sent as it was.
func (u *unknown) outgoing() *Outgoing {
	o, err := DecodeMessage(u.pend.Body)
	if err != nil {
		return &Outgoing{To: u.pend.To}
	}
	o.To = u.pend.To
	_, o.CallbackData = sendid.Split(o.CallbackData)
	return o
}

func (u *unknown) log(ctx context.Context, text string, err error) {
	if u.client.logger == nil {
		return
	}
	attrs := []slog.Attr{slog.String("wa.phone_number_id", u.pend.Number), slog.String("send", u.id)}
	if err != nil {
		attrs = append(attrs, slog.String("error", maskText(err.Error())))
	}
	u.client.logger.LogAttrs(ctx, slog.LevelWarn, text, attrs...)
}
