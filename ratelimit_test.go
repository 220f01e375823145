package wacloud_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// limitGraph accepts messages in no time, but for what answer says, and notes when each came.
type limitGraph struct {
	answer func(n int, body string) (code string) // a Graph code, or empty

	mu    sync.Mutex
	start time.Time
	at    []time.Duration
	body  []string
}

func (g *limitGraph) RoundTrip(r *http.Request) (*http.Response, error) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.at, g.body = append(g.at, time.Since(g.start)), append(g.body, string(b))
	status, answer := http.StatusOK, acceptedAnswer
	if g.answer != nil {
		if code := g.answer(len(g.at), string(b)); code != "" {
			status, answer = http.StatusBadRequest, graphCode(code)
		}
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer)), Request: r}, nil
}

// count is how many messages came from one time to another.
func (g *limitGraph) count(from, to time.Duration) (n int) {
	for _, at := range g.at {
		if from <= at && at < to {
			n++
		}
	}
	return n
}

func limitClient(t *testing.T, g *limitGraph, opts ...wacloud.Option) *wacloud.Client {
	t.Helper()
	g.start = time.Now()
	c, err := wacloud.NewClient(testNumberID, wacloud.NewSecret(canaryToken),
		append([]wacloud.Option{wacloud.WithHTTPClient(&http.Client{Transport: g})}, opts...)...)
	require.NoError(t, err)
	return c
}

// limitUser is the i-th user.
func limitUser(i int) wacloud.Recipient { return wacloud.Phone("+55119" + strconv.Itoa(10000000+i)) }

func limitSend(ctx context.Context, c *wacloud.Client, user int, text string) error {
	_, err := c.Send(ctx, limitUser(user), wacloud.NewText(text))
	return err
}

// A limit lets a recipient have 45 messages at once. The next one's debt is 6 s too large.
func TestLimitPairCredit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := new(limitGraph)
		c := limitClient(t, g, wacloud.WithRateLimit(wacloud.RateLimit{PerSecond: 1e6}))
		for range 47 {
			require.NoError(t, limitSend(t.Context(), c, 1, "x"))
		}
		require.Less(t, g.at[44], time.Millisecond)
		require.InDelta(t, 6, g.at[45].Seconds(), 0.001)
		require.InDelta(t, 12, g.at[46].Seconds(), 0.001)
	})
}

func TestLimitPairRefusesWhatWouldWaitTooLong(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		deadline,
		retryAfter time.Duration
	}{
		{name: "the context ends before", deadline: 5 * time.Second, retryAfter: 6 * time.Second},
		{name: "it is long enough", deadline: 7 * time.Second},
		{name: "it has no end"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := new(limitGraph)
				c := limitClient(t, g, wacloud.WithRateLimit(wacloud.RateLimit{PerSecond: 1e9}))
				for range 45 {
					require.NoError(t, limitSend(t.Context(), c, 1, "x"))
				}
				ctx, began := t.Context(), time.Now()
				if tt.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.deadline)
					defer cancel()
				}
				err := limitSend(ctx, c, 1, "x")
				if tt.retryAfter == 0 {
					require.NoError(t, err)
					return
				}
				limited, ok := errors.AsType[*wacloud.RateLimitError](err)
				require.True(t, ok, "%v", err)
				require.True(t, limited.Pair)
				require.InDelta(t, tt.retryAfter.Seconds(), limited.RetryAfter.Seconds(), 0.001)
				require.ErrorIs(t, err, wacloud.ErrRateLimited)
				require.True(t, wacloud.SafeToRetry(err))
				require.Zero(t, time.Since(began), "it did not wait in vain")
				require.Len(t, g.at, 45, "nothing was sent")
				requireSilent(t, err)
			})
		})
	}
}

// A conversation is never delayed.
func TestLimitAnswerEveryFourSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := new(limitGraph)
		c := limitClient(t, g)
		for i := range 31 {
			require.NoError(t, limitSend(t.Context(), c, 1, "x"))
			require.Equal(t, time.Duration(i)*4*time.Second, g.at[i])
			<-time.After(4 * time.Second)
		}
	})
}

