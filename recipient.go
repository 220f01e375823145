package wacloud

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// A Recipient says who gets a message. Make one with [Phone], [WaID], [UserID] or [GroupID]. It is comparable, so it may
// be a map key; the same number written in two ways is the same Recipient. It prints masked under every verb of fmt and
// in slog, unless it sits in an unexported field of another struct, where fmt calls no methods; [Recipient.MarshalText] has
// the whole of it. The zero value is nobody and is refused by [Client.Send].
type Recipient struct {
	kind  recipientKind
	value string // digits of a valid phone number, else as it was given
}

type recipientKind uint8

const (
	recipientNone recipientKind = iota
	recipientPhone
	recipientWaID
	recipientUserID
	recipientGroup
)

var recipientKinds = [...]string{"nobody", "phone", "wa_id", "user", "group"}

// Phone is the owner of a full international phone number, with or without the leading plus. Spaces, hyphens, dots and
// parentheses are dropped; what remains must be 7 to 15 digits of which the first is not 0, or [Client.Send] refuses it. It
// is sent as a plus and digits, because Meta may put the business's own country code before a number without the plus
// (Meta, send-messages, read 2026-03).
func Phone(number string) Recipient {
	if digits, ok := phoneDigits(number); ok {
		return Recipient{recipientPhone, digits}
	}
	return Recipient{recipientPhone, number}
}

// WaID is the owner of a WhatsApp id as a webhook or a [Sent] gave it: digits, which are sent as they came.
func WaID(id string) Recipient { return Recipient{recipientWaID, id} }

// UserID is the user with a business-scoped user id, such as "BR.13491208655302741918". It is sent as "recipient", not as
// "to".
func UserID(id string) Recipient { return Recipient{recipientUserID, id} }

// GroupID is a WhatsApp group. Groups take text, media and templates only.
func GroupID(id string) Recipient { return Recipient{recipientGroup, id} }

// IsZero reports whether r is nobody.
func (r Recipient) IsZero() bool { return r == Recipient{} }

// String returns the kind and the last two characters of the recipient, "phone:…89", which is safe to log.
func (r Recipient) String() string {
	if r.kind == recipientNone {
		return recipientKinds[r.kind]
	}
	last := ""
	if n := len(r.value); n >= 7 && isASCII(r.value[n-2:]) {
		last = r.value[n-2:]
	}
	return recipientKinds[r.kind] + ":…" + last
}

// GoString is String, so that %#v does not leak the number either.
func (r Recipient) GoString() string { return r.String() }

// Format writes String for every verb.
func (r Recipient) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.String()) }

// LogValue is String.
func (r Recipient) LogValue() slog.Value { return slog.StringValue(r.String()) }

// MarshalText returns the whole recipient, for a queue: "phone:5511999999999", "wa_id:5511999999999", "user:BR.…" or
// "group:…"; nobody is the empty text. A recipient that [Client.Send] would refuse for its form is an error.
func (r Recipient) MarshalText() ([]byte, error) {
	if r.IsZero() {
		return []byte{}, nil
	}
	if p := r.problem(); p != nil {
		return nil, fmt.Errorf("wacloud: marshal recipient: %w", *p)
	}
	return []byte(recipientKinds[r.kind] + ":" + r.value), nil
}

// UnmarshalText reads what MarshalText wrote and refuses everything else.
func (r *Recipient) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*r = Recipient{}
		return nil
	}
	kind, value, _ := strings.Cut(string(text), ":")
	var got Recipient
	switch kind {
	case "phone":
		got = Phone(value)
	case "wa_id":
		got = WaID(value)
	case "user":
		got = UserID(value)
	case "group":
		got = GroupID(value)
	default:
		return errors.New("wacloud: unmarshal recipient: want phone:, wa_id:, user: or group: and a value")
	}
	if p := got.problem(); p != nil {
		return fmt.Errorf("wacloud: unmarshal recipient: %w", *p)
	}
	*r = got
	return nil
}

// user is r as an event would name it; nobody for a group.
func (r Recipient) user() User {
	switch r.kind {
	case recipientPhone, recipientWaID:
		return User{Phone: r.value}
	case recipientUserID:
		return User{ID: r.value}
	default:
		return User{}
	}
}

// problem tells why r has no form on the wire, or nil.
func (r Recipient) problem() *Problem {
	c := newChecker()
	r.checkForm(c)
	if problems := c.finish(); len(problems) > 0 {
		return &problems[0]
	}
	return nil
}

// checkForm leaves what Meta says about the grammar of user and group ids to [Outgoing.Check], so that a change of theirs
// can be skipped.
func (r Recipient) checkForm(c *checker) {
	if r.value == "" || r.kind == recipientPhone || r.kind == recipientWaID {
		r.check(c)
	}
}

// phoneDigits drops the punctuation of a phone number. It allocates only where there is some inside.
func phoneDigits(number string) (digits string, ok bool) {
	digits = strings.TrimPrefix(number, "+")
	if !isDigits(digits) {
		digits, ok = dropPunctuation(number)
		if !ok {
			return "", false
		}
	}
	return digits, len(digits) >= 7 && len(digits) <= 15 && digits[0] != '0'
}

func dropPunctuation(number string) (digits string, ok bool) {
	b := make([]byte, 0, 16)
	plus := false
	for _, r := range number {
		switch {
		case r >= '0' && r <= '9':
			b = append(b, byte(r))
		case r == '+' && len(b) == 0 && !plus:
			plus = true
		case strings.ContainsRune(" -.()\u00a0\u2011", r): // the last two: the space and the hyphen that do not break a line
		default:
			return "", false
		}
	}
	return string(b), true
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
