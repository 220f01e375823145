package wacloud_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

// windowBot serves a handler that does nothing, and returns the client of its webhook.
func windowBot(t *testing.T, store wacloud.Store) (*wacloudtest.Server, *wacloud.Client) {
	t.Helper()
	srv := wacloudtest.NewServer(t, wacloudtest.InMemory())
	client := srv.Client(wacloud.WithStore(store))
	srv.Serve(wacloud.HandlerFunc(func(context.Context, *wacloud.Event) error { return nil }), func(c *wacloud.WebhookConfig) {
		c.Client = client
	})
	return srv, client
}

func windowDeliver(srv *wacloudtest.Server, bodies ...[]byte) {
	for _, body := range bodies {
		srv.Deliver(body)
		srv.Wait()
	}
}

// windowCall is a call's element as Meta's page on calling shows it.
func windowCall(at time.Time, event, direction, caller string) []byte {
	return fmt.Appendf(nil, `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"calls","value":{`+
		`"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550005555","phone_number_id":%q},`+
		`"calls":[{"id":"wacid.C1",%s,"to":"15550005555","event":%q,"timestamp":"%d","direction":%q}]}}]}]}`,
		wacloudtest.PhoneNumberID, caller, event, at.Unix(), direction)
}

var windowStart = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestWindow(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) wacloudtest.EventOption { return wacloudtest.At(windowStart.Add(d)) }
	noon := wacloud.Window{ClosesAt: windowStart.Add(24 * time.Hour)}
	referral := func(status string, expires time.Time) []byte {
		return wacloudtest.Status(wacloud.Status{
			ID: "wamid.A", Status: status, Timestamp: windowStart, Recipient: phoneOnly,
			Conversation: &wacloud.Conversation{ID: "c", Origin: "referral_conversion", ExpiresAt: expires},
		})
	}
	for _, tt := range []struct {
		name string
		come [][]byte
		to   wacloud.Recipient // phoneOnly's where it is nobody
		want wacloud.Window
	}{
		{name: "nothing came"},
		{name: "a text", come: [][]byte{wacloudtest.Text(phoneOnly, "1", at(0))}, want: noon},
		{name: "a tap", come: [][]byte{wacloudtest.ButtonReply(phoneOnly, wacloud.Button{ID: "a", Title: "A"}, at(0))}, want: noon},
		{name: "a reaction", come: [][]byte{wacloudtest.Reaction(phoneOnly, wacloud.Reaction{MessageID: "wamid.A", Emoji: "👍"}, at(0))}, want: noon},
		{name: "a message that the API does not deliver", come: [][]byte{wacloudtest.Unsupported(phoneOnly, "poll_creation", at(0))}, want: noon},
		{name: "a message while somebody else holds the conversation", come: [][]byte{wacloudtest.Text(phoneOnly, "1", at(0), wacloudtest.Standby())}, want: noon},
		{name: "a call", come: [][]byte{windowCall(windowStart, "connect", "USER_INITIATED", `"from":"15550001234"`)}, want: noon},
		{
			name: "a call of a user who hides the number",
			come: [][]byte{
				wacloudtest.Text(bothNames, "1", at(-time.Hour)),
				windowCall(windowStart, "connect", "USER_INITIATED", `"from_user_id":"US.ab12"`),
			},
			want: noon,
		},
		{name: "a call of the business", come: [][]byte{windowCall(windowStart, "connect", "BUSINESS_INITIATED", `"from":"15550001234"`)}},
		{name: "the end of a call", come: [][]byte{windowCall(windowStart, "terminate", "USER_INITIATED", `"from":"15550001234"`)}},
		{name: "a later message", come: [][]byte{wacloudtest.Text(phoneOnly, "1", at(-time.Hour)), wacloudtest.Text(phoneOnly, "2", at(0))}, want: noon},
		{name: "a message that came late", come: [][]byte{wacloudtest.Text(phoneOnly, "1", at(0)), wacloudtest.Text(phoneOnly, "2", at(-time.Hour))}, want: noon},
		{name: "half a minute later", come: [][]byte{wacloudtest.Text(phoneOnly, "1", at(-30*time.Second)), wacloudtest.Text(phoneOnly, "2", at(0))}, want: noon},
		{name: "another user", come: [][]byte{wacloudtest.Text(phoneOnly, "1", at(0))}, to: wacloud.Phone("+15550009999")},
		{name: "another number", come: [][]byte{wacloudtest.Text(phoneOnly, "1", at(0), wacloudtest.ToNumber("100000000000009"))}},
		{name: "a message in a group", come: [][]byte{wacloudtest.Text(phoneOnly, "1", at(0), wacloudtest.InGroup("G1"))}},
		{name: "a group", to: wacloud.GroupID("G1")},
		{name: "an echo", come: [][]byte{wacloudtest.Echo(phoneOnly, "1", at(0))}},
		{name: "a status", come: [][]byte{wacloudtest.Status(wacloud.Status{ID: "wamid.A", Status: "read", Timestamp: windowStart, Recipient: phoneOnly})}},
		{name: "a new name of the user", come: [][]byte{wacloudtest.System(phoneOnly, wacloud.SystemContent{Type: "customer_identity_changed"}, at(0))}},
		{name: "a changed message", come: [][]byte{wacloudtest.Edit(phoneOnly, "wamid.A", wacloud.TextContent{Body: "2"}, at(0))}},
		{name: "a deleted message", come: [][]byte{wacloudtest.Revoke(phoneOnly, "wamid.A", at(0))}},
		{
			name: "from an ad: free is not open",
			come: [][]byte{referral("sent", windowStart.Add(72*time.Hour)), referral("delivered", time.Time{})},
			want: wacloud.Window{FreeUntil: windowStart.Add(72 * time.Hour)},
		},
		{
			name: "from an ad: said late",
			come: [][]byte{referral("delivered", time.Time{}), referral("sent", windowStart.Add(72*time.Hour))},
			want: wacloud.Window{FreeUntil: windowStart.Add(72 * time.Hour)},
		},
		{
			name: "from an ad: both",
			come: [][]byte{wacloudtest.Text(phoneOnly, "1", at(0)), referral("sent", windowStart.Add(72*time.Hour))},
			want: wacloud.Window{ClosesAt: windowStart.Add(24 * time.Hour), FreeUntil: windowStart.Add(72 * time.Hour)},
		},
		{
			name: "the user id of a number",
			come: [][]byte{wacloudtest.Text(bothNames, "1", at(0))}, to: wacloud.UserID("US.ab12"), want: noon,
		},
		{
			name: "the number of a user id",
			come: [][]byte{wacloudtest.Text(bothNames, "1", at(-time.Hour)), wacloudtest.Text(userIDOnly, "2", at(0))}, want: noon,
		},
		{
			name: "a user id without a number",
			come: [][]byte{wacloudtest.Text(userIDOnly, "1", at(0))}, to: wacloud.UserID("US.ab12"), want: noon,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := wacloud.NewMemoryStore()
			srv, client := windowBot(t, store)
			windowDeliver(srv, tt.come...)
			to := tt.to
			if to.IsZero() {
				to = phoneOnly.Recipient()
			}
			got, err := client.Window(t.Context(), to)
			require.NoError(t, err)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Window (-want +got):\n%s", diff)
			}
			srv.HandlerErrors()
		})
	}
}

