package browsertest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// patience is how long the page may take for one step.
const patience = 15 * time.Second

// browser is the one Chromium of all tests; each test gets a profile of its own in it.
var browser context.Context

// scratch is a folder that is gone after the tests.
var scratch string

func TestMain(m *testing.M) {
	path, ok := chromium()
	if !ok {
		fmt.Fprintln(os.Stderr, "\n*** no Chromium found: the tests of the phone's page were NOT run (apt-get install chromium)")
		if os.Getenv("CI") == "true" {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(runIn(path, m))
}

func chromium() (string, bool) {
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path, true
		}
	}
	return "", false
}

func runIn(path string, m *testing.M) int {
	ctx, stop := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox, chromedp.NoFirstRun,
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"))
	defer stop()
	ctx, closeBrowser := chromedp.NewContext(ctx)
	defer closeBrowser()
	if err := chromedp.Do(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "starting Chromium:", err)
		return 1
	}
	browser = ctx
	dir, err := os.MkdirTemp("", "browsertest")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	scratch = dir
	return m.Run()
}

// A tab is a page in a profile of its own, and all that it complained about and asked for.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	errors   []string
	requests []string
	bytes    float64
	refused  string // the call whose refusal is meant: browsers write every answer of 400 to the console
}

// open loads the page at address. When the test ends, the page must have written no error to its console and asked nobody
// but this machine.
func open(t *testing.T, address string) *tab {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(closeTab)
	p := &tab{t: t, ctx: ctx}
	require.NoError(t, chromedp.Listen(ctx, p.listen))
	_, err := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	require.NoError(t, err)
	p.do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address))
	p.wait(`document.querySelector(".phone")`)
	t.Cleanup(p.check)
	return p
}

func (p *tab) listen(ev any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := ev.(type) {
	case *runtime.EventExceptionThrown:
		p.errors = append(p.errors, e.ExceptionDetails.Text+" "+e.ExceptionDetails.Exception.Description)
	case *runtime.EventConsoleAPICalled:
		p.errors = append(p.errors, fmt.Sprintf("console.%s", e.Type))
	case *log.EventEntryAdded:
		if p.refused == "" || !strings.HasSuffix(e.Entry.URL, p.refused) {
			p.errors = append(p.errors, e.Entry.Text+" "+e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		p.requests = append(p.requests, e.Request.URL)
	case *network.EventLoadingFinished:
		p.bytes += e.EncodedDataLength
	}
}

// tolerates lets a call of the page be refused.
func (p *tab) tolerates(call string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refused = call
}

// check is the end of each test.
func (p *tab) check() {
	p.mu.Lock()
	defer p.mu.Unlock()
	require.Empty(p.t, p.errors, "the page's console")
	for _, address := range p.requests {
		u, err := url.Parse(address)
		require.NoError(p.t, err)
		local := u.Hostname() == "127.0.0.1" || u.Scheme == "data" || u.Scheme == "blob"
		require.True(p.t, local, "the page asked %s", address)
	}
}

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	require.NoError(p.t, chromedp.Do(ctx, steps...))
}

// eval returns the value of an expression.
func eval[T any](p *tab, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	require.NoError(p.t, err, expression)
	return v
}

// wait waits until the expression holds.
func (p *tab) wait(expression string) {
	p.t.Helper()
	_, err := chromedp.Run(p.ctx, chromedp.Poll[chromedp.Void]("Boolean("+expression+")", chromedp.WithPollingTimeout(patience)))
	if err == nil {
		return
	}
	shown, _ := chromedp.Run(p.ctx, chromedp.Evaluate[string](`[...document.querySelectorAll(".log, .toast")].map(n => n.innerText).join("\n----\n")`))
	require.NoError(p.t, err, "%s\nthe page shows:\n%s", expression, tail(shown, 1500))
}

func tail(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[len(s)-n:], "")
	}
	return s
}

// A phone is one of the phones on the page, the first is 0.
type phone struct {
	*tab
	n int
}

func (p *tab) phone(n int) phone { return phone{p, n} }

// say types a text and sends it with the Enter key.
func (p phone) say(text string) {
	p.t.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`document.querySelectorAll(".phone")[%d].querySelector("[data-say]").focus()`, p.n)),
		chromedp.KeyEvent(text), chromedp.KeyEvent("\r"))
}

// tap presses the last thing with this name on the phone with the mouse, where it can be seen.
func (p phone) tap(name string) {
	p.t.Helper()
	p.tapIn(fmt.Sprintf(`document.querySelectorAll(".phone")[%d]`, p.n), name)
}

// tapFirst is tap for the first thing of that name: the first card of a carousel.
func (p phone) tapFirst(name string) {
	p.t.Helper()
	p.tapIn(fmt.Sprintf(`[...document.querySelectorAll(".phone")[%d].querySelectorAll(".card")].find((c) => c.textContent.includes(%q))`, p.n, name), name)
}

// pick opens a list, chooses a row and sends it.
func (p phone) pick(list, row string) {
	p.t.Helper()
	p.tap(list)
	p.tap(row)
	p.tap("Send")
	p.wait(`!document.querySelector(".cover")`)
}

// tapIn is tap for any part of the page.
func (p *tab) tapIn(root, name string) {
	p.t.Helper()
	find := fmt.Sprintf(`(%s)(%s, %q)`, findByName, root, name)
	p.wait(find)
	at := eval[[]float64](p, find)
	p.do(chromedp.MouseClickXY(at[0], at[1]))
}

// findByName returns the middle of the last control with a name, once it is what a pointer there would hit and has not moved
// since the last look: the chat may be on its way to a new message.
const findByName = `(root, name) => {
	const named = (e) => [e.getAttribute("aria-label"), e.querySelector(".title")?.textContent, e.querySelector(".row-title")?.textContent, e.textContent.trim()].includes(name);
	const e = [...root.querySelectorAll("button, a, label, [role=tab], summary")].filter((e) => named(e) && !e.disabled && e.checkVisibility() && !e.closest("[inert]")).at(-1);
	if (!e) return null;
	e.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
	const r = e.getBoundingClientRect();
	const at = [r.x + r.width / 2, r.y + r.height / 2];
	return e.contains(document.elementFromPoint(...at)) ? at : null;
}`

// shows waits until the newest message of the business holds a text.
func (p phone) shows(text string) {
	p.t.Helper()
	p.wait(fmt.Sprintf(`[...document.querySelectorAll(".phone")[%d].querySelectorAll(".msg.in")].at(-1)?.textContent.includes(%q)`, p.n, text))
}

// count counts what a selector finds.
func (p *tab) count(selector string) int {
	p.t.Helper()
	return eval[int](p, fmt.Sprintf(`document.querySelectorAll(%q).length`, selector))
}

// asked returns the addresses that the page has asked for.
func (p *tab) asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.requests)
}
