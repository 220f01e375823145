package wacloud

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/wacloud/wacloud/internal/wire"
)

const (
	maxWebhookBody = 4 << 20          // Meta sends up to 3 MB (Meta, webhooks overview, read 2026-03)
	maxChallenge   = 512              // of the handshake
	readTimeout    = 15 * time.Second // of a body
	putTimeout     = 5 * time.Second
	keptBuffer     = 64 << 10 // a body over this is large: its buffer is not reused
	largeBodies    = 64       // at once; others wait, so that bodies in memory are bounded
)

const signatureHeader = "X-Hub-Signature-256"

// ServeHTTP answers Meta: the handshake with which a webhook is subscribed, and the webhooks.
//
// A webhook is answered 200 after [Inbox.Put] has all of its events, and only then. It is answered 503, so that Meta
// delivers it again, when the inbox refuses them or when nobody runs the inbox (unless IngestOnly): 401 without a good
// signature, 403 without the certificate that ClientCA asks for, 405, 408, 413 (over 4 MiB) and 415 as they fit. A body
// that is signed and no JSON is stored as an unknown event: Meta would deliver it for 7 days and never make it better.
func (w *Webhook) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	conn := http.NewResponseController(rw)
	// Not every writer can. It also bounds what net/http reads and discards after an early answer.
	_ = conn.SetReadDeadline(time.Now().Add(readTimeout))
	if w.cfg.ClientCA != nil && !w.fromMeta(r.TLS) {
		w.reject(rw, r, http.StatusForbidden, "client_certificate")
		return
	}
	switch r.Method {
	case http.MethodPost:
		w.receive(rw, r, conn)
	case http.MethodGet:
		if w.fromSimulator(r) {
			w.tellSimulator(rw, r)
			return
		}
		w.handshake(rw, r)
	default:
		rw.Header().Set("Allow", "GET, POST")
		w.reject(rw, r, http.StatusMethodNotAllowed, "method")
	}
}

// handshake echoes the challenge of whoever knows a verify token.
func (w *Webhook) handshake(rw http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	challenge := q.Get("hub.challenge")
	if q.Get("hub.mode") != "subscribe" || !w.knowsToken(q.Get("hub.verify_token")) || !plainChallenge(challenge) {
		w.reject(rw, r, http.StatusForbidden, "handshake")
		return
	}
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	rw.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = io.WriteString(rw, challenge) //nolint:gosec // plain text that no browser sniffs, and the verify token was right
}

func tokenSum(token string) [32]byte { return sha256.Sum256([]byte(token)) }

// knowsToken compares with every token in constant time.
func (w *Webhook) knowsToken(token string) bool {
	sum, found := tokenSum(token), 0
	for _, known := range w.tokens {
		found |= subtle.ConstantTimeCompare(sum[:], known[:])
	}
	return found == 1
}

func plainChallenge(s string) bool {
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return s != "" && len(s) <= maxChallenge
}

func (w *Webhook) receive(rw http.ResponseWriter, r *http.Request, conn *http.ResponseController) {
	if len(r.TransferEncoding) > 0 {
		// It may have had a length too, which net/http drops: whoever believed that must not find another request behind it.
		rw.Header().Set("Connection", "close")
	}
	if status, reason := refusal(r); status != 0 {
		w.reject(rw, r, status, reason)
		return
	}
	if !w.cfg.IngestOnly && w.state.Load() != runRunning {
		w.warnNobodyRuns()
		w.reject(rw, r, http.StatusServiceUnavailable, "not_running")
		return
	}
	buf := bodies.Get().(*[]byte)
	defer release(buf)
	if status, reason := w.readBody(rw, r, buf); status != 0 {
		w.reject(rw, r, status, reason)
		return
	}
	_ = conn.SetReadDeadline(time.Time{}) // else it would end the request's context
	secret, err := w.signatures.verify(*buf, r.Header[signatureHeader][0])
	if err != nil {
		w.reject(rw, r, http.StatusUnauthorized, "signature")
		return
	}
	w.store(rw, r, *buf, secret)
}

// refusal judges the request by its headers, before anything is read.
func refusal(r *http.Request) (status int, reason string) {
	h := r.Header
	switch {
	case len(h[signatureHeader]) != 1 || !signatureFormed(h[signatureHeader][0]):
		return http.StatusUnauthorized, "signature"
	case len(h["Content-Encoding"]) > 0:
		return http.StatusUnsupportedMediaType, "content_encoding"
	case len(h["Content-Type"]) != 1 || !isJSON(h["Content-Type"][0]):
		return http.StatusUnsupportedMediaType, "content_type"
	case r.ContentLength > maxWebhookBody:
		return http.StatusRequestEntityTooLarge, "too_large"
	}
	return 0, ""
}

func signatureFormed(header string) bool {
	_, ok := decodeSignature(header)
	return ok
}

func isJSON(contentType string) bool {
	if contentType == "application/json" {
		return true
	}
	t, _, err := mime.ParseMediaType(contentType)
	return err == nil && t == "application/json"
}

// bodies are buffers of requests. Events never point into them.
var bodies = sync.Pool{New: func() any { return new(make([]byte, 0, 4<<10)) }}

