package sqlinbox

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
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
		if err != nil && ctx.Err() == nil {
			r.in.log.WarnContext(ctx, "wacloud: inbox: cannot claim", "error", err)
			pause(ctx, time.Second)
		}
		for _, c := range claims {
			r.start(c)
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

// claim leases up to n lanes that are ready, the longest waiting first, and returns the oldest event of each. It counts the
// attempt, so that an event that kills its process does not come back for ever.
func (r *runner) claim(ctx context.Context, n int) ([]*claim, error) {
	if n <= 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, claimTimeout)
	defer cancel()
	var claims []*claim
	token := unique()
	since := time.Now()
	err := r.in.inTx(ctx, func(tx *sql.Tx) error {
		lanes, err := r.in.queryHashes(ctx, tx, `UPDATE wa_lane SET ready_at = {now} + ?, token = ? WHERE lane IN
			(SELECT lane FROM wa_lane WHERE ready_at <= {now} ORDER BY ready_at LIMIT ?{skip}) RETURNING lane`,
			now, r.in.cfg.lease.Microseconds(), token, now, n)
		if err != nil || len(lanes) == 0 {
			return err
		}
		claims, err = r.heads(ctx, tx, lanes, func(c *claim) { c.token, c.since = token, since })
		if err != nil || len(claims) == len(lanes) {
			return err
		}
		return r.in.closeLanes(ctx, tx, without(lanes, claims))
	})
	if err != nil {
		return nil, fmt.Errorf("wacloud: inbox claim: %w", err)
	}
	return claims, nil
}

// heads returns the oldest event of each lane, completed by fill, and counts the attempt. Lanes without an event have no
// head.
func (r *runner) heads(ctx context.Context, tx *sql.Tx, lanes []hash, fill func(*claim)) ([]*claim, error) {
	if len(lanes) == 0 {
		return nil, nil
	}
	var claims []*claim
	var seqs []any
	err := r.in.query(ctx, tx, func(rows *sql.Rows) error {
		c := &claim{}
		var lane []byte
		var attempts int
		if err := rows.Scan(&c.seq, &lane, &c.body, &attempts); err != nil {
			return err
		}
		c.lane = hash(lane)
		fill(c)
		c.event = parse(c)
		c.event.Attempt = attempts + 1
		claims, seqs = append(claims, c), append(seqs, c.seq)
		return nil
	}, `SELECT seq, lane, body, attempts FROM wa_event WHERE seq IN
		(SELECT MIN(seq) FROM wa_event WHERE lane IN `+list(len(lanes))+` GROUP BY lane)`, blobs(lanes)...)
	if err != nil || len(seqs) == 0 {
		return nil, err
	}
	return claims, r.in.exec(ctx, tx, "UPDATE wa_event SET attempts = attempts + 1 WHERE seq IN "+list(len(seqs)), seqs...)
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

func without(lanes []hash, claims []*claim) []hash {
	var empty []hash
	found := map[hash]bool{}
	for _, c := range claims {
		found[c.lane] = true
	}
	for _, lane := range lanes {
		if !found[lane] {
			empty = append(empty, lane)
		}
	}
	return empty
}

func blobs(hashes []hash) []any {
	args := make([]any, len(hashes))
	for i := range hashes {
		args[i] = hashes[i][:]
	}
	return args
}
