package browsertest

import (
	"context"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// Two users side by side, one of whom shows no phone number: each sees their own chat, live.
func TestTwoUsersAtOnce(t *testing.T) {
	t.Parallel()
	r := echo()
	r.Reply("who", func(ctx context.Context, e *wacloud.Event) error {
		from := e.Message.From
		_, err := e.Respond(ctx, wacloud.NewText("you are "+from.Name+" "+from.Phone))
		return err
	})
	s := newStage(t, r)
	p := s.open()
	p.tapIn(`document.querySelector(".bar")`, "Add phone")
	p.wait(`document.querySelectorAll(".phone").length === 2`)
	first, second := p.phone(0), p.phone(1)
	first.say("from Ana")
	second.say("from Bia")
	first.shows("echo: from Ana")
	second.shows("echo: from Bia")
	require.Equal(t, []string{"Phone of Ana", "Phone of Bia"}, eval[[]string](p, `[...document.querySelectorAll(".phone")].map((n) => n.getAttribute("aria-label"))`))
	require.False(t, eval[bool](p, `document.querySelectorAll(".log")[0].textContent.includes("Bia")`))

	// Any id may be tapped, as on a message of last year.
	for i, want := range []string{"you are Ana " + ana, "you are Bia "} {
		phone := p.phone(i)
		phone.tap("Chat options")
		phone.tap("Tap a button with any id")
		p.wait(`document.querySelector(".cover input")`)
		p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector(".cover input").value = "who"`))
		phone.tap("Tap")
		phone.shows(want)
	}

	// A third user is made on the page.
	p.tapIn(`document.querySelector(".bar")`, "Add phone")
	p.tapIn(`document.querySelector("dialog")`, "Add phone")
	p.wait(`document.querySelectorAll(".phone").length === 3`)
	third := p.phone(2)
	third.say("from Bo")
	third.shows("echo: from Bo")
}

// The window closes a day after the user's last message, and the clock of the simulator can be put forward.
func TestWindowAndClock(t *testing.T) {
	t.Parallel()
	s := newStage(t, echo())
	p := s.open()
	phone := p.phone(0)
	phone.say("oi")
	phone.shows("echo: oi")
	p.wait(`document.querySelector(".under").textContent.startsWith("Window open for 23 h 59 min")`)
	phone.tap("Chat options")
	phone.tap("Advance the clock 24 hours")
	p.wait(`document.querySelector(".under").textContent.startsWith("Window closed")`)
	phone.say("again")
	phone.shows("echo: again")
	p.wait(`document.querySelector(".under").textContent.startsWith("Window open")`)
}

// What arrives is drawn without a reload; so are ticks, the typing dots and what was there before.
func TestLiveUpdates(t *testing.T) {
	t.Parallel()
	typing := make(chan struct{})
	r := wacloud.NewRouter()
	r.Text(func(ctx context.Context, e *wacloud.Event) error {
		if err := e.Typing(ctx); err != nil {
			return err
		}
		<-typing
		_, err := e.Respond(ctx, wacloud.NewText("done"))
		return err
	})
	s := newStage(t, r)
	p := s.open()
	phone := p.phone(0)
	phone.say("oi")
	p.wait(`document.querySelector(".typing").checkVisibility()`)
	require.Contains(t, p.accessible(`document.querySelector(".phone")`), picture("The business is typing"))
	p.wait(`document.querySelector(".msg.out .ticks.blue")`) // typing marks as read
	close(typing)
	phone.shows("done")
	p.wait(`!document.querySelector(".typing").checkVisibility()`)
	p.wait(`document.querySelector(".msg.in .ticks").getAttribute("aria-label") === "Delivered"`)
	phone.tap("Chat options")
	phone.tap("Look at the chat (everything is read)")
	p.wait(`document.querySelector(".msg.in .ticks").getAttribute("aria-label") === "Read"`)

	p.do(chromedp.Reload())
	phone.shows("done")
}

// An old phone is made by its menu: what it cannot show is marked as failed, and says why.
func TestPhoneThatCannotShowAKind(t *testing.T) {
	t.Parallel()
	s := newStage(t, catalogRouter(pictures(t)))
	p := s.open()
	phone := p.phone(0)
	phone.tap("Chat options")
	phone.tap("What this phone cannot show")
	phone.tap("Carousels")
	phone.tap("Save")
	p.wait(`document.querySelector(".limits")?.textContent === "This phone cannot show: carousels"`)
	s.ask("ask:carousel")
	p.wait(`document.querySelector(".msg.in .ticks")?.getAttribute("aria-label") === "Failed"`)
	p.wait(`document.querySelector(".failure").textContent.startsWith("Not on the phone: 131026 ")`)
	phone.tap("Chat options")
	phone.tap("What this phone cannot show")
	phone.tap("Carousels")
	phone.tap("Save")
	p.wait(`!document.querySelector(".limits").checkVisibility()`)
	s.ask("ask:carousel")
	p.wait(`document.querySelectorAll(".msg.in .ticks").length === 2 && document.querySelectorAll(".ticks.failed").length === 1`)
}
