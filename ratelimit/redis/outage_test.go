package redislimit_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	redislimit "github.com/wacloud/wacloud/ratelimit/redis"
)

// A stub is a client that answers what the test says, and does not end with the context, as go-redis does not by default.
type stub struct {
	redis.Scripter
	answer func() (wait any, err error)

	calls atomic.Int64
	mu    sync.Mutex
	args  []any // of the last call
}

func (s *stub) EvalSha(ctx context.Context, _ string, keys []string, args ...any) *redis.Cmd {
	s.calls.Add(1)
	s.mu.Lock()
	s.args = append([]any{keys[0]}, args...)
	s.mu.Unlock()
	wait, err := s.answer()
	cmd := redis.NewCmd(ctx)
	cmd.SetVal(wait)
	cmd.SetErr(err)
	return cmd
}

func ok() (any, error) { return int64(0), nil }

// The numbers are Meta's limit as a client keeps it: 90 % of it, and the tenth at once, in microseconds.
func TestArguments(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		perSecond int
		n         int
		want      []any
	}{
		{name: "one", perSecond: 80, n: 1, want: []any{"wacloud:limit:number:1", int64(13_889), int64(111_112), int64(10_000_000), int64(10_111_112)}},
		{name: "three", perSecond: 80, n: 3, want: []any{"wacloud:limit:number:1", int64(41_667), int64(111_112), int64(10_000_000), int64(10_111_112)}},
		{name: "shared with the app", perSecond: 20, n: 1, want: []any{"wacloud:limit:number:1", int64(55_556), int64(111_112), int64(10_000_000), int64(10_111_112)}},
		{name: "upgraded", perSecond: 1000, n: 1, want: []any{"wacloud:limit:number:1", int64(1_112), int64(111_200), int64(10_000_000), int64(10_111_200)}},
		{name: "a tenth is less than one", perSecond: 5, n: 1, want: []any{"wacloud:limit:number:1", int64(222_223), int64(222_223), int64(10_000_000), int64(10_222_223)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &stub{answer: ok}
			l, err := redislimit.New(s, redislimit.PerSecond(tt.perSecond))
			require.NoError(t, err)
			_, err = l.Reserve(t.Context(), "number:1", tt.n)
			require.NoError(t, err)
			if diff := cmp.Diff(tt.want, s.args); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// The context's deadline bounds the wait.
func TestArgumentsWithADeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &stub{answer: ok}
		l, err := redislimit.New(s)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		_, err = l.Reserve(ctx, "number:1", 1)
		require.NoError(t, err)
		require.Equal(t, int64(3_000_000), s.args[3])
	})
}

func TestReserveRefusesBadCalls(t *testing.T) {
	t.Parallel()
	s := &stub{answer: ok}
	l, err := redislimit.New(s)
	require.NoError(t, err)
	for _, n := range []int{-1, 0, 1001} {
		_, err = l.Reserve(t.Context(), "number:1", n)
		require.ErrorContains(t, err, "must be 1 to 1000")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = l.Reserve(ended, "number:1", 1)
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, s.calls.Load())
	_, err = l.Reserve(t.Context(), "number:1", 1000)
	require.NoError(t, err, "none of them is an outage")
}

// A Redis that hangs costs one message in a second a tenth of it, the others nothing, and is found when it is back.
func TestDeadRedisIsRemembered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		defer close(hang)
		dead := atomic.Bool{}
		dead.Store(true)
		s := &stub{answer: func() (any, error) {
			if dead.Load() {
				<-hang
			}
			return int64(5000), nil
		}}
		var log bytes.Buffer
		l, err := redislimit.New(s, redislimit.Logger(slog.New(slog.NewTextHandler(&log, nil))))
		require.NoError(t, err)
		began := time.Now()
		var costs []time.Duration
		for time.Since(began) < 3*time.Second {
			before := time.Now()
			_, err := l.Reserve(t.Context(), "number:1", 1)
			require.ErrorContains(t, err, "wacloud: redis limit: no answer in 100ms")
			require.ErrorIs(t, err, context.DeadlineExceeded)
			if cost := time.Since(before); cost > 0 {
				costs = append(costs, cost)
			}
			<-time.After(time.Millisecond)
		}
		if diff := cmp.Diff([]time.Duration{100 * time.Millisecond, 100 * time.Millisecond, 100 * time.Millisecond}, costs); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		require.EqualValues(t, 3, s.calls.Load())

		dead.Store(false)
		var wait time.Duration
		for err = errors.ErrUnsupported; err != nil; wait, err = l.Reserve(t.Context(), "number:1", 1) {
			<-time.After(time.Millisecond)
		}
		require.Equal(t, 5*time.Millisecond, wait)
		require.InDelta(t, 3, time.Since(began).Seconds(), 0.01)
		require.Equal(t, 1, bytes.Count(log.Bytes(), []byte("out of reach")))
		require.Equal(t, 1, bytes.Count(log.Bytes(), []byte("answers again")))
	})
}

// While one call looks whether Redis is back, the others do not wait for it.
func TestOnlyOneLooks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		defer close(hang)
		s := &stub{answer: func() (any, error) { <-hang; return nil, nil }}
		l, err := redislimit.New(s)
		require.NoError(t, err)
		_, err = l.Reserve(t.Context(), "number:1", 1)
		require.Error(t, err)
		<-time.After(time.Second)
		began := time.Now()
		var waited atomic.Int64
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				_, err := l.Reserve(t.Context(), "number:1", 1)
				if err == nil {
					t.Error("it hangs")
				}
				if time.Since(began) > 0 {
					waited.Add(1)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 1, waited.Load())
		require.EqualValues(t, 2, s.calls.Load())
	})
}

// A message whose time is short gets half of it for Redis, so that it can still be sent. A caller who goes away says
// nothing about Redis.
func TestContextsAndOutages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		defer close(hang)
		s := &stub{answer: func() (any, error) { <-hang; return nil, nil }}
		l, err := redislimit.New(s)
		require.NoError(t, err)

		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Millisecond, cancel)
		_, err = l.Reserve(ctx, "number:1", 1)
		require.ErrorIs(t, err, context.Canceled)

		ctx, cancel = context.WithTimeout(t.Context(), 60*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err = l.Reserve(ctx, "number:1", 1)
		require.ErrorContains(t, err, "no answer in 30ms")
		require.Equal(t, 30*time.Millisecond, time.Since(began))
		require.NoError(t, ctx.Err())
		require.EqualValues(t, 2, s.calls.Load())
	})
}

// What Redis answers with counts as an outage too: it may be loading its data, or be a replica.
func TestErrorsOfRedis(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &stub{answer: func() (any, error) { return nil, errors.New("LOADING Redis is loading the dataset in memory") }}
		l, err := redislimit.New(s)
		require.NoError(t, err)
		for range 10 {
			_, err = l.Reserve(t.Context(), "number:1", 1)
			require.ErrorContains(t, err, "wacloud: redis limit: LOADING")
		}
		require.EqualValues(t, 1, s.calls.Load())
	})
}
