package wacloudtest

import (
	"fmt"
	"strings"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/internal/graph"
)

// Tap taps an option of the last message that has options: a reply button, a list row, a card's quick reply or a
// template's (by its payload, because the labels of a template are not part of the request).
func (u *User) Tap(title string) {
	u.srv.tb.Helper()
	if m, ok := u.lastOptions(); ok {
		u.tap(m, quoted(title), func(o graph.Option) bool { return o.Title == title })
	}
}

// TapID taps an option of the last message that has options, by its id.
func (u *User) TapID(id string) {
	u.srv.tb.Helper()
	if m, ok := u.lastOptions(); ok {
		u.tap(m, "the id "+quoted(id), func(o graph.Option) bool { return o.ID == id })
	}
}

// Card is a card, counted from 0, of the last carousel.
func (u *User) Card(i int) *Card {
	u.srv.tb.Helper()
	m, ok := u.lastMessage(func(m wacloud.Message) bool { _, ok := m.(wacloud.Carousel); return ok })
	if !ok {
		u.srv.tb.Fatalf("wacloudtest: %s has no carousel%s", u.user.Identity.Name, u.srv.trouble())
		return nil
	}
	return u.card(m, i)
}

func (u *User) card(m graph.Message, i int) *Card {
	u.srv.tb.Helper()
	carousel, ok := m.Outgoing.Message.(wacloud.Carousel)
	if !ok {
		u.srv.tb.Fatalf("wacloudtest: a %s has no cards", kindOf(m.Outgoing.Message))
		return nil
	}
	if i < 0 || i >= len(carousel.Cards) {
		u.srv.tb.Fatalf("wacloudtest: card %d: the carousel has cards 0 to %d", i, len(carousel.Cards)-1)
		return nil
	}
	return &Card{user: u, message: m, index: i, Card: carousel.Cards[i]}
}

// Card is one card of a carousel that a user got.
type Card struct {
	wacloud.Card

	user    *User
	message graph.Message
	index   int
}

// Tap taps an option of the card by its title.
func (c *Card) Tap(title string) {
	c.user.srv.tb.Helper()
	c.user.tap(c.message, fmt.Sprintf("%s on card %d", quoted(title), c.index), func(o graph.Option) bool {
		return o.Card == c.index && o.Title == title
	})
}

func (u *User) lastOptions() (graph.Message, bool) {
	u.srv.tb.Helper()
	m, ok := u.lastMessage(func(m wacloud.Message) bool { return len(graph.Options(m)) > 0 })
	if !ok {
		u.srv.tb.Fatalf("wacloudtest: %s has no message with options%s", u.user.Identity.Name, u.srv.trouble())
	}
	return m, ok
}

// tap taps the one option that fits.
func (u *User) tap(m graph.Message, what string, fits func(graph.Option) bool) {
	u.srv.tb.Helper()
	var found []graph.Option
	options := graph.Options(m.Outgoing.Message)
	for _, o := range options {
		if fits(o) {
			found = append(found, o)
		}
	}
	switch len(found) {
	case 0:
		u.srv.tb.Fatalf("wacloudtest: %s cannot tap %s: the %s offers %s%s",
			u.user.Identity.Name, what, kindOf(m.Outgoing.Message), describeOptions(options), u.srv.trouble())
	case 1:
		u.seeUpTo(m.Seq)
		u.act(u.srv.engine.Tap(found[0]), m.ID)
	default:
		u.srv.tb.Fatalf("wacloudtest: %s cannot tap %s: the %s has it %d times; use Card or TapID",
			u.user.Identity.Name, what, kindOf(m.Outgoing.Message), len(found))
	}
}

func describeOptions(options []graph.Option) string {
	if len(options) == 0 {
		return "nothing to tap"
	}
	var b strings.Builder
	for i, o := range options {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(quoted(o.Title))
		if o.Card >= 0 {
			fmt.Fprintf(&b, " on card %d", o.Card)
		}
	}
	return b.String()
}

func quoted(s string) string { return fmt.Sprintf("%q", s) }

// kindOf names a message's type: "wacloud.List".
func kindOf(m wacloud.Message) string { return fmt.Sprintf("%T", m) }
