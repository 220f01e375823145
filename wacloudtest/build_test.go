package wacloudtest_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

var ada = wacloud.User{Phone: "15550001234", ID: "US.ab12CD34ef56", Name: "Ada"}

// Each builder makes a body that the library reads as what it says.
func TestBuildersAreRead(t *testing.T) {
	t.Parallel()
	button := wacloud.Button{ID: "cart:view", Title: "Cart"}
	location := wacloud.LocationContent{Latitude: 52.52, Longitude: 13.405, Name: "Office", Address: "A 1", URL: "https://example.com"}
	contact := wacloud.Contact{
		Name:      wacloud.ContactName{Formatted: "Grace E", First: "Grace", Last: "E", Middle: "M", Prefix: "Dr", Suffix: "II"},
		Phones:    []wacloud.ContactPhone{{Phone: "+1555", WaID: "1555", Type: "CELL"}},
		Emails:    []wacloud.ContactEmail{{Email: "g@example.com", Type: "WORK"}},
		URLs:      []wacloud.ContactURL{{URL: "https://example.com", Type: "WORK"}},
		Addresses: []wacloud.ContactAddress{{Street: "A 1", City: "B", State: "C", Zip: "1", Country: "DE", CountryCode: "de", Type: "HOME"}},
		Org:       wacloud.ContactOrg{Company: "C", Department: "D", Title: "T"},
		Birthday:  "1990-01-31", Origin: "other", VCard: "BEGIN:VCARD",
	}
	order := wacloud.OrderContent{
		CatalogID: "7", Text: "gift", Items: []wacloud.OrderItem{{RetailerID: "sku", Quantity: 2, Price: "12.5", Currency: "EUR"}},
	}
	system := wacloud.SystemContent{
		Type: "user_changed_number", Body: "changed", WaID: "15550008888", UserID: "US.new", ParentUserID: "US.ENT.new",
		PreviousUserID: "US.old", PreviousParentID: "US.ENT.old",
	}
	for _, tt := range []struct {
		name, kind string
		body       []byte
		content    wacloud.Content
		reply      *wacloud.Reply
	}{
		{"text", "text", wacloudtest.Text(ada, "olá 👋"), wacloud.TextContent{Body: "olá 👋"}, nil},
		{
			"image", "image", wacloudtest.Media(ada, "image", wacloud.MediaContent{ID: "9", MIMEType: "image/jpeg", SHA256: "c2hh", URL: "https://x/y", Caption: "c"}),
			wacloud.MediaContent{ID: "9", MIMEType: "image/jpeg", SHA256: "c2hh", URL: "https://x/y", Caption: "c"},
			nil,
		},
		{
			"voice", "audio", wacloudtest.Media(ada, "audio", wacloud.MediaContent{ID: "9", MIMEType: "audio/ogg; codecs=opus", Voice: true}),
			wacloud.MediaContent{ID: "9", MIMEType: "audio/ogg; codecs=opus", Voice: true},
			nil,
		},
		{
			"document", "document", wacloudtest.Media(ada, "document", wacloud.MediaContent{ID: "9", Filename: "a.pdf"}),
			wacloud.MediaContent{ID: "9", Filename: "a.pdf"},
			nil,
		},
		{
			"sticker", "sticker", wacloudtest.Media(ada, "sticker", wacloud.MediaContent{ID: "9", Animated: true}),
			wacloud.MediaContent{ID: "9", Animated: true},
			nil,
		},
		{"media that is gone", "image", wacloudtest.Media(ada, "image", wacloud.MediaContent{}), wacloud.MediaContent{}, nil},
		{"location", "location", wacloudtest.Location(ada, location), location, nil},
		{"contacts", "contacts", wacloudtest.Contacts(ada, []wacloud.Contact{contact}), wacloud.ContactsContent{Contacts: []wacloud.Contact{contact}}, nil},
		{"reaction", "reaction", wacloudtest.Reaction(ada, wacloud.Reaction{MessageID: "wamid.1", Emoji: "👍🏽"}), wacloud.ReactionContent{MessageID: "wamid.1", Emoji: "👍🏽"}, nil},
		{"no reaction", "reaction", wacloudtest.Reaction(ada, wacloud.Reaction{MessageID: "wamid.1"}), wacloud.ReactionContent{MessageID: "wamid.1"}, nil},
		{
			"button", "interactive", wacloudtest.ButtonReply(ada, button, wacloudtest.About("wamid.2")),
			wacloud.ReplyContent{},
			&wacloud.Reply{Kind: wacloud.ReplyKindButton, ID: "cart:view", Title: "Cart", ContextID: "wamid.2"},
		},
		{
			"row", "interactive", wacloudtest.ListReply(ada, wacloud.Row{ID: "r", Title: "R", Description: "D"}, wacloudtest.About("wamid.2")),
			wacloud.ReplyContent{},
			&wacloud.Reply{Kind: wacloud.ReplyKindListRow, ID: "r", Title: "R", Description: "D", ContextID: "wamid.2"},
		},
		{
			"carousel", "button", wacloudtest.CarouselTap(ada, button, wacloudtest.About("wamid.2")),
			wacloud.ReplyContent{},
			&wacloud.Reply{Kind: wacloud.ReplyKindQuick, ID: "cart:view", Title: "Cart", ContextID: "wamid.2"},
		},
		{
			"carousel as button_reply", "interactive", wacloudtest.CarouselTapAs(wacloudtest.TapButtonReply, ada, button),
			wacloud.ReplyContent{},
			&wacloud.Reply{Kind: wacloud.ReplyKindButton, ID: "cart:view", Title: "Cart"},
		},
		{
			"carousel as quick_reply", "interactive", wacloudtest.CarouselTapAs(wacloudtest.TapQuickReply, ada, button),
			wacloud.ReplyContent{},
			&wacloud.Reply{Kind: wacloud.ReplyKindQuick, ID: "cart:view", Title: "Cart"},
		},
		{
			"template", "button", wacloudtest.TemplateTap(ada, button),
			wacloud.ReplyContent{},
			&wacloud.Reply{Kind: wacloud.ReplyKindQuick, ID: "cart:view", Title: "Cart"},
		},
		{
			"template without payload", "button", wacloudtest.TemplateTap(ada, wacloud.Button{Title: "Cart"}),
			wacloud.ReplyContent{},
			&wacloud.Reply{Kind: wacloud.ReplyKindQuick, Title: "Cart"},
		},
		{
			"flow", "interactive", wacloudtest.Flow(ada, map[string]any{"slot": "0900"}),
			wacloud.ReplyContent{},
			&wacloud.Reply{Kind: wacloud.ReplyKindFlow, ID: "flow", Title: "Sent", Data: json.RawMessage(`{"slot":"0900"}`)},
		},
		{
			"address", "interactive", wacloudtest.Address(ada, map[string]any{"values": nil}),
			wacloud.ReplyContent{},
			&wacloud.Reply{Kind: wacloud.ReplyKindFlow, ID: "address_message", Title: "Sent", Data: json.RawMessage(`{"values":null}`)},
		},
		{"order", "order", wacloudtest.Order(ada, order), order, nil},
		{"product", "interactive", wacloudtest.Product(ada, wacloud.ProductContent{CatalogID: "7", RetailerID: "sku"}), wacloud.ProductContent{CatalogID: "7", RetailerID: "sku"}, nil},
		{"system", "system", wacloudtest.System(ada, system), system, nil},
		{
			"edit", "edit", wacloudtest.Edit(ada, "wamid.1", wacloud.TextContent{Body: "new"}),
			wacloud.EditContent{OriginalID: "wamid.1", Type: "text", Content: wacloud.TextContent{Body: "new"}},
			nil,
		},
		{"revoke", "revoke", wacloudtest.Revoke(ada, "wamid.1"), wacloud.RevokeContent{OriginalID: "wamid.1"}, nil},
		{"welcome", "request_welcome", wacloudtest.Welcome(ada), wacloud.WelcomeContent{}, nil},
		{"unsupported", "unsupported", wacloudtest.Unsupported(ada, "poll_creation"), wacloud.UnsupportedContent{Type: "poll_creation"}, nil},
		{"unknown", "hologram", wacloudtest.Message(ada, "hologram", map[string]int{"x": 1}), wacloud.UnknownContent{}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := wacloudtest.Event(t, tt.body)
			require.Equal(t, wacloud.KindMessage, e.Kind)
			require.Equal(t, wacloudtest.PhoneNumberID, e.PhoneNumberID)
			require.Equal(t, wacloudtest.BusinessAccountID, e.BusinessAccountID)
			require.Equal(t, tt.kind, e.Message.Type)
			require.Equal(t, ada.Phone, e.Message.From.Phone)
			require.Equal(t, ada.ID, e.Message.From.ID)
			require.WithinDuration(t, time.Now(), e.Timestamp, time.Minute)
			if diff := cmp.Diff(tt.content, e.Message.Content); diff != "" {
				t.Errorf("content (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.reply, e.Message.Reply, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("reply (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPermissionAndPayment(t *testing.T) {
	t.Parallel()
	for accepted, want := range map[bool]string{true: "accept", false: "reject"} {
		reply := wacloudtest.Event(t, wacloudtest.CallPermission(ada, accepted)).Message.Reply
		require.Equal(t, wacloud.ReplyKindCallPermission, reply.Kind)
		require.Equal(t, want, reply.ID)
	}
	reply := wacloudtest.Event(t, wacloudtest.Payment(ada, map[string]any{"payment_method": "offsite_card_pay"})).Message.Reply
	require.Equal(t, wacloud.ReplyKindPayment, reply.Kind)
	require.JSONEq(t, `{"payment_method":"offsite_card_pay"}`, string(reply.Data))
}

func TestOptionsOfBuilders(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_790_000_000, 0)
	e := wacloudtest.Event(t, wacloudtest.Text(ada, "hi", wacloudtest.MessageID("wamid.7"), wacloudtest.At(at),
		wacloudtest.ToNumber("42"), wacloudtest.ToBusiness("43"), wacloudtest.InGroup("grp"), wacloudtest.About("wamid.6"),
		wacloudtest.AboutProduct(wacloud.ProductContent{CatalogID: "c", RetailerID: "r"}),
		wacloudtest.Referred(wacloud.Referral{SourceType: "ad", ClickID: "clid"})))
	require.Equal(t, "wamid.7", e.Message.ID)
	require.True(t, at.Equal(e.Timestamp))
	require.Equal(t, "42", e.PhoneNumberID)
	require.Equal(t, "43", e.BusinessAccountID)
	require.Equal(t, "grp", e.Message.GroupID)
	require.Equal(t, "clid", e.Message.Referral.ClickID)
	require.Equal(t, &wacloud.MessageContext{ID: "wamid.6", From: wacloudtest.DisplayPhoneNumber, CatalogID: "c", RetailerID: "r"}, e.Message.Context)

	forwarded := wacloudtest.Event(t, wacloudtest.Text(ada, "hi", wacloudtest.Forwarded(true)))
	require.Equal(t, &wacloud.MessageContext{Forwarded: true, FrequentlyForwarded: true}, forwarded.Message.Context)

	standby := wacloudtest.Event(t, wacloudtest.Text(ada, "hi", wacloudtest.Standby()))
	require.True(t, standby.Standby)
	require.Equal(t, "hi", standby.Text())
}

// The same call is the same message, so that a test of repeated deliveries needs no ids.
func TestIDsComeFromWhatIsSaid(t *testing.T) {
	t.Parallel()
	at := wacloudtest.At(time.Unix(1, 0))
	one := wacloudtest.Event(t, wacloudtest.Text(ada, "hi", at))
	require.Equal(t, one.ID, wacloudtest.Event(t, wacloudtest.Text(ada, "hi", wacloudtest.At(time.Unix(2, 0)))).ID)
	require.NotEqual(t, one.ID, wacloudtest.Event(t, wacloudtest.Text(ada, "ho", at)).ID)
	require.NotEqual(t, one.ID, wacloudtest.Event(t, wacloudtest.Text(wacloud.User{Phone: "15550001235"}, "hi", at)).ID)
}

func TestStatusesErrorsEchoesAndTheRest(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_790_000_100, 0)
	status := wacloudtest.Event(t, wacloudtest.Status(wacloud.Status{
		ID: "wamid.1", Status: "failed", Timestamp: at, Recipient: ada, CallbackData: "order:7",
		Errors: []wacloud.EventError{{Code: 131047, Details: "24 hours"}},
	}))
	require.Equal(t, wacloud.KindStatus, status.Kind)
	require.Equal(t, "failed", status.Status.Status)
	require.Equal(t, "order:7", status.Status.CallbackData)
	require.True(t, at.Equal(status.Status.Timestamp))
	require.Equal(t, wacloud.EventError{Code: 131047, Title: "Re-engagement message", Message: "Re-engagement message", Details: "24 hours"}, status.Status.Errors[0])

	group := wacloudtest.Event(t, wacloudtest.Status(wacloud.Status{
		ID: "wamid.1", Status: "read", GroupID: "grp", Participant: ada,
		Conversation: &wacloud.Conversation{ID: "c", Origin: "service", ExpiresAt: at},
	}))
	require.Equal(t, "grp", group.Status.GroupID)
	require.Equal(t, ada.Phone, group.Status.Participant.Phone)
	require.Equal(t, "service", group.Status.Conversation.Origin)

	echo := wacloudtest.Event(t, wacloudtest.Echo(ada, "from the app"))
	require.Equal(t, wacloud.KindEcho, echo.Kind)
	require.Equal(t, ada.Phone, echo.Message.To.Phone)
	require.Equal(t, wacloud.TextContent{Body: "from the app"}, echo.Message.Content)
	agent := wacloudtest.Event(t, wacloudtest.Echo(ada, "from the agent", wacloudtest.Standby()))
	require.True(t, agent.Standby)
	require.Equal(t, wacloud.KindEcho, agent.Kind)
	require.Equal(t, wacloud.TextContent{Body: "from the agent"}, agent.Message.Content)

	failure := wacloudtest.Event(t, wacloudtest.Errors([]wacloud.EventError{{Code: 130429}}))
	require.Equal(t, wacloud.KindError, failure.Kind)
	require.Equal(t, 130429, failure.Errors[0].Code)

	account := wacloudtest.Event(t, wacloudtest.Account("account_alerts", map[string]string{"entity_type": "BUSINESS"}))
	require.Equal(t, wacloud.KindAccount, account.Kind)
	require.Equal(t, "account_alerts", account.Field)
}

func TestBatchKeepsEverything(t *testing.T) {
	t.Parallel()
	body := wacloudtest.Batch(
		wacloudtest.Text(ada, "one"),
		wacloudtest.Batch(wacloudtest.Text(ada, "two"), wacloudtest.Status(wacloud.Status{ID: "wamid.1", Status: "read", Recipient: ada})),
	)
	events, err := wacloud.ParseWebhook(body)
	require.NoError(t, err)
	require.Len(t, events, 3)
	require.Panics(t, func() { wacloudtest.Batch([]byte("{")) })
}

// One handler is tested without a server, an inbox or a clock.
func TestOneHandlerNeedsNoServer(t *testing.T) {
	t.Parallel()
	srv := wacloudtest.NewServer(t, wacloudtest.InMemory())
	e := wacloudtest.Event(t, wacloudtest.ButtonReply(ada, wacloud.Button{ID: "dish:7", Title: "Choose"}))
	require.NoError(t, newBot().Handle(t.Context(), srv.Client().Bind(e)))
	require.Equal(t, wacloud.NewText("Dish 7 is on its way"), srv.Sent()[0].Message)
}

func TestPostSigns(t *testing.T) {
	t.Parallel()
	srv := wacloudtest.NewServer(t, wacloudtest.InMemory())
	hook := srv.Serve(newBot())
	body := wacloudtest.Text(ada, "é")
	for secret, want := range map[wacloud.Secret]int{srv.Config().AppSecrets[0]: 200, wacloud.NewSecret("another"): 401} {
		resp := wacloudtest.Post(t, hook, body, secret)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, want, resp.StatusCode)
	}
	require.NoError(t, wacloud.VerifySignature(body, wacloudtest.Sign(body, wacloud.NewSecret("s")), wacloud.NewSecret("s")))
	require.True(t, strings.HasPrefix(wacloudtest.Sign(body, wacloud.NewSecret("s")), "sha256="))
}
