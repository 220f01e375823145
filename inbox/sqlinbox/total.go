package sqlinbox

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
)

// A total is how much the tables hold, or by how much a transaction changes that. It is kept beside the tables, so that
// nobody has to count them: the cost of the bound and of Stats does not grow with what waits.
type total struct {
	events int64
	bytes  int64 // of the events
	dead   int64 // bytes of the dead letters
	ids    int64
}

// slots is over how many rows a total is spread: transactions of many processes and workers rarely wait for each other's
// row, which is locked until the commit.
const slots = 64

// add changes the total. It is the last that a transaction locks, so that two of them never wait for each other.
func (in *Inbox) add(ctx context.Context, tx *sql.Tx, t total) error {
	if t == (total{}) {
		return nil
	}
	slot := 0
	if !in.dialect.oneOwner {
		slot = anySlot()
	}
	return in.exec(ctx, tx, "INSERT INTO wa_total (slot, events, bytes, dead, ids) VALUES (?, ?, ?, ?, ?) "+addTotal,
		slot, t.events, t.bytes, t.dead, t.ids)
}

const addTotal = `ON CONFLICT (slot) DO UPDATE SET events = wa_total.events + excluded.events, bytes = wa_total.bytes + excluded.bytes,
	dead = wa_total.dead + excluded.dead, ids = wa_total.ids + excluded.ids`

func anySlot() int { return rand.IntN(slots) } //nolint:gosec // no secret

// committed tells this process at once what the others learn when they measure.
func (in *Inbox) committed(t total) { in.bytes.Add(t.bytes + t.dead) }

// measure learns how many bytes are stored: other processes store and delete too.
func (in *Inbox) measure(ctx context.Context) error {
	var n int64
	if err := in.reads.QueryRowContext(ctx, "SELECT CAST(COALESCE(SUM(bytes + dead), 0) AS BIGINT) FROM wa_total").Scan(&n); err != nil {
		return fmt.Errorf("wacloud: sqlinbox: size: %w", in.dialect.wrap(err))
	}
	in.bytes.Store(n)
	return nil
}

// recount counts the tables and sets the total right, in case that somebody has changed them by hand. It reads all that
// waits, once in the life of a process. The ids, which nothing depends on, are counted when the total is introduced.
func (in *Inbox) recount(ctx context.Context) error {
	return in.inTx(ctx, func(tx *sql.Tx) error {
		if err := in.dialect.lockSchema(ctx, tx); err != nil { // one after the other
			return err
		}
		var off total
		if err := tx.QueryRowContext(ctx, `SELECT
			CAST((SELECT COUNT(*) FROM wa_event) - COALESCE(SUM(events), 0) AS BIGINT),
			CAST((SELECT COALESCE(SUM(LENGTH(body)), 0) FROM wa_event) - COALESCE(SUM(bytes), 0) AS BIGINT),
			CAST((SELECT COALESCE(SUM(LENGTH(body)), 0) FROM wa_dead) - COALESCE(SUM(dead), 0) AS BIGINT)
			FROM wa_total`).Scan(&off.events, &off.bytes, &off.dead); err != nil {
			return err
		}
		return in.add(ctx, tx, off)
	})
}
