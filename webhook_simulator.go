package wacloud

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"iter"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// What a simulator is told about: the newest of so many dead letters.
const (
	toldLetters  = 100
	readLetters  = 10_000
	letterPage   = 1000
	tellPatience = 2 * time.Second
)

// simulatorReport is what a simulator is told; simulator/API.md describes it.
type simulatorReport struct {
	Version     int               `json:"version"`
	StartedAt   time.Time         `json:"started_at"`
	Routes      []simulatorRoute  `json:"routes"` // null where the handler is no router
	SignedIDs   bool              `json:"signed_ids,omitempty"`
	Inbox       *simulatorInbox   `json:"inbox"` // null where it does not answer
	DeadLetters []simulatorLetter `json:"dead_letters"`
}

type simulatorRoute struct {
	Pattern string `json:"pattern,omitempty"`
	Kind    string `json:"kind"`
	Source  string `json:"source,omitempty"`
}

type simulatorInbox struct {
	Depth       int `json:"depth"`
	Running     int `json:"running"`
	DeadLetters int `json:"dead_letters"`
}

type simulatorLetter struct {
	ID       string    `json:"id"`
	What     string    `json:"what"`              // kind and type: "message text"
	Message  string    `json:"message,omitempty"` // Meta's id of the message that the event is or is about
	Error    string    `json:"error"`
	Attempts int       `json:"attempts"`
	FailedAt time.Time `json:"failed_at"`
}

// fromSimulator reports whether a simulator on this machine asks. Everybody else gets the answer of a bad handshake.
func (w *Webhook) fromSimulator(r *http.Request) bool {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || w.cfg.SimulatorToken.IsZero() || !isDirect(r) {
		return false
	}
	want := tokenSum(w.cfg.SimulatorToken.Reveal())
	got := tokenSum(token)
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

// isDirect reports whether a request was made on this machine, and is not one that a proxy on it hands on.
func isDirect(r *http.Request) bool {
	addr, err := netip.ParseAddrPort(r.RemoteAddr)
	proxied := r.Header.Get("Forwarded") + r.Header.Get("X-Forwarded-For") + r.Header.Get("Via")
	return err == nil && addr.Addr().Unmap().IsLoopback() && proxied == ""
}

func (w *Webhook) tellSimulator(rw http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), tellPatience)
	defer cancel()
	body, err := json.Marshal(w.simulatorReport(ctx))
	if err != nil {
		w.reject(rw, r, http.StatusInternalServerError, "simulator")
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	rw.Header().Set("X-Content-Type-Options", "nosniff")
	rw.Header().Set("Cache-Control", "no-store")
	_, _ = rw.Write(body) // a simulator that went away has no use for an error
}

func (w *Webhook) simulatorReport(ctx context.Context) simulatorReport {
	report := simulatorReport{Version: 1, StartedAt: w.started, DeadLetters: []simulatorLetter{}}
	if router, ok := w.cfg.Handler.(interface{ Routes() iter.Seq[RouteInfo] }); ok {
		report.Routes = []simulatorRoute{}
		for route := range router.Routes() {
			report.Routes = append(report.Routes, simulatorRoute(route))
		}
	}
	if router, ok := w.cfg.Handler.(interface{ hasSigner() bool }); ok {
		report.SignedIDs = router.hasSigner()
	}
	stats, err := w.cfg.Inbox.Stats(ctx)
	if err != nil {
		return report
	}
	report.Inbox = &simulatorInbox{Depth: stats.Depth, Running: stats.Running, DeadLetters: stats.DeadLetters}
	if stats.DeadLetters > 0 {
		report.DeadLetters = w.newestLetters(ctx)
	}
	return report
}

// newestLetters reads the dead letters, which come oldest first, and keeps the last of them.
func (w *Webhook) newestLetters(ctx context.Context) []simulatorLetter {
	all := []simulatorLetter{}
	for after, read := "", 0; read < readLetters; {
		page, err := w.cfg.Inbox.DeadLetters(ctx, after, letterPage)
		if err != nil || len(page) == 0 {
			break
		}
		for _, l := range page {
			all = append(all, letterOf(&l))
		}
		all = slices.Clone(all[max(0, len(all)-toldLetters):])
		after, read = page[len(page)-1].ID, read+len(page)
	}
	return all
}

func letterOf(l *DeadLetter) simulatorLetter {
	told := simulatorLetter{
		ID: l.ID, What: l.Event.Kind.String(), Error: l.Error, Attempts: l.Attempts, FailedAt: l.FailedAt,
	}
	switch e := &l.Event; {
	case e.Message != nil:
		told.What, told.Message = told.What+" "+e.Message.Type, e.Message.ID
	case e.Status != nil:
		told.What, told.Message = told.What+" "+e.Status.Status, e.Status.ID
	}
	return told
}
