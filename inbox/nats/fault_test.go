package nats_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/inbox/inboxtest"
	"github.com/wacloud/wacloud/inbox/nats"
	"github.com/wacloud/wacloud/inbox/nats/natstest"
)

// handle runs the inbox until the handler was called n times and nothing is left, and returns the number of calls.
func handle(t *testing.T, in wacloud.Inbox, atLeast int64) int64 {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var calls atomic.Int64
	ran := make(chan error, 1)
	go func() {
		ran <- in.Run(ctx, wacloud.RunConfig{Handler: wacloud.HandlerFunc(func(context.Context, *wacloud.Event) error {
			calls.Add(1)
			return nil
		})})
	}()
	require.Eventually(t, func() bool {
		s, err := in.Stats(t.Context())
		return err == nil && s.Depth == 0 && calls.Load() >= atLeast
	}, 30*time.Second, 10*time.Millisecond)
	cancel()
	require.NoError(t, <-ran)
	return calls.Load()
}

// The server forgets the ids of what was acknowledged when it restarts; the inbox does not.
func TestRestartBetweenHandlingAndRepeat(t *testing.T) {
	t.Parallel()
	s := &storage{dir: t.TempDir()}
	in, err := s.open(t)
	require.NoError(t, err)
	event := []wacloud.Event{inboxtest.Text("15550000001", "wamid.1", "hello")}
	_, err = in.Put(t.Context(), event)
	require.NoError(t, err)
	require.EqualValues(t, 1, handle(t, in, 1))
	require.NoError(t, in.Close())
	s.server.Close()

	in, err = s.open(t)
	require.NoError(t, err)
	r, err := in.Put(t.Context(), event)
	require.NoError(t, err)
	require.Equal(t, wacloud.PutResult{Duplicates: 1}, r)
	require.Zero(t, handle(t, in, 0))
}

// The bound is reached, everything is handled, and there is room again.
func TestFullThenDrained(t *testing.T) {
	t.Parallel()
	s := &storage{dir: t.TempDir()}
	in, err := s.open(t, nats.MaxBytes(100_000))
	require.NoError(t, err)
	stored := int64(0)
	for n := range 1000 {
		_, err := in.Put(t.Context(), []wacloud.Event{inboxtest.Text("15550000001", fmt.Sprintf("wamid.%d", n), strings.Repeat("x", 500))})
		if errors.Is(err, wacloud.ErrInboxFull) {
			break
		}
		require.NoError(t, err)
		stored++
	}
	require.Positive(t, stored)
	require.Less(t, stored, int64(1000))
	require.Equal(t, stored, handle(t, in, stored))
	_, err = in.Put(t.Context(), []wacloud.Event{inboxtest.Text("15550000001", "wamid.after", "x")})
	require.NoError(t, err)
}

// What was handled leaves no body behind: the streams are empty, and the files, too, once the server has cleaned up.
func TestNothingOfAHandledBodyIsLeft(t *testing.T) {
	t.Parallel()
	s := &storage{dir: t.TempDir()}
	in, err := s.open(t)
	require.NoError(t, err)
	const canary = "a word that nobody else says"
	_, err = in.Put(t.Context(), []wacloud.Event{inboxtest.Text("15550000001", "wamid.1", canary)})
	require.NoError(t, err)
	require.Positive(t, filesWith(t, s.dir, canary))
	require.EqualValues(t, 1, handle(t, in, 1))
	stats, err := in.Stats(t.Context())
	require.NoError(t, err)
	require.Zero(t, stats.Bytes)
	require.NoError(t, in.Close())
	s.server.Close()
	_, err = s.open(t)
	require.NoError(t, err)
	require.Zero(t, filesWith(t, s.dir, canary))
	require.Zero(t, filesWith(t, s.dir, "15550000001"))
}

func filesWith(t *testing.T, dir, text string) (n int) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if strings.Contains(string(content), text) {
			n++
		}
		return err
	}))
	return n
}

// A server in another process must be on this machine.
func TestListenTakesLoopbackOnly(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"0.0.0.0:4222", "192.0.2.1:4222", "localhost", ":4222"} {
		_, err := natstest.Listen(t.TempDir(), addr)
		require.ErrorContains(t, err, "loopback")
		_, err = natstest.Join(t.TempDir(), "127.0.0.1:4222", addr)
		require.ErrorContains(t, err, "loopback")
		_, err = natstest.Join(t.TempDir(), "127.0.0.1:4222", "127.0.0.1:6222", addr)
		require.ErrorContains(t, err, "loopback")
	}
}
