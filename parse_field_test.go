package wacloud_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// The tests here are named after defects that were found in other libraries for the same API: each is a webhook that
// one of them loses, misreads or fails on.

func TestFieldBatchLosesNoMessage(t *testing.T) {
	t.Parallel()
	var texts []string
	for _, e := range parseEvents(t, webhookSample(t, "batch_two_changes.json")) {
		switch e.Kind {
		case wacloud.KindMessage:
			texts = append(texts, e.Text())
		case wacloud.KindStatus:
			texts = append(texts, e.Status.Status)
		default:
			t.Errorf("unexpected %v", e.Kind)
		}
	}
	require.Equal(t, []string{"one", "two", "delivered", ""}, texts, "two entries, three changes, in order")
}

func TestFieldEveryEventHasItsOwnNumber(t *testing.T) {
	t.Parallel()
	change := func(number, id string) string {
		return fmt.Sprintf(`{"field":"messages","value":{"metadata":{"phone_number_id":%q,"display_phone_number":"+%s"},`+
			`"messages":[{"id":%q,"from":"1","type":"text","text":{"body":"x"}}]}}`, number, number, id)
	}
	events := parseEvents(t, []byte(`{"entry":[{"id":"A","changes":[`+change("111", "a")+`,`+change("222", "b")+`]},`+
		`{"id":"B","changes":[`+change("333", "c")+`]}]}`))
	require.Len(t, events, 3)
	for i, want := range []string{"111", "222", "333"} {
		require.Equal(t, want, events[i].PhoneNumberID)
		require.Equal(t, "+"+want, events[i].DisplayPhoneNumber)
	}
	require.Equal(t, "A", events[1].BusinessAccountID)
	require.Equal(t, "B", events[2].BusinessAccountID)
	require.NotEqual(t, events[0].UserKey(), events[1].UserKey(), "the same user of another number")
}

func TestFieldEveryMessageHasItsOwnContact(t *testing.T) {
	t.Parallel()
	events := parseEvents(t, []byte(`{"entry":[{"id":"A","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"111"},`+
		`"messages":[{"id":"a","from":"1"},{"id":"b","from":"2"},{"id":"c","from_user_id":"US.3"},{"id":"d","from":"4"},{"id":"e"},`+
		`{"id":"f","from":"5","from_user_id":"US.2"}],`+
		`"contacts":[{"wa_id":"2","user_id":"US.2","profile":{"name":"Bob"}},{"user_id":"US.3","profile":{"name":"Cy","username":"cy"}},`+
		`{"wa_id":1,"profile":{"name":"Ada"}},{"profile":{"name":"Nobody"}},7,null]}}]}]}`))
	require.Len(t, events, 6)
	want := []wacloud.User{
		{Phone: "1", Name: "Ada"},
		{Phone: "2", ID: "US.2", Name: "Bob"},
		{ID: "US.3", Name: "Cy", Username: "cy"},
		{Phone: "4"},
		{},
		{Phone: "5", ID: "US.2", Name: "Bob"},
	}
	for i := range events {
		require.Equal(t, want[i], events[i].Message.From, "message %d", i)
	}
}

func TestFieldManyContactsAreMatchedToo(t *testing.T) {
	t.Parallel()
	var contacts, messages []string
	for i := range 200 {
		contacts = append(contacts, fmt.Sprintf(`{"wa_id":"%d","user_id":"US.%d","profile":{"name":"N%d"}}`, 1000+i, i, i))
		messages = append(messages, fmt.Sprintf(`{"id":"a%d","from":"%d"},{"id":"b%d","from_user_id":"US.%d"}`, i, 1000+i, i, i))
	}
	events := parseEvents(t, []byte(`{"entry":[{"id":"A","changes":[{"field":"messages","value":{"contacts":[`+
		strings.Join(contacts, ",")+`],"messages":[`+strings.Join(messages, ",")+`]}}]}]}`))
	require.Len(t, events, 400)
	for i := range events {
		want := wacloud.User{Phone: strconv.Itoa(1000 + i/2), ID: fmt.Sprintf("US.%d", i/2), Name: fmt.Sprintf("N%d", i/2)}
		require.Equal(t, want, events[i].Message.From)
	}
}

