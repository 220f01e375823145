package wacloud_test

import (
	"context"
	"errors"
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

func TestWebhookFromPostToAnswer(t *testing.T) {
	t.Parallel()
	graph := new(hookGraph)
	answered := make(chan error, 1)
	cfg := hookConfig(t, wacloud.HandlerFunc(func(ctx context.Context, e *wacloud.Event) error {
		if e.Kind != wacloud.KindMessage {
			return nil
		}
		sent, err := e.Respond(ctx, wacloud.NewText("Olá!"))
		if err == nil && sent.MessageID != "wamid.OUT1" {
			err = errors.New(sent.MessageID)
		}
		answered <- err
		return err
	}))
	cfg.Client = hookClient(t, graph)
	url := hookServe(t, cfg)

	require.Equal(t, http.StatusOK, hookPost(t, url, hookBody(hookText("wamid.IN1", hookUser, "oi"))))
	require.NoError(t, <-answered)
	want := []string{`{"messaging_product":"whatsapp","recipient_type":"individual","to":"5511999990001","type":"text","text":{"body":"Olá!"}}`}
	if diff := cmp.Diff(want, graph.sent()); diff != "" {
		t.Errorf("what was sent (-want +got):\n%s", diff)
	}
}

func TestWebhookHandshake(t *testing.T) {
	t.Parallel()
	w := hookNew(t, hookConfig(t, make(hookSink, 1)))
	tests := []struct {
		name   string
		query  string
		status int
		body   string
	}{
		{name: "good", query: "hub.mode=subscribe&hub.verify_token=" + hookToken + "&hub.challenge=1158201444", status: 200, body: "1158201444"},
		{name: "challenge of 512", query: "hub.mode=subscribe&hub.verify_token=" + hookToken + "&hub.challenge=" + strings.Repeat("7", 512), status: 200, body: strings.Repeat("7", 512)},
		{name: "challenge of 513", query: "hub.mode=subscribe&hub.verify_token=" + hookToken + "&hub.challenge=" + strings.Repeat("7", 513), status: 403},
		{name: "no challenge", query: "hub.mode=subscribe&hub.verify_token=" + hookToken, status: 403},
		{name: "challenge with a line break", query: "hub.mode=subscribe&hub.verify_token=" + hookToken + "&hub.challenge=1%0d%0aX", status: 403},
		{name: "challenge that is not ASCII", query: "hub.mode=subscribe&hub.verify_token=" + hookToken + "&hub.challenge=%C3%A9", status: 403},
		{name: "empty token", query: "hub.mode=subscribe&hub.verify_token=&hub.challenge=1", status: 403},
		{name: "longer token", query: "hub.mode=subscribe&hub.verify_token=" + hookToken + "x&hub.challenge=1", status: 403},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rec := httptest.NewRecorder()
			w.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/webhook?"+tt.query, nil))
			require.Equal(t, tt.status, rec.Code)
			require.Equal(t, tt.body, rec.Body.String())
			require.Equal(t, "nosniff", rec.Header().Get("X-Content-Type-Options"))
			if tt.status == 200 {
				require.Equal(t, "text/plain; charset=utf-8", rec.Header().Get("Content-Type"))
			}
		})
	}
}

