package simulator_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

var ana = wacloud.WaID("5511900000001")

func template() wacloud.Message {
	return wacloud.Raw{Type: "template", JSON: json.RawMessage(`{"name":"hello","language":{"code":"en"}}`)}
}

// Free messages need a user who wrote within 24 hours (Meta, send messages, read 2026-03).
func TestCustomerServiceWindow(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		send := func(m wacloud.Message) error {
			_, err := r.client.Send(t.Context(), ana, m)
			return err
		}
		require.ErrorIs(t, send(wacloud.NewText("first")), wacloud.ErrWindowClosed, "the user has not written yet")
		require.NoError(t, send(template()))
		r.post("say", `{"text":"hi"}`)
		require.NoError(t, send(wacloud.NewText("x")))
		s := r.state()
		require.Equal(t, 24*time.Hour, s.Chats[0].WindowUntil.Sub(s.Now).Round(time.Hour))
		r.post("clock", `{"advance_ms":86399000}`)
		require.NoError(t, send(wacloud.NewText("a second before")))
		r.post("clock", `{"advance_ms":1000}`)
		err := send(wacloud.NewText("24 hours"))
		apiErr, ok := errors.AsType[*wacloud.APIError](err)
		require.True(t, ok, err)
		require.Equal(t, 131047, apiErr.Code)
		require.NoError(t, send(template()))
		hello := r.state().last(t)
		r.post("react", `{"message":"`+hello.ID+`","emoji":"👍"}`)
		require.NoError(t, send(wacloud.NewText("a reaction opens it again")))
		r.patch(`{"window":"off"}`)
		r.post("clock", `{"advance_ms":86400000}`)
		require.NoError(t, send(wacloud.NewText("off")))
	})
}

// Meta has been seen to take the message and to report the failure later.
func TestWindowThatFailsLater(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		r.patch(`{"window":"fail"}`)
		sent, err := r.client.Send(t.Context(), ana, wacloud.NewText("x"), wacloud.CallbackData("order:7"))
		require.NoError(t, err)
		pass(time.Second)
		statuses := r.events(wacloud.KindStatus)
		require.Len(t, statuses, 1)
		require.Equal(t, sent.MessageID, statuses[0].Status.ID)
		require.Equal(t, "failed", statuses[0].Status.Status)
		require.Equal(t, "order:7", statuses[0].Status.CallbackData)
		require.ErrorIs(t, statuses[0].Status.Errors[0], wacloud.ErrWindowClosed)
	})
}

// 45 messages at once to a user, then one per 6 seconds; other users are not concerned (Meta, about the platform, read
// 2025-12).
func TestPairLimit(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		r.patch(`{"throughput":0}`)
		r.post("users", `{"name":"Bo","phone":"5511900000002"}`)
		r.post("say", `{"text":"hi"}`)
		r.post("say", `{"user":"Bo","text":"hi"}`)
		pass(time.Hour) // the bot's own answers are long ago
		send := func(to wacloud.Recipient) int {
			resp := r.graph("/v23.0/"+number+"/messages", mustEncode(t, to))
			return resp
		}
		for i := range 45 {
			require.Equal(t, http.StatusOK, send(ana), i)
		}
		require.Equal(t, http.StatusBadRequest, send(ana))
		require.Equal(t, http.StatusOK, send(wacloud.WaID("5511900000002")))
		last := r.state().Entries
		require.Equal(t, 131056, last[len(last)-2].Code)
		pass(6 * time.Second)
		require.Equal(t, http.StatusOK, send(ana))
		require.Equal(t, http.StatusBadRequest, send(ana))
	})
}

func TestThroughput(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		r.patch(`{"throughput":3,"pair_limit":false,"window":"off"}`)
		var got []int
		for range 4 {
			got = append(got, r.graph("/v23.0/"+number+"/messages", mustEncode(t, ana)))
		}
		require.Equal(t, []int{200, 200, 200, 400}, got)
		require.Equal(t, 130429, r.state().Entries[3].Code)
		require.Equal(t, 200, r.graph("/v23.0/100000000000002/messages", mustEncode(t, ana)), "each number has its own")
		pass(time.Second)
		require.Equal(t, 200, r.graph("/v23.0/"+number+"/messages", mustEncode(t, ana)))
	})
}

// Statuses take their time, keep their order, and carry what the business gave along.
func TestStatusesTakeTheirTime(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		r.patch(`{"status_delay_ms":1000,"auto_read":true}`)
		r.post("say", `{"text":"hi"}`)
		pass(time.Minute)
		sent, err := r.client.Send(t.Context(), ana, wacloud.NewText("x"), wacloud.CallbackData("order:7"))
		require.NoError(t, err)
		status := func() string { return r.state().last(t).Status }
		require.Equal(t, "accepted", status())
		pass(time.Second)
		require.Equal(t, "sent", status())
		pass(time.Second)
		require.Equal(t, "read", status())
		var got []string
		for _, e := range r.events(wacloud.KindStatus) {
			if e.Status.ID == sent.MessageID {
				require.Equal(t, "order:7", e.Status.CallbackData)
				got = append(got, e.Status.Status)
			}
		}
		require.Equal(t, []string{"sent", "delivered", "read"}, got)
	})
}

