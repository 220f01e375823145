package wacloud_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// encode returns the content of the request that sends m.
func encode(t *testing.T, m wacloud.Message) string {
	t.Helper()
	body, err := wacloud.EncodeMessage(wacloud.Outgoing{To: wacloud.WaID("15550001234"), Message: m})
	require.NoError(t, err)
	return string(body)
}

func TestEncodeMessageRefuses(t *testing.T) {
	t.Parallel()
	to := wacloud.Phone("+5511999999999")
	raw := func(kind, content, extra string) wacloud.Raw {
		return wacloud.Raw{Type: kind, JSON: json.RawMessage(content), Extra: json.RawMessage(extra)}
	}
	tests := []struct {
		name string
		o    wacloud.Outgoing
		want []string
	}{
		{"zero value", wacloud.Outgoing{}, []string{"to to", "type message"}},
		{"nobody", wacloud.Outgoing{Message: wacloud.NewText("x")}, []string{"to to"}},
		{"nothing", wacloud.Outgoing{To: to}, []string{"type message"}},
		{"nil pointer", wacloud.Outgoing{To: to, Message: (*wacloud.Buttons)(nil)}, []string{"type message"}},
		{"nil pointer to a raw", wacloud.Outgoing{To: to, Message: (*wacloud.Raw)(nil)}, []string{"type message"}},
		{"wa id with a plus", wacloud.Outgoing{To: wacloud.WaID("+15550001234"), Message: wacloud.NewText("x")}, []string{"to to.wa_id"}},
		{"empty user id", wacloud.Outgoing{To: wacloud.UserID(""), Message: wacloud.NewText("x")}, []string{"recipient to.user_id"}},
		{"empty group id", wacloud.Outgoing{To: wacloud.GroupID(""), Message: wacloud.NewText("x")}, []string{"to to.group"}},
		{"zero raw", wacloud.Outgoing{To: to, Message: wacloud.Raw{}}, []string{"type raw.type", "$ raw.json"}},
		{"raw with the type of an envelope field", wacloud.Outgoing{To: to, Message: raw("to", `{}`, ``)}, []string{"type raw.type"}},
		{"raw with a quote in its type", wacloud.Outgoing{To: to, Message: raw(`a":1,"b`, `{}`, ``)}, []string{"type raw.type"}},
		{"raw that is an array", wacloud.Outgoing{To: to, Message: raw("template", `[]`, ``)}, []string{"template raw.json"}},
		{"raw that is half", wacloud.Outgoing{To: to, Message: raw("template", `{"a":`, ``)}, []string{"template raw.json"}},
		{"raw that breaks out", wacloud.Outgoing{To: to, Message: raw("template", `{},"to":"1"`, ``)}, []string{"template raw.json"}},
		{"pointer to a raw", wacloud.Outgoing{To: to, Message: new(raw("template", `1`, ``))}, []string{"template raw.json"}},
		{"raw extra that is no object", wacloud.Outgoing{To: to, Message: raw("template", `{}`, `[1]`)}, []string{"$ raw.json"}},
		{"raw extra that stands in the request", wacloud.Outgoing{To: to, Message: raw("template", `{}`, `{"to":"1"}`)}, []string{"to raw.extra"}},
		{"raw extra that is the content", wacloud.Outgoing{To: to, Message: raw("template", `{}`, `{"\u0074emplate":{}}`)}, []string{"template raw.extra"}},
		{"flow data that is half", wacloud.Outgoing{To: to, Message: wacloud.Flow{Data: json.RawMessage(`{`)}}, []string{"interactive.action.parameters.flow_action_payload.data flow.data"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			body, err := wacloud.EncodeMessage(tt.o)
			require.Nil(t, body)
			require.ErrorIs(t, err, wacloud.ErrInvalid)
			v, ok := errors.AsType[*wacloud.ValidationError](err)
			require.True(t, ok)
			var got []string
			for _, p := range v.Problems {
				got = append(got, p.Path+" "+p.Rule)
			}
			require.Empty(t, cmp.Diff(tt.want, got))
		})
	}
}

