package wacloud_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

func TestMessageContents(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string // of the sample
		want wacloud.Content
	}{
		{"audio_voice", wacloud.MediaContent{ID: "910000000000003", MIMEType: "audio/ogg; codecs=opus", SHA256: "c2hhMjU2", Voice: true}},
		{"button_text_only", wacloud.ReplyContent{}},
		{"contacts", wacloud.ContactsContent{Contacts: []wacloud.Contact{{
			Name:   wacloud.ContactName{Formatted: "Grace Example", First: "Grace", Last: "Example"},
			Phones: []wacloud.ContactPhone{{Phone: "+15550007777", WaID: "15550007777", Type: "CELL"}},
		}}}},
		{"contacts_from_request_contact_info", wacloud.ContactsContent{Contacts: []wacloud.Contact{{
			Origin: "contact_request",
			Phones: []wacloud.ContactPhone{{Phone: "+15550001234", WaID: "15550001234", Type: "CELL"}},
		}}}},
		{"document", wacloud.MediaContent{ID: "910000000000004", MIMEType: "application/pdf", SHA256: "c2hhMjU2", Filename: "cv.pdf", Caption: "my cv"}},
		{"edit", wacloud.EditContent{OriginalID: "wamid.IN0001", Type: "text", Content: wacloud.TextContent{Body: "hello!"}}},
		{"image", wacloud.MediaContent{ID: "910000000000001", MIMEType: "image/jpeg", SHA256: "c2hhMjU2", Caption: "look", URL: "https://lookaside.example/m?x=1"}},
		{"interactive_missing_object", wacloud.UnsupportedContent{Type: "interactive"}},
		{"interactive_unknown_subtype", wacloud.UnknownContent{}},
		{"legacy_unknown", wacloud.UnsupportedContent{}},
		{"location", wacloud.LocationContent{Latitude: 52.52, Longitude: 13.405, Name: "Office", Address: "Example St 1", URL: "https://example.com"}},
		{"location_request_reply", wacloud.LocationContent{Latitude: 52.52, Longitude: 13.405}},
		{"media_download_error", wacloud.MediaContent{}},
		{"order", wacloud.OrderContent{CatalogID: "700000000000001", Text: "please gift wrap", Items: []wacloud.OrderItem{
			{RetailerID: "sku-1", Quantity: 2, Price: "12.5", Currency: "EUR"},
		}}},
		{"reaction", wacloud.ReactionContent{MessageID: "wamid.OUT0001", Emoji: "👍"}},
		{"reaction_removed_empty_emoji", wacloud.ReactionContent{MessageID: "wamid.OUT0001"}},
		{"reaction_removed_no_emoji", wacloud.ReactionContent{MessageID: "wamid.OUT0001"}},
		{"request_welcome", wacloud.WelcomeContent{}},
		{"revoke", wacloud.RevokeContent{OriginalID: "wamid.IN0001"}},
		{"smb_message_echoes", wacloud.TextContent{Body: "sent from the phone app"}},
		{"standby_echo_text", wacloud.TextContent{Body: "See below.\n"}},
		{"sticker", wacloud.MediaContent{ID: "910000000000005", MIMEType: "image/webp", SHA256: "c2hhMjU2"}},
		{"system_identity_changed", wacloud.SystemContent{Type: "customer_identity_changed", Body: "Ada's security code changed"}},
		{"system_number_changed", wacloud.SystemContent{
			Type: "user_changed_number", Body: "User Ada changed from 15550001234 to 15550008888", WaID: "15550008888",
			UserID: "US.newid0001", PreviousUserID: "US.ab12CD34ef56",
		}},
		{"system_user_id_changed", wacloud.SystemContent{
			Type: "user_changed_user_id", Body: "User Ada changed user id", UserID: "US.newid0001", PreviousUserID: "US.ab12CD34ef56",
		}},
		{"text", wacloud.TextContent{Body: "hello"}},
		{"unsupported", wacloud.UnsupportedContent{}},
		{"unsupported_with_type", wacloud.UnsupportedContent{Type: "poll_creation"}},
		{"video", wacloud.MediaContent{ID: "910000000000002", MIMEType: "video/mp4", SHA256: "c2hhMjU2", Caption: "clip"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, cmp.Diff(tt.want, messageOf(t, tt.name).Content))
		})
	}
}

