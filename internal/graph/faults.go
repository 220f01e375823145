package graph

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// The calls that a [Fault] can hit.
const (
	CallSend  = "send"  // messages
	CallRead  = "read"  // marking as read, typing
	CallMedia = "media" // upload, lookup, download, delete
	CallAny   = "any"
)

// Fault is one way in which a call fails.
type Fault struct {
	Call       string        // [CallSend] when empty
	Code       int           // of the error envelope
	Status     int           // HTTP status, defaults to the code's
	Details    string        // error_data.details
	RetryAfter time.Duration // Retry-After header, in whole seconds
	HTML       bool          // a proxy's page instead of the envelope; the status defaults to 502
	Cut        bool          // the connection is cut instead of an answer, and nothing was done
	CutAfter   bool          // the call is done, then the connection is cut
	Delay      time.Duration // before anything else; alone it only slows the call down
}

// faults holds what is armed, first come first served.
type faults struct {
	mu    sync.Mutex
	armed []armedFault
}

type armedFault struct {
	Fault
	left int
}

// Arm makes the next calls fail.
func (e *Engine) Arm(f Fault, times int) {
	if f.Call == "" {
		f.Call = CallSend
	}
	e.faults.mu.Lock()
	defer e.faults.mu.Unlock()
	if times > 0 {
		e.faults.armed = append(e.faults.armed, armedFault{f, times})
	}
}

// Armed counts the calls that will fail.
func (e *Engine) Armed() int {
	e.faults.mu.Lock()
	defer e.faults.mu.Unlock()
	n := 0
	for _, f := range e.faults.armed {
		n += f.left
	}
	return n
}

// Disarm forgets all faults.
func (e *Engine) Disarm() {
	e.faults.mu.Lock()
	defer e.faults.mu.Unlock()
	e.faults.armed = nil
}

// take returns the fault for a call and counts it down; the zero Fault is none.
func (f *faults) take(call string) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.armed {
		a := &f.armed[i]
		if a.Call != call && a.Call != CallAny {
			continue
		}
		hit := a.Fault
		if a.left--; a.left == 0 {
			f.armed = append(f.armed[:i:i], f.armed[i+1:]...)
		}
		return hit
	}
	return Fault{}
}

// before plays the part of the fault that comes before the call is done; ok means that the call goes on.
func (f Fault) before(ctx context.Context) (a answer, ok bool) {
	if f.Delay > 0 {
		timer := time.NewTimer(f.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			panic(http.ErrAbortHandler)
		}
	}
	switch {
	case f.Cut:
		panic(http.ErrAbortHandler)
	case f.HTML:
		return htmlAnswer(f), false
	case f.Code != 0 || f.Status != 0:
		return refusal{Code: f.Code, Status: f.Status, Details: f.Details, RetryAfter: f.RetryAfter}.answer(), false
	}
	return answer{}, true
}

func htmlAnswer(f Fault) answer {
	a := answer{status: f.Status, contentType: "text/html; charset=utf-8", retryAfter: f.RetryAfter}
	if a.status == 0 {
		a.status = http.StatusBadGateway
	}
	text := http.StatusText(a.status)
	a.body = []byte("<!DOCTYPE html>\n<html><head><title>" + text + "</title></head><body><h1>" + text + "</h1></body></html>\n")
	return a
}
