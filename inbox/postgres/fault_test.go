package postgres_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/inbox/inboxtest"
	"github.com/wacloud/wacloud/inbox/postgres"
	"github.com/wacloud/wacloud/inbox/sqlinbox"
)

func execute(t *testing.T, dsn string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	for _, s := range statements {
		_, err := conn.Exec(t.Context(), s)
		require.NoError(t, err, s)
	}
}

// CREATE TABLE IF NOT EXISTS races with itself when processes start together.
func TestManyProcessesMakeTheSchemaAtOnce(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	start := make(chan struct{})
	errs := make(chan error, 12)
	for range cap(errs) {
		go func() {
			<-start
			in, err := postgres.Open(context.Background(), dsn, postgres.MaxConns(2))
			if err == nil {
				err = in.Close()
			}
			errs <- err
		}()
	}
	close(start)
	for range cap(errs) {
		require.NoError(t, <-errs)
	}
}

// DDL at every start deadlocks live workers. A role that may not change the schema works where it is current.
func TestCurrentSchemaIsLeftAlone(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	in, err := postgres.Open(t.Context(), dsn)
	require.NoError(t, err)
	require.NoError(t, in.Close())
	role := "app" + strings.TrimPrefix(dsn[strings.Index(dsn, "dbname=")+len("dbname="):], "test")
	role, _, _ = strings.Cut(role, " ")
	execute(t, dsn,
		"CREATE ROLE "+role+" LOGIN",
		"REVOKE CREATE ON SCHEMA public FROM PUBLIC",
		"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "+role,
		"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO "+role)
	in, err = postgres.Open(t.Context(), strings.Replace(dsn, "user=wacloud", "user="+role, 1))
	require.NoError(t, err)
	defer func() { _ = in.Close() }()
	_, err = in.Put(t.Context(), []wacloud.Event{inboxtest.Text("15550000001", "wamid.1", "hello")})
	require.NoError(t, err)
}

// Put sees the lane and leaves it, completion sees no more events and closes it: nobody would ever look.
func TestNoWakeUpIsLost(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	const processes, users, each = 2, 4, 150
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var handled atomic.Int64
	var runs sync.WaitGroup
	var inboxes []*postgres.Inbox
	for range processes {
		in, err := postgres.Open(t.Context(), dsn)
		require.NoError(t, err)
		defer func() { _ = in.Close() }()
		inboxes = append(inboxes, in)
		runs.Go(func() {
			_ = in.Run(ctx, wacloud.RunConfig{Handler: wacloud.HandlerFunc(func(context.Context, *wacloud.Event) error {
				handled.Add(1)
				return nil
			})})
		})
	}
	var puts sync.WaitGroup
	for user := range users {
		puts.Go(func() {
			for n := range each { // each comes about when the one before is completed
				in := inboxes[n%processes]
				e := inboxtest.Text(fmt.Sprintf("1555000%04d", user), fmt.Sprintf("wamid.%d.%d", user, n), "x")
				if _, err := in.Put(ctx, []wacloud.Event{e}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	puts.Wait()
	require.Eventually(t, func() bool { return handled.Load() == users*each }, 20*time.Second, 5*time.Millisecond)
	cancel()
	runs.Wait()
}

// A statement that the wrapped driver is given: its text and arguments.
type statement struct {
	text string
	args []driver.NamedValue
}

// A spy is pgx with a look at every statement and a failure for some commits.
type spy struct {
	driver.Connector
	mu         sync.Mutex
	statements []statement
	frozen     sync.RWMutex // locked while transactions must wait
	pooled     atomic.Bool  // forget the session before each transaction
	fail       func() error // at the end of a transaction that changes something
}

func (s *spy) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := s.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &spyConn{Conn: c, spy: s}, nil
}

func (s *spy) saw(text string, args []driver.NamedValue) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.statements = append(s.statements, statement{text, args})
}

type spyConn struct {
	driver.Conn
	spy  *spy
	inTx bool
}

// begin is what happens to a transaction before its first statement. One statement may be a transaction by itself.
func (c *spyConn) begin(ctx context.Context) error {
	if c.inTx {
		return nil
	}
	c.spy.frozen.RLock()
	defer c.spy.frozen.RUnlock()
	return c.switchSession(ctx)
}

// switchSession is what a pooler in transaction mode does to its clients: the next transaction has another session.
func (c *spyConn) switchSession(ctx context.Context) error {
	if !c.spy.pooled.Load() {
		return nil
	}
	_, err := c.Conn.(*stdlib.Conn).Conn().PgConn().Exec(ctx, "DISCARD ALL").ReadAll() //nolint:forcetypeassert // pgx's
	return err
}

// end is what becomes of a statement that is a transaction and changes something.
func (c *spyConn) end(text string) error {
	if c.inTx || c.spy.fail == nil || strings.HasPrefix(text, "SELECT") {
		return nil
	}
	return c.spy.fail()
}

func (c *spyConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	c.spy.saw(text, args)
	if err := errors.Join(c.begin(ctx), c.end(text)); err != nil {
		return nil, err
	}
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, text, args) //nolint:forcetypeassert // pgx's
}

func (c *spyConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	c.spy.saw(text, args)
	if err := errors.Join(c.begin(ctx), c.end(text)); err != nil {
		return nil, err
	}
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, text, args) //nolint:forcetypeassert // pgx's
}

func (c *spyConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if err := c.begin(ctx); err != nil {
		return nil, err
	}
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts) //nolint:forcetypeassert // pgx's
	c.inTx = err == nil
	return &spyTx{tx, c}, err
}

