package wacloud_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
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

func TestAttack12ReplayWithinAWeek(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inbox, events := wacloud.NewMemoryInbox(), make(hookSink, 10)
		start := func() (*wacloud.Webhook, func()) {
			cfg := hookConfig(t, events)
			cfg.Inbox = newHookInbox(inbox)
			return hookStart(t, cfg)
		}
		replay := func(w *wacloud.Webhook) {
			t.Helper()
			require.Equal(t, 200, hookStatus(w, hookRequest(t.Context(), attackURL, hookBody(hookText("wamid.1", hookUser, "x")))))
			synctest.Wait()
		}
		w, stop := start()
		replay(w)
		events.next(t)
		sleep(time.Hour)
		replay(w)
		events.none(t)
		stop()
		w, stop = start() // another instance on the same inbox
		replay(w)
		sleep(7 * 24 * time.Hour)
		replay(w)
		events.none(t)
		stop()
	})
}

// TestAttack13ReplayAfterTheWindow documents what Meta's signature cannot prevent: it holds no time, so a body that was
// captured is new again when its id has been forgotten.
func TestAttack13ReplayAfterTheWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		events := make(hookSink, 10)
		w, stop := hookStart(t, hookConfig(t, events))
		for range 2 {
			require.Equal(t, 200, hookStatus(w, hookRequest(t.Context(), attackURL, hookBody(hookText("wamid.1", hookUser, "x")))))
			events.next(t)
			sleep(8*24*time.Hour + time.Second)
		}
		stop()
	})
}

func TestAttack14SameIDOtherBody(t *testing.T) {
	t.Parallel()
	a := newAttackTarget(t)
	for _, text := range []string{"first", "second"} {
		require.Equal(t, 200, hookStatus(a, hookRequest(t.Context(), attackURL, hookBody(hookText("wamid.1", hookUser, text)))))
	}
	require.Equal(t, "first", a.events.next(t).Text())
	require.EqualValues(t, 1, a.metrics.count(wacloud.MetricDuplicates, ""))
	requireNothingWaits(t, a)
	a.events.none(t)
}

// requireNothingWaits waits until everything that was stored is handled.
func requireNothingWaits(t *testing.T, a *attackTarget) {
	t.Helper()
	require.Eventually(t, func() bool {
		stats, err := a.inbox.Stats(t.Context())
		return err == nil && stats.Depth == 0
	}, 10*time.Second, time.Millisecond)
}

func TestAttack15SameBodyAtTheSameInstant(t *testing.T) {
	t.Parallel()
	a := newAttackTarget(t)
	srv := httptest.NewServer(a)
	defer srv.Close()
	body := hookBody(hookText("wamid.1", hookUser, "x"))
	begin := make(chan struct{})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			<-begin
			if status := hookPost(t, srv.URL, body); status != 200 {
				t.Errorf("status %d", status)
			}
		})
	}
	close(begin)
	wg.Wait()
	a.events.next(t)
	requireNothingWaits(t, a)
	a.events.none(t)
}

// counting counts what is read of an endless body.
type counting struct{ n int64 }

func (c *counting) Read(p []byte) (int, error) {
	clear(p)
	c.n += int64(len(p))
	return len(p), nil
}

