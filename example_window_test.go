package wacloud_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/wacloud/wacloud"
)

// A reminder that may come when the user has not written for a day.
func ExampleOrTemplate() {
	remind := func(ctx context.Context, client *wacloud.Client, to wacloud.Recipient, order string) error {
		sent, err := client.Send(ctx, to,
			wacloud.NewButtons("Your order "+order+" is ready.", wacloud.Button{ID: "pickup:" + order, Title: "I am coming"}),
			wacloud.OrTemplate(wacloud.NewTemplate("order_ready", "en").WithTexts(order).
				WithButtons(wacloud.QuickReplyPayload("pickup:"+order))),
		)
		if err == nil && sent.Fallback != "" {
			log.Print("sent as ", sent.Fallback)
		}
		return err
	}
	_ = remind
}

func ExampleClient_Window() {
	mayWrite := func(ctx context.Context, client *wacloud.Client, to wacloud.Recipient) (bool, error) {
		window, err := client.Window(ctx, to)
		return !window.Closed(time.Now()), err
	}
	_ = mayWrite
}

func ExampleWindow() {
	noon := time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)
	window := wacloud.Window{ClosesAt: noon, FreeUntil: noon.Add(48 * time.Hour)}
	fmt.Println(window.Closed(noon.Add(-time.Hour)), window.Closed(noon.Add(time.Hour)))
	fmt.Println(wacloud.Window{}.Known(), wacloud.Window{}.Closed(noon))
	// Output:
	// false true
	// false false
}
