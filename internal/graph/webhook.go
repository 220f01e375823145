package graph

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/internal/sendid"
)

// Element is what a webhook says, and to whom.
type Element struct {
	Number   Number
	Time     time.Time
	ID       string // of the message
	From     wacloud.User
	GroupID  string
	Context  Context
	Referral wacloud.Referral
	Standby  bool // somebody else holds the conversation
}

// Context is what a message refers to.
type Context struct {
	ID         string
	From       string // defaults to the business's number
	Forwarded  bool
	Frequently bool   // forwarded more than five times
	CatalogID  string // of the product that is asked about
	RetailerID string
}

// Message is the webhook body of a message (Meta, webhooks reference: messages, read 2026-03).
func (e Element) Message(c Content) []byte {
	m := obj(
		"from", e.From.Phone,
		"from_user_id", e.From.ID,
		"from_parent_user_id", e.From.ParentID,
		"id", e.ID,
		"timestamp", unix(e.Time),
		"group_id", e.GroupID,
		"type", c.Type,
		"context", e.context(),
	)
	if c.Object != nil {
		m.add(c.Type, c.Object)
	}
	if len(c.Errors) > 0 {
		m.add("errors", errorList(c.Errors))
	}
	m.add("referral", referral(e.Referral))
	value := e.value()
	if c.Type != "system" { // Meta leaves the contact out of system messages
		value.add("contacts", list{contact(e.From)})
	}
	value.add("messages", list{m})
	return e.envelope("messages", value)
}

// Status is the webhook body of a status (Meta, webhooks reference: status messages, read 2026-03).
func (e Element) Status(s wacloud.Status) []byte {
	failed := s.Status == "failed"
	st := obj(
		"id", s.ID,
		"status", s.Status,
		"timestamp", unix(e.Time),
		"type", s.Type,
	)
	if s.GroupID != "" {
		st.add("recipient_id", s.GroupID)
		st.add("recipient_type", "group")
		st.add("recipient_participant_id", s.Participant.Phone)
		st.add("recipient_participant_user_id", s.Participant.ID)
		st.add("recipient_participant_parent_user_id", s.Participant.ParentID)
	} else {
		st.add("recipient_id", s.Recipient.Phone)
		st.add("recipient_user_id", s.Recipient.ID)
		st.add("recipient_parent_user_id", s.Recipient.ParentID)
		st.add("recipient_type", s.RecipientType)
	}
	if c := s.Conversation; c != nil {
		conversation := obj("id", c.ID)
		if !c.ExpiresAt.IsZero() {
			conversation.add("expiration_timestamp", unix(c.ExpiresAt))
		}
		conversation.add("origin", obj("type", c.Origin))
		st.add("conversation", conversation)
	}
	if p := s.Pricing; p != nil {
		st.add("pricing", obj("billable", p.Billable, "pricing_model", p.Model, "type", p.Type, "category", p.Category))
	}
	if len(s.Errors) > 0 {
		st.add("errors", errorList(s.Errors))
	}
	data := s.CallbackData
	if s.SendID != "" {
		data = sendid.Join(s.SendID, data)
	}
	st.add("biz_opaque_callback_data", data)
	value := e.value()
	value.add("statuses", list{st})
	if !failed && !e.Standby && s.GroupID == "" && s.Recipient != (wacloud.User{}) {
		value.add("contacts", list{contact(s.Recipient)})
	}
	return e.envelope("messages", value)
}

// Echo is the webhook body of a message that somebody else sent in the business's name: from the phone app, or, in
// standby, Meta's agent (Meta, webhooks reference: smb_message_echoes and standby, read 2026-08).
func (e Element) Echo(c Content) []byte {
	value := e.value()
	if e.Standby {
		value.add("message_echoes", list{obj("id", e.ID, "timestamp", unix(e.Time), "message", obj(
			"to", e.From.Phone, "recipient", e.From.ID, "recipient_type", "individual", "type", c.Type, c.Type, c.Object,
		))})
		return e.envelope("messages", value)
	}
	value.add("message_echoes", list{obj(
		"from", e.Number.Display, "to", e.From.Phone, "to_user_id", e.From.ID,
		"id", e.ID, "timestamp", unix(e.Time), "type", c.Type, c.Type, c.Object,
	)})
	return e.envelope("smb_message_echoes", value)
}

