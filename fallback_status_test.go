package wacloud_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

type fellItem struct {
	N int `id:"n"`
}

var fellRoute = wacloud.NewRoute[fellItem]("dish:{n}")

// fellCarousel has a dish on each card, all with the same label.
func fellCarousel() wacloud.Carousel {
	m := wacloud.NewCarousel("What would you like?")
	for i, dish := range []string{"Feijoada", "Moqueca", "Pizza"} {
		m.Cards = append(m.Cards, wacloud.NewCard(fallbackPicture, wacloud.QuickReplies{fellRoute.Button("Order", fellItem{i + 1})}).WithBody(dish))
	}
	return m
}

// fellBot sends say to whoever writes, and notes what comes back.
type fellBot struct {
	srv    *wacloudtest.Server
	store  wacloud.Store
	client *wacloud.Client
	ana    *wacloudtest.User
	say    func(ctx context.Context, e *wacloud.Event) (*wacloud.Sent, error)

	mu       sync.Mutex
	sent     []*wacloud.Sent
	got      []string
	statuses []wacloud.Status
	failing  int // how often the handler of a status fails
}

func fellRespond(m wacloud.Message, opts ...wacloud.SendOption) func(context.Context, *wacloud.Event) (*wacloud.Sent, error) {
	return func(ctx context.Context, e *wacloud.Event) (*wacloud.Sent, error) { return e.Respond(ctx, m, opts...) }
}

func newFellBot(t *testing.T, m wacloud.Message, opts ...wacloudtest.Option) *fellBot {
	t.Helper()
	return newFellBotWith(t, wacloud.NewMemoryStore(), fellRespond(m, wacloud.Fallback(), wacloud.CallbackData("order-7")), nil, opts...)
}

func newFellBotWith(t *testing.T, store wacloud.Store, say func(context.Context, *wacloud.Event) (*wacloud.Sent, error),
	options []wacloud.Option, opts ...wacloudtest.Option,
) *fellBot {
	t.Helper()
	b := &fellBot{srv: wacloudtest.NewServer(t, opts...), store: store, say: say}
	b.client = b.srv.Client(options...)
	r := wacloud.NewRouter()
	r.Text(func(ctx context.Context, e *wacloud.Event) error {
		if e.Text() != "oi" {
			b.note("text " + e.Text())
			return nil
		}
		sent, err := b.say(ctx, e)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.sent = append(b.sent, sent)
		return err
	})
	wacloud.On(r, fellRoute, func(_ context.Context, e *wacloud.Event, p fellItem) error {
		b.note(e.Message.Reply.Kind.String() + " dish " + strconv.Itoa(p.N))
		return nil
	})
	r.Reply("how:{x}", func(_ context.Context, e *wacloud.Event) error {
		b.note(e.Message.Reply.Kind.String() + " " + e.Message.Reply.ID)
		return nil
	})
	r.Status(func(_ context.Context, e *wacloud.Event) error {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.statuses = append(b.statuses, *e.Status)
		if b.failing > 0 {
			b.failing--
			return errors.New("the handler fails")
		}
		return nil
	})
	b.srv.Serve(r, func(c *wacloud.WebhookConfig) {
		c.Store, c.Client = b.store, b.client
		c.RunConfig = wacloud.RunConfig{Backoff: []time.Duration{time.Millisecond}}
	})
	b.ana = b.srv.User("Ana")
	return b
}

func (b *fellBot) note(what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.got = append(b.got, what)
}

// first is what the handler sent.
func (b *fellBot) first(t *testing.T) *wacloud.Sent {
	t.Helper()
	b.srv.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	require.NotEmpty(t, b.sent)
	require.NotNil(t, b.sent[0])
	return b.sent[0]
}

// last is the newest status that the handler saw.
func (b *fellBot) last(t *testing.T) wacloud.Status {
	t.Helper()
	b.srv.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	require.NotEmpty(t, b.statuses)
	return b.statuses[len(b.statuses)-1]
}

// reported are the statuses that the handler saw.
func (b *fellBot) reported() []wacloud.Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.statuses)
}

// heard is what the user chose or wrote.
func (b *fellBot) heard() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.got)
}

// fail makes the handler of statuses fail.
func (b *fellBot) fail(times int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failing = times
}

