package simulator

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/internal/graph"
	"github.com/wacloud/wacloud/internal/netaddr"
)

// A Number is a business phone number that the bot answers for.
type Number struct {
	ID      string // phone number id, digits
	Display string // the phone number itself, digits
}

// Options configures [New]. The zero value serves one number and one user, and sends webhooks nowhere.
type Options struct {
	// Webhook is where webhooks go, for as long as the simulator lives. [Simulator.Connect] names a handler instead.
	Webhook string

	// BaseURL is where the simulator is served, "http://127.0.0.1:8790", for the addresses of files and [Simulator.Env].
	// [Simulator.SetBaseURL] gives it later.
	BaseURL string

	Numbers []Number       // defaults to one
	Users   []wacloud.User // defaults to one, Ana

	// Lookup tells which route of the bot takes the id of a button, so that the page shows it and flags a button that
	// reaches none. [RouterLookup] makes one of a router. A bot that is built on the library and started with
	// [Simulator.Env] or [Simulator.Config] needs none: it tells its routes itself.
	Lookup func(id string) (pattern string, params map[string]string, ok bool)

	// Dir is a folder in which states are saved by name; without one they can only be downloaded.
	Dir string

	// RemoteMedia lets the simulator fetch the pictures that the bot links to from the internet, for the page to show.
	// Addresses that are not public are never fetched, except loopback, which always is.
	RemoteMedia bool

	AllowRemote bool     // serve clients that are not on loopback
	Hosts       []string // names, without a port, that clients may call it by beside localhost and the loopback addresses

	Exec string // the command that runs the bot, for the page to show; nothing is run
	// Restart stops and starts the bot, for the page's button and the control API; without it they have none.
	Restart func(ctx context.Context) error
	Now     func() time.Time // defaults to time.Now
}

// Simulator plays Meta. It is safe for concurrent use and holds a bounded number of everything.
type Simulator struct {
	opts    Options
	engine  *graph.Engine
	handler http.Handler
	secrets secrets
	log     lineLog
	links   linkFetcher
	streams atomic.Int32 // that are open
	told    told

	inProcess atomic.Bool     // the bot is
	closed    context.Context // ends the streams and the watch
	close     context.CancelFunc
	watch     sync.WaitGroup
}

// maxRecords is how many messages of a chat, calls and webhooks are kept, of each.
const maxRecords = 1000

// maxKept is how many bytes of files, and of chats, are kept: a saved state can be restored.
const maxKept = 24 << 20

// defaultPolicy is as strict as Meta.
var defaultPolicy = graph.Policy{
	Window: graph.WindowRefuse, PairLimit: true, Throughput: 80, AutoStatus: true, StatusDelay: 150 * time.Millisecond, Redeliver: true,
}

// secrets are random at each start and worth nothing elsewhere.
type secrets struct {
	accessToken string
	appSecret   string
	verifyToken string
	control     string
	bot         string // opens what the bot tells of itself
}

func newSecrets() secrets {
	return secrets{
		accessToken: "wasim-" + rand.Text(), appSecret: strings.ToLower(rand.Text()), verifyToken: "verify-" + rand.Text(),
		control: rand.Text(), bot: rand.Text(),
	}
}

// New returns a simulator. Serve it on loopback, and close it.
func New(opts Options) (*Simulator, error) {
	if err := opts.check(); err != nil {
		return nil, fmt.Errorf("simulator: new: %w", err)
	}
	s := &Simulator{opts: opts.withDefaults(), secrets: newSecrets()}
	if err := s.start(); err != nil {
		return nil, fmt.Errorf("simulator: new: %w", err)
	}
	return s, nil
}

func (o Options) check() error {
	if o.Webhook != "" {
		if u, err := url.Parse(o.Webhook); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return errors.New("the webhook must be an http or https address")
		}
	}
	return nil
}

