package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/inbox/inboxtest"
	"github.com/wacloud/wacloud/inbox/sqlinbox"
)

// A process that hears nothing of the database for longer than its lease, and then reports that it is done while another
// process works on the event, is not believed: the event stays the other's, and so do its effects.
func TestStaleWorkerIsFencedByItsToken(t *testing.T) {
	t.Parallel()
	for _, effects := range []bool{false, true} {
		t.Run(map[bool]string{false: "plain", true: "with OnComplete"}[effects], func(t *testing.T) {
			t.Parallel()
			dsn := database(t)
			slow, slowDB := newSpyOn(t, dsn)
			_, db := newSpyOn(t, dsn)
			execute(t, dsn, "CREATE TABLE effects (who TEXT)")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var running sync.WaitGroup
			defer running.Wait()
			defer cancel()
			run := func(who string, db *sql.DB, work func(*wacloud.Event)) *sqlinbox.Inbox {
				in, err := sqlinbox.Open(t.Context(), db, sqlinbox.Postgres(), sqlinbox.LeaseFor(2*time.Second))
				require.NoError(t, err)
				running.Go(func() {
					_ = in.Run(ctx, wacloud.RunConfig{Handler: wacloud.HandlerFunc(func(ctx context.Context, e *wacloud.Event) error {
						work(e)
						if !effects {
							return nil
						}
						return sqlinbox.OnComplete(ctx, func(ctx context.Context, tx *sql.Tx) error {
							_, err := tx.ExecContext(ctx, "INSERT INTO effects (who) VALUES ('"+who+"')")
							return err
						})
					})})
					_ = in.Close()
				})
				return in
			}
			first, second := make(chan int, 1), make(chan int, 1)
			firstGoesOn, secondGoesOn := make(chan struct{}), make(chan struct{})
			in := run("first", slowDB, func(e *wacloud.Event) { first <- e.Attempt; <-firstGoesOn })
			_, err := in.Put(t.Context(), []wacloud.Event{inboxtest.Text("15550000001", "wamid.1", "hello")})
			require.NoError(t, err)
			require.Equal(t, 1, <-first)
			thaw := slow.freeze()
			in = run("second", db, func(e *wacloud.Event) { second <- e.Attempt; <-secondGoesOn })
			require.Equal(t, 2, <-second)
			thaw()
			close(firstGoesOn)
			before := slow.count()
			require.Eventually(t, func() bool { return slow.count() > before+20 }, 20*time.Second, 5*time.Millisecond, "the first reports and goes on")
			stats, err := in.Stats(t.Context())
			require.NoError(t, err)
			require.Equal(t, 1, stats.Depth, "the event is the second's")
			close(secondGoesOn)
			require.Eventually(t, func() bool {
				stats, err := in.Stats(t.Context())
				return err == nil && stats.Depth == 0
			}, 20*time.Second, 5*time.Millisecond)
			if effects {
				var who string
				require.NoError(t, db.QueryRowContext(t.Context(), "SELECT string_agg(who, ', ') FROM effects").Scan(&who))
				require.Equal(t, "second", who)
			}
		})
	}
}

// freeze makes the spy's transactions wait until thaw is called.
func (s *spy) freeze() (thaw func()) {
	s.frozen.Lock()
	return s.frozen.Unlock
}

// count is how many statements the spy has seen.
func (s *spy) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.statements)
}

// While a webhook is on its way into a lane whose last event is being completed, the completion waits: it would close the
// lane as empty, and nobody would ever look for the event.
func TestLaneIsNotClosedUnderAnEventThatComes(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	_, putsDB := newSpyOn(t, dsn)
	in, err := sqlinbox.Open(t.Context(), putsDB, sqlinbox.Postgres())
	require.NoError(t, err)
	defer func() { require.NoError(t, in.Close()) }()
	_, db := newSpyOn(t, dsn)
	worker, err := sqlinbox.Open(t.Context(), db, sqlinbox.Postgres())
	require.NoError(t, err)
	defer func() { require.NoError(t, worker.Close()) }()
	handled, goOn := make(chan string), make(chan struct{})
	stop := handleTexts(t, worker, func(text string) { handled <- text; <-goOn })
	put := func(id string) {
		if _, err := in.Put(t.Context(), []wacloud.Event{inboxtest.Text("15550000001", id, id)}); err != nil {
			t.Error(err)
		}
	}
	put("first")
	require.Equal(t, "first", <-handled)
	// The totals are the last that a webhook locks: who has them keeps it from committing.
	_, err = db.ExecContext(t.Context(), `INSERT INTO wa_total (slot, events, bytes, dead, ids)
		SELECT slot, 0, 0, 0, 0 FROM generate_series(0, 63) AS slot ON CONFLICT DO NOTHING`)
	require.NoError(t, err)
	totals, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { _ = totals.Rollback() }()
	_, err = totals.ExecContext(t.Context(), "SELECT FROM wa_total FOR UPDATE")
	require.NoError(t, err)
	var second sync.WaitGroup
	second.Go(func() { put("second") })
	require.Eventually(t, waiting(t, db, 1), 20*time.Second, 5*time.Millisecond)
	close(goOn)
	require.Eventually(t, waiting(t, db, 2), 20*time.Second, 5*time.Millisecond) // the completion, for the lane or, having closed it, for the totals
	require.NoError(t, totals.Rollback())
	second.Wait()
	select {
	case text := <-handled:
		require.Equal(t, "second", text)
	case <-time.After(20 * time.Second):
		t.Error("the second event is never handled")
	}
	stop()
}

