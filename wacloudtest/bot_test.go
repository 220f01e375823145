package wacloudtest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

// newBot is a small ordering bot: buttons, then a list, then a carousel, then a text.
func newBot() *wacloud.Router {
	r := wacloud.NewRouter()
	r.Text(respond(wacloud.NewButtons("How do you want it?",
		wacloud.Button{ID: "delivery", Title: "Delivery"},
		wacloud.Button{ID: "pickup", Title: "Pickup"},
	)))
	r.Reply("pickup", respond(wacloud.NewList("Which shop?", wacloud.Menu{Button: "Shops", Sections: wacloud.Rows(
		wacloud.Row{ID: "shop:1", Title: "Centre", Description: "Open until 22h"},
		wacloud.Row{ID: "shop:2", Title: "Station"},
	)})))
	r.Reply("shop:{id}", respond(wacloud.NewCarousel("Choose a dish",
		dishCard("1"), dishCard("2"),
	)))
	r.Reply("dish:{id}", func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewText("Dish "+e.Param("id")+" is on its way"))
		return err
	})
	r.Reply("track", respond(wacloud.NewText("Almost there")))
	r.NotFound(respond(wacloud.NewText("That is long gone")))
	return r
}

func dishCard(id string) wacloud.Card {
	return wacloud.NewCard(
		wacloud.HeaderImage{Media: wacloud.MediaLink("https://cdn.example.com/" + id + ".jpg")},
		wacloud.QuickReplies{{ID: "dish:" + id, Title: "Choose"}},
	)
}

func respond(m wacloud.Message) wacloud.HandlerFunc {
	return func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, m)
		return err
	}
}

// place is a test and where it runs.
type place struct {
	*testing.T
	opts []wacloudtest.Option
}

func (p place) newServer(opts ...wacloudtest.Option) *wacloudtest.Server {
	return wacloudtest.NewServer(p.T, append(opts, p.opts...)...)
}

// everywhere runs a test over real HTTP, and in memory in a bubble.
func everywhere(t *testing.T, test func(t place)) {
	t.Helper()
	t.Run("http", func(t *testing.T) {
		t.Parallel()
		test(place{T: t})
	})
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) { test(place{t, []wacloudtest.Option{wacloudtest.InMemory()}}) })
	})
}

func TestEveryTapShapeReachesItsCallback(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t place) {
		srv := t.newServer()
		srv.Serve(newBot())
		ana := srv.User("Ana")

		ana.Say("oi")
		wacloudtest.Expect[wacloud.Buttons](ana).Tap("Pickup")
		shops := wacloudtest.Expect[wacloud.List](ana)
		require.Equal(t, "Which shop?", shops.Message.Body)
		shops.Tap("Centre")
		wacloudtest.Expect[wacloud.Carousel](ana).Card(1).Tap("Choose")
		require.Equal(t, "Dish 2 is on its way", wacloudtest.Expect[wacloud.Text](ana).Message.Body)

		ana.Send(wacloudtest.TemplateTap(ana.Identity(), wacloud.Button{ID: "track", Title: "Track"}))
		require.Equal(t, "Almost there", wacloudtest.Expect[wacloud.Text](ana).Message.Body)
		ana.ExpectNothing()
		require.Len(t, srv.Sent(), 5)
	})
}

func TestRepeatedDeliveryIsHandledOnce(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t place) {
		srv := t.newServer()
		srv.Serve(newBot())
		ana := srv.User("Ana")
		ana.Say("oi")
		ana.Redeliver()
		wacloudtest.Expect[wacloud.Buttons](ana)
		ana.Redeliver()
		ana.ExpectNothing()
		require.Len(t, srv.Deliveries(), 3)
	})
}