// messageOf is the one message of a sample.
func messageOf(t *testing.T, sample string) *wacloud.InboundMessage {
	t.Helper()
	var m *wacloud.InboundMessage
	for _, e := range parseEvents(t, webhookSample(t, sample+".json")) {
		if e.Message != nil {
			require.Nil(t, m, "one message")
			m = e.Message
		}
	}
	require.NotNil(t, m)
	return m
}

func TestContentsThatMayComeDifferently(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		json string // members of the message besides its id
		want wacloud.Content
	}{
		{"coordinates as strings", `"type":"location","location":{"latitude":"48.85","longitude":"2.35"}`, wacloud.LocationContent{Latitude: 48.85, Longitude: 2.35}},
		{"coordinates that are none", `"type":"location","location":{"latitude":null,"longitude":"NaN"}`, wacloud.LocationContent{}},
		{"price as a string", `"type":"order","order":{"product_items":[{"quantity":"2","item_price":"12.50"}]}`, wacloud.OrderContent{Items: []wacloud.OrderItem{{Quantity: 2, Price: "12.50"}}}},
		{"media id as a number", `"type":"image","image":{"id":910000000000001}`, wacloud.MediaContent{ID: "910000000000001"}},
		{"voice as a string", `"type":"audio","audio":{"voice":"true"}`, wacloud.MediaContent{Voice: true}},
		{"the old name of the new number", `"type":"system","system":{"new_wa_id":"1"}`, wacloud.SystemContent{WaID: "1"}},
		{"object before the type", `"text":{"body":"x"},"type":"text"`, wacloud.TextContent{Body: "x"}},
		{"text that is no object", `"type":"text","text":"x"`, wacloud.UnknownContent{}},
		{"text that is missing", `"type":"text"`, wacloud.UnknownContent{}},
		{"a type that is new", `"type":"poll","poll":{"q":"?"}`, wacloud.UnknownContent{}},
		{"a type that is another member", `"type":"id"`, wacloud.UnknownContent{}},
		{"no type", `"text":{"body":"x"}`, wacloud.UnknownContent{}},
		{"contacts that are no array", `"type":"contacts","contacts":{}`, wacloud.UnknownContent{}},
		{"button without its object", `"type":"button"`, wacloud.UnsupportedContent{Type: "button"}},
		{"interactive that is null", `"type":"interactive","interactive":null`, wacloud.UnsupportedContent{Type: "interactive"}},
		{"interactive with nothing in it", `"type":"interactive","interactive":{}`, wacloud.UnsupportedContent{Type: "interactive"}},
		{"interactive with only its type", `"type":"interactive","interactive":{"type":"button_reply"}`, wacloud.UnsupportedContent{Type: "interactive"}},
		{"interactive whose reply is null", `"type":"interactive","interactive":{"type":"button_reply","button_reply":null}`, wacloud.UnsupportedContent{Type: "interactive"}},
		{"product", `"type":"interactive","interactive":{"type":"product","product":{"catalog_id":"c","product_retailer_id":"r"}}`, wacloud.ProductContent{CatalogID: "c", RetailerID: "r"}},
		{"product with the other name", `"type":"interactive","interactive":{"type":"product","product":{"id":"r"}}`, wacloud.ProductContent{RetailerID: "r"}},
		{"edit of a caption", `"type":"edit","edit":{"original_message_id":"w","message":{"type":"image","image":{"caption":"c"}}}`, wacloud.EditContent{OriginalID: "w", Type: "image", Content: wacloud.MediaContent{Caption: "c"}}},
		{
			"a whole contact card", `"type":"contacts","contacts":[{"name":{"formatted_name":"F","first_name":"A","last_name":"B","middle_name":"C","suffix":"D","prefix":"E"},` +
				`"phones":[{"phone":"+1","type":"WORK","wa_id":"1"}],"emails":[{"email":"e","type":"HOME"}],"urls":[{"url":"u","type":"HOME"}],` +
				`"addresses":[{"street":"s","city":"c","state":"st","zip":"z","country":"co","country_code":"cc","type":"HOME"}],` +
				`"org":{"company":"co","department":"d","title":"t"},"birthday":"2000-01-02","origin":"other","vcard":"v"}]`,
			wacloud.ContactsContent{Contacts: []wacloud.Contact{{
				Name:      wacloud.ContactName{Formatted: "F", First: "A", Last: "B", Middle: "C", Suffix: "D", Prefix: "E"},
				Phones:    []wacloud.ContactPhone{{Phone: "+1", Type: "WORK", WaID: "1"}},
				Emails:    []wacloud.ContactEmail{{Email: "e", Type: "HOME"}},
				URLs:      []wacloud.ContactURL{{URL: "u", Type: "HOME"}},
				Addresses: []wacloud.ContactAddress{{Street: "s", City: "c", State: "st", Zip: "z", Country: "co", CountryCode: "cc", Type: "HOME"}},
				Org:       wacloud.ContactOrg{Company: "co", Department: "d", Title: "t"},
				Birthday:  "2000-01-02", Origin: "other", VCard: "v",
			}}},
		},
		{
			"origin beside the cards", `"type":"contacts","origin":"contact_request","contacts":[{"name":{"first_name":"A"}}]`,
			wacloud.ContactsContent{Contacts: []wacloud.Contact{{Name: wacloud.ContactName{First: "A"}, Origin: "contact_request"}}},
		},
		{"edit in an edit", `"type":"edit","edit":{"message":{"type":"edit","edit":{"message":{}}}}`, wacloud.EditContent{Type: "edit", Content: wacloud.UnknownContent{}}},
		{"edit of nothing", `"type":"edit","edit":{}`, wacloud.EditContent{Content: wacloud.UnknownContent{}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := parseOne(t, messagesBody(`{"from":"15550001234","id":"w1",`+tt.json+`}`))
			require.Equal(t, wacloud.KindMessage, e.Kind)
			require.Empty(t, cmp.Diff(tt.want, e.Message.Content))
			require.Nil(t, e.Message.Reply)
		})
	}
}

