package wacloud_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/wacloud/wacloud"
)

// BenchmarkRouter dispatches a tap to a typed callback with one integer parameter.
func BenchmarkRouter(b *testing.B) {
	type param struct {
		N int `id:"n"`
	}
	for _, routes := range []int{10, 10_000} {
		b.Run(fmt.Sprintf("routes=%d", routes), func(b *testing.B) {
			r := wacloud.NewRouter()
			sum := 0
			for i := range routes {
				route := wacloud.NewRoute[param](fmt.Sprintf("shop%d:item:{n}", i))
				wacloud.On(r, route, func(_ context.Context, _ *wacloud.Event, p param) error {
					sum += p.N
					return nil
				})
			}
			var taps []*wacloud.Event // spread over the routes, so that caches do not flatter
			for i := range 256 {
				taps = append(taps, tapOn(fmt.Sprintf("shop%d:item:%d", i*7919%routes, 1000+i)))
			}
			ctx := b.Context()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := r.Handle(ctx, taps[i%len(taps)]); err != nil {
					b.Fatal(err)
				}
			}
			if sum == 0 {
				b.Fatal("the callback did not run")
			}
		})
	}
}

// BenchmarkRouteID writes an id with one integer.
func BenchmarkRouteID(b *testing.B) {
	route := wacloud.NewRoute[int]("cart:remove:{n}")
	b.ReportAllocs()
	for b.Loop() {
		route.ID(12345)
	}
}
