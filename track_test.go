package wacloud_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

type trackOrder struct {
	ID   int    `id:"order"`
	Step string `id:"step"`
}

var trackSent = wacloud.NewRoute[trackOrder]("sent:{order}:{step}").Alias("receipt:{order}")

// What was sent with Track comes back typed, over HTTP; the rest goes to Status.
func TestTrackRoutesTheStatusesOfAMessage(t *testing.T) {
	t.Parallel()
	srv := wacloudtest.NewServer(t, wacloudtest.AutoStatus())
	var mu sync.Mutex
	got := map[string][]string{} // by message, because those of different ones are handled in parallel
	note := func(e *wacloud.Event, what string) error {
		mu.Lock()
		defer mu.Unlock()
		got[e.Status.ID] = append(got[e.Status.ID], what+" "+e.Status.Status)
		return nil
	}
	r := wacloud.NewRouter()
	r.Text(func(ctx context.Context, e *wacloud.Event) error {
		for _, opts := range [][]wacloud.SendOption{
			{trackSent.Track(trackOrder{7, "a:b"})},
			{wacloud.CallbackData("other:7"), wacloud.Fallback()},
			nil,
		} {
			if _, err := e.Respond(ctx, wacloud.NewText("hi"), opts...); err != nil {
				return err
			}
		}
		return nil
	})
	wacloud.OnStatus(r, trackSent, func(_ context.Context, e *wacloud.Event, o trackOrder) error {
		return note(e, fmt.Sprintf("%s order %d %q %s", e.Status.CallbackData, o.ID, o.Step, e.Param("step")))
	})
	r.Status(func(_ context.Context, e *wacloud.Event) error { return note(e, "other") })
	srv.Serve(r)
	srv.User("Ana").Say("oi")
	srv.Wait()
	mu.Lock()
	defer mu.Unlock()
	tracked := `sent:7:a%3Ab order 7 "a:b" a:b `
	require.Equal(t, map[string][]string{
		"wamid.OUT0001": {tracked + "sent", tracked + "delivered"},
		"wamid.OUT0002": {"other sent", "other delivered"},
		"wamid.OUT0003": {"other sent", "other delivered"},
	}, got)
}

// trackRouter notes where statuses go.
func trackRouter(got *[]string) *wacloud.Router {
	r := wacloud.NewRouter()
	wacloud.OnStatus(r, trackSent, func(_ context.Context, _ *wacloud.Event, o trackOrder) error {
		*got = append(*got, fmt.Sprintf("sent %d %s", o.ID, o.Step))
		return nil
	}, trackNote(got, "mw"))
	r.Reply("sent:{order}:{step}", routerNote(got, "reply"))
	r.Event(routerNote(got, "event"))
	return r
}

func trackNote(got *[]string, what string) wacloud.Middleware {
	return func(next wacloud.HandlerFunc) wacloud.HandlerFunc {
		return func(ctx context.Context, e *wacloud.Event) error {
			*got = append(*got, what)
			return next(ctx, e)
		}
	}
}

func TestOnStatus(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		data  string
		with  func(r *wacloud.Router, got *[]string)
		event func(e *wacloud.Event)
		want  []string
	}{
		{"typed", "sent:7:paid", nil, nil, []string{"mw", "sent 7 paid"}},
		{"written by an earlier release", "receipt:7", nil, nil, []string{"mw", "sent 7 "}},
		{"a value that does not fit, no Status", "sent:x:paid", nil, nil, []string{"mw", "event"}},
		{"a value that does not fit", "sent:x:paid", func(r *wacloud.Router, got *[]string) {
			r.Status(routerNote(got, "status"))
			r.BadID(routerNote(got, "bad id"))
			r.NotFound(routerNote(got, "not found"))
		}, nil, []string{"mw", "status"}},
		{"another pattern", "other:7", func(r *wacloud.Router, got *[]string) { r.Status(routerNote(got, "status")) }, nil, []string{"status"}},
		{"no data", "", func(r *wacloud.Router, got *[]string) { r.Status(routerNote(got, "status")) }, nil, []string{"status"}},
		{"a tap with the same id", "", nil, func(e *wacloud.Event) { *e = *tapOn("sent:7:paid") }, []string{"reply"}},
		{"in standby", "sent:7:paid", nil, func(e *wacloud.Event) { e.Standby = true }, []string{"event"}},
		{"no status at all", "", nil, func(e *wacloud.Event) { e.Status = nil }, []string{"event"}},
		{"the more specific one", "sent:7:paid", func(r *wacloud.Router, got *[]string) {
			paid := wacloud.NewRoute[int]("sent:{order}:paid")
			wacloud.OnStatus(r, paid, func(context.Context, *wacloud.Event, int) error {
				*got = append(*got, "paid")
				return nil
			})
		}, nil, []string{"paid"}},
		{"mounted, in its middleware", "promo:5", func(r *wacloud.Router, got *[]string) {
			sub := wacloud.NewRouter()
			wacloud.OnStatus(sub, wacloud.NewRoute[int]("promo:{n}"), func(context.Context, *wacloud.Event, int) error {
				*got = append(*got, "promo")
				return nil
			})
			r.Group(func(g *wacloud.Router) {
				g.Use(trackNote(got, "group"))
				g.Mount(sub)
			})
		}, nil, []string{"group", "promo"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			r := trackRouter(&got)
			if tt.with != nil {
				tt.with(r, &got)
			}
			e := &wacloud.Event{Kind: wacloud.KindStatus, Status: &wacloud.Status{ID: "wamid.1", CallbackData: tt.data}}
			if tt.event != nil {
				tt.event(e)
			}
			require.NoError(t, r.Handle(t.Context(), e))
			require.Equal(t, tt.want, got)
		})
	}
}

