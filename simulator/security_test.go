package simulator_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/internal/graph"
	"github.com/wacloud/wacloud/simulator"
)

func newSim(t *testing.T, opts simulator.Options) *simulator.Simulator {
	t.Helper()
	sim, err := simulator.New(opts)
	require.NoError(t, err)
	t.Cleanup(sim.Close)
	return sim
}

// request is a request from this machine, changed.
func request(method, target string, change ...func(*http.Request)) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader("{}"))
	r.Host, r.RemoteAddr = "127.0.0.1:8790", "127.0.0.1:50000"
	for _, f := range change {
		f(r)
	}
	return r
}

func serve(sim http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	sim.ServeHTTP(w, r)
	return w
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func TestWhoIsServed(t *testing.T) {
	t.Parallel()
	sim := newSim(t, simulator.Options{BaseURL: baseURL})
	open := newSim(t, simulator.Options{BaseURL: baseURL, AllowRemote: true, Hosts: []string{"phone.lan"}})
	token := func(s *simulator.Simulator) func(*http.Request) {
		return header("Authorization", "Bearer "+s.ControlToken().Reveal())
	}
	host := func(h string) func(*http.Request) { return func(r *http.Request) { r.Host = h } }
	from := func(a string) func(*http.Request) { return func(r *http.Request) { r.RemoteAddr = a } }
	for _, tt := range []struct {
		name   string
		sim    *simulator.Simulator
		change []func(*http.Request)
		want   int
	}{
		{"with the token", sim, []func(*http.Request){token(sim)}, 200},
		{"localhost", sim, []func(*http.Request){token(sim), host("localhost:8790")}, 200},
		{"IPv6", sim, []func(*http.Request){token(sim), host("[::1]:8790"), from("[::1]:5000")}, 200},
		{"without the token", sim, nil, 401},
		{"with another token", sim, []func(*http.Request){header("Authorization", "Bearer x")}, 401},
		{"with an empty token", sim, []func(*http.Request){header("Authorization", "Bearer ")}, 401},
		{"with another's token", sim, []func(*http.Request){token(open)}, 401},
		{"a name that resolves here", sim, []func(*http.Request){token(sim), host("evil.example:8790")}, 403},
		{"a name that begins well", sim, []func(*http.Request){token(sim), host("127.0.0.1.evil.example")}, 403},
		{"no name", sim, []func(*http.Request){token(sim), host("")}, 403},
		{"another machine", sim, []func(*http.Request){token(sim), from("192.168.1.9:5000")}, 403},
		{"another machine that is allowed", open, []func(*http.Request){token(open), from("192.168.1.9:5000"), host("phone.lan:8790")}, 200},
		{"another page", sim, []func(*http.Request){token(sim), header("Sec-Fetch-Site", "cross-site")}, 403},
		{"another port's page", sim, []func(*http.Request){token(sim), header("Sec-Fetch-Site", "same-site")}, 403},
		{"another page of an old browser", sim, []func(*http.Request){token(sim), header("Origin", "https://evil.example")}, 403},
		{"its own page", sim, []func(*http.Request){token(sim), header("Sec-Fetch-Site", "same-origin"), header("Origin", baseURL)}, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := serve(tt.sim, request(http.MethodPost, "/_sim/open", tt.change...))
			require.Equal(t, tt.want, w.Code, w.Body)
			if tt.want != 200 {
				var refused struct{ Error string }
				require.NoError(t, json.Unmarshal(w.Body.Bytes(), &refused), "as API.md says")
				require.NotEmpty(t, refused.Error)
			}
		})
	}
}

// No call of the control API can be made without the token.
func TestEveryControlCallNeedsTheToken(t *testing.T) {
	t.Parallel()
	sim := newSim(t, simulator.Options{BaseURL: baseURL})
	for _, path := range []string{
		"state", "events", "say", "tap", "faults", "faults/kinds", "entries/1", "entries/1/copy", "settings", "clock", "save",
		"restore", "transcript", "media/1", "link", "users", "reset", "unknown",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete} {
			w := serve(sim, request(method, "/_sim/"+path))
			require.Equal(t, http.StatusUnauthorized, w.Code, path)
		}
	}
}