// A user reads by looking at the chat, and hears voice notes.
func TestReadAndPlayed(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		r.post("say", `{"text":"hi"}`)
		pass(time.Minute)
		_, err := r.client.Send(t.Context(), ana, wacloud.Audio{Media: wacloud.MediaLink("https://cdn.example.com/a.ogg"), Voice: true})
		require.NoError(t, err)
		pass(time.Minute)
		require.Equal(t, "delivered", r.state().last(t).Status)
		r.post("open", `{}`)
		synctest.Wait()
		require.Equal(t, "read", r.state().last(t).Status)
		voice := r.state().last(t).ID
		r.post("status", `{"message":"`+voice+`","status":"played"}`)
		require.Equal(t, "played", r.state().last(t).Status)
		r.post("open", `{}`)
		synctest.Wait()
		statuses := r.events(wacloud.KindStatus)
		require.Equal(t, "played", statuses[len(statuses)-1].Status.Status, "nothing is read twice")
	})
}

// A message that has failed is not delivered afterwards.
func TestNothingComesAfterAFailure(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		r.post("say", `{"text":"hi"}`)
		synctest.Wait()
		r.post("status", `{"message":"`+r.state().last(t).ID+`","status":"failed","code":131026}`)
		pass(time.Minute)
		r.post("say", `{"text":"again"}`)
		pass(time.Minute)
		require.Equal(t, "failed", r.state().bots()[0].Status)
		require.Len(t, r.state().webhooks("status failed"), 1)
		require.Len(t, r.state().webhooks("status sent"), 1, "of the second answer")
		require.Len(t, r.state().webhooks("status delivered"), 1)
	})
}

func TestHandshake(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		_, body := r.call(http.MethodPost, "handshake", `{}`)
		require.JSONEq(t, `{"ok":true}`, string(body))
		r.sim.Connect(http.NotFoundHandler())
		_, body = r.call(http.MethodPost, "handshake", `{}`)
		require.Contains(t, string(body), `"ok":false`)
		require.Contains(t, string(body), "404")
	})
}

func TestResetForgets(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		r.post("faults", `{"kind":"duplicate","every":9}`)
		r.post("say", `{"text":"hi"}`)
		synctest.Wait()
		r.post("reset", `{}`)
		s := r.state()
		require.Empty(t, s.Messages)
		require.Empty(t, s.Chats)
		require.Empty(t, s.Entries)
		require.Empty(t, s.Faults)
		require.Len(t, s.Users, 1)
		pass(time.Minute)
		require.Empty(t, r.state().Entries, "nothing of before comes late")
		r.post("reset", `{"users":true}`)
		require.Empty(t, r.state().Users)
	})
}

// Warnings are shown with what was accepted, errors with what was refused.
func TestProblemsAreShown(t *testing.T) {
	t.Parallel()
	inRig(t, func(t *testing.T, r *rig) {
		r.post("say", `{"text":"hi"}`)
		pass(time.Minute)
		body := `{"messaging_product":"whatsapp","to":"5511900000001","type":"interactive","interactive":{"type":"flow","body":{"text":"b"},
			"action":{"name":"flow","parameters":{"flow_message_version":"3","flow_id":"1","flow_cta":"A label over twenty chars"}}}}`
		require.Equal(t, http.StatusOK, r.graph("/v23.0/"+number+"/messages", body))
		m := r.state().last(t)
		require.Len(t, m.Problems, 1)
		require.Equal(t, "warning", m.Problems[0].Severity)
		require.Equal(t, "interactive.action.parameters.flow_cta", m.Problems[0].Path)
		require.NotEmpty(t, m.Problems[0].Hint)
		require.Equal(t, http.StatusBadRequest, r.graph("/v23.0/"+number+"/messages",
			`{"messaging_product":"whatsapp","to":"5511900000001","type":"text","text":{"body":""},"colour":"red"}`))
		entries := r.state().Entries
		refused := entries[len(entries)-1]
		require.Equal(t, 100, refused.Code)
		require.Equal(t, "colour", refused.Problems[0].Path)
		require.Equal(t, "error", refused.Problems[0].Severity)
	})
}

func (r *rig) patch(in string) {
	r.t.Helper()
	status, body := r.call(http.MethodPatch, "settings", in)
	require.Equal(r.t, http.StatusOK, status, string(body))
}

// graph posts to the Graph API without the library's own limits.
func (r *rig) graph(path, body string) int {
	r.t.Helper()
	status, _ := ask(r.t, r.http, r.sim.Config().AccessToken, http.MethodPost, baseURL+path, body)
	return status
}

func mustEncode(t *testing.T, to wacloud.Recipient) string {
	t.Helper()
	body, err := wacloud.EncodeMessage(wacloud.Outgoing{To: to, Message: wacloud.NewText("x")})
	require.NoError(t, err)
	return string(body)
}
