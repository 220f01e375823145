package wacloud

import (
	"encoding/json"
	"slices"

	"github.com/wacloud/wacloud/internal/wire"
)

// readContent reads the object that is named as the message's type. A tap is one only where the user sent it: an echo
// has "interactive" and "button" in the shape of a send.
func (m *InboundMessage) readContent(v wire.Value, received bool) {
	switch {
	case received && m.Type == "interactive":
		m.readInteractive(v)
	case received && m.Type == "button":
		m.readButton(v)
	case m.Type == "system":
		m.Content = readSystem(v)
		if m.Identity == nil {
			m.Identity = readIdentity(v.Get("identity"))
		}
	default:
		m.Content = readContent(m.Type, v)
	}
}

func readContent(kind string, v wire.Value) Content {
	switch kind {
	case "image", "video", "audio", "document", "sticker":
		return readMedia(v)
	case "request_welcome":
		return WelcomeContent{}
	case "unsupported", "unknown":
		return UnsupportedContent{Type: v.Get("type").View()}
	case "contacts":
		if v.Kind() == wire.Array {
			return readContacts(v)
		}
	}
	if v.Kind() != wire.Object {
		return UnknownContent{}
	}
	switch kind {
	case "text":
		return TextContent{Body: v.Get("body").View()}
	case "location":
		return readLocation(v)
	case "reaction":
		return ReactionContent{MessageID: v.Get("message_id").View(), Emoji: v.Get("emoji").View()}
	case "order":
		return readOrder(v)
	case "edit":
		return readEdit(v)
	case "revoke":
		return RevokeContent{OriginalID: v.Get("original_message_id").View()}
	default:
		return UnknownContent{}
	}
}

// readButton reads a tap on a quick reply of a template or of a carousel card (Meta, webhooks reference, messages/button,
// read 2026-03; for carousels Meta documents nothing, and recorded webhooks of July and October 2026 say so).
func (m *InboundMessage) readButton(v wire.Value) {
	if v.Kind() != wire.Object {
		m.Content = UnsupportedContent{Type: "button"}
		return
	}
	m.tap(Reply{Kind: ReplyKindQuick, ID: v.Get("payload").View(), Title: v.Get("text").View()})
}

func (m *InboundMessage) tap(r Reply) {
	if m.Context != nil {
		r.ContextID = m.Context.ID
	}
	m.Reply = &r
	m.Content = ReplyContent{}
}

// readInteractive goes by the object that is there: Meta's address page shows a reply whose interactive.type is
// "interactive".
func (m *InboundMessage) readInteractive(v wire.Value) {
	var name string
	var reply wire.Value
	for key, val := range v.Members {
		if val.Kind() == wire.Object && !isInteractiveReply(name) {
			name, reply = key, val
		}
	}
	switch name {
	case "button_reply":
		m.tap(Reply{Kind: ReplyKindButton, ID: reply.Get("id").View(), Title: reply.Get("title").View()})
	case "list_reply":
		m.tap(Reply{
			Kind: ReplyKindListRow, ID: reply.Get("id").View(), Title: reply.Get("title").View(),
			Description: reply.Get("description").View(),
		})
	case "quick_reply": // in no capture yet
		m.tap(Reply{Kind: ReplyKindQuick, ID: either(reply, "id", "payload"), Title: either(reply, "title", "text")})
	case "nfm_reply":
		m.tap(Reply{
			Kind: ReplyKindFlow, ID: reply.Get("name").View(), Title: reply.Get("body").View(),
			Data: innerJSON(reply.Get("response_json")),
		})
	case "call_permission_reply":
		response := reply.Get("response").View()
		m.tap(Reply{Kind: ReplyKindCallPermission, ID: response, Title: response, Data: cloneJSON(reply)})
	case "payment_method":
		m.tap(Reply{
			Kind: ReplyKindPayment, ID: either(reply, "reference_id", "credential_id"),
			Title: reply.Get("payment_method").View(), Data: cloneJSON(reply),
		})
	case "": // nothing in it: the value's errors may say why
		m.Content = UnsupportedContent{Type: "interactive"}
	case "product":
		m.Content = ProductContent{
			CatalogID: reply.Get("catalog_id").View(), RetailerID: either(reply, "product_retailer_id", "id"),
		}
	default:
		m.Content = UnknownContent{}
	}
}

func isInteractiveReply(name string) bool {
	switch name {
	case "button_reply", "list_reply", "quick_reply", "nfm_reply", "call_permission_reply", "payment_method", "product":
		return true
	default:
		return false
	}
}

// either is the text of the first of two members that has one.
func either(v wire.Value, first, second string) string {
	s := v.Get(first).View()
	set(&s, v.Get(second))
	return s
}

// innerJSON unwraps JSON that Meta sends as a string. A string that holds none stays a string.
func innerJSON(v wire.Value) json.RawMessage {
	if s, ok := v.Str(); ok {
		if inner, err := wire.Parse([]byte(s)); err == nil {
			return json.RawMessage(inner)
		}
	}
	return cloneJSON(v)
}

