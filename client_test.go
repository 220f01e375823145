package wacloud_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"gopkg.in/h2non/gock.v1"

	"github.com/wacloud/wacloud"
)

func TestNewClientReportsEverything(t *testing.T) {
	t.Parallel()
	_, err := wacloud.NewClient("+55 11", wacloud.Secret{},
		wacloud.WithBaseURL("http://graph.example"), wacloud.WithAPIVersion("23"),
		wacloud.WithRetry(wacloud.RetryPolicy{MaxAttempts: -1}), wacloud.WithMediaHosts("a/b"),
		wacloud.WithAppSecretProof(wacloud.Secret{}))
	for _, part := range []string{
		"phone number id is not digits", "access token is empty", "base URL is neither https nor http to a loopback",
		`API version "23"`, "retry policy has a negative value", `media host "a/b"`, "app secret is empty",
	} {
		require.ErrorContains(t, err, part)
	}
	require.True(t, strings.HasPrefix(err.Error(), "wacloud: new client: "))
}

func TestNewClientArguments(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, id, token string
		opts            []wacloud.Option
		wantErr         string // empty for none
	}{
		{name: "plain", id: "1", token: "t"},
		{name: "nil options", id: "1", token: "t", opts: []wacloud.Option{
			nil, wacloud.WithHTTPClient(nil), wacloud.WithLogger(nil), wacloud.WithStore(nil), wacloud.WithMediaHosts(),
		}},
		{name: "no id", token: "t", wantErr: "phone number id is empty"},
		{name: "path in the id", id: "1/../2", token: "t", wantErr: "not digits"},
		{name: "other digits", id: "١٢٣", token: "t", wantErr: "not digits"},
		{name: "long id", id: strings.Repeat("1", 33), token: "t", wantErr: "not digits"},
		{name: "line break in the token", id: "1", token: canaryToken + "\n", wantErr: "line break"},
		{name: "header in the token", id: "1", token: "a\r\nX: y", wantErr: "line break"},
		{name: "delays", id: "1", token: "t", opts: []wacloud.Option{wacloud.WithRetry(wacloud.RetryPolicy{MinDelay: time.Hour})}, wantErr: "longer than MaxDelay"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := wacloud.NewClient(tt.id, wacloud.NewSecret(tt.token), tt.opts...)
			if tt.wantErr == "" {
				require.NoError(t, err)
				require.Equal(t, tt.id, c.PhoneNumberID())
				return
			}
			require.ErrorContains(t, err, tt.wantErr)
			requireSilent(t, err)
		})
	}
}

func TestBaseURLs(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		"https://graph.facebook.com":     true,
		"https://proxy.example/meta/":    true,
		"https://10.0.0.1:8443":          true,
		"http://127.0.0.1:8080":          true,
		"http://127.8.9.10":              true,
		"http://[::1]:80/x":              true,
		"http://[::ffff:127.0.0.1]:80":   true,
		"http://localhost:1":             true,
		"http://LOCALHOST":               true,
		"http://graph.facebook.com":      false,
		"http://127.0.0.1.evil.example":  false,
		"http://localhost.evil.example":  false,
		"http://0.0.0.0":                 false,
		"https://user:pw@graph.example":  false,
		"https://graph.example?x=1":      false,
		"https://graph.example?":         false,
		"https://graph.example#f":        false,
		"ftp://graph.example":            false,
		"graph.facebook.com":             false,
		"https:graph.facebook.com":       false,
		"//graph.facebook.com":           false,
		"https://":                       false,
		"":                               false,
		"https://a b":                    false,
		"file:///etc/passwd":             false,
		"https://graph.example/\x7f":     false,
		"http://127.0.0.1@graph.example": false,
	}
	for base, ok := range tests {
		_, err := wacloud.NewClient("1", wacloud.NewSecret("t"), wacloud.WithBaseURL(base))
		require.Equal(t, ok, err == nil, "%q: %v", base, err)
		if err != nil && base != "" {
			require.NotContains(t, err.Error(), "pw")
		}
	}
}

