package wacloud_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

// answersBot notes where what users write arrives. Its answers are silence, but for what says holds for a text.
type answersBot struct {
	srv   *wacloudtest.Server
	store wacloud.Store
	says  map[string]func(ctx context.Context, e *wacloud.Event) error

	mu  sync.Mutex
	got []string
}

func newAnswersBot(t *testing.T, opts ...wacloudtest.Option) *answersBot {
	t.Helper()
	return &answersBot{srv: wacloudtest.NewServer(t, opts...), store: wacloud.NewMemoryStore(), says: map[string]func(context.Context, *wacloud.Event) error{}}
}

// serve starts the bot; change may take the store away.
func (b *answersBot) serve(change ...func(*wacloud.WebhookConfig)) *wacloudtest.User {
	r := wacloud.NewRouter()
	note := func(what string) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.got = append(b.got, what)
	}
	r.Text(func(ctx context.Context, e *wacloud.Event) error {
		note("text " + e.Text())
		if say := b.says[e.Text()]; say != nil {
			return say(ctx, e)
		}
		return nil
	})
	r.Reply("{id...}", func(ctx context.Context, e *wacloud.Event) error {
		reply := e.Message.Reply
		note(reply.Kind.String() + " " + reply.ID)
		if say := b.says[reply.ID]; say != nil {
			return say(ctx, e)
		}
		return nil
	})
	r.Failed(func(_ context.Context, e *wacloud.Event, _ error) {
		if reply := e.Message.Reply; reply != nil {
			note("failed " + reply.Kind.String() + " " + reply.ID)
			return
		}
		note("failed text " + e.Text())
	})
	b.srv.Serve(r, append([]func(*wacloud.WebhookConfig){func(c *wacloud.WebhookConfig) { c.Store = b.store }}, change...)...)
	return b.srv.User("Ana")
}

// heard waits and returns what arrived since the last call.
func (b *answersBot) heard() []string {
	b.srv.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	got := b.got
	b.got = nil
	return got
}

func answerWithAll(ms ...wacloud.Message) func(context.Context, *wacloud.Event) error {
	return func(ctx context.Context, e *wacloud.Event) error {
		for _, m := range ms {
			if _, err := e.Respond(ctx, m); err != nil {
				return err
			}
		}
		return nil
	}
}

var (
	answersButtons  = wacloud.NewButtons("How?", wacloud.Button{ID: "how:d", Title: "🛵 Entrega"}, wacloud.Button{ID: "how:p", Title: "🏠 Retirada"})
	answersList     = wacloud.NewList("Size?", wacloud.Menu{Button: "Open", Sections: wacloud.Rows(wacloud.Row{ID: "size:s", Title: "Pequena"}, wacloud.Row{ID: "size:l", Title: "Grande"})})
	answersQuestion = wacloud.NewText("How many?")
)

// numbered answers with the text rung of m: the shapes above it are refused.
func (b *answersBot) numbered(m wacloud.Message) func(context.Context, *wacloud.Event) error {
	return func(ctx context.Context, e *wacloud.Event) error {
		b.srv.Fail(131051, len(wacloud.Degrade(m)))
		_, err := e.Respond(ctx, m, wacloud.Fallback())
		return err
	}
}

