package wacloud

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net/http"
)

// WebhookConfig configures a [Webhook].
type WebhookConfig struct {
	// Client sends the answers; Clients instead when one webhook serves several businesses.
	Client  *Client
	Clients Clients
	// AppSecrets and VerifyToken of the app; Apps instead when several apps share the address.
	AppSecrets  []Secret
	VerifyToken Secret
	Apps        []App
	Handler     Handler
	Inbox       Inbox
	Store       Store
	IngestOnly  bool
	RunConfig   RunConfig // Handler and Failed are the webhook's
	ClientCA    *x509.CertPool
	Logger      *slog.Logger
	Observer    Observer
}

// Clients finds the client that answers an event.
type Clients interface {
	ClientFor(ctx context.Context, e *Event) (*Client, error)
}

// An App is one of several Meta apps that share a webhook address.
type App struct {
	ID          string
	Secrets     []Secret
	VerifyToken Secret
	Owns        func(businessAccountID, phoneNumberID string) bool
}

// Webhook receives Meta's webhooks.
type Webhook struct{}

// NewWebhook checks the configuration and returns a webhook.
func NewWebhook(cfg WebhookConfig) (*Webhook, error) { panic("skeleton") }

func (w *Webhook) ServeHTTP(rw http.ResponseWriter, r *http.Request) { panic("skeleton") }

// Run handles the events of the inbox until ctx ends.
func (w *Webhook) Run(ctx context.Context) error { panic("skeleton") }

// Serve listens on addr, answers /webhook and runs the webhook until ctx ends or SIGINT or SIGTERM comes.
func Serve(ctx context.Context, addr string, w *Webhook) error { panic("skeleton") }
