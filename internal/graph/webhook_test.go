package graph_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/internal/graph"
)

var ada = wacloud.User{Phone: "15550001234", ID: "US.ab12CD34ef56", Name: "Ada Example"}

func element(id string) graph.Element {
	return graph.Element{
		Number: graph.Number{ID: number, Display: "15550005555", BusinessAccountID: "200000000000001"},
		Time:   time.Unix(1_790_000_000, 0), ID: id, From: ada,
	}
}

func answering(id string) graph.Element {
	e := element(id)
	e.Context.ID = "wamid.OUT0001"
	return e
}

// The bodies are the samples of Meta's pages, value for value.
func TestWebhooksAreMetas(t *testing.T) {
	t.Parallel()
	bsuid := element("wamid.IN0007")
	bsuid.From = wacloud.User{ID: ada.ID, ParentID: "US.ENT.zz99YY88", Name: ada.Name, Username: "ada.example"}
	group := element("wamid.IN0010")
	group.GroupID = "grp_0001"
	forwarded := element("wamid.IN0003")
	forwarded.Context.Forwarded = true
	product := answering("wamid.IN0005")
	product.Context.CatalogID, product.Context.RetailerID = "700000000000001", "sku-1"
	ad := element("wamid.IN0006")
	ad.Referral = wacloud.Referral{
		SourceURL: "https://fb.example/ad", SourceID: "300001", SourceType: "ad", Body: "Ad text", Headline: "Ad title",
		MediaType: "image", ImageURL: "https://cdn.example/ad.jpg", ClickID: "CLID0001", WelcomeText: "How can we help?",
	}
	standby := answering("wamid.IN0057")
	standby.Standby = true
	later := element("")
	later.Time = time.Unix(1_790_000_100, 0)
	service := &wacloud.Pricing{Model: "PMP", Type: "free_customer_service", Category: "service"}
	quick := func(id, title string) graph.Content { return graph.QuickReply(wacloud.Button{ID: id, Title: title}) }
	tap := wacloud.Button{ID: "room:2:pick", Title: "Choose"}
	for _, tt := range []struct {
		file string
		body []byte
	}{
		{"text", element("wamid.IN0001").Message(graph.Text("hello"))},
		{"text_bsuid_only_no_phone", bsuid.Message(graph.Text("hi"))},
		{"text_group", group.Message(graph.Text("hi all"))},
		{"text_forwarded", forwarded.Message(graph.Text("fwd"))},
		{"text_referred_product", product.Message(graph.Text("Is it in stock?"))},
		{"text_ad_referral", ad.Message(graph.Text("Hi"))},
		{"image", element("wamid.IN0011").Message(graph.Media("image", wacloud.MediaContent{
			ID: "910000000000001", MIMEType: "image/jpeg", SHA256: "c2hhMjU2", Caption: "look", URL: "https://lookaside.example/m?x=1",
		}))},
		{"media_download_error", element("wamid.IN0016").Message(graph.Media("image", wacloud.MediaContent{}))},
		{"location", element("wamid.IN0017").Message(graph.Location(wacloud.LocationContent{
			Latitude: 52.52, Longitude: 13.405, Name: "Office", Address: "Example St 1", URL: "https://example.com",
		}))},
		{"location_request_reply", answering("wamid.IN0018").Message(graph.Location(wacloud.LocationContent{Latitude: 52.52, Longitude: 13.405}))},
		{"contacts_from_request_contact_info", answering("wamid.IN0020").Message(graph.Contacts([]wacloud.Contact{{
			Origin: "contact_request", Phones: []wacloud.ContactPhone{{Phone: "+15550001234", WaID: "15550001234", Type: "CELL"}},
		}}))},
		{"reaction", element("wamid.IN0021").Message(graph.Reaction(wacloud.Reaction{MessageID: "wamid.OUT0001", Emoji: "👍"}))},
		{"reaction_removed_no_emoji", element("wamid.IN0022").Message(graph.Reaction(wacloud.Reaction{MessageID: "wamid.OUT0001"}))},
		{"interactive_button_reply", answering("wamid.IN0024").Message(graph.ButtonReply(wacloud.Button{ID: "book:yes", Title: "Confirm"}))},
		{"interactive_list_reply", answering("wamid.IN0025").Message(graph.ListReply(wacloud.Row{ID: "slot:0900", Title: "09:00", Description: "Room 1"}))},
		{"carousel_quick_reply_observed", answering("wamid.IN0027").Message(graph.CarouselTap(graph.TapButton, tap))},
		{"defensive_carousel_button_reply", answering("wamid.IN0034").Message(graph.CarouselTap(graph.TapButtonReply, tap))},
		{"defensive_interactive_quick_reply", answering("wamid.IN0033").Message(graph.CarouselTap(graph.TapQuickReply, tap))},
		{"carousel_template_quick_reply", answering("wamid.IN0032").Message(quick("room:1", "Book"))},
		{"template_quick_reply_no_context", element("wamid.IN0030").Message(quick("inv:ok", "Looks good"))},
		{"button_text_only", answering("wamid.IN0031").Message(quick("", "Looks good"))},
		{"standby_inbound_carousel_tap", standby.Message(quick("agent_qr_card_2", "Choose"))},
		{"order", element("wamid.IN0044").Message(graph.Order(wacloud.OrderContent{
			CatalogID: "700000000000001", Text: "please gift wrap",
			Items: []wacloud.OrderItem{{RetailerID: "sku-1", Quantity: 2, Price: "12.5", Currency: "EUR"}},
		}))},
		{"system_number_changed", element("wamid.IN0045").Message(graph.System(wacloud.SystemContent{
			Type: "user_changed_number", Body: "User Ada changed from 15550001234 to 15550008888",
			WaID: "15550008888", UserID: "US.newid0001", PreviousUserID: "US.ab12CD34ef56",
		}))},
		{"unsupported", element("wamid.IN0048").Message(graph.Unsupported(""))},
		{"unsupported_with_type", element("wamid.IN0049").Message(graph.Unsupported("poll_creation"))},
		{"request_welcome", element("wamid.IN0051").Message(graph.Welcome())},
		{"revoke", element("wamid.IN0053").Message(graph.Revoke("wamid.IN0001"))},
		{"status_delivered", later.Status(wacloud.Status{ID: "wamid.OUT0001", Status: "delivered", Recipient: ada, Pricing: service})},
		{"status_sent", later.Status(wacloud.Status{ID: "wamid.OUT0001", Status: "sent", Recipient: ada, Pricing: service, CallbackData: "corr:7f3a"})},
		{"status_failed_media", later.Status(wacloud.Status{
			ID: "wamid.OUT0001", Status: "failed", Recipient: ada,
			Errors: []wacloud.EventError{{Code: 131053, Title: "Media upload error", Details: "Failed to download media from weblink."}},
		})},
		{"status_failed_window_closed", later.Status(wacloud.Status{
			ID: "wamid.OUT0001", Status: "failed", Recipient: ada,
			Errors: []wacloud.EventError{{Code: 131047, Href: "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"}},
		})},
		{"smb_message_echoes", graph.Element{
			Number: element("").Number, Time: element("").Time, ID: "wamid.SMB1", From: wacloud.User{Phone: "15550001234"},
		}.Echo(graph.Text("sent from the phone app"))},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile("../../testdata/webhooks/" + tt.file + ".json")
			require.NoError(t, err)
			if diff := cmp.Diff(parsed(t, want), parsed(t, tt.body)); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
		})
	}
}

