package wacloud_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// attentionGraph is a transport that answers status requests, after a delay, and notes what it got.
type attentionGraph struct {
	delay time.Duration
	fail  bool

	mu  sync.Mutex
	got []string
}

func (g *attentionGraph) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	select {
	case <-time.After(g.delay):
	case <-r.Context().Done():
		g.note("broken off")
		return nil, r.Context().Err()
	}
	what := "read"
	if bytes.Contains(body, []byte("typing_indicator")) {
		what = "typing"
	}
	if !bytes.Contains(body, []byte("wamid.in")) {
		what = "without the message's id"
	}
	g.note(what)
	status, answer := http.StatusOK, `{"success":true}`
	if g.fail {
		status, answer = http.StatusBadRequest, `{"error":{"message":"no","code":131009}}`
	}
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(answer)), Request: r,
	}, nil
}

func (g *attentionGraph) note(what string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.got = append(g.got, what)
}

func (g *attentionGraph) bind(t *testing.T, e *wacloud.Event) *wacloud.Event {
	t.Helper()
	c, err := wacloud.NewClient(tappedOn, wacloud.NewSecret("EAAtesttoken"), wacloud.WithHTTPClient(&http.Client{Transport: g}))
	require.NoError(t, err)
	return c.Bind(e)
}

// attentive is a router whose callback takes its time and notes when it starts and ends.
func attentive(g *attentionGraph, log io.Writer, takes time.Duration, mw ...wacloud.Middleware) *wacloud.Router {
	r := wacloud.NewRouter()
	r.Logger(slog.New(slog.NewTextHandler(log, nil)))
	r.Use(mw...)
	h := func(context.Context, *wacloud.Event) error {
		g.note("start")
		<-time.After(takes)
		g.note("end")
		return nil
	}
	r.Message(h)
	r.Event(h)
	r.Status(h)
	r.NotFound(h)
	return r
}

func TestAutoMarkRead(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		event  *wacloud.Event
		stub   attentionGraph
		takes  time.Duration
		want   []string
		within time.Duration
		log    string
	}{
		{"beside the callback", contentEvent(wacloud.TextContent{}), attentionGraph{delay: time.Second}, 2 * time.Second, []string{"start", "read", "end"}, 2 * time.Second, ""},
		{"a fast callback waits", contentEvent(wacloud.TextContent{}), attentionGraph{delay: time.Second}, 0, []string{"start", "end", "read"}, time.Second, ""},
		{"but not for long", contentEvent(wacloud.TextContent{}), attentionGraph{delay: time.Hour}, 0, []string{"start", "end", "broken off"}, 3 * time.Second, "error.type=timeout"},
		{"an error is a warning", contentEvent(wacloud.TextContent{}), attentionGraph{fail: true}, time.Second, []string{"start", "read", "end"}, time.Second, "error.type=131009"},
		{"a tap", tapOn("x"), attentionGraph{}, time.Second, []string{"start", "read", "end"}, time.Second, ""},
		{"not for a status", &wacloud.Event{Kind: wacloud.KindStatus, Status: &wacloud.Status{ID: "wamid.in"}}, attentionGraph{}, 0, []string{"start", "end"}, 0, ""},
		{"not for standby", inStandby(contentEvent(wacloud.TextContent{})), attentionGraph{}, 0, []string{"start", "end"}, 0, ""},
		{"not for an echo", echoOf(contentEvent(wacloud.TextContent{})), attentionGraph{}, 0, []string{"start", "end"}, 0, ""},
		{"not for a system message", contentEvent(wacloud.SystemContent{}), attentionGraph{}, 0, []string{"start", "end"}, 0, ""},
	}
	for i := range tests {
		tt := &tests[i]
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				start := time.Now()
				r := attentive(&tt.stub, &log, tt.takes, wacloud.AutoMarkRead())
				require.NoError(t, r.Handle(t.Context(), tt.stub.bind(t, tt.event)))
				require.Equal(t, tt.want, tt.stub.got)
				require.Equal(t, tt.within, time.Since(start))
				require.Contains(t, log.String(), tt.log)
				if tt.log == "" {
					require.Empty(t, log.String())
				}
				require.NotContains(t, log.String(), tapperPhone)
			})
		})
	}
}

func TestAutoTyping(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		event  *wacloud.Event
		stub   attentionGraph
		takes  time.Duration
		want   []string
		within time.Duration
		log    string
	}{
		{"before the callback", contentEvent(wacloud.TextContent{}), attentionGraph{delay: 200 * time.Millisecond}, time.Second, []string{"typing", "start", "end"}, 1200 * time.Millisecond, ""},
		{"with a head start of half a second", contentEvent(wacloud.TextContent{}), attentionGraph{delay: time.Second}, time.Second, []string{"start", "typing", "end"}, 1500 * time.Millisecond, ""},
		{"broken off when the callback returns", contentEvent(wacloud.TextContent{}), attentionGraph{delay: time.Hour}, time.Second, []string{"start", "end", "broken off"}, 1500 * time.Millisecond, ""},
		{"and after three seconds", contentEvent(wacloud.TextContent{}), attentionGraph{delay: time.Hour}, time.Minute, []string{"start", "broken off", "end"}, time.Minute + 500*time.Millisecond, "error.type=timeout"},
		{"an error is a warning", contentEvent(wacloud.TextContent{}), attentionGraph{fail: true}, 0, []string{"typing", "start", "end"}, 0, "error.type=131009"},
		{"not for standby", inStandby(contentEvent(wacloud.TextContent{})), attentionGraph{}, 0, []string{"start", "end"}, 0, ""},
		{"not for a status", &wacloud.Event{Kind: wacloud.KindStatus, Status: &wacloud.Status{ID: "wamid.in"}}, attentionGraph{}, 0, []string{"start", "end"}, 0, ""},
	}
	for i := range tests {
		tt := &tests[i]
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				start := time.Now()
				r := attentive(&tt.stub, &log, tt.takes, wacloud.AutoTyping())
				require.NoError(t, r.Handle(t.Context(), tt.stub.bind(t, tt.event)))
				require.Equal(t, tt.want, tt.stub.got)
				require.Equal(t, tt.within, time.Since(start))
				require.Contains(t, log.String(), tt.log)
				if tt.log == "" {
					require.Empty(t, log.String())
				}
			})
		})
	}
}

