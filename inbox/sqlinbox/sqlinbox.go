// Package sqlinbox is a durable [wacloud.Inbox] and [wacloud.Store] over database/sql. It needs no driver of its own: the
// modules inbox/sqlite and inbox/postgres open it with theirs, and any database/sql driver for SQLite or PostgreSQL does.
//
// One table holds the events, one the lanes (a lane is the events of one key), one the ids that were seen. Put stores a
// webhook's events in one transaction, grouped with those of other webhooks that came at the same time. A worker leases a
// lane, never an event, so that a user's events are handled one at a time in the order in which they were stored. A lease
// carries a token; who lost the lease cannot complete.
//
// Keys and ids are stored as hashes. The bodies of events hold personal data; they are deleted when the event is done, and
// with a dead letter after 30 days.
package sqlinbox

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

const (
	defaultMaxBytes = 1 << 30
	defaultLease    = 30 * time.Second
	defaultPoll     = 100 * time.Millisecond
	dedupeFor       = 8 * 24 * time.Hour  // Meta delivers again for 7 days
	keepDeadFor     = 30 * 24 * time.Hour // then the bodies of dead letters go
	commitTimeout   = 10 * time.Second
)

var (
	errClosed  = errors.New("wacloud: inbox closed")
	errRunning = errors.New("wacloud: inbox is running already in this process")
)

// An Inbox is a durable [wacloud.Inbox]. Make one with [Open]. It is safe for concurrent use; one Run at a time in a
// process, and any number of processes on one PostgreSQL.
type Inbox struct {
	db      *sql.DB
	reads   *sql.DB // db, or what Readers gave
	dialect Dialect
	cfg     config
	log     *slog.Logger

	puts    chan *put
	writes  chan *write   // of the store; nil where each goes alone
	lookups chan *lookup  // in the store
	closed  chan struct{} // take no more
	stopped chan struct{} // the committer has ended
	close   sync.Once
	done    sync.WaitGroup // the committers and the sweeper

	bytes   atomic.Int64  // stored by events and dead letters, as far as this process knows
	wake    chan struct{} // something may be ready
	running atomic.Bool
	full    atomic.Bool  // no worker is free, and the next to be free is waited for
	leases  atomic.Int64 // handlers running in this process
}

type config struct {
	maxBytes int64
	lease    time.Duration
	poll     time.Duration
	log      *slog.Logger
	hint     <-chan struct{}
	readers  *sql.DB
	afterPut func()
	checkPut func(ctx context.Context, tx *sql.Tx) error // nil for none
}

func defaults() config {
	return config{
		maxBytes: defaultMaxBytes, lease: defaultLease, poll: defaultPoll, log: slog.New(slog.DiscardHandler),
		afterPut: func() {},
	}
}

// An Option configures [Open].
type Option interface{ apply(*config) }

type optionFunc func(*config)

func (f optionFunc) apply(c *config) { f(c) }

// MaxBytes bounds what is stored, events and dead letters together; beyond it Put returns [wacloud.ErrInboxFull]. It
// defaults to 1 GiB. With several processes each knows what the others stored within a second.
func MaxBytes(n int64) Option { return optionFunc(func(c *config) { c.maxBytes = n }) }

// LeaseFor sets how long a lane stays with a process that does not renew its lease, 30 s by default. That is how long a
// user waits after a machine died.
func LeaseFor(d time.Duration) Option { return optionFunc(func(c *config) { c.lease = d }) }

// PollEvery sets how often the database is asked for events that another process stored, 100 ms by default, ±50 %.
func PollEvery(d time.Duration) Option { return optionFunc(func(c *config) { c.poll = d }) }

// Logger sets the logger; without it nothing is logged.
func Logger(l *slog.Logger) Option { return optionFunc(func(c *config) { c.log = l }) }

// Hint makes Run look for events whenever the channel delivers, for databases that can tell. Polling stays the truth.
func Hint(c <-chan struct{}) Option { return optionFunc(func(cfg *config) { cfg.hint = c }) }

// Readers gives what only reads, the store's lookups first of all, connections of their own: db is the same database. With
// SQLite they see what was committed and wait for nobody.
func Readers(db *sql.DB) Option { return optionFunc(func(c *config) { c.readers = db }) }

// AfterPut is called after events were stored that this process has nobody to handle at the moment, to tell other
// processes. It must not block.
func AfterPut(f func()) Option { return optionFunc(func(c *config) { c.afterPut = f }) }

// CheckPut is called at the end of each transaction that stores events. With an error they are not stored.
func CheckPut(f func(ctx context.Context, tx *sql.Tx) error) Option {
	return optionFunc(func(c *config) { c.checkPut = f })
}

