package wacloud

import "context"

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
}

// The metrics.
const (
	MetricWebhookRejected Metric = "wa.webhook.rejected"   // count; label: reason
	MetricDisowned        Metric = "wa.webhook.disowned"   // count of events that the signing app does not own; label: its id
	MetricSecretIndex     Metric = "wa.webhook.secret"     // count; label: index of the secret that matched
	MetricPutDuration     Metric = "wa.inbox.put.duration" // seconds
	MetricBatchSize       Metric = "wa.inbox.batch.size"   // events of one POST
	MetricDuplicates      Metric = "wa.inbox.duplicates"   // count
	MetricHandled         Metric = "wa.handler.duration"   // seconds; label: event kind
	MetricHandlerErrors   Metric = "wa.handler.errors"     // count; label: event kind
	MetricHandlerPanics   Metric = "wa.handler.panics"     // count; label: event kind
	MetricHandlerStuck    Metric = "wa.handler.stuck"      // count of handlers that did not end; label: event kind
	MetricDeadLetters     Metric = "wa.inbox.dead_letters" // count; label: event kind
	MetricEventLag        Metric = "wa.event.lag"          // seconds between Meta's timestamp and the handler
)
