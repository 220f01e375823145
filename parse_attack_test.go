package wacloud_test

import (
	"bytes"
	"context"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// The tests here are attacks on the parser, numbered as all the library's attacks are.

// requireHandled posts a body, signed, to a running webhook: the answer is 200, and so many events reach the handler.
func requireHandled(t *testing.T, body []byte, events int) {
	t.Helper()
	handled := make(chan string, events)
	inbox := newHookInbox(wacloud.NewMemoryInbox())
	cfg := hookConfig(t, wacloud.HandlerFunc(func(_ context.Context, e *wacloud.Event) error {
		handled <- e.ID
		return nil
	}))
	cfg.Inbox = inbox
	w, stop := hookStart(t, cfg)
	require.Equal(t, 200, hookStatus(w, hookRequest(t.Context(), attackURL, body)))
	require.Equal(t, []int{events}, inbox.putSizes())
	ids := map[string]bool{}
	for range events {
		select {
		case id := <-handled:
			ids[id] = true
		case <-time.After(10 * time.Second):
			t.Fatalf("%d of %d events came", len(ids), events)
		}
	}
	require.Len(t, ids, events)
	stop()
}

func TestAttack22DeepNesting(t *testing.T) {
	t.Parallel()
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	_, err := wacloud.ParseWebhook([]byte(nested(10_001)))
	require.Error(t, err)
	requireHandled(t, []byte(nested(10_001)), 1) // signed, so it is kept
	_, err = wacloud.ParseWebhook([]byte(strings.Repeat(`{"entry":[`, 1_000_000)))
	require.Error(t, err)

	events := parseEvents(t, messagesBody(nested(9_000), `{"id":"w","from":"1","type":"text","text":{"body":"x"}}`))
	require.Len(t, events, 2)
	require.Equal(t, wacloud.KindUnknown, events[0].Kind)
	require.Equal(t, "x", events[1].Text())

	edits := strings.Repeat(`{"id":"w","type":"edit","edit":{"message":`, 3_000) + "{}" + strings.Repeat("}}", 3_000)
	require.Equal(t, wacloud.KindMessage, parseOne(t, messagesBody(edits)).Kind)
}

func TestAttack23ArrayOfAMillion(t *testing.T) {
	t.Parallel()
	inOne := `{"id":"w","type":"text","text":{"body":"x"},"extra":[` + strings.Repeat("0,", 999_999) + `0]}`
	e := parseOne(t, messagesBody(inOne))
	require.Equal(t, "x", e.Text())
	requireHandled(t, messagesBody(inOne), 1)

	if testing.Short() {
		t.Skip("a million events")
	}
	start := time.Now()
	events := parseEvents(t, []byte(`{"entry":[`+strings.Repeat("0,", 99_999)+`0]}`))
	require.Len(t, events, 100_000)
	ids := make(map[string]bool, len(events))
	for i := range events {
		ids[events[i].ID] = true
	}
	require.Len(t, ids, len(events))
	require.Less(t, time.Since(start), 20*time.Second, "time grows with the body, not with its square")
}

func TestAttack24OddJSON(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"entry":[NaN]}`, "\xef\xbb\xbf{}", `{"a":"` + "\x00" + `"}`, "{'a':1}", `{"a":Infinity}`, `{"a":1,}`, `{"a":"\x"}`, "\x00", "\xff\xfe{\x00}\x00",
	} {
		_, err := wacloud.ParseWebhook([]byte(body))
		require.Error(t, err, "%q", body)
		requireHandled(t, []byte(body), 1)
	}
	e := parseOne(t, messagesBody(`{"id":"a","id":"b","from":"1","type":"text","text":{"body":"x"},"text":{"body":"y"}}`))
	require.Equal(t, "b", e.Message.ID, "the last one counts, as in encoding/json")
	require.Equal(t, "y", e.Text())

	texts := map[string]string{
		`\ud800`:                      "\ufffd",
		`\udc00\ud800`:                "\ufffd\ufffd",
		"\xff\xfe":                    "\ufffd\ufffd",
		`\u0000`:                      "\x00",
		`\ud83d\ude00`:                "😀",
		strings.Repeat("ä", 500_000):  strings.Repeat("ä", 500_000),
		strings.Repeat(`\n`, 500_000): strings.Repeat("\n", 500_000),
	}
	for written, want := range texts {
		e := parseOne(t, messagesBody(`{"id":"w","from":"1","type":"text","text":{"body":"`+written+`"}}`))
		require.Equal(t, want, e.Text())
		again := parseOne(t, e.Body())
		require.Equal(t, want, again.Text())
		require.Equal(t, e.ID, again.ID)
		requireHandled(t, e.Body(), 1)
	}
}

func TestAttack25NumbersAndStrings(t *testing.T) {
	t.Parallel()
	never := time.Time{}
	for timestamp, want := range map[string]time.Time{
		`-1`: never, `"-1790000000"`: never, `0`: never, `99999999999999999999`: never, `"9223372036854775808"`: never,
		strconv.Itoa(math.MaxInt64): never, `1e300`: never, `"soon"`: never, `true`: never, `[1]`: never, `{}`: never, `null`: never, `1.5`: never,
		`253402300799`: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		`253402300800`: never,
	} {
		e := parseOne(t, messagesBody(`{"id":1234567890123456789012345,"from":15550001234,"timestamp":`+timestamp+`,"type":"text","text":{"body":12.50}}`))
		require.Equal(t, want, e.Timestamp, timestamp)
		require.Equal(t, "1234567890123456789012345", e.Message.ID, "all its digits")
		require.Equal(t, wacloud.WaID("15550001234"), e.Chat())
		require.Equal(t, "12.50", e.Text())
		requireRoundTrip(t, e)
		requireHandled(t, e.Body(), 1)
	}
	var codes []int
	for _, e := range parseEvents(t, valueBody(`"errors":[{"code":"130429"},{"code":1e99},{"code":"x"},{"code":null},{"code":131000.0}]`)) {
		codes = append(codes, e.Errors[0].Code)
	}
	require.Equal(t, []int{130429, 0, 0, 0, 131000}, codes)
}

func TestAttack26MissingParts(t *testing.T) {
	t.Parallel()
	for _, odd := range oddEnvelopes {
		require.Len(t, parseEvents(t, []byte(odd.json)), odd.events, odd.name)
		requireHandled(t, []byte(odd.json), odd.events)
	}
	e := parseOne(t, []byte(`{"entry":[{"changes":[{"field":"messages","value":{"messages":[{"id":"w","type":"text","text":{"body":"x"}}]}}]}]}`))
	require.Equal(t, wacloud.KindMessage, e.Kind)
	require.Empty(t, e.PhoneNumberID)
	require.NotEmpty(t, e.ID)
	require.NotEmpty(t, e.Key())
	require.True(t, e.Chat().IsZero())
}

func TestAttack28OnlyAUserID(t *testing.T) {
	t.Parallel()
	e := parseOne(t, webhookSample(t, "text_bsuid_only_no_phone.json"))
	require.Equal(t, wacloud.UserID("US.ab12CD34ef56"), e.Chat())
	require.Equal(t, e.Key(), string(e.UserKey()))
	require.NotEqual(t, e.Key(), parseOne(t, webhookSample(t, "text.json")).Key())
	requireHandled(t, e.Body(), 1)
}

func TestAttack29HostileIDs(t *testing.T) {
	t.Parallel()
	ids := map[string]bool{}
	for _, id := range []string{
		strings.Repeat("w", 10_000), strings.Repeat("w", 10_001), `'\";--`, `\n`, `\r\n`, `%00`, `\u0000`, `\u0000\u0000`, `|`, `\ud83d\ude00`, `\\`, ` `,
	} {
		e := parseOne(t, messagesBody(`{"from":"`+id+`","id":"`+id+`","type":"text","text":{"body":"x"}}`))
		require.Equal(t, wacloud.KindMessage, e.Kind)
		for _, key := range []string{e.ID, e.Key()} {
			require.LessOrEqual(t, len(key), 200)
			require.False(t, strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r == 0x7f }), "%q", key)
			require.False(t, ids[key], "%q", key)
			ids[key] = true
		}
		requireRoundTrip(t, e)
		requireHandled(t, e.Body(), 1)
	}
}

