package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"github.com/wacloud/wacloud"
)

// A guard looks at the file before each commit of Put.
type guard struct {
	path     string
	maxPages int64 // 0 for no bound
	opened   [2]os.FileInfo
}

func (g *guard) check(ctx context.Context, tx *sql.Tx) error {
	if err := g.checkFiles(); err != nil {
		return err
	}
	return g.checkRoom(ctx, tx)
}

// checkFiles refuses events when the file, or the log beside it, was deleted or replaced: SQLite would go on writing to
// what nobody can open any more. It is called from one goroutine.
func (g *guard) checkFiles() error {
	for i, path := range []string{g.path, g.path + "-wal"} {
		info, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("wacloud: sqlite: the file is gone: %w", err)
		}
		if g.opened[i] == nil {
			g.opened[i] = info
		}
		if !os.SameFile(g.opened[i], info) {
			return errors.New("wacloud: sqlite: the file is another one than was opened: restart")
		}
	}
	return nil
}

// checkRoom keeps an eighth of the pages free: to lease a lane and to complete an event may take a page too, and a file that
// is full to the last one could never become emptier.
func (g *guard) checkRoom(ctx context.Context, tx *sql.Tx) error {
	if g.maxPages == 0 {
		return nil
	}
	var pages, free int64
	if err := tx.QueryRowContext(ctx, "SELECT page_count, freelist_count FROM pragma_page_count, pragma_freelist_count").Scan(&pages, &free); err != nil {
		return err
	}
	if pages-free > g.maxPages-g.maxPages/8 {
		return wacloud.ErrInboxFull
	}
	return nil
}
