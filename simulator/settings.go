package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/wacloud/wacloud/internal/graph"
)

// settings is [graph.Policy] on the wire.
type settings struct {
	Window        string `json:"window"`
	PairLimit     bool   `json:"pair_limit"`
	Throughput    int    `json:"throughput"`
	CarouselTap   string `json:"carousel_tap"`
	AutoStatus    bool   `json:"auto_status"`
	StatusDelayMS int    `json:"status_delay_ms"`
	AutoRead      bool   `json:"auto_read"`
	Redeliver     bool   `json:"redeliver"`
}

// The names of the constants, in their order.
var (
	windowNames = []string{"off", "refuse", "fail"}
	shapeNames  = []string{"button", "button_reply", "quick_reply", "turns"}
)

func settingsOf(p graph.Policy) settings {
	return settings{
		Window: windowNames[p.Window], PairLimit: p.PairLimit, Throughput: p.Throughput,
		CarouselTap: shapeNames[p.CarouselTap], AutoStatus: p.AutoStatus,
		StatusDelayMS: int(p.StatusDelay.Milliseconds()), AutoRead: p.AutoRead, Redeliver: p.Redeliver,
	}
}

func shapeNamed(name string) (graph.TapShape, error) {
	i := slices.Index(shapeNames, name)
	if i < 0 {
		return 0, fmt.Errorf("the shape must be one of %s", strings.Join(shapeNames, ", "))
	}
	return graph.TapShape(i), nil //nolint:gosec // an index of four names
}

// maxStatusDelay keeps statuses within sight.
const maxStatusDelay = time.Minute

// policy reads settings back.
func (in settings) policy() (graph.Policy, error) {
	window := slices.Index(windowNames, in.Window)
	if window < 0 {
		return graph.Policy{}, fmt.Errorf("window must be one of %s", strings.Join(windowNames, ", "))
	}
	shape, err := shapeNamed(in.CarouselTap)
	if err != nil {
		return graph.Policy{}, err
	}
	delay := time.Duration(in.StatusDelayMS) * time.Millisecond
	if delay < 0 || delay > maxStatusDelay || in.Throughput < 0 {
		return graph.Policy{}, errors.New("status_delay_ms must be 0 to 60000, and throughput not negative")
	}
	return graph.Policy{
		Window: graph.WindowMode(window), PairLimit: in.PairLimit, Throughput: in.Throughput, CarouselTap: shape, //nolint:gosec // an index of three names
		AutoStatus: in.AutoStatus, StatusDelay: delay, AutoRead: in.AutoRead, Redeliver: in.Redeliver,
	}, nil
}

// change takes some of the settings; the others stay.
func (s *Simulator) change(_ *http.Request, in json.RawMessage) (any, error) {
	now := settingsOf(s.engine.Policy())
	if err := decode(bytes.NewReader(in), &now); err != nil {
		return nil, err
	}
	p, err := now.policy()
	if err != nil {
		return nil, err
	}
	s.engine.SetPolicy(p)
	return settingsOf(p), nil
}

func set[T any](into, from *T) {
	if from != nil {
		*into = *from
	}
}

// maxAdvance keeps the clock within what times can hold.
const maxAdvance = 366 * 24 * time.Hour

func (s *Simulator) advance(_ *http.Request, in struct {
	AdvanceMS int64 `json:"advance_ms"`
},
) (any, error) {
	if in.AdvanceMS < 0 || in.AdvanceMS > maxAdvance.Milliseconds() {
		return nil, errors.New("advance_ms must be 0 to a year: the clock goes forward only")
	}
	s.engine.Advance(time.Duration(in.AdvanceMS) * time.Millisecond)
	return struct {
		Now time.Time `json:"now"`
	}{s.engine.Now()}, nil
}

func (s *Simulator) handshake(r *http.Request) (any, error) {
	out := struct {
		OK    bool   `json:"ok"`
		Error string `json:"error,omitempty"`
	}{OK: true}
	if err := s.engine.Handshake(r.Context()); err != nil {
		out.OK, out.Error = false, plain(err)
	}
	return out, nil
}

func (s *Simulator) restarted(*http.Request) (any, error) {
	s.engine.Restarted()
	return nil, nil
}

func (s *Simulator) reset(_ *http.Request, in struct {
	Users bool `json:"users"`
},
) (any, error) {
	s.engine.Reset(in.Users)
	return nil, nil
}