func parsed(t *testing.T, body []byte) any {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal(body, &v), string(body))
	return v
}

// Meta signs what it sends, and it sends everything that is not ASCII escaped, and slashes too (Meta, webhooks: validate
// payloads, read 2026-03).
func TestWebhooksAreEscapedAsMetaDoes(t *testing.T) {
	t.Parallel()
	e := element("wamid.IN1")
	e.From.Name = "Zoë"
	body := string(e.Message(graph.Text("é 😀 </b> \"\\/\" & \u2028\n")))
	require.Contains(t, body, `"name":"Zo\u00eb"`)
	require.Contains(t, body, `"body":"\u00e9 \ud83d\ude00 <\/b> \"\\\/\" & \u2028\n"`)
	for _, b := range []byte(body) {
		require.Less(t, b, byte(0x80))
	}
	events, err := wacloud.ParseWebhook([]byte(body))
	require.NoError(t, err)
	require.Equal(t, "é 😀 </b> \"\\/\" & \u2028\n", events[0].Text())
}

func TestSignatureIsOverTheExactBytes(t *testing.T) {
	t.Parallel()
	// HMAC-SHA256 test case 2 of RFC 4231.
	require.Equal(t, "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
		graph.Sign([]byte("what do ya want for nothing?"), "Jefe"))
}

// webhookSink is a bot that keeps what it gets.
type webhookSink struct {
	mu     sync.Mutex
	bodies [][]byte
	sigs   []string
	status int
}

func (s *webhookSink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Method == http.MethodGet {
		_, _ = io.WriteString(w, r.URL.Query().Get("hub.challenge"))
		return
	}
	s.bodies = append(s.bodies, body)
	s.sigs = append(s.sigs, r.Header.Get("X-Hub-Signature-256"))
	if s.status != 0 {
		w.WriteHeader(s.status)
	}
}