// report delivers a status of a message that was sent.
func (b *fellBot) report(sent *wacloud.Sent, status string, codes ...int) {
	s := wacloud.Status{ID: sent.MessageID, SendID: sent.SendID, Status: status, Recipient: b.ana.Identity()}
	for _, code := range codes {
		s.Errors = append(s.Errors, wacloud.EventError{Code: code, Title: "It failed"})
	}
	b.srv.Deliver(wacloudtest.Status(s))
	b.srv.Wait()
}

func TestFailedStatusIsCuredByCode(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		code int
		want []string // after the message itself
	}{
		{100, []string{"image", "list"}},
		{1026, []string{"image", "list"}},
		{131008, []string{"image", "list"}},
		{131009, []string{"image", "list"}},
		{131026, []string{"image", "list"}},
		{131051, []string{"image", "list"}},
		{131053, []string{"list"}},

		{0, nil},
		{1, nil},
		{190, nil},
		{368, nil},
		{130429, nil},
		{130472, nil},
		{131000, nil},
		{131031, nil},
		{131042, nil},
		{131047, nil},
		{131049, nil},
		{131050, nil},
		{131056, nil},
		{139999, nil},
	} {
		t.Run(strconv.Itoa(tt.code), func(t *testing.T) {
			t.Parallel()
			b := newFellBot(t, fallbackButtons(2))
			b.ana.Say("oi")
			sent := b.first(t)
			b.report(sent, "failed", tt.code)
			require.Equal(t, append([]string{"buttons with a picture"}, tt.want...), fallbackKinds(b.srv.Sent()))
			s := b.last(t)
			require.Equal(t, "failed", s.Status)
			if tt.want == nil {
				require.Nil(t, s.Fallback)
				return
			}
			require.Equal(t, b.srv.Sent()[len(b.srv.Sent())-1].Message, s.Fallback.Message)
			require.Contains(t, s.Fallback.Fallback, "the choices as a menu, after: ")
			require.Contains(t, s.Fallback.Fallback, fmt.Sprintf("(code %d)", tt.code))
			require.NotEqual(t, sent.SendID, s.Fallback.SendID)
			require.Equal(t, "order-7", b.srv.Sent()[1].CallbackData)
		})
	}
}

// Each of these keeps the message from being sent in another shape; the failure is reported all the same.
func TestFailedStatusIsLeftAlone(t *testing.T) {
	t.Parallel()
	type step = func(t *testing.T, b *fellBot, sent *wacloud.Sent)
	respondLater := func(m wacloud.Message) step {
		return func(t *testing.T, b *fellBot, _ *wacloud.Sent) {
			_, err := b.client.Send(t.Context(), b.ana.Recipient(), m)
			require.NoError(t, err)
		}
	}
	sees := func(status string) step {
		return func(_ *testing.T, b *fellBot, sent *wacloud.Sent) { b.report(sent, status) }
	}
	for _, tt := range []struct {
		name  string
		steps []step
		falls bool
		seen  bool // stale: the handler does not see the failure
	}{
		{name: "nothing happened", falls: true},
		{name: "sent", steps: []step{sees("sent")}, falls: true},
		{name: "delivered", steps: []step{sees("delivered")}, seen: true},
		{name: "read", steps: []step{sees("read")}, seen: true},
		{name: "played", steps: []step{sees("played")}, seen: true},
		{name: "nearly five minutes", steps: []step{func(*testing.T, *fellBot, *wacloud.Sent) { sleep(5*time.Minute - 10*time.Second) }}, falls: true},
		{name: "five minutes", steps: []step{func(*testing.T, *fellBot, *wacloud.Sent) { sleep(5 * time.Minute) }}},
		{name: "a later choice", steps: []step{respondLater(answersList)}},
		{name: "a later choice that was answered", steps: []step{respondLater(answersList), func(_ *testing.T, b *fellBot, _ *wacloud.Sent) { b.ana.Tap("Grande") }}},
		{name: "a later choice and a text", steps: []step{respondLater(answersList), respondLater(answersQuestion)}},
		{name: "a later text", steps: []step{respondLater(answersQuestion)}, falls: true},
		{name: "its own choice was answered", steps: []step{func(_ *testing.T, b *fellBot, _ *wacloud.Sent) { b.ana.Say("delivery") }}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store := wacloud.NewMemoryStore()
				b := newFellBotWith(t, store, fellRespond(fallbackButtons(2), wacloud.Fallback()), []wacloud.Option{wacloud.WithStore(store)}, wacloudtest.InMemory())
				b.ana.Say("oi")
				sent := b.first(t)
				for _, step := range tt.steps {
					sleep(time.Second)
					step(t, b, sent)
					b.srv.Wait()
				}
				sleep(time.Second)
				before := len(b.srv.Sent())
				b.report(sent, "failed", 131051)
				require.Equal(t, tt.falls, len(b.srv.Sent()) > before)
				if tt.seen {
					require.NotEqual(t, "failed", b.last(t).Status)
					return
				}
				require.Equal(t, "failed", b.last(t).Status)
				require.Equal(t, tt.falls, b.last(t).Fallback != nil)
			})
		})
	}
}