// After code 131056 the recipient waits 1, 4 and 16 seconds; others go on at once.
func TestLimitPairRefusedByMeta(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		refusals := 0
		g := &limitGraph{answer: func(_ int, body string) string {
			if refusals < 3 && strings.Contains(body, "slow") {
				refusals++
				return "131056"
			}
			return ""
		}}
		c := limitClient(t, g)
		var wg sync.WaitGroup
		wg.Go(func() {
			sent, err := c.Send(t.Context(), limitUser(1), wacloud.NewText("slow"))
			require.NoError(t, err)
			require.Equal(t, 4, sent.Attempts)
		})
		synctest.Wait()
		for i := range 5 {
			require.NoError(t, limitSend(t.Context(), c, 2+i, "other"))
		}
		require.Zero(t, time.Since(g.start))
		wg.Wait()
		want := []time.Duration{0, 0, 0, 0, 0, 0, time.Second, 5 * time.Second, 21 * time.Second}
		if diff := cmp.Diff(want, g.at); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

// What was sent before has to be paid too: 6 s for each message.
func TestLimitPairPaysItsDebt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &limitGraph{answer: func(n int, _ string) string {
			if n == 21 {
				return "131056"
			}
			return ""
		}}
		c := limitClient(t, g, wacloud.WithRateLimit(wacloud.RateLimit{PerSecond: 1e9}))
		for range 20 {
			require.NoError(t, limitSend(t.Context(), c, 1, "x"))
		}
		err := limitSend(t.Context(), c, 1, "x")
		limited, ok := errors.AsType[*wacloud.RateLimitError](err)
		require.True(t, ok, "%v", err)
		require.InDelta(t, 119, limited.RetryAfter.Seconds(), 0.01, "20 messages, and a second has passed")
		refusal, ok := errors.AsType[*wacloud.APIError](err)
		require.True(t, ok, "what Meta said is not lost")
		require.Equal(t, 131056, refusal.Code)
		require.NoError(t, limitSend(t.Context(), c, 2, "other"))
		require.Len(t, g.at, 22)

		<-time.After(limited.RetryAfter)
		for range 45 { // there is credit again
			require.NoError(t, limitSend(t.Context(), c, 1, "x"))
		}
		require.InDelta(t, 120, g.at[66].Seconds(), 0.01)
	})
}

// limitLoad sends n messages to as many users, spaced evenly, and returns how many were refused here.
func limitLoad(t *testing.T, c *wacloud.Client, n int, every time.Duration) (refused int) {
	t.Helper()
	var wg sync.WaitGroup
	var mu sync.Mutex
	for i := range n {
		wg.Go(func() {
			if err := limitSend(t.Context(), c, i, "x"); err != nil {
				if !errors.Is(err, wacloud.ErrRateLimited) {
					t.Error(err)
				}
				mu.Lock()
				refused++
				mu.Unlock()
			}
		})
		<-time.After(every)
	}
	wg.Wait()
	return refused
}

// No second has more than the number's limit, and what would wait over 10 s is refused without using anything up.
func TestLimitNumber(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		limit   wacloud.RateLimit
		most    int // in any second
		atLeast int // in 20 seconds, with 200 asked for in each
	}{
		{name: "default", most: 80, atLeast: 20 * 72},
		{name: "two processes", limit: wacloud.RateLimit{Instances: 2}, most: 40, atLeast: 20 * 36},
		{name: "shared with the app", limit: wacloud.RateLimit{PerSecond: 20}, most: 20, atLeast: 20 * 18},
		{name: "more processes than messages", limit: wacloud.RateLimit{PerSecond: 20, Instances: 40}, most: 2, atLeast: 20 * 9 / 20},
		{name: "off", limit: wacloud.RateLimit{Off: true}, most: 4000, atLeast: 4000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := new(limitGraph)
				c := limitClient(t, g, wacloud.WithRateLimit(tt.limit))
				refused := limitLoad(t, c, 4000, 5*time.Millisecond)
				require.Equal(t, 4000, len(g.at)+refused)
				require.GreaterOrEqual(t, g.count(0, 20*time.Second), tt.atLeast)
				for _, at := range g.at {
					require.LessOrEqual(t, g.count(at, at+time.Second), tt.most)
				}
				require.LessOrEqual(t, g.at[len(g.at)-1], 30*time.Second)
			})
		})
	}
}

func TestLimitNumbersAreApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := new(limitGraph)
		c := limitClient(t, g, wacloud.WithRateLimit(wacloud.RateLimit{PerSecond: 1}))
		other, err := c.ForNumber("2")
		require.NoError(t, err)
		same, err := other.ForNumber(testNumberID)
		require.NoError(t, err)
		require.NoError(t, limitSend(t.Context(), c, 1, "x"))
		require.NoError(t, limitSend(t.Context(), other, 2, "x"))
		require.Zero(t, time.Since(g.start))
		require.NoError(t, limitSend(t.Context(), same, 3, "x"))
		require.InDelta(t, 1/0.9, time.Since(g.start).Seconds(), 0.001)
	})
}

