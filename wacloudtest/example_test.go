package wacloudtest_test

import (
	"context"
	"fmt"
	"os"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

// newPizzeria is the bot under test.
func newPizzeria() *wacloud.Router {
	r := wacloud.NewRouter()
	r.Text(func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewButtons("How would you like it?",
			wacloud.Button{ID: "delivery", Title: "Delivery"},
			wacloud.Button{ID: "pickup", Title: "Pickup"},
		))
		return err
	})
	r.Reply("pickup", func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewList("Which shop?", wacloud.Menu{Button: "Shops", Sections: wacloud.Rows(
			wacloud.Row{ID: "shop:centre", Title: "Centre"},
			wacloud.Row{ID: "shop:station", Title: "Station"},
		)}))
		return err
	})
	r.Reply("shop:{name}", func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewText("See you at the "+e.Param("name")))
		return err
	})
	return r
}

// In a test of your own, this function is func TestPickup(t *testing.T).
func testPickup(t wacloudtest.TB) {
	srv := wacloudtest.NewServer(t)
	srv.Serve(newPizzeria())
	ana := srv.User("Ana")

	ana.Say("hello")
	wacloudtest.Expect[wacloud.Buttons](ana).Tap("Pickup")
	wacloudtest.Expect[wacloud.List](ana).Tap("Station")
	bye := wacloudtest.Expect[wacloud.Text](ana)
	if got, want := bye.Message.Body, "See you at the station"; got != want {
		t.Errorf("answer %q, want %q", got, want)
	}

	ana.Redeliver() // Meta posts again what it is not sure about
	ana.ExpectNothing()
	fmt.Println(len(srv.Sent()), "messages")
}

func Example() {
	if failure := failures(testPickup); failure != "" {
		fmt.Println(failure)
	}
	// Output: 3 messages
}

// A program that is no test plays a chat and fails.
func ExampleRun() {
	err := wacloudtest.Run(os.Stderr, func(tb wacloudtest.TB) error {
		srv := wacloudtest.NewServer(tb)
		srv.Serve(newPizzeria())
		ana := srv.User("Ana")
		ana.Say("hello")
		ana.Tap("Pickup")
		fmt.Println(wacloudtest.Expect[wacloud.List](ana).Message.Body)
		ana.Tap("Airport")
		return nil
	})
	fmt.Println(err)
	// Output:
	// Which shop?
	// wacloudtest: Ana cannot tap "Airport": the wacloud.List offers "Centre", "Station"
}