// What the grammar of an id is may change at Meta: only Check has an opinion.
func TestEncodeMessageTakesAnyUserID(t *testing.T) {
	t.Parallel()
	body, err := wacloud.EncodeMessage(wacloud.Outgoing{To: wacloud.UserID("tomorrow/1"), Message: wacloud.NewText("x")})
	require.NoError(t, err)
	require.Contains(t, string(body), `"recipient":"tomorrow/1"`)
}

// Zero values and nil slots are invalid, but never a panic and always JSON.
func TestEncodeMessageNeverPanics(t *testing.T) {
	t.Parallel()
	for _, m := range []wacloud.Message{
		wacloud.Text{},
		wacloud.Image{},
		wacloud.Video{},
		wacloud.Audio{},
		wacloud.Document{},
		wacloud.Sticker{},
		wacloud.Location{},
		wacloud.Location{Latitude: math.NaN(), Longitude: math.Inf(-1)},
		wacloud.Location{Latitude: math.MaxFloat64, Longitude: math.SmallestNonzeroFloat64},
		wacloud.Contacts{},
		wacloud.NewContacts(wacloud.Contact{}),
		wacloud.Reaction{},
		wacloud.Buttons{},
		wacloud.Buttons{Header: (*wacloud.HeaderImage)(nil)},
		wacloud.Buttons{Header: wacloud.HeaderDocument{}},
		wacloud.List{},
		wacloud.List{Menu: wacloud.Menu{Sections: []wacloud.Section{{}}}},
		wacloud.CTAURL{Header: (*wacloud.HeaderVideo)(nil)},
		wacloud.Carousel{},
		wacloud.NewCarousel("x", wacloud.Card{}),
		wacloud.NewCarousel("x", wacloud.Card{Header: (*wacloud.HeaderImage)(nil), Action: (*wacloud.Link)(nil)}),
		wacloud.NewCarousel("x", wacloud.Card{Header: &wacloud.HeaderVideo{}, Action: wacloud.QuickReplies(nil)}),
		wacloud.NewCarousel("x", wacloud.Card{Action: (*wacloud.QuickReplies)(nil), WireType: "\"\n"}),
		wacloud.ProductCarousel{},
		wacloud.Product{},
		wacloud.ProductList{Sections: []wacloud.ProductSection{{}}},
		wacloud.Catalog{},
		wacloud.LocationRequest{},
		wacloud.ContactInfoRequest{},
		wacloud.CallPermissionRequest{},
		wacloud.VoiceCall{TTLMinutes: -1},
		wacloud.Flow{Header: (*wacloud.HeaderText)(nil)},
		wacloud.Flow{Data: json.RawMessage(" \n")},
		wacloud.AddressRequest{Values: map[string]string{"\"\\": "\x00"}, SavedAddresses: []wacloud.SavedAddress{{}}},
		wacloud.NewText("\xff\xc3\x28 half a rune \xf0\x9f"),
	} {
		require.True(t, json.Valid([]byte(encode(t, m))), "%#v: %s", m, encode(t, m))
	}
}

func TestEncodeMessageMendsUTF8(t *testing.T) {
	t.Parallel()
	require.Contains(t, encode(t, wacloud.NewText("a\xffb")), "\"body\":\"a\uFFFDb\"")
}

func TestEncodeMessageFromManyGoroutines(t *testing.T) {
	t.Parallel()
	want := encode(t, threeButtons)
	long := strings.Repeat("é", 100_000) // a buffer that is not kept
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				body, err := wacloud.EncodeMessage(wacloud.Outgoing{To: wacloud.WaID("15550001234"), Message: threeButtons})
				encode(t, wacloud.NewText("another one"))
				encode(t, wacloud.NewText(long))
				if err != nil || string(body) != want {
					t.Errorf("got %s, %v", body, err)
				}
			}
		})
	}
	wg.Wait()
}

