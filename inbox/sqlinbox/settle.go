package sqlinbox

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/wacloud/wacloud"
)

// A settlement records what became of a claim.
type settlement struct {
	claim  *claim
	out    wacloud.Outcome
	result settled
	done   chan error
}

type settled struct {
	ok   bool   // recorded, and the lease was ours
	next *claim // of the same lane
}

// finished reports whether the event is over and leaves its lane.
func (s *settlement) finished() bool { return s.result.ok && (s.out.Done || s.out.Dead) }

// settle records the outcome, in one transaction with those of other workers. When that fails it goes on alone, so that one
// outcome that cannot be recorded holds up no other, for as long as the lease lasts: what is not recorded is handled again.
func (r *runner) settle(c *claim, out wacloud.Outcome) settled {
	s := &settlement{claim: c, out: out, done: make(chan error, 1)}
	r.settles <- s
	err := <-s.done
	for wait := 50 * time.Millisecond; err != nil; wait = min(2*wait, 2*time.Second) {
		select {
		case <-c.lease.Lost():
		case <-r.handlers.Done():
		case <-time.After(wait):
			err = r.trySettle([]*settlement{s})
			continue
		}
		r.in.log.Error("wacloud: inbox: an outcome was not recorded, the event will be handled again", "error", err)
		return settled{}
	}
	return s.result
}

// settleForever records outcomes until the last worker is done. As with Put, what comes during one transaction goes into
// the next.
func (r *runner) settleForever() {
	for s := range r.settles {
		group := []*settlement{s}
		for more := true; more && len(group) < rowsAtOnce; {
			select {
			case s, ok := <-r.settles:
				if more = ok; ok {
					group = append(group, s)
				}
			default:
				more = false
			}
		}
		err := r.trySettle(group)
		for _, s := range group {
			s.done <- err
		}
	}
}

func (r *runner) trySettle(group []*settlement) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.handlers), commitTimeout)
	defer cancel()
	since := time.Now()
	claims := make([]*claim, len(group))
	for i, s := range group {
		claims[i] = s.claim
	}
	var change total
	err := r.in.inTx(ctx, func(tx *sql.Tx) error {
		ours, err := r.in.lockLanes(ctx, tx, claims)
		if err != nil {
			return err
		}
		for _, s := range group {
			s.result = settled{ok: ours[s.claim]}
		}
		if change, err = r.in.record(ctx, tx, group); err != nil {
			return err
		}
		if err := r.goOn(ctx, tx, group, since); err != nil {
			return err
		}
		return r.in.add(ctx, tx, change)
	})
	if err == nil {
		r.in.committed(change)
	}
	return err
}

// lockLanes locks the lanes of claims until the transaction ends and returns the claims whose lease still holds.
func (in *Inbox) lockLanes(ctx context.Context, tx *sql.Tx, claims []*claim) (map[*claim]bool, error) {
	tokens := map[hash]int64{}
	lanes := make([]hash, len(claims))
	for i, c := range claims {
		lanes[i] = c.lane
	}
	err := in.query(ctx, tx, func(rows *sql.Rows) error {
		var lane []byte
		var token int64
		err := rows.Scan(&lane, &token)
		if err == nil {
			tokens[hash(lane)] = token
		}
		return err
	}, "SELECT lane, token FROM wa_lane WHERE lane IN {list} ORDER BY lane{lock}", blobs(lanes))
	ours := map[*claim]bool{}
	for _, c := range claims {
		if tokens[c.lane] == c.token {
			ours[c] = true
		}
	}
	return ours, err
}

// record writes the outcomes of a group. What is over goes first: it makes room for the dead letters.
func (in *Inbox) record(ctx context.Context, tx *sql.Tx, group []*settlement) (change total, err error) {
	var over list
	for _, s := range group {
		if s.finished() {
			over = append(over, s.claim.seq)
			change.events--
			change.bytes -= int64(len(s.claim.body))
		}
	}
	if len(over) > 0 {
		if err := in.exec(ctx, tx, "DELETE FROM wa_event WHERE seq IN {list}", over); err != nil {
			return total{}, err
		}
	}
	for _, s := range group {
		switch {
		case !s.result.ok, s.out.Done:
		case s.out.Dead:
			var n int64
			n, err = in.bury(ctx, tx, s.claim, s.out.Err)
			change.dead += n
		default:
			err = in.tryLater(ctx, tx, s.claim, s.out)
		}
		if err != nil {
			return total{}, err
		}
	}
	return change, nil
}

func (in *Inbox) tryLater(ctx context.Context, tx *sql.Tx, c *claim, out wacloud.Outcome) error {
	if out.Cut {
		if err := in.exec(ctx, tx, "UPDATE wa_event SET attempts = attempts - 1 WHERE seq = ?", c.seq); err != nil {
			return err
		}
		return in.freeLane(ctx, tx, c.lane, 0)
	}
	time.AfterFunc(out.Delay, in.signal)
	return in.freeLane(ctx, tx, c.lane, out.Delay)
}

func (in *Inbox) freeLane(ctx context.Context, tx *sql.Tx, lane hash, delay time.Duration) error {
	return in.exec(ctx, tx, "UPDATE wa_lane SET ready_at = {now} + ?, token = 0 WHERE lane = ?", now, delay.Microseconds(), lane[:])
}

