package wacloud_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

const (
	tapperPhone = "16505551234"
	tappedOn    = "106540352242922"
)

// tapOn is the event of a tapped reply button.
func tapOn(id string) *wacloud.Event {
	return replyEvent(wacloud.Reply{Kind: wacloud.ReplyKindButton, ID: id, Title: "Tap", ContextID: "wamid.menu"})
}

func replyEvent(reply wacloud.Reply) *wacloud.Event {
	e := contentEvent(wacloud.ReplyContent{})
	e.Message.Reply = &reply
	return e
}

func contentEvent(content wacloud.Content) *wacloud.Event {
	return &wacloud.Event{
		Kind: wacloud.KindMessage, ID: "m|106540352242922|wamid.in", PhoneNumberID: tappedOn,
		Message: &wacloud.InboundMessage{ID: "wamid.in", From: wacloud.User{Phone: tapperPhone}, Content: content},
	}
}

// routerNote returns a callback that appends name to got.
func routerNote(got *[]string, name string) wacloud.HandlerFunc {
	return func(context.Context, *wacloud.Event) error {
		*got = append(*got, name)
		return nil
	}
}

// fullRouter has a callback of each kind, which notes its name.
func fullRouter(got *[]string) *wacloud.Router {
	r := wacloud.NewRouter()
	r.Reply("order:{id}", routerNote(got, "reply"))
	r.Label("Sim", routerNote(got, "label"))
	r.Flow("flow", routerNote(got, "flow"))
	r.Text(routerNote(got, "text"))
	r.Location(routerNote(got, "location"))
	r.Message(routerNote(got, "message"))
	r.GroupMessage(routerNote(got, "group"))
	r.Status(routerNote(got, "status"))
	r.Event(routerNote(got, "event"))
	r.NotFound(routerNote(got, "not found"))
	return r
}

func inGroup(e *wacloud.Event) *wacloud.Event {
	e.Message.GroupID = "120363394967480931"
	return e
}

func inStandby(e *wacloud.Event) *wacloud.Event {
	e.Standby = true
	return e
}

func echoOf(e *wacloud.Event) *wacloud.Event {
	e.Kind = wacloud.KindEcho
	return e
}

