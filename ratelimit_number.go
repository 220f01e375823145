package wacloud

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// A pace is what all sends from one number share: how fast the number may send, and whose turn it is for each recipient.
type pace struct {
	perSecond int
	start     time.Time
	seed      maphash.Seed
	voided    atomic.Uint64 // counts how often the rate became another one: who waits for the old one reserves again

	mu       sync.Mutex
	lines    map[uint64]*line
	via      map[uint64]uint64 // leads from names that are sent to now to the lines of their users' other names
	next     time.Duration     // of the rate: when the messages that were let through would end, were they evenly spread
	lowered  time.Duration     // when Meta throttled the number last
	fraction float64           // of the rate that was left then
	alone    bool              // the Limiter failed, the process keeps to its own share
}

// The number's share of Meta's limit, and what happens to it when Meta throttles.
const (
	usedShare    = 0.9             // the rest is for what comes in, and for bursts
	recovery     = 0.05            // of the rate, each second
	leastShare   = 1.0 / 16        // is left however often Meta throttles
	largestBurst = time.Second / 9 // the tenth that is not in the rate, at that rate
	throttledFor = time.Second     // what was on its way when the rate was halved is refused for the same reason
)

func newPace(l RateLimit) *pace {
	return &pace{perSecond: l.PerSecond, start: time.Now(), seed: maphash.MakeSeed(), lines: make(map[uint64]*line), via: make(map[uint64]uint64), fraction: 1}
}

func (p *pace) now() time.Duration { return time.Since(p.start) }

// reserve takes one message from the instances' part of the rate and returns how long to wait before sending it. When that
// is longer than most it takes nothing. It is the generic cell rate algorithm; a burst of the tenth that is not in the rate may go
// at once, so no second ever has more than the limit.
func (p *pace) reserve(most time.Duration, instances int) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	part := float64(p.perSecond) / float64(instances) * p.share(now)
	interval := time.Duration(float64(time.Second) / (part * usedShare))
	burst := max(part*(1-usedShare), 1)
	next := max(p.next, now)
	wait := max(next-now-time.Duration(float64(interval)*(burst-1)), 0)
	if wait <= most {
		p.next = next + interval
	}
	return wait
}

// share is how much of the rate Meta has left us.
func (p *pace) share(now time.Duration) float64 {
	if p.fraction == 1 {
		return 1
	}
	return min(p.fraction+recovery*(now-p.lowered).Seconds(), 1)
}

// halve lowers the rate because Meta throttled the number.
func (p *pace) halve(now time.Duration) {
	share := p.share(now)
	if share < 1 && now-p.lowered < throttledFor {
		return
	}
	p.fraction, p.lowered, p.next = max(share/2, leastShare), now, now
	p.voided.Add(1)
}

// follow takes note that the Limiter gave a wait, and returns the one to keep. While Meta throttles the number, its lowered
// rate holds as well.
func (p *pace) follow(given, most time.Duration) time.Duration {
	if throttled := p.turn(false); !throttled || given > most {
		return given
	}
	return max(given, p.reserve(most, 1))
}

// turn says whether the number's rate is the process's own share, because the Limiter failed, or the shared one. Both at
// once would be too much, so what waits for the one is void when the other begins, and the own share begins without a
// burst. It returns whether Meta throttles the number.
func (p *pace) turn(alone bool) (throttled bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if p.alone != alone {
		p.alone, p.next = alone, now+largestBurst
		p.voided.Add(1)
	}
	return p.share(now) < 1
}

// paces are those of the numbers of one token.
type paces struct {
	mu    sync.Mutex
	byNum map[string]*pace
}

func (ps *paces) of(number string, l RateLimit) *pace {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p := ps.byNum[number]
	if p == nil {
		p = newPace(l)
		if ps.byNum == nil {
			ps.byNum = make(map[string]*pace)
		}
		ps.byNum[number] = p
	}
	return p
}
