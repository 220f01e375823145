package wacloud_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

func deliverOnce(ctx context.Context, attempt int, h wacloud.HandlerFunc) wacloud.Outcome {
	return wacloud.RunConfig{Handler: h}.Deliver(ctx, &wacloud.Event{ID: "m|1", Attempt: attempt}, nil)
}

func TestDeliverDecides(t *testing.T) {
	t.Parallel()
	plain := errors.New("database is down")
	invalid := &wacloud.ValidationError{}
	tests := []struct {
		name    string
		attempt int
		err     error
		done    bool
		dead    bool
		delay   time.Duration // ±20 %
	}{
		{name: "nil", attempt: 1, done: true},
		{name: "first failure", attempt: 1, err: plain, delay: time.Second},
		{name: "second failure", attempt: 2, err: plain, delay: 4 * time.Second},
		{name: "third failure", attempt: 3, err: plain, delay: 15 * time.Second},
		{name: "fourth failure", attempt: 4, err: plain, delay: time.Minute},
		{name: "fifth failure", attempt: 5, err: plain, dead: true},
		{name: "permanent", attempt: 1, err: fmt.Errorf("order: %w", wacloud.Permanent(plain)), dead: true},
		{name: "validation", attempt: 1, err: fmt.Errorf("menu: %w", invalid), dead: true},
		{name: "auth", attempt: 1, err: &wacloud.APIError{StatusCode: 401, Code: 190}, dead: true},
		{name: "invalid", attempt: 1, err: wacloud.ErrInvalid, dead: true},
		{name: "template", attempt: 1, err: wacloud.ErrTemplate, dead: true},
		{name: "blocked", attempt: 1, err: wacloud.ErrBlocked, dead: true},
		{name: "undeliverable", attempt: 1, err: wacloud.ErrUndeliverable, dead: true},
		{name: "ambiguous", attempt: 1, err: &wacloud.AmbiguousSendError{Err: io.ErrUnexpectedEOF}, dead: true},
		{name: "window closed", attempt: 1, err: wacloud.ErrWindowClosed, delay: time.Second},
		{name: "unavailable", attempt: 2, err: wacloud.ErrUnavailable, delay: 4 * time.Second},
		{name: "API names a delay", attempt: 1, err: &wacloud.APIError{StatusCode: 429, Code: 130429, RetryAfter: time.Hour}, delay: time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out := deliverOnce(t.Context(), tt.attempt, func(context.Context, *wacloud.Event) error { return tt.err })
			require.Equal(t, tt.done, out.Done)
			require.Equal(t, tt.dead, out.Dead)
			require.False(t, out.Cut)
			require.Equal(t, tt.err, out.Err)
			require.GreaterOrEqual(t, out.Delay, tt.delay*8/10)
			require.LessOrEqual(t, out.Delay, tt.delay*12/10)
		})
	}
}

func TestDeliverRetryAfterIsExact(t *testing.T) {
	t.Parallel()
	for _, err := range []error{io.EOF, wacloud.ErrInvalid, wacloud.ErrBlocked} {
		out := deliverOnce(t.Context(), 1, func(context.Context, *wacloud.Event) error { return wacloud.RetryAfter(err, 90*time.Second) })
		require.False(t, out.Dead)
		require.Equal(t, 90*time.Second, out.Delay)
		require.ErrorIs(t, out.Err, err)
	}
	out := deliverOnce(t.Context(), 5, func(context.Context, *wacloud.Event) error { return wacloud.RetryAfter(io.EOF, time.Second) })
	require.True(t, out.Dead, "MaxAttempts still holds")
	out = deliverOnce(t.Context(), 1, func(context.Context, *wacloud.Event) error { return wacloud.RetryAfter(io.EOF, -time.Second) })
	require.Zero(t, out.Delay)
	require.NoError(t, wacloud.RetryAfter(nil, time.Second))
	require.NoError(t, wacloud.Permanent(nil))
}

func TestDeliverSpreadsTheDelays(t *testing.T) {
	t.Parallel()
	seen := map[time.Duration]bool{}
	for range 50 {
		seen[deliverOnce(t.Context(), 1, func(context.Context, *wacloud.Event) error { return io.EOF }).Delay] = true
	}
	require.Greater(t, len(seen), 25)
}

