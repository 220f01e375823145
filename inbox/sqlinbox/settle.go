package sqlinbox

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/wacloud/wacloud"
)

// A settlement records what became of a claim.
type settlement struct {
	claim *claim
	out   wacloud.Outcome
	done  chan settled
}

type settled struct {
	ok   bool   // recorded, and the lease was ours
	next *claim // of the same lane
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
		results := r.settle(group)
		for i, s := range group {
			s.done <- results[i]
		}
	}
}

// settle records a group, again and again for as long as its leases last: an outcome that is not recorded means that the
// event is handled again.
func (r *runner) settle(group []*settlement) []settled {
	results := make([]settled, len(group))
	giveUp := time.Now().Add(r.in.cfg.lease)
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		err := r.trySettle(group, results)
		if err == nil {
			return results
		}
		if time.Now().Add(wait).After(giveUp) {
			r.in.log.Error("wacloud: inbox: outcomes not recorded, the events will be handled again", "events", len(group), "error", err)
			return make([]settled, len(group))
		}
		pause(context.Background(), wait)
	}
}

func (r *runner) trySettle(group []*settlement, results []settled) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.handlers), commitTimeout)
	defer cancel()
	var freed int64
	err := r.in.inTx(ctx, func(tx *sql.Tx) error {
		clear(results)
		freed = 0
		claims := make([]*claim, len(group))
		for i, s := range group {
			claims[i] = s.claim
		}
		ours, err := r.in.lockLanes(ctx, tx, claims)
		if err != nil {
			return err
		}
		var finished []*claim
		for i, s := range group {
			if !ours[s.claim] {
				continue
			}
			results[i].ok = true
			if s.out.Done || s.out.Dead {
				finished = append(finished, s.claim)
			}
			if s.out.Done {
				freed += int64(len(s.claim.body))
			}
			if err := r.in.record(ctx, tx, s); err != nil {
				return err
			}
		}
		return r.goOn(ctx, tx, finished, group, results)
	})
	if err == nil {
		r.in.bytes.Add(-freed)
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
	}, "SELECT lane, token FROM wa_lane WHERE lane IN "+list(len(lanes))+" ORDER BY lane{lock}", blobs(lanes)...)
	ours := map[*claim]bool{}
	for _, c := range claims {
		ours[c] = tokens[c.lane] == c.token
	}
	return ours, err
}

// record writes one outcome.
func (in *Inbox) record(ctx context.Context, tx *sql.Tx, s *settlement) error {
	c := s.claim
	switch {
	case s.out.Done:
		return in.exec(ctx, tx, "DELETE FROM wa_event WHERE seq = ?", c.seq)
	case s.out.Dead:
		if err := in.bury(ctx, tx, c, s.out.Err); err != nil {
			return err
		}
		return in.exec(ctx, tx, "DELETE FROM wa_event WHERE seq = ?", c.seq)
	case s.out.Cut:
		if err := in.exec(ctx, tx, "UPDATE wa_event SET attempts = attempts - 1 WHERE seq = ?", c.seq); err != nil {
			return err
		}
		return in.freeLane(ctx, tx, c.lane, 0)
	default:
		time.AfterFunc(s.out.Delay, in.signal)
		return in.freeLane(ctx, tx, c.lane, s.out.Delay)
	}
}

func (in *Inbox) freeLane(ctx context.Context, tx *sql.Tx, lane hash, delay time.Duration) error {
	return in.exec(ctx, tx, "UPDATE wa_lane SET ready_at = {now} + ?, token = 0 WHERE lane = ?", now, delay.Microseconds(), lane[:])
}

// goOn gives the lanes of finished events back: a lane without events is closed, a worker keeps the lane whose next event it
// takes, and after a streak or when Run ends the lane is ready for anybody.
func (r *runner) goOn(ctx context.Context, tx *sql.Tx, finished []*claim, group []*settlement, results []settled) error {
	if len(finished) == 0 {
		return nil
	}
	slices.SortFunc(finished, byLane)
	var lanes, keep []hash
	streaks, tokens := map[hash]int{}, map[hash]int64{}
	for _, c := range finished {
		lanes = append(lanes, c.lane)
		if c.streak+1 < maxStreak && !r.stopping.Load() {
			keep = append(keep, c.lane)
		}
		streaks[c.lane], tokens[c.lane] = c.streak+1, c.token
	}
	heads, err := r.heads(ctx, tx, keep, func(lane hash) int64 { return tokens[lane] })
	if err != nil {
		return err
	}
	next := map[hash]*claim{}
	for _, c := range heads {
		c.streak = streaks[c.lane]
		next[c.lane] = c
	}
	for i, s := range group {
		if results[i].ok && (s.out.Done || s.out.Dead) {
			results[i].next = next[s.claim.lane]
		}
	}
	if len(heads) > 0 {
		kept := make([]hash, 0, len(heads))
		for _, c := range heads {
			kept = append(kept, c.lane)
		}
		if err := r.in.exec(ctx, tx, "UPDATE wa_lane SET ready_at = {now} + ? WHERE lane IN "+list(len(kept)),
			append([]any{now, r.in.cfg.lease.Microseconds()}, blobs(kept)...)...); err != nil {
			return err
		}
	}
	return r.in.closeLanes(ctx, tx, without(lanes, heads))
}

// closeLanes deletes those of the lanes that have no events and makes the others ready. The caller holds their locks.
func (in *Inbox) closeLanes(ctx context.Context, tx *sql.Tx, lanes []hash) error {
	if len(lanes) == 0 {
		return nil
	}
	if err := in.exec(ctx, tx, "DELETE FROM wa_lane WHERE lane IN "+list(len(lanes))+
		" AND NOT EXISTS (SELECT 1 FROM wa_event WHERE wa_event.lane = wa_lane.lane)", blobs(lanes)...); err != nil {
		return err
	}
	return in.exec(ctx, tx, "UPDATE wa_lane SET ready_at = {now}, token = 0 WHERE lane IN "+list(len(lanes)),
		append([]any{now}, blobs(lanes)...)...)
}

func byLane(a, b *claim) int { return bytes.Compare(a.lane[:], b.lane[:]) }

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
// was lost meanwhile, rolls everything back, and the event is handled again under the usual rules. The functions use only
// the transaction: with SQLite anything else that waits for the database would wait for ever. ctx is the handler's, or
// made from it; not safe for concurrent use.
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
		return r.in.closeLanes(ctx, tx, []hash{c.lane})
	})
	if err != nil {
		return fmt.Errorf("wacloud: inbox completion: %w", err)
	}
	completed.Store(true)
	r.in.bytes.Add(-int64(len(c.body)))
	return nil
}