func (o Options) withDefaults() Options {
	if len(o.Numbers) == 0 {
		o.Numbers = []Number{{ID: "100000000000001", Display: "15550005555"}}
	}
	if len(o.Users) == 0 {
		o.Users = []wacloud.User{{Name: "Ana", Phone: "5511900000001", ID: "BR.sim0000000001"}}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

func (s *Simulator) start() error {
	engine, err := graph.New(graph.Config{
		Numbers: s.numbers(), Token: s.secrets.accessToken, AppSecret: s.secrets.appSecret,
		VerifyToken: s.secrets.verifyToken, BaseURL: s.opts.BaseURL, Now: s.opts.Now, Policy: defaultPolicy, Run: rand.Text()[:8],
		Keep: maxRecords, KeepBytes: maxKept,
	})
	if err != nil {
		return err
	}
	for _, u := range s.opts.Users {
		if _, err := engine.AddUser(u); err != nil {
			return err
		}
	}
	s.engine = engine
	s.closed, s.close = context.WithCancel(context.Background())
	s.links = newLinkFetcher(s.opts.RemoteMedia)
	if s.opts.Webhook != "" {
		engine.Connect(s.opts.Webhook, nil)
	}
	s.handler = s.guard(s.routes())
	s.watch.Go(s.watchBot)
	return nil
}

func (s *Simulator) numbers() []graph.Number {
	var all []graph.Number
	for _, n := range s.opts.Numbers {
		all = append(all, graph.Number{ID: n.ID, Display: n.Display, BusinessAccountID: "200000000000001"})
	}
	return all
}

// ServeHTTP serves the Graph API, the control API and the page.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// SetBaseURL says where the simulator is served, once that is known; call it before the bot starts.
func (s *Simulator) SetBaseURL(baseURL string) {
	s.opts.BaseURL = strings.TrimSuffix(baseURL, "/")
	s.engine.SetBaseURL(s.opts.BaseURL)
}

// Connect sends the webhooks to a handler in the same process, a [wacloud.Webhook] for example.
func (s *Simulator) Connect(webhook http.Handler) {
	s.inProcess.Store(true)
	s.engine.Connect("https://bot.invalid/webhook", graph.InProcess{Handler: webhook})
}

// Close stops what is under way and waits for it. Event streams end.
func (s *Simulator) Close() {
	s.close()
	s.watch.Wait()
	s.engine.Stop()
	s.links.close()
}

// Config is the configuration of a bot that talks to the simulator.
func (s *Simulator) Config() wacloud.Config {
	return wacloud.Config{
		PhoneNumberID: s.opts.Numbers[0].ID,
		AccessToken:   wacloud.NewSecret(s.secrets.accessToken),
		AppSecrets:    []wacloud.Secret{wacloud.NewSecret(s.secrets.appSecret)},
		VerifyToken:   wacloud.NewSecret(s.secrets.verifyToken),
		BaseURL:       s.opts.BaseURL,

		SimulatorToken: wacloud.NewSecret(s.secrets.bot),
	}
}

// Env is the variables that [wacloud.ConfigFromEnv] reads, as NAME=value.
func (s *Simulator) Env() []string {
	env := []string{
		"WHATSAPP_BASE_URL=" + s.opts.BaseURL,
		"WHATSAPP_PHONE_NUMBER_ID=" + s.opts.Numbers[0].ID,
		"WHATSAPP_ACCESS_TOKEN=" + s.secrets.accessToken,
		"WHATSAPP_APP_SECRET=" + s.secrets.appSecret,
		"WHATSAPP_VERIFY_TOKEN=" + s.secrets.verifyToken,
	}
	if u, err := url.Parse(s.opts.BaseURL); err == nil && netaddr.IsLoopbackHost(u.Hostname()) { // else it would be refused
		env = append(env, "WHATSAPP_SIMULATOR_TOKEN="+s.secrets.bot)
	}
	return env
}

// PageURL is the address of the page with the start-up token in it: print it, and let nobody else see it.
func (s *Simulator) PageURL() string { return s.opts.BaseURL + "/?token=" + s.secrets.control }

// ControlToken opens the control API.
func (s *Simulator) ControlToken() wacloud.Secret { return wacloud.NewSecret(s.secrets.control) }

// RouterLookup makes [Options.Lookup] of the router of a bot in the same process.
func RouterLookup(r *wacloud.Router) func(id string) (pattern string, params map[string]string, ok bool) {
	return func(id string) (string, map[string]string, bool) {
		info, params, ok := r.Lookup(id)
		return info.Pattern, params, ok
	}
}

// Log adds a line that the bot printed to the inspector; stream is "stdout" or "stderr".
func (s *Simulator) Log(stream, line string) {
	s.log.add(s.engine.Now(), stream, line)
	s.engine.Touch()
}
