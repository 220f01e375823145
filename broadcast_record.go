package wacloud

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

const (
	broadcastTTL = 30 * 24 * time.Hour

	// A message that another call is sending is looked at again, for as long as a send usually takes.
	besideEvery = 250 * time.Millisecond
	besideLooks = 12
)

// broadcastRecord is the store's record of one recipient. Only the call that wrote "sending", and statuses of its message,
// change it, so a call that died leaves it as it is: unknown.
type broadcastRecord struct {
	State broadcastState `json:"state"`
	Call  string         `json:"call"` // that wrote it
	Code  int            `json:"code,omitempty"`
	Final bool           `json:"final,omitempty"` // of a refusal: it is not tried again
}

type broadcastState string

const (
	stateSending broadcastState = "sending"
	stateSent    broadcastState = "sent"
	stateHeld    broadcastState = "held"
	stateRefused broadcastState = "refused"
	stateUnknown broadcastState = "unknown"
)

// nameOf stands for the recipient in this broadcast. The id is hashed too, so that the same user cannot be followed from one
// broadcast to the next. Who has two names is two recipients: that they are one may be learnt between two calls, and what
// an earlier call recorded must be found.
func (b *broadcast) nameOf(to Recipient) string {
	kind := to.kind
	if kind == recipientWaID {
		kind = recipientPhone // the same user
	}
	sum := sha256.Sum256([]byte(b.id + "|" + recipientKinds[kind] + ":" + to.value))
	return hex.EncodeToString(sum[:16])
}

// broadcastRecords is the prefix of the keys under which the recipients of a broadcast are recorded, by their names.
func broadcastRecords(number, id string) string { return "broadcast|" + number + "|" + id + "|" }

// claim records that the recipient is being sent to, and reports whether it is this call that may. Else r says what the
// record says.
func (b *broadcast) claim(key string, r *BroadcastResult) (mine bool, err error) {
	for looks := 0; ; looks++ {
		rec, version, err := b.read(key)
		if err != nil {
			return false, err
		}
		switch outcome, beside := rec.outcome(b.call); {
		case beside && looks < besideLooks:
			if !sleepWithin(b.going, besideEvery) {
				return false, nil
			}
			continue
		case outcome != BroadcastOpen:
			r.Outcome, r.Code = outcome, rec.Code
			return false, nil
		}
		mine, err := b.store.Swap(b.sending, key, version, b.encode(broadcastRecord{State: stateSending}), broadcastTTL)
		if err != nil {
			return false, fmt.Errorf("wacloud: record broadcast: %w", err)
		}
		if mine {
			return true, nil
		}
	}
}

// outcome is what a record means for a call: [BroadcastOpen] if it may send. Beside means that another call may be sending
// now.
func (r broadcastRecord) outcome(call string) (o BroadcastOutcome, beside bool) {
	switch {
	case r.State == "":
		return BroadcastOpen, false
	case r.Call == call: // the recipient was named before
		return BroadcastSkipped, false
	}
	switch r.State {
	case stateSent:
		return BroadcastSkipped, false
	case stateHeld:
		return BroadcastHeld, false
	case stateRefused:
		if r.Final {
			return BroadcastRefused, false
		}
		return BroadcastOpen, false
	case stateSending:
		return BroadcastUnknown, true
	default: // unknown, or of another release
		return BroadcastUnknown, false
	}
}

// settle records what became of a send, unless a status was faster. What is open again leaves no record.
func (b *broadcast) settle(key string, r *BroadcastResult, final bool) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(b.sending), 5*time.Second)
	defer cancel()
	now, version, err := readRecord[broadcastRecord](ctx, b.store, key)
	if err == nil && now.State == stateSending {
		rec := broadcastRecord{State: stateOfOutcome[r.Outcome], Code: r.Code, Final: final}
		ttl := broadcastTTL
		if rec.State == "" {
			ttl = -1
		}
		_, err = b.store.Swap(ctx, key, version, b.encode(rec), ttl) // or somebody else settled it
	}
	if err != nil {
		return fmt.Errorf("wacloud: record broadcast: %w", err)
	}
	return nil
}

var stateOfOutcome = map[BroadcastOutcome]broadcastState{
	BroadcastSent: stateSent, BroadcastHeld: stateHeld, BroadcastRefused: stateRefused, BroadcastUnknown: stateUnknown,
}

// broadcastKey is the key of the context in which a broadcast's message is sent.
type broadcastKey struct{}

// broadcastFrom is where the recipient of a send is recorded, empty where it is not of a broadcast.
func broadcastFrom(ctx context.Context) string {
	key, _ := ctx.Value(broadcastKey{}).(string)
	return key
}

// acceptBroadcast records that the message was accepted where the broadcast could not tell, or died before it was told.
func acceptBroadcast(ctx context.Context, store Store, key string) error {
	if key == "" {
		return nil
	}
	for range swapTries { // the broadcast may be writing that it does not know
		rec, version, err := readRecord[broadcastRecord](ctx, store, key)
		if err != nil || rec.State != stateSending && rec.State != stateUnknown {
			return err
		}
		rec.State, rec.Code = stateSent, 0
		done, err := swapRecord(ctx, store, key, version, rec, broadcastTTL)
		if done || err != nil {
			return err
		}
	}
	return errContended
}

// read returns the zero record where there is none.
func (b *broadcast) read(key string) (rec broadcastRecord, version uint64, err error) {
	value, version, err := b.store.Get(b.sending, key)
	switch {
	case errors.Is(err, ErrNotFound):
		return broadcastRecord{}, 0, nil
	case err != nil:
		return broadcastRecord{}, 0, fmt.Errorf("wacloud: read broadcast: %w", err)
	}
	if json.Unmarshal(value, &rec) != nil || rec.State == "" {
		rec.State = stateUnknown // of another release: rather not sent than twice
	}
	return rec, version, nil
}

func (b *broadcast) encode(rec broadcastRecord) []byte {
	rec.Call = b.call
	value, _ := json.Marshal(rec) //nolint:errchkjson // strings, a number and a bool
	return value
}
