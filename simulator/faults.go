package simulator

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/wacloud/wacloud/internal/graph"
)

// faultState is an armed fault on the wire.
type faultState struct {
	ID          int     `json:"id"`
	Kind        string  `json:"kind"`
	Side        string  `json:"side"`
	What        string  `json:"what"`
	Next        int     `json:"next,omitempty"`
	Every       int     `json:"every,omitempty"`
	Probability float64 `json:"probability,omitempty"`
	Seed        uint64  `json:"seed,omitempty"`
	Seen        int     `json:"seen"`
	Hits        int     `json:"hits"`
}

func stateOfFault(f graph.ArmedFault) faultState {
	_, kind, _ := graph.NewFault(f.Kind)
	return faultState{f.ID, f.Kind, kind.Side, kind.What, f.Next, f.Every, f.Probability, f.Seed, f.Seen, f.Hits}
}

func (s *Simulator) faultStates() []faultState {
	all := []faultState{}
	for _, f := range s.engine.ArmedFaults() {
		all = append(all, stateOfFault(f))
	}
	return all
}

func (s *Simulator) faultKinds(*http.Request) (any, error) {
	type kind struct {
		Kind       string   `json:"kind"`
		Side       string   `json:"side"`
		What       string   `json:"what"`
		Parameters []string `json:"parameters"`
	}
	var all []kind
	for _, k := range graph.FaultKinds() {
		all = append(all, kind{k.Kind, k.Side, k.What, append([]string{}, k.Parameters...)})
	}
	return struct {
		Kinds []kind `json:"kinds"`
	}{all}, nil
}

// armRequest is a kind, its trigger and its parameters.
type armRequest struct {
	Kind        string  `json:"kind"`
	Next        int     `json:"next"`
	Every       int     `json:"every"`
	Probability float64 `json:"probability"`
	Seed        uint64  `json:"seed"`

	On          *string `json:"on"`
	N           *int    `json:"n"`
	Level       *string `json:"level"`
	DelayMS     *int    `json:"delay_ms"`
	Signed      *bool   `json:"signed"`
	Code        *int    `json:"code"`
	Status      *int    `json:"status"`
	RetryAfterS *int    `json:"retry_after_s"`
	Async       *bool   `json:"async"`
	Call        *string `json:"call"`
}

func (s *Simulator) arm(_ *http.Request, in armRequest) (any, error) {
	f, kind, ok := graph.NewFault(in.Kind)
	if !ok {
		return nil, errors.New("there is no such kind: GET /_sim/faults/kinds lists them")
	}
	if err := in.check(kind.Parameters); err != nil {
		return nil, err
	}
	in.apply(&f)
	armed, ok := s.engine.ArmWhen(f, graph.Trigger{Next: in.Next, Every: in.Every, Probability: in.Probability, Seed: in.Seed})
	if !ok {
		return nil, failure{http.StatusConflict, "too many faults are armed: disarm some"}
	}
	return stateOfFault(armed), nil
}

// check refuses parameters that the kind does not have, and values out of their range.
func (in armRequest) check(parameters []string) error {
	triggers := 0
	for _, set := range []bool{in.Next != 0, in.Every != 0, in.Probability != 0} {
		if set {
			triggers++
		}
	}
	if triggers > 1 || in.Next < 0 || in.Every < 0 || in.Probability < 0 || in.Probability > 1 {
		return errors.New("one of next, every and probability (0 to 1) is allowed, and none is negative")
	}
	for name, given := range map[string]bool{
		"on": in.On != nil, "n": in.N != nil, "level": in.Level != nil, "delay_ms": in.DelayMS != nil,
		"signed": in.Signed != nil, "code": in.Code != nil, "status": in.Status != nil,
		"retry_after_s": in.RetryAfterS != nil, "async": in.Async != nil, "call": in.Call != nil,
	} {
		if given && !slices.Contains(parameters, name) {
			return errors.New("this kind has no parameter " + name)
		}
	}
	return in.checkValues()
}

func (in armRequest) checkValues() error {
	oneOf := func(v *string, allowed ...string) bool { return v == nil || slices.Contains(allowed, *v) }
	between := func(v *int, low, high int) bool { return v == nil || low <= *v && *v <= high }
	switch {
	case !oneOf(in.On, graph.OnMessages, graph.OnStatuses, graph.OnAny):
		return errors.New("on must be messages, statuses or any")
	case !oneOf(in.Level, "messages", "changes", "entries"):
		return errors.New("level must be messages, changes or entries")
	case !oneOf(in.Call, graph.CallSend, graph.CallRead, graph.CallMedia, graph.CallAny):
		return errors.New("call must be send, read, media or any")
	case !between(in.N, 2, 1000):
		return errors.New("n must be 2 to 1000")
	case !between(in.DelayMS, 0, 600_000):
		return errors.New("delay_ms must be 0 to 600000")
	case !between(in.RetryAfterS, 0, 86_400):
		return errors.New("retry_after_s must be 0 to 86400")
	case !between(in.Status, 400, 599):
		return errors.New("status must be 400 to 599")
	case !between(in.Code, 0, 1<<31-1):
		return errors.New("code must not be negative")
	}
	return nil
}

func (in armRequest) apply(f *graph.Fault) {
	set(&f.On, in.On)
	set(&f.Count, in.N)
	set(&f.Level, in.Level)
	set(&f.Signed, in.Signed)
	set(&f.Code, in.Code)
	set(&f.Status, in.Status)
	set(&f.Async, in.Async)
	set(&f.Call, in.Call)
	if in.DelayMS != nil {
		f.Delay = time.Duration(*in.DelayMS) * time.Millisecond
	}
	if in.RetryAfterS != nil {
		f.RetryAfter = time.Duration(*in.RetryAfterS) * time.Second
	}
}

func (s *Simulator) disarm(*http.Request) (any, error) {
	s.engine.Disarm()
	return nil, nil
}

func (s *Simulator) disarmOne(r *http.Request) (any, error) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || !s.engine.DisarmOne(id) {
		return nil, notFound("there is no such fault")
	}
	return nil, nil
}