func TestAPIVersions(t *testing.T) {
	t.Parallel()
	for version, ok := range map[string]bool{
		"v23.0": true, "v25.0": true, "v100.12": true, "": false, "23.0": false, "v23": false, "v23.0/": false, "v2 3.0": false, "V23.0": false, "v23.0\n": false,
	} {
		_, err := wacloud.NewClient("1", wacloud.NewSecret("t"), wacloud.WithAPIVersion(version))
		require.Equal(t, ok, err == nil, version)
	}
}

// Whatever the order of the options, the client does the same.
func TestOptionOrderNeverMatters(t *testing.T) {
	t.Parallel()
	srv := newGraphStub(t, func(n int, w http.ResponseWriter, _ *http.Request) {
		if n%2 == 1 {
			answerWith(http.StatusTooManyRequests, "")(n, w, nil)
			return
		}
		answerWith(http.StatusOK, acceptedAnswer)(n, w, nil)
	})
	var logged bytes.Buffer
	opts := []wacloud.Option{
		wacloud.WithBaseURL(srv.URL + "/prefix"),
		wacloud.WithAPIVersion("v25.0"),
		wacloud.WithHTTPClient(&http.Client{Timeout: time.Minute, Transport: headerTransport{"X-Test", "1"}}),
		wacloud.WithRetry(wacloud.RetryPolicy{MaxAttempts: 2, MinDelay: 1}),
		wacloud.WithAppSecretProof(wacloud.NewSecret(canarySecret)),
		wacloud.WithLogger(slog.New(slog.NewTextHandler(&logged, nil))),
	}
	permute(opts, func(p []wacloud.Option) {
		c, err := wacloud.NewClient(testNumberID, wacloud.NewSecret(canaryToken), p...)
		require.NoError(t, err)
		sent, err := sendCanary(t.Context(), c)
		require.NoError(t, err)
		require.Equal(t, 2, sent.Attempts)
	})
	mac := hmac.New(sha256.New, []byte(canarySecret))
	mac.Write([]byte(canaryToken))
	want := stubRequest{Method: "POST", Path: "/prefix/v25.0/" + testNumberID + "/messages", Query: "appsecret_proof=" + hex.EncodeToString(mac.Sum(nil))}
	got := srv.seen()
	require.Len(t, got, 2*720)
	for _, r := range got {
		require.Equal(t, "1", r.Header.Get("X-Test"))
		r.Header, r.Body = nil, ""
		if diff := cmp.Diff(want, r); diff != "" {
			t.Fatalf("request (-want +got):\n%s", diff)
		}
	}
	require.Equal(t, 720, strings.Count(logged.String(), "call failed, it will be repeated"))
	for _, secret := range []string{canaryToken, canarySecret, canaryPhone, canaryText, hex.EncodeToString(mac.Sum(nil))} {
		require.NotContains(t, logged.String(), secret)
	}
}

type headerTransport struct{ key, value string }

func (h headerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set(h.key, h.value)
	return http.DefaultTransport.RoundTrip(r)
}

func TestCallersHTTPClientIsNotChanged(t *testing.T) {
	t.Parallel()
	srv := newGraphStub(t, answerWith(http.StatusOK, acceptedAnswer))
	transport := &http.Transport{MaxIdleConns: 3}
	hc := &http.Client{Transport: transport, Timeout: 5 * time.Second}
	before := *hc
	c := newStubClient(t, srv.URL, wacloud.WithHTTPClient(hc))
	_, err := sendCanary(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, before.Timeout, hc.Timeout)
	require.Same(t, transport, hc.Transport)
	require.Nil(t, hc.CheckRedirect)
	require.Nil(t, hc.Jar)
	require.Nil(t, transport.DialContext)
	require.False(t, transport.DisableCompression)

	hc.Transport = failingTransport{} // and a change of theirs does not reach us
	_, err = sendCanary(t.Context(), c)
	require.NoError(t, err)
}

type failingTransport struct{}

func (failingTransport) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("must not be used")
}

// A transport may write into its request's URL and header; other sends must not see it.
func TestRequestsShareNothing(t *testing.T) {
	t.Parallel()
	srv := newGraphStub(t, answerWith(http.StatusOK, acceptedAnswer))
	u, err := url.Parse(srv.URL)
	require.NoError(t, err)
	c := newStubClient(t, "https://graph.example", wacloud.WithHTTPClient(&http.Client{Transport: rudeTransport{u}}))
	for range 3 {
		_, err = sendCanary(t.Context(), c)
		require.NoError(t, err)
	}
	for _, r := range srv.seen() {
		require.Equal(t, "/v23.0/"+testNumberID+"/messages", r.Path)
		require.Equal(t, []string{"Bearer " + canaryToken}, r.Header["Authorization"])
	}
}

