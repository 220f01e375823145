package graph

import (
	"context"
	"slices"
	"sync"
	"time"
)

// What may wait. What comes on top is lost, as with Meta after its days of trying.
const (
	maxJobs     = 10_000
	maxJobBytes = 32 << 20
)

// schedule runs jobs one at a time, the earliest first. Its goroutine ends when nothing is left, so that nothing runs while
// nothing is to be done.
type schedule struct {
	mu   sync.Mutex
	jobs []job // by time, then by order of arrival
	size int   // of what the jobs hold, in bytes
	wake chan struct{}
	busy bool
	done chan struct{} // closed when the last goroutine has ended

	ctx  context.Context // of what runs here, ended by stop
	stop context.CancelFunc
}

type job struct {
	due  time.Time
	size int
	do   func(ctx context.Context)
}

func newSchedule() *schedule {
	s := &schedule{wake: make(chan struct{}, 1)}
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s
}

// at runs do, which holds so many bytes, at a time, in the background; ok is false when too much waits.
func (s *schedule) at(due time.Time, size int, do func(ctx context.Context), idle func()) (ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil || len(s.jobs) >= maxJobs || s.size+size > maxJobBytes {
		return false
	}
	s.size += size
	i := len(s.jobs)
	for i > 0 && s.jobs[i-1].due.After(due) {
		i--
	}
	s.jobs = slices.Insert(s.jobs, i, job{due, size, do})
	if !s.busy {
		done := make(chan struct{})
		s.busy, s.done = true, done
		go func() {
			defer close(done)
			s.run(idle)
		}()
		return true
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return true
}

func (s *schedule) run(idle func()) {
	defer idle()
	for {
		do, wait, ok := s.next()
		switch {
		case !ok:
			return
		case do != nil:
			do(s.ctx)
		default:
			s.sleep(wait)
		}
	}
}

// next takes the job that is due, or tells how long the first one has to wait.
func (s *schedule) next() (do func(context.Context), wait time.Duration, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.jobs) == 0 || s.ctx.Err() != nil {
		s.busy, s.jobs, s.size = false, nil, 0
		return nil, 0, false
	}
	if wait = time.Until(s.jobs[0].due); wait > 0 {
		return nil, wait, true
	}
	do = s.jobs[0].do
	s.size -= s.jobs[0].size
	s.jobs = slices.Delete(s.jobs, 0, 1)
	return do, 0, true
}

func (s *schedule) sleep(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.wake:
	case <-s.ctx.Done():
	}
}

// wait returns when nothing is left to do. A WaitGroup would not allow that something is scheduled meanwhile.
func (s *schedule) wait() {
	for {
		s.mu.Lock()
		done := s.done
		s.mu.Unlock()
		if done == nil {
			return
		}
		<-done
		s.mu.Lock()
		again := s.done != done
		s.mu.Unlock()
		if !again {
			return
		}
	}
}

func (s *schedule) running() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.busy
}

// forget drops what waits.
func (s *schedule) forget() {
	s.mu.Lock()
	s.jobs, s.size = nil, 0
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
