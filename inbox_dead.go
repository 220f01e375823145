package wacloud

import (
	"fmt"
	"slices"
	"time"
)

const (
	maxDeadLetters = 10_000
	deadFor        = 30 * 24 * time.Hour
)

// deadLetters are the events that a [MemoryInbox] gave up, oldest first.
type deadLetters struct {
	letters []*memoryDead
	bytes   int64
	number  uint64 // of the newest
}

type memoryDead struct {
	letter DeadLetter
	id     seenID
	stored time.Time
	size   int64
}

func (d *deadLetters) len() int { return len(d.letters) }

func (d *deadLetters) add(m *memoryEvent, err error) {
	d.number++
	d.bytes += m.size()
	d.letters = append(d.letters, &memoryDead{
		letter: DeadLetter{
			ID: fmt.Sprintf("%020d", d.number), Event: m.event, Error: err.Error(), Attempts: m.event.Attempt,
			FailedAt: time.Now(),
		},
		id: m.id, stored: m.stored, size: m.size(),
	})
}

// shrink drops the oldest letters until the rest fit and returns them.
func (d *deadLetters) shrink(bytes int64) []*memoryDead {
	n := 0
	for rest := d.bytes; n < len(d.letters) && (rest > bytes || len(d.letters)-n > maxDeadLetters); n++ {
		rest -= d.letters[n].size
	}
	return d.drop(n)
}

// expire drops the letters that were kept long enough and returns them.
func (d *deadLetters) expire(now time.Time) []*memoryDead {
	n := 0
	for n < len(d.letters) && now.Sub(d.letters[n].letter.FailedAt) >= deadFor {
		n++
	}
	return d.drop(n)
}

func (d *deadLetters) drop(n int) []*memoryDead {
	if n == 0 {
		return nil
	}
	dropped := slices.Clone(d.letters[:n])
	d.letters = slices.Delete(d.letters, 0, n)
	for _, l := range dropped {
		d.bytes -= l.size
	}
	return dropped
}

func (d *deadLetters) list(after string, limit int) []DeadLetter {
	var out []DeadLetter
	for _, l := range d.letters {
		if l.letter.ID > after && len(out) < limit {
			out = append(out, l.letter)
		}
	}
	return out
}

func (d *deadLetters) take(id string) (*memoryDead, bool) {
	i := slices.IndexFunc(d.letters, func(l *memoryDead) bool { return l.letter.ID == id })
	if i < 0 {
		return nil, false
	}
	l := d.letters[i]
	d.letters = slices.Delete(d.letters, i, i+1)
	d.bytes -= l.size
	return l, true
}
