package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wacloud/wacloud"
)

// Number is a business phone number.
type Number struct {
	ID                string // digits, the path of its endpoints
	Display           string // the number itself
	BusinessAccountID string
}

// Config configures an [Engine].
type Config struct {
	Numbers     []Number // required
	Token       string   // the only bearer that is taken
	AppSecret   string   // signs the webhooks
	VerifyToken string
	BaseURL     string           // where the engine is served, for the addresses of media
	Now         func() time.Time // defaults to time.Now
	Policy      Policy
	Run         string // is part of the message ids, so that those of two runs differ: a bot remembers them
	Keep        int    // messages per chat, calls, deliveries and sent messages that are kept, defaults to 1000 of each
	KeepChats   int    // chats and users that are kept, defaults to 10,000
	KeepBytes   int    // of media and, apart, of chats, defaults to 256 MiB
}

// Engine plays Meta. It is an [http.Handler] for the Graph API's paths, without a base path before the version. It is
// safe for concurrent use and holds a bounded number of everything.
type Engine struct {
	cfg      Config
	mux      *http.ServeMux
	faults   faults
	target   target
	schedule *schedule
	offset   atomic.Int64 // of the simulated clock

	mu      sync.Mutex
	policy  Policy
	changed chan struct{} // closed and replaced at every change
	users   directory
	chats   map[chatKey]*chat
	oldest  []chatKey // chats in the order in which they began
	byID    map[string]*Message
	bytes   int // of all chats
	sent    ring[wacloud.Outgoing]
	calls   ring[Call]
	posts   ring[Delivery]
	media   mediaStore
	seq     int
	inbound int
	out     int
	entries int

	throughput map[string]*bucket // by number

	rev        int // counts the changes; what changed carries the number of its last one
	policyRev  int
	clockRev   int
	generation int // counts what was forgotten
}

// New returns an engine.
func New(cfg Config) (*Engine, error) {
	if len(cfg.Numbers) == 0 || cfg.Token == "" || cfg.AppSecret == "" {
		return nil, errors.New("graph: a number, a token and an app secret are required")
	}
	if strings.HasPrefix(cfg.Token, realTokenPrefix) {
		return nil, errors.New("graph: the token looks like a real one: use an invented one")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Keep <= 0 {
		cfg.Keep = 1000
	}
	if cfg.KeepChats <= 0 {
		cfg.KeepChats = 10_000
	}
	if cfg.KeepBytes <= 0 {
		cfg.KeepBytes = 256 << 20
	}
	e := &Engine{
		cfg:     cfg,
		changed: make(chan struct{}),
		users:   directory{byPhone: map[string]*User{}, byID: map[string]*User{}},
		chats:   map[chatKey]*chat{},
		byID:    map[string]*Message{},
		sent:    newRing[wacloud.Outgoing](cfg.Keep),
		calls:   newRing[Call](cfg.Keep),
		posts:   newRing[Delivery](cfg.Keep),
		media:   mediaStore{max: cfg.KeepBytes},

		policy:     cfg.Policy,
		schedule:   newSchedule(),
		throughput: map[string]*bucket{},
	}
	e.mux = e.routes()
	return e, nil
}

// Close waits for the webhooks that are under way or scheduled.
func (e *Engine) Close() { e.schedule.wait() }

// Stop drops what is scheduled, breaks off what is under way, and waits for its end. Nothing is scheduled any more.
func (e *Engine) Stop() {
	e.schedule.stop()
	e.schedule.wait()
	e.Touch()
}

// at runs do, which holds so many bytes, at a time, in the background, unless too much waits already.
func (e *Engine) at(due time.Time, size int, do func(ctx context.Context)) (ok bool) {
	return e.schedule.at(due, size, do, e.Touch)
}

func (e *Engine) nextRev() int {
	e.rev++
	return e.rev
}

// Changed is closed at the next change of anything: take it, look, then wait.
func (e *Engine) Changed() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.changed
}

// Touch wakes everybody who waits for [Engine.Changed].
func (e *Engine) Touch() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.touch()
}

func (e *Engine) touch() {
	close(e.changed)
	e.changed = make(chan struct{})
}

// SetBaseURL replaces [Config.BaseURL] once it is known.
func (e *Engine) SetBaseURL(baseURL string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cfg.BaseURL = baseURL
}

// Numbers returns the business's numbers.
func (e *Engine) Numbers() []Number { return e.cfg.Numbers }

// Number finds a number by its id.
func (e *Engine) Number(id string) (Number, bool) {
	for _, n := range e.cfg.Numbers {
		if n.ID == id {
			return n, true
		}
	}
	return Number{}, false
}

// Sent returns the messages that were accepted, in order.
func (e *Engine) Sent() []wacloud.Outgoing {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.sent.all()
}

func (e *Engine) nextInbound() string {
	e.inbound++
	return fmt.Sprintf("wamid.%sIN%04d", e.cfg.Run, e.inbound)
}

func (e *Engine) nextOutbound() string {
	e.out++
	return fmt.Sprintf("wamid.%sOUT%04d", e.cfg.Run, e.out)
}
