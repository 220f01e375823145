package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wacloud/wacloud"
)

// The ids on the buttons. Each route writes the id and reads it back, so a button cannot name a callback that does not
// exist, and the server keeps nothing for it.
var (
	toRestaurant = wacloud.NewRoute[UUID]("restaurant:{id}")
	toCategory   = wacloud.NewRoute[UUID]("category:{id}")
	toItem       = wacloud.NewRoute[UUID]("item:{id}")
	toCart       = wacloud.NewRoute[wacloud.None]("cart:view")
	toCheckout   = wacloud.NewRoute[wacloud.None]("cart:checkout")
	toRemove     = wacloud.NewRoute[int]("cart:remove:{n}")
	toConfirm    = wacloud.NewRoute[wacloud.None]("confirm:yes")
	toOrder      = wacloud.NewRoute[UUID]("order:{id}")
)

type bot struct {
	shop      *shop
	publicURL string // where the phone finds the pictures and the order pages
}

// routes registers every callback but those whose pattern is named in without, which is how the script's test proves that
// each of them matters.
func (b *bot) routes(store wacloud.Store, without ...string) *wacloud.Router {
	r := wacloud.NewRouter()
	once := wacloud.Once(store, 24*time.Hour)
	wanted := func(pattern string) bool { return !slices.Contains(without, pattern) }

	r.Use(wacloud.Recover(), wacloud.AutoMarkRead())
	r.Text(b.mainMenu)
	on(r, wanted, toRestaurant, b.restaurant)
	on(r, wanted, toCategory, b.category)
	on(r, wanted, toItem, b.item)
	on(r, wanted, toCart, b.cart)
	on(r, wanted, toCheckout, b.checkout)
	on(r, wanted, toRemove, b.remove, once)
	on(r, wanted, toConfirm, b.confirm, once)
	on(r, wanted, toOrder, b.order)

	r.Message(b.mainMenu)  // pictures, stickers, voice: whatever it is, the user gets an answer
	r.NotFound(b.mainMenu) // a button of a menu that is gone
	r.Repeated(func(ctx context.Context, e *wacloud.Event) error {
		return say(ctx, e, "Já cuidei disso. 👍")
	})
	r.Failed(func(ctx context.Context, e *wacloud.Event, _ error) {
		_ = say(ctx, e, "Algo deu errado do nosso lado. Escreva *menu* para tentar de novo.")
	})
	return r
}

func on[P any](r *wacloud.Router, wanted func(string) bool, route *wacloud.Route[P],
	h func(context.Context, *wacloud.Event, P) error, mw ...wacloud.Middleware,
) {
	if wanted(route.Pattern()) {
		wacloud.On(r, route, h, mw...)
	}
}

// mainMenu shows the restaurants as a carousel; a tap on a card comes back with the restaurant's id.
func (b *bot) mainMenu(ctx context.Context, e *wacloud.Event) error {
	var cards []wacloud.Card
	for _, rest := range restaurants {
		picture := wacloud.HeaderImage{Media: wacloud.MediaLink(b.publicURL + "/pictures/" + string(rest.Picture) + ".jpg")}
		choices := wacloud.QuickReplies{toRestaurant.Button("Ver cardápio", rest.ID)}
		cards = append(cards, wacloud.NewCard(picture, choices).WithBody(rest.About))
	}
	return respond(ctx, e, wacloud.NewCarousel("Olá! 👋 De onde você quer pedir hoje?", cards...))
}

func (b *bot) restaurant(ctx context.Context, e *wacloud.Event, id UUID) error {
	rest, ok := findRestaurant(id)
	if !ok {
		return b.mainMenu(ctx, e)
	}
	var rows []wacloud.Row
	for _, c := range rest.Categories {
		rows = append(rows, toCategory.Row(c.Name, fmt.Sprintf("%d opções", len(c.Items)), c.ID))
	}
	menu := wacloud.Menu{Button: "Ver categorias", Sections: wacloud.Rows(rows...)}
	return respond(ctx, e, wacloud.NewList("O que vai ser?", menu).WithHeader(rest.Name))
}

