package graph_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

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
		{"a template", wacloud.NewTemplate("x", "en").WithTexts("Ada"), true},
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