func TestRouterDispatch(t *testing.T) {
	t.Parallel()
	reply := func(kind wacloud.ReplyKind, id, title string) *wacloud.Event {
		return replyEvent(wacloud.Reply{Kind: kind, ID: id, Title: title})
	}
	tests := []struct {
		name  string
		event *wacloud.Event
		want  string
	}{
		{"button", reply(wacloud.ReplyKindButton, "order:7", ""), "reply"},
		{"list row", reply(wacloud.ReplyKindListRow, "order:7", ""), "reply"},
		{"quick reply", reply(wacloud.ReplyKindQuick, "order:7", ""), "reply"},
		{"typed", reply(wacloud.ReplyKindTyped, "order:7", ""), "reply"},
		{"a reply whose kind is not set", reply(0, "order:7", ""), "reply"},
		{"unknown id", reply(wacloud.ReplyKindButton, "old:7", ""), "not found"},
		{"no id", reply(wacloud.ReplyKindButton, "", ""), "not found"},
		{"label without id", reply(wacloud.ReplyKindQuick, "", "Sim"), "label"},
		{"label as id", reply(wacloud.ReplyKindQuick, "Sim", "Sim"), "label"},
		{"label with another id", reply(wacloud.ReplyKindQuick, "old:7", "Sim"), "not found"},
		{"label of a reply button", reply(wacloud.ReplyKindButton, "", "Sim"), "not found"},
		{"label in other letters", reply(wacloud.ReplyKindQuick, "", "sim"), "not found"},
		{"flow", reply(wacloud.ReplyKindFlow, "flow", ""), "flow"},
		{"flow with an id like a button's", reply(wacloud.ReplyKindFlow, "order:7", ""), "message"},
		{"address form", reply(wacloud.ReplyKindFlow, "address_message", ""), "message"},
		{"payment", reply(wacloud.ReplyKindPayment, "order:7", ""), "message"},
		{"call permission", reply(wacloud.ReplyKindCallPermission, "accept", ""), "message"},
		{"text", contentEvent(wacloud.TextContent{Body: "order:7"}), "text"},
		{"location", contentEvent(wacloud.LocationContent{}), "location"},
		{"media", contentEvent(wacloud.MediaContent{Caption: "order:7"}), "message"},
		{"contacts", contentEvent(wacloud.ContactsContent{}), "message"},
		{"reaction", contentEvent(wacloud.ReactionContent{}), "message"},
		{"order", contentEvent(wacloud.OrderContent{}), "message"},
		{"edited text", contentEvent(wacloud.EditContent{Content: wacloud.TextContent{}}), "message"},
		{"unsupported", contentEvent(wacloud.UnsupportedContent{}), "message"},
		{"unknown message", contentEvent(wacloud.UnknownContent{}), "message"},
		{"content that a test left out", contentEvent(nil), "message"},
		{"system message", contentEvent(wacloud.SystemContent{Type: "user_changed_number"}), "event"},
		{"text in a group", inGroup(contentEvent(wacloud.TextContent{})), "group"},
		{"media in a group", inGroup(contentEvent(wacloud.MediaContent{})), "group"},
		{"system message in a group", inGroup(contentEvent(wacloud.SystemContent{})), "event"},
		{"tap in a group", inGroup(reply(wacloud.ReplyKindQuick, "order:7", "")), "reply"},
		{"unknown tap in a group", inGroup(reply(wacloud.ReplyKindQuick, "old:7", "")), "not found"},
		{"status", &wacloud.Event{Kind: wacloud.KindStatus, Status: &wacloud.Status{}}, "status"},
		{"error", &wacloud.Event{Kind: wacloud.KindError}, "event"},
		{"account", &wacloud.Event{Kind: wacloud.KindAccount}, "event"},
		{"unknown event", &wacloud.Event{}, "event"},
		{"message without a message", &wacloud.Event{Kind: wacloud.KindMessage}, "event"},
		{"standby tap", inStandby(tapOn("order:7")), "event"},
		{"standby tap without a route", inStandby(tapOn("old:7")), "event"},
		{"standby text", inStandby(contentEvent(wacloud.TextContent{})), "event"},
		{"standby media", inStandby(contentEvent(wacloud.MediaContent{})), "event"},
		{"standby status", inStandby(&wacloud.Event{Kind: wacloud.KindStatus, Status: &wacloud.Status{}}), "event"},
		{"echo of a text", echoOf(contentEvent(wacloud.TextContent{})), "event"},
		{"echo of a tap", echoOf(tapOn("order:7")), "event"},
		{"echo of media", echoOf(contentEvent(wacloud.MediaContent{})), "event"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			require.NoError(t, fullRouter(&got).Handle(t.Context(), tt.event))
			require.Equal(t, []string{tt.want}, got)
		})
	}
}

// With some callbacks missing, events go on to the next in line, and never to one that is not theirs.
func TestRouterDispatchFallsBack(t *testing.T) {
	t.Parallel()
	all := map[string]func(*wacloud.Router, wacloud.HandlerFunc){
		"text":      func(r *wacloud.Router, h wacloud.HandlerFunc) { r.Text(h) },
		"message":   func(r *wacloud.Router, h wacloud.HandlerFunc) { r.Message(h) },
		"event":     func(r *wacloud.Router, h wacloud.HandlerFunc) { r.Event(h) },
		"not found": func(r *wacloud.Router, h wacloud.HandlerFunc) { r.NotFound(h) },
	}
	tests := []struct {
		name  string
		have  []string
		event *wacloud.Event
		want  []string
	}{
		{"text to message", []string{"message", "event"}, contentEvent(wacloud.TextContent{}), []string{"message"}},
		{"location to message", []string{"text", "message"}, contentEvent(wacloud.LocationContent{}), []string{"message"}},
		{"text to event", []string{"event", "not found"}, contentEvent(wacloud.TextContent{}), []string{"event"}},
		{"media to event, not text", []string{"text", "event"}, contentEvent(wacloud.MediaContent{}), []string{"event"}},
		{"media to nobody", []string{"text", "not found"}, contentEvent(wacloud.MediaContent{}), nil},
		{"group to event, not text", []string{"text", "message", "event"}, inGroup(contentEvent(wacloud.TextContent{})), []string{"event"}},
		{"group to nobody", []string{"text", "message"}, inGroup(contentEvent(wacloud.TextContent{})), nil},
		{"status to event", []string{"message", "event"}, &wacloud.Event{Kind: wacloud.KindStatus}, []string{"event"}},
		{"status to nobody", []string{"message"}, &wacloud.Event{Kind: wacloud.KindStatus}, nil},
		{
			"flow to not found",
			[]string{"text", "event", "not found"},
			replyEvent(wacloud.Reply{Kind: wacloud.ReplyKindFlow, ID: "flow"}),
			[]string{"not found"},
		},
		{
			"payment to event",
			[]string{"text", "event", "not found"},
			replyEvent(wacloud.Reply{Kind: wacloud.ReplyKindPayment}),
			[]string{"event"},
		},
		{"tap to not found, not event", []string{"text", "message", "event", "not found"}, tapOn("old"), []string{"not found"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			r := wacloud.NewRouter()
			for _, name := range tt.have {
				all[name](r, routerNote(&got, name))
			}
			require.NoError(t, r.Handle(t.Context(), tt.event))
			require.Equal(t, tt.want, got)
		})
	}
}

