package wacloud

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"sync/atomic"
	"time"
)

// WebhookConfig configures a [Webhook].
type WebhookConfig struct {
	// Client sends the answers of the one number that it is made for. Clients instead, when one webhook serves several
	// numbers or businesses. An event whose number has no client is handled, and its methods return [ErrUnbound].
	Client  *Client
	Clients Clients
	// AppSecrets and VerifyToken are those of the app; Apps instead, when several apps share the address. While a secret
	// is being rotated both are listed: Meta has no time of overlap. [MetricSecretIndex] tells which one is in use.
	AppSecrets  []Secret
	VerifyToken Secret
	Apps        []App
	// Handler gets the events: a [*Router] or a [HandlerFunc]. If it is a [FailureHandler] too, it is told of events that
	// were given up.
	Handler Handler
	// Inbox keeps the events between the answer to Meta and the handler. There is no default: a [MemoryInbox] loses what
	// it holds with the process.
	Inbox Inbox
	// Store records what handlers send, so that an event that is handled again sends nothing twice. It defaults to the
	// client's, see [WithStore].
	Store Store
	// IngestOnly stores events and leaves it to other processes to handle them.
	IngestOnly bool
	// RunConfig tunes [Webhook.Run]; Handler and Failed are the webhook's.
	RunConfig RunConfig
	// ClientCA, when set, admits only connections with a client certificate of Meta's that it signed. The server must end
	// TLS itself and ask for certificates: see [Webhook.TLSConfig].
	ClientCA *x509.CertPool
	// Logger gets what an operator has to know; without it nothing is logged. What looks like a number, a user id or a token
	// in the error of a callback is masked there; [FailureHandler] and [DeadLetter] have it as it is.
	Logger *slog.Logger
	// Observer gets measurements. Optional.
	Observer Observer
	// SimulatorToken lets the simulator that plays Meta ask which routes the handler has and how the inbox is, dead letters
	// included: it is answered to whoever GETs the webhook's address from this machine, not through a proxy, with the token
	// as bearer. [ConfigFromEnv] has what wasim gave out. Without it, and so in production, nobody is told anything.
	SimulatorToken Secret
}

// Clients finds the client that answers an event. It is called for each attempt to handle one, from many goroutines. The
// client may be made for another number: the event is answered from its own, with that client's token. An error, or no
// client, leaves the event without one.
type Clients interface {
	ClientFor(ctx context.Context, e *Event) (*Client, error)
}

// An App is one of several Meta apps that share a webhook address. The signature decides which app a webhook is from.
type App struct {
	ID          string // for the log
	Secrets     []Secret
	VerifyToken Secret
	// Owns reports whether the app may bring events of this account and number; either may be empty. Events that it may
	// not bring are stored as unknown, whatever they say, and never answered. It is required, and must not block.
	Owns func(businessAccountID, phoneNumberID string) bool
}

// Webhook receives Meta's webhooks as an [http.Handler], stores their events in an [Inbox] and answers 200 after that;
// [Webhook.Run] handles them. It is safe for concurrent use.
type Webhook struct {
	cfg        WebhookConfig
	signatures verifier // by the secrets of all apps
	owners     []*App   // of the secrets, in the same order; nil without apps
	tokens     [][32]byte
	log        *slog.Logger
	large      chan struct{} // slots for bodies that are large
	memory     bool          // the inbox is a MemoryInbox
	users      identities
	started    time.Time
	windows    windows // of events whose number has no client

	state  atomic.Int32 // of Run
	warned atomic.Bool  // that nobody runs the inbox
}

// The states of a webhook's Run.
const (
	runNotStarted int32 = iota
	runRunning
	runEnded
)

// NewWebhook checks the configuration and returns a webhook. The error names everything that is wrong at once.
func NewWebhook(cfg WebhookConfig) (*Webhook, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("wacloud: new webhook: %w", err)
	}
	w := &Webhook{cfg: cfg, log: cfg.Logger, large: make(chan struct{}, largeBodies), started: time.Now()}
	if w.log == nil {
		w.log = slog.New(slog.DiscardHandler)
	}
	_, w.memory = cfg.Inbox.(*MemoryInbox)
	w.users = identities{store: cfg.Store, refresh: aliasRefresh}
	if cfg.Store == nil && cfg.Client != nil {
		w.users.store = cfg.Client.store
	}
	secrets := w.keep(nil, cfg.AppSecrets, cfg.VerifyToken)
	for _, app := range cfg.Apps {
		secrets = append(secrets, w.keep(&app, app.Secrets, app.VerifyToken)...)
	}
	w.signatures = newVerifier(secrets)
	w.warn()
	return w, nil
}