// A user who is asked for by another number than the WhatsApp id has the window of the messages that come from there, once Meta
// has said so.
func TestWindowOfAnotherWhatsAppID(t *testing.T) {
	t.Parallel()
	store := wacloud.NewMemoryStore()
	srv, _ := windowBot(t, store)
	asked := wacloud.Phone(aliasAsked)
	srv.User("Ana before", wacloudtest.WithPhone(aliasAsked))
	client := srv.Client(wacloud.WithStore(store), wacloud.WithHTTPClient(&http.Client{Transport: answersAlias{srv.HTTPClient().Transport, aliasAsked, aliasOwned}}))
	windowDeliver(srv, wacloudtest.Text(wacloud.User{Phone: aliasOwned}, "oi", wacloudtest.At(windowStart)))
	w, err := client.Window(t.Context(), asked)
	require.NoError(t, err)
	require.False(t, w.Known())
	_, err = client.Send(t.Context(), asked, wacloud.NewText("olá"))
	require.NoError(t, err)
	w, err = client.Window(t.Context(), asked)
	require.NoError(t, err)
	require.Equal(t, wacloud.Window{ClosesAt: windowStart.Add(24 * time.Hour)}, w)
}

func TestWindowClosed(t *testing.T) {
	t.Parallel()
	known := wacloud.Window{ClosesAt: windowStart}
	for _, tt := range []struct {
		name string
		w    wacloud.Window
		now  time.Time
		want bool
	}{
		{"before", known, windowStart.Add(-time.Second), false},
		{"at the end", known, windowStart, true},
		{"after", known, windowStart.Add(time.Hour), true},
		{"unknown", wacloud.Window{}, windowStart, false},
		{"free, and unknown", wacloud.Window{FreeUntil: windowStart}, windowStart.Add(time.Hour), false},
		{"free, and closed", wacloud.Window{ClosesAt: windowStart, FreeUntil: windowStart.Add(72 * time.Hour)}, windowStart.Add(time.Hour), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, tt.w.Closed(tt.now))
		})
	}
	require.True(t, known.Known())
	require.False(t, wacloud.Window{FreeUntil: windowStart}.Known())
}

