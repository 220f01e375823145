package wacloud

import (
	"context"
	"errors"
	"time"
)

// An Observer gets the library's measurements, for a metrics system. It is called synchronously from many goroutines and
// must not block. No measurement holds personal data or secrets.
type Observer interface {
	Observe(ctx context.Context, m Measurement)
}

// Metric names a [Measurement].
type Metric string

// A Measurement is one observation: a count of 1 or more, a gauge, or seconds, as the metric's comment says.
type Measurement struct {
	Metric        Metric
	Value         float64
	PhoneNumberID string // of the business, where there is one
	Label         string // what the metric's comment says: a reason, a kind, a code
	Route         string // kind and pattern of the route that took the event, as in "reply order:{id}", where the metric has one
}

// The metrics of a [Webhook], of its inbox and handlers. Users are in none of them.
const (
	MetricWebhookRejected Metric = "wa.webhook.rejected"   // count of requests not answered 200; label: reason
	MetricDisowned        Metric = "wa.webhook.disowned"   // count of events that the signing app does not own; label: its id
	MetricSecretIndex     Metric = "wa.webhook.secret"     // count of webhooks; label: index of the secret that matched
	MetricPutDuration     Metric = "wa.inbox.put.duration" // seconds until the events of one POST were stored or refused
	MetricBatchSize       Metric = "wa.inbox.batch.size"   // events of one POST
	MetricDuplicates      Metric = "wa.inbox.duplicates"   // count of events that were stored before; label: event kind, or "mixed" for a POST with several
	MetricEventLag        Metric = "wa.event.lag"          // seconds between Meta's timestamp and the handler; label: event kind
	MetricHandled         Metric = "wa.handler.duration"   // seconds of one attempt; label: event kind
	MetricHandlerErrors   Metric = "wa.handler.errors"     // count of attempts that failed; label: event kind; with the route
	MetricHandlerPanics   Metric = "wa.handler.panics"     // count, each an error too; label: event kind; with the route
	MetricHandlerStuck    Metric = "wa.handler.stuck"      // count of handlers that did not end; label: event kind
	MetricLeasesLost      Metric = "wa.inbox.leases.lost"  // count of attempts whose event another worker may have; label: event kind
	MetricDeadLetters     Metric = "wa.inbox.dead_letters" // count of events that were given up; label: event kind
)

// The gauges of the inbox, which [Webhook.Run] reports every 15 seconds. They are of the whole inbox: processes that share
// one report the same, so take the maximum and not the sum.
const (
	MetricInboxDepth      Metric = "wa.inbox.depth"             // events stored and not done, dead letters not counted
	MetricOldestAge       Metric = "wa.inbox.oldest.age"        // seconds since the oldest of them was stored: the one to alert on
	MetricKeysLeased      Metric = "wa.inbox.keys.leased"       // users, or other lanes, that a handler runs for
	MetricStoreSize       Metric = "wa.store.size"              // bytes of the events that are not done
	MetricDeadLettersKept Metric = "wa.inbox.dead_letters.kept" // events that were given up and neither redriven nor purged
	MetricDedupeIDs       Metric = "wa.dedupe.ids"              // ids of events remembered to recognise repeats
)

// The metrics of a [Client] with [WithObserver]. They are of messages only, not of marks as read or of media. An error is
// labelled with Graph's code, or else "http_502", "timeout" or the type of the innermost error.
const (
	MetricSendDuration  Metric = "wa.send.duration"  // seconds of one Send with its repetitions; label: "ok" or the error
	MetricSendRetries   Metric = "wa.send.retries"   // count of repetitions; label: the error before
	MetricSendAmbiguous Metric = "wa.send.ambiguous" // count of sends whose outcome is unknown; label: the error
)

// WithObserver sets who gets the client's measurements. [WebhookConfig] has an Observer of its own for the webhook's.
func WithObserver(o Observer) Option {
	return optionFunc(func(c *clientConfig) { c.observer = o })
}

// observeSend measures one call of Send.
func (c *Client) observeSend(ctx context.Context, start time.Time, err error) {
	if err == nil {
		c.observe(ctx, MetricSendDuration, time.Since(start).Seconds(), "ok")
		return
	}
	kind := errorType(err)
	c.observe(ctx, MetricSendDuration, time.Since(start).Seconds(), kind)
	if _, ambiguous := errors.AsType[*AmbiguousSendError](err); ambiguous {
		c.observe(ctx, MetricSendAmbiguous, 1, kind)
	}
}

func (c *Client) observe(ctx context.Context, m Metric, value float64, label string) {
	c.observer.Observe(ctx, Measurement{Metric: m, Value: value, PhoneNumberID: c.number, Label: label})
}

// The inbox is asked for its gauges this often, and has this long to answer.
const (
	statsEvery   = 15 * time.Second
	statsTimeout = 5 * time.Second
)

// observeInbox reports the gauges until ctx ends.
func (w *Webhook) observeInbox(ctx context.Context) {
	every := time.NewTicker(statsEvery)
	defer every.Stop()
	for {
		w.observeStats(ctx)
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
	}
}

func (w *Webhook) observeStats(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, statsTimeout)
	defer cancel()
	stats, err := w.cfg.Inbox.Stats(ctx)
	if err != nil {
		if !errors.Is(context.Cause(ctx), context.Canceled) {
			w.log.WarnContext(ctx, "wacloud: the inbox does not tell its depth", "error", err)
		}
		return
	}
	for _, gauge := range []Measurement{
		{Metric: MetricInboxDepth, Value: float64(stats.Depth)},
		{Metric: MetricOldestAge, Value: stats.OldestAge.Seconds()},
		{Metric: MetricKeysLeased, Value: float64(stats.Running)},
		{Metric: MetricStoreSize, Value: float64(stats.Bytes)},
		{Metric: MetricDeadLettersKept, Value: float64(stats.DeadLetters)},
		{Metric: MetricDedupeIDs, Value: float64(stats.IDs)},
	} {
		w.observe(ctx, gauge)
	}
}