func TestRepliesThatMayComeDifferently(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		json string
		want wacloud.Reply
	}{
		{"quick reply with payload and text", `"type":"interactive","interactive":{"quick_reply":{"payload":"p","text":"T"}}`, wacloud.Reply{Kind: wacloud.ReplyKindQuick, ID: "p", Title: "T"}},
		{"quick reply with an empty id", `"type":"interactive","interactive":{"quick_reply":{"id":"","payload":"p","title":"T"}}`, wacloud.Reply{Kind: wacloud.ReplyKindQuick, ID: "p", Title: "T"}},
		{"button with an empty payload", `"type":"button","button":{"payload":"","text":"Yes"}`, wacloud.Reply{Kind: wacloud.ReplyKindQuick, Title: "Yes"}},
		{"button reply without a title", `"type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"a"}}`, wacloud.Reply{Kind: wacloud.ReplyKindButton, ID: "a"}},
		{"the type says something else", `"type":"interactive","interactive":{"type":"button_reply","list_reply":{"id":"a","title":"A"}}`, wacloud.Reply{Kind: wacloud.ReplyKindListRow, ID: "a", Title: "A"}},
		{"the object of the type is null", `"type":"interactive","interactive":{"type":"button_reply","button_reply":null,"quick_reply":{"id":"a"}}`, wacloud.Reply{Kind: wacloud.ReplyKindQuick, ID: "a"}},
		{"payment without a reference", `"type":"interactive","interactive":{"payment_method":{"credential_id":"c"}}`, wacloud.Reply{Kind: wacloud.ReplyKindPayment, ID: "c", Data: []byte(`{"credential_id":"c"}`)}},
		{"flow whose answer is an object", `"type":"interactive","interactive":{"nfm_reply":{"name":"flow","response_json":{"a":1}}}`, wacloud.Reply{Kind: wacloud.ReplyKindFlow, ID: "flow", Data: []byte(`{"a":1}`)}},
		{"flow whose answer is no JSON", `"type":"interactive","interactive":{"nfm_reply":{"name":"flow","response_json":"{oops"}}`, wacloud.Reply{Kind: wacloud.ReplyKindFlow, ID: "flow", Data: []byte(`"{oops"`)}},
		{"flow without an answer", `"type":"interactive","interactive":{"nfm_reply":{}}`, wacloud.Reply{Kind: wacloud.ReplyKindFlow}},
		{"escapes in the id", `"type":"button","button":{"payload":"caf\u00e9\/1","text":"\ud83d\ude00"}`, wacloud.Reply{Kind: wacloud.ReplyKindQuick, ID: "café/1", Title: "😀"}},
		{"id as a number", `"type":"interactive","interactive":{"button_reply":{"id":7,"title":"Seven"}}`, wacloud.Reply{Kind: wacloud.ReplyKindButton, ID: "7", Title: "Seven"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := parseOne(t, messagesBody(`{"from":"15550001234","id":"w1",`+tt.json+`}`))
			require.Equal(t, wacloud.ReplyContent{}, e.Message.Content)
			require.NotNil(t, e.Message.Reply)
			require.Empty(t, cmp.Diff(tt.want, *e.Message.Reply))
			requireRoundTrip(t, e)
		})
	}
}

