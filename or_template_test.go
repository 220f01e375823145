package wacloud_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

var (
	templateHow     = fallbackButtons(2)
	templateInstead = wacloud.NewTemplate("order_ready", "pt_BR").WithTexts("Ana").
			WithButtons(wacloud.QuickReplyPayload("how:Delivery"), wacloud.QuickReplyPayload("later"))
)

// templateKinds are the types of what was sent.
func templateKinds(sent []wacloud.Outgoing) string {
	var kinds []string
	for _, o := range sent {
		kinds = append(kinds, nameOfKind(o.Message))
	}
	return strings.Join(kinds, " ")
}

func nameOfKind(m wacloud.Message) string {
	switch m.(type) {
	case wacloud.Buttons:
		return "buttons"
	case wacloud.List:
		return "list"
	case wacloud.Text:
		return "text"
	case wacloud.Image:
		return "image"
	case wacloud.Template:
		return "template"
	default:
		return "?"
	}
}

func TestOrTemplate(t *testing.T) {
	t.Parallel()
	const closedCode = 131047
	for _, tt := range []struct {
		name  string
		ago   time.Duration // since the user wrote; 0 is never
		fails []int
		opts  []wacloud.SendOption
		want  string
		why   string // in Sent.Fallback
	}{
		{name: "open", ago: time.Hour, want: "buttons"},
		{name: "unknown", want: "buttons"},
		{name: "unknown, and closed", fails: []int{closedCode}, want: "template", why: "the template given to OrTemplate, after: api: customer service window closed"},
		{name: "known to be closed", ago: 25 * time.Hour, want: "template", why: "the template given to OrTemplate, after: the customer service window closed at 2000-01-02T00:00:00Z"},
		{name: "closed within the minute: Meta decides", ago: 24*time.Hour + 59*time.Second, want: "buttons"},
		{name: "closed for a minute", ago: 24*time.Hour + time.Minute, want: "template", why: "window closed at"},
		{name: "open, says the record, and Meta does not", ago: time.Hour, fails: []int{closedCode}, want: "template", why: "code 131047"},
		{name: "with another shape, which closes", fails: []int{131009, closedCode}, opts: []wacloud.SendOption{wacloud.Fallback()}, want: "template", why: "code 131047"},
		{name: "with another shape that arrives", fails: []int{131009}, opts: []wacloud.SendOption{wacloud.Fallback(wacloud.NewText("How?"))}, want: "text", why: "code 131009"},
		{name: "known to be closed, with other shapes", ago: 25 * time.Hour, opts: []wacloud.SendOption{wacloud.Fallback()}, want: "template", why: "window closed at"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv, client := windowBot(t, wacloud.NewMemoryStore())
				if tt.ago > 0 {
					windowDeliver(srv, wacloudtest.Text(phoneOnly, "oi"))
				}
				sleep(tt.ago)
				for _, code := range tt.fails {
					srv.Fail(code, 1)
				}
				opts := append([]wacloud.SendOption{wacloud.OrTemplate(templateInstead), wacloud.ReplyTo("wamid.Q"), wacloud.CallbackData("order 42")}, tt.opts...)
				sent, err := client.Send(t.Context(), phoneOnly.Recipient(), templateHow, opts...)
				require.NoError(t, err)
				got := srv.Sent()
				require.Equal(t, tt.want, templateKinds(got))
				require.Equal(t, tt.want, nameOfKind(sent.Message))
				require.Contains(t, sent.Fallback, tt.why)
				require.Equal(t, tt.why == "", sent.Fallback == "")
				require.Equal(t, "order 42", got[0].CallbackData)
				if tt.want == "template" {
					require.Empty(t, got[0].ReplyTo, "a template quotes nothing")
					if diff := cmp.Diff(wacloud.Message(templateInstead), sent.Message); diff != "" {
						t.Errorf("Sent.Message (-want +got):\n%s", diff)
					}
				}
			})
		})
	}
}

func TestOrTemplateErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		m     wacloud.Message
		t     wacloud.Template
		fails []int
		want  error
		tried int // shapes in a FallbackError
	}{
		{"another refusal", templateHow, templateInstead, []int{131026}, wacloud.ErrUndeliverable, 0},
		{"credentials", templateHow, templateInstead, []int{190}, wacloud.ErrAuth, 0},
		{"the template is refused too", templateHow, templateInstead, []int{131047, 132001}, wacloud.ErrTemplate, 2},
		{"the template, as if it were no template", templateHow, templateInstead, []int{131047, 131047, 131047}, wacloud.ErrWindowClosed, 2},
		{"a template's parameter, which another shape would cure", templateHow, templateInstead, []int{131047, 131008}, wacloud.ErrInvalid, 2},
		{"a broken template is found although it is not needed", templateHow, wacloud.NewTemplate("Order Ready", "pt_BR"), nil, wacloud.ErrInvalid, 0},
		{"a broken message", wacloud.NewText(""), templateInstead, nil, wacloud.ErrInvalid, 0},
		{"no message", nil, templateInstead, nil, wacloud.ErrInvalid, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := wacloudtest.NewServer(t, wacloudtest.InMemory())
			for _, code := range tt.fails {
				srv.Fail(code, 1)
			}
			_, err := srv.Client().Send(t.Context(), phoneOnly.Recipient(), tt.m, wacloud.OrTemplate(tt.t))
			require.ErrorIs(t, err, tt.want)
			failed, ok := errors.AsType[*wacloud.FallbackError](err)
			require.Equal(t, tt.tried > 0, ok, "%v", err)
			if ok {
				require.Len(t, failed.Tried, tt.tried)
			}
			require.Empty(t, srv.Sent())
		})
	}
}

