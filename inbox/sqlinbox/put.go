package sqlinbox

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/wacloud/wacloud"
)

// A transaction of Put holds at most this much, so that one webhook never waits for a very large one.
const (
	groupBytes  = 8 << 20
	groupEvents = 4096
	rowsAtOnce  = 200 // rows of one statement
)

// A put is one call of Put on its way through the committer.
type put struct {
	ctx    context.Context
	events []stored
	bytes  int64
	done   chan putDone // buffered: a caller that has gone is not waited for
}

type putDone struct {
	result wacloud.PutResult
	err    error
}

// stored is one event as the tables hold it.
type stored struct {
	id, lane hash
	body     []byte
}

// Put implements [wacloud.Inbox]: all of the events are stored or, with an error, none. It is durable when it returns nil.
// Events that [wacloud.ParseWebhook] did not make are refused: they have no body. When ctx ends it returns at once, and the
// events may still be stored; Meta delivers them again, and they are recognised.
func (in *Inbox) Put(ctx context.Context, events []wacloud.Event) (wacloud.PutResult, error) {
	if len(events) == 0 {
		return wacloud.PutResult{}, nil
	}
	p := &put{ctx: ctx, events: make([]stored, len(events)), done: make(chan putDone, 1)}
	for i := range events {
		s := stored{hashOf(events[i].ID), hashOf(events[i].Key()), events[i].Body()}
		if len(s.body) == 0 {
			return wacloud.PutResult{}, fmt.Errorf("wacloud: inbox put: event %d did not come from ParseWebhook: it has no body to store", i)
		}
		p.events[i] = s
		p.bytes += int64(len(s.body))
	}
	puts := in.puts
	for {
		select {
		case puts <- p:
			puts = nil // it is on its way
		case d := <-p.done:
			return d.result, d.err
		case <-ctx.Done():
			return wacloud.PutResult{}, fmt.Errorf("wacloud: inbox put: %w", ctx.Err())
		case <-in.stopped:
			// The committer has ended. What it stored it has answered; what it left behind is not stored.
			select {
			case d := <-p.done:
				return d.result, d.err
			default:
				return wacloud.PutResult{}, errClosed
			}
		}
	}
}

// commitPuts stores what Put is called with until the inbox is closed. There is no timer: while one transaction is on its
// way to the disk the next group gathers.
func (in *Inbox) commitPuts() {
	defer close(in.stopped)
	for {
		select {
		case p := <-in.puts:
			in.commit(in.gather(p))
		case <-in.closed:
			for {
				select {
				case p := <-in.puts:
					in.commit(in.gather(p))
				default:
					return
				}
			}
		}
	}
}

// gather takes what waits behind first, up to the size of a group.
func (in *Inbox) gather(first *put) []*put {
	group, size, events := []*put{first}, first.bytes, len(first.events)
	for size < groupBytes && events < groupEvents {
		select {
		case p := <-in.puts:
			group = append(group, p)
			size, events = size+p.bytes, events+len(p.events)
		default:
			return group
		}
	}
	return group
}

// commit stores a group in one transaction. When that fails the calls are tried one by one, so that only the guilty one
// fails.
func (in *Inbox) commit(group []*put) {
	size := in.bytes.Load()
	group = slices.DeleteFunc(group, func(p *put) bool {
		err := context.Cause(p.ctx)
		if err == nil && size+p.bytes > in.cfg.maxBytes {
			err = wacloud.ErrInboxFull
		}
		if err == nil {
			size += p.bytes
		}
		if err != nil {
			p.done <- putDone{err: err}
		}
		return err != nil
	})
	if len(group) == 0 {
		return
	}
	results, err := in.store(group)
	if err != nil && len(group) > 1 {
		for _, p := range group {
			in.commit([]*put{p})
		}
		return
	}
	for i, p := range group {
		d := putDone{err: err}
		if err == nil {
			d.result = results[i]
		}
		p.done <- d
	}
	if err == nil {
		in.signal()
		if !in.running.Load() || in.full.Load() {
			in.cfg.afterPut()
		}
	}
}

func (in *Inbox) store(group []*put) ([]wacloud.PutResult, error) {
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	store := in.storeInTx
	if in.dialect.put != "" && in.cfg.checkPut == nil {
		store = in.storeAtOnce
	}
	events := distinct(group)
	fresh, err := store(ctx, events)
	if err != nil {
		return nil, fmt.Errorf("wacloud: inbox put: %w", err)
	}
	in.committed(totalOf(among(events, fresh)))
	return resultsOf(group, fresh), nil
}

// distinct returns the events of a group in order, without those whose id came before.
func distinct(group []*put) (events []stored) {
	seen := map[hash]bool{}
	for _, p := range group {
		for _, e := range p.events {
			if !seen[e.id] {
				seen[e.id] = true
				events = append(events, e)
			}
		}
	}
	return events
}

// among returns the events with these ids, in order.
func among(events []stored, ids map[hash]bool) []stored {
	return slices.DeleteFunc(slices.Clone(events), func(e stored) bool { return !ids[e.id] })
}