func TestMessageSurroundings(t *testing.T) {
	t.Parallel()
	m := messageOf(t, "text_ad_referral")
	require.Empty(t, cmp.Diff(&wacloud.Referral{
		SourceType: "ad", SourceID: "300001", SourceURL: "https://fb.example/ad", Headline: "Ad title", Body: "Ad text",
		MediaType: "image", ImageURL: "https://cdn.example/ad.jpg", ClickID: "CLID0001", WelcomeText: "How can we help?",
	}, m.Referral))
	require.Equal(t, time.Unix(1790000000, 0).UTC(), m.Timestamp)
	require.Equal(t, wacloud.User{Phone: "15550001234", ID: "US.ab12CD34ef56", Name: "Ada Example"}, m.From)

	require.Equal(t, &wacloud.MessageContext{
		ID: "wamid.OUT0001", From: "15550005555", CatalogID: "700000000000001", RetailerID: "sku-1",
	}, messageOf(t, "text_referred_product").Context)
	require.Equal(t, &wacloud.MessageContext{Forwarded: true}, messageOf(t, "text_forwarded").Context)
	require.Equal(t, &wacloud.MessageContext{FrequentlyForwarded: true}, messageOf(t, "text_forwarded_many").Context)
	require.Equal(t, &wacloud.Identity{Hash: "HASH0001"}, messageOf(t, "text_identity_check").Identity)
	require.Equal(t, &wacloud.Identity{Acknowledged: true, CreatedAt: time.Unix(1790000000, 0).UTC(), Hash: "HASH0002"},
		messageOf(t, "system_identity_changed").Identity)
	require.Equal(t, wacloud.User{ID: "US.ab12CD34ef56", ParentID: "US.ENT.zz99YY88", Name: "Ada Example", Username: "ada.example"},
		messageOf(t, "text_bsuid_only_no_phone").From)
	require.Equal(t, "grp_0001", messageOf(t, "text_group").GroupID)

	lost := messageOf(t, "media_download_error")
	require.Len(t, lost.Errors, 1)
	require.Equal(t, 131052, lost.Errors[0].Code)
	require.Equal(t, "Failed to download the media from the sender.", lost.Errors[0].Details)

	phone := messageOf(t, "smb_message_echoes")
	require.Equal(t, wacloud.User{}, phone.From, "the business, not a user")
	require.Equal(t, wacloud.User{Phone: "15550001234"}, phone.To)

	echo := messageOf(t, "standby_echo_text")
	require.Equal(t, wacloud.User{}, echo.From)
	require.Equal(t, wacloud.User{Phone: "15550001234"}, echo.To)
	require.Equal(t, wacloud.User{Phone: "15550001234", ID: "US.ab12CD34ef56"}, messageOf(t, "standby_echo_flow_as_galaxy_message").To)
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		want wacloud.Status
	}{
		{"status_sent", wacloud.Status{
			ID: "wamid.OUT0001", Status: "sent", Timestamp: time.Unix(1790000100, 0).UTC(), CallbackData: "corr:7f3a",
			Recipient: wacloud.User{Phone: "15550001234", ID: "US.ab12CD34ef56", Name: "Ada Example"},
			Pricing:   &wacloud.Pricing{Model: "PMP", Type: "free_customer_service", Category: "service"},
		}},
		{"status_free_entry_point", wacloud.Status{
			ID: "wamid.OUT0001", Status: "sent", Timestamp: time.Unix(1790000100, 0).UTC(),
			Recipient:    wacloud.User{Phone: "15550001234", ID: "US.ab12CD34ef56", Name: "Ada Example"},
			Conversation: &wacloud.Conversation{ID: "conv0002", Origin: "referral_conversion", ExpiresAt: time.Unix(1790259200, 0).UTC()},
			Pricing:      &wacloud.Pricing{Model: "PMP", Type: "free_entry_point", Category: "referral_conversion"},
		}},
		{"status_sent_legacy_conversation", wacloud.Status{
			ID: "wamid.OUT0001", Status: "sent", Timestamp: time.Unix(1790000100, 0).UTC(),
			Recipient:    wacloud.User{Phone: "15550001234", ID: "US.ab12CD34ef56", Name: "Ada Example"},
			Conversation: &wacloud.Conversation{ID: "conv0001", Origin: "service", ExpiresAt: time.Unix(1790086400, 0).UTC()},
			Pricing:      &wacloud.Pricing{Billable: true, Model: "CBP", Category: "service"},
		}},
		{"status_failed_media", wacloud.Status{
			ID: "wamid.OUT0001", Status: "failed", Timestamp: time.Unix(1790000100, 0).UTC(),
			Recipient: wacloud.User{Phone: "15550001234", ID: "US.ab12CD34ef56"},
			Errors: []wacloud.EventError{{
				Code: 131053, Title: "Media upload error", Message: "Media upload error", Details: "Failed to download media from weblink.",
			}},
		}},
		{"calls_status_ringing", wacloud.Status{
			ID: "wacid.C2", Status: "RINGING", Type: "call", Timestamp: time.Unix(1790000000, 0).UTC(),
			Recipient: wacloud.User{Phone: "15550001234"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := parseOne(t, webhookSample(t, tt.name+".json"))
			got := *e.Status
			require.Equal(t, string(e.Raw), string(got.Raw))
			got.Raw = nil
			require.Empty(t, cmp.Diff(tt.want, got))
		})
	}
}

