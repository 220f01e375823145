package wacloud_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/h2non/gock.v1"

	"github.com/wacloud/wacloud"
)

// A lookup may name any address. Only public ones of Meta's media hosts are fetched, and nothing else sees the token.
func TestAttack37(t *testing.T) {
	t.Parallel()
	victim := newGraphStub(t, answerWith(http.StatusOK, "metadata"))
	port := victim.Listener.Addr().(*net.TCPAddr).Port
	t.Run("refused as they stand", func(t *testing.T) {
		t.Parallel()
		for _, url := range []string{
			"http://169.254.169.254/latest/meta-data/",
			"https://169.254.169.254/latest/meta-data/",
			victim.URL + "/",
			fmt.Sprintf("http://localhost:%d/", port),
			fmt.Sprintf("http://[::ffff:127.0.0.1]:%d/", port),
			"https://[::ffff:10.0.0.1]/",
			"https://[::1]/",
			"https://0x7f000001/",
			"https://2130706433/",
			"file:///etc/passwd",
			"gopher://lookaside.fbsbx.com/",
			"http://lookaside.fbsbx.com/",
			"https://lookaside.fbsbx.com:8443/",
			"https://lookaside.fbsbx.com@evil.example/",
			"https://user:pw@lookaside.fbsbx.com/",
			"https://lookaside.fbsbx.com.evil.example/",
			"https://evil.example/lookaside.fbsbx.com",
			"https://evil.example#lookaside.fbsbx.com",
			"https://fbcdn.net/",
			"https://evilfbcdn.net/",
			"https://.fbcdn.net/",
			"//lookaside.fbsbx.com/",
			"lookaside.fbsbx.com",
			"https:lookaside.fbsbx.com",
		} {
			srv := newGraphStub(t, answerWith(http.StatusOK, mediaInfo(url, "", 0)))
			_, err := newStubClient(t, srv.URL).Download(t.Context(), "1", io.Discard, wacloud.Download{})
			require.ErrorContains(t, err, "wacloud: download: the media URL", url)
			requireSilent(t, err)
			require.NotContains(t, err.Error(), "pw")
			require.Len(t, srv.seen(), 1, url)
		}
	})
	t.Run("DNS rebinding", func(t *testing.T) {
		t.Parallel()
		attackByDNS(t, victim)
	})
	t.Run("redirects", func(t *testing.T) {
		t.Parallel()
		attackByRedirect(t, victim)
	})
	t.Cleanup(func() { require.Empty(t, victim.seen()) })
}

// attackByDNS lets the name of an allowed host stand for the victim's address. The API itself is not loopback.
func attackByDNS(t *testing.T, victim *graphStub) {
	graph := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, mediaInfo("https://scontent.xx.fbcdn.net/x", "", 0))
	}))
	t.Cleanup(graph.Close)
	transport := graph.Client().Transport.(*http.Transport).Clone()
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if addr == "example.com:443" {
			addr = graph.Listener.Addr().String()
		} else {
			addr = victim.Listener.Addr().String()
		}
		return new(net.Dialer).DialContext(ctx, network, addr)
	}
	c := newStubClient(t, "https://example.com", wacloud.WithHTTPClient(&http.Client{Transport: transport}))
	_, err := c.Download(t.Context(), "1", io.Discard, wacloud.Download{})
	require.EqualError(t, err, "wacloud: download: the media host's address is not a public one")

	c = newStubClient(t, "https://example.com", wacloud.WithHTTPClient(&http.Client{Transport: wrapped{transport}}))
	_, err = c.Download(t.Context(), "1", io.Discard, wacloud.Download{})
	require.EqualError(t, err, "wacloud: download: the media host's address is not a public one", "through a wrapper")

	transport = transport.Clone()
	transport.DialTLSContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if addr == "example.com:443" {
			return (&tls.Dialer{Config: transport.TLSClientConfig}).DialContext(ctx, network, graph.Listener.Addr().String())
		}
		return new(net.Dialer).DialContext(ctx, network, victim.Listener.Addr().String())
	}
	c = newStubClient(t, "https://example.com", wacloud.WithHTTPClient(&http.Client{Transport: transport}))
	_, err = c.Download(t.Context(), "1", io.Discard, wacloud.Download{})
	require.EqualError(t, err, "wacloud: download: the media host's address is not a public one")
}

// wrapped is a transport around another, as for traces.
type wrapped struct{ http.RoundTripper }

func (w wrapped) Wrapped() http.RoundTripper                    { return w.RoundTripper }
func (w wrapped) Around(rt http.RoundTripper) http.RoundTripper { return wrapped{rt} }

// attackByRedirect sends the download on from an allowed host.
func attackByRedirect(t *testing.T, victim *graphStub) {
	for to, want := range map[string]string{
		"http://169.254.169.254/latest":                      "the media URL is not https",
		"https://169.254.169.254/latest":                     "is not among the allowed ones",
		strings.Replace(victim.URL, "127.0.0.1", "[::1]", 1): "is not among the allowed ones",
		"https://evil.example/":                              "is not among the allowed ones",
		"http://lookaside.fbsbx.com/":                        "the media URL is not https",
		"file:///etc/passwd":                                 "the media URL is not https",
		"/file":                                              "redirected too often",
	} {
		m := newMediaStub(t, "x", func(_ int, w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, to, http.StatusFound)
		})
		_, err := m.client(t).Download(t.Context(), "1", io.Discard, wacloud.Download{})
		require.ErrorContains(t, err, want, to)
		requireSilent(t, err)
		if want != "redirected too often" {
			require.Equal(t, 1, m.fetched(), to)
		}
	}
}

