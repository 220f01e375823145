package nats

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/wacloud/wacloud"
)

// inProgress is what tells the server that an event is being worked on (NATS, consumers, acknowledgements, read 2026-11).
const inProgress = "+WPI"

// A lease keeps an event from being delivered to somebody else for as long as the server hears that it is worked on. Its
// end is known without the server: when the server did not answer for the time that it waits, the lease is over.
type lease struct {
	in   *Inbox
	msg  jetstream.Msg
	stop chan struct{}
	lost chan struct{}
	done sync.WaitGroup

	mu    sync.Mutex
	until time.Time
	over  bool
	timer *time.Timer
}

// hold keeps an event until release. The server's time began when it sent the event, after it was asked for one.
func (in *Inbox) hold(msg jetstream.Msg, asked time.Time) *lease {
	l := &lease{in: in, msg: msg, stop: make(chan struct{}), lost: make(chan struct{}), until: asked.Add(in.cfg.lease)}
	l.timer = time.AfterFunc(time.Until(l.until), l.check)
	l.done.Go(l.keep)
	return l
}

func (l *lease) keep() {
	every := time.NewTicker(l.in.cfg.lease / 3)
	defer every.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-l.lost:
			return
		case <-every.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), l.in.cfg.lease/3)
		err := l.renew(ctx)
		cancel()
		if err != nil {
			l.in.cfg.log.Warn("wacloud: inbox: cannot renew a lease", "error", err)
		}
	}
}

// renew asks the server for an answer: what is only published may wait for a connection.
func (l *lease) renew(ctx context.Context) error {
	asked := time.Now()
	if _, err := l.in.js.Conn().RequestWithContext(ctx, l.msg.Reply(), []byte(inProgress)); err != nil {
		return fmt.Errorf("wacloud: renew: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.over {
		l.until = asked.Add(l.in.cfg.lease)
		l.timer.Reset(time.Until(l.until))
	}
	return nil
}

// check ends the lease when its time is over.
func (l *lease) check() {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch left := time.Until(l.until); {
	case l.over:
	case left > 0:
		l.timer.Reset(left)
	default:
		l.over = true
		close(l.lost)
	}
}

func (l *lease) release() {
	l.timer.Stop()
	close(l.stop)
	l.done.Wait()
}

// Extend implements [wacloud.Lease]: the event is kept for as long as the handler runs.
func (l *lease) Extend(ctx context.Context, _ time.Duration) error {
	select {
	case <-l.Lost():
		return wacloud.ErrLeaseLost
	default:
		return l.renew(ctx)
	}
}

// Lost implements [wacloud.Lease].
func (l *lease) Lost() <-chan struct{} {
	l.check()
	return l.lost
}