func TestRouterHandleReturnsTheCallbacksError(t *testing.T) {
	t.Parallel()
	want := errors.New("the kitchen is closed")
	r := wacloud.NewRouter()
	r.Text(func(context.Context, *wacloud.Event) error { return want })
	require.Same(t, want, r.Handle(t.Context(), contentEvent(wacloud.TextContent{})))
	require.EqualError(t, r.Handle(t.Context(), nil), "wacloud: route: nil event")
}

func TestRouterMiddlewareOrder(t *testing.T) {
	t.Parallel()
	var got []string
	around := func(name string) wacloud.Middleware {
		return func(next wacloud.HandlerFunc) wacloud.HandlerFunc {
			got = append(got, "build "+name)
			return func(ctx context.Context, e *wacloud.Event) error {
				got = append(got, name+" in")
				err := next(ctx, e)
				got = append(got, name+" out")
				return err
			}
		}
	}
	r := wacloud.NewRouter()
	r.Reply("plain", routerNote(&got, "plain"), around("own1"), around("own2"))
	r.Use(around("use1"), around("use2")) // applies to what was registered before, too
	r.Group(func(g *wacloud.Router) {
		g.Use(around("group"))
		g.Reply("grouped", routerNote(&got, "grouped"), around("own"))
		g.Group(func(g *wacloud.Router) {
			g.Use(around("inner"))
			g.Reply("deep", routerNote(&got, "deep"))
		})
	})
	r.Use(around("use3"))
	sub := wacloud.NewRouter()
	sub.Use(around("sub"))
	sub.Reply("mounted", routerNote(&got, "mounted"))
	r.Group(func(g *wacloud.Router) {
		g.Use(around("mount group"))
		g.Mount(sub)
	})
	r.NotFound(routerNote(&got, "not found"))

	handle := func(e *wacloud.Event) string {
		got = nil
		require.NoError(t, r.Handle(t.Context(), e))
		return strings.Join(got, ", ")
	}
	require.Contains(t, handle(tapOn("plain")), "build use1")
	require.Equal(t, "use1 in, use2 in, use3 in, own1 in, own2 in, plain, own2 out, own1 out, use3 out, use2 out, use1 out",
		handle(tapOn("plain")), "the chain is built once")
	require.Equal(t, "use1 in, use2 in, use3 in, group in, own in, grouped, own out, group out, use3 out, use2 out, use1 out",
		handle(tapOn("grouped")))
	require.Equal(t, "use1 in, use2 in, use3 in, group in, inner in, deep, inner out, group out, use3 out, use2 out, use1 out",
		handle(tapOn("deep")))
	require.Equal(t, "use1 in, use2 in, use3 in, mount group in, sub in, mounted, sub out, mount group out, use3 out, use2 out, use1 out",
		handle(tapOn("mounted")))
	require.Equal(t, "use1 in, use2 in, use3 in, not found, use3 out, use2 out, use1 out", handle(tapOn("unknown")))
	require.Empty(t, handle(contentEvent(wacloud.TextContent{})), "nothing takes it, so nothing runs")
}

