package wacloud

import (
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
)

// What was received holds phone numbers, names and texts. The types with people in them print and log as what they are,
// and their ids as hashes that mean something in this process only, whatever the verb or handler: a careless %v must not
// put a customer into a log. Their fields are as open as ever.

// LogValue describes the event without personal data: kind, number, attempt, and hashes of its ids that tell events
// apart in the logs of one process.
func (e Event) LogValue() slog.Value {
	attrs := []slog.Attr{
		slog.String("wa.event.kind", e.Kind.String()),
		slog.String("wa.event.hash", logHash(e.ID)),
		slog.String("wa.phone_number_id", e.PhoneNumberID),
	}
	if user := e.UserKey(); user != "" {
		attrs = append(attrs, slog.String("wa.user_hash", logHash(string(user))))
	}
	if e.Message != nil {
		attrs = append(attrs, slog.String("wa.message_id_hash", logHash(e.Message.ID)))
	}
	if e.Status != nil {
		attrs = append(attrs, slog.String("wa.message_id_hash", logHash(e.Status.ID)))
	}
	if e.Attempt > 0 {
		attrs = append(attrs, slog.Int("attempt", e.Attempt))
	}
	return slog.GroupValue(attrs...)
}

// Format prints the kind of the event and a hash, whatever the verb.
func (e Event) Format(f fmt.State, _ rune) { writeText(f, private("event", e.Kind.String(), e.ID)) }

// LogValue is what Format prints.
func (k UserKey) LogValue() slog.Value { return slog.StringValue(private("user", "", string(k))) }

// Format prints a hash of who it is, whatever the verb.
func (u User) Format(f fmt.State, _ rune) { writeText(f, u.private()) }

// LogValue is what Format prints.
func (u User) LogValue() slog.Value { return slog.StringValue(u.private()) }

func (u User) private() string { return private("user", "", string(userKey("", u))) }

// Format prints the type of the message and a hash, whatever the verb.
func (m InboundMessage) Format(f fmt.State, _ rune) { writeText(f, m.private()) }

// LogValue is what Format prints.
func (m InboundMessage) LogValue() slog.Value { return slog.StringValue(m.private()) }

func (m InboundMessage) private() string { return private("message", m.Type, m.ID) }

// Format prints a hash of the message that it is about, whatever the verb.
func (c MessageContext) Format(f fmt.State, _ rune) { writeText(f, c.private()) }

// LogValue is what Format prints.
func (c MessageContext) LogValue() slog.Value { return slog.StringValue(c.private()) }

func (c MessageContext) private() string { return private("context", "", c.ID) }

// Format prints the status and a hash of the message, whatever the verb.
func (s Status) Format(f fmt.State, _ rune) { writeText(f, s.private()) }

// LogValue is what Format prints.
func (s Status) LogValue() slog.Value { return slog.StringValue(s.private()) }

func (s Status) private() string { return private("status", s.Status, s.ID) }

// Format prints the type of the change, whatever the verb.
func (c SystemContent) Format(f fmt.State, _ rune) { writeText(f, c.private()) }

// LogValue is what Format prints.
func (c SystemContent) LogValue() slog.Value { return slog.StringValue(c.private()) }

func (c SystemContent) private() string { return private("system", c.Type, "") }

// Format prints how many cards there are, whatever the verb.
func (c ContactsContent) Format(f fmt.State, _ rune) { writeText(f, c.private()) }

// LogValue is what Format prints.
func (c ContactsContent) LogValue() slog.Value { return slog.StringValue(c.private()) }

func (c ContactsContent) private() string {
	return private("contacts", strconv.Itoa(len(c.Contacts)), "")
}

// private describes a received value by its kind, which Meta chose, and a hash of its id.
func private(what, kind, id string) string {
	const longest = 32
	var parts []string
	if kind != "" {
		parts = append(parts, strconv.Quote(clip(kind, longest)))
	}
	if id != "" {
		parts = append(parts, logHash(id))
	}
	return "wacloud." + what + "(" + strings.Join(parts, " ") + ")"
}

func writeText(w io.Writer, s string) { _, _ = io.WriteString(w, s) }
