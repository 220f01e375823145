package wacloud_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// memEvent is an event of a user: its lane is the user's.
func memEvent(id, user string) wacloud.Event {
	events, err := wacloud.ParseWebhook(hookBody(hookText(id, user, "text of "+id)))
	if err != nil || len(events) != 1 {
		panic("bad event")
	}
	return events[0]
}

func memEvents(user string, ids ...string) []wacloud.Event {
	var out []wacloud.Event
	for _, id := range ids {
		out = append(out, memEvent(id, user))
	}
	return out
}

// memRun runs an inbox in the background and records what the handler got.
type memRun struct {
	t    *testing.T
	in   *wacloud.MemoryInbox
	stop context.CancelFunc
	done chan error

	mu      sync.Mutex
	handled []string // wamids, in order of the starts of handlers
}

func startMem(t *testing.T, in *wacloud.MemoryInbox, cfg wacloud.RunConfig, h wacloud.HandlerFunc) *memRun {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &memRun{t: t, in: in, stop: cancel, done: make(chan error, 1)}
	cfg.Handler = wacloud.HandlerFunc(func(ctx context.Context, e *wacloud.Event) error {
		r.mu.Lock()
		r.handled = append(r.handled, e.Message.ID)
		r.mu.Unlock()
		if h == nil {
			return nil
		}
		return h(ctx, e)
	})
	go func() { r.done <- in.Run(ctx, cfg) }()
	synctest.Wait()
	return r
}

func (r *memRun) got() []string {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.handled...)
}

func (r *memRun) end() {
	r.t.Helper()
	r.stop()
	require.NoError(r.t, <-r.done)
}

func (r *memRun) put(events ...wacloud.Event) wacloud.PutResult {
	r.t.Helper()
	res, err := r.in.Put(r.t.Context(), events)
	require.NoError(r.t, err)
	return res
}

func (r *memRun) stats() wacloud.InboxStats {
	r.t.Helper()
	synctest.Wait()
	s, err := r.in.Stats(r.t.Context())
	require.NoError(r.t, err)
	return s
}

func TestMemoryInboxKeepsOrderInALane(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		at, running := map[string]time.Duration{}, map[string]bool{}
		start := time.Now()
		r := startMem(t, new(wacloud.MemoryInbox), wacloud.RunConfig{}, func(_ context.Context, e *wacloud.Event) error {
			mu.Lock()
			if running[e.Key()] {
				t.Errorf("two handlers of one lane at once")
			}
			running[e.Key()] = true
			at[e.Message.ID] = time.Since(start)
			mu.Unlock()
			sleep(time.Second)
			mu.Lock()
			running[e.Key()] = false
			mu.Unlock()
			return nil
		})
		r.put(append(memEvents("1001", "a1", "a2", "a3"), memEvents("1002", "b1", "b2")...)...)
		sleep(10 * time.Second)
		r.end()
		want := map[string]time.Duration{"a1": 0, "a2": time.Second, "a3": 2 * time.Second, "b1": 0, "b2": time.Second}
		if diff := cmp.Diff(want, at); diff != "" {
			t.Errorf("starts of the handlers (-want +got):\n%s", diff)
		}
	})
}

// It counts goroutines, so it does not run beside other tests.
func TestMemoryInboxHonoursWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startMem(t, wacloud.NewMemoryInbox(), wacloud.RunConfig{Workers: 3}, func(context.Context, *wacloud.Event) error {
			sleep(time.Second)
			return nil
		})
		before := runtime.NumGoroutine()
		for i := range 1000 {
			r.put(memEvent(fmt.Sprint("w", i), strconv.Itoa(100_000+i)))
		}
		require.Equal(t, 3, r.stats().Running)
		require.Equal(t, 1000, r.stats().Depth)
		require.Less(t, runtime.NumGoroutine()-before, 100, "waiting events have no goroutines")
		sleep(10500 * time.Millisecond)
		require.Len(t, r.got(), 33)
		r.stop()
		synctest.Wait()
		sleep(time.Second)
		require.NoError(t, <-r.done)
		require.Len(t, r.got(), 33, "nothing new after the end")
		require.Equal(t, 967, r.stats().Depth)
	})
}

