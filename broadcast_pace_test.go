package wacloud_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// withLimit is a rate limit in place of castClient's none.
func withLimit(l wacloud.RateLimit) wacloud.Option { return wacloud.WithRateLimit(l) }

// castSecond is the most messages that came within one second.
func castSecond(at []time.Time) (most int) {
	for i := range at {
		n := 0
		for _, later := range at[i:] {
			if later.Sub(at[i]) < time.Second {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

func TestBroadcastKeepsTheNumbersRate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		limit  wacloud.RateLimit
		answer time.Duration // of the API
		most   int           // in a second
		within time.Duration // for 1,440 messages
	}{
		{name: "default", most: 80, within: 20 * time.Second},
		{name: "default, slow answers", answer: 400 * time.Millisecond, most: 80, within: 21 * time.Second},
		{name: "shared by four", limit: wacloud.RateLimit{Instances: 4}, most: 20, within: 81 * time.Second},
		{name: "one a second", limit: wacloud.RateLimit{PerSecond: 1}, most: 1, within: 1601 * time.Second},
		{name: "upgraded", limit: wacloud.RateLimit{PerSecond: 1000}, answer: 400 * time.Millisecond, most: 1000, within: 3 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := newCastGraph(nil)
				slow := castTransport(func(r *http.Request) (*http.Response, error) {
					resp, err := g.RoundTrip(r)
					<-time.After(tt.answer)
					return resp, err
				})
				c := castClient(t, g, wacloud.NewMemoryStore(), withLimit(tt.limit), wacloud.WithHTTPClient(&http.Client{Transport: slow}))
				began := time.Now()
				report, err := c.Broadcast(t.Context(), "sale", castTos(1440), castTemplate)
				require.NoError(t, err)
				requireReport(t, wacloud.BroadcastReport{Sent: 1440}, report)
				require.Equal(t, time.Since(began), report.Elapsed)
				require.LessOrEqual(t, report.Elapsed, tt.within)
				require.InDelta(t, 1440/report.Elapsed.Seconds(), report.PerSecond(), 0.001)
				require.LessOrEqual(t, castSecond(g.at), tt.most)
			})
		})
	}
}

// A recipient that has had too many messages waits, the others do not.
func TestBroadcastWaitsForARecipient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		refused := false
		g := newCastGraph(func(_ string, nth int) string {
			if nth == 46 && !refused {
				refused = true
				return "131056"
			}
			return castAccepts
		})
		c := castClient(t, g, wacloud.NewMemoryStore(), withLimit(wacloud.RateLimit{PerSecond: 1e6}), wacloud.WithRetry(wacloud.RetryPolicy{MaxAttempts: 1}))
		for range 45 {
			_, err := c.Send(t.Context(), castTo(0), wacloud.NewText("x"))
			require.NoError(t, err)
		}
		<-time.After(6 * time.Second)
		_, err := c.Send(t.Context(), castTo(0), wacloud.NewText("x"))
		require.ErrorIs(t, err, wacloud.ErrRateLimited)
		require.True(t, refused)
		// 44 messages are owed, at 6 seconds each, and Meta wants them paid.
		began := time.Now()
		var order []string
		report, err := c.Broadcast(t.Context(), "sale", castTos(20), castTemplate, wacloud.BroadcastInFlight(2),
			wacloud.BroadcastResults(func(r wacloud.BroadcastResult) {
				text, _ := r.To.MarshalText()
				order = append(order, string(text))
			}))
		require.NoError(t, err)
		requireReport(t, wacloud.BroadcastReport{Sent: 20}, report)
		require.Equal(t, castName(0), order[19])
		require.InDelta(t, 44*6, time.Since(began).Seconds(), 1)
	})
}

func TestBroadcastWaitsAsLongAsMetaThrottles(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"130429", "80007", "4", "131056"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				until := time.Now().Add(40 * time.Minute)
				g := newCastGraph(func(to string, _ int) string {
					if time.Now().Before(until) && (code != "131056" || to == castName(2)) {
						return code
					}
					return castAccepts
				})
				c := castClient(t, g, wacloud.NewMemoryStore(), withLimit(wacloud.RateLimit{}))
				report, err := c.Broadcast(t.Context(), "sale", castTos(10), castTemplate)
				require.NoError(t, err)
				requireReport(t, wacloud.BroadcastReport{Sent: 10}, report)
				require.Greater(t, report.Elapsed, 40*time.Minute)
				require.Less(t, report.Elapsed, 50*time.Minute)
				for i := range 10 {
					require.Equal(t, 1, g.delivered[castName(i)])
				}
			})
		})
	}
}

