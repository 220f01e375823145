package wacloud_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

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
