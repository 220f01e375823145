package wacloud

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

// A statusRank orders what the statuses of one message say, so that a handler never sees a step back. Meta promises no
// order, and may report failed beside delivered, where one of the user's phones got the message and another did not
// (Meta, webhooks overview and messages/status, read 2026-03). What reached somebody is not taken back by a failed that
// comes later; a delivered after failed is news.
type statusRank uint8

const (
	rankNone statusRank = iota // of a payment, of a call, or newer than this release: these are not merged
	rankSent
	rankFailed
	rankDelivered
	rankRead
	rankPlayed
)

var statusRanks = map[string]statusRank{
	"sent": rankSent, "failed": rankFailed, "delivered": rankDelivered, "read": rankRead, "played": rankPlayed,
}

// reached reports whether the message was on a phone.
func (r statusRank) reached() bool { return r >= rankDelivered }

func (e *Event) statusRank() statusRank {
	if e.Kind != KindStatus || e.Status == nil || e.Status.Type == "payment" || e.Status.Type == "call" {
		return rankNone
	}
	return statusRanks[e.Status.Status]
}

// statusTTL is how long the statuses of a message are remembered, from the last one that counted.
const statusTTL = sentTTL

// seenStatuses are the statuses of a message, or of one member's copy in a group, that a handler saw: which event brought
// each, so that the same one is shown again when its handler runs again.
type seenStatuses map[string]string

func (s seenStatuses) highest() (rank statusRank) {
	for status := range s {
		rank = max(rank, statusRanks[status])
	}
	return rank
}

// statusKey is the store's key of the statuses of e's message. It is hashed: a message's id holds the phone number.
func statusKey(e *Event) string {
	member := ""
	if e.Status.GroupID != "" {
		member = string(e.UserKey())
	}
	sum := sha256.Sum256(appendFields(nil, e.PhoneNumberID, e.Status.ID, member))
	return "status|" + hex.EncodeToString(sum[:16])
}

func readStatuses(ctx context.Context, store Store, key string) (seenStatuses, uint64, error) {
	value, version, err := store.Get(ctx, key)
	if errors.Is(err, ErrNotFound) {
		return seenStatuses{}, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	seen := seenStatuses{}
	if json.Unmarshal(value, &seen) != nil || seen == nil {
		seen = seenStatuses{} // of another release: nothing is known
	}
	return seen, version, nil
}

// statusSeen is the highest status that came so far for the message of e, for this member in a group. e's own counts once it
// was merged.
func statusSeen(ctx context.Context, store Store, e *Event) (statusRank, error) {
	if store == nil || e.Status == nil {
		return rankNone, nil
	}
	seen, _, err := readStatuses(ctx, store, statusKey(e))
	if err != nil {
		return rankNone, fmt.Errorf("wacloud: read statuses: %w", err)
	}
	return seen.highest(), nil
}

// swapTries bounds how often a record that others change meanwhile is read again.
const swapTries = 8

var errContended = errors.New("the record was changed by others again and again")

// mergeStatus records a status and reports whether it is stale: a step back, or a change that another event brought. The
// answer for one event is always the same. Statuses of one message are one lane, so others write the record only after a
// lost lease.
func mergeStatus(ctx context.Context, store Store, e *Event) (stale bool, err error) {
	rank := e.statusRank()
	if store == nil || rank == rankNone {
		return false, nil
	}
	key, id := statusKey(e), hex.EncodeToString(eventHash(e.ID))
	for range swapTries {
		seen, version, err := readStatuses(ctx, store, key)
		if err != nil {
			return false, err
		}
		switch by, shown := seen[e.Status.Status]; {
		case shown:
			return by != id, nil
		case rank < seen.highest():
			return true, nil
		}
		seen[e.Status.Status] = id
		value, err := json.Marshal(seen)
		if err != nil {
			return false, err
		}
		done, err := store.Swap(ctx, key, version, value, statusTTL)
		if done || err != nil {
			return false, err
		}
	}
	return false, errContended
}

func eventHash(id string) []byte {
	sum := sha256.Sum256([]byte(id))
	return sum[:8]
}

func (w *Webhook) mergeStatus(ctx context.Context, e *Event) (stale bool, err error) {
	stale, err = mergeStatus(ctx, w.storeOf(e), e)
	if err != nil {
		return false, fmt.Errorf("wacloud: merge status: %w", err)
	}
	return stale, nil
}