// Failures is the webhook body of errors that belong to no message.
func (e Element) Failures(errs []wacloud.EventError) []byte {
	value := e.value()
	value.add("errors", errorList(errs))
	return e.envelope("messages", value)
}

// Field is the webhook body of any other field. Such entries carry their time.
func (e Element) Field(field string, value any) []byte {
	return encode(obj("object", "whatsapp_business_account", "entry", list{obj(
		"id", e.Number.BusinessAccountID,
		"time", e.Time.Unix(),
		"changes", list{obj("field", field, "value", value)},
	)}))
}

func (e Element) value() object {
	return obj(
		"messaging_product", "whatsapp",
		"metadata", obj("display_phone_number", e.Number.Display, "phone_number_id", e.Number.ID),
	)
}

// envelope wraps a value; in standby everything behind the metadata moves one level down.
func (e Element) envelope(field string, value object) []byte {
	if e.Standby {
		field = "standby"
		value = append(value[:2:2], member{"standby", value[2:]})
	}
	return encode(obj("object", "whatsapp_business_account", "entry", list{obj(
		"id", e.Number.BusinessAccountID,
		"changes", list{obj("value", value, "field", field)},
	)}))
}

func (e Element) context() object {
	c := e.Context
	if c.Forwarded || c.Frequently { // Meta gives neither id nor sender of what was forwarded
		var o object
		if c.Forwarded {
			o.add("forwarded", true)
		}
		if c.Frequently {
			o.add("frequently_forwarded", true)
		}
		return o
	}
	if c.ID == "" && c.RetailerID == "" {
		return nil
	}
	if c.From == "" {
		c.From = e.Number.Display
	}
	return obj("from", c.From, "id", c.ID,
		"referred_product", obj("catalog_id", c.CatalogID, "product_retailer_id", c.RetailerID))
}

func contact(u wacloud.User) object {
	return obj(
		"profile", obj("name", u.Name, "username", u.Username),
		"wa_id", u.Phone,
		"user_id", u.ID,
		"parent_user_id", u.ParentID,
	)
}

func referral(r wacloud.Referral) object {
	return obj(
		"source_url", r.SourceURL,
		"source_id", r.SourceID,
		"source_type", r.SourceType,
		"body", r.Body,
		"headline", r.Headline,
		"media_type", r.MediaType,
		"image_url", r.ImageURL,
		"video_url", r.VideoURL,
		"thumbnail_url", r.ThumbnailURL,
		"ctwa_clid", r.ClickID,
		"welcome_message", obj("text", r.WelcomeText),
	)
}

func errorList(errs []wacloud.EventError) list {
	var l list
	for _, e := range errs {
		if e.Title == "" {
			e.Title = codeOf(e.Code).title
		}
		if e.Message == "" {
			e.Message = e.Title
		}
		if e.Details == "" {
			e.Details = detailsOf(e.Code)
		}
		l = append(l, obj("code", e.Code, "title", e.Title, "message", e.Message,
			"error_data", obj("details", e.Details), "href", e.Href))
	}
	return l
}

func unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// Batch is one webhook body with the entries of several.
func Batch(bodies ...[]byte) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(`{"object":"whatsapp_business_account","entry":[`)
	first := true
	for _, body := range bodies {
		var envelope struct {
			Entry []json.RawMessage `json:"entry"`
		}
		if err := json.Unmarshal(body, &envelope); err != nil {
			return nil, err
		}
		for _, entry := range envelope.Entry {
			if !first {
				b.WriteByte(',')
			}
			first = false
			b.Write(entry)
		}
	}
	b.WriteString("]}")
	return b.Bytes(), nil
}
