package wacloud

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/wacloud/wacloud/internal/netaddr"
)

// DefaultAPIVersion is the Graph API version that is used without [WithAPIVersion].
const DefaultAPIVersion = "v23.0"

// DefaultBaseURL is the Graph API's address that is used without [WithBaseURL].
const DefaultBaseURL = "https://graph.facebook.com"

// defaultTimeout is how long one attempt of a call may take when the caller's http.Client has no Timeout.
const defaultTimeout = 30 * time.Second

// version is the release that the User-Agent header names.
const version = "0.1.0"

// Client sends messages from one business phone number. It is safe for concurrent use.
type Client struct { //nolint:recvcheck // Format must hold for a copy too
	number   string
	messages *url.URL // of the messages endpoint, read only
	pace     *pace
	*settings
}

// settings are what the clients of several numbers share. They never change after NewClient, but for what paces, users and windows know.
type settings struct {
	http       *http.Client // for Graph: follows no redirect
	mediaHTTP  *http.Client // for downloads: checks every hop and address
	timeout    time.Duration
	base       *url.URL // with the API version
	local      bool     // base is a loopback address
	query      string   // of every Graph call: the app secret proof
	token      Secret
	auth       []string // values of the Authorization header
	mediaHosts []string
	retry      RetryPolicy
	store      Store
	fallback   *Wording     // nil for none
	logger     *slog.Logger // may be nil
	observer   Observer     // may be nil

	answerWithin   time.Duration // negative turns typed answers off
	unknown        Unknown
	fallbackWithin time.Duration
	limit          RateLimit
	paces          paces
	users          identities
	windows        windows
}

// NewClient returns a client for a business phone number (its id, which is digits, not the number itself). All problems
// of the arguments and options are reported at once. It makes no network call, so a wrong token shows in the first
// [Client.Send], as [ErrAuth].
func NewClient(phoneNumberID string, token Secret, opts ...Option) (*Client, error) {
	cfg := clientConfig{baseURL: DefaultBaseURL, apiVersion: DefaultAPIVersion}
	for _, o := range opts {
		if o != nil {
			o.apply(&cfg)
		}
	}
	base, baseErr := parseBaseURL(cfg.baseURL)
	err := errors.Join(checkNumberID(phoneNumberID), checkToken(token), baseErr, checkVersion(cfg.apiVersion),
		cfg.retry.validate(), cfg.rateLimit.validate(), checkMediaHosts(cfg.mediaHosts), checkFallback(cfg.fallback), cfg.unknown.validate(), cfg.proofErr)
	if err != nil {
		return nil, fmt.Errorf("wacloud: new client: %w", err)
	}
	s := &settings{
		timeout:    defaultTimeout,
		base:       base.JoinPath(cfg.apiVersion),
		local:      netaddr.IsLoopbackHost(base.Hostname()),
		token:      token,
		auth:       []string{"Bearer " + token.Reveal()},
		mediaHosts: cfg.mediaHosts,
		retry:      cfg.retry.withDefaults(),
		store:      cfg.store,
		fallback:   cfg.fallback,
		logger:     cfg.logger,
		observer:   cfg.observer,

		answerWithin:   cmp.Or(cfg.answerWithin, defaultAnswerWithin),
		unknown:        cfg.unknown.withDefaults(),
		fallbackWithin: cmp.Or(cfg.fallbackWithin, defaultFallbackWithin),
		limit:          cfg.rateLimit.withDefaults(),
		users:          identities{store: cfg.store, refresh: aliasGlance},
	}
	if !cfg.proofKey.IsZero() {
		s.query = url.Values{"appsecret_proof": {appSecretProof(cfg.proofKey, token)}}.Encode()
	}
	s.setHTTP(cfg.httpClient)
	return s.forNumber(phoneNumberID), nil
}

// setHTTP makes our two clients from a copy of the caller's. The transport of the first stays what it was, so without
// one http.DefaultTransport is looked up at each call.
func (s *settings) setHTTP(hc *http.Client) {
	var own http.Client
	if hc != nil {
		own = *hc
	}
	if own.Timeout > 0 {
		s.timeout = own.Timeout
	}
	own.Timeout = 0 // each attempt has its own context
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s.http = &own
	s.mediaHTTP = s.newMediaHTTP(own)
}

func (s *settings) forNumber(id string) *Client {
	c := &Client{number: id, settings: s, pace: s.paces.of(id, s.limit)}
	c.messages = c.graphURL(id, "messages")
	return c
}

// graphURL is the address of a Graph node below the API version.
func (s *settings) graphURL(elem ...string) *url.URL {
	u := s.base.JoinPath(elem...)
	u.RawQuery = s.query
	return u
}

// PhoneNumberID is the id of the number that the client sends from.
func (c *Client) PhoneNumberID() string { return c.number }

// ForNumber returns a client that sends from another number with the same token and settings. It is a cheap copy. The
// error says that phoneNumberID is not digits.
func (c *Client) ForNumber(phoneNumberID string) (*Client, error) {
	if err := checkNumberID(phoneNumberID); err != nil {
		return nil, fmt.Errorf("wacloud: for number: %w", err)
	}
	return c.forNumber(phoneNumberID), nil
}

// LogValue is the number's id alone.
func (c *Client) LogValue() slog.Value {
	if c == nil {
		return slog.AnyValue(nil)
	}
	return slog.GroupValue(slog.String("phone_number_id", c.number))
}

