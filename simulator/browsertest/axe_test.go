package browsertest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// axe returns the accessibility rules, which npm ci puts here.
func axe(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("node_modules", "axe-core", "axe.min.js"))
	if err == nil {
		return string(source)
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("axe-core is missing: run npm ci in simulator/browsertest")
	}
	t.Skip("*** axe-core is missing, the accessibility rules were NOT checked: run npm ci in simulator/browsertest")
	return ""
}

// breaches runs the rules on the whole page and returns what breaks them, one line each.
const breaches = `axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"] })
	.then((r) => r.violations.flatMap((v) => v.nodes.map((n) => v.id + ": " + n.failureSummary.split("\n").slice(1, 3).join(" ") + " " + n.html.slice(0, 160))))`

func TestAccessibilityRules(t *testing.T) {
	t.Parallel()
	source := axe(t)
	local := pictures(t)
	s := newStage(t, catalogRouter(local))
	p := s.open()
	phone := p.phone(0)
	phone.say("*oi* https://example.com `code`\n> quote")
	phone.shows("echo: ")
	for _, k := range append(append(append(textKinds(), buttonKinds(local)...), shopKinds(local)...), rawKinds()...) {
		p.wait(article(s.send(k.message)))
	}
	failed := s.send(wacloud.NewText("lost"))
	p.wait(article(failed))
	s.control("POST", "status", map[string]any{"message": failed, "status": "failed", "code": 131047}, nil)
	s.control("POST", "faults", map[string]any{"kind": "duplicate", "next": 3}, nil)
	p.tapIn(`document.querySelector(".bar")`, "Add phone")
	p.wait(`document.querySelectorAll(".phone").length === 2`)
	p.do(chromedp.Evaluate[chromedp.Void](source), chromedp.Evaluate[chromedp.Void](`document.getElementById("ids").click()`))

	views := []struct{ name, open string }{
		{"chat and inspector", `document.querySelectorAll(".webhook .line")[0].click()`},
		{"faults", `document.getElementById("tab-faults").click()`},
		{"settings", `document.getElementById("tab-settings").click()`},
		{"bot", `document.getElementById("tab-bot").click()`},
		{"list sheet", `[...document.querySelectorAll(".choice")].find((c) => c.textContent.includes("See all")).click()`},
		{"form sheet", `document.querySelector(".cover").closeSheet(); [...document.querySelectorAll(".choice")].find((c) => c.textContent.includes("Provide address")).click()`},
		{"cart sheet", `document.querySelector(".cover").closeSheet(); [...document.querySelectorAll(".choice")].find((c) => c.textContent.includes("View items")).click()`},
		{"attach sheet", `document.querySelector(".cover").closeSheet(); document.querySelector("[aria-label='Send something else']").click()`},
		{"message sheet", `document.querySelector(".cover").closeSheet(); document.querySelector("[aria-label='Message options']").click()`},
	}
	for _, theme := range []string{"light", "dark"} {
		for _, view := range views {
			p.do(chromedp.Evaluate[chromedp.Void](view.open))
			p.wait(`document.getAnimations().every((a) => a.effect.target.closest(".typing") || a.playState === "finished")`)
			require.Empty(t, eval[[]string](p, breaches), "%s, %s", view.name, theme)
		}
		p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector(".cover").closeSheet(); document.getElementById("tab-inspector").click(); document.getElementById("theme").click()`))
	}
}
