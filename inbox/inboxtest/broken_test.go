package inboxtest_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/inbox/inboxtest"
)

// defect is a way in which an inbox is wrong.
type defect string

const (
	none              defect = ""
	acksBeforeStoring defect = "acks before storing"
	forgetsIDs        defect = "forgets ids on restart"
	dropsOnFull       defect = "drops on full"
	twoAtATime        defect = "two at a time per key"
	newestFirst       defect = "newest first"
	losesOnError      defect = "loses on handler error"
	losesOnPanic      defect = "loses on panic"
	neverDeadLetters  defect = "never dead-letters"
	redrivesTwice     defect = "redrives twice"
	blocksAllKeys     defect = "blocks all keys behind one"
)

// disk is what outlives a simple inbox.
type disk struct {
	seen   map[string]bool
	events []*held // in the order in which they were stored
	dead   []wacloud.DeadLetter
	bytes  int64
}

type held struct {
	event   wacloud.Event
	readyAt time.Time
	running bool
}

// simple is an inbox that is slow, plain and right, unless it has a defect.
type simple struct {
	defect defect
	bound  int64

	mu     sync.Mutex
	cond   *sync.Cond
	disk   *disk
	closed bool
}

func newSimple(d defect, bound int64) *simple {
	s := &simple{defect: d, bound: bound, disk: &disk{seen: map[string]bool{}}}
	s.cond = sync.NewCond(&s.mu)
	return s
}

func (s *simple) reopen() *simple {
	n := newSimple(s.defect, s.bound)
	n.disk = s.disk
	if s.defect == forgetsIDs {
		n.disk.seen = map[string]bool{}
	}
	return n
}

func (s *simple) Put(ctx context.Context, events []wacloud.Event) (r wacloud.PutResult, err error) {
	if err := ctx.Err(); err != nil {
		return r, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return r, errors.New("closed")
	}
	for _, e := range events {
		if s.disk.seen[e.ID] {
			r.Duplicates++
			continue
		}
		if s.disk.bytes+int64(len(e.Raw)) > s.bound {
			if s.defect == dropsOnFull {
				r.Stored++
				continue
			}
			return r, wacloud.ErrInboxFull
		}
		r.Stored++
		s.disk.seen[e.ID] = true
		s.disk.bytes += int64(len(e.Raw))
		h := &held{event: e}
		if s.defect == acksBeforeStoring {
			d := s.disk
			time.AfterFunc(200*time.Millisecond, func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				if d == s.disk && !s.closed { // a crash in between loses it
					d.events = append(d.events, h)
					s.cond.Broadcast()
				}
			})
			continue
		}
		s.disk.events = append(s.disk.events, h)
	}
	s.cond.Broadcast()
	return r, nil
}

// next returns an event to handle and marks it as running.
func (s *simple) next() *held {
	candidates := slices.Clone(s.disk.events)
	if s.defect == newestFirst {
		slices.Reverse(candidates)
	}
	blocked := map[string]bool{}
	for _, h := range candidates {
		lane := h.event.Key()
		if s.defect == blocksAllKeys {
			lane = ""
		}
		if !blocked[lane] && !h.running && !h.readyAt.After(time.Now()) {
			h.running = true
			return h
		}
		if s.defect != twoAtATime || !h.running {
			blocked[lane] = true
		}
	}
	return nil
}

func (s *simple) Run(ctx context.Context, cfg wacloud.RunConfig) error {
	cfg = cfg.WithDefaults()
	handlers, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		time.AfterFunc(cfg.DrainTimeout, cancel)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.cond.Broadcast()
	})()
	var workers sync.WaitGroup
	for range cfg.Workers {
		workers.Go(func() { s.work(ctx, handlers, cfg) })
	}
	workers.Wait()
	return nil
}

func (s *simple) work(ctx, handlers context.Context, cfg wacloud.RunConfig) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ctx.Err() == nil {
		h := s.next()
		if h == nil {
			s.cond.Wait()
			continue
		}
		h.event.Attempt++
		s.mu.Unlock()
		var panicked atomic.Bool // a handler that is left behind writes it whenever it ends
		once := cfg
		once.Handler = wacloud.HandlerFunc(func(ctx context.Context, e *wacloud.Event) error {
			panicked.Store(true)
			err := cfg.Handler.Handle(ctx, e)
			panicked.Store(false)
			return err
		})
		out := once.Deliver(handlers, &h.event, nil)
		s.mu.Lock()
		s.settle(h, out, panicked.Load())
		if out.Dead && s.defect != neverDeadLetters {
			s.mu.Unlock()
			cfg.GiveUp(handlers, &h.event, out.Err)
			s.mu.Lock()
		}
	}
}

