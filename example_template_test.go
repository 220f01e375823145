package wacloud_test

import (
	"context"
	"fmt"
	"log"
	"net/http"

	"github.com/wacloud/wacloud"
)

// When the customer service window is closed, an approved template still goes out. Its quick reply comes back to the
// route that wrote its payload.
func ExampleTemplate() {
	graph := exampleGraph(http.StatusOK, `{"messages":[{"id":"wamid.A1","message_status":"accepted"}]}`)
	defer graph.Close()
	client, err := wacloud.NewClient("100000000000001", wacloud.NewSecret("token"), wacloud.WithBaseURL(graph.URL))
	if err != nil {
		log.Fatal(err)
	}

	track := wacloud.NewRoute[int]("order:{id}:track")
	m := wacloud.NewTemplate("order_ready", "pt_BR").
		WithHeader(wacloud.HeaderImage{Media: wacloud.MediaID("900000000000001")}).
		WithTexts("Ada", "42").
		WithButtons(wacloud.QuickReplyPayload(track.ID(42)), wacloud.URLSuffix("orders/42"))

	sent, err := client.Send(context.Background(), wacloud.Phone("+55 11 99999-9999"), m)
	if err != nil {
		log.Fatal(err) // errors.Is(err, wacloud.ErrTemplate): another number of parameters, paused, not approved, …
	}
	fmt.Println(sent.Status)
	// Output: accepted
}

// A marketing template goes out through the Marketing Messages API.
func ExampleMarketing() {
	promo := wacloud.NewTemplate("spring_sale", "en").WithTexts("Ada")
	body, err := wacloud.EncodeMessage(wacloud.Outgoing{
		To: wacloud.Phone("+15550001234"), Message: promo, Marketing: &wacloud.Marketing{ProductPolicy: "STRICT"},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(body[len(body)-28:])) // client.Send(ctx, to, promo, wacloud.Marketing{ProductPolicy: "STRICT"})
	// Output: },"product_policy":"STRICT"}
}

// The total is computed, so that it always fits.
func ExamplePayment_Total() {
	p := wacloud.Payment{Order: wacloud.Order{
		Subtotal: wacloud.Charge{Amount: 5000}, Shipping: wacloud.Charge{Amount: 700}, Discount: wacloud.Discount{Amount: 500},
	}}
	fmt.Println(p.Total()) // R$ 52,00
	// Output: 5200
}
