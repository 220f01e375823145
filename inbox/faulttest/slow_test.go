package faulttest_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/inbox/inboxtest"
	"github.com/wacloud/wacloud/inbox/postgres"
	"github.com/wacloud/wacloud/inbox/sqlinbox"
	"github.com/wacloud/wacloud/inbox/sqlite"
)

// Handlers that use the store, ask for a completion and then sleep for 5 s leave Put as fast as it was before, because no
// transaction is open while they sleep.
func TestPutBesideSlowHandlers(t *testing.T) { //nolint:tparallel // its two halves together, and beside no other fault test
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		path := newFleet(t).path("bot.db")
		in, err := sqlite.Open(path)
		require.NoError(t, err)
		defer func() { require.NoError(t, in.Close()) }()
		putBesideSlowHandlers(t, in.Inbox, func() {
			other, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate&_pragma=busy_timeout(2000)")
			require.NoError(t, err)
			defer func() { require.NoError(t, other.Close()) }()
			tx, err := other.BeginTx(t.Context(), nil)
			require.NoError(t, err, "somebody holds the file's lock")
			require.NoError(t, tx.Rollback())
		})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		dsn := newCluster(t).DSN()
		in, err := postgres.Open(t.Context(), dsn)
		require.NoError(t, err)
		defer func() { require.NoError(t, in.Close()) }()
		putBesideSlowHandlers(t, in.Inbox, func() {
			require.Zero(t, query(t, dsn, "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND xact_start < clock_timestamp() - interval '1 second'"))
		})
	})
}

// putBesideSlowHandlers compares the same load with and without 64 sleeping handlers. open fails when a transaction is open.
func putBesideSlowHandlers(t *testing.T, in *sqlinbox.Inbox, open func()) {
	t.Helper()
	const sleepers = 64
	var asleep, awake atomic.Int64
	store := in.Store()
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() {
		ran <- in.Run(ctx, wacloud.RunConfig{Workers: sleepers + 32, Handler: wacloud.HandlerFunc(func(ctx context.Context, e *wacloud.Event) error {
			if err := store.Put(ctx, e.ID, []byte("1"), time.Hour); err != nil {
				return err
			}
			if err := sqlinbox.OnComplete(ctx, func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, "SELECT 1")
				return err
			}); err != nil {
				return err
			}
			if e.Text() == "sleep" {
				asleep.Add(1)
				<-time.After(5 * time.Second)
				awake.Add(1)
			}
			_, _, err := store.Get(ctx, e.ID)
			return err
		})})
	}()
	n := 0
	put := func(text string) time.Duration {
		n++
		start := time.Now()
		_, err := in.Put(t.Context(), []wacloud.Event{inboxtest.Text(fmt.Sprintf("1555%07d", n), fmt.Sprintf("wamid.%d", n), text)})
		require.NoError(t, err)
		return time.Since(start)
	}
	p99 := func() time.Duration {
		var took []time.Duration
		for range 300 {
			took = append(took, put("quick"))
		}
		slices.Sort(took)
		return took[len(took)*99/100]
	}
	p99() // warm
	alone := p99()
	for range sleepers {
		put("sleep")
	}
	require.Eventually(t, func() bool { return asleep.Load() == sleepers }, 4*time.Second, time.Millisecond)
	beside := p99()
	if awake.Load() == 0 { // on a very busy machine the puts took longer than the sleep
		open()
	}
	t.Logf("p99 of Put: %v, and %v beside %d sleeping handlers", alone, beside, sleepers)
	require.Less(t, beside, 3*alone+250*time.Millisecond)
	require.Eventually(t, func() bool {
		s, err := in.Stats(t.Context())
		return err == nil && s.Depth == 0
	}, 30*time.Second, 10*time.Millisecond)
	cancel()
	require.NoError(t, <-ran)
	letters, err := in.DeadLetters(t.Context(), "", 10)
	require.NoError(t, err)
	require.Empty(t, letters)
}
