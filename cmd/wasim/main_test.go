package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// TestMain turns the test binary into the bot that -exec starts.
func TestMain(m *testing.M) {
	if address := os.Getenv("WASIM_TEST_BOT"); address != "" {
		if err := bot(address); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// bot answers texts with a button; it knows nothing but the environment.
func bot(address string) error {
	fmt.Println("number", os.Getenv("WHATSAPP_PHONE_NUMBER_ID"), "other", os.Getenv("WHATSAPP_OTHER"))
	if os.Getenv("WASIM_TEST_BOT_ENDS") != "" {
		return errors.New("the bot gives up")
	}
	cfg, err := wacloud.ConfigFromEnv()
	if err != nil {
		return err
	}
	r := wacloud.NewRouter()
	r.Text(func(ctx context.Context, e *wacloud.Event) error {
		if e.Text() == "fail" {
			return wacloud.Permanent(errors.New("the kitchen is closed"))
		}
		_, err := e.Respond(ctx, wacloud.NewButtons("Hello", wacloud.Button{ID: "more", Title: "More"}, wacloud.Button{ID: "gone:1", Title: "Gone"}))
		return err
	})
	r.Reply("more", func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewText("That is all"))
		return err
	})
	r.NotFound(func(context.Context, *wacloud.Event) error { return nil })
	hook, err := cfg.NewWebhook(r, wacloud.NewMemoryInbox())
	if err != nil {
		return err
	}
	return wacloud.Serve(context.Background(), address, hook)
}

// output is what the command prints, for a test to wait for.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

func newOutput() *output { return &output{more: make(chan struct{}, 1)} }

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.more <- struct{}{}:
	default:
	}
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// waitFor waits until the output holds a text.
func (o *output) waitFor(t *testing.T, text string) {
	t.Helper()
	timeout := time.After(time.Minute)
	for !strings.Contains(o.String(), text) {
		select {
		case <-o.more:
		case <-timeout:
			require.Contains(t, o.String(), text)
		}
	}
}

// freeAddress is an address of this machine that nobody listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

// running is a wasim that serves.
type running struct {
	t    *testing.T
	out  *output
	env  []string
	stop func() int
}

func start(t *testing.T, environ []string, args ...string) *running {
	t.Helper()
	dir := t.TempDir()
	env := append(os.Environ(), "WASIM_SESSION="+filepath.Join(dir, "session.json"), "XDG_CACHE_HOME="+dir)
	env = append(env, environ...)
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{t: t, out: newOutput(), env: env}
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, append(args, "-listen", "127.0.0.1:0"), terminal{r.out, r.out, env})
	}()
	r.stop = sync.OnceValue(func() int {
		cancel()
		return <-code
	})
	t.Cleanup(func() { r.stop() })
	r.out.waitFor(t, "WHATSAPP_VERIFY_TOKEN=")
	return r
}

// do runs a verb and returns its status and what it printed.
func (r *running) do(args ...string) (int, string) {
	var out bytes.Buffer
	code := run(context.Background(), args, terminal{&out, &out, r.env})
	return code, out.String()
}

func (r *running) must(args ...string) string {
	r.t.Helper()
	code, out := r.do(args...)
	require.Zero(r.t, code, "%v: %s", args, out)
	return out
}

