package wacloud_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// confirmTap is the n-th tap on "confirm:yes" of one message.
func confirmTap(eventID string) *wacloud.Event {
	e := tapOn("confirm:yes")
	e.ID = eventID
	return e
}

// onceRouter runs do for the first tap, and notes what happened.
func onceRouter(store wacloud.Store, got *[]string, do func() error) *wacloud.Router {
	r := wacloud.NewRouter()
	r.Repeated(routerNote(got, "repeated"))
	once := wacloud.Once(store, time.Hour)
	h := func(context.Context, *wacloud.Event) error {
		*got = append(*got, "run")
		return do()
	}
	r.Reply("{...}", h, once)
	r.NotFound(func(ctx context.Context, e *wacloud.Event) error { return once(h)(ctx, e) }) // taps without an id
	r.Text(h, once)
	return r
}

func onceFine() error { return nil }

func TestOnce(t *testing.T) {
	t.Parallel()
	first := confirmTap("m|1")
	change := func(f func(e *wacloud.Event)) *wacloud.Event {
		e := confirmTap("m|2")
		f(e)
		return e
	}
	tests := []struct {
		name   string
		second *wacloud.Event
		wait   time.Duration
		want   string
	}{
		{"a double tap", confirmTap("m|2"), 0, "run repeated"},
		{"just within the ttl", confirmTap("m|2"), time.Hour - time.Second, "run repeated"},
		{"after the ttl", confirmTap("m|2"), time.Hour, "run run"},
		{"the same event again", confirmTap("m|1"), 0, "run run"},
		{"on another message", change(func(e *wacloud.Event) { e.Message.Reply.ContextID = "wamid.other" }), 0, "run run"},
		{"another id", change(func(e *wacloud.Event) { e.Message.Reply.ID = "confirm:no" }), 0, "run run"},
		{"another user", change(func(e *wacloud.Event) { e.Message.From.Phone = "16505550000" }), 0, "run run"},
		{"another number of the business", change(func(e *wacloud.Event) { e.PhoneNumberID = "1" }), 0, "run run"},
		{"another title is the same tap", change(func(e *wacloud.Event) { e.Message.Reply.Title = "Confirm" }), 0, "run repeated"},
		{"an event without an id", confirmTap(""), 0, "run repeated"},
		{"the answer of a form", change(func(e *wacloud.Event) { e.Message.Reply.Kind = wacloud.ReplyKindFlow }), 0, "run run"},
		{"a text", contentEvent(wacloud.TextContent{}), 0, "run run"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var got []string
				r := onceRouter(wacloud.NewMemoryStore(), &got, onceFine)
				e := *first
				require.NoError(t, r.Handle(t.Context(), &e))
				<-time.After(tt.wait)
				require.NoError(t, r.Handle(t.Context(), tt.second))
				require.Equal(t, tt.want, strings.Join(got, " "))
			})
		})
	}
}

// Parts of the key cannot run into each other.
func TestOnceKeepsPartsApart(t *testing.T) {
	t.Parallel()
	var got []string
	r := onceRouter(wacloud.NewMemoryStore(), &got, onceFine)
	for i, reply := range []wacloud.Reply{
		{Kind: wacloud.ReplyKindButton, ContextID: "ab", ID: "c"},
		{Kind: wacloud.ReplyKindButton, ContextID: "a", ID: "bc"},
		{Kind: wacloud.ReplyKindQuick, ContextID: "a", Title: "bc"},
		{Kind: wacloud.ReplyKindQuick, ContextID: "a", Title: "d"},
	} {
		e := replyEvent(reply)
		e.ID = string(rune('a' + i))
		require.NoError(t, r.Handle(t.Context(), e))
	}
	require.Equal(t, []string{"run", "run", "run", "run"}, got)
}

func TestOnceTwoEventsWithoutAnID(t *testing.T) {
	t.Parallel()
	var got []string
	r := onceRouter(wacloud.NewMemoryStore(), &got, onceFine)
	for range 2 {
		require.NoError(t, r.Handle(t.Context(), confirmTap("")))
	}
	require.Equal(t, []string{"run", "repeated"}, got)
}

// A callback that fails or panics gives the claim back: its event runs again, and so does a later tap.
func TestOnceIsDoneOnlyWithoutAnError(t *testing.T) {
	t.Parallel()
	failures := map[string]func() error{
		"error": func() error { return errors.New("no gas") },
		"panic": func() error { panic("no gas") },
	}
	for name, fail := range failures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, second := range []string{"m|1", "m|2"} {
				var got []string
				store := wacloud.NewMemoryStore()
				do := fail
				r := onceRouter(store, &got, func() error { return do() })
				handle := wacloud.Recover()(r.Handle)
				ctx, cancel := context.WithCancel(t.Context())
				do = func() error {
					cancel() // the claim is given back although the event's time is over
					return fail()
				}
				require.Error(t, handle(ctx, confirmTap("m|1")))
				do = onceFine
				require.NoError(t, handle(t.Context(), confirmTap(second)))
				require.NoError(t, handle(t.Context(), confirmTap("m|3")))
				require.Equal(t, []string{"run", "run", "repeated"}, got)
			}
		})
	}
}

// A crash leaves the claim behind. The event that holds it runs again; another tap does not.
func TestOnceAfterACrash(t *testing.T) {
	t.Parallel()
	var got []string
	store := wacloud.NewMemoryStore()
	r := onceRouter(store, &got, onceFine)
	dies := wacloud.Once(frozenStore{store}, time.Hour)(func(context.Context, *wacloud.Event) error { return errors.New("dies") })
	require.Error(t, dies(t.Context(), confirmTap("m|1")))
	require.NoError(t, r.Handle(t.Context(), confirmTap("m|2")))
	require.NoError(t, r.Handle(t.Context(), confirmTap("m|1")))
	require.Equal(t, []string{"repeated", "run"}, got)
}

