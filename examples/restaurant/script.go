package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"io"
	"net/http"
	"strings"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

// A play walks one user through a whole order and checks every answer.
type play struct {
	town  *town
	out   io.Writer
	steps int
}

// playScript plays the order and prints the transcript. It returns an error unless every step was answered as expected.
func playScript(ctx context.Context, out io.Writer, without string) error {
	return inTown(ctx, without, func(ctx context.Context, t *town) error {
		p := &play{town: t, out: out}
		if err := p.order(ctx); err != nil {
			return fmt.Errorf("step %d: %w", p.steps, err)
		}
		fmt.Fprintf(out, "\n%d steps, all answered as expected.\n", p.steps)
		return nil
	})
}

func (p *play) order(ctx context.Context) error {
	ana := p.town.phone

	// The menu: a carousel whose tap arrives as type "button", then two lists.
	menu, err := expect[wacloud.Carousel](ctx, p, `types "oi"`, "De onde você quer pedir", func() { ana.Say("oi") })
	if err != nil {
		return err
	}
	if err := p.checkPictures(ctx, menu.Message); err != nil {
		return err
	}
	categories, err := expect[wacloud.List](ctx, p, `taps "Ver cardápio" on the first card`, "O que vai ser?", func() { menu.Card(0).Tap("Ver cardápio") })
	if err != nil {
		return err
	}
	if err := p.nothing(ctx, "Meta posts that tap once more", ana.Redeliver); err != nil {
		return err
	}
	dishes, err := expect[wacloud.List](ctx, p, `picks "Pizzas" in the list`, "Escolha um item", func() { categories.Tap("Pizzas") })
	if err != nil {
		return err
	}
	if _, err = expect[wacloud.Buttons](ctx, p, `picks "Margherita"`, "*Margherita* está no carrinho", func() { dishes.Tap("Margherita") }); err != nil {
		return err
	}
	added, err := expect[wacloud.Buttons](ctx, p, `picks "Calabresa" in the same list`, "*Calabresa* está no carrinho", func() { dishes.Tap("Calabresa") })
	if err != nil {
		return err
	}
	return p.pay(ctx, added)
}

// pay takes the order from the cart to the confirmation, with the double taps of an impatient thumb.
func (p *play) pay(ctx context.Context, added *wacloudtest.Received[wacloud.Buttons]) error {
	cart, err := expect[wacloud.Buttons](ctx, p, `taps "Ver carrinho"`, "Total: R$ 102,80", func() { added.Tap("🛒 Ver carrinho") })
	if err != nil {
		return err
	}
	if _, err = expect[wacloud.Buttons](ctx, p, `taps "Remover item 2"`, "Total: R$ 49,90", func() { cart.Tap("Remover item 2") }, "Item 2 removido."); err != nil {
		return err
	}
	if _, err = expect[wacloud.Text](ctx, p, `taps "Remover item 2" again`, "Já cuidei disso", func() { cart.Tap("Remover item 2") }); err != nil {
		return err
	}
	checkout, err := expect[wacloud.Buttons](ctx, p, `taps "Fechar pedido"`, "Confira o pedido", func() { cart.Tap("Fechar pedido") })
	if err != nil {
		return err
	}
	placed, err := expect[wacloud.Buttons](ctx, p, `taps "Confirmar"`, "Pedido recebido!", func() { checkout.Tap("✅ Confirmar") })
	if err != nil {
		return err
	}
	if _, err = expect[wacloud.Text](ctx, p, `taps "Confirmar" again`, "Já cuidei disso", func() { checkout.Tap("✅ Confirmar") }); err != nil {
		return err
	}
	return p.follow(ctx, added, placed)
}

