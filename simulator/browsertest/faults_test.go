package browsertest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// Each fault is armed on the page, seen there, and hits while a user writes. The bot answers what comes after it once, and
// what it hit at most once.
func TestEveryFaultIsSurvived(t *testing.T) {
	t.Parallel()
	var all struct {
		Kinds []struct{ Kind, Side string }
	}
	newStage(t, echo()).control(http.MethodGet, "faults/kinds", struct{}{}, &all)
	require.Greater(t, len(all.Kinds), 25)
	var webhooks, api []string
	for _, k := range all.Kinds {
		if k.Side == "api" {
			api = append(api, k.Kind)
		} else {
			webhooks = append(webhooks, k.Kind)
		}
	}
	for kinds := range slices.Chunk(webhooks, 7) {
		t.Run("webhooks from "+kinds[0], func(t *testing.T) {
			t.Parallel()
			survive(t, kinds...)
		})
	}
	for _, kind := range api { // each on a stage of its own, because the client slows down after some of them
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			survive(t, kind)
		})
	}
}

// survive arms one fault after the other and writes twice each time.
func survive(t *testing.T, kinds ...string) {
	t.Helper()
	s := newStage(t, echo())
	p := s.open()
	phone := p.phone(0)
	answers := func(text string) string {
		return fmt.Sprintf(`[...document.querySelectorAll(".msg.in:not(:has(.ticks.failed)) .text")].filter((m) => m.textContent === %q).length`, text)
	}
	for _, kind := range kinds {
		p.arm(kind)
		p.wait(fmt.Sprintf(`document.getElementById("armed").textContent.includes(%q)`, kind+", next 1"))
		phone.say("during " + kind)
		p.wait(fmt.Sprintf(`[...document.querySelectorAll(".msg.out")].some((m) => m.textContent.includes(%q))`, "during "+kind))
		phone.say("after " + kind)
		p.wait(answers("echo: after "+kind) + " > 0")
		p.wait(`document.getElementById("armed").textContent === ""`)
	}
	for _, kind := range kinds {
		require.Equal(t, 1, eval[int](p, answers("echo: after "+kind)), kind)
		during := eval[int](p, answers("echo: during "+kind))
		require.LessOrEqual(t, during, 1, kind)
		if strings.HasPrefix(kind, "duplicate") || kind == "cut-after" {
			require.Equal(t, 1, during, "%s: nothing is lost and nothing comes twice", kind)
		}
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
