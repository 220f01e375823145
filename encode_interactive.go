package wacloud

import (
	"bytes"
	"maps"
	"slices"

	"github.com/wacloud/wacloud/internal/wire"
)

func (Buttons) messageType() string               { return "interactive" }
func (List) messageType() string                  { return "interactive" }
func (CTAURL) messageType() string                { return "interactive" }
func (Carousel) messageType() string              { return "interactive" }
func (ProductCarousel) messageType() string       { return "interactive" }
func (Product) messageType() string               { return "interactive" }
func (ProductList) messageType() string           { return "interactive" }
func (Catalog) messageType() string               { return "interactive" }
func (LocationRequest) messageType() string       { return "interactive" }
func (ContactInfoRequest) messageType() string    { return "interactive" }
func (AddressRequest) messageType() string        { return "interactive" }
func (Flow) messageType() string                  { return "interactive" }
func (VoiceCall) messageType() string             { return "interactive" }
func (CallPermissionRequest) messageType() string { return "interactive" }

// appendInteractive opens the object of an interactive message.
func appendInteractive(b []byte, kind string) []byte {
	return wire.AppendField(append(b, '{'), "type", kind)
}

// appendText appends a member that is an object with a text.
func appendText(b []byte, key, text string) []byte {
	return append(wire.AppendField(wire.AppendOpen(b, key, '{'), "text", text), '}')
}

// appendOptionalText is appendText unless the text is empty.
func appendOptionalText(b []byte, key, text string) []byte {
	if text == "" {
		return b
	}
	return appendText(b, key, text)
}

// appendAction opens the action and its parameters. Close it with two braces.
func appendAction(b []byte, name string) []byte {
	b = wire.AppendField(wire.AppendOpen(b, "action", '{'), "name", name)
	return wire.AppendOpen(b, "parameters", '{')
}

// appendBareAction appends an action that is only a name, and closes the message.
func appendBareAction(b []byte, name string) []byte {
	return append(wire.AppendField(wire.AppendOpen(b, "action", '{'), "name", name), "}}"...)
}

func (h HeaderText) headerType() string   { return "text" }
func (HeaderImage) headerType() string    { return "image" }
func (HeaderVideo) headerType() string    { return "video" }
func (HeaderDocument) headerType() string { return "document" }

func (h HeaderText) appendHeader(b []byte) []byte {
	b = wire.AppendField(b, "text", h.Text)
	return wire.AppendOptional(b, "sub_text", h.SubText)
}

func (h HeaderImage) appendHeader(b []byte) []byte {
	return append(h.Media.appendMedia(wire.AppendKey(b, "image")), '}')
}

func (h HeaderVideo) appendHeader(b []byte) []byte {
	return append(h.Media.appendMedia(wire.AppendKey(b, "video")), '}')
}

func (h HeaderDocument) appendHeader(b []byte) []byte {
	b = h.Media.appendMedia(wire.AppendKey(b, "document"))
	return append(wire.AppendOptional(b, "filename", h.Filename), '}')
}

// appendHeader appends the header unless there is none.
func appendHeader(b []byte, h Header) []byte {
	if isNil(h) {
		return b
	}
	b = wire.AppendField(wire.AppendOpen(b, "header", '{'), "type", h.headerType())
	return append(h.appendHeader(b), '}')
}

// appendTextHeader is appendHeader where only text is allowed.
func appendTextHeader(b []byte, text string) []byte {
	if text == "" {
		return b
	}
	return append(wire.AppendField(append(wire.AppendKey(b, "header"), `{"type":"text"`...), "text", text), '}')
}

func (m Buttons) appendContent(b []byte) []byte {
	b = appendHeader(appendInteractive(b, "button"), m.Header)
	b = appendOptionalText(appendText(b, "body", m.Body), "footer", m.Footer)
	b = appendButtons(wire.AppendOpen(b, "action", '{'), "reply", m.Buttons)
	return append(b, "}}"...)
}

// appendButtons appends the buttons of an action, each an object of its kind under the name of its kind.
func appendButtons(b []byte, kind string, buttons []Button) []byte {
	b = wire.AppendOpen(b, "buttons", '[')
	for i := range buttons {
		b = wire.AppendField(append(wire.AppendComma(b), '{'), "type", kind)
		b = wire.AppendString(append(wire.AppendOpen(b, kind, '{'), `"id":`...), buttons[i].ID)
		b = wire.AppendString(append(b, `,"title":`...), buttons[i].Title)
		b = append(b, "}}"...)
	}
	return append(b, ']')
}

func (m List) appendContent(b []byte) []byte {
	b = appendTextHeader(appendInteractive(b, "list"), m.Header)
	b = appendOptionalText(appendText(b, "body", m.Body), "footer", m.Footer)
	b = wire.AppendField(wire.AppendOpen(b, "action", '{'), "button", m.Menu.Button)
	b = wire.AppendOpen(b, "sections", '[')
	for i := range m.Menu.Sections {
		b = m.Menu.Sections[i].appendSection(wire.AppendComma(b))
	}
	return append(b, "]}}"...)
}

