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

// sendID identifies what is sent: the sending number and the request body.
type sendID [16]byte

// sentRecord is the value of one send in the store: empty while the message is on its way.
type sentRecord struct {
	MessageID string `json:"id,omitempty"`
	WaID      string `json:"wa_id,omitempty"`
	UserID    string `json:"user_id,omitempty"`
	Status    string `json:"status,omitempty"`
	Attempts  int    `json:"attempts,omitempty"`
}

var errSendInterrupted = errors.New("an earlier run of the handler was interrupted while it sent this message")

// sendOnce makes post at most once over all runs of the event's handler, as far as there is a store. Calls are matched
// by what they send: the n-th call with this number and body of one run is the n-th of every run, wherever it stands
// among other calls. A message that differs is another message and is sent.
func (r *run) sendOnce(ctx context.Context, store Store, number string, body []byte, m Message, post func() (*Sent, error)) (*Sent, error) {
	if err := r.held(); err != nil {
		return nil, err
	}
	if r.cfg.store != nil {
		store = r.cfg.store
	}
	if store == nil {
		return r.sendUnrecorded(post)
	}
	key := r.sendKey(number, body)
	mine, err := store.Swap(ctx, key, 0, []byte("{}"), sentTTL)
	if err != nil {
		return nil, fmt.Errorf("wacloud: record send: %w", err)
	}
	if !mine {
		return recordedSend(ctx, store, key, m)
	}
	sent, err := post()
	return sent, settleSend(ctx, store, key, sent, err)
}

func (r *run) sendUnrecorded(post func() (*Sent, error)) (*Sent, error) {
	sent, err := post()
	if _, ambiguous := errors.AsType[*AmbiguousSendError](err); err == nil || ambiguous {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.sent = true
	}
	return sent, err
}

// sendKey is the store's key of the next call that sends body.
func (r *run) sendKey(number string, body []byte) string {
	h := sha256.New()
	h.Write([]byte(number))
	h.Write([]byte{0})
	h.Write(body)
	id := sendID(h.Sum(nil)[:16])
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.calls == nil {
		r.calls = make(map[sendID]int)
	}
	n := r.calls[id]
	r.calls[id] = n + 1
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
		return nil, &AmbiguousSendError{Err: errSendInterrupted}
	}
	return &Sent{
		MessageID: rec.MessageID, WaID: rec.WaID, UserID: rec.UserID, Status: rec.Status,
		Message: m, Attempts: rec.Attempts,
	}, nil
}

// settleSend records what became of a send. A message that was not accepted leaves no record, so that the next run sends
// it; of one that may have been, the record stays empty. The caller's context may have ended meanwhile.
func settleSend(ctx context.Context, store Store, key string, sent *Sent, sendErr error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if _, ambiguous := errors.AsType[*AmbiguousSendError](sendErr); ambiguous {
		return sendErr
	}
	if sendErr != nil {
		_ = store.Delete(ctx, key) // a record that stays makes the next run report an ambiguous send: safe
		return sendErr
	}
	value, _ := json.Marshal(sentRecord{sent.MessageID, sent.WaID, sent.UserID, sent.Status, sent.Attempts}) //nolint:errchkjson // strings and a number
	_ = store.Put(ctx, key, value, sentTTL)                                                                  // the message is out: an error here must not say otherwise
	return nil
}
