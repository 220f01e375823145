package wacloudtest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

// order is a chat as the simulator saves it: a text, a tap on the answer, and a tap on the list that came then.
const order = `{"version":1,"number":"9","user":{"key":"u1","name":"Ana","phone":"5511900000009"},"steps":[
	{"from":"user","at_ms":0,"type":"text","content":{"body":"oi"}},
	{"from":"bot","at_ms":2,"type":"interactive","content":{"type":"button","body":{"text":"Como prefere receber o pedido?"},"action":{"buttons":[
		{"type":"reply","reply":{"id":"delivery","title":"Entrega"}},{"type":"reply","reply":{"id":"pickup","title":"Retirada"}}]}}},
	{"from":"user","at_ms":900,"about":1,"type":"interactive","content":{"type":"button_reply","button_reply":{"id":"pickup","title":"Retirada"}}},
	{"from":"bot","at_ms":902,"type":"interactive","content":{"type":"list","body":{"text":"Em qual loja você retira?"},"action":{"button":"Ver lojas",
		"sections":[{"rows":[{"id":"shop:centro","title":"Centro"}]}]}}},
	{"from":"user","at_ms":1500,"about":3,"type":"interactive","content":{"type":"list_reply","list_reply":{"id":"shop:centro","title":"Centro"}}},
	{"from":"bot","at_ms":1501,"type":"text","content":{"body":"Até já!"}}]}`

func TestReplay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		transcript string
		want       string // of the failure
	}{
		{"as it was", order, ""},
		{"another text", strings.Replace(order, "Até já!", "Até logo!", 1), `step 5: text.body was "Até logo!" then, and is "Até já!" now`},
		{"another option", strings.Replace(order, `"id":"delivery"`, `"id":"ship"`, 1), `step 1: interactive.action.buttons[0].reply.id was "ship" then, and is "delivery" now`},
		{"one option less", strings.Replace(order, `{"type":"reply","reply":{"id":"delivery","title":"Entrega"}},`, "", 1), "step 1: interactive.action.buttons was"},
		{"another kind", strings.Replace(order, `"type":"text","content":{"body":"Até já!"}`, `"type":"image","content":{"id":"1"}`, 1), "step 5: the bot sent a image then, and now a wacloud.Text"},
		{"a quote that is none", strings.Replace(order, `"at_ms":1501`, `"at_ms":1501,"about":0`, 1), "step 5: the bot quotes another message than then"},
		{"more than now", strings.Replace(order, `{"body":"Até já!"}}]`, `{"body":"Até já!"}},{"from":"bot","type":"text","content":{"body":"!"}}]`, 1), "step 6: the bot sent a text then, but now"},
		{"less than now", order[:strings.LastIndex(order, ",\n\t{")] + "]}", "expected nothing, but got a wacloud.Text"},
		{"another version", strings.Replace(order, `"version":1`, `"version":2`, 1), "version 2 is not known"},
		{"about a later step", strings.Replace(order, `"about":1`, `"about":4`, 1), "steps[2]"},
		{"not one", "[]", "is not one"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := failures(func(tb wacloudtest.TB) {
				srv := wacloudtest.NewServer(tb)
				r := newRouter()
				r.NotFound(respond(wacloud.NewText("?")))
				srv.Serve(r)
				srv.Replay([]byte(tt.transcript))
			})
			if tt.want == "" {
				require.Empty(t, got)
				return
			}
			require.Contains(t, got, tt.want)
		})
	}
}

// Reactions, files and quotes are about the same messages again.
func TestReplayOfEverythingElse(t *testing.T) {
	t.Parallel()
	const transcript = `{"version":1,"number":"9","user":{"name":"Bo","user_id":"BR.x"},"steps":[
		{"from":"user","type":"image","content":{"id":"1","mime_type":"image/png","sha256":"x","caption":"look"}},
		{"from":"bot","type":"text","content":{"body":"image"},"about":0},
		{"from":"bot","type":"reaction","about":0,"content":{"message_id":"wamid.OLD","emoji":"❤"}},
		{"from":"user","type":"reaction","about":1,"content":{"message_id":"wamid.OLD","emoji":"👍"}},
		{"from":"bot","type":"text","content":{"body":"👍"}}]}`
	srv := wacloudtest.NewServer(t)
	r := wacloud.NewRouter()
	r.NotFound(respond(wacloud.NewText("?")))
	r.Message(func(ctx context.Context, e *wacloud.Event) error {
		if c, ok := e.Message.Content.(wacloud.ReactionContent); ok {
			_, err := e.Respond(ctx, wacloud.NewText(c.Emoji))
			return err
		}
		if _, err := e.Quote(ctx, wacloud.NewText(e.Message.Type)); err != nil {
			return err
		}
		_, err := e.React(ctx, "❤")
		return err
	})
	srv.Serve(r)
	srv.Replay([]byte(transcript))
}

// What failed after it was accepted fails again, so that the bot does again what it did about it.
func TestReplayOfWhatFailed(t *testing.T) {
	t.Parallel()
	const transcript = `{"version":1,"number":"9","user":{"name":"Ana","phone":"5511900000009","refuses":["button"]},"steps":[
		{"from":"user","type":"text","content":{"body":"oi"}},
		{"from":"bot","type":"text","content":{"body":"first"},"failed":131026},
		{"from":"bot","type":"text","content":{"body":"second"}},
		{"from":"bot","type":"text","content":{"body":"failed with 131026"},"failed":131049},
		{"from":"bot","type":"text","content":{"body":"failed with 131049"}}]}`
	r := wacloud.NewRouter()
	r.NotFound(respond(wacloud.NewText("?")))
	r.Text(func(ctx context.Context, e *wacloud.Event) error {
		for _, text := range []string{"first", "second"} {
			if _, err := e.Respond(ctx, wacloud.NewText(text)); err != nil {
				return err
			}
		}
		return nil
	})
	r.Status(func(ctx context.Context, e *wacloud.Event) error {
		_, err := e.Respond(ctx, wacloud.NewText(fmt.Sprintf("%s with %d", e.Status.Status, e.Status.Errors[0].Code)))
		return err
	})
	srv := wacloudtest.NewServer(t)
	srv.Serve(r)
	srv.Replay([]byte(transcript))
}