func totalOf(events []stored) (t total) {
	t.events, t.ids = int64(len(events)), int64(len(events))
	for _, e := range events {
		t.bytes += int64(len(e.body))
	}
	return t
}

// resultsOf is what each call of a group gets to hear. An id that stands twice in it is fresh once.
func resultsOf(group []*put, fresh map[hash]bool) []wacloud.PutResult {
	told := map[hash]bool{}
	results := make([]wacloud.PutResult, len(group))
	for i, p := range group {
		for _, e := range p.events {
			if fresh[e.id] && !told[e.id] {
				told[e.id] = true
				results[i].Stored++
			} else {
				results[i].Duplicates++
			}
		}
	}
	return results
}

// storeInTx stores the events that are new and returns their ids.
func (in *Inbox) storeInTx(ctx context.Context, events []stored) (fresh map[hash]bool, err error) {
	err = in.inTx(ctx, func(tx *sql.Tx) error {
		if fresh, err = in.insertSeen(ctx, tx, events); err != nil {
			return err
		}
		added := among(events, fresh)
		if err := in.openLanes(ctx, tx, added); err != nil {
			return err
		}
		if err := in.insertEvents(ctx, tx, added); err != nil {
			return err
		}
		if err := in.add(ctx, tx, totalOf(added)); err != nil {
			return err
		}
		if in.cfg.checkPut == nil {
			return nil
		}
		return in.cfg.checkPut(ctx, tx)
	})
	return fresh, err
}

// storeAtOnce is storeInTx in one statement, which is one round trip instead of seven. Each argument holds all events: their
// ids, their lanes and their bodies one after the other, and where each body begins and how long it is.
func (in *Inbox) storeAtOnce(ctx context.Context, events []stored) (fresh map[hash]bool, err error) {
	var ids, lanes, bodies []byte
	var begins, sizes []string
	for _, e := range events {
		ids, lanes = append(ids, e.id[:]...), append(lanes, e.lane[:]...)
		begins, sizes = append(begins, strconv.Itoa(len(bodies)+1)), append(sizes, strconv.Itoa(len(e.body)))
		bodies = append(bodies, e.body...)
	}
	array := func(numbers []string) string { return "{" + strings.Join(numbers, ",") + "}" }
	err = in.again(ctx, func() error {
		found, err := in.queryHashes(ctx, in.db, in.dialect.put, ids, lanes, bodies, array(begins), array(sizes), now, now, now, anySlot())
		fresh = make(map[hash]bool, len(found))
		for _, id := range found {
			fresh[id] = true
		}
		return in.dialect.wrap(err)
	})
	return fresh, err
}

// insertSeen records the ids and returns those that were not known. The ids go in sorted: two processes that store the
// same webhook wait for each other and never for themselves.
func (in *Inbox) insertSeen(ctx context.Context, tx *sql.Tx, events []stored) (map[hash]bool, error) {
	ids := make(map[hash]bool, len(events))
	for _, e := range events {
		ids[e.id] = true
	}
	fresh := make(map[hash]bool, len(ids))
	for chunk := range slices.Chunk(sorted(ids), rowsAtOnce) {
		var args []any
		for _, id := range chunk {
			args = append(args, id[:], now)
		}
		found, err := in.queryHashes(ctx, tx, "INSERT INTO wa_seen (id, stored_at) VALUES "+rows("(?, {now})", len(chunk))+
			" ON CONFLICT (id) DO NOTHING RETURNING id", args...)
		if err != nil {
			return nil, err
		}
		for _, id := range found {
			fresh[id] = true
		}
	}
	return fresh, nil
}

// openLanes makes sure that every lane has a row, and locks it until the transaction ends. Without that a lane could be
// closed as empty while an event is on its way into it, and two transactions could store events of one lane in the wrong
// order: seq is allocated after the lock.
func (in *Inbox) openLanes(ctx context.Context, tx *sql.Tx, events []stored) error {
	lanes := map[hash]bool{}
	for _, e := range events {
		lanes[e.lane] = true
	}
	for chunk := range slices.Chunk(sorted(lanes), rowsAtOnce) {
		var args []any
		for _, lane := range chunk {
			args = append(args, lane[:], now)
		}
		if err := in.exec(ctx, tx, "INSERT INTO wa_lane (lane, ready_at, token) VALUES "+rows("(?, {now}, 0)", len(chunk))+
			" ON CONFLICT (lane) DO UPDATE SET lane = excluded.lane", args...); err != nil {
			return err
		}
	}
	return nil
}

func (in *Inbox) insertEvents(ctx context.Context, tx *sql.Tx, events []stored) error {
	for chunk := range slices.Chunk(events, rowsAtOnce) {
		var args []any
		for _, e := range chunk {
			args = append(args, e.lane[:], e.body, now)
		}
		if err := in.exec(ctx, tx, "INSERT INTO wa_event (lane, body, attempts, stored_at) VALUES "+
			rows("(?, ?, 0, {now})", len(chunk)), args...); err != nil {
			return err
		}
	}
	return nil
}

func sorted(set map[hash]bool) []hash {
	return slices.SortedFunc(maps.Keys(set), compare)
}