func TestNewWebhookNamesAllThatIsWrong(t *testing.T) {
	t.Parallel()
	secret, token := wacloud.NewSecret(hookSecret), wacloud.NewSecret(hookToken)
	owns := func(string, string) bool { return true }
	tests := []struct {
		name   string
		change func(*wacloud.WebhookConfig)
		want   []string // parts of the error; none: no error
	}{
		{name: "complete", change: func(*wacloud.WebhookConfig) {}},
		{name: "empty", change: func(c *wacloud.WebhookConfig) { *c = wacloud.WebhookConfig{} }, want: []string{
			"Inbox is missing", "AppSecrets is missing", "VerifyToken is missing", "Handler is missing", "Client or Clients is missing",
		}},
		{name: "typed nil inbox", change: func(c *wacloud.WebhookConfig) { c.Inbox = (*wacloud.MemoryInbox)(nil) }, want: []string{"Inbox is missing"}},
		{name: "typed nil router", change: func(c *wacloud.WebhookConfig) { c.Handler = (*wacloud.Router)(nil) }, want: []string{"Handler is missing"}},
		{name: "nil handler func", change: func(c *wacloud.WebhookConfig) { c.Handler = wacloud.HandlerFunc(nil) }, want: []string{"Handler is missing"}},
		{name: "empty secret in the list", change: func(c *wacloud.WebhookConfig) { c.AppSecrets = []wacloud.Secret{secret, {}} }, want: []string{"AppSecrets[1] is empty"}},
		{name: "two kinds of client", change: func(c *wacloud.WebhookConfig) { c.Clients = hookClients{} }, want: []string{"Client and Clients are both set"}},
		{name: "ingest only needs no handler", change: func(c *wacloud.WebhookConfig) { c.IngestOnly, c.Handler, c.Client = true, nil, nil }},
		{name: "ingest only still needs a secret", change: func(c *wacloud.WebhookConfig) { c.IngestOnly, c.AppSecrets = true, nil }, want: []string{"AppSecrets is missing"}},
		{name: "apps beside a secret", change: func(c *wacloud.WebhookConfig) {
			c.Apps = []wacloud.App{{ID: "1", Secrets: []wacloud.Secret{secret}, VerifyToken: token, Owns: owns}}
		}, want: []string{"Apps is set besides AppSecrets or VerifyToken"}},
		{name: "bad app", change: func(c *wacloud.WebhookConfig) {
			c.AppSecrets, c.VerifyToken = nil, wacloud.Secret{}
			c.Apps = []wacloud.App{{Secrets: []wacloud.Secret{secret}, VerifyToken: token, Owns: owns}, {Secrets: []wacloud.Secret{{}}}}
		}, want: []string{"Apps[1].Secrets[0] is empty", "Apps[1].VerifyToken is missing", "Apps[1].Owns is missing"}},
		{name: "handler in the run config", change: func(c *wacloud.WebhookConfig) { c.RunConfig.Handler = c.Handler }, want: []string{"RunConfig.Handler or Failed is set"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := hookConfig(t, make(hookSink))
			tt.change(&cfg)
			w, err := wacloud.NewWebhook(cfg)
			if len(tt.want) == 0 {
				require.NoError(t, err)
				require.NotNil(t, w)
				return
			}
			require.Nil(t, w)
			for _, part := range tt.want {
				require.ErrorContains(t, err, part)
			}
			require.NotContains(t, err.Error(), hookSecret)
			require.Len(t, strings.Split(err.Error(), "\n"), len(tt.want), "one line for each problem")
		})
	}
}

type hookClients map[string]*wacloud.Client

func (c hookClients) ClientFor(_ context.Context, e *wacloud.Event) (*wacloud.Client, error) {
	return c[e.PhoneNumberID], nil
}

func TestNewWebhookWarns(t *testing.T) {
	t.Parallel()
	const memory, notFound = "the inbox is in memory", "the router has no NotFound"
	answering := wacloud.NewRouter()
	answering.NotFound(func(context.Context, *wacloud.Event) error { return nil })
	tests := []struct {
		name    string
		handler wacloud.Handler
		inbox   wacloud.Inbox
		want    map[string]int
	}{
		{name: "both", handler: wacloud.NewRouter(), inbox: wacloud.NewMemoryInbox(), want: map[string]int{memory: 1, notFound: 1}},
		{name: "router that answers", handler: answering, inbox: wacloud.NewMemoryInbox(), want: map[string]int{memory: 1, notFound: 0}},
		{name: "other inbox", handler: make(hookSink), inbox: newHookInbox(nil), want: map[string]int{memory: 0, notFound: 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg, log := hookConfig(t, tt.handler), new(hookLog)
			cfg.Inbox, cfg.Logger = tt.inbox, log.logger()
			hookNew(t, cfg)
			for text, n := range tt.want {
				require.Equal(t, n, strings.Count(log.text(), text), "%s in\n%s", text, log.text())
			}
		})
	}
}

