// Package lease knows when a hold on something is over, without asking who gave it.
package lease

import (
	"sync"
	"time"
)

// A Term is the time for which a process holds something, by its own monotonic clock. It is safe for concurrent use.
type Term struct {
	lost chan struct{}

	mu    sync.Mutex
	until time.Time
	over  bool
	timer *time.Timer
}

// Until begins a term that ends at a time, unless it is prolonged.
func Until(end time.Time) *Term {
	t := &Term{lost: make(chan struct{}), until: end}
	t.timer = time.AfterFunc(time.Until(end), t.check)
	return t
}

// Lost is closed once the term is over. Asking for it looks at the clock: a process that was stopped for a while finds its
// terms over before a timer has had its turn.
func (t *Term) Lost() <-chan struct{} {
	t.check()
	return t.lost
}

// Prolong moves the end to a later time. A term that is over stays over, and none becomes shorter.
func (t *Term) Prolong(end time.Time) {
	t.mu.Lock()
	if end.After(t.until) && !t.over {
		t.until = end
	}
	t.mu.Unlock()
	t.check()
}

// End ends the term now.
func (t *Term) End() {
	t.mu.Lock()
	t.until = time.Time{}
	t.mu.Unlock()
	t.check()
}

// Stop lets go of a term that nobody asks about any more.
func (t *Term) Stop() { t.timer.Stop() }

func (t *Term) check() {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch left := time.Until(t.until); {
	case t.over:
	case left > 0:
		t.timer.Reset(left)
	default:
		t.over = true
		close(t.lost)
	}
}
