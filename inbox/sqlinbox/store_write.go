package sqlinbox

import (
	"context"
	"database/sql"
	"fmt"
	"sync/atomic"
)

// A write is one statement of the store on its way into a transaction.
type write struct {
	text  string
	args  []any
	taken atomic.Bool // by the committer, or by its caller, who has gone
	rows  int64
	done  chan error
}

// write runs one statement and returns how many rows it changed. Where one connection writes, statements that come while a
// transaction is on its way to the disk go into the next one together.
func (s *Store) write(ctx context.Context, op, text string, args ...any) (rows int64, err error) {
	w := &write{text: text, args: args, done: make(chan error, 1)}
	if err := s.in.commitWrite(ctx, w); err != nil {
		return 0, fmt.Errorf("wacloud: store %s: %w", op, err)
	}
	return w.rows, nil
}

func (in *Inbox) commitWrite(ctx context.Context, w *write) error {
	if in.writes == nil {
		return in.writeAll(ctx, []*write{w})
	}
	select {
	case in.writes <- w:
	case <-in.closed: // the store is there as long as the database is
		return in.writeAll(ctx, []*write{w})
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		if w.taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		return <-w.done // too late to take it back
	}
}

// commitWrites runs the store's statements until the inbox is closed.
func (in *Inbox) commitWrites() {
	for {
		select {
		case w := <-in.writes:
			in.commitTogether(in.gatherWrites(w))
		case <-in.closed:
			return
		}
	}
}

// gatherWrites takes those who wait behind first.
func (in *Inbox) gatherWrites(first *write) []*write {
	group := []*write{first}
	for len(group) < rowsAtOnce {
		select {
		case w := <-in.writes:
			group = append(group, w)
		default:
			return group
		}
	}
	return group
}

// commitTogether runs a group in one transaction. When that fails they are tried one by one, so that only the guilty one
// fails.
func (in *Inbox) commitTogether(group []*write) {
	var mine []*write
	for _, w := range group {
		if w.taken.CompareAndSwap(false, true) {
			mine = append(mine, w)
		}
	}
	if len(mine) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	err := in.writeAll(ctx, mine)
	for _, w := range mine {
		if err != nil && len(mine) > 1 {
			w.done <- in.writeAll(ctx, []*write{w})
		} else {
			w.done <- err
		}
	}
}

func (in *Inbox) writeAll(ctx context.Context, group []*write) error {
	if len(group) == 1 { // a statement alone is a transaction, in one round trip
		return in.again(ctx, func() (err error) {
			group[0].rows, err = in.execRows(ctx, in.db, group[0].text, group[0].args...)
			return in.dialect.wrap(err)
		})
	}
	return in.inTx(ctx, func(tx *sql.Tx) (err error) {
		for _, w := range group {
			if w.rows, err = in.execRows(ctx, tx, w.text, w.args...); err != nil {
				return err
			}
		}
		return nil
	})
}