func TestOldMessagesStayTappable(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t place) {
		srv := t.newServer()
		srv.Serve(newBot())
		ana := srv.User("Ana")
		ana.Say("oi")
		menu := wacloudtest.Expect[wacloud.Buttons](ana)
		menu.Tap("Pickup")
		shops := wacloudtest.Expect[wacloud.List](ana)
		shops.TapID("shop:2")
		wacloudtest.Expect[wacloud.Carousel](ana)
		menu.Tap("Delivery") // no route
		require.Equal(t, "That is long gone", wacloudtest.Expect[wacloud.Text](ana).Message.Body)
		shops.Tap("Centre")
		wacloudtest.Expect[wacloud.Carousel](ana)
		ana.ExpectNothing()
	})
}

// Whoever taps without looking still gets the answers in order: what was tapped counts as seen.
func TestTappingWithoutExpecting(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t place) {
		srv := t.newServer()
		srv.Serve(newBot())
		ana := srv.User("Ana")
		ana.Say("oi")
		ana.Tap("Pickup")
		ana.TapID("shop:1")
		ana.Card(0).Tap("Choose")
		require.Equal(t, "Dish 1 is on its way", wacloudtest.Expect[wacloud.Text](ana).Message.Body)
		ana.ExpectNothing()
	})
}

func TestCarouselTapsInEveryShape(t *testing.T) {
	t.Parallel()
	for name, shape := range map[string]wacloudtest.TapShape{
		"button": wacloudtest.TapButton, "button_reply": wacloudtest.TapButtonReply, "quick_reply": wacloudtest.TapQuickReply,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := wacloudtest.NewServer(t, wacloudtest.InMemory(), wacloudtest.CarouselTaps(shape))
			srv.Serve(newBot())
			ana := srv.User("Ana")
			ana.Say("oi")
			ana.Tap("Pickup")
			ana.Tap("Centre")
			wacloudtest.Expect[wacloud.Carousel](ana).Card(1).Tap("Choose")
			require.Equal(t, "Dish 2 is on its way", wacloudtest.Expect[wacloud.Text](ana).Message.Body)
			last := srv.Deliveries()[3].Body
			want := map[wacloudtest.TapShape]string{
				wacloudtest.TapButton:      `"button":{"payload":"dish:2","text":"Choose"}`,
				wacloudtest.TapButtonReply: `"button_reply":{"id":"dish:2","title":"Choose"}`,
				wacloudtest.TapQuickReply:  `"quick_reply":{"id":"dish:2","title":"Choose"}`,
			}[shape]
			require.Contains(t, string(last), want)
			require.Contains(t, string(last), `"context":{"from":"15550005555","id":"wamid.OUT0003"}`)
		})
	}
}

func TestUsersWithEitherIdentity(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		ana, bia wacloudtest.UserOption
	}{
		{"user id only", wacloudtest.WithoutPhone(), wacloudtest.WithoutPhone()},
		{"phone only", wacloudtest.WithoutUserID(), wacloudtest.WithoutUserID()},
		{"one of each", wacloudtest.WithoutPhone(), wacloudtest.WithoutUserID()},
		{"of their own", wacloudtest.WithUserID("BR.abc"), wacloudtest.WithPhone("4915112345678")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			everywhere(t, func(t place) {
				srv := t.newServer()
				srv.Serve(newBot())
				ana, bia := srv.User("Ana", tt.ana), srv.User("Bia", tt.bia)
				ana.Say("oi")
				bia.Say("olá")
				wacloudtest.Expect[wacloud.Buttons](ana).Tap("Pickup")
				wacloudtest.Expect[wacloud.List](ana)
				wacloudtest.Expect[wacloud.Buttons](bia)
				ana.ExpectNothing()
				bia.ExpectNothing()
			})
		})
	}
}

func TestSeveralNumbersAnswerAsThemselves(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t place) {
		srv := t.newServer(wacloudtest.Numbers("1001", "1002"))
		srv.Serve(wacloud.HandlerFunc(func(ctx context.Context, e *wacloud.Event) error {
			_, err := e.Respond(ctx, wacloud.NewText("you wrote to "+e.PhoneNumberID))
			return err
		}))
		ana := srv.User("Ana")
		other := ana.On("1002")
		ana.Say("oi")
		other.Say("oi")
		require.Equal(t, "you wrote to 1001", wacloudtest.Expect[wacloud.Text](ana).Message.Body)
		require.Equal(t, "you wrote to 1002", wacloudtest.Expect[wacloud.Text](other).Message.Body)
		ana.ExpectNothing()
		other.ExpectNothing()
	})
}

