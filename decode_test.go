package wacloud_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// envelopeOf is a request with that content.
func envelopeOf(content string) string {
	return `{"messaging_product":"whatsapp","to":"15550001234",` + content + `}`
}

func interactiveOf(content string) string {
	return envelopeOf(`"type":"interactive","interactive":{` + content + `}`)
}

// problemsOf lists the problems that decoding reports, as "path rule".
func problemsOf(t *testing.T, body string) (all []string) {
	t.Helper()
	o, err := wacloud.DecodeMessage([]byte(body))
	if err == nil {
		return nil
	}
	require.Nil(t, o)
	v, ok := errors.AsType[*wacloud.ValidationError](err)
	require.True(t, ok, "%v", err)
	for _, p := range v.Problems {
		require.NotEmpty(t, p.Got)
		require.NotEmpty(t, p.Limit)
		all = append(all, p.Path+" "+p.Rule)
	}
	return all
}

func TestDecodeMessageRefuses(t *testing.T) {
	t.Parallel()
	const button = `"body":{"text":"Pick"},"action":{"buttons":[{"type":"reply","reply":{"id":"a","title":"A"}}]}`
	const card = `"header":{"type":"image","image":{"link":"https://x.example/0.jpg"}},"action":{"name":"cta_url","parameters":{"display_text":"A","url":"https://x.example"}}`
	tests := []struct {
		name, body string
		want       []string
	}{
		{"nothing", ``, []string{"$ syntax"}},
		{"half", `{"to":`, []string{"$ syntax"}},
		{"two values", `{} {}`, []string{"$ syntax"}},
		{"an array", `[]`, []string{"$ type"}},
		{"null", `null`, []string{"$ type"}},
		{"empty object", `{}`, []string{"messaging_product required", "to required", "text required"}},
		{"another product", `{"messaging_product":"telegram","to":"1555000","text":{"body":"x"}}`, []string{"messaging_product value"}},
		{"keys are case-sensitive", envelopeOf(`"Type":"text","text":{"body":"x"}`), []string{"Type unknown-field"}},
		{"key that stands twice", envelopeOf(`"type":"text","text":{"body":"x","body":"y"}`), []string{"text.body duplicate-key"}},
		{"type that stands twice", envelopeOf(`"type":"text","type":"image","text":{"body":"x"}`), []string{"type duplicate-key"}},

		{"number to", `{"messaging_product":"whatsapp","to":15550001234,"text":{"body":"x"}}`, []string{"to type"}},
		{"empty to", `{"messaging_product":"whatsapp","to":"","text":{"body":"x"}}`, []string{"to empty"}},
		{"short to", `{"messaging_product":"whatsapp","to":"+1555","text":{"body":"x"}}`, []string{"to to.phone"}},
		{"letters in to", `{"messaging_product":"whatsapp","to":"CALL-ME","text":{"body":"x"}}`, []string{"to to.phone.form"}},
		{"to and recipient", envelopeOf(`"recipient":"BR.1","text":{"body":"x"}`), []string{"recipient recipient"}},
		{"group as recipient", `{"messaging_product":"whatsapp","recipient_type":"group","recipient":"BR.1","text":{"body":"x"}}`, []string{"recipient recipient"}},
		{"unknown recipient type", envelopeOf(`"recipient_type":"broadcast","text":{"body":"x"}`), []string{"recipient_type value"}},
		{"empty context", envelopeOf(`"context":{},"text":{"body":"x"}`), []string{"context empty"}},
		{"context without an id", envelopeOf(`"context":{"id":"wamid.1"},"text":{"body":"x"}`), []string{"context.message_id required", "context.id unknown-field"}},
		{"empty callback data", envelopeOf(`"biz_opaque_callback_data":"","text":{"body":"x"}`), []string{"biz_opaque_callback_data empty"}},
		{"type with a hyphen", envelopeOf(`"type":"a-b","a-b":{}`), []string{"type value"}},
		{"empty type", envelopeOf(`"type":"","text":{"body":"x"}`), []string{"type empty"}},
		{"content of another type", envelopeOf(`"type":"text","image":{"id":"1"}`), []string{"text required", "image unknown-field"}},
		{"direct send without a category", envelopeOf(`"ttl_seconds":60,"direct_send_config":{},"type":"text","text":{"body":"x"}`), []string{"category required", "direct_send_config empty"}},
		{"raw that is no object", envelopeOf(`"type":"hologram","hologram":[]`), []string{"hologram type"}},
		{"raw without content", envelopeOf(`"type":"hologram"`), []string{"hologram required"}},

		{"preview as a number", envelopeOf(`"text":{"preview_url":1,"body":"x"}`), []string{"text.preview_url type"}},
		{"text that is a string", envelopeOf(`"text":"x"`), []string{"text type"}},
		{"empty caption", envelopeOf(`"type":"image","image":{"id":"1","caption":""}`), []string{"image.caption empty"}},
		{"null caption", envelopeOf(`"type":"image","image":{"id":"1","caption":null}`), []string{"image.caption type"}},
		{"location in words", envelopeOf(`"type":"location","location":{"latitude":"north","longitude":"Inf"}`), []string{"location.latitude type", "location.longitude type"}},
		{"location without longitude", envelopeOf(`"type":"location","location":{"latitude":1}`), []string{"location.longitude required"}},
		{"reaction without an emoji", envelopeOf(`"type":"reaction","reaction":{"message_id":"wamid.1"}`), []string{"reaction.emoji required"}},
		{"contacts that are one card", envelopeOf(`"type":"contacts","contacts":{"name":{}}`), []string{"contacts type"}},
		{"contact in the form of a webhook", envelopeOf(`"type":"contacts","contacts":[{"name":{"formatted_name":"A"},"phones":[],"org":{},"vcard":"x"}]`), []string{"contacts[0].phones empty", "contacts[0].org empty", "contacts[0].vcard unknown-field"}},

		{"no interactive type", interactiveOf(button), []string{"interactive.type required"}},
		{"interactive that is a list", envelopeOf(`"type":"interactive","interactive":[]`), []string{"interactive type"}},
		{"field deep inside", interactiveOf(`"type":"button","body":{"text":"x"},"action":{"buttons":[{"type":"reply","reply":{"id":"a","title":"A"}},{"type":"reply","reply":{"id":"b","title":"B","foo":1}}]}`), []string{"interactive.action.buttons[1].reply.foo unknown-field"}},
		{"unknown kind of button", interactiveOf(`"type":"button","body":{"text":"x"},"action":{"buttons":[{"type":"quick_reply","quick_reply":{"id":"a","title":"A"}}]}`), []string{"interactive.action.buttons[0].type value"}},
		{"empty header", interactiveOf(`"type":"button","header":{},` + button), []string{"interactive.header.type required"}},
		{"unknown header", interactiveOf(`"type":"button","header":{"type":"gif","gif":{}},` + button), []string{"interactive.header.type value"}},
		{"empty footer", interactiveOf(`"type":"button","footer":{},` + button), []string{"interactive.footer empty"}},
		{"empty footer text", interactiveOf(`"type":"button","footer":{"text":""},` + button), []string{"interactive.footer.text empty"}},
		{"picture above a list", interactiveOf(`"type":"list","header":{"type":"image","image":{"id":"1"}},"body":{"text":"x"},"action":{"button":"Open","sections":[]}`), []string{"interactive.header.type value"}},
		{"empty row description", interactiveOf(`"type":"list","body":{"text":"x"},"action":{"button":"Open","sections":[{"title":"","rows":[{"id":"a","title":"A","description":""}]}]}`), []string{"interactive.action.sections[0].title empty", "interactive.action.sections[0].rows[0].description empty"}},
		{"header above a product", interactiveOf(`"type":"product","header":{"type":"text","text":"x"},"action":{"catalog_id":"1","product_retailer_id":"2"}`), []string{"interactive.header unknown-field"}},
		{"empty catalog parameters", interactiveOf(`"type":"catalog_message","body":{"text":"x"},"action":{"name":"catalog_message","parameters":{}}`), []string{"interactive.action.parameters empty"}},
		{"action of another kind", interactiveOf(`"type":"location_request_message","body":{"text":"x"},"action":{"name":"request_location"}`), []string{"interactive.action.name value"}},
		{"minutes in words", interactiveOf(`"type":"voice_call","body":{"text":"x"},"action":{"name":"voice_call","parameters":{"ttl_minutes":"100"}}`), []string{"interactive.action.parameters.ttl_minutes type"}},
		{"half minutes", interactiveOf(`"type":"voice_call","body":{"text":"x"},"action":{"name":"voice_call","parameters":{"ttl_minutes":1.5}}`), []string{"interactive.action.parameters.ttl_minutes type"}},
		{"address values that are no strings", interactiveOf(`"type":"address_message","body":{"text":"x"},"action":{"name":"address_message","parameters":{"country":"IN","values":{"in_pin_code":560001},"saved_addresses":[]}}`), []string{"interactive.action.parameters.values.in_pin_code type", "interactive.action.parameters.saved_addresses empty"}},
		{"flow data as text", interactiveOf(`"type":"flow","body":{"text":"x"},"action":{"name":"flow","parameters":{"flow_message_version":3,"flow_cta":"Go","flow_action_payload":{"data":"{}"}}}`), []string{"interactive.action.parameters.flow_message_version type", "interactive.action.parameters.flow_action_payload.data type"}},

		{"cards in another order", interactiveOf(`"type":"carousel","body":{"text":"x"},"action":{"cards":[{"card_index":1,"type":"cta_url",` + card + `},{"card_index":0,"type":"cta_url",` + card + `}]}`), []string{"interactive.action.cards[0].card_index card-index", "interactive.action.cards[1].card_index card-index"}},
		{"card index that stands twice", interactiveOf(`"type":"carousel","body":{"text":"x"},"action":{"cards":[{"card_index":0,` + card + `},{"card_index":0,` + card + `}]}`), []string{"interactive.action.cards[1].card_index card-index"}},
		{"card index missing or a string", interactiveOf(`"type":"carousel","body":{"text":"x"},"action":{"cards":[{` + card + `},{"card_index":"1",` + card + `}]}`), []string{"interactive.action.cards[0].card_index required", "interactive.action.cards[1].card_index type"}},
		{"document on a card", interactiveOf(`"type":"carousel","body":{"text":"x"},"action":{"cards":[{"card_index":0,"header":{"type":"document","document":{"id":"1"}},"action":{"buttons":[]}}]}`), []string{"interactive.action.cards[0].header.type value"}},
		{"reply button on a card", interactiveOf(`"type":"carousel","body":{"text":"x"},"action":{"cards":[{"card_index":0,"type":"carousel","body":{},"header":{"type":"image","image":{"id":"1"}},"action":{"buttons":[{"type":"reply","reply":{"id":"a","title":"A"}}]}}]}`), []string{"interactive.action.cards[0].body empty", "interactive.action.cards[0].action.buttons[0].type value", "interactive.action.cards[0].type value"}},
		{"buttons and a link on a card", interactiveOf(`"type":"carousel","body":{"text":"x"},"action":{"cards":[{"card_index":0,"header":{"type":"image","image":{"id":"1"}},"action":{"name":"cta_url","buttons":[]}}]}`), []string{"interactive.action.cards[0].action.name unknown-field"}},
		{"products of two catalogs", interactiveOf(`"type":"carousel","body":{"text":"x"},"action":{"cards":[{"card_index":0,"type":"product","action":{"product_retailer_id":"a","catalog_id":"1"}},{"card_index":1,"type":"product","action":{"product_retailer_id":"b","catalog_id":"2"}}]}`), []string{"interactive.action.cards[1].action.catalog_id value"}},

		{"everything at once", `{"to":5,"foo":1,"text":{"body":1,"preview_url":"yes"}}`, []string{"messaging_product required", "to type", "text.preview_url type", "text.body type", "foo unknown-field"}},
		{"odd key", envelopeOf(`"text":{"body":"x","a b.\n":1}`), []string{`text["a b. "] unknown-field`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, cmp.Diff(tt.want, problemsOf(t, tt.body)))
		})
	}
}

