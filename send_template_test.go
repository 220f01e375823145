package wacloud_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

// What is sent through another endpoint is sent as any other message: checked, retried, once.
func TestSendThroughEndpoints(t *testing.T) {
	t.Parallel()
	const head = `{"messaging_product":"whatsapp","recipient_type":"individual","to":"15550001234",`
	promo := wacloud.NewTemplate("promo", "en")
	tests := []struct {
		name       string
		m          wacloud.Message
		opts       []wacloud.SendOption
		path, body string
	}{
		{
			"template", promo, nil, "messages",
			head + `"type":"template","template":{"name":"promo","language":{"code":"en"}}}`,
		},
		{
			"marketing", promo,
			[]wacloud.SendOption{wacloud.Marketing{ActivitySharing: new(true)}, wacloud.CallbackData("c")},
			"marketing_messages",
			head + `"biz_opaque_callback_data":"c","type":"template","template":{"name":"promo","language":{"code":"en"}},"product_policy":"CLOUD_API_FALLBACK","message_activity_sharing":true}`,
		},
		{
			"direct send", wacloud.NewText("hi"),
			[]wacloud.SendOption{wacloud.DirectSend{Category: "utility", TTLSeconds: 60}},
			"messages",
			head + `"category":"utility","ttl_seconds":60,"type":"text","text":{"body":"hi"}}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := newGraphStub(t, func(n int, w http.ResponseWriter, r *http.Request) {
				if n == 1 {
					answerWith(http.StatusBadRequest, `{"error":{"code":130429}}`)(n, w, r)
					return
				}
				answerWith(http.StatusOK, `{"success":true,"messages":[{"id":"wamid.1","message_status":"accepted"}]}`)(n, w, r)
			})
			sent, err := newStubClient(t, srv.URL).Send(t.Context(), wacloud.WaID("15550001234"), tt.m, tt.opts...)
			require.NoError(t, err)
			require.Equal(t, 2, sent.Attempts)
			require.Equal(t, "accepted", sent.Status)
			for _, r := range srv.seen() {
				require.Equal(t, "/v23.0/"+testNumberID+"/"+tt.path, r.Path)
				require.Equal(t, tt.body, r.Body)
			}
		})
	}
}

func TestSendChecksTheEndpoint(t *testing.T) {
	t.Parallel()
	srv := newGraphStub(t, answerWith(http.StatusOK, acceptedAnswer))
	client := newStubClient(t, srv.URL)
	_, err := client.Send(t.Context(), wacloud.WaID("15550001234"), wacloud.NewText("hi"), wacloud.Marketing{})
	require.ErrorIs(t, err, wacloud.ErrInvalid)
	_, err = client.Send(t.Context(), wacloud.WaID("15550001234"), wacloud.NewMixedButtons("hi", wacloud.Link{Text: "Go", URL: "https://example.com"}))
	require.ErrorIs(t, err, wacloud.ErrInvalid)
	require.Empty(t, srv.seen())
}

// An option's value is copied: a program may change its own and send on.
func TestSendOptionsAreCopied(t *testing.T) {
	t.Parallel()
	srv := newGraphStub(t, answerWith(http.StatusOK, acceptedAnswer))
	client := newStubClient(t, srv.URL)
	direct := wacloud.DirectSend{Category: "utility"}
	opt := wacloud.SendOption(direct)
	direct.Category = "service"
	_, err := client.Send(t.Context(), wacloud.WaID("15550001234"), wacloud.NewText("hi"), opt)
	require.NoError(t, err)
	require.Contains(t, srv.seen()[0].Body, `"category":"utility"`)
}

// The kit takes what the library sends, template quick replies come back as taps, and marketing messages arrive too.
func TestKitTakesTemplates(t *testing.T) {
	t.Parallel()
	srv := wacloudtest.NewServer(t)
	ana := srv.User("Ana")
	booked := make(chan string, 1)
	r := wacloud.NewRouter()
	r.Reply("room:{id}", func(_ context.Context, e *wacloud.Event) error {
		booked <- e.Param("id")
		return nil
	})
	srv.Serve(r)
	rooms := wacloud.NewTemplate("rooms", "pt_BR").WithTexts("Ana").WithCards(
		wacloud.NewTemplateCard(uploaded, wacloud.QuickReplyPayload("room:1")).WithTexts("Room 1"),
		wacloud.NewTemplateCard(uploaded, wacloud.QuickReplyPayload("room:2")).WithTexts("Room 2"))
	sent, err := srv.Client().Send(t.Context(), ana.Recipient(), rooms, wacloud.Marketing{})
	require.NoError(t, err)
	require.Equal(t, "accepted", sent.Status)
	wacloudtest.Expect[wacloud.Template](ana).TapID("room:2")
	require.Equal(t, "2", <-booked)
}
