package wacloud

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/wacloud/wacloud/internal/wire"
)

const (
	windowLength = 24 * time.Hour
	windowTTL    = 30 * 24 * time.Hour // after the user last wrote; then it is unknown again
	windowStep   = 60                  // seconds by which the record may be behind
	windowsKnown = 10_000              // in memory; more only means that they are read again
	windowPrefix = "window|"
)

// A Window is when a business may write to a user: anything within 24 hours of the user's last message or call, later
// only templates (Meta, about the platform, read 2026-03). The zero value is an unknown window, which is not a closed one:
// the user may have written where nobody recorded it.
type Window struct {
	// ClosesAt is 24 hours after the user's last message, tap, reaction or call by Meta's clock, which never goes back. Zero is
	// unknown.
	ClosesAt time.Time
	// FreeUntil is until when messages cost nothing because the user came from an ad: 72 hours (Meta, pricing, read
	// 2026-03). It is about the price alone and opens no window. Zero is no such time, or none that is known.
	FreeUntil time.Time
}

// Known reports whether w says when the window closes.
func (w Window) Known() bool { return !w.ClosesAt.IsZero() }

// Closed reports whether the window is known to be closed at now. Meta decides by its own clock, and [ErrWindowClosed] is
// its answer.
func (w Window) Closed(now time.Time) bool { return w.Known() && !now.Before(w.ClosesAt) }

// Window returns the window of a user, as far as a [Store] has it: that of the handler's webhook, else the client's. Without
// a store, for a group and for a user who has not written in 30 days it is unknown.
//
// A [Webhook] records it for every event of a user, and writes at most about once a minute for each: where the events of the
// user came to another process, or to another client, ClosesAt may be up to a minute early. A message in a group, a change
// of one that was sent before and a change of the user's name do not count.
func (c *Client) Window(ctx context.Context, to Recipient) (Window, error) {
	if p := to.problem(); p != nil {
		return Window{}, fmt.Errorf("wacloud: window: %w", *p)
	}
	store, user := c.storeFor(ctx), c.userOf(ctx, to)
	if store == nil || user == "" {
		return Window{}, nil
	}
	key := windowKey(user)
	stored, _, err := readWindow(ctx, store, key)
	if err != nil {
		return Window{}, fmt.Errorf("wacloud: window: %w", err)
	}
	return stored.later(c.windows.of(key).now).window(), nil
}

// windowKey is the store's key of a user's window. It is hashed, so that it holds no phone number.
func windowKey(user UserKey) string {
	sum := sha256.Sum256([]byte(user))
	return windowPrefix + hex.EncodeToString(sum[:16])
}

// A windowRecord is a Window in the store: Unix seconds, as Meta writes them; 0 is unknown.
type windowRecord struct {
	Closes int64 `json:"closes,omitzero"`
	Free   int64 `json:"free,omitzero"`
}

func (r windowRecord) window() (w Window) {
	if r.Closes != 0 {
		w.ClosesAt = time.Unix(r.Closes, 0).UTC()
	}
	if r.Free != 0 {
		w.FreeUntil = time.Unix(r.Free, 0).UTC()
	}
	return w
}

// later is the later of both: a window moves only forward, in whatever order events come.
func (r windowRecord) later(s windowRecord) windowRecord {
	return windowRecord{max(r.Closes, s.Closes), max(r.Free, s.Free)}
}

// covers reports whether r is near enough to now to be left as it is.
func (r windowRecord) covers(now windowRecord) bool {
	return now.Closes-r.Closes < windowStep && now.Free <= r.Free
}

func readWindow(ctx context.Context, store Store, key string) (windowRecord, uint64, error) {
	value, version, err := store.Get(ctx, key)
	if errors.Is(err, ErrNotFound) {
		return windowRecord{}, 0, nil
	}
	if err != nil {
		return windowRecord{}, 0, err
	}
	var r windowRecord
	if json.Unmarshal(value, &r) != nil {
		r = windowRecord{} // of another release: unknown
	}
	return r, version, nil
}

