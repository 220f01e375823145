package redislimit

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	defaultPerSecond = 80
	maxPerSecond     = 10_000 // the interval is in whole microseconds: 1 % less at this rate
	defaultPrefix    = "wacloud:limit:"
	defaultTimeout   = 100 * time.Millisecond
)

type config struct {
	perSecond int
	numbers   map[string]int
	prefix    string
	timeout   time.Duration
	log       *slog.Logger
}

// An Option configures [New].
type Option func(*config)

// PerSecond is how many messages Meta lets a number send each second, 80 by default, at most 10,000. As without a Limiter, 90 %
// of it is used and the rest may go at once. The rate is the limiter's: [wacloud.RateLimit.PerSecond] is only what a process
// takes its share of while Redis is away, so set both.
func PerSecond(n int) Option { return func(c *config) { c.perSecond = n } }

// Number sets the rate of one business number, by its phone number id, where it differs from [PerSecond]: 20 where the number is
// shared with the WhatsApp Business app, up to 1,000 once Meta has upgraded it (Meta, throughput, read 2026-03).
func Number(phoneNumberID string, perSecond int) Option {
	return func(c *config) { c.numbers[phoneNumberID] = perSecond }
}

// Prefix begins all keys in Redis, "wacloud:limit:" by default.
func Prefix(s string) Option { return func(c *config) { c.prefix = s } }

// Timeout is how long a message waits for Redis before it is sent on the local share, 100 ms by default.
func Timeout(d time.Duration) Option { return func(c *config) { c.timeout = d } }

// Logger tells when Redis is out of reach, and when it is back; without it nothing is logged. How many messages were sent
// meanwhile is [wacloud.MetricLimiterFallback].
func Logger(l *slog.Logger) Option { return func(c *config) { c.log = l } }

// New returns a limiter on a client of go-redis: a single server, Sentinel or Cluster. It does not connect. The client stays
// the caller's, may be used for other things, and has to be closed after the limiter was used last. Set its
// ContextTimeoutEnabled: without it a connection that got no answer is busy for as long as the client's own timeouts and
// retries last, and after an outage it may take until then to be out of it.
func New(client redis.Scripter, opts ...Option) (*Limiter, error) {
	cfg := config{
		perSecond: defaultPerSecond, numbers: map[string]int{}, prefix: defaultPrefix,
		timeout: defaultTimeout, log: slog.New(slog.DiscardHandler),
	}
	for _, opt := range opts {
		opt(&cfg)
	}
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	if client == nil {
		return nil, errNoClient
	}
	l := &Limiter{
		client: client, prefix: cfg.prefix, timeout: cfg.timeout, log: cfg.log,
		rate: newRate(cfg.perSecond), numbers: make(map[string]rate, len(cfg.numbers)),
	}
	l.state.Store(new(state))
	for id, perSecond := range cfg.numbers {
		l.numbers[numberPrefix+id] = newRate(perSecond)
	}
	return l, nil
}

func (c config) validate() error {
	if err := checkRate("PerSecond", c.perSecond); err != nil {
		return err
	}
	for id, perSecond := range c.numbers {
		if id == "" || strings.Trim(id, "0123456789") != "" {
			return fmt.Errorf("wacloud: redis limit: Number: %q is no phone number id, which has digits only", id)
		}
		if err := checkRate("Number "+id, perSecond); err != nil {
			return err
		}
	}
	if c.timeout <= 0 {
		return fmt.Errorf("wacloud: redis limit: Timeout is %s, must be more than 0", c.timeout)
	}
	return nil
}

func checkRate(what string, perSecond int) error {
	if perSecond < 1 || perSecond > maxPerSecond {
		return fmt.Errorf("wacloud: redis limit: %s is %d, must be 1 to %d", what, perSecond, maxPerSecond)
	}
	return nil
}
