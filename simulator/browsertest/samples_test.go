package browsertest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// samples are Meta's own requests, and what a screen reader must find in their bubbles. The kinds of kinds_test.go are there.
var samples = map[string][]seen{
	"template_auth_otp":              {text("Template login_code"), text("123456"), button("Button 1: link …123456")},
	"template_carousel_media":        {{"group", "2 cards, arrow keys scroll"}, {"group", "Card 2 of 2"}, text("Room 2"), button("room:1")},
	"template_carousel_product":      {{"group", "Card 2 of 2"}, picture("Product sku-0"), picture("Product sku-1")},
	"template_catalog":               {text("Template catalog_v1"), text("Ada"), button("View items")},
	"template_coupon":                {text("25%"), button("Copy code SAVE25")},
	"template_flow":                  {text("Template flow_v1"), button("Button 1")},
	"template_limited_time_offer":    {picture("Picture: media id 900000000000001"), text("Ada"), button("Copy code SAVE25")},
	"template_location_header":       {picture("Map at 52.52, 13.405"), text("Depot"), text("Example St 1")},
	"template_mpm":                   {button("View items")},
	"template_named_params":          {text("{{first_name}}"), text("Ada"), text("{{order_id}}"), text("42")},
	"template_order_status":          {text("Order ord-42-1: shipped"), text(" On its way")},
	"template_plain":                 {text("Template hello_world")},
	"template_positional_all_params": {picture("Document i.pdf at https://cdn.example.com/i.pdf"), text("$10.99"), text("January 31"), button("inv:ok")},
	"template_single_product":        {picture("Product sku-1"), text("25OFF")},
	"template_voice_call":            {button("Call")},
	"interactive_order_details_br":   {picture("Picture: https://cdn.example.com/cake.jpg"), text("Your order"), text("1 × Cake, 50.00 BRL"), text("Total 55.00 BRL"), button("Review and pay")},
	"interactive_order_details_in":   {text("Your invoice"), text("Thanks"), text("Total 105.00 INR"), button("Review and pay")},
	"interactive_order_status":       {text("Your order has shipped"), text("Order ord-42-1: shipped"), text(" On its way")},
	"direct_send_mixed_buttons":      {text("Your parcel arrives today."), anchor("Track"), button("Reschedule")},
}

// Every sample of Meta's that is a message is drawn by what it is, and not as JSON.
func TestEverySampleIsDrawn(t *testing.T) {
	t.Parallel()
	s := newStage(t, echo())
	p := s.open()
	p.phone(0).say("oi")
	p.phone(0).shows("echo: oi")
	s.control(http.MethodPatch, "settings", map[string]any{"pair_limit": false}, nil)
	files, err := filepath.Glob("../../testdata/payloads/*.json")
	require.NoError(t, err)
	drawn := 0
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		body, err := os.ReadFile(path)
		require.NoError(t, err)
		if _, err := wacloud.DecodeMessage(body); err != nil || strings.HasPrefix(name, "reaction") || strings.Contains(name, "group") || strings.HasPrefix(name, "marketing") {
			continue // no message, on another one, or of a group's chat
		}
		id := s.post(t, body, ana)
		p.wait(article(id))
		found := p.accessible(article(id))
		require.NotContains(t, found, text("The phone cannot draw this kind."), name)
		require.Zero(t, p.count(`.msg[data-id="`+id+`"] pre.raw`), "%s is drawn as JSON", name)
		for _, want := range samples[name] {
			require.Contains(t, found, want, "%s: found%s", name, list(found))
		}
		drawn++
	}
	require.Greater(t, drawn, 45)
}

// post sends a request as it is, but for whom it is to, and returns the message's id.
func (s *stage) post(t *testing.T, body []byte, to string) string {
	t.Helper()
	var request map[string]any
	require.NoError(t, json.Unmarshal(body, &request))
	request["to"] = to
	delete(request, "recipient")
	data, err := json.Marshal(request)
	require.NoError(t, err)
	cfg := s.sim.Config()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/v23.0/"+cfg.PhoneNumberID+"/messages", bytes.NewReader(data))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+cfg.AccessToken.Reveal())
	req.Header.Set("Content-Type", "application/json")
	resp, err := (&http.Client{Timeout: patience}).Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode, "%s: %s", data, answer)
	var accepted struct{ Messages []struct{ ID string } }
	require.NoError(t, json.Unmarshal(answer, &accepted))
	return accepted.Messages[0].ID
}

