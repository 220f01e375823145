package wacloud_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

func TestEventMethodsAreSafeOnNothing(t *testing.T) {
	t.Parallel()
	var none *wacloud.Event
	for name, e := range map[string]*wacloud.Event{
		"nil":                    none,
		"zero":                   {},
		"message without one":    {Kind: wacloud.KindMessage},
		"status without one":     {Kind: wacloud.KindStatus},
		"echo without one":       {Kind: wacloud.KindEcho},
		"message without anyone": {Kind: wacloud.KindMessage, Message: &wacloud.InboundMessage{}},
		"status of nobody":       {Kind: wacloud.KindStatus, Status: &wacloud.Status{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, e.Text())
			require.Empty(t, e.UserKey())
			require.True(t, e.Chat().IsZero())
			require.Empty(t, e.Body())
			require.NotPanics(t, func() { _ = e.Key(); _ = fmt.Sprintf("%v %+v %#v", e, e, e) })
		})
	}
}

func TestUserKey(t *testing.T) {
	t.Parallel()
	key := func(e wacloud.Event) wacloud.UserKey { return e.UserKey() }
	message := func(number string, from wacloud.User) wacloud.Event {
		return wacloud.Event{Kind: wacloud.KindMessage, PhoneNumberID: number, Message: &wacloud.InboundMessage{From: from}}
	}
	both := wacloud.User{Phone: "15550001234", ID: "US.ada"}
	require.Equal(t, key(message("1", both)), key(message("1", wacloud.User{Phone: "15550001234"})), "the phone names the user")
	require.Equal(t, key(message("1", both)), key(wacloud.Event{
		Kind: wacloud.KindEcho, PhoneNumberID: "1", Message: &wacloud.InboundMessage{From: wacloud.User{Phone: "9"}, To: both},
	}), "an echo is about whom it went to")
	require.Equal(t, key(message("1", both)), key(wacloud.Event{
		Kind: wacloud.KindStatus, PhoneNumberID: "1", Status: &wacloud.Status{Recipient: both},
	}))
	require.Equal(t, key(message("1", both)), key(wacloud.Event{
		Kind: wacloud.KindStatus, PhoneNumberID: "1", Status: &wacloud.Status{GroupID: "g", Participant: both},
	}))
	require.NotEqual(t, key(message("1", both)), key(message("2", both)), "of another number")
	require.NotEqual(t, key(message("1", both)), key(message("1", wacloud.User{ID: "US.ada"})))
	require.NotEqual(t, key(message("1", wacloud.User{Phone: "5"})), key(message("1", wacloud.User{ID: "5"})))
}

func TestLanes(t *testing.T) {
	t.Parallel()
	first := parseOne(t, webhookSample(t, "text.json"))
	tap := parseOne(t, webhookSample(t, "standby_inbound_carousel_tap.json"))
	require.Equal(t, first.Key(), tap.Key(), "all messages of one user are in one lane")
	require.Equal(t, string(first.UserKey()), first.Key())

	sent, read := parseOne(t, webhookSample(t, "status_sent.json")), parseOne(t, webhookSample(t, "status_read.json"))
	require.Equal(t, sent.Key(), read.Key(), "all statuses of one message are in one lane")
	require.NotEqual(t, first.Key(), sent.Key(), "which is not the user's: a slow handler delays no receipt")
}

func TestChatOfAGroupIsTheGroup(t *testing.T) {
	t.Parallel()
	e := parseOne(t, webhookSample(t, "text_group.json"))
	require.Equal(t, wacloud.GroupID("grp_0001"), e.Chat())
	require.Contains(t, e.Key(), "15550001234", "the lane is the member's")

	echo := parseOne(t, []byte(`{"entry":[{"id":"1","changes":[{"field":"standby","value":{"standby":{"message_echoes":[`+
		`{"id":"e","message":{"to":"grp_1","recipient_type":"group","type":"text","text":{"body":"x"}}}]}}}]}]}`))
	require.Equal(t, wacloud.GroupID("grp_1"), echo.Chat())
	require.Equal(t, wacloud.User{}, echo.Message.To)
}