func TestDecodeMessageAccepts(t *testing.T) {
	t.Parallel()
	to := wacloud.WaID("15550001234")
	tests := []struct {
		name, body string
		want       wacloud.Outgoing
	}{
		{"type and recipient type missing", envelopeOf(`"text":{"body":"x"}`), wacloud.Outgoing{To: to, Message: wacloud.NewText("x")}},
		{"space around everything", " { \"messaging_product\" : \"whatsapp\" , \"to\" : \"15550001234\" ,\r\n\t\"text\" : { \"body\" : \"x\" } } ", wacloud.Outgoing{To: to, Message: wacloud.NewText("x")}},
		{"number with a plus", `{"messaging_product":"whatsapp","to":"+1 (555) 000-1234","text":{"body":"x"}}`, wacloud.Outgoing{To: wacloud.Phone("15550001234"), Message: wacloud.NewText("x")}},
		{"number in groups", `{"messaging_product":"whatsapp","to":"1 555 000-1234","text":{"body":"x"}}`, wacloud.Outgoing{To: to, Message: wacloud.NewText("x")}},
		{"preview off", envelopeOf(`"text":{"preview_url":false,"body":"x"}`), wacloud.Outgoing{To: to, Message: wacloud.NewText("x")}},
		{"preview as Meta's own agent writes it", envelopeOf(`"text":{"preview_url":"true","body":"x"}`), wacloud.Outgoing{To: to, Message: wacloud.Text{Body: "x", PreviewURL: true}}},
		{"escapes", envelopeOf(`"text":{"body":"\u00e9\ud83c\udf55\/\n"}`), wacloud.Outgoing{To: to, Message: wacloud.NewText("é🍕/\n")}},
		{"coordinates as numbers", envelopeOf(`"type":"location","location":{"latitude":-23.5,"longitude":1.25e1}`), wacloud.Outgoing{To: to, Message: wacloud.Location{Latitude: -23.5, Longitude: 12.5}}},
		{"coordinates with many zeros", envelopeOf(`"type":"location","location":{"latitude":"-23.5000000","longitude":"12"}`), wacloud.Outgoing{To: to, Message: wacloud.Location{Latitude: -23.5, Longitude: 12}}},
		{"kind of tomorrow", envelopeOf(`"type":"hologram","hologram":{"a":[1, 2]},"depth":3`), wacloud.Outgoing{To: to, Message: wacloud.Raw{Type: "hologram", JSON: []byte(`{"a":[1, 2]}`), Extra: []byte(`{"depth":3}`)}}},
		{"interactive kind of tomorrow", interactiveOf(`"type":"galaxy_message"`), wacloud.Outgoing{To: to, Message: wacloud.Raw{Type: "interactive", JSON: []byte(`{"type":"galaxy_message"}`)}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := wacloud.DecodeMessage([]byte(tt.body))
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(tt.want, *got, sameMessage))
		})
	}
}

