package wacloud_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// templateOf is a request with these components.
func templateOf(components string) string {
	return envelopeOf(`"type":"template","template":{"name":"a","language":{"code":"en"},"components":[` + components + `]}`)
}

// paymentOf is an order with these members of its parameters in front of a good order of 5.00.
func paymentOf(currency, total, more string) string {
	return interactiveOf(`"type":"order_details","body":{"text":"x"},"action":{"name":"review_and_pay","parameters":{"reference_id":"1","type":"digital-goods",` +
		more + `"currency":"` + currency + `","total_amount":` + total + `,"order":{"status":"pending","items":[],"subtotal":{"value":500,"offset":100},"tax":{"value":0,"offset":100}}}}`)
}

func TestDecodeTemplateRefuses(t *testing.T) {
	t.Parallel()
	const (
		c0   = "template.components[0]."
		five = `{"value":500,"offset":100}`
		par  = "interactive.action.parameters."
	)
	tests := []struct {
		name, body string
		want       []string
	}{
		{"no language", envelopeOf(`"type":"template","template":{"name":"a"}`), []string{"template.language required"}},
		{"language as a string", envelopeOf(`"type":"template","template":{"name":"a","language":"en"}`), []string{"template.language type"}},
		{"another policy", envelopeOf(`"type":"template","template":{"name":"a","language":{"code":"en","policy":"fallback"}}`), []string{"template.language.policy value"}},
		{"namespace of the old API", envelopeOf(`"type":"template","template":{"namespace":"x","name":"a","language":{"code":"en"}}`), []string{"template.namespace unknown-field"}},
		{"no components", templateOf(``), []string{"template.components empty"}},
		{"unknown component", templateOf(`{"type":"footer","text":"x"}`), []string{c0 + "type value"}},
		{"component without a type", templateOf(`{"parameters":[]}`), []string{c0 + "type required"}},
		{"two bodies", templateOf(`{"type":"body","parameters":[{"type":"text","text":"x"}]},{"type":"BODY","parameters":[]}`), []string{"template.components[1].type value"}},
		{"empty body", templateOf(`{"type":"body","parameters":[]}`), []string{c0 + "parameters empty"}},
		{"body without parameters", templateOf(`{"type":"body"}`), []string{c0 + "parameters required"}},
		{"two headers in one", templateOf(`{"type":"header","parameters":[{"type":"text","text":"x"},{"type":"text","text":"y"}]}`), []string{c0 + "parameters value"}},
		{"sticker above", templateOf(`{"type":"header","parameters":[{"type":"sticker","sticker":{"id":"1"}}]}`), []string{c0 + "parameters[0].type value"}},
		{"picture in a body", templateOf(`{"type":"body","parameters":[{"type":"image","image":{"id":"1"}}]}`), []string{c0 + "parameters[0].type value"}},
		{"empty name", templateOf(`{"type":"body","parameters":[{"type":"text","parameter_name":"","text":"x"}]}`), []string{c0 + "parameters[0].parameter_name empty"}},
		{"amount as a string", templateOf(`{"type":"body","parameters":[{"type":"currency","currency":{"fallback_value":"1","code":"USD","amount_1000":"1000"}}]}`), []string{c0 + "parameters[0].currency.amount_1000 type"}},
		{"half an amount", templateOf(`{"type":"body","parameters":[{"type":"currency","currency":{"fallback_value":"1","code":"USD","amount_1000":0.5}}]}`), []string{c0 + "parameters[0].currency.amount_1000 type"}},
		{"offer in 1970", templateOf(`{"type":"limited_time_offer","parameters":[{"type":"limited_time_offer","limited_time_offer":{"expiration_time_ms":0}}]}`), []string{c0 + "parameters[0].limited_time_offer.expiration_time_ms value"}},
		{"offer in words", templateOf(`{"type":"limited_time_offer","parameters":[{"type":"limited_time_offer","limited_time_offer":{"expiration_time_ms":"soon"}}]}`), []string{c0 + "parameters[0].limited_time_offer.expiration_time_ms value"}},
		{"button without an index", templateOf(`{"type":"button","sub_type":"url","parameters":[{"type":"text","text":"x"}]}`), []string{c0 + "index required"}},
		{"button at 10", templateOf(`{"type":"button","sub_type":"url","index":"10","parameters":[{"type":"text","text":"x"}]}`), []string{c0 + "index value"}},
		{"button at -1", templateOf(`{"type":"button","sub_type":"voice_call","index":-1}`), []string{c0 + "index value"}},
		{"two buttons at one place", templateOf(`{"type":"button","sub_type":"voice_call"},{"type":"button","sub_type":"url","index":0,"parameters":[{"type":"text","text":"x"}]}`), []string{"template.components[1].index value"}},
		{"unknown button", templateOf(`{"type":"button","sub_type":"phone_number","index":0}`), []string{c0 + "sub_type value"}},
		{"empty sub type", templateOf(`{"type":"button","sub_type":"","index":0}`), []string{c0 + "sub_type empty"}},
		{"payload of a link", templateOf(`{"type":"button","sub_type":"url","index":0,"parameters":[{"type":"payload","payload":"x"}]}`), []string{c0 + "parameters[0].type value"}},
		{"quick reply without a payload", templateOf(`{"type":"button","sub_type":"quick_reply","index":0}`), []string{c0 + "parameters required"}},
		{"flow data as text", templateOf(`{"type":"button","sub_type":"flow","index":0,"parameters":[{"type":"action","action":{"flow_action_data":"{}"}}]}`), []string{c0 + "parameters[0].action.flow_action_data type"}},
		{"payload twice", templateOf(`{"type":"button","sub_type":"voice_call","parameters":[{"type":"payload","payload":"x"},{"type":"payload","payload":"y"}]}`), []string{c0 + "parameters[1].type value"}},
		{"card out of place", templateOf(`{"type":"carousel","cards":[{"card_index":1,"components":[]}]}`), []string{c0 + "cards[0].card_index card-index"}},
		{"document on a card", templateOf(`{"type":"carousel","cards":[{"card_index":0,"components":[{"type":"header","parameters":[{"type":"document","document":{"id":"1"}}]}]}]}`), []string{c0 + "cards[0].components[0].parameters[0].type value"}},
		{"carousel on a card", templateOf(`{"type":"carousel","cards":[{"card_index":0,"components":[{"type":"carousel","cards":[]}]}]}`), []string{c0 + "cards[0].components[0].type value"}},

		{"another sum", paymentOf("INR", `{"value":501,"offset":100}`, ""), []string{par + "total_amount total"}},
		{"thousandths", paymentOf("INR", `{"value":5000,"offset":1000}`, ""), []string{par + "total_amount.offset value", par + "total_amount total"}},
		{"no payment type in Brazil", paymentOf("BRL", five, ""), []string{par + "payment_type required"}},
		{"no way to pay", paymentOf("INR", five, `"payment_settings":[],`), []string{par + "payment_settings empty"}},
		{"unknown way to pay", paymentOf("INR", five, `"payment_settings":[{"type":"cash","cash":{}}],`), []string{par + "payment_settings[0].type value"}},
		{"unknown gateway", paymentOf("INR", five, `"payment_settings":[{"type":"payment_gateway","payment_gateway":{"type":"stripe","configuration_name":"x"}}],`), []string{par + "payment_settings[0].payment_gateway.type value"}},
		{"fifth field for PayU", paymentOf("INR", five, `"payment_settings":[{"type":"payment_gateway","payment_gateway":{"type":"payu","configuration_name":"x","payu":{"udf5":"x"}}}],`), []string{par + "payment_settings[0].payment_gateway.payu.udf5 unknown-field"}},
		{"video above an order", interactiveOf(`"type":"order_details","header":{"type":"video","video":{"id":"1"}},"body":{"text":"x"},"action":{"name":"review_and_pay","parameters":{}}`), []string{
			"interactive.header.type value", par + "reference_id required", par + "type required", par + "currency required", par + "total_amount required", par + "order required",
		}},

		{"link after a reply", interactiveOf(`"type":"button","body":{"text":"x"},"action":{"buttons":[{"type":"reply","reply":{"id":"a","title":"A"}},{"type":"cta_url","cta_url":{"display_text":"A","url":"https://x.example"}}]}`), []string{"interactive.action.buttons[1].type value"}},
		{"pin for ever", envelopeOf(`"type":"pin","pin":{"type":"pin","message_id":"1"}`), []string{"pin.expiration_days required"}},
		{"unpin in a week", envelopeOf(`"type":"pin","pin":{"type":"unpin","message_id":"1","expiration_days":7}`), []string{"pin.expiration_days unknown-field"}},
		{"another pin", envelopeOf(`"type":"pin","pin":{"type":"star","message_id":"1"}`), []string{"pin.type value"}},
		{"sharing in words", envelopeOf(`"message_activity_sharing":"yes","text":{"body":"x"}`), []string{"message_activity_sharing type"}},
		{"empty policy", envelopeOf(`"product_policy":"","text":{"body":"x"}`), []string{"product_policy empty"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, cmp.Diff(tt.want, problemsOf(t, tt.body)))
		})
	}
}

