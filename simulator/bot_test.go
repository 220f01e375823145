package simulator_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/simulator"
)

// inTellingRig is inRig with a bot that tells of itself, and nobody who told its routes beforehand.
func inTellingRig(t *testing.T, router *wacloud.Router, test func(t *testing.T, r *rig)) {
	t.Helper()
	inRig(t, func(t *testing.T, r *rig) {
		r.connect(router)
		pass(time.Second)
		test(t, r)
	}, func(o *simulator.Options) { o.Lookup = nil })
}

// connect puts another bot in the place of the rig's.
func (r *rig) connect(router *wacloud.Router) {
	r.t.Helper()
	cfg := r.sim.Config()
	hook, err := wacloud.NewWebhook(wacloud.WebhookConfig{
		Client: r.client, AppSecrets: cfg.AppSecrets, VerifyToken: cfg.VerifyToken, Handler: router,
		Inbox: wacloud.NewMemoryInbox(), SimulatorToken: cfg.SimulatorToken,
	})
	require.NoError(r.t, err)
	runHook(r.t, hook)
	r.sim.Connect(hook)
}

// A bot that tells its routes needs no Lookup: each button says where it leads, and which leads nowhere.
func TestRoutesThatTheBotTells(t *testing.T) {
	t.Parallel()
	inTellingRig(t, newRouter(), func(t *testing.T, r *rig) {
		r.post("say", `{"text":"hi"}`)
		synctest.Wait()
		options := r.state().last(t).Options
		require.Equal(t, "rooms", options[0].Route.Pattern)
		require.True(t, options[1].Unrouted)
		r.post("tap", `{"key":"0"}`)
		synctest.Wait()
		route := r.state().last(t).Options[1].Route
		require.Equal(t, "room:{id}", route.Pattern)
		require.Equal(t, map[string]string{"id": "2"}, route.Params)

		status, body := r.call(http.MethodGet, "routes", "")
		require.Equal(t, http.StatusOK, status)
		var routes struct {
			Known  bool
			Routes []struct{ Kind, Pattern, Source string }
		}
		require.NoError(t, json.Unmarshal(body, &routes))
		require.True(t, routes.Known)
		require.Equal(t, "room:{id}", routes.Routes[0].Pattern)
		require.Contains(t, routes.Routes[0].Source, "rig_test.go:")
	})
}

// What is shown follows the bot: another release has other routes, and every page gets all messages anew.
func TestAnotherReleaseHasOtherRoutes(t *testing.T) {
	t.Parallel()
	inTellingRig(t, newRouter(), func(t *testing.T, r *rig) {
		r.post("say", `{"text":"hi"}`)
		synctest.Wait()
		require.True(t, r.state().last(t).Options[1].Unrouted)

		next := newRouter()
		next.Reply("nowhere", func(context.Context, *wacloud.Event) error { return nil })
		events := r.stream()
		require.Equal(t, "state", <-events)
		r.connect(next)
		pass(2 * time.Second)
		options := r.state().last(t).Options
		require.False(t, options[1].Unrouted)
		require.Equal(t, "nowhere", options[1].Route.Pattern)
		var came []string
		for len(events) > 0 {
			came = append(came, <-events)
		}
		require.Contains(t, came, "state", "every message is told anew")
	})
}

// stream returns the names of the stream's events.
func (r *rig) stream() <-chan string {
	events := make(chan string, 100)
	ctx, cancel := context.WithCancel(context.Background())
	req := request(http.MethodGet, "/_sim/events", func(req *http.Request) {
		req.Header.Set("Authorization", "Bearer "+r.sim.ControlToken().Reveal())
	}).WithContext(ctx)
	var streaming sync.WaitGroup
	streaming.Go(func() { r.sim.ServeHTTP(lineWriter{httptest.NewRecorder(), events}, req) })
	r.t.Cleanup(func() { cancel(); streaming.Wait() })
	return events
}

// lineWriter takes the names out of a stream.
type lineWriter struct {
	*httptest.ResponseRecorder

	events chan<- string
}

func (w lineWriter) Write(b []byte) (int, error) {
	for lines := bufio.NewScanner(strings.NewReader(string(b))); lines.Scan(); {
		if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			w.events <- name
		}
	}
	return len(b), nil
}

