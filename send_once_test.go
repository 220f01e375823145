package wacloud_test

import (
	"context"
	"errors"
	"io"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

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
	s.graph.fail = func(int) (int, string) { // after "sending" is recorded, before the answer is
		dying.dead.Store(true)
		return 0, ""
	}
	require.True(t, s.run(t, send).Done, "the message is out: what the store says later does not change that")
	dying.dead.Store(false)
	out := s.run(t, send)
	_, ambiguous := errors.AsType[*wacloud.AmbiguousSendError](out.Err)
	require.True(t, ambiguous, "%v", out.Err)
	require.Len(t, s.graph.sent(), 1)
}

// dyingStore loses what is put while it is dead.
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
