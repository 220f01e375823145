package simulator_test

import (
	"bufio"
	"context"
	"encoding/json"
	"go/parser"
	"go/token"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/simulator"
	"github.com/wacloud/wacloud/wacloudtest"
)

// fullEntry is an entry with both bodies.
type fullEntry struct {
	snapshotEntry
	TookMS   float64  `json:"took_ms"`
	Copies   []string `json:"copies"`
	Request  half     `json:"request"`
	Response half     `json:"response"`
}

type half struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
	Cut     bool              `json:"cut"`
}

func (r *rig) entry(id int) fullEntry {
	r.t.Helper()
	status, body := r.call(http.MethodGet, "entries/"+jsonNumber(id), "")
	require.Equal(r.t, http.StatusOK, status, string(body))
	var e fullEntry
	require.NoError(r.t, json.Unmarshal(body, &e))
	return e
}

func TestInspectorShowsBothWays(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		a := r.post("say", `{"text":"olá"}`)
		pass(time.Minute)
		hook := r.entry(a.Entry)
		require.Equal(t, "message text", hook.What)
		require.True(t, hook.Acked)
		require.Equal(t, number+"/u1", hook.Chat)
		require.Equal(t, http.MethodPost, hook.Request.Method)
		require.Contains(t, hook.Request.Body, `ol\u00e1`, "the exact bytes")
		secret := r.sim.Config().AppSecrets[0]
		require.NoError(t, wacloud.VerifySignature([]byte(hook.Request.Body), hook.Request.Headers["X-Hub-Signature-256"], secret))
		require.Equal(t, http.StatusOK, hook.Response.Status)
		var call fullEntry
		for _, e := range r.state().Entries {
			if e.Kind == "call" {
				call = r.entry(e.ID)
			}
		}
		require.Equal(t, "/v23.0/"+number+"/messages", call.Path)
		require.Equal(t, "Bearer [redacted]", call.Request.Headers["Authorization"])
		require.Contains(t, call.Request.Body, `"Hello"`)
		require.Contains(t, call.Response.Body, call.Message)
		require.Equal(t, "application/json; charset=UTF-8", call.Response.Headers["Content-Type"])
	})
}

// What a bot does before it answers a webhook comes after it.
func TestEntriesStandInTheOrderInWhichTheyBegan(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		r.patch(`{"auto_status":false}`)
		r.sim.Connect(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
			if req.Method == http.MethodPost {
				if _, err := r.client.Send(req.Context(), wacloud.WaID("5511900000001"), wacloud.NewText("at once")); err != nil {
					t.Error(err)
				}
			}
		}))
		r.post("say", `{"text":"hi"}`)
		synctest.Wait()
		var kinds []string
		for _, e := range r.state().Entries {
			kinds = append(kinds, e.Kind)
		}
		require.Equal(t, []string{"webhook", "call"}, kinds)
	})
}

func TestRedeliveryByHand(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		a := r.post("say", `{"text":"hi"}`)
		synctest.Wait()
		path := "entries/" + jsonNumber(a.Entry) + "/redeliver"
		require.Equal(t, http.StatusOK, r.post(path, `{}`).Status)
		synctest.Wait()
		require.Len(t, r.events(wacloud.KindMessage), 1, "the bot knows it")
		edited := strings.ReplaceAll(r.entry(a.Entry).Request.Body, a.Message, "wamid.EDITED")
		in, err := json.Marshal(map[string]string{"body": edited})
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, r.post(path, string(in)).Status)
		synctest.Wait()
		require.Len(t, r.events(wacloud.KindMessage), 2)
		status, _ := r.call(http.MethodPost, path, `{"body":"{"}`)
		require.Equal(t, http.StatusBadRequest, status)
		var call int
		for _, e := range r.state().Entries {
			if e.Kind == "call" {
				call = e.ID
			}
		}
		status, body := r.call(http.MethodPost, "entries/"+jsonNumber(call)+"/redeliver", `{}`)
		require.Equal(t, http.StatusBadRequest, status, string(body))
	})
}

