package wacloudtest_test

import (
	"context"
	"sync"
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

// place is a test and where it runs.
type place struct {
	*testing.T
	opts []wacloudtest.Option
}

func (p place) newServer(opts ...wacloudtest.Option) *wacloudtest.Server {
	return wacloudtest.NewServer(p.T, append(opts, p.opts...)...)
}

// everywhere runs a test over real HTTP, and in memory in a bubble.
func everywhere(t *testing.T, test func(t place)) {
	t.Helper()
	t.Run("http", func(t *testing.T) {
		t.Parallel()
		test(place{T: t})
	})
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) { test(place{t, []wacloudtest.Option{wacloudtest.InMemory()}}) })
	})
}

func TestEveryTapShapeReachesItsCallback(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t place) {
		srv := t.newServer()
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

func TestRepeatedDeliveryIsHandledOnce(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t place) {
		srv := t.newServer()
		srv.Serve(newBot())
		ana := srv.User("Ana")
		ana.Say("oi")
		ana.Redeliver()
		wacloudtest.Expect[wacloud.Buttons](ana)
		ana.Redeliver()
		ana.ExpectNothing()
		require.Len(t, srv.Deliveries(), 3)
	})
}

func TestOldMessagesStayTappable(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t place) {
		srv := t.newServer()
		srv.Serve(newBot())
		ana := srv.User("Ana")
		ana.Say("oi")
		menu := wacloudtest.Expect[wacloud.Buttons](ana)
		menu.Tap("Pickup")
		shops := wacloudtest.Expect[wacloud.List](ana)
		shops.TapID("shop:2")
		wacloudtest.Expect[wacloud.Carousel](ana)
		menu.Tap("Delivery") // no route
		require.Equal(t, "That is long gone", wacloudtest.Expect[wacloud.Text](ana).Message.Body)
		shops.Tap("Centre")
		wacloudtest.Expect[wacloud.Carousel](ana)
		ana.ExpectNothing()
	})
}

// Whoever taps without looking still gets the answers in order: what was tapped counts as seen.
func TestTappingWithoutExpecting(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t place) {
		srv := t.newServer()
		srv.Serve(newBot())
		ana := srv.User("Ana")
		ana.Say("oi")
		ana.Tap("Pickup")
		ana.TapID("shop:1")
		ana.Card(0).Tap("Choose")
		require.Equal(t, "Dish 1 is on its way", wacloudtest.Expect[wacloud.Text](ana).Message.Body)
		ana.ExpectNothing()
	})
}

func TestCarouselTapsInEveryShape(t *testing.T) {
	t.Parallel()
	for name, shape := range map[string]wacloudtest.TapShape{
		"button": wacloudtest.TapButton, "button_reply": wacloudtest.TapButtonReply, "quick_reply": wacloudtest.TapQuickReply,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := wacloudtest.NewServer(t, wacloudtest.InMemory(), wacloudtest.CarouselTaps(shape))
			srv.Serve(newBot())
			ana := srv.User("Ana")
			ana.Say("oi")
			ana.Tap("Pickup")
			ana.Tap("Centre")
			wacloudtest.Expect[wacloud.Carousel](ana).Card(1).Tap("Choose")
			require.Equal(t, "Dish 2 is on its way", wacloudtest.Expect[wacloud.Text](ana).Message.Body)
			last := srv.Deliveries()[3].Body
			want := map[wacloudtest.TapShape]string{
				wacloudtest.TapButton:      `"button":{"payload":"dish:2","text":"Choose"}`,
				wacloudtest.TapButtonReply: `"button_reply":{"id":"dish:2","title":"Choose"}`,
				wacloudtest.TapQuickReply:  `"quick_reply":{"id":"dish:2","title":"Choose"}`,
			}[shape]
			require.Contains(t, string(last), want)
			require.Contains(t, string(last), `"context":{"from":"15550005555","id":"wamid.OUT0003"}`)
		})
	}
}

func TestStatusesFollowByThemselves(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t place) {
		srv := t.newServer(wacloudtest.AutoStatus())
		var mu sync.Mutex
		got := map[string][]string{} // of each message, because those of different ones are handled in parallel
		r := newBot()
		r.Status(func(_ context.Context, e *wacloud.Event) error {
			mu.Lock()
			defer mu.Unlock()
			got[e.Status.ID] = append(got[e.Status.ID], e.Status.Status)
			return nil
		})
		srv.Serve(r)
		ana := srv.User("Ana")
		ana.Say("oi")
		wacloudtest.Expect[wacloud.Buttons](ana)
		srv.Wait()
		ana.Say("oi?")
		srv.Wait()
		require.Equal(t, map[string][]string{
			"wamid.OUT0001": {"sent", "delivered", "read"},
			"wamid.OUT0002": {"sent", "delivered"},
		}, got)
	})
}
