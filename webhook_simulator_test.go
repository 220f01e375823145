package wacloud_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

const hookSimulator = "simulator-token-of-the-webhook-tests"

// simulatorAsks is what a simulator on this machine asks of a webhook, changed.
func simulatorAsks(change ...func(*http.Request)) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/webhook", http.NoBody)
	r.RemoteAddr = "127.0.0.1:50000"
	r.Header.Set("Authorization", "Bearer "+hookSimulator)
	for _, f := range change {
		f(r)
	}
	return r
}

func simulatorHears(t *testing.T, hook http.Handler, r *http.Request) (status int, body string) {
	t.Helper()
	w := httptest.NewRecorder()
	hook.ServeHTTP(w, r)
	data, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	return w.Code, string(data)
}

// What a webhook tells a simulator it tells nobody else: not over a network, not through a proxy, not without the token,
// and not where no token is set, as in production.
func TestOnlyASimulatorOnThisMachineIsTold(t *testing.T) {
	t.Parallel()
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	from := func(addr string) func(*http.Request) { return func(r *http.Request) { r.RemoteAddr = addr } }
	for _, tt := range []struct {
		name   string
		token  string
		change func(*http.Request)
		want   int
	}{
		{"the simulator", hookSimulator, from("127.0.0.1:50000"), http.StatusOK},
		{"by IPv6", hookSimulator, from("[::1]:50000"), http.StatusOK},
		{"no token is set", "", from("127.0.0.1:50000"), http.StatusForbidden},
		{"no token is set, an empty one is given", "", header("Authorization", "Bearer "), http.StatusForbidden},
		{"another token", hookSimulator, header("Authorization", "Bearer "+hookToken), http.StatusForbidden},
		{"no bearer", hookSimulator, header("Authorization", hookSimulator), http.StatusForbidden},
		{"another machine", hookSimulator, from("192.168.1.20:50000"), http.StatusForbidden},
		{"no address", hookSimulator, from("@"), http.StatusForbidden},
		{"a proxy on this machine", hookSimulator, header("X-Forwarded-For", "198.51.100.7"), http.StatusForbidden},
		{"a proxy by its standard name", hookSimulator, header("Forwarded", "for=198.51.100.7"), http.StatusForbidden},
		{"a proxy that only names itself", hookSimulator, header("Via", "1.1 cache"), http.StatusForbidden},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := wacloud.NewRouter()
			r.Reply("canary:{n}", func(context.Context, *wacloud.Event) error { return nil })
			cfg := hookConfig(t, r)
			cfg.SimulatorToken = wacloud.NewSecret(tt.token)
			status, body := simulatorHears(t, hookNew(t, cfg), simulatorAsks(tt.change))
			require.Equal(t, tt.want, status)
			require.Equal(t, tt.want == http.StatusOK, strings.Contains(body, "canary"), body)
		})
	}
}

func TestWhatASimulatorIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := wacloud.NewRouter()
		r.Reply("cart:remove:{n}", func(context.Context, *wacloud.Event) error { return nil })
		r.Text(func(context.Context, *wacloud.Event) error {
			return wacloud.Permanent(errors.New("the shop is closed"))
		})
		r.Failed(func(context.Context, *wacloud.Event, error) {})
		signer, err := wacloud.NewIDSigner(wacloud.NewSecret("a key with over 16 bytes"))
		require.NoError(t, err)
		r.Signer(signer)
		cfg := hookConfig(t, r)
		cfg.SimulatorToken = wacloud.NewSecret(hookSimulator)
		hook := hookNew(t, cfg)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- hook.Run(ctx) }()
		synctest.Wait()
		w := httptest.NewRecorder()
		hook.ServeHTTP(w, hookRequest(ctx, "/webhook", hookBody(hookText("wamid.A", hookUser, "do not tell this"))))
		require.Equal(t, http.StatusOK, w.Code)
		synctest.Wait()

		status, body := simulatorHears(t, hook, simulatorAsks())
		require.Equal(t, http.StatusOK, status)
		require.NotContains(t, body, "do not tell this")
		require.NotContains(t, body, hookUser)
		var got struct {
			Version   int       `json:"version"`
			StartedAt time.Time `json:"started_at"`
			Routes    []struct{ Kind, Pattern, Source string }
			SignedIDs bool `json:"signed_ids"`
			Inbox     map[string]int
			Letters   []struct {
				What, Message, Error string
				Attempts             int
				FailedAt             time.Time `json:"failed_at"`
			} `json:"dead_letters"`
		}
		require.NoError(t, json.Unmarshal([]byte(body), &got), body)
		require.Equal(t, 1, got.Version)
		require.False(t, got.StartedAt.IsZero())
		require.True(t, got.SignedIDs)
		var routes []string
		for _, route := range got.Routes {
			require.Contains(t, route.Source, "webhook_simulator_test.go:")
			routes = append(routes, strings.TrimSpace(route.Kind+" "+route.Pattern))
		}
		require.Empty(t, cmp.Diff([]string{"reply cart:remove:{n}", "text", "failed"}, routes))
		require.Empty(t, cmp.Diff(map[string]int{"depth": 0, "running": 0, "dead_letters": 1}, got.Inbox))
		require.Len(t, got.Letters, 1)
		letter := got.Letters[0]
		require.Equal(t, []any{"message text", "wamid.A", 1}, []any{letter.What, letter.Message, letter.Attempts})
		require.Contains(t, letter.Error, "the shop is closed")
		require.False(t, letter.FailedAt.IsZero())
		stop()
		require.NoError(t, <-done)
	})
}