func TestTheTokenBecomesACookie(t *testing.T) {
	t.Parallel()
	sim := newSim(t, simulator.Options{BaseURL: baseURL})
	u, err := url.Parse(sim.PageURL())
	require.NoError(t, err)
	w := serve(sim, request(http.MethodGet, u.RequestURI()))
	require.Equal(t, http.StatusSeeOther, w.Code)
	require.Equal(t, "/", w.Header().Get("Location"), "the token leaves the address bar")
	cookie := w.Result().Cookies()[0]
	require.True(t, cookie.HttpOnly)
	require.Equal(t, http.SameSiteStrictMode, cookie.SameSite)
	w = serve(sim, request(http.MethodPost, "/_sim/open", func(r *http.Request) { r.AddCookie(cookie) }))
	require.Equal(t, http.StatusOK, w.Code)
	w = serve(sim, request(http.MethodGet, "/?token=wrong"))
	require.Equal(t, http.StatusUnauthorized, w.Code)
	require.Empty(t, w.Result().Cookies())
	other := newSim(t, simulator.Options{BaseURL: baseURL})
	w = serve(other, request(http.MethodPost, "/_sim/open", func(r *http.Request) { r.AddCookie(cookie) }))
	require.Equal(t, http.StatusUnauthorized, w.Code, "secrets are new at each start")
}

func TestContentSecurityPolicy(t *testing.T) {
	t.Parallel()
	sim := newSim(t, simulator.Options{BaseURL: baseURL})
	w := serve(sim, request(http.MethodGet, "/"))
	require.Equal(t, http.StatusOK, w.Code)
	inline := regexp.MustCompile(` 'sha256-[A-Za-z0-9+/]+='`) // the page's own code, which is in its one file
	policy := w.Header().Get("Content-Security-Policy")
	require.Len(t, inline.FindAllString(policy, -1), 2)
	require.Equal(t, "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' data: blob:; "+
		"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'", inline.ReplaceAllString(policy, ""))
	require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
	require.Equal(t, "no-referrer", w.Header().Get("Referrer-Policy"))
}

// A real token is refused, and stands nowhere afterwards.
func TestRealTokenIsRefusedAndForgotten(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		token := wacloud.NewSecret("EAAcanarytoken")
		status, answer := ask(t, r.http, token, http.MethodPost, baseURL+"/v23.0/"+number+"/messages", `{"text":"canary"}`)
		require.Equal(t, http.StatusUnauthorized, status)
		require.NotContains(t, string(answer), "canary")
		r.requireNowhere("canary")
	})
}

// requireNowhere looks for a word in everything that the control API gives away.
func (r *rig) requireNowhere(words ...string) {
	r.t.Helper()
	s := r.state()
	paths := []string{"state", "save", "transcript", "transcript?as=markdown", "saves", "faults/kinds", "routes", "dead-letters"}
	for _, e := range s.Entries {
		id := jsonNumber(e.ID)
		paths = append(paths, "entries/"+id)
		for _, as := range r.entry(e.ID).Copies {
			paths = append(paths, "entries/"+id+"/copy?as="+as)
		}
	}
	for _, path := range paths {
		status, body := r.call(http.MethodGet, path, "")
		require.Equal(r.t, http.StatusOK, status, path)
		for _, word := range words {
			require.NotContains(r.t, string(body), word, path)
		}
	}
}

func jsonNumber(n int) string { return strconv.Itoa(n) }

func TestSecretsAreGivenAwayNowhere(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		r.post("say", `{"text":"hi"}`)
		synctest.Wait()
		r.post("tap", `{"key":"0"}`)
		r.post("handshake", `{}`)
		pass(time.Minute)
		cfg := r.sim.Config()
		require.Len(t, r.sim.Env(), 6)
		r.requireNowhere(cfg.AccessToken.Reveal(), cfg.AppSecrets[0].Reveal(), cfg.VerifyToken.Reveal(), r.sim.ControlToken().Reveal(),
			cfg.SimulatorToken.Reveal())
	})
}

func TestSecretsDifferAtEachStart(t *testing.T) {
	t.Parallel()
	a, b := newSim(t, simulator.Options{}), newSim(t, simulator.Options{})
	require.NotEqual(t, a.ControlToken().Reveal(), b.ControlToken().Reveal())
	for i, v := range a.Env()[2:] {
		require.NotEqual(t, v, b.Env()[2+i])
	}
}

