package graph

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"
)

// hugeBody is the size of a webhook that no bot has to take: Meta's largest has 3 MB (Meta, webhooks overview, read
// 2026-03).
const hugeBody = 10 << 20

// Why a webhook was not posted.
var (
	errDropped = errors.New("dropped by a fault")
	errHeld    = errors.New("held back for a batch")
)

// deliverWith posts a webhook in the way of a fault and returns what became of it.
func (e *Engine) deliverWith(ctx context.Context, body []byte, f Fault) Delivery {
	l := e.signed(body)
	l.fault = f.Kind
	switch f.Kind {
	case kindDuplicate:
		d := e.attempt(ctx, l)
		e.attempt(ctx, l)
		return d
	case kindDuplicateBody:
		d := e.attempt(ctx, l)
		e.attempt(ctx, e.disguised(l, withTime(body, e.Now())))
		return d
	case kindDuplicateParallel:
		var wg sync.WaitGroup
		wg.Go(func() { e.attempt(ctx, l) })
		d := e.attempt(ctx, l)
		wg.Wait()
		return d
	case kindBatch:
		return e.openBatch(ctx, body, f)
	case kindDrop:
		return e.record(Delivery{ID: e.nextEntry(), At: e.Now(), Body: body, Err: errDropped, Attempt: 1, Fault: f.Kind})
	case kindDelay:
		if !e.wait(ctx, f.Delay) {
			return e.record(Delivery{ID: e.nextEntry(), At: e.Now(), Body: body, Err: context.Canceled, Attempt: 1, Fault: f.Kind})
		}
	case kindLate:
		defer e.repeatLate(body)
	case kindUnknownType:
		strange := e.signed(withUnknownType(body))
		strange.fault = f.Kind
		e.attempt(ctx, strange)
	default:
		l = e.deformed(l, f)
	}
	return e.attempt(ctx, l)
}

// deformed changes what is posted; what is repeated afterwards is whole.
func (e *Engine) deformed(l letter, f Fault) letter {
	switch f.Kind {
	case kindBadSignature:
		l.signature = "sha256=" + strings.Repeat("0", 64)
	case kindNoSignature:
		l.signature = ""
	case kindTruncated:
		l.body = l.body[:len(l.body)/2]
		if f.Signed {
			l.signature = Sign(l.body, e.cfg.AppSecret)
		}
	case kindHuge:
		return e.disguised(l, withPadding(l.body, hugeBody))
	case kindBatchNumbers:
		return e.disguised(l, e.withAnotherNumber(l.body))
	case kindBatchStatuses:
		return e.disguised(l, e.withStatuses(l.body))
	case kindUnknownField:
		return e.disguised(l, withUnknownFields(l.body))
	case kindUserIDOnly:
		return e.disguised(l, withoutPhone(l.body))
	case kindPhoneOnly:
		return e.disguised(l, withoutUserID(l.body))
	case kindUsername:
		return e.disguised(l, withUsername(l.body))
	}
	return l
}

// disguised posts another body, well signed.
func (e *Engine) disguised(l letter, body []byte) letter {
	l.body, l.signature = body, Sign(body, e.cfg.AppSecret)
	return l
}

// wait waits as long as the engine and ctx live.
func (e *Engine) wait(ctx context.Context, d time.Duration) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(e.schedule.ctx, cancel)()
	return sleep(ctx, d)
}

func (e *Engine) repeatLate(body []byte) {
	e.target.mu.Lock()
	defer e.target.mu.Unlock()
	size := len(body)
	for _, l := range e.target.late {
		size += len(l.body)
	}
	if len(e.target.late) < maxLate && size <= maxLateBytes {
		e.target.late = append(e.target.late, late{body})
	}
}

// maxBatchBytes closes a batch before its time: Meta sends up to 3 MB (Meta, webhooks overview, read 2026-03).
const maxBatchBytes = 3 << 20

// batch collects webhooks that go out in one POST.
type batch struct {
	bodies [][]byte
	bytes  int
	size   int
	level  string
	id     int
}

func (b *batch) full() bool { return len(b.bodies) >= b.size || b.bytes >= maxBatchBytes }

// openBatch keeps the first webhook of a batch until the others have come, or not come in time.
func (e *Engine) openBatch(ctx context.Context, body []byte, f Fault) Delivery {
	e.target.mu.Lock()
	e.target.batch.id++
	id := e.target.batch.id
	e.target.batch.bodies, e.target.batch.bytes = [][]byte{body}, len(body)
	e.target.batch.size, e.target.batch.level = max(f.Count, 1), f.Level
	full := e.target.batch.full()
	e.target.mu.Unlock()
	if full {
		return e.closeBatch(ctx, id)
	}
	e.at(time.Now().Add(f.Delay), 0, func(ctx context.Context) { e.closeBatch(ctx, id) })
	return e.heldBack(body)
}

func (e *Engine) heldBack(body []byte) Delivery {
	return e.record(Delivery{ID: e.nextEntry(), At: e.Now(), Body: body, Err: errHeld, Attempt: 1, Fault: kindBatch})
}

// joinBatch puts a webhook into the batch that is open, if one is.
func (e *Engine) joinBatch(ctx context.Context, body []byte) (d Delivery, joined bool) {
	e.target.mu.Lock()
	b := &e.target.batch
	if len(b.bodies) == 0 {
		e.target.mu.Unlock()
		return Delivery{}, false
	}
	b.bodies, b.bytes = append(b.bodies, body), b.bytes+len(body)
	full, id := b.full(), b.id
	e.target.mu.Unlock()
	if full {
		return e.closeBatch(ctx, id), true
	}
	return e.heldBack(body), true
}

// closeBatch posts a batch, unless that has happened.
func (e *Engine) closeBatch(ctx context.Context, id int) Delivery {
	e.target.mu.Lock()
	b := &e.target.batch
	if b.id != id || len(b.bodies) == 0 {
		e.target.mu.Unlock()
		return Delivery{}
	}
	bodies, level := b.bodies, b.level
	b.bodies = nil
	e.target.mu.Unlock()
	l := e.signed(merge(level, bodies))
	l.fault = kindBatch
	return e.attempt(ctx, l)
}