func TestMemoryInboxRetriesAndHoldsTheLane(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var starts []time.Duration
		var attempts []int
		begin := time.Now()
		failed := make(chan error, 1)
		cfg := wacloud.RunConfig{Failed: func(_ context.Context, e *wacloud.Event, err error) {
			failed <- fmt.Errorf("%s: %w", e.Message.ID, err)
		}}
		r := startMem(t, wacloud.NewMemoryInbox(), cfg, func(_ context.Context, e *wacloud.Event) error {
			if e.Message.ID == "bad" {
				starts, attempts = append(starts, time.Since(begin)), append(attempts, e.Attempt)
				return io.EOF
			}
			return nil
		})
		r.put(memEvents("1001", "bad", "after")...)
		r.put(memEvent("other", "1002"))
		require.ElementsMatch(t, []string{"bad", "other"}, r.got(), "other users go on")
		sleep(3 * time.Minute)
		require.ErrorIs(t, <-failed, io.EOF)
		require.Equal(t, []int{1, 2, 3, 4, 5}, attempts)
		for i, pause := range []time.Duration{time.Second, 4 * time.Second, 15 * time.Second, time.Minute} {
			got := starts[i+1] - starts[i]
			require.InDelta(t, pause.Seconds(), got.Seconds(), 0.2*pause.Seconds()+0.001)
		}
		require.Equal(t, []string{"after"}, r.got()[6:], "the lane goes on")
		require.Equal(t, wacloud.InboxStats{DeadLetters: 1, IDs: 3}, r.stats())
		r.end()
	})
}

func TestMemoryInboxRedrives(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		broken := true
		r := startMem(t, wacloud.NewMemoryInbox(), wacloud.RunConfig{}, func(_ context.Context, e *wacloud.Event) error {
			require.Equal(t, 1, e.Attempt, "a redriven event has all its attempts")
			if broken && e.Message.ID != "fine" {
				return wacloud.Permanent(errors.New("no stock"))
			}
			return nil
		})
		r.put(memEvents("1001", "x1", "x2", "fine")...)
		require.Equal(t, []string{"x1", "x2", "fine"}, r.got())
		letters, err := r.in.DeadLetters(t.Context(), "", 1)
		require.NoError(t, err)
		require.Len(t, letters, 1)
		rest, err := r.in.DeadLetters(t.Context(), letters[0].ID, 10)
		require.NoError(t, err)
		require.Len(t, rest, 1)
		require.Equal(t, "x1 no stock 1, x2 no stock 1", fmt.Sprintf("%s %s %d, %s %s %d",
			letters[0].Event.Message.ID, letters[0].Error, letters[0].Attempts, rest[0].Event.Message.ID, rest[0].Error, rest[0].Attempts))

		require.Equal(t, wacloud.PutResult{Duplicates: 1}, r.put(memEvent("x1", "1001")), "Meta's repeat of a dead letter")
		broken = false
		require.NoError(t, r.in.Redrive(t.Context(), letters[0].ID))
		require.ErrorIs(t, r.in.Redrive(t.Context(), letters[0].ID), wacloud.ErrNotFound)
		require.ErrorIs(t, r.in.Redrive(t.Context(), "none"), wacloud.ErrNotFound)
		require.Equal(t, []string{"x1", "x2", "fine", "x1"}, r.got())
		require.Equal(t, 1, r.stats().DeadLetters)
		r.end()
	})
}

func TestMemoryInboxForgetsDeadLettersInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := startMem(t, wacloud.NewMemoryInbox(), wacloud.RunConfig{}, func(context.Context, *wacloud.Event) error {
			return wacloud.Permanent(io.EOF)
		})
		r.put(memEvent("x1", "1001"))
		sleep(30*24*time.Hour - time.Second)
		letters, err := r.in.DeadLetters(t.Context(), "", 10)
		require.NoError(t, err)
		require.Len(t, letters, 1)
		sleep(time.Second)
		letters, err = r.in.DeadLetters(t.Context(), "", 10)
		require.NoError(t, err)
		require.Empty(t, letters)
		r.end()
	})
}

func TestMemoryInboxKnowsIDsForEightDays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := startMem(t, wacloud.NewMemoryInbox(), wacloud.RunConfig{}, nil)
		event := memEvent("x", "1001")
		require.Equal(t, wacloud.PutResult{Stored: 1, Duplicates: 1}, r.put(event, event))
		synctest.Wait()
		sleep(8*24*time.Hour - 2*time.Second)
		require.Equal(t, wacloud.PutResult{Duplicates: 1}, r.put(event))
		sleep(2 * time.Second)
		require.Equal(t, wacloud.PutResult{Stored: 1}, r.put(event))
		require.Equal(t, []string{"x", "x"}, r.got())
		r.end()
	})
}

