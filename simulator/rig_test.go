package simulator_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/internal/graph"
	"github.com/wacloud/wacloud/simulator"
)

const (
	number  = "100000000000001"
	baseURL = "http://127.0.0.1:8790"
)

// rig is a simulator without a network, and a bot that keeps what it handles.
type rig struct {
	t      *testing.T
	sim    *simulator.Simulator
	http   *http.Client
	client *wacloud.Client
	router *wacloud.Router

	mu      sync.Mutex
	handled []wacloud.Event
}

// inRig runs a test with a rig in a bubble: time there is not real.
func inRig(t *testing.T, test func(t *testing.T, r *rig), change ...func(*simulator.Options)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		opts := simulator.Options{BaseURL: baseURL, Numbers: []simulator.Number{
			{ID: number, Display: "15550005555"}, {ID: "100000000000002", Display: "15550005556"},
		}}
		router := newRouter()
		opts.Lookup = simulator.RouterLookup(router)
		for _, f := range change {
			f(&opts)
		}
		r := newRig(t, opts, router)
		synctest.Wait() // the inbox runs
		test(t, r)
	})
}

func newRig(t *testing.T, opts simulator.Options, router *wacloud.Router) *rig {
	t.Helper()
	r := &rig{t: t, router: router}
	sim, err := simulator.New(opts)
	require.NoError(t, err)
	r.sim, r.http = sim, &http.Client{Transport: graph.InProcess{Handler: sim}}
	cfg := sim.Config()
	r.client, err = cfg.NewClient(wacloud.WithHTTPClient(r.http), wacloud.WithRateLimit(wacloud.RateLimit{Off: true}))
	require.NoError(t, err)
	hook, err := wacloud.NewWebhook(wacloud.WebhookConfig{
		Clients: r, AppSecrets: cfg.AppSecrets, VerifyToken: cfg.VerifyToken, Handler: r, Inbox: wacloud.NewMemoryInbox(),
	})
	require.NoError(t, err)
	sim.Connect(hook)
	runHook(t, hook)
	t.Cleanup(sim.Close)
	return r
}

// runHook runs a bot until the test ends.
func runHook(t *testing.T, hook *wacloud.Webhook) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- hook.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
}

// ClientFor answers for every number.
func (r *rig) ClientFor(context.Context, *wacloud.Event) (*wacloud.Client, error) {
	return r.client, nil
}

// Handle keeps the event and lets the router answer it.
func (r *rig) Handle(ctx context.Context, e *wacloud.Event) error {
	r.mu.Lock()
	r.handled = append(r.handled, *e)
	r.mu.Unlock()
	return r.router.Handle(ctx, e)
}

func newRouter() *wacloud.Router {
	respond := func(m wacloud.Message) wacloud.HandlerFunc {
		return func(ctx context.Context, e *wacloud.Event) error {
			_, err := e.Respond(ctx, m)
			return err
		}
	}
	card := func(id string) wacloud.Card {
		return wacloud.NewCard(
			wacloud.HeaderImage{Media: wacloud.MediaLink("https://cdn.example.com/" + id + ".jpg")},
			wacloud.QuickReplies{{ID: "room:" + id, Title: "Choose"}},
		)
	}
	r := wacloud.NewRouter()
	r.Text(respond(wacloud.NewButtons("Hello", wacloud.Button{ID: "rooms", Title: "Rooms"}, wacloud.Button{ID: "nowhere", Title: "Nowhere"})))
	r.Reply("rooms", respond(wacloud.NewCarousel("Pick one", card("1"), card("2"))))
	r.Reply("room:{id}", func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewText("Room "+e.Param("id")))
		return err
	})
	r.NotFound(respond(wacloud.NewText("That is gone")))
	r.Message(respond(wacloud.NewText("Thank you")))
	return r
}

// events returns what the bot handled of a kind.
func (r *rig) events(kind wacloud.Kind) (all []wacloud.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.handled {
		if e.Kind == kind {
			all = append(all, e)
		}
	}
	return all
}

// call does a control call and returns its answer.
func (r *rig) call(method, path string, in any) (int, []byte) {
	r.t.Helper()
	body, ok := in.(string)
	if !ok {
		b, err := json.Marshal(in)
		require.NoError(r.t, err)
		body = string(b)
	}
	return ask(r.t, r.http, r.sim.ControlToken(), method, baseURL+"/_sim/"+path, body)
}

// ask sends JSON with a bearer and returns the answer's status and body.
func ask(t *testing.T, client *http.Client, bearer wacloud.Secret, method, url, body string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+bearer.Reveal())
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, answer
}