// One command starts the simulator and the bot, verbs drive both, and everything ends with it.
func TestWholeConversation(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	self, err := os.Executable()
	require.NoError(t, err)
	r := start(t, []string{"WASIM_TEST_BOT=" + address, "WHATSAPP_ACCESS_TOKEN=EAAcanary", "WHATSAPP_OTHER=canary"},
		"-webhook", "http://"+address+"/webhook", "-exec", self)
	r.out.waitFor(t, "number 100000000000001 other")
	for !strings.Contains(r.must("handshake"), `"ok": true`) { // the bot is on its way up
	}
	require.NotContains(t, r.out.String(), "canary", "ours in place of what was there")

	require.Contains(t, r.must("say", "hi there"), "the bot answered 200")
	waitForLine(t, r, "[More]")
	r.must("tap", "More")
	waitForLine(t, r, "That is all")
	code, out := r.do("tap", "Less")
	require.Equal(t, 1, code)
	require.Contains(t, out, "no such option")

	require.Contains(t, r.must("fault", "-next", "2", "bad-signature", "-json"), `"next":2`)
	code, out = r.do("say", "x")
	require.Equal(t, 1, code)
	require.Contains(t, out, "status 401")
	r.must("disarm", "1")

	var state struct {
		Messages []json.RawMessage `json:"messages"`
		Logs     []struct {
			Text string `json:"text"`
		} `json:"logs"`
	}
	require.NoError(t, json.Unmarshal([]byte(r.must("state", "-json")), &state))
	require.NotEmpty(t, state.Messages)
	require.Contains(t, state.Logs[0].Text, "number 100000000000001", "what the bot prints stands beside the chat")
	require.Contains(t, r.must("log"), "bot → POST /v23.0/100000000000001/messages")
	require.Contains(t, r.must("transcript"), `"steps"`)
	require.Contains(t, r.must("copy", "1", "curl"), "curl")
	r.must("save", "order")
	require.Contains(t, r.must("saves"), "order")
	r.must("restore", "order")

	exported := filepath.Join(t.TempDir(), "order.json")
	require.NoError(t, os.WriteFile(exported, []byte(r.must("export")), 0o600))
	r.must("reset")
	require.Empty(t, r.must("chat"))
	r.must("restore", "-file", exported)
	require.Contains(t, r.must("chat"), "That is all")
	code, out = r.do("restore", "order", "-file", exported)
	require.Equal(t, 1, code)
	require.Contains(t, out, "not both")
	picture := filepath.Join(t.TempDir(), "a.png")
	require.NoError(t, os.WriteFile(picture, []byte("\x89PNG\n\n"), 0o600))
	r.must("media", "image", picture, "image/png")
	_, id, _ := strings.Cut(r.must("state", "-json"), `/_sim/media/`)
	id, _, _ = strings.Cut(id, `"`)
	require.Equal(t, "\x89PNG\n\n", r.must("file", id))

	require.Zero(t, r.stop())
	_, err = net.Dial("tcp", address)
	require.Error(t, err, "the bot has ended too")
	code, out = r.do("say", "anybody?")
	require.Equal(t, 1, code)
	require.Contains(t, out, "no simulator is running")
}

// waitForLine follows the stream until the chat holds a text.
func waitForLine(t *testing.T, r *running, text string) {
	t.Helper()
	s, err := readSession(sessionPath(terminal{environ: r.env}))
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/_sim/events", http.NoBody)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+s.Token)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		if strings.Contains(r.must("chat"), text) {
			return
		}
	}
	require.Fail(t, "the stream has ended", text)
}