func (s *simple) settle(h *held, out wacloud.Outcome, panicked bool) {
	h.running = false
	lost := out.Err != nil && !out.Cut && (s.defect == losesOnError && !panicked || s.defect == losesOnPanic && panicked)
	switch {
	case out.Done, lost:
		s.remove(h)
	case out.Dead && s.defect != neverDeadLetters:
		s.remove(h)
		s.disk.dead = append(s.disk.dead, wacloud.DeadLetter{
			ID: h.event.ID, Event: h.event, Error: out.Err.Error(), Attempts: h.event.Attempt, FailedAt: time.Now(),
		})
	case out.Cut:
		h.event.Attempt--
	default:
		h.readyAt = time.Now().Add(out.Delay)
		time.AfterFunc(out.Delay+time.Millisecond, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.cond.Broadcast()
		})
	}
	s.cond.Broadcast()
}

func (s *simple) remove(h *held) {
	s.disk.events = slices.DeleteFunc(s.disk.events, func(o *held) bool { return o == h })
	s.disk.bytes -= int64(len(h.event.Raw))
}

func (s *simple) Stats(context.Context) (wacloud.InboxStats, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := wacloud.InboxStats{Depth: len(s.disk.events), Bytes: s.disk.bytes, DeadLetters: len(s.disk.dead), IDs: len(s.disk.seen)}
	if stats.Depth > 0 {
		stats.OldestAge = time.Nanosecond
	}
	return stats, nil
}

func (s *simple) DeadLetters(_ context.Context, after string, limit int) ([]wacloud.DeadLetter, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []wacloud.DeadLetter
	for _, d := range s.disk.dead {
		if d.ID > after && len(found) < limit {
			found = append(found, d)
		}
	}
	return found, nil
}

func (s *simple) Redrive(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, d := range s.disk.dead {
		if d.ID != id {
			continue
		}
		s.disk.dead = slices.Delete(s.disk.dead, i, i+1)
		d.Event.Attempt = 0
		s.disk.events = append(s.disk.events, &held{event: d.Event})
		if s.defect == redrivesTwice {
			s.disk.events = append(s.disk.events, &held{event: d.Event})
		}
		s.cond.Broadcast()
		return nil
	}
	return wacloud.ErrNotFound
}

func (s *simple) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

func simpleConfig(d defect) inboxtest.Config {
	return inboxtest.Config{
		Open: func() (wacloud.Inbox, error) { return newSimple(d, 1<<30), nil },
		Reopen: func(in wacloud.Inbox) (wacloud.Inbox, error) {
			old := in.(*simple)
			return old.reopen(), old.Close()
		},
		Bounded:  func(n int64) (wacloud.Inbox, error) { return newSimple(d, n), nil },
		Patience: 2 * time.Second,
		Crowd:    200,
	}
}

func TestSuitePassesARightInbox(t *testing.T) {
	t.Parallel()
	cfg := simpleConfig(none)
	cfg.Patience = 30 * time.Second
	inboxtest.Run(t, cfg)
}

// The suite is worth something only if it fails what is wrong, by the check that is there for it.
func TestSuiteFailsEveryBrokenInbox(t *testing.T) {
	t.Parallel()
	for d, check := range map[defect]string{
		acksBeforeStoring: "what was stored is there after a restart",
		forgetsIDs:        "an id is recognised after a restart",
		dropsOnFull:       "beyond the bound nothing is dropped",
		twoAtATime:        "one at a time and in order within a key",
		newestFirst:       "what was stored is there after a restart",
		losesOnError:      "an error means another attempt, and holds the lane",
		losesOnPanic:      "a panic means another attempt",
		neverDeadLetters:  "a poisoned event becomes a dead letter",
		redrivesTwice:     "a dead letter is handled once when redriven",
		blocksAllKeys:     "one full lane does not hold up the others",
	} {
		t.Run(string(d), func(t *testing.T) {
			t.Parallel()
			i := slices.IndexFunc(inboxtest.Checks(), func(c inboxtest.Check) bool { return c.Name == check })
			require.GreaterOrEqual(t, i, 0, "no check is named %q", check)
			err := inboxtest.Checks()[i].Test(t.Context(), simpleConfig(d))
			require.Error(t, err, "the check %q passes an inbox that %s", check, d)
			t.Log(err)
		})
	}
}