// A window that is known to have closed leaves the message alone: nothing but a template could arrive.
func TestFailedStatusInAClosedWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := wacloud.NewMemoryStore()
		b := newFellBotWith(t, store, fellRespond(fallbackButtons(2), wacloud.Fallback()), []wacloud.Option{wacloud.WithStore(store)}, wacloudtest.InMemory())
		b.ana.Say("oi")
		b.first(t)
		sleep(24*time.Hour - time.Second)
		sent, err := b.client.Send(t.Context(), b.ana.Recipient(), fallbackButtons(2), wacloud.Fallback())
		require.NoError(t, err)
		sleep(2 * time.Second)
		before := len(b.srv.Sent())
		b.report(sent, "failed", 131051)
		require.Len(t, b.srv.Sent(), before)
		require.Nil(t, b.last(t).Fallback)
	})
}

func TestFailedStatusWithoutLeave(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		options []wacloud.Option
		send    []wacloud.SendOption
		m       wacloud.Message
		left    []string // in the store when the message was accepted
	}{
		{name: "not asked for", m: fallbackButtons(2)},
		{name: "turned off", m: fallbackButtons(2), options: []wacloud.Option{wacloud.WithFallbackWithin(-1)}, send: []wacloud.SendOption{wacloud.Fallback()}},
		{name: "nothing below it", m: wacloud.NewText("hi"), options: []wacloud.Option{wacloud.WithFallback(wacloud.Wording{})}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newFellBotWith(t, wacloud.NewMemoryStore(), fellRespond(tt.m, tt.send...), tt.options)
			b.ana.Say("oi")
			sent := b.first(t)
			for _, key := range ledgerKeys(t, b.store) {
				require.NotContains(t, []string{"out", "wamid", "pend"}, key)
			}
			b.report(sent, "failed", 131051)
			require.Len(t, b.srv.Sent(), 1)
			require.Nil(t, b.last(t).Fallback)
		})
	}
}

// A phone that can show neither carousels nor lists: each failure leads one shape down, and what is typed on the last still
// reaches the callback with its parameters. All over HTTP.
func TestFailedStatusLeadsDownRungByRung(t *testing.T) {
	t.Parallel()
	b := newFellBot(t, fellCarousel())
	b.ana.Say("oi")
	b.report(b.first(t), "failed", 131051)
	cards := b.last(t).Fallback
	require.NotNil(t, cards)
	require.Len(t, cards.Parts, 4, "a text and three cards")

	// All parts of the rung fail; it falls once.
	for _, id := range cards.Parts {
		b.report(&wacloud.Sent{MessageID: id}, "failed", 131051)
	}
	list := b.reported()[1].Fallback
	require.NotNil(t, list)
	require.IsType(t, wacloud.List{}, list.Message)
	for _, s := range b.reported()[2:] {
		require.Nil(t, s.Fallback)
	}
	b.report(list, "failed", 131051)
	text := b.last(t).Fallback
	require.NotNil(t, text)
	require.IsType(t, wacloud.Text{}, text.Message)
	require.Equal(t, []string{"carousel", "text", "buttons with a picture", "buttons with a picture", "buttons with a picture", "list", "text"}, fallbackKinds(b.srv.Sent()))

	b.ana.Say("2")
	b.srv.Wait()
	require.Equal(t, []string{"typed dish 2"}, b.heard())
	b.report(text, "failed", 131051)
	require.Nil(t, b.last(t).Fallback, "nothing is below it")
}