// follow asks for the order, and then for things that are not there.
func (p *play) follow(ctx context.Context, added, placed *wacloudtest.Received[wacloud.Buttons]) error {
	ana := p.town.phone
	link, err := expect[wacloud.CTAURL](ctx, p, `taps "Acompanhar"`, "está sendo preparado", func() { placed.Tap("Acompanhar") })
	if err != nil {
		return err
	}
	if err := p.checkOrderPage(ctx, link.Message.Link.URL); err != nil {
		return err
	}
	follow := placed.Message.Buttons[0]
	if _, err = expect[wacloud.CTAURL](ctx, p, `taps "Acompanhar" on a template message`, "está sendo preparado", func() {
		ana.Send(wacloudtest.TemplateTap(ana.Identity(), follow, wacloudtest.MessageID("wamid.TEMPLATE-TAP")))
	}); err != nil {
		return err
	}
	if _, err = expect[wacloud.Text](ctx, p, `taps "Ver carrinho" on an old message`, "Seu carrinho está vazio", func() { added.Tap("🛒 Ver carrinho") }); err != nil {
		return err
	}
	if _, err = expect[wacloud.Carousel](ctx, p, "taps a button of a bot of last year", "De onde você quer pedir", func() {
		ana.Send(wacloudtest.ButtonReply(ana.Identity(), wacloud.Button{ID: "promo:2019", Title: "Promoção"}))
	}); err != nil {
		return err
	}
	_, err = expect[wacloud.Carousel](ctx, p, `types "menu"`, "De onde você quer pedir", func() { ana.Say("menu") })
	return err
}

// expect plays one step: it must be answered by the texts of before, in order, and then by one message of kind M whose text holds
// want, and by nothing else.
func expect[M wacloud.Message](ctx context.Context, p *play, step, want string, act func(), before ...string) (*wacloudtest.Received[M], error) {
	messages, err := p.step(ctx, step, act)
	if err != nil {
		return nil, err
	}
	if len(messages) != len(before)+1 {
		return nil, fmt.Errorf("%s: %d messages, want %d", step, len(messages), len(before)+1)
	}
	for i, text := range append(before, want) {
		if got, _ := render(messages[i]); !strings.Contains(got, text) {
			return nil, fmt.Errorf("%s: the answer is %q, want one with %q", step, got, text)
		}
	}
	for range before {
		wacloudtest.Expect[wacloud.Text](p.town.phone)
	}
	return wacloudtest.Expect[M](p.town.phone), nil
}

// nothing plays one step that must not be answered.
func (p *play) nothing(ctx context.Context, step string, act func()) error {
	messages, err := p.step(ctx, step, act)
	if err == nil && len(messages) > 0 {
		return fmt.Errorf("%s: %d messages, want none", step, len(messages))
	}
	fmt.Fprintln(p.out, "   🤖 (no second answer)")
	return err
}

func (p *play) step(ctx context.Context, step string, act func()) ([]wacloud.Message, error) {
	p.steps++
	fmt.Fprintf(p.out, "%2d %s\n", p.steps, indent("👤", step))
	act()
	messages, err := p.town.news(ctx)
	for _, m := range messages {
		text, _ := render(m)
		fmt.Fprintln(p.out, "  ", indent("🤖", strings.ReplaceAll(text, "\n", "\n   ")))
	}
	return messages, err
}

// checkPictures fetches the carousel's pictures from the bot: square JPEGs that pass the library's own check.
func (p *play) checkPictures(ctx context.Context, menu wacloud.Carousel) error {
	for i, card := range menu.Cards {
		header, ok := card.Header.(wacloud.HeaderImage)
		if !ok {
			return fmt.Errorf("card %d has no picture", i)
		}
		data, err := fetch(ctx, header.Media.Link)
		if err != nil {
			return err
		}
		if problems := wacloud.CheckImage(bytes.NewReader(data)); len(problems) > 0 {
			return fmt.Errorf("picture of card %d: %w", i, problems[0])
		}
		if _, err := jpeg.Decode(bytes.NewReader(data)); err != nil {
			return fmt.Errorf("picture of card %d: %w", i, err)
		}
	}
	return nil
}

func (p *play) checkOrderPage(ctx context.Context, url string) error {
	page, err := fetch(ctx, url)
	if err == nil && !strings.Contains(string(page), "Margherita") {
		err = errors.New("the order's page does not show the pizza")
	}
	return err
}

func fetch(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := (&http.Client{Timeout: patience}).Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", url, resp.Status)
	}
	return io.ReadAll(io.LimitReader(resp.Body, 1<<20))
}
