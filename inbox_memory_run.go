package wacloud

import (
	"context"
	"errors"
	"time"
)

// memoryRun is one call of Run.
type memoryRun struct {
	cfg     RunConfig
	ctx     context.Context // of the handlers
	running int             // workers with an attempt; one that its handler has left stuck does not count
	hand    chan *run       // to a worker that waits: a new goroutine would have to grow its stack for each event
	idle    chan struct{}   // closed when the last worker ends after the end of handing out
}

// Run implements [Inbox]. What is still held when it returns is handed out by the next Run.
func (in *MemoryInbox) Run(ctx context.Context, cfg RunConfig) error {
	handlers, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	run := &memoryRun{cfg: cfg.WithDefaults(), ctx: handlers, hand: make(chan *run), idle: make(chan struct{})}
	if err := in.start(run); err != nil {
		return err
	}
	<-ctx.Done()
	in.stop()
	drain := time.AfterFunc(run.cfg.DrainTimeout, func() {
		cancel()
		in.cut()
	})
	defer drain.Stop()
	<-run.idle
	in.lock()
	defer in.mu.Unlock()
	in.busy = false
	return nil
}

func (in *MemoryInbox) start(run *memoryRun) error {
	in.lock()
	defer in.mu.Unlock()
	switch {
	case run.cfg.Handler == nil:
		return errors.New("wacloud: inbox run: no handler")
	case in.closed:
		return errInboxClosed
	case in.busy:
		return errInboxRunning
	}
	in.run, in.busy = run, true
	in.dispatch()
	return nil
}

// stop ends the handing out.
func (in *MemoryInbox) stop() {
	in.lock()
	defer in.mu.Unlock()
	run := in.run
	in.run = nil
	if run.running == 0 {
		close(run.idle)
	}
}

// cut ends the attempts that are under way.
func (in *MemoryInbox) cut() {
	in.lock()
	defer in.mu.Unlock()
	for _, l := range in.lanes {
		if l.attempt != nil {
			l.attempt.stop(errDrained)
		}
	}
}

// dispatch finds workers for the ready lanes, as far as the limit allows.
func (in *MemoryInbox) dispatch() {
	for in.run != nil && in.run.running < in.run.cfg.Workers && !in.ready.empty() {
		in.run.running++
		attempt := in.begin(in.run)
		select {
		case in.run.hand <- attempt:
		default:
			go in.work(in.run, attempt)
		}
	}
}

// work makes one attempt after another until the run ends, or a handler is left stuck.
func (in *MemoryInbox) work(run *memoryRun, attempt *run) {
	for attempt.deliver() {
		if attempt = in.nextAttempt(run); attempt != nil {
			continue
		}
		select {
		case attempt = <-run.hand:
		case <-run.ctx.Done():
			return
		}
	}
}

// nextAttempt is nil when the worker has nothing to do.
func (in *MemoryInbox) nextAttempt(run *memoryRun) *run {
	in.lock()
	defer in.mu.Unlock()
	if in.run == run && !in.ready.empty() {
		return in.begin(run)
	}
	in.leave(run)
	return nil
}

// begin takes a ready lane and begins an attempt at its first event.
func (in *MemoryInbox) begin(run *memoryRun) *run {
	l := in.ready.pop()
	l.run = run
	l.first.event.Attempt++
	l.attempt = newRun(run.ctx, &run.cfg, &l.first.event, nil, l)
	return l.attempt
}

// leave counts a worker out.
func (in *MemoryInbox) leave(run *memoryRun) {
	run.running--
	if in.run != run && run.running == 0 {
		close(run.idle)
	}
}

// settle implements settler.
func (l *lane) settle(out Outcome, detached bool) {
	in, run, m := l.in, l.run, l.first
	in.settle(l, out)
	if out.Dead {
		run.cfg.GiveUp(run.ctx, &m.event, out.Err) // the lane is still held
	}
	in.lock()
	defer in.mu.Unlock()
	in.free(l, out)
	if detached {
		in.leave(run)
		in.dispatch()
	}
}

// settle takes an event that is done or dead from its lane.
func (in *MemoryInbox) settle(l *lane, out Outcome) {
	in.lock()
	defer in.mu.Unlock()
	l.attempt = nil
	m := l.first
	switch {
	case out.Done:
		in.seen.settle(m.id, m.stored)
	case out.Dead:
		in.dead.add(m, out.Err)
		in.bury(in.dead.shrink(min(in.cfg.bytes/4, in.cfg.bytes-in.bytes+m.size())))
	default:
		return
	}
	in.depth--
	in.bytes -= m.size()
	l.first = m.next
}

// free ends the hold on a lane.
func (in *MemoryInbox) free(l *lane, out Outcome) {
	switch {
	case l.first == nil:
		delete(in.lanes, l.key)
	case out.Cut:
		l.first.event.Attempt--
		in.ready.push(l)
	case out.Done, out.Dead, out.Delay <= 0:
		in.ready.push(l)
	default:
		time.AfterFunc(out.Delay, func() { in.wake(l) })
	}
}

// wake makes a lane ready whose first event failed and has waited.
func (in *MemoryInbox) wake(l *lane) {
	in.lock()
	defer in.mu.Unlock()
	in.ready.push(l)
	in.dispatch()
}
