package browsertest

import (
	"context"
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// catalogRouter offers a list and a carousel, and says what it got.
func catalogRouter(picture string) *wacloud.Router {
	r := echo()
	r.Reply("ask:list", func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewList("Choose", wacloud.Menu{Button: "See all", Sections: []wacloud.Section{
			{Title: "Salty", Rows: []wacloud.Row{{ID: "dish:1", Title: "Pizza", Description: "12 kinds"}, {ID: "dish:2", Title: "Pasta"}}},
			{Title: "Sweet", Rows: []wacloud.Row{{ID: "dish:3", Title: "Cake"}}},
		}}))
		return err
	})
	r.Reply("ask:carousel", func(ctx context.Context, e *wacloud.Event) error {
		var cards []wacloud.Card
		for i := range 4 {
			action := wacloud.QuickReplies{{ID: fmt.Sprintf("room:%d", i), Title: "Choose"}}
			cards = append(cards, wacloud.NewCard(wacloud.HeaderImage{Media: wacloud.MediaLink(picture)}, action).WithBody(fmt.Sprintf("Room %d", i)))
		}
		_, err := e.Respond(ctx, wacloud.NewCarousel("Rooms", cards...))
		return err
	})
	return r
}

// ask makes the bot answer as if a button with this id had been tapped.
func (s *stage) ask(id string) {
	s.t.Helper()
	s.control("POST", "tap-id", map[string]string{"id": id, "title": id}, nil)
}

func TestListSheet(t *testing.T) {
	t.Parallel()
	s := newStage(t, catalogRouter(pictures(t)))
	p := s.open()
	phone := p.phone(0)
	s.ask("ask:list")
	phone.tap("See all")
	p.wait(`document.querySelector("[role=dialog]")`)
	found := p.accessible(`document.querySelector("[role=dialog]")`)
	for _, want := range []seen{
		{"dialog", "See all"},
		{"radiogroup", "See all"},
		{"group", "Salty"},
		{"heading", "Salty"},
		{"heading", "Sweet"},
		{"radio", "Pizza 12 kinds"},
		{"radio", "Pasta"},
		{"radio", "Cake"},
		button("Send"), button("Close"),
	} {
		require.Contains(t, found, want, list(found))
	}
	require.True(t, eval[bool](p, `[...document.querySelectorAll(".cover .primary")].every(b => b.disabled)`), "nothing is chosen yet")

	p.do(chromedp.KeyEvent(kb.Escape))
	p.wait(`!document.querySelector(".cover")`)
	require.Equal(t, "See all", eval[string](p, `document.activeElement.querySelector(".title").textContent`), "the focus goes back")

	phone.pick("See all", "Cake")
	phone.shows("tapped: dish:3")

	// The same list once more, an old message by now, with the keyboard alone.
	p.do(chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll(".choice")].at(-1).focus()`), chromedp.KeyEvent("\r"))
	p.wait(`document.activeElement.type === "radio"`)
	p.do(chromedp.KeyEvent(" "), chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent("\r"))
	phone.shows("tapped: dish:2")
}

func TestCarouselSwipeAndTap(t *testing.T) {
	t.Parallel()
	s := newStage(t, catalogRouter(pictures(t)))
	p := s.open()
	phone := p.phone(0)
	s.ask("ask:carousel")
	p.wait(`document.querySelectorAll(".card").length === 4`)
	require.Zero(t, eval[float64](p, `document.querySelector(".strip").scrollLeft`))

	// A sideways wheel is what a swipe on a trackpad sends.
	at := eval[[]float64](p, `(() => { const r = document.querySelector(".strip").getBoundingClientRect(); return [r.x + 100, r.y + 60]; })()`)
	p.do(chromedp.MouseEvent(chromedp.MouseWheel, at[0], at[1], func(m *input.DispatchMouseEventParams) { m.DeltaX, m.DeltaY = 500, 0.01 }))
	p.wait(`document.querySelector(".strip").scrollLeft > 300`)

	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector(".strip").focus()`), chromedp.KeyEvent(kb.ArrowLeft))
	p.wait(`Math.abs(document.querySelector(".strip").scrollLeft - 244) < 4`)
	p.tapIn(`document.querySelector(".carousel")`, "Next card")
	p.wait(`Math.abs(document.querySelector(".strip").scrollLeft - 488) < 4`)

	p.tapIn(`document.querySelectorAll(".card")[2]`, "Choose")
	phone.shows("tapped: room:2")

	// The same tap in each shape that a bot must understand.
	for _, shape := range []string{"interactive.button_reply", "interactive.quick_reply"} {
		p.tapIn(`document.querySelector("#panel")`, "Settings")
		p.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`(() => {
			const s = document.querySelector(".settings select");
			s.value = [...s.options].find(o => o.textContent === %q).value;
			s.dispatchEvent(new Event("change", { bubbles: true }));
		})()`, shape)))
		before := p.count(".msg.in")
		p.tapIn(`document.querySelectorAll(".card")[3]`, "Choose")
		p.wait(fmt.Sprintf(`document.querySelectorAll(".msg.in").length > %d`, before))
		phone.shows("tapped: room:3")
	}
}

