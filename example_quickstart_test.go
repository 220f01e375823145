package wacloud_test

import (
	"context"
	"log"

	"github.com/wacloud/wacloud"
)

// A bot that offers choices and gets the taps back.
func Example() {
	cfg, err := wacloud.ConfigFromEnv() // credentials come from the environment, never from code
	if err != nil {
		log.Fatal(err)
	}

	// One definition writes the id on the button and reads it back in the callback.
	type removeItem struct {
		N int `id:"n"`
	}
	cartRemove := wacloud.NewRoute[removeItem]("cart:remove:{n}")

	r := wacloud.NewRouter()
	r.Text(func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewButtons("Como prefere receber o pedido?",
			wacloud.Button{ID: "delivery", Title: "🛵 Entrega"},
			wacloud.Button{ID: "pickup", Title: "🏠 Retirada"},
			cartRemove.Button("Remover item 3", removeItem{N: 3}),
		))
		return err
	})
	r.Reply("delivery", func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewLocationRequest("Para onde levamos?"))
		return err
	})
	r.Reply("pickup", func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewText("Rua Augusta, 1500, até as 23h."))
		return err
	})
	wacloud.On(r, cartRemove, func(ctx context.Context, e *wacloud.Event, p removeItem) error {
		log.Printf("remove item %d", p.N)
		_, err := e.Respond(ctx, wacloud.NewText("Item removido."))
		return err
	})

	hook, err := cfg.NewWebhook(r, wacloud.NewMemoryInbox())
	if err != nil {
		log.Fatal(err)
	}
	if err := wacloud.Serve(context.Background(), ":8080", hook); err != nil {
		log.Fatal(err)
	}
}