// post wants a 200 and returns what it says.
func (r *rig) post(path, in string) answered {
	r.t.Helper()
	status, body := r.call(http.MethodPost, path, in)
	require.Equal(r.t, http.StatusOK, status, "%s %s: %s", path, in, body)
	var a answered
	require.NoError(r.t, json.Unmarshal(body, &a))
	return a
}

// answered is the answer of a control call.
type answered struct {
	Message string `json:"message"`
	Entry   int    `json:"entry"`
	Status  int    `json:"status"`
	Error   string `json:"error"`
	ID      any    `json:"id"`
}

// state is the snapshot.
func (r *rig) state() snapshot {
	r.t.Helper()
	status, body := r.call(http.MethodGet, "state", "")
	require.Equal(r.t, http.StatusOK, status, string(body))
	var s snapshot
	require.NoError(r.t, json.Unmarshal(body, &s))
	return s
}

// snapshot is the state as a page reads it.
type snapshot struct {
	Now      time.Time         `json:"now"`
	Bot      json.RawMessage   `json:"bot"`
	Numbers  []json.RawMessage `json:"numbers"`
	Users    []snapshotUser    `json:"users"`
	Chats    []snapshotChat    `json:"chats"`
	Messages []snapshotMessage `json:"messages"`
	Entries  []snapshotEntry   `json:"entries"`
	Faults   []snapshotFault   `json:"faults"`
	Settings map[string]any    `json:"settings"`
	Logs     []snapshotLine    `json:"logs"`

	DeadLetters json.RawMessage `json:"dead_letters"`
}

type snapshotUser struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Phone    string `json:"phone"`
	UserID   string `json:"user_id"`
	Username string `json:"username"`
}

type snapshotChat struct {
	ID          string    `json:"id"`
	Number      string    `json:"number"`
	User        string    `json:"user"`
	TypingUntil time.Time `json:"typing_until"`
	WindowUntil time.Time `json:"window_until"`
}

type snapshotMessage struct {
	ID        string          `json:"id"`
	Chat      string          `json:"chat"`
	Seq       int             `json:"seq"`
	FromUser  bool            `json:"from_user"`
	Type      string          `json:"type"`
	Kind      string          `json:"kind"`
	Status    string          `json:"status"`
	Read      bool            `json:"read"`
	After     string          `json:"after"`
	ReplyTo   string          `json:"reply_to"`
	Content   json.RawMessage `json:"content"`
	Options   []option        `json:"options"`
	Media     map[string]file `json:"media"`
	Reactions []struct {
		FromUser bool   `json:"from_user"`
		Emoji    string `json:"emoji"`
	} `json:"reactions"`
	Errors []struct {
		Code int `json:"code"`
	} `json:"errors"`
	Problems []problem `json:"problems"`
}

type option struct {
	Key, Kind, ID, Title string
	Card                 int
	Route                *struct {
		Pattern string            `json:"pattern"`
		Params  map[string]string `json:"params"`
	}
	Unrouted bool
}

type file struct {
	Src      string `json:"src"`
	Link     string `json:"link"`
	MIMEType string `json:"mime_type"`
}

type problem struct{ Path, Rule, Severity, Hint string }

type snapshotEntry struct {
	ID       int       `json:"id"`
	Kind     string    `json:"kind"`
	Path     string    `json:"path"`
	What     string    `json:"what"`
	Status   int       `json:"status"`
	Code     int       `json:"code"`
	Acked    bool      `json:"acked"`
	Attempt  int       `json:"attempt"`
	NextAt   time.Time `json:"next_at"`
	Message  string    `json:"message"`
	Chat     string    `json:"chat"`
	Fault    string    `json:"fault"`
	Error    string    `json:"error"`
	Problems []problem `json:"problems"`
}

type snapshotFault struct {
	ID   int    `json:"id"`
	Kind string `json:"kind"`
	Next int    `json:"next"`
	Seen int    `json:"seen"`
	Hits int    `json:"hits"`
}

type snapshotLine struct {
	ID     int    `json:"id"`
	Stream string `json:"stream"`
	Text   string `json:"text"`
}

// bots returns the bot's messages.
func (s snapshot) bots() (all []snapshotMessage) {
	for _, m := range s.Messages {
		if !m.FromUser {
			all = append(all, m)
		}
	}
	return all
}

// last is the bot's last message.
func (s snapshot) last(t *testing.T) snapshotMessage {
	t.Helper()
	all := s.bots()
	require.NotEmpty(t, all, "the bot has sent nothing")
	return all[len(all)-1]
}

// webhooks returns the entries of webhooks that start so.
func (s snapshot) webhooks(what string) (all []snapshotEntry) {
	for _, e := range s.Entries {
		if e.Kind == "webhook" && strings.HasPrefix(e.What, what) {
			all = append(all, e)
		}
	}
	return all
}

// pass lets time pass in a bubble, until everything rests.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}