func TestTypedAnswers(t *testing.T) {
	t.Parallel()
	type say = func(context.Context, *wacloud.Event) error
	for _, tt := range []struct {
		name  string
		menu  func(b *answersBot) say // answers "oi"
		types []string
		want  []string
	}{
		{
			"the title of a button", func(*answersBot) say { return answerWithAll(answersButtons) },
			[]string{"retirada!"},
			[]string{"typed how:p"},
		},
		{
			"the title of a row", func(*answersBot) say { return answerWithAll(answersList) },
			[]string{" GRANDE "},
			[]string{"typed size:l"},
		},
		{
			"the title of a quick reply", func(*answersBot) say {
				return answerWithAll(wacloud.NewCarousel("Where?",
					wacloud.NewCard(fallbackPicture, wacloud.QuickReplies{{ID: "shop:1", Title: "Bella"}}),
					wacloud.NewCard(fallbackPicture, wacloud.QuickReplies{{ID: "shop:2", Title: "Sushi"}})))
			},
			[]string{"sushi"},
			[]string{"typed shop:2"},
		},
		{
			"equal titles on cards", func(*answersBot) say { return answerWithAll(fallbackCarousel(3)) },
			[]string{"Menu"},
			[]string{"text Menu"},
		},
		{
			"a number where none was printed", func(*answersBot) say { return answerWithAll(answersList) },
			[]string{"2"},
			[]string{"text 2"},
		},
		{
			"a number of the text rung", func(b *answersBot) say { return b.numbered(answersButtons) },
			[]string{"２."},
			[]string{"typed how:p"},
		},
		{
			"a number of equal titles", func(b *answersBot) say { return b.numbered(fallbackCarousel(3)) },
			[]string{"3"},
			[]string{"typed shop:C"},
		},
		{
			"2 typed twice", func(b *answersBot) say { return b.numbered(answersButtons) },
			[]string{"2", "2"},
			[]string{"typed how:p", "text 2"},
		},
		{
			"a text in between leaves it open", func(b *answersBot) say { return b.numbered(answersButtons) },
			[]string{"how long does it take?", "2"},
			[]string{"text how long does it take?", "typed how:p"},
		},
		{
			"a list, a plain question, then 2", func(b *answersBot) say {
				return func(ctx context.Context, e *wacloud.Event) error {
					return errors.Join(b.numbered(answersList)(ctx, e), answerWithAll(answersQuestion)(ctx, e))
				}
			},
			[]string{"2"},
			[]string{"text 2"},
		},
		{
			"two choices in one handler", func(*answersBot) say { return answerWithAll(answersButtons, answersList) },
			[]string{"retirada", "grande"},
			[]string{"text retirada", "typed size:l"},
		},
		{
			"a reaction leaves it open", func(*answersBot) say {
				return func(ctx context.Context, e *wacloud.Event) error {
					_, err := e.React(ctx, "👍")
					return errors.Join(answerWithAll(answersList)(ctx, e), err)
				}
			},
			[]string{"grande"},
			[]string{"typed size:l"},
		},
		{
			"a given message stands for the choices", func(b *answersBot) say {
				return func(ctx context.Context, e *wacloud.Event) error {
					b.srv.Fail(131051, 1)
					_, err := e.Respond(ctx, answersButtons, wacloud.Fallback(wacloud.NewText("Entrega ou retirada?")))
					return err
				}
			},
			[]string{"2", "entrega"},
			[]string{"text 2", "typed how:d"},
		},
		{
			"a message that was refused changes nothing", func(b *answersBot) say {
				return func(ctx context.Context, e *wacloud.Event) error {
					err := answerWithAll(answersList)(ctx, e)
					b.srv.Fail(131051, 2)
					_ = answerWithAll(answersButtons)(ctx, e)
					_ = answerWithAll(answersQuestion)(ctx, e)
					return err
				}
			},
			[]string{"retirada", "grande"},
			[]string{"text retirada", "typed size:l"},
		},
		{
			"a message that was refused opens nothing", func(b *answersBot) say {
				return func(ctx context.Context, e *wacloud.Event) error {
					b.srv.Fail(131051, 1)
					_ = answerWithAll(answersButtons)(ctx, e)
					return nil
				}
			},
			[]string{"retirada"},
			[]string{"text retirada"},
		},
		{
			"a message that may have arrived is open", func(b *answersBot) say {
				return func(ctx context.Context, e *wacloud.Event) error {
					b.srv.FailWith(wacloudtest.Fault{CutAfter: true}, 1)
					_ = answerWithAll(answersButtons)(ctx, e)
					return nil
				}
			},
			[]string{"retirada"},
			[]string{"typed how:p"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newAnswersBot(t)
			b.says["oi"] = tt.menu(b)
			ana := b.serve()
			ana.Say("oi")
			require.Equal(t, []string{"text oi"}, b.heard())
			for _, text := range tt.types {
				ana.Say(text)
				b.srv.Wait()
			}
			require.Equal(t, tt.want, b.heard())
		})
	}
}

