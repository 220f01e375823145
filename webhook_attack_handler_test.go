package wacloud_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

func TestAttack39HandlersThatMisbehave(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		var mu sync.Mutex
		attempts, given := map[string]int{}, map[string]error{}
		r := wacloud.NewRouter()
		r.Failed(func(_ context.Context, e *wacloud.Event, err error) {
			mu.Lock()
			defer mu.Unlock()
			given[e.Text()] = err
		})
		r.Text(func(_ context.Context, e *wacloud.Event) error {
			mu.Lock()
			attempts[e.Text()]++
			mu.Unlock()
			switch e.Text() {
			case "panics":
				panic("boom")
			case "blocks":
				<-free
			case "leaves":
				runtime.Goexit()
			case "hoards":
				hoard := make([][]byte, 0, 1<<10)
				for range 1 << 10 {
					hoard = append(hoard, make([]byte, 64<<10)) // scaled down: 64 MB
				}
				return fmt.Errorf("held %d parts", len(hoard))
			}
			return nil
		})
		metrics := new(hookMetrics)
		cfg := hookConfig(t, r)
		cfg.Observer = metrics
		w, stop := hookStart(t, cfg)
		post := func(user, text string) {
			body := hookBody(hookText("wamid."+text, user, text))
			require.Equal(t, 200, hookStatus(w, hookRequest(t.Context(), attackURL, body)))
		}
		bad := []string{"panics", "blocks", "leaves", "hoards"}
		for i, text := range bad {
			post(strconv.Itoa(5511000000000+i), text)
			post(strconv.Itoa(5511000000000+i), text+", then")
		}
		post(hookUser, "fine")
		synctest.Wait()
		mu.Lock()
		require.Equal(t, 1, attempts["fine"], "others go on at once")
		mu.Unlock()
		sleep(10 * time.Minute)
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		for _, text := range bad {
			require.Equal(t, 5, attempts[text], text)
			require.Error(t, given[text], text)
			require.Equal(t, 1, attempts[text+", then"], "the lane of %s goes on", text)
		}
		letters, err := cfg.Inbox.DeadLetters(t.Context(), "", 10)
		require.NoError(t, err)
		require.Len(t, letters, len(bad))
		require.EqualValues(t, 5, metrics.count(wacloud.MetricHandlerPanics, "message"))
		require.EqualValues(t, 5, metrics.count(wacloud.MetricHandlerStuck, "message"))
		require.EqualValues(t, 20, metrics.count(wacloud.MetricHandlerErrors, "message"))
		close(free)
		stop()
	})
}

func TestAttack40FloodWithoutSignature(t *testing.T) {
	t.Parallel()
	a := newAttackTarget(t)
	before := a.log.text()
	for i := range 2000 {
		body := hookBody(hookText(fmt.Sprint("wamid.", i), hookUser, "x"))
		req := hookRequest(t.Context(), attackURL, body)
		req.Header.Set("X-Hub-Signature-256", hookSign("guess", body))
		require.Equal(t, 401, hookStatus(a, req))
	}
	require.Equal(t, before, a.log.text(), "no line for each request")
	require.EqualValues(t, 2000, a.metrics.count(wacloud.MetricWebhookRejected, "signature"))
	a.requireUntouched(t)
	require.False(t, slices.Contains(a.inbox.putSizes(), 1))
}
