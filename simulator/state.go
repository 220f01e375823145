package simulator

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/internal/graph"
)

// state is the snapshot, or what has changed since another one: see API.md.
type state struct {
	Now      *time.Time     `json:"now,omitempty"`
	Bot      *botState      `json:"bot,omitempty"`
	Numbers  []numberState  `json:"numbers,omitempty"`
	Users    []userState    `json:"users,omitempty"`
	Chats    []chatState    `json:"chats,omitempty"`
	Messages []messageView  `json:"messages,omitempty"`
	Entries  []entryView    `json:"entries,omitempty"`
	Faults   *[]faultState  `json:"faults,omitempty"`
	Letters  *[]letterState `json:"dead_letters,omitempty"`
	Settings *settings      `json:"settings,omitempty"`
	Logs     []logLine      `json:"logs,omitempty"`
}

type botState struct {
	Webhook   string      `json:"webhook"`
	Reachable *bool       `json:"reachable,omitempty"`
	Exec      string      `json:"exec,omitempty"`
	Restarts  bool        `json:"restarts,omitempty"` // can be asked for
	StartedAt time.Time   `json:"started_at,omitzero"`
	Inbox     *inboxState `json:"inbox,omitempty"`
}

type numberState struct {
	ID                string `json:"id"`
	Display           string `json:"display"`
	BusinessAccountID string `json:"business_account_id"`
}

type userState struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Phone      string   `json:"phone,omitempty"`
	UserID     string   `json:"user_id,omitempty"`
	Username   string   `json:"username,omitempty"`
	Refuses    []string `json:"refuses"`
	RefuseCode int      `json:"refuse_code,omitempty"`
}

type chatState struct {
	ID          string    `json:"id"`
	Number      string    `json:"number"`
	User        string    `json:"user,omitempty"`
	Group       string    `json:"group,omitempty"`
	TypingUntil time.Time `json:"typing_until,omitzero"`
	WindowUntil time.Time `json:"window_until,omitzero"`
}

type messageView struct {
	ID        string               `json:"id"`
	Chat      string               `json:"chat"`
	Seq       int                  `json:"seq"`
	FromUser  bool                 `json:"from_user"`
	At        time.Time            `json:"at"`
	Type      string               `json:"type"`
	Kind      string               `json:"kind,omitempty"`
	Status    string               `json:"status,omitempty"`
	Read      bool                 `json:"read,omitempty"`
	After     string               `json:"after,omitempty"`
	ReplyTo   string               `json:"reply_to,omitempty"`
	Content   json.RawMessage      `json:"content,omitempty"`
	Options   []optionView         `json:"options,omitempty"`
	Media     map[string]mediaView `json:"media,omitempty"`
	Reactions []reactionView       `json:"reactions,omitempty"`
	Errors    []errorView          `json:"errors,omitempty"`
	Problems  []problemView        `json:"problems,omitempty"`
}

type optionView struct {
	Key         string     `json:"key"`
	Kind        string     `json:"kind"`
	ID          string     `json:"id"`
	Title       string     `json:"title"`
	Description string     `json:"description,omitempty"`
	Card        int        `json:"card"`
	Route       *routeView `json:"route,omitempty"`
	Unrouted    bool       `json:"unrouted,omitempty"`
}

type routeView struct {
	Pattern string            `json:"pattern"`
	Params  map[string]string `json:"params"`
}

type reactionView struct {
	FromUser bool   `json:"from_user"`
	Emoji    string `json:"emoji"`
}

type errorView struct {
	Code    int    `json:"code"`
	Title   string `json:"title"`
	Details string `json:"details,omitempty"`
}

type problemView struct {
	Path     string `json:"path"`
	Rule     string `json:"rule"`
	Got      string `json:"got"`
	Limit    string `json:"limit,omitempty"`
	Severity string `json:"severity"`
	Inferred bool   `json:"inferred"`
	Hint     string `json:"hint,omitempty"`
}

// mark is how much of the state somebody has seen.
type mark struct {
	rev, generation, line, routes int
	faults, bot, letters          []byte // as they were written
}

// look returns what is new since from; whole means that it replaces what was seen before.
func (s *Simulator) look(from mark) (st state, to mark, whole bool) {
	v := s.engine.View(from.rev)
	_, _, routes := s.told.get()
	if v.Generation != from.generation || routes != from.routes || from.rev == 0 {
		v, whole, from = s.engine.View(0), true, mark{line: 0}
	}
	to = mark{rev: v.Rev, generation: v.Generation, line: from.line, routes: routes}
	if whole || v.Advanced {
		st.Now = &v.Now
	}
	if whole {
		st.Numbers = s.numberStates()
	}
	for _, u := range v.Users {
		st.Users = append(st.Users, stateOfUser(u))
	}
	for _, c := range v.Chats {
		st.Chats = append(st.Chats, stateOfChat(c))
	}
	for _, m := range v.Messages {
		if m.Type != "reaction" {
			st.Messages = append(st.Messages, s.viewMessage(m))
		}
	}
	st.Entries = viewEntries(v)
	if v.Policy != nil {
		st.Settings = new(settingsOf(*v.Policy))
	}
	s.lookAside(&st, from, &to)
	return st, to, whole
}

