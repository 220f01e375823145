package wacloudtest_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud/wacloudtest"
)

var errKitchen = errors.New("the kitchen is closed")

// The error holds everything that went wrong, in its order.
func TestRunSaysWhatWentWrong(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		f    func(tb wacloudtest.TB) error
		want string
	}{
		{"nothing", func(wacloudtest.TB) error { return nil }, ""},
		{"what f returns", func(wacloudtest.TB) error { return errKitchen }, "the kitchen is closed"},
		{"Errorf lets f go on", func(tb wacloudtest.TB) error {
			tb.Errorf("pizza %d", 1)
			tb.Errorf("pizza %d", 2)
			return errKitchen
		}, "pizza 1\npizza 2\nthe kitchen is closed"},
		{"Fatalf ends f", func(tb wacloudtest.TB) error {
			defer tb.Errorf("what f has deferred")
			tb.Fatalf("pizza %d", 1)
			return errKitchen
		}, "pizza 1\nwhat f has deferred"},
		{"Fatalf elsewhere ends that goroutine", func(tb wacloudtest.TB) error {
			var waiters sync.WaitGroup
			waiters.Go(func() {
				tb.Fatalf("pizza %d", 1)
				tb.Errorf("not reached")
			})
			waiters.Wait()
			return errKitchen
		}, "pizza 1\nthe kitchen is closed"},
		{"clean-ups", func(tb wacloudtest.TB) error {
			tb.Cleanup(func() { tb.Errorf("third") })
			tb.Cleanup(func() {
				tb.Cleanup(func() { tb.Errorf("second") })
				tb.Errorf("first")
			})
			return errKitchen
		}, "the kitchen is closed\nfirst\nsecond\nthird"},
		{"a clean-up that fails keeps none from running", func(tb wacloudtest.TB) error {
			tb.Cleanup(func() { tb.Errorf("second") })
			tb.Cleanup(func() { tb.Fatalf("first") })
			tb.Fatalf("pizza %d", 1)
			return nil
		}, "pizza 1\nfirst\nsecond"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := wacloudtest.Run(nil, tt.f)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, tt.want)
		})
	}
}

// The caller can tell what f returned.
func TestRunKeepsTheError(t *testing.T) {
	t.Parallel()
	err := wacloudtest.Run(nil, func(tb wacloudtest.TB) error {
		tb.Errorf("pizza")
		return context.Canceled
	})
	require.ErrorIs(t, err, context.Canceled)
}

// A panic is an error with its stack, and keeps no clean-up from running.
func TestRunReportsPanics(t *testing.T) {
	t.Parallel()
	var ran []string
	err := wacloudtest.Run(nil, func(tb wacloudtest.TB) error {
		tb.Cleanup(func() { ran = append(ran, "last") })
		tb.Cleanup(func() { panic("the oven") })
		tb.Cleanup(nil)
		tb.Cleanup(func() { ran = append(ran, "first") })
		panic(errKitchen)
	})
	for _, want := range []string{
		"wacloudtest: panic: the kitchen is closed", "wacloudtest: panic: the oven", "nil pointer", "run_test.go",
	} {
		require.ErrorContains(t, err, want)
	}
	require.Empty(t, cmp.Diff([]string{"first", "last"}, ran))
}

func TestRunLogs(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	require.NoError(t, wacloudtest.Run(&log, func(tb wacloudtest.TB) error {
		tb.Helper()
		tb.Logf("%d pizzas", 2)
		tb.Cleanup(func() { tb.Logf("100 %%") })
		return nil
	}))
	require.Equal(t, "2 pizzas\n100 %\n", log.String())
	require.NoError(t, wacloudtest.Run(nil, func(tb wacloudtest.TB) error {
		tb.Logf("nobody reads this")
		return nil
	}))
}

// A goroutine that f has left behind harms nobody.
func TestRunIsOver(t *testing.T) {
	t.Parallel()
	var late wacloudtest.TB
	var log strings.Builder
	err := wacloudtest.Run(&log, func(tb wacloudtest.TB) error {
		late = tb
		tb.Logf("in time")
		return errKitchen
	})
	late.Errorf("late")
	late.Logf("late")
	cleaned := false
	late.Cleanup(func() { cleaned = true })
	require.True(t, cleaned, "nobody else would")
	var waiter sync.WaitGroup
	waiter.Go(func() {
		late.Fatalf("late")
		panic("not reached")
	})
	waiter.Wait()
	require.EqualError(t, err, "the kitchen is closed")
	require.Equal(t, "in time\n", log.String())
}

func TestRunIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	cleaned := 0
	err := wacloudtest.Run(&log, func(tb wacloudtest.TB) error {
		var waiters sync.WaitGroup
		for range 50 {
			waiters.Go(func() { tb.Cleanup(func() { cleaned++ }) })
			waiters.Go(func() { tb.Logf("pizza") })
			waiters.Go(func() { tb.Errorf("burnt") })
			waiters.Go(func() { tb.Fatalf("burnt") })
		}
		waiters.Wait()
		return nil
	})
	require.EqualError(t, err, strings.TrimSuffix(strings.Repeat("burnt\n", 100), "\n"))
	require.Equal(t, strings.Repeat("pizza\n", 50), log.String())
	require.Equal(t, 50, cleaned)
}

// Who goes on talking while Run returns does not get in the way of who reads the log and the error.
func TestRunEndsAmongOthers(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	var others sync.WaitGroup
	var said atomic.Int64
	var stop atomic.Bool
	hear := func() { // some more
		for enough := said.Load() + 10; said.Load() < enough; runtime.Gosched() {
		}
	}
	err := wacloudtest.Run(&log, func(tb wacloudtest.TB) error {
		for range 4 {
			others.Go(func() {
				for ; !stop.Load(); said.Add(1) {
					tb.Logf("pizza")
					tb.Errorf("burnt")
				}
			})
		}
		hear()
		return errKitchen
	})
	text := log.String()
	require.ErrorIs(t, err, errKitchen)
	hear()
	stop.Store(true)
	others.Wait()
	require.Equal(t, text, log.String())
}

// What the kit starts ends with Run.
func TestRunStopsTheServer(t *testing.T) {
	t.Parallel()
	var srv *wacloudtest.Server
	require.NoError(t, wacloudtest.Run(nil, func(tb wacloudtest.TB) error {
		srv = wacloudtest.NewServer(tb)
		srv.Serve(newBot())
		srv.User("Ana").Say("oi")
		return nil
	}))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL(), http.NoBody)
	require.NoError(t, err)
	_, err = srv.HTTPClient().Do(req)
	require.ErrorContains(t, err, "refused")
}
