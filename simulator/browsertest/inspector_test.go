package browsertest

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/simulator"
)

func TestInspector(t *testing.T) {
	t.Parallel()
	r := echo()
	r.Reply("bad", func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewButtons("x", wacloud.Button{ID: "a", Title: "This title has too many characters"}), wacloud.SkipValidation())
		return err
	})
	s := newStage(t, r)
	p := s.open()
	p.phone(0).say("oi")
	p.phone(0).shows("echo: oi")
	p.wait(`/^200 in (<0.1|[\d.]+) m?s$/.test(document.querySelector(".webhook .verdict").textContent)`)
	p.wait(`[...document.querySelectorAll(".call .what")].some((w) => w.textContent === "messages text")`)

	// A webhook: its JSON and headers without secrets; delivered again it is not answered again.
	p.tapIn(`document.querySelector(".webhook")`, eval[string](p, `document.querySelector(".webhook .line").textContent.trim()`))
	p.wait(`document.querySelectorAll(".detail .exchange").length === 2`)
	shown := eval[string](p, `document.querySelector(".detail").textContent`)
	require.Contains(t, shown, `"body": "oi"`)
	require.Contains(t, shown, "X-Hub-Signature-256")
	p.tapIn(`document.querySelector(".detail")`, "Deliver again")
	p.wait(`[...document.querySelectorAll(".webhook .what")].filter((w) => w.textContent === "message text").length === 2`)
	p.tapIn(`document.querySelector(".detail")`, "Go test")
	p.wait(`document.querySelector(".toast")`)

	// A refused call: code, path and hint.
	s.ask("bad")
	p.wait(`document.querySelector(".call .badge.bad")`)
	line := `document.querySelector(".line:has(.badge.bad)")`
	require.Contains(t, eval[string](p, line+`.textContent`), "1 check failed")
	p.tapIn(line+`.parentElement`, eval[string](p, line+`.textContent.trim()`))
	p.wait(`document.querySelector(".detail .problems")`)
	found := p.accessible(`document.querySelector(".detail .problems")`)
	require.Contains(t, found, text("interactive.action.buttons[0].reply.title"), list(found))
	require.NotContains(t, eval[string](p, `document.querySelector(".detail").textContent`), "Bearer wasim")
	require.Equal(t, 1, eval[int](p, `[...document.querySelectorAll(".msg.in")].filter((m) => m.textContent.includes("echo: oi")).length`))
}

func TestBotLog(t *testing.T) {
	t.Parallel()
	s := newStage(t, echo())
	s.sim.Log("stdout", "before the page")
	p := s.open()
	s.sim.Log("stderr", "after <b>it</b>")
	p.tapIn(`document.querySelector("#panel")`, "Bot")
	p.wait(`document.querySelector(".bot-log").textContent === "before the page\nafter <b>it</b>\n"`)
	require.Equal(t, 1, p.count(".bot-log .stderr"))
}

// What a bot in another process tells of itself: where its buttons lead, and what it gave up.
func TestWhatTheBotTells(t *testing.T) {
	t.Parallel()
	r := wacloud.NewRouter()
	r.Reply("cart:remove:{n}", func(context.Context, *wacloud.Event) error { return nil })
	r.Text(func(ctx context.Context, e *wacloud.Event) error {
		if e.Text() == "fail" {
			return wacloud.Permanent(errors.New("the <b>kitchen</b> is closed"))
		}
		_, err := e.Respond(ctx, wacloud.NewButtons("Cart", wacloud.Button{ID: "cart:remove:3", Title: "Remove"}, wacloud.Button{ID: "promo", Title: "Promo"}))
		return err
	})
	s := newStage(t, r, func(o *simulator.Options) { o.Lookup = nil })
	p := s.open()
	p.tapIn(`document.querySelector("#panel")`, "Bot")
	p.wait(`document.querySelector(".about-bot").textContent.endsWith("Inbox: 0 waiting, 0 being handled, 0 dead letters.")`)
	phone := p.phone(0)
	phone.say("oi")
	phone.shows("Cart")
	p.wait(`document.querySelectorAll(".choice").length === 2`)
	require.Equal(t, "cart:remove:3 → cart:remove:{n}, n = 3", eval[string](p, `document.querySelectorAll(".choice")[0].title`))
	require.Equal(t, []string{"promo"}, eval[[]string](p, `[...document.querySelectorAll(".choice:has(.unrouted)")].map(b => b.dataset.id)`))
	p.tapIn(`document.querySelector(".bot-panel")`, "Routes")
	p.wait(`document.querySelector(".routes li")`)
	found := p.accessible(`document.querySelector(".routes")`)
	require.Contains(t, found, text("cart:remove:{n}"), list(found))
	require.Contains(t, eval[string](p, `document.querySelector(".source").textContent`), "browsertest/inspector_test.go:")

	require.False(t, eval[bool](p, `document.getElementById("letters").checkVisibility()`))
	phone.say("fail")
	p.wait(`[...document.querySelectorAll(".msg.out .failure")].some((n) => n.textContent.includes("The bot gave this up: "))`)
	p.tapIn(`document.querySelector("#panel")`, "Inspector")
	p.tapIn(`document.querySelector(".bar")`, "1 dead letter")
	found = p.accessible(`document.querySelector(".letters")`)
	require.Contains(t, found, seen{"list", "Dead letters"}, list(found))
	require.Contains(t, eval[string](p, `document.querySelector(".letter").textContent`), "the <b>kitchen</b> is closed")
	p.tapIn(`document.querySelector(".letters")`, "Show in the inspector")
	p.wait(`[...document.querySelectorAll(".entry")].filter((n) => n.checkVisibility()).length === 1`)
}
