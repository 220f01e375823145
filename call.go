package wacloud

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/wacloud/wacloud/internal/wire"
)

const (
	maxAnswer    = 1 << 20  // of a success; real ones have a few hundred bytes
	maxErrorBody = 64 << 10 // of everything else
)

// A call is one request to the Graph API, made as often as the retry rules allow.
type call struct {
	op         string // for error texts
	method     string
	url        *url.URL
	body       []byte
	upload     *uploadBody // instead of body
	download   *download   // of a media file, not a Graph call
	idempotent bool        // twice does no harm
	mediaRead  bool        // 4xx is final: Meta blocks tokens that fail too often
	into       answer
	line       *line // of a send's recipient
	throttled  error // by which Meta throttled an attempt before
}

// answer takes what a success says. It returns false when something that makes it a success is missing.
type answer interface {
	decode(body wire.Value) bool
}

// rewind makes the call ready for another attempt, if it can be.
func (k *call) rewind(ctx context.Context) bool {
	if k.download != nil {
		return k.download.written == 0
	}
	return k.upload == nil || k.upload.rewind(ctx)
}

// try makes one attempt at a Graph call. Its errors are *APIError, for every answer that is not a success, and *transportError.
func (c *Client) try(ctx context.Context, k *call) error {
	if ctx.Err() != nil {
		return &transportError{op: k.op, err: ctx.Err(), ended: true}
	}
	attemptCtx, cancel := c.attemptContext(ctx, k)
	defer cancel()
	a := newAttempt(attemptCtx, k)
	resp, err := c.http.Do(a.request(attemptCtx, k, c.header(k)))
	if err != nil {
		sent := a.maySend(attemptCtx)
		return c.transportError(ctx, attemptCtx, k, err, sent)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		body, _ := readAll(resp, maxErrorBody) // a broken error page is still an error page
		return newAPIError(resp, body, c.token)
	}
	body, err := readAll(resp, maxAnswer)
	if err != nil {
		return c.transportError(ctx, attemptCtx, k, fmt.Errorf("reading the answer: %w", err), true)
	}
	v, err := wire.Parse(body)
	if err != nil || !k.into.decode(v) {
		return newAPIError(resp, body[:min(len(body), maxErrorBody)], c.token)
	}
	return nil
}

