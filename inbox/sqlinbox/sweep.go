package sqlinbox

import (
	"context"
	"database/sql"
	"time"
)

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
		if err := in.measure(ctx); err != nil {
			in.log.WarnContext(ctx, "wacloud: inbox: cannot measure", "error", err)
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

// eventsWait is how much older than the oldest event that waits an id must be: ids are stored first, in the same transaction.
const eventsWait = time.Minute

// sweep forgets ids that Meta will not deliver again, values that have expired, and dead letters that nobody redrove. The
// id of an event that still waits stays.
func (in *Inbox) sweep(ctx context.Context) error {
	for _, some := range []func(context.Context, *sql.Tx) (int64, error){in.sweepSeen, in.sweepStore, in.sweepDead} {
		for more := true; more; {
			if err := in.inTx(ctx, func(tx *sql.Tx) error {
				n, err := some(ctx, tx)
				more = n == sweepRows
				return err
			}); err != nil {
				return err
			}
		}
	}
	return in.measure(ctx)
}

func (in *Inbox) sweepSeen(ctx context.Context, tx *sql.Tx) (int64, error) {
	n, err := in.execRows(ctx, tx, `DELETE FROM wa_seen WHERE id IN (SELECT id FROM wa_seen WHERE stored_at < {now} - ?
		AND stored_at < COALESCE((SELECT stored_at FROM wa_event ORDER BY seq LIMIT 1), {now}) - ? ORDER BY stored_at LIMIT ?)`,
		now, dedupeFor.Microseconds(), now, eventsWait.Microseconds(), sweepRows)
	if err != nil {
		return 0, err
	}
	return n, in.add(ctx, tx, total{ids: -n})
}

func (in *Inbox) sweepStore(ctx context.Context, tx *sql.Tx) (int64, error) {
	return in.execRows(ctx, tx, `DELETE FROM wa_store WHERE key IN
		(SELECT key FROM wa_store WHERE expires_at > 0 AND expires_at <= {now} LIMIT ?)`, now, sweepRows)
}

func (in *Inbox) sweepDead(ctx context.Context, tx *sql.Tx) (n int64, err error) {
	var change total
	err = in.query(ctx, tx, func(rows *sql.Rows) error {
		var size int64
		err := rows.Scan(&size)
		n, change.dead = n+1, change.dead-size
		return err
	}, `DELETE FROM wa_dead WHERE id IN (SELECT id FROM wa_dead WHERE failed_at < {now} - ? LIMIT ?) RETURNING LENGTH(body)`,
		now, keepDeadFor.Microseconds(), sweepRows)
	if err != nil {
		return 0, err
	}
	return n, in.add(ctx, tx, change)
}
