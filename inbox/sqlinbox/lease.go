package sqlinbox

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"time"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/internal/lease"
)

// A hold, which is a [wacloud.Lease], is this process's lease of a lane. It is renewed for as long as the handler runs and the
// database answers. Its end is known without the database: it is over, by this process's monotonic clock, before the
// database's clock can let another process have the lane. A process that was stopped for a while finds its leases lost before
// it does anything.
type hold struct {
	*lease.Term
	in    *Inbox
	claim *claim
}

// Extend implements [wacloud.Lease].
func (l *hold) Extend(ctx context.Context, d time.Duration) error {
	d = max(d, l.in.cfg.lease)
	asked := time.Now()
	kept, err := l.in.renew(ctx, []*claim{l.claim}, d)
	if err != nil {
		return err
	}
	if !kept[l.claim] {
		l.End()
	}
	l.Prolong(asked.Add(d))
	select {
	case <-l.Lost():
		return wacloud.ErrLeaseLost
	default:
		return nil
	}
}

// hold keeps the lane of c leased until release.
func (r *runner) hold(c *claim) {
	c.lease = &hold{lease.Until(c.since.Add(r.in.cfg.lease)), r.in, c}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held[c] = true
}

func (r *runner) release(c *claim) {
	c.lease.Stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.held, c)
}

// renewForever prolongs the leases that are held, at a third of their time.
func (r *runner) renewForever(ctx context.Context) {
	every := time.NewTicker(r.in.cfg.lease / 3)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		if err := r.renewAll(ctx); err != nil && ctx.Err() == nil {
			r.in.log.WarnContext(ctx, "wacloud: inbox: cannot renew leases", "error", err)
		}
	}
}

func (r *runner) renewAll(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, r.in.cfg.lease/3)
	defer cancel()
	r.mu.Lock()
	claims := slices.SortedFunc(maps.Keys(r.held), byLane)
	r.mu.Unlock()
	for chunk := range slices.Chunk(claims, rowsAtOnce) {
		asked := time.Now()
		kept, err := r.in.renew(ctx, chunk, r.in.cfg.lease)
		if err != nil {
			return err
		}
		for _, c := range chunk {
			if kept[c] {
				c.lease.Prolong(asked.Add(r.in.cfg.lease))
			} else {
				c.lease.End()
			}
		}
	}
	return nil
}

// renew prolongs leases to at least d from now and returns the claims whose lease still holds.
func (in *Inbox) renew(ctx context.Context, claims []*claim, d time.Duration) (kept map[*claim]bool, err error) {
	err = in.inTx(ctx, func(tx *sql.Tx) error {
		if kept, err = in.lockLanes(ctx, tx, claims); err != nil {
			return err
		}
		var lanes list
		for c := range kept {
			lanes = append(lanes, c.lane[:])
		}
		if len(kept) == 0 {
			return nil
		}
		return in.exec(ctx, tx, `UPDATE wa_lane SET ready_at = CASE WHEN ready_at > {now} + ? THEN ready_at ELSE {now} + ? END
			WHERE lane IN {list}`, now, d.Microseconds(), now, d.Microseconds(), lanes)
	})
	return kept, err
}
