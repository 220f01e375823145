package browsertest

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// Each fault is armed on the page, seen there, and hits while a user writes. The bot answers what comes after it once, and
// what it hit at most once.
func TestEveryFaultIsSurvived(t *testing.T) {
	t.Parallel()
	var kinds struct {
		Kinds []struct{ Kind string }
	}
	newStage(t, echo()).control(http.MethodGet, "faults/kinds", struct{}{}, &kinds)
	require.Greater(t, len(kinds.Kinds), 25)
	for _, k := range kinds.Kinds {
		t.Run(k.Kind, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, echo())
			p := s.open()
			phone := p.phone(0)
			p.arm(k.Kind)
			p.wait(fmt.Sprintf(`document.getElementById("armed").textContent.includes(%q)`, k.Kind+", next 1"))
			phone.say("during")
			p.wait(`[...document.querySelectorAll(".msg.out")].some((m) => m.textContent.includes("during"))`)
			phone.say("after")
			phone.shows("echo: after")
			p.wait(`document.getElementById("armed").textContent === ""`)
			answers := func(text string) int {
				return eval[int](p, fmt.Sprintf(`[...document.querySelectorAll(".msg.in:not(:has(.ticks.failed)) .text")].filter((m) => m.textContent === %q).length`, text))
			}
			require.Equal(t, 1, answers("echo: after"))
			require.LessOrEqual(t, answers("echo: during"), 1)
		})
	}
}

// arm arms a fault in the panel for one hit, with short delays.
func (p *tab) arm(kind string) {
	p.t.Helper()
	p.tapIn(`document.querySelector("#panel")`, "Faults")
	p.wait(`document.querySelector("[name=kind]")`)
	p.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`(() => {
		const kind = document.querySelector("[name=kind]");
		kind.value = %q;
		kind.dispatchEvent(new Event("change", { bubbles: true }));
		const fill = (name, value) => { const input = document.querySelector("[name=p-" + name + "]"); if (input) input.value = value; };
		fill("delay_ms", "100");
		fill("retry_after_s", "1");
	})()`, kind)))
	p.tapIn(`document.querySelector("#panel")`, "Arm")
}
