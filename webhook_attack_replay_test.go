package wacloud_test

import (
	"fmt"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

func TestAttack12ReplayWithinAWeek(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inbox, events := wacloud.NewMemoryInbox(), make(hookSink, 10)
		start := func() (*wacloud.Webhook, func()) {
			cfg := hookConfig(t, events)
			cfg.Inbox = newHookInbox(inbox)
			return hookStart(t, cfg)
		}
		replay := func(w *wacloud.Webhook) {
			t.Helper()
			require.Equal(t, 200, hookStatus(w, hookRequest(t.Context(), attackURL, hookBody(hookText("wamid.1", hookUser, "x")))))
			synctest.Wait()
		}
		w, stop := start()
		replay(w)
		events.next(t)
		sleep(time.Hour)
		replay(w)
		events.none(t)
		stop()
		w, stop = start() // another instance on the same inbox
		replay(w)
		sleep(7 * 24 * time.Hour)
		replay(w)
		events.none(t)
		stop()
	})
}

// TestAttack13ReplayAfterTheWindow documents what Meta's signature cannot prevent: it holds no time, so a body that was
// captured is new again when its id has been forgotten.
func TestAttack13ReplayAfterTheWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		events := make(hookSink, 10)
		w, stop := hookStart(t, hookConfig(t, events))
		for range 2 {
			require.Equal(t, 200, hookStatus(w, hookRequest(t.Context(), attackURL, hookBody(hookText("wamid.1", hookUser, "x")))))
			events.next(t)
			sleep(8*24*time.Hour + time.Second)
		}
		stop()
	})
}

func TestAttack14SameIDOtherBody(t *testing.T) {
	t.Parallel()
	a := newAttackTarget(t)
	for _, text := range []string{"first", "second"} {
		require.Equal(t, 200, hookStatus(a, hookRequest(t.Context(), attackURL, hookBody(hookText("wamid.1", hookUser, text)))))
	}
	require.Equal(t, "first", a.events.next(t).Text())
	require.EqualValues(t, 1, a.metrics.count(wacloud.MetricDuplicates, "message"))
	requireNothingWaits(t, a)
	a.events.none(t)
}

// requireNothingWaits waits until everything that was stored is handled.
func requireNothingWaits(t *testing.T, a *attackTarget) {
	t.Helper()
	require.Eventually(t, func() bool {
		stats, err := a.inbox.Stats(t.Context())
		return err == nil && stats.Depth == 0
	}, 10*time.Second, time.Millisecond)
}

func TestAttack15SameBodyAtTheSameInstant(t *testing.T) {
	t.Parallel()
	a := newAttackTarget(t)
	srv := httptest.NewServer(a)
	defer srv.Close()
	body := hookBody(hookText("wamid.1", hookUser, "x"))
	begin := make(chan struct{})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			<-begin
			if status := hookPost(t, srv.URL, body); status != 200 {
				t.Errorf("status %d", status)
			}
		})
	}
	close(begin)
	wg.Wait()
	a.events.next(t)
	requireNothingWaits(t, a)
	a.events.none(t)
}

func TestAttack27AThousandUpdates(t *testing.T) {
	t.Parallel()
	a := newAttackTarget(t)
	var elements []string
	for i := range 1000 {
		elements = append(elements, hookText(fmt.Sprint("wamid.", i), strconv.Itoa(5511000000000+i%50), "x"))
	}
	body := hookBody(elements...)
	for range 2 {
		require.Equal(t, 200, hookStatus(a, hookRequest(t.Context(), attackURL, body)))
	}
	require.Equal(t, []int{1000, 1000}, a.inbox.putSizes(), "one Put for each POST")
	require.EqualValues(t, 1000, a.metrics.count(wacloud.MetricDuplicates, "message"))
	seen := map[string]int{}
	last := map[string]int{}
	for range 1000 {
		e := a.events.next(t)
		seen[e.Message.ID]++
		var n int
		_, err := fmt.Sscanf(e.Message.ID, "wamid.%d", &n)
		require.NoError(t, err)
		if before, ok := last[e.Message.From.Phone]; ok {
			require.Greater(t, n, before, "in order for each user")
		}
		last[e.Message.From.Phone] = n
	}
	require.Len(t, seen, 1000)
	requireNothingWaits(t, a)
	a.events.none(t)
}
