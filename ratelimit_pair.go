package wacloud

import "time"

const (
	pairInterval = 6 * time.Second // what each message to a recipient adds to its debt
	pairCredit   = 45              // messages that may be owed
	maxRefusals  = 4               // 4^4 seconds, which is about as long as the largest debt
)

// A pairDebt is what a number owes the limit of one recipient. Times count from the pace's start.
type pairDebt struct {
	paid     time.Duration // when nothing is owed any more
	hold     time.Duration // Meta wants nothing before
	strict   bool          // Meta refused: everything has to be paid first
	refusals int           // of Meta, in a row
}

func (d *pairDebt) wait(now time.Duration) time.Duration {
	if d.strict {
		return max(d.paid-now, d.hold-now, 0)
	}
	return max(d.paid-now-(pairCredit-1)*pairInterval, 0)
}

// settled reports whether d says no more than a new pairDebt would.
func (d *pairDebt) settled(now time.Duration) bool { return d.paid <= now && d.hold <= now }

func (p *pace) pairWait(l *line) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return l.debt.wait(p.now())
}

// spend puts one message on the recipient's account.
func (p *pace) spend(l *line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if l.debt.settled(now) {
		l.debt.strict = false
	}
	l.debt.paid = max(l.debt.paid, now) + pairInterval
}

// settle takes note of the answer: what was not sent is not owed.
func (p *pace) settle(l *line, rule repeatRule, accepted bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	switch {
	case accepted:
		l.debt.refusals = 0
		return
	case rule == repeatThrottled:
		p.halve(now)
	case rule == repeatPair:
		l.debt.strict = true
		l.debt.hold = now + pairPause(1+min(l.debt.refusals, maxRefusals))
		l.debt.refusals++
	case rule != repeatNotDone:
		return
	}
	l.debt.paid -= pairInterval
}
