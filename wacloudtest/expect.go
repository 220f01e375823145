package wacloudtest

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/internal/graph"
)

// Expect waits for the next message to the user and fails the test when it is not an M, or when the handlers are done and
// none came. Messages are expected in the order in which they were sent; [wacloud.Message] itself fits any. The failure
// tells what came instead, what the handlers failed with and what the Graph API refused.
func Expect[M wacloud.Message](u *User) *Received[M] {
	u.srv.tb.Helper()
	want := reflect.TypeFor[M]().String()
	m, ok := u.next()
	if !ok {
		u.srv.tb.Fatalf("wacloudtest: %s expected a %s, but %s%s", u.user.Identity.Name, want, u.srv.silence(), u.srv.trouble())
		return nil
	}
	message, ok := m.Outgoing.Message.(M)
	if !ok {
		u.srv.tb.Fatalf("wacloudtest: %s expected a %s, but got a %s%s",
			u.user.Identity.Name, want, describeMessage(m), u.srv.trouble())
		return nil
	}
	return &Received[M]{ID: m.ID, Message: message, Outgoing: m.Outgoing, user: u, message: m}
}

// Received is a message that a user got. It stays tappable.
type Received[M wacloud.Message] struct {
	ID       string
	Message  M
	Outgoing wacloud.Outgoing

	user    *User
	message graph.Message
}

// Tap taps an option by its title.
func (r *Received[M]) Tap(title string) {
	r.user.srv.tb.Helper()
	r.user.tap(r.message, quoted(title), func(o graph.Option) bool { return o.Title == title })
}

// TapID taps an option by its id.
func (r *Received[M]) TapID(id string) {
	r.user.srv.tb.Helper()
	r.user.tap(r.message, "the id "+quoted(id), func(o graph.Option) bool { return o.ID == id })
}

// Card is a card of a carousel, counted from 0.
func (r *Received[M]) Card(i int) *Card {
	r.user.srv.tb.Helper()
	return r.user.card(r.message, i)
}

// Fill answers a flow or an address form; response becomes the JSON of the answer. It panics when that is impossible.
func (r *Received[M]) Fill(response any) string {
	r.user.srv.tb.Helper()
	if formName(r.message.Outgoing.Message) == "" {
		r.user.srv.tb.Fatalf("wacloudtest: a %s is no form", kindOf(r.message.Outgoing.Message))
		return ""
	}
	return r.user.fill(r.message, response)
}

// Reply sends a text that quotes the message, and returns its id.
func (r *Received[M]) Reply(text string) string {
	r.user.srv.tb.Helper()
	return r.user.act(graph.Text(text), r.ID)
}

// React puts an emoji on the message; an empty one takes it away.
func (r *Received[M]) React(emoji string) string {
	r.user.srv.tb.Helper()
	return r.user.act(graph.Reaction(wacloud.Reaction{MessageID: r.ID, Emoji: emoji}), "")
}

// Report sends a status of the message: sent, delivered, read, played.
func (r *Received[M]) Report(status string) {
	r.user.srv.tb.Helper()
	r.report(status)
}

// ReportFailed sends the status failed with an error code.
func (r *Received[M]) ReportFailed(code int) {
	r.user.srv.tb.Helper()
	r.report("failed", wacloud.EventError{Code: code})
}

func (r *Received[M]) report(status string, errs ...wacloud.EventError) {
	r.user.srv.tb.Helper()
	d, ok := r.user.srv.engine.Report(context.Background(), r.ID, status, errs...)
	if !ok {
		r.user.srv.tb.Fatalf("wacloudtest: the message is forgotten: the chat has more than a thousand since")
		return
	}
	r.user.taken(d)
}

// ExpectNothing fails the test when the bot has sent something that no Expect took. It waits until the handlers are done.
func (u *User) ExpectNothing() {
	u.srv.tb.Helper()
	u.srv.Wait()
	for _, m := range u.news() {
		u.seeUpTo(m.Seq)
		u.srv.tb.Errorf("wacloudtest: %s expected nothing, but got a %s", u.user.Identity.Name, describeMessage(m))
	}
}

// next waits for the next message, and takes it.
func (u *User) next() (m graph.Message, ok bool) {
	u.srv.await(u.srv.cfg.patience, func() bool {
		idle := u.srv.idle() // before the look: what was sent until then is seen
		if fresh := u.news(); len(fresh) > 0 {
			m, ok = fresh[0], true
		}
		return ok || idle
	})
	if ok {
		u.seeUpTo(m.Seq)
	}
	return m, ok
}

// silence says why no more is waited for.
func (s *Server) silence() string {
	switch {
	case len(s.engine.Deliveries()) == 0:
		return "nobody has told the bot anything"
	case s.idle():
		return "the handlers are done and sent nothing more"
	default:
		return fmt.Sprintf("nothing came for %v", s.cfg.patience)
	}
}

// mostTrouble is how many of a kind a failure lists, the last ones.
const mostTrouble = 5

// trouble lists what may explain a failure. What it lists of the handlers counts as reported.
func (s *Server) trouble() string {
	var failed, refused, unwanted []string
	for _, err := range s.HandlerErrors() {
		failed = append(failed, fmt.Sprintf("\n  a handler failed: %v", err))
	}
	for _, c := range s.engine.Calls() {
		if c.Status >= 400 || c.Status == 0 {
			refused = append(refused, fmt.Sprintf("\n  %s %s was refused: %d %s", c.Method, c.Path, c.Status, clip(c.Response)))
		}
	}
	for _, d := range s.engine.Deliveries() {
		if d.Err == nil && d.Status != http.StatusOK {
			unwanted = append(unwanted, fmt.Sprintf("\n  a webhook was answered with %d: %s", d.Status, clip(d.Answer)))
		}
	}
	return strings.Join(slices.Concat(last(failed), last(refused), last(unwanted)), "")
}

func last(lines []string) []string { return lines[max(0, len(lines)-mostTrouble):] }

func describeMessage(m graph.Message) string {
	return fmt.Sprintf("%s: %s", kindOf(m.Outgoing.Message), clip(m.Body))
}

// clip shortens what a failure shows.
func clip(b []byte) string {
	const most = 600
	if len(b) > most {
		return strings.ToValidUTF8(string(b[:most]), "") + "…"
	}
	return string(b)
}
