package wacloud_test

import (
	"encoding/json"
	"testing"

	"github.com/wacloud/wacloud"
)

// FuzzParseWebhook checks on any input what is promised for all: no panic, an error only for what is no JSON, no event
// without an id, a lane and its JSON, ids that differ where the elements do, and a body that gives the event again.
func FuzzParseWebhook(f *testing.F) {
	for _, name := range sampleNames(f) {
		f.Add(webhookSample(f, name))
	}
	for _, odd := range oddEnvelopes {
		f.Add([]byte(odd.json))
	}
	f.Add([]byte(`{"wacloud":{"index":3,"nth":2,"disowned":true},"entry":[{"id":"1","changes":[{"field":"messages","value":{"messages":[{"id":"w"}]}}]}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := wacloud.ParseWebhook(body)
		if (err == nil) != json.Valid(body) {
			t.Fatalf("ParseWebhook says %v, encoding/json the opposite", err)
		}
		if err != nil {
			return
		}
		if len(events) == 0 {
			t.Fatal("a JSON value has an event")
		}
		again, err := wacloud.ParseWebhook(body)
		if diff := diffEvents(events, again); err != nil || diff != "" {
			t.Fatalf("not the same twice: %v\n%s", err, diff)
		}
		unnamed := map[string]bool{} // events whose ids are hashes
		for i := range events {
			e := &events[i]
			if e.ID == "" || e.Key() == "" || !json.Valid(e.Raw) {
				t.Fatalf("incomplete: %q %q %s", e.ID, e.Key(), e.Raw)
			}
			if e.Message != nil && e.Message.Content == nil {
				t.Fatal("no content")
			}
			if e.ID[0] == 'h' && unnamed[e.ID] {
				t.Fatalf("two elements have the id %s", e.ID)
			}
			unnamed[e.ID] = true
			requireRoundTrip(t, e)
		}
	})
}