func TestOnStatusWithoutAnyCallback(t *testing.T) {
	t.Parallel()
	r := wacloud.NewRouter()
	wacloud.OnStatus(r, trackSent, func(context.Context, *wacloud.Event, trackOrder) error { return nil })
	for _, data := range []string{"sent:x:paid", "other"} {
		e := &wacloud.Event{Kind: wacloud.KindStatus, Status: &wacloud.Status{CallbackData: data}}
		require.NoError(t, r.Handle(t.Context(), e), data)
	}
}

func TestTrackersAreListedAsTheirOwnKind(t *testing.T) {
	t.Parallel()
	var got []string
	r := trackRouter(&got)
	var list []string
	for route := range r.Routes() {
		list = append(list, route.Kind+" "+route.Pattern)
	}
	require.Equal(t, []string{"reply sent:{order}:{step}", "tracker receipt:{order}", "tracker sent:{order}:{step}", "event "}, list)

	route, params, ok := r.LookupStatus("sent:7:a%3Ab")
	require.True(t, ok)
	require.Equal(t, "tracker", route.Kind)
	require.Contains(t, route.Source, "track_test.go:")
	require.Equal(t, map[string]string{"order": "7", "step": "a:b"}, params)
	route, _, ok = r.Lookup("sent:7:x")
	require.True(t, ok)
	require.Equal(t, "reply", route.Kind)
	_, _, ok = r.Lookup("receipt:7")
	require.False(t, ok, "callback data is no id")
	_, _, ok = r.LookupStatus("")
	require.False(t, ok)

	e := &wacloud.Event{Kind: wacloud.KindStatus, Status: &wacloud.Status{CallbackData: "sent:7:paid"}}
	require.NoError(t, r.Handle(t.Context(), e))
	require.Equal(t, "tracker", e.Route().Kind)
}

func TestTrackersConflict(t *testing.T) {
	t.Parallel()
	nothing := func(context.Context, *wacloud.Event, int) error { return nil }
	for _, tt := range []struct {
		name string
		do   func(r *wacloud.Router)
		want []string
	}{
		{"twice", func(r *wacloud.Router) {
			wacloud.OnStatus(r, wacloud.NewRoute[int]("sent:{n}"), nothing)
			wacloud.OnStatus(r, wacloud.NewRoute[int]("sent:{m}"), nothing)
		}, []string{`tracker "sent:{m}" (registered at `, `conflicts with tracker "sent:{n}"`, "track_test.go:", `"sent:x" matches both`}},
		{"neither is more specific", func(r *wacloud.Router) {
			wacloud.OnStatus(r, wacloud.NewRoute[int]("a:{n}:c"), nothing)
			wacloud.OnStatus(r, wacloud.NewRoute[int]("a:b:{n}"), nothing)
		}, []string{`"a:b:c" matches both`}},
		{"nil callback", func(r *wacloud.Router) { wacloud.OnStatus(r, trackSent, nil) }, []string{`tracker "sent:{order}:{step}" at `, "nil callback"}},
		{"nil route", func(r *wacloud.Router) { wacloud.OnStatus(r, nil, nothing) }, []string{"OnStatus at ", "a route is made by NewRoute"}},
		{"nil middleware", func(r *wacloud.Router) {
			wacloud.OnStatus(r, wacloud.NewRoute[int]("a:{n}"), nothing, nil)
		}, []string{"middleware 1 is nil"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				text := fmt.Sprint(recover())
				for _, want := range tt.want {
					require.Contains(t, text, want)
				}
			}()
			tt.do(wacloud.NewRouter())
			t.Error("no panic")
		})
	}
}

func TestTrackIsChecked(t *testing.T) {
	t.Parallel()
	text := wacloud.NewRoute[string]("t:{x}")
	const head = len("t:")
	for _, tt := range []struct {
		name  string
		track wacloud.SendOption
		want  []string // nil: it is sent
	}{
		{"480 characters", text.Track(strings.Repeat("é", 480-head)), nil},
		{"481 characters", text.Track(strings.Repeat("é", 481-head)), []string{`route "t:{x}"`, "481", "480", "biz_opaque_callback_data"}},
		{"a value that cannot be written", expectNever.Track(expectUnwritable{}), []string{`route "never:{x}"`, "{x} cannot be written"}},
		{"the caller's own data may begin as it likes", wacloud.CallbackData(" !mine"), nil},
	} {
		for where, opts := range map[string][]wacloud.Option{
			"without a store": nil, "with a store": {wacloud.WithStore(wacloud.NewMemoryStore())},
		} {
			t.Run(tt.name+" "+where, func(t *testing.T) {
				t.Parallel()
				srv := wacloudtest.NewServer(t, wacloudtest.InMemory())
				_, err := srv.Client(opts...).Send(t.Context(), srv.User("Ana").Recipient(), wacloud.NewText("hi"), tt.track)
				if tt.want == nil {
					require.NoError(t, err)
					return
				}
				require.ErrorIs(t, err, wacloud.ErrInvalid)
				for _, want := range tt.want {
					require.ErrorContains(t, err, want)
				}
				require.Empty(t, srv.Sent())
			})
		}
	}
}
