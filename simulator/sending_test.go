package simulator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/simulator"
	"github.com/wacloud/wacloud/wacloudtest"
)

// shop is a simulator and a bot with a store that sends as well as it can, both over HTTP.
type shop struct {
	t      *testing.T
	sim    *simulator.Simulator
	url    string
	client *wacloud.Client
	store  wacloud.Store

	mu       sync.Mutex
	statuses []wacloud.Status
}

func openShop(t *testing.T, opts ...wacloud.Option) *shop {
	t.Helper()
	s := &shop{t: t, store: wacloud.NewMemoryStore()}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.sim.ServeHTTP(w, r) }))
	bot := httptest.NewUnstartedServer(nil)
	s.url = "http://" + server.Listener.Addr().String()
	sim, err := simulator.New(simulator.Options{Webhook: "http://" + bot.Listener.Addr().String(), BaseURL: s.url})
	require.NoError(t, err)
	s.sim = sim
	cfg := sim.Config()
	s.client, err = cfg.NewClient(append([]wacloud.Option{wacloud.WithStore(s.store), wacloud.WithFallback(wacloud.WordingEnglish())}, opts...)...)
	require.NoError(t, err)
	hook, err := wacloud.NewWebhook(wacloud.WebhookConfig{
		Client: s.client, AppSecrets: cfg.AppSecrets, VerifyToken: cfg.VerifyToken, Handler: s.routes(),
		Inbox: wacloud.NewMemoryInbox(), Store: s.store, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	bot.Config.Handler = hook
	runHook(t, hook)
	bot.Start()
	server.Start()
	t.Cleanup(func() {
		sim.Close()
		server.Close()
		bot.Close()
	})
	s.control(http.MethodPatch, "settings", map[string]any{"status_delay_ms": 20})
	return s
}

func (s *shop) routes() *wacloud.Router {
	r := wacloud.NewRouter()
	room := func(n int) wacloud.Card {
		return wacloud.NewCard(wacloud.HeaderImage{Media: wacloud.MediaLink(fmt.Sprintf("https://cdn.example.com/%d.jpg", n))},
			wacloud.QuickReplies{{ID: fmt.Sprintf("room:%d", n), Title: fmt.Sprintf("Room %d", n)}}).WithBody(fmt.Sprintf("The %d. floor", n))
	}
	r.Text(func(ctx context.Context, e *wacloud.Event) error {
		var m wacloud.Message = wacloud.NewText("You said " + e.Text())
		if e.Text() == "rooms" {
			m = wacloud.NewCarousel("Our rooms", room(1), room(2), room(3))
		}
		_, err := e.Respond(ctx, m)
		return err
	})
	r.Reply("room:{n}", func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewText("Room "+e.Param("n")+" is yours"))
		return err
	})
	r.Status(func(_ context.Context, e *wacloud.Event) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.statuses = append(s.statuses, *e.Status)
		return nil
	})
	return r
}

func (s *shop) control(method, path string, in any) []byte {
	s.t.Helper()
	data, err := json.Marshal(in)
	require.NoError(s.t, err)
	status, body := ask(s.t, http.DefaultClient, s.sim.ControlToken(), method, s.url+"/_sim/"+path, string(data))
	require.Equal(s.t, http.StatusOK, status, "%s %s: %s", path, data, body)
	return body
}

func (s *shop) say(text string) { s.control(http.MethodPost, "say", map[string]string{"text": text}) }

func (s *shop) fault(kind string, more ...any) {
	in := map[string]any{"kind": kind}
	for i := 0; i < len(more); i += 2 {
		in[more[i].(string)] = more[i+1]
	}
	s.control(http.MethodPost, "faults", in)
}

func (s *shop) state() (st snapshot) {
	s.t.Helper()
	require.NoError(s.t, json.Unmarshal(s.control(http.MethodGet, "state", nil), &st))
	return st
}