// A report grows with the body only so far.
func TestDecodeMessageReportIsBounded(t *testing.T) {
	t.Parallel()
	all := problemsOf(t, envelopeOf(`"text":{"body":"x"}`+strings.Repeat(`,"a":1`, 100_000)))
	require.Len(t, all, 101)
	require.Equal(t, "$ more", all[100])
}

func TestDecodeMessageErrorShowsNoText(t *testing.T) {
	t.Parallel()
	const secret = "5511987654321"
	for _, body := range []string{
		`{"messaging_product":"` + secret + `","to":"x` + secret + `","recipient_type":"` + secret + `","type":"` + secret + `"}`,
		`{"messaging_product":"whatsapp","to":` + secret + `,"text":{"body":` + secret + `,"preview_url":"` + secret + `"}}`,
		interactiveOf(`"type":"flow","body":{"text":` + secret + `},"header":{"type":"` + secret + `"},"action":{"name":"` + secret + `"}`),
	} {
		_, err := wacloud.DecodeMessage([]byte(body))
		require.Error(t, err)
		require.NotContains(t, err.Error(), secret)
	}
}

func TestDecodeMessageErrorText(t *testing.T) {
	t.Parallel()
	_, err := wacloud.DecodeMessage([]byte(interactiveOf(`"type":"location_request_message","body":{"text":"x"},"action":{"name":"go","foo":1}`)))
	require.EqualError(t, err, `wacloud: validate: 2 problems: `+
		`interactive.action.name: "go", "send_location"; `+
		`interactive.action.foo: unknown field, the fields on Meta's pages (take it out, or send the message as Raw)`)
}

func TestDecodeMessageSharesNoMemory(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile("testdata/requests/address_full.json")
	require.NoError(t, err)
	got, err := wacloud.DecodeMessage(body)
	require.NoError(t, err)
	for i := range body {
		body[i] = '#'
	}
	require.Empty(t, cmp.Diff(wacloud.Message(fullAddressRequest), got.Message, sameMessage))
}

func TestDecodeMessageErrorMasksKeys(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{`text["…"] unknown-field`, `text["…"] unknown-field`},
		problemsOf(t, envelopeOf(`"text":{"body":"x","+55 11 98765-4321":1,"5511987654321":2}`)))
}
