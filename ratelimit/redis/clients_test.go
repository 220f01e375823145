//go:build unix

package redislimit_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	redislimit "github.com/wacloud/wacloud/ratelimit/redis"
)

// A graph accepts every message and notes when it came. It also notes by how much the machine was late meanwhile, because
// what was late comes at once.
type graph struct {
	*httptest.Server
	start time.Time
	late  atomic.Int64 // the longest, in nanoseconds

	mu sync.Mutex
	at []time.Duration
}

func newGraph(t *testing.T) *graph {
	t.Helper()
	g := &graph{start: time.Now()}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		g.mu.Lock()
		g.at = append(g.at, time.Since(g.start))
		n := len(g.at)
		g.mu.Unlock()
		_, _ = io.WriteString(w, `{"messages":[{"id":"wamid.`+strconv.Itoa(n)+`"}]}`)
	}))
	t.Cleanup(g.Close)
	go func() {
		for last := time.Now(); t.Context().Err() == nil; last = time.Now() {
			<-time.After(time.Millisecond)
			g.late.Store(max(g.late.Load(), int64(time.Since(last)-time.Millisecond)))
		}
	}()
	return g
}

// between is how many messages came from one time to another.
func (g *graph) between(from, to time.Duration) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 0
	for _, at := range g.at {
		if from <= at && at < to {
			n++
		}
	}
	return n
}

// requireWithin fails where a second, or the whole, had more than the limit and a tenth.
func (g *graph) requireWithin(t *testing.T, limit int) {
	t.Helper()
	slices.Sort(g.at)
	worst := 0
	for _, at := range g.at {
		worst = max(worst, g.between(at, at+time.Second))
	}
	late := time.Duration(g.late.Load())
	length := g.at[len(g.at)-1] - g.at[0]
	t.Logf("%d messages in %s, at most %d in a second, limit %d; the machine was %s late", len(g.at), length, worst, limit, late)
	most := 1.1 * float64(limit)
	require.LessOrEqual(t, float64(worst), most+float64(limit)*2*late.Seconds())
	require.LessOrEqual(t, float64(len(g.at)), most*max(length.Seconds(), 1))
}

// fallbacks counts the messages that were sent on the local share.
type fallbacks struct{ atomic.Int64 }

func (f *fallbacks) Observe(_ context.Context, m wacloud.Measurement) {
	if m.Metric == wacloud.MetricLimiterFallback {
		f.Add(1)
	}
}

// A fleet is some processes that send from one number as fast as they may, played by clients that share nothing.
type fleet struct {
	*graph
	fallbacks fallbacks
	end       func()
}

// startFleet has clients with a Redis client each, to sockets, and so many senders for each client.
func startFleet(t *testing.T, number string, senders int, sockets []string, opts ...redislimit.Option) *fleet {
	t.Helper()
	f := &fleet{graph: newGraph(t)}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var user atomic.Int64
	for _, socket := range sockets {
		l, err := redislimit.New(client(t, socket), opts...)
		require.NoError(t, err)
		c, err := wacloud.NewClient(number, wacloud.NewSecret("token"), wacloud.WithBaseURL(f.URL), wacloud.WithObserver(&f.fallbacks),
			wacloud.WithRateLimit(wacloud.RateLimit{Instances: len(sockets), Limiter: l}))
		require.NoError(t, err)
		for range senders {
			wg.Go(func() {
				for ctx.Err() == nil {
					to := wacloud.Phone("+55119" + strconv.FormatInt(10000000+user.Add(1), 10))
					_, err := c.Send(ctx, to, wacloud.NewText("x"))
					if err != nil && ctx.Err() == nil && !errors.Is(err, wacloud.ErrRateLimited) {
						t.Error(err)
					}
				}
			})
		}
	}
	f.end = sync.OnceFunc(func() { cancel(); wg.Wait() })
	t.Cleanup(f.end)
	return f
}

// Three clients send as fast as they may and together as much as one would, at each number's own rate.
func TestClientsShareTheRate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, number string
		limit, least int // the least in three seconds
	}{
		{name: "default", number: "1", limit: 80, least: 3 * 66},
		{name: "shared with the app", number: "2", limit: 20, least: 3 * 16},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			socket := startServer(t).socket()
			f := startFleet(t, tt.number, 8, []string{socket, socket, socket}, patient, redislimit.Number("2", 20))
			<-time.After(3 * time.Second)
			f.end()
			f.requireWithin(t, tt.limit)
			require.GreaterOrEqual(t, len(f.at), tt.least)
			require.Zero(t, f.fallbacks.Load())
		})
	}
}

// A limiter that is restarted, partitioned or slow: the messages go on, on the local share; what both rates let through is
// never over the limit by more than a tenth; and the limiter is used again when it is back.
func TestLimiterFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name        string
		begin, over func(*testing.T, *server, *slowPath)
	}{
		{
			name:  "restarted",
			begin: func(_ *testing.T, s *server, _ *slowPath) { s.kill() },
			over:  func(t *testing.T, s *server, _ *slowPath) { s.up(t) },
		},
		{
			name:  "partitioned",
			begin: func(t *testing.T, s *server, _ *slowPath) { s.stop(t) },
			over:  func(t *testing.T, s *server, _ *slowPath) { s.cont(t) },
		},
		{
			name:  "slow",
			begin: func(_ *testing.T, _ *server, p *slowPath) { p.delay.Store(int64(3 * time.Second)) },
			over:  func(_ *testing.T, _ *server, p *slowPath) { p.delay.Store(0) },
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t)
			path, socket := newSlowPath(t, s)
			f := startFleet(t, "1", 20, []string{socket, socket, socket}, redislimit.Timeout(400*time.Millisecond))
			<-time.After(time.Second)
			before := f.fallbacks.Load()

			tt.begin(t, s, path)
			began := time.Since(f.start)
			<-time.After(2500 * time.Millisecond)
			ended := time.Since(f.start)
			during := f.fallbacks.Load() - before
			tt.over(t, s, path)

			require.Eventually(t, func() bool { return f.isShared() }, time.Minute, time.Millisecond, "it is used again")
			f.end()
			require.GreaterOrEqual(t, during, int64(50))
			require.GreaterOrEqual(t, f.between(began+time.Second, ended), 72/2, "they go on, on a busy machine too")
			f.requireWithin(t, 80)
		})
	}
}

// isShared reports whether thirty messages go out and none of them on the local share.
func (f *fleet) isShared() bool {
	fallbacks := f.fallbacks.Load()
	from := time.Since(f.start)
	for f.between(from, time.Hour) < 30 {
		if f.fallbacks.Load() != fallbacks {
			return false
		}
		<-time.After(5 * time.Millisecond)
	}
	return f.fallbacks.Load() == fallbacks
}