func (c *spyConn) CheckNamedValue(v *driver.NamedValue) error {
	return c.Conn.(driver.NamedValueChecker).CheckNamedValue(v) //nolint:forcetypeassert // pgx's
}

type spyTx struct {
	driver.Tx
	conn *spyConn
}

func (tx *spyTx) Commit() error {
	if fail := tx.conn.spy.fail; fail != nil {
		if err := fail(); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	tx.conn.inTx = false
	return tx.Tx.Commit()
}

func (tx *spyTx) Rollback() error {
	tx.conn.inTx = false
	return tx.Tx.Rollback()
}

func newSpy(t *testing.T) (*spy, *sql.DB) {
	t.Helper()
	return newSpyOn(t, database(t))
}

func newSpyOn(t *testing.T, dsn string) (*spy, *sql.DB) {
	t.Helper()
	cfg, err := postgres.Parse(dsn)
	require.NoError(t, err)
	s := &spy{Connector: stdlib.GetConnector(*cfg)}
	db := sql.OpenDB(s)
	t.Cleanup(func() { _ = db.Close() })
	return s, db
}

// exercise makes the inbox and the store do all that they can.
func exercise(t *testing.T, in *sqlinbox.Inbox) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for n := range 5 {
		_, err := in.Put(ctx, []wacloud.Event{inboxtest.Text(fmt.Sprintf("1555000%04d", n), fmt.Sprintf("wamid.%d", n), strconv.Itoa(n))})
		require.NoError(t, err)
	}
	var seen atomic.Int64
	finish := func() {
		if seen.Add(1) == 6 {
			cancel()
		}
	}
	require.NoError(t, in.Run(ctx, wacloud.RunConfig{
		Failed: func(context.Context, *wacloud.Event, error) { finish() },
		Handler: wacloud.HandlerFunc(func(ctx context.Context, e *wacloud.Event) error {
			switch {
			case e.Text() == "0":
				return wacloud.Permanent(errors.New("dead"))
			case e.Text() == "1" && e.Attempt == 1:
				finish()
				return wacloud.RetryAfter(errors.New("again"), time.Millisecond)
			case e.Text() == "2":
				if err := wacloud.Extend(ctx, time.Minute); err != nil {
					return err
				}
				if err := sqlinbox.OnComplete(ctx, func(context.Context, *sql.Tx) error { return nil }); err != nil {
					return err
				}
			}
			finish()
			return nil
		}),
	}))
	letters, err := in.DeadLetters(t.Context(), "", 10)
	require.NoError(t, err)
	require.Len(t, letters, 1)
	require.NoError(t, in.Redrive(t.Context(), letters[0].ID))
	_, err = in.Stats(t.Context())
	require.NoError(t, err)
	store := in.Store()
	require.NoError(t, store.Put(t.Context(), "a", []byte("1"), time.Hour))
	ok, err := store.Swap(t.Context(), "b", 0, []byte("1"), time.Hour)
	require.NoError(t, err)
	require.True(t, ok)
	_, version, err := store.Get(t.Context(), "b")
	require.NoError(t, err)
	_, err = store.Swap(t.Context(), "b", version, []byte("2"), time.Hour)
	require.NoError(t, err)
	_, err = store.Scan(t.Context(), "", "", 10)
	require.NoError(t, err)
	require.NoError(t, store.Delete(t.Context(), "a"))
}

