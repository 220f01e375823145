package sqlinbox

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wacloud/wacloud"
)

// claimTimeout bounds how long the end of Run waits for a database that does not answer.
const claimTimeout = 5 * time.Second

// maxStreak is how many events of one lane a worker handles before others get their turn.
const maxStreak = 32

// A runner is one call of Run.
type runner struct {
	in       *Inbox
	cfg      wacloud.RunConfig
	handlers context.Context // outlives Run's by the drain timeout
	stopping atomic.Bool     // take nothing new
	workers  sync.WaitGroup
	running  atomic.Int64
	settles  chan *settlement

	mu   sync.Mutex
	held map[*claim]bool
}

// A claim is an event that this process holds the lane of.
type claim struct {
	lane   hash
	token  int64 // who completes must still have it
	seq    int64
	body   []byte
	event  wacloud.Event
	streak int
	since  time.Time // not after the lease began
	lease  *hold
}

// Run implements [wacloud.Inbox].
func (in *Inbox) Run(ctx context.Context, cfg wacloud.RunConfig) error {
	if !in.running.CompareAndSwap(false, true) {
		return errRunning
	}
	defer in.running.Store(false)
	handlers, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	r := &runner{
		in: in, cfg: cfg.WithDefaults(), handlers: handlers,
		settles: make(chan *settlement, rowsAtOnce), held: map[*claim]bool{},
	}
	var helpers sync.WaitGroup
	helpers.Go(r.settleForever)
	renewing, stopRenewing := context.WithCancel(context.WithoutCancel(ctx))
	helpers.Go(func() { r.renewForever(renewing) })

	r.claimUntil(ctx)
	r.stopping.Store(true)
	drain := time.AfterFunc(r.cfg.DrainTimeout, cancel)
	defer drain.Stop()
	r.workers.Wait()
	close(r.settles)
	stopRenewing()
	helpers.Wait()
	return nil
}

// claimUntil hands out events until ctx ends.
func (r *runner) claimUntil(ctx context.Context) {
	for ctx.Err() == nil {
		free := min(r.cfg.Workers-int(r.running.Load()), rowsAtOnce)
		// Not tied to ctx: of lanes that were leased while ctx ended nobody would know.
		claims, err := r.claim(context.WithoutCancel(ctx), free)
		for _, c := range claims {
			r.start(c)
		}
		if err != nil && ctx.Err() == nil {
			r.in.log.WarnContext(ctx, "wacloud: inbox: cannot claim", "error", err)
			pause(ctx, time.Second)
		}
		if free > 0 && len(claims) == free {
			continue // there may be more
		}
		if free <= 0 {
			r.in.full.Store(true)
			if int(r.running.Load()) < r.cfg.Workers {
				continue // one has ended meanwhile, and did not know that it is waited for
			}
		}
		r.await(ctx)
	}
}

func (r *runner) start(c *claim) {
	r.hold(c)
	r.running.Add(1)
	r.in.leases.Add(1)
	r.workers.Go(func() {
		for next := c; next != nil; {
			next = r.handle(next)
		}
		r.in.leases.Add(-1)
		r.running.Add(-1)
		if r.in.full.Swap(false) {
			r.in.signal()
		}
	})
}

