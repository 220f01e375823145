package wacloud_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
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

// sendRun delivers the same event again and again, as an inbox does after failures and crashes.
type sendRun struct {
	graph  *hookGraph
	client *wacloud.Client
	event  wacloud.Event
	tries  int
}

func newSendRun(t *testing.T, opts ...wacloud.Option) *sendRun {
	t.Helper()
	graph := new(hookGraph)
	events, err := wacloud.ParseWebhook(hookBody(hookText("wamid.S", hookUser, "oi")))
	require.NoError(t, err)
	return &sendRun{graph: graph, client: hookClient(t, graph, opts...), event: events[0]}
}

func (s *sendRun) run(t *testing.T, h wacloud.HandlerFunc) wacloud.Outcome {
	t.Helper()
	s.tries++
	e := s.event
	e.Attempt = s.tries
	bound := wacloud.HandlerFunc(func(ctx context.Context, e *wacloud.Event) error { return h(ctx, s.client.Bind(e)) })
	return wacloud.RunConfig{Handler: bound}.Deliver(t.Context(), &e, nil)
}

func TestHandlerThatRunsAgainSendsNothingTwice(t *testing.T) {
	t.Parallel()
	s := newSendRun(t, wacloud.WithStore(wacloud.NewMemoryStore()))
	var ids [][]string
	h := func(ctx context.Context, e *wacloud.Event) error {
		var got []string
		for _, send := range []func() (*wacloud.Sent, error){
			func() (*wacloud.Sent, error) { return e.Respond(ctx, wacloud.NewText("one")) },
			func() (*wacloud.Sent, error) { return e.Respond(ctx, wacloud.NewText("one")) }, // meant twice
			func() (*wacloud.Sent, error) { return e.Quote(ctx, wacloud.NewText("one")) },
			func() (*wacloud.Sent, error) { return e.React(ctx, "👍") },
			func() (*wacloud.Sent, error) {
				return s.client.Send(ctx, wacloud.Phone("5511888880000"), wacloud.NewText("one"))
			},
		} {
			sent, err := send()
			require.NoError(t, err)
			require.Equal(t, hookUser, sent.WaID)
			require.NotNil(t, sent.Message)
			got = append(got, sent.MessageID)
		}
		ids = append(ids, got)
		if len(ids) < 3 {
			return io.EOF
		}
		return nil
	}
	require.NotZero(t, s.run(t, h).Delay)
	require.NotZero(t, s.run(t, h).Delay)
	require.True(t, s.run(t, h).Done)
	require.Len(t, s.graph.sent(), 5)
	first := []string{"wamid.OUT1", "wamid.OUT2", "wamid.OUT3", "wamid.OUT4", "wamid.OUT5"}
	if diff := cmp.Diff([][]string{first, first, first}, ids); diff != "" {
		t.Errorf("ids of the three runs (-want +got):\n%s", diff)
	}
}

func TestHandlerThatTakesAnotherTurnIsSent(t *testing.T) {
	t.Parallel()
	s := newSendRun(t, wacloud.WithStore(wacloud.NewMemoryStore()))
	texts := []string{"try later", "here is your order", "here is your order"}
	for i, text := range texts {
		s.run(t, func(ctx context.Context, e *wacloud.Event) error {
			_, err := e.Respond(ctx, wacloud.NewText(text))
			require.NoError(t, err)
			if i < len(texts)-1 {
				return io.EOF
			}
			return nil
		})
	}
	require.Len(t, s.graph.sent(), 2)
}

