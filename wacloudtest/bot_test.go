package wacloudtest_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

// newBot is a small ordering bot: buttons, then a list, then a carousel, then a text.
func newBot() *wacloud.Router {
	r := wacloud.NewRouter()
	r.Text(respond(wacloud.NewButtons("How do you want it?",
		wacloud.Button{ID: "delivery", Title: "Delivery"},
		wacloud.Button{ID: "pickup", Title: "Pickup"},
	)))
	r.Reply("pickup", respond(wacloud.NewList("Which shop?", wacloud.Menu{Button: "Shops", Sections: wacloud.Rows(
		wacloud.Row{ID: "shop:1", Title: "Centre", Description: "Open until 22h"},
		wacloud.Row{ID: "shop:2", Title: "Station"},
	)})))
	r.Reply("shop:{id}", respond(wacloud.NewCarousel("Choose a dish",
		dishCard("1"), dishCard("2"),
	)))
	r.Reply("dish:{id}", func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewText("Dish "+e.Param("id")+" is on its way"))
		return err
	})
	r.Reply("track", respond(wacloud.NewText("Almost there")))
	r.NotFound(respond(wacloud.NewText("That is long gone")))
	return r
}

func dishCard(id string) wacloud.Card {
	return wacloud.NewCard(
		wacloud.HeaderImage{Media: wacloud.MediaLink("https://cdn.example.com/" + id + ".jpg")},
		wacloud.QuickReplies{{ID: "dish:" + id, Title: "Choose"}},
	)
}

func respond(m wacloud.Message) wacloud.HandlerFunc {
	return func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, m)
		return err
	}
}

// everywhere runs a test over real HTTP, and in memory in a bubble.
func everywhere(t *testing.T, test func(t *testing.T, opts ...wacloudtest.Option)) {
	t.Run("http", func(t *testing.T) {
		t.Parallel()
		test(t)
	})
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) { test(t, wacloudtest.InMemory()) })
	})
}

func TestEveryTapShapeReachesItsCallback(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, opts ...wacloudtest.Option) {
		srv := wacloudtest.NewServer(t, opts...)
		srv.Serve(newBot())
		ana := srv.User("Ana")

		ana.Say("oi")
		wacloudtest.Expect[wacloud.Buttons](ana).Tap("Pickup")
		shops := wacloudtest.Expect[wacloud.List](ana)
		require.Equal(t, "Which shop?", shops.Message.Body)
		shops.Tap("Centre")
		wacloudtest.Expect[wacloud.Carousel](ana).Card(1).Tap("Choose")
		require.Equal(t, "Dish 2 is on its way", wacloudtest.Expect[wacloud.Text](ana).Message.Body)

		ana.Send(wacloudtest.TemplateTap(ana.Identity(), wacloud.Button{ID: "track", Title: "Track"}))
		require.Equal(t, "Almost there", wacloudtest.Expect[wacloud.Text](ana).Message.Body)
		ana.ExpectNothing()
		require.Len(t, srv.Sent(), 5)
	})
}