func (s *Section) appendSection(b []byte) []byte {
	b = wire.AppendOptional(append(b, '{'), "title", s.Title)
	b = wire.AppendOpen(b, "rows", '[')
	for i := range s.Rows {
		row := &s.Rows[i]
		b = wire.AppendString(append(wire.AppendComma(b), `{"id":`...), row.ID)
		b = wire.AppendString(append(b, `,"title":`...), row.Title)
		b = append(wire.AppendOptional(b, "description", row.Description), '}')
	}
	return append(b, "]}"...)
}

func (m CTAURL) appendContent(b []byte) []byte {
	b = appendHeader(appendInteractive(b, "cta_url"), m.Header)
	b = appendOptionalText(appendText(b, "body", m.Body), "footer", m.Footer)
	b = m.Link.appendCardAction(wire.AppendOpen(b, "action", '{'))
	return append(b, "}}"...)
}

// appendCardAction appends the members of the action, here and in QuickReplies.
func (a Link) appendCardAction(b []byte) []byte {
	b = wire.AppendOpen(wire.AppendField(b, "name", "cta_url"), "parameters", '{')
	b = wire.AppendField(b, "display_text", a.Text)
	return append(wire.AppendField(b, "url", a.URL), '}')
}

func (a QuickReplies) appendCardAction(b []byte) []byte { return appendButtons(b, "quick_reply", a) }

func (Link) cardType() string         { return "cta_url" }
func (QuickReplies) cardType() string { return "button" }

func (m Carousel) appendContent(b []byte) []byte {
	b = appendText(appendInteractive(b, "carousel"), "body", m.Body)
	b = wire.AppendOpen(wire.AppendOpen(b, "action", '{'), "cards", '[')
	for i := range m.Cards {
		b = m.Cards[i].appendCard(wire.AppendComma(b), i)
	}
	return append(b, "]}}"...)
}

func (c *Card) appendCard(b []byte, index int) []byte {
	b = wire.AppendInt(append(b, `{"card_index":`...), index) // Meta requires it on the first card too
	b = wire.AppendOptional(b, "type", c.wireType())
	b = appendHeader(b, c.Header)
	b = appendOptionalText(b, "body", c.Body)
	if !isNil(c.Action) {
		b = append(c.Action.appendCardAction(wire.AppendOpen(b, "action", '{')), '}')
	}
	return append(b, '}')
}

// wireType is the type of the card on the wire, "" for none.
func (c *Card) wireType() string {
	switch {
	case c.WireType == noWireType || c.WireType == "" && isNil(c.Action):
		return ""
	case c.WireType != "":
		return c.WireType
	default:
		return c.Action.cardType()
	}
}

func (m ProductCarousel) appendContent(b []byte) []byte {
	b = appendText(appendInteractive(b, "carousel"), "body", m.Body)
	b = wire.AppendOpen(wire.AppendOpen(b, "action", '{'), "cards", '[')
	for i, id := range m.RetailerIDs {
		b = wire.AppendInt(append(wire.AppendComma(b), `{"card_index":`...), i)
		b = append(b, `,"type":"product","action":{`...)
		b = wire.AppendField(b, "product_retailer_id", id)
		b = append(wire.AppendField(b, "catalog_id", m.CatalogID), "}}"...)
	}
	return append(b, "]}}"...)
}

func (m Product) appendContent(b []byte) []byte {
	b = appendOptionalText(appendInteractive(b, "product"), "body", m.Body)
	b = appendOptionalText(b, "footer", m.Footer)
	b = wire.AppendField(wire.AppendOpen(b, "action", '{'), "catalog_id", m.CatalogID)
	return append(wire.AppendField(b, "product_retailer_id", m.RetailerID), "}}"...)
}

func (m ProductList) appendContent(b []byte) []byte {
	b = appendTextHeader(appendInteractive(b, "product_list"), m.Header)
	b = appendOptionalText(appendText(b, "body", m.Body), "footer", m.Footer)
	b = wire.AppendField(wire.AppendOpen(b, "action", '{'), "catalog_id", m.CatalogID)
	return append(appendProductSections(b, m.Sections), "}}"...)
}

func appendProductSections(b []byte, sections []ProductSection) []byte {
	b = wire.AppendOpen(b, "sections", '[')
	for _, s := range sections {
		b = wire.AppendOptional(append(wire.AppendComma(b), '{'), "title", s.Title)
		b = wire.AppendOpen(b, "product_items", '[')
		for _, id := range s.RetailerIDs {
			b = append(wire.AppendField(append(wire.AppendComma(b), '{'), "product_retailer_id", id), '}')
		}
		b = append(b, "]}"...)
	}
	return append(b, ']')
}

