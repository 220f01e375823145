package benchmarks

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/wacloud/wacloud"
)

func ourButtons() wacloud.Buttons {
	return wacloud.NewButtons(buttonsBody,
		wacloud.Button{ID: "delivery", Title: "🛵 Entrega"},
		wacloud.Button{ID: "pickup", Title: "🏠 Retirada"},
		wacloud.Button{ID: "cart:remove:3", Title: "Remover item 3"},
	)
}

func ourList() wacloud.List {
	return wacloud.NewList(listBody, wacloud.Menu{Button: "Ver cardápio", Sections: []wacloud.Section{
		{Title: "Pizzas", Rows: []wacloud.Row{
			{ID: "item:1", Title: "Margherita", Description: "Tomate, mussarela e manjericão"},
			{ID: "item:2", Title: "Calabresa", Description: "Calabresa e cebola roxa"},
			{ID: "item:3", Title: "Portuguesa", Description: "Presunto, ovo e ervilha"},
			{ID: "item:4", Title: "Quatro queijos", Description: "Mussarela, provolone, gorgonzola, parmesão"},
			{ID: "item:5", Title: "Frango", Description: "Frango com catupiry"},
		}},
		{Title: "Bebidas", Rows: []wacloud.Row{
			{ID: "item:6", Title: "Água", Description: "500 ml"},
			{ID: "item:7", Title: "Guaraná", Description: "Lata 350 ml"},
			{ID: "item:8", Title: "Suco de laranja", Description: "Natural, 400 ml"},
			{ID: "item:9", Title: "Cerveja", Description: "Long neck 330 ml"},
			{ID: "item:10", Title: "Vinho", Description: "Taça 150 ml"},
		}},
	}})
}

// checkAndEncode is what Send does with a message before it goes out.
func checkAndEncode(m wacloud.Message) ([]byte, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	return wacloud.EncodeMessage(wacloud.Outgoing{To: wacloud.Phone(recipient), Message: m})
}

func BenchmarkEncodeButtons(b *testing.B) {
	b.Run("floor", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			must(b, second(json.Marshal(floorButtons())))
		}
	})
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			must(b, second(checkAndEncode(ourButtons())))
		}
	})
}

func BenchmarkEncodeList(b *testing.B) {
	b.Run("floor", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			must(b, second(json.Marshal(floorList())))
		}
	})
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			must(b, second(checkAndEncode(ourList())))
		}
	})
}

func BenchmarkSend(b *testing.B) {
	hc := &http.Client{Transport: stubTransport{}}
	b.Run("floor", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			must(b, second(floorSend(b.Context(), hc, floorButtons())))
		}
	})
	b.Run("ours", func(b *testing.B) {
		client, err := wacloud.NewClient(phoneNumberID, wacloud.NewSecret(accessToken),
			wacloud.WithHTTPClient(hc), wacloud.WithBaseURL(baseURL),
			wacloud.WithRateLimit(wacloud.RateLimit{Off: true})) // one recipient gets them all
		must(b, err)
		to := wacloud.Phone(recipient)
		b.ReportAllocs()
		for b.Loop() {
			must(b, second(client.Send(b.Context(), to, ourButtons())))
		}
	})
}

func BenchmarkParse(b *testing.B) {
	body := []byte(tapBody(1))
	b.Run("floor", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if id, err := floorParse(body); err != nil || id != "cart:remove:3" {
				b.Fatal(id, err)
			}
		}
	})
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			events, err := wacloud.ParseWebhook(body)
			if err != nil || len(events) != 1 || events[0].Message.Reply.ID != "cart:remove:3" {
				b.Fatal(events, err)
			}
		}
	})
}

// BenchmarkWebhook takes a signed POST from the handler to the callback. The requests differ in their message ids, as
// Meta's do, and are made before the clock starts.
//
//   - recorder: what the test itself costs, in all the others too
//   - floor: verify, unmarshal and call back in the handler
//   - handler: ours, with an inbox that calls back at once
//   - ours: through a MemoryInbox, until the callback has run
func BenchmarkWebhook(b *testing.B) {
	b.Run("recorder", func(b *testing.B) {
		post(b, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }), nil)
	})
	b.Run("floor", func(b *testing.B) {
		done := make(chan struct{}, 1)
		post(b, floorHandler(appSecret, func(string) { done <- struct{}{} }), done)
	})
	b.Run("handler", func(b *testing.B) {
		done := make(chan struct{}, 1)
		post(b, newWebhook(b, &directInbox{running: make(chan struct{})}, done), done)
	})
	b.Run("ours", func(b *testing.B) {
		done := make(chan struct{}, 1)
		post(b, newWebhook(b, wacloud.NewMemoryInbox(), done), done)
	})
}

