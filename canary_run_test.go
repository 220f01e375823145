package wacloud_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

// A profile name that begins a log line of its own.
const canaryInjection = canaryName + "\n{\"level\":\"ERROR\",\"msg\":\"canary-injected\"}\r\nlevel=ERROR msg=canary-injected"

// TestAttack36NothingLeaks lets a bot live through whatever goes wrong, with personal data and secrets that are known, and
// looks for them in its log, its metrics, its errors and its dead letters.
func TestAttack36NothingLeaks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bot := newCanaryBot(t)
		bot.live(t)
		printed := bot.printed(t)
		for _, word := range []string{
			"a handler panicked", "given up", "a handler failed", "call failed, it will be repeated", "a tap reached no route", // the log
			"outcome unknown", "wacloud: validate", "ended its goroutine", // the errors
			"wa.webhook.rejected signature", "wa.inbox.dead_letters message", // the metrics
		} {
			require.Contains(t, printed, word, "the run did not come to this")
		}
		requireNone(t, append(bot.secrets(), "canary-injected", "canario"), printed)
	})
}

// canaryBot collects all that the library says.
type canaryBot struct {
	srv     *wacloudtest.Server
	inbox   *wacloud.MemoryInbox
	said    hookLog
	metrics hookLog
	errors  hookLog
	client  *wacloud.Client
	secret  wacloud.Secret // of the signer
}

func (b *canaryBot) Observe(_ context.Context, m wacloud.Measurement) {
	_, _ = fmt.Fprintf(&b.metrics, "%s %s %s\n", m.Metric, m.Label, m.PhoneNumberID)
}

func (b *canaryBot) note(err error) error {
	_, _ = fmt.Fprintf(&b.errors, "%v %+v %#v %q\n", err, err, err, err)
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		_, _ = fmt.Fprintf(&b.errors, "%T %v %+v %#v %s\n", inner, inner, inner, inner, logAll("err", inner))
	}
	return err
}

func (b *canaryBot) secrets() []string {
	cfg := b.srv.Config()
	return append(canaries(), cfg.AccessToken.Reveal(), cfg.AppSecrets[0].Reveal(), cfg.VerifyToken.Reveal(), b.secret.Reveal())
}

func (b *canaryBot) printed(t *testing.T) string {
	t.Helper()
	letters, err := b.inbox.DeadLetters(t.Context(), "", 100)
	require.NoError(t, err)
	require.NotEmpty(t, letters)
	var all strings.Builder
	all.WriteString(b.said.text() + b.metrics.text() + b.errors.text())
	for _, l := range letters {
		all.WriteString(printAll(l, &l))
		if !canaryOwnError(l.Error) {
			all.WriteString(l.Error)
		}
	}
	for _, out := range b.srv.Sent() {
		all.WriteString(printAll(out, out.To))
	}
	return all.String()
}

func newCanaryBot(t *testing.T) *canaryBot {
	t.Helper()
	b := &canaryBot{
		srv: wacloudtest.NewServer(t, wacloudtest.InMemory(), wacloudtest.Patience(time.Hour)), inbox: wacloud.NewMemoryInbox(),
		secret: wacloud.NewSecret("canary-of-the-signers-key"),
	}
	all := &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}
	logger := slog.New(slog.NewMultiHandler(slog.NewJSONHandler(&b.said, all), slog.NewTextHandler(&b.said, all)))
	store := wacloud.NewMemoryStore()
	b.client = b.srv.Client(wacloud.WithLogger(logger), wacloud.WithStore(store), wacloud.WithAppSecretProof(wacloud.NewSecret(canarySecret)))
	b.srv.Serve(b.router(t, logger, store), func(cfg *wacloud.WebhookConfig) {
		cfg.Client, cfg.Inbox, cfg.Store, cfg.Logger, cfg.Observer = b.client, b.inbox, store, logger, b
		cfg.RunConfig = wacloud.RunConfig{MaxAttempts: 2}
	})
	return b
}

