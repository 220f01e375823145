package redislimit

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/wacloud/wacloud"
)

//go:embed reserve.lua
var source string

// script is sent by its hash, and whole where the server does not know it yet.
var script = redis.NewScript(source)

const (
	maxReserve   = 1000 // so that no product of it is too large for the script
	askEvery     = time.Second
	numberPrefix = "number:" // of the keys that a Client reserves with
)

// A Limiter is a [wacloud.Limiter] whose state is in Redis. It is safe for concurrent use. Processes that are to share a
// rate need the same options.
type Limiter struct {
	client  redis.Scripter
	prefix  string
	timeout time.Duration
	log     *slog.Logger
	rate    rate
	numbers map[string]rate // by key

	state atomic.Pointer[state]
}

var _ wacloud.Limiter = (*Limiter)(nil)

// A state is what is known of Redis. A call changes only the state that it began in, because others may know better by
// the time that it ends.
type state struct {
	outage error     // nil while Redis answers
	until  time.Time // then one call looks again
}

// Reserve takes n, 1 to 1,000, from the key's rate and returns how long to wait before using them. It takes nothing where
// that is longer than [wacloud.MaxLimitWait] or ends after ctx's deadline; the wait is returned all the same.
//
// Its error means that Redis is out of reach, or that ctx has ended. It comes within the [Timeout], or half of the time
// that ctx leaves, whatever the client's own timeouts are. Until the next full second of the clock all calls fail at once;
// then one of them asks Redis while the others keep failing, and so on until one is answered. An answer that comes too late
// may have taken from the rate: less is sent then, never more.
func (l *Limiter) Reserve(ctx context.Context, key string, n int) (time.Duration, error) {
	if n < 1 || n > maxReserve {
		return 0, fmt.Errorf("wacloud: redis limit: n is %d, must be 1 to %d", n, maxReserve)
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	began, err := l.begin()
	if err != nil {
		return 0, err
	}
	wait, err := l.ask(ctx, key, n)
	switch {
	case err == nil:
		l.answered(ctx, began)
	case ctx.Err() != nil:
		return 0, ctx.Err()
	default:
		l.failed(ctx, began, err)
	}
	return wait, err
}

// begin returns the state that a call begins in, or the error of an outage. When it is time to look whether that is over,
// one call begins all the same.
func (l *Limiter) begin() (*state, error) {
	s, now := l.state.Load(), time.Now()
	if s.outage == nil {
		return s, nil
	}
	looking := &state{outage: s.outage, until: nextLook(now)}
	if now.Before(s.until) || !l.state.CompareAndSwap(s, looking) {
		return nil, s.outage
	}
	return looking, nil
}

// nextLook is the next full second of the machine's clock, so that all processes find Redis back together: while some of
// them still keep to their own share, the number has more than its rate.
func nextLook(now time.Time) time.Time {
	return now.Add(askEvery - time.Duration(now.UnixNano())%askEvery)
}

func (l *Limiter) answered(ctx context.Context, began *state) {
	if began.outage != nil && l.state.CompareAndSwap(began, new(state)) {
		l.log.InfoContext(ctx, "wacloud: redis limit: redis answers again")
	}
}

func (l *Limiter) failed(ctx context.Context, began *state, err error) {
	if l.state.CompareAndSwap(began, &state{outage: err, until: nextLook(time.Now())}) && began.outage == nil {
		l.log.WarnContext(ctx, "wacloud: redis limit: redis is out of reach, this process keeps to its own share of the rate", "error", err)
	}
}

// ask runs the script. It does not rely on the client to end with ctx: by default go-redis does not.
func (l *Limiter) ask(ctx context.Context, key string, n int) (time.Duration, error) {
	most, timeout := wacloud.MaxLimitWait, l.timeout
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		most, timeout = min(most, left), min(timeout, left/2)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	type reply struct {
		wait int64
		err  error
	}
	replies := make(chan reply, 1)
	go func() {
		wait, err := script.Run(ctx, l.client, []string{l.prefix + key}, l.rateOf(key).args(n, most)...).Int64()
		replies <- reply{wait, err}
	}()
	select {
	case r := <-replies:
		if r.err != nil {
			return 0, fmt.Errorf("wacloud: redis limit: %w", r.err)
		}
		return time.Duration(r.wait) * time.Microsecond, nil
	case <-ctx.Done():
		return 0, fmt.Errorf("wacloud: redis limit: no answer in %s: %w", timeout, ctx.Err())
	}
}

// A rate is in microseconds, as in the script.
type rate struct{ interval, burst int64 }

// newRate is what a client keeps to by itself: 90 % of Meta's limit, and the other tenth as a burst, so no second has more
// than the limit.
func newRate(perSecond int) rate {
	interval := (10_000_000 + 9*int64(perSecond) - 1) / (9 * int64(perSecond)) // rounded up
	return rate{interval: interval, burst: max(interval, interval*int64(perSecond)/10)}
}

func (l *Limiter) rateOf(key string) rate {
	if r, ok := l.numbers[key]; ok {
		return r
	}
	return l.rate
}

// args are those of the script.
func (r rate) args(n int, most time.Duration) []any {
	return []any{int64(n) * r.interval, r.burst, most.Microseconds(), r.burst + wacloud.MaxLimitWait.Microseconds()}
}

var errNoClient = errors.New("wacloud: redis limit: the client is nil")
