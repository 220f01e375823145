package wacloud_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

// Meta may accept a message and say later that the window was closed: then the template goes, once.
func TestOrTemplateByStatus(t *testing.T) {
	t.Parallel()
	type said struct {
		of     int // the n-th message that was sent, from 0
		status string
		code   int
	}
	for _, tt := range []struct {
		name    string
		opts    []wacloud.SendOption
		refuse  []int // codes by which sends are refused at once, in order
		come    []said
		failing int // how often the handler of a status fails
		want    string
	}{
		{name: "closed", come: []said{{0, "failed", 131047}}, want: "buttons template"},
		{name: "closed, and the handler runs again", come: []said{{0, "failed", 131047}}, failing: 2, want: "buttons template"},
		{name: "closed, said late and twice", come: []said{{0, "sent", 0}, {0, "failed", 131047}, {0, "failed", 131047}}, want: "buttons template"},
		{name: "it had arrived", come: []said{{0, "delivered", 0}, {0, "failed", 131047}}, want: "buttons"},
		{name: "another failure", come: []said{{0, "failed", 131049}}, want: "buttons"},
		{name: "the template fails as well", come: []said{{0, "failed", 131047}, {1, "failed", 131047}}, want: "buttons template"},
		{name: "the template went at once", refuse: []int{131047}, come: []said{{0, "failed", 131047}}, want: "template"},
		{
			name: "another shape by status, and then closed", opts: []wacloud.SendOption{wacloud.Fallback(wacloud.NewText("How?"))},
			come: []said{{0, "failed", 131009}, {1, "failed", 131047}}, want: "buttons text template",
		},
		{
			name: "another shape at once, and then closed", opts: []wacloud.SendOption{wacloud.Fallback(wacloud.NewText("How?"))}, refuse: []int{131009},
			come: []said{{0, "failed", 131047}}, want: "text template",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				opts := append([]wacloud.SendOption{wacloud.OrTemplate(templateInstead)}, tt.opts...)
				b := newFellBotWith(t, wacloud.NewMemoryStore(), fellRespond(templateHow, opts...), nil, wacloudtest.InMemory())
				for _, code := range tt.refuse {
					b.srv.Fail(code, 1)
				}
				b.ana.Say("oi")
				b.failing = tt.failing
				sent := []*wacloud.Sent{b.first(t)}
				for _, s := range tt.come {
					var codes []int
					if s.code != 0 {
						codes = append(codes, s.code)
					}
					sleep(time.Second)
					b.report(sent[s.of], s.status, codes...)
					if fell := b.last(t).Fallback; fell != nil {
						sent = append(sent, fell)
					}
				}
				require.Equal(t, tt.want, templateKinds(b.srv.Sent()))
				if strings.HasSuffix(tt.want, " template") {
					all := b.srv.Sent()
					last := all[len(all)-1]
					require.Equal(t, "template", nameOfKind(last.Message))
					require.Empty(t, last.ReplyTo)
				}
			})
		})
	}
}

// The handler of the failed status sees what was sent, and why.
func TestOrTemplateByStatusIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newFellBotWith(t, wacloud.NewMemoryStore(), fellRespond(templateHow, wacloud.OrTemplate(templateInstead)), nil, wacloudtest.InMemory())
		b.ana.Say("oi")
		b.report(b.first(t), "failed", 131047)
		fell := b.last(t).Fallback
		require.NotNil(t, fell)
		require.Equal(t, wacloud.Message(templateInstead), fell.Message)
		require.Contains(t, fell.Fallback, "the template given to OrTemplate, after:")
		require.Contains(t, fell.Fallback, "131047")
		b.ana.Say("delivery")
		b.srv.Wait()
		require.Equal(t, []string{"typed how:Delivery"}, b.got)
	})
}
