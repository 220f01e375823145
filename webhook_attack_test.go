package wacloud_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// The attacks on the webhook, by the numbers of the project's list of attacks. Those on the parser, on links to media and
// on logs stand with those parts.

const attackURL = "http://hook.test/webhook"

// untouched is a body that must not be read.
type untouched struct{ t *testing.T }

func (b untouched) Read([]byte) (int, error) {
	b.t.Error("the body was read")
	return 0, io.EOF
}

func (untouched) Close() error { return nil }

// attackTarget is a running webhook, what it handled and what was stored.
type attackTarget struct {
	*wacloud.Webhook
	inbox   *hookInbox
	events  hookSink
	metrics *hookMetrics
	log     *hookLog
}

func newAttackTarget(t *testing.T) *attackTarget {
	t.Helper()
	a := &attackTarget{
		inbox: newHookInbox(wacloud.NewMemoryInbox()), events: make(hookSink, 10_000),
		metrics: new(hookMetrics), log: new(hookLog),
	}
	cfg := hookConfig(t, a.events)
	cfg.Inbox, cfg.Observer, cfg.Logger = a.inbox, a.metrics, a.log.logger()
	a.Webhook, _ = hookStart(t, cfg)
	return a
}

func (a *attackTarget) requireUntouched(t *testing.T) {
	t.Helper()
	require.Empty(t, a.inbox.putSizes(), "nothing was stored")
	a.events.none(t)
}

func TestAttack01NoSignature(t *testing.T) {
	t.Parallel()
	a := newAttackTarget(t)
	req := hookRequest(t.Context(), attackURL, hookBody(hookText("wamid.1", hookUser, "x")))
	req.Header.Del("X-Hub-Signature-256")
	req.Body = untouched{t}
	require.Equal(t, 401, hookStatus(a, req))
	a.requireUntouched(t)
}

func TestAttack02OnlyTheOldSignature(t *testing.T) {
	t.Parallel()
	a := newAttackTarget(t)
	for _, header := range []string{"X-Hub-Signature", "X-Hub-Signature-256"} {
		req := hookRequest(t.Context(), attackURL, hookBody(hookText("wamid.1", hookUser, "x")))
		req.Header.Del("X-Hub-Signature-256")
		req.Header.Set(header, "sha1="+strings.Repeat("a", 40))
		req.Body = untouched{t}
		require.Equal(t, 401, hookStatus(a, req))
	}
	a.requireUntouched(t)
}

func TestAttack03MalformedSignature(t *testing.T) {
	t.Parallel()
	a := newAttackTarget(t)
	body := hookBody(hookText("wamid.1", hookUser, "x"))
	good := hookSign(hookSecret, body)
	for _, header := range []string{
		"", "sha256=", good[:len(good)-1], good + "0", good[len("sha256="):], "sha256=" + strings.Repeat("z", 64),
		"SHA256=" + good[7:], " " + good, good + " ", "sha512=" + good[7:], "sha256=" + strings.Repeat("é", 32),
		"sha256=0x" + good[9:],
	} {
		req := hookRequest(t.Context(), attackURL, body)
		req.Header.Set("X-Hub-Signature-256", header)
		req.Body = untouched{t}
		require.Equal(t, 401, hookStatus(a, req), "%q", header)
	}
	a.requireUntouched(t)

	req := hookRequest(t.Context(), attackURL, body)
	req.Header.Set("X-Hub-Signature-256", "sha256="+strings.ToUpper(good[7:]))
	require.Equal(t, 200, hookStatus(a, req), "upper case digits are the same number")
}

func TestAttack04SignatureOfAnotherBody(t *testing.T) {
	t.Parallel()
	a := newAttackTarget(t)
	req := hookRequest(t.Context(), attackURL, hookBody(hookText("wamid.1", hookUser, "x")))
	req.Header.Set("X-Hub-Signature-256", hookSign(hookSecret, hookBody(hookText("wamid.2", hookUser, "x"))))
	require.Equal(t, 401, hookStatus(a, req))
	a.requireUntouched(t)
}

