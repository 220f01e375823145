package graph

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wacloud/wacloud"
)

// realTokenPrefix is how Meta's access tokens start. Such a token is refused and never stored.
const realTokenPrefix = "EAA"

// maxRequest bounds a request to the messages endpoint.
const maxRequest = 1 << 20

// Call is one request of the business and its answer. It holds no credentials.
type Call struct {
	ID        int // counts calls and deliveries, in the order in which they began
	At        time.Time
	Took      time.Duration
	Kind      string // [CallSend], [CallRead], [CallMedia] or [CallAny]
	Method    string
	Path      string
	Header    http.Header // of the request, without credentials
	Request   []byte      // of the messages endpoint only
	Status    int         // 0 when the connection was cut
	Answered  http.Header
	Response  []byte
	Problems  []wacloud.Problem // errors of a refused message, warnings of an accepted one
	Code      int               // of the refusal
	Details   string            // of the refusal
	MessageID string            // of the message that was accepted
	Chat      string            // number/user key
	Fault     string            // the kind of the fault that hit it; "fault" for one without a name

	rev int
}

// Calls returns the last requests, in order.
func (e *Engine) Calls() []Call {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.calls.all()
}

// answer is what a call gets.
type answer struct {
	status      int // 200 when 0
	contentType string
	body        []byte
	retryAfter  time.Duration

	// For the record.
	request   []byte
	problems  []wacloud.Problem
	code      int
	details   string
	messageID string
	chat      string
}

func jsonAnswer(v any) answer {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // our own types always marshal
	}
	return answer{body: body}
}

var success = answer{body: []byte(`{"success":true}`)}

func (e *Engine) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{version}/{number}/messages", e.messages)
	mux.HandleFunc("POST /{version}/{number}/marketing_messages", e.messages)
	mux.HandleFunc("POST /{version}/{number}/media", e.serve(CallMedia, e.upload))
	mux.HandleFunc("GET /{version}/{media}", e.serve(CallMedia, e.lookup))
	mux.HandleFunc("DELETE /{version}/{media}", e.serve(CallMedia, e.deleteMedia))
	mux.HandleFunc("GET "+mediaPath+"{media}", e.serve(CallMedia, e.download))
	mux.HandleFunc("/", e.serve(CallAny, func(r *http.Request, _ Fault) answer {
		return refusal{Code: 2500, Details: "There is no " + r.Method + " for this path here."}.answer()
	}))
	return mux
}

// ServeHTTP plays the Graph API.
func (e *Engine) ServeHTTP(w http.ResponseWriter, r *http.Request) { e.mux.ServeHTTP(w, r) }

// messages tells a message from a mark as read by its body.
func (e *Engine) messages(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			e.serve(CallSend, func(*http.Request, Fault) answer {
				return refusal{Code: 100, Details: "The request is larger than 1 MiB."}.answer()
			})(w, r)
			return
		}
		panic(http.ErrAbortHandler)
	}
	if isReceipt(body) {
		e.serve(CallRead, func(r *http.Request, _ Fault) answer { return e.receipt(r, body) })(w, r)
		return
	}
	e.serve(CallSend, func(r *http.Request, f Fault) answer { return e.send(r, body, f) })(w, r)
}

// serve wraps a call with what all have in common: the bearer, the version, the number, faults and the record.
func (e *Engine) serve(call string, do func(r *http.Request, f Fault) answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		record := Call{ID: e.nextEntry(), At: e.Now(), Kind: call, Method: r.Method, Path: r.URL.Path}
		start := time.Now()
		defer func() {
			record.Took = time.Since(start)
			e.recordCall(record)
		}()
		a, ok := e.admit(r)
		if ok {
			record.Header = shown(r.Header)
			fault := e.faults.take(call)
			record.Fault = fault.name()
			if a, ok = fault.before(r.Context()); ok {
				a = do(r, fault)
				record.note(a)
			}
			if fault.CutAfter {
				panic(http.ErrAbortHandler)
			}
		}
		if a.status == 0 {
			a.status = http.StatusOK
		}
		a.head(w.Header())
		record.Status, record.Response, record.Answered = a.status, a.body, shown(w.Header())
		record.Code, record.Details = a.code, a.details
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body) // a client that went away has no use for an error
	}
}

func (c *Call) note(a answer) {
	c.Request, c.Problems, c.MessageID, c.Chat = a.request, a.problems, a.messageID, a.chat
}

// nextEntry numbers calls and deliveries as they begin: a webhook comes before what the bot does about it, also where the
// bot does it first and answers then.
func (e *Engine) nextEntry() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.entries++
	return e.entries
}

func (e *Engine) recordCall(c Call) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c.rev = e.nextRev()
	e.calls.add(c, len(c.Request)+len(c.Response))
	e.touch()
}

// shown is the part of a header that is shown to people: nothing that could hold a credential.
func shown(h http.Header) http.Header {
	out := http.Header{}
	for _, name := range []string{
		"Accept", "Content-Length", "Content-Type", "Date", "Location", "Retry-After", "Server", "User-Agent",
	} {
		if values := h.Values(name); len(values) > 0 {
			out[name] = values
		}
	}
	if h.Get("Authorization") != "" {
		out.Set("Authorization", "Bearer [redacted]")
	}
	return out
}

// head sets the headers of an answer.
func (a answer) head(h http.Header) {
	if a.contentType == "" {
		a.contentType = "application/json; charset=UTF-8"
	}
	h.Set("Content-Type", a.contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	if a.retryAfter > 0 {
		seconds := (a.retryAfter + time.Second - 1) / time.Second
		h.Set("Retry-After", strconv.FormatInt(int64(seconds), 10))
	}
}

// admit checks what every call must have.
func (e *Engine) admit(r *http.Request) (answer, bool) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case !ok || token == "":
		return refusal{Code: 190, Details: "An access token is required to request this resource."}.answer(), false
	case strings.HasPrefix(token, realTokenPrefix):
		return refusal{Code: 190, Details: "This looks like a real access token. This is not Meta: it was not stored, " +
			"but treat it as seen and use the invented one."}.answer(), false
	case subtle.ConstantTimeCompare([]byte(token), []byte(e.cfg.Token)) != 1:
		return refusal{Code: 190, Details: "Invalid OAuth access token - Cannot parse access token."}.answer(), false
	}
	if version := r.PathValue("version"); version != "" && !isVersion(version) {
		return refusal{Code: 2500, Details: "The path starts with a version, such as v23.0."}.answer(), false
	}
	if number := r.PathValue("number"); number != "" {
		if _, ok := e.Number(number); !ok {
			return refusal{Code: 33, Details: "The business phone number does not exist: check the phone number id."}.answer(), false
		}
	}
	return answer{}, true
}

// isVersion reports whether s is v, digits, a dot, digits.
func isVersion(s string) bool {
	rest, ok := strings.CutPrefix(s, "v")
	major, minor, dot := strings.Cut(rest, ".")
	return ok && dot && isDigits(major) && isDigits(minor)
}

func isDigits(s string) bool { return s != "" && digits(s) == s }
