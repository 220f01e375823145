package graph_test

import (
	"encoding/json"
	"fmt"
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

// A file that is larger than all that is kept can be looked at, but no state is so large.
func TestStatesHoldNoFileThatIsTooLarge(t *testing.T) {
	t.Parallel()
	e := newEngine(t, func(c *graph.Config) { c.KeepBytes = 100 })
	e.AddMedia("image/jpeg", make([]byte, 100))
	require.Len(t, e.Save().Files, 1)
	large := e.AddMedia("application/pdf", make([]byte, 101))
	_, _, ok := e.MediaFile(large.ID)
	require.True(t, ok)
	require.Empty(t, e.Save().Files)
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
