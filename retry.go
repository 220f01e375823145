package wacloud

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"
)

// RetryPolicy says how often and how slowly a call is repeated. The zero value is the default. A send is repeated only
// when it provably was not accepted: the request never left, it was throttled, or Meta said that nothing was done. Reads,
// [Client.MarkRead] and other calls that do no harm twice are also repeated when their outcome is unclear.
//
// The pause is a random part of a delay that doubles from MinDelay up to MaxDelay, or what Meta asks for, or for the
// limit of one recipient (code 131056) 1, 4, 16 seconds. A pause that Meta wants longer than MaxDelay, or that would
// outlast the context's deadline, is not begun: the error is returned at once, with RetryAfter in the [*APIError].
type RetryPolicy struct {
	MaxAttempts  int           // attempts in all, defaults to 4; 1 means no retry
	MinDelay     time.Duration // first delay, defaults to 500 ms; full jitter
	MaxDelay     time.Duration // longest delay, defaults to 30 s; a longer Retry-After is not waited for
	RetryUnclear bool          // also repeat sends whose outcome is unclear: the user may get the message twice
}

func (p RetryPolicy) validate() error {
	switch {
	case p.MaxAttempts < 0 || p.MinDelay < 0 || p.MaxDelay < 0:
		return errors.New("retry policy has a negative value")
	case p.withDefaults().MinDelay > p.withDefaults().MaxDelay:
		return errors.New("retry policy: MinDelay is longer than MaxDelay")
	default:
		return nil
	}
}

func (p RetryPolicy) withDefaults() RetryPolicy {
	if p.MaxAttempts == 0 {
		p.MaxAttempts = 4
	}
	if p.MinDelay == 0 {
		p.MinDelay = 500 * time.Millisecond
	}
	if p.MaxDelay == 0 {
		p.MaxDelay = 30 * time.Second
	}
	return p
}

// do makes a call until it succeeds or may not be repeated, and says how often it was made.
func (c *Client) do(ctx context.Context, k *call, try func(*Client, context.Context, *call) error) (attempts int, err error) {
	unclear := false
	for attempts = 1; ; attempts++ {
		err = try(c, resending(ctx, attempts-1), k)
		if err == nil {
			return attempts, nil
		}
		rule := k.rule(err)
		unclear = unclear || rule == repeatUnclear
		pause, again := c.retry.pause(rule, attempts, retryAfterOf(err), k.idempotent)
		if !again || ctx.Err() != nil || !k.rewind(ctx) {
			break
		}
		c.tellRetry(ctx, k, attempts, pause, err)
		if began, waitErr := wait(ctx, pause); waitErr != nil {
			err = fmt.Errorf("%w (gave up waiting to repeat it: %w)", err, waitErr)
			break
		} else if !began {
			break
		}
	}
	if unclear && !k.idempotent {
		err = &AmbiguousSendError{Err: err}
	}
	return attempts, err
}

type resendKey struct{}

// resending is the context of the n-th repetition.
func resending(ctx context.Context, n int) context.Context {
	if n == 0 {
		return ctx
	}
	return context.WithValue(ctx, resendKey{}, n)
}

// ResendCount is how often the request was made before, 0 for a first one. It is for transports that measure or trace: ctx is
// that of the [http.Request] which a [Client] hands to its transport.
func ResendCount(ctx context.Context) int {
	n, _ := ctx.Value(resendKey{}).(int)
	return n
}

// pause is how long to wait before the attempt after attempt, and whether there is one.
func (p RetryPolicy) pause(rule repeatRule, attempt int, asked time.Duration, idempotent bool) (time.Duration, bool) {
	if attempt >= p.MaxAttempts {
		return 0, false
	}
	switch rule {
	case repeatNever:
		return 0, false
	case repeatUnclear:
		if !idempotent && !p.RetryUnclear {
			return 0, false
		}
	case repeatPair:
		asked = max(asked, pairPause(attempt))
	default: // not accepted for sure
	}
	if asked > 0 {
		return asked, asked <= p.MaxDelay
	}
	return rand.N(p.backoff(attempt) + 1), true //nolint:gosec // jitter is no secret
}

// backoff is the longest pause after an attempt: MinDelay, doubled each time, at most MaxDelay.
func (p RetryPolicy) backoff(attempt int) time.Duration {
	d := p.MinDelay
	for range attempt - 1 {
		if d >= p.MaxDelay/2 {
			return p.MaxDelay
		}
		d *= 2
	}
	return min(d, p.MaxDelay)
}

// pairPause is 4^X seconds, X = 0, 1, 2 … (Meta, about the platform, read 2026-03).
func pairPause(attempt int) time.Duration { return time.Second << min(2*(attempt-1), 20) }

// wait pauses on the caller's context. A pause beyond its deadline is not begun.
func wait(ctx context.Context, d time.Duration) (began bool, err error) {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d {
		return false, nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true, nil
	case <-ctx.Done():
		return true, ctx.Err()
	}
}

// ruleOf says whether a send that failed with err may be repeated. Everything that is neither an answer nor a failure
// of the transport is ours, and would only come again.
func ruleOf(err error) repeatRule {
	if _, ok := errors.AsType[*RateLimitError](err); ok {
		return repeatThrottled
	}
	if apiErr, ok := errors.AsType[*APIError](err); ok {
		return apiErr.repeat()
	}
	if t, ok := errors.AsType[*transportError](err); ok {
		if t.sent {
			return repeatUnclear
		}
		return repeatNotDone
	}
	return repeatNever
}

// rule is ruleOf, but for media reads, of which Meta counts the failed ones, and for what waited here long enough.
func (k *call) rule(err error) repeatRule {
	if apiErr, ok := errors.AsType[*APIError](err); ok && k.mediaRead && apiErr.StatusCode/100 == 4 {
		return repeatNever
	}
	if _, ok := errors.AsType[*RateLimitError](err); ok {
		return repeatNever
	}
	return ruleOf(err)
}

func retryAfterOf(err error) time.Duration {
	if limited, ok := errors.AsType[*RateLimitError](err); ok {
		return limited.RetryAfter
	}
	if apiErr, ok := errors.AsType[*APIError](err); ok {
		return apiErr.RetryAfter
	}
	return 0
}

func (c *Client) tellRetry(ctx context.Context, k *call, attempt int, pause time.Duration, err error) {
	if c.observer != nil && k.url == c.messages && !k.idempotent {
		c.observe(ctx, MetricSendRetries, 1, errorType(err))
	}
	if c.logger == nil {
		return
	}
	c.logger.LogAttrs(ctx, slog.LevelWarn, "wacloud: call failed, it will be repeated",
		slog.String("op", k.op), slog.String("wa.phone_number_id", c.number), slog.Int("attempt", attempt),
		slog.Duration("pause", pause), slog.String("error", err.Error()))
}
