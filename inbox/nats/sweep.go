package nats

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/wacloud/wacloud"
)

// sweepForever removes what a server that crashed has left behind, until ctx ends.
func (r *runner) sweepForever(ctx context.Context) {
	for ctx.Err() == nil {
		if err := r.in.sweep(ctx); err != nil && ctx.Err() == nil {
			r.in.cfg.log.WarnContext(ctx, "wacloud: inbox: cannot sweep", "error", err)
		}
		pause(ctx, r.in.cfg.lease)
	}
}

// sweep looks at every partition, if there is anything at all.
func (in *Inbox) sweep(ctx context.Context) error {
	info, err := in.events.Info(ctx)
	if err != nil || info.State.Msgs == 0 {
		return err
	}
	for p := range in.cfg.partitions {
		if err := in.sweepPartition(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// sweepPartition removes the events that the partition's consumer knows as acknowledged and the stream still has: a server
// that is killed between the two keeps the body of an event that is done, and would never deliver it again.
func (in *Inbox) sweepPartition(ctx context.Context, p int) error {
	consumer, err := in.events.Consumer(ctx, consumerName(p))
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return nil // nobody ran yet
	}
	if err != nil {
		return err
	}
	acknowledged := consumer.CachedInfo().AckFloor.Stream
	for seq := uint64(1); seq <= acknowledged; seq++ {
		msg, err := in.events.GetMsg(ctx, seq, jetstream.WithGetMsgSubject(fmt.Sprintf("%s.p.%d.>", in.cfg.name, p)))
		if errors.Is(err, jetstream.ErrMsgNotFound) || err == nil && msg.Sequence > acknowledged {
			return nil
		}
		if err != nil {
			return err
		}
		if err := in.remove(ctx, msg); err != nil {
			return err
		}
		seq = msg.Sequence
	}
	return nil
}

// remove deletes an event that is done. One that is not, against all expectation, is stored anew.
func (in *Inbox) remove(ctx context.Context, msg *jetstream.RawStreamMsg) error {
	if events, err := wacloud.ParseWebhook(msg.Data); err == nil && len(events) == 1 {
		done, err := in.isDone(ctx, hashOf(events[0].ID))
		if err != nil {
			return err
		}
		if !done {
			if _, err := in.js.Publish(ctx, msg.Subject, msg.Data); err != nil {
				return err
			}
		}
	}
	err := in.events.DeleteMsg(ctx, msg.Sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) || errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) {
		return nil // somebody else was faster
	}
	return err
}