func TestAttack16LargeBodies(t *testing.T) {
	t.Parallel()
	a := newAttackTarget(t)
	srv := httptest.NewServer(a)
	defer srv.Close()
	large := func(size int) []byte {
		body := hookBody(hookText("wamid.1", hookUser, "x"))
		return append(body, bytes.Repeat([]byte(" "), size-len(body))...)
	}
	require.Equal(t, 200, hookPost(t, srv.URL, large(3<<20)))
	require.Equal(t, 200, hookPost(t, srv.URL, large(4<<20)))
	require.Equal(t, "x", a.events.next(t).Text())

	req := hookRequest(t.Context(), attackURL, large(4<<20+1))
	req.Body = untouched{t}
	require.Equal(t, 413, hookStatus(a, req), "known by its length")

	endless := new(counting)
	req = hookRequest(t.Context(), attackURL, nil)
	req.Body, req.ContentLength = io.NopCloser(io.LimitReader(endless, 10<<30)), -1
	require.Equal(t, 413, hookStatus(a, req), "10 GB without a length")
	require.Less(t, endless.n, int64(10<<20))

	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL, io.LimitReader(new(counting), 10<<30))
	require.NoError(t, err)
	req.Header = hookRequest(t.Context(), attackURL, nil).Header
	if res, err := http.DefaultClient.Do(req); err == nil { // or the connection was cut while the client wrote
		require.Equal(t, 413, res.StatusCode)
		require.NoError(t, res.Body.Close())
	}
}

// pipeListener is a network of one server inside a bubble of virtual time.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

// dial returns nil when the server is gone.
func (l *pipeListener) dial() net.Conn {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client
	case <-l.done:
		return nil
	}
}

// serveInBubble runs w behind a plain http.Server, which has no limits of its own, or with those that change sets.
func serveInBubble(t *testing.T, w http.Handler, change func(*http.Server)) (l *pipeListener, stop func()) {
	t.Helper()
	l = newPipeListener()
	server := &http.Server{Handler: w}
	if change != nil {
		change(server)
	}
	done := make(chan struct{})
	go func() {
		_ = server.Serve(l)
		close(done)
	}()
	return l, func() {
		_ = server.Close()
		<-done
	}
}

// rawPost writes a request's head for a body of length bytes.
func rawPost(conn net.Conn, body []byte, length int) error {
	_, err := fmt.Fprintf(conn, "POST /webhook HTTP/1.1\r\nHost: hook.test\r\nContent-Type: application/json\r\n"+
		"X-Hub-Signature-256: %s\r\nContent-Length: %d\r\n\r\n", hookSign(hookSecret, body), length)
	return err
}

func TestAttack17BodyThatStalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, stopRun := hookStart(t, hookConfig(t, make(hookSink, 1)))
		l, stop := serveInBubble(t, w, nil)
		conn := l.dial()
		start := time.Now()
		body := hookBody(hookText("wamid.1", hookUser, "x"))
		require.NoError(t, rawPost(conn, body, len(body)+100))
		_, err := conn.Write(body)
		require.NoError(t, err)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		require.Equal(t, 408, res.StatusCode)
		require.True(t, res.Close, "the connection ends")
		require.Equal(t, 15*time.Second, time.Since(start))
		require.NoError(t, conn.Close())
		stop()
		stopRun()
	})
}

func TestAttack18SlowHeaders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		events := make(hookSink, 100)
		w, stopRun := hookStart(t, hookConfig(t, events))
		limits := wacloud.NewServerForTest(w)
		l, stop := serveInBubble(t, w, func(s *http.Server) {
			s.ReadHeaderTimeout, s.ReadTimeout, s.WriteTimeout = limits.ReadHeaderTimeout, limits.ReadTimeout, limits.WriteTimeout
		})
		var wg sync.WaitGroup
		begin := time.Now()
		for range 1000 {
			wg.Go(func() {
				conn := l.dial()
				go func() { _, _ = io.Copy(io.Discard, conn) }() // a pipe has no buffer for what the server says
				for _, c := range []byte("POST /webhook HTTP/1.1\r\nHost: hook.test\r\n") {
					if _, err := conn.Write([]byte{c}); err != nil {
						break
					}
					sleep(time.Second)
				}
				if d := time.Since(begin); d > 6*time.Second {
					t.Errorf("a slow connection lived for %v", d)
				}
				_ = conn.Close()
			})
		}
		for i := range 4 {
			sleep(time.Second)
			start := time.Now()
			conn := l.dial()
			body := hookBody(hookText(fmt.Sprint("wamid.", i), hookUser, "x"))
			require.NoError(t, rawPost(conn, body, len(body)))
			_, err := conn.Write(body)
			require.NoError(t, err)
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			require.NoError(t, err)
			require.Equal(t, 200, res.StatusCode)
			require.Less(t, time.Since(start), 250*time.Millisecond)
			require.NoError(t, conn.Close())
		}
		wg.Wait()
		stop()
		stopRun()
	})
}

