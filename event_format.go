package wacloud

import (
	"fmt"
	"io"
)

// What was received holds phone numbers, names and texts. The types with people in them print as what they are, and the
// ids as hashes that mean something in this process only, whatever the verb: a careless %v must not put a customer into
// a log. Their fields are as open as ever.

// Format prints the kind of the event and hashes, whatever the verb.
func (e Event) Format(f fmt.State, _ rune) {
	printPrivate(f, "event", e.Kind.String(), e.ID)
}

// Format prints the type of the message and a hash, whatever the verb.
func (m InboundMessage) Format(f fmt.State, _ rune) {
	printPrivate(f, "message", clip(m.Type, 32), m.ID)
}

// Format prints the status and a hash, whatever the verb.
func (s Status) Format(f fmt.State, _ rune) {
	printPrivate(f, "status", clip(s.Status, 32), s.ID)
}

// Format prints a hash, whatever the verb.
func (c MessageContext) Format(f fmt.State, _ rune) {
	printPrivate(f, "context", "", c.ID)
}

// Format prints a hash, whatever the verb.
func (u User) Format(f fmt.State, _ rune) {
	printPrivate(f, "user", "", string(userKey("", u)))
}

// Format prints the type of the change, whatever the verb.
func (c SystemContent) Format(f fmt.State, _ rune) {
	printPrivate(f, "system", clip(c.Type, 32), "")
}

// Format prints how many cards there are, whatever the verb.
func (c ContactsContent) Format(f fmt.State, _ rune) {
	printPrivate(f, "contacts", fmt.Sprint(len(c.Contacts)), "")
}

func printPrivate(w io.Writer, what, kind, id string) {
	if kind != "" {
		kind = " " + fmt.Sprintf("%q", kind)
	}
	if id != "" {
		id = " " + logHash(id)
	}
	_, _ = fmt.Fprintf(w, "wacloud.%s(%s%s)", what, kind, id)
}
