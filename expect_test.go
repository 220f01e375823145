package wacloud_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

var (
	expectName  = wacloud.NewRoute[int]("name:{order}")
	expectGone  = wacloud.NewRoute[int]("gone:{order}")
	expectNever = wacloud.NewRoute[expectUnwritable]("never:{x}")
)

type expectUnwritable struct{}

func (expectUnwritable) MarshalText() ([]byte, error) { return nil, errors.New("no") }
func (*expectUnwritable) UnmarshalText([]byte) error  { return nil }

// expectBot asks for a name at each tap on "ask:<order>" and notes where what users write arrives.
type expectBot struct {
	srv   *wacloudtest.Server
	store wacloud.Store
	named func(ctx context.Context, e *wacloud.Event, order int) error

	mu  sync.Mutex
	got []string
}

func newExpectBot(t *testing.T, opts ...wacloudtest.Option) *expectBot {
	t.Helper()
	return &expectBot{srv: wacloudtest.NewServer(t, opts...), store: wacloud.NewMemoryStore()}
}

func (b *expectBot) note(what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.got = append(b.got, what)
}

// heard waits and returns what arrived since the last call.
func (b *expectBot) heard() []string {
	b.srv.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	got := b.got
	b.got = nil
	return got
}

func (b *expectBot) router() *wacloud.Router {
	r := wacloud.NewRouter()
	noting := func(what string) wacloud.HandlerFunc {
		return func(_ context.Context, e *wacloud.Event) error {
			b.note(strings.TrimSpace(what + " " + e.Text()))
			return nil
		}
	}
	asking := func(route *wacloud.Route[int]) func(context.Context, *wacloud.Event, int) error {
		return func(ctx context.Context, e *wacloud.Event, order int) error {
			return wacloud.Expect(ctx, e.UserKey(), route, order, time.Hour)
		}
	}
	r.Text(noting("text"))
	r.Message(noting("message"))
	r.GroupMessage(noting("group"))
	r.Event(noting("event"))
	r.Reply("how:{x}", noting("chosen"))
	r.Reply("stop", func(ctx context.Context, e *wacloud.Event) error { return wacloud.CancelExpect(ctx, e.UserKey()) })
	wacloud.On(r, wacloud.NewRoute[int]("ask:{order}"), asking(expectName))
	wacloud.On(r, wacloud.NewRoute[int]("lost:{order}"), asking(expectGone))
	wacloud.On(r, wacloud.NewRoute[int]("choose:{order}"), func(ctx context.Context, e *wacloud.Event, order int) error {
		_, err := e.Respond(ctx, answersButtons)
		return errors.Join(err, asking(expectName)(ctx, e, order))
	})
	wacloud.On(r, expectName, func(ctx context.Context, e *wacloud.Event, order int) error {
		b.note(fmt.Sprintf("name %d %s", order, e.Text()))
		if b.named != nil {
			return b.named(ctx, e, order)
		}
		return nil
	}, wacloud.Once(b.store, time.Hour), wacloud.RequireSigned())
	r.Failed(func(_ context.Context, e *wacloud.Event, _ error) {
		b.note("failed " + e.Message.Reply.Kind.String() + " " + e.Message.Reply.ID)
	})
	return r
}

// serve starts the bot; change may take the store away.
func (b *expectBot) serve(change ...func(*wacloud.WebhookConfig)) *wacloudtest.User {
	b.srv.Serve(b.router(), append([]func(*wacloud.WebhookConfig){func(c *wacloud.WebhookConfig) { c.Store = b.store }}, change...)...)
	return b.srv.User("Ana")
}

// An expectStep is one thing that Ana does. Each has its own message id, so that none is a repeated delivery.
type expectStep func(ana *wacloudtest.User, id wacloudtest.EventOption)

func expectTaps(id string) expectStep {
	return func(ana *wacloudtest.User, wamid wacloudtest.EventOption) {
		ana.Send(wacloudtest.ButtonReply(ana.Identity(), wacloud.Button{ID: id, Title: id}, wamid))
	}
}

func expectWrites(text string, opts ...wacloudtest.EventOption) expectStep {
	return func(ana *wacloudtest.User, wamid wacloudtest.EventOption) {
		ana.Send(wacloudtest.Text(ana.Identity(), text, append(opts, wamid)...))
	}
}