func TestGroupStatusesAreAboutTheMember(t *testing.T) {
	t.Parallel()
	events := parseEvents(t, webhookSample(t, "status_group_read.json"))
	require.Len(t, events, 2)
	require.Equal(t, "grp_0001", events[0].Status.GroupID)
	require.Equal(t, wacloud.User{}, events[0].Status.Recipient)
	require.Equal(t, wacloud.User{Phone: "15550001234", ID: "US.ab12CD34ef56", Name: "Ada Example"}, events[0].Status.Participant)
	require.Equal(t, wacloud.User{Phone: "15550004321"}, events[1].Status.Participant, "who is not in contacts")
	require.NotEqual(t, events[0].ID, events[1].ID)
	require.Equal(t, wacloud.GroupID("grp_0001"), events[0].Chat())
}

func TestBothNamesOfTheParentUserID(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"recipient_parent_user_id", "parent_recipient_user_id"} {
		e := parseOne(t, valueBody(`"statuses":[{"id":"w","status":"sent","`+name+`":"US.ENT.1"}]`))
		require.Equal(t, "US.ENT.1", e.Status.Recipient.ParentID, name)
	}
}

func TestBothNamesOfTheUsernameField(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"business_username_update", "business_username_updates"} {
		e := parseOne(t, []byte(`{"entry":[{"id":"1","changes":[{"field":"`+name+`","value":{"username":"x"}}]}]}`))
		require.Equal(t, wacloud.KindAccount, e.Kind, name)
	}
}

