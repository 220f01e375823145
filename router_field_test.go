package wacloud_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// What routers of other chat libraries are known to get wrong.

// reach tells which of the patterns a tap reaches, in each order of registration.
func reach(t *testing.T, id string, patterns ...string) string {
	t.Helper()
	var found []string
	for _, order := range [][]string{patterns, reversed(patterns)} {
		var got []string
		r := wacloud.NewRouter()
		for _, pattern := range order {
			r.Reply(pattern, routerNote(&got, pattern))
		}
		r.NotFound(routerNote(&got, "not found"))
		require.NoError(t, r.Handle(t.Context(), tapOn(id)))
		require.Len(t, got, 1)
		found = append(found, got[0])
	}
	require.Equal(t, found[0], found[1], "the order of registration matters")
	return found[0]
}

func reversed(s []string) []string {
	var out []string
	for _, v := range s {
		out = append([]string{v}, out...)
	}
	return out
}

func TestFieldShortPatternShadowsLongOnes(t *testing.T) {
	t.Parallel()
	require.Equal(t, "order:cancel:{id}", reach(t, "order:cancel:42", "order", "order:cancel:{id}"))
	require.Equal(t, "not found", reach(t, "foo:bar:baz", "foo"))
	require.Equal(t, "order:cancel:", reach(t, "order:cancel:42", "order:", "order:cancel:"))
}

func TestFieldEmptyValueMatches(t *testing.T) {
	t.Parallel()
	require.Equal(t, "not found", reach(t, "order:", "order:{id}"))
}

func TestFieldRestOfTheIDIsLost(t *testing.T) {
	t.Parallel()
	require.Equal(t, "not found", reach(t, "order:a:b", "order:{id}"))
}

