package wacloud_test

import (
	"context"
	"errors"
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

// orderTexts are the texts that the graph saw, in order.
func orderTexts(g *limitGraph) (texts []string) {
	for _, body := range g.body {
		_, rest, _ := strings.Cut(body, `"body":"`)
		text, _, _ := strings.Cut(rest, `"`)
		texts = append(texts, text)
	}
	return texts
}

// mustSend is for goroutines.
func mustSend(t *testing.T, c *wacloud.Client, user int, text string) {
	t.Helper()
	if err := limitSend(t.Context(), c, user, text); err != nil {
		t.Error(err)
	}
}

// A later message waits while an earlier one is repeated; other users' do not.
func TestOrderHoldsWhileAnEarlierIsRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		refusals := 0
		g := &limitGraph{answer: func(_ int, body string) string {
			if refusals < 2 && strings.Contains(body, `"0"`) {
				refusals++
				return "131056" // 1 s, 4 s
			}
			return ""
		}}
		c := limitClient(t, g)
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() { mustSend(t, c, 1, strconv.Itoa(i)) })
			synctest.Wait() // so that it has entered
		}
		require.NoError(t, limitSend(t.Context(), c, 2, "other"))
		require.Zero(t, time.Since(g.start))
		wg.Wait()
		want := []string{"0", "other", "0", "0"}
		for i := 1; i < 20; i++ {
			want = append(want, strconv.Itoa(i))
		}
		if diff := cmp.Diff(want, orderTexts(g)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

// The same user is one recipient, however it is written; another number's messages to it do not wait.
func TestOrderKnowsTheRecipient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inFlight, most := map[string]int{}, map[string]int{}
		var mu sync.Mutex
		rt := transportFunc(func(r *http.Request) (*http.Response, error) {
			count := func(by int) {
				mu.Lock()
				defer mu.Unlock()
				inFlight[r.URL.Path] += by
				most[r.URL.Path] = max(most[r.URL.Path], inFlight[r.URL.Path])
			}
			count(1)
			defer count(-1)
			<-time.After(time.Second)
			return new(limitGraph).RoundTrip(r)
		})
		c, err := wacloud.NewClient("1", wacloud.NewSecret("t"), wacloud.WithHTTPClient(&http.Client{Transport: rt}))
		require.NoError(t, err)
		other, err := c.ForNumber("2")
		require.NoError(t, err)
		third, err := c.ForNumber("3")
		require.NoError(t, err)
		send := func(c *wacloud.Client, to wacloud.Recipient) {
			_, err := c.Send(t.Context(), to, wacloud.NewText("x"))
			require.NoError(t, err)
		}
		began := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() { send(c, wacloud.Phone("+55 11 98765-4321")) })
		wg.Go(func() { send(c, wacloud.Phone("5511987654321")) })
		wg.Go(func() { send(c, wacloud.WaID("5511987654321")) })
		wg.Go(func() { send(other, wacloud.Phone("5511987654321")) })
		wg.Go(func() { send(third, wacloud.Phone("5511987654321")) })
		wg.Go(func() { send(third, wacloud.GroupID("5511987654321")) })
		wg.Wait()
		require.Equal(t, 3*time.Second, time.Since(began))
		want := map[string]int{"/v23.0/1/messages": 1, "/v23.0/2/messages": 1, "/v23.0/3/messages": 2}
		if diff := cmp.Diff(want, most); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

// Who gives up loses the place only; nobody behind notices. All goroutines end with the test's bubble.
func TestOrderRespectsTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		g := new(limitGraph)
		rt := transportFunc(func(r *http.Request) (*http.Response, error) {
			<-gate
			return g.RoundTrip(r)
		})
		c, err := wacloud.NewClient("1", wacloud.NewSecret("t"), wacloud.WithHTTPClient(&http.Client{Transport: rt, Timeout: time.Hour}))
		require.NoError(t, err)
		var wg sync.WaitGroup
		for i := range 9 {
			ctx, giveUp := t.Context(), i%2 == 1
			if giveUp {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, time.Second)
				defer cancel()
			}
			wg.Go(func() {
				err := limitSend(ctx, c, 1, strconv.Itoa(i))
				if !giveUp {
					require.NoError(t, err)
					return
				}
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.NotErrorIs(t, err, wacloud.ErrUnavailable)
				_, ambiguous := errors.AsType[*wacloud.AmbiguousSendError](err)
				require.False(t, ambiguous, "it was not sent")
			})
			synctest.Wait()
		}
		<-time.After(2 * time.Second)
		require.Empty(t, g.at)
		close(gate)
		wg.Wait()
		require.Equal(t, []string{"0", "2", "4", "6", "8"}, orderTexts(g))
	})
}

// A message that is refused here, or a transport that panics, holds nobody up.
func TestOrderGoesOnAfterAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rt := transportFunc(func(*http.Request) (*http.Response, error) { panic("transport") })
		c, err := wacloud.NewClient("1", wacloud.NewSecret("t"), wacloud.WithHTTPClient(&http.Client{Transport: rt}))
		require.NoError(t, err)
		for range 2 {
			require.ErrorIs(t, limitSend(t.Context(), c, 1, ""), wacloud.ErrInvalid)
			require.Panics(t, func() { _ = limitSend(t.Context(), c, 1, "x") })
		}
	})
}

func TestOrderHoldsWithoutLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := new(limitGraph)
		rt := transportFunc(func(r *http.Request) (*http.Response, error) {
			defer func() { <-time.After(time.Second) }()
			return g.RoundTrip(r)
		})
		c, err := wacloud.NewClient("1", wacloud.NewSecret("t"), wacloud.WithHTTPClient(&http.Client{Transport: rt}),
			wacloud.WithRateLimit(wacloud.RateLimit{Off: true}))
		require.NoError(t, err)
		var wg sync.WaitGroup
		for i := range 5 {
			wg.Go(func() { mustSend(t, c, 1, strconv.Itoa(i)) })
			synctest.Wait()
		}
		wg.Wait()
		require.Equal(t, []string{"0", "1", "2", "3", "4"}, orderTexts(g))
	})
}
