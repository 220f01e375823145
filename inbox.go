package wacloud

import (
	"context"
	"errors"
	"time"
)

// An Inbox keeps events from the moment the webhook has them until a handler is done with them.
type Inbox interface {
	// Put stores the events that it has not seen before. When it returns nil they are durable.
	Put(ctx context.Context, events []Event) (PutResult, error)
	// Run hands events to cfg.Handler, one at a time per [Event.Key], oldest first, keys in parallel, until ctx ends;
	// then it lets the running handlers finish and returns nil.
	Run(ctx context.Context, cfg RunConfig) error
	Stats(ctx context.Context) (InboxStats, error)
	// DeadLetters returns up to limit events that were given up, in order of id, after the given id.
	DeadLetters(ctx context.Context, after string, limit int) ([]DeadLetter, error)
	// Redrive puts a dead letter back in its lane.
	Redrive(ctx context.Context, id string) error
	Close() error
}

// PutResult counts what [Inbox.Put] did.
type PutResult struct {
	Stored     int
	Duplicates int
}

// ErrInboxFull is what Put returns when the inbox holds as many bytes as it may. The webhook answers 503, and Meta
// delivers again.
var ErrInboxFull = errors.New("wacloud: inbox full")

// InboxStats is a snapshot of an inbox.
type InboxStats struct {
	Depth       int           // events stored and not done, dead letters not counted
	Bytes       int64         // stored by them
	OldestAge   time.Duration // of the oldest event not done
	Running     int           // handlers running now
	DeadLetters int
	IDs         int // of events, remembered to recognise what Meta delivers again
}

// A DeadLetter is an event that was given up.
type DeadLetter struct {
	ID       string // for [Inbox.Redrive]
	Event    Event
	Error    string // without personal data as far as the handler's error has none
	Attempts int
	FailedAt time.Time
}

// RunConfig says how an inbox hands its events out. [Webhook.Run] fills Handler and Failed. Zero fields are their
// defaults.
type RunConfig struct {
	Handler     Handler
	Workers     int // handlers at once, defaults to 64
	MaxAttempts int // defaults to 5
	// Backoff is the delay after the first, second, … failure, ±20 %. It defaults to 1, 4, 15, 60 s; the last repeats.
	Backoff        []time.Duration
	HandlerTimeout time.Duration // of one attempt, defaults to 60 s; see [Extend]
	DrainTimeout   time.Duration // for running handlers when Run's context ends, defaults to 10 s
	// Failed is called with an event that was given up, after it is a dead letter. Optional.
	Failed func(ctx context.Context, e *Event, err error)

	store  Store  // where sends are recorded; else the client's
	scope  string // of the records
	report func(ctx context.Context, e *Event, m Metric, err error)
}

// WithDefaults returns cfg with every zero or negative field set to its default. For implementations of [Inbox].
func (cfg RunConfig) WithDefaults() RunConfig {
	cfg.Workers = positiveOr(cfg.Workers, 64)
	cfg.MaxAttempts = positiveOr(cfg.MaxAttempts, 5)
	cfg.HandlerTimeout = positiveOr(cfg.HandlerTimeout, time.Minute)
	cfg.DrainTimeout = positiveOr(cfg.DrainTimeout, 10*time.Second)
	if len(cfg.Backoff) == 0 {
		cfg.Backoff = []time.Duration{time.Second, 4 * time.Second, 15 * time.Second, time.Minute}
	}
	return cfg
}

func positiveOr[T ~int | ~int64](v, def T) T {
	if v > 0 {
		return v
	}
	return def
}

// A Lease is an inbox's hold on the event that a handler runs for. Implementations are safe for concurrent use.
type Lease interface {
	// Extend prolongs the lease to at least d from now, or returns [ErrLeaseLost].
	Extend(ctx context.Context, d time.Duration) error
	// Lost is closed when another worker may have the event.
	Lost() <-chan struct{}
}

// An Outcome is what an inbox does with an event after one attempt.
type Outcome struct {
	Done  bool          // the handler returned nil: forget the event
	Dead  bool          // do not try again: make it a dead letter
	Cut   bool          // the handlers' context ended: try again in the next Run, and do not count the attempt
	Delay time.Duration // else: try again after this
	Err   error         // what the handler returned, or its panic
}
