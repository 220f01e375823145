package wacloud

import (
	"context"
	"log/slog"
	"net/http"
)

// DefaultAPIVersion is the Graph API version that is used without [WithAPIVersion].
const DefaultAPIVersion = "v23.0"

// DefaultBaseURL is the Graph API's address that is used without [WithBaseURL].
const DefaultBaseURL = "https://graph.facebook.com"

// Client sends messages from one business phone number. It is safe for concurrent use.
type Client struct{}

// NewClient returns a client for a business phone number (its id, which is digits, not the number itself).
func NewClient(phoneNumberID string, token Secret, opts ...Option) (*Client, error) {
	panic("skeleton")
}

// An Option configures a [Client]. The order of options never matters; [NewClient] checks them all.
type Option interface{ apply(*clientConfig) }

type clientConfig struct{}

type optionFunc func(*clientConfig)

func (f optionFunc) apply(c *clientConfig) { f(c) }

// WithHTTPClient sets the HTTP client. It is copied, never changed.
func WithHTTPClient(hc *http.Client) Option { panic("skeleton") }

// WithBaseURL sets the address of the Graph API: https, or http to a loopback address.
func WithBaseURL(url string) Option { panic("skeleton") }

// WithAPIVersion sets the Graph API version, such as "v25.0".
func WithAPIVersion(version string) Option { panic("skeleton") }

// WithRetry sets the retry policy.
func WithRetry(p RetryPolicy) Option { panic("skeleton") }

// WithStore sets the store in which a handler's sends are recorded, so that a handler that runs again does not send again.
func WithStore(s Store) Option { panic("skeleton") }

// WithLogger sets the logger; without it nothing is logged.
func WithLogger(l *slog.Logger) Option { panic("skeleton") }

// WithAppSecretProof signs every call with the app secret.
func WithAppSecretProof(appSecret Secret) Option { panic("skeleton") }

// PhoneNumberID is the id of the number that the client sends from.
func (c *Client) PhoneNumberID() string { panic("skeleton") }

// ForNumber returns a client that sends from another number with the same settings. It is a cheap copy.
func (c *Client) ForNumber(phoneNumberID string) (*Client, error) { panic("skeleton") }

// Sent is the answer to an accepted message.
type Sent struct {
	MessageID string
	WaID      string // may differ from the digits that were asked for (Brazil, Mexico)
	UserID    string
	Status    string  // templates only: accepted, held_for_quality_assessment or paused
	Message   Message // what was sent
	Attempts  int
}

// Send checks and sends one message.
func (c *Client) Send(ctx context.Context, to Recipient, m Message, opts ...SendOption) (*Sent, error) {
	panic("skeleton")
}

// A SendOption changes one [Client.Send].
type SendOption interface{ applySend(*sendConfig) }

type sendConfig struct {
	replyTo         string
	callbackData    string
	identityKeyHash string
	skipValidation  bool
}

type sendOptionFunc func(*sendConfig)

func (f sendOptionFunc) applySend(c *sendConfig) { f(c) }

// ReplyTo quotes a message.
func ReplyTo(messageID string) SendOption {
	return sendOptionFunc(func(c *sendConfig) { c.replyTo = messageID })
}

// CallbackData is echoed in the status webhooks of the message, at most 512 characters.
func CallbackData(data string) SendOption {
	return sendOptionFunc(func(c *sendConfig) { c.callbackData = data })
}

// IdentityKeyHash sends the message only if the user's identity still has this hash.
func IdentityKeyHash(hash string) SendOption {
	return sendOptionFunc(func(c *sendConfig) { c.identityKeyHash = hash })
}

// SkipValidation sends the message unchecked: a limit that Meta raised never has to wait for our next release.
func SkipValidation() SendOption {
	return sendOptionFunc(func(c *sendConfig) { c.skipValidation = true })
}

// MarkRead marks a received message, and those before it, as read.
func (c *Client) MarkRead(ctx context.Context, messageID string) error { panic("skeleton") }

// Typing marks a received message as read and shows the typing indicator for up to 25 seconds.
func (c *Client) Typing(ctx context.Context, messageID string) error { panic("skeleton") }
