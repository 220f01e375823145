package wacloud_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

func TestRouterMount(t *testing.T) {
	t.Parallel()
	var got []string
	sub := wacloud.NewRouter()
	sub.Reply("order:{id}", routerNote(&got, "order"))
	sub.Label("Sim", routerNote(&got, "label"))
	sub.Flow("flow", routerNote(&got, "flow"))
	sub.NotFound(routerNote(&got, "not found"))
	sub.Failed(func(context.Context, *wacloud.Event, error) { got = append(got, "failed") })
	r := wacloud.NewRouter()
	r.Mount(sub)

	for _, e := range []*wacloud.Event{
		tapOn("order:1"), tapOn("other"), replyEvent(wacloud.Reply{Kind: wacloud.ReplyKindQuick, Title: "Sim"}),
		replyEvent(wacloud.Reply{Kind: wacloud.ReplyKindFlow, ID: "flow"}),
	} {
		require.NoError(t, r.Handle(t.Context(), e))
	}
	r.HandleFailed(t.Context(), tapOn("order:1"), errors.New("x"))
	require.Equal(t, []string{"order", "not found", "label", "flow", "failed"}, got)
}

func TestRouterRegistrationPanics(t *testing.T) {
	t.Parallel()
	used := func() *wacloud.Router {
		r := wacloud.NewRouter()
		_ = r.Handle(t.Context(), &wacloud.Event{})
		return r
	}
	mounted := func() *wacloud.Router {
		r := wacloud.NewRouter()
		wacloud.NewRouter().Mount(r)
		return r
	}
	withText := func() *wacloud.Router {
		r := wacloud.NewRouter()
		r.Text(routerNothing)
		return r
	}
	signer, err := wacloud.NewIDSigner(wacloud.NewSecret("0123456789abcdef"))
	require.NoError(t, err)
	withSigner := func() *wacloud.Router {
		r := wacloud.NewRouter()
		r.Signer(signer)
		return r
	}
	page := wacloud.NewRoute[int]("page:{n}")
	onPage := func(context.Context, *wacloud.Event, int) error { return nil }

	tests := []struct {
		name string
		do   func()
		want string
	}{
		{"nil reply", func() { wacloud.NewRouter().Reply("a", nil) }, `pattern "a" at `},
		{"nil text", func() { wacloud.NewRouter().Text(nil) }, "the text callback at "},
		{"nil event", func() { wacloud.NewRouter().Event(nil) }, "nil callback"},
		{"nil not found", func() { wacloud.NewRouter().NotFound(nil) }, "nil callback"},
		{"nil failed", func() { wacloud.NewRouter().Failed(nil) }, "nil callback"},
		{"nil typed callback", func() { wacloud.On(wacloud.NewRouter(), page, nil) }, "nil callback"},
		{"nil route", func() { wacloud.On[int](wacloud.NewRouter(), nil, onPage) }, "a route is made by NewRoute"},
		{"zero route", func() { wacloud.On(wacloud.NewRouter(), new(wacloud.Route[int]), onPage) }, "a route is made by NewRoute"},
		{"nil middleware", func() { wacloud.NewRouter().Text(routerNothing, wacloud.Recover(), nil) }, "middleware 2 is nil"},
		{"nil middleware in Use", func() { wacloud.NewRouter().Use(nil) }, "middleware 1 is nil"},
		{"nil group", func() { wacloud.NewRouter().Group(nil) }, "nil function"},
		{"nil mount", func() { wacloud.NewRouter().Mount(nil) }, "nil router"},
		{"nil signer", func() { wacloud.NewRouter().Signer(nil) }, "nil signer"},
		{"empty label", func() { wacloud.NewRouter().Label("", routerNothing) }, `label "" at `},
		{"empty flow", func() { wacloud.NewRouter().Flow("", routerNothing) }, `flow "" at `},
		{"text twice", func() { withText().Text(routerNothing) }, "the text callback (registered at "},
		{"text twice, mounted", func() { withText().Mount(withText()) }, "is already registered at "},
		{"pattern twice, mounted", func() {
			a, b := wacloud.NewRouter(), wacloud.NewRouter()
			a.Reply("x:{a}", routerNothing)
			b.Group(func(g *wacloud.Router) { g.Reply("x:{b}", routerNothing) })
			a.Mount(b)
		}, `"x:x" matches both`},
		{"pattern twice, grouped", func() {
			r := wacloud.NewRouter()
			r.Reply("x", routerNothing)
			r.Group(func(g *wacloud.Router) { g.Reply("x", routerNothing) })
		}, `"x" matches both`},
		{"label twice", func() {
			r := wacloud.NewRouter()
			r.Label("Sim", routerNothing)
			r.Label("Sim", routerNothing)
		}, `label "Sim" (registered at `},
		{"signer twice", func() { withSigner().Signer(signer) }, "there is one already, set at "},
		{"signer twice, mounted", func() { withSigner().Mount(withSigner()) }, "both routers have a signer"},
		{"mounted on itself", func() {
			r := wacloud.NewRouter()
			r.Group(func(g *wacloud.Router) { g.Mount(r) })
		}, "cannot be mounted on itself"},
		{"reply after use", func() { used().Reply("a", routerNothing) }, "the router has handled an event; register everything before"},
		{"typed after use", func() { wacloud.On(used(), page, onPage) }, "the router has handled an event"},
		{"Use after use", func() { used().Use(wacloud.Recover()) }, "the router has handled an event"},
		{"group after use", func() { used().Group(func(*wacloud.Router) {}) }, "the router has handled an event"},
		{"mount after use", func() { used().Mount(wacloud.NewRouter()) }, "the router has handled an event"},
		{"signer after use", func() { used().Signer(signer) }, "the router has handled an event"},
		{"logger after use", func() { used().Logger(nil) }, "the router has handled an event"},
		{"reply after mount", func() { mounted().Reply("a", routerNothing) }, "the router was mounted at "},
		{"Once without a store", func() { wacloud.Once(nil, 0) }, "Once at "},
		{"Once with a negative ttl", func() { wacloud.Once(wacloud.NewMemoryStore(), -1) }, "Once at "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text := panicText(tt.do)
			require.Contains(t, text, tt.want)
			require.True(t, strings.HasPrefix(text, "wacloud: "), text)
			require.Regexp(t, `router_register_test\.go:\d+`, text)
		})
	}
}