// A lane is leased and its oldest event read in one statement, which sees the events as they were when it began. What came
// and went meanwhile is found when it is looked for again, and neither loses nor repeats an event.
func TestLaneWhoseEventsChangeWhileItIsClaimed(t *testing.T) {
	t.Parallel()
	s, db := newSpy(t)
	in, err := sqlinbox.Open(t.Context(), db, sqlinbox.Postgres())
	require.NoError(t, err)
	defer func() { require.NoError(t, in.Close()) }()
	_, err = in.Put(t.Context(), []wacloud.Event{inboxtest.Text("15550000001", "first", "first"), inboxtest.Text("15550000001", "second", "second")})
	require.NoError(t, err)
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { _ = tx.Rollback() }()
	_, err = tx.ExecContext(t.Context(), "DELETE FROM wa_event WHERE seq = (SELECT MIN(seq) FROM wa_event)")
	require.NoError(t, err)

	handled := make(chan string, 2)
	stop := handleTexts(t, in, func(text string) { handled <- text })
	require.Eventually(t, waiting(t, db, 1), 20*time.Second, 5*time.Millisecond)
	before := s.count()
	require.NoError(t, tx.Commit())
	require.Equal(t, "second", <-handled)
	require.Less(t, s.count()-before, 40, "nobody waits for the lease to end")
	stop()
	require.Empty(t, handled)
}

// A lane without events, which only somebody else can leave, is closed; that this fails holds up no other.
func TestLaneWithoutEvents(t *testing.T) {
	t.Parallel()
	s, db := newSpy(t)
	in, err := sqlinbox.Open(t.Context(), db, sqlinbox.Postgres())
	require.NoError(t, err)
	defer func() { require.NoError(t, in.Close()) }()
	_, err = db.ExecContext(t.Context(), "INSERT INTO wa_lane (lane, ready_at, token) VALUES (decode(md5('a'), 'hex'), 0, 0), (decode(md5('b'), 'hex'), 9000000000000000, 7)")
	require.NoError(t, err)
	_, err = in.Put(t.Context(), []wacloud.Event{inboxtest.Text("15550000001", "first", "first")})
	require.NoError(t, err)
	var failed atomic.Bool
	s.fail = func() error {
		s.mu.Lock()
		last := s.statements[len(s.statements)-1].text
		s.mu.Unlock()
		if strings.HasPrefix(last, "DELETE FROM wa_lane") && failed.CompareAndSwap(false, true) {
			return errors.New("no")
		}
		return nil
	}
	handled := make(chan string, 1)
	stop := handleTexts(t, in, func(text string) { handled <- text })
	require.Eventually(t, func() bool { return len(handled) == 1 }, 15*time.Second, 5*time.Millisecond, "before its lease ends")
	require.True(t, failed.Load())
	// The lease that could not be given back ends.
	_, err = db.ExecContext(t.Context(), "UPDATE wa_lane SET ready_at = 0 WHERE lane = decode(md5('a'), 'hex')")
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		var n int
		return db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM wa_lane").Scan(&n) == nil && n == 1
	}, 20*time.Second, 5*time.Millisecond, "the one that another process has leased stays")
	stop()
}

// handleTexts runs an inbox until stop is called.
func handleTexts(t *testing.T, in *sqlinbox.Inbox, handle func(text string)) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() {
		ran <- in.Run(ctx, wacloud.RunConfig{Handler: wacloud.HandlerFunc(func(_ context.Context, e *wacloud.Event) error {
			handle(e.Text())
			return nil
		})})
	}()
	return func() {
		cancel()
		require.NoError(t, <-ran)
	}
}

// waiting reports whether n sessions of the database wait for a lock.
func waiting(t *testing.T, db *sql.DB, n int) func() bool {
	t.Helper()
	return func() bool {
		var found int
		err := db.QueryRowContext(t.Context(),
			"SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&found)
		return err == nil && found == n
	}
}