// String is the client's name in a log: it holds the number's id and no secret.
func (c *Client) String() string {
	if c == nil {
		return "wacloud.Client(nil)"
	}
	return "wacloud.Client(" + c.number + ")"
}

// Format prints String, whatever the verb.
func (c Client) Format(f fmt.State, _ rune) { writeText(f, c.String()) }

// An Option configures a [Client]. The order of options never matters; [NewClient] checks them all. Of an option that
// is given twice the last counts. A nil value means that the option was not given.
type Option interface{ apply(*clientConfig) }

type clientConfig struct {
	httpClient *http.Client
	baseURL    string
	apiVersion string
	retry      RetryPolicy
	store      Store
	logger     *slog.Logger
	observer   Observer
	proofKey   Secret
	proofErr   error
	mediaHosts []string
	fallback   *Wording

	answerWithin   time.Duration
	unknown        Unknown
	fallbackWithin time.Duration
	rateLimit      RateLimit
}

type optionFunc func(*clientConfig)

func (f optionFunc) apply(c *clientConfig) { f(c) }

// WithHTTPClient sets the HTTP client. It is copied, never changed. Its Timeout, 30 seconds where it is 0, bounds each
// attempt of a call and the standstill of an upload or download; its CheckRedirect is not used. Without a Transport,
// [http.DefaultTransport] is looked up at each call.
func WithHTTPClient(hc *http.Client) Option {
	return optionFunc(func(c *clientConfig) { c.httpClient = hc })
}

// WithBaseURL sets the address of the Graph API: https, or http to a loopback address. It may have a path, of a proxy
// for example; it has no query, fragment or user. The token is sent there.
func WithBaseURL(url string) Option {
	return optionFunc(func(c *clientConfig) { c.baseURL = url })
}

// WithAPIVersion sets the Graph API version, such as "v25.0".
func WithAPIVersion(version string) Option {
	return optionFunc(func(c *clientConfig) { c.apiVersion = version })
}

// WithRetry sets the retry policy.
func WithRetry(p RetryPolicy) Option {
	return optionFunc(func(c *clientConfig) { c.retry = p })
}

// WithStore sets the store in which every send is on record from before its request leaves until its outcome is known, see
// [WithUnknown]; in which a handler's sends are recorded, so that a handler that runs again does not send again; and in
// which typed answers are kept, see [WithAnswerWithin]. A request then carries an id in front of the caller's callback data, by
// which its status webhooks find the record; give the [Webhook] the same Store.
func WithStore(s Store) Option {
	return optionFunc(func(c *clientConfig) { c.store = s })
}

// WithLogger sets the logger; without it nothing is logged. No token, phone number or text is logged.
func WithLogger(l *slog.Logger) Option {
	return optionFunc(func(c *clientConfig) { c.logger = l })
}

// WithAppSecretProof signs every call with the app secret, for apps that require it: the parameter appsecret_proof, a
// HMAC-SHA256 of the access token (Meta, securing Graph API requests). It is not sent with downloads.
func WithAppSecretProof(appSecret Secret) Option {
	return optionFunc(func(c *clientConfig) {
		c.proofKey, c.proofErr = appSecret, nil
		if appSecret.IsZero() {
			c.proofErr = errors.New("app secret proof: the app secret is empty")
		}
	})
}

// WithMediaHosts adds hosts that [Client.Download] may fetch from, and send the token to, besides Meta's
// lookaside.fbsbx.com and *.fbcdn.net. A host is a name or an address without a port; "*.example.com" is every name
// below example.com. A loopback address is reached only when the base URL is loopback too, and then also by http; the files
// of a base URL on loopback, a simulator's, need no host.
func WithMediaHosts(hosts ...string) Option {
	return optionFunc(func(c *clientConfig) { c.mediaHosts = append([]string(nil), hosts...) })
}

func appSecretProof(appSecret, token Secret) string {
	mac := hmac.New(sha256.New, []byte(appSecret.Reveal()))
	mac.Write([]byte(token.Reveal()))
	return hex.EncodeToString(mac.Sum(nil))
}

// maxNumberID is far above the 15 to 17 digits of today's ids.
const maxNumberID = 32

func checkNumberID(id string) error {
	if id == "" {
		return errors.New("phone number id is empty")
	}
	if len(id) > maxNumberID || strings.Trim(id, "0123456789") != "" {
		return errors.New("phone number id is not digits: it is the id on the app's page, not the number itself")
	}
	return nil
}

func checkToken(token Secret) error {
	if token.IsZero() {
		return errors.New("access token is empty")
	}
	for _, c := range []byte(token.Reveal()) {
		if c <= ' ' || c > '~' {
			return errors.New("access token holds a space, a line break or another character that no token has")
		}
	}
	return nil
}

var apiVersionForm = regexp.MustCompile(`^v\d{1,3}\.\d{1,3}$`)

func checkVersion(v string) error {
	if !apiVersionForm.MatchString(v) {
		return fmt.Errorf("API version %q is not of the form v23.0", clip(v, 20))
	}
	return nil
}

// parseBaseURL never repeats the address: it may hold a password.
func parseBaseURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return nil, errors.New("base URL is not an absolute URL such as " + DefaultBaseURL)
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("base URL has a user, query or fragment")
	case u.Scheme == "https", u.Scheme == "http" && netaddr.IsLoopbackHost(u.Hostname()):
		u.Path = cmp.Or(u.Path, "/") // JoinPath on an empty path gives a relative one
		return u, nil
	default:
		return nil, errors.New("base URL is neither https nor http to a loopback address")
	}
}