// Clocks of machines differ: no statement takes a time of ours.
func TestNoStatementTakesATime(t *testing.T) {
	t.Parallel()
	s, db := newSpy(t)
	in, err := sqlinbox.Open(t.Context(), db, sqlinbox.Postgres())
	require.NoError(t, err)
	exercise(t, in)
	<-time.After(1200 * time.Millisecond) // the first sweep
	require.NoError(t, in.Close())
	s.mu.Lock()
	defer s.mu.Unlock()
	require.Greater(t, len(s.statements), 30)
	now := time.Now()
	for _, st := range s.statements {
		for _, arg := range st.args {
			switch v := arg.Value.(type) {
			case time.Time:
				t.Errorf("%s takes a time", st.text)
			case int64:
				for _, unit := range []time.Duration{1, time.Microsecond, time.Millisecond, time.Second} {
					if v < 1<<30 {
						continue
					}
					if at := time.Unix(0, 0).Add(time.Duration(v) * unit); at.After(now.AddDate(-1, 0, 0)) && at.Before(now.AddDate(1, 0, 0)) && v < 1<<52 {
						t.Errorf("%s takes %d, which is about now", st.text, v)
					}
				}
			}
		}
	}
}

// Behind PgBouncer in transaction mode each transaction may have another session: no prepared statement, no setting and no
// lock of the one before is there.
func TestEachTransactionHasAnotherSession(t *testing.T) {
	t.Parallel()
	s, db := newSpy(t)
	s.pooled.Store(true)
	for range 2 { // the schema is new, and then it is current
		in, err := sqlinbox.Open(t.Context(), db, sqlinbox.Postgres())
		require.NoError(t, err)
		require.NoError(t, in.Close())
	}
	in, err := sqlinbox.Open(t.Context(), db, sqlinbox.Postgres())
	require.NoError(t, err)
	exercise(t, in)
	<-time.After(1200 * time.Millisecond) // the first sweep
	require.NoError(t, in.Ready(t.Context()))
	require.NoError(t, in.Close())
}

// PostgreSQL asks to run a transaction again after a deadlock and after a failed serialization.
func TestTransactionsRunAgain(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"40P01", "40001"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			s, db := newSpy(t)
			in, err := sqlinbox.Open(t.Context(), db, sqlinbox.Postgres())
			require.NoError(t, err)
			var commits, failed atomic.Int64
			s.fail = func() error {
				if commits.Add(1)%2 == 1 {
					failed.Add(1)
					return &pgconn.PgError{Code: code}
				}
				return nil
			}
			exercise(t, in)
			require.Greater(t, failed.Load(), int64(10))
			require.NoError(t, in.Close())
		})
	}
}

