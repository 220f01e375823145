package wacloud

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// sentTTL is how long a handler's sends are remembered: as long as Meta may deliver an event again, and a day.
const sentTTL = 8 * 24 * time.Hour

// sendHash identifies what is sent: the sending number and the request body, without what only this send has.
type sendHash [16]byte

// sentRecord is the value of one send in the store. It has no message while the outcome is not known.
type sentRecord struct {
	MessageID string    `json:"id,omitempty"`
	WaID      string    `json:"wa_id,omitempty"`
	UserID    string    `json:"user_id,omitempty"`
	Status    string    `json:"status,omitempty"`
	Attempts  int       `json:"attempts,omitempty"`
	SendID    string    `json:"send,omitempty"`
	At        time.Time `json:"at,omitzero"` // when it was begun, while the outcome is not known
}

func recordOf(s *Sent) sentRecord {
	return sentRecord{MessageID: s.MessageID, WaID: s.WaID, UserID: s.UserID, Status: s.Status, Attempts: s.Attempts, SendID: s.SendID}
}

var errSendInterrupted = errors.New("an earlier run of the handler was interrupted while it sent this message")

// sendOnce makes post at most once over all runs of the event's handler. Calls are matched by what they send: the n-th
// call with this number and body of one run is the n-th of every run, wherever it stands among other calls. A message
// that differs is another message and is sent. The outcome is recorded with s; a message that was refused leaves no
// record, so that the next run sends it.
func (r *run) sendOnce(ctx context.Context, s *entry, body []byte, m Message, post func() (*Sent, error)) (*Sent, error) {
	if err := r.held(); err != nil {
		return nil, err
	}
	s.pend.Run = r.sendKey(s.pend.Number, body)
	mine, err := s.claimRun(ctx, 0)
	if err != nil {
		return nil, err
	}
	if !mine {
		return s.recorded(ctx, m)
	}
	return post()
}

func (r *run) sendUnrecorded(post func() (*Sent, error)) (*Sent, error) {
	if err := r.held(); err != nil {
		return nil, err
	}
	sent, err := post()
	if _, ambiguous := errors.AsType[*AmbiguousSendError](err); err == nil || ambiguous {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.sent = true
	}
	return sent, err
}

// sendKey is the store's key of the next call that sends body.
func (r *run) sendKey(number string, body []byte) string { return r.callKey(number, body, 1) }

// nextSendKey is the same without making that call.
func (r *run) nextSendKey(number string, body []byte) string { return r.callKey(number, body, 0) }

func (r *run) callKey(number string, body []byte, calls int) string {
	h := sha256.New()
	h.Write([]byte(number))
	h.Write([]byte{0})
	h.Write(body)
	id := sendHash(h.Sum(nil)[:16])
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.calls == nil {
		r.calls = make(map[sendHash]int)
	}
	n := r.calls[id]
	r.calls[id] = n + calls
	return "sent|" + r.cfg.scope + r.event.ID + "|" + hex.EncodeToString(id[:]) + "|" + strconv.Itoa(n)
}

// claimRun makes the record of the run that of this send.
func (s *entry) claimRun(ctx context.Context, version uint64) (bool, error) {
	mine, err := swapRecord(ctx, s.store, s.pend.Run, version, sentRecord{SendID: s.id, At: time.Now()}, sentTTL)
	if err != nil {
		return false, fmt.Errorf("wacloud: record send: %w", err)
	}
	return mine, nil
}

// recorded is the outcome of a send that an earlier run began.
func (s *entry) recorded(ctx context.Context, m Message) (*Sent, error) {
	rec, version, err := readRecord[sentRecord](ctx, s.store, s.pend.Run)
	if err == nil && version == 0 {
		err = ErrNotFound // it was refused just now
	}
	if err != nil {
		return nil, fmt.Errorf("wacloud: read recorded send: %w", err)
	}
	if rec.MessageID == "" {
		id, err := s.takeOver(ctx, rec, version)
		if err != nil {
			return nil, err
		}
		return nil, &AmbiguousSendError{Err: errSendInterrupted, SendID: id}
	}
	return &Sent{
		MessageID: rec.MessageID, WaID: rec.WaID, UserID: rec.UserID, Status: rec.Status,
		Message: m, Attempts: rec.Attempts, SendID: rec.SendID,
	}, nil
}

// takeOver puts the send in the ledger where the earlier run died before it did, so that the policy for unknown outcomes hears of
// it. It returns the id under which the send is known. What has been in the ledger is there for pendTTL; clocks differ by After.
func (s *entry) takeOver(ctx context.Context, rec sentRecord, version uint64) (id string, err error) {
	if time.Since(rec.At) >= s.client.pendTTL()-s.client.unknown.After {
		return rec.SendID, nil
	}
	_, known, err := readPend(ctx, s.store, rec.SendID)
	if err != nil {
		return "", fmt.Errorf("wacloud: read recorded send: %w", err)
	}
	if known != 0 {
		return rec.SendID, nil
	}
	if mine, err := s.claimRun(ctx, version); !mine || err != nil {
		return rec.SendID, err
	}
	s.pend.State, s.pend.At = pendUnknown, time.Now()
	s.pend.Until = s.pend.At.Add(s.client.unknown.After)
	if err := putRecord(ctx, s.store, pendPrefix+s.id, s.pend, s.client.pendTTL()); err != nil {
		return "", fmt.Errorf("wacloud: record send: %w", err)
	}
	return s.id, nil
}
