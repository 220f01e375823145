package wacloud

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Sentinels for what a caller does next. Match them with [errors.Is]; the whole story is in the [*APIError], which
// errors.AsType finds.
var (
	ErrAuth          = errors.New("wacloud: credentials refused")            // mend the token or its permissions
	ErrRateLimited   = errors.New("wacloud: rate limited")                   // wait
	ErrWindowClosed  = errors.New("wacloud: customer service window closed") // send a template
	ErrUndeliverable = errors.New("wacloud: undeliverable")                  // this user cannot get this message
	ErrInvalid       = errors.New("wacloud: invalid request")                // mend the message; every *ValidationError is one
	ErrTemplate      = errors.New("wacloud: template refused")               // mend the template or its parameters
	ErrBlocked       = errors.New("wacloud: blocked by policy")              // a person has to look at the account
	ErrUnavailable   = errors.New("wacloud: service unavailable")            // try later

	ErrBadSignature = errors.New("wacloud: bad webhook signature")
	ErrUnbound      = errors.New("wacloud: event is not bound to a client") // see [Client.Bind]
	ErrLeaseLost    = errors.New("wacloud: lease lost")                     // another worker has the event now
	ErrNotFound     = errors.New("wacloud: not found")                      // a [Store] has no such key
)

// APIError is every answer of the API that is not a success: Graph's error envelope, an HTML page of a proxy, a
// redirect, a 200 without a message id. Branch on the sentinels with [errors.Is], or on Code; Message may change at any
// time (Meta, error codes, read 2025-12). Error gives code, status and fbtrace_id, with everything that looks like a
// token or a phone number masked; the fields hold what came.
type APIError struct { //nolint:recvcheck // Format and LogValue must hold for a value too
	StatusCode int    // of HTTP
	Code       int    // Graph's code, 0 when the body had none
	Subcode    int    // deprecated by Meta, 0 since v16
	Type       string // mostly "OAuthException"; empty when the body was not Graph's error envelope
	Message    string
	Details    string        // error_data.details, or error_data itself where it is a string
	TraceID    string        // fbtrace_id, which Meta's support asks for
	Transient  bool          // is_transient
	RetryAfter time.Duration // how long Meta asks to wait, 0 when it does not say; at most 24 hours
	Body       []byte        // at most 64 KiB, as received
}

func (e *APIError) Error() string {
	var b strings.Builder
	b.WriteString("wacloud: api: ")
	if s := e.sentinel(); s != nil {
		b.WriteString(strings.TrimPrefix(s.Error(), "wacloud: "))
		b.WriteString(": ")
	}
	switch {
	case e.Message != "":
		b.WriteString(maskText(e.Message))
	case e.StatusCode/100 == 2:
		b.WriteString("the answer has no message id and no error")
	default:
		b.WriteString(strings.ToLower(http.StatusText(e.StatusCode)))
	}
	if e.Details != "" && e.Details != e.Message {
		b.WriteString(": " + maskText(e.Details))
	}
	fmt.Fprintf(&b, " (code %d, http %d", e.Code, e.StatusCode)
	if e.RetryAfter > 0 {
		b.WriteString(", retry after " + e.RetryAfter.String())
	}
	if e.TraceID != "" {
		b.WriteString(", fbtrace_id " + clip(url.QueryEscape(e.TraceID), 64))
	}
	b.WriteByte(')')
	return b.String()
}

// Format prints Error, also for a value and for %#v and %d, which would print the fields.
func (e APIError) Format(f fmt.State, verb rune) { formatText(f, verb, e.Error()) }

// LogValue is Error.
func (e APIError) LogValue() slog.Value { return slog.StringValue(e.Error()) }

// Is reports whether e belongs to one of the sentinels. It goes by code; the HTTP status decides only where the code is
// absent or unknown.
func (e *APIError) Is(target error) bool {
	s := e.sentinel()
	return s != nil && s == target
}

func (e *APIError) sentinel() error {
	if s := e.info().class.sentinel(); s != nil {
		return s
	}
	switch {
	case e.Transient || e.StatusCode >= 500:
		return ErrUnavailable
	case e.StatusCode == http.StatusTooManyRequests:
		return ErrRateLimited
	case e.StatusCode == http.StatusUnauthorized:
		return ErrAuth
	case e.StatusCode >= 400:
		return ErrInvalid
	default:
		return nil
	}
}

// info is the row of the error's code. Without a code and an envelope there is none: a proxy's page is not code 0.
func (e *APIError) info() codeInfo {
	if e.Code == 0 && e.Type == "" {
		return codeInfo{}
	}
	return lookupCode(e.Code)
}

// repeat says whether a send with this answer may be repeated.
func (e *APIError) repeat() repeatRule {
	info := e.info()
	switch {
	case info.class != classUnknown && info.class != classTransient:
		return info.repeat
	case info.repeat == repeatNotDone,
		e.Transient && (e.StatusCode/100 == 4 || e.StatusCode == http.StatusServiceUnavailable):
		return repeatNotDone
	case e.StatusCode == http.StatusTooManyRequests:
		return repeatThrottled
	case info.repeat == repeatUnclear, e.StatusCode >= 500, e.StatusCode/100 == 2:
		return repeatUnclear
	default:
		return repeatNever
	}
}

// AmbiguousSendError says that a message may have been accepted: the request left, and no answer that settles it came
// back. The library does not repeat such a send, unless [RetryPolicy] has RetryUnclear. Err is the cause: a timeout, a
// broken connection, the caller's context, or the [*APIError] of a server fault.
//
// With a [Store] the send is on record until a status webhook settles it, or the policy of [WithUnknown] does. Without one
// the status of a message that was sent with [CallbackData] tells the caller.
type AmbiguousSendError struct {
	Err    error
	SendID string // as in the [Status] that settles it; empty without a [Store]
}

func (e *AmbiguousSendError) Error() string {
	return "wacloud: send: outcome unknown, the message may have been accepted: " + trimPrefix(e.Err)
}

func (e *AmbiguousSendError) Unwrap() error { return e.Err }

// SafeToRetry reports whether sending again cannot deliver the message twice and may help: the request never left, it
// was throttled, or Meta said that nothing was done. It is false for an [*AmbiguousSendError], and for answers that
// would only come again.
func SafeToRetry(err error) bool {
	if _, ambiguous := errors.AsType[*AmbiguousSendError](err); ambiguous {
		return false
	}
	rule := ruleOf(err)
	return rule == repeatThrottled || rule == repeatPair || rule == repeatNotDone
}

// trimPrefix is the text of err without the library's name, for use inside another of its errors.
func trimPrefix(err error) string {
	if err == nil {
		return "unknown"
	}
	return strings.TrimPrefix(err.Error(), "wacloud: ")
}