func TestAttack19SlowBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, stopRun := hookStart(t, hookConfig(t, make(hookSink, 1)))
		l, stop := serveInBubble(t, w, nil)
		conn := l.dial()
		start := time.Now()
		body := hookBody(hookText("wamid.1", hookUser, "x"))
		require.NoError(t, rawPost(conn, body, len(body)))
		answer := make(chan int, 1)
		go func() {
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				answer <- 0
				return
			}
			answer <- res.StatusCode
		}()
		for _, c := range body {
			if _, err := conn.Write([]byte{c}); err != nil {
				break
			}
			sleep(time.Second)
		}
		require.Equal(t, 408, <-answer)
		require.LessOrEqual(t, time.Since(start), 17*time.Second, "a byte does not buy time")
		require.NoError(t, conn.Close())
		stop()
		stopRun()
	})
}

func TestAttack20CompressedBody(t *testing.T) {
	t.Parallel()
	a := newAttackTarget(t)
	for _, coding := range []string{"gzip", "deflate", "br", "zstd", "identity, gzip"} {
		req := hookRequest(t.Context(), attackURL, []byte("\x1f\x8b\x08bomb"))
		req.Header.Set("Content-Encoding", coding)
		req.Body = untouched{t}
		require.Equal(t, 415, hookStatus(a, req), coding)
	}
	a.requireUntouched(t)
}

func TestAttack21SmuggledRequest(t *testing.T) {
	t.Parallel()
	a := newAttackTarget(t)
	srv := httptest.NewServer(a)
	defer srv.Close()
	body := hookBody(hookText("wamid.1", hookUser, "x"))
	head := "POST /webhook HTTP/1.1\r\nHost: hook.test\r\nContent-Type: application/json\r\nX-Hub-Signature-256: " + hookSign(hookSecret, body) + "\r\n"
	chunked := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	tests := []struct {
		name string
		raw  string
		want []int // statuses that are safe
	}{
		{name: "two lengths", raw: head + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n" + string(body), want: []int{400}},
		{name: "unknown coding", raw: head + "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\n" + chunked, want: []int{400, 501}},
		{name: "negative length", raw: head + "Content-Length: -1\r\n\r\n" + string(body), want: []int{400}},
		{name: "two codings", raw: head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n" + chunked, want: []int{400, 501}},
		// One request and no more: what follows is not a second one, because the connection ends.
		{name: "coding and length", raw: head + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + chunked, want: []int{200}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", srv.Listener.Addr().String())
			require.NoError(t, err)
			defer func() { _ = conn.Close() }()
			_, err = io.WriteString(conn, tt.raw+"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
			require.NoError(t, err)
			answers, err := readStatuses(conn)
			require.NoError(t, err)
			require.Len(t, answers, 1)
			require.Contains(t, tt.want, answers[0])
		})
	}
}

// readStatuses reads all answers until the server ends the connection.
func readStatuses(conn net.Conn) (statuses []int, err error) {
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return nil, err
	}
	r := bufio.NewReader(conn)
	for {
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "reset") {
				return statuses, nil
			}
			return statuses, err
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		statuses = append(statuses, res.StatusCode)
	}
}

