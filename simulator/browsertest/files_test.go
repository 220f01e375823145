package browsertest

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// The films and sounds in testdata are small and real: a test picture of one second in H.264, a tone in Opus, one in MP3.

// choose answers the file dialog that open brings up with a file.
func (p *tab) choose(path string, open func()) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	dialogs := chromedp.Events(ctx, page.FileChooserOpened)
	_, err := chromedp.Call(ctx, page.SetInterceptFileChooserDialog, page.SetInterceptFileChooserDialogParams{Enabled: true})
	require.NoError(p.t, err)
	open()
	for dialog, err := range dialogs {
		require.NoError(p.t, err, "no file dialog came")
		_, err = chromedp.Call(ctx, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: []string{path}, BackendNodeID: dialog.BackendNodeID})
		require.NoError(p.t, err)
		return
	}
}

// file writes a file of the user's.
func file(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, data, 0o600))
	return path
}

func sample(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", name))
	require.NoError(t, err)
	return path
}

// Whatever a user sends from the machine reaches the bot, which downloads it, and stands in the chat.
func TestFilesAreSent(t *testing.T) {
	t.Parallel()
	r := wacloud.NewRouter()
	got := make(chan wacloud.MediaContent, 1)
	r.Message(func(_ context.Context, e *wacloud.Event) error {
		media, _ := e.Message.Content.(wacloud.MediaContent)
		got <- media
		return nil
	})
	s := newStage(t, r)
	p := s.open()
	for _, tt := range []struct {
		button, path string
		mimeType     string
		voice        bool
		filename     string
		drawn        string // in the chat, once it is loaded
	}{
		{"Photo", file(t, "dish.jpg", dish(t)), "image/jpeg", false, "", `img.naturalWidth === 64`},
		{"Document", file(t, "menu.pdf", []byte("%PDF-1.4 not much")), "application/pdf", false, "menu.pdf", `a.document[download="menu.pdf"]`},
		{"Voice message", sample(t, "voice.ogg"), "audio/ogg; codecs=opus", true, "", `audio.duration > 0.5`},
		{"Video", sample(t, "clip.mp4"), "video/mp4", false, "", `video.duration > 0.5`},
	} {
		p.choose(tt.path, func() {
			p.phone(0).tap("Send something else")
			p.phone(0).tap(tt.button)
		})
		var media wacloud.MediaContent
		select {
		case media = <-got:
		case <-time.After(patience):
			require.Fail(t, "the bot got nothing", tt.button)
		}
		require.Equal(t, tt.mimeType, media.MIMEType)
		require.Equal(t, tt.voice, media.Voice)
		require.Equal(t, tt.filename, media.Filename)
		want, err := os.ReadFile(tt.path)
		require.NoError(t, err)
		var data bytes.Buffer
		_, err = s.client.Download(t.Context(), media.ID, &data, wacloud.Download{SHA256: media.SHA256})
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, data.Bytes()), tt.button)

		tag, property, loads := strings.Cut(tt.drawn, ".")
		last := `[...document.querySelectorAll(".msg.out")].at(-1)?`
		if !loads || tag == "a" {
			p.wait(last + `.querySelector(` + strconv.Quote(tt.drawn) + `)`)
			continue
		}
		p.wait(last + `.querySelector("` + tag + `")?.` + property)
	}
}