// keep notes whose secrets these are, and the token, and returns the secrets.
func (w *Webhook) keep(app *App, secrets []Secret, token Secret) []Secret {
	for range secrets {
		w.owners = append(w.owners, app)
	}
	if !token.IsZero() {
		w.tokens = append(w.tokens, tokenSum(token.Reveal()))
	}
	return slices.Clone(secrets)
}

func (cfg *WebhookConfig) check() error {
	errs := []error{
		missing(cfg.Inbox, "Inbox is missing: a durable one, or NewMemoryInbox where events may be lost"),
		cfg.checkApps(),
	}
	if !cfg.IngestOnly {
		errs = append(errs, missing(cfg.Handler, "Handler is missing (or set IngestOnly)"), cfg.checkClients())
	}
	if cfg.RunConfig.Handler != nil || cfg.RunConfig.Failed != nil {
		errs = append(errs, errors.New("RunConfig.Handler or Failed is set: the webhook has Handler for both"))
	}
	return errors.Join(errs...)
}

func (cfg *WebhookConfig) checkClients() error {
	one, many := cfg.Client != nil, !isAbsent(cfg.Clients)
	switch {
	case one && many:
		return errors.New("Client and Clients are both set")
	case !one && !many:
		return errors.New("Client or Clients is missing (or set IngestOnly)")
	}
	return nil
}

func (cfg *WebhookConfig) checkApps() error {
	if len(cfg.Apps) == 0 {
		return checkApp("", cfg.AppSecrets, cfg.VerifyToken)
	}
	var errs []error
	if len(cfg.AppSecrets) > 0 || !cfg.VerifyToken.IsZero() {
		errs = append(errs, errors.New("Apps is set besides AppSecrets or VerifyToken")) //nolint:staticcheck // the field's name
	}
	for i, app := range cfg.Apps {
		name := fmt.Sprintf("Apps[%d].", i)
		errs = append(errs, checkApp(name, app.Secrets, app.VerifyToken))
		if app.Owns == nil {
			errs = append(errs, errors.New(name+"Owns is missing"))
		}
	}
	return errors.Join(errs...)
}

func checkApp(name string, secrets []Secret, token Secret) error {
	field := name + "AppSecrets"
	if name != "" {
		field = name + "Secrets"
	}
	var errs []error
	if len(secrets) == 0 {
		errs = append(errs, errors.New(field+" is missing: without it anybody could send webhooks"))
	}
	for i, s := range secrets {
		if s.IsZero() {
			errs = append(errs, fmt.Errorf("%s[%d] is empty", field, i))
		}
	}
	if token.IsZero() {
		errs = append(errs, errors.New(name+"VerifyToken is missing"))
	}
	return errors.Join(errs...)
}

func missing(v any, text string) error {
	if isAbsent(v) {
		return errors.New(text)
	}
	return nil
}

// isAbsent sees a nil pointer in an interface too.
func isAbsent(v any) bool {
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Interface, reflect.Slice, reflect.Chan:
		return r.IsNil()
	default:
		return false
	}
}

// warn logs what is allowed and still deserves a word.
func (w *Webhook) warn() {
	if w.memory {
		w.log.Warn("wacloud: the inbox is in memory: events that Meta was told are safe are lost when the process dies")
	}
	if h, ok := w.cfg.Handler.(interface{ hasNotFound() bool }); ok && !h.hasNotFound() {
		w.log.Warn("wacloud: the router has no NotFound: a tap on a button that no route knows gets no answer")
	}
}

func (w *Webhook) observe(ctx context.Context, m Measurement) {
	if w.cfg.Observer != nil {
		w.cfg.Observer.Observe(ctx, m)
	}
}