// States are files of one folder, by names that lead nowhere else.
func TestStatesStayInTheirFolder(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	dir := filepath.Join(outside, "states")
	require.NoError(t, os.WriteFile(filepath.Join(outside, "secret.json"), []byte(`{"name":null}`), 0o600))
	inRig(t, func(t *testing.T, r *rig) {
		r.post("say", `{"text":"hi"}`)
		synctest.Wait()
		r.post("save", `{"name":"first"}`)
		info, err := os.Stat(filepath.Join(dir, "first.json"))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		require.NoError(t, os.Symlink(filepath.Join(outside, "secret.json"), filepath.Join(dir, "link.json")))
		for _, name := range []string{
			"../secret", "..", "/etc/passwd", "a/b", `a\\b`, ".hidden", "", "first.json", "a b", strings.Repeat("x", 65), "x\\u0000",
		} {
			for _, call := range []string{"save", "restore"} {
				status, body := r.call(http.MethodPost, call, `{"name":"`+name+`"}`)
				require.Equal(t, http.StatusBadRequest, status, "%s %q: %s", call, name, body)
			}
		}
		for _, call := range []string{"save", "restore"} {
			status, body := r.call(http.MethodPost, call, `{"name":"link"}`)
			require.NotEqual(t, http.StatusOK, status, "%s through a link: %s", call, body)
		}
		secret, err := os.ReadFile(filepath.Join(outside, "secret.json"))
		require.NoError(t, err)
		require.Equal(t, `{"name":null}`, string(secret))
		status, _ := r.call(http.MethodPost, "restore", `{"name":"second"}`)
		require.Equal(t, http.StatusNotFound, status)
	}, func(o *simulator.Options) { o.Dir = dir })
}

// A file becomes no page of ours, whatever it says that it is.
func TestFilesAreNoPages(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		r.post("media", `{"kind":"document","mime_type":"text/html","data":"PHNjcmlwdD4="}`)
		src := r.state().Messages[0].Media[""].Src
		req := request(http.MethodGet, src, header("Authorization", "Bearer "+r.sim.ControlToken().Reveal()))
		w := serve(r.sim, req)
		require.Equal(t, http.StatusOK, w.Code)
		require.Equal(t, "application/octet-stream", w.Header().Get("Content-Type"))
		require.Equal(t, "attachment", w.Header().Get("Content-Disposition"))
		require.Equal(t, "default-src 'none'; sandbox", w.Header().Get("Content-Security-Policy"))
	})
}

// Pictures by link come from loopback, and from elsewhere only when that is allowed, and never from a private network.
func TestWhichLinksAreFetched(t *testing.T) {
	t.Parallel()
	pictures := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, "http://169.254.169.254/latest", http.StatusFound)
		case "/big":
			w.Header().Set("Content-Type", "image/png")
			_, _ = w.Write(make([]byte, 16<<20+1))
		default:
			w.Header().Set("Content-Type", "image/png")
			_, _ = io.WriteString(w, "picture")
		}
	}))
	t.Cleanup(pictures.Close)
	for _, tt := range []struct {
		link   string
		remote bool
		src    bool
		status int
	}{
		{pictures.URL + "/a.png", false, true, 200},
		{pictures.URL + "/away", false, true, 502},
		{pictures.URL + "/away", true, true, 502},
		{pictures.URL + "/big", false, true, 502},
		{"https://cdn.example.com/a.png", false, false, 404},
		{"http://192.168.0.1/a.png", true, true, 502},
		{"http://[fe80::1]/a.png", true, true, 502},
	} {
		t.Run(tt.link, func(t *testing.T) {
			t.Parallel()
			sim := newSim(t, simulator.Options{BaseURL: baseURL, RemoteMedia: tt.remote})
			r := &rig{t: t, sim: sim, http: &http.Client{Transport: graph.InProcess{Handler: sim}}}
			r.patch(`{"window":"off"}`)
			body, err := wacloud.EncodeMessage(wacloud.Outgoing{To: ana, Message: wacloud.Image{Media: wacloud.MediaLink(tt.link)}})
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, r.graph("/v23.0/"+number+"/messages", string(body)))
			m := r.state().Messages[0]
			require.Equal(t, tt.link, m.Media[""].Link)
			require.Equal(t, tt.src, m.Media[""].Src != "")
			status, _ := r.call(http.MethodGet, "link?message="+m.ID+"&path=", "")
			require.Equal(t, tt.status, status)
		})
	}
	sim := newSim(t, simulator.Options{BaseURL: baseURL})
	r := &rig{t: t, sim: sim, http: &http.Client{Transport: graph.InProcess{Handler: sim}}}
	status, _ := r.call(http.MethodGet, "link?message=wamid.X&path=&link="+url.QueryEscape(pictures.URL), "")
	require.Equal(t, http.StatusNotFound, status, "only what the bot has sent")
}
