package wacloud_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// messagesBody wraps messages, written as JSON, in an envelope with one number and one contact.
func messagesBody(messages ...string) []byte {
	return valueBody(`"messages":[` + strings.Join(messages, ",") + `]`)
}

// valueBody wraps members of a value in the same envelope.
func valueBody(members string) []byte {
	return fmt.Appendf(nil, `{"object":"whatsapp_business_account","entry":[{"id":"WABA1","changes":[{"value":{`+
		`"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550005555","phone_number_id":"111"},`+
		`"contacts":[{"profile":{"name":"Ada"},"wa_id":"15550001234","user_id":"US.ada"}],%s},"field":"messages"}]}]}`, members)
}

func parseEvents(tb testing.TB, body []byte) []wacloud.Event {
	tb.Helper()
	events, err := wacloud.ParseWebhook(body)
	require.NoError(tb, err)
	return events
}

func parseOne(tb testing.TB, body []byte) *wacloud.Event {
	tb.Helper()
	events := parseEvents(tb, body)
	require.Len(tb, events, 1)
	return &events[0]
}

// diffEvents compares all that an event shows.
func diffEvents(want, got any) string {
	return cmp.Diff(want, got, cmpopts.IgnoreUnexported(wacloud.Event{}))
}

// requireRoundTrip checks the promises about Body that hold for every event.
func requireRoundTrip(tb testing.TB, e *wacloud.Event) {
	tb.Helper()
	body := e.Body()
	require.True(tb, json.Valid(body), "%s", body)
	again, err := wacloud.ParseWebhook(body)
	require.NoError(tb, err)
	require.Len(tb, again, 1, "%s", body)
	require.Empty(tb, diffEvents(e, &again[0]), "%s", body)
	require.Equal(tb, e.Key(), again[0].Key())
	require.Equal(tb, string(body), string(again[0].Body()), "the body of the body")
}

func TestBodyGivesTheEventAgain(t *testing.T) {
	t.Parallel()
	for _, name := range sampleNames(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			events := parseEvents(t, webhookSample(t, name))
			for i := range events {
				requireRoundTrip(t, &events[i])
			}
		})
	}
}

func TestBodyOfOddEnvelopes(t *testing.T) {
	t.Parallel()
	for _, body := range oddEnvelopes {
		t.Run(body.name, func(t *testing.T) {
			t.Parallel()
			events := parseEvents(t, []byte(body.json))
			require.Len(t, events, body.events)
			ids := map[string]bool{}
			for i := range events {
				requireRoundTrip(t, &events[i])
				ids[events[i].ID] = true
			}
			require.Len(t, ids, len(events), "all ids differ")
		})
	}
}

