package sqlinbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/wacloud/wacloud"
)

// maxErrorText bounds the error that a dead letter keeps.
const maxErrorText = 2000

// bury makes a claim's event a dead letter, in the place of one of the same id that Meta delivered over 8 days ago, and
// returns by how many bytes the dead letters grow. The caller deletes the event.
func (in *Inbox) bury(ctx context.Context, tx *sql.Tx, c *claim, cause error) (grown int64, err error) {
	_, before, err := in.exhume(ctx, tx, c.event.ID)
	if err != nil && !errors.Is(err, wacloud.ErrNotFound) {
		return 0, err
	}
	text := ""
	if cause != nil {
		text = cause.Error()
	}
	return int64(len(c.body) - len(before)), in.exec(ctx, tx, `INSERT INTO wa_dead (id, lane, body, attempts, error, failed_at)
		VALUES (?, ?, ?, ?, ?, {now})`, []byte(c.event.ID), c.lane[:], c.body, c.event.Attempt, clip(text), now)
}

// clip makes a text fit the table: valid UTF-8 without NUL, which PostgreSQL does not take.
func clip(text string) string {
	runes := make([]rune, 0, min(len(text), maxErrorText))
	for _, r := range text {
		if len(runes) == maxErrorText {
			break
		}
		if r == 0 {
			r = '\uFFFD'
		}
		runes = append(runes, r)
	}
	return string(runes)
}

// DeadLetters implements [wacloud.Inbox]. Ids are in byte order. Dead letters are deleted after 30 days.
func (in *Inbox) DeadLetters(ctx context.Context, after string, limit int) ([]wacloud.DeadLetter, error) {
	if limit <= 0 {
		return nil, nil
	}
	var letters []wacloud.DeadLetter
	err := in.query(ctx, in.reads, func(rows *sql.Rows) error {
		var id []byte
		var failed int64
		var c claim
		var d wacloud.DeadLetter
		if err := rows.Scan(&id, &c.body, &d.Attempts, &d.Error, &failed); err != nil {
			return err
		}
		d.ID, d.Event, d.FailedAt = string(id), parse(&c), time.UnixMicro(failed)
		d.Event.Attempt = d.Attempts
		letters = append(letters, d)
		return nil
	}, "SELECT id, body, attempts, error, failed_at FROM wa_dead WHERE id > ? ORDER BY id LIMIT ?", []byte(after), limit)
	if err != nil {
		return nil, fmt.Errorf("wacloud: dead letters: %w", in.dialect.wrap(err))
	}
	return letters, nil
}

// Redrive implements [wacloud.Inbox]: the event goes to the end of its lane, behind what has overtaken it, with its attempts
// counted from 0. It returns [wacloud.ErrNotFound] for an id that is no dead letter.
func (in *Inbox) Redrive(ctx context.Context, id string) error {
	err := in.inTx(ctx, func(tx *sql.Tx) error {
		lane, body, err := in.exhume(ctx, tx, id)
		if err != nil {
			return err
		}
		event, size := []stored{{lane: lane, body: body}}, int64(len(body))
		if err := in.openLanes(ctx, tx, event); err != nil {
			return err
		}
		if err := in.insertEvents(ctx, tx, event); err != nil {
			return err
		}
		return in.add(ctx, tx, total{events: 1, bytes: size, dead: -size})
	})
	if err != nil {
		return fmt.Errorf("wacloud: redrive: %w", err)
	}
	in.signal()
	return nil
}

// Purge deletes a dead letter for good. It returns [wacloud.ErrNotFound] for an id that is none.
func (in *Inbox) Purge(ctx context.Context, id string) error {
	var change total
	if err := in.inTx(ctx, func(tx *sql.Tx) error {
		_, body, err := in.exhume(ctx, tx, id)
		if err != nil {
			return err
		}
		change = total{dead: -int64(len(body))}
		return in.add(ctx, tx, change)
	}); err != nil {
		return fmt.Errorf("wacloud: purge: %w", err)
	}
	in.committed(change)
	return nil
}

// exhume takes a dead letter out of the table.
func (in *Inbox) exhume(ctx context.Context, tx *sql.Tx, id string) (lane hash, body []byte, err error) {
	var raw []byte
	row := in.queryRow(ctx, tx, "DELETE FROM wa_dead WHERE id = ? RETURNING lane, body", []byte(id))
	switch err := row.Scan(&raw, &body); {
	case errors.Is(err, sql.ErrNoRows):
		return hash{}, nil, wacloud.ErrNotFound
	case err != nil:
		return hash{}, nil, err
	}
	return hash(raw), body, nil
}

// Stats implements [wacloud.Inbox]. Running counts the handlers of all processes.
func (in *Inbox) Stats(ctx context.Context) (wacloud.InboxStats, error) {
	var s wacloud.InboxStats
	var oldest sql.NullInt64
	row := in.queryRow(ctx, in.reads, `SELECT
		CAST(COALESCE(SUM(events), 0) AS BIGINT), CAST(COALESCE(SUM(bytes), 0) AS BIGINT), CAST(COALESCE(SUM(ids), 0) AS BIGINT),
		(SELECT {now} - stored_at FROM wa_event ORDER BY seq LIMIT 1),
		(SELECT COUNT(*) FROM wa_lane WHERE token <> 0 AND ready_at > {now}),
		(SELECT COUNT(*) FROM wa_dead) FROM wa_total`, now, now)
	if err := row.Scan(&s.Depth, &s.Bytes, &s.IDs, &oldest, &s.Running, &s.DeadLetters); err != nil {
		return wacloud.InboxStats{}, fmt.Errorf("wacloud: inbox stats: %w", in.dialect.wrap(err))
	}
	s.OldestAge = time.Duration(max(oldest.Int64, 0)) * time.Microsecond
	return s, nil
}
