package wacloud_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// payloads says what becomes of every file in testdata/payloads. A new file must be put in.
var payloads = map[string]struct {
	is      wacloud.Message // of the kind that the file decodes to, nil where it is refused
	refused string          // why it is no message of the messages endpoint
}{
	"audio.json":                                     {is: wacloud.Audio{}},
	"audio_voice.json":                               {is: wacloud.Audio{}},
	"contacts.json":                                  {is: wacloud.Contacts{}},
	"document.json":                                  {is: wacloud.Document{}},
	"image_id.json":                                  {is: wacloud.Image{}},
	"image_link.json":                                {is: wacloud.Image{}},
	"interactive_address.json":                       {is: wacloud.AddressRequest{}},
	"interactive_button.json":                        {is: wacloud.Buttons{}},
	"interactive_button_document_header.json":        {is: wacloud.Buttons{}},
	"interactive_button_image_header.json":           {is: wacloud.Buttons{}},
	"interactive_call_permission_request.json":       {is: wacloud.CallPermissionRequest{}},
	"interactive_carousel_cta_url.json":              {is: wacloud.Carousel{}},
	"interactive_carousel_product.json":              {is: wacloud.ProductCarousel{}},
	"interactive_carousel_quick_reply.json":          {is: wacloud.Carousel{}},
	"interactive_carousel_quick_reply_doc_type.json": {is: wacloud.Carousel{}},
	"interactive_carousel_video.json":                {is: wacloud.Carousel{}},
	"interactive_catalog_message.json":               {is: wacloud.Catalog{}},
	"interactive_cta_url.json":                       {is: wacloud.CTAURL{}},
	"interactive_flow_data_exchange.json":            {is: wacloud.Flow{}},
	"interactive_flow_navigate.json":                 {is: wacloud.Flow{}},
	"interactive_list.json":                          {is: wacloud.List{}},
	"interactive_list_single_section.json":           {is: wacloud.List{}},
	"interactive_location_request.json":              {is: wacloud.LocationRequest{}},
	"interactive_product.json":                       {is: wacloud.Product{}},
	"interactive_product_list.json":                  {is: wacloud.ProductList{}},
	"interactive_request_contact_info.json":          {is: wacloud.ContactInfoRequest{}},
	"interactive_voice_call.json":                    {is: wacloud.VoiceCall{}},
	"location.json":                                  {is: wacloud.Location{}},
	"reaction.json":                                  {is: wacloud.Reaction{}},
	"reaction_remove.json":                           {is: wacloud.Reaction{}},
	"sticker.json":                                   {is: wacloud.Sticker{}},
	"text.json":                                      {is: wacloud.Text{}},
	"text_bsuid_recipient.json":                      {is: wacloud.Text{}},
	"text_group.json":                                {is: wacloud.Text{}},
	"text_reply.json":                                {is: wacloud.Text{}},
	"video.json":                                     {is: wacloud.Video{}},

	"direct_send_mixed_buttons.json":      {is: wacloud.MixedButtons{}},
	"group_pin.json":                      {is: wacloud.Pin{}},
	"interactive_order_details_br.json":   {is: wacloud.OrderDetails{}},
	"interactive_order_details_in.json":   {is: wacloud.OrderDetails{}},
	"interactive_order_status.json":       {is: wacloud.OrderStatus{}},
	"marketing_messages.json":             {is: wacloud.Template{}},
	"template_auth_otp.json":              {is: wacloud.Template{}},
	"template_carousel_media.json":        {is: wacloud.Template{}},
	"template_carousel_product.json":      {is: wacloud.Template{}},
	"template_catalog.json":               {is: wacloud.Template{}},
	"template_coupon.json":                {is: wacloud.Template{}},
	"template_flow.json":                  {is: wacloud.Template{}},
	"template_limited_time_offer.json":    {is: wacloud.Template{}},
	"template_location_header.json":       {is: wacloud.Template{}},
	"template_mpm.json":                   {is: wacloud.Template{}},
	"template_named_params.json":          {is: wacloud.Template{}},
	"template_order_status.json":          {is: wacloud.Template{}},
	"template_plain.json":                 {is: wacloud.Template{}},
	"template_positional_all_params.json": {is: wacloud.Template{}},
	"template_single_product.json":        {is: wacloud.Template{}},
	"template_voice_call.json":            {is: wacloud.Template{}},

	"block_users.json":               {refused: "request of the block_users endpoint"},
	"conversational_automation.json": {refused: "request of the conversational_automation endpoint"},
	"mark_read.json":                 {refused: "a read receipt: it has a status and no content"},
	"mark_read_typing.json":          {refused: "a read receipt: it has a status and no content"},
	"response_error.json":            {refused: "an answer"},
	"response_error_transient.json":  {refused: "an answer"},
	"response_success.json":          {refused: "an answer"},
	"response_success_bsuid.json":    {refused: "an answer"},
}

func TestPayloadsAreAllListed(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir("testdata/payloads")
	require.NoError(t, err)
	require.Len(t, files, len(payloads))
	messages := 0
	for _, f := range files {
		want, ok := payloads[f.Name()]
		require.True(t, ok, "%s is not in the list", f.Name())
		if want.is != nil {
			messages++
		}
	}
	require.Equal(t, 57, messages)
}

func TestPayloads(t *testing.T) {
	t.Parallel()
	for file, want := range payloads {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			body, err := os.ReadFile(filepath.Join("testdata/payloads", file))
			require.NoError(t, err)
			got, err := wacloud.DecodeMessage(body)
			if want.is == nil {
				require.ErrorIs(t, err, wacloud.ErrInvalid, want.refused)
				return
			}
			require.NoError(t, err)
			require.IsType(t, want.is, got.Message)
			requireOnlyWarnings(t, *got)
			again, err := wacloud.EncodeMessage(*got)
			require.NoError(t, err)
			require.JSONEq(t, string(body), string(again))
			if file != "interactive_address.json" { // its maps have no order of their own
				require.Equal(t, compact(t, body), compact(t, again), "the order of the members")
			}
		})
	}
}

func compact(t *testing.T, body []byte) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, json.Compact(&b, body))
	return b.String()
}

// requireOnlyWarnings checks that the request may be sent, and that nothing in it went unchecked.
func requireOnlyWarnings(t *testing.T, o wacloud.Outgoing) {
	t.Helper()
	for _, p := range o.Check() {
		require.Equal(t, wacloud.SeverityWarning, p.Severity, "%v", p)
		require.NotEqual(t, "raw.unchecked", p.Rule)
	}
}
