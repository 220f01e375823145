package simulator

import (
	"fmt"
	"net/http"
	"time"
)

// keepAlive is how often a quiet stream says that it lives.
const keepAlive = 15 * time.Second

// maxStreams bounds how many pages are open at once.
const maxStreams = 32

// stream sends the state, and then what changes, as server-sent events. A reader that is slow gets fewer and larger
// updates: nothing queues up for it.
func (s *Simulator) stream(w http.ResponseWriter, r *http.Request) {
	if s.streams.Add(1) > maxStreams {
		s.streams.Add(-1)
		refuse(w, http.StatusServiceUnavailable, "too many pages are open")
		return
	}
	defer s.streams.Add(-1)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	var seen mark
	for {
		changed := s.engine.Changed()
		st, next, whole := s.look(seen)
		seen = next
		event := "update"
		if whole {
			event = "state"
		}
		if whole || !st.empty() {
			if send(w, fmt.Sprintf("event: %s\ndata: %s\n\n", event, asJSON(st))) != nil {
				return
			}
		}
		if !s.waitFor(w, r, changed) {
			return
		}
	}
}

// waitFor waits for a change and reports whether the stream goes on.
func (s *Simulator) waitFor(w http.ResponseWriter, r *http.Request, changed <-chan struct{}) bool {
	for {
		timer := time.NewTimer(keepAlive)
		select {
		case <-changed:
			timer.Stop()
			return true
		case <-timer.C:
			if send(w, ": still here\n\n") != nil {
				return false
			}
		case <-r.Context().Done():
			timer.Stop()
			return false
		case <-s.closed.Done():
			timer.Stop()
			return false
		}
	}
}

func send(w http.ResponseWriter, text string) error {
	c := http.NewResponseController(w)
	_ = c.SetWriteDeadline(time.Now().Add(keepAlive)) // where the server has none, a dead reader is found later
	if _, err := fmt.Fprint(w, text); err != nil {
		return err
	}
	return c.Flush()
}