// What the bot sends plays: the page's policy and the server's ranges let it.
func TestSoundAndFilmPlay(t *testing.T) {
	t.Parallel()
	s := newStage(t, echo())
	p := s.open()
	p.phone(0).say("oi")
	p.phone(0).shows("echo: oi")
	upload := func(name, mimeType string) wacloud.Media {
		data, err := os.ReadFile(sample(t, name))
		require.NoError(t, err)
		id, err := s.client.Upload(t.Context(), wacloud.Upload{Reader: bytes.NewReader(data), MIMEType: mimeType})
		require.NoError(t, err)
		return wacloud.MediaID(id)
	}
	local := httptest.NewServer(http.FileServer(http.Dir("testdata")))
	t.Cleanup(local.Close)
	for _, tt := range []struct {
		name    string
		message wacloud.Message
		tag     string
		what    string
	}{
		{"voice", wacloud.Audio{Media: upload("voice.ogg", "audio/ogg"), Voice: true}, "audio", "Voice message"},
		{"audio", wacloud.Audio{Media: upload("tone.mp3", "audio/mpeg")}, "audio", "Audio"},
		{"video", wacloud.Video{Media: upload("clip.mp4", "video/mp4")}, "video", "Video"},
		{"video by link", wacloud.Video{Media: wacloud.MediaLink(local.URL + "/clip.mp4")}, "video", "Video"},
		{"video header", wacloud.NewButtons("Watch", wacloud.Button{ID: "a", Title: "A"}).WithHeader(wacloud.HeaderVideo{Media: upload("clip.mp4", "video/mp4")}), "video", "Video"},
	} {
		id := s.send(tt.message)
		element := article(id) + `?.querySelector("` + tt.tag + `")`
		p.wait(element + `?.duration > 0.5`)
		require.Equal(t, tt.what, eval[string](p, element+`.getAttribute("aria-label")`), tt.name)
		played := eval[bool](p, `(async () => { const m = `+element+`; m.muted = true; m.playbackRate = 4; await m.play();
			await new Promise((done) => m.addEventListener("ended", done, { once: true })); return m.currentTime === m.duration && !m.error; })()`)
		require.True(t, played, tt.name)
		status := eval[string](p, article(id)+`.querySelector(".ticks").getAttribute("aria-label")`)
		if tt.name == "voice" {
			p.wait(article(id) + `.querySelector(".ticks").getAttribute("aria-label") === "Played"`)
		} else {
			require.NotEqual(t, "Played", status, "only of voice messages")
		}
	}
}

// What the page copies is what stands in the clipboard, and holds no secret.
func TestClipboard(t *testing.T) {
	t.Parallel()
	s := newStage(t, echo())
	p := s.open()
	p.do(chromedp.Evaluate[chromedp.Void](`(() => { // looked at on its way into the browser's clipboard, which all tests share
		const write = navigator.clipboard.writeText.bind(navigator.clipboard);
		navigator.clipboard.writeText = (text) => { window.copied = text; return write(text); };
	})()`))
	p.phone(0).say("o'clock")
	p.phone(0).shows("echo: o'clock")
	copied := func(button string) string {
		p.do(chromedp.Evaluate[chromedp.Void](`window.copied = ""`))
		p.tapIn(`document.querySelector(".detail")`, button)
		p.wait(`window.copied`)
		text := eval[string](p, `window.copied`)
		require.NotContains(t, text, "wasim-", "the access token")
		return text
	}
	open := func(kind string) {
		line := `document.querySelector(".` + kind + ` .line")`
		p.wait(line)
		p.do(chromedp.Evaluate[chromedp.Void](line + `.click()`))
		p.wait(`document.querySelectorAll(".` + kind + ` .detail .exchange").length === 2`)
	}

	open("webhook")
	curl := copied("curl")
	require.Contains(t, curl, `"body":"o'\''clock"`)
	require.Contains(t, curl, `openssl dgst -sha256 -hmac "$WHATSAPP_APP_SECRET"`)
	goTest := copied("Go test")
	require.Contains(t, goTest, "func TestRecordedWebhook(t *testing.T) {")
	require.Contains(t, goTest, `"body": "o'clock"`)
	var body struct{ Entry []json.RawMessage }
	require.NoError(t, json.Unmarshal([]byte(copied("Fixture")), &body))
	require.Len(t, body.Entry, 1)

	open("call")
	curl = copied("curl")
	require.Contains(t, curl, `curl -X POST "$WHATSAPP_BASE_URL"'/v23.0/100000000000001/messages'`)
	require.Contains(t, curl, `Authorization: Bearer $WHATSAPP_ACCESS_TOKEN`)
	require.Contains(t, copied("Go test"), "wacloud.DecodeMessage([]byte(`")
	var fixture map[string]any
	require.NoError(t, json.Unmarshal([]byte(copied("Fixture")), &fixture))
	require.Contains(t, fixture["biz_opaque_callback_data"], "~wa:", "the bot has a store")
	delete(fixture, "biz_opaque_callback_data")
	require.Equal(t, map[string]any{
		"messaging_product": "whatsapp", "recipient_type": "individual", "to": ana, "type": "text", "text": map[string]any{"body": "echo: o'clock"},
	}, fixture)
	p.wait(`[...document.querySelectorAll(".toast")].every((n) => n.textContent === "Copied.")`) // the browser took it
}