// What is copied works when it is pasted.
func TestCopies(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		a := r.post("say", `{"text":"it's \"quoted\" $HOME `+"`ls`"+`"}`)
		synctest.Wait()
		var call int
		for _, e := range r.state().Entries {
			if e.Kind == "call" {
				call = e.ID
			}
		}
		read := func(id int, as string) string {
			status, body := r.call(http.MethodGet, "entries/"+jsonNumber(id)+"/copy?as="+as, "")
			require.Equal(t, http.StatusOK, status)
			return string(body)
		}
		var fixture any
		require.NoError(t, json.Unmarshal([]byte(read(a.Entry, "fixture")), &fixture))
		require.NoError(t, json.Unmarshal([]byte(read(call, "fixture")), &fixture))
		for _, id := range []int{a.Entry, call} {
			source := "package p\n\nimport (\n\"testing\"\n\"github.com/wacloud/wacloud\"\n\"github.com/wacloud/wacloud/wacloudtest\"\n)\n" + read(id, "go")
			require.NoError(t, parseGo(source), source)
		}
		curl := read(a.Entry, "curl")
		require.Contains(t, curl, "$WHATSAPP_APP_SECRET")
		require.Contains(t, read(call, "curl"), "$WHATSAPP_ACCESS_TOKEN")
		body := shellValue(t, curl)
		require.Equal(t, r.entry(a.Entry).Request.Body, body, "the shell gives the exact bytes")
	})
}

// What an entry cannot become is not offered, and what is refused for another reason than the rules passes their test.
func TestWhatCanBeCopied(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		r.patch(`{"window":"refuse"}`)
		said := r.post("say", `{"text":"hi"}`)
		synctest.Wait()
		require.NoError(t, r.client.MarkRead(t.Context(), said.Message))
		_, err := r.client.Upload(t.Context(), wacloud.Upload{Reader: strings.NewReader("%PDF-"), MIMEType: "application/pdf"})
		require.NoError(t, err)
		text := `{"messaging_product":"whatsapp","to":"5511900000001","type":"text","text":{"body":"BODY"}}`
		r.graph("/v23.0/"+number+"/messages", strings.Replace(text, "BODY", strings.Repeat("x", 4097), 1))
		r.post("clock", `{"advance_ms":90000000}`)
		r.graph("/v23.0/"+number+"/messages", text)
		var calls []int
		for _, e := range r.state().Entries {
			if e.Kind == "call" {
				calls = append(calls, e.ID)
			}
		}
		for i, tt := range []struct {
			name   string
			copies string
			curl   string
			test   string
		}{
			{"message", "curl go fixture", "--data-binary '{", "rules accept."},
			{"mark as read", "curl fixture", `--data-binary '{"messaging_product":"whatsapp","status":"read"`, ""},
			{"upload", "curl", "/media' \\\n  -H \"Authorization: Bearer $WHATSAPP_ACCESS_TOKEN\" \\\n  -F messaging_product=whatsapp \\\n  -F file=@FILE\n", ""},
			{"too long", "curl go fixture", "--data-binary '{", "rules refuse: mend it."},
			{"outside of the window", "curl go fixture", "--data-binary '{", "rules accept."},
		} {
			require.Equal(t, tt.copies, strings.Join(r.entry(calls[i]).Copies, " "), tt.name)
			for _, as := range []string{"curl", "go", "fixture"} {
				status, body := r.call(http.MethodGet, "entries/"+jsonNumber(calls[i])+"/copy?as="+as, "")
				switch {
				case !strings.Contains(tt.copies, as):
					require.Equal(t, http.StatusBadRequest, status, tt.name)
					require.Contains(t, string(body), "as must be one of: curl", tt.name)
				case as == "curl":
					require.Contains(t, string(body), tt.curl, tt.name)
				case as == "go":
					require.Contains(t, string(body), tt.test, tt.name)
				}
			}
		}
	})
}

// shellValue runs the first line of a copy, and prints what it has set.
func shellValue(t *testing.T, script string) string {
	t.Helper()
	line, _, _ := strings.Cut(script, "\ncurl")
	out, err := exec.Command("sh", "-c", line+"\nprintf %s \"$body\"").Output() // no network, no files
	require.NoError(t, err)
	return string(out)
}

