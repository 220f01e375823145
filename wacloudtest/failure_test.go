package wacloudtest_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

// failures runs a test and returns what it was told.
func failures(test func(tb wacloudtest.TB)) string {
	err := wacloudtest.Run(nil, func(tb wacloudtest.TB) error {
		test(tb)
		return nil
	})
	if err == nil {
		return ""
	}
	return err.Error()
}

// Each failure of the kit says what was expected, what came, and what may be the reason.
func TestFailuresSayWhatHappened(t *testing.T) {
	t.Parallel()
	failing := wacloud.HandlerFunc(func(context.Context, *wacloud.Event) error { return errors.New("the kitchen is closed") })
	silent := wacloud.HandlerFunc(func(context.Context, *wacloud.Event) error { return nil })
	for _, tt := range []struct {
		name string
		bot  wacloud.Handler
		test func(srv *wacloudtest.Server, ana *wacloudtest.User)
		want []string
	}{
		{"another kind", newBot(), func(_ *wacloudtest.Server, ana *wacloudtest.User) {
			ana.Say("oi")
			wacloudtest.Expect[wacloud.List](ana)
		}, []string{"Ana expected a wacloud.List, but got a wacloud.Buttons", "How do you want it?"}},
		{"a handler's error", failing, func(_ *wacloudtest.Server, ana *wacloudtest.User) {
			ana.Say("oi")
			wacloudtest.Expect[wacloud.Text](ana)
		}, []string{"Ana expected a wacloud.Text, but the handlers are done", "a handler failed: message event: the kitchen is closed"}},
		{"silence", silent, func(_ *wacloudtest.Server, ana *wacloudtest.User) {
			ana.Say("oi")
			wacloudtest.Expect[wacloud.Text](ana)
		}, []string{"the handlers are done and sent nothing more"}},
		{"nothing said", silent, func(_ *wacloudtest.Server, ana *wacloudtest.User) {
			wacloudtest.Expect[wacloud.Text](ana)
		}, []string{"nobody has told the bot anything"}},
		{"an error that nobody took", failing, func(_ *wacloudtest.Server, ana *wacloudtest.User) {
			ana.Say("oi")
		}, []string{"a handler failed: message event: the kitchen is closed"}},
		{
			"a panic", wacloud.HandlerFunc(func(context.Context, *wacloud.Event) error { panic("burnt") }),
			func(_ *wacloudtest.Server, ana *wacloudtest.User) { ana.Say("oi") },
			[]string{"burnt"},
		},
		{"refused by the Graph API", newBot(), func(srv *wacloudtest.Server, ana *wacloudtest.User) {
			srv.Fail(131026, 1)
			ana.Say("oi")
			wacloudtest.Expect[wacloud.Text](ana)
		}, []string{"was refused: 400", "131026", "a handler failed"}},
		{
			"a message that the library refuses", respond(wacloud.NewText("")),
			func(_ *wacloudtest.Server, ana *wacloudtest.User) {
				ana.Say("oi")
				wacloudtest.Expect[wacloud.Text](ana)
			},
			[]string{"text.body"},
		},
		{"a title that is not there", newBot(), func(_ *wacloudtest.Server, ana *wacloudtest.User) {
			ana.Say("oi")
			ana.Tap("Drone")
		}, []string{`Ana cannot tap "Drone": the wacloud.Buttons offers "Delivery", "Pickup"`}},
		{"an id that is not there", newBot(), func(_ *wacloudtest.Server, ana *wacloudtest.User) {
			ana.Say("oi")
			ana.TapID("drone")
		}, []string{`cannot tap the id "drone"`}},
		{"a title on two cards", newBot(), func(_ *wacloudtest.Server, ana *wacloudtest.User) {
			ana.Say("oi")
			ana.Tap("Pickup")
			ana.Tap("Centre")
			ana.Tap("Choose")
		}, []string{"has it 2 times; use Card or TapID"}},
		{"a card that is not there", newBot(), func(_ *wacloudtest.Server, ana *wacloudtest.User) {
			ana.Say("oi")
			ana.Tap("Pickup")
			ana.Tap("Centre")
			ana.Card(2)
		}, []string{"card 2: the carousel has cards 0 to 1"}},
		{"a title that another card has", newBot(), func(_ *wacloudtest.Server, ana *wacloudtest.User) {
			ana.Say("oi")
			ana.Tap("Pickup")
			ana.Tap("Centre")
			ana.Card(1).Tap("Taste")
		}, []string{`cannot tap "Taste" on card 1`, `"Choose" on card 0`}},
		{"no carousel", newBot(), func(_ *wacloudtest.Server, ana *wacloudtest.User) {
			ana.Say("oi")
			ana.Card(0)
		}, []string{"Ana has no carousel"}},
		{"cards of a list", newBot(), func(_ *wacloudtest.Server, ana *wacloudtest.User) {
			ana.Say("oi")
			wacloudtest.Expect[wacloud.Buttons](ana).Card(0)
		}, []string{"a wacloud.Buttons has no cards"}},
		{"nothing to tap", silent, func(_ *wacloudtest.Server, ana *wacloudtest.User) {
			ana.Say("oi")
			ana.Tap("Pickup")
		}, []string{"Ana has no message with options"}},
		{"nothing to react to", silent, func(_ *wacloudtest.Server, ana *wacloudtest.User) { ana.React("👍") }, []string{"no message to react to"}},
		{"no form", newBot(), func(_ *wacloudtest.Server, ana *wacloudtest.User) {
			ana.Say("oi")
			ana.FillFlow(nil)
		}, []string{"Ana has no form to fill"}},
		{"not a form", newBot(), func(_ *wacloudtest.Server, ana *wacloudtest.User) {
			ana.Say("oi")
			wacloudtest.Expect[wacloud.Buttons](ana).Fill(nil)
		}, []string{"a wacloud.Buttons is no form"}},
		{"something unexpected", newBot(), func(_ *wacloudtest.Server, ana *wacloudtest.User) {
			ana.Say("oi")
			ana.ExpectNothing()
		}, []string{"Ana expected nothing, but got a wacloud.Buttons"}},
		{"not asked for a contact", newBot(), func(_ *wacloudtest.Server, ana *wacloudtest.User) { ana.ShareContact() }, []string{"was not asked last for a contact"}},
		{"nothing to repeat", newBot(), func(_ *wacloudtest.Server, ana *wacloudtest.User) { ana.Redeliver() }, []string{"Ana has sent nothing yet"}},
		{"a webhook that is refused", newBot(), func(srv *wacloudtest.Server, ana *wacloudtest.User) {
			srv.Connect(http.NotFoundHandler())
			ana.Say("oi")
		}, []string{"the bot answered 404 to the webhook of Ana"}},
		{"another user of the same number", newBot(), func(srv *wacloudtest.Server, ana *wacloudtest.User) {
			srv.User("Bia", wacloudtest.WithPhone(ana.Identity().Phone))
		}, []string{"user Bia", "such a user already"}},
		{"a number that is not there", newBot(), func(_ *wacloudtest.Server, ana *wacloudtest.User) { ana.On("1") }, []string{"has no number 1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				got := failures(func(tb wacloudtest.TB) {
					srv := wacloudtest.NewServer(tb, wacloudtest.InMemory())
					srv.Serve(tt.bot)
					tt.test(srv, srv.User("Ana"))
				})
				for _, want := range tt.want {
					require.Contains(t, got, want)
				}
			})
		})
	}
}

