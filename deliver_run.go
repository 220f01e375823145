package wacloud

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// A run is one attempt to handle an event. It is also the handler's context.
type run struct {
	cfg    *RunConfig
	parent context.Context
	lease  Lease
	owner  settler

	stored  *Event // the inbox's, for reports while the handler runs
	event   Event  // the handler's copy
	binding binding

	mu       sync.Mutex
	timer    *time.Timer
	context  context.Context // see ctx
	cancel   context.CancelCauseFunc
	deadline time.Time
	stopped  error // why the context ended
	finished bool  // the owner was told
	fenced   bool  // another attempt may be running: send nothing
	sent     bool  // a message left and no store recorded it
	calls    map[sendHash]int
}

// A settler is told once what to do with the event. detached says that the goroutine that called deliver does not go on:
// the handler is stuck on it, or has ended it.
type settler interface {
	settle(out Outcome, detached bool)
}

type runKey struct{}

func runFrom(ctx context.Context) *run {
	r, _ := ctx.Value(runKey{}).(*run)
	return r
}

// newRun begins an attempt, whose time runs from now.
func newRun(ctx context.Context, cfg *RunConfig, e *Event, lease Lease, owner settler) *run {
	r := &run{cfg: cfg, parent: ctx, lease: lease, owner: owner, stored: e, event: *e}
	if e.binding != nil {
		r.binding.client = e.binding.client
	}
	r.binding.run = r
	r.event.binding = &r.binding
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deadline = time.Now().Add(cfg.HandlerTimeout)
	r.timer = time.AfterFunc(cfg.HandlerTimeout, r.tick)
	return r
}

// deliver runs the handler on this goroutine and tells the owner when it returns, panics or ends the goroutine. If it
// does none of that in time, tick tells the owner. deliver reports whether the owner was told on this goroutine.
func (r *run) deliver() (told bool) {
	err, gone := errGoexit, true
	defer func() {
		if p := recover(); p != nil {
			err, gone = &panicError{p, debug.Stack()}, false
		}
		told = r.finish(err, gone)
	}()
	err = r.cfg.Handler.Handle(r, &r.event)
	gone = false
	return
}

// finish tells the owner, unless somebody did.
func (r *run) finish(err error, detached bool) bool {
	r.mu.Lock()
	r.timer.Stop()
	first := !r.finished
	r.finished = true
	r.mu.Unlock()
	if !first {
		return false
	}
	r.end(context.Canceled)
	r.cfg.count(r.parent, r.known(err), err)
	r.owner.settle(r.cfg.outcome(r, err), detached)
	return true
}

// known is the event with all that is known of it, unless a handler that is left behind may still be changing that.
func (r *run) known(err error) *Event {
	if errors.Is(err, errStuck) {
		return r.stored
	}
	return &r.event
}

// tick ends the context of a handler whose time is over, and later leaves one behind that goes on in spite of it.
func (r *run) tick() {
	if r.extended() {
		return
	}
	if r.stop(context.DeadlineExceeded) {
		return
	}
	r.fence()
	r.finish(errStuck, true)
}

// extended sets the timer anew where there is time left.
func (r *run) extended() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	left := time.Until(r.deadline)
	if left > 0 && r.stopped == nil {
		r.timer.Reset(left)
		return true
	}
	return false
}

// stop ends the context, gives the handler a last while to return, and reports whether it had not been stopped before.
func (r *run) stop(cause error) bool {
	if !r.end(cause) {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.finished {
		r.timer.Reset(handlerGrace)
	}
	return true
}

// end ends the context and reports whether it had not ended before.
func (r *run) end(cause error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped != nil {
		return false
	}
	r.stopped = cause
	if r.cancel != nil {
		r.cancel(cause)
	}
	return true
}

// ctx is the context behind the run's own. It is made when somebody first asks for more than the run knows itself.
func (r *run) ctx() context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.context == nil {
		r.context, r.cancel = context.WithCancelCause(r.parent)
		if r.stopped != nil {
			r.cancel(r.stopped)
		}
	}
	return r.context
}

// Done implements [context.Context].
func (r *run) Done() <-chan struct{} { return r.ctx().Done() }

// Err implements [context.Context].
func (r *run) Err() error { return r.ctx().Err() }

// Value implements [context.Context].
func (r *run) Value(key any) any {
	if key == (runKey{}) {
		return r
	}
	return r.ctx().Value(key)
}

// Deadline implements [context.Context]. [Extend] moves it.
func (r *run) Deadline() (time.Time, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if d, ok := r.parent.Deadline(); ok && d.Before(r.deadline) {
		return d, true
	}
	return r.deadline, true
}

func (r *run) fence() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fenced = true
}

// held returns ErrLeaseLost once another attempt may be running.
func (r *run) held() error {
	if r.lease != nil {
		select {
		case <-r.lease.Lost():
			return ErrLeaseLost
		default:
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fenced {
		return ErrLeaseLost
	}
	return nil
}

func (r *run) extend(ctx context.Context, d time.Duration) error {
	if err := r.held(); err != nil {
		return err
	}
	if r.Err() != nil {
		return ErrLeaseLost
	}
	if r.lease != nil {
		if err := r.lease.Extend(ctx, d+handlerGrace); err != nil {
			return fmt.Errorf("wacloud: extend: %w", err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if until := time.Now().Add(d); until.After(r.deadline) {
		r.deadline = until
	}
	return nil
}

func (r *run) sentUnrecorded() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sent
}
