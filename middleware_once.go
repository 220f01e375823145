package wacloud

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// onceTimeout bounds the release of a claim, whose context may have ended.
const onceTimeout = 5 * time.Second

// Once lets a callback run once for each user, tapped message and id within ttl; 0 means once for ever. So a double tap
// on "confirm:yes" orders once, while the same button of another message works. The second tap goes to [Router.Repeated].
// Other events than taps pass.
//
// The first tap claims the id in the store before the callback runs, so of two taps at once, on any machines, one wins.
// The claim holds the event: an event that runs again, after an error or a crash, is not its own duplicate. A callback
// that returns an error or panics gives the claim back, and the next tap runs. Only when the process dies in every
// attempt at an event does its claim stay until ttl.
//
// Where Meta does not say which message was tapped, the user and the id alone count. When the store does not answer, the
// callback does not run: Once returns the error and the inbox tries again.
//
// Once panics without a store or with a negative ttl.
func Once(store Store, ttl time.Duration) Middleware {
	if store == nil || ttl < 0 {
		panicf("Once at %s: it needs a store and a ttl of 0 or more", callSite())
	}
	return func(next HandlerFunc) HandlerFunc {
		return func(ctx context.Context, e *Event) error {
			if !isTap(e) {
				return next(ctx, e)
			}
			c := onceClaim{store: store, key: onceKey(e), holder: onceHolder(e)}
			mine, err := c.take(ctx, ttl)
			switch {
			case err != nil:
				return fmt.Errorf("wacloud: once: %w", err)
			case !mine:
				return e.route.table.instead(ctx, e, kindRepeated)
			}
			return c.run(ctx, e, next)
		}
	}
}

// onceKey names a tap. It is hashed, so that it has a fixed length and no personal data.
func onceKey(e *Event) string {
	reply := e.Message.Reply
	h := sha256.New()
	for _, part := range []string{string(e.UserKey()), reply.ContextID, reply.ID, labelOf(reply)} {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write([]byte(part))
	}
	return "once|" + hex.EncodeToString(h.Sum(nil)[:16])
}

// labelOf stands for the id of a template button that has none.
func labelOf(reply *Reply) string {
	if reply.ID == "" {
		return reply.Title
	}
	return ""
}

// onceHolder identifies the event. An event without an id, as a test may make one, is nobody's.
func onceHolder(e *Event) []byte {
	if e.ID == "" {
		return nil
	}
	sum := sha256.Sum256([]byte(e.ID))
	return sum[:16]
}

type onceClaim struct {
	store  Store
	key    string
	holder []byte
}

var errOnceContended = errors.New("the claim changed hands too often")

// take claims the key, and reports whether the event may run. It asks again when a claim ends between its two looks.
func (c onceClaim) take(ctx context.Context, ttl time.Duration) (bool, error) {
	for range 5 {
		taken, err := c.store.Swap(ctx, c.key, 0, c.holder, ttl)
		if taken || err != nil {
			return taken, err
		}
		holder, _, err := c.store.Get(ctx, c.key)
		if !errors.Is(err, ErrNotFound) {
			return c.isHolder(holder), err
		}
	}
	return false, errOnceContended
}

func (c onceClaim) isHolder(holder []byte) bool {
	return len(holder) > 0 && bytes.Equal(holder, c.holder)
}

// run calls the handler and gives the claim back unless it returns nil.
func (c onceClaim) run(ctx context.Context, e *Event, next HandlerFunc) error {
	done := false
	defer func() {
		if !done {
			c.release(ctx, e)
		}
	}()
	err := next(ctx, e)
	done = err == nil
	return err
}

// release deletes the claim if it is still ours. After a lost lease it belongs to the attempt that runs now.
func (c onceClaim) release(ctx context.Context, e *Event) {
	if errors.Is(context.Cause(ctx), ErrLeaseLost) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), onceTimeout)
	defer cancel()
	holder, _, err := c.store.Get(ctx, c.key)
	if err == nil && bytes.Equal(holder, c.holder) {
		err = c.store.Delete(ctx, c.key)
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		e.route.table.log().WarnContext(ctx, "a claim of Once could not be given back; the tap's next attempt still runs",
			slog.Any("event", e), slog.String("error.type", errorType(err)))
	}
}
