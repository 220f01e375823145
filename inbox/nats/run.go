package nats

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wacloud/wacloud"
)

// fetchFor is how long one request for an event waits at the server. Run takes up to this long to end.
const fetchFor = time.Second

// settleTimeout bounds one attempt to record an outcome.
const settleTimeout = 5 * time.Second

// A runner is one call of Run.
type runner struct {
	in       *Inbox
	cfg      wacloud.RunConfig
	handlers context.Context // outlives Run's by the drain timeout
	slots    chan struct{}   // one for each worker
}

// Run implements [wacloud.Inbox].
func (in *Inbox) Run(ctx context.Context, cfg wacloud.RunConfig) error {
	if !in.running.CompareAndSwap(false, true) {
		return errRunning
	}
	defer in.running.Store(false)
	handlers, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	r := &runner{in: in, cfg: cfg.WithDefaults(), handlers: handlers}
	r.slots = make(chan struct{}, r.cfg.Workers)
	defer context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(r.cfg.DrainTimeout, cancel)
		<-handlers.Done()
		timer.Stop()
	})()
	var partitions sync.WaitGroup
	for p := range in.cfg.partitions {
		partitions.Go(func() { r.runPartition(ctx, p) })
	}
	partitions.Go(func() { r.sweepForever(ctx) })
	partitions.Wait()
	return nil
}

// runPartition handles the events of one partition, one after the other, until ctx ends.
func (r *runner) runPartition(ctx context.Context, p int) {
	var consumer jetstream.Consumer
	for ctx.Err() == nil {
		var err error
		if consumer == nil {
			consumer, err = r.consumer(ctx, p)
		}
		if err == nil {
			err = r.next(ctx, consumer)
		}
		if err != nil && ctx.Err() == nil {
			r.in.cfg.log.WarnContext(ctx, "wacloud: inbox: cannot take events", "partition", p, "error", err)
			consumer = nil
			pause(ctx, time.Second)
		}
	}
}

func (r *runner) consumer(ctx context.Context, p int) (jetstream.Consumer, error) {
	return r.in.events.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: consumerName(p), FilterSubject: fmt.Sprintf("%s.p.%d.>", r.in.cfg.name, p),
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: r.in.cfg.lease, MaxDeliver: -1, MaxAckPending: 1, MaxWaiting: 512,
	})
}

func consumerName(p int) string { return "p" + strconv.Itoa(p) }

// next waits for an event and handles it. The request is not tied to ctx: an event that the server has sent must not
// arrive where nobody takes it.
func (r *runner) next(ctx context.Context, c jetstream.Consumer) error {
	asked := time.Now()
	batch, err := c.Fetch(1, jetstream.FetchMaxWait(fetchFor))
	if err != nil {
		return err
	}
	for msg := range batch.Messages() {
		r.handle(ctx, msg, asked)
	}
	if err := batch.Error(); err != nil && !errors.Is(err, nats.ErrTimeout) {
		return err
	}
	return nil
}

// handle keeps the event while a worker becomes free and the handler runs, and settles it.
func (r *runner) handle(ctx context.Context, msg jetstream.Msg, asked time.Time) {
	l := r.in.hold(msg, asked)
	defer l.release()
	select {
	case r.slots <- struct{}{}:
	case <-ctx.Done():
		r.settle(l, wacloud.Event{}, wacloud.Outcome{Cut: true})
		return
	}
	defer func() { <-r.slots }()
	e := parse(msg)
	done, attempt, err := r.in.history(r.handlers, msg, e)
	switch {
	case err != nil:
		r.in.cfg.log.WarnContext(ctx, "wacloud: inbox: cannot look an event up", "error", err)
		_ = msg.NakWithDelay(time.Second)
		return
	case done:
		_ = msg.Ack()
		return
	}
	e.Attempt = attempt
	r.in.handlers.Add(1)
	defer r.in.handlers.Add(-1)
	out := r.cfg.Deliver(r.handlers, &e, l)
	if r.settle(l, e, out) && out.Dead {
		r.cfg.GiveUp(r.handlers, &e, out.Err)
	}
}

// history tells whether the event is done already, and which attempt this is: JetStream counts deliveries, of which those
// that Run's end cut short do not count.
func (in *Inbox) history(ctx context.Context, msg jetstream.Msg, e wacloud.Event) (done bool, attempt int, err error) {
	meta, err := msg.Metadata()
	if err != nil {
		return false, 0, err
	}
	if done, err := in.isDone(ctx, hashOf(e.ID)); err != nil || done {
		return done, 0, err
	}
	attempt = int(meta.NumDelivered) //nolint:gosec // a small number
	if attempt > 1 {
		cuts, err := in.cuts(ctx, e)
		if err != nil {
			return false, 0, err
		}
		attempt -= cuts
	}
	return false, attempt, nil
}

func cutKey(e wacloud.Event) string { return "cut." + hashOf(e.ID) }

func (in *Inbox) cuts(ctx context.Context, e wacloud.Event) (int, error) {
	entry, err := in.done.Get(ctx, cutKey(e))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(entry.Value()))
}

// settle tells the server what became of an event, again and again for as long as a lease lasts: what it does not hear is
// handled again.
func (r *runner) settle(l *hold, e wacloud.Event, out wacloud.Outcome) bool {
	giveUp := time.After(r.in.cfg.lease)
	err := r.trySettle(l.msg, e, out)
	for wait := 50 * time.Millisecond; err != nil; wait = min(2*wait, 2*time.Second) {
		select {
		case <-l.Lost():
		case <-giveUp:
		case <-r.handlers.Done():
		case <-time.After(wait):
			err = r.trySettle(l.msg, e, out)
			continue
		}
		r.in.cfg.log.Error("wacloud: inbox: an outcome was not recorded, the event will be handled again", "error", err)
		return false
	}
	return true
}

// trySettle records the id before it acknowledges: between the two a crash means that the event comes again and is
// recognised.
func (r *runner) trySettle(msg jetstream.Msg, e wacloud.Event, out wacloud.Outcome) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.handlers), settleTimeout)
	defer cancel()
	switch {
	case out.Done:
		return r.in.finish(ctx, msg, e)
	case out.Dead:
		if err := r.in.bury(ctx, e, out.Err); err != nil {
			return err
		}
		return r.in.finish(ctx, msg, e)
	case out.Cut:
		if err := r.in.countCut(ctx, parse(msg)); err != nil {
			return err
		}
		return msg.Nak()
	default:
		return msg.NakWithDelay(out.Delay)
	}
}

// finish needs no answer to its acknowledgement: one that is lost, because the server was restarted and has forgotten that
// it delivered the event, means that the event comes again and is recognised.
func (in *Inbox) finish(ctx context.Context, msg jetstream.Msg, e wacloud.Event) error {
	if _, err := in.done.Put(ctx, hashOf(e.ID), nil); err != nil {
		return err
	}
	_ = msg.Ack()
	return nil
}

func (in *Inbox) countCut(ctx context.Context, e wacloud.Event) error {
	n, err := in.cuts(ctx, e)
	if err == nil {
		_, err = in.done.Put(ctx, cutKey(e), strconv.AppendInt(nil, int64(n+1), 10))
	}
	return err
}

// parse is the stored event. What this release cannot read stays an unknown event: it is not lost.
func parse(msg jetstream.Msg) wacloud.Event {
	if events, err := wacloud.ParseWebhook(msg.Data()); err == nil && len(events) == 1 {
		return events[0]
	}
	return wacloud.Event{Kind: wacloud.KindUnknown, ID: "unreadable|" + hashOf(string(msg.Data())), Raw: msg.Data()}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