// post sends b.N signed requests, one after the other, and waits for each one's callback.
func post(b *testing.B, h http.Handler, done <-chan struct{}) {
	b.Helper()
	requests := make([]*http.Request, b.N) // not b.Loop, which does not say beforehand how many it takes
	for i := range requests {
		req, err := signedPost(i)
		must(b, err)
		requests[i] = req
	}
	b.ReportAllocs()
	b.ResetTimer()
	for _, req := range requests {
		rec := recorder{httptest.NewRecorder()}
		h.ServeHTTP(rec, req)
		if rec.Code != http.StatusOK {
			b.Fatal(rec.Code, rec.Body)
		}
		if done != nil {
			<-done
		}
	}
	b.StopTimer()
}

// recorder takes a read deadline, as the writer of a real server does.
type recorder struct{ *httptest.ResponseRecorder }

func (recorder) SetReadDeadline(time.Time) error { return nil }

// newWebhook returns a running webhook whose callback signals done.
func newWebhook(b *testing.B, inbox wacloud.Inbox, done chan struct{}) http.Handler {
	b.Helper()
	client, err := wacloud.NewClient(phoneNumberID, wacloud.NewSecret(accessToken),
		wacloud.WithHTTPClient(&http.Client{Transport: stubTransport{}}), wacloud.WithBaseURL(baseURL))
	must(b, err)
	r := newRouter(10, func() { done <- struct{}{} })
	hook, err := wacloud.NewWebhook(wacloud.WebhookConfig{
		Client:      client,
		AppSecrets:  []wacloud.Secret{wacloud.NewSecret(appSecret)},
		VerifyToken: wacloud.NewSecret(verifyToken),
		Handler:     r,
		Inbox:       inbox,
	})
	must(b, err)
	ctx, cancel := context.WithCancel(b.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- hook.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		must(b, <-stopped)
	})
	awaitReady(b, hook, done)
	return hook
}

// awaitReady sends a tap until it is handled: the webhook answers 503 as long as nobody runs its inbox.
func awaitReady(b *testing.B, hook http.Handler, done <-chan struct{}) {
	b.Helper()
	for range 1000 {
		req, err := signedPost(-1)
		must(b, err)
		rec := httptest.NewRecorder()
		hook.ServeHTTP(rec, req)
		if rec.Code == http.StatusOK {
			<-done
			return
		}
		<-time.After(time.Millisecond)
	}
	b.Fatal("the webhook does not run")
}

// directInbox hands events to the handler inside Put: an inbox that costs nothing.
type directInbox struct {
	wacloud.Inbox
	cfg     wacloud.RunConfig
	running chan struct{}
}

func (i *directInbox) Run(ctx context.Context, cfg wacloud.RunConfig) error {
	i.cfg = cfg
	close(i.running)
	<-ctx.Done()
	return nil
}

func (i *directInbox) Put(ctx context.Context, events []wacloud.Event) (wacloud.PutResult, error) {
	<-i.running
	for n := range events {
		if out := i.cfg.Deliver(ctx, &events[n], nil); !out.Done {
			return wacloud.PutResult{}, out.Err
		}
	}
	return wacloud.PutResult{Stored: len(events)}, nil
}

type item struct {
	N int `id:"n"`
}

// newRouter returns a router with n typed routes, cart:remove:{n} among them.
func newRouter(n int, callback func()) *wacloud.Router {
	r := wacloud.NewRouter()
	h := func(_ context.Context, _ *wacloud.Event, p item) error {
		if p.N != 3 {
			return fmt.Errorf("got %d", p.N)
		}
		callback()
		return nil
	}
	for i := range n - 1 {
		wacloud.On(r, wacloud.NewRoute[item](fmt.Sprintf("route%d:remove:{n}", i)), h)
	}
	wacloud.On(r, wacloud.NewRoute[item]("cart:remove:{n}"), h)
	return r
}

func BenchmarkRouter(b *testing.B) {
	events, err := wacloud.ParseWebhook([]byte(tapBody(1)))
	must(b, err)
	for _, n := range []int{10, 10_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			r := newRouter(n, func() {})
			b.ReportAllocs()
			for b.Loop() {
				must(b, r.Handle(b.Context(), &events[0]))
			}
		})
	}
}

func second[T any](_ T, err error) error { return err }

// must calls Helper only where something failed: it walks the stack, which takes longer than to route a tap.
func must(b *testing.B, err error) {
	if err != nil {
		b.Helper()
		b.Fatal(err)
	}
}
