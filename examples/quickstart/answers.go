package main

import (
	"context"
	"fmt"

	"github.com/wacloud/wacloud"
)

func askAddress(ctx context.Context, e *wacloud.Event) error {
	_, err := e.Respond(ctx, wacloud.NewLocationRequest("Onde entregamos? Toque para enviar sua localização."))
	return err
}

func showShops(ctx context.Context, e *wacloud.Event) error {
	_, err := e.Respond(ctx, wacloud.NewList("Em qual loja você retira?", wacloud.Menu{
		Button: "Ver lojas",
		Sections: wacloud.Rows(
			wacloud.Row{ID: "restaurant:centro", Title: "Centro", Description: "Rua das Flores, 10"},
			wacloud.Row{ID: "restaurant:praia", Title: "Praia", Description: "Avenida Beira-Mar, 200"},
		),
	}))
	return err
}

func showMenu(ctx context.Context, e *wacloud.Event) error {
	return say(ctx, e, "O cardápio da loja %s está a caminho.", e.Param("id"))
}

func say(ctx context.Context, e *wacloud.Event, format string, args ...any) error {
	_, err := e.Respond(ctx, wacloud.NewText(fmt.Sprintf(format, args...)))
	return err
}
