package inboxtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wacloud/wacloud"
)

var errNo = errors.New("inboxtest: the handler says no")

func checkHandled(s *suite) error {
	if err := s.open(); err != nil {
		return err
	}
	r := newRecorder(nil)
	s.start(r.handle)
	e := number(1, 1)
	if err := errors.Join(s.put(1, e), s.idle()); err != nil {
		return err
	}
	if got := r.texts(e.Key()); !slices.Equal(got, []string{"1"}) {
		return fmt.Errorf("handled %q, want the event as it was put", got)
	}
	return nil
}

func checkStorm(s *suite) error {
	if err := s.open(); err != nil {
		return err
	}
	r := newRecorder(nil)
	s.start(r.handle)
	e := number(1, 1)
	var stored, failed atomic.Int64
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			for range 100 {
				result, err := s.in.Put(s.ctx, []wacloud.Event{e})
				if err != nil {
					failed.Add(1)
				}
				stored.Add(int64(result.Stored))
			}
		})
	}
	wg.Wait()
	if stored.Load() != 1 || failed.Load() != 0 {
		return fmt.Errorf("%d of 10,000 deliveries were stored and %d failed, want 1 and 0", stored.Load(), failed.Load())
	}
	if err := s.idle(); err != nil {
		return err
	}
	s.settle()
	return r.expectCount(e, 1)
}

func checkRepeat(s *suite) error {
	if err := s.open(); err != nil {
		return err
	}
	r := newRecorder(nil)
	s.start(r.handle)
	e := number(1, 1)
	if err := errors.Join(s.put(1, e, e), s.idle(), s.put(0, e)); err != nil {
		return err
	}
	s.settle()
	return r.expectCount(e, 1)
}

func checkRepeatAfterRestart(s *suite) error {
	if err := s.open(); err != nil {
		return err
	}
	r := newRecorder(nil)
	s.start(r.handle)
	e := number(1, 1)
	if err := errors.Join(s.put(1, e), s.idle(), s.restart(r.handle), s.put(0, e)); err != nil {
		return err
	}
	s.settle()
	return r.expectCount(e, 1)
}

func checkRestart(s *suite) error {
	if err := s.open(); err != nil {
		return err
	}
	r := newRecorder(nil)
	var want []string
	for n := range 50 {
		if err := s.put(1, number(1, n)); err != nil {
			return err
		}
		want = append(want, strconv.Itoa(n))
	}
	if err := errors.Join(s.restart(r.handle), s.idle()); err != nil {
		return err
	}
	e := number(1, 0)
	if got := r.texts(e.Key()); !slices.Equal(got, want) {
		return fmt.Errorf("after a restart %d of %d events were handled, in the order %s", len(got), len(want), strings.Join(got, " "))
	}
	return nil
}

// restart ends Run, opens the same storage again and runs it.
func (s *suite) restart(h wacloud.HandlerFunc) error {
	if err := s.halt(); err != nil {
		return err
	}
	in, err := s.cfg.Reopen(s.in)
	if err != nil {
		s.in = nil
		return fmt.Errorf("reopen: %w", err)
	}
	s.in = in
	s.start(h)
	return nil
}

