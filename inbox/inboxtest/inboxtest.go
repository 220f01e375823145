// Package inboxtest is the conformance suite that every [wacloud.Inbox] and [wacloud.Store] passes, ours and a stranger's:
//
//	func TestInbox(t *testing.T) {
//		inboxtest.Run(t, inboxtest.Config{
//			Open: func() (wacloud.Inbox, error) { return myinbox.Open(t.TempDir()) },
//		})
//	}
//
// Each check opens an inbox of its own, works on it as a webhook and a bot would, and returns what is wrong.
package inboxtest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/wacloud/wacloud"
)

// Config says how to open the inbox under test.
type Config struct {
	// Open returns an empty inbox. Required.
	Open func() (wacloud.Inbox, error)
	// Reopen closes an inbox and opens the same storage again. Nil for an inbox that does not outlive its process: the
	// checks of durability are then left out.
	Reopen func(wacloud.Inbox) (wacloud.Inbox, error)
	// Bounded returns an empty inbox that holds about this many bytes. Nil leaves the check of the bound out.
	Bounded func(bytes int64) (wacloud.Inbox, error)
	// SharedLanes says that keys share lanes (partitions), so that one key may hold up some of the others. The checks then
	// expect that most keys go on, not all.
	SharedLanes bool
	// Patience is how long the inbox may take to hand out what it holds, 30 s by default.
	Patience time.Duration
	// Crowd is the number of events that wait in one lane in the check "one full lane", 5,000 by default.
	Crowd int
}

// A Check is one property of an inbox.
type Check struct {
	Name string
	run  func(*suite) error
	need func(Config) bool // nil when every inbox is held to it
}

// Run holds an inbox to every check, each in a subtest.
func Run(t *testing.T, cfg Config) {
	t.Helper()
	for _, c := range Checks() {
		t.Run(c.Name, func(t *testing.T) {
			if c.need != nil && !c.need(cfg) {
				t.Skipf("%s: the configuration leaves this out", c.Name)
			}
			if err := c.Test(t.Context(), cfg); err != nil {
				t.Error(err)
			}
		})
	}
}

// Test runs the check and returns what is wrong, nil when nothing is.
func (c Check) Test(ctx context.Context, cfg Config) error {
	if cfg.Open == nil {
		return errors.New("inboxtest: Config.Open is required")
	}
	if c.need != nil && !c.need(cfg) {
		return nil
	}
	if cfg.Patience <= 0 {
		cfg.Patience = 30 * time.Second
	}
	if cfg.Crowd <= 0 {
		cfg.Crowd = 5000
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &suite{ctx: ctx, cfg: cfg}
	err := c.run(s)
	return errors.Join(err, s.finish())
}

// Checks are all checks, in the order in which Run takes them.
func Checks() []Check {
	durable := func(c Config) bool { return c.Reopen != nil }
	bounded := func(c Config) bool { return c.Bounded != nil }
	return []Check{
		{"an event is handled", checkHandled, nil},
		{"one id, 10,000 deliveries at once, one handling", checkStorm, nil},
		{"a repeat is recognised after the event is done", checkRepeat, nil},
		{"an id is recognised after a restart", checkRepeatAfterRestart, durable},
		{"what was stored is there after a restart", checkRestart, durable},
		{"one at a time and in order within a key", checkOrder, nil},
		{"keys run in parallel", checkParallel, nil},
		{"one full lane does not hold up the others", checkCrowd, nil},
		{"an error means another attempt, and holds the lane", checkRetry, nil},
		{"a panic means another attempt", checkPanic, nil},
		{"a handler that never returns means another attempt", checkStall, nil},
		{"a poisoned event becomes a dead letter", checkPoison, nil},
		{"a dead letter is handled once when redriven", checkRedrive, nil},
		{"a permanent error is not tried again", checkPermanent, nil},
		{"beyond the bound nothing is dropped", checkBound, bounded},
		{"a cancelled Put returns", checkCancelledPut, nil},
		{"Run lets handlers finish", checkDrain, nil},
		{"a handler that does not finish runs again", checkCut, nil},
		{"any bytes in ids and keys", checkBytes, nil},
		{"numbers of what is held", checkStats, nil},
		{"closed", checkClose, nil},
		{"random operations against a model", checkModel, nil},
	}
}

// A suite is the state of one check.
type suite struct {
	ctx  context.Context
	cfg  Config
	in   wacloud.Inbox
	stop func() error // ends Run; nil when it does not run
}

// open gives the check its inbox.
func (s *suite) open() error {
	in, err := s.cfg.Open()
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	s.in = in
	return nil
}

// start runs the inbox with h until halt or the end of the check.
func (s *suite) start(h wacloud.HandlerFunc, change ...func(*wacloud.RunConfig)) {
	cfg := wacloud.RunConfig{Handler: h, Workers: 32, MaxAttempts: 3, Backoff: []time.Duration{10 * time.Millisecond}, DrainTimeout: 5 * time.Second}
	for _, f := range change {
		f(&cfg)
	}
	ctx, cancel := context.WithCancel(s.ctx)
	done := make(chan error, 1)
	go func() { done <- s.in.Run(ctx, cfg) }()
	s.stop = func() error {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				return fmt.Errorf("Run returned %w when its context ended, want nil", err)
			}
			return nil
		case <-time.After(s.cfg.Patience):
			return errors.New("Run did not return after its context ended")
		}
	}
}

func (s *suite) halt() error {
	if s.stop == nil {
		return nil
	}
	stop := s.stop
	s.stop = nil
	return stop()
}

func (s *suite) finish() error {
	err := s.halt()
	if s.in != nil {
		err = errors.Join(err, s.in.Close())
	}
	return err
}

// put stores events and expects that so many of them are new.
func (s *suite) put(stored int, events ...wacloud.Event) error {
	r, err := s.in.Put(s.ctx, events)
	if err != nil {
		return fmt.Errorf("put: %w", err)
	}
	if r.Stored != stored || r.Duplicates != len(events)-stored {
		return fmt.Errorf("put of %d events: %d stored and %d duplicates, want %d and %d", len(events), r.Stored, r.Duplicates, stored, len(events)-stored)
	}
	return nil
}

// eventually waits until ok is true.
func (s *suite) eventually(what string, ok func() bool) error {
	deadline := time.NewTimer(s.cfg.Patience)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			return fmt.Errorf("not within %v: %s", s.cfg.Patience, what)
		case <-s.ctx.Done():
			return s.ctx.Err()
		}
	}
	return nil
}

// idle waits until the inbox holds nothing but dead letters.
func (s *suite) idle() error {
	return s.eventually("every event is done", func() bool {
		stats, err := s.in.Stats(s.ctx)
		return err == nil && stats.Depth == 0
	})
}

// settle gives an inbox that is wrong the time to show it.
func (s *suite) settle() {
	t := time.NewTimer(50 * time.Millisecond)
	defer t.Stop()
	<-t.C
}
