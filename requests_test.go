package wacloud_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

var (
	pictureHeader = wacloud.HeaderImage{Media: wacloud.MediaLink("https://cdn.example.com/0.jpg")}
	clipHeader    = wacloud.HeaderVideo{Media: wacloud.MediaLink("https://cdn.example.com/0.mp4")}
)

// requests has every kind with as little as it needs and with everything it can have. The files of testdata/requests
// hold the exact bytes.
var requests = map[string]wacloud.Message{
	"text_minimal": wacloud.NewText("Olá"),
	"text_preview": wacloud.Text{Body: "<b>50% & more</b> at https://example.com/?a=1&b=2", PreviewURL: true},
	"text_escapes": wacloud.NewText("quote \" backslash \\ tab \t line \n return \r bell \a separator \u2028 family 👨‍👩‍👧‍👦"),

	"image_id":             wacloud.Image{Media: wacloud.MediaID("900000000000001")},
	"image_link_caption":   wacloud.Image{Media: wacloud.MediaLink("https://cdn.example.com/a.jpg?x=1&y=2"), Caption: "Front"},
	"video_id":             wacloud.Video{Media: wacloud.MediaID("900000000000002")},
	"video_link_caption":   wacloud.Video{Media: wacloud.MediaLink("https://cdn.example.com/a.mp4"), Caption: "Demo"},
	"audio_id":             wacloud.Audio{Media: wacloud.MediaID("900000000000003")},
	"audio_link_voice":     wacloud.Audio{Media: wacloud.MediaLink("https://cdn.example.com/a.ogg"), Voice: true},
	"document_id":          wacloud.Document{Media: wacloud.MediaID("900000000000005")},
	"document_link_full":   wacloud.Document{Media: wacloud.MediaLink("https://cdn.example.com/m.pdf"), Filename: "menu.pdf", Caption: "Menu"},
	"sticker_id":           wacloud.Sticker{Media: wacloud.MediaID("900000000000006")},
	"sticker_link":         wacloud.Sticker{Media: wacloud.MediaLink("https://cdn.example.com/s.webp")},
	"location_minimal":     wacloud.Location{Latitude: 52.52, Longitude: 13.405},
	"location_whole":       wacloud.Location{Latitude: -23, Longitude: 0},
	"location_precise":     wacloud.Location{Latitude: -23.550520001, Longitude: 1e-7, Name: "Sé", Address: "Praça da Sé, São Paulo"},
	"reaction":             wacloud.Reaction{MessageID: "wamid.IN0001", Emoji: "👍"},
	"reaction_remove":      wacloud.Reaction{MessageID: "wamid.IN0001"},
	"raw_template":         wacloud.Raw{Type: "template", JSON: json.RawMessage(" {\"name\":\"hi\",\"language\":{\"code\":\"en\"}}\n")},
	"raw_direct_send":      wacloud.Raw{Type: "text", JSON: json.RawMessage(`{"body":"hi"}`), Extra: json.RawMessage(`{ "category": "utility", "ttl_seconds": 60 }`)},
	"raw_empty_extra":      wacloud.Raw{Type: "text", JSON: json.RawMessage(`{"body":"hi"}`), Extra: json.RawMessage(`{ }`)},
	"contacts_minimal":     wacloud.NewContacts(wacloud.Contact{Name: wacloud.ContactName{Formatted: "Ada", First: "Ada"}}),
	"contacts_full":        wacloud.NewContacts(fullContact, wacloud.Contact{Name: wacloud.ContactName{Formatted: "Bo", Last: "Bo"}}),
	"contacts_as_received": wacloud.NewContacts(wacloud.Contact{Name: wacloud.ContactName{Formatted: "Bo", Last: "Bo"}, Origin: "other", VCard: "BEGIN:VCARD"}),

	"buttons_minimal":         wacloud.NewButtons("Pick", wacloud.Button{ID: "a", Title: "A"}),
	"buttons_text_header":     threeButtons.WithHeader(wacloud.HeaderText{Text: "Order"}).WithFooter("Thanks"),
	"buttons_sub_text_header": threeButtons.WithHeader(wacloud.HeaderText{Text: "Order", SubText: "No. 42"}),
	"buttons_image_header":    threeButtons.WithHeader(wacloud.HeaderImage{Media: wacloud.MediaID("900000000000001")}),
	"buttons_video_header":    threeButtons.WithHeader(clipHeader),
	"buttons_document_header": threeButtons.WithHeader(wacloud.HeaderDocument{Media: wacloud.MediaLink("https://cdn.example.com/m.pdf")}),
	"buttons_filename_header": threeButtons.WithHeader(wacloud.HeaderDocument{Media: wacloud.MediaLink("https://cdn.example.com/m.pdf"), Filename: "menu.pdf"}),
	"buttons_nil_header":      threeButtons.WithHeader((*wacloud.HeaderText)(nil)),
	"buttons_pointers":        &wacloud.Buttons{Header: &pictureHeader, Body: "Pick", Buttons: []wacloud.Button{{ID: "a", Title: "A"}}},

	"list_minimal": wacloud.NewList("Pick", wacloud.Menu{Button: "Open", Sections: wacloud.Rows(wacloud.Row{ID: "a", Title: "A"})}),
	"list_full": wacloud.NewList("Pick", wacloud.Menu{Button: "Open", Sections: []wacloud.Section{
		{Title: "One", Rows: []wacloud.Row{{ID: "a", Title: "A", Description: "first"}, {ID: "b", Title: "B"}}},
		{Title: "Two", Rows: []wacloud.Row{{ID: "c", Title: "C"}}},
	}}).WithHeader("Menu").WithFooter("Thanks"),

	"cta_url_minimal": wacloud.NewCTAURL("Read it", wacloud.Link{Text: "Open", URL: "https://example.com/a?b=1&c=2"}),
	"cta_url_full":    wacloud.NewCTAURL("Read it", wacloud.Link{Text: "Open", URL: "https://example.com"}).WithHeader(pictureHeader).WithFooter("Thanks"),

	"carousel_quick_replies": wacloud.NewCarousel("Pick",
		wacloud.NewCard(pictureHeader, wacloud.QuickReplies{{ID: "a", Title: "Choose"}, {ID: "a:info", Title: "Details"}}).WithBody("Room 1"),
		wacloud.NewCard(pictureHeader, wacloud.QuickReplies{{ID: "b", Title: "Choose"}, {ID: "b:info", Title: "Details"}}).WithBody("Room 2")),
	"carousel_links": wacloud.NewCarousel("New",
		wacloud.NewCard(clipHeader, wacloud.Link{Text: "View", URL: "https://example.com/1"}),
		wacloud.NewCard(clipHeader, wacloud.Link{Text: "View", URL: "https://example.com/2"})),
	"carousel_wire_types": wacloud.Carousel{Body: "Pick", Cards: []wacloud.Card{
		{Header: pictureHeader, Action: wacloud.QuickReplies{{ID: "a", Title: "Choose"}}, WireType: "cta_url"},
		{Header: pictureHeader, Action: wacloud.QuickReplies{{ID: "b", Title: "Choose"}}, WireType: "-"},
	}},
	"carousel_products": wacloud.ProductCarousel{Body: "For you", CatalogID: "700000000000001", RetailerIDs: []string{"sku-0", "sku-1"}},

	"product_minimal":      wacloud.Product{CatalogID: "700000000000001", RetailerID: "sku-1"},
	"product_full":         wacloud.Product{Body: "Here", Footer: "Shop", CatalogID: "700000000000001", RetailerID: "sku-1"},
	"product_list_minimal": wacloud.ProductList{Header: "Picks", Body: "Browse", CatalogID: "700000000000001", Sections: []wacloud.ProductSection{{RetailerIDs: []string{"sku-1"}}}},
	"product_list_full":    wacloud.ProductList{Header: "Picks", Body: "Browse", Footer: "Shop", CatalogID: "700000000000001", Sections: []wacloud.ProductSection{{Title: "Lamps", RetailerIDs: []string{"sku-1", "sku-2"}}, {Title: "Chairs", RetailerIDs: []string{"sku-3"}}}},
	"catalog_minimal":      wacloud.Catalog{Body: "Browse"},
	"catalog_full":         wacloud.Catalog{Body: "Browse", Footer: "Shop", ThumbnailRetailerID: "sku-1"},
	"location_request":     wacloud.NewLocationRequest("Where?"),
	"contact_info_request": wacloud.NewContactInfoRequest("Your number?"),
	"call_permission":      wacloud.CallPermissionRequest{},
	"call_permission_body": wacloud.CallPermissionRequest{Body: "May we call?"},
	"voice_call_minimal":   wacloud.VoiceCall{Body: "Talk to us"},
	"voice_call_full":      wacloud.VoiceCall{Body: "Talk to us", Text: "Call now", TTLMinutes: 100, Payload: "campaign-7"},
	"flow_minimal":         wacloud.Flow{Body: "Fill in", Name: "booking_v2", CTA: "Open"},
	"flow_navigate":        wacloud.Flow{Header: wacloud.HeaderText{Text: "Appointment"}, Body: "Fill in", Footer: "1 minute", ID: "600000000000001", CTA: "Open", Token: "tok-1", Mode: "published", Action: "navigate", Screen: "FIRST", Data: json.RawMessage(` {"name":"<Ada>"} `)},
	"flow_version_screen":  wacloud.Flow{Body: "Fill in", ID: "600000000000001", CTA: "Open", Mode: "draft", Screen: "FIRST", MessageVersion: "4"},
	"flow_data_exchange":   wacloud.Flow{Body: "Fill in", ID: "600000000000001", CTA: "Open", Action: "data_exchange"},
	"address_minimal":      wacloud.AddressRequest{Body: "Where?", Country: "IN"},
	"address_full":         fullAddressRequest,
}