func TestAttack27AThousandUpdates(t *testing.T) {
	t.Parallel()
	a := newAttackTarget(t)
	var elements []string
	for i := range 1000 {
		elements = append(elements, hookText(fmt.Sprint("wamid.", i), strconv.Itoa(5511000000000+i%50), "x"))
	}
	body := hookBody(elements...)
	for range 2 {
		require.Equal(t, 200, hookStatus(a, hookRequest(t.Context(), attackURL, body)))
	}
	require.Equal(t, []int{1000, 1000}, a.inbox.putSizes(), "one Put for each POST")
	require.EqualValues(t, 1000, a.metrics.count(wacloud.MetricDuplicates, ""))
	seen := map[string]int{}
	last := map[string]int{}
	for range 1000 {
		e := a.events.next(t)
		seen[e.Message.ID]++
		var n int
		_, err := fmt.Sscanf(e.Message.ID, "wamid.%d", &n)
		require.NoError(t, err)
		if before, ok := last[e.Message.From.Phone]; ok {
			require.Greater(t, n, before, "in order for each user")
		}
		last[e.Message.From.Phone] = n
	}
	require.Len(t, seen, 1000)
	requireNothingWaits(t, a)
	a.events.none(t)
}

func TestAttack31Handshake(t *testing.T) {
	t.Parallel()
	a := newAttackTarget(t)
	for _, query := range []string{
		"hub.mode=subscribe&hub.verify_token=wrong&hub.challenge=1",
		"hub.mode=subscribe&hub.challenge=1",
		"hub.verify_token=" + hookToken + "&hub.challenge=1",
		"hub.mode=unsubscribe&hub.verify_token=" + hookToken + "&hub.challenge=1",
		"hub.mode=Subscribe&hub.verify_token=" + hookToken + "&hub.challenge=1",
		"hub.mode=subscribe&hub.verify_token=wrong&hub.verify_token=" + hookToken + "&hub.challenge=1",
		"hub.mode=subscribe&hub.verify_token=" + hookToken + "%00&hub.challenge=1",
		"hub_mode=subscribe&hub_verify_token=" + hookToken + "&hub_challenge=1",
		"",
	} {
		rec := httptest.NewRecorder()
		a.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/webhook?"+query, nil))
		require.Equal(t, 403, rec.Code, query)
		require.Empty(t, rec.Body.String(), query)
	}
	require.EqualValues(t, 9, a.metrics.count(wacloud.MetricWebhookRejected, "handshake"))
}

func TestAttack32ChallengeThatIsAScript(t *testing.T) {
	t.Parallel()
	a := newAttackTarget(t)
	srv := httptest.NewServer(a)
	defer srv.Close()
	const script = "<script>alert(1)</script>"
	get := func(token string) (*http.Response, string) {
		q := url.Values{"hub.mode": {"subscribe"}, "hub.verify_token": {token}, "hub.challenge": {script}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"?"+q.Encode(), nil)
		require.NoError(t, err)
		res := hookDo(t, req)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return res, string(body)
	}
	res, body := get(hookToken)
	require.Equal(t, 200, res.StatusCode)
	require.Equal(t, script, body)
	require.Equal(t, "text/plain; charset=utf-8", res.Header.Get("Content-Type"))
	require.Equal(t, "nosniff", res.Header.Get("X-Content-Type-Options"))
	res, body = get("wrong")
	require.Equal(t, 403, res.StatusCode)
	require.Empty(t, body)
}

func TestAttack33MethodsAndPaths(t *testing.T) {
	t.Parallel()
	w, _ := hookStart(t, hookConfig(t, make(hookSink, 1)))
	for _, method := range []string{"HEAD", "PUT", "OPTIONS", "DELETE", "PATCH", "CONNECT", "TRACE", "post", "FOO"} {
		rec := httptest.NewRecorder()
		w.ServeHTTP(rec, &http.Request{Method: method, URL: &url.URL{Path: "/webhook"}, Header: http.Header{}})
		require.Equal(t, 405, rec.Code, method)
		require.Equal(t, "GET, POST", rec.Header().Get("Allow"))
	}
	server := wacloud.NewServerForTest(w)
	for path, status := range map[string]int{
		"/webhook": 200, "/webhook/": 404, "/webhook/x": 404, "/": 404, "/x/../webhook": 404, "//webhook": 404,
		"/webhook/..": 404, "/Webhook": 404, "/webhook%2f": 404, "/webhookx": 404, "": 404, "/.env": 404,
	} {
		req := httptest.NewRequest(http.MethodGet, "http://hook.test/?hub.mode=subscribe&hub.challenge=1&hub.verify_token="+hookToken, nil)
		req.URL.Path = path
		require.Equal(t, status, hookStatus(server.Handler, req), path)
	}
}