// A database that takes a lock and never gives it back: Put ends with its context, and so do others.
func TestPutEndsWithItsContext(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	in, err := postgres.Open(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { _ = in.Close() }()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	tx, err := conn.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "LOCK TABLE wa_seen IN ACCESS EXCLUSIVE MODE")
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	start := time.Now()
	var puts sync.WaitGroup
	for n := range 200 {
		puts.Go(func() {
			_, err := in.Put(ctx, []wacloud.Event{inboxtest.Text("15550000001", fmt.Sprintf("wamid.%d", n), "x")})
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		})
	}
	puts.Wait()
	require.Less(t, time.Since(start), 3*time.Second)
	require.NoError(t, tx.Rollback(t.Context()))
	require.Eventually(t, func() bool {
		_, err := in.Put(t.Context(), []wacloud.Event{inboxtest.Text("15550000001", "wamid.after", "x")})
		return err == nil
	}, 15*time.Second, 50*time.Millisecond)
}

// The totals beside the tables say what the tables hold, after all that can happen and after somebody has deleted by hand.
func TestTotals(t *testing.T) {
	t.Parallel()
	_, db := newSpy(t)
	in, err := sqlinbox.Open(t.Context(), db, sqlinbox.Postgres())
	require.NoError(t, err)
	exercise(t, in)
	for n := range 3 {
		_, err := in.Put(t.Context(), []wacloud.Event{inboxtest.Text("15550000009", fmt.Sprintf("wamid.more.%d", n), "waits")})
		require.NoError(t, err)
	}
	requireTotals(t, db, 4, 8) // the one that was redriven waits, too
	require.NoError(t, in.Close())

	_, err = db.ExecContext(t.Context(), "DELETE FROM wa_event WHERE seq = (SELECT MAX(seq) FROM wa_event)")
	require.NoError(t, err)
	in, err = sqlinbox.Open(t.Context(), db, sqlinbox.Postgres())
	require.NoError(t, err)
	defer func() { require.NoError(t, in.Close()) }()
	requireTotals(t, db, 3, 8)
	s, err := in.Stats(t.Context())
	require.NoError(t, err)
	require.Equal(t, 3, s.Depth)
	require.Equal(t, 8, s.IDs)
}

func requireTotals(t *testing.T, db *sql.DB, events, ids int) {
	t.Helper()
	const totals = "SELECT concat_ws(' ', SUM(events), SUM(bytes), SUM(dead), SUM(ids)) FROM wa_total"
	const counted = `SELECT concat_ws(' ', (SELECT COUNT(*) FROM wa_event), (SELECT COALESCE(SUM(LENGTH(body)), 0) FROM wa_event),
		(SELECT COALESCE(SUM(LENGTH(body)), 0) FROM wa_dead), (SELECT COUNT(*) FROM wa_seen))`
	var got, want string
	require.NoError(t, db.QueryRowContext(t.Context(), totals).Scan(&got))
	require.NoError(t, db.QueryRowContext(t.Context(), counted).Scan(&want))
	require.Equal(t, want, got)
	require.Regexp(t, fmt.Sprintf("^%d .* %d$", events, ids), got)
}

// What CheckPut refuses is not stored, and its id not taken for known.
func TestCheckPut(t *testing.T) {
	t.Parallel()
	in, err := postgres.Open(t.Context(), database(t), postgres.With(sqlinbox.CheckPut(func(ctx context.Context, tx *sql.Tx) error {
		var guilty int
		err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM wa_event WHERE encode(body, 'escape') LIKE '%guilty%'").Scan(&guilty)
		if err == nil && guilty > 0 {
			err = errors.New("as ordered")
		}
		return err
	})))
	require.NoError(t, err)
	defer func() { require.NoError(t, in.Close()) }()
	one, two := inboxtest.Text("15550000001", "wamid.1", "first"), inboxtest.Text("15550000002", "wamid.2", "second")
	for _, tt := range []struct {
		events []wacloud.Event
		want   wacloud.PutResult
		err    string
	}{
		{events: []wacloud.Event{one}, want: wacloud.PutResult{Stored: 1}},
		{events: []wacloud.Event{one, two, two}, want: wacloud.PutResult{Stored: 1, Duplicates: 2}},
		{events: []wacloud.Event{inboxtest.Text("15550000003", "wamid.3", "guilty")}, err: "as ordered"},
		{events: []wacloud.Event{inboxtest.Text("15550000003", "wamid.3", "not now")}, want: wacloud.PutResult{Stored: 1}},
	} {
		got, err := in.Put(t.Context(), tt.events)
		if tt.err != "" {
			require.ErrorContains(t, err, tt.err)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, tt.want, got)
	}
	stats, err := in.Stats(t.Context())
	require.NoError(t, err)
	require.Equal(t, 3, stats.Depth)
}