// "Immutable" values that share arrays: the second branch overwrites the first.
func TestBranchesFromOneBaseDoNotShare(t *testing.T) {
	t.Parallel()
	button := func(id string) wacloud.Button { return wacloud.Button{ID: id, Title: id} }
	row := func(id string) wacloud.Row { return wacloud.Row{ID: id, Title: id} }
	card := func(id string) wacloud.Card {
		return wacloud.NewCard(pictureHeader, wacloud.QuickReplies{button(id)})
	}
	tests := []struct {
		name   string
		branch func() (a, b wacloud.Message)
	}{
		{"buttons", func() (a, b wacloud.Message) {
			base := wacloud.Buttons{Buttons: make([]wacloud.Button, 1, 8)}
			return base.WithButtons(button("a")), base.WithButtons(button("b"))
		}},
		{"sections", func() (a, b wacloud.Message) {
			base := wacloud.List{Menu: wacloud.Menu{Sections: make([]wacloud.Section, 1, 8)}}
			return base.WithSections(wacloud.Rows(row("a"))...), base.WithSections(wacloud.Rows(row("b"))...)
		}},
		{"cards", func() (a, b wacloud.Message) {
			base := wacloud.Carousel{Cards: make([]wacloud.Card, 1, 8)}
			return base.WithCards(card("a")), base.WithCards(card("b"))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, b := tt.branch()
			require.Contains(t, encode(t, a), `"id":"a"`)
			require.NotContains(t, encode(t, a), `"id":"b"`)
			require.Contains(t, encode(t, b), `"id":"b"`)
		})
	}
}

func TestConstructorsCopyTheirSlices(t *testing.T) {
	t.Parallel()
	buttons := []wacloud.Button{{ID: "kept", Title: "x"}}
	rows := []wacloud.Row{{ID: "kept", Title: "x"}}
	sections := []wacloud.Section{{Title: "kept", Rows: rows}}
	cards := []wacloud.Card{wacloud.NewCard(pictureHeader, wacloud.QuickReplies{{ID: "kept", Title: "x"}})}
	contacts := []wacloud.Contact{{Name: wacloud.ContactName{Formatted: "kept"}}}
	all := []wacloud.Message{
		wacloud.NewButtons("x", buttons...),
		wacloud.NewButtons("x").WithButtons(buttons...),
		wacloud.NewList("x", wacloud.Menu{Sections: wacloud.Rows(rows...)}),
		wacloud.NewList("x", wacloud.Menu{Sections: sections}),
		wacloud.NewCarousel("x", cards...),
		wacloud.NewContacts(contacts...),
	}
	buttons[0].ID, sections[0].Title, cards[0], contacts[0] = "changed", "changed", wacloud.Card{}, wacloud.Contact{}
	rows[0].ID = "changed"
	for _, m := range all {
		require.Contains(t, encode(t, m), `"kept"`)
	}
}

// A link button always carried the fields of a flow, and an empty footer.
func TestLinkButtonHasNoFlowFields(t *testing.T) {
	t.Parallel()
	require.Contains(t, encode(t, wacloud.NewCTAURL("x", wacloud.Link{Text: "Open", URL: "https://example.com"})),
		`"interactive":{"type":"cta_url","body":{"text":"x"},"action":{"name":"cta_url","parameters":{"display_text":"Open","url":"https://example.com"}}}}`)
}

// A list without header was sent with {"type":"text"} and an empty footer, other messages with a header
// without a type.
func TestNoHeaderNoFooterNoEmptyObjects(t *testing.T) {
	t.Parallel()
	for name, m := range requests {
		body := encode(t, m)
		if name == "raw_empty_extra" {
			continue // what the caller wrote
		}
		for _, empty := range []string{`{}`, `[]`, `null`, `:""`, `"header":{"type":"text"}`} {
			if name == "reaction_remove" && empty == `:""` {
				continue // takes the reaction away
			}
			require.NotContains(t, body, empty, name)
		}
	}
}

