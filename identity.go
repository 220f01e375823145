package wacloud

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"
)

const (
	aliasTTL     = 90 * 24 * time.Hour // after the user was last seen with both names
	aliasRefresh = 24 * time.Hour
	aliasGlance  = time.Minute // in a client, which does not see the changes that events bring
	aliasesKnown = 10_000      // in memory; more only means that they are looked up again
	aliasPrefix  = "alias|"
)

// identities remembers, in a store, which phone number a business-scoped user id stands for, so that a user who hides the
// number later is still the same [UserKey]. It only ever leads from an id to a number, never from one number to another:
// numbers are given to other people.
type identities struct {
	store   Store         // nil: nothing is recorded, nor resolved
	refresh time.Duration // how long an alias is remembered without a look at the store

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
	alias, err := d.lookup(ctx, d.store, userKey(e.PhoneNumberID, u))
	if err == nil {
		e.alias = alias
	}
	return err
}

// lookup is what the store has on record for the name of a user id, or "".
func (d *identities) lookup(ctx context.Context, store Store, name UserKey) (UserKey, error) {
	if alias, ok := d.remembered(name); ok {
		return alias, nil
	}
	value, _, err := store.Get(ctx, aliasPrefix+string(name))
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	d.remember(name, UserKey(value))
	return UserKey(value), nil
}

// nameOf names a user by the number, also where only the user id is known and a store has the number on record. Where the
// store does not answer, the user id stands for itself.
func (d *identities) nameOf(ctx context.Context, store Store, number string, u User) UserKey {
	name := userKey(number, u)
	if store == nil || u.Phone != "" || u.ID == "" {
		return name
	}
	if alias, err := d.lookup(ctx, store, name); err == nil && alias != "" {
		return alias
	}
	return name
}

// userOf names the user whom a message to to reaches, as the user's own events are named. A group is nobody.
func (c *Client) userOf(ctx context.Context, to Recipient) UserKey {
	if number := c.rememberedNumber(to); !number.IsZero() {
		return userKey(c.number, number.user())
	}
	return c.users.nameOf(ctx, c.storeFor(ctx), c.number, to.user())
}

// rememberedNumber is the number of a user id, or the WhatsApp id of a number that has another, as far as this process knows it;
// else nobody.
func (c *Client) rememberedNumber(to Recipient) Recipient {
	if to.kind != recipientUserID && c.users.empty() {
		return Recipient{}
	}
	user, _ := c.users.remembered(userKey(c.number, to.user()))
	return user.recipient()
}

// recordedNumber is rememberedNumber, but for a user id as far as a store has it on record.
func (c *Client) recordedNumber(ctx context.Context, to Recipient) Recipient {
	if to.kind != recipientUserID {
		return c.rememberedNumber(to)
	}
	return c.userOf(ctx, to).recipient()
}

// learnWaID takes note that Meta sent a message to another number than was asked for, as in Brazil and Mexico, whose numbers have
// been written with a digit more or less. It is the same user's: events come from it.
func (c *Client) learnWaID(to Recipient, sent *Sent) {
	asked := to.user().Phone
	if sent.WaID != asked && sameSubscriber(asked, sent.WaID) {
		c.users.rememberFor(userKey(c.number, to.user()), userKey(c.number, User{Phone: sent.WaID}), aliasRefresh)
	}
}

// sameSubscriber keeps an answer from making one of two people: country and subscriber are the same, digits between them differ.
func sameSubscriber(a, b string) bool {
	const country, subscriber = 2, 8
	return min(len(a), len(b)) >= country+subscriber && a[:country] == b[:country] && a[len(a)-subscriber:] == b[len(b)-subscriber:]
}

// recipient is the number in a user's key, else nobody: see [userKey].
func (u UserKey) recipient() Recipient {
	fields := strings.Split(string(u), "|")
	if len(fields) != 3 || fields[0] != "p" {
		return Recipient{}
	}
	_, phone, _ := strings.Cut(fields[2], ":")
	return WaID(phone)
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

// record writes an alias, at most once a day. What the user may type, and is expected to, was asked under the name that was known
// then.
func (d *identities) record(ctx context.Context, e *Event, id string, user UserKey) error {
	name := userKey(e.PhoneNumberID, User{ID: id})
	if known, ok := d.remembered(name); ok && known == user {
		return nil
	}
	store, err := readAhead(ctx, d.store, choiceKey(name), choiceKey(user), expectKey(name), expectKey(user))
	if err != nil {
		return err
	}
	if err := errors.Join(adoptChoice(ctx, store, choiceKey(name), choiceKey(user)), adoptExpected(ctx, store, name, user)); err != nil {
		return err
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

func (d *identities) empty() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.known) == 0
}

func (d *identities) remember(name, user UserKey) { d.rememberFor(name, user, d.refresh) }

func (d *identities) rememberFor(name, user UserKey, long time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known == nil || len(d.known) >= aliasesKnown {
		d.known = make(map[UserKey]knownAlias)
	}
	d.known[name] = knownAlias{user, time.Now().Add(long)}
}
