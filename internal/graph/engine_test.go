package graph_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/internal/graph"
)

const number = "100000000000001"

func newEngine(t *testing.T, change ...func(*graph.Config)) *graph.Engine {
	t.Helper()
	cfg := graph.Config{
		Numbers: []graph.Number{
			{ID: number, Display: "15550005555", BusinessAccountID: "200000000000001"},
			{ID: "100000000000002", Display: "15550005556", BusinessAccountID: "200000000000001"},
		},
		Token: "test-token", AppSecret: "test-secret", VerifyToken: "verify", BaseURL: "http://127.0.0.1",
		Now: func() time.Time { return time.Unix(1_790_000_000, 0) },
	}
	for _, f := range change {
		f(&cfg)
	}
	e, err := graph.New(cfg)
	require.NoError(t, err)
	t.Cleanup(e.Close)
	return e
}

// graphAnswer is an answer of the Graph API; Error is nil for a success.
type graphAnswer struct {
	Status int    `json:"-"`
	Body   string `json:"-"`
	Error  *struct {
		Message   string `json:"message"`
		Type      string `json:"type"`
		Code      int    `json:"code"`
		Subcode   int    `json:"error_subcode"`
		Transient bool   `json:"is_transient"`
		TraceID   string `json:"fbtrace_id"`
		Data      struct {
			Product string `json:"messaging_product"`
			Details string `json:"details"`
		} `json:"error_data"`
	} `json:"error"`
}

func post(t *testing.T, e *graph.Engine, path, token, body string) graphAnswer {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	a := graphAnswer{Status: w.Code}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &a), w.Body.String())
	a.Body = w.Body.String()
	return a
}

func send(t *testing.T, e *graph.Engine, body string) graphAnswer {
	t.Helper()
	return post(t, e, "/v23.0/"+number+"/messages", "test-token", body)
}

// Every request sample of Meta's pages for the messages endpoint is accepted, also those that the library keeps as Raw.
func TestEverySampleIsAccepted(t *testing.T) {
	t.Parallel()
	elsewhere := []string{ // not for the messages endpoint
		"block_users.json", "conversational_automation.json",
		"response_error.json", "response_error_transient.json", "response_success.json", "response_success_bsuid.json",
		"marketing_messages.json", // an endpoint of its own
		"mark_read.json", "mark_read_typing.json",
	}
	files, err := filepath.Glob("../../testdata/payloads/*.json")
	require.NoError(t, err)
	require.Len(t, files, 65)
	for _, name := range files {
		if slices.Contains(elsewhere, filepath.Base(name)) {
			continue
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			body, err := os.ReadFile(name)
			require.NoError(t, err)
			e := newEngine(t)
			a := send(t, e, string(body))
			require.Equal(t, http.StatusOK, a.Status, a.Body)
			require.Contains(t, a.Body, `"messages":[{"id":"wamid.OUT0001"`)
			require.Len(t, e.Sent(), 1)
		})
	}
}