// A redirect within the allowed hosts is followed without the token, and without the address of the hop before.
func TestMediaRedirectsCarryNoToken(t *testing.T) {
	t.Parallel()
	m := newMediaStub(t, "abc", func(n int, w http.ResponseWriter, r *http.Request) {
		if n == 1 {
			http.Redirect(w, r, strings.Replace("http://"+r.Host+"/file?signature=1", "127.0.0.1", "localhost", 1), http.StatusFound)
			return
		}
		_, _ = io.WriteString(w, "abc")
	})
	var w bytes.Buffer
	_, err := m.client(t, wacloud.WithMediaHosts("127.0.0.1", "localhost")).Download(t.Context(), "1", &w, wacloud.Download{})
	require.NoError(t, err)
	require.Equal(t, "abc", w.String())
	got := m.seen()
	require.Len(t, got, 3)
	require.Equal(t, "Bearer "+canaryToken, got[1].Header.Get("Authorization"))
	require.NotContains(t, got[2].Header, "Authorization")
	require.NotContains(t, got[2].Header, "Referer")
	require.Equal(t, "signature=1", got[2].Query)
}

// Within one host too.
func TestMediaRedirectsOnOneHostCarryNoToken(t *testing.T) {
	t.Parallel()
	m := newMediaStub(t, "abc", func(n int, w http.ResponseWriter, r *http.Request) {
		if n == 1 {
			http.Redirect(w, r, "/file?2", http.StatusTemporaryRedirect)
			return
		}
		_, _ = io.WriteString(w, "abc")
	})
	_, err := m.client(t).Download(t.Context(), "1", io.Discard, wacloud.Download{})
	require.NoError(t, err)
	require.NotContains(t, m.seen()[2].Header, "Authorization")
}

func TestAttack38(t *testing.T) {
	t.Parallel()
	const content = "0123456789"
	sum := sha256.Sum256([]byte(content))
	var bomb bytes.Buffer
	zip := gzip.NewWriter(&bomb)
	_, _ = zip.Write(make([]byte, 10<<20))
	require.NoError(t, zip.Close())
	bombSum := sha256.Sum256(bomb.Bytes())
	inflatedSum := sha256.Sum256(make([]byte, 10<<20))
	serveBomb := func(_ int, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb.Bytes())
	}
	tests := []struct {
		name  string
		serve func(int, http.ResponseWriter, *http.Request)
		info  func(url string) string
		want  string // empty for success
		wrote int    // at most
	}{
		{
			name: "longer than declared", serve: bytesOf(content + content), want: "longer than the 10 bytes", wrote: 10,
			info: func(url string) string { return mediaInfo(url, hex.EncodeToString(sum[:]), 10) },
		},
		{
			name: "declared too long", serve: bytesOf(content), want: "more than the 104857600 that are allowed",
			info: func(url string) string { return mediaInfo(url, "", 100<<20+1) },
		},
		{
			name: "endless", serve: func(_ int, w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, zeros{}) },
			want: "longer than the 1000000 bytes", wrote: 1_000_000,
			info: func(url string) string { return mediaInfo(url, "", 1_000_000) },
		},
		{
			name: "wrong hash", serve: bytesOf("9876543210"), want: "SHA-256 is not the expected one", wrote: 10,
			info: func(url string) string { return mediaInfo(url, hex.EncodeToString(sum[:]), 10) },
		},
		{
			name: "gzip bomb with the hash of what it holds", serve: serveBomb, want: "SHA-256 is not the expected one", wrote: bomb.Len(),
			info: func(url string) string { return mediaInfo(url, hex.EncodeToString(inflatedSum[:]), 10<<20) },
		},
		{
			name: "gzip bomb with its own hash", serve: serveBomb, wrote: bomb.Len(),
			info: func(url string) string { return mediaInfo(url, hex.EncodeToString(bombSum[:]), bomb.Len()) },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMediaStub(t, content, tt.serve)
			m.info = func() string { return tt.info(m.URL + "/file") }
			var w bytes.Buffer
			_, err := m.client(t).Download(t.Context(), "1", &w, wacloud.Download{})
			if tt.want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, tt.want)
			}
			require.LessOrEqual(t, w.Len(), tt.wrote)
		})
	}
	t.Run("filename", func(t *testing.T) {
		t.Parallel()
		srv, got := newUploadStub(t, mediaID)
		_, err := newStubClient(t, srv.URL).Upload(t.Context(), wacloud.Upload{Reader: strings.NewReader("x"), MIMEType: "image/png", Filename: "../../x"})
		require.NoError(t, err)
		require.Equal(t, "x", got()[0].Filename)
	})
}

// Without a transport of the caller's, a download sees what a test put into http.DefaultTransport.
func TestDownloadIsIntercepted(t *testing.T) {
	c, err := wacloud.NewClient(testNumberID, wacloud.NewSecret(canaryToken))
	require.NoError(t, err)
	t.Cleanup(gock.Off)
	gock.New(wacloud.DefaultBaseURL).Get("/v23.0/1").MatchParam("phone_number_id", testNumberID).
		Reply(http.StatusOK).BodyString(mediaInfo("https://lookaside.fbsbx.com/x", "", 3))
	gock.New("https://lookaside.fbsbx.com").Get("/x").MatchHeader("Authorization", "Bearer "+canaryToken).
		Reply(http.StatusOK).BodyString("abc")
	var w bytes.Buffer
	_, err = c.Download(t.Context(), "1", &w, wacloud.Download{})
	require.NoError(t, err)
	require.Equal(t, "abc", w.String())
	require.True(t, gock.IsDone())
}