func TestKindsHaveNames(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for k := wacloud.KindUnknown; k <= wacloud.KindAccount; k++ {
		names[k.String()] = true
	}
	for k := wacloud.ReplyKindButton; k <= wacloud.ReplyKindPayment; k++ {
		names["reply "+k.String()] = true
	}
	require.Len(t, names, 6+7)
	require.Equal(t, "kind 99", wacloud.Kind(99).String())
	require.Equal(t, "reply kind 99", wacloud.ReplyKind(99).String())
}

// TestReceivedTypesPrintNoPersonalData prints everything that a webhook becomes, in every way that ends up in logs.
func TestReceivedTypesPrintNoPersonalData(t *testing.T) {
	t.Parallel()
	people := []string{"15550001234", "US.ab12CD34ef56", "Ada", "ada.example", "Grace", "15550007777", "15550008888", "US.newid0001"}
	all := append([]string{"hello", "wamid."}, people...) // Meta's ids of messages hold the phone number in base64
	for _, name := range sampleNames(t) {
		for _, e := range parseEvents(t, webhookSample(t, name)) {
			printed := printAll(e, &e, e.Chat()) + fmt.Sprintf("%+v %#v", []any{e, &e}, []any{e, &e})
			if m := e.Message; m != nil {
				printed += printAll(m, *m, m.From, m.To)
				requireNone(t, people, printAll(m.Content))
			}
			if s := e.Status; s != nil {
				printed += printAll(s, *s, s.Recipient, s.Participant)
			}
			requireNone(t, all, printed)
			requireNone(t, people, logAll("user", e.UserKey()))
			require.Contains(t, printed, e.Kind.String())
		}
	}
	requireNone(t, all, printAll(messageOf(t, "text_reply_context").Context))
}

func printAll(values ...any) string {
	var b strings.Builder
	for _, v := range values {
		fmt.Fprintf(&b, "%v %+v %#v %s %q %d\n%s", v, v, v, v, v, v, logAll("value", v))
	}
	return b.String()
}

func logAll(args ...any) string {
	var b bytes.Buffer
	slog.New(slog.NewJSONHandler(&b, nil)).Info("log", args...)
	slog.New(slog.NewTextHandler(&b, nil)).Info("log", args...)
	return b.String()
}

func requireNone(t *testing.T, secrets []string, in string) {
	t.Helper()
	for _, secret := range secrets {
		require.NotContains(t, in, secret)
	}
}

func TestLogValueTellsEventsApart(t *testing.T) {
	t.Parallel()
	text := func(e *wacloud.Event) string { return e.LogValue().String() }
	one, again := parseOne(t, webhookSample(t, "text.json")), parseOne(t, webhookSample(t, "text.json"))
	other := parseOne(t, webhookSample(t, "image.json"))
	require.Equal(t, text(one), text(again))
	require.NotEqual(t, text(one), text(other))
	for _, key := range []string{"wa.event.kind", "wa.phone_number_id", "wa.user_hash", "wa.message_id_hash"} {
		require.Contains(t, text(one), key)
	}
	one.Attempt = 3
	require.Contains(t, text(one), "attempt=3")
}

func TestEventErrorShowsNoNumber(t *testing.T) {
	t.Parallel()
	err := wacloud.EventError{Code: 131026, Title: "t", Message: "Message to +15550001234 undeliverable"}
	require.NotContains(t, err.Error(), "15550001234")
	require.Contains(t, err.Error(), "131026")
	require.True(t, strings.HasPrefix(err.Error(), "wacloud: "))
	require.Contains(t, wacloud.EventError{Code: 1, Title: "only a title"}.Error(), "only a title")
}