// Open brings the schema up to date and returns an inbox on db, which stays the caller's to close after the inbox. For
// SQLite db must have one connection (SetMaxOpenConns(1)) and begin its transactions as immediate ones; inbox/sqlite does
// all that.
func Open(ctx context.Context, db *sql.DB, dialect Dialect, opts ...Option) (*Inbox, error) {
	if db == nil || dialect.name == "" {
		return nil, errors.New("wacloud: sqlinbox: Open needs a database and a dialect")
	}
	cfg := defaults()
	for _, opt := range opts {
		opt.apply(&cfg)
	}
	in := &Inbox{
		db: db, reads: cmp.Or(cfg.readers, db), dialect: dialect, cfg: cfg, log: cfg.log,
		puts: make(chan *put, 1024), lookups: make(chan *lookup), closed: make(chan struct{}), stopped: make(chan struct{}), wake: make(chan struct{}, 1),
	}
	if err := in.migrate(ctx); err != nil {
		return nil, fmt.Errorf("wacloud: sqlinbox: schema: %w", err)
	}
	if dialect.oneOwner {
		if err := in.takeOver(ctx); err != nil {
			return nil, fmt.Errorf("wacloud: sqlinbox: leases of the last run: %w", err)
		}
	}
	if err := in.recount(ctx); err != nil {
		return nil, fmt.Errorf("wacloud: sqlinbox: size: %w", err)
	}
	if err := in.measure(ctx); err != nil {
		return nil, err
	}
	in.done.Go(in.commitPuts)
	for range readersAtOnce {
		in.done.Go(in.answerLookups)
	}
	if dialect.oneOwner {
		in.writes = make(chan *write)
		in.done.Go(in.commitWrites)
	}
	in.done.Go(in.sweepForever)
	return in, nil
}

// takeOver goes on where the last run ended. Whoever held a lease is dead: the database has one owner, and that is us. The
// clock goes on, too: were it behind the last run's, events of that run would wait.
func (in *Inbox) takeOver(ctx context.Context) error {
	var last int64
	if err := in.db.QueryRowContext(ctx, "SELECT COALESCE(MAX(stored_at), 0) FROM wa_seen").Scan(&last); err != nil {
		return err
	}
	in.dialect.clock = clockFrom(last)
	return in.exec(ctx, in.db, "UPDATE wa_lane SET ready_at = {now}, token = 0 WHERE token <> 0", now)
}

// Close stops taking events and waits until those that were taken are stored. It does not close the database. End Run's
// context first.
func (in *Inbox) Close() error {
	in.close.Do(func() { close(in.closed) })
	in.done.Wait()
	return nil
}

// Ready reports whether the database takes writes: it is what a readiness probe asks.
func (in *Inbox) Ready(ctx context.Context) error {
	if err := in.exec(ctx, in.db, "UPDATE wa_schema SET version = version"); err != nil {
		return fmt.Errorf("wacloud: sqlinbox: not ready: %w", in.dialect.wrap(err))
	}
	return nil
}

// signal wakes Run's claim loop.
func (in *Inbox) signal() {
	select {
	case in.wake <- struct{}{}:
	default:
	}
}

// inTx runs f in a transaction, and again when the database asked for that (a deadlock, a failed serialization).
func (in *Inbox) inTx(ctx context.Context, f func(*sql.Tx) error) error {
	return in.again(ctx, func() error { return in.once(ctx, f) })
}

func (in *Inbox) again(ctx context.Context, f func() error) error {
	for attempt := 1; ; attempt++ {
		err := f()
		if err == nil || attempt == 5 || !in.dialect.retryable(err) || ctx.Err() != nil {
			return err
		}
	}
}

func (in *Inbox) once(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := in.db.BeginTx(ctx, nil)
	if err != nil {
		return in.dialect.wrap(err)
	}
	defer func() { _ = tx.Rollback() }()
	if in.dialect.begin != "" {
		if _, err := tx.ExecContext(ctx, fmt.Sprintf(in.dialect.begin, max(in.cfg.lease.Milliseconds(), 1))); err != nil {
			return in.dialect.wrap(err)
		}
	}
	if err := f(tx); err != nil {
		return in.dialect.wrap(err)
	}
	return in.dialect.wrap(tx.Commit())
}

// unique is a number above 0 that does not come again: a token, a version.
func unique() int64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return int64(binary.LittleEndian.Uint64(b[:])>>2) + 1
}

// A hash stands for a key or an id in the tables: fixed in size, any bytes in, no personal data out.
type hash [16]byte

func hashOf(s string) hash {
	sum := sha256.Sum256([]byte(s))
	return hash(sum[:16])
}