// Code 130429 halves the rate, also for what waits already, and once for all that was refused at the same moment.
func TestLimitHalvesAndRecovers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		throttled := 0
		g := &limitGraph{answer: func(int, string) string {
			if throttled > 0 {
				throttled--
				return "130429"
			}
			return ""
		}}
		c := limitClient(t, g, wacloud.WithRateLimit(wacloud.RateLimit{PerSecond: 100}), wacloud.WithRetry(wacloud.RetryPolicy{MaxAttempts: 1}))
		var wg sync.WaitGroup
		for i := range 400 { // four seconds' worth waits
			wg.Go(func() { _ = limitSend(t.Context(), c, i, "x") })
		}
		<-time.After(time.Second)
		g.mu.Lock()
		throttled = 5
		g.mu.Unlock()
		wg.Wait()
		require.InDelta(t, 100, g.count(0, time.Second), 1)
		// 90 % of half of 100 is 45 in a second, and 4.5 more with each; a burst is half as large.
		halved := time.Second + 50*time.Millisecond
		require.InDelta(t, 50, g.count(halved, halved+time.Second), 5)

		<-time.After(10 * time.Second)
		from := time.Since(g.start)
		limitLoad(t, c, 1000, 5*time.Millisecond)
		require.InDelta(t, 90, g.count(from+time.Second, from+2*time.Second), 1)
	})
}

func TestLimitArguments(t *testing.T) {
	t.Parallel()
	for _, l := range []wacloud.RateLimit{{PerSecond: -1}, {Instances: -1}} {
		_, err := wacloud.NewClient("1", wacloud.NewSecret("t"), wacloud.WithRateLimit(l))
		require.ErrorContains(t, err, "rate limit")
	}
}

func TestLimitIsMeasured(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		metrics := new(measured)
		g := new(limitGraph)
		c := limitClient(t, g, wacloud.WithRateLimit(wacloud.RateLimit{PerSecond: 1}), wacloud.WithObserver(metrics))
		var wg sync.WaitGroup
		for i := range 11 { // one each 1.11 s
			wg.Go(func() { _ = limitSend(t.Context(), c, i, "x") })
		}
		wg.Wait()
		got := map[string]int{}
		for _, m := range metrics.all {
			got[string(m.Metric)+" "+m.Label]++
		}
		want := map[string]int{
			"wa.limit.wait.duration number": 9, "wa.limit.refused number": 1,
			"wa.send.duration ok": 10, "wa.send.duration *wacloud.RateLimitError": 1,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

func TestRateLimitErrorSaysWhat(t *testing.T) {
	t.Parallel()
	err := &wacloud.RateLimitError{RetryAfter: 90 * time.Second, Pair: true, Err: errors.New("wacloud: api: x")}
	require.EqualError(t, err, "wacloud: send: rate limited: the recipient has had too many messages, not sent, try again in 1m30s (an attempt before: api: x)")
	require.EqualError(t, &wacloud.RateLimitError{RetryAfter: 11 * time.Second}, "wacloud: send: rate limited: the number has had too many messages, not sent, try again in 11s")
}

// limitShared is a Limiter of a few answers.
type limitShared struct {
	wait time.Duration
	err  error
	keys []string
}

func (l *limitShared) Reserve(_ context.Context, key string, _ int) (time.Duration, error) {
	l.keys = append(l.keys, key)
	return l.wait, l.err
}

// The shared rate counts instead of the own; while it is out of reach the own part is used, and that is counted.
func TestLimiterIsSharedAndFailsOpen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		metrics, shared := new(measured), new(limitShared)
		g := new(limitGraph)
		c := limitClient(t, g, wacloud.WithObserver(metrics),
			wacloud.WithRateLimit(wacloud.RateLimit{PerSecond: 20, Instances: 2, Limiter: shared}))
		for i := range 30 { // more than the own part
			require.NoError(t, limitSend(t.Context(), c, i, "x"))
		}
		require.Zero(t, time.Since(g.start))
		require.Equal(t, "number:"+testNumberID, shared.keys[0], "nothing of the user")

		shared.wait = 3 * time.Second
		require.NoError(t, limitSend(t.Context(), c, 100, "x"))
		require.Equal(t, 3*time.Second, g.at[30])

		shared.wait = 11 * time.Second
		require.ErrorIs(t, limitSend(t.Context(), c, 101, "x"), wacloud.ErrRateLimited)
		require.Len(t, g.at, 31)

		shared.wait, shared.err = 0, errors.New("no route to the limiter")
		metrics.all = nil
		began := time.Now()
		for i := range 19 { // one each ninth of a second
			require.NoError(t, limitSend(t.Context(), c, 200+i, "x"))
		}
		require.InDelta(t, 19.0/9, time.Since(began).Seconds(), 0.01)
		fallbacks := 0
		for _, m := range metrics.all {
			if m.Metric == wacloud.MetricLimiterFallback {
				fallbacks++
			}
		}
		require.Equal(t, 19, fallbacks)
	})
}
