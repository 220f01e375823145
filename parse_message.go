package wacloud

import (
	"github.com/wacloud/wacloud/internal/wire"
)

func (e *Event) readMessage(at *place, own *ownBody) {
	m := &InboundMessage{Raw: e.Raw}
	m.readContent(m.read(own.element), true)
	if cards, ok := m.Content.(ContactsContent); ok {
		cards.setOrigin(own.element.Get("origin"))
	}
	c := own.contact(at.contacts.of(m.From))
	m.From.fill(c)
	if hash := c.Get("identity_key_hash").View(); hash != "" && m.Identity == nil {
		m.Identity = &Identity{Hash: hash}
	}
	e.Message, e.Timestamp = m, m.Timestamp
	if m.ID != "" {
		e.Kind = KindMessage
		e.ID = key("m", e.PhoneNumberID, m.ID)
	}
}

// readEcho reads a message that somebody else sent in the business's name: in the shape of a send, wrapped in "message",
// where Meta's agent sent it (standby), and plain where the phone app did (smb_message_echoes).
func (e *Event) readEcho(own *ownBody) {
	m := &InboundMessage{Raw: e.Raw}
	sent := own.element
	var content wire.Value
	if wrapped := sent.Get("message"); wrapped.Kind() == wire.Object {
		sent = wrapped
		content = m.read(wrapped)
		m.ID, m.Timestamp = own.element.Get("id").View(), readTime(own.element.Get("timestamp"))
	} else {
		content = m.read(sent)
	}
	m.readContent(content, false)
	m.From = User{}
	m.readAddressee(sent)
	e.Message, e.Timestamp = m, m.Timestamp
	if m.ID != "" {
		e.Kind = KindEcho
		e.ID = key("e", e.PhoneNumberID, m.ID)
	}
}

func (m *InboundMessage) readAddressee(sent wire.Value) {
	to, group := "", false
	for key, val := range sent.Members {
		switch key {
		case "to":
			to = val.View()
		case "recipient_type":
			group = val.View() == "group"
		case "recipient", "to_user_id":
			set(&m.To.ID, val)
		case "to_parent_user_id":
			m.To.ParentID = val.View()
		}
	}
	if group {
		m.GroupID = to
	} else {
		m.To.Phone = to
	}
}

// read reads what all types of messages have, and returns the object that is named as the type.
func (m *InboundMessage) read(v wire.Value) (content wire.Value) {
	for key, val := range v.Members {
		switch key {
		case "id":
			m.ID = val.View()
		case "from":
			m.From.Phone = val.View()
		case "from_user_id":
			m.From.ID = val.View()
		case "from_parent_user_id":
			m.From.ParentID = val.View()
		case "timestamp":
			m.Timestamp = readTime(val)
		case "type":
			m.Type = val.View()
		case "group_id":
			m.GroupID = val.View()
		case "context":
			m.Context = readContext(val)
		case "referral":
			m.Referral = readReferral(val)
		case "identity":
			m.Identity = readIdentity(val)
		case "errors":
			m.Errors = readErrors(val)
		default:
			if key == m.Type {
				content = val
			}
		}
	}
	if content == nil && m.Type != "" {
		content = v.Get(m.Type) // it stood before the type
	}
	return content
}

func readContext(v wire.Value) *MessageContext {
	if v.Kind() != wire.Object {
		return nil
	}
	c := &MessageContext{}
	for key, val := range v.Members {
		switch key {
		case "id":
			c.ID = val.View()
		case "from":
			c.From = val.View()
		case "forwarded":
			c.Forwarded = val.True()
		case "frequently_forwarded":
			c.FrequentlyForwarded = val.True()
		case "referred_product":
			c.CatalogID = val.Get("catalog_id").View()
			c.RetailerID = val.Get("product_retailer_id").View()
		}
	}
	return c
}

func readReferral(v wire.Value) *Referral {
	if v.Kind() != wire.Object {
		return nil
	}
	return &Referral{
		SourceType:   v.Get("source_type").View(),
		SourceID:     v.Get("source_id").View(),
		SourceURL:    v.Get("source_url").View(),
		Headline:     v.Get("headline").View(),
		Body:         v.Get("body").View(),
		MediaType:    v.Get("media_type").View(),
		ImageURL:     v.Get("image_url").View(),
		VideoURL:     v.Get("video_url").View(),
		ThumbnailURL: v.Get("thumbnail_url").View(),
		ClickID:      v.Get("ctwa_clid").View(),
		WelcomeText:  v.Get("welcome_message").Get("text").View(),
	}
}

func readIdentity(v wire.Value) *Identity {
	if v.Kind() != wire.Object {
		return nil
	}
	return &Identity{
		Acknowledged: v.Get("acknowledged").True(),
		CreatedAt:    readTime(v.Get("created_timestamp")),
		Hash:         v.Get("hash").View(),
	}
}

func readErrors(v wire.Value) []EventError {
	var errs []EventError
	for _, e := range v.Elements {
		errs = append(errs, readError(e))
	}
	return errs
}

func readError(v wire.Value) EventError {
	code, _ := v.Get("code").Int()
	return EventError{
		Code:    int(code),
		Title:   v.Get("title").View(),
		Message: v.Get("message").View(),
		Details: v.Get("error_data").Get("details").View(),
		Href:    v.Get("href").View(),
	}
}
