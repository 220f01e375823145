package sqlinbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"github.com/wacloud/wacloud"
)

// An Admin looks after the dead letters of an inbox from another process, whether a bot runs the inbox or not. Make one
// with [OpenAdmin]. It is safe for concurrent use.
type Admin struct{ in *Inbox }

// OpenAdmin returns an Admin for the inbox in db. Unlike [Open] it changes neither schema nor leases and starts nothing, and
// fails where there is no inbox or one of another release. db stays the caller's to close.
//
// Each change is one short transaction. A bot finds what was redriven when it next looks, after [PollEvery] at most; how many
// bytes were freed by a purge it may learn a minute later.
func OpenAdmin(ctx context.Context, db *sql.DB, dialect Dialect) (*Admin, error) {
	if db == nil || dialect.name == "" {
		return nil, errors.New("wacloud: sqlinbox: OpenAdmin needs a database and a dialect")
	}
	in := &Inbox{
		db: db, dialect: dialect, cfg: config{log: slog.New(slog.DiscardHandler)}, log: slog.New(slog.DiscardHandler),
		wake: make(chan struct{}, 1),
	}
	version, err := in.schemaVersion(ctx, db)
	switch {
	case err != nil:
		return nil, fmt.Errorf("wacloud: sqlinbox: no inbox found: %w", err)
	case version != len(migrations):
		return nil, fmt.Errorf("wacloud: sqlinbox: the inbox has version %d of the schema, this release knows %d: use the bot's release", version, len(migrations))
	}
	return &Admin{in}, nil
}

// Stats is [Inbox.Stats].
func (a *Admin) Stats(ctx context.Context) (wacloud.InboxStats, error) { return a.in.Stats(ctx) }

// DeadLetters is [Inbox.DeadLetters].
func (a *Admin) DeadLetters(ctx context.Context, after string, limit int) ([]wacloud.DeadLetter, error) {
	return a.in.DeadLetters(ctx, after, limit)
}

// Redrive is [Inbox.Redrive].
func (a *Admin) Redrive(ctx context.Context, id string) error { return a.in.Redrive(ctx, id) }

// Purge is [Inbox.Purge].
func (a *Admin) Purge(ctx context.Context, id string) error { return a.in.Purge(ctx, id) }
