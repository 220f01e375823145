package wacloud

import (
	"strconv"

	"github.com/wacloud/wacloud/internal/wire"
)

const (
	businessAccount = "whatsapp_business_account"

	// noteKey is a member that the library adds to the outermost object of an event's body: what the parser has to know
	// that does not follow from the one element in it.
	noteKey = "wacloud"
)

// note is the member of that name. It is part of identity only for events without an id of Meta's.
type note struct {
	index    int  // of the element in its array, in the webhook that it came in
	nth      int  // of several identical elements of one webhook, from 0
	disowned bool // see [Event.disown]
}

func (n *note) read(v wire.Value) {
	index, _ := v.Get("index").Int()
	nth, _ := v.Get("nth").Int()
	n.index, n.nth = int(index), int(nth)
	n.disowned = n.disowned || v.Get("disowned").True()
}

// into returns body with the note as its first member: the parser needs it before the entries.
func (n note) into(body []byte) []byte {
	if n == (note{}) {
		return body
	}
	b := make([]byte, 0, len(body)+64)
	b = append(b, `{"`+noteKey+`":{"index":`...)
	b = strconv.AppendInt(b, int64(n.index), 10)
	b = append(b, `,"nth":`...)
	b = strconv.AppendInt(b, int64(n.nth), 10)
	if n.disowned {
		b = append(b, `,"disowned":true`...)
	}
	return append(append(b, `},`...), body[1:]...)
}

// level is how far the envelope of an element is intact.
type level uint8

const (
	levelBody   level = iota // the element is the whole body
	levelEntry               // an entry
	levelChange              // a change
	levelValue               // the value of a change
	levelMember              // a member of the value
	levelList                // an element of an array in the value
)

// place is where an element stands in a webhook. The values are slices of the webhook's body.
type place struct {
	object    wire.Value
	entryID   wire.Value
	entryTime wire.Value
	field     wire.Value
	product   wire.Value
	metadata  wire.Value
	contacts  contactBook
	standby   bool   // below value.standby
	list      string // name of the array
	index     int    // in the array
	level     level
}

// listPath is the name of the array from the value on.
func (p *place) listPath() string {
	if p.standby {
		return "standby." + p.list
	}
	return p.list
}

// ownBody is an event's own copy of its element, inside Meta's envelope. The values are slices of it.
type ownBody struct {
	b         []byte
	entryID   wire.Value
	entryTime wire.Value
	field     wire.Value
	metadata  wire.Value
	element   wire.Value
}

// open writes everything up to the end of the element. The contact comes behind it, because the element says whose.
func (o *ownBody) open(p *place, element wire.Value) {
	const punctuation = 256
	o.b = make([]byte, 0, punctuation+len(p.object)+len(p.entryID)+len(p.entryTime)+len(p.field)+len(p.product)+
		len(p.metadata)+len(p.list)+len(element)+p.contacts.longest)
	if p.level == levelBody {
		o.element = o.put("", element)
		return
	}
	object := p.object
	if object == nil {
		object = wire.Value(`"` + businessAccount + `"`)
	}
	o.put(`{"object":`, object)
	o.text(`,"entry":[`)
	if p.level == levelEntry {
		o.element = o.put("", element)
		return
	}
	o.text("{")
	o.entryID = o.member(`"id":`, p.entryID)
	o.entryTime = o.member(`"time":`, p.entryTime)
	if p.level == levelChange {
		o.element = o.put(`"changes":[`, element)
		return
	}
	o.field = o.put(`"changes":[{"field":`, p.field)
	if p.level == levelValue {
		o.element = o.put(`,"value":`, element)
		return
	}
	o.text(`,"value":{`)
	o.member(`"messaging_product":`, p.product)
	o.metadata = o.member(`"metadata":`, p.metadata)
	if p.standby {
		o.text(`"standby":{`)
	}
	o.b = wire.AppendString(o.b, p.list)
	if p.level == levelMember {
		o.element = o.put(":", element)
		return
	}
	o.element = o.put(":[", element)
	o.text("]")
}

// contact adds the element's own contact and returns the copy of it.
func (o *ownBody) contact(c wire.Value) wire.Value {
	if c == nil {
		return nil
	}
	own := o.put(`,"contacts":[`, c)
	o.text("]")
	return own
}

func (o *ownBody) close(p *place, n note) {
	if p.level == levelBody {
		return
	}
	if p.standby {
		o.text("}")
	}
	o.text([...]string{
		levelEntry: "]", levelChange: "]}]", levelValue: "}]}]", levelMember: "}}]}]", levelList: "}}]}]",
	}[p.level])
	o.b = n.into(append(o.b, '}'))
}

func (o *ownBody) text(s string) { o.b = append(o.b, s...) }

// put writes v behind before and returns the copy of v.
func (o *ownBody) put(before string, v wire.Value) wire.Value {
	o.text(before)
	start := len(o.b)
	o.b = append(o.b, v...)
	return wire.Value(o.b[start:len(o.b):len(o.b)])
}

// member writes a member and its comma, where there is one.
func (o *ownBody) member(key string, v wire.Value) wire.Value {
	if v == nil {
		return nil
	}
	v = o.put(key, v)
	o.text(",")
	return v
}

// disown makes e an event of [KindUnknown] with an id of its own, for good: an app that shares an address with others
// can neither speak for another's number nor use up the id of another's event.
func (e *Event) disown() {
	events, err := (&parser{note: note{disowned: true}}).parse(e.body)
	if err != nil {
		*e = Event{Kind: KindUnknown, ID: key("d", e.ID), Field: e.Field, Raw: e.Raw, Timestamp: e.Timestamp}
		return
	}
	*e = events[0]
}