func TestExpect(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 4096)
	for _, tt := range []struct {
		name  string
		steps []expectStep
		want  []string
	}{
		{"the next text, once", []expectStep{expectTaps("ask:7"), expectWrites("Ana"), expectWrites("oi")}, []string{"name 7 Ana", "text oi"}},
		{"nothing is expected", []expectStep{expectWrites("Ana")}, []string{"text Ana"}},
		{"the last question counts", []expectStep{expectTaps("ask:7"), expectTaps("ask:8"), expectWrites("Ana")}, []string{"name 8 Ana"}},
		{
			"the same question twice is no double tap",
			[]expectStep{expectTaps("ask:7"), expectWrites("Ana"), expectTaps("ask:7"), expectWrites("Bia")},
			[]string{"name 7 Ana", "name 7 Bia"},
		},
		{"the longest text", []expectStep{expectTaps("ask:7"), expectWrites(long)}, []string{"name 7 " + long}},
		{"a text that quotes", []expectStep{expectTaps("ask:7"), expectWrites("Ana", wacloudtest.About("wamid.OLD"))}, []string{"name 7 Ana"}},
		{"a tap leaves it open", []expectStep{expectTaps("ask:7"), expectTaps("how:d"), expectWrites("Ana")}, []string{"chosen", "name 7 Ana"}},
		{
			"a picture leaves it open",
			[]expectStep{expectTaps("ask:7"), func(ana *wacloudtest.User, id wacloudtest.EventOption) {
				ana.Send(wacloudtest.Media(ana.Identity(), "image", wacloud.MediaContent{ID: "1", Caption: "me"}, id))
			}, expectWrites("Ana")},
			[]string{"message", "name 7 Ana"},
		},
		{
			"a text in a group leaves it open",
			[]expectStep{expectTaps("ask:7"), expectWrites("all", wacloudtest.InGroup("grp")), expectWrites("Ana")},
			[]string{"group all", "name 7 Ana"},
		},
		{
			"a text in standby leaves it open",
			[]expectStep{expectTaps("ask:7"), expectWrites("agent", wacloudtest.Standby()), expectWrites("Ana")},
			[]string{"event agent", "name 7 Ana"},
		},
		{
			"a text that was written before leaves it open",
			[]expectStep{expectTaps("ask:7"), expectWrites("late", wacloudtest.At(time.Now().Add(-time.Hour))), expectWrites("Ana")},
			[]string{"text late", "name 7 Ana"},
		},
		{
			"a typed answer goes first and leaves it open",
			[]expectStep{expectTaps("choose:7"), expectWrites("retirada"), expectWrites("retirada")},
			[]string{"chosen retirada", "name 7 retirada"},
		},
		{"cancelled", []expectStep{expectTaps("ask:7"), expectTaps("stop"), expectWrites("Ana")}, []string{"text Ana"}},
		{"nothing to cancel", []expectStep{expectTaps("stop"), expectWrites("Ana")}, []string{"text Ana"}},
		{"a route that is gone", []expectStep{expectTaps("lost:7"), expectWrites("Ana")}, []string{"text Ana"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newExpectBot(t)
			ana := b.serve()
			for i, step := range tt.steps {
				step(ana, wacloudtest.MessageID(fmt.Sprintf("wamid.%d", i)))
				b.srv.Wait()
			}
			require.Equal(t, tt.want, b.heard())
		})
	}
}

func TestExpectIsOfOneUser(t *testing.T) {
	t.Parallel()
	b := newExpectBot(t)
	ana, bia := b.serve(), b.srv.User("Bia")
	expectTaps("ask:7")(ana, wacloudtest.MessageID("wamid.1"))
	b.srv.Wait()
	bia.Say("oi")
	ana.Say("Ana")
	require.ElementsMatch(t, []string{"text oi", "name 7 Ana"}, b.heard())
}

func TestExpectEnds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		after time.Duration
		want  string
	}{
		{"just in time", time.Hour - time.Second, "name 7 Ana"},
		{"too late", time.Hour + time.Second, "text Ana"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newExpectBot(t, wacloudtest.InMemory())
				ana := b.serve()
				expectTaps("ask:7")(ana, wacloudtest.MessageID("wamid.1"))
				b.srv.Wait()
				sleep(tt.after)
				ana.Say("Ana")
				require.Equal(t, []string{tt.want}, b.heard())
			})
		})
	}
}

