package wacloud_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"

	"github.com/wacloud/wacloud"
)

// A customer is a row of the program's own data.
type customer struct{ Phone, Name string }

// sale sends each customer their own message, and goes on there when it is called again.
func sale(ctx context.Context, client *wacloud.Client, customers iter.Seq[customer]) (wacloud.BroadcastReport, error) {
	template := wacloud.NewTemplate("spring_sale", "pt_BR")
	return client.BroadcastEach(ctx, "spring-sale-2026", func(yield func(wacloud.Recipient, wacloud.Template) bool) {
		for c := range customers {
			if !yield(wacloud.Phone(c.Phone), template.WithTexts(c.Name)) {
				return
			}
		}
	})
}

func ExampleClient_BroadcastEach() {
	graph := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"messages":[{"id":"wamid.1","message_status":"accepted"}]}`)
	}))
	defer graph.Close()
	client, err := wacloud.NewClient("1234567890", wacloud.NewSecret("token"),
		wacloud.WithBaseURL(graph.URL), wacloud.WithStore(wacloud.NewMemoryStore())) // a durable one outlives a crash
	if err != nil {
		fmt.Println(err)
		return
	}
	customers := func(yield func(customer) bool) {
		_ = yield(customer{"+55 11 90000-0001", "Ana"}) && yield(customer{"+55 11 90000-0002", "Bruno"}) &&
			yield(customer{"5511900000001", "Ana"})
	}
	for range 2 {
		report, err := sale(context.Background(), client, customers)
		if stopped, ok := errors.AsType[*wacloud.BroadcastStopError](err); ok {
			fmt.Println("the same call goes on once this has changed:", stopped)
		}
		fmt.Println(report.Sent, "sent,", report.Skipped, "skipped,", report.Codes[131050], "have stopped marketing messages")
	}
	// Output:
	// 2 sent, 1 skipped, 0 have stopped marketing messages
	// 0 sent, 3 skipped, 0 have stopped marketing messages
}
