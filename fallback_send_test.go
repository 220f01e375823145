package wacloud_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

func fallbackButtons(n int) wacloud.Buttons {
	m := wacloud.NewButtons("How?").WithHeader(fallbackPicture)
	for _, title := range []string{"Delivery", "Pickup", "Eat in", "Cancel"}[:n] {
		m.Buttons = append(m.Buttons, wacloud.Button{ID: "how:" + title, Title: title})
	}
	return m
}

func fallbackCarousel(cards int) wacloud.Carousel {
	m := wacloud.NewCarousel("Where?")
	for i := range cards {
		name := string(rune('A' + i))
		m.Cards = append(m.Cards, wacloud.NewCard(fallbackPicture, wacloud.QuickReplies{{ID: "shop:" + name, Title: "Menu"}}).WithBody("Shop "+name))
	}
	return m
}

// kinds are the types of what was sent, in order.
func fallbackKinds(sent []wacloud.Outgoing) []string {
	var kinds []string
	for _, o := range sent {
		switch m := o.Message.(type) {
		case wacloud.Buttons:
			if m.Header != nil {
				kinds = append(kinds, "buttons with a picture")
				continue
			}
			kinds = append(kinds, "buttons")
		case wacloud.List:
			kinds = append(kinds, "list")
		case wacloud.Text:
			kinds = append(kinds, "text")
		case wacloud.Image:
			kinds = append(kinds, "image")
		case wacloud.Carousel:
			kinds = append(kinds, "carousel")
		}
	}
	return kinds
}

func TestFallbackOnShapesThatCannotBeValid(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		m    wacloud.Message
		want []string
	}{
		{"four buttons", fallbackButtons(4), []string{"image", "list"}},
		{"eleven cards", fallbackCarousel(11), []string{"text"}},
		{"one card", fallbackCarousel(1), []string{"text", "buttons with a picture"}},
		{"five cards that are fine", fallbackCarousel(5), []string{"carousel"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := wacloudtest.NewServer(t)
			sent, err := srv.Client().Send(t.Context(), srv.User("Ana").Recipient(), tt.m, wacloud.Fallback())
			require.NoError(t, err)
			got := srv.Sent()
			require.Equal(t, tt.want, fallbackKinds(got))
			if diff := cmp.Diff(got[len(got)-1].Message, sent.Message); diff != "" {
				t.Errorf("Sent.Message (-what was sent +got):\n%s", diff)
			}
			require.Equal(t, len(tt.want) > 1, len(sent.Parts) == len(tt.want))
			require.Equal(t, len(tt.want), sent.Attempts)
		})
	}
}

// Without the option nothing degrades, and a message that only the caller can mend is not degraded either.
func TestFallbackOnlyWhereItIsAskedForAndHelps(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		m    wacloud.Message
		to   wacloud.Recipient
		opts []wacloud.SendOption
		path string
	}{
		{name: "not asked for", m: fallbackButtons(4), path: "interactive.action.buttons"},
		{name: "a choice without an id", m: wacloud.NewButtons("?", wacloud.Button{Title: "A"}), opts: []wacloud.SendOption{wacloud.Fallback()}, path: "interactive.action.buttons[0].reply.id"},
		{name: "no recipient", m: fallbackButtons(2), to: wacloud.Phone("12"), opts: []wacloud.SendOption{wacloud.Fallback()}, path: "to"},
		{name: "a given message that is worse", m: fallbackButtons(4), opts: []wacloud.SendOption{wacloud.Fallback(wacloud.NewText(""))}, path: "interactive.action.buttons"},
		{name: "a given nil", m: fallbackButtons(4), opts: []wacloud.SendOption{wacloud.Fallback(nil)}, path: "interactive.action.buttons"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := wacloudtest.NewServer(t)
			if tt.to.IsZero() {
				tt.to = srv.User("Ana").Recipient()
			}
			_, err := srv.Client().Send(t.Context(), tt.to, tt.m, tt.opts...)
			invalid, ok := errors.AsType[*wacloud.ValidationError](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, tt.path, invalid.Problems[0].Path)
			require.Empty(t, srv.Sent())
		})
	}
}