// oddEnvelopes are bodies that Meta does not document, with the number of events that keep everything.
var oddEnvelopes = []struct {
	name   string
	json   string
	events int
}{
	{"null", `null`, 1},
	{"string", `"hello"`, 1},
	{"empty object", `{}`, 1},
	{"empty array", `[]`, 1},
	{"no entry", `{"object":"whatsapp_business_account"}`, 1},
	{"empty entry", `{"object":"whatsapp_business_account","entry":[]}`, 1},
	{"entry is an object", `{"object":"whatsapp_business_account","entry":{"id":"1"}}`, 1},
	{"entries that are nothing", `{"object":"whatsapp_business_account","entry":[null,7,{},{"id":"1"},{"id":"1"}]}`, 5},
	{"no changes", `{"object":"whatsapp_business_account","entry":[{"id":"1","time":2,"changes":[]}]}`, 1},
	{"changes that are nothing", `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[null,[],{}, {"field":"messages"},{"value":{}},{"field":5,"value":{}},{"field":"messages","value":[]}]}]}`, 7},
	{"value without a list", `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{}}]}]}`, 1},
	{"lists that are none", `{"entry":[{"id":"1","changes":[{"field":"messages","value":{"messages":null,"statuses":7}}]}]}`, 1},
	{"empty lists", `{"entry":[{"id":"1","changes":[{"field":"messages","value":{"messages":[],"statuses":[]}}]}]}`, 1},
	{"elements that are nothing", `{"entry":[{"id":"1","changes":[{"field":"messages","value":{"messages":[null,5,"x",[],{},{}],"statuses":[{},{"id":"w"}],"errors":[null,{}]}}]}]}`, 10},
	{"a list that is an object", `{"entry":[{"id":"1","changes":[{"field":"messages","value":{"messages":{"id":"w"}}}]}]}`, 1},
	{"a list with a new name", `{"entry":[{"id":"1","changes":[{"field":"messages","value":{"polls":[{"id":"1"},{"id":"1"}],"messages":[{"id":"w"}],"extra":{"a":1}}}]}]}`, 4},
	{"a name that needs escapes", `{"entry":[{"id":"1","changes":[{"field":"messages","value":{"a\"\u0000b":[1]}}]}]}`, 1},
	{"standby in standby", `{"entry":[{"id":"1","changes":[{"field":"standby","value":{"standby":{"standby":{"messages":[{"id":"w"}]}}}}]}]}`, 1},
	{"the same broken element in two changes", `{"entry":[{"id":"1","changes":[{"field":"messages","value":{"messages":[{}]}},{"field":"messages","value":{"messages":[{}]}}]}]}`, 2},
	{"the same broken element four times", `{"entry":[{"id":"1","changes":[{"field":"messages","value":{"messages":[{}],"standby":{"messages":[{}]}}}]},{"id":"1","changes":[{"field":"messages","value":{"messages":[{}],"messages":[{}]}}]}]}`, 4},
	{"another product", `{"object":"page","entry":[{"id":"1","messaging":[{"sender":{"id":"2"}}]}]}`, 1},
	{"object behind the entries", `{"entry":[{"id":"1","changes":[{"field":"messages","value":{"messages":[{"id":"w"}]}}]}],"object":"whatsapp_business_account"}`, 1},
	{"another product behind the entries", `{"entry":[{"id":"1","changes":[{"field":"messages","value":{"messages":[{"id":"w"}]}}]}],"object":"instagram"}`, 1},
	{"id and time behind the changes", `{"entry":[{"changes":[{"value":{"event":"X"},"field":"account_update"}],"time":5,"id":"1"}]}`, 1},
	{"space everywhere", " {\n\"entry\" : [ { \"id\" : \"1\" , \"changes\" : [ { \"field\" : \"messages\" , \"value\" : { \"messages\" : [ { \"id\" : \"w\" } , 7 ] } } ] } ] } ", 2},
}

// brokenBatch is one webhook with 1,000 updates, every tenth of them broken in one of five ways.
func brokenBatch() []byte {
	elements := make([]string, 0, 1000)
	for i := range 1000 {
		switch {
		case i%50 == 0:
			elements = append(elements, `{"type":"text","text":{"body":"no id"}}`)
		case i%50 == 10:
			elements = append(elements, `null`)
		case i%50 == 20:
			elements = append(elements, `["not","an","object"]`)
		case i%50 == 30:
			elements = append(elements, `{"id":{"a":1},"type":["text"],"timestamp":{},"from":false}`)
		case i%50 == 40:
			elements = append(elements, `"\ud800"`)
		default:
			elements = append(elements, fmt.Sprintf(
				`{"from":"1555%07d","id":"wamid.B%d","timestamp":"1790000000","type":"text","text":{"body":"%d"}}`, i, i, i))
		}
	}
	return messagesBody(elements...)
}

func TestBatchOfAThousandWithBrokenElements(t *testing.T) {
	t.Parallel()
	body := brokenBatch()
	events := parseEvents(t, body)
	require.Len(t, events, 1000)
	ids := map[string]bool{}
	for i := range events {
		e := &events[i]
		ids[e.ID] = true
		if i%10 == 0 {
			require.Equal(t, wacloud.KindUnknown, e.Kind, "element %d", i)
			require.Nil(t, e.Message)
			require.NotEmpty(t, e.Raw)
		} else {
			require.Equal(t, wacloud.KindMessage, e.Kind, "element %d", i)
			require.Equal(t, strconv.Itoa(i), e.Text())
		}
		require.Equal(t, "111", e.PhoneNumberID)
	}
	require.Len(t, ids, 1000, "all ids differ")
	for i := range events {
		again := parseOne(t, events[i].Body())
		require.Equal(t, events[i].ID, again.ID)
		require.Equal(t, events[i].Key(), again.Key())
	}
	for _, e := range parseEvents(t, body) {
		require.Contains(t, ids, e.ID, "the same body twice has no new id")
	}
}