func TestStatesComeBack(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		r.post("users", `{"name":"Bo","hide_phone":true,"username":"bo"}`)
		r.post("media", `{"kind":"image","mime_type":"image/png","data":"aGk="}`)
		r.post("say", `{"user":"Bo","text":"hi"}`)
		pass(time.Minute)
		r.post("tap", `{"user":"Bo","key":"0"}`)
		pass(time.Minute)
		r.patch(`{"carousel_tap":"turns","window":"fail"}`)
		r.post("clock", `{"advance_ms":3600000}`)
		before := r.state()
		_, saved := r.call(http.MethodGet, "save", "")
		r.post("reset", `{"users":true}`)
		r.patch(`{"carousel_tap":"button"}`)
		r.post("restore", string(saved))
		after := r.state()
		before.Now, before.Entries, after.Entries, before.Bot, after.Bot = after.Now, nil, nil, nil, nil
		for i := range before.Users { // users get new keys
			before.Users[i].ID = after.Users[i].ID
		}
		for i := range before.Chats {
			require.True(t, before.Chats[i].WindowUntil.Equal(after.Chats[i].WindowUntil))
			before.Chats[i] = after.Chats[i]
		}
		for i := range before.Messages {
			before.Messages[i].Chat, before.Messages[i].Seq = after.Messages[i].Chat, after.Messages[i].Seq
		}
		require.Empty(t, cmp.Diff(before, after))
		a := r.post("tap", `{"user":"Bo","id":"room:2","shape":"button"}`)
		require.Equal(t, http.StatusOK, a.Status, "it goes on where it was")
		for _, m := range before.Messages {
			require.NotEqual(t, m.ID, a.Message, "ids are not given twice")
		}
	})
}

func TestStatesThatDoNotFit(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		r.post("say", `{"text":"hi"}`)
		synctest.Wait()
		before := r.state().Messages
		user := `"users":[{"key":"u1","phone":"551"}]`
		for _, in := range []string{
			`[]`, `{"version":2}`, `{}`, `{"version":1,"exec":"rm -rf /"}`, `{"version":1,"webhook":"http://evil.example"}`,
			`{"version":1,"users":[{"key":"u1"}]}`, `{"version":1,"users":[{"key":"a","phone":"1"},{"key":"b","phone":"1"}]}`,
			`{"version":1,"inbound":-1}`, `{"version":1,"settings":{"window":"ajar"}}`,
			`{"version":1,` + user + `,"messages":[{"id":"x","number":"9","user":"u1","body":{}}]}`,
			`{"version":1,` + user + `,"messages":[{"id":"x","number":"` + number + `","user":"u2","body":{}}]}`,
			`{"version":1,` + user + `,"messages":[{"id":"x","number":"` + number + `","user":"u1","from_user":true,"body":{}}]}`,
			`{"version":1,` + user + `,"messages":[{"id":"x","number":"` + number + `","user":"u1","status":"eaten","body":{}}]}`,
			`{"version":1,` + user + `,"messages":[{"id":"x","number":"` + number + `","user":"u1","status":"sent","body":{"type":"text"}}]}`,
			`{"version":1,"files":[{"id":"../x","mime_type":"image/png","data":"aGk="}]}`,
		} {
			status, body := r.call(http.MethodPost, "restore", in)
			require.Equal(t, http.StatusBadRequest, status, "%s: %s", in, body)
			require.Empty(t, cmp.Diff(before, r.state().Messages), "nothing has changed")
		}
	})
}

// A chat is a test: it is saved, and replayed against the bot.
func TestTranscriptReplays(t *testing.T) {
	t.Parallel()
	var transcript []byte
	inRig(t, func(t *testing.T, r *rig) {
		r.post("say", `{"text":"hi"}`)
		pass(time.Second)
		hello := r.state().last(t).ID
		r.post("tap", `{"key":"0"}`)
		pass(time.Second)
		r.post("tap", `{"id":"room:2"}`)
		pass(time.Second)
		r.post("say", `{"text":"again","reply_to":"`+hello+`"}`)
		pass(time.Second)
		status, body := r.call(http.MethodGet, "transcript", "")
		require.Equal(t, http.StatusOK, status)
		transcript = body
		status, body = r.call(http.MethodGet, "transcript?as=markdown", "")
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, string(body), "**Ana**, 0s, text\n\n> hi\n")
	})
	require.NotContains(t, string(transcript), "wamid")
	srv := wacloudtest.NewServer(t)
	srv.Serve(newRouter())
	srv.Replay(transcript)
}

func parseGo(source string) error {
	_, err := parser.ParseFile(token.NewFileSet(), "copied_test.go", source, parser.AllErrors)
	return err
}

