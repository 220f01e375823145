package graph

import (
	"encoding/json"
	"strconv"

	"github.com/wacloud/wacloud"
)

// Content is what a message holds: its type, and the object that stands under the type's name.
type Content struct {
	Type   string
	Object any
	Errors []wacloud.EventError
}

// TapShape is a shape in which a tap on a carousel card arrives.
type TapShape uint8

// The shapes. Two recordings of real phones show the first; the others were guessed before (Meta's pages show none).
const (
	TapButton      TapShape = iota // type "button"
	TapButtonReply                 // interactive.button_reply
	TapQuickReply                  // interactive.quick_reply
	TapTurns                       // all of them in turn, for [Option.Taps]
)

// Text is a text.
func Text(body string) Content { return Content{Type: "text", Object: object{{"body", body}}} }

// Media is a file. Without an id it is one that Meta could not fetch.
func Media(kind string, m wacloud.MediaContent) Content {
	if m.ID == "" {
		return Content{Type: kind, Errors: []wacloud.EventError{
			{Code: 131052, Details: "Failed to download the media from the sender."},
		}}
	}
	o := obj("mime_type", m.MIMEType, "sha256", m.SHA256, "id", m.ID, "filename", m.Filename, "caption", m.Caption, "url", m.URL)
	switch kind {
	case "audio":
		o.add("voice", m.Voice)
	case "sticker":
		o.add("animated", m.Animated)
	}
	return Content{Type: kind, Object: o}
}

// Location is a point on the map.
func Location(l wacloud.LocationContent) Content {
	return Content{Type: "location", Object: obj(
		"latitude", l.Latitude, "longitude", l.Longitude, "name", l.Name, "address", l.Address, "url", l.URL,
	)}
}

// Reaction is an emoji on a message, or its removal.
func Reaction(r wacloud.Reaction) Content {
	return Content{Type: "reaction", Object: obj("message_id", r.MessageID, "emoji", r.Emoji)}
}

// ButtonReply is a tap on a reply button.
func ButtonReply(b wacloud.Button) Content {
	return interactive("button_reply", obj("id", b.ID, "title", b.Title))
}

// ListReply is a tap on a row.
func ListReply(r wacloud.Row) Content {
	return interactive("list_reply", obj("id", r.ID, "title", r.Title, "description", r.Description))
}

// QuickReply is a tap on a quick reply of a template or a card. A template's without a payload has an empty ID.
func QuickReply(b wacloud.Button) Content {
	return Content{Type: "button", Object: obj("payload", b.ID, "text", b.Title)}
}

// CarouselTap is a tap on a card's quick reply.
func CarouselTap(shape TapShape, b wacloud.Button) Content {
	switch shape {
	case TapButtonReply:
		return ButtonReply(b)
	case TapQuickReply:
		return interactive("quick_reply", obj("id", b.ID, "title", b.Title))
	default:
		return QuickReply(b)
	}
}

// FormReply is the answer of a flow ("flow") or an address form ("address_message"). It panics when response cannot be
// marshalled.
func FormReply(name, body string, response any) Content {
	return interactive("nfm_reply", obj("name", name, "body", body, "response_json", string(appendJSON(nil, response))))
}

// CallPermission is the answer to a call permission request.
func CallPermission(accepted bool) Content {
	response := "reject"
	if accepted {
		response = "accept"
	}
	return interactive("call_permission_reply", obj("response", response, "response_source", "user_action"))
}

// Payment is a payment method (Brazil).
func Payment(method any) Content { return interactive("payment_method", method) }

func interactive(kind string, o any) Content {
	return Content{Type: "interactive", Object: obj("type", kind, kind, o)}
}

// Order is a cart. Prices are decimal numbers in major units.
func Order(o wacloud.OrderContent) Content {
	items := list{}
	for _, it := range o.Items {
		items = append(items, obj("product_retailer_id", it.RetailerID, "quantity", it.Quantity,
			"item_price", price(it.Price), "currency", it.Currency))
	}
	return Content{Type: "order", Object: obj("catalog_id", o.CatalogID, "text", o.Text, "product_items", items)}
}

func price(s string) any {
	if _, err := strconv.ParseFloat(s, 64); err != nil || !json.Valid([]byte(s)) {
		return s
	}
	return json.Number(s)
}

// Product is a product card. Its exact shape could not be checked: Meta's page names the kind and no text of it was found.
func Product(p wacloud.ProductContent) Content {
	return interactive("product", obj("catalog_id", p.CatalogID, "product_retailer_id", p.RetailerID))
}

// System is a change of the user.
func System(s wacloud.SystemContent) Content {
	return Content{Type: "system", Object: obj(
		"body", s.Body,
		"wa_id", s.WaID,
		"type", s.Type,
		"user_id", s.UserID,
		"parent_user_id", s.ParentUserID,
		"previous_user_id", s.PreviousUserID,
		"previous_parent_user_id", s.PreviousParentID,
	)}
}

// Edit is the new text of a message.
func Edit(originalID string, c Content) Content {
	return Content{Type: "edit", Object: obj(
		"original_message_id", originalID,
		"message", obj("type", c.Type, c.Type, c.Object),
	)}
}

// Revoke is the deletion of a message.
func Revoke(originalID string) Content {
	return Content{Type: "revoke", Object: obj("original_message_id", originalID)}
}

// Welcome is the opening of a chat by a new user.
func Welcome() Content { return Content{Type: "request_welcome"} }

// Unsupported is a message that the API does not deliver; kind may be empty.
func Unsupported(kind string) Content {
	c := Content{Type: "unsupported", Errors: []wacloud.EventError{
		{Code: 131051, Title: "Message type unknown", Details: "Message type is currently not supported."},
	}}
	if kind != "" {
		c.Object = obj("type", kind)
	}
	return c
}

// Contacts is contact cards.
func Contacts(cards []wacloud.Contact) Content {
	l := list{}
	for _, c := range cards {
		l = append(l, card(c))
	}
	return Content{Type: "contacts", Object: l}
}

func card(c wacloud.Contact) object {
	o := obj("name", obj(
		"formatted_name", c.Name.Formatted, "first_name", c.Name.First, "last_name", c.Name.Last,
		"middle_name", c.Name.Middle, "suffix", c.Name.Suffix, "prefix", c.Name.Prefix,
	))
	each(&o, "phones", c.Phones, func(p wacloud.ContactPhone) object {
		return obj("phone", p.Phone, "wa_id", p.WaID, "type", p.Type)
	})
	each(&o, "emails", c.Emails, func(e wacloud.ContactEmail) object { return obj("email", e.Email, "type", e.Type) })
	each(&o, "urls", c.URLs, func(u wacloud.ContactURL) object { return obj("url", u.URL, "type", u.Type) })
	each(&o, "addresses", c.Addresses, func(a wacloud.ContactAddress) object {
		return obj("street", a.Street, "city", a.City, "state", a.State, "zip", a.Zip,
			"country", a.Country, "country_code", a.CountryCode, "type", a.Type)
	})
	o.add("org", obj("company", c.Org.Company, "department", c.Org.Department, "title", c.Org.Title))
	o.add("birthday", c.Birthday)
	o.add("origin", c.Origin)
	o.add("vcard", c.VCard)
	return o
}

func each[T any](o *object, key string, items []T, write func(T) object) {
	var l list
	for _, it := range items {
		l = append(l, write(it))
	}
	if l != nil {
		o.add(key, l)
	}
}