// What a user answers to requests for a place, contact details, a form, an address, a cart and a call.
func TestAnswersToRequests(t *testing.T) {
	t.Parallel()
	r := wacloud.NewRouter()
	r.Message(func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewText("got "+e.Message.Type))
		return err
	})
	s := newStage(t, r)
	p := s.open()
	phone := p.phone(0)
	phone.say("oi")
	phone.shows("got text")

	s.send(wacloud.NewLocationRequest("Where to?"))
	phone.tap("Send location")
	phone.tap("Send")
	phone.shows("got location")
	s.send(wacloud.NewContactInfoRequest("Your number?"))
	phone.tap("Share contact info")
	phone.shows("got contacts")
	s.send(wacloud.Flow{Body: "Fill in", ID: "600000000000001", CTA: "Open form", Token: "tok"})
	phone.tap("Open form")
	phone.tap("Send")
	phone.shows("got interactive")
	s.send(wacloud.ProductList{Header: "Our picks", Body: "Browse", CatalogID: "70", Sections: []wacloud.ProductSection{{Title: "Lamps", RetailerIDs: []string{"sku-1"}}}})
	phone.tap("View items")
	phone.tap("One more sku-1")
	phone.tap("Send cart")
	phone.shows("got order")
	for _, m := range []struct {
		message wacloud.Message
		taps    []string
	}{
		{wacloud.AddressRequest{Body: "Deliver where?", Country: "IN"}, []string{"Provide address", "Send"}},
		{wacloud.CallPermissionRequest{Body: "May we call?"}, []string{"Allow"}},
	} {
		id := s.send(m.message)
		p.wait(article(id))
		before := p.count(".msg.in")
		for _, name := range m.taps {
			phone.tap(name)
		}
		p.wait(fmt.Sprintf(`document.querySelectorAll(".msg.in").length > %d`, before))
		phone.shows("got interactive")
	}
}

func TestUnroutedButtonsAreFlagged(t *testing.T) {
	t.Parallel()
	r := wacloud.NewRouter()
	r.Reply("cart:remove:{n}", func(context.Context, *wacloud.Event) error { return nil })
	r.Text(func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewButtons("Cart", wacloud.Button{ID: "cart:remove:3", Title: "Remove"}, wacloud.Button{ID: "promo", Title: "Promo"}))
		return err
	})
	s := newStage(t, r)
	p := s.open()
	p.phone(0).say("oi")
	p.phone(0).shows("Cart")
	p.wait(`document.querySelectorAll(".choice").length === 2`)
	require.Equal(t, "cart:remove:3 → cart:remove:{n}, n = 3", eval[string](p, `document.querySelectorAll(".choice")[0].title`))
	require.Equal(t, []string{"promo"}, eval[[]string](p, `[...document.querySelectorAll(".choice:has(.unrouted)")].map(b => b.dataset.id)`))
}
