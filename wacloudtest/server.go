package wacloudtest

import (
	"net/http"
	"time"

	"github.com/wacloud/wacloud"
)

// TB is the part of [testing.TB] that the package uses.
type TB interface {
	Helper()
	Cleanup(f func())
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Server plays the Graph API and the phones of the users. It is safe for concurrent use.
type Server struct{}

// An Option configures [NewServer].
type Option struct{ apply func(*config) }

type config struct{}

// NewServer starts a server that stops when the test ends. By default it listens on loopback.
func NewServer(tb TB, opts ...Option) *Server { panic("skeleton") }

// InMemory opens no sockets: the clients of [Server.Client] and the webhook are called in the process. It works in a
// [testing/synctest] bubble.
func InMemory() Option { panic("skeleton") }

// Numbers replaces the default business phone number ([PhoneNumberID]) by these ids; the first is the default.
func Numbers(phoneNumberIDs ...string) Option { panic("skeleton") }

// AutoStatus makes every accepted message report sent and delivered, and read when its user acts next.
func AutoStatus() Option { panic("skeleton") }

// CarouselTaps sets the shape in which taps on carousel cards arrive. The default is [TapButton], which is what phones send.
func CarouselTaps(shape TapShape) Option { panic("skeleton") }

// Patience bounds how long the kit waits for a bot, 10 seconds by default. It returns at once when the bot answers or,
// under [Server.Serve], when its handlers are done.
func Patience(d time.Duration) Option { panic("skeleton") }

// Client returns a client of the default number, or of the options'.
func (s *Server) Client(opts ...wacloud.Option) *wacloud.Client { panic("skeleton") }

// HTTPClient returns a client that reaches the server, in memory too.
func (s *Server) HTTPClient() *http.Client { panic("skeleton") }

// Config returns the configuration of a bot that talks to the server. In memory its clients also need
// wacloud.WithHTTPClient(srv.HTTPClient()).
func (s *Server) Config() wacloud.Config { panic("skeleton") }

// Env returns the variables that [wacloud.ConfigFromEnv] reads, for t.Setenv or a process of its own.
func (s *Server) Env() map[string]string { panic("skeleton") }

// Serve builds a webhook with a [wacloud.MemoryInbox] for h, runs it until the test ends and lets the users talk to it. An
// event is tried once: the errors of handlers are what [Expect] reports, and those that nobody took with
// [Server.HandlerErrors] fail the test when it ends. Each change may alter the configuration first: inbox, store, retries.
func (s *Server) Serve(h wacloud.Handler, change ...func(*wacloud.WebhookConfig)) { panic("skeleton") }

// Connect lets the users talk to a webhook that the test runs itself.
func (s *Server) Connect(webhook http.Handler) { panic("skeleton") }

// ConnectURL lets the users talk to a webhook at an address.
func (s *Server) ConnectURL(url string) { panic("skeleton") }

// HandlerErrors returns what the handlers of [Server.Serve] failed with since the last call, and forgets it.
func (s *Server) HandlerErrors() []error { panic("skeleton") }

// Sent returns the messages that were accepted, in order.
func (s *Server) Sent() []wacloud.Outgoing { panic("skeleton") }

// Wait returns when everything that was delivered is handled, or fails the test when the patience ends.
func (s *Server) Wait() { panic("skeleton") }

// Fail refuses the next calls with a code of Meta's and the HTTP status that belongs to it.
func (s *Server) Fail(code, times int) { panic("skeleton") }

// FailWith makes the next calls fail as f says.
func (s *Server) FailWith(f Fault, times int) { panic("skeleton") }

// A Fault is one way in which a call fails.
type Fault struct {
	Code       int           // of Meta's error envelope
	Status     int           // HTTP status, defaults to the code's
	Details    string        // error_data.details, defaults to a sentence about the test
	RetryAfter time.Duration // Retry-After header, in whole seconds
	HTML       bool          // an HTML page of a proxy instead of the envelope; the status defaults to 502
	Cut        bool          // the connection is cut without an answer; the message is not accepted
	CutAfter   bool          // the connection is cut after the message was accepted
}

// A Delivery is one webhook that the bot got.
type Delivery struct {
	Body   []byte
	Status int   // of the bot's answer, 0 when there was none
	Err    error // why there was none
}

// Deliveries returns what the bot got, in order.
func (s *Server) Deliveries() []Delivery { panic("skeleton") }

// Deliver signs a webhook body, posts it to the bot and returns its answer.
func (s *Server) Deliver(body []byte) Delivery { panic("skeleton") }