func TestFallbackOnEachCodeThatAnotherShapeCures(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		code  int
		times int
		want  []string // nil for an error
	}{
		{"100", 100, 1, []string{"image", "list"}},
		{"1026", 1026, 1, []string{"image", "list"}},
		{"131008", 131008, 1, []string{"image", "list"}},
		{"131009", 131009, 1, []string{"image", "list"}},
		{"131051", 131051, 1, []string{"image", "list"}},
		{"131053 leaves the picture out", 131053, 1, []string{"list"}},
		{"131026", 131026, 1, []string{"image", "list"}},
		{"131009 twice", 131009, 2, []string{"image", "text"}},
		{"131053 twice", 131053, 2, []string{"text"}},
		{"131026 twice", 131026, 2, nil},
		{"131009 on every rung", 131009, 3, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := wacloudtest.NewServer(t)
			srv.Fail(tt.code, tt.times)
			sent, err := srv.Client().Send(t.Context(), srv.User("Ana").Recipient(), fallbackButtons(2), wacloud.Fallback())
			require.Equal(t, tt.want, fallbackKinds(srv.Sent()))
			if tt.want != nil {
				require.NoError(t, err)
				require.Contains(t, sent.Fallback, "the choices as ")
				require.Contains(t, sent.Fallback, "code "+tt.name[:3])
				return
			}
			failed, ok := errors.AsType[*wacloud.FallbackError](err)
			require.True(t, ok, "%v", err)
			require.Len(t, failed.Tried, tt.times)
			api, ok := errors.AsType[*wacloud.APIError](err)
			require.True(t, ok)
			require.Equal(t, tt.code, api.Code)
			require.ErrorContains(t, err, "1. the message itself")
			require.ErrorContains(t, err, "2. the choices as a menu")
		})
	}
}

func TestFallbackNeverOnWhatNoShapeCures(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		f    wacloudtest.Fault
		want error
	}{
		{"auth", wacloudtest.Fault{Code: 190}, wacloud.ErrAuth},
		{"window", wacloudtest.Fault{Code: 131047}, wacloud.ErrWindowClosed},
		{"throttle", wacloudtest.Fault{Code: 130429}, wacloud.ErrRateLimited},
		{"pair throttle", wacloudtest.Fault{Code: 131056}, wacloud.ErrRateLimited},
		{"policy", wacloudtest.Fault{Code: 368}, wacloud.ErrBlocked},
		{"group", wacloudtest.Fault{Code: 131041}, wacloud.ErrInvalid},
		{"an unknown code", wacloudtest.Fault{Code: 139999, Status: http.StatusBadRequest}, wacloud.ErrInvalid},
		{"maintenance", wacloudtest.Fault{Code: 131057}, wacloud.ErrUnavailable},
		{"a server fault", wacloudtest.Fault{Code: 131000}, nil},
		{"a proxy's page", wacloudtest.Fault{HTML: true}, nil},
		{"a cut after it was done", wacloudtest.Fault{CutAfter: true}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := wacloudtest.NewServer(t)
			srv.FailWith(tt.f, 1)
			client := srv.Client(wacloud.WithFallback(wacloud.Wording{}), wacloud.WithRetry(wacloud.RetryPolicy{MaxAttempts: 1}))
			_, err := client.Send(t.Context(), srv.User("Ana").Recipient(), fallbackButtons(2))
			if tt.want != nil {
				require.ErrorIs(t, err, tt.want)
			} else {
				_, ambiguous := errors.AsType[*wacloud.AmbiguousSendError](err)
				require.True(t, ambiguous, "%v", err)
			}
			require.NotContains(t, fallbackKinds(srv.Sent()), "list")
		})
	}
}