func TestAnswersToAcceptedMessages(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, body, want string }{
		{
			"phone", `{"messaging_product":"whatsapp","to":"+1 555 000 1234","type":"text","text":{"body":"hi"}}`,
			`{"messaging_product":"whatsapp","contacts":[{"input":"+1 555 000 1234","wa_id":"15550001234"}],"messages":[{"id":"wamid.OUT0001"}]}`,
		},
		{
			"user id", `{"messaging_product":"whatsapp","recipient":"US.ab12CD34ef56","type":"text","text":{"body":"hi"}}`,
			`{"messaging_product":"whatsapp","contacts":[{"input":"US.ab12CD34ef56","user_id":"US.ab12CD34ef56"}],"messages":[{"id":"wamid.OUT0001"}]}`,
		},
		{
			"group", `{"messaging_product":"whatsapp","recipient_type":"group","to":"grp_0001","type":"text","text":{"body":"hi"}}`,
			`{"messaging_product":"whatsapp","contacts":[{"input":"grp_0001","wa_id":"grp_0001"}],"messages":[{"id":"wamid.OUT0001","group_id":"grp_0001"}]}`,
		},
		{
			"template", `{"messaging_product":"whatsapp","to":"15550001234","type":"template","template":{"name":"hello_world","language":{"code":"en_US"}}}`,
			`{"messaging_product":"whatsapp","contacts":[{"input":"15550001234","wa_id":"15550001234"}],"messages":[{"id":"wamid.OUT0001","message_status":"accepted"}]}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, send(t, newEngine(t), tt.body).Body); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhoMayCall(t *testing.T) {
	t.Parallel()
	const body = `{"messaging_product":"whatsapp","to":"15550001234","type":"text","text":{"body":"hi"}}`
	for _, tt := range []struct {
		name, path, token string
		status, code      int
	}{
		{"no token", "/v23.0/" + number + "/messages", "", 401, 190},
		{"another token", "/v23.0/" + number + "/messages", "test-tokem", 401, 190},
		{"longer token", "/v23.0/" + number + "/messages", "test-token2", 401, 190},
		{"what looks real", "/v23.0/" + number + "/messages", "EAAGm0PX4ZCpsBA", 401, 190},
		{"unknown number", "/v23.0/100000000000009/messages", "test-token", 400, 33},
		{"no version", "/graph/" + number + "/messages", "test-token", 400, 2500},
		{"half a version", "/v23/" + number + "/messages", "test-token", 400, 2500},
		{"unknown path", "/v23.0/" + number + "/letters", "test-token", 400, 2500},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t)
			a := post(t, e, tt.path, tt.token, body)
			require.Equal(t, tt.status, a.Status)
			require.NotNil(t, a.Error)
			require.Equal(t, tt.code, a.Error.Code)
			require.Equal(t, "OAuthException", a.Error.Type)
			require.NotEmpty(t, a.Error.TraceID)
			require.Empty(t, e.Sent())
		})
	}
}

// A real token is neither kept nor repeated, not even in the record of calls.
func TestRealTokenIsNotKept(t *testing.T) {
	t.Parallel()
	const token = "EAAcanarytoken"
	e := newEngine(t)
	a := post(t, e, "/v23.0/"+number+"/messages", token, `{}`)
	require.NotContains(t, a.Body, "canary")
	require.Len(t, e.Calls(), 1)
	require.NotContains(t, fmt.Sprintf("%+v", e.Calls()), "canary")
	require.NotContains(t, string(e.Calls()[0].Response), "canary")
	_, err := graph.New(graph.Config{Numbers: e.Numbers(), Token: token, AppSecret: "s"})
	require.ErrorContains(t, err, "looks like a real one")
	require.NotContains(t, err.Error(), "canary")
}

// The refusals are taken from Meta's page of error codes: 131008 for what is missing, 131009 for values, 100 for what does
// not fit the schema, 131051 for types that nobody names, 131021 for writing to oneself.
func TestBrokenMessagesAreRefused(t *testing.T) {
	t.Parallel()
	const head = `{"messaging_product":"whatsapp","recipient_type":"individual","to":"+15550001234",`
	text := func(s string) string { return head + `"type":"text","text":` + s + `}` }
	inner := func(s string) string { return head + `"type":"interactive","interactive":` + s + `}` }
	buttons := func(s string) string {
		return inner(`{"type":"button","body":{"text":"b"},"action":{"buttons":[` + s + `]}}`)
	}
	list := func(button, sections string) string {
		return inner(`{"type":"list","body":{"text":"b"},"action":{"button":"` + button + `","sections":[` + sections + `]}}`)
	}
	card := func(index int, header, action string) string {
		return `{"card_index":` + string(rune('0'+index)) + `,"type":"button","header":` + header + `,"action":` + action + `}`
	}
	const picture = `{"type":"image","image":{"link":"https://cdn.example.com/1.jpg"}}`
	quick := func(id string) string {
		return `{"buttons":[{"type":"quick_reply","quick_reply":{"id":"` + id + `","title":"Choose"}}]}`
	}
	carousel := func(cards ...string) string {
		return inner(`{"type":"carousel","body":{"text":"b"},"action":{"cards":[` + strings.Join(cards, ",") + `]}}`)
	}
	reply := func(id, title string) string {
		return `{"type":"reply","reply":{"id":"` + id + `","title":"` + title + `"}}`
	}
	rows := func(n int) string {
		var all []string
		for i := range n {
			all = append(all, `{"id":"r`+string(rune('a'+i))+`","title":"Row"}`)
		}
		return strings.Join(all, ",")
	}
	for _, tt := range []struct {
		name, body string
		code       int
		path       string // at the start of the details
	}{
		{"not JSON", `{"messaging_product":`, 100, "$"},
		{"an array", `[]`, 100, "$"},
		{"no product", `{"to":"15550001234","type":"text","text":{"body":"hi"}}`, 131008, "messaging_product"},
		{"another product", `{"messaging_product":"messenger","to":"15550001234","type":"text","text":{"body":"hi"}}`, 100, "messaging_product"},
		{"no recipient", `{"messaging_product":"whatsapp","type":"text","text":{"body":"hi"}}`, 131008, "to"},
		{"recipient too short", `{"messaging_product":"whatsapp","to":"+12345","type":"text","text":{"body":"hi"}}`, 131009, "to"},
		{"recipient is a name", `{"messaging_product":"whatsapp","to":"ana","type":"text","text":{"body":"hi"}}`, 131009, "to"},
		{"to oneself", `{"messaging_product":"whatsapp","to":"+1 555 000 5555","type":"text","text":{"body":"hi"}}`, 131021, "to"},
		{"unknown recipient type", `{"messaging_product":"whatsapp","recipient_type":"crowd","to":"15550001234","type":"text","text":{"body":"hi"}}`, 131009, "recipient_type"},
		{"type nobody names", head + `"type":"telegram","telegram":{}}`, 131051, "type"},
		{"type without content", head + `"type":"image"}`, 131008, "image"},
		{"unknown top field", head + `"type":"text","text":{"body":"hi"},"prority":1}`, 100, "prority"},
		{"unknown inner field", text(`{"body":"hi","preview":true}`), 100, "text.preview"},
		{"number for a string", text(`{"body":5}`), 100, "text.body"},
		{"same key twice", text(`{"body":"a","body":"b"}`), 100, "text.body"},
		{"empty text", text(`{"body":""}`), 131009, "text.body"},
		{"no text", text(`{}`), 131008, "text.body"},
		{"text over 4096", text(`{"body":"` + strings.Repeat("x", 4097) + `"}`), 131009, "text.body"},
		{"context without id", head + `"context":{},"type":"text","text":{"body":"hi"}}`, 131009, "context"},
		{"image with id and link", head + `"type":"image","image":{"id":"1","link":"https://cdn.example.com/1.jpg"}}`, 131009, "image"},
		{"image with neither", head + `"type":"image","image":{"caption":"x"}}`, 131009, "image"},
		{"link that is no address", head + `"type":"image","image":{"link":"ftp://cdn.example.com/1.jpg"}}`, 131009, "image.link"},
		{"caption over 1024", head + `"type":"image","image":{"id":"1","caption":"` + strings.Repeat("x", 1025) + `"}}`, 131009, "image.caption"},
		{"latitude over 90", head + `"type":"location","location":{"latitude":"90.5","longitude":"1.0"}}`, 131009, "location.latitude"},
		{"reaction to nothing", head + `"type":"reaction","reaction":{"emoji":"👍"}}`, 131008, "reaction.message_id"},
		{"inner type nobody names", inner(`{"type":"galaxy_message","body":{"text":"b"},"action":{}}`), 131009, "interactive.type"},
		{"no action", inner(`{"type":"button","body":{"text":"b"}}`), 131008, "interactive.action"},
		{"no buttons", buttons(``), 131009, "interactive.action.buttons"},
		{"four buttons", buttons(strings.Join([]string{reply("a", "A"), reply("b", "B"), reply("c", "C"), reply("d", "D")}, ",")), 131009, "interactive.action.buttons"},
		{"title over 20", buttons(reply("a", strings.Repeat("x", 21))), 131009, "interactive.action.buttons[0].reply.title"},
		{"id over 256", buttons(reply(strings.Repeat("x", 257), "A")), 131009, "interactive.action.buttons[0].reply.id"},
		{"same id twice", buttons(reply("a", "A") + "," + reply("a", "B")), 131009, "interactive.action.buttons[1].reply.id"},
		{"id with a space at its end", buttons(reply("a ", "A")), 131009, "interactive.action.buttons[0].reply.id"},
		{"eleven rows", list("Open", `{"rows":[`+rows(11)+`]}`), 131009, "interactive.action.sections"},
		{"eleven rows in two sections", list("Open", `{"title":"A","rows":[`+rows(10)+`]},{"title":"B","rows":[{"id":"z","title":"Row"}]}`), 131009, "interactive.action.sections"},
		{"two sections, one untitled", list("Open", `{"title":"A","rows":[{"id":"a","title":"Row"}]},{"rows":[{"id":"b","title":"Row"}]}`), 131009, "interactive.action.sections[1].title"},
		{"empty description", list("Open", `{"rows":[{"id":"a","title":"Row","description":""}]}`), 131009, "interactive.action.sections[0].rows[0].description"},
		{"list label over 20", list(strings.Repeat("x", 21), `{"rows":[{"id":"a","title":"Row"}]}`), 131009, "interactive.action.button"},
		{"one card", carousel(card(0, picture, quick("a"))), 131009, "interactive.action.cards"},
		{"card without header", inner(`{"type":"carousel","body":{"text":"b"},"action":{"cards":[{"card_index":0,"type":"button","action":` + quick("a") + `},` + card(1, picture, quick("b")) + `]}}`), 131008, "interactive.action.cards[0].header"},
		{"card ids not unique", carousel(card(0, picture, quick("a")), card(1, picture, quick("a"))), 131009, "interactive.action.cards[1].action.buttons[0].quick_reply.id"},
		{"cards of two kinds", carousel(card(0, picture, quick("a")), card(1, picture, `{"name":"cta_url","parameters":{"display_text":"Go","url":"https://example.com"}}`)), 131009, "interactive.action.cards[1]"},
		{"carousel with a footer", inner(`{"type":"carousel","body":{"text":"b"},"footer":{"text":"f"},"action":{"cards":[` + card(0, picture, quick("a")) + `,` + card(1, picture, quick("b")) + `]}}`), 100, "interactive.footer"},
		{"buttons to a group", `{"messaging_product":"whatsapp","recipient_type":"group","to":"grp_0001","type":"interactive","interactive":{"type":"button","body":{"text":"b"},"action":{"buttons":[` + reply("a", "A") + `]}}}`, 131009, ""},
		{"callback data over 512", head + `"biz_opaque_callback_data":"` + strings.Repeat("x", 513) + `","type":"text","text":{"body":"hi"}}`, 131009, "biz_opaque_callback_data"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t)
			a := send(t, e, tt.body)
			require.Equal(t, http.StatusBadRequest, a.Status, a.Body)
			require.NotNil(t, a.Error)
			require.Equal(t, tt.code, a.Error.Code, a.Body)
			require.Equal(t, "whatsapp", a.Error.Data.Product)
			require.Truef(t, strings.HasPrefix(a.Error.Data.Details, tt.path), "details %q do not start with %q", a.Error.Data.Details, tt.path)
			require.Empty(t, e.Sent())
			require.NotEmpty(t, e.Calls()[0].Problems)
		})
	}
}

// What the library refuses before it sends, the engine refuses too, and the other way round.
func TestLibraryAndEngineAgree(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("é", n) }
	card := func(id string) wacloud.Card {
		return wacloud.NewCard(wacloud.HeaderImage{Media: wacloud.MediaLink("https://cdn.example.com/a.jpg")},
			wacloud.QuickReplies{{ID: id, Title: "Go"}})
	}
	for _, tt := range []struct {
		name string
		m    wacloud.Message
		ok   bool
	}{
		{"text at the limit", wacloud.NewText(long(4096)), true},
		{"text over it", wacloud.NewText(long(4097)), false},
		{"buttons", wacloud.NewButtons("b", wacloud.Button{ID: "a", Title: long(20)}), true},
		{"title over", wacloud.NewButtons("b", wacloud.Button{ID: "a", Title: long(21)}), false},
		{"list", wacloud.NewList("b", wacloud.Menu{Button: "Open", Sections: wacloud.Rows(wacloud.Row{ID: "a", Title: long(24)})}), true},
		{"row title over", wacloud.NewList("b", wacloud.Menu{Button: "Open", Sections: wacloud.Rows(wacloud.Row{ID: "a", Title: long(25)})}), false},
		{"carousel", wacloud.NewCarousel("b", card("a"), card("b")), true},
		{"card ids not unique", wacloud.NewCarousel("b", card("a"), card("a")), false},
		{"link", wacloud.NewCTAURL("b", wacloud.Link{Text: "Go", URL: "https://example.com"}), true},
		{"link without scheme", wacloud.NewCTAURL("b", wacloud.Link{Text: "Go", URL: "example.com"}), false},
		{"location", wacloud.Location{Latitude: 1, Longitude: 2}, true},
		{"location off the map", wacloud.Location{Latitude: 91, Longitude: 2}, false},
		{"a template as it is", wacloud.Raw{Type: "template", JSON: json.RawMessage(`{"name":"x","language":{"code":"en"}}`)}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out := wacloud.Outgoing{To: wacloud.Phone("+15550001234"), Message: tt.m}
			require.Equal(t, tt.ok, tt.m.Validate() == nil, "library")
			body, err := wacloud.EncodeMessage(out)
			require.NoError(t, err)
			e := newEngine(t)
			require.Equal(t, tt.ok, send(t, e, string(body)).Status == http.StatusOK, "engine")
			if tt.ok {
				if diff := cmp.Diff(tt.m, e.Sent()[0].Message); diff != "" {
					t.Errorf("what arrived (-sent +got):\n%s", diff)
				}
			}
		})
	}
}

func TestOnlyJSONIsTaken(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodPost, "/v23.0/"+number+"/messages", strings.NewReader("to=1"))
	r.Header.Set("Authorization", "Bearer test-token")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	newEngine(t).ServeHTTP(w, r)
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Contains(t, w.Body.String(), `"code":100`)
}

func TestRequestsAreBounded(t *testing.T) {
	t.Parallel()
	a := send(t, newEngine(t), `{"messaging_product":"whatsapp","to":"1","type":"text","text":{"body":"`+strings.Repeat("x", 1<<20)+`"}}`)
	require.Equal(t, http.StatusBadRequest, a.Status)
	require.Equal(t, 100, a.Error.Code)
}

func TestFaultsComeInOrderAndRunOut(t *testing.T) {
	t.Parallel()
	const body = `{"messaging_product":"whatsapp","to":"15550001234","type":"text","text":{"body":"hi"}}`
	e := newEngine(t)
	e.Arm(graph.Fault{Code: 130429, RetryAfter: 1500 * time.Millisecond}, 2)
	e.Arm(graph.Fault{HTML: true}, 1)
	e.Arm(graph.Fault{Call: graph.CallRead, Code: 2}, 1)
	require.Equal(t, 4, e.Armed())
	for range 2 {
		require.Equal(t, 130429, send(t, e, body).Error.Code)
	}
	r := httptest.NewRequest(http.MethodPost, "/v23.0/"+number+"/messages", strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer test-token")
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	require.Equal(t, http.StatusBadGateway, w.Code)
	require.Contains(t, w.Header().Get("Content-Type"), "text/html")
	require.Contains(t, w.Body.String(), "<html>")
	require.Equal(t, http.StatusOK, send(t, e, body).Status, "a fault of reading does not hit a send")
	a := send(t, e, `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.IN0001"}`)
	require.Equal(t, http.StatusServiceUnavailable, a.Status)
	require.True(t, a.Error.Transient)
	require.Zero(t, e.Armed())
	e.Arm(graph.Fault{Code: 2}, 5)
	e.Disarm()
	require.Zero(t, e.Armed())
}

