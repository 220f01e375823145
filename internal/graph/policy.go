package graph

import (
	"time"

	"github.com/wacloud/wacloud"
)

// Policy is what the engine enforces and reports by itself. It can be changed while it runs; the zero value lets
// everything pass and reports nothing.
type Policy struct {
	Window      WindowMode
	PairLimit   bool // 45 messages to a user at once, refilled at one per 6 seconds (Meta, about the platform, read 2025-12)
	Throughput  int  // messages per second and number, 0 for no limit
	CarouselTap TapShape
	AutoStatus  bool          // report sent and delivered for every accepted message, and read when the user acts
	StatusDelay time.Duration // before the first status and between two
	AutoRead    bool          // users read at once
	Redeliver   bool          // repeat webhooks that were not answered with 200, as Meta does
}

// WindowMode is what happens to a message that is no template when the user has not written for 24 hours. Both refusals
// have been reported of Meta.
type WindowMode uint8

// The modes.
const (
	WindowOff    WindowMode = iota // nothing
	WindowRefuse                   // 131047 at once
	WindowFail                     // accepted, then the status failed with 131047
)

// window is how long the business may write freely after the user did (Meta, send messages, read 2026-03).
const window = 24 * time.Hour

// The pair limit.
const (
	pairBurst     = 45
	pairPerSecond = 1.0 / 6
)

// Policy returns the policy.
func (e *Engine) Policy() Policy {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.policy
}

// SetPolicy replaces the policy.
func (e *Engine) SetPolicy(p Policy) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.policy = p
	e.policyRev = e.nextRev()
	e.touch()
}

// Now is the simulated time: the real one and what it was advanced by.
func (e *Engine) Now() time.Time { return e.cfg.Now().Add(time.Duration(e.offset.Load())) }

// Advance moves the simulated clock forward. Timers stay: only what compares times sees it.
func (e *Engine) Advance(d time.Duration) {
	e.offset.Add(int64(max(0, d)))
	e.mu.Lock()
	defer e.mu.Unlock()
	e.clockRev = e.nextRev()
	e.touch()
}

// bucket is a credit that refills with time.
type bucket struct {
	left float64
	at   time.Time
}

func (b *bucket) take(now time.Time, size, perSecond float64) bool {
	if b.at.IsZero() {
		b.left = size
	} else {
		b.left = min(size, b.left+now.Sub(b.at).Seconds()*perSecond)
	}
	b.at = now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

// allow says whether a valid message may go out now: the code of a refusal at once, or of a failure later.
func (e *Engine) allow(number string, to address, out *wacloud.Outgoing) (refused, fails int) {
	if limit := e.policy.Throughput; limit > 0 {
		b := e.throughput[number]
		if b == nil {
			b = &bucket{}
			e.throughput[number] = b
		}
		if !b.take(e.Now(), float64(limit), float64(limit)) {
			return 130429, 0
		}
	}
	c := e.chats[e.known(number, to)]
	if needsNoWindow(out) || to.group || c != nil && e.Now().Before(c.windowUntil()) {
		return 0, 0
	}
	switch e.policy.Window {
	case WindowRefuse:
		return 131047, 0
	case WindowFail:
		return 0, 131047
	default:
		return 0, 0
	}
}

// needsNoWindow reports whether a message goes out when the customer service window is closed.
func needsNoWindow(out *wacloud.Outgoing) bool {
	_, ok := out.Message.(wacloud.Template)
	return ok || out.DirectSend != nil
}

// windowUntil is when the customer service window closes, zero before the user has written.
func (c *chat) windowUntil() time.Time {
	if c.lastIn.IsZero() {
		return time.Time{}
	}
	return c.lastIn.Add(window)
}
