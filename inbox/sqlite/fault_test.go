package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/inbox/inboxtest"
	"github.com/wacloud/wacloud/inbox/sqlinbox"
	"github.com/wacloud/wacloud/inbox/sqlite"
)

// handleAll runs the inbox until n events were handled and returns their texts.
func handleAll(t *testing.T, in wacloud.Inbox, n int) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var mu sync.Mutex
	var texts []string
	require.NoError(t, in.Run(ctx, wacloud.RunConfig{Handler: wacloud.HandlerFunc(func(_ context.Context, e *wacloud.Event) error {
		mu.Lock()
		defer mu.Unlock()
		if texts = append(texts, e.Text()); len(texts) == n {
			cancel()
		}
		return nil
	})}))
	require.Len(t, texts, n)
	return texts
}

func open(t *testing.T, path string, opts ...sqlite.Option) *sqlite.Inbox {
	t.Helper()
	in, err := sqlite.Open(path, opts...)
	require.NoError(t, err)
	t.Cleanup(func() { _ = in.Close() })
	return in
}

func put(t *testing.T, in wacloud.Inbox, n int, text string) error {
	t.Helper()
	_, err := in.Put(t.Context(), []wacloud.Event{inboxtest.Text(fmt.Sprintf("1555%07d", n), fmt.Sprintf("wamid.%d", n), text)})
	return err
}

// raw opens the file beside the inbox.
func raw(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestASecondOwnerIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "bot.db")
	in := open(t, path)
	_, err := sqlite.Open(path)
	require.ErrorIs(t, err, sqlite.ErrInUse)
	link := filepath.Join(dir, "link.db")
	require.NoError(t, os.Symlink(path, link))
	_, err = sqlite.Open(link)
	require.ErrorIs(t, err, sqlite.ErrInUse, "by another name")
	require.NoError(t, in.Close())
	open(t, link)
}

func TestPathsOfAllKinds(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a b.db", "100%.db", "what?.db", "a#b.db", "ação.db", "a&_pragma=x.db", "%2e.db"} {
		t.Run(url.PathEscape(name), func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), name)
			require.NoError(t, put(t, open(t, path), 1, "hello"))
			_, err := os.Stat(path)
			require.NoError(t, err, "the file has its name")
		})
	}
	_, err := sqlite.Open(filepath.Join(t.TempDir(), "no", "such", "folder.db"))
	require.Error(t, err)
}

// A file that is full to its bound is handled, and then takes events again.
func TestFullFileBecomesEmptier(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bot.db")
	in := open(t, path, sqlite.MaxFileBytes(1<<20))
	text := strings.Repeat("x", 500)
	stored := 0
	for ; stored < 10_000; stored++ {
		if err := put(t, in, stored, text); err != nil {
			require.ErrorIs(t, err, wacloud.ErrInboxFull)
			break
		}
	}
	require.Greater(t, stored, 300)
	require.Less(t, stored, 2000)
	handleAll(t, in, stored)
	require.NoError(t, put(t, in, 10_001, text))
	var check string
	require.NoError(t, raw(t, path).QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&check))
	require.Equal(t, "ok", check)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.LessOrEqual(t, info.Size(), int64(1<<20))
}

// What was stored while the clock was an hour ahead is handled at once when it has been set back.
func TestClockThatWasSetBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bot.db")
	in := open(t, path)
	require.NoError(t, put(t, in, 1, "hello"))
	require.NoError(t, in.Close())
	db := raw(t, path)
	for _, s := range []string{
		"UPDATE wa_lane SET ready_at = ready_at + 3600000000",
		"UPDATE wa_event SET stored_at = stored_at + 3600000000",
		"UPDATE wa_seen SET stored_at = stored_at + 3600000000",
	} {
		_, err := db.ExecContext(t.Context(), s)
		require.NoError(t, err)
	}
	require.NoError(t, db.Close())
	in = open(t, path)
	start := time.Now()
	require.Equal(t, []string{"hello"}, handleAll(t, in, 1))
	require.Less(t, time.Since(start), 10*time.Second)
}