func TestRouterRoutes(t *testing.T) {
	t.Parallel()
	var got []string
	type listed struct{ Kind, Pattern string }
	var routes []listed
	r := fullRouter(&got)
	r.Reply("a:", routerNothing)
	r.Failed(func(context.Context, *wacloud.Event, error) {})
	for info := range r.Routes() {
		require.Regexp(t, `router_(register_)?test\.go:\d+$`, info.Source)
		routes = append(routes, listed{info.Kind, info.Pattern})
	}
	want := []listed{
		{"reply", "a:"},
		{"reply", "order:{id}"},
		{"label", "Sim"},
		{"flow", "flow"},
		{"text", ""},
		{"location", ""},
		{"message", ""},
		{"group_message", ""},
		{"status", ""},
		{"event", ""},
		{"not_found", ""},
		{"failed", ""},
	}
	require.Empty(t, cmp.Diff(want, routes))
	require.NoError(t, r.Handle(t.Context(), &wacloud.Event{}))
	require.Len(t, slices.Collect(r.Routes()), len(want), "defaults are not listed")
	for range r.Routes() {
		break
	}
}

// The zero Router works, from many goroutines at once.
func TestRouterZeroValue(t *testing.T) {
	t.Parallel()
	var r wacloud.Router
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := r.Handle(t.Context(), contentEvent(wacloud.TextContent{})); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	_, _, ok := r.Lookup("x")
	require.False(t, ok)
	require.Empty(t, slices.Collect(r.Routes()))

	var used wacloud.Router
	var mu sync.Mutex
	var got []string
	used.Reply("order:{id}", func(_ context.Context, e *wacloud.Event) error {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, e.Param("id"))
		return nil
	})
	for range 8 {
		wg.Go(func() {
			if err := used.Handle(t.Context(), tapOn("order:7")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.Len(t, got, 8)
}

// An event that no router saw answers with zero values.
func TestEventRouteBeforeRouting(t *testing.T) {
	t.Parallel()
	for _, e := range []*wacloud.Event{nil, {}, tapOn("order:7")} {
		require.Empty(t, e.Param("id"))
		require.Empty(t, e.Rest())
		require.Zero(t, e.Route())
	}
	text := contentEvent(wacloud.TextContent{})
	var got []string
	require.NoError(t, fullRouter(&got).Handle(t.Context(), text))
	require.Equal(t, "text", text.Route().Kind)
	require.Empty(t, text.Param("id"))
	require.Empty(t, text.Rest())
}

// A router is a Handler, so one can stand behind another's callback.
func TestRouterInsideRouter(t *testing.T) {
	t.Parallel()
	var got []string
	inner := wacloud.NewRouter()
	inner.Reply("order:{id}", func(_ context.Context, e *wacloud.Event) error {
		got = append(got, e.Param("id"))
		return nil
	})
	outer := wacloud.NewRouter()
	outer.Reply("order:", inner.Handle)
	require.NoError(t, outer.Handle(t.Context(), tapOn("order:7")))
	require.Equal(t, []string{"7"}, got)
}
