package sqlinbox

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// measure counts the stored bytes anew: other processes store and delete too.
func (in *Inbox) measure(ctx context.Context) error {
	var n int64
	if err := in.db.QueryRowContext(ctx, bytesQuery).Scan(&n); err != nil {
		return fmt.Errorf("wacloud: sqlinbox: size: %w", in.dialect.wrap(err))
	}
	in.bytes.Store(n)
	return nil
}

// sweepForever keeps the tables small until the inbox is closed.
func (in *Inbox) sweepForever() {
	every := time.NewTicker(time.Second)
	defer every.Stop()
	for n := 0; ; n++ {
		select {
		case <-in.closed:
			return
		case <-every.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
		if !in.dialect.oneOwner {
			if err := in.measure(ctx); err != nil {
				in.log.WarnContext(ctx, "wacloud: inbox: cannot measure", "error", err)
			}
		}
		if n%60 == 0 {
			if err := in.sweep(ctx); err != nil {
				in.log.WarnContext(ctx, "wacloud: inbox: cannot sweep", "error", err)
			}
		}
		cancel()
	}
}

// sweepRows is how many rows one statement of the sweep deletes: it never holds the tables for long.
const sweepRows = 1000

// sweep forgets ids that Meta will not deliver again, values that have expired, and dead letters that nobody redrove. The
// id of an event that still waits stays.
func (in *Inbox) sweep(ctx context.Context) error {
	for _, s := range []struct {
		text string
		args []any
	}{
		{
			`DELETE FROM wa_seen WHERE id IN (SELECT id FROM wa_seen WHERE stored_at < {now} - ?
			AND stored_at < COALESCE((SELECT MIN(stored_at) FROM wa_event), stored_at + 1) ORDER BY stored_at LIMIT ?)`,
			[]any{now, dedupeFor.Microseconds(), sweepRows},
		},
		{
			`DELETE FROM wa_store WHERE key IN (SELECT key FROM wa_store WHERE expires_at > 0 AND expires_at <= {now} LIMIT ?)`,
			[]any{now, sweepRows},
		},
		{
			`DELETE FROM wa_dead WHERE id IN (SELECT id FROM wa_dead WHERE failed_at < {now} - ? LIMIT ?)`,
			[]any{now, keepDeadFor.Microseconds(), sweepRows},
		},
	} {
		for more := true; more; {
			if err := in.inTx(ctx, func(tx *sql.Tx) error {
				n, err := in.execRows(ctx, tx, s.text, s.args...)
				more = n == sweepRows
				return err
			}); err != nil {
				return err
			}
		}
	}
	return in.measure(ctx)
}