// A webhook can be changed and delivered, signed anew.
func TestEditAndDeliver(t *testing.T) {
	t.Parallel()
	s := newStage(t, echo())
	p := s.open()
	p.phone(0).say("oi")
	p.phone(0).shows("echo: oi")
	line := `document.querySelector(".webhook .line")`
	p.do(chromedp.Evaluate[chromedp.Void](line + `.click()`))
	p.wait(`document.querySelector(".detail .json")`)
	p.tapIn(`document.querySelector(".detail")`, "Edit and deliver")
	p.wait(`document.activeElement === document.querySelector("textarea.edit")`)
	p.do(chromedp.Evaluate[chromedp.Void](`(() => { const area = document.querySelector("textarea.edit");
		area.value = area.value.replace('"body": "oi"', '"body": "changed"').replace(/"id": "wamid[^"]*"/, '"id": "wamid.EDITED"'); })()`))
	p.tapIn(`document.querySelector(".editor")`, "Deliver, signed anew")
	p.phone(0).shows("echo: changed")

	// What is no JSON is refused, and says so.
	p.tolerates("/redeliver")
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("textarea.edit").value = "{"`))
	p.tapIn(`document.querySelector(".editor")`, "Deliver, signed anew")
	p.wait(`[...document.querySelectorAll(".toast.bad")].some((n) => n.textContent.includes("not JSON"))`)
	require.Equal(t, 2, p.count(".msg.in"), "nothing went to the bot")
}

// A state is saved to a file of the user's and read back: chats, settings and the clock are as they were.
func TestStateIsSavedAndRestored(t *testing.T) {
	t.Parallel()
	s := newStage(t, catalogRouter(pictures(t)))
	p := s.open()
	phone := p.phone(0)
	s.ask("ask:list")
	phone.shows("Choose")
	s.control(http.MethodPatch, "settings", map[string]any{"carousel_tap": "turns"}, nil)

	saved := p.download(func() {
		p.tapIn(`document.querySelector("#panel")`, "Settings")
		p.tapIn(`document.querySelector("#panel")`, "Save")
	})
	data, err := os.ReadFile(saved)
	require.NoError(t, err)
	for _, secret := range s.sim.Env()[2:] {
		_, value, _ := strings.Cut(secret, "=")
		require.NotContains(t, string(data), value)
	}

	p.tapIn(`document.querySelector("#panel")`, "Start over")
	p.wait(`document.querySelectorAll(".msg").length === 0`)
	s.control(http.MethodPatch, "settings", map[string]any{"carousel_tap": "button"}, nil)
	p.choose(saved, func() { p.tapIn(`document.querySelector("#panel")`, "Restore…") })
	phone.shows("Choose")
	p.wait(`document.querySelector(".settings select").value === "turns"`)
	phone.pick("See all", "Cake") // an old message works
	phone.shows("tapped: dish:3")

	// Another file changes nothing.
	p.tolerates("/_sim/restore")
	p.choose(file(t, "other.json", []byte(`{"version":99}`)), func() { p.tapIn(`document.querySelector("#panel")`, "Restore…") })
	p.wait(`document.querySelector(".toast.bad")`)
	phone.shows("tapped: dish:3")
}

// A chat is saved as a transcript, by the phone's menu.
func TestTranscriptIsDownloaded(t *testing.T) {
	t.Parallel()
	s := newStage(t, echo())
	p := s.open()
	p.phone(0).say("oi")
	p.phone(0).shows("echo: oi")
	path := p.download(func() {
		p.phone(0).tap("Chat options")
		p.phone(0).tap("Save as a transcript (JSON)")
	})
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(data), `"echo: oi"`)
}

// download returns the file that the page lets the browser save.
func (p *tab) download(save func()) string {
	p.t.Helper()
	dir := p.t.TempDir()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	progress := chromedp.Events(ctx, cdpbrowser.DownloadProgress)
	_, err := chromedp.Call(ctx, cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{
		Behavior: cdpbrowser.SetDownloadBehaviorBehaviorAllowAndName, DownloadPath: dir, EventsEnabled: new(true),
		BrowserContextID: chromedp.FromContext(p.ctx).BrowserContextID,
	})
	require.NoError(p.t, err)
	save()
	for e, err := range progress {
		require.NoError(p.t, err, "nothing was saved")
		if e.State == cdpbrowser.DownloadProgressStateCompleted {
			return filepath.Join(dir, e.GUID)
		}
	}
	return ""
}