// frozenStore loses deletions, as a process that dies does.
type frozenStore struct{ wacloud.Store }

func (frozenStore) Delete(context.Context, string) error { return nil }

// Of taps at once one runs.
func TestOnceConcurrently(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	count := map[string]int{}
	counted := func(name string) wacloud.HandlerFunc {
		return func(context.Context, *wacloud.Event) error {
			mu.Lock()
			defer mu.Unlock()
			count[name]++
			return nil
		}
	}
	r := wacloud.NewRouter()
	r.Reply("confirm:yes", counted("run"), wacloud.Once(wacloud.NewMemoryStore(), time.Hour))
	r.Repeated(counted("repeated"))
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			if err := r.Handle(t.Context(), confirmTap(string(rune('a'+i)))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, map[string]int{"run": 1, "repeated": 15}, count)
}

func TestOnceWithoutRepeatedDoesNothing(t *testing.T) {
	t.Parallel()
	var got []string
	r := wacloud.NewRouter()
	r.NotFound(routerNote(&got, "not found"))
	r.Reply("confirm:yes", routerNote(&got, "run"), wacloud.Once(wacloud.NewMemoryStore(), 0))
	require.NoError(t, r.Handle(t.Context(), confirmTap("m|1")))
	require.NoError(t, r.Handle(t.Context(), confirmTap("m|2")))
	require.Equal(t, []string{"run"}, got)
}

// A lease that was lost means that another attempt holds the claim now: it is not given back.
func TestOnceKeepsTheClaimOfALaterAttempt(t *testing.T) {
	t.Parallel()
	var got []string
	store := wacloud.NewMemoryStore()
	ctx, cancel := context.WithCancelCause(t.Context())
	r := onceRouter(store, &got, func() error {
		cancel(wacloud.ErrLeaseLost)
		return ctx.Err()
	})
	require.ErrorIs(t, r.Handle(ctx, confirmTap("m|1")), context.Canceled)
	require.NoError(t, r.Handle(t.Context(), confirmTap("m|2")))
	require.Equal(t, []string{"run", "repeated"}, got)
}

var errStoreDown = errors.New("store is down")

// brokenStore fails, from the given call on.
type brokenStore struct {
	wacloud.Store
	swap, get, del bool
	contended      bool // somebody else is always a little faster
}

func (s brokenStore) Swap(ctx context.Context, key string, old uint64, value []byte, ttl time.Duration) (bool, error) {
	switch {
	case s.swap:
		return false, errStoreDown
	case s.contended:
		return false, nil
	}
	return s.Store.Swap(ctx, key, old, value, ttl)
}

func (s brokenStore) Get(ctx context.Context, key string) ([]byte, uint64, error) {
	if s.get {
		return nil, 0, errStoreDown
	}
	return s.Store.Get(ctx, key)
}

func (s brokenStore) Delete(ctx context.Context, key string) error {
	if s.del {
		return errStoreDown
	}
	return s.Store.Delete(ctx, key)
}

// When the store does not answer, nothing runs.
func TestOnceFailsClosed(t *testing.T) {
	t.Parallel()
	var got []string
	r := onceRouter(brokenStore{swap: true}, &got, onceFine)
	err := r.Handle(t.Context(), confirmTap("m|1"))
	require.ErrorIs(t, err, errStoreDown)
	require.EqualError(t, err, "wacloud: once: store is down")

	store := wacloud.NewMemoryStore()
	require.NoError(t, onceRouter(store, &got, onceFine).Handle(t.Context(), confirmTap("m|1")))
	require.ErrorIs(t, onceRouter(brokenStore{Store: store, get: true}, &got, onceFine).Handle(t.Context(), confirmTap("m|2")), errStoreDown)
	require.Equal(t, []string{"run"}, got)

	r = onceRouter(brokenStore{Store: wacloud.NewMemoryStore(), contended: true}, &got, onceFine)
	require.EqualError(t, r.Handle(t.Context(), confirmTap("m|1")), "wacloud: once: the claim changed hands too often")
	require.Equal(t, []string{"run"}, got)
}

// A claim that cannot be given back is a warning; the callback's own error comes out.
func TestOnceReleaseFails(t *testing.T) {
	t.Parallel()
	want := errors.New("no gas")
	for _, store := range []wacloud.Store{
		brokenStore{Store: wacloud.NewMemoryStore(), get: true}, brokenStore{Store: wacloud.NewMemoryStore(), del: true},
	} {
		var got []string
		var log bytes.Buffer
		r := onceRouter(store, &got, func() error { return want })
		r.Logger(slog.New(slog.NewTextHandler(&log, nil)))
		require.Same(t, want, r.Handle(t.Context(), confirmTap("m|1")))
		require.Contains(t, log.String(), "could not be given back")
		require.NotContains(t, log.String(), tapperPhone)
	}
}

// The store learns nothing about the user.
func TestOnceKeyHoldsNoPersonalData(t *testing.T) {
	t.Parallel()
	var got []string
	store := wacloud.NewMemoryStore()
	require.NoError(t, onceRouter(store, &got, onceFine).Handle(t.Context(), confirmTap("m|"+tapperPhone)))
	entries, err := store.Scan(t.Context(), "", "", 10)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Regexp(t, `^once\|[0-9a-f]{32}$`, entries[0].Key)
	require.Len(t, entries[0].Value, 16)
}