// What users send reaches the bot as what it is.
func TestEverythingAUserSends(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t place) {
		srv := t.newServer()
		got := make(chan *wacloud.Event, 1)
		srv.Serve(wacloud.HandlerFunc(func(_ context.Context, e *wacloud.Event) error {
			got <- e
			return nil
		}))
		ana := srv.User("Ana")
		sent, err := srv.Client().Send(t.Context(), ana.Recipient(), wacloud.Flow{Body: "Book", ID: "1", CTA: "Open", Screen: "A"})
		require.NoError(t, err)

		location := wacloud.LocationContent{Latitude: -23.5, Longitude: -46.6, Name: "Sé"}
		ana.SendLocation(location)
		require.Equal(t, location, (<-got).Message.Content)

		picture := srv.AddMedia("image/jpeg", []byte("picture"))
		picture.Caption = "look"
		ana.SendMedia("image", picture)
		require.Equal(t, picture, (<-got).Message.Content)
		var data bytes.Buffer
		_, err = srv.Client().Download(t.Context(), picture.ID, &data, wacloud.Download{SHA256: picture.SHA256})
		require.NoError(t, err)
		require.Equal(t, "picture", data.String())

		card := wacloud.Contact{Name: wacloud.ContactName{Formatted: "Bia"}, Phones: []wacloud.ContactPhone{{Phone: "+5511"}}}
		ana.SendContacts(card)
		require.Equal(t, wacloud.ContactsContent{Contacts: []wacloud.Contact{card}}, (<-got).Message.Content)

		order := wacloud.OrderContent{CatalogID: "7", Items: []wacloud.OrderItem{{RetailerID: "a", Quantity: 2, Price: "12.5", Currency: "BRL"}}}
		ana.SendOrder(order)
		require.Equal(t, order, (<-got).Message.Content)

		ana.React("👍")
		require.Equal(t, wacloud.ReactionContent{MessageID: sent.MessageID, Emoji: "👍"}, (<-got).Message.Content)

		ana.FillFlow(map[string]any{"slot": "0900"})
		filled := <-got
		require.Equal(t, wacloud.ReplyKindFlow, filled.Message.Reply.Kind)
		require.JSONEq(t, `{"slot":"0900"}`, string(filled.Message.Reply.Data))
		require.Equal(t, sent.MessageID, filled.Message.Reply.ContextID)
		require.Equal(t, "Ana", filled.Message.From.Name)
	})
}

func TestWhatAUserDoesWithOneMessage(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t place) {
		srv := t.newServer()
		got := make(chan *wacloud.Event, 1)
		srv.Serve(wacloud.HandlerFunc(func(_ context.Context, e *wacloud.Event) error {
			got <- e
			return nil
		}))
		ana := srv.User("Asha", wacloudtest.WithPhone("919876543210"))
		for _, m := range []wacloud.Message{
			wacloud.NewText("first"), wacloud.AddressRequest{Body: "Where?", Country: "IN"},
		} {
			_, err := srv.Client().Send(t.Context(), wacloud.Phone("+919876543210"), m, wacloud.CallbackData("order:7"))
			require.NoError(t, err)
		}
		first := wacloudtest.Expect[wacloud.Text](ana)
		form := wacloudtest.Expect[wacloud.Message](ana)

		first.Reply("this one")
		require.Equal(t, first.ID, (<-got).Message.Context.ID)
		first.React("❤")
		require.Equal(t, wacloud.ReactionContent{MessageID: first.ID, Emoji: "❤"}, (<-got).Message.Content)
		first.Report("delivered")
		status := (<-got).Status
		require.Equal(t, []string{first.ID, "delivered", "order:7"}, []string{status.ID, status.Status, status.CallbackData})
		first.ReportFailed(131047)
		require.ErrorIs(t, (<-got).Status.Errors[0], wacloud.ErrWindowClosed)
		form.Fill(map[string]string{"city": "Pune"})
		require.Equal(t, form.ID, (<-got).Message.Reply.ContextID)
	})
}

