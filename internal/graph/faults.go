package graph

import (
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
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

// The webhooks that a [Fault] can hit.
const (
	OnMessages = "messages"
	OnStatuses = "statuses"
	OnAny      = "any"
)

// Fault is one way in which a call or a webhook fails.
type Fault struct {
	Kind string // of [FaultKinds]; empty for one that is described by the other fields alone

	// Of calls.
	Call       string        // [CallSend] when empty
	Code       int           // of the error envelope
	Subcode    int           // of the error envelope
	Status     int           // HTTP status, defaults to the code's
	Details    string        // error_data.details
	RetryAfter time.Duration // Retry-After header, in whole seconds
	HTML       bool          // a proxy's page instead of the envelope; the status defaults to 502
	Cut        bool          // the connection is cut instead of an answer, and nothing was done
	CutAfter   bool          // the call is done, then the connection is cut
	Async      bool          // a message is accepted, then it fails with Code
	Delay      time.Duration // before anything else; alone it only slows the call down

	// Of webhooks.
	On     string // [OnMessages] when empty
	Count  int    // how many go into one batch
	Level  string // of a batch: entries, changes, messages
	Signed bool   // the half of a truncated body is signed
}

// Trigger says which of the calls or webhooks that a fault fits are hit. One field is set.
type Trigger struct {
	Next        int     // the next ones
	Every       int     // every nth
	Probability float64 // 0 to 1
	Seed        uint64  // of Probability
}

// ArmedFault is a fault that waits.
type ArmedFault struct {
	ID int
	Fault
	Trigger // Next counts down
	Seen    int
	Hits    int

	side   string
	random *rand.Rand
}

// maxFaults bounds what is armed at once.
const maxFaults = 100

// faults holds what is armed, first come first served.
type faults struct {
	mu    sync.Mutex
	count int
	armed []*ArmedFault
}

// Arm makes the next calls fail.
func (e *Engine) Arm(f Fault, times int) {
	if times > 0 {
		e.ArmWhen(f, Trigger{Next: times})
	}
}

// ArmWhen arms a fault; ok is false when too many are.
func (e *Engine) ArmWhen(f Fault, when Trigger) (armed ArmedFault, ok bool) {
	if f.Call == "" {
		f.Call = CallSend
	}
	if f.On == "" {
		f.On = OnMessages
	}
	if when.Next == 0 && when.Every == 0 && when.Probability == 0 {
		when.Next = 1
	}
	a := &ArmedFault{Fault: f, Trigger: when, side: sideOf(f.Kind), random: rand.New(rand.NewPCG(when.Seed, 0))} //nolint:gosec // repeatable on purpose
	defer e.Touch()
	e.faults.mu.Lock()
	defer e.faults.mu.Unlock()
	if len(e.faults.armed) >= maxFaults {
		return ArmedFault{}, false
	}
	e.faults.count++
	a.ID = e.faults.count
	e.faults.armed = append(e.faults.armed, a)
	return *a, true
}

// Armed counts the calls that the next-n faults will hit.
func (e *Engine) Armed() int {
	n := 0
	for _, f := range e.ArmedFaults() {
		n += f.Next
	}
	return n
}

// ArmedFaults returns what is armed.
func (e *Engine) ArmedFaults() []ArmedFault {
	e.faults.mu.Lock()
	defer e.faults.mu.Unlock()
	all := make([]ArmedFault, len(e.faults.armed))
	for i, f := range e.faults.armed {
		all[i] = *f
	}
	return all
}

// Disarm forgets all faults.
func (e *Engine) Disarm() {
	e.faults.mu.Lock()
	e.faults.armed = nil
	e.faults.mu.Unlock()
	e.Touch()
}

// DisarmOne forgets one fault and reports whether it was there.
func (e *Engine) DisarmOne(id int) bool {
	defer e.Touch()
	e.faults.mu.Lock()
	defer e.faults.mu.Unlock()
	before := len(e.faults.armed)
	e.faults.armed = slices.DeleteFunc(e.faults.armed, func(f *ArmedFault) bool { return f.ID == id })
	return len(e.faults.armed) < before
}

// take returns the fault for a call and counts it; the zero Fault is none.
func (f *faults) take(call string) Fault {
	return f.takeIf(func(a *ArmedFault) bool { return a.side == SideAPI && (a.Call == call || a.Call == CallAny) })
}

// takeWebhook returns the fault for a webhook.
func (f *faults) takeWebhook(isMessage bool) Fault {
	return f.takeIf(func(a *ArmedFault) bool {
		return a.side == SideWebhook && !strings.HasPrefix(a.Kind, kindReorder) &&
			(a.On == OnAny || isMessage == (a.On == OnMessages))
	})
}

// takeReorder returns the fault for the statuses of a message.
func (f *faults) takeReorder() Fault {
	return f.takeIf(func(a *ArmedFault) bool { return strings.HasPrefix(a.Kind, kindReorder) })
}

func (f *faults) takeIf(fits func(*ArmedFault) bool) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, a := range f.armed {
		if !fits(a) || !a.hit() {
			continue
		}
		if a.Every == 0 && a.Probability == 0 && a.Next == 0 {
			f.armed = slices.Delete(f.armed, i, i+1)
		}
		return a.Fault
	}
	return Fault{}
}

// hit counts one that fits and reports whether it is hit.
func (a *ArmedFault) hit() bool {
	a.Seen++
	hit := true
	switch {
	case a.Every > 0:
		hit = a.Seen%a.Every == 0
	case a.Probability > 0:
		hit = a.random.Float64() < a.Probability
	default:
		a.Next--
	}
	if hit {
		a.Hits++
	}
	return hit
}

// name is the fault in the record: empty for none.
func (f Fault) name() string {
	if f.Kind == "" && f != (Fault{}) {
		return "fault"
	}
	return f.Kind
}

// before plays the part of the fault that comes before the call is done; ok means that the call goes on.
func (f Fault) before(ctx context.Context) (a answer, ok bool) {
	if !sleep(ctx, f.Delay) {
		panic(http.ErrAbortHandler)
	}
	switch {
	case f.Cut:
		panic(http.ErrAbortHandler)
	case f.HTML:
		return htmlAnswer(f), false
	case !f.Async && (f.Code != 0 || f.Status != 0):
		return refusal{
			Code: f.Code, Subcode: f.Subcode, Status: f.Status, Details: f.Details, RetryAfter: f.RetryAfter,
		}.answer(), false
	}
	return answer{}, true
}

// sleep waits and reports whether ctx lived on.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
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
