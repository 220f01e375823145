package wacloud

import (
	"reflect"
	"slices"
	"sync"

	"github.com/wacloud/wacloud/internal/wire"
)

// EncodeMessage returns the body of the request that sends o, in the field order of Meta's pages. Optional parts that are
// empty are left out. It does not validate, see [Outgoing.Check]; it refuses, with a [*ValidationError], only what has no
// form on the wire: no recipient or one that is not a number or id, no message, a nil pointer, [Raw] or [Flow] JSON that
// is not an object.
func EncodeMessage(o Outgoing) ([]byte, error) {
	if problems := o.unencodable(); problems != nil {
		return nil, &ValidationError{Problems: problems}
	}
	p := encodeBuffers.Get().(*[]byte)
	b := appendMessage((*p)[:0], &o)
	body := slices.Clone(b)
	if cap(b) <= maxPooledBuffer {
		*p = b
		encodeBuffers.Put(p)
	}
	return body, nil
}

// maxPooledBuffer keeps one huge message from staying in memory. The longest valid one has about 70 KB.
const maxPooledBuffer = 128 << 10

var encodeBuffers = sync.Pool{New: func() any { b := make([]byte, 0, 2<<10); return &b }}

// appendMessage appends the request body of o, which must have no unencodable problems.
func appendMessage(b []byte, o *Outgoing) []byte {
	b = append(b, `{"messaging_product":"whatsapp","recipient_type":`...)
	b = o.To.appendTo(b)
	if o.ReplyTo != "" {
		b = append(wire.AppendField(wire.AppendOpen(b, "context", '{'), "message_id", o.ReplyTo), '}')
	}
	b = wire.AppendOptional(b, "biz_opaque_callback_data", o.CallbackData)
	b = wire.AppendOptional(b, "recipient_identity_key_hash", o.IdentityKeyHash)
	b = o.DirectSend.appendDirectSend(b)
	kind := o.Message.messageType()
	b = wire.AppendField(b, "type", kind)
	b = append(wire.AppendString(wire.AppendComma(b), kind), ':')
	b = o.Message.appendContent(b)
	return append(o.Marketing.appendMarketing(b), '}')
}

// appendTo appends the recipient type and the recipient.
func (r Recipient) appendTo(b []byte) []byte {
	switch r.kind {
	case recipientPhone:
		b = append(b, `"individual","to":"+`...)
		b = append(b, r.value...)
		return append(b, '"')
	case recipientUserID:
		return wire.AppendString(append(b, `"individual","recipient":`...), r.value)
	case recipientGroup:
		return wire.AppendString(append(b, `"group","to":`...), r.value)
	default:
		return wire.AppendString(append(b, `"individual","to":`...), r.value)
	}
}

// unencodable returns what keeps o from having a form on the wire.
func (o *Outgoing) unencodable() []Problem {
	c := newChecker()
	o.To.checkForm(c)
	if isNil(o.Message) {
		c.fail(ruleMessage, "type", "no message")
	} else if m, ok := o.Message.(interface{ checkJSON(c *checker) }); ok {
		m.checkJSON(c)
	}
	return c.finish()
}

// isNil reports whether a message or a slot of one is empty: nil, or a nil pointer to one of the kinds, whose methods
// would panic.
func isNil(v any) bool {
	if v == nil {
		return true
	}
	rv := reflect.ValueOf(v)
	return rv.Kind() == reflect.Pointer && rv.IsNil()
}

// rawObject returns the JSON object in raw without the space around it; ok is false when it is none.
func rawObject(raw []byte) (object wire.Value, ok bool) {
	object, err := wire.Parse(raw)
	return object, err == nil && object.Kind() == wire.Object
}
