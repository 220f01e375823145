package wacloudtest

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/internal/graph"
)

// Serve builds a webhook with a [wacloud.MemoryInbox] for h, runs it until the test ends, lets the users talk to it and
// returns it. An event is tried once: what its handler fails with is what [Expect] reports, and what nobody took with
// [Server.HandlerErrors] fails the test when it ends. Each change may alter the configuration first: inbox, store, retries
// (then an answer is waited for until the event is given up).
func (s *Server) Serve(h wacloud.Handler, change ...func(*wacloud.WebhookConfig)) *wacloud.Webhook {
	s.tb.Helper()
	b := &bot{touch: s.engine.Touch, started: make(chan struct{}), pending: map[string]bool{}, seen: map[string]bool{}}
	cfg := wacloud.WebhookConfig{
		AppSecrets: s.Config().AppSecrets, VerifyToken: s.Config().VerifyToken,
		Handler: h, Inbox: wacloud.NewMemoryInbox(), RunConfig: wacloud.RunConfig{MaxAttempts: 1},
		Logger: slog.New(slog.NewTextHandler(logWriter{s.tb}, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	if len(s.cfg.numbers) == 1 {
		cfg.Client = s.Client()
	} else {
		cfg.Clients = oneClient{s.Client()}
	}
	for _, f := range change {
		f(&cfg)
	}
	cfg.Handler = &watchedHandler{cfg.Handler, b}
	cfg.Inbox = &watchedInbox{cfg.Inbox, b}
	hook, err := wacloud.NewWebhook(cfg)
	if err != nil {
		s.tb.Fatalf("wacloudtest: serve: %v", err)
		return nil
	}
	s.mu.Lock()
	s.bot = b
	s.mu.Unlock()
	if !cfg.IngestOnly {
		s.run(hook, b)
	}
	s.connectHandler(hook)
	return hook
}

// oneClient answers for all numbers: the webhook turns it into the client of the event's number.
type oneClient struct{ client *wacloud.Client }

func (c oneClient) ClientFor(context.Context, *wacloud.Event) (*wacloud.Client, error) {
	return c.client, nil
}

// run runs the webhook until the test ends; it returns when events are handled.
func (s *Server) run(hook *wacloud.Webhook, b *bot) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- hook.Run(ctx) }()
	s.tb.Cleanup(func() {
		s.engine.Close()
		cancel()
		if err := <-done; err != nil {
			s.tb.Errorf("wacloudtest: the webhook stopped: %v", err)
		}
		for _, err := range b.takeErrors() {
			s.tb.Errorf("wacloudtest: a handler failed: %v", err)
		}
	})
	select {
	case <-b.started:
	case err := <-done:
		done <- err
	}
}

// Connect lets the users talk to a webhook that the test runs itself. The kit cannot see when its handlers are done: waiting
// for nothing takes a tenth of a second.
func (s *Server) Connect(webhook http.Handler) {
	s.mu.Lock()
	s.bot = nil
	s.mu.Unlock()
	s.connectHandler(webhook)
}

// ConnectURL lets the users talk to a webhook at an address, as Connect does.
func (s *Server) ConnectURL(url string) {
	s.mu.Lock()
	s.bot = nil
	s.mu.Unlock()
	s.engine.Connect(url, nil)
}

func (s *Server) connectHandler(h http.Handler) {
	s.tb.Helper()
	if s.cfg.inMemory {
		s.engine.Connect("https://bot.invalid/webhook", graph.InProcess{Handler: h})
		return
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		s.tb.Fatalf("wacloudtest: connect: %v", err)
		return
	}
	client := s.listen(listener, h)
	s.engine.Connect("http://"+listener.Addr().String()+"/webhook", client.Transport)
}

// HandlerErrors returns what the handlers of [Server.Serve] failed with since the last call, and forgets it.
func (s *Server) HandlerErrors() []error {
	if b := s.served(); b != nil {
		return b.takeErrors()
	}
	return nil
}

// A Delivery is one webhook that the bot got.
type Delivery struct {
	Body   []byte
	Status int   // of the bot's answer, 0 when there was none
	Err    error // why there was none
}

// Deliveries returns what the bot got, in order. Beyond a thousand the oldest are forgotten.
func (s *Server) Deliveries() []Delivery {
	var all []Delivery
	for _, d := range s.engine.Deliveries() {
		all = append(all, Delivery{d.Body, d.Status, d.Err})
	}
	return all
}

// Deliver signs a webhook body, posts it to the bot and returns its answer, whatever it is.
func (s *Server) Deliver(body []byte) Delivery {
	d := s.engine.Send(context.Background(), body)
	return Delivery{d.Body, d.Status, d.Err}
}

// DeliverSigned is Deliver with a signature header of the caller's, to try a wrong one.
func (s *Server) DeliverSigned(body []byte, signature string) Delivery {
	d := s.engine.Post(context.Background(), body, signature)
	return Delivery{d.Body, d.Status, d.Err}
}

func (s *Server) served() *bot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bot
}

