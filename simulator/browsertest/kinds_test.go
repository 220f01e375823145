package browsertest

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// dish is a JPEG.
func dish(t *testing.T) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 64, 64))
	for i := range 64 * 64 {
		img.Set(i%64, i/64, color.RGBA{uint8(i % 64 * 4), 120, uint8(i / 64 * 4), 255})
	}
	var data bytes.Buffer
	require.NoError(t, jpeg.Encode(&data, img, nil))
	return data.Bytes()
}

// pictures serves the dish on loopback, as a bot would.
func pictures(t *testing.T) string {
	t.Helper()
	data := dish(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/jpeg")
		_, _ = w.Write(data)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/dish.jpg"
}

const (
	remote   = "https://cdn.example.com/dish.jpg"
	film     = "https://cdn.example.com/film.mp4"
	document = "https://cdn.example.com/menu.pdf"
)

// kind is a message and what a screen reader must find in its bubble.
type kind struct {
	name    string
	message wacloud.Message
	want    []seen
}

func textKinds() []kind {
	return []kind{
		{"text", wacloud.NewText("*Hi* _Ana_, see https://example.com/menu."), []seen{{"strong", ""}, text("Hi"), {"emphasis", ""}, text("Ana"), anchor("https://example.com/menu")}},
		{"location", wacloud.Location{Latitude: 52.52, Longitude: 13.405, Name: "Office", Address: "Example St 1"}, []seen{picture("Map at 52.5200, 13.4050"), text("Office"), text("Example St 1")}},
		{"contacts", wacloud.NewContacts(wacloud.Contact{
			Name:   wacloud.ContactName{Formatted: "Ada Example", First: "Ada"},
			Phones: []wacloud.ContactPhone{{Phone: "+15550009999", Type: "WORK"}}, Org: wacloud.ContactOrg{Company: "Example Co"},
		}), []seen{{"group", "Contact Ada Example"}, text("+15550009999"), text("Example Co")}},
	}
}

func fileKinds(local, uploaded string) []kind {
	return []kind{
		{"image on loopback", wacloud.Image{Media: wacloud.MediaLink(local), Caption: "Soup"}, []seen{picture("Picture: Soup"), text("Soup")}},
		{"image uploaded", wacloud.Image{Media: wacloud.MediaID(uploaded)}, []seen{picture("Picture")}},
		{"image elsewhere", wacloud.Image{Media: wacloud.MediaLink(remote)}, []seen{picture("Picture: " + remote)}},
		{"video", wacloud.Video{Media: wacloud.MediaLink(film), Caption: "Kitchen"}, []seen{picture("Video: " + film), text("Kitchen")}},
		{"audio", wacloud.Audio{Media: wacloud.MediaLink("https://cdn.example.com/a.mp3")}, []seen{picture("Audio: https://cdn.example.com/a.mp3")}},
		{"voice", wacloud.Audio{Media: wacloud.MediaLink("https://cdn.example.com/a.ogg"), Voice: true}, []seen{picture("Audio: https://cdn.example.com/a.ogg")}},
		{"document", wacloud.Document{Media: wacloud.MediaLink(document), Filename: "menu.pdf", Caption: "Menu"}, []seen{picture("Document menu.pdf at " + document), text("Menu")}},
		{"sticker", wacloud.Sticker{Media: wacloud.MediaLink("https://cdn.example.com/s.webp")}, []seen{picture("Sticker: https://cdn.example.com/s.webp")}},
	}
}

func buttonKinds(local string) []kind {
	ask := wacloud.NewButtons("Pick one", wacloud.Button{ID: "a", Title: "First"}, wacloud.Button{ID: "b", Title: "Second"}).WithFooter("Small print")
	common := []seen{text("Pick one"), text("Small print"), button("First"), button("Second")}
	with := func(name string, h wacloud.Header, want seen) kind {
		return kind{name, ask.WithHeader(h), append(slices.Clone(common), want)}
	}
	row := func(id, title, description string) wacloud.Row {
		return wacloud.Row{ID: id, Title: title, Description: description}
	}
	menu := wacloud.Menu{Button: "See all", Sections: []wacloud.Section{
		{Title: "Salty", Rows: []wacloud.Row{row("pizza", "Pizza", "12 kinds")}}, {Title: "Sweet", Rows: []wacloud.Row{row("cake", "Cake", "")}},
	}}
	return []kind{
		{"buttons", ask, common},
		with("buttons with text header", wacloud.HeaderText{Text: "Dinner"}, text("Dinner")),
		with("buttons with image header", wacloud.HeaderImage{Media: wacloud.MediaLink(local)}, picture("Picture")),
		with("buttons with video header", wacloud.HeaderVideo{Media: wacloud.MediaLink(film)}, picture("Video: "+film)),
		with("buttons with document header", wacloud.HeaderDocument{Media: wacloud.MediaLink(document), Filename: "menu.pdf"}, picture("Document menu.pdf at "+document)),
		{"list", wacloud.NewList("Choose", menu).WithHeader("Menu").WithFooter("Until 22:00"), []seen{text("Menu"), text("Choose"), text("Until 22:00"), button("See all")}},
		{"link button", wacloud.NewCTAURL("Your ticket", wacloud.Link{Text: "Open ticket", URL: "https://example.com/t"}), []seen{text("Your ticket"), anchor("Open ticket")}},
		{"location request", wacloud.NewLocationRequest("Where to?"), []seen{text("Where to?"), button("Send location")}},
		{"contact info request", wacloud.NewContactInfoRequest("Your number?"), []seen{text("Your number?"), button("Share contact info")}},
		{"flow", wacloud.Flow{Body: "Fill in", ID: "600000000000001", CTA: "Open form"}, []seen{text("Fill in"), button("Open form")}},
		{"address", wacloud.AddressRequest{Body: "Deliver where?", Country: "IN"}, []seen{text("Deliver where?"), button("Provide address")}},
		{"voice call", wacloud.VoiceCall{Body: "Talk to us", Text: "Ring"}, []seen{text("Talk to us"), button("Ring")}},
		{"call permission", wacloud.CallPermissionRequest{Body: "May we call?"}, []seen{text("May we call?"), button("Allow"), button("Don't allow")}},
	}
}

func shopKinds(local string) []kind {
	card := func(text string, action wacloud.CardAction) wacloud.Card {
		return wacloud.NewCard(wacloud.HeaderImage{Media: wacloud.MediaLink(local)}, action).WithBody(text)
	}
	quick := func(id string) wacloud.QuickReplies { return wacloud.QuickReplies{{ID: id, Title: "Choose"}} }
	strip := seen{"group", "2 cards, arrow keys scroll"}
	return []kind{
		{
			"carousel", wacloud.NewCarousel("Rooms", card("Room 1", quick("r:1")), card("Room 2", quick("r:2"))),
			[]seen{text("Rooms"), strip, {"group", "Card 1 of 2"}, picture("Picture"), text("Room 1"), button("Choose"), {"group", "Card 2 of 2"}, text("Room 2")},
		},
		{
			"carousel of links", wacloud.NewCarousel("Clips", card("Clip 1", wacloud.Link{Text: "Watch", URL: "https://example.com/1"}), card("Clip 2", wacloud.Link{Text: "Watch", URL: "https://example.com/2"})),
			[]seen{text("Clips"), strip, text("Clip 2"), anchor("Watch")},
		},
		{
			"product carousel",
			wacloud.ProductCarousel{Body: "Picked", CatalogID: "70", RetailerIDs: []string{"sku-1", "sku-2"}},
			[]seen{text("Picked"), strip, picture("Product sku-1"), picture("Product sku-2"), button("View")},
		},
		{"product", wacloud.Product{Body: "Still there", CatalogID: "70", RetailerID: "sku-1"}, []seen{text("Still there"), picture("Product sku-1"), button("View")}},
		{
			"product list",
			wacloud.ProductList{Header: "Our picks", Body: "Browse", CatalogID: "70", Sections: []wacloud.ProductSection{{Title: "Lamps", RetailerIDs: []string{"sku-1"}}}},
			[]seen{text("Our picks"), text("Browse"), button("View items")},
		},
		{"catalog", wacloud.Catalog{Body: "All we have", ThumbnailRetailerID: "sku-1"}, []seen{text("All we have"), picture("Product sku-1"), button("View catalog")}},
	}
}

// rawKinds are drawn from what their parameters say.
func rawKinds() []kind {
	raw := func(name, kindName, object string, want ...seen) kind {
		return kind{name, wacloud.Raw{Type: kindName, JSON: json.RawMessage(object)}, want}
	}
	return []kind{
		raw("template", "template", `{"name":"invoice","language":{"code":"en_US"},"components":[
			{"type":"header","parameters":[{"type":"text","text":"Hello"}]},
			{"type":"body","parameters":[{"type":"text","text":"Ada"},{"type":"currency","currency":{"fallback_value":"$10.99","code":"USD","amount_1000":10990}}]},
			{"type":"button","sub_type":"quick_reply","index":"0","parameters":[{"type":"payload","payload":"inv:ok"}]},
			{"type":"button","sub_type":"copy_code","index":"1","parameters":[{"type":"coupon_code","coupon_code":"SAVE25"}]}]}`,
			text("Template invoice"), text("Hello"), text("Ada"), text("$10.99"), button("Copy code SAVE25")),
		raw("carousel template", "template", `{"name":"rooms","language":{"code":"en_US"},"components":[{"type":"carousel","cards":[
			{"card_index":0,"components":[{"type":"header","parameters":[{"type":"image","image":{"link":"https://cdn.example.com/dish.jpg"}}]},{"type":"body","parameters":[{"type":"text","text":"Room 1"}]}]},
			{"card_index":1,"components":[{"type":"header","parameters":[{"type":"image","image":{"id":"900000000000010"}}]},{"type":"body","parameters":[{"type":"text","text":"Room 2"}]}]}]}]}`,
			seen{"group", "2 cards, arrow keys scroll"}, picture("Picture: "+remote), text("Room 1"), text("Room 2")),
		raw("order details", "interactive", `{"type":"order_details","body":{"text":"Your invoice"},"action":{"name":"review_and_pay","parameters":{"reference_id":"inv_42","type":"digital-goods",
			"payment_type":"br","currency":"BRL","total_amount":{"value":10500,"offset":100},"order":{"status":"pending","items":[{"retailer_id":"s","name":"Course","amount":{"value":10500,"offset":100},"quantity":1}],"subtotal":{"value":10500,"offset":100},"tax":{"value":0,"offset":100}}}}}`,
			text("Your invoice"), text("Total 105.00 BRL"), button("Review and pay")),
		raw("order status", "interactive", `{"type":"order_status","body":{"text":"News"},"action":{"name":"review_order","parameters":{"reference_id":"ord-42","order":{"status":"shipped"}}}}`,
			text("News"), text("Order ord-42: shipped")),
	}
}

func TestEveryKindIsDrawn(t *testing.T) {
	t.Parallel()
	s := newStage(t, echo())
	p := s.open()
	p.phone(0).say("oi")
	p.phone(0).shows("echo: oi")
	local := pictures(t)
	uploaded, err := s.client.Upload(t.Context(), wacloud.Upload{Reader: bytes.NewReader(dish(t)), MIMEType: "image/jpeg"})
	require.NoError(t, err)

	for _, k := range slices.Concat(textKinds(), fileKinds(local, uploaded), buttonKinds(local), shopKinds(local), rawKinds()) {
		id := s.send(k.message)
		p.wait(article(id))
		found := p.accessible(article(id))
		for _, want := range k.want {
			require.Contains(t, found, want, "%s: found%s", k.name, list(found))
		}
	}
}

func article(id string) string { return `document.querySelector('.msg[data-id="` + id + `"]')` }

func TestReactionsAndQuotesHangOnTheirMessages(t *testing.T) {
	t.Parallel()
	s := newStage(t, echo())
	p := s.open()
	p.phone(0).say("oi")
	p.phone(0).shows("echo: oi")
	first := s.send(wacloud.NewText("first"))
	quote := s.send(wacloud.NewText("second"), wacloud.ReplyTo(first))
	p.wait(article(quote))
	found := p.accessible(article(quote))
	require.Contains(t, found, text("first"), list(found))

	var state struct {
		Messages []struct {
			ID       string `json:"id"`
			FromUser bool   `json:"from_user"`
		} `json:"messages"`
	}
	s.control(http.MethodGet, "state", struct{}{}, &state)
	s.send(wacloud.Reaction{MessageID: state.Messages[0].ID, Emoji: "👍"})
	p.wait(article(state.Messages[0].ID) + `.querySelector(".reactions")`)
	require.Contains(t, p.accessible(article(state.Messages[0].ID)), seen{"note", "Reactions: 👍"})
}
