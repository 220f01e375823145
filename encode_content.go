package wacloud

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/wacloud/wacloud/internal/wire"
)

func (Text) messageType() string     { return "text" }
func (Image) messageType() string    { return "image" }
func (Video) messageType() string    { return "video" }
func (Audio) messageType() string    { return "audio" }
func (Document) messageType() string { return "document" }
func (Sticker) messageType() string  { return "sticker" }
func (Location) messageType() string { return "location" }
func (Contacts) messageType() string { return "contacts" }
func (Reaction) messageType() string { return "reaction" }
func (m Raw) messageType() string    { return m.Type }

func (m Text) appendContent(b []byte) []byte {
	b = append(b, '{')
	if m.PreviewURL {
		b = append(b, `"preview_url":true`...)
	}
	return append(wire.AppendField(b, "body", m.Body), '}')
}

// appendMedia opens an object that starts with the id or the link.
func (m Media) appendMedia(b []byte) []byte {
	b = append(b, '{')
	b = wire.AppendOptional(b, "id", m.ID)
	return wire.AppendOptional(b, "link", m.Link)
}

func (m Image) appendContent(b []byte) []byte {
	return append(wire.AppendOptional(m.Media.appendMedia(b), "caption", m.Caption), '}')
}

func (m Video) appendContent(b []byte) []byte {
	return append(wire.AppendOptional(m.Media.appendMedia(b), "caption", m.Caption), '}')
}

func (m Audio) appendContent(b []byte) []byte {
	b = m.Media.appendMedia(b)
	if m.Voice {
		b = append(wire.AppendKey(b, "voice"), "true"...)
	}
	return append(b, '}')
}

func (m Document) appendContent(b []byte) []byte {
	b = m.Media.appendMedia(b)
	b = wire.AppendOptional(b, "filename", m.Filename)
	return append(wire.AppendOptional(b, "caption", m.Caption), '}')
}

func (m Sticker) appendContent(b []byte) []byte { return append(m.Media.appendMedia(b), '}') }

func (m Location) appendContent(b []byte) []byte {
	b = appendDegrees(append(b, `{"latitude":`...), m.Latitude)
	b = appendDegrees(wire.AppendKey(b, "longitude"), m.Longitude)
	b = wire.AppendOptional(b, "name", m.Name)
	return append(wire.AppendOptional(b, "address", m.Address), '}')
}

// appendDegrees appends f as a string with four decimals, or as many more as it takes to read the same float back.
func appendDegrees(b []byte, f float64) []byte {
	start := len(b) + 1
	b = strconv.AppendFloat(append(b, '"'), f, 'f', -1, 64)
	point := bytes.IndexByte(b[start:], '.')
	if point < 0 {
		point = len(b) - start
		b = append(b, '.')
	}
	for decimals := len(b) - start - point - 1; decimals < 4; decimals++ {
		b = append(b, '0')
	}
	return append(b, '"')
}

func (m Contacts) appendContent(b []byte) []byte {
	b = append(b, '[')
	for i := range m.Contacts {
		b = m.Contacts[i].appendCard(wire.AppendComma(b))
	}
	return append(b, ']')
}

func (c *Contact) appendCard(b []byte) []byte {
	b = c.Name.appendName(append(b, `{"name":`...))
	b = appendList(b, "phones", c.Phones, func(b []byte, p ContactPhone) []byte {
		b = wire.AppendField(b, "phone", p.Phone)
		b = wire.AppendOptional(b, "wa_id", p.WaID)
		return wire.AppendOptional(b, "type", p.Type)
	})
	b = appendList(b, "emails", c.Emails, func(b []byte, e ContactEmail) []byte {
		return wire.AppendOptional(wire.AppendField(b, "email", e.Email), "type", e.Type)
	})
	b = appendList(b, "urls", c.URLs, func(b []byte, u ContactURL) []byte {
		return wire.AppendOptional(wire.AppendField(b, "url", u.URL), "type", u.Type)
	})
	if c.Org != (ContactOrg{}) {
		b = c.Org.appendOrg(wire.AppendOpen(b, "org", '{'))
	}
	b = appendList(b, "addresses", c.Addresses, func(b []byte, a ContactAddress) []byte {
		b = wire.AppendOptional(b, "street", a.Street)
		b = wire.AppendOptional(b, "city", a.City)
		b = wire.AppendOptional(b, "state", a.State)
		b = wire.AppendOptional(b, "zip", a.Zip)
		b = wire.AppendOptional(b, "country", a.Country)
		b = wire.AppendOptional(b, "country_code", a.CountryCode)
		return wire.AppendOptional(b, "type", a.Type)
	})
	return append(wire.AppendOptional(b, "birthday", c.Birthday), '}')
}

func (n ContactName) appendName(b []byte) []byte {
	b = wire.AppendField(append(b, '{'), "formatted_name", n.Formatted)
	b = wire.AppendOptional(b, "first_name", n.First)
	b = wire.AppendOptional(b, "last_name", n.Last)
	b = wire.AppendOptional(b, "middle_name", n.Middle)
	b = wire.AppendOptional(b, "suffix", n.Suffix)
	return append(wire.AppendOptional(b, "prefix", n.Prefix), '}')
}

func (o ContactOrg) appendOrg(b []byte) []byte {
	b = wire.AppendOptional(b, "company", o.Company)
	b = wire.AppendOptional(b, "department", o.Department)
	return append(wire.AppendOptional(b, "title", o.Title), '}')
}

// appendList appends an array of objects unless it is empty; members writes what stands between the braces of each.
func appendList[T any](b []byte, key string, list []T, members func(b []byte, v T) []byte) []byte {
	if len(list) == 0 {
		return b
	}
	b = wire.AppendOpen(b, key, '[')
	for _, v := range list {
		b = append(members(append(wire.AppendComma(b), '{'), v), '}')
	}
	return append(b, ']')
}

func (m Reaction) appendContent(b []byte) []byte {
	b = wire.AppendField(append(b, '{'), "message_id", m.MessageID)
	return append(wire.AppendField(b, "emoji", m.Emoji), '}') // an empty one takes the reaction away
}

// appendContent appends the object and, after it, the members that stand beside it.
func (m Raw) appendContent(b []byte) []byte {
	b = append(b, bytes.TrimSpace(m.JSON)...)
	extra, _ := rawObject(m.Extra)
	for key, v := range extra.Members {
		b = append(append(wire.AppendString(append(b, ','), key), ':'), v...)
	}
	return b
}

// checkJSON reports what would break the request.
func (m Raw) checkJSON(c *checker) {
	if !isTypeName(m.Type) {
		got := "something else"
		if m.Type == "" {
			got = "empty"
		}
		c.fail(ruleRawType, "type", got)
		c.object(ruleRawJSON, "$", m.JSON)
		return
	}
	c.object(ruleRawJSON, m.Type, m.JSON)
	if len(bytes.TrimSpace(m.Extra)) == 0 {
		return
	}
	extra := c.object(ruleRawJSON, "$", m.Extra)
	for key := range extra.Members {
		if key == m.Type || slices.Contains(envelopeFields, key) {
			c.fail(ruleRawExtra, key, "a member that the request has already")
		}
	}
}

// envelopeFields are the members that Outgoing writes.
var envelopeFields = []string{
	"messaging_product", "recipient_type", "to", "recipient", "context", "biz_opaque_callback_data",
	"recipient_identity_key_hash", "type",
}
