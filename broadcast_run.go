package wacloud

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"
)

const (
	broadcastGrace    = 10 * time.Second // for what is under way when the broadcast ends
	broadcastPatience = 5 * time.Minute  // with an API that cannot be reached
	broadcastTick     = 100 * time.Millisecond

	// maxUnclear is how many outcomes in a row may be unknown. Each costs a recipient, so an API that is broken in this way
	// must not use them up.
	maxUnclear = 10

	maxBroadcastPause = 30 * time.Second // between two tries, unless Meta asks for more
)

// A broadcast is one call. Its workers send; all else, callbacks included, happens on the caller's goroutine.
type broadcast struct {
	client      *Client
	store       Store
	id          string
	call        string // tells this call's records from those of others
	cfg         broadcastConfig
	oneTemplate bool // for all recipients

	going   context.Context // ends when nothing new is to begin
	stop    context.CancelCauseFunc
	sending context.Context // ends later

	workers  sync.WaitGroup
	done     chan broadcastTry // has room for all workers
	underWay int

	began   time.Time
	told    time.Time // of the progress
	unclear int       // unknown outcomes in a row
	report  BroadcastReport
}

// A broadcastTry is what became of one recipient, and the error that stops the broadcast, if it does.
type broadcastTry struct {
	BroadcastResult
	stop error
}

func (c *Client) newBroadcast(ctx context.Context, id string, opts []BroadcastOption) (*broadcast, error) {
	if err := checkBroadcastID(id); err != nil {
		return nil, err
	}
	b := &broadcast{client: c, store: c.storeFor(ctx), id: id, call: rand.Text()}
	if b.store == nil {
		return nil, errors.New("the client has no store, which tells who was sent the message: set WithStore")
	}
	for _, o := range opts {
		if o != nil {
			o.applyBroadcast(&b.cfg)
		}
	}
	if b.cfg.inFlight <= 0 {
		b.cfg.inFlight = max(c.limit.PerSecond/c.limit.Instances/2, 1)
	}
	b.done = make(chan broadcastTry, b.cfg.inFlight)
	return b, nil
}

// check refuses what every recipient's message would be refused for.
func (b *broadcast) check(t Template) error {
	o := Outgoing{To: Phone("15550000000"), Message: t} // a number that no rule is against
	if cfg := o.set(b.cfg.send); cfg != nil && cfg.skipValidation {
		return nil
	}
	return validationError(o.checkStored())
}

func (b *broadcast) run(ctx context.Context, messages iter.Seq2[Recipient, Template]) (BroadcastReport, error) {
	b.began = time.Now()
	b.going, b.stop = context.WithCancelCause(ctx)
	sending, cut := outlive(b.going, broadcastGrace)
	b.sending = sending
	defer cut()
	defer b.workers.Wait() // also when the sequence or a callback panics
	defer b.stop(nil)

	all := b.pull(messages)
	for b.underWay > 0 {
		b.take(<-b.done)
	}
	b.tell()
	return b.report, b.err(ctx, all)
}

// pull begins with each recipient, and reports whether it has seen all of them.
func (b *broadcast) pull(messages iter.Seq2[Recipient, Template]) bool {
	if b.going.Err() != nil {
		return false
	}
	for to, t := range messages {
		b.underWay++
		b.workers.Go(func() { b.done <- b.one(to, t) })
		for b.underWay == b.cfg.inFlight || len(b.done) > 0 {
			b.take(<-b.done)
		}
		if b.going.Err() != nil {
			return false
		}
	}
	return b.going.Err() == nil // else it may have ended because of that
}

// err is why the broadcast ended, nil when there is nobody left.
func (b *broadcast) err(ctx context.Context, all bool) error {
	if stopped, ok := errors.AsType[*BroadcastStopError](context.Cause(b.going)); ok {
		return stopped
	}
	if all && b.report.Open == 0 {
		return nil
	}
	return broadcastError(ctx.Err())
}

// take notes what a worker has done.
func (b *broadcast) take(a broadcastTry) {
	b.underWay--
	b.report.add(a.Outcome, a.Code)
	b.watch(&a)
	if a.stop != nil {
		b.stop(a.stop) // the first one counts
	}
	if b.cfg.result != nil {
		b.cfg.result(a.BroadcastResult)
	}
	if time.Since(b.told) >= broadcastTick {
		b.tell()
	}
}

// watch stops the broadcast where one outcome after the other is unknown.
func (b *broadcast) watch(a *broadcastTry) {
	switch {
	case a.Outcome == BroadcastUnknown && a.Err != nil:
		b.unclear++
	case a.Outcome != BroadcastSkipped:
		b.unclear = 0
	}
	if b.unclear == maxUnclear {
		a.stop = &BroadcastStopError{Err: fmt.Errorf("%d outcomes in a row are unknown: %w", maxUnclear, a.Err)}
	}
}