// A callback that asks again and then fails gets the same answer when it runs again, and its question stays open.
func TestExpectedTextThatRunsAgainGoesToTheSameRoute(t *testing.T) {
	t.Parallel()
	b := newExpectBot(t)
	failures := 2
	b.named = func(ctx context.Context, e *wacloud.Event, order int) error {
		require.Equal(t, wacloud.ReplyKindExpected, e.Message.Reply.Kind)
		err := wacloud.Expect(ctx, e.UserKey(), expectName, order+1, time.Hour)
		if failures--; err == nil && failures >= 0 {
			return wacloud.RetryAfter(errors.New("database is away"), time.Millisecond)
		}
		return err
	}
	ana := b.serve(func(c *wacloud.WebhookConfig) { c.RunConfig.MaxAttempts = 3 })
	expectTaps("ask:7")(ana, wacloudtest.MessageID("wamid.1"))
	b.srv.Wait()
	ana.Say("Ana")
	require.Equal(t, []string{"name 7 Ana", "name 7 Ana", "name 7 Ana"}, b.heard())
	b.srv.HandlerErrors()
	ana.Redeliver()
	require.Empty(t, b.heard(), "Meta's repeat")
	ana.Say("Bia")
	require.Equal(t, []string{"name 8 Bia"}, b.heard())
}

// A text whose own handler asks is not the answer when it runs again.
func TestExpectIsNotAnsweredByItsOwnEvent(t *testing.T) {
	t.Parallel()
	srv := wacloudtest.NewServer(t)
	var mu sync.Mutex
	var got []string
	r := wacloud.NewRouter()
	r.Text(func(ctx context.Context, e *wacloud.Event) error {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, "text "+e.Text())
		if err := wacloud.Expect(ctx, e.UserKey(), expectName, 7, time.Hour); err != nil || len(got) > 1 {
			return err
		}
		return wacloud.RetryAfter(errors.New("database is away"), time.Millisecond)
	})
	wacloud.On(r, expectName, func(_ context.Context, e *wacloud.Event, order int) error {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, fmt.Sprintf("name %d %s", order, e.Text()))
		return nil
	})
	srv.Serve(r, func(c *wacloud.WebhookConfig) { c.Store, c.RunConfig.MaxAttempts = wacloud.NewMemoryStore(), 2 })
	ana := srv.User("Ana")
	ana.Say("oi")
	srv.Wait()
	ana.Say("Ana")
	srv.Wait()
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, []string{"text oi", "text oi", "name 7 Ana"}, got)
}

func TestFailedSeesTheExpectedText(t *testing.T) {
	t.Parallel()
	b := newExpectBot(t)
	b.named = func(context.Context, *wacloud.Event, int) error { return errors.New("no") }
	ana := b.serve()
	expectTaps("ask:7")(ana, wacloudtest.MessageID("wamid.1"))
	b.srv.Wait()
	ana.Say("Ana")
	require.Equal(t, []string{"name 7 Ana", "failed expected name:7"}, b.heard())
	b.srv.HandlerErrors()
}

// One process asks and another one gets the answer.
func TestExpectHoldsOnEveryMachine(t *testing.T) {
	t.Parallel()
	b := newExpectBot(t)
	ana := b.serve()
	expectTaps("ask:7")(ana, wacloudtest.MessageID("wamid.1"))
	b.srv.Wait()
	b.serve()
	ana.Say("Ana")
	ana.Say("oi")
	require.Equal(t, []string{"name 7 Ana", "text oi"}, b.heard())
}

// A process that dies between recording what the text is for and calling the callback leaves it to the next one, also when
// something else was asked meanwhile.
func TestExpectSurvivesACrashBeforeItsCallback(t *testing.T) {
	t.Parallel()
	b := newExpectBot(t)
	memory := b.store
	store := &expectStore{Store: memory}
	b.store = store
	ana := b.serve()
	expectTaps("ask:7")(ana, wacloudtest.MessageID("wamid.1"))
	b.srv.Wait()
	store.fail("swap expect|")
	ana.Say("Ana")
	b.srv.Wait()
	require.ErrorIs(t, errors.Join(b.srv.HandlerErrors()...), errExpectAway)
	b.heard()

	b.store = memory
	b.serve()
	expectTaps("ask:8")(ana, wacloudtest.MessageID("wamid.2"))
	b.srv.Wait()
	b.srv.Deliver(b.srv.Deliveries()[1].Body) // Meta repeats what the first process did not acknowledge
	require.Equal(t, []string{"name 7 Ana"}, b.heard())
	ana.Say("Bia")
	require.Equal(t, []string{"name 8 Bia"}, b.heard())
}