func (m Catalog) appendContent(b []byte) []byte {
	b = appendText(appendInteractive(b, "catalog_message"), "body", m.Body)
	b = appendOptionalText(b, "footer", m.Footer)
	if m.ThumbnailRetailerID == "" {
		return appendBareAction(b, "catalog_message")
	}
	b = wire.AppendField(appendAction(b, "catalog_message"), "thumbnail_product_retailer_id", m.ThumbnailRetailerID)
	return append(b, "}}}"...)
}

func (m LocationRequest) appendContent(b []byte) []byte {
	b = appendText(appendInteractive(b, "location_request_message"), "body", m.Body)
	return appendBareAction(b, "send_location")
}

func (m ContactInfoRequest) appendContent(b []byte) []byte {
	b = appendText(appendInteractive(b, "request_contact_info"), "body", m.Body)
	return appendBareAction(b, "request_contact_info")
}

func (m CallPermissionRequest) appendContent(b []byte) []byte {
	b = appendInteractive(b, "call_permission_request")
	b = append(wire.AppendField(wire.AppendOpen(b, "action", '{'), "name", "call_permission_request"), '}')
	return append(appendOptionalText(b, "body", m.Body), '}')
}

func (m VoiceCall) appendContent(b []byte) []byte {
	b = appendText(appendInteractive(b, "voice_call"), "body", m.Body)
	if m == (VoiceCall{Body: m.Body}) {
		return appendBareAction(b, "voice_call")
	}
	b = wire.AppendOptional(appendAction(b, "voice_call"), "display_text", m.Text)
	if m.TTLMinutes != 0 {
		b = wire.AppendInt(wire.AppendKey(b, "ttl_minutes"), m.TTLMinutes)
	}
	return append(wire.AppendOptional(b, "payload", m.Payload), "}}}"...)
}

func (m AddressRequest) appendContent(b []byte) []byte {
	b = appendHeader(appendInteractive(b, "address_message"), m.Header)
	b = appendOptionalText(appendText(b, "body", m.Body), "footer", m.Footer)
	b = wire.AppendField(appendAction(b, "address_message"), "country", m.Country)
	b = appendStrings(b, "values", m.Values)
	b = appendList(b, "saved_addresses", m.SavedAddresses, func(b []byte, a SavedAddress) []byte {
		return appendStrings(wire.AppendField(b, "id", a.ID), "value", a.Value)
	})
	return append(appendStrings(b, "validation_errors", m.ValidationErrors), "}}}"...)
}

// appendStrings appends an object of strings, sorted by key, unless it is empty.
func appendStrings(b []byte, key string, values map[string]string) []byte {
	if len(values) == 0 {
		return b
	}
	b = wire.AppendOpen(b, key, '{')
	for _, k := range slices.Sorted(maps.Keys(values)) {
		b = append(wire.AppendString(wire.AppendComma(b), k), ':')
		b = wire.AppendString(b, values[k])
	}
	return append(b, '}')
}

// flowVersion is the only flow_message_version that Meta documents (Meta, flows/sendingaflow, read 2026-06).
const flowVersion = "3"

func (m Flow) appendContent(b []byte) []byte {
	b = appendHeader(appendInteractive(b, "flow"), m.Header)
	b = appendOptionalText(appendText(b, "body", m.Body), "footer", m.Footer)
	version := m.MessageVersion
	if version == "" {
		version = flowVersion
	}
	b = wire.AppendField(appendAction(b, "flow"), "flow_message_version", version)
	b = wire.AppendOptional(b, "flow_token", m.Token)
	b = wire.AppendOptional(b, "flow_id", m.ID)
	b = wire.AppendOptional(b, "flow_name", m.Name)
	b = wire.AppendField(b, "flow_cta", m.CTA)
	b = wire.AppendOptional(b, "mode", m.Mode)
	b = wire.AppendOptional(b, "flow_action", m.Action)
	b = m.appendPayload(b)
	return append(b, "}}}"...)
}

func (m *Flow) appendPayload(b []byte) []byte {
	data := bytes.TrimSpace(m.Data)
	if m.Screen == "" && len(data) == 0 {
		return b
	}
	b = wire.AppendOptional(wire.AppendOpen(b, "flow_action_payload", '{'), "screen", m.Screen)
	if len(data) > 0 {
		b = append(wire.AppendKey(b, "data"), data...)
	}
	return append(b, '}')
}

// checkJSON reports data that would break the request.
func (m Flow) checkJSON(c *checker) {
	if len(bytes.TrimSpace(m.Data)) > 0 {
		c.object(ruleFlowData, "interactive.action.parameters.flow_action_payload.data", m.Data)
	}
}