func TestBroadcastWaitsForAnOutageAndThenStops(t *testing.T) {
	t.Parallel()
	refused := castTransport(func(*http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	})
	tests := []struct {
		name   string
		outage time.Duration
		dial   bool // nobody answers; else 131016
		stops  bool
	}{
		{name: "a short one", outage: 4 * time.Minute},
		{name: "a long one", outage: time.Hour, stops: true},
		{name: "no network for a short time", outage: 4 * time.Minute, dial: true},
		{name: "no network for a long time", outage: time.Hour, dial: true, stops: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				down := func() bool { return time.Since(began) < tt.outage }
				g := newCastGraph(func(string, int) string {
					if down() {
						return "131016"
					}
					return castAccepts
				})
				way := castTransport(func(r *http.Request) (*http.Response, error) {
					if tt.dial && down() {
						return refused(r)
					}
					return g.RoundTrip(r)
				})
				c := castClient(t, g, wacloud.NewMemoryStore(), wacloud.WithHTTPClient(&http.Client{Transport: way}))
				report, err := c.Broadcast(t.Context(), "sale", castTos(5), castTemplate, wacloud.BroadcastInFlight(2))
				if tt.stops {
					_, ok := errors.AsType[*wacloud.BroadcastStopError](err)
					require.True(t, ok, "%v", err)
					require.True(t, wacloud.SafeToRetry(err))
					requireReport(t, wacloud.BroadcastReport{Open: 2}, report)
					require.Less(t, time.Since(began), 7*time.Minute)
					<-time.After(tt.outage)
					report, err = c.Broadcast(t.Context(), "sale", castTos(5), castTemplate)
				}
				require.NoError(t, err)
				requireReport(t, wacloud.BroadcastReport{Sent: 5}, report)
				require.Len(t, g.delivered, 5)
			})
		})
	}
}

// A wait ends with the context, and what it was for is tried by the next call.
func TestBroadcastGivesUpAWaitWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		throttled := true
		g := newCastGraph(func(string, int) string {
			if throttled {
				return "80007"
			}
			return castAccepts
		})
		store := wacloud.NewMemoryStore()
		c := castClient(t, g, store, wacloud.WithRetry(wacloud.RetryPolicy{MaxAttempts: 1}))
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		began := time.Now()
		report, err := c.Broadcast(ctx, "sale", castTos(5), castTemplate, wacloud.BroadcastInFlight(3))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		requireReport(t, wacloud.BroadcastReport{Open: 3}, report)
		require.Equal(t, 20*time.Second, time.Since(began), "waiting is nothing that has to be finished")
		entries, err := store.Scan(t.Context(), "broadcast|", "", 10)
		require.NoError(t, err)
		require.Empty(t, entries, "who was not sent to has no record")
		throttled = false
		report, err = c.Broadcast(t.Context(), "sale", castTos(5), castTemplate)
		require.NoError(t, err)
		requireReport(t, wacloud.BroadcastReport{Sent: 5}, report)
	})
}

// A pause of Send itself is cut when the time for what is under way is over, and leaves no record either.
func TestBroadcastCutsAPauseOfSend(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newCastGraph(func(string, int) string { return "131056" }) // pauses of 1, 4 and 16 seconds
		store := wacloud.NewMemoryStore()
		ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
		defer cancel()
		began := time.Now()
		report, err := castClient(t, g, store).Broadcast(ctx, "sale", castTos(2), castTemplate)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		requireReport(t, wacloud.BroadcastReport{Open: 2}, report)
		require.Equal(t, 16*time.Second, time.Since(began))
		entries, err := store.Scan(t.Context(), "broadcast|", "", 10)
		require.NoError(t, err)
		require.Empty(t, entries)
	})
}

func TestBroadcastTellsItsProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newCastGraph(func(to string, _ int) string {
			if to == castName(7) {
				return "131049"
			}
			return castAccepts
		})
		c := castClient(t, g, wacloud.NewMemoryStore(), withLimit(wacloud.RateLimit{}))
		var told []wacloud.BroadcastReport
		results := 0
		report, err := c.Broadcast(t.Context(), "sale", castTos(720), castTemplate,
			wacloud.BroadcastProgress(func(r wacloud.BroadcastReport) {
				require.Equal(t, results, r.Total())
				told = append(told, r)
			}),
			wacloud.BroadcastResults(func(wacloud.BroadcastResult) { results++ }))
		require.NoError(t, err)
		require.Equal(t, 720, results)
		require.Greater(t, len(told), int(8*report.Elapsed.Seconds()))
		for i := range told[:len(told)-2] {
			require.GreaterOrEqual(t, told[i+1].Elapsed-told[i].Elapsed, 100*time.Millisecond)
		}
		require.Equal(t, report, told[len(told)-1])
		require.Equal(t, map[int]int{131049: 1}, report.Codes)
		require.True(t, slices.IsSortedFunc(told, func(a, b wacloud.BroadcastReport) int { return a.Total() - b.Total() }))
		told[len(told)-1].Codes[131049] = 99
		require.Equal(t, map[int]int{131049: 1}, report.Codes, "a snapshot is a copy")
	})
}

// The pause between two tries must not grow beyond what a person would wait for.
func TestBroadcastAsksAgainEveryHalfMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newCastGraph(func(_ string, nth int) string {
			if nth <= 10 {
				return "4"
			}
			return castAccepts
		})
		c := castClient(t, g, wacloud.NewMemoryStore(), wacloud.WithRetry(wacloud.RetryPolicy{MaxAttempts: 1}))
		_, err := c.Broadcast(t.Context(), "sale", castTos(1), castTemplate)
		require.NoError(t, err)
		var pauses []string
		for i, at := range g.at[1:] {
			pauses = append(pauses, strconv.Itoa(int(at.Sub(g.at[i]).Seconds())))
		}
		require.Equal(t, []string{"1", "2", "4", "8", "16", "30", "30", "30", "30", "30"}, pauses)
	})
}