func TestAttack05OneByteChanged(t *testing.T) {
	t.Parallel()
	a := newAttackTarget(t)
	body := hookBody(hookText("wamid.1", hookUser, "x"))
	header := hookSign(hookSecret, body)
	for i := 0; i < len(body); i += 17 {
		changed := bytes.Clone(body)
		changed[i] ^= 1
		req := hookRequest(t.Context(), attackURL, changed)
		req.Header.Set("X-Hub-Signature-256", header)
		require.Equal(t, 401, hookStatus(a, req), "byte %d", i)
	}
	a.requireUntouched(t)
}

func TestAttack06BodyWrittenAnew(t *testing.T) {
	t.Parallel()
	a := newAttackTarget(t)
	text := `{"from":"5511999990001","id":"wamid.1","timestamp":"1","type":"text","text":{"body":"Caf\u00e9 a\/b"}}`
	signed := hookBody(text)
	var value any
	require.NoError(t, json.Unmarshal(signed, &value))
	anew, err := json.Marshal(value) // other order of keys
	require.NoError(t, err)
	for _, body := range [][]byte{anew, hookBody(strings.ReplaceAll(text, `\u00e9`, "é")), hookBody(strings.ReplaceAll(text, `\/`, "/"))} {
		req := hookRequest(t.Context(), attackURL, body)
		req.Header.Set("X-Hub-Signature-256", hookSign(hookSecret, signed))
		require.Equal(t, 401, hookStatus(a, req))
	}
	a.requireUntouched(t)
	require.Equal(t, 200, hookStatus(a, hookRequest(t.Context(), attackURL, signed)), "the bytes as they came")
	require.Equal(t, "Café a/b", a.events.next(t).Text())
}

func TestAttack07TwoSignatures(t *testing.T) {
	t.Parallel()
	a := newAttackTarget(t)
	body := hookBody(hookText("wamid.1", hookUser, "x"))
	good, bad := hookSign(hookSecret, body), hookSign("another", body)
	for _, headers := range [][]string{{good, bad}, {bad, good}, {good, good}, {good + "," + bad}, {bad + ", " + good}, {good + "," + good}} {
		req := hookRequest(t.Context(), attackURL, body)
		req.Header["X-Hub-Signature-256"] = headers
		req.Body = untouched{t}
		require.Equal(t, 401, hookStatus(a, req))
	}
	a.requireUntouched(t)
}

func TestAttack08EmptySecret(t *testing.T) {
	t.Parallel()
	token := wacloud.NewSecret(hookToken)
	for _, secrets := range [][]wacloud.Secret{nil, {}, {wacloud.Secret{}}, {wacloud.NewSecret("")}, {wacloud.NewSecret(hookSecret), wacloud.NewSecret("")}} {
		cfg := hookConfig(t, make(hookSink))
		cfg.AppSecrets = secrets
		_, err := wacloud.NewWebhook(cfg)
		require.ErrorContains(t, err, "AppSecrets")
		cfg.AppSecrets, cfg.VerifyToken = nil, wacloud.Secret{}
		cfg.Apps = []wacloud.App{{Secrets: secrets, VerifyToken: token, Owns: func(string, string) bool { return true }}}
		_, err = wacloud.NewWebhook(cfg)
		require.ErrorContains(t, err, "Apps[0].Secrets")
		require.Error(t, wacloud.VerifySignature(nil, hookSign("", nil), secrets...))
	}
}

func TestAttack09OldSecretAfterRotation(t *testing.T) {
	t.Parallel()
	old, next := wacloud.NewSecret("old-secret"), wacloud.NewSecret("new-secret")
	post := func(w http.Handler, secret wacloud.Secret, id string) int {
		body := hookBody(hookText(id, hookUser, "x"))
		req := hookRequest(t.Context(), attackURL, body)
		req.Header.Set("X-Hub-Signature-256", hookSign(secret.Reveal(), body))
		return hookStatus(w, req)
	}
	metrics := new(hookMetrics)
	cfg := hookConfig(t, make(hookSink, 10))
	cfg.AppSecrets, cfg.Observer = []wacloud.Secret{next, old}, metrics
	during, _ := hookStart(t, cfg)
	require.Equal(t, 200, post(during, old, "1"))
	require.Equal(t, 200, post(during, next, "2"))
	require.Equal(t, 200, post(during, next, "3"))
	require.EqualValues(t, 2, metrics.count(wacloud.MetricSecretIndex, "0"))
	require.EqualValues(t, 1, metrics.count(wacloud.MetricSecretIndex, "1"), "tells when the old one is out of use")
	cfg = hookConfig(t, make(hookSink, 10))
	cfg.AppSecrets = []wacloud.Secret{next}
	after, _ := hookStart(t, cfg)
	require.Equal(t, 401, post(after, old, "4"))
	require.Equal(t, 200, post(after, next, "5"))
}