// A store that does not answer fails the event instead of taking an answer for a text, or a question for asked.
func TestExpectWhenTheStoreFails(t *testing.T) {
	t.Parallel()
	b := newExpectBot(t)
	store := &expectStore{Store: b.store}
	b.store = store
	ana := b.serve(func(c *wacloud.WebhookConfig) {
		c.RunConfig = wacloud.RunConfig{MaxAttempts: 3, Backoff: []time.Duration{time.Millisecond}}
	})
	for i, operation := range []string{"put expect|", "get expect|", "put answer|", "swap expect|"} {
		store.fail(operation)
		expectTaps("ask:7")(ana, wacloudtest.MessageID(fmt.Sprintf("wamid.ask.%d", i)))
		b.srv.Wait()
		expectWrites("Ana")(ana, wacloudtest.MessageID(fmt.Sprintf("wamid.name.%d", i)))
		require.Equal(t, []string{"name 7 Ana"}, b.heard(), operation)
		require.False(t, store.armed(), operation)
	}
	store.fail("delete expect|")
	expectTaps("stop")(ana, wacloudtest.MessageID("wamid.stop"))
	require.Empty(t, b.heard())
	require.False(t, store.armed())
	b.srv.HandlerErrors()
}

var errExpectAway = errors.New("store is away")

// expectStore fails one operation on keys of one kind: "get expect|".
type expectStore struct {
	wacloud.Store
	mu      sync.Mutex
	failure string
}

func (s *expectStore) fail(operation string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure = operation
}

func (s *expectStore) armed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failure != ""
}

func (s *expectStore) try(operation, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure == "" || !strings.HasPrefix(operation+" "+key, s.failure) {
		return nil
	}
	s.failure = ""
	return errExpectAway
}

func (s *expectStore) Get(ctx context.Context, key string) ([]byte, uint64, error) {
	if err := s.try("get", key); err != nil {
		return nil, 0, err
	}
	return s.Store.Get(ctx, key)
}

func (s *expectStore) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := s.try("put", key); err != nil {
		return err
	}
	return s.Store.Put(ctx, key, value, ttl)
}

func (s *expectStore) Swap(ctx context.Context, key string, old uint64, value []byte, ttl time.Duration) (bool, error) {
	if err := s.try("swap", key); err != nil {
		return false, err
	}
	return s.Store.Swap(ctx, key, old, value, ttl)
}

func (s *expectStore) Delete(ctx context.Context, key string) error {
	if err := s.try("delete", key); err != nil {
		return err
	}
	return s.Store.Delete(ctx, key)
}