var threeButtons = wacloud.NewButtons("Pick",
	wacloud.Button{ID: "delivery", Title: "🛵 Entrega"},
	wacloud.Button{ID: "pickup", Title: "🏠 Retirada"},
	wacloud.Button{ID: "cart:remove:3", Title: "Remover item 3"})

var fullContact = wacloud.Contact{
	Name:      wacloud.ContactName{Formatted: "Dr. Ada M. Example Jr.", First: "Ada", Last: "Example", Middle: "M.", Suffix: "Jr.", Prefix: "Dr."},
	Phones:    []wacloud.ContactPhone{{Phone: "+15550009999", Type: "WORK", WaID: "15550009999"}, {Phone: "+15550008888"}},
	Emails:    []wacloud.ContactEmail{{Email: "ada@example.com", Type: "WORK"}, {Email: "a@example.org"}},
	URLs:      []wacloud.ContactURL{{URL: "https://example.com", Type: "WORK"}, {URL: "https://example.org"}},
	Addresses: []wacloud.ContactAddress{{Street: "1 Example St", City: "Berlin", State: "BE", Zip: "10115", Country: "Germany", CountryCode: "de", Type: "WORK"}, {City: "Bonn"}},
	Org:       wacloud.ContactOrg{Company: "Example Co", Department: "Ops", Title: "Lead"},
	Birthday:  "1990-01-31",
}