func TestAttack10SecretOfAnotherApp(t *testing.T) {
	t.Parallel()
	const numberA, numberB = "111", "222"
	owns := func(account, number string) func(string, string) bool {
		return func(a, n string) bool { return a == account && (n == number || n == "") }
	}
	graph, events := new(hookGraph), make(chan *wacloud.Event, 10)
	cfg := hookConfig(t, wacloud.HandlerFunc(func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewText("answer"))
		if e.Kind == wacloud.KindUnknown {
			require.ErrorIs(t, err, wacloud.ErrUnbound)
		}
		events <- e
		return nil
	}))
	cfg.AppSecrets, cfg.VerifyToken, cfg.Client = nil, wacloud.Secret{}, nil
	client := hookClient(t, graph)
	cfg.Clients = hookClients{numberA: client, numberB: client}
	cfg.Apps = []wacloud.App{
		{ID: "A", Secrets: []wacloud.Secret{wacloud.NewSecret("secret-a")}, VerifyToken: wacloud.NewSecret("ta"), Owns: owns("a", numberA)},
		{ID: "B", Secrets: []wacloud.Secret{wacloud.NewSecret("secret-b")}, VerifyToken: wacloud.NewSecret("tb"), Owns: owns("b", numberB)},
	}
	metrics := new(hookMetrics)
	cfg.Observer = metrics
	w, _ := hookStart(t, cfg)
	post := func(secret string, body []byte) {
		req := hookRequest(t.Context(), attackURL, body)
		req.Header.Set("X-Hub-Signature-256", hookSign(secret, body))
		require.Equal(t, 200, hookStatus(w, req))
	}
	body := hookBodyFor("a", numberA, hookText("wamid.1", hookUser, "x"))

	post("secret-b", body)
	e := <-events
	require.Equal(t, wacloud.KindUnknown, e.Kind)
	require.Nil(t, e.Message)
	require.Empty(t, graph.sent(), "nobody is answered")
	require.EqualValues(t, 1, metrics.count(wacloud.MetricDisowned, "B"))
	again, err := wacloud.ParseWebhook(e.Body())
	require.NoError(t, err)
	require.Equal(t, wacloud.KindUnknown, again[0].Kind, "also after it was stored")

	post("secret-a", body)
	e = <-events
	require.Equal(t, wacloud.KindMessage, e.Kind, "the true event is not taken for a repeat")
	require.Len(t, graph.sent(), 1)
	for token, status := range map[string]int{"ta": 200, "tb": 200, "tc": 403} {
		req := httptest.NewRequest(http.MethodGet, "/webhook?hub.mode=subscribe&hub.challenge=1&hub.verify_token="+token, nil)
		require.Equal(t, status, hookStatus(w, req))
	}
}

// TestAttack11Timing compares wrong signatures that differ in the first digit with those that differ in the last. Noise
// of the machine is larger than any difference of a comparison that ends early would be for one request, so it compares
// the fastest of many, and tries again before it complains.
func TestAttack11Timing(t *testing.T) {
	t.Parallel()
	body := hookBody(hookText("wamid.1", hookUser, "x"))
	good := hookSign(hookSecret, body)
	flip := func(i int) string {
		b := []byte(good)
		b[i] = map[bool]byte{true: '1', false: '0'}[b[i] == '0']
		return string(b)
	}
	first, last := flip(len("sha256=")), flip(len(good)-1)
	secret := wacloud.NewSecret(hookSecret)
	measure := func(header string) time.Duration {
		start := time.Now()
		for range 20 {
			if wacloud.VerifySignature(body, header, secret) == nil {
				t.Error("a wrong signature was taken")
			}
		}
		return time.Since(start)
	}
	var ratio float64
	for range 10 {
		a, b := time.Hour, time.Hour
		for range 500 { // 10,000 of each
			a, b = min(a, measure(first)), min(b, measure(last))
		}
		if ratio = float64(a) / float64(b); ratio > 0.9 && ratio < 1.1 {
			return
		}
	}
	t.Errorf("first and last digit wrong: the times are %.2f to 1", ratio)
}