func cloneJSON(v wire.Value) json.RawMessage { return slices.Clone(json.RawMessage(v)) }

func readMedia(v wire.Value) MediaContent {
	return MediaContent{
		ID:       v.Get("id").View(),
		MIMEType: v.Get("mime_type").View(),
		SHA256:   v.Get("sha256").View(),
		URL:      either(v, "url", "link"),
		Caption:  v.Get("caption").View(),
		Filename: v.Get("filename").View(),
		Voice:    v.Get("voice").True(),
		Animated: v.Get("animated").True(),
	}
}

func readLocation(v wire.Value) LocationContent {
	latitude, _ := v.Get("latitude").Float()
	longitude, _ := v.Get("longitude").Float()
	return LocationContent{
		Latitude:  latitude,
		Longitude: longitude,
		Name:      v.Get("name").View(),
		Address:   v.Get("address").View(),
		URL:       v.Get("url").View(),
	}
}

func readOrder(v wire.Value) OrderContent {
	order := OrderContent{CatalogID: v.Get("catalog_id").View(), Text: v.Get("text").View()}
	for _, item := range v.Get("product_items").Elements {
		quantity, _ := item.Get("quantity").Int()
		order.Items = append(order.Items, OrderItem{
			RetailerID: item.Get("product_retailer_id").View(),
			Quantity:   int(quantity),
			Price:      item.Get("item_price").View(),
			Currency:   item.Get("currency").View(),
		})
	}
	return order
}

// readSystem takes both names of the new number.
func readSystem(v wire.Value) Content {
	if v.Kind() != wire.Object {
		return UnknownContent{}
	}
	return SystemContent{
		Type:             v.Get("type").View(),
		Body:             v.Get("body").View(),
		WaID:             either(v, "wa_id", "new_wa_id"),
		UserID:           v.Get("user_id").View(),
		ParentUserID:     v.Get("parent_user_id").View(),
		PreviousUserID:   v.Get("previous_user_id").View(),
		PreviousParentID: v.Get("previous_parent_user_id").View(),
	}
}

// readEdit reads the new message. An edit in an edit, which no user can make, stays unknown: no recursion on input.
func readEdit(v wire.Value) EditContent {
	message := v.Get("message")
	edit := EditContent{
		OriginalID: v.Get("original_message_id").View(),
		Type:       message.Get("type").View(),
		Content:    UnknownContent{},
	}
	if edit.Type != "edit" {
		edit.Content = readContent(edit.Type, message.Get(edit.Type))
	}
	return edit
}

func readContacts(v wire.Value) ContactsContent {
	var c ContactsContent
	for _, card := range v.Elements {
		c.Contacts = append(c.Contacts, readContact(card))
	}
	return c
}

// setOrigin takes the origin from beside the cards, where drafts of February 2026 had it.
func (c ContactsContent) setOrigin(origin wire.Value) {
	for i := range c.Contacts {
		set(&c.Contacts[i].Origin, origin)
	}
}

func readContact(v wire.Value) Contact {
	name, org := v.Get("name"), v.Get("org")
	c := Contact{
		Name: ContactName{
			Formatted: name.Get("formatted_name").View(),
			First:     name.Get("first_name").View(),
			Last:      name.Get("last_name").View(),
			Middle:    name.Get("middle_name").View(),
			Suffix:    name.Get("suffix").View(),
			Prefix:    name.Get("prefix").View(),
		},
		Org: ContactOrg{
			Company:    org.Get("company").View(),
			Department: org.Get("department").View(),
			Title:      org.Get("title").View(),
		},
		Birthday: v.Get("birthday").View(),
		Origin:   v.Get("origin").View(),
		VCard:    v.Get("vcard").View(),
	}
	for _, p := range v.Get("phones").Elements {
		c.Phones = append(c.Phones, ContactPhone{
			Phone: p.Get("phone").View(), Type: p.Get("type").View(), WaID: p.Get("wa_id").View(),
		})
	}
	for _, m := range v.Get("emails").Elements {
		c.Emails = append(c.Emails, ContactEmail{Email: m.Get("email").View(), Type: m.Get("type").View()})
	}
	for _, u := range v.Get("urls").Elements {
		c.URLs = append(c.URLs, ContactURL{URL: u.Get("url").View(), Type: u.Get("type").View()})
	}
	for _, a := range v.Get("addresses").Elements {
		c.Addresses = append(c.Addresses, readAddress(a))
	}
	return c
}

func readAddress(v wire.Value) ContactAddress {
	return ContactAddress{
		Street:      v.Get("street").View(),
		City:        v.Get("city").View(),
		State:       v.Get("state").View(),
		Zip:         v.Get("zip").View(),
		Country:     v.Get("country").View(),
		CountryCode: v.Get("country_code").View(),
		Type:        v.Get("type").View(),
	}
}