// An event that was not parsed has no body. It is refused before it meets those of others.
func TestEventWithoutBody(t *testing.T) {
	t.Parallel()
	in, err := postgres.Open(t.Context(), database(t))
	require.NoError(t, err)
	defer func() { require.NoError(t, in.Close()) }()
	_, err = in.Put(t.Context(), []wacloud.Event{inboxtest.Text("15550000001", "wamid.1", "first"), {ID: "wamid.2"}})
	require.ErrorContains(t, err, "event 1 did not come from ParseWebhook")
	stats, err := in.Stats(t.Context())
	require.NoError(t, err)
	require.Zero(t, stats.Depth)
}

// With 200,000 events waiting no statement of a bot that runs reads a whole table, but to count the dead letters.
func TestNoStatementReadsAllThatWaits(t *testing.T) {
	t.Parallel()
	s, db := newSpy(t)
	in, err := sqlinbox.Open(t.Context(), db, sqlinbox.Postgres())
	require.NoError(t, err)
	s.mu.Lock()
	s.statements = nil // those of the start count all, once
	s.mu.Unlock()
	exercise(t, in)
	<-time.After(1200 * time.Millisecond) // the first sweep
	require.NoError(t, in.Close())
	s.mu.Lock()
	statements := s.statements
	s.mu.Unlock()
	for _, fill := range []string{
		`INSERT INTO wa_event (lane, body, attempts, stored_at)
			SELECT decode(md5((i % 1000)::text), 'hex'), decode(md5(i::text), 'hex'), 0, 1 FROM generate_series(1, 200000) i`,
		"INSERT INTO wa_lane (lane, ready_at, token) SELECT DISTINCT lane, 9000000000000000, 0 FROM wa_event ON CONFLICT DO NOTHING",
		"INSERT INTO wa_lane (lane, ready_at, token) SELECT decode(md5(i::text), 'hex'), 9000000000000000, 0 FROM generate_series(1000, 50000) i",
		"INSERT INTO wa_seen (id, stored_at) SELECT decode(md5(i::text), 'hex'), 9000000000000000 FROM generate_series(1, 50000) i",
		"INSERT INTO wa_dead (id, lane, body, attempts, error, failed_at) SELECT decode(md5(i::text), 'hex'), 'x', 'x', 1, '', 9000000000000000 FROM generate_series(1, 50000) i",
		"INSERT INTO wa_store (key, value, version, expires_at) SELECT decode(md5(i::text), 'hex'), 'x', 1, 9000000000000000 FROM generate_series(1, 50000) i",
		"ANALYZE",
	} {
		_, err := db.ExecContext(t.Context(), fill)
		require.NoError(t, err)
	}
	explained := map[string]bool{}
	for _, st := range statements {
		verb, _, _ := strings.Cut(st.text, " ")
		if explained[st.text] || !strings.Contains("SELECT INSERT UPDATE DELETE WITH", verb) {
			continue
		}
		explained[st.text] = true
		args := make([]any, len(st.args))
		for i := range st.args {
			args[i] = st.args[i].Value
		}
		plan := explain(t, db, st.text, args)
		for _, table := range []string{"wa_event", "wa_lane", "wa_seen", "wa_store", "wa_dead"} {
			if table == "wa_dead" && strings.Contains(st.text, "SELECT COUNT(*) FROM wa_dead") {
				continue
			}
			require.NotContains(t, plan, "Seq Scan on "+table, st.text)
		}
	}
	require.Greater(t, len(explained), 20)
}

