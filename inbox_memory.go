package wacloud

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Bounds of a [MemoryInbox].
const (
	defaultMemoryBytes = 64 << 20
	defaultMemoryIDs   = 1_000_000
	dedupeFor          = 8 * 24 * time.Hour // Meta delivers again for 7 days
	eventOverhead      = 1 << 10            // what an event takes besides its JSON, roughly
)

var (
	errInboxClosed  = errors.New("wacloud: inbox closed")
	errInboxRunning = errors.New("wacloud: inbox is running already")
	errDrained      = errors.New("wacloud: the inbox ended before the handler did")
)

// MemoryInbox is an [Inbox] in memory. It loses what it holds when the process dies, acknowledged or not: use it for
// tests, demonstrations, and where an event may be lost. It holds a bounded number of bytes and refuses events beyond
// it, knows an id for 8 days or until it has seen a million others, and keeps at most 10,000 dead letters in a quarter
// of its bytes, the newest. Make one with [NewMemoryInbox]. It is safe for concurrent use; one Run at a time.
type MemoryInbox struct {
	cfg memoryConfig

	mu     sync.Mutex
	lanes  map[string]*lane
	ready  laneQueue // lanes with an event to hand out, none of which runs or waits
	seen   seenIDs
	dead   deadLetters
	depth  int
	bytes  int64 // of events that are not done; dead letters count their own
	closed bool
	busy   bool       // a Run has not returned
	run    *memoryRun // hands out events; nil once its context ended
}

// A lane holds the events of one key, oldest first. It is held by a worker, waits for its next attempt, or is ready.
type lane struct {
	in          *MemoryInbox
	key         string
	first, last *memoryEvent
	next        *lane      // in the queue of ready lanes
	run         *memoryRun // of the worker that holds the lane
	attempt     *run       // at the first event
}

func (l *lane) append(m *memoryEvent) {
	if l.first == nil {
		l.first = m
	} else {
		l.last.next = m
	}
	l.last = m
}

// memoryEvent is an event that is not done.
type memoryEvent struct {
	event  Event
	id     seenID
	stored time.Time
	next   *memoryEvent
	lane   lane // the lane that began with this event; others do not use it
}

// size is what the event keeps in memory.
func (m *memoryEvent) size() int64 {
	return int64(len(m.event.body)+len(m.event.Raw)) + eventOverhead
}

// A MemoryOption configures a [MemoryInbox].
type MemoryOption interface{ applyMemory(*memoryConfig) }

type memoryConfig struct {
	bytes int64
	ids   int
}

type memoryOptionFunc func(*memoryConfig)

func (f memoryOptionFunc) applyMemory(c *memoryConfig) { f(c) }

// MemoryBytes bounds what the inbox holds, all events and dead letters together; an event counts with about twice its
// JSON and one KiB. It defaults to 64 MiB, which 0 and less mean too.
func MemoryBytes(n int64) MemoryOption {
	return memoryOptionFunc(func(c *memoryConfig) { c.bytes = n })
}

// MemoryIDs bounds the ids of handled events that the inbox remembers; the oldest are forgotten first. An id takes about
// 60 bytes. It defaults to 1,000,000, which 0 and less mean too.
func MemoryIDs(n int) MemoryOption {
	return memoryOptionFunc(func(c *memoryConfig) { c.ids = n })
}

// NewMemoryInbox returns an empty inbox.
func NewMemoryInbox(opts ...MemoryOption) *MemoryInbox {
	in := new(MemoryInbox)
	for _, opt := range opts {
		opt.applyMemory(&in.cfg)
	}
	return in
}

// lock locks the inbox and makes a zero one usable.
func (in *MemoryInbox) lock() {
	in.mu.Lock()
	if in.lanes != nil {
		return
	}
	in.lanes = make(map[string]*lane)
	in.cfg.bytes = positiveOr(in.cfg.bytes, int64(defaultMemoryBytes))
	in.seen = newSeenIDs(positiveOr(in.cfg.ids, defaultMemoryIDs))
}