func (b *canaryBot) router(t *testing.T, logger *slog.Logger, store wacloud.Store) *wacloud.Router {
	t.Helper()
	signer, err := wacloud.NewIDSigner(b.secret)
	require.NoError(t, err)
	r := wacloud.NewRouter()
	r.Logger(logger)
	r.Signer(signer)
	r.Use(wacloud.Log(logger), wacloud.AutoMarkRead(), wacloud.AutoTyping())
	r.Text(b.text)
	r.Reply("item:{n}", func(ctx context.Context, e *wacloud.Event) error { return b.answer(ctx, e, "item") }, wacloud.Once(store, 0))
	r.Group(func(r *wacloud.Router) {
		r.Use(wacloud.RequireSigned())
		r.Reply("pay:{n}", func(ctx context.Context, e *wacloud.Event) error { return b.answer(ctx, e, "pay") })
	})
	wacloud.On(r, wacloud.NewRoute[int]("count:{n}"), func(ctx context.Context, e *wacloud.Event, _ int) error { return b.answer(ctx, e, "count") })
	r.Message(func(ctx context.Context, e *wacloud.Event) error {
		logger.InfoContext(ctx, "a message", "event", e, "message", e.Message, "content", e.Message.Content, "from", e.Message.From)
		return b.answer(ctx, e, "thanks")
	})
	r.Event(func(ctx context.Context, e *wacloud.Event) error {
		logger.InfoContext(ctx, "an event", "event", e, "status", e.Status, "errors", fmt.Sprint(e.Errors))
		return nil
	})
	r.Failed(func(_ context.Context, _ *wacloud.Event, err error) {
		if !canaryOwnError(err.Error()) {
			_ = b.note(err)
		}
	})
	return r
}

// canaryOwnError tells the errors that are the bot's own, whose text the library stores and hands on as it is. Its log
// lines are masked.
func canaryOwnError(text string) bool {
	return strings.Contains(text, "no account of") || strings.Contains(text, "no such user")
}

// answer answers with the user's own words.
func (b *canaryBot) answer(ctx context.Context, e *wacloud.Event, text string) error {
	_, err := e.Respond(ctx, wacloud.NewText(text+" "+canaryText))
	return b.note(err)
}

// text does what the user asks for.
func (b *canaryBot) text(ctx context.Context, e *wacloud.Event) error {
	switch what, _, _ := strings.Cut(e.Text(), " "); what {
	case "panic":
		panic(fmt.Sprintf("no such user: %s in %v", e.Message.From.Phone, e))
	case "exit":
		runtime.Goexit()
	case "error":
		return fmt.Errorf("no account of +%s with the token %s", e.Message.From.Phone, canaryToken)
	case "invalid":
		_, err := e.Respond(ctx, wacloud.NewText(strings.Repeat(canaryText, 500)))
		return b.note(err)
	case "stranger":
		_, err := b.client.Send(ctx, wacloud.Phone("0"+canaryPhone+canaryPhone), wacloud.NewText(canaryText))
		return b.note(err)
	case "files":
		_, err := b.client.Upload(ctx, wacloud.Upload{Reader: strings.NewReader(canaryText), MIMEType: "text/html", Filename: canaryName + ".jpg"})
		_, again := b.client.Download(ctx, "404", io.Discard, wacloud.Download{})
		return errors.Join(b.note(err), b.note(again))
	}
	return b.answer(ctx, e, "ok")
}

// live is a long day.
func (b *canaryBot) live(t *testing.T) {
	t.Helper()
	user := b.srv.User(canaryInjection, wacloudtest.WithPhone(canaryWaID), wacloudtest.WithUserID(canaryUserID))
	say := func(text string) {
		id := wacloudtest.MessageID(fmt.Sprintf("%s%d", canaryMessage, time.Now().UnixNano()))
		user.Send(wacloudtest.Text(user.Identity(), text+" "+canaryText+" "+canaryInjection, id))
		b.srv.Wait()
		sleep(time.Second)
	}
	for _, text := range []string{"hello", "panic", "exit", "error", "invalid", "stranger", "files"} {
		say(text)
	}
	for _, code := range []int{4, 10, 100, 190, 368, 130429, 131000, 131009, 131026, 131047, 131056, 132000, 133010} {
		b.srv.FailWith(wacloudtest.Fault{Code: code, Details: canaryInError}, 1)
		say("code")
	}
	for _, f := range []wacloudtest.Fault{{HTML: true}, {Cut: true}, {CutAfter: true}, {Delay: time.Minute}} {
		b.srv.FailWith(f, 1)
		say("fault")
	}
	b.tap(t, user)
	b.odd(user)
}

func (b *canaryBot) tap(t *testing.T, user *wacloudtest.User) {
	t.Helper()
	for _, id := range []string{
		"item:1", "item:1", "unknown:" + canaryWaID, "count:" + canaryName, "pay:1", "pay:1~AAAAAHIW3Q8kKVVvDJEg4lRt", canaryInjection,
	} {
		for _, body := range [][]byte{
			wacloudtest.ButtonReply(user.Identity(), wacloud.Button{ID: id, Title: canaryName}, wacloudtest.About(canaryMessage)),
			wacloudtest.CarouselTap(user.Identity(), wacloud.Button{ID: id, Title: canaryName}),
		} {
			require.Equal(t, 200, b.srv.Deliver(body).Status)
			b.srv.Wait()
		}
	}
}

