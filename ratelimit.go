package wacloud

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"
)

// RateLimit keeps [Client.Send] below Meta's limits, so that messages wait here for a moment instead of being refused
// there. The zero value is the default and is on.
//
// A number may send 80 messages a second; 20 where it is shared with the WhatsApp Business app; up to 1,000 once Meta has
// upgraded it (Meta, throughput, read 2026-03). Messages that come in count too, so no more than 90 % of it is used, and
// of that each process takes its share. Code 130429 halves the rate, which then recovers by 5 % of the whole each second.
//
// A user may get one message every 6 seconds from a number, and up to 45 at once on credit (Meta, about the platform, read
// 2026-03). While there is credit nothing waits. After code 131056 that recipient alone waits 4^X seconds, X = 0, 1, 2 …
// for each refusal in a row, and then until its credit is whole again.
//
// A wait over [MaxLimitWait], or beyond the context's deadline, is not begun: Send returns a [*RateLimitError], and nothing was
// sent. All clients made from one by [Client.ForNumber] share what is known of a number; two made by [NewClient] do not.
// How Meta measures "per second" and when it forgives a debt is not documented; this was not checked against the live API.
type RateLimit struct {
	PerSecond int     // messages that Meta lets a number send each second, defaults to 80
	Instances int     // processes that send from the same number, defaults to 1: each takes its part
	Limiter   Limiter // shares the number's rate between processes instead; nil means that Instances divide it
	Off       bool    // no limits here; sends to one recipient still go out in order
}

// MaxLimitWait is the longest that a message waits for a limit.
const MaxLimitWait = 10 * time.Second

// A Limiter shares one rate between processes; module ratelimit/redis has one. It is safe for concurrent use.
//
// While it fails each process keeps to its part of the rate, so Instances has to be set too. What waited for the one rate
// reserves again when the other begins.
type Limiter interface {
	// Reserve takes n from the key's rate and returns how long to wait before using them. Where that is longer than
	// MaxLimitWait, or ends after ctx's deadline, nothing is taken. It answers fast or returns an error; after an error
	// the process uses its own share of the rate. Keys name business numbers, never users.
	Reserve(ctx context.Context, key string, n int) (wait time.Duration, err error)
}

// WithRateLimit sets the limits; without it those of the zero [RateLimit] hold.
func WithRateLimit(l RateLimit) Option {
	return optionFunc(func(c *clientConfig) { c.rateLimit = l })
}

// The metrics of the limits, of a [Client] with [WithObserver].
const (
	MetricLimitWait       Metric = "wa.limit.wait.duration" // seconds that a message waited, where it did; label: "number" or "pair"
	MetricLimitRefused    Metric = "wa.limit.refused"       // count of messages not sent for a limit of ours; label: "number" or "pair"
	MetricLimitHits       Metric = "wa.limit.hits"          // count of answers by which Meta throttled us; label: as MetricSendDuration
	MetricLimiterFallback Metric = "wa.limiter.fallback"    // count of messages sent on the local share because the Limiter failed
)

// A RateLimitError says that a message was not sent because it would have waited too long for a limit. It is
// [ErrRateLimited].
type RateLimitError struct {
	RetryAfter time.Duration // when the limit lets it through, as far as is known now
	Pair       bool          // the limit is that of the recipient: others can be sent to
	Err        error         // Meta's refusal of an attempt before, if there was one
}

func (e *RateLimitError) Error() string {
	var b strings.Builder
	b.WriteString("wacloud: send: rate limited: the ")
	if e.Pair {
		b.WriteString("recipient has")
	} else {
		b.WriteString("number has")
	}
	b.WriteString(" had too many messages, not sent, try again in " + e.RetryAfter.Round(time.Millisecond).String())
	if e.Err != nil {
		b.WriteString(" (an attempt before: " + trimPrefix(e.Err) + ")")
	}
	return b.String()
}

func (e *RateLimitError) Unwrap() error { return e.Err }

// Is makes it ErrRateLimited.
func (e *RateLimitError) Is(target error) bool { return target == ErrRateLimited }

func (l RateLimit) validate() error {
	if l.PerSecond < 0 || l.Instances < 0 {
		return errors.New("rate limit has a negative value")
	}
	return nil
}

func (l RateLimit) withDefaults() RateLimit {
	l.PerSecond = cmp.Or(l.PerSecond, 80)
	l.Instances = cmp.Or(l.Instances, 1)
	return l
}

// trySend is try within the limits.
func (c *Client) trySend(ctx context.Context, k *call) error {
	if c.limit.Off {
		return c.try(ctx, k)
	}
	if err := c.admit(ctx, k); err != nil {
		return err
	}
	err := c.try(ctx, k)
	rule := repeatNever
	if err != nil {
		rule = k.rule(err)
	}
	c.pace.settle(k.line, rule, err == nil)
	if rule == repeatThrottled || rule == repeatPair {
		k.throttled = err
		if c.observer != nil {
			c.observe(ctx, MetricLimitHits, 1, errorType(err))
		}
	}
	return err
}

// admit waits for the recipient's limit and then for the number's, or says that it would take too long. Its caller has
// the recipient's turn, so nobody else spends that credit meanwhile.
func (c *Client) admit(ctx context.Context, k *call) error {
	l, left := k.line, MaxLimitWait
	if l.pairLimited {
		if err := c.pauseFor(ctx, k, c.pace.pairWait(l), &left, true); err != nil {
			return err
		}
	}
	for again := true; again; {
		wait, err := c.reserveNumber(ctx, left)
		if err != nil {
			return &transportError{op: k.op, err: err, ended: true}
		}
		voided := c.pace.voided.Load()
		if err := c.pauseFor(ctx, k, wait, &left, false); err != nil {
			return err
		}
		again = voided != c.pace.voided.Load() // what was reserved at the old rate is void
	}
	c.pace.spend(l)
	return nil
}

// within is left, or what remains until ctx's deadline.
func within(ctx context.Context, left time.Duration) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return min(left, time.Until(deadline))
	}
	return left
}

// pauseFor waits for d, unless that is more than is left, which it lessens.
func (c *Client) pauseFor(ctx context.Context, k *call, d time.Duration, left *time.Duration, pair bool) error {
	if d <= 0 {
		return nil
	}
	scope := "number"
	if pair {
		scope = "pair"
	}
	if d > within(ctx, *left) {
		if c.observer != nil {
			c.observe(ctx, MetricLimitRefused, 1, scope)
		}
		return &RateLimitError{RetryAfter: d, Pair: pair, Err: k.throttled}
	}
	if c.observer != nil {
		c.observe(ctx, MetricLimitWait, d.Seconds(), scope)
	}
	*left -= d
	if _, err := wait(ctx, d); err != nil {
		return &transportError{op: k.op, err: err, ended: true}
	}
	return nil
}

// reserveNumber takes one message from the number's rate, the shared one if there is one. Its error is the end of ctx.
func (c *Client) reserveNumber(ctx context.Context, left time.Duration) (time.Duration, error) {
	most := within(ctx, left)
	if c.limit.Limiter == nil {
		return c.pace.reserve(most, c.limit.Instances), nil
	}
	given, err := c.limit.Limiter.Reserve(ctx, "number:"+c.number, 1)
	switch {
	case err == nil:
		return c.pace.follow(given, most), nil
	case ctx.Err() != nil:
		return 0, ctx.Err()
	}
	if c.observer != nil {
		c.observe(ctx, MetricLimiterFallback, 1, "")
	}
	c.pace.turn(true)
	return c.pace.reserve(most, c.limit.Instances), nil
}
