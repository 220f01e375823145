package wacloud

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// handlerGrace is how long a handler may go on after its context ended before its attempt is given up without it.
const handlerGrace = 5 * time.Second

// Deliver runs cfg.Handler once for a copy of e and says what to do with it. Every [Inbox] calls it, so that timeouts,
// panics and the rules of retrying are the same everywhere. e.Attempt is the number of this attempt, counted from 1 when
// the event was claimed. ctx is the handlers' own context, which outlives Run's by DrainTimeout. lease may be nil.
//
// The handler's context ends after cfg.HandlerTimeout (more with [Extend]), when ctx ends, or when the lease is lost. A
// handler that then does not return within 5 seconds is left behind: the attempt has failed, and the event's methods
// return [ErrLeaseLost] in it without sending. A lease must therefore last 5 seconds longer than the handler's time.
//
// A panic and [runtime.Goexit] are errors. An error means another attempt after cfg.Backoff, except that the event is
// dead after cfg.MaxAttempts, after an error marked [Permanent], a [*ValidationError], [*AmbiguousSendError], [ErrAuth],
// [ErrInvalid], [ErrTemplate], [ErrBlocked] or [ErrUndeliverable], and, without a [Store], when a message was sent.
// [RetryAfter] sets the delay itself, as does the answer of an API that named one. An event whose attempts were used up
// before, by crashes, is dead without another.
func (cfg RunConfig) Deliver(ctx context.Context, e *Event, lease Lease) Outcome {
	cfg = cfg.WithDefaults()
	if e.Attempt > cfg.MaxAttempts {
		return Outcome{Dead: true, Err: errCrashed}
	}
	ended, lost := ctx.Done(), (<-chan struct{})(nil)
	if lease != nil {
		lost = lease.Lost()
	}
	done := make(outcomes, 1)
	r := newRun(ctx, &cfg, e, lease, done)
	go r.deliver()
	for {
		select {
		case out := <-done:
			return out
		case <-lost:
			lost = nil
			if cfg.report != nil {
				cfg.report(ctx, e, MetricLeasesLost, ErrLeaseLost)
			}
			r.fence()
			r.stop(ErrLeaseLost)
		case <-ended:
			ended = nil
			r.stop(context.Cause(ctx))
		}
	}
}

type outcomes chan Outcome

func (c outcomes) settle(out Outcome, _ bool) { c <- out }

// GiveUp calls cfg.Failed for a copy of e, which has become a dead letter, with the time limits of Deliver. A panic is
// counted and goes no further.
func (cfg RunConfig) GiveUp(ctx context.Context, e *Event, err error) {
	if cfg.report != nil {
		cfg.report(ctx, e, MetricDeadLetters, err)
	}
	if cfg.Failed == nil {
		return
	}
	failed := cfg.Failed
	cfg.Handler = HandlerFunc(func(ctx context.Context, e *Event) error {
		failed(ctx, e, err)
		return nil
	})
	dead := *e
	dead.Attempt = 0      // it has no more, and needs one
	cfg.scope = "failed|" // an answer is not taken for one that the handler sent
	cfg.Deliver(ctx, &dead, nil)
}

func (cfg RunConfig) outcome(r *run, err error) Outcome {
	out := Outcome{Done: err == nil, Err: err}
	switch after, wait := errors.AsType[*retryAfterError](err); {
	case err == nil:
	case isPermanent(err), r.sentUnrecorded():
		out.Dead = true
	case r.parent.Err() != nil:
		out.Cut = true
	case !wait && hopeless(err), r.event.Attempt >= cfg.MaxAttempts:
		out.Dead = true
	case wait:
		out.Delay = after.delay
	default:
		out.Delay = max(cfg.delay(r.event.Attempt), retryAfterOf(err))
	}
	return out
}

// delay is the pause after the n-th attempt, n counted from 1.
func (cfg RunConfig) delay(n int) time.Duration {
	d := cfg.Backoff[min(max(n, 1), len(cfg.Backoff))-1]
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64())) //nolint:gosec // jitter is no secret
}

// hopeless reports whether the same event would fail in the same way again.
func hopeless(err error) bool {
	for _, sentinel := range []error{ErrAuth, ErrInvalid, ErrTemplate, ErrBlocked, ErrUndeliverable} {
		if errors.Is(err, sentinel) {
			return true
		}
	}
	_, invalid := errors.AsType[*ValidationError](err)
	_, ambiguous := errors.AsType[*AmbiguousSendError](err)
	return invalid || ambiguous
}

func (cfg RunConfig) count(ctx context.Context, e *Event, err error) {
	if cfg.report == nil || err == nil || errors.Is(err, errStatusEarly) {
		return
	}
	cfg.report(ctx, e, MetricHandlerErrors, err)
	if _, ok := errors.AsType[*panicError](err); ok {
		cfg.report(ctx, e, MetricHandlerPanics, err)
	}
	if errors.Is(err, errStuck) {
		cfg.report(ctx, e, MetricHandlerStuck, err)
	}
}

// Permanent marks an error that no retry can mend: the event becomes a dead letter at once. Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

func isPermanent(err error) bool {
	_, ok := errors.AsType[*permanentError](err)
	return ok
}

// RetryAfter marks an error with the delay after which the event is tried again, also where an error of its kind would
// not be. MaxAttempts still holds. RetryAfter(nil, d) is nil.
func RetryAfter(err error, d time.Duration) error {
	if err == nil {
		return nil
	}
	return &retryAfterError{err, max(d, 0)}
}

type retryAfterError struct {
	err   error
	delay time.Duration
}

func (e *retryAfterError) Error() string { return e.err.Error() }
func (e *retryAfterError) Unwrap() error { return e.err }

var (
	errStuck   = errors.New("wacloud: handler did not return after its context ended")
	errGoexit  = errors.New("wacloud: handler ended its goroutine")
	errCrashed = errors.New("wacloud: the process ended in every attempt to handle the event")
)

// panicError is a panic of a handler. Its stack is for the log.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("wacloud: handler panicked: %v", e.value) }

func (e *panicError) Unwrap() error {
	err, _ := e.value.(error)
	return err
}

// Extend gives the running handler more time: at least d from now. It returns [ErrLeaseLost] when it is too late. ctx is
// the handler's, or made from it; elsewhere, in a test without an inbox for example, there is nothing to extend and
// Extend returns nil.
func Extend(ctx context.Context, d time.Duration) error {
	if r := runFrom(ctx); r != nil {
		return r.extend(ctx, d)
	}
	return nil
}