func TestDeliverTakesAPanicForAnError(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		h    wacloud.HandlerFunc
		text string
		is   error
	}{
		{name: "text", h: func(context.Context, *wacloud.Event) error { panic("boom") }, text: "wacloud: handler panicked: boom"},
		{name: "error", h: func(context.Context, *wacloud.Event) error { panic(io.EOF) }, text: "wacloud: handler panicked: EOF", is: io.EOF},
		{name: "abort", h: func(context.Context, *wacloud.Event) error { panic(http.ErrAbortHandler) }, is: http.ErrAbortHandler, text: "wacloud: handler panicked: net/http: abort Handler"},
		{name: "nil map", h: func(context.Context, *wacloud.Event) error { var m map[string]int; m["x"] = 1; return nil }, text: "wacloud: handler panicked: assignment to entry in nil map"}, //nolint:staticcheck // the point
		{name: "goexit", h: func(context.Context, *wacloud.Event) error { runtime.Goexit(); return nil }, text: "wacloud: handler ended its goroutine"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out := deliverOnce(t.Context(), 1, tt.h)
			require.EqualError(t, out.Err, tt.text)
			require.False(t, out.Dead)
			require.NotZero(t, out.Delay)
			if tt.is != nil {
				require.ErrorIs(t, out.Err, tt.is)
			}
		})
	}
}

func TestDeliverGivesUpWhatCrashedTheProcess(t *testing.T) {
	t.Parallel()
	called := false
	out := deliverOnce(t.Context(), 6, func(context.Context, *wacloud.Event) error { called = true; return nil })
	require.True(t, out.Dead)
	require.ErrorContains(t, out.Err, "in every attempt")
	require.False(t, called)
}

func TestDeliverEndsTheContextInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		out := deliverOnce(t.Context(), 1, func(ctx context.Context, _ *wacloud.Event) error {
			deadline, ok := ctx.Deadline()
			require.True(t, ok)
			require.Equal(t, start.Add(time.Minute), deadline)
			<-ctx.Done()
			require.Equal(t, time.Minute, time.Since(start))
			return context.Cause(ctx)
		})
		require.ErrorIs(t, out.Err, context.DeadlineExceeded)
		require.Equal(t, time.Minute, time.Since(start))
	})
}

func TestDeliverContextReachesWhatIsMadeFromIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		type keyType struct{}
		parent := context.WithValue(t.Context(), keyType{}, "kept")
		out := deliverOnce(parent, 1, func(ctx context.Context, _ *wacloud.Event) error {
			require.Equal(t, "kept", ctx.Value(keyType{}))
			child, cancel := context.WithTimeout(ctx, time.Hour)
			defer cancel()
			<-child.Done()
			return context.Cause(child)
		})
		require.ErrorIs(t, out.Err, context.DeadlineExceeded)
	})
}

func TestExtendMovesTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		out := deliverOnce(t.Context(), 1, func(ctx context.Context, _ *wacloud.Event) error {
			sleep(50 * time.Second)
			require.NoError(t, wacloud.Extend(ctx, 5*time.Second), "less than there is")
			require.NoError(t, wacloud.Extend(ctx, 2*time.Minute))
			deadline, _ := ctx.Deadline()
			require.Equal(t, start.Add(170*time.Second), deadline)
			<-ctx.Done()
			require.ErrorIs(t, wacloud.Extend(ctx, time.Minute), wacloud.ErrLeaseLost)
			return ctx.Err()
		})
		require.Error(t, out.Err)
		require.Equal(t, 170*time.Second, time.Since(start))
	})
	require.NoError(t, wacloud.Extend(t.Context(), time.Minute), "outside of a handler there is nothing to extend")
}

func TestDeliverLeavesAHandlerThatIsStuck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		graph := new(hookGraph)
		client := hookClient(t, graph)
		free, late := make(chan struct{}), make(chan error, 1)
		start := time.Now()
		out := deliverOnce(t.Context(), 1, func(ctx context.Context, e *wacloud.Event) error {
			<-free
			_, err := client.Bind(e).Respond(ctx, wacloud.NewText("too late"))
			late <- err
			return nil
		})
		require.Equal(t, 65*time.Second, time.Since(start), "60 s and 5 s of grace")
		require.ErrorContains(t, out.Err, "did not return")
		require.False(t, out.Done)
		close(free)
		require.ErrorIs(t, <-late, wacloud.ErrLeaseLost)
		require.Empty(t, graph.sent())
	})
}

func TestDeliverIsCutByItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		out := deliverOnce(ctx, 5, func(ctx context.Context, _ *wacloud.Event) error {
			cancel()
			<-ctx.Done()
			return ctx.Err()
		})
		require.True(t, out.Cut)
		require.False(t, out.Dead, "a drain is not the handler's fault")
		require.ErrorIs(t, out.Err, context.Canceled)
	})
}

// testLease is a lease that a test takes away.
type testLease struct {
	lost     chan struct{}
	mu       sync.Mutex
	extended []time.Duration
}