// 131026 is cured once on the whole way down.
func TestFailedStatusUndeliverableIsCuredOnce(t *testing.T) {
	t.Parallel()
	b := newFellBot(t, fallbackButtons(2))
	b.ana.Say("oi")
	b.report(b.first(t), "failed", 131026)
	list := b.last(t).Fallback
	require.NotNil(t, list)
	b.report(list, "failed", 131026)
	require.Nil(t, b.last(t).Fallback)
	require.Len(t, b.srv.Sent(), 3)
}

// The picture beside a list is no choice: without it nothing is lost.
func TestFailedPictureOfARungIsLeftOut(t *testing.T) {
	t.Parallel()
	b := newFellBot(t, fallbackButtons(2))
	b.ana.Say("oi")
	b.report(b.first(t), "failed", 131051)
	parts := b.last(t).Fallback.Parts
	require.Len(t, parts, 2)
	b.report(&wacloud.Sent{MessageID: parts[0]}, "failed", 131053)
	require.Nil(t, b.last(t).Fallback)
	require.Len(t, b.srv.Sent(), 3)
}

// One status is enough, whatever comes after it: the same again, another one, and after a restart.
func TestFailedStatusFallsOnce(t *testing.T) {
	t.Parallel()
	b := newFellBot(t, fallbackButtons(2))
	b.ana.Say("oi")
	sent := b.first(t)
	b.report(sent, "failed", 131051)
	require.Len(t, b.srv.Sent(), 3)
	again := newFellBotWith(t, b.store, b.say, nil)
	again.report(sent, "failed", 131051) // the inbox of a new process does not know the event
	require.Empty(t, again.srv.Sent())
	require.NotNil(t, again.last(t).Fallback, "the run of the same event knows what it sent")
	again.report(&wacloud.Sent{MessageID: "wamid.other", SendID: sent.SendID}, "failed", 131009)
	require.Empty(t, again.srv.Sent())
	require.Nil(t, again.last(t).Fallback)
}

// A handler of the status that fails sees the same Fallback when it runs again.
func TestFailedStatusThatRunsAgain(t *testing.T) {
	t.Parallel()
	b := newFellBot(t, fallbackButtons(2))
	b.fail(3)
	b.ana.Say("oi")
	b.report(b.first(t), "failed", 131051)
	require.Len(t, b.reported(), 4)
	for _, s := range b.reported() {
		require.NotNil(t, s.Fallback)
		require.Equal(t, b.reported()[0].Fallback.MessageID, s.Fallback.MessageID)
		require.Equal(t, b.reported()[0].Fallback.Fallback, s.Fallback.Fallback)
	}
	require.Len(t, b.srv.Sent(), 3)
	b.srv.HandlerErrors()
}

// The run that handles the failure goes on where its last one stood: what was refused on the way down is not tried again.
func TestFailedStatusGoesOnWhereItStood(t *testing.T) {
	t.Parallel()
	b := newFellBot(t, answersButtons)
	b.fail(1)
	b.ana.Say("oi")
	sent := b.first(t)
	b.srv.Fail(131009, 1)
	b.report(sent, "failed", 131051)
	require.Equal(t, []string{"buttons", "text"}, fallbackKinds(b.srv.Sent()))
	require.Len(t, b.reported(), 2)
	require.Equal(t, b.reported()[0].Fallback.MessageID, b.reported()[1].Fallback.MessageID)
	require.Contains(t, b.last(t).Fallback.Fallback, "the choices as text, after: ")
	b.ana.Say("2")
	b.srv.Wait()
	require.Equal(t, []string{"typed how:p"}, b.heard())
	b.srv.HandlerErrors()
}

// A window that was not known to be closed: Meta says so by a status, and the template goes out, once.
func TestFailedStatusOfAClosedWindowSendsTheTemplate(t *testing.T) {
	t.Parallel()
	for _, m := range []wacloud.Message{wacloud.NewText("Your order is ready"), fallbackButtons(2)} {
		template := wacloud.Template{Name: "ready", Language: "en"}
		b := newFellBotWith(t, wacloud.NewMemoryStore(), fellRespond(m, wacloud.OrTemplate(template), wacloud.Fallback()), nil)
		b.ana.Say("oi")
		sent := b.first(t)
		b.report(sent, "failed", 131047)
		require.Len(t, b.srv.Sent(), 2)
		instead := b.last(t).Fallback
		require.NotNil(t, instead)
		require.Equal(t, template, instead.Message)
		require.Contains(t, instead.Fallback, "(code 131047)")
		b.report(instead, "failed", 131047)
		require.Len(t, b.srv.Sent(), 2)
		require.Nil(t, b.last(t).Fallback)
	}
}

