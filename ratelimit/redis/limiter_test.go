//go:build unix

package redislimit_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	redislimit "github.com/wacloud/wacloud/ratelimit/redis"
)

// patient is for tests of everything but the patience: the machine may have other things to do.
var patient = redislimit.Timeout(20 * time.Second)

func newLimiter(t *testing.T, c redis.Scripter, opts ...redislimit.Option) *redislimit.Limiter {
	t.Helper()
	l, err := redislimit.New(c, append([]redislimit.Option{patient}, opts...)...)
	require.NoError(t, err)
	return l
}

func reserve(t *testing.T, l *redislimit.Limiter, key string) time.Duration {
	t.Helper()
	wait, err := l.Reserve(t.Context(), key, 1)
	require.NoError(t, err)
	return wait
}

// A tenth goes at once, the next waits for its turn; keys are apart, have the prefix and the rate of their number, and vanish.
func TestReserve(t *testing.T) {
	t.Parallel()
	c := client(t, startServer(t).socket())
	l := newLimiter(t, c, redislimit.PerSecond(20), redislimit.Number("7", 1), redislimit.Prefix("shop:"))
	began := time.Now()
	require.Zero(t, reserve(t, l, "number:1"))
	require.Zero(t, reserve(t, l, "number:1"))
	wait := reserve(t, l, "number:1") // one each 55.556 ms
	require.LessOrEqual(t, wait, 55_556*time.Microsecond)
	require.GreaterOrEqual(t, wait, 55_556*time.Microsecond-time.Since(began))

	require.Zero(t, reserve(t, l, "number:7"))
	require.Greater(t, reserve(t, l, "number:7"), 55_556*time.Microsecond, "one each 1.111112 s")

	keys, err := c.Keys(t.Context(), "*").Result()
	require.NoError(t, err)
	require.Contains(t, keys, "shop:number:7")
	for _, key := range keys {
		require.True(t, strings.HasPrefix(key, "shop:number:"), key)
		left, err := c.PTTL(t.Context(), key).Result()
		require.NoError(t, err)
		require.LessOrEqual(t, left, 2223*time.Millisecond)
		require.NotEqual(t, time.Duration(-1), left, "it has an end")
	}
	require.Eventually(t, func() bool { return c.DBSize(t.Context()).Val() == 0 }, 30*time.Second, 50*time.Millisecond)
}

func TestReserveTakesNothingThatWouldWaitTooLong(t *testing.T) {
	t.Parallel()
	c := client(t, startServer(t).socket())
	l := newLimiter(t, c, redislimit.PerSecond(1))
	const key = "number:1"
	value := func() string { return c.Get(t.Context(), "wacloud:limit:"+key).Val() }

	reserve(t, l, key)
	before := value()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	wait, err := l.Reserve(ctx, key, 3)
	require.NoError(t, err)
	require.InDelta(t, 3*1.111112, wait.Seconds(), 0.9, "it would end after the context")
	require.Equal(t, before, value())

	wait, err = l.Reserve(t.Context(), key, 12)
	require.NoError(t, err)
	require.InDelta(t, 12*1.111112, wait.Seconds(), 3)
	require.Greater(t, wait, wacloud.MaxLimitWait)
	require.Equal(t, before, value())

	_, err = l.Reserve(t.Context(), key, 2)
	require.NoError(t, err)
	require.NotEqual(t, before, value())
}

// A server that was restarted does not know the script, and forgot what was taken.
func TestServerThatForgot(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	c := client(t, s.socket())
	l := newLimiter(t, c, redislimit.PerSecond(1))
	reserve(t, l, "number:1")
	require.NoError(t, c.ScriptFlush(t.Context()).Err())
	require.NotZero(t, reserve(t, l, "number:1"))
	s.kill()
	s.up(t)
	require.Zero(t, reserve(t, l, "number:1"))
}

// What somebody else put under the key is written over, or an error that the client survives.
func TestForeignValues(t *testing.T) {
	t.Parallel()
	c := client(t, startServer(t).socket())
	l := newLimiter(t, c)
	require.NoError(t, c.Set(t.Context(), "wacloud:limit:number:1", "not a time", 0).Err())
	require.Zero(t, reserve(t, l, "number:1"))
	require.NoError(t, c.LPush(t.Context(), "wacloud:limit:number:2", "a list").Err())
	_, err := l.Reserve(t.Context(), "number:2", 1)
	require.ErrorContains(t, err, "WRONGTYPE")
}

// Four processes with four senders each get what one would, neither more nor less.
func TestRateIsShared(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	const rate, burst, length = 72.0, 8, 4 * time.Second
	began := time.Now()
	ctx, cancel := context.WithDeadline(t.Context(), began.Add(length))
	defer cancel()
	var (
		wg            sync.WaitGroup
		mu            sync.Mutex
		taken, inTime int
		answered      = began.Add(length) // when the first answer came
	)
	for range 4 {
		l := newLimiter(t, client(t, s.socket()))
		for range 4 {
			wg.Go(func() {
				for {
					before := time.Now()
					wait, err := l.Reserve(ctx, "number:1", 1)
					after := time.Now()
					switch {
					case err != nil:
						t.Error(err)
						return
					case before.Add(wait).After(began.Add(length)): // and so it was for whoever asked later
						return
					}
					mu.Lock()
					taken++
					if after.Before(answered) {
						answered = after
					}
					if !after.Add(wait).After(began.Add(length)) {
						inTime++
					}
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
	require.LessOrEqual(t, inTime, int(burst+rate*length.Seconds())+1, "the rate began when the test did")
	require.GreaterOrEqual(t, taken, int(burst+rate*time.Until(began.Add(length)).Seconds())-1)
	require.GreaterOrEqual(t, taken, int(burst+rate*began.Add(length).Sub(answered).Seconds())-1, "or when the first was answered")
	t.Logf("%d taken, %d of them in time for sure, ideal %v", taken, inTime, burst+rate*length.Seconds())
}

func TestOptions(t *testing.T) {
	t.Parallel()
	c := redis.NewClient(&redis.Options{Network: "unix", Addr: "/nowhere"})
	t.Cleanup(func() { _ = c.Close() })
	for _, tt := range []struct {
		name   string
		option redislimit.Option
		want   string
	}{
		{name: "no rate", option: redislimit.PerSecond(0), want: "PerSecond is 0, must be 1 to 10000"},
		{name: "a large rate", option: redislimit.PerSecond(10_001), want: "PerSecond is 10001"},
		{name: "no rate of a number", option: redislimit.Number("12", -1), want: "Number 12 is -1"},
		{name: "not an id", option: redislimit.Number("+5511", 20), want: "no phone number id"},
		{name: "no id", option: redislimit.Number("", 20), want: "no phone number id"},
		{name: "no time", option: redislimit.Timeout(0), want: "Timeout is 0s, must be more than 0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := redislimit.New(c, tt.option)
			require.ErrorContains(t, err, tt.want)
			require.ErrorContains(t, err, "wacloud: redis limit: ")
		})
	}
	_, err := redislimit.New(nil)
	require.ErrorContains(t, err, "the client is nil")
	_, err = redislimit.New(c, redislimit.Logger(slog.New(slog.DiscardHandler)), redislimit.PerSecond(10_000))
	require.NoError(t, err)
}