func TestStatusesFollowByThemselves(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t place) {
		srv := t.newServer(wacloudtest.AutoStatus())
		var mu sync.Mutex
		got := map[string][]string{} // of each message, because those of different ones are handled in parallel
		r := newBot()
		r.Status(func(_ context.Context, e *wacloud.Event) error {
			mu.Lock()
			defer mu.Unlock()
			got[e.Status.ID] = append(got[e.Status.ID], e.Status.Status)
			return nil
		})
		srv.Serve(r)
		ana := srv.User("Ana")
		ana.Say("oi")
		wacloudtest.Expect[wacloud.Buttons](ana)
		srv.Wait()
		ana.Say("oi?")
		srv.Wait()
		require.Equal(t, map[string][]string{
			"wamid.OUT0001": {"sent", "delivered", "read"},
			"wamid.OUT0002": {"sent", "delivered"},
		}, got)
	})
}

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

// What a phone answers when it is asked quotes the question.
func TestRequestsAreAnswered(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t place) {
		srv := t.newServer()
		r := wacloud.NewRouter()
		r.Text(respond(wacloud.NewLocationRequest("Where are you?")))
		var location, contact *wacloud.InboundMessage
		r.Location(func(ctx context.Context, e *wacloud.Event) error {
			location = e.Message
			_, err := e.Respond(ctx, wacloud.NewContactInfoRequest("Your number?"))
			return err
		})
		r.Message(func(_ context.Context, e *wacloud.Event) error {
			contact = e.Message
			return nil
		})
		srv.Serve(r)
		ana := srv.User("Ana")
		ana.Say("oi")
		where := wacloudtest.Expect[wacloud.LocationRequest](ana)
		ana.SendLocation(wacloud.LocationContent{Latitude: 1, Longitude: 2})
		number := wacloudtest.Expect[wacloud.ContactInfoRequest](ana)
		require.Equal(t, where.ID, location.Context.ID)
		ana.ShareContact()
		srv.Wait()
		require.Equal(t, number.ID, contact.Context.ID)
		require.Equal(t, "contact_request", contact.Content.(wacloud.ContactsContent).Contacts[0].Origin)
		require.Equal(t, ana.Identity().Phone, contact.Content.(wacloud.ContactsContent).Contacts[0].Phones[0].WaID)
	})
}

func TestReadMarksAndTypingAreSeen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := wacloudtest.NewServer(t, wacloudtest.InMemory())
		r := newBot()
		r.Location(func(ctx context.Context, e *wacloud.Event) error { return e.Typing(ctx) })
		srv.Serve(r)
		ana := srv.User("Ana")
		first := ana.Say("oi")
		wacloudtest.Expect[wacloud.Buttons](ana)
		require.False(t, ana.IsRead(first))
		id := ana.SendLocation(wacloud.LocationContent{Latitude: 1, Longitude: 2})
		srv.Wait()
		require.True(t, ana.IsRead(id))
		require.True(t, ana.IsRead(first), "with what came before")
		require.True(t, ana.SeesTyping())
		time.Sleep(25 * time.Second)
		require.False(t, ana.SeesTyping())
	})
}

func TestManyUsersAtOnce(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t place) {
		srv := t.newServer(wacloudtest.AutoStatus())
		srv.Serve(newBot())
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				u := srv.User("somebody")
				u.Say("oi")
				wacloudtest.Expect[wacloud.Buttons](u).Tap("Pickup")
				wacloudtest.Expect[wacloud.List](u).Tap("Station")
				wacloudtest.Expect[wacloud.Carousel](u).Card(1).Tap("Choose")
				wacloudtest.Expect[wacloud.Text](u)
				u.ExpectNothing()
			})
		}
		wg.Wait()
		require.Len(t, srv.Sent(), 80)
	})
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
