package wacloud_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"strings"
	"time"

	"github.com/wacloud/wacloud"
)

// exampleTap is the webhook of a tap on a reply button.
const exampleTap = `{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"field":"messages","value":{
	"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550783881","phone_number_id":"100000000000001"},
	"contacts":[{"profile":{"name":"Ana"},"wa_id":"5511999999999"}],
	"messages":[{"from":"5511999999999","id":"wamid.B2","timestamp":"1790000000","type":"interactive",
	"context":{"from":"15550783881","id":"wamid.A1"},
	"interactive":{"type":"button_reply","button_reply":{"id":"cart:remove:3","title":"Remover item 3"}}}]}}]}]}`

func ExampleParseWebhook() {
	events, err := wacloud.ParseWebhook([]byte(exampleTap))
	if err != nil {
		log.Fatal(err)
	}
	for _, e := range events {
		if e.Kind == wacloud.KindMessage && e.Message.Reply != nil {
			fmt.Println(e.Message.Reply.ID, e.Message.Reply.Title)
		}
	}
	// Output: cart:remove:3 Remover item 3
}

func ExampleVerifySignature() {
	header := "sha256=0000000000000000000000000000000000000000000000000000000000000000"
	err := wacloud.VerifySignature([]byte(exampleTap), header, wacloud.NewSecret("app secret"))
	fmt.Println(errors.Is(err, wacloud.ErrBadSignature))
	// Output: true
}

func ExampleNewRoute() {
	type removeItem struct {
		N int `id:"n"`
	}
	cartRemove := wacloud.NewRoute[removeItem]("cart:remove:{n}")

	fmt.Println(cartRemove.ID(removeItem{N: 3}))
	p, err := cartRemove.Parse("cart:remove:3")
	fmt.Println(p.N, err)
	_, err = cartRemove.Parse("cart:remove:three")
	fmt.Println(errors.Is(err, wacloud.ErrBadID))
	// Output:
	// cart:remove:3
	// 3 <nil>
	// true
}

// A router is a plain handler: a test hands it an event, without a server.
func ExampleRouter() {
	r := wacloud.NewRouter()
	r.Reply("cart:view", func(context.Context, *wacloud.Event) error {
		fmt.Println("the cart")
		return nil
	})
	r.Reply("cart:remove:{n}", func(_ context.Context, e *wacloud.Event) error {
		fmt.Println("remove", e.Param("n"))
		return nil
	})
	r.NotFound(func(context.Context, *wacloud.Event) error {
		fmt.Println("a button of last year: here is the menu")
		return nil
	})

	events, err := wacloud.ParseWebhook([]byte(exampleTap))
	if err != nil {
		log.Fatal(err)
	}
	if err := r.Handle(context.Background(), &events[0]); err != nil {
		log.Fatal(err)
	}
	// Output: remove 3
}

// A webhook is an http.Handler and takes its place among others. Somebody has to call Run.
func ExampleNewWebhook() {
	cfg, err := wacloud.ConfigFromEnv()
	if err != nil {
		log.Fatal(err)
	}
	client, err := cfg.NewClient()
	if err != nil {
		log.Fatal(err)
	}
	hook, err := wacloud.NewWebhook(wacloud.WebhookConfig{
		Client:      client,
		AppSecrets:  cfg.AppSecrets,
		VerifyToken: cfg.VerifyToken,
		Handler:     wacloud.NewRouter(),
		Inbox:       wacloud.NewMemoryInbox(),
	})
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		if err := hook.Run(context.Background()); err != nil {
			log.Print(err)
		}
	}()
	mux := http.NewServeMux()
	mux.Handle("/webhook", hook)
	server := &http.Server{Addr: ":8080", Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}

// The second of a double tap does not place a second order.
func ExampleOnce() {
	r := wacloud.NewRouter()
	store := wacloud.NewMemoryStore()
	r.Reply("cart:remove:{n}", func(_ context.Context, e *wacloud.Event) error {
		fmt.Println("remove", e.Param("n"))
		return nil
	}, wacloud.Once(store, time.Hour))
	r.Repeated(func(context.Context, *wacloud.Event) error {
		fmt.Println("done already")
		return nil
	})

	for _, messageID := range []string{"wamid.B2", "wamid.B3"} { // two taps on one button
		events, err := wacloud.ParseWebhook([]byte(strings.Replace(exampleTap, "wamid.B2", messageID, 1)))
		if err != nil {
			log.Fatal(err)
		}
		if err := r.Handle(context.Background(), &events[0]); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// remove 3
	// done already
}

func ExampleIDSigner() {
	signer, err := wacloud.NewIDSigner(wacloud.NewSecret("a key of at least 16 bytes"))
	if err != nil {
		log.Fatal(err)
	}
	r := wacloud.NewRouter()
	r.Signer(signer)
	r.Reply("coupon:{code}", func(_ context.Context, e *wacloud.Event) error {
		fmt.Println("take off what", e.Param("code"), "is worth")
		return nil
	}, wacloud.RequireSigned())

	user := wacloud.UserKey("a user") // e.UserKey() of the event that is answered
	id := signer.Sign("coupon:MEIA", user, 24*time.Hour)
	info, params, ok := r.Lookup("coupon:MEIA")
	fmt.Println(len(id) > len("coupon:MEIA"), info.Pattern, params["code"], ok)
	// Output: true coupon:{code} MEIA true
}