// Card 0 had no card_index, and a card without a text an empty body.
func TestFirstCardHasItsIndex(t *testing.T) {
	t.Parallel()
	body := encode(t, wacloud.NewCarousel("x", wacloud.NewCard(pictureHeader, wacloud.Link{Text: "Open", URL: "https://example.com"})))
	require.Contains(t, body, `"cards":[{"card_index":0,"type":"cta_url","header":`)
	require.Equal(t, 1, strings.Count(body, `"body"`))
}

// A sticker had no link.
func TestStickerByLink(t *testing.T) {
	t.Parallel()
	require.Contains(t, encode(t, wacloud.Sticker{Media: wacloud.MediaLink("https://example.com/s.webp")}), `"sticker":{"link":"https://example.com/s.webp"}`)
}

// The action of reply buttons had "name":null.
func TestReplyButtonsActionHasOnlyButtons(t *testing.T) {
	t.Parallel()
	require.Contains(t, encode(t, wacloud.NewButtons("x", wacloud.Button{ID: "a", Title: "A"})), `"action":{"buttons":[{`)
}

// The fields of a flow stood in the action instead of its parameters.
func TestFlowFieldsAreParameters(t *testing.T) {
	t.Parallel()
	require.Contains(t, encode(t, wacloud.Flow{Body: "x", ID: "1", CTA: "Go"}),
		`"action":{"name":"flow","parameters":{"flow_message_version":"3","flow_id":"1","flow_cta":"Go"}}`)
}

func TestEncodeAllocations(t *testing.T) {
	if underRace {
		t.Skip("the race detector allocates by itself")
	}
	tests := []struct {
		name string
		max  float64
		run  func()
	}{
		{"build, check and encode 3 buttons", 3, func() {
			mustEncode(wacloud.NewButtons("Como prefere receber o pedido?",
				wacloud.Button{ID: "delivery", Title: "🛵 Entrega"},
				wacloud.Button{ID: "pickup", Title: "🏠 Retirada"},
				wacloud.Button{ID: "cart:remove:3", Title: "Remover item 3"}))
		}},
		{"check and encode a list of 10 rows", 1, func() { mustEncode(tenRows) }},
		{"check and encode a carousel of 10 cards", 1, func() { mustEncode(tenCards) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.run()
			require.LessOrEqual(t, testing.AllocsPerRun(200, tt.run), tt.max)
		})
	}
}

var tenRows, tenCards = func() (list, carousel wacloud.Message) {
	var rows []wacloud.Row
	var cards []wacloud.Card
	for i := range 10 {
		id := "item:" + string(rune('0'+i))
		rows = append(rows, wacloud.Row{ID: id, Title: "Margherita " + id, Description: "Tomate, mussarela e manjericão"})
		cards = append(cards, wacloud.NewCard(pictureHeader, wacloud.QuickReplies{{ID: id, Title: "Escolher"}}).WithBody("Pizza"))
	}
	return wacloud.NewList("Cardápio", wacloud.Menu{Button: "Ver", Sections: wacloud.Rows(rows...)}), wacloud.NewCarousel("Cardápio", cards...)
}()

func mustEncode(m wacloud.Message) {
	err := m.Validate()
	if err == nil {
		_, err = wacloud.EncodeMessage(wacloud.Outgoing{To: wacloud.Phone("+5511999999999"), Message: m})
	}
	if err != nil {
		panic(err)
	}
}

// A message to a user without a phone number had neither "to" nor "recipient", or such users were refused.
func TestUserIDIsSentAsRecipient(t *testing.T) {
	t.Parallel()
	body, err := wacloud.EncodeMessage(wacloud.Outgoing{To: wacloud.UserID("BR.13491208655302741918"), Message: wacloud.NewText("x")})
	require.NoError(t, err)
	require.Contains(t, string(body), `"recipient":"BR.13491208655302741918"`)
	require.NotContains(t, string(body), `"to"`)
}
