package wacloud

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"time"

	"github.com/wacloud/wacloud/internal/wire"
)

// add appends the event of one element.
func (p *parser) add(at *place, element wire.Value) {
	var own ownBody
	own.open(at, element)
	p.events = append(p.events, Event{
		Field:             own.field.View(),
		BusinessAccountID: own.entryID.View(),
		Standby:           at.standby || own.field.View() == "standby",
		Raw:               slices.Clone([]byte(own.element)),
	})
	e := &p.events[len(p.events)-1]
	e.readMetadata(own.metadata)
	if !p.note.disowned && at.level == levelList {
		e.readElement(at, &own)
	}
	note := note{disowned: p.note.disowned}
	if e.ID == "" {
		e.Message, e.Status = nil, nil
		e.readOther(at, &own, p.note.disowned)
		note = p.identify(e, at, &own)
	}
	own.close(at, note)
	e.body = own.b
}

// readElement reads an element of the lists that carry messages. What is malformed it leaves without an ID.
func (e *Event) readElement(at *place, own *ownBody) {
	if own.element.Kind() != wire.Object {
		return
	}
	switch at.list {
	case "messages":
		e.readMessage(at, own)
	case "message_echoes":
		e.readEcho(own)
	case "statuses":
		e.readStatus(at, own)
	case "errors":
		e.Kind = KindError
		e.Errors = []EventError{readError(own.element)}
	}
}

func (e *Event) readMetadata(v wire.Value) {
	for key, val := range v.Members {
		switch key {
		case "phone_number_id":
			e.PhoneNumberID = val.View()
		case "display_phone_number":
			e.DisplayPhoneNumber = val.View()
		}
	}
}

// readOther reads an event that is no message, status or echo.
func (e *Event) readOther(at *place, own *ownBody, disowned bool) {
	element := own.element
	switch at.level {
	case levelEntry:
		own.entryID, own.entryTime = element.Get("id"), element.Get("time")
		e.BusinessAccountID = own.entryID.View()
	case levelChange:
		own.field = element.Get("field")
		e.Field = own.field.View()
	case levelValue:
		e.readMetadata(element) // display_phone_number stands here where there is no metadata
		e.readMetadata(element.Get("recipient"))
		e.readMetadata(element.Get("metadata"))
	default: // deeper, nothing stands beside the event itself
	}
	if e.Kind == KindUnknown && !disowned && at.level >= levelValue && element.Kind() == wire.Object && accountFields[e.Field] {
		e.Kind = KindAccount
	}
	e.Timestamp = readTime(element.Get("timestamp"))
	if e.Timestamp.IsZero() {
		e.Timestamp = readTime(own.entryTime)
	}
}

// identify gives an event without an id of Meta's one that is made of its content and its place. The entry's time and
// the index belong to it: the same alert may be raised twice in a week, and two broken elements of one array are two.
func (p *parser) identify(e *Event, at *place, own *ownBody) note {
	n := note{index: at.index, nth: p.note.nth, disowned: p.note.disowned}
	if p.note.index != 0 {
		n.index = p.note.index
	}
	if at.level == levelBody {
		n = note{}
	}
	b := appendFields(nil, own.entryID.View(), own.entryTime.View(), own.field.View(), at.listPath(),
		strconv.Itoa(n.index), string(own.element))
	if n.disowned {
		b = appendFields(b, "disowned")
	}
	if p.seen == nil {
		p.seen = map[string]int{}
	}
	first := contentID(b)
	n.nth += p.seen[first]
	p.seen[first]++
	if n.nth > 0 {
		b = appendFields(b, strconv.Itoa(n.nth))
	}
	e.ID = contentID(b)
	return n
}

func contentID(b []byte) string {
	sum := sha256.Sum256(b)
	return "h|" + hex.EncodeToString(sum[:])
}

// readTime reads Unix seconds. What is no date of the years 1970 to 9999 is the zero time.
func readTime(v wire.Value) time.Time {
	const year10000 = 253402300800
	if n, ok := v.Int(); ok && n > 0 && n < year10000 {
		return time.Unix(n, 0).UTC()
	}
	return time.Time{}
}