func TestWebhookRefusesByHeaders(t *testing.T) {
	t.Parallel()
	w, _ := hookStart(t, hookConfig(t, make(hookSink, 100)))
	body := hookBody(hookText("wamid.H", hookUser, "oi"))
	tests := []struct {
		name   string
		change func(*http.Request)
		status int
	}{
		{name: "good", change: func(*http.Request) {}, status: 200},
		{name: "charset", change: func(r *http.Request) { r.Header.Set("Content-Type", "application/json; charset=utf-8") }, status: 200},
		{name: "upper case type", change: func(r *http.Request) { r.Header.Set("Content-Type", "Application/JSON") }, status: 200},
		{name: "no type", change: func(r *http.Request) { r.Header.Del("Content-Type") }, status: 415},
		{name: "form", change: func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, status: 415},
		{name: "text that mentions JSON", change: func(r *http.Request) { r.Header.Set("Content-Type", "text/plain; x=application/json") }, status: 415},
		{name: "encoded", change: func(r *http.Request) { r.Header.Set("Content-Encoding", "br") }, status: 415},
		{name: "length over the limit", change: func(r *http.Request) { r.ContentLength = 4<<20 + 1 }, status: 413},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := hookRequest(t.Context(), "http://hook.test/webhook", body)
			tt.change(req)
			rec := httptest.NewRecorder()
			w.ServeHTTP(rec, req)
			require.Equal(t, tt.status, rec.Code)
			require.Empty(t, rec.Body.String())
		})
	}
}

func TestWebhookAnswers503UntilEventsAreSafe(t *testing.T) {
	t.Parallel()
	body := hookBody(hookText("wamid.U", hookUser, "oi"))
	post := func(w *wacloud.Webhook) *httptest.ResponseRecorder {
		rec := httptest.NewRecorder()
		w.ServeHTTP(rec, hookRequest(t.Context(), "http://hook.test/webhook", body))
		return rec
	}

	t.Run("nobody runs it", func(t *testing.T) {
		t.Parallel()
		cfg, log := hookConfig(t, make(hookSink, 1)), new(hookLog)
		cfg.Logger = log.logger()
		in := newHookInbox(cfg.Inbox)
		cfg.Inbox = in
		w := hookNew(t, cfg)
		for range 3 {
			rec := post(w)
			require.Equal(t, http.StatusServiceUnavailable, rec.Code)
			require.Equal(t, "5", rec.Header().Get("Retry-After"))
		}
		require.Equal(t, 1, strings.Count(log.text(), "nobody handles events"))
		require.Empty(t, in.putSizes())
	})
	t.Run("it ran and ended", func(t *testing.T) {
		t.Parallel()
		w, stop := hookStart(t, hookConfig(t, make(hookSink, 1)))
		require.Equal(t, http.StatusOK, post(w).Code)
		stop()
		require.Equal(t, http.StatusServiceUnavailable, post(w).Code)
	})
	t.Run("ingest only", func(t *testing.T) {
		t.Parallel()
		cfg := hookConfig(t, nil)
		cfg.IngestOnly = true
		in := newHookInbox(cfg.Inbox)
		cfg.Inbox = in
		require.Equal(t, http.StatusOK, post(hookNew(t, cfg)).Code)
		require.Equal(t, []int{1}, in.putSizes())
	})
	t.Run("inbox refuses", func(t *testing.T) {
		t.Parallel()
		cfg := hookConfig(t, nil)
		cfg.IngestOnly = true
		cfg.Inbox = brokenInbox{err: errors.New("disk on fire")}
		rec := post(hookNew(t, cfg))
		require.Equal(t, http.StatusServiceUnavailable, rec.Code)
		require.Equal(t, "5", rec.Header().Get("Retry-After"))
		require.NotContains(t, rec.Body.String(), "fire")
	})
	t.Run("inbox full", func(t *testing.T) {
		t.Parallel()
		cfg, metrics := hookConfig(t, nil), new(hookMetrics)
		cfg.IngestOnly, cfg.Observer = true, metrics
		cfg.Inbox = wacloud.NewMemoryInbox(wacloud.MemoryBytes(1))
		require.Equal(t, http.StatusServiceUnavailable, post(hookNew(t, cfg)).Code)
		require.EqualValues(t, 1, metrics.count(wacloud.MetricWebhookRejected, "full"))
	})
}

