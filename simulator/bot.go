package simulator

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/internal/netaddr"
)

// How often a bot is asked for what it tells of itself.
const (
	askEvery   = time.Second
	askTimeout = 5 * time.Second
)

// Bounds of what a bot may tell.
const (
	maxRoutes  = 10_000
	maxLetters = 100
)

// botReport is what a bot tells a simulator: see API.md.
type botReport struct {
	Version     int           `json:"version"`
	StartedAt   time.Time     `json:"started_at"`
	Routes      []botRoute    `json:"routes"`
	SignedIDs   bool          `json:"signed_ids"`
	Inbox       *inboxState   `json:"inbox"`
	DeadLetters []letterState `json:"dead_letters"`
}

type botRoute struct {
	Kind    string `json:"kind"`
	Pattern string `json:"pattern,omitempty"`
	Source  string `json:"source,omitempty"`
}

type inboxState struct {
	Depth       int `json:"depth"`
	Running     int `json:"running"`
	DeadLetters int `json:"dead_letters"`
}

type letterState struct {
	ID       string    `json:"id"`
	What     string    `json:"what"`
	Message  string    `json:"message,omitempty"`
	Error    string    `json:"error"`
	Attempts int       `json:"attempts"`
	FailedAt time.Time `json:"failed_at"`
}

// lookup is [Options.Lookup].
type lookup func(id string) (pattern string, params map[string]string, ok bool)

// told is the last that the bot told of itself.
type told struct {
	mu     sync.Mutex
	report *botReport // nil when it tells nothing
	lookup lookup     // by its routes
	routes int        // counts how often they were others
}

func (t *told) get() (report *botReport, l lookup, routes int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.report, t.lookup, t.routes
}

// put keeps a report; with a bot that is gone its routes stay, because its buttons do.
func (t *told) put(report *botReport, routed bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.report
	if routed && (old == nil || !slices.Equal(old.Routes, report.Routes) || old.SignedIDs != report.SignedIDs) {
		l, err := lookupOf(report)
		if err != nil {
			return err
		}
		t.lookup = l
		t.routes++
	}
	t.report = report
	return nil
}

// lookupOf matches ids as the bot's router does: by a router of the same patterns.
func lookupOf(report *botReport) (l lookup, err error) {
	if report.Routes == nil {
		return nil, nil
	}
	defer func() {
		if r := recover(); r != nil { // a router panics when patterns are wrong or conflict
			err = fmt.Errorf("the bot's routes do not fit together: %v", r)
		}
	}()
	r := wacloud.NewRouter()
	for _, route := range report.Routes {
		if route.Kind == "reply" {
			r.Reply(route.Pattern, func(context.Context, *wacloud.Event) error { return nil })
		}
	}
	if report.SignedIDs {
		signer, err := wacloud.NewIDSigner(wacloud.NewSecret(rand.Text()))
		if err != nil {
			return nil, err
		}
		r.Signer(signer) // takes signatures off; they are not checked here
	}
	return RouterLookup(r), nil
}

// mayAsk reports whether the bot is on this machine: the token goes nowhere else.
func (s *Simulator) mayAsk() bool {
	u, err := url.Parse(s.opts.Webhook)
	return s.inProcess.Load() || err == nil && netaddr.IsLoopbackHost(u.Hostname())
}

// watchBot asks the bot for its routes and dead letters, every second once it tells them. A bot that does not know the
// question is asked again when it was away.
func (s *Simulator) watchBot() {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	refused, back := false, 0
	for {
		if now := s.engine.Back(); s.mayAsk() && (!refused || now != back) {
			back = now
			refused = s.askBot()
		}
		select {
		case <-tick.C:
		case <-s.closed.Done():
			return
		}
	}
}

// askBot asks once and reports whether the bot answered with something else.
func (s *Simulator) askBot() (refused bool) {
	ctx, cancel := context.WithTimeout(s.closed, askTimeout)
	defer cancel()
	status, body, err := s.engine.Ask(ctx, s.secrets.bot)
	before, _, _ := s.told.get()
	if before != nil { // it is known to answer, so that its silence says something
		s.engine.Notice(ctx, err)
		defer s.engine.Touch()
	}
	if err != nil {
		return false
	}
	report, err := readReport(status, body)
	if err == nil {
		err = s.told.put(report, s.opts.Lookup == nil)
	}
	if err != nil && !errors.Is(err, errNoReport) {
		s.Log("stderr", "wasim: "+err.Error())
	}
	switch {
	case err != nil:
		return true
	case before == nil:
		s.engine.Notice(ctx, nil)
		s.engine.Touch()
	case !before.StartedAt.Equal(report.StartedAt): // so fast that it was never missed
		s.engine.Restarted()
	}
	return false
}

// errNoReport is for bots that are not built on the library, or were not started with our variables.
var errNoReport = errors.New("the bot tells nothing of itself")

func readReport(status int, body []byte) (*botReport, error) {
	report := new(botReport)
	if status != http.StatusOK || json.Unmarshal(body, report) != nil || report.Version != 1 {
		return nil, errNoReport
	}
	if len(report.Routes) > maxRoutes {
		return nil, fmt.Errorf("the bot has more than %d routes: they are not shown", maxRoutes)
	}
	report.DeadLetters = newest(report.DeadLetters, maxLetters)
	for i := range report.DeadLetters {
		l := &report.DeadLetters[i]
		l.Error = l.Error[:min(len(l.Error), maxLine)]
	}
	return report, nil
}

// routeOf says where an id leads, as far as that is known.
func (s *Simulator) routeOf(id string) (route *routeView, unrouted bool) {
	find := s.opts.Lookup
	if find == nil {
		_, find, _ = s.told.get()
	}
	if find == nil {
		return nil, false
	}
	pattern, params, ok := find(id)
	if !ok {
		return nil, true
	}
	return &routeView{pattern, params}, false
}

// restart starts the bot anew, and with reset the chats too. What the fault late has kept comes when the bot is up.
func (s *Simulator) restart(r *http.Request, in struct {
	Reset bool `json:"reset"`
},
) (any, error) {
	if s.opts.Restart == nil {
		return nil, failure{http.StatusConflict, "the bot was not started from here: wasim -exec does that"}
	}
	if err := s.opts.Restart(r.Context()); err != nil {
		return nil, err
	}
	if in.Reset {
		s.engine.Reset(false)
	}
	return nil, nil
}

// botRoutes answers with what the bot told, for people and tools.
func (s *Simulator) botRoutes(*http.Request) (any, error) {
	report, _, _ := s.told.get()
	out := struct {
		Known  bool       `json:"known"`
		Routes []botRoute `json:"routes"`
	}{Routes: []botRoute{}}
	if report != nil && report.Routes != nil {
		out.Known, out.Routes = true, report.Routes
	}
	return out, nil
}

func (s *Simulator) deadLetters(*http.Request) (any, error) {
	report, _, _ := s.told.get()
	out := struct {
		Known       bool          `json:"known"`
		Count       int           `json:"count"`
		DeadLetters []letterState `json:"dead_letters"`
	}{DeadLetters: []letterState{}}
	if report != nil && report.Inbox != nil {
		out.Known, out.Count = true, report.Inbox.DeadLetters
		out.DeadLetters = append(out.DeadLetters, report.DeadLetters...)
	}
	return out, nil
}
