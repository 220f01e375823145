// Package postgres is the durable inbox for more than one machine, in a PostgreSQL database that all of them share:
//
//	inbox, err := postgres.Open(ctx, os.Getenv("DATABASE_URL"))
//
// It is [sqlinbox] on pgx. Any number of processes may take webhooks and handle events; a user's events are handled one at
// a time whoever took them. All times are the database's. It works behind PgBouncer in transaction mode: no prepared
// statement outlives its transaction, no lock its session.
//
// What was acknowledged is as durable as a commit of the primary. To lose nothing when a replica takes over, the replica
// must be a synchronous one.
package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/wacloud/wacloud/inbox/sqlinbox"
)

// channel is what the processes tell each other on that there are new events.
const channel = "wacloud_inbox"

const defaultMaxConns = 6

// An Inbox is a [wacloud.Inbox] in PostgreSQL, with [sqlinbox.Inbox.Store] beside it. It is safe for concurrent use.
type Inbox struct {
	*sqlinbox.Inbox
	db    *sql.DB
	stop  context.CancelFunc
	hints *hints
}

type config struct {
	maxConns int
	log      *slog.Logger
	inbox    []sqlinbox.Option
}

// An Option configures [Open].
type Option func(*config)

// MaxConns bounds the connections of this process, 6 by default. Storing, claiming and settling are busy with
// one each, the store's lookups with two; more serve handlers that wait for the store's writes, and a server that has the cores
// for them. One more waits for hints of the other processes.
func MaxConns(n int) Option { return func(c *config) { c.maxConns = n } }

// Logger sets the logger; without it nothing is logged.
func Logger(l *slog.Logger) Option { return func(c *config) { c.log = l } }

// With sets options of [sqlinbox.Open].
func With(opts ...sqlinbox.Option) Option {
	return func(c *config) { c.inbox = append(c.inbox, opts...) }
}

// Open connects to the database of a connection string (a URL, or key=value pairs), brings the schema up to date, and
// returns the inbox. ctx ends the opening only.
func Open(ctx context.Context, dsn string, opts ...Option) (*Inbox, error) {
	cfg := config{maxConns: defaultMaxConns, log: slog.New(slog.DiscardHandler)}
	for _, opt := range opts {
		opt(&cfg)
	}
	conn, err := parse(dsn)
	if err != nil {
		return nil, err
	}
	db := stdlib.OpenDB(*conn)
	db.SetMaxOpenConns(cfg.maxConns)
	db.SetMaxIdleConns(cfg.maxConns)
	db.SetConnMaxIdleTime(5 * time.Minute)

	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	h := newHints(conn, db, cfg.log)
	in, err := sqlinbox.Open(ctx, db, sqlinbox.Postgres(), append([]sqlinbox.Option{
		sqlinbox.Logger(cfg.log), sqlinbox.Hint(h.received), sqlinbox.AfterPut(h.announce),
	}, cfg.inbox...)...)
	if err != nil {
		stop()
		return nil, errors.Join(fmt.Errorf("wacloud: postgres: %w", err), db.Close())
	}
	p := &Inbox{Inbox: in, db: db, stop: stop, hints: h}
	h.start(background)
	return p, nil
}

func parse(dsn string) (*pgx.ConnConfig, error) {
	conn, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("wacloud: postgres: the connection string does not parse") // its error holds the password
	}
	// Parameters are described once and sent in binary, without a named statement that a pooler would lose.
	conn.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	return conn, nil
}

// Close stores what Put was called with and closes the connections. End Run's context first.
func (in *Inbox) Close() error {
	err := in.Inbox.Close()
	in.stop()
	in.hints.wait()
	return errors.Join(err, in.db.Close())
}
