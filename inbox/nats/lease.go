package nats

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/internal/lease"
)

// inProgress is what tells the server that an event is being worked on (NATS, consumers, acknowledgements, read 2026-11).
const inProgress = "+WPI"

// A hold, which is a [wacloud.Lease], keeps an event from being delivered to somebody else for as long as the server hears that
// it is worked on. Its end is known without the server: when the server did not answer for the time that it waits, it is over.
type hold struct {
	*lease.Term
	in   *Inbox
	msg  jetstream.Msg
	stop chan struct{}
	done sync.WaitGroup
}

// hold keeps an event until release. The server's time began when it sent the event, after it was asked for one.
func (in *Inbox) hold(msg jetstream.Msg, asked time.Time) *hold {
	l := &hold{Term: lease.Until(asked.Add(in.cfg.lease)), in: in, msg: msg, stop: make(chan struct{})}
	l.done.Go(l.keep)
	return l
}

func (l *hold) keep() {
	every := time.NewTicker(l.in.cfg.lease / 3)
	defer every.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-l.Lost():
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
func (l *hold) renew(ctx context.Context) error {
	asked := time.Now()
	if _, err := l.in.js.Conn().RequestWithContext(ctx, l.msg.Reply(), []byte(inProgress)); err != nil {
		return fmt.Errorf("wacloud: renew: %w", err)
	}
	l.Prolong(asked.Add(l.in.cfg.lease))
	return nil
}

func (l *hold) release() {
	l.Stop()
	close(l.stop)
	l.done.Wait()
}

// Extend implements [wacloud.Lease]: the event is kept for as long as the handler runs.
func (l *hold) Extend(ctx context.Context, _ time.Duration) error {
	select {
	case <-l.Lost():
		return wacloud.ErrLeaseLost
	default:
		return l.renew(ctx)
	}
}