func TestRouterUseAppliesToTheDefaultNotFound(t *testing.T) {
	t.Parallel()
	var got []string
	r := wacloud.NewRouter()
	r.Logger(slog.New(slog.DiscardHandler))
	r.Use(func(next wacloud.HandlerFunc) wacloud.HandlerFunc {
		return func(ctx context.Context, e *wacloud.Event) error {
			got = append(got, e.Route().Kind)
			return next(ctx, e)
		}
	})
	require.NoError(t, r.Handle(t.Context(), tapOn("unknown")))
	require.Equal(t, []string{"not_found"}, got)
}

func TestRouterDefaultNotFoundWarnsWithoutPersonalData(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	r := wacloud.NewRouter()
	r.Logger(slog.New(slog.NewTextHandler(&log, nil)))
	e := replyEvent(wacloud.Reply{Kind: wacloud.ReplyKindButton, ID: "call:5511987654321", Title: "Dona Canária"})
	e.Message.From.Name = "Dona Canária"
	require.NoError(t, r.Handle(t.Context(), e))
	line := log.String()
	require.Equal(t, 1, strings.Count(line, "\n"))
	require.Contains(t, line, "level=WARN")
	require.Contains(t, line, "a tap reached no route")
	for _, secret := range []string{"5511987654321", "Canária", tapperPhone, "wamid.in"} {
		require.NotContains(t, line, secret)
	}
}

func TestRouterBadIDFallsBackToNotFound(t *testing.T) {
	t.Parallel()
	page := wacloud.NewRoute[int]("page:{n}")
	var got []string
	r := wacloud.NewRouter()
	wacloud.On(r, page, func(context.Context, *wacloud.Event, int) error { return errors.New("must not run") })
	r.NotFound(routerNote(&got, "not found"))
	require.NoError(t, r.Handle(t.Context(), tapOn("page:three")))
	require.Equal(t, []string{"not found"}, got)

	r = wacloud.NewRouter()
	wacloud.On(r, page, func(context.Context, *wacloud.Event, int) error { return errors.New("must not run") })
	r.NotFound(routerNote(&got, "not found"))
	r.BadID(func(_ context.Context, e *wacloud.Event) error {
		got = append(got, "bad id "+e.Param("n")+" of "+e.Route().Pattern)
		return nil
	})
	require.NoError(t, r.Handle(t.Context(), tapOn("page:three")))
	require.Equal(t, []string{"not found", "bad id three of page:{n}"}, got)
}

func TestRouterFailed(t *testing.T) {
	t.Parallel()
	cause := errors.New("the printer is on fire")
	var got []string
	r := wacloud.NewRouter()
	r.Reply("order:{id}", routerNothing)
	r.Failed(func(_ context.Context, e *wacloud.Event, err error) {
		got = append(got, e.Param("id")+": "+err.Error())
	})
	r.HandleFailed(t.Context(), tapOn("order:7"), cause)
	r.HandleFailed(t.Context(), &wacloud.Event{}, cause)
	r.HandleFailed(t.Context(), nil, cause)
	require.Equal(t, []string{"7: the printer is on fire", ": the printer is on fire"}, got)

	var _ wacloud.FailureHandler = r
	require.NotPanics(t, func() { wacloud.NewRouter().HandleFailed(t.Context(), tapOn("x"), cause) }, "nobody asked for it")
}

func TestRouterLookupTakesTheSignatureOff(t *testing.T) {
	t.Parallel()
	signer, err := wacloud.NewIDSigner(wacloud.NewSecret("0123456789abcdef"))
	require.NoError(t, err)
	r := wacloud.NewRouter()
	r.Signer(signer)
	r.Reply("order:{id}", routerNothing)
	info, params, ok := r.Lookup(signer.Sign("order:7", "somebody", 0))
	require.True(t, ok)
	require.Equal(t, "order:{id}", info.Pattern)
	require.Equal(t, map[string]string{"id": "7"}, params)
	_, _, ok = r.Lookup("nothing")
	require.False(t, ok)
}