type rudeTransport struct{ to *url.URL }

func (t rudeTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != "graph.example" {
		return nil, errors.New("the URL of an earlier request")
	}
	r.URL.Scheme, r.URL.Host = t.to.Scheme, t.to.Host
	r.Header.Set("User-Agent", "rude")
	r.Header.Add("Accept", "rude")
	return http.DefaultTransport.RoundTrip(r)
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := newGraphStub(t, answerWith(http.StatusOK, acceptedAnswer))
	for _, status := range []int{301, 302, 303, 307, 308} {
		srv := newGraphStub(t, func(_ int, w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, status)
		})
		hc := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
		_, err := sendCanary(t.Context(), newStubClient(t, srv.URL, wacloud.WithHTTPClient(hc)))
		apiErr, ok := errors.AsType[*wacloud.APIError](err)
		require.True(t, ok, "%T %v", err, err)
		require.Equal(t, status, apiErr.StatusCode)
		require.Len(t, srv.seen(), 1)
	}
	require.Empty(t, elsewhere.seen())
}

// gock replaces http.DefaultTransport, so this test cannot run in parallel. The client is older than the interception.
func TestDefaultTransportIsSeenAtEachCall(t *testing.T) {
	c, err := wacloud.NewClient(testNumberID, wacloud.NewSecret(canaryToken))
	require.NoError(t, err)
	t.Cleanup(gock.Off)
	gock.New(wacloud.DefaultBaseURL).Post("/"+wacloud.DefaultAPIVersion+"/"+testNumberID+"/messages").
		MatchHeader("Authorization", "Bearer "+canaryToken).
		Reply(http.StatusOK).BodyString(acceptedAnswer)
	sent, err := sendCanary(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, "wamid.HBgNNTUxMQ==", sent.MessageID)
	require.True(t, gock.IsDone())
}

func TestForNumber(t *testing.T) {
	t.Parallel()
	srv := newGraphStub(t, answerWith(http.StatusOK, acceptedAnswer))
	c := newStubClient(t, srv.URL)
	other, err := c.ForNumber("222")
	require.NoError(t, err)
	_, err = sendCanary(t.Context(), other)
	require.NoError(t, err)
	require.Equal(t, "/v23.0/222/messages", srv.seen()[0].Path)
	require.Equal(t, "222", other.PhoneNumberID())
	require.Equal(t, testNumberID, c.PhoneNumberID())
	_, err = c.ForNumber("2/2")
	require.ErrorContains(t, err, "not digits")
}

func TestClientPrintsNoSecret(t *testing.T) {
	t.Parallel()
	c := newStubClient(t, "https://graph.example", wacloud.WithAppSecretProof(wacloud.NewSecret(canarySecret)))
	mac := hmac.New(sha256.New, []byte(canarySecret))
	mac.Write([]byte(canaryToken))
	texts := append(formats(c), formats(*c)...)
	for _, text := range append(texts, formats(struct{ C *wacloud.Client }{c})...) {
		for _, secret := range []string{canaryToken, canarySecret, hex.EncodeToString(mac.Sum(nil))} {
			require.NotContains(t, text, secret)
		}
	}
	require.Contains(t, formats(c)[0], testNumberID)
	require.NotPanics(t, func() { formats((*wacloud.Client)(nil)) })
}

func setEnv(t *testing.T, env map[string]string) {
	t.Helper()
	for _, name := range []string{
		"WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_ACCESS_TOKEN", "WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN",
		"WHATSAPP_BASE_URL", "WHATSAPP_API_VERSION",
	} {
		t.Setenv(name, env[name])
	}
}