// A bot that -exec started tells its routes and its dead letters without a word in its program.
func TestBotTellsOfItself(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	self, err := os.Executable()
	require.NoError(t, err)
	r := start(t, []string{"WASIM_TEST_BOT=" + address, "WHATSAPP_SIMULATOR_TOKEN=canary"},
		"-webhook", "http://"+address+"/webhook", "-exec", self)
	waitUntil(t, r, func() bool { return strings.Contains(r.must("routes", "-json"), `"known":true`) })
	require.Contains(t, r.must("routes", "-json"), `{"kind":"reply","pattern":"more","source":"`)
	require.Contains(t, r.must("routes"), "more")

	r.must("say", "hi")
	waitForLine(t, r, "[More]")
	var state struct {
		Messages []struct {
			Options []struct {
				ID       string
				Route    *struct{ Pattern string }
				Unrouted bool
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(r.must("state", "-json")), &state))
	options := state.Messages[1].Options
	require.Equal(t, "more", options[0].Route.Pattern)
	require.True(t, options[1].Unrouted, "flagged before it is tapped")

	require.Contains(t, r.must("dead-letters"), "none")
	r.must("say", "fail")
	waitUntil(t, r, func() bool { return strings.Contains(r.must("dead-letters"), "the kitchen is closed") })
	require.Regexp(t, `message text +wamid\.\S+ +after 1 attempt`, r.must("dead-letters"))
}

// The bot can be started again from the page or a shell; what a fault kept for that comes then.
func TestBotIsStartedAgain(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	self, err := os.Executable()
	require.NoError(t, err)
	r := start(t, []string{"WASIM_TEST_BOT=" + address}, "-webhook", "http://"+address+"/webhook", "-exec", self)
	known := func() bool { return strings.Contains(r.must("routes", "-json"), `"known":true`) }
	waitUntil(t, r, known)
	r.must("fault", "late")
	r.must("say", "hi")
	waitForLine(t, r, "[More]")
	r.must("restart")
	waitUntil(t, r, func() bool { return strings.Count(r.must("state"), "number 100000000000001") == 2 }) // its first line
	waitUntil(t, r, func() bool {
		return strings.Contains(r.must("log"), "(fault late)") && strings.Count(r.must("log"), "message text") == 2
	})
	waitUntil(t, r, func() bool { return strings.Contains(r.must("handshake"), `"ok": true`) })
	r.must("say", "hi")
	r.must("restart", "-reset", "true")
	require.Empty(t, r.must("chat"))
	require.Zero(t, r.stop())

	alone := start(t, nil)
	code, out := alone.do("restart")
	require.Equal(t, 1, code)
	require.Contains(t, out, "was not started from here")
}

// waitUntil follows the stream until done.
func waitUntil(t *testing.T, r *running, done func() bool) {
	t.Helper()
	for range 600 {
		if done() {
			return
		}
		<-time.After(100 * time.Millisecond)
	}
	require.Fail(t, "it never was", r.out.String())
}

func TestSessionFileIsTheUsersAlone(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	path := sessionPath(terminal{environ: r.env})
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.Zero(t, r.stop())
	require.NoFileExists(t, path)
}

// Without any flag it starts, says what it is, and prints lines to paste.
func TestWhatIsPrinted(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	out := r.out.String()
	require.Contains(t, out, "This is not WhatsApp")
	require.Contains(t, out, "Webhooks  http://127.0.0.1:8080/webhook")
	require.Regexp(t, `Phone     http://127\.0\.0\.1:\d+/\?token=\w+`, out)
	for _, name := range []string{"BASE_URL", "PHONE_NUMBER_ID", "ACCESS_TOKEN", "APP_SECRET", "VERIFY_TOKEN"} {
		require.Contains(t, out, "\nexport WHATSAPP_"+name+"=")
	}
	code, out := r.do("say", "hi")
	require.Equal(t, 1, code, "no bot is there")
	require.Contains(t, out, "did not take the webhook")
}

// A bot that ends ends wasim, and its last words are shown.
func TestBotThatEnds(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	require.NoError(t, err)
	r := start(t, []string{"WASIM_TEST_BOT=127.0.0.1:1", "WASIM_TEST_BOT_ENDS=1"}, "-exec", self)
	r.out.waitFor(t, "wasim: the bot ended")
	require.Equal(t, 1, r.stop())
	require.Contains(t, r.out.String(), "the bot gives up")
}

func TestSlipsInTheArguments(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"-nonsense"}, 2, "flag provided but not defined"},
		{[]string{"-h"}, 0, "Usage: wasim"},
		{[]string{"help"}, 0, "the user writes a text"},
		{[]string{"-listen", "0.0.0.0:0"}, 1, "not on loopback"},
		{[]string{"-listen", "nowhere"}, 1, "-listen"},
		{[]string{"-watch", "*.go"}, 1, "-watch needs -exec"},
		{[]string{"-exec", "true", "-watch", "[.go"}, 1, "-watch [.go: it must end with"},
		{[]string{"-exec", "true", "-watch", "./"}, 1, "-watch ./: it must end with"},
		{[]string{"-exec", "true", "-watch", "nowhere/*.go"}, 1, "nowhere/ is no folder"},
		{[]string{"-listen", "127.0.0.1:0", "-webhook", "nowhere"}, 1, "webhook must be"},
		{[]string{"-webhook", "http://localhost/", "extra"}, 1, "is no flag"},
		{[]string{"fly"}, 1, "there is no verb"},
		{[]string{"say", "-nonsense"}, 2, "flag provided but not defined"},
		{[]string{"say", "one", "two"}, 1, "one word too many"},
		{[]string{"entry"}, 1, "id is required"},
		{[]string{"clock", "soon"}, 1, "advance_ms"},
		{[]string{"order", "{"}, 1, "it is not JSON"},
		{[]string{"say", "-h"}, 0, "reply-to"},
		{[]string{"tap-id", "-h"}, 0, "wasim tap-id ID TITLE\n\nthe user taps an id that no message offers"},
	} {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			env := []string{"WASIM_SESSION=" + filepath.Join(t.TempDir(), "none.json")}
			require.Equal(t, tt.code, run(t.Context(), tt.args, terminal{&out, &out, env}), out.String())
			require.Contains(t, out.String(), tt.want)
		})
	}
}