func TestTypedAnswerNamesTheMessage(t *testing.T) {
	t.Parallel()
	b := newAnswersBot(t)
	b.says["oi"] = answerWithAll(answersList)
	replies := make(chan wacloud.Reply, 1)
	b.says["size:l"] = func(_ context.Context, e *wacloud.Event) error {
		replies <- *e.Message.Reply
		return nil
	}
	ana := b.serve()
	ana.Say("oi")
	list := wacloudtest.Expect[wacloud.List](ana)
	ana.Say("grande")
	require.Equal(t, wacloud.Reply{Kind: wacloud.ReplyKindTyped, ID: "size:l", Title: "Grande", ContextID: list.ID}, <-replies)
}

func TestTypedAnswerThatQuotes(t *testing.T) {
	t.Parallel()
	b := newAnswersBot(t)
	b.says["oi"], b.says["menu"] = answerWithAll(answersButtons), answerWithAll(answersList)
	ana := b.serve()
	ana.Say("oi")
	old := wacloudtest.Expect[wacloud.Buttons](ana)
	ana.Say("menu")
	list := wacloudtest.Expect[wacloud.List](ana)
	b.heard()
	old.Reply("Grande")
	list.Reply("Grande")
	require.Equal(t, []string{"text Grande", "typed size:l"}, b.heard())
}

func TestTapClosesTheChoice(t *testing.T) {
	t.Parallel()
	b := newAnswersBot(t)
	b.says["oi"] = answerWithAll(answersButtons)
	ana := b.serve()
	ana.Say("oi")
	wacloudtest.Expect[wacloud.Buttons](ana).Tap("🏠 Retirada")
	b.srv.Wait()
	ana.Say("retirada")
	require.Equal(t, []string{"text oi", "button how:p", "text retirada"}, b.heard())
}

// The choice that the handler of a tap opens stays open when the handler runs again.
func TestTapThatRunsAgainLeavesItsOwnChoiceOpen(t *testing.T) {
	t.Parallel()
	b := newAnswersBot(t)
	b.says["oi"] = answerWithAll(answersButtons)
	failures := 1
	b.says["how:p"] = func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, answersButtons.WithFooter("Sure?"))
		if failures--; err == nil && failures >= 0 {
			return wacloud.RetryAfter(errors.New("database is away"), time.Millisecond)
		}
		return err
	}
	ana := b.serve(func(c *wacloud.WebhookConfig) { c.RunConfig.MaxAttempts = 3 })
	ana.Say("oi")
	wacloudtest.Expect[wacloud.Buttons](ana).Tap("🏠 Retirada")
	b.srv.Wait()
	b.srv.HandlerErrors()
	ana.Say("entrega")
	require.Equal(t, []string{"text oi", "button how:p", "button how:p", "typed how:d"}, b.heard())
}