// lookAside adds what the engine gives no revision to.
func (s *Simulator) lookAside(st *state, from mark, to *mark) {
	faults := s.faultStates()
	if to.faults = asJSON(faults); !bytes.Equal(from.faults, to.faults) {
		st.Faults = &faults
	}
	letters := []letterState{}
	report, _, _ := s.told.get()
	if report != nil {
		letters = append(letters, report.DeadLetters...)
	}
	if to.letters = asJSON(letters); !bytes.Equal(from.letters, to.letters) {
		st.Letters = &letters
	}
	bot := s.botState(report)
	if to.bot = asJSON(bot); !bytes.Equal(from.bot, to.bot) {
		st.Bot = &bot
	}
	if st.Logs = s.log.after(from.line); len(st.Logs) > 0 {
		to.line = st.Logs[len(st.Logs)-1].ID
	}
}

func asJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // our own types always marshal
	}
	return b
}

func (st state) empty() bool {
	return st.Now == nil && st.Bot == nil && st.Settings == nil && st.Faults == nil && st.Letters == nil &&
		len(st.Users)+len(st.Chats)+len(st.Messages)+len(st.Entries)+len(st.Logs) == 0
}

func (s *Simulator) botState(report *botReport) botState {
	b := botState{Webhook: s.opts.Webhook, Exec: s.opts.Exec, Restarts: s.opts.Restart != nil}
	if report != nil {
		b.StartedAt, b.Inbox = report.StartedAt, report.Inbox
	}
	if up, known := s.engine.Reachable(); known {
		b.Reachable = &up
	}
	return b
}

func (s *Simulator) numberStates() []numberState {
	var all []numberState
	for _, n := range s.engine.Numbers() {
		all = append(all, numberState{n.ID, n.Display, n.BusinessAccountID})
	}
	return all
}

func stateOfUser(u graph.User) userState {
	id := u.Identity
	return userState{u.Key, id.Name, id.Phone, id.ID, id.Username, append([]string{}, u.Phone.Refuses...), u.Phone.Code}
}

func stateOfChat(c graph.Chat) chatState {
	st := chatState{
		ID: c.Key, Number: c.Number, Group: c.GroupID, TypingUntil: c.TypingUntil, WindowUntil: c.WindowUntil,
	}
	if c.User != nil {
		st.User = c.User.Key
	}
	return st
}

func (s *Simulator) viewMessage(m graph.Message) messageView {
	content := m.Content()
	v := messageView{
		ID: m.ID, Chat: m.ChatKey(), Seq: m.Seq, FromUser: m.FromUser, At: m.At, Type: m.Type, Kind: kindOf(m.Type, content),
		Status: m.Status, Read: m.Read, After: m.After, ReplyTo: m.ReplyTo, Content: content, Media: s.mediaOf(m, content),
		Problems: viewProblems(m.Problems),
	}
	if !m.FromUser {
		v.Options = s.optionsOf(m)
	}
	for _, r := range m.Reactions {
		v.Reactions = append(v.Reactions, reactionView{r.FromUser, r.Emoji})
	}
	for _, e := range m.Errors {
		v.Errors = append(v.Errors, errorView{e.Code, graph.Title(e.Code), e.Details})
	}
	return v
}

func kindOf(kind string, content json.RawMessage) string {
	var inner struct {
		Type string `json:"type"`
	}
	if kind == "interactive" {
		_ = json.Unmarshal(content, &inner)
	}
	return inner.Type
}

// optionNames are the kinds of options in the order of their constants.
var optionNames = [...]string{"button", "row", "card", "template"}

func (s *Simulator) optionsOf(m graph.Message) []optionView {
	var all []optionView
	for i, o := range graph.Options(m.Outgoing.Message) {
		v := optionView{
			Key: keyOf(i), Kind: optionNames[o.Kind], ID: o.ID, Title: o.Title, Description: o.Description, Card: o.Card,
		}
		v.Route, v.Unrouted = s.routeOf(o.ID)
		all = append(all, v)
	}
	return all
}

func viewProblems(problems []wacloud.Problem) []problemView {
	var all []problemView
	for _, p := range problems {
		all = append(all, problemView{p.Path, p.Rule, p.Got, p.Limit, p.Severity.String(), p.Inferred, p.Hint})
	}
	return all
}

// getState answers with the whole snapshot.
func (s *Simulator) getState(*http.Request) (any, error) {
	st, _, _ := s.look(mark{})
	return st, nil
}

// newest keeps the end of a list.
func newest[T any](all []T, most int) []T { return slices.Clone(all[max(0, len(all)-most):]) }
