package wacloud_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// What the webhook tests share: one app, one number, one user.
const (
	hookSecret = "app-secret-of-the-webhook-tests"
	hookToken  = "verify-token-of-the-webhook-tests"
	hookNumber = "106540352242922"
	hookUser   = "5511999990001"
)

// hookSign is the header that Meta would send with body.
func hookSign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// hookBody is a webhook body with these elements in messages.
func hookBody(elements ...string) []byte {
	return hookBodyFor("102290129340398", hookNumber, elements...)
}

func hookBodyFor(account, number string, elements ...string) []byte {
	return fmt.Appendf(nil, `{"object":"whatsapp_business_account","entry":[{"id":%q,"changes":[{"value":{`+
		`"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550783881","phone_number_id":%q},`+
		`"contacts":[{"profile":{"name":"Ana"},"wa_id":%q}],"messages":[%s]},"field":"messages"}]}]}`,
		account, number, hookUser, strings.Join(elements, ","))
}

// hookText is a text message.
func hookText(id, from, text string) string {
	return fmt.Sprintf(`{"from":%q,"id":%q,"timestamp":"1749416383","type":"text","text":{"body":%s}}`, from, id, hookJSON(text))
}

// hookTap is a tap on a reply button.
func hookTap(id, from, button string) string {
	return fmt.Sprintf(`{"context":{"from":"15550783881","id":"wamid.Q"},"from":%q,"id":%q,"timestamp":"1749416383",`+
		`"type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":%s,"title":"Tap"}}}`, from, id, hookJSON(button))
}

func hookJSON(s string) []byte {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return b
}

// hookRequest is a signed POST.
func hookRequest(ctx context.Context, url string, body []byte) *http.Request {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		panic(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Hub-Signature-256", hookSign(hookSecret, body))
	return req
}

// hookGraph is a stand-in for the Graph API that accepts everything.
type hookGraph struct {
	mu     sync.Mutex
	bodies []string
	auth   []string
	paths  []string
	fail   func(n int) (status int, body string) // of the n-th request, from 1; status 0 is success
}

func (g *hookGraph) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.bodies = append(g.bodies, string(body))
	g.auth = append(g.auth, req.Header.Get("Authorization"))
	g.paths = append(g.paths, req.URL.Path)
	status, answer := 0, ""
	if g.fail != nil {
		status, answer = g.fail(len(g.bodies))
	}
	if status == -1 {
		return nil, io.ErrUnexpectedEOF // after the body was read: nobody knows
	}
	if status == 0 {
		status = http.StatusOK
		answer = fmt.Sprintf(`{"messaging_product":"whatsapp","contacts":[{"input":"x","wa_id":%q}],"messages":[{"id":"wamid.OUT%d"}]}`, hookUser, len(g.bodies))
	}
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(answer)), Request: req,
	}, nil
}

func (g *hookGraph) sent() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string(nil), g.bodies...)
}

func hookClient(tb testing.TB, rt http.RoundTripper, opts ...wacloud.Option) *wacloud.Client {
	tb.Helper()
	opts = append(opts, wacloud.WithHTTPClient(&http.Client{Transport: rt}), wacloud.WithRetry(wacloud.RetryPolicy{MaxAttempts: 1}))
	c, err := wacloud.NewClient(hookNumber, wacloud.NewSecret("token-of-"+hookNumber), opts...)
	require.NoError(tb, err)
	return c
}

// hookConfig is a configuration that works.
func hookConfig(tb testing.TB, h wacloud.Handler) wacloud.WebhookConfig {
	return wacloud.WebhookConfig{
		Client:      hookClient(tb, new(hookGraph)),
		AppSecrets:  []wacloud.Secret{wacloud.NewSecret(hookSecret)},
		VerifyToken: wacloud.NewSecret(hookToken),
		Handler:     h,
		Inbox:       wacloud.NewMemoryInbox(),
	}
}

func hookNew(tb testing.TB, cfg wacloud.WebhookConfig) *wacloud.Webhook {
	tb.Helper()
	w, err := wacloud.NewWebhook(cfg)
	require.NoError(tb, err)
	return w
}