// Put implements [Inbox]: all of the events that were not seen before are stored or, with an error, none of them.
func (in *MemoryInbox) Put(ctx context.Context, events []Event) (PutResult, error) {
	if err := ctx.Err(); err != nil {
		return PutResult{}, fmt.Errorf("wacloud: inbox put: %w", err)
	}
	now := time.Now()
	in.lock()
	defer in.mu.Unlock()
	if in.closed {
		return PutResult{}, errInboxClosed
	}
	in.expire(now)
	list, result, size := in.fresh(events, now)
	if in.bytes+size > in.cfg.bytes {
		for m := list; m != nil; m = m.next {
			in.seen.forget(m.id)
		}
		return PutResult{}, ErrInboxFull
	}
	for list != nil {
		m := list
		list, m.next = m.next, nil
		in.push(m)
	}
	in.bury(in.dead.shrink(in.cfg.bytes - in.bytes)) // old dead letters make room for new events
	in.dispatch()
	return result, nil
}

// fresh returns copies of the events that were not seen before, as a list, marks them as seen and adds up their size.
func (in *MemoryInbox) fresh(events []Event, now time.Time) (list *memoryEvent, result PutResult, size int64) {
	end := &list
	for i := range events {
		id := hashID(events[i].ID)
		if !in.seen.add(id) {
			result.Duplicates++
			continue
		}
		m := &memoryEvent{event: events[i], id: id, stored: now}
		m.event.Attempt = 0
		*end = m
		end = &m.next
		size += m.size()
		result.Stored++
	}
	return list, result, size
}

// push appends an event to its lane.
func (in *MemoryInbox) push(m *memoryEvent) {
	in.depth++
	in.bytes += m.size()
	key := m.event.Key()
	if l := in.lanes[key]; l != nil {
		l.append(m)
		return
	}
	l := &m.lane
	*l = lane{in: in, key: key, first: m, last: m}
	in.lanes[key] = l
	in.ready.push(l)
}

// expire forgets what is old.
func (in *MemoryInbox) expire(now time.Time) {
	in.seen.expire(now)
	in.bury(in.dead.expire(now))
}

// bury lets the ids of dropped dead letters be forgotten in their time.
func (in *MemoryInbox) bury(dropped []*memoryDead) {
	for _, d := range dropped {
		in.seen.settle(d.id, d.stored)
	}
}

// Stats implements [Inbox].
func (in *MemoryInbox) Stats(context.Context) (InboxStats, error) {
	in.lock()
	defer in.mu.Unlock()
	stats := InboxStats{Depth: in.depth, Bytes: in.bytes, DeadLetters: in.dead.len(), IDs: len(in.seen.ids)}
	if in.run != nil {
		stats.Running = in.run.running
	}
	for _, l := range in.lanes {
		if l.first != nil {
			stats.OldestAge = max(stats.OldestAge, time.Since(l.first.stored))
		}
	}
	return stats, nil
}

// DeadLetters implements [Inbox].
func (in *MemoryInbox) DeadLetters(_ context.Context, after string, limit int) ([]DeadLetter, error) {
	in.lock()
	defer in.mu.Unlock()
	in.expire(time.Now())
	return in.dead.list(after, limit), nil
}

// Redrive implements [Inbox]: the event goes to the end of its lane with all its attempts. An id that is not a dead
// letter's is [ErrNotFound].
func (in *MemoryInbox) Redrive(_ context.Context, id string) error {
	in.lock()
	defer in.mu.Unlock()
	if in.closed {
		return errInboxClosed
	}
	d, ok := in.dead.take(id)
	if !ok {
		return fmt.Errorf("wacloud: redrive: %w", ErrNotFound)
	}
	m := &memoryEvent{event: d.letter.Event, id: d.id, stored: d.stored}
	m.event.Attempt = 0
	in.push(m)
	in.dispatch()
	return nil
}

// Close makes Put, Redrive and the next Run fail. A Run that goes on ends with its own context.
func (in *MemoryInbox) Close() error {
	in.lock()
	defer in.mu.Unlock()
	in.closed = true
	return nil
}

// laneQueue is a first-in, first-out list of lanes.
type laneQueue struct{ first, last *lane }

func (q *laneQueue) empty() bool { return q.first == nil }

func (q *laneQueue) push(l *lane) {
	if q.first == nil {
		q.first = l
	} else {
		q.last.next = l
	}
	q.last = l
}

func (q *laneQueue) pop() *lane {
	l := q.first
	q.first, l.next = l.next, nil
	return l
}
