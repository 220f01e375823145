package wacloud

import (
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
)

// What was received holds phone numbers, names and texts, and so do contact cards, addresses and what was sent. The types
// with people in them print and log as what they are, and their ids as hashes that mean something in this process only,
// whatever the verb or handler: a careless %v must not put a customer into a log. Their fields are as open as ever, and
// so is their JSON, which slog's JSONHandler makes of a slice or a struct of them.

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

// Format prints the kind of the tap, whatever the verb.
func (r Reply) Format(f fmt.State, _ rune) { writeText(f, r.private()) }

// LogValue is what Format prints.
func (r Reply) LogValue() slog.Value { return slog.StringValue(r.private()) }

func (r Reply) private() string { return private("reply", r.Kind.String(), "") }

// Format prints where the user came from, whatever the verb.
func (r Referral) Format(f fmt.State, _ rune) { writeText(f, r.private()) }

// LogValue is what Format prints.
func (r Referral) LogValue() slog.Value { return slog.StringValue(r.private()) }

func (r Referral) private() string { return private("referral", r.SourceType, r.SourceID) }

// Format prints that it is one, whatever the verb.
func (i Identity) Format(f fmt.State, _ rune) { writeText(f, i.private()) }

// LogValue is what Format prints.
func (i Identity) LogValue() slog.Value { return slog.StringValue(i.private()) }

func (Identity) private() string { return private("identity", "", "") }

// Format prints that it is a text, whatever the verb.
func (c TextContent) Format(f fmt.State, _ rune) { writeText(f, c.private()) }

// LogValue is what Format prints.
func (c TextContent) LogValue() slog.Value { return slog.StringValue(c.private()) }

func (TextContent) private() string { return private("text", "", "") }

// Format prints the type of the file, whatever the verb.
func (c MediaContent) Format(f fmt.State, _ rune) { writeText(f, c.private()) }

// LogValue is what Format prints.
func (c MediaContent) LogValue() slog.Value { return slog.StringValue(c.private()) }

func (c MediaContent) private() string { return private("media", c.MIMEType, c.ID) }

// Format prints that it is a location, whatever the verb.
func (c LocationContent) Format(f fmt.State, _ rune) { writeText(f, c.private()) }

// LogValue is what Format prints.
func (c LocationContent) LogValue() slog.Value { return slog.StringValue(c.private()) }

func (LocationContent) private() string { return private("location", "", "") }

// Format prints a hash of the message that it is on, whatever the verb.
func (c ReactionContent) Format(f fmt.State, _ rune) { writeText(f, c.private()) }

// LogValue is what Format prints.
func (c ReactionContent) LogValue() slog.Value { return slog.StringValue(c.private()) }

func (c ReactionContent) private() string { return private("reaction", "", c.MessageID) }

// Format prints how many items there are, whatever the verb.
func (c OrderContent) Format(f fmt.State, _ rune) { writeText(f, c.private()) }

// LogValue is what Format prints.
func (c OrderContent) LogValue() slog.Value { return slog.StringValue(c.private()) }

func (c OrderContent) private() string { return private("order", strconv.Itoa(len(c.Items)), "") }

// Format prints the type of the new message and a hash of the old, whatever the verb.
func (c EditContent) Format(f fmt.State, _ rune) { writeText(f, c.private()) }

// LogValue is what Format prints.
func (c EditContent) LogValue() slog.Value { return slog.StringValue(c.private()) }

func (c EditContent) private() string { return private("edit", c.Type, c.OriginalID) }

// Format prints a hash of the message, whatever the verb.
func (c RevokeContent) Format(f fmt.State, _ rune) { writeText(f, c.private()) }

// LogValue is what Format prints.
func (c RevokeContent) LogValue() slog.Value { return slog.StringValue(c.private()) }

func (c RevokeContent) private() string { return private("revoke", "", c.OriginalID) }

// Format prints how many cards there are, whatever the verb.
func (c Contacts) Format(f fmt.State, _ rune) { writeText(f, c.private()) }

// LogValue is what Format prints.
func (c Contacts) LogValue() slog.Value { return slog.StringValue(c.private()) }

func (c Contacts) private() string { return private("contacts", strconv.Itoa(len(c.Contacts)), "") }

// Format prints that it is a contact card, whatever the verb.
func (c Contact) Format(f fmt.State, _ rune) { writeText(f, c.private()) }

// LogValue is what Format prints.
func (c Contact) LogValue() slog.Value { return slog.StringValue(c.private()) }

func (Contact) private() string { return private("contact", "", "") }

// Format prints that it is a name, whatever the verb.
func (n ContactName) Format(f fmt.State, _ rune) { writeText(f, n.private()) }

// LogValue is what Format prints.
func (n ContactName) LogValue() slog.Value { return slog.StringValue(n.private()) }

func (ContactName) private() string { return private("contact name", "", "") }

// Format prints that it is a number, whatever the verb.
func (p ContactPhone) Format(f fmt.State, _ rune) { writeText(f, p.private()) }

// LogValue is what Format prints.
func (p ContactPhone) LogValue() slog.Value { return slog.StringValue(p.private()) }

