package wacloud_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// webhookSample reads one file of testdata/webhooks.
func webhookSample(tb testing.TB, name string) []byte {
	tb.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", "webhooks", name))
	require.NoError(tb, err)
	return body
}

// floorWebhook is the least that a program needs to get at a button's id with encoding/json.
type floorWebhook struct {
	Object string `json:"object"`
	Entry  []struct {
		ID      string `json:"id"`
		Changes []struct {
			Field string `json:"field"`
			Value struct {
				Metadata struct {
					DisplayPhoneNumber string `json:"display_phone_number"`
					PhoneNumberID      string `json:"phone_number_id"`
				} `json:"metadata"`
				Contacts []struct {
					Profile struct {
						Name string `json:"name"`
					} `json:"profile"`
					WaID string `json:"wa_id"`
				} `json:"contacts"`
				Messages []struct {
					From      string `json:"from"`
					ID        string `json:"id"`
					Timestamp string `json:"timestamp"`
					Type      string `json:"type"`
					Context   *struct {
						From string `json:"from"`
						ID   string `json:"id"`
					} `json:"context"`
					Interactive *struct {
						Type        string `json:"type"`
						ButtonReply *struct {
							ID    string `json:"id"`
							Title string `json:"title"`
						} `json:"button_reply"`
					} `json:"interactive"`
				} `json:"messages"`
			} `json:"value"`
		} `json:"changes"`
	} `json:"entry"`
}

func BenchmarkParseButtonReply(b *testing.B) {
	var compact json.RawMessage
	require.NoError(b, json.Unmarshal(webhookSample(b, "interactive_button_reply.json"), &compact))
	body, err := json.Marshal(compact)
	require.NoError(b, err)
	b.Run("floor", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var w floorWebhook
			if err := json.Unmarshal(body, &w); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("wacloud", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			events, err := wacloud.ParseWebhook(body)
			if err != nil || events[0].Message.Reply.ID != "book:yes" {
				b.Fatal(err)
			}
		}
	})
}