var fullAddressRequest = wacloud.AddressRequest{
	Header: wacloud.HeaderText{Text: "Delivery"}, Body: "Where?", Footer: "India only", Country: "IN",
	Values:           map[string]string{"name": "Asha", "in_pin_code": "560001", "city": "Bengaluru"},
	SavedAddresses:   []wacloud.SavedAddress{{ID: "home", Value: map[string]string{"name": "Asha", "city": "Bengaluru"}}, {ID: "work"}},
	ValidationErrors: map[string]string{"in_pin_code": "We do not deliver here", "city": "Unknown"},
}

// envelopes has every recipient and every part of the envelope.
var envelopes = map[string]wacloud.Outgoing{
	"envelope_phone":   {To: wacloud.Phone("+55 (11) 99999-9999")},
	"envelope_wa_id":   {To: wacloud.WaID("5511999999999")},
	"envelope_user_id": {To: wacloud.UserID("BR.13491208655302741918")},
	"envelope_group":   {To: wacloud.GroupID("grp_0001")},
	"envelope_full":    {To: wacloud.Phone("+5511999999999"), ReplyTo: "wamid.IN0001", CallbackData: `{"order":"<42>"}`, IdentityKeyHash: "DF2lS5v2W6x="},
}

func TestGoldenRequests(t *testing.T) {
	t.Parallel()
	all := map[string]wacloud.Outgoing{}
	for name, m := range requests {
		all[name] = wacloud.Outgoing{To: wacloud.WaID("15550001234"), Message: m}
	}
	for name, o := range envelopes {
		o.Message = wacloud.NewText("Olá")
		all[name] = o
	}
	for name, o := range templateRequests {
		if o.To == (wacloud.Recipient{}) {
			o.To = wacloud.WaID("15550001234")
		}
		all[name] = o
	}
	for name, o := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := wacloud.EncodeMessage(o)
			require.NoError(t, err)
			requireGolden(t, filepath.Join("testdata/requests", name+".json"), body)
			require.True(t, json.Valid(body))
			if name == "raw_direct_send" {
				return // a kind that is modelled: it decodes to that, whose members stand in another order
			}
			decoded, err := wacloud.DecodeMessage(body)
			require.NoError(t, err)
			again, err := wacloud.EncodeMessage(*decoded)
			require.NoError(t, err)
			require.Equal(t, string(body), string(again))
		})
	}
	files, err := os.ReadDir("testdata/requests")
	require.NoError(t, err)
	for _, f := range files {
		require.Contains(t, all, strings.TrimSuffix(f.Name(), ".json"), "a file that no test writes")
	}
}

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// requireGolden checks that the file holds got and a line break. With the flag -update it writes the file instead: read what
// it wrote like code.
func requireGolden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(file, append(got, '\n'), 0o644))
		return
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, strings.TrimSuffix(string(want), "\n"), string(got))
}