// After 8 days ids go, after 30 dead letters, and values when they expire.
func TestOldRowsAreSweptAway(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bot.db")
	in := open(t, path)
	require.NoError(t, put(t, in, 1, "9 days old"))
	require.NoError(t, put(t, in, 2, "7 days old"))
	handleAll(t, in, 2)
	require.NoError(t, in.Store().Put(t.Context(), "expired", nil, time.Millisecond))
	require.NoError(t, in.Store().Put(t.Context(), "kept", nil, 0))
	require.NoError(t, in.Close())
	db := raw(t, path)
	const day = int64(24 * 60 * 60 * 1_000_000)
	for _, s := range []string{
		fmt.Sprintf("UPDATE wa_seen SET stored_at = stored_at - %d * CASE rowid WHEN 1 THEN 9 ELSE 7 END", day),
		fmt.Sprintf("INSERT INTO wa_dead (id, lane, body, attempts, error, failed_at) VALUES (x'01', x'02', x'03', 1, '', CAST(strftime('%%s') AS INTEGER) * 1000000 - %d)", 31*day),
		fmt.Sprintf("INSERT INTO wa_dead (id, lane, body, attempts, error, failed_at) VALUES (x'02', x'02', x'03', 1, '', CAST(strftime('%%s') AS INTEGER) * 1000000 - %d)", 29*day),
	} {
		_, err := db.ExecContext(t.Context(), s)
		require.NoError(t, err)
	}
	in = open(t, path)
	requireRows(t, db, map[string]int{"wa_seen": 1, "wa_dead": 1, "wa_store": 1})
	stats, err := in.Stats(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, stats.IDs)
}

// The id of an event that has waited for 9 days is not forgotten, whatever is older.
func TestTheIDOfAWaitingEventStays(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bot.db")
	in := open(t, path)
	require.NoError(t, put(t, in, 1, "handled"))
	handleAll(t, in, 1)
	require.NoError(t, put(t, in, 2, "waits"))
	require.NoError(t, in.Close())
	db := raw(t, path)
	const day = int64(24 * 60 * 60 * 1_000_000)
	for _, s := range []string{
		// The webhook's transaction began a moment before the event was written.
		fmt.Sprintf("UPDATE wa_event SET stored_at = stored_at - %d", 9*day),
		fmt.Sprintf("UPDATE wa_seen SET stored_at = (SELECT stored_at FROM wa_event) - %d * CASE rowid WHEN 1 THEN 1 ELSE 0 END - 1000", day),
	} {
		_, err := db.ExecContext(t.Context(), s)
		require.NoError(t, err)
	}
	in = open(t, path)
	requireRows(t, db, map[string]int{"wa_seen": 1})
	result, err := in.Put(t.Context(), []wacloud.Event{inboxtest.Text("15550000002", "wamid.2", "waits")})
	require.NoError(t, err)
	require.Equal(t, wacloud.PutResult{Duplicates: 1}, result)
}

// requireRows waits until the tables have so many rows.
func requireRows(t *testing.T, db *sql.DB, want map[string]int) {
	t.Helper()
	for table, rows := range want {
		require.Eventually(t, func() bool {
			var n int
			err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+table).Scan(&n)
			return err == nil && n == rows
		}, 10*time.Second, 20*time.Millisecond, table)
	}
}

// A newer release has written the file.
func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bot.db")
	require.NoError(t, open(t, path).Close())
	db := raw(t, path)
	_, err := db.ExecContext(t.Context(), "UPDATE wa_schema SET version = 99")
	require.NoError(t, err)
	require.NoError(t, db.Close())
	_, err = sqlite.Open(path)
	require.ErrorContains(t, err, "use a newer release")
}