// The stream starts with everything, then says what is new, to every page.
func TestStream(t *testing.T) {
	t.Parallel()
	sim := newSim(t, simulator.Options{})
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	sim.SetBaseURL(srv.URL)
	hooks := make(chan struct{}, 100)
	sim.Connect(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hooks <- struct{}{} }))
	control := func(method, path, body string) {
		status, answer := ask(t, http.DefaultClient, sim.ControlToken(), method, srv.URL+"/_sim/"+path, body)
		require.Equal(t, http.StatusOK, status, string(answer))
	}
	pages := []*page{openPage(t, sim, srv.URL), openPage(t, sim, srv.URL)}
	for _, p := range pages {
		event, s := p.next()
		require.Equal(t, "state", event)
		require.Len(t, s.Users, 1)
		require.Equal(t, "refuse", s.Settings["window"])
		require.Equal(t, []snapshotFault{}, s.Faults)
	}
	control(http.MethodPost, "say", `{"text":"hi"}`)
	for _, p := range pages {
		s := p.until(func(s snapshot) bool { return len(s.Messages) == 1 && len(s.Entries) == 1 })
		require.JSONEq(t, `{"body":"hi"}`, string(s.Messages[0].Content))
	}
	control(http.MethodPost, "faults", `{"kind":"drop"}`)
	sim.Log("stderr", "a line of the bot")
	control(http.MethodPost, "users", `{"name":"Bo"}`)
	control(http.MethodPatch, "settings", `{"window":"off"}`)
	for _, p := range pages {
		s := p.until(func(s snapshot) bool {
			return len(s.Faults) == 1 && len(s.Logs) == 1 && len(s.Users) == 1 && s.Settings["window"] == "off"
		})
		require.Equal(t, "Bo", s.Users[0].Name, "only what is new")
		require.Equal(t, snapshotLine{ID: 1, Stream: "stderr", Text: "a line of the bot"}, s.Logs[0])
	}
	control(http.MethodPost, "reset", `{}`)
	for _, p := range pages {
		for {
			event, s := p.next()
			if event == "state" {
				require.Empty(t, s.Messages)
				break
			}
		}
	}
	sim.Close()
	for _, p := range pages {
		require.False(t, p.lines.Scan() && strings.HasPrefix(p.lines.Text(), "event"), "the stream has ended")
	}
}

// page reads a stream.
type page struct {
	t     *testing.T
	lines *bufio.Scanner
}

func openPage(t *testing.T, sim *simulator.Simulator, url string) *page {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/_sim/events", http.NoBody)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+sim.ControlToken().Reveal())
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	t.Cleanup(func() { _ = resp.Body.Close() })
	require.Equal(t, "text/event-stream", resp.Header.Get("Content-Type"))
	p := &page{t, bufio.NewScanner(resp.Body)}
	p.lines.Buffer(nil, 64<<20)
	return p
}

// next reads one event.
func (p *page) next() (event string, s snapshot) {
	p.t.Helper()
	for p.lines.Scan() {
		if name, ok := strings.CutPrefix(p.lines.Text(), "event: "); ok {
			event = name
		}
		if data, ok := strings.CutPrefix(p.lines.Text(), "data: "); ok {
			require.NoError(p.t, json.Unmarshal([]byte(data), &s))
			return event, s
		}
	}
	require.Fail(p.t, "the stream has ended")
	return "", s
}

// until gathers updates until they hold what is wanted.
func (p *page) until(enough func(snapshot) bool) (all snapshot) {
	p.t.Helper()
	for !enough(all) {
		event, s := p.next()
		require.Equal(p.t, "update", event)
		if s.Messages != nil {
			all.Messages = s.Messages
		}
		all.Entries, all.Users, all.Logs = append(all.Entries, s.Entries...), append(all.Users, s.Users...), append(all.Logs, s.Logs...)
		if s.Faults != nil {
			all.Faults = s.Faults
		}
		if s.Settings != nil {
			all.Settings = s.Settings
		}
	}
	return all
}

func TestLinesOfTheBotAreBounded(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		for range 3000 {
			r.sim.Log("stdout", "line \xff"+strings.Repeat("x", 100))
		}
		r.sim.Log("stdout", strings.Repeat("y", 100_000))
		logs := r.state().Logs
		require.LessOrEqual(t, len(logs), 1000)
		require.Equal(t, 3001, logs[len(logs)-1].ID)
		require.Less(t, len(logs[len(logs)-1].Text), 5000)
	})
}

// The document names every call that there is.
func TestDocumentNamesEveryCall(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("API.md")
	require.NoError(t, err)
	source, err := os.ReadFile(filepath.Join("control.go"))
	require.NoError(t, err)
	n := 0
	for line := range strings.Lines(string(source)) {
		_, rest, ok := strings.Cut(line, `mux.HandleFunc("`)
		call, _, _ := strings.Cut(rest, `"`)
		if !ok || call == "/" {
			continue
		}
		n++
		require.Contains(t, string(doc), "`"+call, call)
	}
	require.Equal(t, 39, n)
}