func TestRetryAfterIsInWholeSeconds(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	e.Arm(graph.Fault{Code: 4, Status: http.StatusTooManyRequests, RetryAfter: 1500 * time.Millisecond}, 1)
	r := httptest.NewRequest(http.MethodPost, "/v23.0/"+number+"/messages", strings.NewReader("{}"))
	r.Header.Set("Authorization", "Bearer test-token")
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	require.Equal(t, http.StatusTooManyRequests, w.Code)
	require.Equal(t, "2", w.Header().Get("Retry-After"))
}

// A cut before the call is done leaves nothing behind; one after it leaves the message.
func TestCutConnections(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault graph.Fault
		sent  int
	}{
		{"before", graph.Fault{Cut: true}, 0},
		{"after", graph.Fault{CutAfter: true}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t)
			srv := httptest.NewServer(e)
			defer srv.Close()
			for _, hc := range []*http.Client{srv.Client(), {Transport: graph.InProcess{Handler: e}}} {
				e.Arm(tt.fault, 1)
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+"/v23.0/"+number+"/messages",
					strings.NewReader(`{"messaging_product":"whatsapp","to":"15550001234","type":"text","text":{"body":"hi"}}`))
				require.NoError(t, err)
				req.Header.Set("Authorization", "Bearer test-token")
				req.Header.Set("Content-Type", "application/json")
				_, err = hc.Do(req) //nolint:bodyclose // there is no answer
				require.Error(t, err)
				require.True(t, errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF), err)
			}
			require.Len(t, e.Sent(), 2*tt.sent)
		})
	}
}

