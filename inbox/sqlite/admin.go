package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/wacloud/wacloud/inbox/sqlinbox"
)

// An Admin looks after the dead letters in a file. It is safe for concurrent use.
type Admin struct {
	*sqlinbox.Admin
	db *sql.DB
}

// OpenAdmin opens the inbox in a file without owning it, so that a bot may go on running on it. The file must exist. With
// readOnly nothing can be changed; without, a change waits up to 5 s for the bot's transactions, and the bot for it.
func OpenAdmin(ctx context.Context, path string, readOnly bool) (*Admin, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("wacloud: sqlite: %w", err)
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("wacloud: sqlite: %w", err)
	}
	q := url.Values{"mode": {"rw"}, "_txlock": {"immediate"}, "_pragma": {"busy_timeout(5000)", "synchronous(FULL)"}}
	if readOnly {
		q.Set("mode", "ro")
	}
	db, err := sql.Open("sqlite", fileURI(path, q))
	if err != nil {
		return nil, fmt.Errorf("wacloud: sqlite: %w", err)
	}
	db.SetMaxOpenConns(1)
	admin, err := sqlinbox.OpenAdmin(ctx, db, sqlinbox.SQLite())
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &Admin{admin, db}, nil
}

// Close closes the file.
func (a *Admin) Close() error { return a.db.Close() }