func (ContactPhone) private() string { return private("contact phone", "", "") }

// Format prints that it is an address, whatever the verb.
func (e ContactEmail) Format(f fmt.State, _ rune) { writeText(f, e.private()) }

// LogValue is what Format prints.
func (e ContactEmail) LogValue() slog.Value { return slog.StringValue(e.private()) }

func (ContactEmail) private() string { return private("contact e-mail", "", "") }

// Format prints that it is an address, whatever the verb.
func (u ContactURL) Format(f fmt.State, _ rune) { writeText(f, u.private()) }

// LogValue is what Format prints.
func (u ContactURL) LogValue() slog.Value { return slog.StringValue(u.private()) }

func (ContactURL) private() string { return private("contact URL", "", "") }

// Format prints that it is an address, whatever the verb.
func (a ContactAddress) Format(f fmt.State, _ rune) { writeText(f, a.private()) }

// LogValue is what Format prints.
func (a ContactAddress) LogValue() slog.Value { return slog.StringValue(a.private()) }

func (ContactAddress) private() string { return private("contact address", "", "") }

// Format prints that it is an organisation, whatever the verb.
func (o ContactOrg) Format(f fmt.State, _ rune) { writeText(f, o.private()) }

// LogValue is what Format prints.
func (o ContactOrg) LogValue() slog.Value { return slog.StringValue(o.private()) }

func (ContactOrg) private() string { return private("contact organisation", "", "") }

// Format prints that it is an address request, whatever the verb.
func (m AddressRequest) Format(f fmt.State, _ rune) { writeText(f, m.private()) }

// LogValue is what Format prints.
func (m AddressRequest) LogValue() slog.Value { return slog.StringValue(m.private()) }

func (AddressRequest) private() string { return private("address request", "", "") }

// Format prints that it is an address, whatever the verb.
func (a SavedAddress) Format(f fmt.State, _ rune) { writeText(f, a.private()) }

// LogValue is what Format prints.
func (a SavedAddress) LogValue() slog.Value { return slog.StringValue(a.private()) }

func (SavedAddress) private() string { return private("saved address", "", "") }

// Format prints the type of the message and a hash of its id, whatever the verb.
func (s Sent) Format(f fmt.State, _ rune) { writeText(f, s.private()) }

// LogValue is what Format prints.
func (s Sent) LogValue() slog.Value { return slog.StringValue(s.private()) }

func (s Sent) private() string { return private("sent", typeOf(s.Message), s.MessageID) }

// Format prints the type of the message and the recipient as [Recipient.String] masks it, whatever the verb.
func (o Outgoing) Format(f fmt.State, _ rune) { writeText(f, o.private()) }

// LogValue is what Format prints.
func (o Outgoing) LogValue() slog.Value { return slog.StringValue(o.private()) }

func (o Outgoing) private() string { return private("outgoing "+o.To.String(), typeOf(o.Message), "") }

// Format prints the letter's id (a hash of it where it is no number, because it may be made of the event's), the attempts
// and the event as it prints itself, whatever the verb.
func (d DeadLetter) Format(f fmt.State, _ rune) { writeText(f, d.private()) }

// LogValue is what Format prints.
func (d DeadLetter) LogValue() slog.Value { return slog.StringValue(d.private()) }

func (d DeadLetter) private() string {
	id := clip(d.ID, 64)
	if !isDigits(id) {
		id = logHash(d.ID)
	}
	return fmt.Sprintf("wacloud.dead letter(%s, %d attempts, %v)", id, d.Attempts, d.Event)
}

// Format prints a hash of the key, whatever the verb.
func (e Entry) Format(f fmt.State, _ rune) { writeText(f, e.private()) }

// LogValue is what Format prints.
func (e Entry) LogValue() slog.Value { return slog.StringValue(e.private()) }

func (e Entry) private() string { return private("entry", "", e.Key) }

// Format prints that it is an inbox, whatever the verb.
func (in *MemoryInbox) Format(f fmt.State, _ rune) { writeText(f, "wacloud.MemoryInbox") }

// Format prints that it is a store, whatever the verb.
func (s *MemoryStore) Format(f fmt.State, _ rune) { writeText(f, "wacloud.MemoryStore") }

// Format prints that it is a webhook, whatever the verb.
func (w *Webhook) Format(f fmt.State, _ rune) { writeText(f, "wacloud.Webhook") }

// Format prints that it is a signer, whatever the verb.
func (s IDSigner) Format(f fmt.State, _ rune) { writeText(f, "wacloud.IDSigner") }

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

// formatText prints text under a verb for strings, so that %q quotes it.
func formatText(f fmt.State, verb rune, text string) {
	switch verb {
	case 'q', 'x', 'X':
		_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), text)
	default:
		writeText(f, text)
	}
}

func writeText(w io.Writer, s string) { _, _ = io.WriteString(w, s) }

// typeOf is the type of a message on the wire, or nothing for no message.
func typeOf(m Message) string {
	if isNil(m) {
		return ""
	}
	return m.messageType()
}
