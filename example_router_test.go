package wacloud_test

import (
	"context"
	"fmt"

	"github.com/wacloud/wacloud"
)

// The most specific pattern takes a tap, whatever the order of registration.
func ExampleRouter_Lookup() {
	callback := func(context.Context, *wacloud.Event) error { return nil }
	r := wacloud.NewRouter()
	r.Reply("order:", callback)
	r.Reply("order:{id}:cancel", callback)
	for _, id := range []string{"order:7:cancel", "order:7:track", "orders"} {
		route, params, ok := r.Lookup(id)
		fmt.Println(ok, route.Pattern, params)
	}
	// Output:
	// true order:{id}:cancel map[id:7]
	// true order: map[]
	// false  map[]
}
