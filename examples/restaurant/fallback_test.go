package main

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

// A user whose phone refuses carousels orders all the same: by buttons, or by typing.
func TestOrderWithoutCarousels(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		refusals int      // of the carousel and what came instead
		types    []string // after "oi"
	}{
		{"restaurants as a list", 2, []string{"cantina da praca", "PIZZAS", "margherita", "ver carrinho", "fechar pedido"}},
		{"everything by numbers", 3, []string{"1", "Pizzas", "Margherita", "Ver carrinho", "Fechar pedido"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := inTown(t.Context(), "", func(ctx context.Context, town *town) error {
				town.graph.Fail(131051, tt.refusals)
				texts := append([]string{"oi"}, tt.types...)
				for _, text := range texts {
					town.phone.Say(text)
					messages, err := town.news(ctx)
					if err != nil {
						return err
					}
					if len(messages) == 0 {
						return errors.New("no answer to " + text)
					}
					for range messages {
						wacloudtest.Expect[wacloud.Message](town.phone)
					}
				}
				sent := town.graph.Sent()
				last, ok := sent[len(sent)-1].Message.(wacloud.Buttons)
				require.True(t, ok, "%T", sent[len(sent)-1].Message)
				require.Contains(t, last.Body, "Confira o pedido")
				require.Contains(t, last.Body, "Margherita")
				return nil
			})
			require.NoError(t, err)
		})
	}
	t.Run("restaurants one by one", func(t *testing.T) {
		t.Parallel()
		err := inTown(t.Context(), "", func(ctx context.Context, town *town) error {
			town.graph.Fail(131051, 1)
			town.phone.Say("oi")
			messages, err := town.news(ctx)
			require.Len(t, messages, 4, "a text and three pictures with a button each")
			for range messages[:3] {
				wacloudtest.Expect[wacloud.Message](town.phone)
			}
			wacloudtest.Expect[wacloud.Buttons](town.phone).Tap("Ver cardápio")
			_, err2 := town.news(ctx)
			require.Equal(t, "Verde Vivo", wacloudtest.Expect[wacloud.List](town.phone).Message.Header)
			return errors.Join(err, err2)
		})
		require.NoError(t, err)
	})
}
