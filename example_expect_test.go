package wacloud_test

import (
	"context"
	"fmt"
	"time"

	"github.com/wacloud/wacloud"
)

// A handler asks and returns; what the user writes next comes to the callback of the route.
func ExampleExpect() {
	type order struct {
		ID int `id:"order"`
	}
	toCheckout := wacloud.NewRoute[order]("order:{order}:checkout")
	toName := wacloud.NewRoute[order]("order:{order}:name")

	r := wacloud.NewRouter()
	wacloud.On(r, toCheckout, func(ctx context.Context, e *wacloud.Event, o order) error {
		if err := wacloud.Expect(ctx, e.UserKey(), toName, o, time.Hour); err != nil {
			return err
		}
		_, err := e.Respond(ctx, wacloud.NewText("Em que nome fica o pedido?"))
		return err
	})
	wacloud.On(r, toName, func(ctx context.Context, e *wacloud.Event, o order) error {
		_, err := e.Respond(ctx, wacloud.NewText(fmt.Sprintf("Pedido %d, em nome de %s.", o.ID, e.Text())))
		return err
	})
}

// The statuses of a message come back to a typed callback of their own.
func ExampleOnStatus() {
	toReceipt := wacloud.NewRoute[int]("receipt:{order}")

	r := wacloud.NewRouter()
	r.Reply("confirm:yes", func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewText("Pedido 7 recebido."), toReceipt.Track(7))
		return err
	})
	wacloud.OnStatus(r, toReceipt, func(_ context.Context, e *wacloud.Event, order int) error {
		if e.Status.Status == "failed" {
			fmt.Println("call the customer of order", order)
		}
		return nil
	})

	route, params, _ := r.LookupStatus("receipt:7")
	fmt.Println(route.Kind, route.Pattern, params)
	// Output: tracker receipt:{order} map[order:7]
}
