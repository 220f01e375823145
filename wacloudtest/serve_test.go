package wacloudtest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

// A handler that fails is tried again where the test asks for it, and the answer is waited for.
func TestRetriesAreWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := wacloudtest.NewServer(t, wacloudtest.InMemory())
		srv.Serve(wacloud.HandlerFunc(func(ctx context.Context, e *wacloud.Event) error {
			if e.Attempt == 1 {
				return errors.New("not yet")
			}
			_, err := e.Respond(ctx, wacloud.NewText("now"))
			return err
		}), func(c *wacloud.WebhookConfig) { c.RunConfig.MaxAttempts = 3 })
		ana := srv.User("Ana")
		ana.Say("oi")
		require.Equal(t, "now", wacloudtest.Expect[wacloud.Text](ana).Message.Body)
		ana.ExpectNothing()
		require.Empty(t, srv.HandlerErrors())
	})
}

// Failed is a place to answer.
func TestWhoGivesUpMayAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := wacloudtest.NewServer(t, wacloudtest.InMemory())
		r := wacloud.NewRouter()
		r.Text(func(context.Context, *wacloud.Event) error { return errors.New("closed") })
		r.Failed(func(ctx context.Context, e *wacloud.Event, _ error) {
			_, _ = e.Respond(ctx, wacloud.NewText("Sorry"))
		})
		srv.Serve(r)
		ana := srv.User("Ana")
		ana.Say("oi")
		require.Equal(t, "Sorry", wacloudtest.Expect[wacloud.Text](ana).Message.Body)
		require.Len(t, srv.HandlerErrors(), 1)
	})
}

// A bot that the test runs itself is waited for by what it sends.
func TestConnectedBots(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t place) {
		srv := t.newServer()
		inbox := &startedInbox{wacloud.NewMemoryInbox(), make(chan struct{})}
		hook, err := srv.Config().NewWebhook(newBot(), inbox, srv.Options()...)
		require.NoError(t, err)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- hook.Run(ctx) }()
		defer func() {
			stop()
			require.NoError(t, <-done)
		}()
		<-inbox.started
		srv.Connect(hook)
		ana := srv.User("Ana")
		ana.Say("oi")
		wacloudtest.Expect[wacloud.Buttons](ana)
		ana.Tap("Pickup")
		wacloudtest.Expect[wacloud.List](ana)
		ana.ExpectNothing()
	})
}

// startedInbox tells when it is run: before that the webhook answers 503.
type startedInbox struct {
	wacloud.Inbox
	started chan struct{}
}

func (in *startedInbox) Run(ctx context.Context, cfg wacloud.RunConfig) error {
	close(in.started)
	return in.Inbox.Run(ctx, cfg)
}

func TestBotsOfOtherProcesses(t *testing.T) {
	t.Parallel()
	srv := wacloudtest.NewServer(t)
	secret := srv.Config().AppSecrets[0]
	var seen atomic.Int32
	bot := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if wacloud.VerifySignature(body, r.Header.Get("X-Hub-Signature-256"), secret) != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		seen.Add(1)
	}))
	defer bot.Close()
	srv.ConnectURL(bot.URL + "/webhook")
	srv.User("Ana").Say("oi")
	srv.Wait()
	require.EqualValues(t, 1, seen.Load())
	require.Equal(t, http.StatusUnauthorized, srv.DeliverSigned([]byte(`{}`), "sha256=00").Status)
}

// An inbox that knew an event before does not keep the kit waiting.
func TestEventsThatTheInboxKnows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inbox := wacloud.NewMemoryInbox()
		body := wacloudtest.Text(ada, "oi")
		_, err := inbox.Put(t.Context(), []wacloud.Event{*wacloudtest.Event(t, body)})
		require.NoError(t, err)
		srv := wacloudtest.NewServer(t, wacloudtest.InMemory())
		srv.Serve(newBot(), func(c *wacloud.WebhookConfig) { c.Inbox = inbox })
		start := time.Now()
		require.Equal(t, http.StatusOK, srv.Deliver(body).Status)
		srv.Wait()
		require.Zero(t, time.Since(start))
	})
}

// What an inbox refused is delivered again, and handled then.
func TestRefusedEventsComeAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inbox := &fullInbox{Inbox: wacloud.NewMemoryInbox()}
		srv := wacloudtest.NewServer(t, wacloudtest.InMemory())
		srv.Serve(newBot(), func(c *wacloud.WebhookConfig) { c.Inbox = inbox })
		ana := srv.User("Ana")
		body := wacloudtest.Text(ana.Identity(), "oi")
		inbox.full.Store(true)
		require.Equal(t, http.StatusServiceUnavailable, srv.Deliver(body).Status)
		ana.ExpectNothing()
		inbox.full.Store(false)
		require.Equal(t, http.StatusOK, srv.Deliver(body).Status)
		wacloudtest.Expect[wacloud.Buttons](ana)
		ana.ExpectNothing()
	})
}

type fullInbox struct {
	wacloud.Inbox
	full atomic.Bool
}

func (in *fullInbox) Put(ctx context.Context, events []wacloud.Event) (wacloud.PutResult, error) {
	if in.full.Load() {
		return wacloud.PutResult{}, wacloud.ErrInboxFull
	}
	return in.Inbox.Put(ctx, events)
}