// Signed ids lead where they would without their signature.
func TestSignedIDsAreRoutedToo(t *testing.T) {
	t.Parallel()
	signer, err := wacloud.NewIDSigner(wacloud.NewSecret("a key with over 16 bytes"))
	require.NoError(t, err)
	router := wacloud.NewRouter()
	router.Signer(signer)
	router.Text(func(ctx context.Context, e *wacloud.Event) error {
		id := signer.Sign("pay:1", e.UserKey(), time.Hour)
		_, err := e.Respond(ctx, wacloud.NewButtons("Pay", wacloud.Button{ID: id, Title: "Pay"}))
		return err
	})
	router.Reply("pay:{n}", func(context.Context, *wacloud.Event) error { return nil })
	inTellingRig(t, router, func(t *testing.T, r *rig) {
		r.post("say", `{"text":"hi"}`)
		synctest.Wait()
		option := r.state().last(t).Options[0]
		require.False(t, option.Unrouted)
		require.Equal(t, map[string]string{"n": "1"}, option.Route.Params)
	})
}

// What the bot gave up is shown, with the message that it was and why.
func TestDeadLettersOfTheBot(t *testing.T) {
	t.Parallel()
	router := wacloud.NewRouter()
	router.Text(func(context.Context, *wacloud.Event) error {
		return wacloud.Permanent(errors.New("the shop is closed"))
	})
	inTellingRig(t, router, func(t *testing.T, r *rig) {
		require.Equal(t, "[]", string(r.state().DeadLetters))
		said := r.post("say", `{"text":"hi"}`)
		pass(2 * time.Second)
		status, body := r.call(http.MethodGet, "dead-letters", "")
		require.Equal(t, http.StatusOK, status)
		var got struct {
			Known   bool
			Count   int
			Letters []struct {
				What, Message, Error string
				Attempts             int
			} `json:"dead_letters"`
		}
		require.NoError(t, json.Unmarshal(body, &got))
		require.True(t, got.Known)
		require.Equal(t, 1, got.Count)
		require.Equal(t, "message text", got.Letters[0].What)
		require.Equal(t, said.Message, got.Letters[0].Message)
		require.Contains(t, got.Letters[0].Error, "the shop is closed")
		require.Contains(t, string(r.state().DeadLetters), "the shop is closed")
		require.Contains(t, string(r.state().Bot), `"dead_letters":1`)
	})
}

// A bot that tells nothing is asked once and again only when it was away, and never disturbed by what it answers.
func TestBotsThatTellNothing(t *testing.T) {
	t.Parallel()
	conflicting := `{"version":1,"routes":[{"kind":"reply","pattern":"a:{x}:c"},{"kind":"reply","pattern":"a:b:{y}"}]}`
	many := `{"version":1,"routes":[` + strings.Repeat(`{"kind":"text"},`, 10_001) + `{"kind":"text"}]}`
	for _, tt := range []struct{ name, answer, log string }{
		{"a page", "<!doctype html>", ""},
		{"other JSON", `{"status":"ok"}`, ""},
		{"of another version", `{"version":2,"routes":[]}`, ""},
		{"routes that conflict", conflicting, "do not fit together"},
		{"no pattern", `{"version":1,"routes":[{"kind":"reply","pattern":"{"}]}`, "do not fit together"},
		{"too many routes", many, "more than 10000 routes"},
		{"what never ends", strings.Repeat("[", 5<<20), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inRig(t, func(t *testing.T, r *rig) {
				asked, away := 0, false
				r.sim.Connect(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
					if away {
						panic(http.ErrAbortHandler)
					}
					if req.Method == http.MethodGet {
						asked++
						fmt.Fprint(w, tt.answer)
					}
				}))
				pass(time.Minute)
				require.Equal(t, 1, asked)
				away = true
				r.post("say", `{"text":"hi"}`)
				away = false
				r.post("say", `{"text":"hi"}`)
				pass(time.Minute)
				require.Equal(t, 2, asked)
				status, body := r.call(http.MethodGet, "routes", "")
				require.Equal(t, http.StatusOK, status)
				require.Empty(t, cmp.Diff(`{"known":false,"routes":[]}`, string(body)))
				logs := r.state().Logs
				if tt.log == "" {
					require.Empty(t, logs)
					return
				}
				require.Len(t, logs, 2)
				require.Contains(t, logs[0].Text, tt.log)
			}, func(o *simulator.Options) { o.Lookup = nil })
		})
	}
}