// writeWindow moves the record forward and returns it.
func writeWindow(ctx context.Context, store Store, key string, now windowRecord) (windowRecord, error) {
	for range swapTries {
		stored, version, err := readWindow(ctx, store, key)
		if err != nil || stored.covers(now) {
			return stored, err
		}
		next := stored.later(now)
		value, err := json.Marshal(next)
		if err != nil {
			return stored, err
		}
		done, err := store.Swap(ctx, key, version, value, windowTTL)
		if done || err != nil {
			return next, err
		}
	}
	return windowRecord{}, errContended
}

// windows are those that this process has seen, to the second, and what the store has of them.
type windows struct {
	mu    sync.Mutex
	known map[string]knownWindow // by the store's key
}

type knownWindow struct{ now, stored windowRecord }

func (ws *windows) of(key string) knownWindow {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return ws.known[key]
}

// remember moves what is known forward: two events of a user may be noted at once, a message and a call for example.
func (ws *windows) remember(key string, k knownWindow) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if old, ok := ws.known[key]; ok {
		k = knownWindow{k.now.later(old.now), k.stored.later(old.stored)}
	} else if ws.known == nil || len(ws.known) >= windowsKnown {
		ws.known = make(map[string]knownWindow)
	}
	ws.known[key] = k
}

// note records what was seen of a user's window, in the store where that is too far behind.
func (ws *windows) note(ctx context.Context, store Store, user UserKey, seen windowRecord) error {
	key := windowKey(user)
	known := ws.of(key)
	now := known.now.later(seen)
	if now == known.now {
		return nil
	}
	if !known.stored.covers(now) {
		stored, err := writeWindow(ctx, store, key, now)
		if err != nil {
			return err
		}
		known.stored = stored
	}
	ws.remember(key, knownWindow{now, known.stored})
	return nil
}

// windowKeys are those that noteWindow may read, to be read ahead.
func windowKeys(e *Event) []string {
	if user := e.UserKey(); user != "" && windowOf(e) != (windowRecord{}) {
		return []string{windowKey(user)}
	}
	return nil
}

// noteWindow records what e says about its user's window.
func (w *Webhook) noteWindow(ctx context.Context, store Store, e *Event) error {
	seen := windowOf(e)
	if store == nil || seen == (windowRecord{}) {
		return nil
	}
	user := e.UserKey()
	if e.Kind == KindAccount {
		user = w.users.nameOf(ctx, store, e.PhoneNumberID, callerOf(e))
	}
	if user == "" {
		return nil
	}
	ws := &w.windows
	if c := e.binding.client; c != nil {
		ws = &c.windows
	}
	return ws.note(ctx, store, user, seen)
}

// windowOf is where e moves its user's window to, zero for nowhere.
func windowOf(e *Event) windowRecord {
	switch {
	case e.Kind == KindMessage && e.Message.GroupID == "" && opensWindow(e.Message.Content),
		e.Kind == KindAccount && e.Field == "calls" && beginsCall(e):
		if !e.Timestamp.IsZero() {
			return windowRecord{Closes: e.Timestamp.Add(windowLength).Unix()}
		}
	case e.Kind == KindStatus && e.Status.GroupID == "":
		return windowRecord{Free: freeUntil(e.Status.Conversation)}
	}
	return windowRecord{}
}

// opensWindow reports whether the user wrote, tapped or reacted. Whether a change of an earlier message counts for Meta is
// documented nowhere.
func opensWindow(c Content) bool {
	switch c.(type) {
	case SystemContent, EditContent, RevokeContent:
		return false
	default:
		return true
	}
}

// beginsCall reports whether a user began the call that an element of the field calls is about (Meta, calling, read
// 2026-03).
func beginsCall(e *Event) bool {
	call := wire.Value(e.Raw)
	return call.Get("event").View() == "connect" && call.Get("direction").View() == "USER_INITIATED"
}

func callerOf(e *Event) User {
	call := wire.Value(e.Raw)
	return User{Phone: call.Get("from").View(), ID: call.Get("from_user_id").View()}
}

// freeUntil is the end of Meta's conversation with a user who came from an ad; the status sent has it.
func freeUntil(c *Conversation) int64 {
	if c == nil || c.Origin != "referral_conversion" || c.ExpiresAt.IsZero() {
		return 0
	}
	return c.ExpiresAt.Unix()
}