func checkOrder(s *suite) error {
	if err := s.open(); err != nil {
		return err
	}
	const users, each = 40, 50
	r := newRecorder(lingers(10, 5*time.Millisecond))
	s.start(r.handle)
	var wg sync.WaitGroup
	errs := make([]error, users)
	for i := range users {
		wg.Go(func() {
			for n := range each {
				if errs[i] = s.put(1, number(i, n)); errs[i] != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	if err := errors.Join(append(errs, s.idle())...); err != nil {
		return err
	}
	if n := r.overlapped(); n > 0 {
		return fmt.Errorf("%d times two events of one key were handled at once", n)
	}
	for i := range users {
		e := number(i, 0)
		for n, text := range r.texts(e.Key()) {
			if text != strconv.Itoa(n) {
				return fmt.Errorf("user %d: event %s was handled as number %d", i, text, n)
			}
		}
	}
	if r.count() != users*each {
		return fmt.Errorf("%d events handled, want %d", r.count(), users*each)
	}
	return nil
}

func checkParallel(s *suite) error {
	if err := s.open(); err != nil {
		return err
	}
	users, together := 8, int64(8)
	if s.cfg.SharedLanes {
		users, together = 32, 4
	}
	var waiting atomic.Int64
	all := make(chan struct{})
	r := newRecorder(func(ctx context.Context, _ *wacloud.Event) error {
		if waiting.Add(1) == together {
			close(all)
		}
		select {
		case <-all:
		case <-ctx.Done():
		}
		return nil
	})
	s.start(r.handle)
	for i := range users {
		if err := s.put(1, number(i, 0)); err != nil {
			return err
		}
	}
	return s.eventually(fmt.Sprintf("%d users are served at the same time", together), func() bool { return waiting.Load() >= together })
}

func checkCrowd(s *suite) error {
	if err := s.open(); err != nil {
		return err
	}
	block := make(chan struct{})
	defer close(block)
	r := newRecorder(func(ctx context.Context, e *wacloud.Event) error {
		if first := number(0, 0); e.Key() == first.Key() {
			select {
			case <-block:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	s.start(r.handle, func(c *wacloud.RunConfig) { c.DrainTimeout = time.Millisecond })
	for from := 0; from < s.cfg.Crowd; from += 500 {
		var batch []wacloud.Event
		for n := from; n < min(from+500, s.cfg.Crowd); n++ {
			batch = append(batch, number(0, n))
		}
		if err := s.put(len(batch), batch...); err != nil {
			return err
		}
	}
	for i := range 20 {
		if err := s.put(1, number(i+1, 0)); err != nil {
			return err
		}
	}
	served := 21
	if s.cfg.SharedLanes {
		served = 11
	}
	return s.eventually("the other users are served", func() bool { return r.count() >= served })
}

func checkRetry(s *suite) error {
	if err := s.open(); err != nil {
		return err
	}
	var attempts []int
	var mu sync.Mutex
	bad, behind, other := number(1, 0), number(1, 1), number(2, 0)
	r := newRecorder(func(_ context.Context, e *wacloud.Event) error {
		if e.ID != bad.ID {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if attempts = append(attempts, e.Attempt); len(attempts) < 3 {
			return errNo
		}
		return nil
	})
	s.start(r.handle)
	if err := errors.Join(s.put(2, bad, behind), s.put(1, other), s.idle()); err != nil {
		return err
	}
	if !slices.Equal(attempts, []int{1, 2, 3}) {
		return fmt.Errorf("Event.Attempt was %v, want 1 2 3", attempts)
	}
	if got := r.texts(bad.Key()); !slices.Equal(got, []string{"0", "0", "0", "1"}) {
		return fmt.Errorf("the lane was handled as %q: a failed event holds its lane", got)
	}
	return r.expectCount(other, 1)
}

func checkPanic(s *suite) error {
	if err := s.open(); err != nil {
		return err
	}
	e := number(1, 0)
	var calls atomic.Int64
	r := newRecorder(func(context.Context, *wacloud.Event) error {
		if calls.Add(1) == 1 {
			panic("inboxtest: the handler panics")
		}
		return nil
	})
	s.start(r.handle)
	if err := errors.Join(s.put(1, e), s.idle()); err != nil {
		return err
	}
	return r.expectCount(e, 2)
}

func checkStall(s *suite) error {
	if err := s.open(); err != nil {
		return err
	}
	stalled, behind := number(1, 0), number(1, 1)
	end := make(chan struct{})
	defer close(end)
	r := newRecorder(func(_ context.Context, e *wacloud.Event) error {
		if e.ID == stalled.ID && e.Attempt == 1 {
			<-end // whatever its context says
		}
		return nil
	})
	s.start(r.handle, func(c *wacloud.RunConfig) { c.HandlerTimeout = 100 * time.Millisecond })
	if err := errors.Join(s.put(2, stalled, behind), s.idle()); err != nil {
		return err
	}
	if got := r.texts(stalled.Key()); !slices.Equal(got, []string{"0", "0", "1"}) {
		return fmt.Errorf("the lane was handled as %q, want the event that stalled twice and then the one behind it", got)
	}
	return nil
}

func checkPoison(s *suite) error {
	if err := s.open(); err != nil {
		return err
	}
	bad, behind := number(1, 0), number(1, 1)
	r := newRecorder(func(_ context.Context, e *wacloud.Event) error {
		if e.ID == bad.ID {
			return errNo
		}
		return nil
	})
	var gaveUp atomic.Int64
	s.start(r.handle, func(c *wacloud.RunConfig) {
		c.Failed = func(_ context.Context, e *wacloud.Event, err error) {
			if e.ID == bad.ID && err != nil {
				gaveUp.Add(1)
			}
		}
	})
	if err := errors.Join(s.put(2, bad, behind), s.idle(),
		s.eventually("Failed is called", func() bool { return gaveUp.Load() == 1 })); err != nil {
		return err
	}
	if err := errors.Join(r.expectCount(bad, 3), r.expectCount(behind, 1)); err != nil {
		return err
	}
	letters, err := s.in.DeadLetters(s.ctx, "", 10)
	if err != nil {
		return err
	}
	if len(letters) != 1 || letters[0].Event.ID != bad.ID || letters[0].Attempts != 3 || letters[0].Error == "" || letters[0].FailedAt.IsZero() {
		return fmt.Errorf("%d dead letters, want the one event with 3 attempts, its error and its time", len(letters))
	}
	rest, err := s.in.DeadLetters(s.ctx, letters[0].ID, 10)
	if err == nil && len(rest) != 0 {
		err = fmt.Errorf("%d dead letters after the last, want none", len(rest))
	}
	return errors.Join(err, s.put(0, bad))
}

func checkRedrive(s *suite) error {
	if err := s.open(); err != nil {
		return err
	}
	var healed atomic.Bool
	e := number(1, 0)
	r := newRecorder(func(context.Context, *wacloud.Event) error {
		if healed.Load() {
			return nil
		}
		return errNo
	})
	s.start(r.handle)
	if err := errors.Join(s.put(1, e), s.idle()); err != nil {
		return err
	}
	letters, err := s.in.DeadLetters(s.ctx, "", 10)
	if err != nil || len(letters) != 1 {
		return fmt.Errorf("%d dead letters, want 1: %w", len(letters), err)
	}
	healed.Store(true)
	if err := s.in.Redrive(s.ctx, letters[0].ID); err != nil {
		return fmt.Errorf("redrive: %w", err)
	}
	if err := s.in.Redrive(s.ctx, letters[0].ID); !errors.Is(err, wacloud.ErrNotFound) {
		return fmt.Errorf("the second redrive returned %w, want ErrNotFound", err)
	}
	if err := s.idle(); err != nil {
		return err
	}
	s.settle()
	stats, err := s.in.Stats(s.ctx)
	if err == nil && stats.DeadLetters != 0 {
		err = fmt.Errorf("%d dead letters after the redrive, want none", stats.DeadLetters)
	}
	return errors.Join(err, r.expectCount(e, 4))
}

func checkPermanent(s *suite) error {
	if err := s.open(); err != nil {
		return err
	}
	e := number(1, 0)
	r := newRecorder(func(context.Context, *wacloud.Event) error { return wacloud.Permanent(errNo) })
	s.start(r.handle)
	if err := errors.Join(s.put(1, e), s.idle()); err != nil {
		return err
	}
	s.settle()
	return r.expectCount(e, 1)
}

func checkBound(s *suite) error {
	in, err := s.cfg.Bounded(200_000)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	s.in = in
	body := strings.Repeat("x", 2000)
	var taken []wacloud.Event
	full := 0
	for i := range 1000 {
		e := Text(user(i%10), fmt.Sprintf("wamid.%d", i), body)
		switch _, err := s.in.Put(s.ctx, []wacloud.Event{e}); {
		case err == nil:
			taken = append(taken, e)
		case errors.Is(err, wacloud.ErrInboxFull):
			full++
		default:
			return fmt.Errorf("put into a full inbox: %w, want ErrInboxFull", err)
		}
	}
	if full == 0 || len(taken) < 10 {
		return fmt.Errorf("of 2 MB of events %d were stored and %d refused, want about 200 kB stored", len(taken), full)
	}
	r := newRecorder(nil)
	s.start(r.handle)
	if err := s.idle(); err != nil {
		return err
	}
	for _, e := range taken {
		if err := r.expectCount(e, 1); err != nil {
			return err
		}
	}
	fresh := Text(user(1), "wamid.fresh", body)
	return s.eventually("the inbox takes events again", func() bool {
		_, err := s.in.Put(s.ctx, []wacloud.Event{fresh})
		return err == nil
	})
}

func checkCancelledPut(s *suite) error {
	if err := s.open(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	if _, err := s.in.Put(ctx, []wacloud.Event{number(1, 0)}); !errors.Is(err, context.Canceled) {
		return fmt.Errorf("put with a cancelled context returned %w, want context.Canceled", err)
	}
	return nil
}

func checkDrain(s *suite) error {
	if err := s.open(); err != nil {
		return err
	}
	started, finish := make(chan struct{}, 1), make(chan struct{})
	first, second := number(1, 0), number(1, 1)
	r := newRecorder(func(ctx context.Context, _ *wacloud.Event) error {
		started <- struct{}{}
		<-finish
		return ctx.Err()
	})
	s.start(r.handle)
	if err := s.put(2, first, second); err != nil {
		return err
	}
	<-started
	halted := make(chan error, 1)
	go func() { halted <- s.halt() }()
	s.settle()
	close(finish)
	if err := <-halted; err != nil {
		return err
	}
	if err := errors.Join(r.expectCount(first, 1), r.expectCount(second, 0)); err != nil {
		return fmt.Errorf("while Run was ending: %w", err)
	}
	again := newRecorder(nil)
	s.start(again.handle)
	if err := s.idle(); err != nil {
		return err
	}
	return errors.Join(again.expectCount(first, 0), again.expectCount(second, 1))
}

func checkCut(s *suite) error {
	if err := s.open(); err != nil {
		return err
	}
	started := make(chan struct{}, 1)
	e := number(1, 0)
	s.start(func(ctx context.Context, _ *wacloud.Event) error {
		started <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}, func(c *wacloud.RunConfig) { c.DrainTimeout = 10 * time.Millisecond })
	if err := s.put(1, e); err != nil {
		return err
	}
	<-started
	if err := s.halt(); err != nil {
		return err
	}
	r := newRecorder(func(_ context.Context, e *wacloud.Event) error {
		if e.Attempt != 1 {
			return fmt.Errorf("attempt %d", e.Attempt)
		}
		return nil
	})
	s.start(r.handle)
	if err := s.idle(); err != nil {
		return err
	}
	return r.expectCount(e, 1)
}

func checkBytes(s *suite) error {
	if err := s.open(); err != nil {
		return err
	}
	r := newRecorder(nil)
	s.start(r.handle)
	var events []wacloud.Event
	for _, odd := range []string{
		"nul\x00nul", `quote'";--`, "percent%00", "line\nline", "|pipe|", "\u2028", "ümlaut", strings.Repeat("long", 2500), "\xff\xfe", " ", "a|b", "a", "|b",
	} {
		events = append(events, Text("15551234567", odd, odd), Text(odd, "wamid."+odd, odd))
	}
	if err := errors.Join(s.put(len(events), events...), s.idle(), s.put(0, events...)); err != nil {
		return err
	}
	for _, e := range events {
		if err := r.expectCount(e, 1); err != nil {
			return err
		}
	}
	return nil
}

func checkStats(s *suite) error {
	if err := s.open(); err != nil {
		return err
	}
	if err := s.put(3, number(1, 0), number(1, 1), number(2, 0)); err != nil {
		return err
	}
	s.settle()
	stats, err := s.in.Stats(s.ctx)
	if err != nil {
		return err
	}
	if stats.Depth != 3 || stats.Bytes <= 0 || stats.OldestAge <= 0 || stats.Running != 0 || stats.DeadLetters != 0 {
		return fmt.Errorf("three events wait, and the numbers are %+v", stats)
	}
	s.start(newRecorder(nil).handle)
	if err := s.idle(); err != nil {
		return err
	}
	if stats, err = s.in.Stats(s.ctx); err == nil && (stats.Bytes != 0 || stats.IDs != 3) {
		err = fmt.Errorf("three events are done, and the numbers are %+v", stats)
	}
	return err
}

func checkClose(s *suite) error {
	if err := s.open(); err != nil {
		return err
	}
	s.start(newRecorder(nil).handle)
	if err := errors.Join(s.put(1, number(1, 0)), s.idle(), s.halt(), s.in.Close()); err != nil {
		return err
	}
	in := s.in
	s.in = nil
	for n := range 20 {
		ctx, cancel := context.WithTimeout(s.ctx, 5*time.Second)
		_, err := in.Put(ctx, []wacloud.Event{number(1, n+1)})
		cancel()
		if err == nil || errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("put into a closed inbox returned %v, want an error at once", err) //nolint:errorlint // it may be nil
		}
	}
	return nil
}
