package wacloudtest_test

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

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

// pass gives each event to the test.
func pass(to chan<- *wacloud.Event) wacloud.HandlerFunc {
	return func(_ context.Context, e *wacloud.Event) error {
		to <- e
		return nil
	}
}

// What users send reaches the bot as what it is.
func TestEverythingAUserSends(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t place) {
		srv := t.newServer()
		got := make(chan *wacloud.Event, 1)
		srv.Serve(pass(got))
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
		srv.Serve(pass(got))
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
		<-time.After(25 * time.Second) // of the bubble
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

// A template's quick replies are tapped by their payload: the request does not show their labels.
func TestTemplatesAreTappedByPayload(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t place) {
		srv := t.newServer()
		srv.Serve(newBot())
		ana := srv.User("Ana")
		sent, err := srv.Client().Send(t.Context(), ana.Recipient(), wacloud.NewTemplate("order_update", "pt_BR").
			WithButtons(wacloud.QuickReplyPayload("track")))
		require.NoError(t, err)
		require.Equal(t, "accepted", sent.Status)
		wacloudtest.Expect[wacloud.Template](ana).TapID("track")
		require.Equal(t, "Almost there", wacloudtest.Expect[wacloud.Text](ana).Message.Body)
		require.Contains(t, string(srv.Deliveries()[0].Body), `"type":"button"`)
	})
}
