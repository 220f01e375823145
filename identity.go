package wacloud

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	aliasTTL     = 90 * 24 * time.Hour // after the user was last seen with both names
	aliasRefresh = 24 * time.Hour
	aliasesKnown = 10_000 // in memory; more only means that they are looked up again
	aliasPrefix  = "alias|"
)

// identities remembers, in a store, which phone number a business-scoped user id stands for, so that a user who hides the
// number later is still the same [UserKey]. It only ever leads from an id to a number, never from one number to another:
// numbers are given to other people.
type identities struct {
	store Store // nil: nothing is remembered

	mu    sync.Mutex
	known map[UserKey]knownAlias
}

type knownAlias struct {
	user  UserKey
	until time.Time
}

// resolve names the user of e by the number that is on record where the event has only the user id.
func (d *identities) resolve(ctx context.Context, e *Event) error {
	u := e.user()
	if d.store == nil || u.Phone != "" || u.ID == "" {
		return nil
	}
	name := userKey(e.PhoneNumberID, u)
	if alias, ok := d.remembered(name); ok {
		e.alias = alias
		return nil
	}
	value, _, err := d.store.Get(ctx, aliasPrefix+string(name))
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	e.alias = UserKey(value)
	d.remember(name, e.alias)
	return nil
}

// learn records what e says about its user: both names of one person, or a new name for the one on record.
func (d *identities) learn(ctx context.Context, e *Event) error {
	u := e.user()
	if d.store == nil || e.Kind == KindUnknown {
		return nil
	}
	change, changed := systemChange(e)
	switch {
	case changed && change.UserID != "" && change.WaID != "":
		return d.record(ctx, e, change.UserID, userKey(e.PhoneNumberID, User{Phone: change.WaID}))
	case changed && change.UserID != "" && change.PreviousUserID != "":
		before := Event{PhoneNumberID: e.PhoneNumberID, Kind: KindMessage, Message: &InboundMessage{From: User{ID: change.PreviousUserID}}}
		if err := d.resolve(ctx, &before); err != nil || before.alias == "" {
			return err
		}
		return d.record(ctx, e, change.UserID, before.alias)
	case changed, u.Phone == "", u.ID == "":
		return nil
	}
	return d.record(ctx, e, u.ID, userKey(e.PhoneNumberID, u))
}

func systemChange(e *Event) (SystemContent, bool) {
	if e.Message == nil {
		return SystemContent{}, false
	}
	c, ok := e.Message.Content.(SystemContent)
	return c, ok
}

// record writes an alias, at most once a day.
func (d *identities) record(ctx context.Context, e *Event, id string, user UserKey) error {
	name := userKey(e.PhoneNumberID, User{ID: id})
	if known, ok := d.remembered(name); ok && known == user {
		return nil
	}
	if err := d.store.Put(ctx, aliasPrefix+string(name), []byte(user), aliasTTL); err != nil {
		return err
	}
	d.remember(name, user)
	return nil
}

func (d *identities) remembered(name UserKey) (UserKey, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	k, ok := d.known[name]
	return k.user, ok && time.Now().Before(k.until)
}

func (d *identities) remember(name, user UserKey) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known == nil || len(d.known) >= aliasesKnown {
		d.known = make(map[UserKey]knownAlias)
	}
	d.known[name] = knownAlias{user, time.Now().Add(aliasRefresh)}
}
