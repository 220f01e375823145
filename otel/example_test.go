package otel_test

import (
	"context"
	"net/http"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/otel"
)

// A bot that is measured and traced.
func Example() {
	run := func(ctx context.Context, cfg wacloud.Config, r *wacloud.Router, inbox wacloud.Inbox) error {
		observer, err := otel.NewObserver(nil) // of the global MeterProvider
		if err != nil {
			return err
		}
		client, err := cfg.NewClient(
			wacloud.WithObserver(observer),
			wacloud.WithHTTPClient(&http.Client{Transport: otel.NewTransport(nil, nil)}), // a span of each call
		)
		if err != nil {
			return err
		}
		r.Use(otel.Trace(nil)) // a span of each event
		hook, err := wacloud.NewWebhook(wacloud.WebhookConfig{
			Client: client, AppSecrets: cfg.AppSecrets, VerifyToken: cfg.VerifyToken,
			Handler: r, Inbox: inbox, Observer: observer,
		})
		if err != nil {
			return err
		}
		return wacloud.Serve(ctx, ":8080", hook)
	}
	_ = run // it serves until the process is told to end
}
