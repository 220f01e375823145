package wacloud_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// tapOn is the event of a tapped reply button.
func tapOn(id string) *wacloud.Event {
	return replyEvent(wacloud.Reply{Kind: wacloud.ReplyKindButton, ID: id})
}

func replyEvent(reply wacloud.Reply) *wacloud.Event {
	return &wacloud.Event{
		Kind: wacloud.KindMessage, ID: "m|1|" + reply.ID, PhoneNumberID: "106540352242922",
		Message: &wacloud.InboundMessage{
			ID: "wamid.tap", From: wacloud.User{Phone: "16505551234"}, Content: wacloud.ReplyContent{}, Reply: &reply,
		},
	}
}

// marker returns a callback that writes name to got.
func marker(got *string, name string) wacloud.HandlerFunc {
	return func(context.Context, *wacloud.Event) error {
		*got = name
		return nil
	}
}

func TestRouterTypedTap(t *testing.T) {
	t.Parallel()
	type removeItem struct {
		N int `id:"n"`
	}
	cartRemove := wacloud.NewRoute[removeItem]("cart:remove:{n}")
	require.Equal(t, wacloud.Button{ID: "cart:remove:3", Title: "Remover"}, cartRemove.Button("Remover", removeItem{N: 3}))

	r := wacloud.NewRouter()
	var got removeItem
	wacloud.On(r, cartRemove, func(_ context.Context, _ *wacloud.Event, p removeItem) error {
		got = p
		return nil
	})
	require.NoError(t, r.Handle(t.Context(), tapOn("cart:remove:3")))
	require.Equal(t, removeItem{N: 3}, got)
}