type brokenInbox struct {
	wacloud.Inbox
	err error
}

func (in brokenInbox) Put(context.Context, []wacloud.Event) (wacloud.PutResult, error) {
	return wacloud.PutResult{}, in.err
}

func TestWebhookStoresASignedBodyThatIsNoJSON(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "{", "hello", `{"a":1} trailing`, "\xff\xfe", "null", "[]", "{}", `{"object":"page","entry":[]}`} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			events := make(chan *wacloud.Event, 10)
			url := hookServe(t, hookConfig(t, wacloud.HandlerFunc(func(_ context.Context, e *wacloud.Event) error {
				events <- e
				return nil
			})))
			require.Equal(t, http.StatusOK, hookPost(t, url, []byte(body)))
			e := <-events
			require.Equal(t, wacloud.KindUnknown, e.Kind)
			require.NotEmpty(t, e.ID)
			require.Equal(t, http.StatusOK, hookPost(t, url, []byte(body)), "again")
			again, err := wacloud.ParseWebhook(e.Body())
			require.NoError(t, err)
			require.Len(t, again, 1)
			require.Equal(t, e.ID, again[0].ID)
		})
	}
}

func TestWebhookRunsOnce(t *testing.T) {
	t.Parallel()
	w, stop := hookStart(t, hookConfig(t, make(hookSink)))
	require.ErrorContains(t, w.Run(t.Context()), "runs once")
	stop()
	require.ErrorContains(t, w.Run(t.Context()), "runs once")
}

func TestWebhookBindsTheClientOfTheNumber(t *testing.T) {
	t.Parallel()
	const other = "222222222222222"
	otherGraph := new(hookGraph)
	otherClient, err := wacloud.NewClient(other, wacloud.NewSecret("token-of-other"), wacloud.WithHTTPClient(&http.Client{Transport: otherGraph}))
	require.NoError(t, err)
	tests := []struct {
		name    string
		client  bool // Client, for hookNumber
		clients wacloud.Clients
		number  string
		want    error
		path    string // of the POST on otherGraph
	}{
		{name: "single client, its number", client: true, number: hookNumber},
		{name: "single client, another number", client: true, number: other, want: wacloud.ErrUnbound},
		{name: "clients, known", clients: hookClients{other: otherClient}, number: other, path: "/v23.0/" + other + "/messages"},
		{name: "clients, unknown", clients: hookClients{other: otherClient}, number: hookNumber, want: wacloud.ErrUnbound},
		{name: "clients, of another number", clients: hookClients{"333": otherClient}, number: "333", path: "/v23.0/333/messages"},
		{name: "clients, error", clients: failingClients{}, number: other, want: wacloud.ErrUnbound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			graph := new(hookGraph)
			otherGraph.paths = nil
			result := make(chan error, 1)
			cfg := hookConfig(t, wacloud.HandlerFunc(func(ctx context.Context, e *wacloud.Event) error {
				_, err := e.Respond(ctx, wacloud.NewText("oi"))
				result <- err
				return nil
			}))
			log := new(hookLog)
			cfg.Client, cfg.Clients, cfg.Logger = nil, tt.clients, log.logger()
			if tt.client {
				cfg.Client = hookClient(t, graph)
			}
			url := hookServe(t, cfg)
			body := hookBodyFor("1", tt.number, hookText("wamid.B", hookUser, "oi"))
			require.Equal(t, http.StatusOK, hookPost(t, url, body))
			err := <-result
			if tt.want != nil {
				require.ErrorIs(t, err, tt.want)
				require.Empty(t, graph.sent())
				require.Contains(t, log.text(), "cannot be answered")
				return
			}
			require.NoError(t, err)
			if tt.path != "" {
				require.Equal(t, []string{tt.path}, otherGraph.paths)
				require.Equal(t, "Bearer token-of-other", otherGraph.auth[len(otherGraph.auth)-1])
			}
		})
	}
}

type failingClients struct{}

func (failingClients) ClientFor(context.Context, *wacloud.Event) (*wacloud.Client, error) {
	return nil, errors.New("directory is down")
}

