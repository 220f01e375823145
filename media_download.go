package wacloud

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
)

// Download is the settings of [Client.Download].
type Download struct {
	MaxBytes int64  // defaults to 100 MB, the most that Meta keeps
	SHA256   string // expected hash, hex or base64, from the webhook; the lookup's otherwise
}

const maxDownload = 100 * megabyte

// Download copies a media file to w and returns what the lookup said about it. MIMEType is the sender's word: never
// trust it, and never make a path of a sender's file name.
//
// Only https addresses of Meta's media hosts and those of [WithMediaHosts] are fetched, redirects included; the token
// goes to the first address alone, and with the HTTP client's own or no transport only public addresses are dialled. A
// file that is larger than MaxBytes or than the lookup said, or whose SHA-256 is another, is an error; w has got a part
// of it by then, so use what it got only when the error is nil. An answer of the 400s is not asked for again, because
// Meta blocks a token after 20 failed reads within an hour. Instead of a time limit for the whole, a download ends when
// nothing arrives for the HTTP client's timeout.
func (c *Client) Download(ctx context.Context, id string, w io.Writer, d Download) (*MediaInfo, error) {
	info, err := c.MediaURL(ctx, id)
	if err != nil {
		return nil, err
	}
	if d.SHA256 == "" {
		d.SHA256 = info.SHA256
	}
	get, err := newDownload(info, w, d)
	if err != nil {
		return nil, opError("download", err)
	}
	if err := c.checkMediaURL(get.url); err != nil {
		return nil, opError("download", err)
	}
	k := call{op: "download", download: get, idempotent: true, mediaRead: true}
	if _, err := c.do(ctx, &k, (*Client).fetch); err != nil {
		return nil, err
	}
	return info, nil
}

// download is one file on its way to the caller's writer.
type download struct {
	url     *url.URL
	w       io.Writer
	limit   int64
	want    []byte // SHA-256, nil when nobody knows
	written int64
}

func newDownload(info *MediaInfo, w io.Writer, d Download) (*download, error) {
	if w == nil {
		return nil, errors.New("the writer is nil")
	}
	u, err := url.Parse(info.URL)
	if err != nil {
		return nil, errors.New("the media URL is malformed")
	}
	want, err := parseSHA256(d.SHA256)
	if err != nil {
		return nil, err
	}
	get := &download{url: u, w: w, limit: maxDownload, want: want}
	if d.MaxBytes > 0 {
		get.limit = d.MaxBytes
	}
	if info.Size > get.limit {
		return nil, fmt.Errorf("the file has %d bytes, more than the %d that are allowed", info.Size, get.limit)
	}
	if info.Size > 0 {
		get.limit = info.Size
	}
	return get, nil
}

// parseSHA256 reads a hash as hex or base64, and nothing as nil.
func parseSHA256(s string) ([]byte, error) {
	if s == "" {
		return nil, nil
	}
	for _, decode := range []func(string) ([]byte, error){
		hex.DecodeString, base64.StdEncoding.DecodeString, base64.RawStdEncoding.DecodeString, base64.URLEncoding.DecodeString,
	} {
		if sum, err := decode(s); err == nil && len(sum) == sha256.Size {
			return sum, nil
		}
	}
	return nil, errors.New("the expected SHA-256 is neither 64 hex digits nor base64 of 32 bytes")
}

// fetch makes one attempt at a download.
func (c *Client) fetch(ctx context.Context, k *call) error {
	var dog watchdog
	attemptCtx, cancel := dog.start(ctx, c.timeout)
	defer cancel()
	a := new(attempt)
	a.watch()
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(attemptCtx, &a.trace), http.MethodGet, k.download.url.String(), http.NoBody)
	if err != nil {
		return opError(k.op, errors.New("the media URL is malformed"))
	}
	req.Header["Authorization"] = c.auth
	req.Header["User-Agent"] = userAgent
	req.Header["Accept-Encoding"] = []string{"identity"} // also keeps a transport from inflating a gzip bomb
	resp, err := c.mediaHTTP.Do(req)
	if refused, ok := errors.AsType[*refusedError](err); ok {
		return opError(k.op, refused)
	}
	if err != nil {
		return c.transportError(ctx, attemptCtx, k, err, a.maySend(attemptCtx))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		body, _ := readAll(resp, maxErrorBody)
		return newAPIError(resp, body, c.token)
	}
	err = k.download.copy(resp, &dog)
	if _, broken := errors.AsType[*brokenError](err); broken {
		return c.transportError(ctx, attemptCtx, k, err, true)
	}
	if err != nil {
		return opError(k.op, err)
	}
	return nil
}

// brokenError is an answer that stopped before its end.
type brokenError struct{ err error }

func (e *brokenError) Error() string { return "reading the file: " + e.err.Error() }
func (e *brokenError) Unwrap() error { return e.err }

// copy takes the file from an answer and checks it.
func (d *download) copy(resp *http.Response, dog *watchdog) error {
	if resp.ContentLength > d.limit {
		return d.tooLong()
	}
	sum := sha256.New()
	buf := make([]byte, 32<<10)
	for {
		n, err := resp.Body.Read(buf)
		dog.feed()
		if d.written+int64(n) > d.limit {
			return d.tooLong()
		}
		if n > 0 {
			sum.Write(buf[:n])
			m, writeErr := d.w.Write(buf[:n])
			d.written += int64(m)
			if writeErr == nil && m < n {
				writeErr = io.ErrShortWrite
			}
			if writeErr != nil {
				return fmt.Errorf("writing the file: %w", writeErr)
			}
		}
		if err == io.EOF {
			return d.verify(sum)
		}
		if err != nil {
			return &brokenError{err}
		}
	}
}

func (d *download) tooLong() error {
	return fmt.Errorf("the file is longer than the %d bytes that were announced or allowed", d.limit)
}

func (d *download) verify(sum hash.Hash) error {
	if d.want != nil && string(sum.Sum(nil)) != string(d.want) {
		return errors.New("the file's SHA-256 is not the expected one")
	}
	return nil
}
