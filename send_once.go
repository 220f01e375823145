package wacloud

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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
	MessageID string `json:"id,omitempty"`
	WaID      string `json:"wa_id,omitempty"`
	UserID    string `json:"user_id,omitempty"`
	Status    string `json:"status,omitempty"`
	Attempts  int    `json:"attempts,omitempty"`
	SendID    string `json:"send,omitempty"`
}

func recordOf(s *Sent) sentRecord {
	return sentRecord{s.MessageID, s.WaID, s.UserID, s.Status, s.Attempts, s.SendID}
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
	value, err := json.Marshal(sentRecord{SendID: s.id})
	if err != nil {
		return nil, err
	}
	mine, err := s.store.Swap(ctx, s.pend.Run, 0, value, sentTTL)
	if err != nil {
		return nil, fmt.Errorf("wacloud: record send: %w", err)
	}
	if !mine {
		return recordedSend(ctx, s.store, s.pend.Run, m)
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

// recordedSend is the outcome of a send that an earlier run began.
func recordedSend(ctx context.Context, store Store, key string, m Message) (*Sent, error) {
	value, _, err := store.Get(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("wacloud: read recorded send: %w", err)
	}
	var rec sentRecord
	if err := json.Unmarshal(value, &rec); err != nil || rec.MessageID == "" {
		return nil, &AmbiguousSendError{Err: errSendInterrupted, SendID: rec.SendID}
	}
	return &Sent{
		MessageID: rec.MessageID, WaID: rec.WaID, UserID: rec.UserID, Status: rec.Status,
		Message: m, Attempts: rec.Attempts, SendID: rec.SendID,
	}, nil
}