func TestWebhookTellsWhatWasGivenUp(t *testing.T) {
	t.Parallel()
	graph, log, metrics := new(hookGraph), new(hookLog), new(hookMetrics)
	r := wacloud.NewRouter()
	r.Text(func(context.Context, *wacloud.Event) error { return wacloud.Permanent(errors.New("no shop today")) })
	told := make(chan error, 1)
	r.Failed(func(ctx context.Context, e *wacloud.Event, err error) {
		_, sendErr := e.Respond(ctx, wacloud.NewText("Desculpe, algo deu errado."))
		told <- errors.Join(sendErr, err)
	})
	cfg := hookConfig(t, r)
	cfg.Client, cfg.Logger, cfg.Observer = hookClient(t, graph), log.logger(), metrics
	w, stop := hookStart(t, cfg)
	require.Equal(t, 200, hookStatus(w, hookRequest(t.Context(), "http://hook.test/", hookBody(hookText("wamid.F", hookUser, "oi")))))
	require.EqualError(t, <-told, "no shop today")
	stop()
	require.Len(t, graph.sent(), 1)
	require.EqualValues(t, 1, metrics.count(wacloud.MetricDeadLetters, "message"))
	require.EqualValues(t, 1, metrics.count(wacloud.MetricHandlerErrors, "message"))
	require.Contains(t, log.text(), "dead letter")
	require.NotContains(t, log.text(), hookUser)
	letters, err := cfg.Inbox.DeadLetters(t.Context(), "", 10)
	require.NoError(t, err)
	require.Len(t, letters, 1)
	require.Equal(t, "no shop today", letters[0].Error)
	require.Equal(t, 1, letters[0].Attempts)
}

func TestWebhookDoesNotWaitForASlowInbox(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := hookConfig(t, nil)
		cfg.IngestOnly, cfg.Inbox = true, slowInbox{}
		w, start := hookNew(t, cfg), time.Now()
		require.Equal(t, 503, hookStatus(w, hookRequest(t.Context(), attackURL, hookBody(hookText("wamid.1", hookUser, "x")))))
		require.Equal(t, 5*time.Second, time.Since(start))
	})
}

type slowInbox struct{ wacloud.Inbox }

func (slowInbox) Put(ctx context.Context, _ []wacloud.Event) (wacloud.PutResult, error) {
	<-ctx.Done()
	return wacloud.PutResult{}, ctx.Err()
}

func TestWebhookUsesItsOwnStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		graph := new(hookGraph)
		cfg := hookConfig(t, wacloud.HandlerFunc(func(ctx context.Context, e *wacloud.Event) error {
			if _, err := e.Respond(ctx, wacloud.NewText("once")); err != nil {
				return err
			}
			if e.Attempt < 3 {
				return errors.New("the database is down")
			}
			return nil
		}))
		cfg.Client, cfg.Store = hookClient(t, graph), wacloud.NewMemoryStore()
		w, stop := hookStart(t, cfg)
		require.Equal(t, 200, hookStatus(w, hookRequest(t.Context(), attackURL, hookBody(hookText("wamid.1", hookUser, "x")))))
		<-time.After(time.Minute)
		stop()
		require.Len(t, graph.sent(), 1)
		entries, err := cfg.Store.Scan(t.Context(), "sent|", "", 10)
		require.NoError(t, err)
		require.Len(t, entries, 1)
		stats, err := cfg.Inbox.Stats(t.Context())
		require.NoError(t, err)
		require.Equal(t, wacloud.InboxStats{IDs: 1}, stats, "handled in the end")
	})
}

func TestWebhookTakesNothingWhileItDrains(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		w, stop := hookStart(t, hookConfig(t, wacloud.HandlerFunc(func(context.Context, *wacloud.Event) error {
			<-release
			return nil
		})))
		post := func(id string) int {
			return hookStatus(w, hookRequest(t.Context(), attackURL, hookBody(hookText(id, hookUser, "x"))))
		}
		require.Equal(t, 200, post("wamid.1"))
		synctest.Wait()
		go stop()
		synctest.Wait()
		status := post("wamid.2")
		close(release)
		stop()
		require.Equal(t, 503, status, "the handler still ran, and what came then would be lost")
	})
}