func TestMemoryInboxKnowsTheIDOfAnEventThatIsNotDone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in := wacloud.NewMemoryInbox(wacloud.MemoryIDs(2))
		event := memEvent("waiting", "1001")
		_, err := in.Put(t.Context(), []wacloud.Event{event})
		require.NoError(t, err)
		sleep(9 * 24 * time.Hour)
		result, err := in.Put(t.Context(), []wacloud.Event{event})
		require.NoError(t, err)
		require.Equal(t, wacloud.PutResult{Duplicates: 1}, result)
	})
}

func TestMemoryInboxBoundsIDs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := startMem(t, wacloud.NewMemoryInbox(wacloud.MemoryIDs(3)), wacloud.RunConfig{}, nil)
		for _, id := range []string{"1", "2", "3", "4"} {
			r.put(memEvent(id, "1001"))
			synctest.Wait()
		}
		for _, id := range []string{"2", "3", "4"} {
			require.Equal(t, wacloud.PutResult{Duplicates: 1}, r.put(memEvent(id, "1001")), id)
		}
		require.Equal(t, wacloud.PutResult{Stored: 1}, r.put(memEvent("1", "1001")), "the oldest was forgotten")
		r.end()
	})
}

func TestMemoryInboxBoundsBytes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in := wacloud.NewMemoryInbox(wacloud.MemoryBytes(100 << 10))
		stored := 0
		var refused wacloud.Event
		for i := 0; ; i++ {
			event := memEvent(fmt.Sprint("e", i), "1001") // one user: the bound is of all
			_, err := in.Put(t.Context(), []wacloud.Event{event})
			if err != nil {
				require.ErrorIs(t, err, wacloud.ErrInboxFull)
				refused = event
				break
			}
			stored++
		}
		require.InDelta(t, 50, stored, 25, "an event counts with its JSON twice and one KiB")
		stats, err := in.Stats(t.Context())
		require.NoError(t, err)
		require.Equal(t, stored, stats.Depth)
		require.LessOrEqual(t, stats.Bytes, int64(100<<10))

		batch := append(memEvents("1002", "n1", "n2"), refused)
		_, err = in.Put(t.Context(), batch)
		require.ErrorIs(t, err, wacloud.ErrInboxFull)
		r := startMem(t, in, wacloud.RunConfig{}, nil)
		require.Len(t, r.got(), stored, "nothing of a refused batch is stored")
		require.Zero(t, r.stats().Bytes)
		require.Equal(t, wacloud.PutResult{Stored: 3}, r.put(batch...), "and nothing of it counts as seen")
		r.end()
	})
}

func TestMemoryInboxDeadLettersGiveWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const bound = 100 << 10
		r := startMem(t, wacloud.NewMemoryInbox(wacloud.MemoryBytes(bound)), wacloud.RunConfig{}, func(context.Context, *wacloud.Event) error {
			return wacloud.Permanent(io.EOF)
		})
		for i := range 500 {
			r.put(memEvent(fmt.Sprint("d", i), "1001"))
			synctest.Wait()
		}
		stats := r.stats()
		require.Zero(t, stats.Depth)
		require.InDelta(t, 12, stats.DeadLetters, 6, "a quarter of the bytes")
		letters, err := r.in.DeadLetters(t.Context(), "", 1000)
		require.NoError(t, err)
		require.Equal(t, "d499", letters[len(letters)-1].Event.Message.ID, "the newest are kept")
		r.end()
		for i := range 1000 {
			if _, err := r.in.Put(t.Context(), memEvents("1001", fmt.Sprint("f", i))); err != nil {
				break
			}
		}
		require.Zero(t, r.stats().DeadLetters, "events need the room")
		require.InDelta(t, bound, r.stats().Bytes, 4<<10)
	})
}

func TestMemoryInboxKeepsItsOwnCopies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in := wacloud.NewMemoryInbox()
		events := memEvents("1001", "x")
		_, err := in.Put(t.Context(), events)
		require.NoError(t, err)
		events[0] = wacloud.Event{}
		var tries atomic.Int32
		r := startMem(t, in, wacloud.RunConfig{}, func(_ context.Context, e *wacloud.Event) error {
			require.Equal(t, wacloud.KindMessage, e.Kind)
			e.Kind, e.ID = wacloud.KindUnknown, "changed"
			if tries.Add(1) == 1 {
				return io.EOF
			}
			return nil
		})
		sleep(time.Minute)
		require.EqualValues(t, 2, tries.Load())
		r.end()
	})
}