func explain(t *testing.T, db *sql.DB, text string, args []any) string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "EXPLAIN "+text, args...)
	require.NoError(t, err, text)
	defer func() { _ = rows.Close() }()
	var plan strings.Builder
	for rows.Next() {
		var line string
		require.NoError(t, rows.Scan(&line))
		plan.WriteString(line + "\n")
	}
	require.NoError(t, rows.Err())
	return plan.String()
}

// The bound is on what all processes have stored, and so is the room that any of them makes.
func TestBoundOfAllProcesses(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	var inboxes [2]*postgres.Inbox
	for i := range inboxes {
		in, err := postgres.Open(t.Context(), dsn, postgres.With(sqlinbox.MaxBytes(50_000)))
		require.NoError(t, err)
		defer func() { require.NoError(t, in.Close()) }()
		inboxes[i] = in
	}
	n := 0
	put := func(in *postgres.Inbox) error {
		n++
		_, err := in.Put(t.Context(), []wacloud.Event{inboxtest.Text("15550000001", fmt.Sprintf("wamid.%d", n), strings.Repeat("x", 2000))})
		return err
	}
	require.NoError(t, put(inboxes[1]))
	var err error
	for err == nil {
		require.Less(t, n, 100)
		err = put(inboxes[0])
	}
	require.ErrorIs(t, err, wacloud.ErrInboxFull)
	require.Eventually(t, func() bool { return errors.Is(put(inboxes[1]), wacloud.ErrInboxFull) }, 20*time.Second, 100*time.Millisecond)

	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() {
		ran <- inboxes[0].Run(ctx, wacloud.RunConfig{Handler: wacloud.HandlerFunc(func(context.Context, *wacloud.Event) error { return nil })})
	}()
	require.Eventually(t, func() bool { return put(inboxes[1]) == nil }, 20*time.Second, 100*time.Millisecond)
	cancel()
	require.NoError(t, <-ran)
}

// One user has 100,000 events and a handler that does not return. Others are stored, handled and done meanwhile.
func TestOneLaneWithAHundredThousandEvents(t *testing.T) {
	t.Parallel()
	_, db := newSpy(t)
	in, err := sqlinbox.Open(t.Context(), db, sqlinbox.Postgres())
	require.NoError(t, err)
	put := func(user, n int) {
		_, err := in.Put(t.Context(), []wacloud.Event{inboxtest.Text(fmt.Sprintf("1555%07d", user), fmt.Sprintf("wamid.%d.%d", user, n), strconv.Itoa(user))})
		require.NoError(t, err)
	}
	put(0, 0)
	_, err = db.ExecContext(t.Context(), "INSERT INTO wa_event (lane, body, attempts, stored_at) SELECT lane, body, 0, stored_at FROM wa_event, generate_series(1, 100000)")
	require.NoError(t, err)
	require.NoError(t, in.Close())
	in, err = sqlinbox.Open(t.Context(), db, sqlinbox.Postgres())
	require.NoError(t, err)
	defer func() { require.NoError(t, in.Close()) }()
	ctx, cancel := context.WithCancel(t.Context())
	var others atomic.Int64
	ran := make(chan error, 1)
	go func() {
		ran <- in.Run(ctx, wacloud.RunConfig{DrainTimeout: time.Millisecond, Handler: wacloud.HandlerFunc(func(ctx context.Context, e *wacloud.Event) error {
			if e.Text() == "0" {
				<-ctx.Done()
				return ctx.Err()
			}
			others.Add(1)
			return nil
		})})
	}()
	for n := range 5 {
		for user := 1; user <= 20; user++ {
			put(user, n)
		}
	}
	require.Eventually(t, func() bool { return others.Load() == 100 }, 20*time.Second, time.Millisecond)
	require.Eventually(t, func() bool {
		stats, err := in.Stats(t.Context())
		return err == nil && stats.Depth == 100_001
	}, 20*time.Second, time.Millisecond)
	cancel()
	require.NoError(t, <-ran)
}