// A group is a chat of its own, in which nobody can answer here.
func TestGroup(t *testing.T) {
	t.Parallel()
	s := newStage(t, echo())
	p := s.open()
	for _, name := range []string{"text_group", "group_pin"} {
		body, err := os.ReadFile("../../testdata/payloads/" + name + ".json")
		require.NoError(t, err)
		s.post(t, body, "grp_0001")
	}
	s.post(t, []byte(`{"messaging_product":"whatsapp","recipient_type":"group","type":"pin","pin":{"type":"unpin","message_id":"wamid.OUT0009"}}`), "grp_0001")
	chooser := `document.querySelector(".owner select")`
	p.wait(chooser + `.textContent.includes("Group grp_0001")`)
	p.do(chromedp.Evaluate[chromedp.Void](`(() => { const s = ` + chooser + `; s.value = [...s.options].find((o) => o.textContent === "Group grp_0001").value;
		s.dispatchEvent(new Event("change", { bubbles: true })); })()`))
	p.wait(`document.querySelectorAll(".msg.in").length === 3`)
	found := p.accessible(`document.querySelector(".log")`)
	for _, want := range []string{"Hello group", "A message was pinned for 7 days.", "A message was unpinned."} {
		require.Contains(t, found, text(want), list(found))
	}
	require.False(t, eval[bool](p, `document.querySelector(".composer").checkVisibility()`))
}

// No kind of message is forgotten in the tables of this package.
func TestNoKindIsForgotten(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../*.go")
	require.NoError(t, err)
	kind := regexp.MustCompile(`(?m)^func \((?:\w+ )?(\w+)\) messageType\(\)`)
	var tests strings.Builder
	for _, path := range []string{"kinds_test.go", "samples_test.go"} {
		source, err := os.ReadFile(path)
		require.NoError(t, err)
		tests.Write(source)
	}
	elsewhere := []string{"Raw", "Reaction", "Pin", "Unpin", "Template", "OrderDetails", "OrderStatus", "MixedButtons"} // tests of their own, and samples
	n := 0
	for _, path := range files {
		source, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, m := range kind.FindAllStringSubmatch(string(source), -1) {
			n++
			name := m[1]
			covered := slices.Contains(elsewhere, name) || strings.Contains(tests.String(), "wacloud."+name+"{") || strings.Contains(tests.String(), "wacloud.New"+name+"(")
			require.True(t, covered, name)
		}
	}
	require.Greater(t, n, 25)
}

// Right-to-left text runs from the right, paragraph by paragraph, also beside one that does not.
func TestRightToLeft(t *testing.T) {
	t.Parallel()
	s := newStage(t, echo())
	p := s.open()
	p.phone(0).say("oi")
	p.phone(0).shows("echo: oi")
	id := s.send(wacloud.NewButtons("שלום *עולם*\nHello world", wacloud.Button{ID: "a", Title: "המשך"}))
	p.wait(article(id))
	starts := eval[[]bool](p, `[...`+article(id)+`.querySelectorAll(".text p")].map((n) => {
		const range = document.createRange(); range.selectNodeContents(n);
		const text = range.getBoundingClientRect(), box = n.getBoundingClientRect();
		return box.right - text.right < text.left - box.left; })`)
	require.Equal(t, []bool{true, false}, starts, "which paragraphs stand at the right")
	require.Equal(t, "rtl", eval[string](p, `getComputedStyle(`+article(id)+`.querySelector(".choice .title")).direction`))
	id = s.send(wacloud.NewText("- פריט\n- item\n1. מספר"))
	p.wait(article(id))
	room := eval[[][]float64](p, `[...`+article(id)+`.querySelectorAll("li")].map((n) => {
		const list = n.parentNode.getBoundingClientRect(), box = n.getBoundingClientRect();
		return [Math.round(box.left - list.left), Math.round(list.right - box.right)]; })`)
	require.Equal(t, [][]float64{{0, 20}, {20, 0}, {0, 20}}, room, "the room at the left and the right of each line, for its marker")
}

// A webhook that the bot takes too long for is marked, although it was taken. It stands before what the bot did meanwhile.
func TestSlowAnswersAreMarked(t *testing.T) {
	t.Parallel()
	slow := wacloud.NewRouter()
	slow.Text(func(context.Context, *wacloud.Event) error { return nil })
	s := newStage(t, slow)
	s.delay = 1200 * time.Millisecond
	p := s.open()
	p.phone(0).say("oi")
	p.wait(`document.querySelector(".msg.out")`)
	p.wait(article(s.send(wacloud.NewText("One moment"))))
	p.wait(`document.querySelector(".webhook .badge.warn")?.textContent === "slow"`)
	p.wait(`document.querySelector(".webhook .verdict.good")`)
	require.Equal(t, []string{"message text", "messages text"}, eval[[]string](p, `[...document.querySelectorAll(".entry .what")].slice(0, 2).map((w) => w.textContent)`))
}