// goOn gives the lanes of finished events back: a lane without events is closed, a worker keeps the lane whose next event it
// takes, and after a streak or when Run ends the lane is ready for anybody.
func (r *runner) goOn(ctx context.Context, tx *sql.Tx, group []*settlement, since time.Time) error {
	finished := map[hash]*settlement{}
	for _, s := range group {
		if s.finished() {
			finished[s.claim.lane] = s
		}
	}
	lanes, err := r.in.closeLanes(ctx, tx, slices.SortedFunc(maps.Keys(finished), compare))
	if err != nil {
		return err
	}
	var keep []hash
	for _, lane := range lanes {
		if finished[lane].claim.streak+1 < maxStreak && !r.stopping.Load() {
			keep = append(keep, lane)
		}
	}
	heads, err := r.heads(ctx, tx, keep, func(c *claim) {
		last := finished[c.lane].claim
		c.token, c.streak, c.since = last.token, last.streak+1, since
		finished[c.lane].result.next = c
	})
	if err != nil {
		return err
	}
	back := without(lanes, heads)
	if kept := minus(lanes, back); len(kept) > 0 {
		if err := r.in.exec(ctx, tx, "UPDATE wa_lane SET ready_at = {now} + ? WHERE lane IN {list}",
			now, r.in.cfg.lease.Microseconds(), blobs(kept)); err != nil {
			return err
		}
	}
	return r.in.freeLanes(ctx, tx, back)
}

// giveBack closes those of the lanes that have no events and makes the others ready. The caller holds their locks.
func (in *Inbox) giveBack(ctx context.Context, tx *sql.Tx, lanes []hash) error {
	open, err := in.closeLanes(ctx, tx, lanes)
	if err != nil {
		return err
	}
	return in.freeLanes(ctx, tx, open)
}

// closeLanes deletes those of the lanes that have no events and returns the others. The caller holds their locks.
func (in *Inbox) closeLanes(ctx context.Context, tx *sql.Tx, lanes []hash) (open []hash, err error) {
	if len(lanes) == 0 {
		return nil, nil
	}
	closed, err := in.queryHashes(ctx, tx, `DELETE FROM wa_lane WHERE lane IN {list}
		AND NOT EXISTS (SELECT 1 FROM wa_event WHERE wa_event.lane = wa_lane.lane) RETURNING lane`, blobs(lanes))
	return minus(lanes, closed), err
}

// freeLanes makes lanes ready for anybody.
func (in *Inbox) freeLanes(ctx context.Context, tx *sql.Tx, lanes []hash) error {
	if len(lanes) == 0 {
		return nil
	}
	return in.exec(ctx, tx, "UPDATE wa_lane SET ready_at = {now}, token = 0 WHERE lane IN {list}", now, blobs(lanes))
}

func byLane(a, b *claim) int { return compare(a.lane, b.lane) }

func compare(a, b hash) int { return bytes.Compare(a[:], b[:]) }

// effects are the functions that a handler gave to OnComplete.
type effects struct {
	list []func(context.Context, *sql.Tx) error
}

type effectsKey struct{}

// ErrNoCompletion is what [OnComplete] returns outside a handler that an [Inbox] of this package runs.
var ErrNoCompletion = errors.New("wacloud: sqlinbox: OnComplete outside a handler of this inbox")

// OnComplete registers database work that commits together with the event's completion, or not at all: its effects happen
// once, however often the handler runs. The functions run in the order of registration after the handler returned nil, in
// one short transaction on the inbox's database; no transaction is open while the handler runs. An error, or a lease that
// was lost meanwhile, rolls everything back, and the event is handled again under the usual rules; after a deadlock or a
// failed serialization the functions run again at once, in a new transaction. They use only the transaction: with SQLite
// anything else that waits for the database would wait for ever. ctx is the handler's, or made from it; not safe for
// concurrent use.
func OnComplete(ctx context.Context, f func(ctx context.Context, tx *sql.Tx) error) error {
	e, ok := ctx.Value(effectsKey{}).(*effects)
	if !ok {
		return ErrNoCompletion
	}
	e.list = append(e.list, f)
	return nil
}

// complete runs the handler and, where it asked for that, its effects and the event's completion in one transaction.
func (r *runner) complete(ctx context.Context, c *claim, e *wacloud.Event, completed *atomic.Bool) error {
	var fx effects
	if err := r.cfg.Handler.Handle(context.WithValue(ctx, effectsKey{}, &fx), e); err != nil || len(fx.list) == 0 {
		return err
	}
	over := total{events: -1, bytes: -int64(len(c.body))}
	err := r.in.inTx(ctx, func(tx *sql.Tx) error {
		ours, err := r.in.lockLanes(ctx, tx, []*claim{c})
		if err != nil {
			return err
		}
		if !ours[c] {
			return wacloud.ErrLeaseLost
		}
		for _, f := range fx.list {
			if err := f(ctx, tx); err != nil {
				return err
			}
		}
		if err := r.in.exec(ctx, tx, "DELETE FROM wa_event WHERE seq = ?", c.seq); err != nil {
			return err
		}
		if err := r.in.giveBack(ctx, tx, []hash{c.lane}); err != nil {
			return err
		}
		return r.in.add(ctx, tx, over)
	})
	if err != nil {
		return fmt.Errorf("wacloud: inbox completion: %w", err)
	}
	completed.Store(true)
	r.in.committed(over)
	return nil
}