// phone is what the user sees: the kind and text of each message of the bot, but not what has failed.
func (s *shop) phone() (shown []string) {
	for _, m := range s.state().bots() {
		var c struct{ Body json.RawMessage }
		_ = json.Unmarshal(m.Content, &c)
		var body struct{ Text string }
		text := ""
		if json.Unmarshal(c.Body, &text) != nil {
			_ = json.Unmarshal(c.Body, &body)
		}
		if m.Status != "failed" {
			shown = append(shown, strings.TrimSpace(m.Type+" "+m.Kind)+": "+text+body.Text)
		}
	}
	return shown
}

// waitFor waits until the phone shows so much.
func (s *shop) waitFor(what string, holds func(shown []string) bool) []string {
	s.t.Helper()
	for range 1000 {
		if shown := s.phone(); holds(shown) {
			return shown
		}
		<-time.After(20 * time.Millisecond)
	}
	require.Fail(s.t, what, "the phone shows %q", s.phone())
	return nil
}

func (s *shop) waitForLast(prefix string) []string {
	s.t.Helper()
	return s.waitFor("no "+prefix, func(shown []string) bool {
		return len(shown) > 0 && strings.HasPrefix(shown[len(shown)-1], prefix)
	})
}

// calls counts the bot's requests that were answered with a code, 0 for those that were taken.
func (s *shop) calls(code int) (n int) {
	for _, e := range s.state().Entries {
		if e.Kind == "call" && strings.HasSuffix(e.Path, "/messages") && e.Code == code {
			n++
		}
	}
	return n
}

func (s *shop) pending() (keys []string) {
	s.t.Helper()
	entries, err := s.store.Scan(s.t.Context(), "pend|", "", 100)
	require.NoError(s.t, err)
	for _, e := range entries {
		if strings.HasPrefix(e.Key, "pend|") {
			keys = append(keys, e.Key)
		}
	}
	return keys
}

// Refused at once: another shape comes in the same breath, and what the user types finds the same callback.
func TestRefusedCarouselIsAnsweredByTyping(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.fault("code", "code", 131051)
	s.say("rooms")
	shown := s.waitForLast("interactive")
	require.NotContains(t, strings.Join(shown, "\n"), "carousel")
	require.Equal(t, 1, s.calls(131051))
	s.say("Room 2")
	s.waitForLast("text: Room 2 is yours")
}

// The connection is cut after Meta took the message: it stands on the phone once, is not sent again, and its status settles it.
func TestCutSendIsSettledByItsStatus(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.fault("cut-after")
	s.say("hello")
	s.waitForLast("text: You said hello")
	s.waitFor("the send is not settled", func([]string) bool { return len(s.pending()) == 0 })
	s.say("again")
	shown := s.waitForLast("text: You said again")
	require.Equal(t, []string{"text: You said hello", "text: You said again"}, shown)
	s.mu.Lock()
	defer s.mu.Unlock()
	settled := slices.IndexFunc(s.statuses, func(st wacloud.Status) bool { return st.SendID != "" && st.CallbackData == "" })
	require.GreaterOrEqual(t, settled, 0, "statuses name the send, and not in the bot's own data")
}

// What Meta throttles is sent again after a pause, once; what we pace ourselves is not throttled at all.
func TestThrottledSendsArePaced(t *testing.T) {
	t.Parallel()
	t.Run("130429", func(t *testing.T) {
		t.Parallel()
		s := openShop(t)
		s.fault("throughput")
		s.say("hello")
		require.Equal(t, []string{"text: You said hello"}, s.waitForLast("text: You said hello"))
		require.Equal(t, 1, s.calls(130429))
	})
	t.Run("a rate of our own", func(t *testing.T) {
		t.Parallel()
		s := openShop(t, wacloud.WithRateLimit(wacloud.RateLimit{PerSecond: 10}))
		s.control(http.MethodPatch, "settings", map[string]any{"throughput": 10})
		s.say("hello")
		s.waitForLast("text: You said hello")
		for i := range 30 {
			_, err := s.client.Send(t.Context(), wacloud.Phone("5511900000001"), wacloud.NewText(fmt.Sprint("news ", i)))
			require.NoError(t, err)
		}
		s.waitForLast("text: news 29")
		require.Equal(t, 31, s.calls(0))
		require.Zero(t, s.calls(130429))
	})
}