// Events come to several processes in any order: whoever writes last must not take the window back.
func TestWindowOnlyMovesForwardInManyProcesses(t *testing.T) {
	t.Parallel()
	store := wacloud.NewMemoryStore()
	first, here := windowBot(t, store)
	second, there := windowBot(t, store)
	say := func(srv *wacloudtest.Server, text string, d time.Duration) {
		windowDeliver(srv, wacloudtest.Text(phoneOnly, text, wacloudtest.At(windowStart.Add(d))))
	}
	closes := func(c *wacloud.Client) time.Duration {
		w, err := c.Window(t.Context(), phoneOnly.Recipient())
		require.NoError(t, err)
		return w.ClosesAt.Sub(windowStart) - 24*time.Hour
	}
	say(first, "1", 0)
	say(second, "2", 10*time.Minute)
	say(first, "3", 5*time.Minute)
	require.Equal(t, 10*time.Minute, closes(here))
	require.Equal(t, 10*time.Minute, closes(there))

	say(first, "4", 10*time.Minute+59*time.Second)
	require.Equal(t, 10*time.Minute+59*time.Second, closes(here), "exact where the event came")
	require.Equal(t, 10*time.Minute, closes(there), "elsewhere up to a minute early")
	say(first, "5", 11*time.Minute)
	require.Equal(t, 11*time.Minute, closes(there))
}

// swapRace lets another process write between the reading and the writing of a key.
type swapRace struct {
	wacloud.Store
	prefix string
	before func()
}

func (s *swapRace) Swap(ctx context.Context, key string, old uint64, value []byte, ttl time.Duration) (bool, error) {
	if s.before != nil && len(key) > len(s.prefix) && key[:len(s.prefix)] == s.prefix {
		before := s.before
		s.before = nil
		before()
	}
	return s.Store.Swap(ctx, key, old, value, ttl)
}

func TestWindowWritersDoNotOverwriteEachOther(t *testing.T) {
	t.Parallel()
	store := wacloud.NewMemoryStore()
	second, _ := windowBot(t, store)
	first, client := windowBot(t, &swapRace{store, "window|", func() {
		windowDeliver(second, wacloudtest.Text(phoneOnly, "1", wacloudtest.At(windowStart.Add(time.Hour))))
	}})
	windowDeliver(first, wacloudtest.Text(phoneOnly, "2", wacloudtest.At(windowStart)))
	w, err := client.Window(t.Context(), phoneOnly.Recipient())
	require.NoError(t, err)
	require.Equal(t, windowStart.Add(25*time.Hour), w.ClosesAt)
}

// A user who writes a lot costs one write a minute, and nothing in between.
func TestWindowIsWrittenRarely(t *testing.T) {
	t.Parallel()
	store := &countingStore{Store: wacloud.NewMemoryStore()}
	srv, _ := windowBot(t, store)
	for i := range 180 {
		windowDeliver(srv, wacloudtest.Text(phoneOnly, strconv.Itoa(i), wacloudtest.At(windowStart.Add(time.Duration(i)*time.Second))))
	}
	require.Equal(t, [2]int{3, 3}, store.calls("window|"))
	other, _ := windowBot(t, store)
	windowDeliver(other, wacloudtest.Text(phoneOnly, "other", wacloudtest.At(windowStart.Add(170*time.Second))))
	require.Equal(t, [2]int{4, 3}, store.calls("window|"), "nor does another process write the same minute")
	entries, err := store.Scan(t.Context(), "window|", "", 10)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.NotContains(t, entries[0].Key+string(entries[0].Value), phoneOnly.Phone)
}

func TestWindowIsForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := wacloud.NewMemoryStore()
		srv, _ := windowBot(t, store)
		windowDeliver(srv, wacloudtest.Text(phoneOnly, "1"))
		_, later := windowBot(t, store) // a process that knows only what is stored
		sleep(30*24*time.Hour - time.Second)
		w, err := later.Window(t.Context(), phoneOnly.Recipient())
		require.NoError(t, err)
		require.True(t, w.Closed(time.Now()))
		sleep(2 * time.Second)
		w, err = later.Window(t.Context(), phoneOnly.Recipient())
		require.NoError(t, err)
		require.Equal(t, wacloud.Window{}, w)
	})
}

func TestWindowErrors(t *testing.T) {
	t.Parallel()
	srv := wacloudtest.NewServer(t, wacloudtest.InMemory())
	w, err := srv.Client().Window(t.Context(), phoneOnly.Recipient())
	require.NoError(t, err)
	require.False(t, w.Known(), "without a store nothing is known")

	_, err = srv.Client().Window(t.Context(), wacloud.Phone("12"))
	require.ErrorContains(t, err, "wacloud: window: to")

	_, err = srv.Client(wacloud.WithStore(brokenStore{get: true})).Window(t.Context(), phoneOnly.Recipient())
	require.ErrorIs(t, err, errStoreDown)
}
