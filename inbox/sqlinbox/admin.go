package sqlinbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/wacloud/wacloud"
)

// An Admin looks after the dead letters of an inbox from another process, whether a bot runs the inbox or not. Make one
// with [OpenAdmin]. It is safe for concurrent use.
type Admin struct {
	in   *Inbox
	past *Inbox // the same, at a time that the owner's clock has passed
}

// OpenAdmin returns an Admin for the inbox in db. Unlike [Open] it changes neither schema nor leases and starts nothing, and
// fails where there is no inbox or one of another release. db stays the caller's to close.
//
// Each change is one short transaction. A bot finds what was redriven when it next looks, after [PollEvery] at most; how many
// bytes were freed by a purge it learns a second later.
func OpenAdmin(ctx context.Context, db *sql.DB, dialect Dialect) (*Admin, error) {
	if db == nil || dialect.name == "" {
		return nil, errors.New("wacloud: sqlinbox: OpenAdmin needs a database and a dialect")
	}
	in := inspect(db, dialect)
	version, err := in.schemaVersion(ctx, db)
	switch {
	case err != nil:
		return nil, fmt.Errorf("wacloud: sqlinbox: no inbox found: %w", err)
	case version != len(migrations):
		return nil, fmt.Errorf("wacloud: sqlinbox: the inbox has version %d of the schema, this release knows %d: use the bot's release", version, len(migrations))
	}
	past, err := in.newest(ctx)
	if err != nil {
		return nil, fmt.Errorf("wacloud: sqlinbox: %w", dialect.wrap(err))
	}
	if dialect.oneOwner {
		dialect.clock = func() int64 { return past }
	}
	return &Admin{in, inspect(db, dialect)}, nil
}

// inspect returns an inbox of which nothing runs.
func inspect(db *sql.DB, dialect Dialect) *Inbox {
	cfg := defaults()
	return &Inbox{db: db, reads: db, dialect: dialect, cfg: cfg, log: cfg.log, wake: make(chan struct{}, 1)}
}

// newest is the latest time in the tables. The owner of a file counts time from its start, and the machine may have slept
// since then: what is put back at our time might be ready in some hours of the owner's.
func (in *Inbox) newest(ctx context.Context) (t int64, err error) {
	err = in.db.QueryRowContext(ctx, `SELECT COALESCE(MAX(t), 0) FROM (SELECT MAX(stored_at) AS t FROM wa_event
		UNION ALL SELECT MAX(stored_at) FROM wa_seen UNION ALL SELECT MAX(failed_at) FROM wa_dead) AS times`).Scan(&t)
	return t, err
}

// Stats is [Inbox.Stats].
func (a *Admin) Stats(ctx context.Context) (wacloud.InboxStats, error) { return a.in.Stats(ctx) }

// DeadLetters is [Inbox.DeadLetters].
func (a *Admin) DeadLetters(ctx context.Context, after string, limit int) ([]wacloud.DeadLetter, error) {
	return a.in.DeadLetters(ctx, after, limit)
}

// Redrive is [Inbox.Redrive].
func (a *Admin) Redrive(ctx context.Context, id string) error { return a.past.Redrive(ctx, id) }

// Purge is [Inbox.Purge].
func (a *Admin) Purge(ctx context.Context, id string) error { return a.in.Purge(ctx, id) }
