package wacloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/wacloud/wacloud/internal/sendid"
)

// The ledger is what a store knows of sends that are on their way, whose outcome is unknown, or that may still need action.
// A send that was refused, or accepted and needs nothing more, leaves nothing in it.
const (
	pendPrefix  = "pend|"  // a send that began and is not known to be accepted; see pendRecord
	outPrefix   = "out|"   // what to send instead when a status says that it failed; see outRecord
	wamidPrefix = "wamid|" // leads from a message's id to that of its send, for statuses without it
)

// ledgerTTL is how long a record is kept beyond the longest wait for it.
const ledgerTTL = time.Hour

// recordTimeout bounds what is written after a request: the caller's context may have ended with it.
const recordTimeout = 5 * time.Second

// pendState is where a send stands.
type pendState string

const (
	pendSending pendState = ""        // somebody sends it now, or died with it
	pendUnknown pendState = "unknown" // it may have been accepted
	pendSent    pendState = "sent"    // a status named it while it was sent: it was accepted
	pendFailed  pendState = "failed"  // the same, by a status that says that it failed later
	pendDropped pendState = "dropped" // the policy gave it up; a status may still settle it
)

// pendRecord is the value of pend|<send id>. The last three states have neither recipient nor body nor choices.
type pendRecord struct {
	State     pendState `json:"state,omitempty"`
	Number    string    `json:"number"`
	To        Recipient `json:"to,omitzero"`
	At        time.Time `json:"at"`                  // when it was sent first
	Until     time.Time `json:"until"`               // until then somebody sends it or a status may come; then the policy has its say
	Resends   int       `json:"resends,omitempty"`   // how often the policy sent it again
	Run       string    `json:"run,omitempty"`       // the key of the record of the handler's run
	Broadcast string    `json:"broadcast,omitempty"` // the key of the recipient's record in a broadcast
	Falls     bool      `json:"falls,omitempty"`     // there is an outRecord
	MessageID string    `json:"id,omitempty"`        // which a status named
	WaID      string    `json:"wa_id,omitempty"`
	Body      []byte    `json:"body,omitempty"` // of the request
	Part      string    `json:"part,omitempty"` // the rung that it is of
	Choices   []Choice  `json:"choices,omitempty"`
}

// part is what the send is part of when it is made again: the same rung, with its numbers. It is nil for a message of its own.
func (r *pendRecord) part() *part {
	if r.Part == "" {
		return nil
	}
	return &part{id: r.Part, choices: r.Choices}
}

// ended leaves only what a late status needs.
func (r *pendRecord) ended(state pendState) {
	r.State, r.To, r.Body, r.Choices = state, Recipient{}, nil, nil
}

// An entry is one send in the ledger.
type entry struct {
	client *Client
	store  Store
	id     string
	pend   pendRecord
	out    *outRecord // nil where nothing is sent instead
}

// newEntry gives o an id. It writes nothing yet.
func (c *Client) newEntry(store Store, o *Outgoing, p *part) (*entry, error) {
	s := &entry{client: c, store: store, id: sendid.New()}
	named := *o
	named.CallbackData = sendid.Join(s.id, o.CallbackData)
	body, err := EncodeMessage(named)
	if err != nil {
		return nil, err
	}
	s.pend = pendRecord{Number: c.number, To: o.To, Body: body}
	if p != nil {
		s.pend.Part, s.pend.Choices = p.id, p.choices
	}
	if p != nil && p.out != nil {
		s.out = p.out.of(p, o.Message)
		s.pend.Falls = true
	}
	return s, nil
}

// postRecorded posts what the ledger has on record first, and records what became of it.
func (c *Client) postRecorded(ctx context.Context, o *Outgoing, p *part, s *entry) (*Sent, error) {
	var t *turn
	err := together(
		func() (err error) { t, err = c.takeTurn(ctx, o, p); return err },
		func() error { return s.begin(ctx) },
	)
	var sent *Sent
	if err == nil {
		sent, err = s.post(ctx, o)
	}
	_ = together(
		func() error { t.settle(ctx, sent, err); return nil },
		func() error { s.settle(ctx, sent, err); return nil },
	)
	return sent, err
}

// begin puts the send on record, before the request leaves.
func (s *entry) begin(ctx context.Context) error {
	s.pend.At = time.Now()
	s.pend.Until = s.pend.At.Add(s.client.longestUnknown())
	err := together(
		func() error { return putRecord(ctx, s.store, pendPrefix+s.id, s.pend, s.client.pendTTL()) },
		func() error {
			if s.out == nil {
				return nil
			}
			if s.out.At.IsZero() {
				s.out.At = s.pend.At
			}
			return putRecord(ctx, s.store, outPrefix+s.id, s.out, s.client.outTTL())
		},
	)
	if err != nil {
		return fmt.Errorf("wacloud: record send: %w", err)
	}
	return nil
}

