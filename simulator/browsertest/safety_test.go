package browsertest

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

const (
	attack = `<img src=x onerror=alert(1)><script>alert(1)</script>"'><b>x</b>`
	short  = `<img src=x onerror=a>` // what fits into a title
)

// Texts, names, ids, headers and addresses are somebody else's: they are drawn as text and run nothing.
func TestForeignTextIsDrawnAsText(t *testing.T) {
	t.Parallel()
	s := newStage(t, echo())
	s.control(http.MethodPost, "users", map[string]any{"name": attack}, nil)
	p := s.open()
	phone := p.phone(0)
	phone.say(attack)
	phone.shows("echo: " + attack)
	title := short[:20]
	messages := []wacloud.Message{
		wacloud.NewButtons(attack, wacloud.Button{ID: attack, Title: title}).WithHeader(wacloud.HeaderText{Text: attack[:60]}).WithFooter(attack[:60]),
		wacloud.NewList(attack, wacloud.Menu{Button: title, Sections: []wacloud.Section{{Title: short, Rows: []wacloud.Row{{ID: attack, Title: short, Description: attack[:60]}}}}}),
		wacloud.Location{Latitude: 1, Longitude: 1, Name: attack, Address: attack},
		wacloud.NewContacts(wacloud.Contact{Name: wacloud.ContactName{Formatted: attack, First: attack}, URLs: []wacloud.ContactURL{{URL: "javascript:alert(1)"}}}),
		wacloud.Document{Media: wacloud.MediaLink("https://cdn.example.com/" + strings.Repeat("a", 20)), Filename: attack, Caption: attack},
		wacloud.Raw{Type: "template", JSON: []byte(`{"name":"x","language":{"code":"en"},"components":[{"type":"body","parameters":[{"type":"text","text":"<img src=x onerror=alert(1)>"}]}]}`)},
	}
	for _, m := range messages {
		p.wait(article(s.send(m, wacloud.SkipValidation())))
	}
	p.do(chromedp.Evaluate[chromedp.Void](`document.getElementById("ids").click()`))
	phone.tap(title) // the list: its rows, ids and descriptions
	p.wait(`document.querySelector("[role=dialog]")`)
	p.tapIn(`document.querySelector("#panel")`, "Inspector")
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll(".line").forEach((l) => l.click())`))
	p.wait(`document.querySelector(".json")`)

	require.Zero(t, p.count("img[src=x], .log script, .log b, #panel script, .owner b"))
	require.Zero(t, p.count(`a[href^="javascript:"]`))
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("[role=dialog] [aria-label=Close]").click()`))
	found := p.accessible(`document.querySelector(".log")`)
	require.Contains(t, found, text("javascript:alert(1)"), list(found))
}

func TestLinksOpenOnlyHTTPAndTellNothing(t *testing.T) {
	t.Parallel()
	s := newStage(t, echo())
	p := s.open()
	p.phone(0).say("oi")
	p.phone(0).shows("echo: oi")
	good := s.send(wacloud.NewCTAURL("Good", wacloud.Link{Text: "Open", URL: "https://example.com/t"}))
	p.wait(article(good))
	require.Equal(t, []string{"https://example.com/t", "_blank", "noopener noreferrer"},
		eval[[]string](p, `(() => { const a = `+article(good)+`.querySelector("a"); return [a.href, a.target, a.rel]; })()`))
	for _, address := range []string{"javascript:alert(1)", "data:text/html,x", "file:///etc/passwd"} {
		bad := wacloud.Raw{Type: "text", JSON: []byte(`{"body":"` + address + ` *` + address + `*"}`)}
		id := s.send(bad)
		p.wait(article(id))
		require.False(t, eval[bool](p, `Boolean(`+article(id)+`.querySelector("a"))`), address)
	}
}

// The page is one request and one stream, under 200 KB.
func TestPageWeight(t *testing.T) {
	t.Parallel()
	s := newStage(t, echo())
	p := s.open()
	p.phone(0).say("oi")
	p.phone(0).shows("echo: oi")
	var loads []string
	for _, address := range p.asked() {
		if !strings.HasPrefix(address, "data:") {
			loads = append(loads, strings.TrimPrefix(address, s.url))
		}
	}
	require.Equal(t, "/", loads[1], "the first is the address with the token, which leads to it")
	require.Equal(t, []string{"/_sim/events", "/_sim/say"}, loads[2:], "nothing is asked for but the stream, and what the user did")

	resp, err := http.Get(s.url + "/")
	require.NoError(t, err)
	defer resp.Body.Close()
	size, err := io.Copy(io.Discard, resp.Body)
	require.NoError(t, err)
	t.Logf("the page has %d bytes", size)
	require.Greater(t, size, int64(50_000))
	require.Less(t, size, int64(200_000))
	policy := resp.Header.Get("Content-Security-Policy")
	require.Contains(t, policy, "default-src 'none'")
	require.NotContains(t, policy, "unsafe")
}