func TestMarkAsRead(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	ana, err := e.AddUser(wacloud.User{Phone: "15550001234", Name: "Ana"})
	require.NoError(t, err)
	for range 3 {
		_, d := e.Act(t.Context(), graph.Say{Number: number, User: ana, Content: graph.Text("hi")})
		require.Error(t, d.Err, "no bot is connected")
	}
	for _, tt := range []struct {
		name, body string
		code       int
	}{
		{"unknown message", `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.X"}`, 131009},
		{"no id", `{"messaging_product":"whatsapp","status":"read"}`, 131008},
		{"another status", `{"messaging_product":"whatsapp","status":"seen","message_id":"wamid.IN0001"}`, 131009},
		{"no product", `{"status":"read","message_id":"wamid.IN0001"}`, 131008},
		{"another indicator", `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.IN0001","typing_indicator":{"type":"dance"}}`, 131009},
		{"unknown field", `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.IN0001","typing":true}`, 100},
	} {
		a := send(t, e, tt.body)
		require.NotNil(t, a.Error, tt.name)
		require.Equal(t, tt.code, a.Error.Code, tt.name)
	}
	require.False(t, e.Typing(number, ana))
	a := send(t, e, `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.IN0002","typing_indicator":{"type":"text"}}`)
	require.JSONEq(t, `{"success":true}`, a.Body)
	var read []bool
	for _, m := range e.Messages(number, ana, 0) {
		read = append(read, m.Read)
	}
	require.Equal(t, []bool{true, true, false}, read, "the message and those before it")
	require.True(t, e.Typing(number, ana))
	send(t, e, `{"messaging_product":"whatsapp","to":"15550001234","type":"text","text":{"body":"hi"}}`)
	require.False(t, e.Typing(number, ana), "a message ends the indicator")
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	e := newEngine(t, func(c *graph.Config) { c.Keep, c.KeepChats, c.KeepBytes = 8, 3, 100 })
	body := func(to string) string {
		return `{"messaging_product":"whatsapp","to":"` + to + `","type":"text","text":{"body":"hi"}}`
	}
	for range 50 {
		require.Equal(t, http.StatusOK, send(t, e, body("15550001234")).Status)
	}
	require.LessOrEqual(t, len(e.Sent()), 8)
	require.LessOrEqual(t, len(e.Calls()), 8)
	users := e.Users()
	require.LessOrEqual(t, len(e.Messages(number, users[0], 0)), 8)
	_, ok := e.Message("wamid.OUT0050")
	require.True(t, ok, "the newest stays")
	_, ok = e.Message("wamid.OUT0001")
	require.False(t, ok, "the oldest goes")
	for _, to := range []string{"15550000001", "15550000002", "15550000003", "15550000004"} {
		send(t, e, body(to))
	}
	require.Empty(t, e.Messages(number, users[0], 0), "the oldest chat makes room")
	require.LessOrEqual(t, len(e.Users()), 3, "whoever was only written to goes with their chat")
	for range 20 {
		e.AddMedia("image/jpeg", make([]byte, 30))
	}
	_, _, ok = e.MediaFile("900000000000001")
	require.False(t, ok)
	_, _, ok = e.MediaFile("900000000000020")
	require.True(t, ok)
}

