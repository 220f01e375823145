package otel

import "github.com/wacloud/wacloud"

// The names of OpenTelemetry's conventions for messaging are still in development: they stand in this file only.
const (
	scope  = "github.com/wacloud/wacloud/otel"
	system = "whatsapp"

	keySystem        = "messaging.system"
	keyOperationName = "messaging.operation.name"
	keyOperationType = "messaging.operation.type"
	keyErrorType     = "error.type"
	keyMethod        = "http.request.method"
	keyStatus        = "http.response.status_code"
	keyServer        = "server.address"
	keyResend        = "http.request.resend_count"

	keyNumber  = "wa.phone_number_id"
	keyKind    = "wa.event.kind"
	keyRoute   = "wa.route"
	keyAttempt = "wa.attempt"

	spanHandle = "process whatsapp.messages"
	spanSend   = "send whatsapp.messages"
)

// The instruments that one measurement feeds.
type shape uint8

const (
	counter   shape = iota // adds the measurement
	histogram              // of seconds or events
	gauge
	counted // a counter that adds 1 for each measurement, whatever its value
)

// An instrument is one row of the table in docs/operations.md.
type instrument struct {
	metric wacloud.Metric
	name   string
	shape  shape
	unit   string
	about  string
	label  string // attribute that the measurement's label becomes; none when empty
	only   string // count only measurements with this label
}

// okLabel is the label of a send that succeeded.
const okLabel = "ok"

var instruments = []instrument{
	{wacloud.MetricHandled, "messaging.process.duration", histogram, "s", "Duration of one attempt to handle an event.", keyKind, ""},
	{wacloud.MetricHandled, "messaging.client.consumed.messages", counted, "{message}", "Attempts to handle an event.", keyKind, ""},
	{wacloud.MetricSendDuration, "messaging.client.operation.duration", histogram, "s", "Duration of a send with its repetitions.", keyErrorType, ""},
	{wacloud.MetricSendDuration, "messaging.client.sent.messages", counted, "{message}", "Messages that were accepted.", "", okLabel},

	{wacloud.MetricWebhookRejected, "wa.webhook.rejected", counter, "{request}", "Requests that were not answered 200.", "reason", ""},
	{wacloud.MetricDisowned, "wa.webhook.disowned", counter, "{event}", "Events that the signing app does not own.", "app", ""},
	{wacloud.MetricSecretIndex, "wa.webhook.secret_index", counter, "{request}", "Webhooks by the app secret that signed them.", "index", ""},
	{wacloud.MetricPutDuration, "wa.inbox.put.duration", histogram, "s", "Time until the events of a webhook were stored.", "", ""},
	{wacloud.MetricBatchSize, "wa.inbox.batch.size", histogram, "{event}", "Events of one webhook.", "", ""},
	{wacloud.MetricDuplicates, "wa.inbox.duplicates", counter, "{event}", "Events that were stored before.", keyKind, ""},
	{wacloud.MetricEventLag, "wa.event.lag", histogram, "s", "Time from Meta's timestamp to the handler.", keyKind, ""},
	{wacloud.MetricHandlerErrors, "wa.handler.errors", counter, "{attempt}", "Attempts that failed.", keyKind, ""},
	{wacloud.MetricHandlerPanics, "wa.handler.panics", counter, "{attempt}", "Attempts that panicked.", keyKind, ""},
	{wacloud.MetricHandlerStuck, "wa.handler.stuck", counter, "{attempt}", "Handlers that did not end after their context.", keyKind, ""},
	{wacloud.MetricLeasesLost, "wa.inbox.leases.lost", counter, "{attempt}", "Attempts whose event another worker may have.", keyKind, ""},
	{wacloud.MetricDeadLetters, "wa.inbox.dead_letters", counter, "{event}", "Events that were given up.", keyKind, ""},
	{wacloud.MetricInboxDepth, "wa.inbox.depth", gauge, "{event}", "Events that are stored and not done.", "", ""},
	{wacloud.MetricOldestAge, "wa.inbox.oldest.age", gauge, "s", "Age of the oldest event that is not done.", "", ""},
	{wacloud.MetricKeysLeased, "wa.inbox.keys.leased", gauge, "{key}", "Users that a handler runs for.", "", ""},
	{wacloud.MetricStoreSize, "wa.store.size", gauge, "By", "Bytes of the events that are not done.", "", ""},
	{wacloud.MetricDeadLettersKept, "wa.inbox.dead_letters.kept", gauge, "{event}", "Dead letters that wait for somebody.", "", ""},
	{wacloud.MetricDedupeIDs, "wa.dedupe.ids", gauge, "{event}", "Ids of events, remembered to recognise repeats.", "", ""},
	{wacloud.MetricSendRetries, "wa.send.retries", counter, "{attempt}", "Repetitions of a send.", "code", ""},
	{wacloud.MetricSendAmbiguous, "wa.send.ambiguous", counter, "{message}", "Sends whose outcome is unknown.", "code", ""},
	{wacloud.MetricLimitWait, "wa.limit.wait.duration", histogram, "s", "Time that a message waited for a limit, where it did.", "scope", ""},
	{wacloud.MetricLimitRefused, "wa.limit.refused", counter, "{message}", "Messages not sent for a limit of ours.", "scope", ""},
	{wacloud.MetricLimitHits, "wa.limit.hits", counter, "{attempt}", "Answers by which Meta throttled us.", "code", ""},
	{wacloud.MetricLimiterFallback, "wa.limiter.fallback", counter, "{message}", "Messages sent on the local share because the shared limiter failed.", "", ""},
}

// The boundaries that the conventions ask for, of durations in seconds, and ours.
var (
	durations = []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}
	lags      = []float64{0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 6 * 3600, 24 * 3600, 7 * 24 * 3600}
	sizes     = []float64{1, 2, 5, 10, 25, 50, 100, 250, 500, 1000}
)

func (i instrument) boundaries() []float64 {
	switch {
	case i.metric == wacloud.MetricEventLag:
		return lags
	case i.unit == "s":
		return durations
	default:
		return sizes
	}
}
