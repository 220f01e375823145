package postgres_test

import (
	"context"
	"database/sql"
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
	puts, putsDB := newSpyOn(t, dsn)
	committing, commit := make(chan struct{}), make(chan struct{})
	var hold atomic.Bool
	puts.fail = func() error {
		puts.mu.Lock()
		last := puts.statements[len(puts.statements)-1].text
		puts.mu.Unlock()
		if strings.HasPrefix(last, "INSERT INTO wa_total") && hold.CompareAndSwap(true, false) {
			close(committing)
			<-commit
		}
		return nil
	}
	in, err := sqlinbox.Open(t.Context(), putsDB, sqlinbox.Postgres())
	require.NoError(t, err)
	defer func() { require.NoError(t, in.Close()) }()
	_, db := newSpyOn(t, dsn)
	worker, err := sqlinbox.Open(t.Context(), db, sqlinbox.Postgres())
	require.NoError(t, err)
	defer func() { require.NoError(t, worker.Close()) }()
	ctx, cancel := context.WithCancel(t.Context())
	handled, goOn := make(chan string), make(chan struct{})
	ran := make(chan error, 1)
	go func() {
		ran <- worker.Run(ctx, wacloud.RunConfig{Handler: wacloud.HandlerFunc(func(_ context.Context, e *wacloud.Event) error {
			handled <- e.Text()
			<-goOn
			return nil
		})})
	}()
	put := func(id string) {
		if _, err := in.Put(t.Context(), []wacloud.Event{inboxtest.Text("15550000001", id, id)}); err != nil {
			t.Error(err)
		}
	}
	put("first")
	require.Equal(t, "first", <-handled)
	hold.Store(true)
	var second sync.WaitGroup
	second.Go(func() { put("second") })
	<-committing
	close(goOn)
	<-time.After(300 * time.Millisecond) // the completion waits, or has closed the lane
	close(commit)
	second.Wait()
	select {
	case text := <-handled:
		require.Equal(t, "second", text)
	case <-time.After(20 * time.Second):
		t.Error("the second event is never handled")
	}
	cancel()
	require.NoError(t, <-ran)
}
