package wacloud

// Config is what a service gets from its environment.
type Config struct {
	PhoneNumberID string
	AccessToken   Secret
	AppSecrets    []Secret // more than one while they are being rotated
	VerifyToken   Secret
	BaseURL       string // empty for Meta's
	APIVersion    string // empty for [DefaultAPIVersion]
}

// ConfigFromEnv reads WHATSAPP_PHONE_NUMBER_ID, WHATSAPP_ACCESS_TOKEN, WHATSAPP_APP_SECRET (comma-separated while rotating),
// WHATSAPP_VERIFY_TOKEN and, where set, WHATSAPP_BASE_URL and WHATSAPP_API_VERSION. The error names every variable that
// is missing. Nothing else in the library reads the environment.
func ConfigFromEnv() (Config, error) { panic("skeleton") }

// NewClient returns a client with this configuration.
func (c Config) NewClient(opts ...Option) (*Client, error) { panic("skeleton") }

// NewWebhook returns a webhook with this configuration; opts are those of its client.
func (c Config) NewWebhook(h Handler, inbox Inbox, opts ...Option) (*Webhook, error) {
	panic("skeleton")
}