// hookInbox tells when it is run, and counts Puts.
type hookInbox struct {
	wacloud.Inbox
	running chan struct{}

	mu   sync.Mutex
	puts []int // events of each Put
}

func newHookInbox(in wacloud.Inbox) *hookInbox {
	return &hookInbox{Inbox: in, running: make(chan struct{})}
}

func (in *hookInbox) Run(ctx context.Context, cfg wacloud.RunConfig) error {
	close(in.running)
	return in.Inbox.Run(ctx, cfg)
}

func (in *hookInbox) Put(ctx context.Context, events []wacloud.Event) (wacloud.PutResult, error) {
	in.mu.Lock()
	in.puts = append(in.puts, len(events))
	in.mu.Unlock()
	return in.Inbox.Put(ctx, events)
}

func (in *hookInbox) putSizes() []int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return append([]int(nil), in.puts...)
}

// hookStart makes a webhook and, unless it only ingests, runs it until the test ends or stop is called, which waits.
func hookStart(tb testing.TB, cfg wacloud.WebhookConfig) (w *wacloud.Webhook, stop func()) {
	tb.Helper()
	in, ok := cfg.Inbox.(*hookInbox)
	if !ok {
		in = newHookInbox(cfg.Inbox)
		cfg.Inbox = in
	}
	w = hookNew(tb, cfg)
	if cfg.IngestOnly {
		return w, func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	select {
	case <-in.running:
	case err := <-ended:
		tb.Fatalf("Run ended at once: %v", err)
	}
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(tb, <-ended)
	})
	tb.Cleanup(stop)
	return w, stop
}

// hookServe is a running webhook behind a real server.
func hookServe(tb testing.TB, cfg wacloud.WebhookConfig) (url string) {
	tb.Helper()
	w, _ := hookStart(tb, cfg)
	srv := httptest.NewServer(w)
	tb.Cleanup(srv.Close)
	return srv.URL
}

// hookStatus is the answer of w to a request, without a network.
func hookStatus(w http.Handler, req *http.Request) int {
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, req)
	return rec.Code
}

// hookPost posts a signed body and returns the status.
func hookPost(tb testing.TB, url string, body []byte) int {
	tb.Helper()
	res := hookDo(tb, hookRequest(context.Background(), url, body))
	return res.StatusCode
}

func hookDo(tb testing.TB, req *http.Request) *http.Response {
	tb.Helper()
	res, err := http.DefaultClient.Do(req)
	require.NoError(tb, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(tb, err)
	require.NoError(tb, res.Body.Close())
	res.Body = io.NopCloser(bytes.NewReader(body))
	return res
}

// hookSink is a handler that hands what it gets to the test.
type hookSink chan *wacloud.Event

func (s hookSink) Handle(_ context.Context, e *wacloud.Event) error {
	if e.Kind == wacloud.KindMessage {
		s <- e
	}
	return nil
}

// next is the next event, or a failure after a while.
func (s hookSink) next(tb testing.TB) *wacloud.Event {
	tb.Helper()
	select {
	case e := <-s:
		return e
	case <-time.After(10 * time.Second):
		tb.Fatal("no event came")
		return nil
	}
}

func (s hookSink) none(tb testing.TB) {
	tb.Helper()
	select {
	case e := <-s:
		tb.Fatalf("an event came that should not: %s", e.ID)
	default:
	}
}

// hookLog collects log lines.
type hookLog struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

func (l *hookLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.Write(p)
}

func (l *hookLog) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.String()
}

func (l *hookLog) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// hookMetrics counts measurements by metric and label.
type hookMetrics struct {
	mu     sync.Mutex
	counts map[string]float64
}

func (m *hookMetrics) Observe(_ context.Context, x wacloud.Measurement) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.counts == nil {
		m.counts = make(map[string]float64)
	}
	m.counts[string(x.Metric)+" "+x.Label] += x.Value
}

func (m *hookMetrics) count(metric wacloud.Metric, label string) float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.counts[string(metric)+" "+label]
}
