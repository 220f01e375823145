package wacloud_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// benchBody is Meta's documented button reply, 648 bytes, with its own message id.
func benchBody(n int) []byte {
	return []byte(`{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"value":{"messaging_product":"whatsapp",` +
		`"metadata":{"display_phone_number":"15550783881","phone_number_id":"106540352242922"},"contacts":[{"profile":{"name":"Sheena Nelson"},` +
		`"wa_id":"16505551234"}],"messages":[{"context":{"from":"15550783881","id":"wamid.HBgLMTY0NjcwNDM1OTUVAgARGBI1RjQyNUE3NEYxMzAzMzQ5MkEA"},` +
		`"from":"16505551234","id":"wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQTRBNjU5OUFFRTAzODEw` + strconv.Itoa(1_000_000+n) + `","timestamp":"1749416383",` +
		`"type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"change-button","title":"Change"}}}]},"field":"messages"}]}]}`)
}

// floorHandler is the least that a handler written by hand does: minimal structs, encoding/json and crypto/hmac, the
// callback called in the request, nothing checked, kept or repeated.
func floorHandler(secret []byte, callback func(from, id string)) http.Handler {
	type payload struct {
		Entry []struct {
			Changes []struct {
				Value struct {
					Messages []struct {
						From        string `json:"from"`
						Type        string `json:"type"`
						Interactive struct {
							ButtonReply struct {
								ID    string `json:"id"`
								Title string `json:"title"`
							} `json:"button_reply"`
						} `json:"interactive"`
					} `json:"messages"`
				} `json:"value"`
			} `json:"changes"`
		} `json:"entry"`
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		mac := hmac.New(sha256.New, secret)
		mac.Write(body)
		sum, err := hex.DecodeString(strings.TrimPrefix(r.Header.Get("X-Hub-Signature-256"), "sha256="))
		if err != nil || !hmac.Equal(sum, mac.Sum(nil)) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		var p payload
		if json.Unmarshal(body, &p) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		for _, entry := range p.Entry {
			for _, change := range entry.Changes {
				for _, m := range change.Value.Messages {
					if m.Type == "interactive" {
						callback(m.From, m.Interactive.ButtonReply.ID)
					}
				}
			}
		}
		w.WriteHeader(http.StatusOK)
	})
}

// benchPosts posts a different signed tap in each round and waits for its callback.
func benchPosts(b *testing.B, h http.Handler, called <-chan struct{}) {
	secret := []byte(hookSecret)
	bodies := make([][]byte, 4096)
	signatures := make([]string, len(bodies))
	sign := func(n int) {
		body := benchBody(n)
		mac := hmac.New(sha256.New, secret)
		mac.Write(body)
		bodies[n%len(bodies)], signatures[n%len(bodies)] = body, "sha256="+hex.EncodeToString(mac.Sum(nil))
	}
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		if n%len(bodies) == 0 {
			b.StopTimer()
			for i := range bodies {
				sign(n + i)
			}
			b.StartTimer()
		}
		req := httptest.NewRequest(http.MethodPost, "/webhook", bytes.NewReader(bodies[n%len(bodies)]))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Hub-Signature-256", signatures[n%len(bodies)])
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, req)
		if rec.Code != http.StatusOK {
			b.Fatalf("status %d", rec.Code)
		}
		<-called
		n++
	}
}

// BenchmarkWebhookFloor and BenchmarkWebhook stand side by side: the project's budget is 0.75 times the floor's time and
// 35 allocations, request and recorder included.
func BenchmarkWebhookFloor(b *testing.B) {
	called := make(chan struct{}, 1)
	benchPosts(b, floorHandler([]byte(hookSecret), func(_, id string) {
		if id == "change-button" {
			called <- struct{}{}
		}
	}), called)
}

// BenchmarkWebhookRecorder is what the request and the recorder take by themselves.
func BenchmarkWebhookRecorder(b *testing.B) {
	called := make(chan struct{}, 1)
	benchPosts(b, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		called <- struct{}{}
		w.WriteHeader(http.StatusOK)
	}), called)
}

func BenchmarkWebhook(b *testing.B) {
	called := make(chan struct{}, 1)
	r := wacloud.NewRouter()
	r.Reply("change-button", func(context.Context, *wacloud.Event) error {
		called <- struct{}{}
		return nil
	})
	cfg := hookConfig(b, r)
	w, err := wacloud.NewWebhook(cfg)
	require.NoError(b, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	for hookStatus(w, hookRequest(ctx, attackURL, []byte("{}"))) != http.StatusOK {
	}
	benchPosts(b, w, called)
	cancel()
	require.NoError(b, <-done)
}
