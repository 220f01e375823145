package wacloud

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/wacloud/wacloud/internal/netaddr"
)

// Config is what a service gets from its environment.
type Config struct {
	PhoneNumberID string
	AccessToken   Secret
	AppSecrets    []Secret // more than one while they are being rotated
	VerifyToken   Secret
	BaseURL       string // empty for Meta's
	APIVersion    string // empty for [DefaultAPIVersion]
	// SimulatorToken is of a simulator on this machine, see [WebhookConfig]; empty everywhere else.
	SimulatorToken Secret
}

// ConfigFromEnv reads WHATSAPP_PHONE_NUMBER_ID, WHATSAPP_ACCESS_TOKEN, WHATSAPP_APP_SECRET (comma-separated while rotating),
// WHATSAPP_VERIFY_TOKEN and, where set, WHATSAPP_BASE_URL and WHATSAPP_API_VERSION. Space around values is dropped. The
// error names every variable that is missing, never a value. Nothing else in the library reads the environment.
//
// A simulator adds WHATSAPP_SIMULATOR_TOKEN. It is refused unless WHATSAPP_BASE_URL is on this machine, so that it cannot
// be left over where a bot talks to Meta.
func ConfigFromEnv() (Config, error) {
	var missing []string
	required := func(name string) string {
		v := strings.TrimSpace(os.Getenv(name))
		if v == "" {
			missing = append(missing, name)
		}
		return v
	}
	cfg := Config{
		PhoneNumberID: required("WHATSAPP_PHONE_NUMBER_ID"),
		AccessToken:   NewSecret(required("WHATSAPP_ACCESS_TOKEN")),
		AppSecrets:    splitSecrets(required("WHATSAPP_APP_SECRET")),
		VerifyToken:   NewSecret(required("WHATSAPP_VERIFY_TOKEN")),
		BaseURL:       strings.TrimSpace(os.Getenv("WHATSAPP_BASE_URL")),
		APIVersion:    strings.TrimSpace(os.Getenv("WHATSAPP_API_VERSION")),

		SimulatorToken: NewSecret(strings.TrimSpace(os.Getenv("WHATSAPP_SIMULATOR_TOKEN"))),
	}
	if len(missing) > 0 {
		return Config{}, fmt.Errorf("wacloud: config from environment: not set: %s", strings.Join(missing, ", "))
	}
	if len(cfg.AppSecrets) == 0 {
		return Config{}, errors.New("wacloud: config from environment: WHATSAPP_APP_SECRET holds commas only")
	}
	if !cfg.SimulatorToken.IsZero() && !isLocalURL(cfg.BaseURL) {
		return Config{}, errors.New("wacloud: config from environment: WHATSAPP_SIMULATOR_TOKEN is set, and WHATSAPP_BASE_URL " +
			"is no simulator on this machine: unset the token")
	}
	return cfg, nil
}

// isLocalURL reports whether an address is on this machine.
func isLocalURL(address string) bool {
	u, err := url.Parse(address)
	return err == nil && netaddr.IsLoopbackHost(u.Hostname())
}

func splitSecrets(s string) []Secret {
	var secrets []Secret
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			secrets = append(secrets, NewSecret(part))
		}
	}
	return secrets
}

// NewClient returns a client with this configuration. An option wins over the configuration.
func (c Config) NewClient(opts ...Option) (*Client, error) {
	own := make([]Option, 0, 2+len(opts))
	if c.BaseURL != "" {
		own = append(own, WithBaseURL(c.BaseURL))
	}
	if c.APIVersion != "" {
		own = append(own, WithAPIVersion(c.APIVersion))
	}
	return NewClient(c.PhoneNumberID, c.AccessToken, append(own, opts...)...)
}

// NewWebhook returns a webhook with this configuration, for what needs no more than a handler and an inbox; opts are
// those of its client. Its store and logger are the client's. [NewWebhook] takes the rest.
func (c Config) NewWebhook(h Handler, inbox Inbox, opts ...Option) (*Webhook, error) {
	client, err := c.NewClient(opts...)
	if err != nil {
		return nil, err
	}
	return NewWebhook(WebhookConfig{
		Client:      client,
		AppSecrets:  c.AppSecrets,
		VerifyToken: c.VerifyToken,
		Handler:     h,
		Inbox:       inbox,
		Store:       client.store,
		Logger:      client.logger,

		SimulatorToken: c.SimulatorToken,
	})
}