// A status without our id is found by the id of the message, also when it is faster than the record.
func TestFailedStatusIsFoundByItsMessage(t *testing.T) {
	t.Parallel()
	t.Run("on record", func(t *testing.T) {
		t.Parallel()
		b := newFellBot(t, fallbackButtons(2))
		b.ana.Say("oi")
		b.report(&wacloud.Sent{MessageID: b.first(t).MessageID}, "failed", 131051)
		require.Len(t, b.srv.Sent(), 3)
	})
	for _, tt := range []struct {
		name    string
		late    time.Duration
		falls   bool
		handled time.Duration
	}{
		{"recorded after 3 s", 3 * time.Second, true, 5 * time.Second},
		{"recorded after 20 s", 20 * time.Second, true, 30 * time.Second},
		{"never recorded", time.Hour, false, 30 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store := wacloud.NewMemoryStore()
				late := &ledgerLate{Store: store, d: tt.late}
				b := newFellBotWith(t, store, nil, []wacloud.Option{wacloud.WithStore(late)}, wacloudtest.InMemory())
				go func() { _, _ = b.client.Send(t.Context(), b.ana.Recipient(), fallbackButtons(2), wacloud.Fallback()) }()
				synctest.Wait()
				began := time.Now()
				require.Len(t, b.srv.Sent(), 1)
				b.fail(2) // the handler has attempts left
				b.srv.Deliver(wacloudtest.Status(wacloud.Status{
					ID: "wamid.OUT0001", Status: "failed", Recipient: b.ana.Identity(), Errors: []wacloud.EventError{{Code: 131051}},
				}))
				sleep(tt.handled - time.Second)
				require.Empty(t, b.reported())
				sleep(2 * time.Second)
				synctest.Wait()
				require.Len(t, b.reported(), 3, "after %v", time.Since(began))
				require.Equal(t, tt.falls, b.last(t).Fallback != nil)
				require.Equal(t, tt.falls, len(b.srv.Sent()) == 3)
				sleep(2 * time.Hour)
				b.srv.HandlerErrors()
			})
		})
	}
}

// ledgerLate takes its time with the second key of a message.
type ledgerLate struct {
	wacloud.Store
	d time.Duration
}

func (s *ledgerLate) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if len(key) > 6 && key[:6] == "wamid|" {
		sleep(s.d)
	}
	return s.Store.Put(context.WithoutCancel(ctx), key, value, ttl)
}

// A process may be killed before any call to its store while it handles the failure: the user gets at most one more message.
func TestFailedStatusKilledBetweenEveryPairOfWrites(t *testing.T) {
	t.Parallel()
	for calls := range int32(30) {
		t.Run(strconv.Itoa(int(calls)), func(t *testing.T) {
			t.Parallel()
			graph, store := new(hookGraph), wacloud.NewMemoryStore()
			sent, err := hookClient(t, graph, wacloud.WithStore(store)).Send(t.Context(), wacloud.Phone(ledgerUser), answersButtons, wacloud.Fallback())
			require.NoError(t, err)
			event := ledgerStatus(t, "failed", sent.MessageID, "~wa:"+sent.SendID+":", 131051)
			var last *wacloud.Sent
			process := func(calls int32) {
				p := &deadProcess{Store: store, next: graph}
				p.left.Store(calls)
				r := wacloud.NewRouter()
				r.Status(func(_ context.Context, e *wacloud.Event) error { last = e.Status.Fallback; return nil })
				cfg := hookConfig(t, r)
				cfg.Client, cfg.RunConfig.MaxAttempts = hookClient(t, p, wacloud.WithStore(p)), 1
				ledgerHandle(t, cfg, event)
			}
			process(calls)
			first := len(graph.sent())
			process(1 << 20)
			require.LessOrEqual(t, len(graph.sent()), 2)
			if first == 2 || last != nil {
				require.Len(t, graph.sent(), 2)
			}
			process(1 << 20)
			require.LessOrEqual(t, len(graph.sent()), 2)
		})
	}
}
