package inboxtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/wacloud/wacloud"
)

// checkModel puts random batches with repeats, lets events fail at random, redrives at random, and compares with what a
// list of ids says must have happened: each event done or dead, once, and in order within its key.
func checkModel(s *suite) error {
	if err := s.open(); err != nil {
		return err
	}
	seed := rand.Uint64()
	if err := s.randomOperations(rand.New(rand.NewPCG(seed, 0))); err != nil {
		return fmt.Errorf("seed %d: %w", seed, err)
	}
	return nil
}

func (s *suite) randomOperations(random *rand.Rand) error {
	const users, operations = 7, 300
	m := &model{fails: map[string]int{}, done: map[string]int{}, firsts: map[string][]string{}}
	s.start(m.handle)
	known := map[string]bool{}
	stored := map[string][]string{} // by key
	for range operations {
		if random.IntN(20) == 0 {
			if err := s.redriveAll(m); err != nil {
				return err
			}
			continue
		}
		var batch []wacloud.Event
		fresh := 0
		for range 1 + random.IntN(5) {
			e := number(random.IntN(users), random.IntN(operations))
			if !known[e.ID] {
				known[e.ID] = true
				fresh++
				stored[e.Key()] = append(stored[e.Key()], e.ID)
				m.plan(e.ID, max(0, random.IntN(12)-7)) // a third of the events fail, some more often than they are tried
			}
			batch = append(batch, e)
		}
		if err := s.put(fresh, batch...); err != nil {
			return err
		}
	}
	if err := s.idle(); err != nil {
		return err
	}
	m.heal()
	if err := errors.Join(s.redriveAll(m), s.idle()); err != nil {
		return err
	}
	return m.compare(stored)
}

func (s *suite) redriveAll(*model) error {
	letters, err := s.in.DeadLetters(s.ctx, "", 1000)
	for _, l := range letters {
		if redriven := s.in.Redrive(s.ctx, l.ID); redriven != nil {
			err = errors.Join(err, fmt.Errorf("redrive: %w", redriven))
		}
	}
	return err
}

type model struct {
	mu     sync.Mutex
	fails  map[string]int // how often the event will still fail
	done   map[string]int
	firsts map[string][]string // by key, in the order of the first attempts
	healed bool
}

func (m *model) plan(id string, fails int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fails[id] = fails
}

func (m *model) heal() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.healed = true
}

func (m *model) handle(_ context.Context, e *wacloud.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !slices.Contains(m.firsts[e.Key()], e.ID) {
		m.firsts[e.Key()] = append(m.firsts[e.Key()], e.ID)
	}
	if !m.healed && m.fails[e.ID] > 0 {
		m.fails[e.ID]--
		return errNo
	}
	m.done[e.ID]++
	return nil
}

func (m *model) compare(stored map[string][]string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, ids := range stored {
		if !slices.Equal(m.firsts[key], ids) {
			return errors.New("a key's events were first handled in another order than they were stored")
		}
		for _, id := range ids {
			if m.done[id] != 1 {
				return fmt.Errorf("an event was done %d times, want once", m.done[id])
			}
		}
	}
	return nil
}
