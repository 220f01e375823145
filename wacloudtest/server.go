package wacloudtest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/internal/graph"
	"github.com/wacloud/wacloud/internal/sendid"
)

// TB is the part of [testing.TB] that the package uses. As there, Fatalf does not return. [Run] has one for programs.
type TB interface {
	Helper()
	Cleanup(f func())
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// The credentials of every [Server]. They are worth nothing elsewhere.
const (
	accessToken = "wacloudtest-token"
	appSecret   = "wacloudtest-app-secret"
	verifyToken = "wacloudtest-verify-token"
)

// basePath keeps the server off the root, so that a client that loses the base URL's path is found out.
const basePath = "/graph"

// Server plays the Graph API and the phones of the users. It is safe for concurrent use; the methods that may fail the test
// belong on the test's own goroutine, as Fatalf does.
type Server struct {
	tb     TB
	cfg    config
	engine *graph.Engine
	base   string // URL with basePath
	http   *http.Client

	mu    sync.Mutex
	bot   *bot // of Serve
	users int
}

// An Option configures [NewServer].
type Option struct{ apply func(*config) }

type config struct {
	inMemory   bool
	numbers    []string
	autoStatus bool
	taps       TapShape
	patience   time.Duration
}

// NewServer starts a server that stops when the test ends. By default it listens on loopback.
func NewServer(tb TB, opts ...Option) *Server {
	tb.Helper()
	s := &Server{tb: tb, cfg: config{numbers: []string{PhoneNumberID}, patience: 10 * time.Second}}
	for _, o := range opts {
		o.apply(&s.cfg)
	}
	if err := s.start(); err != nil {
		tb.Fatalf("wacloudtest: start: %v", err)
	}
	return s
}

func (s *Server) start() error {
	var listener net.Listener
	s.base = "https://graph.invalid" + basePath
	if !s.cfg.inMemory {
		var err error
		if listener, err = (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0"); err != nil {
			return err
		}
		s.base = "http://" + listener.Addr().String() + basePath
	}
	engine, err := graph.New(graph.Config{
		Numbers: numbers(s.cfg.numbers), Token: accessToken, AppSecret: appSecret, VerifyToken: verifyToken,
		BaseURL: s.base, Policy: graph.Policy{AutoStatus: s.cfg.autoStatus, CarouselTap: graph.TapShape(s.cfg.taps)},
	})
	if err != nil {
		return err
	}
	s.engine = engine
	s.tb.Cleanup(engine.Close)
	handler := http.StripPrefix(basePath, engine)
	if s.cfg.inMemory {
		s.http = &http.Client{Transport: graph.InProcess{Handler: handler}}
		return nil
	}
	s.http = s.listen(listener, handler)
	return nil
}

// listen serves h until the test ends and returns a client of its own for it.
func (s *Server) listen(listener net.Listener, h http.Handler) *http.Client {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // ErrServerClosed
	}()
	transport := &http.Transport{}
	s.tb.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close()
		<-done
	})
	return &http.Client{Transport: transport}
}

func numbers(ids []string) []graph.Number {
	all := make([]graph.Number, len(ids))
	for i, id := range ids {
		all[i] = graph.Number{ID: id, Display: fmt.Sprintf("155500055%02d", 55+i), BusinessAccountID: BusinessAccountID}
	}
	return all
}

// InMemory opens no sockets: the clients of [Server.Client] and the webhook are called in the process. It works in a
// [testing/synctest] bubble.
func InMemory() Option { return Option{func(c *config) { c.inMemory = true }} }

// Numbers replaces the default business phone number ([PhoneNumberID]) by these ids; the first is the default.
func Numbers(phoneNumberIDs ...string) Option {
	return Option{func(c *config) { c.numbers = phoneNumberIDs }}
}

// AutoStatus makes every accepted message report sent and delivered, and read when its user acts next.
func AutoStatus() Option { return Option{func(c *config) { c.autoStatus = true }} }

// CarouselTaps sets the shape in which taps on carousel cards arrive. The default is [TapButton], which is what phones send.
func CarouselTaps(shape TapShape) Option { return Option{func(c *config) { c.taps = shape }} }

// Patience bounds how long the kit waits for a bot, 10 seconds by default. It returns at once when the bot answers or,
// under [Server.Serve], when its handlers are done.
func Patience(d time.Duration) Option { return Option{func(c *config) { c.patience = d }} }

// URL is the base URL of the Graph API, for [wacloud.WithBaseURL] or a client that is not ours.
func (s *Server) URL() string { return s.base }

