package wacloud

import (
	"crypto/sha256"
	"time"
)

// seenID is an event's id, shortened: 16 bytes of SHA-256 do not collide among the ids of a million events.
type seenID [16]byte

func hashID(id string) seenID {
	var buf [256]byte // an id is hardly longer
	sum := sha256.Sum256(append(buf[:0], id...))
	return seenID(sum[:16])
}

// seenIDs remembers which events were stored. The id of an event that is not settled is never forgotten; of the settled
// ones at most limit are kept, each for dedupeFor from when it was stored.
type seenIDs struct {
	limit   int
	ids     map[seenID]struct{}
	settled []settledID // from head, in order of settling
	head    int
}

type settledID struct {
	id     seenID
	stored int64 // Unix seconds
}

func newSeenIDs(limit int) seenIDs { return seenIDs{limit: limit, ids: make(map[seenID]struct{})} }

// add reports whether id is new.
func (s *seenIDs) add(id seenID) bool {
	n := len(s.ids)
	s.ids[id] = struct{}{}
	return len(s.ids) > n
}

func (s *seenIDs) forget(id seenID) { delete(s.ids, id) }

// settle lets id be forgotten when its time or turn comes.
func (s *seenIDs) settle(id seenID, stored time.Time) {
	s.settled = append(s.settled, settledID{id, stored.Unix()})
	if len(s.settled)-s.head > s.limit {
		s.pop()
	}
}

// expire forgets what is old enough. It stops at the first that is not: one that was settled late may stay longer.
func (s *seenIDs) expire(now time.Time) {
	limit := now.Add(-dedupeFor).Unix()
	for s.head < len(s.settled) && s.settled[s.head].stored <= limit {
		s.pop()
	}
}

func (s *seenIDs) pop() {
	delete(s.ids, s.settled[s.head].id)
	s.head++
	if s.head > len(s.settled)/2 {
		s.settled = append(s.settled[:0], s.settled[s.head:]...)
		s.head = 0
	}
}
