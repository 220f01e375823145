package wacloudtest

import (
	"time"
)

// quiet is how long the kit waits for nothing when it cannot see the bot's handlers.
const quiet = 100 * time.Millisecond

// Wait returns when everything that was delivered is handled, or fails the test when the patience ends. For a bot that the
// kit does not run it waits until nothing was sent for a tenth of a second.
func (s *Server) Wait() {
	s.tb.Helper()
	if !s.settle() {
		s.tb.Fatalf("wacloudtest: the bot is still busy after %v%s", s.cfg.patience, s.trouble())
	}
}

// settle waits until the bot is idle and reports whether it is.
func (s *Server) settle() bool {
	if s.served() == nil {
		s.quieten()
		return true
	}
	return s.await(s.cfg.patience, s.idle)
}

// idle reports whether nothing is under way. A handler may have queued a status and ended between the two looks; then
// something has changed.
func (s *Server) idle() bool {
	b := s.served()
	before := s.engine.Changed()
	return b != nil && !s.engine.Delivering() && b.idle() && s.engine.Changed() == before
}

// quieten waits until nothing has changed for a while.
func (s *Server) quieten() {
	deadline := time.Now().Add(s.cfg.patience)
	for time.Now().Before(deadline) {
		changed := s.engine.Changed()
		timer := time.NewTimer(quiet)
		select {
		case <-changed:
			timer.Stop()
		case <-timer.C:
			return
		}
	}
}

// await waits until done holds and reports whether it does. It looks again whenever anything changes.
func (s *Server) await(patience time.Duration, done func() bool) bool {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		changed := s.engine.Changed()
		if done() {
			return true
		}
		select {
		case <-changed:
		case <-timer.C:
			return done()
		}
	}
}