// Attack 40: whatever happens to the store, Put never says that an event is safe when it is not.
func TestAttack40(t *testing.T) {
	t.Parallel()
	t.Run("locked", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "bot.db")
		in := open(t, path)
		tx, err := raw(t, path+"?_txlock=immediate").BeginTx(t.Context(), nil)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err = in.Put(ctx, []wacloud.Event{inboxtest.Text("15550000001", "wamid.1", "hello")})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Less(t, time.Since(start), 3*time.Second)
		require.NoError(t, tx.Rollback())
		require.NoError(t, put(t, in, 2, "hello"))
	})
	t.Run("read-only", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "bot.db")
		open(t, path)
		db := raw(t, path+"?_pragma=query_only(1)")
		_, err := sqlinbox.Open(t.Context(), db, sqlinbox.SQLite())
		require.Error(t, err)
	})
	for _, gone := range []string{"", "-wal"} {
		t.Run("deleted bot.db"+gone, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "bot.db")
			in := open(t, path)
			require.NoError(t, put(t, in, 1, "hello"))
			require.NoError(t, os.Remove(path+gone))
			require.ErrorContains(t, put(t, in, 2, "lost"), "the file is gone")
			require.NoError(t, os.WriteFile(path+gone, nil, 0o600))
			require.ErrorContains(t, put(t, in, 3, "lost"), "another one")
		})
	}
	t.Run("corrupted page", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "bot.db")
		in := open(t, path)
		for i := range 500 {
			require.NoError(t, put(t, in, i, strings.Repeat("x", 500)))
		}
		require.NoError(t, in.Close())
		damage(t, path)
		in, err := sqlite.Open(path)
		if err != nil {
			return // it says so at start
		}
		defer func() { _ = in.Close() }()
		var refused error
		for i := 1000; i < 1500 && refused == nil; i++ {
			refused = put(t, in, i, "hello")
		}
		require.Error(t, refused)
	})
	t.Run("100,000 dead letters", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "bot.db")
		require.NoError(t, open(t, path).Close())
		db := raw(t, path)
		_, err := db.ExecContext(t.Context(), `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
			INSERT INTO wa_dead (id, lane, body, attempts, error, failed_at)
			SELECT CAST('dead-' || i AS BLOB), CAST(printf('%016d', i) AS BLOB), CAST('{}' AS BLOB), 5, 'x', CAST(strftime('%s') AS INTEGER) * 1000000 FROM n`)
		require.NoError(t, err)
		require.NoError(t, db.Close())
		in := open(t, path)
		start := time.Now()
		letters, err := in.DeadLetters(t.Context(), "dead-5", 10)
		require.NoError(t, err)
		require.Len(t, letters, 10)
		require.NoError(t, put(t, in, 1, "hello"))
		handleAll(t, in, 1)
		require.Less(t, time.Since(start), 2*time.Second)
	})
}

// damage writes over the pages behind the first.
func damage(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	info, err := f.Stat()
	require.NoError(t, err)
	garbage := []byte(strings.Repeat("\xde\xad\xbe\xef", 1024))
	for at := int64(4096); at < info.Size(); at += 4096 {
		_, err := f.WriteAt(garbage, at)
		require.NoError(t, err)
	}
}

// Handlers that sleep leave Put as fast as it is without them, and one that uses the store and OnComplete does not wait
// for itself.
func TestNoTransactionIsOpenWhileAHandlerRuns(t *testing.T) {
	t.Parallel()
	in := open(t, filepath.Join(t.TempDir(), "bot.db"))
	db := in.Store()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	entered, release := make(chan struct{}, 64), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- in.Run(ctx, wacloud.RunConfig{Handler: wacloud.HandlerFunc(func(ctx context.Context, e *wacloud.Event) error {
			if err := db.Put(ctx, e.ID, []byte("1"), time.Hour); err != nil {
				return err
			}
			if err := sqlinbox.OnComplete(ctx, func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, "SELECT 1")
				return err
			}); err != nil {
				return err
			}
			select {
			case entered <- struct{}{}:
			case <-release: // nobody counts any more
			}
			<-release
			_, _, err := db.Get(ctx, e.ID)
			return err
		})})
	}()
	for i := range 64 {
		require.NoError(t, put(t, in, i, "slow"))
	}
	for range 64 {
		<-entered
	}
	slowest := time.Duration(0)
	for i := range 200 { // while 64 handlers sit in the middle of their work
		start := time.Now()
		require.NoError(t, put(t, in, 100+i, "fast"))
		slowest = max(slowest, time.Since(start))
	}
	require.Less(t, slowest, 2*time.Second)
	close(release)
	require.Eventually(t, func() bool {
		s, err := in.Stats(t.Context())
		return err == nil && s.Depth < 200
	}, 20*time.Second, 10*time.Millisecond)
	cancel()
	require.NoError(t, <-done)
}