// The middleware that is kind to the user does not hide what the callback returns, panics included, and needs no client.
func TestAutoMiddlewareKeepsTheCallbacksOutcome(t *testing.T) {
	t.Parallel()
	want := errors.New("the kitchen is closed")
	for _, mw := range []wacloud.Middleware{wacloud.AutoMarkRead(), wacloud.AutoTyping()} {
		r := wacloud.NewRouter()
		r.Logger(slog.New(slog.DiscardHandler))
		r.Use(mw)
		r.Text(func(context.Context, *wacloud.Event) error { return want })
		r.Message(func(context.Context, *wacloud.Event) error { panic("oven") })
		require.Same(t, want, r.Handle(t.Context(), contentEvent(wacloud.TextContent{})))
		require.PanicsWithValue(t, "oven", func() { _ = r.Handle(t.Context(), contentEvent(wacloud.MediaContent{})) })
	}
}

func TestRecover(t *testing.T) {
	t.Parallel()
	cause := errors.New("no gas")
	for _, value := range []any{"no gas", cause, 42} {
		r := wacloud.NewRouter()
		r.Use(wacloud.Recover())
		r.Text(func(context.Context, *wacloud.Event) error { panic(value) })
		err := r.Handle(t.Context(), contentEvent(wacloud.TextContent{}))
		require.EqualError(t, err, fmt.Sprintf("wacloud: handler panicked: %v", value))
		require.Equal(t, value == any(cause), errors.Is(err, cause))
	}
}

func TestLog(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		event *wacloud.Event
		err   error
		want  string
	}{
		{
			"tap", tapOn("order:5511987654321"), nil,
			`level=INFO msg="event handled" wa.event.kind=message`,
		},
		{"route", tapOn("order:5511987654321"), nil, `wa.route="reply order:{id}" duration=2s`},
		{"text", contentEvent(wacloud.TextContent{Body: "5511987654321"}), nil, "wa.route=text duration=2s"},
		{"number", contentEvent(wacloud.TextContent{}), nil, "wa.phone_number_id=" + tappedOn},
		{
			"failure", contentEvent(wacloud.TextContent{}), fmt.Errorf("call 5511987654321: %w", io.EOF),
			`level=ERROR msg="event failed" wa.event.kind=message`,
		},
		{"type of a failure", contentEvent(wacloud.TextContent{}), fmt.Errorf("call 5511987654321: %w", io.EOF), "error.type=*errors.errorString"},
		{"timeout", contentEvent(wacloud.TextContent{}), fmt.Errorf("x: %w", context.DeadlineExceeded), "error.type=timeout"},
		{
			"API error", contentEvent(wacloud.TextContent{}),
			fmt.Errorf("x: %w", &wacloud.APIError{StatusCode: 400, Code: 131047, TraceID: "A1b2", Message: "to 5511987654321"}),
			"error.type=131047 fbtrace_id=A1b2",
		},
		{"answer of a proxy", contentEvent(wacloud.TextContent{}), &wacloud.APIError{StatusCode: 502}, "error.type=http_502"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				r := wacloud.NewRouter()
				r.Use(wacloud.Log(slog.New(slog.NewTextHandler(&log, nil))))
				h := func(context.Context, *wacloud.Event) error {
					<-time.After(2 * time.Second)
					return tt.err
				}
				r.Text(h)
				r.Reply("order:{id}", h)
				tt.event.Message.From.Name = "Dona Canária"
				require.ErrorIs(t, r.Handle(t.Context(), tt.event), tt.err)
				line := log.String()
				require.Equal(t, 1, strings.Count(line, "\n"))
				require.Contains(t, line, tt.want)
				for _, secret := range []string{"5511987654321", "Canária", tapperPhone, "wamid.in"} {
					require.NotContains(t, line, secret)
				}
			})
		})
	}
}

func TestLogAPanicThatWasRecovered(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	r := wacloud.NewRouter()
	r.Use(wacloud.Log(slog.New(slog.NewTextHandler(&log, nil))), wacloud.Recover())
	r.Text(func(context.Context, *wacloud.Event) error { panic("5511987654321") })
	require.Error(t, r.Handle(t.Context(), contentEvent(wacloud.TextContent{})))
	require.Contains(t, log.String(), "error.type=panic")
	require.NotContains(t, log.String(), "5511987654321")
}
