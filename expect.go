package wacloud

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

var (
	errExpectNobody = errors.New("nobody: the user key is empty")
	errExpectRoute  = errors.New("a route is made by NewRoute")
	errExpectTTL    = errors.New("the time to wait must be more than 0")
	errExpectStore  = errors.New("there is no store to remember it in: set WebhookConfig.Store, in a test WithStore")
)

// Expect makes the user's next free text an answer: within ttl it goes, once and on whichever machine, to the callback
// that [On] registered for route, with params, instead of to [Router.Text]. [Event.Text] is what the user wrote and
// [Event.Message] has a [Reply] of [ReplyKindExpected]. A handler asks and returns, because the answer is an event of its
// own that waits until the handler is done:
//
//	if err := wacloud.Expect(ctx, e.UserKey(), orderName, order, time.Hour); err != nil {
//		return err
//	}
//	_, err := e.Respond(ctx, wacloud.NewText("Em que nome fica o pedido?"))
//
// A user is expected to answer one thing: the last call counts. A typed answer to an open choice, see [WithAnswerWithin],
// goes before it. Taps, pictures and all that is not a text leave it open, and so do messages in groups and in standby.
// Where the bot has words of its own, such as "menu", the callback asks for them first and calls what stands behind
// them; where another part of the talk begins, call [CancelExpect].
//
// What an event answered is stored under its id first. So a callback that fails and runs again, or whose process dies, gets
// the same text with the same params, and a webhook that Meta repeats answers nothing twice. Only the route's id is
// stored, for ttl and then for 8 days, so a route of a later release has to read it: see [Route.Alias]. A text whose
// route is gone goes where every other text goes.
//
// ctx is that of a handler, or made from it; elsewhere Expect returns [ErrUnbound]. It needs the [Store] of the webhook.
// Without one, without a user, for a ttl that is not positive, or params that cannot be written, the error is
// [ErrInvalid]; after a lost lease it is [ErrLeaseLost]. In a test of one callback, [Router.Handle] with an event of
// [Client.Bind], the store is the client's, and the test sets the Reply of the answer itself.
func Expect[P any](ctx context.Context, user UserKey, route *Route[P], params P, ttl time.Duration) error {
	if route == nil || len(route.codecs) == 0 {
		return expectError(ErrInvalid, errExpectRoute)
	}
	return expect(ctx, user, route.ID(params), ttl)
}

// CancelExpect ends what [Expect] began for the user; without that it does nothing. Its errors are those of Expect.
func CancelExpect(ctx context.Context, user UserKey) error {
	if user == "" {
		return expectError(ErrInvalid, errExpectNobody)
	}
	store, _, err := expectIn(ctx)
	if err != nil {
		return err
	}
	if err := store.Delete(ctx, expectKey(user)); err != nil {
		return fmt.Errorf("wacloud: cancel expect: %w", err)
	}
	return nil
}

// An expectation is the store's record of what a user's next text is for.
type expectation struct {
	ID    string    `json:"id"`              // ours
	Route string    `json:"route"`           // the id that the route wrote
	Event string    `json:"event,omitempty"` // in whose run it began: it does not answer itself
	After time.Time `json:"after,omitzero"`  // when that event happened, by Meta's clock: what was written before is no answer
	Until time.Time `json:"until"`
}

func expect(ctx context.Context, user UserKey, id string, ttl time.Duration) error {
	why, broken := brokenIDReason(id)
	switch {
	case user == "":
		return expectError(ErrInvalid, errExpectNobody)
	case ttl <= 0:
		return expectError(ErrInvalid, errExpectTTL)
	case broken:
		return expectError(ErrInvalid, errors.New(why))
	}
	store, asking, err := expectIn(ctx)
	if err != nil {
		return err
	}
	x := expectation{ID: rand.Text(), Route: id, Until: time.Now().Add(ttl)}
	if asking != nil {
		x.Event, x.After = asking.ID, asking.Timestamp
	}
	if err := putRecord(ctx, store, expectKey(user), x, ttl); err != nil {
		return fmt.Errorf("wacloud: expect: %w", err)
	}
	return nil
}

func expectError(class, why error) error { return fmt.Errorf("wacloud: expect: %w: %w", why, class) }

// expectKey is the store's key of what the user is expected to write. It is hashed, so that it holds no phone number.
func expectKey(user UserKey) string {
	sum := sha256.Sum256([]byte(user))
	return "expect|" + hex.EncodeToString(sum[:16])
}

// expectIn is the store of the run that ctx belongs to, and the event that is handled in it, nil in a test of one callback.
func expectIn(ctx context.Context) (Store, *Event, error) {
	r := runFrom(ctx)
	if r == nil {
		b, _ := ctx.Value(bindingKey{}).(*binding)
		if b == nil || b.client == nil {
			return nil, nil, fmt.Errorf("wacloud: expect: %w", ErrUnbound)
		}
		return b.client.store, nil, missingStore(b.client.store)
	}
	if err := r.held(); err != nil {
		return nil, nil, fmt.Errorf("wacloud: expect: %w", err)
	}
	store := r.cfg.store
	if store == nil && r.binding.client != nil {
		store = r.binding.client.store
	}
	return store, &r.event, missingStore(store)
}

func missingStore(store Store) error {
	if store == nil {
		return expectError(ErrInvalid, errExpectStore)
	}
	return nil
}

// chooseExpected finds what the text of e was expected for.
func chooseExpected(ctx context.Context, store Store, e *Event) (typedAnswer, error) {
	x, _, err := readRecord[expectation](ctx, store, expectKey(e.UserKey()))
	if err != nil || x.Route == "" || e.ID != "" && x.Event == e.ID || e.Timestamp.Before(x.After) {
		return typedAnswer{}, err
	}
	return typedAnswer{Expected: x.ID, ID: x.Route}, nil
}

// adoptExpected makes what is expected under one name of a user expected under another, unless that was asked later.
func adoptExpected(ctx context.Context, store Store, from, to UserKey) error {
	x, _, err := readRecord[expectation](ctx, store, expectKey(from))
	if err != nil || x.Route == "" {
		return err
	}
	there, _, err := readRecord[expectation](ctx, store, expectKey(to))
	if err == nil && (there.Route == "" || there.After.Before(x.After)) {
		err = putRecord(ctx, store, expectKey(to), x, max(time.Until(x.Until), 1)) // 0 would be for ever
	}
	if err != nil {
		return err
	}
	return store.Delete(ctx, expectKey(from))
}

// closeExpected ends the expectation with an id, if it is still the one that is open.
func closeExpected(ctx context.Context, store Store, user UserKey, id string) error {
	key := expectKey(user)
	x, version, err := readRecord[expectation](ctx, store, key)
	if err != nil || x.ID != id {
		return err
	}
	_, err = store.Swap(ctx, key, version, nil, -1)
	return err
}