// An event that is handled again chooses what it chose before, although the choice is closed and another is open.
func TestTypedAnswerThatRunsAgainChoosesTheSame(t *testing.T) {
	t.Parallel()
	b := newAnswersBot(t)
	b.says["oi"] = b.numbered(answersButtons)
	failures := 2
	b.says["how:p"] = func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewButtons("Sure?", wacloud.Button{ID: "no", Title: "No"}, wacloud.Button{ID: "yes", Title: "2"}))
		if failures--; err == nil && failures >= 0 {
			return wacloud.RetryAfter(errors.New("database is away"), time.Millisecond)
		}
		return err
	}
	ana := b.serve(func(c *wacloud.WebhookConfig) { c.RunConfig.MaxAttempts = 3 })
	ana.Say("oi")
	b.srv.Wait()
	ana.Say("2")
	require.Equal(t, []string{"text oi", "typed how:p", "typed how:p", "typed how:p"}, b.heard())
	b.srv.HandlerErrors()
	ana.Redeliver()
	require.Empty(t, b.heard(), "Meta's repeat")
	ana.Say("2")
	require.Equal(t, []string{"typed yes"}, b.heard())
}

func TestFailedSeesTheTypedAnswer(t *testing.T) {
	t.Parallel()
	b := newAnswersBot(t)
	b.says["oi"] = answerWithAll(answersButtons)
	b.says["how:p"] = func(context.Context, *wacloud.Event) error { return errors.New("no") }
	ana := b.serve()
	ana.Say("oi")
	b.srv.Wait()
	ana.Say("retirada")
	require.Equal(t, []string{"text oi", "typed how:p", "failed typed how:p"}, b.heard())
	b.srv.HandlerErrors()
}

func TestTypedAnswersEnd(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		opts  []wacloud.Option
		after time.Duration
		want  string
	}{
		{"just in time", nil, 10*time.Minute - time.Second, "typed how:p"},
		{"too late", nil, 10*time.Minute + time.Second, "text retirada"},
		{"a time of one's own", []wacloud.Option{wacloud.WithAnswerWithin(time.Hour)}, 59 * time.Minute, "typed how:p"},
		{"off", []wacloud.Option{wacloud.WithAnswerWithin(-1)}, 0, "text retirada"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newAnswersBot(t, wacloudtest.InMemory())
				b.says["oi"] = answerWithAll(answersButtons)
				ana := b.serve(func(c *wacloud.WebhookConfig) { c.Client = b.srv.Client(tt.opts...) })
				ana.Say("oi")
				b.heard()
				sleep(tt.after)
				ana.Say("retirada")
				require.Equal(t, []string{tt.want}, b.heard())
			})
		})
	}
}

func TestTypedAnswersNeedAStore(t *testing.T) {
	t.Parallel()
	b := newAnswersBot(t)
	b.says["oi"] = answerWithAll(answersButtons)
	ana := b.serve(func(c *wacloud.WebhookConfig) { c.Store = nil })
	ana.Say("oi")
	b.srv.Wait()
	ana.Say("retirada")
	require.Equal(t, []string{"text oi", "text retirada"}, b.heard())
}

// What the program sends by itself opens and closes choices too, when its client has the store.
func TestTypedAnswersToWhatTheClientSends(t *testing.T) {
	t.Parallel()
	b := newAnswersBot(t)
	client := b.srv.Client(wacloud.WithStore(b.store))
	ana := b.serve(func(c *wacloud.WebhookConfig) { c.Client, c.Store = client, nil })
	bia := b.srv.User("Bia")
	send := func(m wacloud.Message) {
		_, err := client.Send(t.Context(), wacloud.Phone("+"+ana.Identity().Phone), m)
		require.NoError(t, err)
	}
	send(answersButtons)
	bia.Say("retirada")
	ana.Say("retirada")
	require.ElementsMatch(t, []string{"text retirada", "typed how:p"}, b.heard(), "each user has a choice of their own")
	send(answersButtons)
	send(answersQuestion)
	ana.Say("retirada")
	require.Equal(t, []string{"text retirada"}, b.heard())
}