func TestWrongUsersAreRefused(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	_, err := e.AddUser(wacloud.User{Phone: "15550001234", ID: "US.1"})
	require.NoError(t, err)
	for _, u := range []wacloud.User{{}, {Phone: "+15550009999"}, {Phone: "15550001234"}, {ID: "US.1"}} {
		_, err := e.AddUser(u)
		require.Error(t, err)
	}
}

func TestMediaTravelsBothWays(t *testing.T) {
	t.Parallel()
	srv := httptest.NewUnstartedServer(nil)
	e := newEngine(t, func(c *graph.Config) { c.BaseURL = "http://" + srv.Listener.Addr().String() + "/base" })
	srv.Config.Handler = http.StripPrefix("/base", e)
	srv.Start()
	defer srv.Close()
	c, err := wacloud.NewClient(number, wacloud.NewSecret("test-token"),
		wacloud.WithBaseURL(srv.URL+"/base"), wacloud.WithMediaHosts("127.0.0.1"))
	require.NoError(t, err)
	data := []byte("\xff\xd8\xff a picture")
	id, err := c.Upload(t.Context(), wacloud.Upload{Reader: bytes.NewReader(data), MIMEType: "image/jpeg", Filename: "a.jpg"})
	require.NoError(t, err)
	info, err := c.MediaURL(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, "image/jpeg", info.MIMEType)
	require.EqualValues(t, len(data), info.Size)
	var got bytes.Buffer
	_, err = c.Download(t.Context(), id, &got, wacloud.Download{})
	require.NoError(t, err)
	require.Equal(t, data, got.Bytes())
	got.Reset()
	inbound := e.AddMedia("image/png", []byte("from the user"))
	_, err = c.Download(t.Context(), inbound.ID, &got, wacloud.Download{SHA256: inbound.SHA256})
	require.NoError(t, err)
	require.Equal(t, "from the user", got.String())
	require.NoError(t, c.DeleteMedia(t.Context(), id))
	_, err = c.MediaURL(t.Context(), id)
	require.ErrorIs(t, err, wacloud.ErrInvalid)
	other, err := c.ForNumber("100000000000002")
	require.NoError(t, err)
	id, err = c.Upload(t.Context(), wacloud.Upload{Reader: bytes.NewReader(data), MIMEType: "image/jpeg", Filename: "a.jpg"})
	require.NoError(t, err)
	_, err = other.MediaURL(t.Context(), id)
	require.ErrorIs(t, err, wacloud.ErrInvalid, "a file belongs to its number")
}

