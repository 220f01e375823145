package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/inbox/sqlinbox"
	"github.com/wacloud/wacloud/inbox/sqlite"
)

// A handler may take longer than its lease: the lease is renewed while the database answers.
func TestLeaseIsRenewed(t *testing.T) {
	t.Parallel()
	in := open(t, filepath.Join(t.TempDir(), "bot.db"), sqlite.With(sqlinbox.LeaseFor(time.Second)))
	for n := range 2 { // of two users; the second asks for more time itself
		require.NoError(t, put(t, in, n, strconv.Itoa(n)))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var mu sync.Mutex
	var attempts []int
	require.NoError(t, in.Run(ctx, wacloud.RunConfig{Handler: wacloud.HandlerFunc(func(ctx context.Context, e *wacloud.Event) error {
		var err error
		if e.Text() == "1" {
			err = wacloud.Extend(ctx, 2*time.Second)
		}
		select {
		case <-ctx.Done():
			err = context.Cause(ctx)
		case <-time.After(3500 * time.Millisecond):
		}
		mu.Lock()
		defer mu.Unlock()
		if attempts = append(attempts, e.Attempt); len(attempts) == 2 {
			cancel()
		}
		return err
	})}))
	require.Equal(t, []int{1, 1}, attempts)
	stats, err := in.Stats(t.Context())
	require.NoError(t, err)
	require.Zero(t, stats.Depth)
}

// The database is away for longer than a lease. The handler's context ends by this process's own clock, and nothing of what
// it did is taken for done.
func TestLeaseEndsWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bot.db")
	in := open(t, path, sqlite.With(sqlinbox.LeaseFor(time.Second)))
	require.NoError(t, put(t, in, 1, "hello"))
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	lost := make(chan error, 1)
	var attempts []int
	require.NoError(t, in.Run(ctx, wacloud.RunConfig{Backoff: []time.Duration{time.Millisecond}, Handler: wacloud.HandlerFunc(func(ctx context.Context, e *wacloud.Event) error {
		if attempts = append(attempts, e.Attempt); len(attempts) > 1 {
			cancel()
			return nil
		}
		tx, err := raw(t, path+"?_txlock=immediate&_pragma=busy_timeout(5000)").BeginTx(context.Background(), nil)
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Second):
		}
		lost <- context.Cause(ctx)
		return tx.Rollback()
	})}))
	require.ErrorIs(t, <-lost, wacloud.ErrLeaseLost)
	require.Equal(t, []int{1, 2}, attempts)
}

// Who has waited longest comes first, so that with few workers nobody waits for ever.
func TestTheLongestWaitingUserComesFirst(t *testing.T) {
	t.Parallel()
	in := open(t, filepath.Join(t.TempDir(), "bot.db"))
	var want, got []string
	for n := range 20 {
		want = append(want, strconv.Itoa(n))
		require.NoError(t, put(t, in, (n*7)%20, strconv.Itoa(n)))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	require.NoError(t, in.Run(ctx, wacloud.RunConfig{Workers: 1, Handler: wacloud.HandlerFunc(func(_ context.Context, e *wacloud.Event) error {
		if got = append(got, e.Text()); len(got) == len(want) {
			cancel()
		}
		return nil
	})}))
	require.Equal(t, want, got)
}

// Somebody else has the lane, and this process does not know: whatever a handler reports then does not count.
func TestWithoutItsTokenNothingIsRecorded(t *testing.T) {
	t.Parallel()
	for _, effects := range []bool{false, true} {
		t.Run(fmt.Sprintf("OnComplete %v", effects), func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "bot.db")
			in := open(t, path)
			db := raw(t, path)
			_, err := db.ExecContext(t.Context(), "CREATE TABLE effects (who TEXT)")
			require.NoError(t, err)
			require.NoError(t, put(t, in, 1, "hello"))
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			calls := 0
			require.NoError(t, in.Run(ctx, wacloud.RunConfig{Handler: wacloud.HandlerFunc(func(ctx context.Context, _ *wacloud.Event) error {
				defer cancel()
				calls++
				_, err := db.ExecContext(ctx, "UPDATE wa_lane SET token = token + 1")
				if err != nil || !effects {
					return err
				}
				return sqlinbox.OnComplete(ctx, func(ctx context.Context, tx *sql.Tx) error {
					_, err := tx.ExecContext(ctx, "INSERT INTO effects (who) VALUES ('a stranger')")
					return err
				})
			})}))
			require.Equal(t, 1, calls)
			requireRows(t, db, map[string]int{"wa_event": 1, "wa_lane": 1, "wa_dead": 0, "effects": 0})
		})
	}
}
