package wacloudtest_test

import (
	"context"
	"testing"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

// The test of the package comment, and the bot that it tests.
func TestOrder(t *testing.T) {
	srv := wacloudtest.NewServer(t)
	srv.Serve(newRouter()) // webhook, inbox and handlers, stopped with the test
	ana := srv.User("Ana")

	ana.Say("oi")
	wacloudtest.Expect[wacloud.Buttons](ana).Tap("Retirada")
	shops := wacloudtest.Expect[wacloud.List](ana)
	shops.Tap("Centro")
}

func newRouter() *wacloud.Router {
	r := wacloud.NewRouter()
	r.Text(func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewButtons("Como prefere receber o pedido?",
			wacloud.Button{ID: "delivery", Title: "Entrega"},
			wacloud.Button{ID: "pickup", Title: "Retirada"},
		))
		return err
	})
	r.Reply("pickup", func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewList("Em qual loja você retira?", wacloud.Menu{
			Button:   "Ver lojas",
			Sections: wacloud.Rows(wacloud.Row{ID: "shop:centro", Title: "Centro"}),
		}))
		return err
	})
	r.Reply("shop:{id}", func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewText("Até já!"))
		return err
	})
	return r
}