// odd delivers what is no text and no tap, and what the webhook refuses.
func (b *canaryBot) odd(user *wacloudtest.User) {
	who := user.Identity()
	failed := []wacloud.EventError{{Code: 131026, Title: "Undeliverable", Message: canaryInError, Details: canaryInError}}
	for _, body := range [][]byte{
		wacloudtest.Contacts(who, []wacloud.Contact{{Name: wacloud.ContactName{Formatted: canaryName, First: canaryName}, Phones: []wacloud.ContactPhone{{Phone: canaryPhone, WaID: canaryWaID}}}}),
		wacloudtest.Location(who, wacloud.LocationContent{Latitude: 1, Longitude: 2, Name: canaryName, Address: canaryStreet}),
		wacloudtest.Media(who, "document", wacloud.MediaContent{ID: "1", Filename: canaryName + ".pdf", Caption: canaryText}),
		wacloudtest.Order(who, wacloud.OrderContent{Text: canaryText, Items: []wacloud.OrderItem{{RetailerID: "1"}}}),
		wacloudtest.Reaction(who, wacloud.Reaction{MessageID: canaryMessage, Emoji: "👍"}),
		wacloudtest.Flow(who, map[string]string{"name": canaryName}),
		wacloudtest.Edit(who, canaryMessage, wacloud.TextContent{Body: canaryText}),
		wacloudtest.Revoke(who, canaryMessage),
		wacloudtest.System(who, wacloud.SystemContent{Type: "user_changed_number", Body: canaryName + " changed", WaID: canaryPhone}),
		wacloudtest.Unsupported(who, "poll_creation"),
		wacloudtest.Message(who, "hologram", map[string]string{"text": canaryText}),
		wacloudtest.Echo(who, canaryText),
		wacloudtest.Text(who, canaryText, wacloudtest.Standby()),
		wacloudtest.Text(who, canaryText, wacloudtest.ToNumber("999999999999999")),
		wacloudtest.Status(wacloud.Status{ID: canaryMessage, Status: "failed", Recipient: who, CallbackData: canaryText, Errors: failed}),
		wacloudtest.Errors(failed),
		wacloudtest.Account("account_update", map[string]string{"name": canaryName}),
		bytes.Replace(wacloudtest.Text(who, canaryText), []byte(`"id":"wamid`), []byte(`"id":{"a":"`+canaryMessage+`"},"x":"wamid`), 1),
		[]byte(`{"object":"whatsapp_business_account","entry":[{"id":"` + canaryWaID + `","changes":[{"value":"` + canaryText + `"}]}]}`),
		[]byte(canaryText),
	} {
		b.srv.Deliver(body)
		b.srv.DeliverSigned(body, "sha256="+strings.Repeat("0", 64))
		b.srv.DeliverSigned(body, canarySecret)
		b.srv.Wait()
	}
	b.srv.HandlerErrors() // the kit's own report has the errors of the callbacks as they are
}

// TestAttack36WholeSuite runs all tests of this package once more, in a process of their own, and searches what they and
// the library wrote. It takes as long as they do, so it runs only where CI=true.
func TestAttack36WholeSuite(t *testing.T) { //nolint:paralleltest // alone, so that the tests that it starts have the machine
	const child = "WACLOUD_CANARY_CHILD"
	if os.Getenv(child) != "" {
		t.Skip("this is the run that is searched")
	}
	if os.Getenv("CI") != "true" {
		t.Skip("SKIPPED: the output of the whole suite is searched for secrets only where CI=true")
	}
	binary, err := os.Executable()
	require.NoError(t, err)
	run := exec.CommandContext(t.Context(), binary, "-test.v", "-test.timeout=10m")
	run.Env = append(os.Environ(), child+"=1")
	out, err := run.CombinedOutput()
	if err != nil {
		t.Logf("the run failed, which is another test's to tell: %v", err)
	}
	require.Greater(t, bytes.Count(out, []byte("\n--- PASS")), 200, "too few tests ran to say anything")
	for i, word := range slices.Concat(canaries(), []string{hookSecret, hookToken, "token-of-" + hookNumber}) {
		at := bytes.Index(out, []byte(word))
		require.Negative(t, at, "word %d stands in the output, after %q", i, out[max(0, at-300):max(0, at)])
	}
}
