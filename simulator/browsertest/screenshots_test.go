package browsertest

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

var screenshots = flag.String("screenshots", "", "folder to write the documentation's pictures to")

// TestScreenshots makes the pictures of the documentation; CONTRIBUTING.md has the command.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("no folder is given")
	}
	p := open(t, restaurant(t))
	phone := p.phone(0)
	phone.say("oi")
	phone.shows("De onde você quer pedir")
	p.wait(`[...document.querySelectorAll(".strip img")].every((i) => i.complete && i.naturalWidth)`)
	p.wait(`document.querySelector(".msg.in .ticks").getAttribute("aria-label") === "Delivered"`)
	p.save("carousel.png", ".frame")

	phone.tapFirst("Ver cardápio")
	phone.shows("O que vai ser?")
	phone.pick("Ver categorias", "Pizzas")
	phone.shows("Escolha um item")
	phone.tap("Ver opções")
	p.wait(`document.querySelector("[role=dialog]")`)
	phone.tap("Margherita")
	p.save("list.png", ".frame")
	phone.tap("Send")
	phone.shows("está no carrinho")
	phone.tap("🛒 Ver carrinho")
	phone.shows("Total")

	p.tapIn(`document.querySelector(".bar")`, "Add phone")
	p.phone(1).say("oi")
	p.phone(1).shows("De onde você quer pedir")
	p.wait(`[...document.querySelectorAll(".phone")[1].querySelectorAll(".strip img")].slice(0, 2).every((i) => i.complete && i.naturalWidth)`)
	p.arm("duplicate")
	p.tapIn(`document.querySelector("#panel")`, "Inspector")
	p.do(chromedp.Evaluate[chromedp.Void](`document.getElementById("theme").click()`))
	p.save("dark.png", "")

	inspectorPicture(t)
}

// inspectorPicture shows a message that breaks a rule, beside what the page knows about it.
func inspectorPicture(t *testing.T) {
	r := wacloud.NewRouter()
	r.Reply("cart:remove:{n}", func(context.Context, *wacloud.Event) error { return nil })
	r.Text(func(ctx context.Context, e *wacloud.Event) error {
		bad := wacloud.NewButtons("Your cart", wacloud.Button{ID: "cart:remove:1", Title: "Remove the first item, please"})
		if _, err := e.Respond(ctx, bad, wacloud.SkipValidation()); err == nil {
			return nil
		}
		_, err := e.Respond(ctx, wacloud.NewButtons("Your cart: *1 × Margherita*", wacloud.Button{ID: "cart:remove:1", Title: "Remove item 1"}, wacloud.Button{ID: "promo", Title: "Old promotion"}))
		return err
	})
	s := newStage(t, r)
	p := s.open()
	p.do(chromedp.Evaluate[chromedp.Void](`document.getElementById("ids").click()`))
	p.phone(0).say("cart")
	p.phone(0).shows("Margherita")
	p.wait(`document.querySelectorAll(".webhook").length === 3`)
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector(".line:has(.verdict.bad)").click()`))
	p.wait(`document.querySelector(".detail .json")`)
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector(".scroll").scrollTop = 0`))
	p.save("inspector.png", "")
}

// save writes a picture of the page or of the first element that a selector finds.
func (p *tab) save(name, selector string) {
	p.t.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("[data-say]").forEach((input) => input.blur())`))
	p.wait(`document.getAnimations().every((a) => a.playState === "finished")`)
	shot := chromedp.CaptureScreenshot()
	if selector != "" {
		shot = chromedp.ScreenshotScale(chromedp.CSS(selector), 1.5)
	} else {
		p.do(chromedp.EmulateViewport(1440, 860))
	}
	data, err := chromedp.Run(p.ctx, shot)
	require.NoError(p.t, err)
	require.Less(p.t, len(data), 300_000)
	require.NoError(p.t, os.WriteFile(filepath.Join(*screenshots, name), data, 0o644))
}
