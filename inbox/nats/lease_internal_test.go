package nats

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/inbox/inboxtest"
	"github.com/wacloud/wacloud/inbox/nats/natstest"
)

func openOn(t *testing.T, dir string, opts ...Option) (*Inbox, *natstest.Server) {
	t.Helper()
	server, err := natstest.Start(dir)
	require.NoError(t, err)
	t.Cleanup(server.Close)
	conn, err := server.Connect()
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	in, err := Open(t.Context(), conn, append([]Option{Partitions(4)}, opts...)...)
	require.NoError(t, err)
	return in, server
}

// run runs the inbox until a handler ends it.
func run(t *testing.T, in *Inbox, h func(ctx context.Context, e *wacloud.Event, end func()) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	require.NoError(t, in.Run(ctx, wacloud.RunConfig{DrainTimeout: time.Second, Handler: wacloud.HandlerFunc(func(ctx context.Context, e *wacloud.Event) error {
		return h(ctx, e, cancel)
	})}))
}

// A handler may take longer than its lease: the server hears that it works on the event.
func TestLeaseIsRenewed(t *testing.T) {
	t.Parallel()
	in, _ := openOn(t, t.TempDir(), LeaseFor(time.Second))
	_, err := in.Put(t.Context(), []wacloud.Event{inboxtest.Text("15550000001", "wamid.1", "slow")})
	require.NoError(t, err)
	var attempts []int
	run(t, in, func(ctx context.Context, e *wacloud.Event, end func()) error {
		defer end()
		attempts = append(attempts, e.Attempt)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(3500 * time.Millisecond):
			return nil
		}
	})
	require.Equal(t, []int{1}, attempts)
	stats, err := in.Stats(t.Context())
	require.NoError(t, err)
	require.Zero(t, stats.Depth)
}

// The server is away for longer than it waits for an acknowledgement: the handler's context ends by this process's own clock.
func TestLeaseEndsWhileTheServerIsAway(t *testing.T) {
	t.Parallel()
	in, server := openOn(t, t.TempDir(), LeaseFor(time.Second))
	_, err := in.Put(t.Context(), []wacloud.Event{inboxtest.Text("15550000001", "wamid.1", "hello")})
	require.NoError(t, err)
	lost := make(chan error, 1)
	var once sync.Once
	run(t, in, func(ctx context.Context, _ *wacloud.Event, end func()) error {
		once.Do(func() {
			server.Close()
			select {
			case <-ctx.Done():
			case <-time.After(20 * time.Second):
			}
			lost <- context.Cause(ctx)
			end()
		})
		return ctx.Err()
	})
	require.ErrorIs(t, <-lost, wacloud.ErrLeaseLost)
}

// An event that is done comes again, because its acknowledgement was lost or because it was stored twice: nobody handles it.
func TestWhatIsDoneIsNotHandledAgain(t *testing.T) {
	t.Parallel()
	in, _ := openOn(t, t.TempDir())
	done, last := inboxtest.Text("15550000001", "wamid.1", "done"), inboxtest.Text("15550000001", "wamid.2", "last")
	_, err := in.Put(t.Context(), []wacloud.Event{done})
	require.NoError(t, err)
	handled := map[string]int{}
	count := func(_ context.Context, e *wacloud.Event, end func()) error {
		handled[e.Text()]++
		end()
		return nil
	}
	run(t, in, count)
	_, err = in.js.Publish(t.Context(), in.subject(done.Key()), done.Body())
	require.NoError(t, err)
	_, err = in.Put(t.Context(), []wacloud.Event{last})
	require.NoError(t, err)
	run(t, in, count)
	require.Equal(t, map[string]int{"done": 1, "last": 1}, handled)
}