func TestDeliveriesAreSignedAndRecorded(t *testing.T) {
	t.Parallel()
	for _, memory := range []bool{false, true} {
		e := newEngine(t)
		sink := &webhookSink{}
		srv := httptest.NewServer(sink)
		defer srv.Close()
		e.Connect(srv.URL+"/webhook", nil)
		if memory {
			e.Connect("https://bot.invalid/webhook", graph.InProcess{Handler: sink})
		}
		u, err := e.AddUser(ada)
		require.NoError(t, err)
		id, d := e.Act(t.Context(), graph.Say{Number: number, User: u, Content: graph.Text("olá")})
		require.Equal(t, "wamid.IN0001", id)
		require.NoError(t, d.Err)
		require.Equal(t, http.StatusOK, d.Status)
		mac := hmac.New(sha256.New, []byte("test-secret"))
		mac.Write(sink.bodies[0])
		require.Equal(t, "sha256="+hex.EncodeToString(mac.Sum(nil)), sink.sigs[0])
		sink.status = http.StatusServiceUnavailable
		require.Equal(t, http.StatusServiceUnavailable, e.Deliver(t.Context(), d.Body).Status)
		require.Equal(t, sink.bodies[0], sink.bodies[1], "a repeated delivery is the same bytes")
		e.Post(t.Context(), d.Body, "")
		require.Empty(t, sink.sigs[2])
		require.Len(t, e.Deliveries(), 3)
		require.NoError(t, e.Handshake(t.Context()))
	}
}

func TestHandshakeWantsTheChallenge(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	require.Error(t, e.Handshake(t.Context()), "no bot")
	e.Connect("https://bot.invalid/webhook", graph.InProcess{Handler: http.NotFoundHandler()})
	require.ErrorContains(t, e.Handshake(t.Context()), "404")
}

// Statuses follow each message in order: sent, delivered, and read when the user acts.
func TestStatusesFollow(t *testing.T) {
	t.Parallel()
	e := newEngine(t, func(c *graph.Config) { c.Policy.AutoStatus = true })
	sink := &webhookSink{}
	e.Connect("https://bot.invalid/webhook", graph.InProcess{Handler: sink})
	u, err := e.AddUser(ada)
	require.NoError(t, err)
	send(t, e, `{"messaging_product":"whatsapp","to":"15550001234","biz_opaque_callback_data":"order:7","type":"text","text":{"body":"hi"}}`)
	e.Close()
	e.Act(t.Context(), graph.Say{Number: number, User: u, Content: graph.Text("ok")})
	e.Close()
	var got []string
	for _, body := range sink.bodies {
		events, err := wacloud.ParseWebhook(body)
		require.NoError(t, err)
		if s := events[0].Status; s != nil {
			require.Equal(t, "wamid.OUT0001", s.ID)
			require.Equal(t, "order:7", s.CallbackData)
			require.Equal(t, ada.Phone, s.Recipient.Phone)
			got = append(got, s.Status)
		}
	}
	require.Equal(t, []string{"sent", "delivered", "read"}, got)
	m, ok := e.Message("wamid.OUT0001")
	require.True(t, ok)
	require.Equal(t, "read", m.Status)
	_, ok = e.Report(t.Context(), "wamid.IN0001", "read")
	require.False(t, ok, "there are no statuses of the user's messages")
}

func TestSentWebhooksStandInTheChat(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	u, err := e.AddUser(ada)
	require.NoError(t, err)
	e.Send(t.Context(), element("wamid.ELSEWHERE").Message(graph.Text("hi")))
	e.Send(t.Context(), element("wamid.ELSEWHERE").Message(graph.Text("hi")))
	e.Send(t.Context(), []byte("broken"))
	require.Len(t, e.Messages(number, u, 0), 1)
	a := send(t, e, `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.ELSEWHERE"}`)
	require.JSONEq(t, `{"success":true}`, a.Body)
}

func TestOptionsOfTemplates(t *testing.T) {
	t.Parallel()
	raw := func(file string) wacloud.Message {
		body, err := os.ReadFile("../../testdata/payloads/" + file + ".json")
		require.NoError(t, err)
		out, err := wacloud.DecodeMessage(body)
		require.NoError(t, err)
		return out.Message
	}
	require.Equal(t, []graph.Option{{Kind: graph.OptionTemplate, ID: "inv:ok", Title: "inv:ok", Card: -1}},
		graph.Options(raw("template_positional_all_params")))
	var cards []int
	for _, o := range graph.Options(raw("template_carousel_media")) {
		cards = append(cards, o.Card)
	}
	require.Contains(t, cards, 1, "the cards of a carousel template can be tapped")
	require.Empty(t, graph.Options(wacloud.NewText("hi")))
}