func TestOddStatuses(t *testing.T) {
	t.Parallel()
	e := parseOne(t, valueBody(`"statuses":[{"id":"w","status":"sent","type":"message","message":{"recipient_id":"15550001234"},`+
		`"conversation":null,"pricing":7,"errors":{}}]`))
	require.Equal(t, wacloud.User{Phone: "15550001234", ID: "US.ada", Name: "Ada"}, e.Status.Recipient, "as in ancient webhooks")
	require.Nil(t, e.Status.Conversation)
	require.Nil(t, e.Status.Pricing)
	require.Empty(t, e.Status.Errors)

	e = parseOne(t, valueBody(`"statuses":[{"id":"w","status":"read","recipient_id":"g","recipient_type":"group",`+
		`"recipient_participant_user_id":"US.ada","recipient_participant_parent_user_id":"US.ENT.1"}]`))
	require.Equal(t, wacloud.User{Phone: "15550001234", ID: "US.ada", ParentID: "US.ENT.1", Name: "Ada"}, e.Status.Participant)
	require.Contains(t, e.ID, "US.ada", "the member is in the id by what Meta wrote in the status")
}

func TestEventErrorMatchesTheSentinels(t *testing.T) {
	t.Parallel()
	failed := parseOne(t, webhookSample(t, "status_failed_window_closed.json")).Status.Errors[0]
	require.ErrorIs(t, failed, wacloud.ErrWindowClosed)
	require.NotErrorIs(t, failed, wacloud.ErrRateLimited)
	require.Equal(t, "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/", failed.Href)

	limited := parseOne(t, webhookSample(t, "value_errors.json"))
	require.Equal(t, wacloud.KindError, limited.Kind)
	require.ErrorIs(t, limited.Errors[0], wacloud.ErrRateLimited)
	require.Contains(t, limited.Errors[0].Error(), "130429")

	for _, sentinel := range []error{wacloud.ErrInvalid, wacloud.ErrUnavailable, wacloud.ErrAuth} {
		require.NotErrorIs(t, wacloud.EventError{Code: 999999999}, sentinel, "an unknown code is none")
	}
}

func TestAccountEvents(t *testing.T) {
	t.Parallel()
	handover := parseOne(t, webhookSample(t, "messaging_handovers.json"))
	require.Equal(t, "100000000000001", handover.PhoneNumberID, "it has no metadata")
	require.Equal(t, time.Unix(1790000400, 0).UTC(), handover.Timestamp)
	require.Equal(t, "messaging_handovers", handover.Field)
	require.Equal(t, "200000000000001", handover.BusinessAccountID)

	quality := parseOne(t, webhookSample(t, "phone_number_quality_update.json"))
	require.Equal(t, "15550005555", quality.DisplayPhoneNumber)
	require.Equal(t, time.Unix(1790000000, 0).UTC(), quality.Timestamp, "of the entry")
	require.JSONEq(t, `{"display_phone_number":"15550005555","event":"UPGRADE","current_limit":"TIER_2K"}`, string(quality.Raw))

	flow := parseOne(t, []byte(`{"entry":[{"id":"1","time":5,"changes":[{"field":"flows","value":{`+
		`"event":"ENDPOINT_ERROR_RATE","flow_id":"2","errors":[{"error_type":"TIMEOUT","error_count":3},{"error_type":"X"}]}}]}]}`))
	require.Equal(t, wacloud.KindAccount, flow.Kind)
	require.Contains(t, string(flow.Raw), "ENDPOINT_ERROR_RATE", "its errors are no updates of their own")
}
