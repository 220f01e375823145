// Package otel brings a bot's measurements and traces to OpenTelemetry.
//
//	observer, err := otel.NewObserver(nil) // of the global MeterProvider
//	if err != nil {
//		return err
//	}
//	client, err := cfg.NewClient(
//		wacloud.WithObserver(observer),
//		wacloud.WithHTTPClient(&http.Client{Transport: otel.NewTransport(nil, nil)}), // a span of each call
//	)
//	if err != nil {
//		return err
//	}
//	r.Use(otel.Trace(nil)) // a span of each event
//
// The observer goes into [wacloud.WebhookConfig] too. No attribute holds a phone number, a name, a text, the id of a message
// or of a user, or a secret. The metrics stand in docs/operations.md.
//
// The webhook's own request is otelhttp's to measure and trace, as any other. The span of an event is not linked to it: an
// inbox keeps events as Meta sent them and nothing else, so no trace context travels with them from one process to another.
package otel
