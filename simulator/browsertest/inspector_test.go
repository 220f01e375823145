package browsertest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
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
	p.tapIn(`document.querySelector("#panel")`, "Bot log")
	p.wait(`document.querySelector(".bot-log").textContent === "before the page\nafter <b>it</b>\n"`)
	require.Equal(t, 1, p.count(".bot-log .stderr"))
}
