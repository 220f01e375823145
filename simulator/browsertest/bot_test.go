package browsertest

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/simulator"
)

// ana is the first user's phone number. It is Indian because address messages go to India only.
const ana = "919876543210"

// A stage is a simulator and a bot that is built on the library, both on loopback.
type stage struct {
	t      *testing.T
	sim    *simulator.Simulator
	client *wacloud.Client
	url    string
	delay  time.Duration // before the bot answers a webhook
}

// newStage starts the bot that the routes make.
func newStage(t *testing.T, r *wacloud.Router, change ...func(*simulator.Options)) *stage {
	t.Helper()
	var hook http.Handler
	s := &stage{t: t}
	bot := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if s.delay > 0 {
			<-time.After(s.delay)
		}
		hook.ServeHTTP(w, req)
	}))
	t.Cleanup(bot.Close)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { s.sim.ServeHTTP(w, req) }))
	s.url = "http://" + server.Listener.Addr().String()
	opts := simulator.Options{
		Webhook: "http://" + bot.Listener.Addr().String(), BaseURL: s.url, Lookup: simulator.RouterLookup(r),
		Users: []wacloud.User{{Name: "Ana", Phone: ana, ID: "IN.ana0001"}, {Name: "Bia", ID: "BR.bia0001"}},
	}
	for _, f := range change {
		f(&opts)
	}
	sim, err := simulator.New(opts)
	require.NoError(t, err)
	s.sim = sim
	server.Start()
	t.Cleanup(func() { sim.Close(); server.CloseClientConnections(); server.Close() })

	store := wacloud.NewMemoryStore()
	cfg := sim.Config()
	s.client, err = cfg.NewClient(wacloud.WithStore(store))
	require.NoError(t, err)
	webhook, err := wacloud.NewWebhook(wacloud.WebhookConfig{
		Client: s.client, AppSecrets: cfg.AppSecrets, VerifyToken: cfg.VerifyToken, Handler: r,
		Inbox: wacloud.NewMemoryInbox(), Store: store, Logger: slog.New(slog.DiscardHandler), SimulatorToken: cfg.SimulatorToken,
	})
	require.NoError(t, err)
	hook = webhook
	bot.Start()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- webhook.Run(ctx) }()
	t.Cleanup(func() { stop(); require.NoError(t, <-done) })
	return s
}

// open opens the page.
func (s *stage) open() *tab {
	s.t.Helper()
	return open(s.t, s.sim.PageURL())
}

// control is a call of the control API.
func (s *stage) control(method, path string, body, into any) {
	s.t.Helper()
	data, err := json.Marshal(body)
	require.NoError(s.t, err)
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+"/_sim/"+path, bytes.NewReader(data))
	require.NoError(s.t, err)
	req.Header.Set("Authorization", "Bearer "+s.sim.ControlToken().Reveal())
	resp, err := (&http.Client{Timeout: patience}).Do(req)
	require.NoError(s.t, err)
	defer resp.Body.Close()
	var answer bytes.Buffer
	_, err = answer.ReadFrom(resp.Body)
	require.NoError(s.t, err)
	require.Equal(s.t, http.StatusOK, resp.StatusCode, "%s %s: %s", method, path, answer.String())
	if into != nil {
		require.NoError(s.t, json.Unmarshal(answer.Bytes(), into))
	}
}

// send sends a message to the first user and returns its id.
func (s *stage) send(m wacloud.Message, opts ...wacloud.SendOption) string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	sent, err := s.client.Send(ctx, wacloud.Phone(ana), m, opts...)
	require.NoError(s.t, err)
	return sent.MessageID
}

// echo answers each text with "echo: " and the text, and each tap with "tapped: " and the id.
func echo() *wacloud.Router {
	r := wacloud.NewRouter()
	r.Text(func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewText("echo: "+e.Text()))
		return err
	})
	r.Reply("{id...}", func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewText("tapped: "+e.Message.Reply.ID))
		return err
	})
	r.Failed(func(context.Context, *wacloud.Event, error) {})
	return r
}
