package wacloud

// A Recipient says who gets a message. Make one with [Phone], [WaID], [UserID] or [GroupID]. It is comparable, so it may
// be a map key. The zero value is nobody and is refused by [Client.Send].
type Recipient struct {
	kind  recipientKind
	value string // as it is sent
}

type recipientKind uint8

const (
	recipientNone recipientKind = iota
	recipientPhone
	recipientWaID
	recipientUserID
	recipientGroup
)

// Phone is the owner of a full international phone number, with or without the leading plus. Spaces, hyphens, dots and
// parentheses are dropped; what remains must be 7 to 15 digits, or [Client.Send] refuses it. It is sent as a plus and
// digits, because Meta may put the business's own country code before a number without the plus.
func Phone(number string) Recipient { return Recipient{recipientPhone, number} }

// WaID is the owner of a WhatsApp id as a webhook or a [Sent] gave it. It is sent as it came.
func WaID(id string) Recipient { return Recipient{recipientWaID, id} }

// UserID is the user with a business-scoped user id, such as "BR.13491208655302741918".
func UserID(id string) Recipient { return Recipient{recipientUserID, id} }

// GroupID is a WhatsApp group. Groups take text, media and templates only.
func GroupID(id string) Recipient { return Recipient{recipientGroup, id} }

// IsZero reports whether r is nobody.
func (r Recipient) IsZero() bool { return r == Recipient{} }

// String returns the kind and a masked form of the recipient that is safe to log.
func (r Recipient) String() string { panic("skeleton") }

// GoString is String, so that %#v does not leak the number either.
func (r Recipient) GoString() string { return r.String() }

// MarshalText returns the whole recipient, for a queue: "phone:+5511999999999".
func (r Recipient) MarshalText() ([]byte, error) { panic("skeleton") }

// UnmarshalText reads what MarshalText wrote.
func (r *Recipient) UnmarshalText(text []byte) error { panic("skeleton") }