// What the policy sends again is the same message, with the numbers that it printed.
func TestTypedAnswersToWhatIsSentAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newAnswersBot(t, wacloudtest.InMemory())
		client := b.srv.Client(wacloud.WithStore(b.store), wacloud.WithUnknown(wacloud.Unknown{After: time.Minute, Do: wacloud.Resend}))
		ana := b.serve(func(c *wacloud.WebhookConfig) { c.Client, c.Store = client, nil })
		b.srv.Fail(131051, 2)
		b.srv.FailWith(wacloudtest.Fault{Cut: true}, 1)
		_, err := client.Send(t.Context(), ana.Recipient(), answersButtons, wacloud.Fallback())
		require.ErrorAs(t, err, new(*wacloud.AmbiguousSendError))
		require.Empty(t, b.srv.Sent())
		sleep(2 * time.Minute)
		require.Len(t, b.srv.Sent(), 1)
		ana.Say("2")
		require.Equal(t, []string{"typed how:p"}, b.heard())
	})
}

// A Brazilian number may be asked for with a digit more than the WhatsApp id has.
func TestTypedAnswersFromAnotherWhatsAppID(t *testing.T) {
	t.Parallel()
	b := newAnswersBot(t)
	asked, owned := "5511988887777", "551188887777"
	client := b.srv.Client(wacloud.WithStore(b.store), wacloud.WithHTTPClient(&http.Client{
		Transport: answersAlias{b.srv.HTTPClient().Transport, asked, owned},
	}))
	b.serve(func(c *wacloud.WebhookConfig) { c.Client, c.Store = client, nil })
	b.srv.User("Ana before", wacloudtest.WithPhone(asked))
	ana := b.srv.User("Ana", wacloudtest.WithPhone(owned))
	for _, tt := range []struct {
		name string
		ms   []wacloud.Message
		want string
	}{
		{"open", []wacloud.Message{answersButtons}, "typed how:p"},
		{"closed", []wacloud.Message{answersButtons, answersQuestion}, "text retirada"},
	} {
		for _, m := range tt.ms {
			_, err := client.Send(t.Context(), wacloud.Phone(asked), m)
			require.NoError(t, err)
		}
		ana.Say("retirada")
		require.Equal(t, []string{tt.want}, b.heard(), tt.name)
	}
}

// answersAlias writes another wa_id into the answers.
type answersAlias struct {
	next         http.RoundTripper
	asked, owned string
}

func (a answersAlias) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := a.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	body = bytes.ReplaceAll(body, []byte(`"wa_id":"`+a.asked), []byte(`"wa_id":"`+a.owned))
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	resp.Header.Del("Content-Length")
	return resp, err
}

// A store that does not answer fails the event, which is tried again, instead of taking an answer for a text.
func TestTypedAnswersWhenTheStoreFails(t *testing.T) {
	t.Parallel()
	b := newAnswersBot(t)
	b.says["oi"] = answerWithAll(answersButtons)
	store := &answersStore{Store: b.store}
	ana := b.serve(func(c *wacloud.WebhookConfig) {
		c.Store, c.RunConfig = store, wacloud.RunConfig{MaxAttempts: 3, Backoff: []time.Duration{time.Millisecond}}
	})
	ana.Say("oi")
	b.heard()
	store.fail(1)
	ana.Say("retirada")
	require.Equal(t, []string{"typed how:p"}, b.heard())
	b.srv.HandlerErrors()

	store.fail(1)
	client := b.srv.Client(wacloud.WithStore(store))
	_, err := client.Send(t.Context(), ana.Recipient(), answersButtons)
	require.ErrorIs(t, err, errAnswersStore)
	require.Len(t, b.srv.Sent(), 1, "nothing leaves that could not be recorded")
}

var errAnswersStore = errors.New("store is away")

type answersStore struct {
	wacloud.Store
	mu       sync.Mutex
	failures int
}

func (s *answersStore) fail(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures = n
}

func (s *answersStore) Get(ctx context.Context, key string) ([]byte, uint64, error) {
	s.mu.Lock()
	failed := s.failures > 0
	s.failures--
	s.mu.Unlock()
	if failed {
		return nil, 0, errAnswersStore
	}
	return s.Store.Get(ctx, key)
}
