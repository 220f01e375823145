package wacloud

import (
	"errors"
	"time"
)

// Sentinels for what a caller does next. Match them with [errors.Is]; the whole story is in the [*APIError].
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

// APIError is every answer of the API that is not a success: Graph's error envelope, an HTML page of a proxy, a 200
// without a message id.
type APIError struct {
	StatusCode int
	Code       int // Graph's code, 0 when the body had none
	Subcode    int
	Type       string
	Message    string
	Details    string
	TraceID    string
	Transient  bool
	RetryAfter time.Duration
	Body       []byte // at most 64 KiB, as received
}

func (e *APIError) Error() string { panic("skeleton") }

// Is reports whether e belongs to one of the sentinels.
func (e *APIError) Is(target error) bool { panic("skeleton") }

// AmbiguousSendError says that a message may have been accepted: the request left, and no answer that settles it came
// back. The library does not repeat such a send.
type AmbiguousSendError struct {
	Err error
}

func (e *AmbiguousSendError) Error() string { panic("skeleton") }
func (e *AmbiguousSendError) Unwrap() error { return e.Err }

// SafeToRetry reports whether err proves that the message was not accepted.
func SafeToRetry(err error) bool { panic("skeleton") }