func TestAttack34SpoofedHeaders(t *testing.T) {
	t.Parallel()
	a := newAttackTarget(t)
	body := hookBody(hookText("wamid.1", hookUser, "x"))
	for _, signed := range []bool{false, true} {
		req := hookRequest(t.Context(), attackURL, body)
		req.Host = "localhost"
		for _, h := range []string{"X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Forwarded-Host", "X-Original-URL", "X-Rewrite-URL"} {
			req.Header.Set(h, "127.0.0.1")
		}
		req.Header.Set("User-Agent", "facebookexternalua")
		req.Header.Set("X-HTTP-Method-Override", "GET")
		want := 200
		if !signed {
			req.Header.Set("X-Hub-Signature-256", hookSign("wrong", body))
			want = 401
		}
		require.Equal(t, want, hookStatus(a, req))
	}
}

// testCA signs certificates for TestAttack35.
type testCA struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newTestCA(t *testing.T) *testCA {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &testCA{cert, key}
}

func (ca *testCA) issue(t *testing.T, change func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "client.webhooks.fbclientcerts.com"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	change(template)
	der, err := x509.CreateCertificate(rand.Reader, template, ca.cert, &key.PublicKey, ca.key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestAttack35ClientCertificates(t *testing.T) {
	t.Parallel()
	ca, other := newTestCA(t), newTestCA(t)
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	cfg := hookConfig(t, make(hookSink, 10))
	cfg.ClientCA = pool
	w, _ := hookStart(t, cfg)
	srv := httptest.NewUnstartedServer(w)
	srv.TLS = w.TLSConfig(nil)
	srv.StartTLS()
	defer srv.Close()
	cert := func(ca *testCA, change func(*x509.Certificate)) []tls.Certificate {
		return []tls.Certificate{ca.issue(t, change)}
	}
	tests := []struct {
		name   string
		certs  []tls.Certificate
		header string
		want   int
	}{
		{name: "Meta's, by common name", certs: cert(ca, func(*x509.Certificate) {}), want: 200},
		{name: "Meta's, by alternative name", certs: cert(ca, func(c *x509.Certificate) {
			c.Subject.CommonName, c.DNSNames = "", []string{"client.webhooks.fbclientcerts.com"}
		}), want: 200},
		{name: "none", want: 403},
		{name: "none, and a header of a proxy", header: "X-Amzn-Mtls-Clientcert-Subject", want: 403},
		{name: "none, and another header", header: "X-Client-Cert", want: 403},
		{name: "wrong CA", certs: cert(other, func(*x509.Certificate) {}), want: 403},
		{name: "right CA, wrong name", certs: cert(ca, func(c *x509.Certificate) { c.Subject.CommonName = "evil.example" }), want: 403},
		{name: "name as a suffix", certs: cert(ca, func(c *x509.Certificate) { c.Subject.CommonName = "x.client.webhooks.fbclientcerts.com" }), want: 403},
		{name: "expired", certs: cert(ca, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }), want: 403},
		{name: "for servers", certs: cert(ca, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }), want: 403},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			transport := srv.Client().Transport.(*http.Transport).Clone()
			transport.TLSClientConfig.Certificates = tt.certs
			defer transport.CloseIdleConnections()
			req := hookRequest(t.Context(), srv.URL, hookBody(hookText(fmt.Sprint("wamid.", i), hookUser, "x")))
			if tt.header != "" {
				req.Header.Set(tt.header, "CN=client.webhooks.fbclientcerts.com")
			}
			res, err := (&http.Client{Transport: transport}).Do(req)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			require.Equal(t, tt.want, res.StatusCode)
		})
	}
	require.Equal(t, 403, hookStatus(w, hookRequest(t.Context(), attackURL, hookBody())), "without TLS there is no certificate")
	require.Equal(t, 403, hookStatus(w, httptest.NewRequest(http.MethodGet, "/?hub.mode=subscribe", nil)))
	require.ErrorContains(t, wacloud.Serve(t.Context(), "127.0.0.1:0", w), "ClientCA needs TLS")
}