// Each verb is a call of the control API with the method, the path and the body that API.md names.
func TestVerbsBecomeCalls(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args []string
		want string // method, address and body
	}{
		{[]string{"say", "hi", "-user", "Bo"}, `POST /_sim/say {"text":"hi","user":"Bo"}`},
		{[]string{"tap", "-card", "1", "Pick"}, `POST /_sim/tap {"card":1,"title":"Pick"}`},
		{[]string{"tap", "-key", "0", "-shape", "turns"}, `POST /_sim/tap {"key":"0","shape":"turns"}`},
		{[]string{"location", "-latitude", "-23.5", "-longitude=-46.6"}, `POST /_sim/location {"latitude":-23.5,"longitude":-46.6}`},
		{[]string{"form", "wamid.1", `{"a":1}`}, `POST /_sim/form {"message":"wamid.1","response":{"a":1}}`},
		{[]string{"order", `[{"retailer_id":"a"}]`}, `POST /_sim/order {"items":[{"retailer_id":"a"}]}`},
		{[]string{"call-permission", "wamid.1", "true"}, `POST /_sim/call-permission {"accept":true,"message":"wamid.1"}`},
		{[]string{"user", "Bo", "-hide-phone", "true"}, `POST /_sim/users {"hide_phone":true,"name":"Bo"}`},
		{[]string{"phone", "Bo", "carousel,list", "-refuse-code", "131051"}, `PATCH /_sim/users/Bo {"refuse_code":131051,"refuses":["carousel","list"]}`},
		{[]string{"fault", "batch", "-n", "3", "-delay-ms", "10"}, `POST /_sim/faults {"delay_ms":10,"kind":"batch","n":3}`},
		{[]string{"fault", "drop", "-probability", "0.5", "-seed", "7"}, `POST /_sim/faults {"kind":"drop","probability":0.5,"seed":7}`},
		{[]string{"disarm"}, `DELETE /_sim/faults`},
		{[]string{"disarm", "3"}, `DELETE /_sim/faults/3`},
		{[]string{"dead-letters", "-json"}, `GET /_sim/dead-letters`},
		{[]string{"routes", "-json"}, `GET /_sim/routes`},
		{[]string{"settings", "-window", "fail", "-pair-limit", "false"}, `PATCH /_sim/settings {"pair_limit":false,"window":"fail"}`},
		{[]string{"clock", "86400000"}, `POST /_sim/clock {"advance_ms":86400000}`},
		{[]string{"entry", "7"}, `GET /_sim/entries/7`},
		{[]string{"copy", "7", "go"}, `GET /_sim/entries/7/copy?as=go`},
		{[]string{"redeliver", "7"}, `POST /_sim/entries/7/redeliver {}`},
		{[]string{"transcript", "-as", "markdown", "Bo"}, `GET /_sim/transcript?as=markdown&user=Bo`},
		{[]string{"entry", "../state"}, `GET /_sim/entries/..%2Fstate`},
	} {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			t.Parallel()
			var got string
			srv := newFake(t, func(r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				require.Equal(t, "Bearer secret", r.Header.Get("Authorization"))
				got = strings.TrimSpace(r.Method + " " + r.URL.RequestURI() + " " + string(body))
			})
			var out bytes.Buffer
			env := []string{"WASIM_URL=" + srv, "WASIM_TOKEN=secret"}
			require.Zero(t, run(t.Context(), tt.args, terminal{&out, &out, env}), out.String())
			require.Equal(t, tt.want, got)
		})
	}
}

// Every call of the control API has its verb.
func TestEveryCallHasAVerb(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile(filepath.Join("..", "..", "simulator", "control.go"))
	require.NoError(t, err)
	known := map[string]bool{
		"GET /_sim/events":         true, // log -follow
		"DELETE /_sim/faults/{id}": true, // disarm 3
		"GET /_sim/link":           true, // a picture from elsewhere, for the page
	}
	for _, v := range verbs {
		known[v.method+" "+v.path] = true
	}
	calls := 0
	for line := range strings.Lines(string(source)) {
		_, rest, ok := strings.Cut(line, `mux.HandleFunc("`)
		call, _, _ := strings.Cut(rest, `"`)
		if ok && call != "/" {
			calls++
			require.True(t, known[call], call)
		}
	}
	require.Greater(t, calls, 35)
}

func newFake(t *testing.T, see func(*http.Request)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		see(r)
		_, _ = io.WriteString(w, "{}")
	})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(l)
	}()
	t.Cleanup(func() {
		_ = srv.Close()
		<-done
	})
	return "http://" + l.Addr().String()
}

func TestMediaIsReadFromAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.png")
	require.NoError(t, os.WriteFile(path, []byte("hi"), 0o600))
	inv, err := parseVerb(verbs[9], []string{"image", path, "image/png"}, terminal{err: io.Discard})
	require.NoError(t, err)
	require.Equal(t, "media", inv.verb.name)
	require.Equal(t, map[string]any{"kind": "image", "data": []byte("hi"), "mime_type": "image/png"}, inv.fields)
}

func TestWhatStrangersWriteDoesNotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	require.Equal(t, "a [31mb c é 日", printable("a\x1b[31mb\nc\u0085é\x7f日"))
}