// attemptContext bounds one attempt. An upload is bounded by its standstill instead.
func (c *Client) attemptContext(ctx context.Context, k *call) (context.Context, context.CancelFunc) {
	if k.upload != nil {
		return k.upload.watchdog.start(ctx, c.timeout)
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= c.timeout {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, c.timeout)
}

// header is fresh for each attempt, because transports write into it. There is never an Idempotency-Key: the API knows
// none, and net/http would take it as leave to repeat a POST by itself.
func (c *Client) header(k *call) http.Header {
	h := make(http.Header, 4)
	h["Authorization"] = c.auth
	h["User-Agent"] = userAgent
	h["Accept"] = acceptJSON
	switch {
	case k.upload != nil:
		h["Content-Type"] = []string{k.upload.contentType}
	case k.body != nil:
		h["Content-Type"] = acceptJSON
	}
	return h
}

var (
	userAgent  = []string{"wacloud/" + version}
	acceptJSON = []string{"application/json"}
)

// An attempt is the body of one request and the evidence of what became of it.
type attempt struct {
	src          io.Reader // nil without a body
	mem          bytes.Reader
	url          url.URL
	state        atomic.Int32 // bodyUnread, bodyRead or bodySealed
	asked        atomic.Bool  // the transport looked for a connection
	wroteHeaders atomic.Bool
	trace        httptrace.ClientTrace
}

const (
	bodyUnread = iota
	bodyRead
	bodySealed // nobody may read it any more
)

var errSealed = errors.New("the attempt is over")

func newAttempt(ctx context.Context, k *call) *attempt {
	a := &attempt{url: *k.url}
	switch {
	case k.upload != nil:
		a.src = k.upload.open(ctx)
	case k.body != nil:
		a.mem.Reset(k.body)
		a.src = &a.mem
	}
	a.watch()
	return a
}

func (a *attempt) watch() {
	a.trace.GetConn = func(string) { a.asked.Store(true) }
	a.trace.WroteHeaders = func() { a.wroteHeaders.Store(true) }
}

// request is built by hand: http.NewRequest would set GetBody, and with it net/http may send a body a second time.
func (a *attempt) request(ctx context.Context, k *call, h http.Header) *http.Request {
	req := &http.Request{
		Method: k.method, URL: &a.url, Host: a.url.Host, Header: h,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	if a.src != nil {
		req.Body, req.ContentLength = a, int64(len(k.body))
		if k.upload != nil {
			req.ContentLength = k.upload.length
		}
	}
	return req.WithContext(httptrace.WithClientTrace(ctx, &a.trace))
}

// Read notes that the body was read. After maySend has found it unread it gives nothing away, so that a transport that
// is late cannot send what was reported as not sent.
func (a *attempt) Read(p []byte) (int, error) {
	if !a.state.CompareAndSwap(bodyUnread, bodyRead) && a.state.Load() == bodySealed {
		return 0, errSealed
	}
	return a.src.Read(p)
}

func (a *attempt) Close() error { return nil }

// maySend reports, after a failure, whether the request may have reached the server. Only positive evidence says that it
// did not: the body was never read, or a transport that takes part in tracing looked for a connection and never wrote to
// it. When the attempt's context ended, that transport may still be about to write.
func (a *attempt) maySend(ctx context.Context) bool {
	if a.src != nil && a.state.CompareAndSwap(bodyUnread, bodySealed) {
		return false
	}
	return !a.asked.Load() || a.wroteHeaders.Load() || ctx.Err() != nil
}

// readAll reads an answer up to limit bytes; what is longer is cut.
func readAll(resp *http.Response, limit int64) ([]byte, error) {
	size := int64(512)
	if 0 <= resp.ContentLength && resp.ContentLength < limit {
		size = resp.ContentLength + 1 // room to see the end
	}
	b := make([]byte, 0, size)
	for int64(len(b)) < limit {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := resp.Body.Read(b[len(b):min(int64(cap(b)), limit)])
		b = b[:len(b)+n]
		if err == io.EOF {
			return b, nil
		}
		if err != nil {
			return b, err
		}
	}
	return b, nil
}

// transportError is a call without a usable answer.
type transportError struct {
	op    string
	err   error
	sent  bool // the request may have reached the server
	ended bool // because the caller's context ended
}

// transportError explains why there is no answer. The URL that net/http puts into its errors is left out: its query may
// hold a secret.
func (c *Client) transportError(ctx, attemptCtx context.Context, k *call, err error, sent bool) error {
	if urlErr, ok := errors.AsType[*url.Error](err); ok {
		err = urlErr.Err
	}
	t := &transportError{op: k.op, err: err, sent: sent}
	switch {
	case ctx.Err() != nil:
		t.err, t.ended = ctx.Err(), true
	case attemptCtx.Err() != nil:
		t.err = timeoutError(c.timeout)
	}
	return t
}

func (e *transportError) Error() string {
	what := ": not sent: "
	if e.sent {
		what = ": no answer: "
	}
	return "wacloud: " + e.op + what + trimPrefix(e.err)
}

func (e *transportError) Unwrap() error { return e.err }

// Is makes a failed connection ErrUnavailable. The end of the caller's context is not the service's fault.
func (e *transportError) Is(target error) bool { return target == ErrUnavailable && !e.ended }

// timeoutError is the end of an attempt's own time, after the duration that it holds.
type timeoutError time.Duration

func (e timeoutError) Error() string {
	return fmt.Sprintf("timed out after %v", time.Duration(e))
}

func (e timeoutError) Timeout() bool        { return true }
func (e timeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

func opError(op string, err error) error { return fmt.Errorf("wacloud: %s: %w", op, err) }