// The phone is too old for carousels, which a status tells: what comes instead is answered by typing, and is there once.
func TestOldPhoneGetsAnotherShape(t *testing.T) {
	t.Parallel()
	t.Run("one that shows buttons", func(t *testing.T) {
		t.Parallel()
		s := openShop(t)
		require.NoError(t, s.sim.Refuse("Ana", "carousel"))
		s.say("rooms")
		shown := s.waitFor("not the text and the three cards", func(shown []string) bool { return len(shown) == 4 })
		require.NotContains(t, strings.Join(shown, "\n"), "carousel")
		bots := s.state().bots()
		require.Equal(t, []string{"", bots[0].ID, "", "", ""}, []string{bots[0].After, bots[1].After, bots[2].After, bots[3].After, bots[4].After})
		s.say("room 2")
		s.waitForLast("text: Room 2 is yours")
		require.Equal(t, 1, strings.Count(strings.Join(s.phone(), "\n"), "Our rooms"))

		// Saved and replayed, it fails and is answered in the same way.
		transcript := s.control(http.MethodGet, "transcript", nil)
		require.Equal(t, 1, strings.Count(string(transcript), `"failed":131026`))
		srv, store := wacloudtest.NewServer(t), wacloud.NewMemoryStore()
		srv.Serve(s.routes(), func(c *wacloud.WebhookConfig) {
			c.Client = srv.Client(wacloud.WithStore(store), wacloud.WithFallback(wacloud.WordingEnglish()))
			c.Clients, c.Store = nil, store
		})
		srv.Replay(transcript)
	})
	t.Run("one that shows texts only", func(t *testing.T) {
		t.Parallel()
		s := openShop(t)
		s.control(http.MethodPatch, "users/u1", map[string]any{"refuses": []string{"carousel", "button", "list"}, "refuse_code": 131051})
		s.say("rooms")
		shown := s.waitFor("no numbers", func(shown []string) bool {
			return len(shown) > 0 && strings.HasPrefix(shown[len(shown)-1], "text: ") && strings.Contains(shown[len(shown)-1], "2")
		})
		require.Contains(t, shown[len(shown)-1], "Room 2")
		s.say("2")
		s.waitForLast("text: Room 2 is yours")
		require.Equal(t, 1, strings.Count(strings.Join(s.phone(), "\n"), "2. Room 2"))
	})
}

// Outside of the window a template comes instead, whichever way Meta says so, and its button reaches the same callback.
func TestTemplateIsSentWhereTheWindowIsClosed(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"refuse", "fail"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			s := openShop(t)
			s.control(http.MethodPatch, "settings", map[string]any{"window": mode})
			s.say("hello")
			s.waitForLast("text: You said hello")
			s.control(http.MethodPost, "clock", map[string]any{"advance_ms": (25 * time.Hour).Milliseconds()})
			instead := wacloud.NewTemplate("rooms_again", "en_US")
			instead.Buttons = []wacloud.TemplateButton{wacloud.QuickReplyPayload("room:1")}
			offer := wacloud.NewButtons("Still looking?", wacloud.Button{ID: "room:1", Title: "Room 1"})
			_, err := s.client.Send(t.Context(), wacloud.Phone("5511900000001"), offer, wacloud.OrTemplate(instead))
			require.NoError(t, err)
			shown := s.waitForLast("template")
			require.Equal(t, []string{"text: You said hello", "template: "}, shown)
			s.control(http.MethodPost, "tap", map[string]string{"id": "room:1"})
			s.waitForLast("text: Room 1 is yours")
			require.Len(t, s.phone(), 3)
		})
	}
}