func TestOrderOfSendsDoesNotMatter(t *testing.T) {
	t.Parallel()
	s := newSendRun(t, wacloud.WithStore(wacloud.NewMemoryStore()))
	for run := range 5 {
		s.run(t, func(ctx context.Context, e *wacloud.Event) error {
			var wg sync.WaitGroup
			for i := range 10 {
				wg.Go(func() {
					_, err := e.Respond(ctx, wacloud.NewText(strconv.Itoa((i+run)%10)))
					if err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			return io.EOF
		})
	}
	require.Len(t, s.graph.sent(), 10)
}

func TestInterruptedSendIsAmbiguous(t *testing.T) {
	t.Parallel()
	s := newSendRun(t, wacloud.WithStore(wacloud.NewMemoryStore()))
	s.graph.fail = func(int) (int, string) { return -1, "" }
	for range 2 {
		out := s.run(t, func(ctx context.Context, e *wacloud.Event) error {
			_, err := e.Respond(ctx, wacloud.NewText("one"))
			return err
		})
		_, ambiguous := errors.AsType[*wacloud.AmbiguousSendError](out.Err)
		require.True(t, ambiguous, "%v", out.Err)
		require.True(t, out.Dead)
	}
	require.Len(t, s.graph.sent(), 1)
}

func TestCrashWhileSendingIsAmbiguous(t *testing.T) {
	t.Parallel()
	store := wacloud.NewMemoryStore()
	dying := &dyingStore{Store: store}
	s := newSendRun(t, wacloud.WithStore(dying))
	send := func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewText("one"))
		return err
	}
	dying.dead.Store(true) // after "sending" is recorded, before the answer is
	require.True(t, s.run(t, send).Done, "the message is out: what the store says later does not change that")
	dying.dead.Store(false)
	out := s.run(t, send)
	_, ambiguous := errors.AsType[*wacloud.AmbiguousSendError](out.Err)
	require.True(t, ambiguous, "%v", out.Err)
	require.Len(t, s.graph.sent(), 1)
}

// dyingStore loses every write after the first of a send.
type dyingStore struct {
	wacloud.Store
	dead atomic.Bool
}

func (s *dyingStore) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if s.dead.Load() {
		return errors.New("the process is gone")
	}
	return s.Store.Put(ctx, key, value, ttl)
}

func TestRefusedSendIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := newSendRun(t, wacloud.WithStore(wacloud.NewMemoryStore()))
	s.graph.fail = func(n int) (int, string) {
		if n == 1 {
			return 429, `{"error":{"message":"rate","type":"OAuthException","code":130429,"fbtrace_id":"x"}}`
		}
		return 0, ""
	}
	send := func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewText("one"))
		return err
	}
	out := s.run(t, send)
	require.ErrorIs(t, out.Err, wacloud.ErrRateLimited)
	require.False(t, out.Dead)
	require.True(t, s.run(t, send).Done)
	require.Len(t, s.graph.sent(), 2)
}

func TestStoreThatFailsSendsNothing(t *testing.T) {
	t.Parallel()
	s := newSendRun(t, wacloud.WithStore(failingStore{}))
	out := s.run(t, func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewText("one"))
		return err
	})
	require.ErrorContains(t, out.Err, "store is down")
	require.False(t, out.Dead)
	require.Empty(t, s.graph.sent())
}

type failingStore struct{ wacloud.Store }

func (failingStore) Swap(context.Context, string, uint64, []byte, time.Duration) (bool, error) {
	return false, errors.New("store is down")
}

func TestWithoutStoreAnEventThatSentIsNotHandledAgain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		fail func(int) (int, string)
		send func(context.Context, *wacloud.Client, *wacloud.Event) error
		dead bool
	}{
		{name: "respond", dead: true, send: func(ctx context.Context, _ *wacloud.Client, e *wacloud.Event) error {
			_, err := e.Respond(ctx, wacloud.NewText("one"))
			return err
		}},
		{name: "respond in another context", dead: true, send: func(_ context.Context, _ *wacloud.Client, e *wacloud.Event) error {
			_, err := e.Respond(context.Background(), wacloud.NewText("one"))
			return err
		}},
		{name: "client", dead: true, send: func(ctx context.Context, c *wacloud.Client, _ *wacloud.Event) error {
			_, err := c.Send(ctx, wacloud.Phone(hookUser), wacloud.NewText("one"))
			return err
		}},
		{name: "ambiguous", dead: true, fail: func(int) (int, string) { return -1, "" }, send: func(ctx context.Context, _ *wacloud.Client, e *wacloud.Event) error {
			_, _ = e.Respond(ctx, wacloud.NewText("one"))
			return nil
		}},
		{name: "refused", fail: func(int) (int, string) {
			return 429, `{"error":{"message":"rate","type":"OAuthException","code":130429}}`
		}, send: func(ctx context.Context, _ *wacloud.Client, e *wacloud.Event) error {
			_, _ = e.Respond(ctx, wacloud.NewText("one"))
			return nil
		}},
		{name: "mark read", send: func(ctx context.Context, _ *wacloud.Client, e *wacloud.Event) error { return e.MarkRead(ctx) }},
		{name: "nothing", send: func(context.Context, *wacloud.Client, *wacloud.Event) error { return nil }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSendRun(t)
			s.graph.fail = tt.fail
			out := s.run(t, func(ctx context.Context, e *wacloud.Event) error {
				if err := tt.send(ctx, s.client, e); err != nil {
					t.Error(err)
				}
				return wacloud.RetryAfter(io.EOF, time.Second)
			})
			require.Equal(t, tt.dead, out.Dead)
		})
	}
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
