package sqlinbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/wacloud/wacloud"
)

// A Dialect is the SQL of one kind of database: [SQLite] or [Postgres].
type Dialect struct {
	name     string
	oneOwner bool // one process owns the database: its clock counts, and leases of the last run are void
	blob     string
	serial   string
	skip     string // how to pass over rows that others hold
	lock     string // how to hold rows until the transaction ends
	begin    string // first statement of a transaction, with the lease in milliseconds for %d
	now      string // microseconds since 1970 on the database's clock; "?" when the process's clock counts
	clock    func() int64
	put      string // storeInTx in one statement; "" where that cannot be said in one
	take     string // takeInTx in one statement, likewise
}

// SQLite is the dialect for a database file that one process owns. Version 3.35 of SQLite or later.
func SQLite() Dialect {
	return Dialect{
		name: "sqlite", oneOwner: true, blob: "BLOB", serial: "INTEGER PRIMARY KEY AUTOINCREMENT", now: "?", clock: clockFrom(0),
	}
}

// clockFrom is the monotonic clock from a fixed start, the wall clock's time or least, whichever is later: a jump of the
// wall clock neither ends a lease nor stalls a lane, now or after a restart.
func clockFrom(least int64) func() int64 {
	start := time.Now()
	base := max(start.UnixMicro(), least)
	return func() int64 { return base + time.Since(start).Microseconds() }
}

// Postgres is the dialect for PostgreSQL 12 or later, shared by any number of processes. All times are the database's.
func Postgres() Dialect {
	return Dialect{
		name: "postgres", blob: "BYTEA", serial: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
		skip: " FOR UPDATE SKIP LOCKED", lock: " FOR UPDATE",
		// A process that stalls, or a machine that is gone, must not keep what it has locked.
		begin: "SET LOCAL idle_in_transaction_session_timeout = %d",
		// Of the statement: it does not change while a statement runs, so that an index can be used.
		now: "(EXTRACT(EPOCH FROM statement_timestamp()) * 1000000)::BIGINT",
		put: postgresPut, take: postgresTake,
	}
}

// postgresPut does in one statement what storeInTx says in several, in the same order: each part reads from the one before,
// and sorts what it reads. So seq is allocated after the lanes are locked, and the total is the last that is locked.
const postgresPut = `WITH given AS (
		SELECT n, substring(CAST(? AS BYTEA) FROM 16 * n - 15 FOR 16) AS id, substring(CAST(? AS BYTEA) FROM 16 * n - 15 FOR 16) AS lane,
			substring(CAST(? AS BYTEA) FROM begins FOR size) AS body
		FROM unnest(CAST(CAST(? AS TEXT) AS INT[]), CAST(CAST(? AS TEXT) AS INT[])) WITH ORDINALITY AS each (begins, size, ordinality),
			CAST(ordinality AS INT) AS n
	), fresh AS (
		INSERT INTO wa_seen (id, stored_at) SELECT id, {now} FROM given ORDER BY id
		ON CONFLICT (id) DO NOTHING RETURNING id
	), opened AS (
		INSERT INTO wa_lane (lane, ready_at, token) SELECT DISTINCT lane, {now}, 0 FROM given JOIN fresh USING (id) ORDER BY lane
		ON CONFLICT (lane) DO UPDATE SET lane = excluded.lane RETURNING lane
	), stored AS (
		INSERT INTO wa_event (lane, body, attempts, stored_at)
		SELECT lane, body, 0, {now} FROM given JOIN fresh USING (id) JOIN opened USING (lane) ORDER BY n
		RETURNING LENGTH(body) AS size
	), counted AS (
		INSERT INTO wa_total (slot, events, bytes, dead, ids)
		SELECT CAST(? AS INT), COUNT(*), SUM(size), 0, COUNT(*) FROM stored HAVING COUNT(*) > 0 ` + addTotal + `
	)
	SELECT id FROM fresh`

// postgresTake does in one statement what takeInTx says in two.
const postgresTake = `WITH taken AS (` + takeLanes + `), heads AS (
		UPDATE wa_event SET attempts = attempts + 1 WHERE seq IN
			(SELECT MIN(seq) FROM wa_event JOIN taken USING (lane) GROUP BY lane) RETURNING lane, seq, body, attempts
	)
	SELECT lane, COALESCE(seq, 0), body, COALESCE(attempts, 0) FROM taken LEFT JOIN heads USING (lane)`