// One connection writes: a handler that asks the inbox and the store for all that they do, and commits with them at its
// end, waits for nobody, and least of all for itself.
func TestHandlerThatUsesEverything(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bot.db")
	in := open(t, path)
	store := in.Store()
	_, err := raw(t, path).ExecContext(t.Context(), "CREATE TABLE orders (who TEXT)")
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	require.NoError(t, put(t, in, 1, "first"))
	var failed error
	require.NoError(t, in.Run(ctx, wacloud.RunConfig{Workers: 1, MaxAttempts: 1, Handler: wacloud.HandlerFunc(func(ctx context.Context, e *wacloud.Event) error {
		if e.Text() == "second" { // what the first brought, and the first has committed
			defer cancel()
			var orders int
			failed = raw(t, path).QueryRowContext(ctx, "SELECT COUNT(*) FROM orders").Scan(&orders)
			if failed == nil && orders != 1 {
				failed = fmt.Errorf("%d orders, want 1", orders)
			}
			return failed
		}
		return errors.Join(
			sqlinbox.OnComplete(ctx, func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, "INSERT INTO orders (who) VALUES ('first')")
				return err
			}),
			store.Put(ctx, "a", []byte("1"), time.Hour),
			second(store.Swap(ctx, "b", 0, []byte("1"), time.Hour)),
			second(store.Scan(ctx, "", "", 10)),
			store.Delete(ctx, "a"),
			put(t, in, 2, "second"),
			second(in.Stats(ctx)),
			second(in.DeadLetters(ctx, "", 10)),
			in.Ready(ctx),
			wacloud.Extend(ctx, time.Minute),
		)
	})}))
	require.NoError(t, failed)
	require.NotErrorIs(t, ctx.Err(), context.DeadlineExceeded, "the handler waits for itself")
	letters, err := in.DeadLetters(t.Context(), "", 10)
	require.NoError(t, err)
	require.Empty(t, letters)
}

func second[T any](_ T, err error) error { return err }

// Webhooks that come at the same time go into one transaction. One of them that cannot be stored is refused; the others are
// stored all the same.
func TestOnlyTheGuiltyOneIsRefused(t *testing.T) {
	t.Parallel()
	const guilty = 5
	busy, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	in := open(t, filepath.Join(t.TempDir(), "bot.db"), sqlite.With(sqlinbox.CheckPut(func(ctx context.Context, tx *sql.Tx) error {
		once.Do(func() {
			close(busy)
			<-goOn
		})
		var found int
		err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM wa_event WHERE CAST(body AS TEXT) LIKE '%guilty%'").Scan(&found)
		if found > 0 {
			err = errors.New("as ordered")
		}
		return err
	})))
	results := make([]error, 10)
	var puts sync.WaitGroup
	puts.Go(func() { results[0] = put(t, in, 0, "first") })
	<-busy
	for n := 1; n < len(results); n++ {
		text := map[bool]string{true: "guilty"}[n == guilty]
		puts.Go(func() { results[n] = put(t, in, n, text) })
	}
	<-time.After(200 * time.Millisecond) // all of them wait for the committer
	close(goOn)
	puts.Wait()
	for n, err := range results {
		if n == guilty {
			require.ErrorContains(t, err, "as ordered")
		} else {
			require.NoError(t, err)
		}
	}
	stats, err := in.Stats(t.Context())
	require.NoError(t, err)
	require.Equal(t, len(results)-1, stats.Depth)
	require.NoError(t, put(t, in, guilty, "now it is not"), "its id is not taken for stored")
}

// An earlier release has written the file. What waits in it is handled, and what it has seen is known.
func TestOlderSchemaIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bot.db")
	in := open(t, path)
	require.NoError(t, put(t, in, 1, "hello"))
	require.NoError(t, in.Close())
	db := raw(t, path)
	for _, s := range []string{"DROP TABLE wa_total", "UPDATE wa_schema SET version = 1"} {
		_, err := db.ExecContext(t.Context(), s)
		require.NoError(t, err)
	}
	require.NoError(t, db.Close())
	in = open(t, path)
	stats, err := in.Stats(t.Context())
	require.NoError(t, err)
	require.Positive(t, stats.Bytes)
	require.Equal(t, []int{1, 1}, []int{stats.Depth, stats.IDs})
	require.Equal(t, []string{"hello"}, handleAll(t, in, 1))
}