// Client returns a client of the default number.
func (s *Server) Client(opts ...wacloud.Option) *wacloud.Client {
	s.tb.Helper()
	c, err := s.Config().NewClient(append(s.Options(), opts...)...)
	if err != nil {
		s.tb.Fatalf("wacloudtest: client: %v", err)
	}
	return c
}

// HTTPClient returns a client that reaches the server, in memory too.
func (s *Server) HTTPClient() *http.Client { return s.http }

// Options returns what clients made from [Server.Config] need besides: permission to download files from the server, and
// in memory the way to it; and no [wacloud.RateLimit], because no test wants to wait for it.
func (s *Server) Options() []wacloud.Option {
	unlimited := wacloud.WithRateLimit(wacloud.RateLimit{Off: true})
	if s.cfg.inMemory {
		return []wacloud.Option{unlimited, wacloud.WithMediaHosts("graph.invalid"), wacloud.WithHTTPClient(s.http)}
	}
	return []wacloud.Option{unlimited, wacloud.WithMediaHosts("127.0.0.1")}
}

// Config returns the configuration of a bot that talks to the server; see [Server.Options].
func (s *Server) Config() wacloud.Config {
	return wacloud.Config{
		PhoneNumberID: s.cfg.numbers[0],
		AccessToken:   wacloud.NewSecret(accessToken),
		AppSecrets:    []wacloud.Secret{wacloud.NewSecret(appSecret)},
		VerifyToken:   wacloud.NewSecret(verifyToken),
		BaseURL:       s.base,
	}
}

// Env returns the variables that [wacloud.ConfigFromEnv] reads, for t.Setenv or a process of its own.
func (s *Server) Env() map[string]string {
	return map[string]string{
		"WHATSAPP_PHONE_NUMBER_ID": s.cfg.numbers[0],
		"WHATSAPP_ACCESS_TOKEN":    accessToken,
		"WHATSAPP_APP_SECRET":      appSecret,
		"WHATSAPP_VERIFY_TOKEN":    verifyToken,
		"WHATSAPP_BASE_URL":        s.base,
	}
}

// Sent returns the messages that were accepted, in order. Beyond a thousand the oldest are forgotten. Their callback data is
// the caller's own, without the id that a client with a [wacloud.Store] sends with it.
func (s *Server) Sent() []wacloud.Outgoing {
	sent := s.engine.Sent()
	for i := range sent {
		_, sent[i].CallbackData = sendid.Split(sent[i].CallbackData)
	}
	return sent
}

// Fail refuses the next sends with a code of Meta's and the HTTP status that belongs to it.
func (s *Server) Fail(code, times int) { s.engine.Arm(graph.Fault{Code: code}, times) }

// FailWith makes the next calls fail as f says. Faults that wait for the same kind of call come in the order in which they
// were set.
func (s *Server) FailWith(f Fault, times int) {
	s.engine.Arm(graph.Fault{
		Call: f.Call, Code: f.Code, Status: f.Status, Details: f.Details, RetryAfter: f.RetryAfter,
		HTML: f.HTML, Cut: f.Cut, CutAfter: f.CutAfter, Delay: f.Delay,
	}, times)
}

// The kinds of calls that a [Fault] can hit.
const (
	CallSend  = graph.CallSend  // sending a message
	CallRead  = graph.CallRead  // marking a message as read, typing
	CallMedia = graph.CallMedia // upload, lookup, download and deletion of a file
	CallAny   = graph.CallAny
)

// A Fault is one way in which a call fails.
type Fault struct {
	Call       string        // [CallSend] when empty
	Code       int           // of Meta's error envelope
	Status     int           // HTTP status, defaults to the code's
	Details    string        // error_data.details, defaults to the code's title
	RetryAfter time.Duration // Retry-After header, in whole seconds
	HTML       bool          // a proxy's page instead of the envelope; the status defaults to 502
	Cut        bool          // the connection is cut instead of an answer, and nothing was done
	CutAfter   bool          // the call is done, then the connection is cut
	Delay      time.Duration // before anything else; alone it only slows the call down
}

// AddMedia keeps a file that a user is going to send: pass the result to [User.SendMedia].
func (s *Server) AddMedia(mimeType string, data []byte) wacloud.MediaContent {
	return s.engine.AddMedia(mimeType, data)
}

// MediaFile returns a file that the bot uploaded.
func (s *Server) MediaFile(id string) (mimeType string, data []byte, ok bool) {
	return s.engine.MediaFile(id)
}
