package wacloud_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// A sharedRate is a Limiter of 72 in a second and 8 at once that can be out of reach and can forget.
type sharedRate struct {
	mu   sync.Mutex
	ends time.Time
	away bool
}

func (r *sharedRate) Reserve(ctx context.Context, _ string, _ int) (time.Duration, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.away {
		return 0, errors.New("no route to the limiter")
	}
	const interval, burst = time.Second / 72, time.Second / 9
	now := time.Now()
	ends := r.ends
	if ends.Before(now) {
		ends = now
	}
	ends = ends.Add(interval)
	wait := max(ends.Sub(now)-burst, 0)
	if wait <= wacloud.MaxLimitWait {
		r.ends = ends
	}
	return wait, nil
}

func (r *sharedRate) set(away, forget bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.away = away
	if forget {
		r.ends = time.Time{}
	}
}

// A Limiter that is lost and comes back, while four seconds' worth of messages waits in three processes: the messages go on,
// and no second has more than the limit and a tenth.
func TestLimiterLostUnderLoad(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		forget bool
		outage time.Duration
	}{
		{name: "partition, short", outage: time.Second},
		{name: "partition, long", outage: 8 * time.Second},
		{name: "restart, short", outage: time.Second, forget: true},
		{name: "restart, long", outage: 8 * time.Second, forget: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				rate, metrics, g := new(sharedRate), new(measured), new(limitGraph)
				stop := shareLoad(t, g, metrics, rate)
				<-time.After(5 * time.Second)
				rate.set(true, false)
				<-time.After(tt.outage)
				rate.set(false, tt.forget)
				<-time.After(25*time.Second - tt.outage)
				require.Less(t, stop(), 100) // 300 wait at any time

				require.GreaterOrEqual(t, g.count(5*time.Second, 6*time.Second), 24, "the share of one of them, and more")
				if tt.outage > 2*time.Second {
					require.GreaterOrEqual(t, g.count(6*time.Second, 13*time.Second), 7*66)
				}
				require.GreaterOrEqual(t, len(g.at), 25*72, "a Limiter that comes back soon still counts what was void")
				for _, at := range g.at {
					require.LessOrEqual(t, g.count(at, at+time.Second), 88, "from %s", at)
				}
				require.LessOrEqual(t, len(g.at), 30*72+3*8)
				require.NotEmpty(t, metrics.of(wacloud.MetricLimiterFallback))
			})
		})
	}
}

// shareLoad lets three clients with 100 senders each send for as long as stop is not called.
func shareLoad(t *testing.T, g *limitGraph, metrics wacloud.Observer, limiter wacloud.Limiter) (stop func() (refused int)) {
	t.Helper()
	var wg sync.WaitGroup
	var user, refused atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	var clients []*wacloud.Client
	for range 3 {
		clients = append(clients, limitClient(t, g, wacloud.WithObserver(metrics), wacloud.WithRateLimit(wacloud.RateLimit{Instances: 3, Limiter: limiter})))
	}
	for i := range 300 {
		wg.Go(func() {
			<-time.After(time.Duration(i) * time.Millisecond) // so that those who wait are of all three, by turns
			for ctx.Err() == nil {
				err := limitSend(ctx, clients[i%3], int(user.Add(1)), "x")
				switch {
				case ctx.Err() != nil:
				case errors.Is(err, wacloud.ErrRateLimited): // it waited for the own share, and then again for the shared rate
					refused.Add(1)
				case err != nil:
					t.Error(err)
				}
			}
		})
	}
	return func() int { cancel(); wg.Wait(); return int(refused.Load()) }
}
