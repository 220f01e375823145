package wacloud

import (
	"fmt"
	"slices"

	"github.com/wacloud/wacloud/internal/wire"
)

// ParseWebhook returns the events of a webhook body, in the order in which they stand there: every entry, every change,
// every message, status, error, echo, call, group update and preference, those under standby included, and one event for
// the whole value of every other field. Check the body's signature first: see [VerifySignature].
//
// It is an error only when the body is no JSON (or deeper than 10,000 levels). Otherwise nothing is lost: what is
// malformed, or unknown to this release, becomes an event of [KindUnknown] with its JSON in [Event.Raw] and hides
// nothing beside it, and a body without a single update becomes one such event as a whole. Numbers are taken where
// strings are documented and the reverse; keys are case-sensitive. The events share no memory with body.
//
// A body holds up to 1,000 updates in up to 3 MB (Meta, webhooks overview, read 2026-03).
func ParseWebhook(body []byte) ([]Event, error) {
	return (&parser{}).parse(body)
}

// parser walks one webhook body.
type parser struct {
	events []Event
	note   note
	seen   map[string]int // how often an event came up that has no id of Meta's
}

func (p *parser) parse(body []byte) ([]Event, error) {
	v, err := wire.Parse(body)
	if err != nil {
		return nil, fmt.Errorf("wacloud: parse webhook: %w", err)
	}
	p.readBody(v)
	return p.events, nil
}

func (p *parser) readBody(v wire.Value) {
	at := place{level: levelBody}
	var before wire.Value // entries that stand before "object"
	c := v.Cursor()
	for key := range c.Members {
		switch key {
		case "object":
			at.object = c.Value()
		case noteKey:
			p.note.read(c.Value())
		case "entry":
			if at.object == nil {
				before = c.Value()
				continue
			}
			p.readEntries(at, &c)
		}
	}
	if before != nil {
		c := before.Cursor()
		p.readEntries(at, &c)
	}
	if len(p.events) == 0 {
		p.add(&place{level: levelBody}, v)
	}
}

func (p *parser) readEntries(at place, c *wire.Cursor) {
	if at.object != nil && at.object.View() != businessAccount {
		return
	}
	for i := range c.Elements {
		p.readEntry(at, i, c)
	}
}

// change is one change of an entry: its parts are kept until the whole entry has been read, because Meta writes
// "field" behind "value" and "time" behind "changes".
type change struct {
	raw      wire.Value
	field    wire.Value
	value    wire.Value
	from, to int // the value's members among those of the entry
}

// valueMember is one member of a change's value.
type valueMember struct {
	name string
	val  wire.Value
}

func (p *parser) readEntry(at place, i int, c *wire.Cursor) {
	start := c.Mark()
	changes, members := make([]change, 0, 4), make([]valueMember, 0, 16)
	for key := range c.Members {
		switch key {
		case "id":
			at.entryID = c.Value()
		case "time":
			at.entryTime = c.Value()
		case "changes":
			for range c.Elements {
				var ch change
				ch, members = readChange(c, members)
				changes = append(changes, ch)
			}
		}
	}
	if len(changes) == 0 {
		at.level, at.list, at.index = levelEntry, "entry", i
		p.add(&at, c.Since(start))
	}
	for i := range changes {
		p.addChange(at, i, &changes[i], members)
	}
}

// readChange appends the members of the change's value to those of the changes before it.
func readChange(c *wire.Cursor, members []valueMember) (change, []valueMember) {
	var ch change
	start := c.Mark()
	for key := range c.Members {
		switch key {
		case "field":
			ch.field = c.Value()
		case "value":
			mark := c.Mark()
			ch.from = len(members)
			for name := range c.Members {
				members = append(members, valueMember{name, c.Value()})
			}
			ch.value, ch.to = c.Since(mark), len(members)
		}
	}
	ch.raw = c.Since(start)
	return ch, members
}

func (p *parser) addChange(at place, i int, ch *change, members []valueMember) {
	at.field, at.index = ch.field, i
	if ch.field.Kind() != wire.String || ch.value.Kind() != wire.Object {
		at.level, at.list = levelChange, "changes"
		p.add(&at, ch.raw)
		return
	}
	before := len(p.events)
	if split := splitOf(at.field.View()); split != splitNothing {
		p.readValue(at, split, members[ch.from:ch.to])
	}
	if len(p.events) == before {
		at.level = levelValue
		p.add(&at, ch.value)
	}
}

func (p *parser) readValue(at place, split splitting, members []valueMember) {
	for _, m := range members {
		switch m.name {
		case "messaging_product":
			at.product = m.val
		case "metadata":
			at.metadata = m.val
		case "contacts":
			at.contacts.add(m.val)
		}
	}
	for _, m := range members {
		switch {
		case !split.takes(m.name, m.val):
		case m.name == "standby" && m.val.Kind() == wire.Object && !at.standby:
			p.readStandby(at, split, m.val)
		default:
			p.readList(at, m)
		}
	}
}

func (p *parser) readStandby(at place, split splitting, v wire.Value) {
	var members []valueMember
	for name, val := range v.Members {
		members = append(members, valueMember{name, val})
	}
	at.standby = true
	p.readValue(at, split, members)
}

func (p *parser) readList(at place, m valueMember) {
	at.list = m.name
	if m.val.Kind() == wire.Object {
		at.level, at.index = levelMember, 0
		p.add(&at, m.val)
		return
	}
	at.level = levelList
	for i, element := range m.val.Elements {
		at.index = i
		p.add(&at, element)
	}
}

// splitting says which members of a change's value are lists of updates.
type splitting uint8

const (
	splitNothing splitting = iota // the value is one update
	splitKnown                    // only the lists that Meta documents for the field
	splitAll                      // every array and object: one that is new must not be lost
)

// splitOf is the splitting of a field. Other fields may hold a list named errors that belongs to the rest of the value.
func splitOf(field string) splitting {
	switch field {
	case "messages", "standby", "message_echoes", "smb_message_echoes":
		return splitAll
	case "calls", "user_preferences", "group_lifecycle_update", "group_participants_update", "group_settings_update",
		"group_status_update":
		return splitKnown
	default:
		return splitNothing
	}
}

func (s splitting) takes(key string, val wire.Value) bool {
	switch key {
	case "messaging_product", "metadata", "contacts":
		return false
	}
	switch val.Kind() {
	case wire.Array:
		return s == splitAll ||
			slices.Contains([]string{"calls", "statuses", "errors", "user_preferences", "groups"}, key)
	case wire.Object:
		return s == splitAll
	default:
		return false
	}
}

// accountFields are the fields whose events are of [KindAccount] (Meta, webhooks overview, read 2026-03). Both names of a
// field that Meta renamed are here.
var accountFields = map[string]bool{
	"account_alerts":                     true,
	"account_review_update":              true,
	"account_settings_update":            true,
	"account_update":                     true,
	"automatic_events":                   true,
	"business_capability_update":         true,
	"business_status_update":             true,
	"business_username_update":           true,
	"business_username_updates":          true,
	"calls":                              true,
	"flows":                              true,
	"group_lifecycle_update":             true,
	"group_participants_update":          true,
	"group_settings_update":              true,
	"group_status_update":                true,
	"history":                            true,
	"message_template_components_update": true,
	"message_template_quality_update":    true,
	"message_template_status_update":     true,
	"messaging_handovers":                true,
	"partner_solutions":                  true,
	"payment_configuration_update":       true,
	"phone_number_name_update":           true,
	"phone_number_quality_update":        true,
	"security":                           true,
	"smb_app_state_sync":                 true,
	"template_category_update":           true,
	"user_preferences":                   true,
}
