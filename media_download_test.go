package wacloud_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// mediaStub serves one media file: its lookup and its bytes.
type mediaStub struct {
	*graphStub
	info  func() string // the lookup's answer
	serve func(n int, w http.ResponseWriter, r *http.Request)
	gets  int
}

func newMediaStub(t *testing.T, content string, serve func(n int, w http.ResponseWriter, r *http.Request)) *mediaStub {
	t.Helper()
	m := &mediaStub{serve: serve}
	m.graphStub = newGraphStub(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/file" {
			m.mu.Lock()
			m.gets++
			n := m.gets
			m.mu.Unlock()
			m.serve(n, w, r)
			return
		}
		_, _ = io.WriteString(w, m.info())
	})
	sum := sha256.Sum256([]byte(content))
	m.info = func() string {
		return mediaInfo(m.URL+"/file", hex.EncodeToString(sum[:]), len(content))
	}
	return m
}

// fetched is how often the file was asked for.
func (m *mediaStub) fetched() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.gets
}

func mediaInfo(url, sum string, size int) string {
	return fmt.Sprintf(`{"id":"1","url":%q,"mime_type":"image/jpeg","sha256":%q,"file_size":%d}`, url, sum, size)
}

func bytesOf(content string) func(int, http.ResponseWriter, *http.Request) {
	return func(_ int, w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, content) }
}

func (m *mediaStub) client(t *testing.T, opts ...wacloud.Option) *wacloud.Client {
	t.Helper()
	return newStubClient(t, m.URL, append([]wacloud.Option{wacloud.WithMediaHosts("127.0.0.1")}, opts...)...)
}

func TestDownload(t *testing.T) {
	t.Parallel()
	content := strings.Repeat("picture", 20_000)
	m := newMediaStub(t, content, bytesOf(content))
	sum := sha256.Sum256([]byte(content))
	for name, want := range map[string]string{
		"lookup's": "", "hex": hex.EncodeToString(sum[:]), "upper case hex": strings.ToUpper(hex.EncodeToString(sum[:])),
		"base64": base64.StdEncoding.EncodeToString(sum[:]), "raw base64": base64.RawStdEncoding.EncodeToString(sum[:]),
	} {
		t.Run(name, func(t *testing.T) {
			var w bytes.Buffer
			info, err := m.client(t).Download(t.Context(), "1", &w, wacloud.Download{SHA256: want})
			require.NoError(t, err)
			require.Equal(t, content, w.String())
			require.Equal(t, "image/jpeg", info.MIMEType)
		})
	}
	for _, r := range m.seen() {
		require.Equal(t, "Bearer "+canaryToken, r.Header.Get("Authorization"))
		require.Regexp(t, `^wacloud/`, r.Header.Get("User-Agent"))
		if r.Path == "/file" {
			require.Empty(t, r.Query)
			require.Equal(t, "identity", r.Header.Get("Accept-Encoding"))
		}
	}
}

// An API on this machine, a simulator, serves its own files without being named, and no other port's.
func TestDownloadFromAnAPIOnLoopback(t *testing.T) {
	t.Parallel()
	m := newMediaStub(t, "abc", bytesOf("abc"))
	var w bytes.Buffer
	_, err := newStubClient(t, m.URL).Download(t.Context(), "1", &w, wacloud.Download{})
	require.NoError(t, err)
	require.Equal(t, "abc", w.String())

	other := newMediaStub(t, "abc", bytesOf("abc"))
	m.info = func() string { return `{"url":"` + other.URL + `/file"}` }
	_, err = newStubClient(t, m.URL).Download(t.Context(), "1", io.Discard, wacloud.Download{})
	require.ErrorContains(t, err, "is not among the allowed ones")
	require.Empty(t, other.seen())
}

func TestDownloadWithoutAKnownHash(t *testing.T) {
	t.Parallel()
	m := newMediaStub(t, "x", bytesOf("abc"))
	m.info = func() string { return `{"url":"` + m.URL + `/file"}` }
	var w bytes.Buffer
	_, err := m.client(t).Download(t.Context(), "1", &w, wacloud.Download{MaxBytes: 3})
	require.NoError(t, err)
	require.Equal(t, "abc", w.String())
}