func TestAttack39HandlersThatMisbehave(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		var mu sync.Mutex
		attempts, given := map[string]int{}, map[string]error{}
		r := wacloud.NewRouter()
		r.Failed(func(_ context.Context, e *wacloud.Event, err error) {
			mu.Lock()
			defer mu.Unlock()
			given[e.Text()] = err
		})
		r.Text(func(_ context.Context, e *wacloud.Event) error {
			mu.Lock()
			attempts[e.Text()]++
			mu.Unlock()
			switch e.Text() {
			case "panics":
				panic("boom")
			case "blocks":
				<-free
			case "leaves":
				runtime.Goexit()
			case "hoards":
				hoard := make([][]byte, 0, 1<<10)
				for range 1 << 10 {
					hoard = append(hoard, make([]byte, 64<<10)) // scaled down: 64 MB
				}
				return fmt.Errorf("held %d parts", len(hoard))
			}
			return nil
		})
		metrics := new(hookMetrics)
		cfg := hookConfig(t, r)
		cfg.Observer = metrics
		w, stop := hookStart(t, cfg)
		post := func(user, text string) {
			body := hookBody(hookText("wamid."+text, user, text))
			require.Equal(t, 200, hookStatus(w, hookRequest(t.Context(), attackURL, body)))
		}
		bad := []string{"panics", "blocks", "leaves", "hoards"}
		for i, text := range bad {
			post(strconv.Itoa(5511000000000+i), text)
			post(strconv.Itoa(5511000000000+i), text+", then")
		}
		post(hookUser, "fine")
		synctest.Wait()
		mu.Lock()
		require.Equal(t, 1, attempts["fine"], "others go on at once")
		mu.Unlock()
		sleep(10 * time.Minute)
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		for _, text := range bad {
			require.Equal(t, 5, attempts[text], text)
			require.Error(t, given[text], text)
			require.Equal(t, 1, attempts[text+", then"], "the lane of %s goes on", text)
		}
		letters, err := cfg.Inbox.DeadLetters(t.Context(), "", 10)
		require.NoError(t, err)
		require.Len(t, letters, len(bad))
		require.EqualValues(t, 5, metrics.count(wacloud.MetricHandlerPanics, "message"))
		require.EqualValues(t, 5, metrics.count(wacloud.MetricHandlerStuck, "message"))
		require.EqualValues(t, 20, metrics.count(wacloud.MetricHandlerErrors, "message"))
		close(free)
		stop()
	})
}

func TestAttack40FloodWithoutSignature(t *testing.T) {
	t.Parallel()
	a := newAttackTarget(t)
	before := a.log.text()
	for i := range 2000 {
		body := hookBody(hookText(fmt.Sprint("wamid.", i), hookUser, "x"))
		req := hookRequest(t.Context(), attackURL, body)
		req.Header.Set("X-Hub-Signature-256", hookSign("guess", body))
		require.Equal(t, 401, hookStatus(a, req))
	}
	require.Equal(t, before, a.log.text(), "no line for each request")
	require.EqualValues(t, 2000, a.metrics.count(wacloud.MetricWebhookRejected, "signature"))
	a.requireUntouched(t)
	require.False(t, slices.Contains(a.inbox.putSizes(), 1))
}