// post makes the request, and nothing of it after Until: the policy may have had its say then.
func (s *entry) post(ctx context.Context, o *Outgoing) (*Sent, error) {
	bounded, cancel := context.WithDeadline(ctx, s.pend.Until)
	defer cancel()
	sent, err := s.client.post(bounded, o, s.pend.Body)
	if unknown, ok := errors.AsType[*AmbiguousSendError](err); ok {
		unknown.SendID = s.id
		return s.keepUnknown(ctx, o.Message, err)
	}
	if err != nil {
		return nil, err
	}
	sent.SendID = s.id
	return sent, nil
}

// keepUnknown marks a send as one whose outcome is unknown, unless a status has told it meanwhile.
func (s *entry) keepUnknown(ctx context.Context, m Message, cause error) (*Sent, error) {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	for range swapTries {
		pend, version, err := readPend(ctx, s.store, s.id)
		switch {
		case err != nil, version == 0, pend.State == pendDropped:
			return nil, cause // without the mark it is unknown after Until
		case pend.State == pendSent, pend.State == pendFailed:
			s.client.observeSettled(ctx, string(pend.State))
			return &Sent{MessageID: pend.MessageID, WaID: pend.WaID, SendID: s.id, Message: m, Attempts: 1}, nil
		}
		pend.State, pend.Until = pendUnknown, time.Now().Add(s.client.unknown.After)
		if done, err := swapPend(ctx, s.store, s.id, version, pend, s.client.pendTTL()); done || err != nil {
			return nil, cause
		}
	}
	return nil, cause
}

// settle records the outcome of the request. What is unknown stays as it is.
func (s *entry) settle(ctx context.Context, sent *Sent, err error) {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	if _, unknown := errors.AsType[*AmbiguousSendError](err); unknown {
		return
	}
	if err != nil {
		s.forget(ctx)
		return
	}
	s.accept(ctx, sent)
}

// accept records an accepted send. The message is out: an error here must not say otherwise. The ledger's record goes last: as
// long as it is there, a status makes up for what is missing.
func (s *entry) accept(ctx context.Context, sent *Sent) {
	err := together(
		func() error {
			if s.pend.Run == "" {
				return nil
			}
			return putRecord(ctx, s.store, s.pend.Run, recordOf(sent), sentTTL)
		},
		func() error {
			if !s.pend.Falls {
				return nil
			}
			return s.store.Put(ctx, wamidKey(s.pend.Number, sent.MessageID), []byte(s.id), s.client.outTTL())
		},
	)
	if err == nil {
		_ = s.store.Delete(ctx, pendPrefix+s.id)
	}
}

// forget removes a send that was not accepted, so that a handler's next run makes it. The ledger's record goes last: without it
// nobody would settle what the run has on record.
func (s *entry) forget(ctx context.Context) {
	_ = together(
		func() error {
			if s.pend.Run == "" {
				return nil
			}
			return s.store.Delete(ctx, s.pend.Run)
		},
		func() error {
			if !s.pend.Falls {
				return nil
			}
			return s.store.Delete(ctx, outPrefix+s.id)
		},
	)
	_ = s.store.Delete(ctx, pendPrefix+s.id) // in any case: what was refused is not unknown
}

// longestSend is more than posting may take with its repetitions and their pauses.
func (c *Client) longestSend() time.Duration {
	const most = 24 * time.Hour
	each := c.timeout + c.retry.MaxDelay + MaxLimitWait
	if each <= 0 || each >= most {
		return most
	}
	return each * time.Duration(min(c.retry.MaxAttempts, int(most/each)))
}

// longestUnknown is how long after it was begun nobody but the sender and a status touch a send.
func (c *Client) longestUnknown() time.Duration { return max(c.unknown.After, c.longestSend()) }

func (c *Client) pendTTL() time.Duration { return c.longestUnknown() + ledgerTTL }
func (c *Client) outTTL() time.Duration  { return max(c.fallbackWithin, 0) + ledgerTTL }

// afterwards is for what is recorded of a request whose context may have ended.
func afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
}

// readPend returns version 0 where there is no such record.
func readPend(ctx context.Context, store Store, id string) (pendRecord, uint64, error) {
	return readRecord[pendRecord](ctx, store, pendPrefix+id)
}

func swapPend(ctx context.Context, store Store, id string, version uint64, pend pendRecord, ttl time.Duration) (bool, error) {
	return swapRecord(ctx, store, pendPrefix+id, version, pend, ttl)
}

func swapRecord(ctx context.Context, store Store, key string, version uint64, record any, ttl time.Duration) (bool, error) {
	value, err := json.Marshal(record)
	if err != nil {
		return false, err
	}
	return store.Swap(ctx, key, version, value, ttl)
}

func putRecord(ctx context.Context, store Store, key string, record any, ttl time.Duration) error {
	value, err := json.Marshal(record)
	if err != nil {
		return err
	}
	return store.Put(ctx, key, value, ttl)
}

// together makes calls at the same time and joins their errors.
func together(calls ...func() error) error {
	errs := make([]error, len(calls))
	var others sync.WaitGroup
	for i, call := range calls[1:] {
		others.Go(func() { errs[i+1] = call() })
	}
	errs[0] = calls[0]()
	others.Wait()
	return errors.Join(errs...)
}