// Meta's pages differ in how they write templates. Whatever the page, the template is the same.
func TestDecodeTemplateTakesEveryPagesForm(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		want       wacloud.Message
	}{
		{"policy", envelopeOf(`"type":"template","template":{"name":"a","language":{"policy":"deterministic","code":"en"}}`), wacloud.NewTemplate("a", "en")},
		{"capitals", templateOf(`{"type":"BODY","parameters":[{"type":"TEXT","text":"x"}]},{"type":"BUTTON","sub_type":"URL","index":1,"parameters":[{"type":"text","text":"y"}]}`), wacloud.NewTemplate("a", "en").WithTexts("x").WithButtons(nil, wacloud.URLSuffix("y"))},
		{"catalog in small letters", templateOf(`{"type":"button","sub_type":"catalog","index":"0"}`), wacloud.NewTemplate("a", "en").WithButtons(wacloud.CatalogButton{})},
		{"components in another order", templateOf(`{"type":"button","sub_type":"url","index":"0","parameters":[{"type":"text","text":"y"}]},{"type":"body","parameters":[{"type":"text","text":"x"}]}`), wacloud.NewTemplate("a", "en").WithTexts("x").WithButtons(wacloud.URLSuffix("y"))},
		{"time as a string", templateOf(`{"type":"limited_time_offer","parameters":[{"type":"limited_time_offer","limited_time_offer":{"expiration_time_ms":"1790000000123"}}]}`), wacloud.NewTemplate("a", "en").WithOffer(offerEnds)},
		{"coordinates as numbers", templateOf(`{"type":"header","parameters":[{"type":"location","location":{"latitude":52.5,"longitude":13}}]}`), wacloud.NewTemplate("a", "en").WithHeader(wacloud.Location{Latitude: 52.5, Longitude: 13})},
		{"order status in its second spelling", interactiveOf(`"type":"order_status","body":{"text":"x"},"action":{"name":"review_order","parameters":{"reference_id":"1","order":{"status":"partially_shipped"},"payment":{"status":"captured","timestamp":"1790000000"}}}`), wacloud.NewOrderStatus("x", wacloud.OrderUpdate{
			ReferenceID: "1", Status: "partially_shipped", PaymentStatus: "captured", PaymentTime: time.Unix(1790000000, 0),
		})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := wacloud.DecodeMessage([]byte(tt.body))
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(tt.want, got.Message, sameMessage))
		})
	}
}