func release(buf *[]byte) {
	if cap(*buf) <= keptBuffer {
		*buf = (*buf)[:0]
		bodies.Put(buf)
	}
}

// readBody reads the whole body into buf. It takes memory as bytes come, not as a header promises.
func (w *Webhook) readBody(rw http.ResponseWriter, r *http.Request, buf *[]byte) (status int, reason string) {
	err := readInto(buf, r.Body, keptBuffer)
	if errors.Is(err, errTooLarge) {
		select {
		case w.large <- struct{}{}:
			defer func() { <-w.large }()
			err = readInto(buf, r.Body, maxWebhookBody)
		case <-time.After(readTimeout):
			return http.StatusServiceUnavailable, "busy"
		case <-r.Context().Done():
		}
	}
	switch {
	case errors.Is(err, errTooLarge):
		rw.Header().Set("Connection", "close")
		return http.StatusRequestEntityTooLarge, "too_large"
	case err != nil:
		rw.Header().Set("Connection", "close")
		return http.StatusRequestTimeout, "body"
	}
	return 0, ""
}

var errTooLarge = errors.New("wacloud: webhook body too large")

// readInto appends body to buf until its end, or returns errTooLarge when there is more than limit.
func readInto(buf *[]byte, body io.Reader, limit int) error {
	for b := *buf; ; *buf = b {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := body.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		*buf = b
		switch {
		case len(b) > limit:
			return errTooLarge
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// store puts the events of a signed body into the inbox and answers.
func (w *Webhook) store(rw http.ResponseWriter, r *http.Request, body []byte, secret int) {
	events := w.events(body, w.owners[secret])
	start, ctx := time.Now(), r.Context()
	if !w.memory { // which never waits
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, putTimeout)
		defer cancel()
	}
	w.nameUsers(ctx, events)
	result, err := w.cfg.Inbox.Put(ctx, events)
	w.observePut(ctx, secret, events, result, time.Since(start))
	switch {
	case errors.Is(err, ErrInboxFull):
		w.reject(rw, r, http.StatusServiceUnavailable, "full")
	case err != nil:
		w.log.ErrorContext(ctx, "wacloud: the inbox refused a webhook; Meta will deliver it again", "error", err)
		w.reject(rw, r, http.StatusServiceUnavailable, "inbox")
	default:
		rw.WriteHeader(http.StatusOK)
	}
}

// events are those of a signed body, at least one.
func (w *Webhook) events(body []byte, app *App) []Event {
	events, err := ParseWebhook(body)
	if err != nil {
		events, _ = ParseWebhook(wire.AppendString(nil, string(body))) // one unknown event that holds it as a string
	}
	if app == nil {
		return events
	}
	for i := range events {
		if e := &events[i]; !app.Owns(e.BusinessAccountID, e.PhoneNumberID) {
			e.disown()
			w.observe(context.Background(), Measurement{Metric: MetricDisowned, Value: 1, Label: app.ID})
		}
	}
	return events
}

// nameUsers gives the events of a user the same lane whichever name Meta sent.
func (w *Webhook) nameUsers(ctx context.Context, events []Event) {
	for i := range events {
		if err := w.users.resolve(ctx, &events[i]); err != nil {
			w.log.WarnContext(ctx, "wacloud: cannot look up a user; their events may be handled out of order for a while", "error", err)
			return
		}
	}
}

func (w *Webhook) observePut(ctx context.Context, secret int, events []Event, result PutResult, took time.Duration) {
	if w.cfg.Observer == nil {
		return
	}
	w.observe(ctx, Measurement{Metric: MetricSecretIndex, Value: 1, Label: strconv.Itoa(secret)})
	w.observe(ctx, Measurement{Metric: MetricPutDuration, Value: took.Seconds()})
	w.observe(ctx, Measurement{Metric: MetricBatchSize, Value: float64(len(events))})
	if result.Duplicates > 0 {
		w.observe(ctx, Measurement{Metric: MetricDuplicates, Value: float64(result.Duplicates), Label: commonKind(events)})
	}
}

// commonKind is the kind of all events. An inbox does not say which of them were duplicates, and a POST of Meta's hardly ever
// has several kinds.
func commonKind(events []Event) string {
	for i := range events {
		if events[i].Kind != events[0].Kind {
			return "mixed"
		}
	}
	return events[0].Kind.String()
}

// reject answers without a body that could tell a forger anything, and without a log line that they could flood.
func (w *Webhook) reject(rw http.ResponseWriter, r *http.Request, status int, reason string) {
	w.observe(r.Context(), Measurement{Metric: MetricWebhookRejected, Value: 1, Label: reason})
	rw.Header().Set("X-Content-Type-Options", "nosniff")
	if status == http.StatusServiceUnavailable {
		rw.Header().Set("Retry-After", "5")
	}
	rw.WriteHeader(status)
}

func (w *Webhook) warnNobodyRuns() {
	if !w.warned.Swap(true) {
		w.log.Error("wacloud: a webhook came and nobody handles events: call Webhook.Run, use Serve, or set IngestOnly; answering 503")
	}
}
