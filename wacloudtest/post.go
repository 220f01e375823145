package wacloudtest

import (
	"bytes"
	"context"
	"net/http"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/internal/graph"
)

// Sign returns the X-Hub-Signature-256 header of a body.
func Sign(body []byte, secret wacloud.Secret) string { return graph.Sign(body, secret.Reveal()) }

// Post signs a body, posts it to a webhook without a network and returns the answer, whose body needs no closing.
func Post(tb TB, webhook http.Handler, body []byte, secret wacloud.Secret) *http.Response {
	tb.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://bot.invalid/webhook", bytes.NewReader(body))
	if err != nil {
		tb.Fatalf("wacloudtest: post: %v", err)
		return nil
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Hub-Signature-256", Sign(body, secret))
	resp, err := graph.InProcess{Handler: webhook}.RoundTrip(req)
	if err != nil {
		tb.Fatalf("wacloudtest: post: the webhook aborted the request: %v", err)
		return nil
	}
	return resp
}

// Event returns the one event of a webhook body, for a handler without a server: r.Handle(ctx, client.Bind(event)).
func Event(tb TB, body []byte) *wacloud.Event {
	tb.Helper()
	events, err := wacloud.ParseWebhook(body)
	if err != nil {
		tb.Fatalf("wacloudtest: event: %v", err)
		return nil
	}
	if len(events) != 1 {
		tb.Fatalf("wacloudtest: event: the body has %d events, not one", len(events))
		return nil
	}
	return &events[0]
}