func TestAttack30SeparatorsInIDs(t *testing.T) {
	t.Parallel()
	keys := map[string]string{}
	for _, number := range []string{"1", "1|1:2", "1|", "", "1:"} {
		for _, id := range []string{"2", "1:2|2", "|2", "2|1:3", "1|2", "3:a"} {
			for _, from := range []string{"3", "|3", "2|1:3"} {
				e := parseOne(t, []byte(`{"entry":[{"id":"A","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"`+number+
					`"},"messages":[{"id":"`+id+`","from":"`+from+`"}]}}]}]}`))
				for _, k := range []struct{ key, of string }{
					{e.ID, "id of " + number + " and " + id},
					{e.Key(), "lane of " + number + " and " + from},
				} {
					if of, seen := keys[k.key]; seen {
						require.Equal(t, of, k.of, "both are %s", k.key)
					}
					keys[k.key] = k.of
				}
			}
		}
	}
	require.Len(t, keys, 5*6+5*3)
}

func TestAttack27AllIDsOfABatchRepeat(t *testing.T) {
	t.Parallel()
	first, second := parseEvents(t, brokenBatch()), parseEvents(t, bytes.Clone(brokenBatch()))
	for i := range first {
		require.Equal(t, first[i].ID, second[i].ID)
	}
}