// await returns when there may be something to claim.
func (r *runner) await(ctx context.Context) {
	poll := time.NewTimer(r.in.cfg.poll/2 + rand.N(r.in.cfg.poll)) //nolint:gosec // jitter, no secret
	defer poll.Stop()
	select {
	case <-ctx.Done():
	case <-r.in.wake:
	case <-r.in.cfg.hint:
	case <-poll.C:
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

const takeLanes = `UPDATE wa_lane SET ready_at = {now} + ?, token = ? WHERE lane IN
	(SELECT lane FROM wa_lane WHERE ready_at <= {now} ORDER BY ready_at LIMIT ?{skip}) RETURNING lane`

// claim leases up to n lanes that are ready, the longest waiting first, and returns the oldest event of each. It counts the
// attempt, so that an event that kills its process does not come back for ever. What it returns beside an error is leased, too.
func (r *runner) claim(ctx context.Context, n int) ([]*claim, error) {
	if n <= 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, claimTimeout)
	defer cancel()
	token, since := unique(), time.Now()
	fill := func(c *claim) { c.token, c.since = token, since }
	take := r.takeInTx
	if r.in.dialect.take != "" {
		take = r.takeAtOnce
	}
	claims, empty, err := take(ctx, n, token, fill)
	if err == nil && len(empty) > 0 {
		err = r.giveBackEmpty(ctx, empty, token)
	}
	if err != nil {
		return claims, fmt.Errorf("wacloud: inbox claim: %w", err)
	}
	return claims, nil
}

// takeInTx leases lanes and returns the oldest event of each, and the lanes that have none.
func (r *runner) takeInTx(ctx context.Context, n int, token int64, fill func(*claim)) (claims []*claim, empty []hash, err error) {
	err = r.in.inTx(ctx, func(tx *sql.Tx) error {
		lanes, err := r.in.queryHashes(ctx, tx, takeLanes, now, r.in.cfg.lease.Microseconds(), token, now, n)
		if err != nil {
			return err
		}
		claims, err = r.heads(ctx, tx, lanes, fill)
		empty = without(lanes, claims)
		return err
	})
	return claims, empty, err
}

// takeAtOnce is takeInTx in one statement. It may find a lane empty that is not: it sees the events as they were when it began.
func (r *runner) takeAtOnce(ctx context.Context, n int, token int64, fill func(*claim)) (claims []*claim, empty []hash, err error) {
	err = r.in.again(ctx, func() error {
		claims, empty, err = r.queryHeads(ctx, r.in.db, fill, r.in.dialect.take, now, r.in.cfg.lease.Microseconds(), token, now, n)
		return r.in.dialect.wrap(err)
	})
	return claims, empty, err
}

// giveBackEmpty gives lanes back that were taken with a token and have no events, or have them just now.
func (r *runner) giveBackEmpty(ctx context.Context, lanes []hash, token int64) error {
	claims := make([]*claim, len(lanes))
	for i, lane := range lanes {
		claims[i] = &claim{lane: lane, token: token}
	}
	return r.in.inTx(ctx, func(tx *sql.Tx) error {
		ours, err := r.in.lockLanes(ctx, tx, claims)
		if err != nil {
			return err
		}
		var back []hash
		for _, c := range claims {
			if ours[c] {
				back = append(back, c.lane)
			}
		}
		return r.in.giveBack(ctx, tx, back)
	})
}

// heads returns the oldest event of each lane, completed by fill, and counts the attempt. Lanes without an event have no
// head.
func (r *runner) heads(ctx context.Context, tx *sql.Tx, lanes []hash, fill func(*claim)) ([]*claim, error) {
	if len(lanes) == 0 {
		return nil, nil
	}
	claims, _, err := r.queryHeads(ctx, tx, fill, `UPDATE wa_event SET attempts = attempts + 1 WHERE seq IN
		(SELECT MIN(seq) FROM wa_event WHERE lane IN {list} GROUP BY lane) RETURNING lane, seq, body, attempts`, blobs(lanes))
	return claims, err
}

// queryHeads runs a query for the oldest events of lanes. A seq of 0 stands for a lane that has none.
func (r *runner) queryHeads(ctx context.Context, db rowsQuerier, fill func(*claim), text string, args ...any) (claims []*claim, empty []hash, err error) {
	err = r.in.query(ctx, db, func(rows *sql.Rows) error {
		c := &claim{}
		var lane []byte
		var attempt int
		if err := rows.Scan(&lane, &c.seq, &c.body, &attempt); err != nil {
			return err
		}
		c.lane = hash(lane)
		if c.seq == 0 {
			empty = append(empty, c.lane)
			return nil
		}
		fill(c)
		c.event = parse(c)
		c.event.Attempt = attempt
		claims = append(claims, c)
		return nil
	}, text, args...)
	return claims, empty, err
}

// parse is the stored event. What this release cannot read stays an unknown event: it is not lost.
func parse(c *claim) wacloud.Event {
	if events, err := wacloud.ParseWebhook(c.body); err == nil && len(events) == 1 {
		return events[0]
	}
	return wacloud.Event{Kind: wacloud.KindUnknown, ID: fmt.Sprintf("unreadable|%d", c.seq), Raw: c.body}
}

// handle runs the handler for c, settles it, and returns the next event of the lane where the worker may go on.
func (r *runner) handle(c *claim) *claim {
	defer r.release(c)
	var completed atomic.Bool
	cfg := r.cfg
	cfg.Handler = wacloud.HandlerFunc(func(ctx context.Context, e *wacloud.Event) error {
		return r.complete(ctx, c, e, &completed)
	})
	out := cfg.Deliver(r.handlers, &c.event, c.lease)
	if completed.Load() {
		r.in.signal() // the lane may have more
		return nil
	}
	result := r.settle(c, out)
	if result.next != nil {
		r.hold(result.next)
	} else if c.streak+1 >= maxStreak {
		r.in.signal()
	}
	if result.ok && out.Dead {
		r.cfg.GiveUp(r.handlers, &c.event, out.Err)
	}
	return result.next
}

// without returns the lanes of which there is no claim.
func without(lanes []hash, claims []*claim) []hash {
	found := make([]hash, len(claims))
	for i, c := range claims {
		found[i] = c.lane
	}
	return minus(lanes, found)
}

// minus returns what of a is not in b.
func minus(a, b []hash) []hash {
	in := map[hash]bool{}
	for _, h := range b {
		in[h] = true
	}
	return slices.DeleteFunc(slices.Clone(a), func(h hash) bool { return in[h] })
}
