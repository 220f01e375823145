package wacloud_test

import (
	"context"
	"io"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

func TestMemoryInboxDrains(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan string, 10)
		r := startMem(t, wacloud.NewMemoryInbox(), wacloud.RunConfig{Workers: 2}, func(ctx context.Context, e *wacloud.Event) error {
			select {
			case <-time.After(map[string]time.Duration{"short": 9 * time.Second}[e.Message.ID] + 1):
				if e.Message.ID == "short" {
					ended <- "short"
					return nil
				}
			case <-ctx.Done():
			}
			<-ctx.Done()
			ended <- "long"
			return ctx.Err()
		})
		r.put(memEvent("short", "1001"), memEvent("long", "1002"), memEvent("later", "1003"))
		synctest.Wait()
		stopped := time.Now()
		r.stop()
		require.Equal(t, "short", <-ended)
		require.NoError(t, <-r.done)
		require.Equal(t, "long", <-ended)
		require.Equal(t, 10*time.Second, time.Since(stopped))
		require.ElementsMatch(t, []string{"short", "long"}, r.got())
		require.Equal(t, 2, r.stats().Depth)

		again := startMem(t, r.in, wacloud.RunConfig{}, func(_ context.Context, e *wacloud.Event) error {
			require.Equal(t, 1, e.Attempt, "the attempt that was cut off does not count")
			return nil
		})
		require.ElementsMatch(t, []string{"long", "later"}, again.got())
		again.end()
	})
}

func TestMemoryInboxEndsDespiteAStuckHandler(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		r := startMem(t, wacloud.NewMemoryInbox(), wacloud.RunConfig{}, func(context.Context, *wacloud.Event) error {
			<-free
			return nil
		})
		r.put(memEvent("stuck", "1001"))
		synctest.Wait()
		stopped := time.Now()
		r.end()
		require.Equal(t, 15*time.Second, time.Since(stopped), "10 s to drain and 5 s of grace")
		close(free)
	})
}

func TestMemoryInboxCloses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := startMem(t, wacloud.NewMemoryInbox(), wacloud.RunConfig{}, nil)
		require.ErrorContains(t, r.in.Run(t.Context(), wacloud.RunConfig{Handler: wacloud.HandlerFunc(nil)}), "running already")
		require.NoError(t, r.in.Close())
		require.NoError(t, r.in.Close())
		_, err := r.in.Put(t.Context(), memEvents("1001", "x"))
		require.ErrorContains(t, err, "closed")
		require.ErrorContains(t, r.in.Redrive(t.Context(), "x"), "closed")
		r.end()
		require.ErrorContains(t, r.in.Run(t.Context(), wacloud.RunConfig{Handler: wacloud.HandlerFunc(nil)}), "closed")
		require.ErrorContains(t, wacloud.NewMemoryInbox().Run(t.Context(), wacloud.RunConfig{}), "no handler")
	})
}

func TestMemoryInboxLeavesNoGoroutine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // it fails when a goroutine of the bubble is left
		r := startMem(t, wacloud.NewMemoryInbox(), wacloud.RunConfig{}, func(_ context.Context, e *wacloud.Event) error {
			switch e.Message.ID {
			case "panic":
				panic("x")
			case "goexit":
				runtime.Goexit()
			case "error":
				return io.EOF
			}
			return nil
		})
		r.put(memEvent("panic", "1"), memEvent("goexit", "2"), memEvent("error", "3"), memEvent("fine", "4"))
		synctest.Wait()
		r.end()
	})
}