func TestFieldNumericTimestamp(t *testing.T) {
	t.Parallel()
	want := time.Unix(1790000000, 0).UTC()
	for _, timestamp := range []string{`1790000000`, `"1790000000"`, `1.79e9`, `1790000000.0`} {
		e := parseOne(t, messagesBody(`{"id":"w","from":"1","timestamp":`+timestamp+`,"type":"text","text":{"body":"x"}}`))
		require.Equal(t, want, e.Timestamp, timestamp)
		require.Equal(t, want, e.Message.Timestamp, timestamp)
	}
}

func TestFieldFloatPrice(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{`12.5`: "12.5", `"12.50"`: "12.50", `100`: "100", `null`: ""} {
		e := parseOne(t, messagesBody(`{"id":"w","type":"order","order":{"product_items":[{"item_price":`+written+`}]}}`))
		order, ok := e.Message.Content.(wacloud.OrderContent)
		require.True(t, ok)
		require.Equal(t, want, order.Items[0].Price)
	}
}

func TestFieldStringEntryTimeAndNumericExpiry(t *testing.T) {
	t.Parallel()
	e := parseOne(t, []byte(`{"entry":[{"id":7,"time":"1790000000","changes":[{"field":"account_update","value":{}}]}]}`))
	require.Equal(t, time.Unix(1790000000, 0).UTC(), e.Timestamp)
	require.Equal(t, "7", e.BusinessAccountID)
	permission := messageOf(t, "call_permission_accept").Reply
	require.Contains(t, string(permission.Data), "1790604800")
}

