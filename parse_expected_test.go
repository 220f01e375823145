package wacloud_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// expectedEvent is one event of testdata/webhooks/expected.json, which is written by hand.
type expectedEvent struct {
	Kind string `json:"kind"`
	// ID is the whole id; "h|" when it is the hash of Hashed.
	ID     string `json:"id"`
	Hashed *struct {
		EntryID   string `json:"entry_id"`
		EntryTime string `json:"entry_time"`
		Field     string `json:"field"`
		List      string `json:"list"`
		Index     int    `json:"index"`
		Element   string `json:"element"` // JSON pointer to it
	} `json:"hashed"`
	IDHashOf  string         `json:"id_hash_of"` // JSON pointer to the element whose SHA-256 ends the id
	Lane      string         `json:"lane"`
	Recipient string         `json:"recipient"` // of an answer: wa_id:…, user_id:…, group:…, or nobody
	Number    string         `json:"number"`    // the phone number id
	Standby   bool           `json:"standby"`
	Content   string         `json:"content"`
	Reply     *expectedReply `json:"reply"`
}

type expectedReply struct {
	Kind        string `json:"kind"`
	ID          string `json:"id"`
	Title       string `json:"title"`
	Context     string `json:"context"`
	Description string `json:"description"`
	Data        any    `json:"data"`
}

// mayBeUnknown are the samples with an event or a content that the library does not know, and why.
var mayBeUnknown = map[string]string{
	"interactive_unknown_subtype.json":         "an interactive reply that does not exist yet",
	"standby_echo_flow_as_galaxy_message.json": "an echo has its interactive object in the shape of a send, which stays raw",
	"unknown_field.json":                       "a field that does not exist yet",
}

func TestExpectedWebhooks(t *testing.T) {
	t.Parallel()
	var expected map[string][]expectedEvent
	require.NoError(t, json.Unmarshal(webhookSample(t, "expected.json"), &expected))
	require.Equal(t, sampleNames(t), slices.Sorted(maps.Keys(expected)), "every sample has its expectation")
	for name, want := range expected {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := webhookSample(t, name)
			events, err := wacloud.ParseWebhook(body)
			require.NoError(t, err)
			for i := range want {
				want[i].resolve(t, body)
			}
			got := make([]expectedEvent, 0, len(events))
			for i := range events {
				got = append(got, describe(t, &events[i]))
			}
			require.Empty(t, cmp.Diff(want, got), "(-expected +got)")
			for _, e := range got {
				if e.Kind == "unknown" || e.Content == "UnknownContent" {
					require.Contains(t, mayBeUnknown, name)
				}
			}
		})
	}
}

// resolve computes the hashes that the file cannot hold, from what it says they are made of.
func (e *expectedEvent) resolve(t *testing.T, body []byte) {
	t.Helper()
	if e.IDHashOf != "" {
		sum := sha256.Sum256(at(t, body, e.IDHashOf))
		e.ID += "|64:" + hex.EncodeToString(sum[:])
		e.IDHashOf = ""
	}
	if e.Hashed == nil {
		return
	}
	h := sha256.New()
	for _, field := range []string{
		e.Hashed.EntryID, e.Hashed.EntryTime, e.Hashed.Field, e.Hashed.List, strconv.Itoa(e.Hashed.Index),
		string(at(t, body, e.Hashed.Element)),
	} {
		fmt.Fprintf(h, "|%d:%s", len(field), field)
	}
	e.ID += hex.EncodeToString(h.Sum(nil))
	e.Hashed = nil
}

// at is the raw JSON that a pointer leads to.
func at(t *testing.T, body json.RawMessage, pointer string) json.RawMessage {
	t.Helper()
	for step := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		if i, err := strconv.Atoi(step); err == nil {
			var list []json.RawMessage
			require.NoError(t, json.Unmarshal(body, &list))
			body = list[i]
			continue
		}
		var object map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(body, &object))
		body = object[step]
	}
	require.NotEmpty(t, body, "nothing at %s", pointer)
	return body
}

func describe(t *testing.T, e *wacloud.Event) expectedEvent {
	t.Helper()
	got := expectedEvent{
		Kind: e.Kind.String(), ID: e.ID, Lane: e.Key(), Number: e.PhoneNumberID, Standby: e.Standby, Recipient: recipientText(e),
	}
	if e.Message == nil {
		return got
	}
	got.Content = strings.TrimPrefix(fmt.Sprintf("%T", e.Message.Content), "wacloud.")
	if r := e.Message.Reply; r != nil {
		got.Reply = &expectedReply{
			Kind: r.Kind.String(), ID: r.ID, Title: r.Title, Context: r.ContextID, Description: r.Description,
		}
		if r.Data != nil {
			require.NoError(t, json.Unmarshal(r.Data, &got.Reply.Data))
		}
	}
	return got
}

// recipientText is the event's chat in the notation of expected.json. A Recipient itself shows no number.
func recipientText(e *wacloud.Event) string {
	var users []wacloud.User
	var groups []string
	if m := e.Message; m != nil {
		users, groups = append(users, m.From, m.To), append(groups, m.GroupID)
	}
	if s := e.Status; s != nil {
		users, groups = append(users, s.Recipient), append(groups, s.GroupID)
	}
	for _, id := range groups {
		if id != "" && e.Chat() == wacloud.GroupID(id) {
			return "group:" + id
		}
	}
	for _, u := range users {
		switch {
		case u.Phone != "" && e.Chat() == wacloud.WaID(u.Phone):
			return "wa_id:" + u.Phone
		case u.ID != "" && e.Chat() == wacloud.UserID(u.ID):
			return "user_id:" + u.ID
		}
	}
	if e.Chat().IsZero() {
		return ""
	}
	return "somebody else"
}

// sampleNames are the files of testdata/webhooks that hold a webhook.
func sampleNames(tb testing.TB) []string {
	tb.Helper()
	entries, err := os.ReadDir("testdata/webhooks")
	require.NoError(tb, err)
	var names []string
	for _, e := range entries {
		if e.Name() != "expected.json" {
			names = append(names, e.Name())
		}
	}
	require.Len(tb, names, 83)
	return names
}