func TestFieldSeparatorInAValue(t *testing.T) {
	t.Parallel()
	type line struct {
		Order string `id:"order"`
		SKU   string `id:"sku"`
	}
	route := wacloud.NewRoute[line]("line:{order}:{sku}")
	want := line{Order: "a:b", SKU: "c/d|e%3A"}
	require.Equal(t, "line:a%3Ab:c/d|e%253A", route.ID(want))
	got, err := route.Parse(route.ID(want))
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestFieldPatternTwiceIsAccepted(t *testing.T) {
	t.Parallel()
	require.Contains(t, panicText(func() {
		r := wacloud.NewRouter()
		r.Reply("order:{id}", routerNothing)
		r.Reply("order:{id}", routerNothing)
	}), "conflicts with")
}

func TestFieldRoutesOfAGroupAreNotReached(t *testing.T) {
	t.Parallel()
	var got []string
	r := wacloud.NewRouter()
	var kept *wacloud.Router
	r.Group(func(g *wacloud.Router) { kept = g })
	kept.Reply("late", routerNote(&got, "late"))
	require.NoError(t, r.Handle(t.Context(), tapOn("late")))
	require.Equal(t, []string{"late"}, got)
}

func TestFieldNotFoundOfTheRootOnly(t *testing.T) {
	t.Parallel()
	var got []string
	sub := wacloud.NewRouter()
	sub.Reply("shop:{id}", routerNothing)
	sub.NotFound(routerNote(&got, "not found"))
	r := wacloud.NewRouter()
	r.Group(func(g *wacloud.Router) { g.Mount(sub) })
	for _, id := range []string{"shop:a:b", "/shop", "-", "ação", ":", "::", " ", ""} {
		got = nil
		require.NoError(t, r.Handle(t.Context(), tapOn(id)))
		require.Equal(t, []string{"not found"}, got, "%q gets no answer", id)
	}
}

func TestFieldSecondHandlerOverwrites(t *testing.T) {
	t.Parallel()
	stop := wacloud.NewRoute[string]("stop:{id}")
	h := func(context.Context, *wacloud.Event, string) error { return nil }
	require.Contains(t, panicText(func() {
		r := wacloud.NewRouter()
		wacloud.On(r, stop, h)
		wacloud.On(r, stop, h)
	}), "conflicts with")
}

func TestFieldSeparatorAndLineBreakInAValue(t *testing.T) {
	t.Parallel()
	stop := wacloud.NewRoute[[]string]("stop:{args...}")
	want := []string{"a|b", "line\nbreak", "", ":"}
	require.Equal(t, "stop:a|b:line%0Abreak:%:%3A", stop.ID(want))
	var got []string
	r := wacloud.NewRouter()
	wacloud.On(r, stop, func(_ context.Context, _ *wacloud.Event, args []string) error {
		got = args
		return nil
	})
	require.NoError(t, r.Handle(t.Context(), tapOn(stop.ID(want))))
	require.Equal(t, want, got)
}

func TestFieldNoLengthCheck(t *testing.T) {
	t.Parallel()
	stop := wacloud.NewRoute[string]("stop:{id}")
	long := make([]byte, 252)
	for i := range long {
		long[i] = 'x'
	}
	err := wacloud.NewButtons("Body", stop.Button("Stop", string(long))).Validate()
	require.ErrorIs(t, err, wacloud.ErrInvalid)
	require.NoError(t, wacloud.NewButtons("Body", stop.Button("Stop", string(long[:251]))).Validate())
}

func TestFieldPrefixShadows(t *testing.T) {
	t.Parallel()
	require.Equal(t, "btn_x", reach(t, "btn_x", "btn", "btn_x"))
	require.Equal(t, "not found", reach(t, "btn_x", "btn", "btn:"))
}

// Where classes are numbered, ids change when definitions change places, and an id of one class reads as another.
func TestFieldClassCounter(t *testing.T) {
	t.Parallel()
	type amount struct {
		N int `id:"n"`
	}
	add1, remove1 := wacloud.NewRoute[amount]("add:{n}"), wacloud.NewRoute[amount]("remove:{n}")
	remove2, add2 := wacloud.NewRoute[amount]("remove:{n}"), wacloud.NewRoute[amount]("add:{n}")
	require.Equal(t, "add:7", add1.ID(amount{7}))
	require.Equal(t, "add:7", add2.ID(amount{7}))
	require.Equal(t, "remove:7", remove1.ID(amount{7}))
	require.Equal(t, "remove:7", remove2.ID(amount{7}))
	_, err := remove1.Parse(add1.ID(amount{7}))
	require.ErrorIs(t, err, wacloud.ErrBadID)
}

func TestFieldBadValueAndUnknownIDGetNoAnswer(t *testing.T) {
	t.Parallel()
	var got []string
	r := wacloud.NewRouter()
	wacloud.On(r, wacloud.NewRoute[int]("page:{n}"), func(context.Context, *wacloud.Event, int) error { return nil })
	r.BadID(routerNote(&got, "bad id"))
	r.NotFound(routerNote(&got, "not found"))
	require.NoError(t, r.Handle(t.Context(), tapOn("page:x")))
	require.NoError(t, r.Handle(t.Context(), tapOn("0~7")))
	require.Equal(t, []string{"bad id", "not found"}, got)
}

func TestFieldEmptyIDAndNilHandler(t *testing.T) {
	t.Parallel()
	require.NotEmpty(t, panicText(func() { wacloud.NewRouter().Reply("", routerNothing) }))
	require.NotEmpty(t, panicText(func() { wacloud.NewRouter().Reply("a", nil) }))
}

// A tap of any shape of Meta's reaches the same callback.
func TestFieldOneCallbackForEveryShapeOfTap(t *testing.T) {
	t.Parallel()
	for _, kind := range []wacloud.ReplyKind{
		wacloud.ReplyKindButton, wacloud.ReplyKindListRow, wacloud.ReplyKindQuick, wacloud.ReplyKindTyped,
	} {
		var got []string
		r := wacloud.NewRouter()
		r.Reply("cart:remove:{n}", routerNote(&got, "remove"))
		require.NoError(t, r.Handle(t.Context(), replyEvent(wacloud.Reply{Kind: kind, ID: "cart:remove:3"})))
		require.Equal(t, []string{"remove"}, got)
	}
}