func TestFieldMissingProfileContactsContextAndFrom(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, members string }{
		{"no contacts", `"messages":[{"id":"w","type":"button","button":{"payload":"p","text":"t"}}]`},
		{"contacts null", `"contacts":null,"messages":[{"id":"w","type":"button","button":{"payload":"p"}}]`},
		{"empty contact", `"contacts":[{}],"messages":[{"id":"w","from":"1","type":"button","button":{"payload":"p"}}]`},
		{"no profile", `"contacts":[{"wa_id":"1"}],"messages":[{"id":"w","from":"1","type":"button","button":{"payload":"p"}}]`},
		{"profile null", `"contacts":[{"wa_id":"1","profile":null}],"messages":[{"id":"w","from":"1","type":"button","button":{"payload":"p"}}]`},
		{"context null", `"messages":[{"id":"w","from":"1","context":null,"type":"button","button":{"payload":"p"}}]`},
		{"empty context", `"messages":[{"id":"w","from":"1","context":{},"type":"button","button":{"payload":"p"}}]`},
		{"from null", `"messages":[{"id":"w","from":null,"type":"button","button":{"payload":"p"}}]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := parseOne(t, valueBody(tt.members))
			require.Equal(t, wacloud.KindMessage, e.Kind)
			require.Equal(t, "p", e.Message.Reply.ID)
			require.Empty(t, e.Message.Reply.ContextID)
			require.NotEmpty(t, e.Key())
			requireRoundTrip(t, e)
		})
	}
}

func TestFieldReactionWithoutEmoji(t *testing.T) {
	t.Parallel()
	for _, emoji := range []string{``, `,"emoji":""`, `,"emoji":null`} {
		e := parseOne(t, messagesBody(`{"id":"w","from":"1","type":"reaction","reaction":{"message_id":"o"`+emoji+`}}`))
		require.Equal(t, wacloud.ReactionContent{MessageID: "o"}, e.Message.Content)
	}
}

func TestFieldFlowAnswerIsNoButton(t *testing.T) {
	t.Parallel()
	reply := messageOf(t, "flow_nfm_reply").Reply
	require.Equal(t, wacloud.ReplyKindFlow, reply.Kind)
	require.JSONEq(t, `{"flow_token":"tok-1","name":"Ada","slot":"0900"}`, string(reply.Data), "the user's own keys, untouched")
}

func TestFieldUnknownIsKept(t *testing.T) {
	t.Parallel()
	e := parseOne(t, messagesBody(`{"from":"1","id":"w","type":"poll","poll":{"Question":"?"}}`))
	require.Equal(t, wacloud.KindMessage, e.Kind)
	require.Equal(t, "poll", e.Message.Type)
	require.JSONEq(t, `{"from":"1","id":"w","type":"poll","poll":{"Question":"?"}}`, string(e.Raw))
	require.JSONEq(t, string(e.Raw), string(e.Message.Raw))

	e = parseOne(t, valueBody(`"statuses":[{"id":"w","status":"warmed_up","timestamp":"1"}]`))
	require.Equal(t, "warmed_up", e.Status.Status)

	e = parseOne(t, webhookSample(t, "unknown_field.json"))
	require.Equal(t, wacloud.KindUnknown, e.Kind)
	require.Equal(t, "some_future_field", e.Field)
	require.JSONEq(t, `{"anything":{"new":true}}`, string(e.Raw))
}

func TestFieldKeysAreCaseSensitive(t *testing.T) {
	t.Parallel()
	e := parseOne(t, messagesBody(`{"id":"good","ID":"evil","from":"1","FROM":"2","type":"text","text":{"body":"a","Body":"b"}}`))
	require.Equal(t, "good", e.Message.ID)
	require.Equal(t, "1", e.Message.From.Phone)
	require.Equal(t, "a", e.Text())
}

func TestFieldOneOddMessageHidesNoOther(t *testing.T) {
	t.Parallel()
	good := `{"id":"good","from":"1","type":"text","text":{"body":"x"}}`
	for _, odd := range []string{
		`null`, `17`, `"x"`, `[]`, `{}`, `{"id":null}`, `{"id":"w","type":7}`, `{"id":"w","from":{"a":[]},"timestamp":"soon"}`,
		`{"id":"w","type":"interactive","interactive":{"button_reply":5}}`, `{"id":"w","type":"order","order":{"product_items":{}}}`,
		`{"id":"w","type":"contacts","contacts":[null,7,{"phones":5}]}`, `{"id":"w","context":"c","referral":[],"identity":1,"errors":{}}`,
		`{"id":"w","type":"system","system":"x"}`, `{"id":"w","type":"edit","edit":{"message":[]}}`,
	} {
		events := parseEvents(t, messagesBody(odd, good))
		require.Len(t, events, 2, odd)
		require.Equal(t, "x", events[1].Text(), odd)
		require.JSONEq(t, odd, string(events[0].Raw))
		if events[0].Message != nil {
			require.NotNil(t, events[0].Message.Content, odd)
		}
		requireRoundTrip(t, &events[0])
	}
}

func TestFieldMessagesAndErrorsTogether(t *testing.T) {
	t.Parallel()
	events := parseEvents(t, webhookSample(t, "interactive_missing_object.json"))
	require.Len(t, events, 2)
	require.Equal(t, 131000, events[0].Errors[0].Code)
	require.Equal(t, "wamid.IN0043", events[1].Message.ID)
}

func TestFieldStatusesAreNoMessages(t *testing.T) {
	t.Parallel()
	require.Len(t, parseEvents(t, webhookSample(t, "text.json")), 1, "no status and no error beside a message")
	e := parseOne(t, webhookSample(t, "status_played.json"))
	require.Equal(t, "played", e.Status.Status)
	require.Nil(t, e.Message)
}

func TestFieldListReplyKeepsItsDescription(t *testing.T) {
	t.Parallel()
	require.Equal(t, "Room 1", messageOf(t, "interactive_list_reply").Reply.Description)
}

// A bot that is told of a receipt before the message it followed answers in the wrong state.
func TestFieldEventsComeInTheOrderOfTheBody(t *testing.T) {
	t.Parallel()
	message, status := `"messages":[{"id":"m","from":"1","type":"text","text":{"body":"x"}}]`, `"statuses":[{"id":"s","status":"read"}]`
	for _, tt := range []struct {
		members string
		want    []wacloud.Kind
	}{
		{message + "," + status, []wacloud.Kind{wacloud.KindMessage, wacloud.KindStatus}},
		{status + "," + message, []wacloud.Kind{wacloud.KindStatus, wacloud.KindMessage}},
	} {
		var got []wacloud.Kind
		for _, e := range parseEvents(t, valueBody(tt.members)) {
			got = append(got, e.Kind)
		}
		require.Equal(t, tt.want, got)
	}
}

// The names of account fields were misspelt, or a webhook without metadata was refused, so these never arrived.
func TestFieldAccountWebhooksArrive(t *testing.T) {
	t.Parallel()
	for _, field := range []string{
		"message_template_status_update", "message_template_quality_update", "template_category_update", "account_review_update",
		"business_capability_update", "phone_number_name_update", "phone_number_quality_update", "account_update", "account_alerts",
	} {
		e := parseOne(t, []byte(`{"entry":[{"id":"1","time":2,"changes":[{"field":"`+field+`","value":{"event":"X"}}]}]}`))
		require.Equal(t, wacloud.KindAccount, e.Kind, field)
		require.Equal(t, field, e.Field)
		require.JSONEq(t, `{"event":"X"}`, string(e.Raw))
	}
}