func (b *broadcast) tell() {
	b.told = time.Now()
	b.report.Elapsed = b.told.Sub(b.began)
	if b.cfg.progress != nil {
		b.cfg.progress(b.report.clone())
	}
}

// one sends to one recipient, waits where that helps, and says what became of it.
func (b *broadcast) one(to Recipient, t Template) broadcastTry {
	began := time.Now()
	for tries := 1; ; tries++ {
		a := b.try(to, t)
		if a.Outcome != BroadcastOpen || a.stop != nil {
			return a
		}
		if ruleOf(a.Err) == repeatNotDone && time.Since(began) > broadcastPatience {
			a.stop = &BroadcastStopError{Err: a.Err}
			return a
		}
		if !sleepWithin(b.going, broadcastPause(tries, a.Err)) {
			return a
		}
	}
}

// try posts the message, unless the record says otherwise. What it leaves open may be tried again.
func (b *broadcast) try(to Recipient, t Template) broadcastTry {
	a := broadcastTry{BroadcastResult: BroadcastResult{To: to}}
	if b.going.Err() != nil {
		return a
	}
	name := b.nameOf(to)
	key := broadcastRecords(b.client.number, b.id) + name
	mine, err := b.claim(key, &a.BroadcastResult)
	if err != nil {
		a.stop = &BroadcastStopError{Err: err}
	}
	if !mine {
		return a
	}
	ctx := context.WithValue(b.sending, broadcastKey{}, key)
	a.Sent, a.Err = b.client.Send(ctx, to, t, append([]SendOption{CallbackData(broadcastData(b.id, name))}, b.cfg.send...)...)
	final := b.judge(&a)
	if err := b.settle(key, &a.BroadcastResult, final); err != nil && a.stop == nil {
		a.stop = &BroadcastStopError{Err: err}
	}
	return a
}

// judge sets the outcome of a send and whether it stops the broadcast. A final refusal is never tried again.
func (b *broadcast) judge(a *broadcastTry) (final bool) {
	if apiErr, ok := errors.AsType[*APIError](a.Err); ok {
		a.Code = apiErr.Code
	}
	_, ambiguous := errors.AsType[*AmbiguousSendError](a.Err)
	switch {
	case a.Err == nil && (a.Sent.Status == "" || a.Sent.Status == "accepted"):
		a.Outcome = BroadcastSent
	case a.Err == nil:
		a.Outcome, a.stop = BroadcastHeld, &BroadcastStopError{Held: a.Sent.Status}
	case ambiguous:
		a.Outcome = BroadcastUnknown
	case SafeToRetry(a.Err):
		a.Outcome = BroadcastOpen
	case !isRefusal(a.Err): // the store, or a lost lease
		a.Outcome, a.stop = BroadcastOpen, &BroadcastStopError{Err: a.Err}
	case b.concernsAll(a.Err):
		a.Outcome, a.stop = BroadcastRefused, &BroadcastStopError{Err: a.Err}
	default:
		a.Outcome = BroadcastRefused
		return errors.Is(a.Err, ErrUndeliverable) || errors.Is(a.Err, ErrBlocked)
	}
	return false
}

// isRefusal reports whether the message was looked at, by Meta or here.
func isRefusal(err error) bool {
	_, ok := errors.AsType[*APIError](err)
	return ok || errors.Is(err, ErrInvalid)
}

// concernsAll reports whether every recipient would get this refusal.
func (b *broadcast) concernsAll(err error) bool {
	apiErr, ok := errors.AsType[*APIError](err)
	if !ok {
		return false
	}
	if errors.Is(err, ErrAuth) || apiErr.Code == 0 && apiErr.Type == "" { // the latter is a proxy's page
		return true
	}
	switch apiErr.info().class {
	case classAccount, classThrottle, classFlow: // of the throttles, those that do not pass
		return true
	default:
	}
	switch apiErr.Code {
	case 33, 368, 131031, 131048, 131055, 131063: // the number, the account, its quality, the endpoint
		return true
	case 132001, 132007, 132015, 132016, 134100, 134101, 134102: // the template itself
		return true
	case 132000, 132005, 132008, 132012, 132018: // its parameters
		return b.oneTemplate
	default:
		return false
	}
}

// broadcastPause is how long to wait after a try: what was asked for, else a delay that doubles.
func broadcastPause(tries int, err error) time.Duration {
	if asked := retryAfterOf(err); asked > 0 {
		return asked
	}
	return min(time.Second<<min(tries-1, 5), maxBroadcastPause)
}

// sleepWithin waits, and reports whether ctx still goes on.
func sleepWithin(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// outlive returns a context that ends d after ctx does, or when cut is called.
func outlive(ctx context.Context, d time.Duration) (longer context.Context, cut func()) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	unhook := context.AfterFunc(ctx, func() { time.AfterFunc(d, cancel) })
	return longer, func() { unhook(); cancel() }
}
