// Package history is what a client was answered and what handlers did, and the check of the one against the other.
package history

import (
	"bufio"
	"cmp"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
)

// All times are nanoseconds of one machine's clock.

// An Event names a user's n-th message.
type Event struct {
	User string
	N    int
}

// An Ack is an event that was answered 200.
type Ack struct {
	Event
	Sent  int64 // when it was first sent
	Acked int64 // when it was first answered 200
}

// A Span is one run of a handler.
type Span struct {
	Event
	PID, Attempt int
	Begin, End   int64 // End is 0 where the process ended first
	Failed       bool  // the handler returned an error
}

// A Crash is the end of a process, or of what all of them stand on (PID 0). Who kills does not know the instant: there may be
// one Crash from just before and one from just after it.
type Crash struct {
	PID int
	At  int64
}

// A History is everything that happened.
type History struct {
	Acks    []Ack
	Spans   []Span
	Crashes []Crash // in the order of time
}

// A Report says what is wrong with a history. Each fault is a line of text.
type Report struct {
	Acked, Handled, Again int // Again counts the runs that a crash made necessary
	Lost                  []string
	Disordered            []string
	Overlaps              []string
	Repeated              []string // handled again without a reason
}

// Err returns an error that shows the first faults, or nil.
func (r Report) Err() error {
	for name, faults := range map[string][]string{"lost": r.Lost, "out of order": r.Disordered, "two at once": r.Overlaps, "repeated": r.Repeated} {
		if len(faults) > 0 {
			return fmt.Errorf("%d %s: %v", len(faults), name, faults[:min(len(faults), 5)])
		}
	}
	return nil
}

// Check holds a history against the promises: what was acknowledged is handled; a user's events whose first delivery was
// answered before the next was sent are first handled in that order; a user never has two handlers that live; what was
// handled is handled again only when its handler failed or a crash came between.
func (h History) Check() Report {
	r := Report{Acked: len(h.Acks)}
	slices.SortFunc(h.Spans, func(a, b Span) int { return cmp.Compare(a.Begin, b.Begin) })
	first := map[Event]int64{}
	for _, s := range h.Spans {
		if _, ok := first[s.Event]; !ok {
			first[s.Event] = s.Begin
		}
	}
	r.Handled = len(first)
	for _, a := range h.Acks {
		if _, ok := first[a.Event]; !ok {
			r.Lost = append(r.Lost, fmt.Sprintf("%v acked at %d", a.Event, a.Acked))
		}
	}
	r.Disordered = h.disorder(first)
	r.Overlaps = h.overlaps()
	r.Again, r.Repeated = h.repeats()
	return r
}

// disorder walks each user's events in the order in which they were sent and keeps the latest first handling among those
// that were answered before.
func (h History) disorder(first map[Event]int64) (faults []string) {
	byUser := map[string][]Ack{}
	for _, a := range h.Acks {
		byUser[a.User] = append(byUser[a.User], a)
	}
	for _, acks := range byUser {
		answered := slices.Clone(acks)
		slices.SortFunc(answered, func(a, b Ack) int { return cmp.Compare(a.Acked, b.Acked) })
		slices.SortFunc(acks, func(a, b Ack) int { return cmp.Compare(a.Sent, b.Sent) })
		var before Ack // of the answered ones, that which was handled last
		for _, a := range acks {
			for len(answered) > 0 && answered[0].Acked < a.Sent {
				if first[answered[0].Event] > first[before.Event] {
					before = answered[0]
				}
				answered = answered[1:]
			}
			if at, ok := first[a.Event]; ok && at < first[before.Event] {
				faults = append(faults, fmt.Sprintf("%v before %v", a.Event, before.Event))
			}
		}
	}
	return faults
}

// overlaps needs Spans in order of Begin. A handler lives until it returns or its process dies.
func (h History) overlaps() (faults []string) {
	died := map[int]int64{} // when it was not yet dead, if there are several times
	for _, c := range slices.Backward(h.Crashes) {
		died[c.PID] = c.At
	}
	last := map[string]Span{} // of each user, the one that lives longest
	for _, s := range h.Spans {
		if s.End == 0 {
			s.End = math.MaxInt64
			if at, ok := died[s.PID]; ok {
				s.End = at
			}
		}
		if l, ok := last[s.User]; ok && s.Begin < l.End {
			faults = append(faults, fmt.Sprintf("%v attempt %d of process %d began while %v of %d ran", s.Event, s.Attempt, s.PID, l.Event, l.PID))
		}
		if s.End > last[s.User].End {
			last[s.User] = s
		}
	}
	return faults
}

func (h History) repeats() (again int, faults []string) {
	last := map[Event]Span{}
	for _, s := range h.Spans {
		if l, ok := last[s.Event]; ok {
			if l.Failed || h.crashed(l, s) {
				again++
			} else {
				faults = append(faults, fmt.Sprintf("%v by processes %d and %d", s.Event, l.PID, s.PID))
			}
		}
		last[s.Event] = s
	}
	return again, faults
}

func (h History) crashed(first, then Span) bool {
	return slices.ContainsFunc(h.Crashes, func(c Crash) bool {
		return (c.PID == 0 || c.PID == first.PID) && c.At >= first.Begin && c.At <= then.Begin
	})
}

// ReadJournals reads what the handlers of all processes wrote to the folder.
func ReadJournals(dir string) ([]Span, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "journal-*"))
	if err != nil {
		return nil, err
	}
	var spans []Span
	for _, path := range paths {
		open := map[Event]int{}
		err := readLines(path, func(line string) error {
			var kind string
			var s Span
			var at int64
			if _, err := fmt.Sscanf(line, "%s %d %s %d %d %d", &kind, &s.PID, &s.User, &s.N, &s.Attempt, &at); err != nil {
				return err
			}
			if kind == "begin" {
				s.Begin = at
				spans = append(spans, s)
				open[s.Event] = len(spans) - 1
				return nil
			}
			spans[open[s.Event]].End = at
			spans[open[s.Event]].Failed = kind == "failed"
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return spans, nil
}

// Line is a line of a journal: kind is begin, end or failed.
func Line(kind string, pid int, e Event, attempt int, at int64) []byte {
	return fmt.Appendf(nil, "%s %d %s %d %d %d\n", kind, pid, e.User, e.N, attempt, at)
}

// ReadAcks reads what a client wrote.
func ReadAcks(path string) ([]Ack, error) {
	var acks []Ack
	err := readLines(path, func(line string) error {
		var a Ack
		_, err := fmt.Sscanf(line, "%s %d %d %d", &a.User, &a.N, &a.Sent, &a.Acked)
		acks = append(acks, a)
		return err
	})
	return acks, err
}

// AckLine is a line of a client's file.
func AckLine(a Ack) []byte { return fmt.Appendf(nil, "%s %d %d %d\n", a.User, a.N, a.Sent, a.Acked) }

func readLines(path string, each func(string) error) error {
	f, err := os.Open(path) //nolint:gosec // a file of the test
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if err := each(lines.Text()); err != nil {
			return fmt.Errorf("%s: %q: %w", path, lines.Text(), err)
		}
	}
	return lines.Err()
}