func (l *testLease) Lost() <-chan struct{} { return l.lost }

func (l *testLease) Extend(_ context.Context, d time.Duration) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.extended = append(l.extended, d)
	return nil
}

func TestLostLeaseSendsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		graph := new(hookGraph)
		client := hookClient(t, graph)
		lease := &testLease{lost: make(chan struct{})}
		events, err := wacloud.ParseWebhook(hookBody(hookText("wamid.L", hookUser, "oi")))
		require.NoError(t, err)
		h := wacloud.HandlerFunc(func(ctx context.Context, e *wacloud.Event) error {
			e = client.Bind(e)
			require.NoError(t, wacloud.Extend(ctx, time.Minute))
			close(lease.lost)
			<-ctx.Done()
			require.ErrorIs(t, context.Cause(ctx), wacloud.ErrLeaseLost)
			ctx = context.WithoutCancel(ctx)
			_, err := e.Respond(ctx, wacloud.NewText("x"))
			require.ErrorIs(t, err, wacloud.ErrLeaseLost)
			_, err = e.Quote(ctx, wacloud.NewText("x"))
			require.ErrorIs(t, err, wacloud.ErrLeaseLost)
			_, err = e.React(ctx, "👍")
			require.ErrorIs(t, err, wacloud.ErrLeaseLost)
			require.ErrorIs(t, e.MarkRead(ctx), wacloud.ErrLeaseLost)
			require.ErrorIs(t, e.Typing(ctx), wacloud.ErrLeaseLost)
			require.ErrorIs(t, wacloud.Extend(ctx, time.Minute), wacloud.ErrLeaseLost)
			_, err = client.Send(ctx, wacloud.Phone(hookUser), wacloud.NewText("x"))
			require.ErrorIs(t, err, wacloud.ErrLeaseLost, "the client itself, in the handler's context")
			return ctx.Err()
		})
		wacloud.RunConfig{Handler: h}.Deliver(t.Context(), &events[0], lease)
		require.Empty(t, graph.sent())
		require.Equal(t, []time.Duration{65 * time.Second}, lease.extended, "the grace is part of the lease")
	})
}

func TestEventWithoutMessageOrClient(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var none *wacloud.Event
	_, err := none.Respond(ctx, wacloud.NewText("x"))
	require.ErrorIs(t, err, wacloud.ErrUnbound)
	unbound := &wacloud.Event{Message: &wacloud.InboundMessage{ID: "wamid.X"}}
	_, err = unbound.Respond(ctx, wacloud.NewText("x"))
	require.ErrorIs(t, err, wacloud.ErrUnbound)
	require.ErrorIs(t, unbound.MarkRead(ctx), wacloud.ErrUnbound)
	require.ErrorIs(t, unbound.Typing(ctx), wacloud.ErrUnbound)

	graph := new(hookGraph)
	client := hookClient(t, graph)
	require.Nil(t, client.Bind(nil))
	status := client.Bind(&wacloud.Event{Kind: wacloud.KindStatus})
	_, err = status.Quote(ctx, wacloud.NewText("x"))
	require.ErrorIs(t, err, wacloud.ErrInvalid)
	_, err = status.React(ctx, "👍")
	require.ErrorIs(t, err, wacloud.ErrInvalid)
	require.ErrorIs(t, status.MarkRead(ctx), wacloud.ErrInvalid)
	require.ErrorIs(t, status.Typing(ctx), wacloud.ErrInvalid)
	require.Empty(t, graph.sent())
}

func TestBindActsFromTheEventsNumber(t *testing.T) {
	t.Parallel()
	graph := new(hookGraph)
	client := hookClient(t, graph)
	event := &wacloud.Event{
		PhoneNumberID: "333",
		Message:       &wacloud.InboundMessage{ID: "wamid.X", From: wacloud.User{Phone: hookUser}},
	}
	bound := client.Bind(event)
	require.NotSame(t, event, bound)
	_, err := bound.Quote(t.Context(), wacloud.NewText("x"), wacloud.CallbackData("c"))
	require.NoError(t, err)
	require.Equal(t, []string{"/v23.0/333/messages"}, graph.paths)
	want := `{"messaging_product":"whatsapp","recipient_type":"individual","to":"5511999990001","type":"text","context":{"message_id":"wamid.X"},"biz_opaque_callback_data":"c","text":{"body":"x"}}`
	require.JSONEq(t, want, graph.sent()[0])
	_, err = event.Respond(t.Context(), wacloud.NewText("x"))
	require.ErrorIs(t, err, wacloud.ErrUnbound, "the event itself is as it was")
}