func TestExpectRefuses(t *testing.T) {
	t.Parallel()
	srv := wacloudtest.NewServer(t, wacloudtest.InMemory())
	client := srv.Client(wacloud.WithStore(wacloud.NewMemoryStore()))
	ask := func(user wacloud.UserKey, ttl time.Duration) func(context.Context, *wacloud.Event) error {
		return func(ctx context.Context, _ *wacloud.Event) error {
			return wacloud.Expect(ctx, user, expectName, 7, ttl)
		}
	}
	for _, tt := range []struct {
		name   string
		client *wacloud.Client
		call   func(ctx context.Context, e *wacloud.Event) error
		want   error
		text   string
	}{
		{"nobody", client, ask("", time.Hour), wacloud.ErrInvalid, "wacloud: expect: nobody: the user key is empty"},
		{"no time", client, ask("u", 0), wacloud.ErrInvalid, "the time to wait must be more than 0"},
		{"negative time", client, ask("u", -time.Second), wacloud.ErrInvalid, "the time to wait must be more than 0"},
		{"no store", srv.Client(), ask("u", time.Hour), wacloud.ErrInvalid, "there is no store to remember it in"},
		{"no client", nil, ask("u", time.Hour), wacloud.ErrUnbound, ""},
		{"not the handler's context", client, func(context.Context, *wacloud.Event) error {
			return ask("u", time.Hour)(context.Background(), nil)
		}, wacloud.ErrUnbound, ""},
		{"no route", client, func(ctx context.Context, _ *wacloud.Event) error {
			return wacloud.Expect(ctx, "u", (*wacloud.Route[int])(nil), 7, time.Hour)
		}, wacloud.ErrInvalid, "a route is made by NewRoute"},
		{"the zero route", client, func(ctx context.Context, _ *wacloud.Event) error {
			return wacloud.Expect(ctx, "u", new(wacloud.Route[int]), 7, time.Hour)
		}, wacloud.ErrInvalid, "a route is made by NewRoute"},
		{"params that cannot be written", client, func(ctx context.Context, _ *wacloud.Event) error {
			return wacloud.Expect(ctx, "u", expectNever, expectUnwritable{}, time.Hour)
		}, wacloud.ErrInvalid, `route "never:{x}": {x} cannot be written`},
		{"cancel for nobody", client, func(ctx context.Context, _ *wacloud.Event) error {
			return wacloud.CancelExpect(ctx, "")
		}, wacloud.ErrInvalid, "nobody"},
		{"cancel without a store", srv.Client(), func(ctx context.Context, _ *wacloud.Event) error {
			return wacloud.CancelExpect(ctx, "u")
		}, wacloud.ErrInvalid, "there is no store"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := wacloud.NewRouter()
			r.Text(tt.call)
			err := r.Handle(t.Context(), tt.client.Bind(wacloudtest.Event(t, wacloudtest.Text(srv.User("Ana").Identity(), "oi"))))
			require.ErrorIs(t, err, tt.want)
			require.ErrorContains(t, err, tt.text)
		})
	}
}

func TestExpectNeedsAStore(t *testing.T) {
	t.Parallel()
	b := newExpectBot(t)
	ana := b.serve(func(c *wacloud.WebhookConfig) { c.Store = nil })
	expectTaps("ask:7")(ana, wacloudtest.MessageID("wamid.1"))
	b.srv.Wait()
	err := errors.Join(b.srv.HandlerErrors()...)
	require.ErrorIs(t, err, wacloud.ErrInvalid)
	require.ErrorContains(t, err, "there is no store")
	require.Equal(t, []string{"failed button ask:7"}, b.heard())
}

// A handler that was left behind asks for nothing: another attempt may be asking by now.
func TestExpectAfterTheLeaseIsLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := wacloudtest.NewServer(t, wacloudtest.InMemory())
		late := make(chan error, 1)
		r := wacloud.NewRouter()
		r.Text(func(ctx context.Context, e *wacloud.Event) error {
			sleep(time.Minute)
			late <- wacloud.Expect(context.WithoutCancel(ctx), e.UserKey(), expectName, 7, time.Hour)
			return nil
		})
		srv.Serve(r, func(c *wacloud.WebhookConfig) {
			c.Store, c.RunConfig.HandlerTimeout = wacloud.NewMemoryStore(), time.Second
		})
		srv.User("Ana").Say("oi")
		require.ErrorIs(t, <-late, wacloud.ErrLeaseLost)
		srv.Wait()
		srv.HandlerErrors()
	})
}

// One callback is tested without a webhook: it asks through the client's store, and the test makes the answer.
func TestExpectInATestOfOneCallback(t *testing.T) {
	t.Parallel()
	b := newExpectBot(t, wacloudtest.InMemory())
	client, r, ana := b.srv.Client(wacloud.WithStore(b.store)), b.router(), b.srv.User("Ana")
	tap := wacloudtest.Event(t, wacloudtest.ButtonReply(ana.Identity(), wacloud.Button{ID: "ask:7", Title: "Ask"}))
	require.NoError(t, r.Handle(t.Context(), client.Bind(tap)))

	answer := wacloudtest.Event(t, wacloudtest.Text(ana.Identity(), "Ana"))
	answer.Message.Reply = &wacloud.Reply{Kind: wacloud.ReplyKindExpected, ID: expectName.ID(7)}
	require.NoError(t, r.Handle(t.Context(), client.Bind(answer)))
	require.Equal(t, []string{"name 7 Ana"}, b.heard())

	b.serve()
	ana.Say("Bia")
	require.Equal(t, []string{"name 7 Bia"}, b.heard(), "a webhook on the same store takes the answer by itself")
}