func TestIDsOfSamplesDifferAndRepeat(t *testing.T) {
	t.Parallel()
	for _, name := range sampleNames(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ids := map[string]bool{}
			events := parseEvents(t, webhookSample(t, name))
			for _, e := range events {
				ids[e.ID] = true
			}
			require.Len(t, ids, len(events))
			for _, e := range parseEvents(t, webhookSample(t, name)) {
				require.Contains(t, ids, e.ID)
			}
		})
	}
}

func TestTheSameAlertAtAnotherTimeIsAnotherEvent(t *testing.T) {
	t.Parallel()
	body := webhookSample(t, "phone_number_quality_update.json")
	later := bytes.Replace(body, []byte("1790000000"), []byte("1790000001"), 1)
	require.NotEqual(t, body, later)
	require.NotEqual(t, parseOne(t, body).ID, parseOne(t, later).ID)
	require.Equal(t, parseOne(t, body).Key(), parseOne(t, later).Key(), "in the same lane")
}

func TestTwoPaymentsOnOneMessageAreTwoEvents(t *testing.T) {
	t.Parallel()
	body := webhookSample(t, "status_payment_captured.json")
	other := bytes.Replace(body, []byte("pg-1"), []byte("pg-2"), 1)
	require.NotEqual(t, body, other)
	require.NotEqual(t, parseOne(t, body).ID, parseOne(t, other).ID)
}

func TestBodyHoldsOneElementAndItsOwnContact(t *testing.T) {
	t.Parallel()
	events := parseEvents(t, []byte(`{"object":"whatsapp_business_account","entry":[{"id":"WABA1","changes":[{"value":{`+
		`"messaging_product":"whatsapp","metadata":{"phone_number_id":"111"},`+
		`"contacts":[{"profile":{"name":"Ada"},"wa_id":"1"},{"profile":{"name":"Bob"},"wa_id":"2"}],`+
		`"messages":[{"from":"2","id":"w2","type":"text","text":{"body":"b"}},{"from":"3","id":"w3"}]},"field":"messages"}]}]}`))
	require.Len(t, events, 2)
	require.JSONEq(t, `{"object":"whatsapp_business_account","entry":[{"id":"WABA1","changes":[{"field":"messages","value":{`+
		`"messaging_product":"whatsapp","metadata":{"phone_number_id":"111"},`+
		`"messages":[{"from":"2","id":"w2","type":"text","text":{"body":"b"}}],`+
		`"contacts":[{"profile":{"name":"Bob"},"wa_id":"2"}]}}]}]}`, string(events[0].Body()))
	require.JSONEq(t, `{"object":"whatsapp_business_account","entry":[{"id":"WABA1","changes":[{"field":"messages","value":{`+
		`"messaging_product":"whatsapp","metadata":{"phone_number_id":"111"},`+
		`"messages":[{"from":"3","id":"w3"}]}}]}]}`, string(events[1].Body()))
}

func TestEventsShareNoMemoryWithTheBody(t *testing.T) {
	t.Parallel()
	for _, name := range sampleNames(t) {
		body := webhookSample(t, name)
		want := parseEvents(t, body)
		scratch := bytes.Clone(body)
		got := parseEvents(t, scratch)
		for i := range scratch {
			scratch[i] = 'X'
		}
		require.Empty(t, diffEvents(want, got), name)
		for i := range got {
			require.Equal(t, string(want[i].Body()), string(got[i].Body()))
			clear(got[i].Body())
			clear(got[i].Raw)
			requireStrings(t, &want[i], &got[i])
		}
	}
}

// requireStrings checks what does not hang on Raw, which the caller may change.
func requireStrings(t *testing.T, want, got *wacloud.Event) {
	t.Helper()
	require.Equal(t, want.ID, got.ID)
	require.Equal(t, want.Key(), got.Key())
	require.Equal(t, string(want.Body()), string(got.Body()))
	if want.Message != nil {
		require.Empty(t, cmp.Diff(want.Message.Content, got.Message.Content))
		require.Empty(t, cmp.Diff(want.Message.Reply, got.Message.Reply))
	}
}

func TestParseWebhookRefusesWhatIsNoJSON(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", " ", "{", "\xef\xbb\xbf{}", "hub.mode=subscribe", `{"entry":[NaN]}`, "{}{}"} {
		events, err := wacloud.ParseWebhook([]byte(body))
		require.ErrorContains(t, err, "wacloud: parse webhook: ")
		require.Empty(t, events)
	}
}