// sql writes a statement's text in the dialect: {now}, {blob}, {serial}, {skip} and {lock} are replaced, and ? becomes $1, $2, …
// for PostgreSQL. No statement has a literal with a question mark or a brace.
func (d Dialect) sql(text string) string {
	text = strings.NewReplacer("{now}", d.now, "{blob}", d.blob, "{serial}", d.serial, "{skip}", d.skip, "{lock}", d.lock).Replace(text)
	if d.name != "postgres" {
		return text
	}
	var b strings.Builder
	n := 0
	for part := range strings.SplitSeq(text, "?") {
		if n > 0 {
			b.WriteString("$" + strconv.Itoa(n))
		}
		b.WriteString(part)
		n++
	}
	return b.String()
}

// rows is n times row, separated by commas.
func rows(row string, n int) string { return strings.TrimSuffix(strings.Repeat(row+", ", n), ", ") }

// retryable reports whether the database asked to run the transaction again.
func (d Dialect) retryable(err error) bool {
	state := sqlState(err)
	return state == "40P01" || state == "40001"
}

// wrap names the errors that callers tell apart.
func (d Dialect) wrap(err error) error {
	const (
		sqliteFull         = 13
		postgresDiskFull   = "53100"
		postgresOutOfSpace = "53000"
	)
	if code, ok := errors.AsType[interface {
		error
		Code() int
	}](err); ok && d.name == "sqlite" && code.Code()&0xff == sqliteFull {
		return fmt.Errorf("%w: %w", wacloud.ErrInboxFull, err)
	}
	if state := sqlState(err); state == postgresDiskFull || state == postgresOutOfSpace {
		return fmt.Errorf("%w: %w", wacloud.ErrInboxFull, err)
	}
	return err
}

// sqlState is PostgreSQL's error code, which every driver offers under this method's name.
func sqlState(err error) string {
	if e, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok {
		return e.SQLState()
	}
	return ""
}

// now stands in an argument list where the statement says {now}. PostgreSQL needs no argument there.
var now = new(struct{ _ byte })

// A list, which is not empty, stands in an argument list where the statement says {list}.
type list []any

// blobs are a list of hashes.
func blobs(hashes []hash) list {
	l := make(list, len(hashes))
	for i := range hashes {
		l[i] = hashes[i][:]
	}
	return l
}

// prepare writes a statement and its arguments in the dialect: now becomes the process's clock, or nothing where the database's
// counts, and lists become "(?, ?, …)".
func (d Dialect) prepare(text string, args []any) (string, []any) {
	bound := make([]any, 0, len(args))
	for _, a := range args {
		switch l, isList := a.(list); {
		case isList:
			text = strings.Replace(text, "{list}", "("+rows("?", len(l))+")", 1)
			bound = append(bound, l...)
		case a != now:
			bound = append(bound, a)
		case d.clock != nil:
			bound = append(bound, d.clock())
		}
	}
	return d.sql(text), bound
}

type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

type rowsQuerier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

type rowQuerier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func (in *Inbox) exec(ctx context.Context, db execer, text string, args ...any) error {
	_, err := in.execRows(ctx, db, text, args...)
	return err
}

// execRows is exec that counts the rows.
func (in *Inbox) execRows(ctx context.Context, db execer, text string, args ...any) (int64, error) {
	text, args = in.dialect.prepare(text, args)
	result, err := db.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// query calls scan for each row.
func (in *Inbox) query(ctx context.Context, db rowsQuerier, scan func(*sql.Rows) error, text string, args ...any) error {
	text, args = in.dialect.prepare(text, args)
	rows, err := db.QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (in *Inbox) queryRow(ctx context.Context, db rowQuerier, text string, args ...any) *sql.Row {
	text, args = in.dialect.prepare(text, args)
	return db.QueryRowContext(ctx, text, args...)
}

// queryHashes runs a query whose rows are one hash each.
func (in *Inbox) queryHashes(ctx context.Context, db rowsQuerier, text string, args ...any) ([]hash, error) {
	var found []hash
	err := in.query(ctx, db, func(r *sql.Rows) error {
		var raw []byte
		if err := r.Scan(&raw); err != nil {
			return err
		}
		found = append(found, hash(raw))
		return nil
	}, text, args...)
	return found, err
}
