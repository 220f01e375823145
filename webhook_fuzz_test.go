package wacloud_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// FuzzWebhook sends any signed body the whole way: it is stored and answered 200, and a router with a callback for
// everything takes each of its events without a panic, which would be an error here.
func FuzzWebhook(f *testing.F) {
	for _, name := range sampleNames(f) {
		f.Add(webhookSample(f, name))
	}
	f.Add([]byte(`{"object":"whatsapp_business_account","entry":[]}`))
	f.Add(hookBody(hookText("wamid.1", hookUser, "x"), hookTap("wamid.2", hookUser, "cart:remove:3"), "7"))
	f.Add(hookBody(hookTap("wamid.2", hookUser, "pay:%"), hookTap("wamid.3", hookUser, "pay:1~AAAAAHIW3Q8kKVVvDJEg4lRt")))
	f.Add([]byte("\x00\xff"))
	r, cfg := fuzzedRouter(f), hookConfig(f, nil)
	cfg.IngestOnly = true
	f.Fuzz(func(t *testing.T, body []byte) {
		cfg, sink := cfg, new(eventSink)
		cfg.Inbox = sink
		w := hookNew(t, cfg)
		require.Equal(t, 200, hookStatus(w, hookRequest(t.Context(), attackURL, body)))
		require.NotEmpty(t, sink.events)
		for i := range sink.events {
			if err := r.Handle(t.Context(), cfg.Client.Bind(&sink.events[i])); err != nil {
				t.Fatalf("event %d: %v", i, err)
			}
		}
	})
}

// eventSink keeps what the webhook stores.
type eventSink struct {
	wacloud.Inbox
	events []wacloud.Event
}

func (s *eventSink) Put(_ context.Context, events []wacloud.Event) (wacloud.PutResult, error) {
	s.events = append(s.events, events...)
	return wacloud.PutResult{Stored: len(events)}, nil
}

// fuzzedRouter has a callback for everything, and each asks the event all that it knows.
func fuzzedRouter(f *testing.F) *wacloud.Router {
	f.Helper()
	signer, err := wacloud.NewIDSigner(wacloud.NewSecret("a key of the fuzzed router"))
	require.NoError(f, err)
	ask := func(_ context.Context, e *wacloud.Event) error {
		if bytes.ContainsAny([]byte(e.Chat().String()+e.LogValue().String()), "\n\r") {
			return errors.New("a line break in what is printed")
		}
		_, _, _, _ = e.Text(), e.Param("n"), e.Rest(), e.Route()
		_, _, _ = e.Key(), e.UserKey(), e.Body()
		return nil
	}
	r := wacloud.NewRouter()
	r.Signer(signer)
	r.Use(wacloud.Recover())
	for _, register := range []func(wacloud.HandlerFunc, ...wacloud.Middleware){
		r.Text, r.Location, r.Message, r.GroupMessage, r.Status, r.Event,
	} {
		register(ask)
	}
	r.NotFound(ask)
	r.BadID(ask)
	r.Expired(ask)
	r.Flow("flow", ask)
	r.Label("Yes", ask)
	r.Reply("item:{n}", ask)
	r.Reply("order:", ask)
	wacloud.On(r, wacloud.NewRoute[int]("pay:{n}"), func(ctx context.Context, e *wacloud.Event, _ int) error { return ask(ctx, e) }, wacloud.RequireSigned())
	return r
}
