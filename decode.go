package wacloud

import (
	"bytes"
	"strings"

	"github.com/wacloud/wacloud/internal/wire"
)

// DecodeMessage reads what [EncodeMessage] wrote, or any body of the messages endpoint, strictly. Every misfit is reported
// at once in a [*ValidationError] whose problems have the rules
//
//   - "syntax": not JSON; "type": another JSON type than Meta's pages give; "value": not one of the values that they give
//   - "unknown-field" and "duplicate-key": a member that the kind does not have, or has twice
//   - "required": a missing member; "empty": an optional one that is empty and must be left out
//   - "recipient" and "card-index": see [Recipient] and [Card]; "total": another sum than [Payment.Total]
//
// Limits are not its business, see [Outgoing.Check]. A number with a plus becomes a [Phone], one without a [WaID]. A type
// that is missing means text, a missing recipient type an individual. Booleans may be strings and coordinates numbers.
//
// A kind that this release does not model becomes a [Raw], of which Check names the kind in a warning. What stands beside
// its content is kept in Extra. Beside the content of a kind that is modelled, the members of a [DirectSend] and of
// [Marketing] are read and everything else is an unknown field.
//
// Encoding the result and decoding that again gives an equal value. The result shares no memory with body.
func DecodeMessage(body []byte) (*Outgoing, error) {
	d := &decoder{}
	o := d.outgoing(body)
	if len(d.problems) > 0 {
		return nil, &ValidationError{Problems: d.problems}
	}
	return o, nil
}

func (d *decoder) outgoing(body []byte) *Outgoing {
	v, err := wire.Parse(body)
	if err != nil {
		d.add(Problem{Path: "$", Rule: "syntax", Got: "not JSON", Limit: "one JSON object"})
		return nil
	}
	out := &Outgoing{}
	field{d: d, v: v}.object(func(o *object) {
		o.need("messaging_product").oneOf("whatsapp")
		out.To = o.recipient()
		o.optionalObject("context", func(c *object) { out.ReplyTo = c.need("message_id").filled() })
		out.CallbackData = o.optional("biz_opaque_callback_data")
		out.IdentityKeyHash = o.optional("recipient_identity_key_hash")
		out.Message = o.message()
		if _, raw := out.Message.(Raw); !raw { // which keeps them in Extra
			out.DirectSend, out.Marketing = o.directSend(), o.marketing()
		}
	})
	return out
}

func (o *object) recipient() Recipient {
	group := o.get("recipient_type")
	isGroup := group.present() && group.oneOf("individual", "group") == "group"
	user := o.get("recipient")
	if !user.present() {
		return o.need("to").number(isGroup)
	}
	if o.get("to").present() || isGroup {
		user.problem("recipient", `either "recipient" or "to"`, "Meta takes to and ignores recipient; a group stands in to")
	}
	return UserID(user.filled())
}

// number reads a "to".
func (f field) number(isGroup bool) (r Recipient) {
	s := f.filled()
	if s == "" {
		return r
	}
	digits, ok := dropPunctuation(s)
	switch {
	case isGroup:
		r = GroupID(s)
	case strings.Contains(s, "+") || !ok:
		r = Phone(s)
	default:
		r = WaID(digits)
	}
	if p := r.problem(); p != nil {
		f.d.add(*p)
	}
	return r
}

// message reads the type and the content that stands under it.
func (o *object) message() Message {
	kind := "text"
	if f := o.get("type"); f.present() {
		kind = f.filled()
	}
	if read, ok := contentReaders[kind]; ok {
		if m := read(o.need(kind)); m != nil {
			return m
		}
	}
	if kind == "" {
		o.skip()
		return nil
	}
	return o.raw(kind)
}

// raw keeps a message of a kind that is not modelled.
func (o *object) raw(kind string) Message {
	if !isTypeName(kind) || !isPathName(kind) {
		o.get("type").problem("value", "the name of a message type", "see the message types on Meta's pages")
		o.skip()
		return nil
	}
	content := o.need(kind)
	content.is(wire.Object)
	return Raw{Type: kind, JSON: bytes.Clone(content.v), Extra: o.rest()}
}

// contentReaders read what stands under "type". One that returns nil leaves the message to [Raw].
var contentReaders = map[string]func(field) Message{
	"text":        func(f field) Message { return f.text() },
	"image":       func(f field) Message { return f.image() },
	"video":       func(f field) Message { return f.video() },
	"audio":       func(f field) Message { return f.audio() },
	"document":    func(f field) Message { return f.document() },
	"sticker":     func(f field) Message { return f.sticker() },
	"location":    func(f field) Message { return f.location() },
	"contacts":    func(f field) Message { return f.contacts() },
	"reaction":    func(f field) Message { return f.reaction() },
	"interactive": func(f field) Message { return f.interactive() },
	"template":    func(f field) Message { return f.template() },
	"pin":         func(f field) Message { return f.pin() },
}