func TestConfigFromEnv(t *testing.T) {
	srv := newGraphStub(t, answerWith(http.StatusOK, acceptedAnswer))
	setEnv(t, map[string]string{
		"WHATSAPP_PHONE_NUMBER_ID": " 123\n", "WHATSAPP_ACCESS_TOKEN": canaryToken + "\n",
		"WHATSAPP_APP_SECRET": " new , old,,", "WHATSAPP_VERIFY_TOKEN": "verify",
		"WHATSAPP_BASE_URL": srv.URL, "WHATSAPP_API_VERSION": "v25.0",
	})
	cfg, err := wacloud.ConfigFromEnv()
	require.NoError(t, err)
	require.Equal(t, "123", cfg.PhoneNumberID)
	require.Equal(t, canaryToken, cfg.AccessToken.Reveal())
	require.Len(t, cfg.AppSecrets, 2)
	require.Equal(t, "new", cfg.AppSecrets[0].Reveal())
	require.Equal(t, "old", cfg.AppSecrets[1].Reveal())
	require.Equal(t, "verify", cfg.VerifyToken.Reveal())

	c, err := cfg.NewClient()
	require.NoError(t, err)
	_, err = sendCanary(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, "/v25.0/123/messages", srv.seen()[0].Path)

	c, err = cfg.NewClient(wacloud.WithAPIVersion("v26.0")) // an option wins
	require.NoError(t, err)
	_, err = sendCanary(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, "/v26.0/123/messages", srv.seen()[1].Path)
}

func TestConfigFromEnvNamesAllThatIsMissing(t *testing.T) {
	setEnv(t, map[string]string{"WHATSAPP_ACCESS_TOKEN": canaryToken, "WHATSAPP_VERIFY_TOKEN": "  "})
	_, err := wacloud.ConfigFromEnv()
	require.EqualError(t, err, "wacloud: config from environment: not set: WHATSAPP_PHONE_NUMBER_ID, WHATSAPP_APP_SECRET, WHATSAPP_VERIFY_TOKEN")
	setEnv(t, map[string]string{"WHATSAPP_PHONE_NUMBER_ID": "1", "WHATSAPP_ACCESS_TOKEN": canaryToken, "WHATSAPP_VERIFY_TOKEN": "v", "WHATSAPP_APP_SECRET": " , "})
	_, err = wacloud.ConfigFromEnv()
	require.ErrorContains(t, err, "WHATSAPP_APP_SECRET")
	requireSilent(t, err)
}

// A constructor that calls the network fails where there is none yet, and hides which call failed.
func TestFieldNewClientCallsNobody(t *testing.T) {
	t.Parallel()
	srv := newGraphStub(t, answerWith(http.StatusOK, acceptedAnswer))
	cfg := wacloud.Config{
		PhoneNumberID: testNumberID, AccessToken: wacloud.NewSecret(canaryToken), BaseURL: srv.URL,
		AppSecrets: []wacloud.Secret{wacloud.NewSecret(canarySecret)}, VerifyToken: wacloud.NewSecret(hookToken),
	}
	_, err := cfg.NewWebhook(wacloud.NewRouter(), wacloud.NewMemoryInbox())
	require.NoError(t, err)
	require.Empty(t, srv.seen())
}

// The webhook of a Config has the secrets of the Config, and the store and the logger of its client.
func TestConfigNewWebhook(t *testing.T) {
	t.Parallel()
	log := new(hookLog)
	cfg := wacloud.Config{
		PhoneNumberID: hookNumber, AccessToken: wacloud.NewSecret(canaryToken),
		AppSecrets: []wacloud.Secret{wacloud.NewSecret(hookSecret)}, VerifyToken: wacloud.NewSecret(hookToken),
	}
	w, err := cfg.NewWebhook(wacloud.NewRouter(), wacloud.NewMemoryInbox(), wacloud.WithLogger(log.logger()), wacloud.WithStore(wacloud.NewMemoryStore()))
	require.NoError(t, err)
	require.Contains(t, log.text(), "inbox is in memory")
	require.Equal(t, http.StatusServiceUnavailable, hookStatus(w, hookRequest(t.Context(), attackURL, hookBody())), "nobody runs it")

	_, err = cfg.NewWebhook(wacloud.NewRouter(), nil)
	require.ErrorContains(t, err, "Inbox")
	cfg.PhoneNumberID = "+55"
	_, err = cfg.NewWebhook(wacloud.NewRouter(), wacloud.NewMemoryInbox())
	require.Error(t, err)
}