func TestUploadsAreChecked(t *testing.T) {
	t.Parallel()
	form := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
	part := func(name, value string) string {
		return "--b\nContent-Disposition: form-data; name=\"" + name + "\"\n\n" + value + "\n"
	}
	file := "--b\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\nContent-Type: image/jpeg\n\nxx\n"
	for _, tt := range []struct{ name, contentType, body, path string }{
		{"no form", "application/json", "{}", "file"},
		{"no product", "multipart/form-data; boundary=b", part("type", "image/jpeg") + file + "--b--\n", "messaging_product"},
		{"no file", "multipart/form-data; boundary=b", part("messaging_product", "whatsapp") + part("type", "image/jpeg") + "--b--\n", "file"},
		{"unknown type", "multipart/form-data; boundary=b", part("messaging_product", "whatsapp") + part("type", "image/gif") + file + "--b--\n", "file"},
		{"cut off", "multipart/form-data; boundary=b", part("messaging_product", "whatsapp") + file, "file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodPost, "/v23.0/"+number+"/media", strings.NewReader(form(tt.body)))
			r.Header.Set("Authorization", "Bearer test-token")
			r.Header.Set("Content-Type", tt.contentType)
			w := httptest.NewRecorder()
			newEngine(t).ServeHTTP(w, r)
			require.Equal(t, http.StatusBadRequest, w.Code)
			require.Contains(t, w.Body.String(), `"code":100`)
			require.Contains(t, w.Body.String(), `"details":"`+tt.path)
		})
	}
}