func TestNoBotIsSaid(t *testing.T) {
	t.Parallel()
	got := failures(func(tb wacloudtest.TB) { wacloudtest.NewServer(tb, wacloudtest.InMemory()).User("Ana").Say("oi") })
	require.Contains(t, got, "no bot is connected")
}

// The patience of a bot that the kit does not run ends.
func TestPatienceEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		got := failures(func(tb wacloudtest.TB) {
			srv := wacloudtest.NewServer(tb, wacloudtest.InMemory(), wacloudtest.Patience(time.Minute))
			srv.Connect(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			ana := srv.User("Ana")
			ana.Say("oi")
			wacloudtest.Expect[wacloud.Text](ana)
		})
		require.Contains(t, got, "nothing came for 1m0s")
		require.Equal(t, time.Minute, time.Since(start))
	})
}

// A handler that hangs does not hang the test.
func TestBusyBotIsSaid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		got := failures(func(tb wacloudtest.TB) {
			srv := wacloudtest.NewServer(tb, wacloudtest.InMemory())
			srv.Serve(wacloud.HandlerFunc(func(ctx context.Context, _ *wacloud.Event) error {
				<-ctx.Done()
				return nil
			}))
			ana := srv.User("Ana")
			ana.Say("oi")
			ana.ExpectNothing()
		})
		require.Contains(t, got, "the bot is still busy after 10s")
	})
}

// Errors that a test asked for do not fail it.
func TestTakenErrorsAreForgotten(t *testing.T) {
	t.Parallel()
	got := failures(func(tb wacloudtest.TB) {
		srv := wacloudtest.NewServer(tb, wacloudtest.InMemory())
		srv.Serve(wacloud.HandlerFunc(func(context.Context, *wacloud.Event) error { return errors.New("closed") }))
		srv.User("Ana").Say("oi")
		srv.Wait()
		errs := srv.HandlerErrors()
		if len(errs) != 1 {
			tb.Errorf("%d errors, want 1", len(errs))
		}
	})
	require.Empty(t, got)
}

func TestWrongConfigurationIsSaid(t *testing.T) {
	t.Parallel()
	got := failures(func(tb wacloudtest.TB) {
		srv := wacloudtest.NewServer(tb, wacloudtest.InMemory())
		srv.Serve(newBot(), func(c *wacloud.WebhookConfig) { c.VerifyToken = wacloud.Secret{} })
	})
	require.Contains(t, got, "VerifyToken is missing")
}

func TestEventWantsOneEvent(t *testing.T) {
	t.Parallel()
	one := wacloudtest.Text(ada, "hi", wacloudtest.MessageID("wamid.1"))
	two := wacloudtest.Text(ada, "hi", wacloudtest.MessageID("wamid.2"))
	for _, tt := range []struct {
		name string
		body []byte
		want string
	}{
		{"broken", []byte("{"), "wacloudtest: event: wacloud: "},
		{"two", wacloudtest.Batch(one, two), "the body has 2 events, not one"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, failures(func(tb wacloudtest.TB) { wacloudtest.Event(tb, tt.body) }), tt.want)
		})
	}
}

func TestPostSaysWhenTheWebhookAborts(t *testing.T) {
	t.Parallel()
	got := failures(func(tb wacloudtest.TB) {
		aborting := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		_ = wacloudtest.Post(tb, aborting, nil, wacloud.NewSecret("s"))
	})
	require.Contains(t, got, "the webhook aborted the request")
}