// An unknown outcome is no closed window: the message may have arrived.
func TestOrTemplateNotAfterAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	srv := wacloudtest.NewServer(t)
	srv.FailWith(wacloudtest.Fault{CutAfter: true}, 1)
	client := srv.Client(wacloud.WithRetry(wacloud.RetryPolicy{MaxAttempts: 1}))
	_, err := client.Send(t.Context(), phoneOnly.Recipient(), templateHow, wacloud.OrTemplate(templateInstead))
	_, ambiguous := errors.AsType[*wacloud.AmbiguousSendError](err)
	require.True(t, ambiguous, "%v", err)
	require.Equal(t, "buttons", templateKinds(srv.Sent()))
}

// A handler that runs again stays with what it has sent, whatever became of the window meanwhile.
func TestOrTemplateInAHandlerThatRunsAgain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		wrote time.Duration // before the event came
		fails []int
		opts  []wacloud.SendOption
		again time.Duration // until the handler runs again
		calls bool          // the user calls in between, which opens the window
		want  string
		seen  string // by the handler, of each run
	}{
		{name: "the window closes between the runs", again: 25 * time.Hour, want: "buttons", seen: "buttons buttons"},
		{name: "known to be closed", wrote: 30 * time.Hour, again: time.Minute, want: "template", seen: "template template"},
		{name: "known to be closed, and opened by a call between the runs", wrote: 30 * time.Hour, again: time.Minute, calls: true, want: "template", seen: "template template"},
		{name: "Meta said so", fails: []int{131047}, again: time.Minute, want: "template", seen: "template template"},
		{name: "another shape, and then the window closes", fails: []int{131009}, opts: []wacloud.SendOption{wacloud.Fallback(wacloud.NewText("How?"))}, again: 25 * time.Hour, want: "text", seen: "text text"},
		{name: "an outcome that stays unknown, and then the window closes", fails: []int{-1}, again: 25 * time.Hour, want: "buttons", seen: "unknown unknown"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := wacloudtest.NewServer(t, wacloudtest.InMemory())
				for _, code := range tt.fails {
					f := wacloudtest.Fault{Code: code}
					if code < 0 {
						f = wacloudtest.Fault{CutAfter: true}
					}
					srv.FailWith(f, 1)
				}
				var seen []string
				opts := append([]wacloud.SendOption{wacloud.OrTemplate(templateInstead)}, tt.opts...)
				srv.Serve(wacloud.HandlerFunc(func(ctx context.Context, e *wacloud.Event) error {
					if e.Kind != wacloud.KindMessage {
						return nil
					}
					sent, err := e.Respond(ctx, templateHow, opts...)
					if err != nil {
						seen = append(seen, "unknown")
					} else {
						seen = append(seen, nameOfKind(sent.Message))
					}
					if e.Attempt == 1 {
						return wacloud.RetryAfter(errors.New("the database is down"), tt.again)
					}
					return nil
				}), func(c *wacloud.WebhookConfig) {
					c.Client = srv.Client(wacloud.WithStore(wacloud.NewMemoryStore()), wacloud.WithRetry(wacloud.RetryPolicy{MaxAttempts: 1}))
					c.RunConfig.MaxAttempts = 2
				})
				srv.Deliver(wacloudtest.Text(phoneOnly, "oi", wacloudtest.At(time.Now().Add(-tt.wrote))))
				sleep(time.Second)
				if tt.calls {
					srv.Deliver(windowCall(time.Now(), "connect", "USER_INITIATED", `"from":"15550001234"`))
				}
				sleep(tt.again + time.Minute)
				require.Equal(t, tt.want, templateKinds(srv.Sent()))
				require.Equal(t, tt.seen, strings.Join(seen, " "))
			})
		})
	}
}

// The title of a choice that the template brings back can be typed; one that it does not have cannot.
func TestOrTemplateKeepsTheChoicesThatItBringsBack(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		types string
		want  string
	}{
		{"a quick reply with the id of a choice", "delivery", "typed how:Delivery"},
		{"a choice that the template does not have", "pickup", "text pickup"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newAnswersBot(t, wacloudtest.InMemory())
			b.says["oi"] = func(ctx context.Context, e *wacloud.Event) error {
				b.srv.Fail(131047, 1)
				_, err := e.Respond(ctx, templateHow, wacloud.OrTemplate(templateInstead))
				return err
			}
			ana := b.serve()
			ana.Say("oi")
			b.heard()
			ana.Say(tt.types)
			require.Equal(t, []string{tt.want}, b.heard())
		})
	}
}
