package wacloud

import (
	"context"
	"hash/maphash"
	"slices"
)

// A line is one recipient of a number: who sends to it now, who waits to, and what its limit is owed. Whoever has the
// turn has it until leave; the pace's mutex guards the fields.
type line struct {
	busy        bool
	waiting     []chan struct{} // the first is next; closed when its turn has come
	debt        pairDebt
	pairLimited bool // never changes
}

// A linePlace is one send's place in its recipient's line.
type linePlace struct {
	line *line
	key  uint64
	come chan struct{} // nil: it came at once
	via  uint64        // the key of the recipient's own line, once the turn has come in that of its other name
}

// turnOf waits for the turn in the line of the user whom a message to to reaches, or returns the context's error. Each turn
// needs its leave.
//
// A user id stands in the line of its number where that is on record, and a number in that of the WhatsApp id that Meta answers
// it with. As long as this process does not know that, or somebody who did not still stands there, it is looked up in a line of
// the recipient's own, so that calls by one name keep their order.
func (c *Client) turnOf(ctx context.Context, to Recipient) (linePlace, error) {
	number := c.rememberedNumber(to)
	if !number.IsZero() && !c.pace.isBusy(to) {
		return c.pace.awaitVia(ctx, c.pace.enter(number), to)
	}
	at, err := c.pace.await(ctx, c.pace.enter(to))
	if err != nil {
		return at, err
	}
	if number = c.recordedNumber(ctx, to); number.IsZero() {
		return at, nil
	}
	next := c.pace.enter(number)
	c.pace.leave(at)
	return c.pace.awaitVia(ctx, next, to)
}

// isBusy reports whether somebody stands in the recipient's own line.
func (p *pace) isBusy(to Recipient) bool {
	key := p.lineKey(to)
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.lines[key]
	return l != nil && l.busy
}

// await is wait, and gives the place up where the turn does not come.
func (p *pace) await(ctx context.Context, at linePlace) (linePlace, error) {
	err := at.wait(ctx)
	if err != nil {
		p.leave(at)
	}
	return at, err
}

// awaitVia is await for a place in the line of to's other name: from then on lineOf finds it.
func (p *pace) awaitVia(ctx context.Context, at linePlace, to Recipient) (linePlace, error) {
	at, err := p.await(ctx, at)
	if err != nil {
		return at, err
	}
	at.via = p.lineKey(to)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.via[at.via] = at.key
	return at, nil
}

// sweepLines is how many lines each new one looks at, to forget those that nothing is known of any more. With 8, about
// an eighth of a busy number's lines are such.
const sweepLines = 8

// enter takes the next place in the recipient's line. It does not wait. Each enter needs its leave.
func (p *pace) enter(to Recipient) linePlace {
	key := p.lineKey(to)
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.lines[key]
	if l == nil {
		p.sweep()
		l = &line{pairLimited: to.kind != recipientGroup}
		p.lines[key] = l
	}
	at := linePlace{line: l, key: key}
	if l.busy {
		at.come = make(chan struct{})
		l.waiting = append(l.waiting, at.come)
	}
	l.busy = true
	return at
}

// lineOf is the line in which the caller has its turn.
func (p *pace) lineOf(to Recipient) *line {
	key := p.lineKey(to)
	p.mu.Lock()
	defer p.mu.Unlock()
	if number, ok := p.via[key]; ok {
		key = number
	}
	return p.lines[key]
}

// lineKey keeps phone numbers out of what stays in memory. Two recipients with the same hash would take turns, no more.
func (p *pace) lineKey(to Recipient) uint64 {
	kind := to.kind
	if kind == recipientWaID {
		kind = recipientPhone // the same user
	}
	return maphash.String(p.seed, to.value) ^ uint64(kind)<<60
}

// wait returns when the turn has come, or with the context's error.
func (at linePlace) wait(ctx context.Context) error {
	if at.come == nil {
		return nil
	}
	select {
	case <-at.come:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// leave gives the turn to the next, or the place up.
func (p *pace) leave(at linePlace) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := at.line
	if at.via != 0 {
		delete(p.via, at.via)
	}
	if at.come != nil {
		if i := slices.Index(l.waiting, at.come); i >= 0 { // it never came
			l.waiting = slices.Delete(l.waiting, i, i+1)
			return
		}
	}
	if len(l.waiting) > 0 {
		close(l.waiting[0])
		l.waiting[0] = nil
		l.waiting = l.waiting[1:]
		return
	}
	l.busy, l.waiting = false, nil
	if l.debt.settled(p.now()) {
		delete(p.lines, at.key)
	}
}

// sweep forgets what is settled among a few lines, which the map picks at random.
func (p *pace) sweep() {
	looked := 0
	now := p.now()
	for key, l := range p.lines {
		if !l.busy && l.debt.settled(now) {
			delete(p.lines, key)
		}
		if looked++; looked == sweepLines {
			return
		}
	}
}