// Few large chats are bounded as many small ones are.
func TestBytesOfChatsAreBounded(t *testing.T) {
	t.Parallel()
	e := newEngine(t, func(c *graph.Config) { c.KeepBytes = 10_000 })
	for i := range 10 {
		a := send(t, e, `{"messaging_product":"whatsapp","to":"1555000123`+string(rune('0'+i))+`","type":"text","text":{"body":"`+strings.Repeat("x", 4000)+`"}}`)
		require.Equal(t, http.StatusOK, a.Status)
	}
	require.Len(t, e.Users(), 2)
	_, ok := e.Message("wamid.OUT0010")
	require.True(t, ok)
}

// Whatever is posted is answered as the library would judge it.
func FuzzSend(f *testing.F) {
	files, _ := filepath.Glob("../../testdata/payloads/*.json")
	for _, name := range files {
		if body, err := os.ReadFile(name); err == nil {
			f.Add(body)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		e := newEngine(t)
		a := send(t, e, string(body))
		switch {
		case a.Status == http.StatusOK && len(e.Sent()) == 1:
			out, err := wacloud.DecodeMessage(body)
			require.NoError(t, err)
			for _, p := range out.Check() {
				require.Equal(t, wacloud.SeverityWarning, p.Severity, p)
			}
		case a.Status != http.StatusOK:
			require.NotNil(t, a.Error, a.Body)
			require.Empty(t, e.Sent())
		}
	})
}
