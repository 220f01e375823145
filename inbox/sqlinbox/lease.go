package sqlinbox

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/wacloud/wacloud"
)

// A lease is this process's hold on a lane. It is renewed for as long as the handler runs and the process lives.
type lease struct {
	in    *Inbox
	claim *claim
	lost  chan struct{}
	once  sync.Once
}

// Extend implements [wacloud.Lease].
func (l *lease) Extend(ctx context.Context, d time.Duration) error {
	kept, err := l.in.renew(ctx, []*claim{l.claim}, max(d, l.in.cfg.lease))
	if err != nil {
		return err
	}
	if len(kept) == 0 {
		l.lose()
		return wacloud.ErrLeaseLost
	}
	return nil
}

// Lost implements [wacloud.Lease].
func (l *lease) Lost() <-chan struct{} { return l.lost }

func (l *lease) lose() { l.once.Do(func() { close(l.lost) }) }

func (r *runner) hold(c *claim) *lease {
	l := &lease{in: r.in, claim: c, lost: make(chan struct{})}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held[c] = l
	return l
}

func (r *runner) release(c *claim) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.held, c)
}

// renewForever prolongs the leases that are held, at a third of their time. When the database does not answer for two
// thirds of it they are given up: another process may have them.
func (r *runner) renewForever(ctx context.Context) {
	every := time.NewTicker(r.in.cfg.lease / 3)
	defer every.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		r.mu.Lock()
		held := maps.Clone(r.held)
		r.mu.Unlock()
		switch err := r.renewAll(ctx, held); {
		case err == nil:
			last = time.Now()
		case time.Since(last) > r.in.cfg.lease*2/3:
			r.in.log.ErrorContext(ctx, "wacloud: inbox: leases given up", "error", err)
			for _, l := range held {
				l.lose()
			}
		}
	}
}

func (r *runner) renewAll(ctx context.Context, held map[*claim]*lease) error {
	ctx, cancel := context.WithTimeout(ctx, r.in.cfg.lease/3)
	defer cancel()
	claims := slices.SortedFunc(maps.Keys(held), byLane)
	for chunk := range slices.Chunk(claims, rowsAtOnce) {
		kept, err := r.in.renew(ctx, chunk, r.in.cfg.lease)
		if err != nil {
			return err
		}
		for _, c := range chunk {
			if !kept[c.lane] {
				held[c].lose()
			}
		}
	}
	return nil
}

// renew prolongs leases to at least d from now and returns the lanes that are still ours. A token belongs to one claim of
// one process, so a lane and a token out of the same lists can only be a pair.
func (in *Inbox) renew(ctx context.Context, claims []*claim, d time.Duration) (map[hash]bool, error) {
	args := []any{now, d.Microseconds(), now, d.Microseconds()}
	for _, c := range claims {
		args = append(args, c.lane[:])
	}
	for _, c := range claims {
		args = append(args, c.token)
	}
	kept := map[hash]bool{}
	err := in.inTx(ctx, func(tx *sql.Tx) error {
		lanes, err := in.queryHashes(ctx, tx, `UPDATE wa_lane SET ready_at = CASE WHEN ready_at > {now} + ? THEN ready_at ELSE {now} + ? END
			WHERE lane IN `+list(len(claims))+` AND token IN `+list(len(claims))+` RETURNING lane`, args...)
		for _, lane := range lanes {
			kept[lane] = true
		}
		return err
	})
	return kept, err
}
