package wacloud

import "github.com/wacloud/wacloud/internal/wire"

func (Pin) messageType() string          { return "pin" }
func (Unpin) messageType() string        { return "pin" }
func (MixedButtons) messageType() string { return "interactive" }

func (m Pin) appendContent(b []byte) []byte {
	b = wire.AppendField(append(b, `{"type":"pin"`...), "message_id", m.MessageID)
	return append(wire.AppendInt(wire.AppendKey(b, "expiration_days"), m.Days), '}')
}

func (m Unpin) appendContent(b []byte) []byte {
	return append(wire.AppendField(append(b, `{"type":"unpin"`...), "message_id", m.MessageID), '}')
}

func (m MixedButtons) appendContent(b []byte) []byte {
	b = appendHeader(appendInteractive(b, "button"), m.Header)
	b = appendOptionalText(appendText(b, "body", m.Body), "footer", m.Footer)
	b = wire.AppendOpen(wire.AppendOpen(b, "action", '{'), "buttons", '[')
	for _, l := range m.Links {
		b = append(wire.AppendComma(b), `{"type":"cta_url","cta_url":{`...)
		b = wire.AppendField(wire.AppendField(b, "display_text", l.Text), "url", l.URL)
		b = append(b, "}}"...)
	}
	for _, r := range m.Buttons {
		b = append(wire.AppendComma(b), `{"type":"reply","reply":{`...)
		b = wire.AppendField(wire.AppendField(b, "id", r.ID), "title", r.Title)
		b = append(b, "}}"...)
	}
	return append(b, "]}}"...)
}

// appendDirectSend appends the members of a direct send, unless it is none.
func (d *DirectSend) appendDirectSend(b []byte) []byte {
	if d == nil {
		return b
	}
	b = wire.AppendField(b, "category", d.Category)
	if d.TTLSeconds != 0 {
		b = wire.AppendInt(wire.AppendKey(b, "ttl_seconds"), d.TTLSeconds)
	}
	if d.TemplateName != "" {
		b = append(wire.AppendField(wire.AppendOpen(b, "direct_send_config", '{'), "template_name", d.TemplateName), '}')
	}
	return b
}

// appendMarketing appends the members of a marketing message, unless it is none.
func (m *Marketing) appendMarketing(b []byte) []byte {
	if m == nil {
		return b
	}
	policy := m.ProductPolicy
	if policy == "" {
		policy = cloudFallback
	}
	b = wire.AppendField(b, "product_policy", policy)
	if m.ActivitySharing == nil {
		return b
	}
	b = wire.AppendKey(b, "message_activity_sharing")
	if *m.ActivitySharing {
		return append(b, "true"...)
	}
	return append(b, "false"...)
}