func TestFallbackWithinARung(t *testing.T) {
	t.Parallel()
	t.Run("a picture of a card is left out, its buttons are not", func(t *testing.T) {
		t.Parallel()
		srv := wacloudtest.NewServer(t)
		ana := srv.User("Ana")
		carousel := fallbackCarousel(3)
		carousel.Body = ""
		srv.Fail(131053, 1)
		_, err := srv.Client().Send(t.Context(), ana.Recipient(), carousel, wacloud.Fallback())
		require.NoError(t, err)
		require.Equal(t, []string{"buttons", "buttons with a picture", "buttons with a picture"}, fallbackKinds(srv.Sent()))
	})
	t.Run("a card is refused after another was accepted", func(t *testing.T) {
		t.Parallel()
		srv := wacloudtest.NewServer(t)
		ana := srv.User("Ana")
		client := srv.Client(wacloud.WithHTTPClient(&http.Client{Transport: &fallbackNth{next: srv.HTTPClient().Transport, server: srv, at: 2, code: 190}}))
		_, err := client.Send(t.Context(), ana.Recipient(), fallbackCarousel(1), wacloud.Fallback())
		require.ErrorIs(t, err, wacloud.ErrAuth)
		failed, ok := errors.AsType[*wacloud.FallbackError](err)
		require.True(t, ok)
		require.Len(t, failed.Sent, 1)
	})
	t.Run("only the first message of a rung quotes", func(t *testing.T) {
		t.Parallel()
		srv := wacloudtest.NewServer(t)
		ana := srv.User("Ana")
		id := "wamid.quoted"
		_, err := srv.Client().Send(t.Context(), ana.Recipient(), fallbackCarousel(1), wacloud.Fallback(), wacloud.CallbackData("order 7"), wacloud.ReplyTo(id))
		require.NoError(t, err)
		sent := srv.Sent()
		require.Len(t, sent, 2)
		require.Equal(t, []string{id, ""}, []string{sent[0].ReplyTo, sent[1].ReplyTo})
		require.Equal(t, []string{"order 7", "order 7"}, []string{sent[0].CallbackData, sent[1].CallbackData})
	})
}

// fallbackNth refuses the nth request.
type fallbackNth struct {
	next   http.RoundTripper
	server *wacloudtest.Server
	at     int
	code   int
	count  int
}

func (n *fallbackNth) RoundTrip(r *http.Request) (*http.Response, error) {
	if n.count++; n.count == n.at {
		n.server.Fail(n.code, 1)
	}
	return n.next.RoundTrip(r)
}

func TestFallbackToGivenMessages(t *testing.T) {
	t.Parallel()
	srv := wacloudtest.NewServer(t)
	srv.Fail(131009, 2)
	sent, err := srv.Client().Send(t.Context(), srv.User("Ana").Recipient(), fallbackCarousel(3),
		wacloud.Fallback(fallbackButtons(2), wacloud.NewText("Write to us")))
	require.NoError(t, err)
	require.Equal(t, wacloud.NewText("Write to us"), sent.Message)
	require.Equal(t, []string{"text"}, fallbackKinds(srv.Sent()))
}

func TestFallbackWordingIsChecked(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		w    wacloud.Wording
		want string
	}{
		{"label", wacloud.Wording{Menu: "a label of more than twenty characters"}, "Menu"},
		{"prompt", wacloud.Wording{Prompt: "\xff"}, "Prompt"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := wacloud.NewClient("1", wacloud.NewSecret("t"), wacloud.WithFallback(tt.w))
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// A handler that runs again after an error goes on below the shape that was refused, and sends nothing twice.
func TestFallbackGoesOnWhereAnEarlierRunStood(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		m    wacloud.Message
		want []string
	}{
		{"one message", fallbackButtons(2).WithHeader(nil), []string{"list"}},
		{"several messages", fallbackCarousel(3), []string{"text", "buttons with a picture", "buttons with a picture", "buttons with a picture"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := wacloudtest.NewServer(t)
			store := wacloud.NewMemoryStore()
			runs := make(chan *wacloud.Sent, 2)
			srv.Serve(wacloud.HandlerFunc(func(ctx context.Context, e *wacloud.Event) error {
				sent, err := e.Respond(ctx, tt.m, wacloud.Fallback())
				if err != nil {
					return err
				}
				runs <- sent
				if e.Attempt == 1 {
					return wacloud.RetryAfter(errors.New("database is away"), 1)
				}
				return nil
			}), func(c *wacloud.WebhookConfig) { c.Store, c.RunConfig = store, wacloud.RunConfig{MaxAttempts: 3} })
			ana := srv.User("Ana")
			srv.Fail(131009, 1)
			ana.Say("oi")
			first, second := <-runs, <-runs
			srv.Wait()
			require.Equal(t, tt.want, fallbackKinds(srv.Sent()))
			require.Equal(t, first.MessageID, second.MessageID)
			require.Equal(t, first.Parts, second.Parts)
			require.Equal(t, first.Fallback, second.Fallback)
			if diff := cmp.Diff(first.Message, second.Message); diff != "" {
				t.Errorf("Sent.Message of the second run (-first +second):\n%s", diff)
			}
			srv.HandlerErrors()
		})
	}
}