// bot follows the events of a served handler, so that nobody has to guess when it is done.
type bot struct {
	touch   func()
	started chan struct{}
	once    sync.Once

	mu      sync.Mutex
	pending map[string]bool // stored and not done
	seen    map[string]bool
	errs    []error
}

func (b *bot) idle() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.pending) == 0
}

func (b *bot) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.errs = append(b.errs, err)
}

func (b *bot) takeErrors() []error {
	b.mu.Lock()
	defer b.mu.Unlock()
	errs := b.errs
	b.errs = nil
	return errs
}

// begin returns the ids that are new.
func (b *bot) begin(events []wacloud.Event) (fresh []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range events {
		if id := events[i].ID; !b.seen[id] {
			b.seen[id], b.pending[id] = true, true
			fresh = append(fresh, id)
		}
	}
	return fresh
}

// end touches before and after, so that [Server.idle] notices an end between its two looks.
func (b *bot) end(ids ...string) {
	b.touch()
	b.mu.Lock()
	for _, id := range ids {
		delete(b.pending, id)
	}
	b.mu.Unlock()
	b.touch()
}

func (b *bot) forget(ids []string) {
	b.mu.Lock()
	for _, id := range ids {
		delete(b.seen, id)
	}
	b.mu.Unlock()
	b.end(ids...)
}

// watchedInbox sees what is stored.
type watchedInbox struct {
	wacloud.Inbox
	bot *bot
}

func (in *watchedInbox) Put(ctx context.Context, events []wacloud.Event) (wacloud.PutResult, error) {
	fresh := in.bot.begin(events) // before, because a handler may be done before Put returns
	result, err := in.Inbox.Put(ctx, events)
	switch {
	case err != nil:
		in.bot.forget(fresh)
	case result.Stored == 0: // the inbox knew them from somewhere else
		in.bot.end(fresh...)
	}
	return result, err
}

// Run sees what is done, also where the webhook kept an event from the handler, a status that is stale for example.
func (in *watchedInbox) Run(ctx context.Context, cfg wacloud.RunConfig) error {
	in.bot.once.Do(func() { close(in.bot.started) })
	handle := cfg.Handler
	cfg.Handler = wacloud.HandlerFunc(func(ctx context.Context, e *wacloud.Event) error {
		err := handle.Handle(ctx, e)
		if err == nil {
			in.bot.end(e.ID)
		}
		return err
	})
	return in.Inbox.Run(ctx, cfg)
}

// watchedHandler sees what is given up.
type watchedHandler struct {
	wacloud.Handler
	bot *bot
}

func (h *watchedHandler) HandleFailed(ctx context.Context, e *wacloud.Event, err error) {
	defer h.bot.end(e.ID)
	h.bot.fail(fmt.Errorf("%s event: %w", e.Kind, err))
	if f, ok := h.Handler.(wacloud.FailureHandler); ok {
		f.HandleFailed(ctx, e, err)
	}
}

// logWriter writes the library's log to the test's.
type logWriter struct{ tb TB }

func (w logWriter) Write(line []byte) (int, error) {
	w.tb.Logf("%s", strings.TrimSuffix(string(line), "\n"))
	return len(line), nil
}
