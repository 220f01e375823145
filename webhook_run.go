package wacloud

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

var errWebhookRan = errors.New("wacloud: webhook run: it was run before; a webhook runs once")

// Run handles the events of the inbox until ctx ends: each is bound to its client, so that its methods answer it, and
// given to the handler. Then it lets running handlers finish (see [RunConfig]) and returns nil. From then on the webhook
// answers 503 to POSTs. It can be called once.
func (w *Webhook) Run(ctx context.Context) error {
	if !w.state.CompareAndSwap(runNotStarted, runRunning) {
		return errWebhookRan
	}
	defer context.AfterFunc(ctx, func() { w.state.Store(runEnded) })()
	defer w.state.Store(runEnded)
	return w.run(ctx)
}

func (w *Webhook) run(ctx context.Context) error {
	if isAbsent(w.cfg.Handler) {
		return errors.New("wacloud: webhook run: no handler")
	}
	cfg := w.cfg.RunConfig
	cfg.Handler = HandlerFunc(w.handle)
	cfg.Failed = w.failed
	cfg.store = w.cfg.Store
	cfg.report = w.report
	if w.cfg.Observer != nil {
		observing, stop := context.WithCancel(ctx)
		var watch sync.WaitGroup
		watch.Go(func() { w.observeInbox(observing) })
		defer watch.Wait()
		defer stop()
	}
	defer w.startSweeps(ctx)()
	err := w.cfg.Inbox.Run(ctx, cfg)
	w.tellLoss()
	return err
}

// handle is the inbox's handler. e is the attempt's own copy.
func (w *Webhook) handle(ctx context.Context, e *Event) error {
	w.bind(ctx, e)
	if skip, err := w.prepare(ctx, e); skip || err != nil {
		return err
	}
	if w.cfg.Observer == nil {
		return w.cfg.Handler.Handle(ctx, e)
	}
	start := time.Now()
	if !e.Timestamp.IsZero() {
		w.observeEvent(ctx, e, MetricEventLag, start.Sub(e.Timestamp).Seconds())
	}
	err := w.cfg.Handler.Handle(ctx, e)
	w.observeEvent(ctx, e, MetricHandled, time.Since(start).Seconds())
	return err
}

// prepare does what comes before the handler, step by step, or says that the handler has nothing to see.
func (w *Webhook) prepare(ctx context.Context, e *Event) (skip bool, err error) {
	if w.storeOf(e) == nil {
		return false, nil // nothing is on record
	}
	if err := errors.Join(w.users.learn(ctx, e), w.users.resolve(ctx, e)); err != nil {
		return false, fmt.Errorf("wacloud: name the user: %w", err)
	}
	store, err := readAhead(ctx, w.storeOf(e), append(answerKeys(e), windowKeys(e)...)...)
	if err != nil {
		return false, fmt.Errorf("wacloud: look the user up: %w", err)
	}
	if err := w.noteWindow(ctx, store, e); err != nil {
		return false, fmt.Errorf("wacloud: record window: %w", err)
	}
	stale, err := w.mergeStatus(ctx, e)
	if err != nil {
		return false, err
	}
	if err := w.settleStatus(ctx, e); err != nil || stale {
		return stale, err
	}
	if err := w.noteBroadcast(ctx, store, e); err != nil {
		return false, err
	}
	if err := resolveAnswer(ctx, store, e); err != nil {
		return false, fmt.Errorf("wacloud: typed answer: %w", err)
	}
	return false, nil
}

// failed tells the handler of an event that was given up.
func (w *Webhook) failed(ctx context.Context, e *Event, err error) {
	if h, ok := w.cfg.Handler.(FailureHandler); ok {
		w.bind(ctx, e)
		_ = w.users.resolve(ctx, e) // the event is answered all the same
		resolveRecorded(ctx, w.storeOf(e), e)
		h.HandleFailed(ctx, e, err)
	}
}

// bind gives e the client of its number, or none.
func (w *Webhook) bind(ctx context.Context, e *Event) {
	if e.binding == nil { // an inbox that does not use Deliver
		e.binding = new(binding)
	}
	e.binding.client = w.clientFor(ctx, e)
}

func (w *Webhook) clientFor(ctx context.Context, e *Event) *Client {
	switch {
	case e.PhoneNumberID == "", e.Kind == KindUnknown: // of an app that does not own it, perhaps
		return nil
	case w.cfg.Client == nil:
		return w.foundClient(ctx, e)
	case w.cfg.Client.PhoneNumberID() != e.PhoneNumberID:
		w.log.WarnContext(ctx, "wacloud: an event came for a number that has no client: it cannot be answered",
			"wa.phone_number_id", e.PhoneNumberID)
		return nil
	}
	return w.cfg.Client
}

// foundClient is what Clients has for the event, for the event's own number.
func (w *Webhook) foundClient(ctx context.Context, e *Event) *Client {
	c, err := w.cfg.Clients.ClientFor(ctx, e)
	if err == nil && c != nil && c.PhoneNumberID() != e.PhoneNumberID {
		c, err = c.ForNumber(e.PhoneNumberID)
	}
	if err != nil || c == nil {
		w.log.WarnContext(ctx, "wacloud: no client for an event: it cannot be answered",
			"wa.phone_number_id", e.PhoneNumberID, "error", err)
		return nil
	}
	return c
}

// report counts and logs what went wrong with an event. The error is a callback's, which may have put a number into it.
func (w *Webhook) report(ctx context.Context, e *Event, m Metric, err error) {
	w.observe(ctx, Measurement{Metric: m, Value: 1, PhoneNumberID: e.PhoneNumberID, Label: e.Kind.String(), Route: failedRoute(e, m, err)})
	switch m {
	case MetricHandlerPanics:
		if p, ok := errors.AsType[*panicError](err); ok {
			w.log.ErrorContext(ctx, "wacloud: a handler panicked", "event", e, "error", maskText(err.Error()), "stack", string(p.stack))
		}
	case MetricDeadLetters:
		w.log.ErrorContext(ctx, "wacloud: an event was given up; it is a dead letter", "event", e, "error", maskText(err.Error()))
	case MetricHandlerErrors:
		w.log.WarnContext(ctx, "wacloud: a handler failed", "event", e, "attempt", e.Attempt, "error", maskText(err.Error()))
	case MetricLeasesLost:
		w.log.WarnContext(ctx, "wacloud: a handler lost its lease: another worker may handle the event again", "event", e)
	case MetricHandlerStuck:
		w.log.ErrorContext(ctx, "wacloud: a handler does not return after its context ended", "event", e)
	default: // counted, not logged
	}
}

// failedRoute is the route of an event whose handler has returned: one that is stuck may still be on its way to a route.
func failedRoute(e *Event, m Metric, err error) string {
	if (m == MetricHandlerErrors || m == MetricHandlerPanics) && !errors.Is(err, errStuck) {
		return routeName(e.Route())
	}
	return ""
}

func (w *Webhook) observeEvent(ctx context.Context, e *Event, m Metric, value float64) {
	label := e.Kind.String()
	w.observe(ctx, Measurement{Metric: m, Value: value, PhoneNumberID: e.PhoneNumberID, Label: label})
}

// tellLoss says how much an inbox in memory still holds at the end.
func (w *Webhook) tellLoss() {
	if !w.memory {
		return
	}
	if stats, _ := w.cfg.Inbox.Stats(context.Background()); stats.Depth > 0 {
		w.log.Warn("wacloud: the inbox in memory still holds events", slog.Int("depth", stats.Depth))
	}
}
