// Quickstart answers every text with three buttons and routes the taps. It needs the WHATSAPP_* variables of
// [wacloud.ConfigFromEnv]. To try it without a Meta account, in the root of the repository:
//
//	go run ./cmd/wasim -exec "go run -C examples ./quickstart"
package main

import (
	"context"
	"log"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/inbox/sqlite"
)

type removeItem struct {
	N int `id:"n"`
}

var cartRemove = wacloud.NewRoute[removeItem]("cart:remove:{n}")

func run(ctx context.Context) error {
	cfg, err := wacloud.ConfigFromEnv() // credentials come from the environment, never from code
	if err != nil {
		return err
	}
	r := wacloud.NewRouter()
	r.Text(func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewButtons("Como prefere receber o pedido?",
			wacloud.Button{ID: "delivery", Title: "🛵 Entrega"},
			wacloud.Button{ID: "pickup", Title: "🏠 Retirada"},
			cartRemove.Button("Remover item 3", removeItem{N: 3}),
		))
		return err
	})
	r.Reply("delivery", askAddress)
	r.Reply("pickup", showShops)
	r.Reply("restaurant:{id}", showMenu) // e.Param("id")
	wacloud.On(r, cartRemove, func(ctx context.Context, e *wacloud.Event, p removeItem) error {
		return say(ctx, e, "Item %d removido.", p.N)
	})
	r.NotFound(func(ctx context.Context, e *wacloud.Event) error {
		return say(ctx, e, "Essa opção não vale mais. Escreva qualquer coisa para recomeçar.")
	})

	inbox, err := sqlite.Open("bot.db") // Meta hears 200 when the event is in this file, and it is handled after a crash too
	if err != nil {
		return err
	}
	defer func() { _ = inbox.Close() }()
	hook, err := cfg.NewWebhook(r, inbox, wacloud.WithStore(inbox.Store())) // the store: no answer is sent twice
	if err != nil {
		return err
	}
	return wacloud.Serve(ctx, ":8080", hook) // nil after a clean stop on SIGINT or SIGTERM
}

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}