func (b *bot) category(ctx context.Context, e *wacloud.Event, id UUID) error {
	c, ok := findCategory(id)
	if !ok {
		return b.mainMenu(ctx, e)
	}
	var rows []wacloud.Row
	for _, it := range c.Items {
		rows = append(rows, toItem.Row(it.Name, price(it.Cents)+" · "+it.Description, it.ID))
	}
	menu := wacloud.Menu{Button: "Ver opções", Sections: wacloud.Rows(rows...)}
	return respond(ctx, e, wacloud.NewList("Escolha um item para pôr no carrinho.", menu).WithHeader(c.Name))
}

func (b *bot) item(ctx context.Context, e *wacloud.Event, id UUID) error {
	it, ok := findItem(id)
	if !ok {
		return b.mainMenu(ctx, e)
	}
	added := b.shop.add(e, it)
	return respond(ctx, e, wacloud.NewButtons(fmt.Sprintf("*%s* está no carrinho.", it.Name),
		toCart.Button("🛒 Ver carrinho", wacloud.None{}),
		toRemove.Button("Desfazer", added.number),
		toCheckout.Button("Fechar pedido", wacloud.None{}),
	))
}

func (b *bot) cart(ctx context.Context, e *wacloud.Event, _ wacloud.None) error {
	lines := b.shop.lines(e.UserKey())
	if len(lines) == 0 {
		return say(ctx, e, "Seu carrinho está vazio. Escreva *menu* para ver os restaurantes.")
	}
	last := lines[len(lines)-1]
	return respond(ctx, e, wacloud.NewButtons("Seu carrinho:\n"+receipt(lines),
		toCheckout.Button("Fechar pedido", wacloud.None{}),
		toRemove.Button(fmt.Sprintf("Remover item %d", last.number), last.number),
	))
}

func (b *bot) remove(ctx context.Context, e *wacloud.Event, n int) error {
	b.shop.remove(e.UserKey(), n)
	if err := say(ctx, e, fmt.Sprintf("Item %d removido.", n)); err != nil {
		return err
	}
	return b.cart(ctx, e, wacloud.None{})
}

func (b *bot) checkout(ctx context.Context, e *wacloud.Event, _ wacloud.None) error {
	lines := b.shop.lines(e.UserKey())
	if len(lines) == 0 {
		return b.cart(ctx, e, wacloud.None{})
	}
	return respond(ctx, e, wacloud.NewButtons("Confira o pedido:\n"+receipt(lines),
		toConfirm.Button("✅ Confirmar", wacloud.None{}),
		toCart.Button("Voltar ao carrinho", wacloud.None{}),
	).WithFooter("Pagamento na entrega"))
}

func (b *bot) confirm(ctx context.Context, e *wacloud.Event, _ wacloud.None) error {
	id, o, ok := b.shop.confirm(e)
	if !ok {
		return b.cart(ctx, e, wacloud.None{})
	}
	return respond(ctx, e, wacloud.NewButtons("Pedido recebido! 🎉\n"+receipt(o.lines),
		toOrder.Button("Acompanhar", id),
	))
}

func (b *bot) order(ctx context.Context, e *wacloud.Event, id UUID) error {
	if _, ok := b.shop.order(id); !ok {
		return say(ctx, e, "Não encontrei esse pedido.")
	}
	return respond(ctx, e, wacloud.NewCTAURL("Seu pedido está sendo preparado. 👩‍🍳",
		wacloud.Link{Text: "Ver o pedido", URL: b.publicURL + "/orders/" + id.String()}))
}

func say(ctx context.Context, e *wacloud.Event, text string) error {
	return respond(ctx, e, wacloud.NewText(text))
}

func respond(ctx context.Context, e *wacloud.Event, m wacloud.Message) error {
	_, err := e.Respond(ctx, m)
	return err
}