// cemetery is an inbox with many dead letters.
type cemetery struct {
	wacloud.Inbox

	dead  int
	fails error
}

func (c cemetery) Stats(context.Context) (wacloud.InboxStats, error) {
	return wacloud.InboxStats{DeadLetters: c.dead}, c.fails
}

func (c cemetery) DeadLetters(_ context.Context, after string, limit int) (page []wacloud.DeadLetter, _ error) {
	for i := range c.dead {
		if id := fmt.Sprintf("%06d", i); id > after && len(page) < limit {
			page = append(page, wacloud.DeadLetter{ID: id})
		}
	}
	return page, nil
}

// A simulator sees the newest dead letters of many, and a bot whose database is away is still told about.
func TestASimulatorIsToldAboutTheNewest(t *testing.T) {
	t.Parallel()
	ask := func(inbox cemetery) (inboxOfBot json.RawMessage, ids []string) {
		cfg := hookConfig(t, make(hookSink))
		cfg.SimulatorToken, cfg.Inbox = wacloud.NewSecret(hookSimulator), inbox
		status, body := simulatorHears(t, hookNew(t, cfg), simulatorAsks())
		require.Equal(t, http.StatusOK, status)
		var got struct {
			Routes  json.RawMessage
			Inbox   json.RawMessage
			Letters []struct{ ID string } `json:"dead_letters"`
		}
		require.NoError(t, json.Unmarshal([]byte(body), &got))
		require.Equal(t, "null", string(got.Routes), "the handler is no router")
		for _, l := range got.Letters {
			ids = append(ids, l.ID)
		}
		return got.Inbox, ids
	}
	_, ids := ask(cemetery{Inbox: wacloud.NewMemoryInbox(), dead: 2_345})
	require.Len(t, ids, 100)
	require.Equal(t, []string{"002245", "002344"}, []string{ids[0], ids[99]})
	inbox, ids := ask(cemetery{Inbox: wacloud.NewMemoryInbox(), dead: 7, fails: errors.New("the database is away")})
	require.Equal(t, "null", string(inbox))
	require.Empty(t, ids)
}

// A token that was left over stops a bot that talks to Meta, without being printed.
func TestSimulatorTokenIsRefusedWhereMetaIs(t *testing.T) {
	for _, name := range []string{"WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_ACCESS_TOKEN", "WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN"} {
		t.Setenv(name, "1")
	}
	t.Setenv("WHATSAPP_SIMULATOR_TOKEN", hookSimulator)
	for base, ok := range map[string]bool{
		"":                             false,
		"https://graph.facebook.com":   false,
		"https://proxy.example.com":    false,
		"http://127.0.0.1.example.com": false,
		"http://10.0.0.7:8790":         false,
		"http://127.0.0.1:8790":        true,
		"http://localhost:8790":        true,
		"http://[::1]:8790":            true,
	} {
		t.Setenv("WHATSAPP_BASE_URL", base)
		cfg, err := wacloud.ConfigFromEnv()
		if ok {
			require.NoError(t, err, base)
			require.Equal(t, hookSimulator, cfg.SimulatorToken.Reveal())
			continue
		}
		require.ErrorContains(t, err, "WHATSAPP_SIMULATOR_TOKEN", base)
		require.NotContains(t, err.Error(), hookSimulator)
	}
}