func TestDownloadFaults(t *testing.T) {
	t.Parallel()
	const content = "0123456789"
	tests := []struct {
		name  string
		serve func(n int, w http.ResponseWriter, r *http.Request)
		info  string // of the lookup, when it is odd
		d     wacloud.Download
		w     io.Writer
		want  string
		gets  int
		wrote int // bytes, -1 for any
	}{
		{name: "larger than allowed, announced", d: wacloud.Download{MaxBytes: 9}, want: "has 10 bytes, more than the 9", gets: 0},
		{name: "larger than announced", serve: bytesOf(content + "x"), want: "longer than the 10 bytes", gets: 1},
		{name: "larger than announced, chunked", serve: func(_ int, w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, content)
			_ = http.NewResponseController(w).Flush()
			_, _ = io.WriteString(w, content)
		}, want: "longer than the 10 bytes", gets: 1, wrote: -1},
		{name: "other bytes", serve: bytesOf("012345678X"), want: "SHA-256 is not the expected one", gets: 1, wrote: 10},
		{name: "shorter", serve: bytesOf("012345678"), want: "SHA-256 is not the expected one", gets: 1, wrote: 9},
		{name: "hash that is none", d: wacloud.Download{SHA256: "abc"}, want: "neither 64 hex digits nor base64"},
		{name: "hash of another file", d: wacloud.Download{SHA256: strings.Repeat("00", 32)}, serve: bytesOf(content), want: "SHA-256 is not", gets: 1, wrote: 10},
		{name: "malformed URL", info: `{"url":"https://a b/%zz"}`, want: "media URL is malformed"},
		{name: "gone", serve: answerWith(404, "<html>"), want: "http 404", gets: 1},
		{name: "unauthorized", serve: answerWith(401, ""), want: "credentials refused", gets: 1},
		{name: "no content", serve: answerWith(204, ""), want: "http 204", gets: 4},
		{name: "down", serve: answerWith(503, ""), want: "service unavailable", gets: 4},
		{name: "cut before a byte", serve: func(int, http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, want: "no answer", gets: 4},
		{name: "cut after some", serve: func(_ int, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10")
			_, _ = io.WriteString(w, "0123")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, want: "reading the file", gets: 1, wrote: 4},
		{name: "writer fails", serve: bytesOf(content), w: failingWriter{}, want: "writing the file: broken", gets: 1},
		{name: "no writer", w: io.Writer(nil), want: "writer is nil"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMediaStub(t, content, tt.serve)
			if tt.info != "" {
				m.info = func() string { return tt.info }
			}
			var buf bytes.Buffer
			if tt.w == nil && tt.name != "no writer" {
				tt.w = &buf
			}
			info, err := m.client(t).Download(t.Context(), "1", tt.w, tt.d)
			require.ErrorContains(t, err, tt.want)
			require.Nil(t, info)
			requireSilent(t, err)
			require.Equal(t, tt.gets, m.fetched())
			if tt.wrote >= 0 {
				require.Equal(t, tt.wrote, buf.Len())
			}
		})
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errBroken }

// As long as nothing was written, a download that failed begins again.
func TestDownloadRetries(t *testing.T) {
	t.Parallel()
	m := newMediaStub(t, "abc", func(n int, w http.ResponseWriter, _ *http.Request) {
		switch n {
		case 1:
			w.WriteHeader(http.StatusBadGateway)
		case 2:
			panic(http.ErrAbortHandler)
		default:
			_, _ = io.WriteString(w, "abc")
		}
	})
	var w bytes.Buffer
	_, err := m.client(t).Download(t.Context(), "1", &w, wacloud.Download{})
	require.NoError(t, err)
	require.Equal(t, "abc", w.String())
	require.Equal(t, 3, m.fetched())
}

// A download may take longer than an attempt's time, as long as it moves.
func TestDownloadStandstill(t *testing.T) {
	t.Parallel()
	const content = "0123456789"
	hc := &http.Client{Timeout: 2 * time.Second}
	slow := newMediaStub(t, content, func(_ int, w http.ResponseWriter, _ *http.Request) {
		tick := time.NewTicker(300 * time.Millisecond)
		defer tick.Stop()
		for i := range content {
			<-tick.C
			_, _ = io.WriteString(w, content[i:i+1])
			_ = http.NewResponseController(w).Flush()
		}
	})
	start := time.Now()
	_, err := slow.client(t, wacloud.WithHTTPClient(hc)).Download(t.Context(), "1", io.Discard, wacloud.Download{})
	require.NoError(t, err)
	require.Greater(t, time.Since(start), hc.Timeout)

	stuck := newMediaStub(t, content, func(_ int, w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "0")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	_, err = stuck.client(t, wacloud.WithHTTPClient(hc)).Download(t.Context(), "1", io.Discard, wacloud.Download{})
	require.ErrorContains(t, err, "timed out after "+hc.Timeout.String())
}