// A direct send is more than its kind, and a Raw keeps what it does not model in Extra.
func TestDecodeKeepsTheEndpoint(t *testing.T) {
	t.Parallel()
	direct, err := wacloud.DecodeMessage([]byte(envelopeOf(`"category":"service","text":{"body":"x"}`)))
	require.NoError(t, err)
	require.Equal(t, &wacloud.DirectSend{Category: "service"}, direct.DirectSend)
	require.Nil(t, direct.Marketing)
	marketing, err := wacloud.DecodeMessage([]byte(envelopeOf(`"message_activity_sharing":true,"text":{"body":"x"}`)))
	require.NoError(t, err)
	require.Equal(t, &wacloud.Marketing{ActivitySharing: new(true)}, marketing.Marketing)
	raw, err := wacloud.DecodeMessage([]byte(envelopeOf(`"category":"service","type":"hologram","hologram":{}`)))
	require.NoError(t, err)
	require.Nil(t, raw.DirectSend)
	require.JSONEq(t, `{"category":"service"}`, string(raw.Message.(wacloud.Raw).Extra))
}

func TestEncodeTemplateRefusesBrokenData(t *testing.T) {
	t.Parallel()
	broken := wacloud.FlowButton{Data: json.RawMessage(`{"a":`)}
	card := wacloud.NewTemplateCard(uploaded, wacloud.QuickReplyPayload("a"), broken).WithTexts("Room")
	tests := []struct {
		name string
		m    wacloud.Message
		want string
	}{
		{"button", wacloud.NewTemplate("a", "en").WithTexts("x").WithButtons(nil, broken), "template.components[1].parameters[0].action.flow_action_data"},
		{"pointer", new(wacloud.NewTemplate("a", "en").WithButtons(&broken)), "template.components[0].parameters[0].action.flow_action_data"},
		{"card", wacloud.NewTemplate("a", "en").WithCards(card), "template.components[0].cards[0].components[3].parameters[0].action.flow_action_data"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := wacloud.EncodeMessage(wacloud.Outgoing{To: wacloud.WaID("15550001234"), Message: tt.m})
			require.EqualError(t, err, "wacloud: validate: "+tt.want+": not JSON, a JSON object that is not empty (leave Data nil where there is none)")
		})
	}
}

// The builders share no memory: a template is built up in two ways from one start.
func TestTemplateBuildersDoNotAlias(t *testing.T) {
	t.Parallel()
	base := wacloud.NewTemplate("a", "en").WithTexts("1", "2", "3").WithButtons(wacloud.URLSuffix("a"))
	one, two := base.WithTexts("one").WithButtons(wacloud.URLSuffix("one")), base.WithTexts("two").WithButtons(wacloud.URLSuffix("two"))
	require.Equal(t, wacloud.TextParameter{Text: "one"}, one.Body[3])
	require.Equal(t, wacloud.TextParameter{Text: "two"}, two.Body[3])
	require.Equal(t, wacloud.URLSuffix("one"), one.Buttons[1])
	require.Equal(t, wacloud.URLSuffix("two"), two.Buttons[1])
	k := wacloud.NewTemplateCard(uploaded).WithTexts("1", "2", "3")
	require.NotEqual(t, k.WithTexts("one"), k.WithTexts("two"))
	require.Len(t, k.Body, 3)
}
