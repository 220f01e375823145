package wacloud_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// uploadedFile is what a server got.
type uploadedFile struct {
	Path, Filename, ContentType, Content string
	Length                               int64
	Fields                               map[string]string
}

// newUploadStub keeps each upload and answers with answer.
func newUploadStub(t *testing.T, answer func(n int, w http.ResponseWriter)) (srv *httptest.Server, got func() []uploadedFile) {
	t.Helper()
	var mu sync.Mutex
	var files []uploadedFile
	srv = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, err := readUpload(r)
		if err != nil {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		mu.Lock()
		files = append(files, f)
		n := len(files)
		mu.Unlock()
		answer(n, w)
	}))
	t.Cleanup(srv.Close)
	return srv, func() []uploadedFile {
		mu.Lock()
		defer mu.Unlock()
		return files
	}
}

func readUpload(r *http.Request) (uploadedFile, error) {
	f := uploadedFile{Path: r.Method + " " + r.URL.Path, Length: r.ContentLength, Fields: map[string]string{}}
	parts, err := r.MultipartReader()
	for err == nil {
		var part *multipart.Part
		if part, err = parts.NextRawPart(); err != nil {
			break
		}
		var content []byte
		if content, err = io.ReadAll(part); err != nil {
			return f, err
		}
		if part.FormName() != "file" {
			f.Fields[part.FormName()] = string(content)
			continue
		}
		f.ContentType, f.Content = part.Header.Get("Content-Type"), string(content)
		_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
		if err != nil {
			return f, err
		}
		f.Filename = params["filename"]
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return f, err
}

func mediaID(_ int, w http.ResponseWriter) { _, _ = io.WriteString(w, `{"id":"1166846181421424"}`) }

func TestUpload(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.pdf")
	require.NoError(t, os.WriteFile(path, []byte("0123456789"), 0o600))
	file, err := os.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { _ = file.Close() })
	_, err = file.Seek(4, io.SeekStart)
	require.NoError(t, err)

	tests := []struct {
		name    string
		up      wacloud.Upload
		want    uploadedFile
		chunked bool
	}{
		{
			name: "known size", up: wacloud.Upload{Reader: strings.NewReader("abc"), MIMEType: "image/png", Filename: "dish.png"},
			want: uploadedFile{Filename: "dish.png", ContentType: "image/png", Content: "abc"},
		},
		{
			name: "announced size", up: wacloud.Upload{Reader: iotest.OneByteReader(strings.NewReader("abc")), Size: 3, MIMEType: "image/jpeg"},
			want: uploadedFile{Filename: "file.jpg", ContentType: "image/jpeg", Content: "abc"},
		},
		{
			name: "unknown size", up: wacloud.Upload{Reader: iotest.DataErrReader(strings.NewReader("abc")), MIMEType: "text/plain", Filename: "a.txt"},
			want: uploadedFile{Filename: "a.txt", ContentType: "text/plain", Content: "abc"}, chunked: true,
		},
		{
			name: "the rest of a file", up: wacloud.Upload{Reader: file, MIMEType: "application/pdf", Filename: path},
			want: uploadedFile{Filename: "a.pdf", ContentType: "application/pdf", Content: "456789"},
		},
		{
			name: "parameters and a life", up: wacloud.Upload{Reader: strings.NewReader("x"), MIMEType: "audio/ogg; codecs=opus", TTL: 90 * time.Minute},
			want: uploadedFile{Filename: "file.ogg", ContentType: "audio/ogg; codecs=opus", Content: "x", Fields: map[string]string{"ttl_minutes": "90"}},
		},
		{
			name: "unchecked", up: wacloud.Upload{Reader: strings.NewReader("x"), MIMEType: "image/avif", SkipValidation: true},
			want: uploadedFile{Filename: "file", ContentType: "image/avif", Content: "x"},
		},
		{
			name: "empty", up: wacloud.Upload{Reader: strings.NewReader(""), MIMEType: "text/plain"},
			want: uploadedFile{Filename: "file.txt", ContentType: "text/plain"}, chunked: true,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv, got := newUploadStub(t, mediaID)
			id, err := newStubClient(t, srv.URL).Upload(t.Context(), tt.up)
			require.NoError(t, err)
			require.Equal(t, "1166846181421424", id)
			require.Len(t, got(), 1)
			f := got()[0]
			require.Equal(t, tt.chunked, f.Length == -1, "length %d", f.Length)
			f.Length = 0
			tt.want.Path = "POST /v23.0/" + testNumberID + "/media"
			fields := map[string]string{"messaging_product": "whatsapp", "type": tt.up.MIMEType}
			maps.Copy(fields, tt.want.Fields)
			tt.want.Fields = fields
			if diff := cmp.Diff(tt.want, f); diff != "" {
				t.Errorf("upload (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUploadFilenames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"../../etc/passwd":             "passwd",
		`C:\Users\me\menu.pdf`:         "menu.pdf",
		`a".pdf"` + "\r\nX-Evil: 1":    "a.pdfX-Evil 1",
		"cardápio 🍕.pdf":               "cardápio 🍕.pdf",
		"..":                           "file.pdf",
		"/":                            "file.pdf",
		"":                             "file.pdf",
		"bad\xff\xfe.pdf":              "bad.pdf",
		strings.Repeat("é", 200) + "x": strings.Repeat("é", 120),
	} {
		srv, got := newUploadStub(t, mediaID)
		_, err := newStubClient(t, srv.URL).Upload(t.Context(), wacloud.Upload{Reader: strings.NewReader("x"), MIMEType: "application/pdf", Filename: name})
		require.NoError(t, err)
		require.Len(t, got(), 1, name)
		require.Equal(t, want, got()[0].Filename)
	}
}

func TestUploadIsCheckedBefore(t *testing.T) {
	t.Parallel()
	srv := newGraphStub(t, answerWith(http.StatusOK, `{"id":"1"}`))
	c := newStubClient(t, srv.URL)
	r := strings.NewReader("x")
	tests := []struct {
		name string
		up   wacloud.Upload
		want string
	}{
		{name: "no reader", up: wacloud.Upload{MIMEType: "image/png"}, want: "reader is nil"},
		{name: "no type", up: wacloud.Upload{Reader: r}, want: `the MIME type "" is not one`},
		{name: "no type at all", up: wacloud.Upload{Reader: r, MIMEType: "a/b\r\nX: y", SkipValidation: true}, want: "is not one"},
		{name: "gif", up: wacloud.Upload{Reader: r, MIMEType: "image/gif"}, want: `no files of type "image/gif"`},
		{name: "html", up: wacloud.Upload{Reader: r, MIMEType: "text/html"}, want: `no files of type "text/html"`},
		{name: "negative", up: wacloud.Upload{Reader: iotest.OneByteReader(r), MIMEType: "image/png", Size: -1}, want: "size is negative"},
		{name: "picture", up: wacloud.Upload{Reader: r, MIMEType: "image/png", Size: 5<<20 + 1}, want: "larger than the 5242880 bytes that image/png may have"},
		{name: "IMAGE", up: wacloud.Upload{Reader: r, MIMEType: "IMAGE/JPEG", Size: 5<<20 + 1}, want: "larger than the 5242880 bytes"},
		{name: "audio", up: wacloud.Upload{Reader: r, MIMEType: "audio/ogg; codecs=opus", Size: 16<<20 + 1}, want: "larger than the 16777216 bytes"},
		{name: "video", up: wacloud.Upload{Reader: r, MIMEType: "video/3gpp", Size: 16<<20 + 1}, want: "larger than the 16777216 bytes"},
		{name: "document", up: wacloud.Upload{Reader: r, MIMEType: "application/pdf", Size: 100<<20 + 1}, want: "larger than the 104857600 bytes"},
		{name: "sticker", up: wacloud.Upload{Reader: r, MIMEType: "image/webp", Size: 500<<10 + 1}, want: "larger than the 512000 bytes"},
		{name: "seen size", up: wacloud.Upload{Reader: bytes.NewReader(make([]byte, 500<<10+1)), MIMEType: "image/webp"}, want: "larger than the 512000 bytes"},
		{name: "short life", up: wacloud.Upload{Reader: r, MIMEType: "image/png", TTL: 59 * time.Minute}, want: "1 hour to 30 days"},
		{name: "long life", up: wacloud.Upload{Reader: r, MIMEType: "image/png", TTL: 30*24*time.Hour + time.Minute}, want: "1 hour to 30 days"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := c.Upload(t.Context(), tt.up)
			require.ErrorContains(t, err, tt.want)
			require.ErrorIs(t, err, wacloud.ErrInvalid)
			require.True(t, strings.HasPrefix(err.Error(), "wacloud: upload: "))
		})
	}
	require.Empty(t, srv.seen())
}

// What the reader turns out to hold ends an upload too.
func TestUploadReaderFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		up      wacloud.Upload
		want    string
		invalid bool
	}{
		{name: "longer than announced", up: wacloud.Upload{Reader: iotest.OneByteReader(strings.NewReader("abcd")), Size: 3, MIMEType: "image/png"}, want: "does not hold the 3 bytes", invalid: true},
		{name: "shorter than announced", up: wacloud.Upload{Reader: iotest.OneByteReader(strings.NewReader("ab")), Size: 3, MIMEType: "image/png"}, want: "does not hold the 3 bytes", invalid: true},
		{name: "over the limit, unannounced", up: wacloud.Upload{Reader: io.LimitReader(zeros{}, 1<<20), MIMEType: "image/webp"}, want: "larger than the 512000 bytes", invalid: true},
		{name: "fails", up: wacloud.Upload{Reader: io.MultiReader(strings.NewReader("ab"), iotest.ErrReader(errBroken)), MIMEType: "image/png"}, want: "reading the file: broken"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv, got := newUploadStub(t, mediaID)
			_, err := newStubClient(t, srv.URL).Upload(t.Context(), tt.up)
			require.ErrorContains(t, err, tt.want)
			require.Equal(t, tt.invalid, errors.Is(err, wacloud.ErrInvalid))
			require.Empty(t, got())
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestUploadProgress(t *testing.T) {
	t.Parallel()
	srv, _ := newUploadStub(t, mediaID)
	for _, size := range []int64{0, 200_000} {
		var last, calls int64
		_, err := newStubClient(t, srv.URL).Upload(t.Context(), wacloud.Upload{
			Reader: io.LimitReader(zeros{}, 200_000), Size: size, MIMEType: "image/webp",
			Progress: func(sent, total int64) {
				if sent <= last || total != size {
					t.Errorf("progress %d after %d, of %d", sent, last, total)
				}
				last = sent
				calls++
			},
		})
		require.NoError(t, err)
		require.EqualValues(t, 200_000, last)
		require.Greater(t, calls, int64(1))
	}
}

// A seekable file is sent again from where it began, after throttling and after faults that leave the outcome open: two
// uploads do no harm. What cannot be read again is not.
func TestUploadRetries(t *testing.T) {
	t.Parallel()
	answer := func(n int, w http.ResponseWriter) {
		switch n {
		case 1:
			w.WriteHeader(http.StatusTooManyRequests)
		case 2:
			w.WriteHeader(http.StatusBadGateway)
		default:
			mediaID(n, w)
		}
	}
	srv, got := newUploadStub(t, answer)
	file := strings.NewReader("skip:content")
	_, err := file.Seek(5, io.SeekStart)
	require.NoError(t, err)
	_, err = newStubClient(t, srv.URL).Upload(t.Context(), wacloud.Upload{Reader: file, MIMEType: "image/png"})
	require.NoError(t, err)
	require.Len(t, got(), 3)
	for _, f := range got() {
		require.Equal(t, "content", f.Content)
	}

	srv, got = newUploadStub(t, answer)
	_, err = newStubClient(t, srv.URL).Upload(t.Context(), wacloud.Upload{Reader: iotest.OneByteReader(strings.NewReader("x")), MIMEType: "image/png"})
	require.ErrorIs(t, err, wacloud.ErrRateLimited)
	require.Len(t, got(), 1)
}

// Before the reader was touched, any upload may be tried again.
func TestUploadRetriesAnUntouchedReader(t *testing.T) {
	t.Parallel()
	srv, got := newUploadStub(t, mediaID)
	n := 0
	hc := &http.Client{Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
		if n++; n < 3 {
			return nil, errBroken
		}
		return http.DefaultTransport.RoundTrip(r)
	})}
	_, err := newStubClient(t, srv.URL, wacloud.WithHTTPClient(hc)).
		Upload(t.Context(), wacloud.Upload{Reader: iotest.OneByteReader(strings.NewReader("x")), MIMEType: "image/png"})
	require.NoError(t, err)
	require.Equal(t, "x", got()[0].Content)
}

// An upload may take longer than an attempt's time, as long as it moves; one that stands still ends.
func TestUploadStandstill(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	t.Cleanup(srv.Close)
	c := newStubClient(t, srv.URL, wacloud.WithHTTPClient(&http.Client{Timeout: 50 * time.Millisecond}),
		wacloud.WithRetry(wacloud.RetryPolicy{MaxAttempts: 1}))
	_, err := c.Upload(t.Context(), wacloud.Upload{Reader: strings.NewReader("x"), MIMEType: "image/png"})
	require.ErrorContains(t, err, "timed out after 50ms")
	require.ErrorIs(t, err, wacloud.ErrUnavailable)

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	stuck, w := io.Pipe()
	defer w.Close()
	_, err = c.Upload(ctx, wacloud.Upload{Reader: stuck, MIMEType: "image/png"})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestUploadAnswers(t *testing.T) {
	t.Parallel()
	srv := newGraphStub(t, answerWith(http.StatusBadRequest, `{"error":{"code":131053,"type":"x","message":"no"}}`))
	_, err := newStubClient(t, srv.URL).Upload(t.Context(), wacloud.Upload{Reader: strings.NewReader("x"), MIMEType: "image/png"})
	require.ErrorIs(t, err, wacloud.ErrInvalid)
	require.Len(t, srv.seen(), 1)
	require.Contains(t, srv.seen()[0].Header.Get("Content-Type"), "multipart/form-data; boundary=")
	srv = newGraphStub(t, answerWith(http.StatusOK, `{}`))
	_, err = newStubClient(t, srv.URL).Upload(t.Context(), wacloud.Upload{Reader: iotest.OneByteReader(strings.NewReader("x")), MIMEType: "image/png"})
	_, ok := errors.AsType[*wacloud.APIError](err)
	require.True(t, ok)
}

func TestMediaURLAndDelete(t *testing.T) {
	t.Parallel()
	srv := newGraphStub(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			_, _ = io.WriteString(w, `{"success":true}`)
			return
		}
		_, _ = io.WriteString(w, `{"messaging_product":"whatsapp","url":"https://lookaside.fbsbx.com/x","mime_type":"image/jpeg",`+
			`"sha256":"ab","file_size":"303833","id":"1"}`)
	})
	c := newStubClient(t, srv.URL, wacloud.WithAppSecretProof(wacloud.NewSecret("s")))
	info, err := c.MediaURL(t.Context(), "1")
	require.NoError(t, err)
	want := &wacloud.MediaInfo{ID: "1", URL: "https://lookaside.fbsbx.com/x", MIMEType: "image/jpeg", SHA256: "ab", Size: 303833}
	if diff := cmp.Diff(want, info); diff != "" {
		t.Errorf("MediaInfo (-want +got):\n%s", diff)
	}
	require.NoError(t, c.DeleteMedia(t.Context(), "1"))
	got := srv.seen()
	require.Equal(t, "GET /v23.0/1", got[0].Method+" "+got[0].Path)
	require.Regexp(t, `^appsecret_proof=[0-9a-f]{64}&phone_number_id=`+testNumberID+`$`, got[0].Query)
	require.Equal(t, "DELETE /v23.0/1", got[1].Method+" "+got[1].Path)
	require.Equal(t, got[0].Query, got[1].Query)
	require.NotContains(t, got[0].Header, "Content-Type")

	for _, id := range []string{"", "../me", "1?x=1", "1/2", "é", strings.Repeat("1", 129)} {
		_, err = c.MediaURL(t.Context(), id)
		require.ErrorContains(t, err, "media id", id)
		require.ErrorContains(t, c.DeleteMedia(t.Context(), id), "media id", id)
	}
	require.Len(t, srv.seen(), 2)
}

// Meta blocks a token after 20 failed reads within an hour, so not even a throttle is asked twice.
func TestRefusedMediaReadsAreNotRepeated(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 401, 403, 404, 429} {
		srv := newGraphStub(t, answerWith(status, graphCode("80007")))
		_, err := newStubClient(t, srv.URL).MediaURL(t.Context(), "1")
		require.ErrorIs(t, err, wacloud.ErrRateLimited)
		require.Len(t, srv.seen(), 1)
	}
	srv := newGraphStub(t, func(n int, w http.ResponseWriter, _ *http.Request) {
		if n == 1 {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		_, _ = io.WriteString(w, `{"url":"https://lookaside.fbsbx.com/x"}`)
	})
	_, err := newStubClient(t, srv.URL).MediaURL(t.Context(), "1")
	require.NoError(t, err)
	require.Len(t, srv.seen(), 2)
}
