package wacloud

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/wacloud/wacloud/internal/sendid"
	"github.com/wacloud/wacloud/internal/wire"
)

func (e *Event) readStatus(at *place, own *ownBody) {
	s := &Status{Raw: e.Raw}
	e.Status = s
	recipient := s.read(own.element)
	e.Timestamp = s.Timestamp
	if s.ID != "" && s.Status != "" {
		e.Kind = KindStatus
		e.ID = s.dedupeKey(e.PhoneNumberID, own.element) // before the contact, which a repetition may lack
	}
	if s.RecipientType == "group" {
		s.GroupID = recipient.Phone
		s.Participant.fill(own.contact(at.contacts.of(s.Participant)))
		return
	}
	s.Recipient = recipient
	s.Recipient.fill(own.contact(at.contacts.of(recipient)))
}

// dedupeKey has the participant, because each member of a group reads for themselves. Two payments, or two calls, on one
// message differ in more than their status, so the whole element counts.
func (s *Status) dedupeKey(phoneNumberID string, element wire.Value) string {
	participant := s.Participant.Phone
	if participant == "" {
		participant = s.Participant.ID
	}
	if s.Type != "payment" && s.Type != "call" {
		return key("s", phoneNumberID, s.ID, s.Type, s.Status, participant)
	}
	sum := sha256.Sum256(element)
	return key("s", phoneNumberID, s.ID, s.Type, s.Status, participant, hex.EncodeToString(sum[:]))
}

func (s *Status) read(v wire.Value) (recipient User) {
	for key, val := range v.Members {
		switch key {
		case "id":
			s.ID = val.View()
		case "status":
			s.Status = val.View()
		case "type":
			s.Type = val.View()
		case "timestamp":
			s.Timestamp = readTime(val)
		case "recipient_id":
			recipient.Phone = val.View()
		case "recipient_user_id":
			recipient.ID = val.View()
		case "recipient_parent_user_id", "parent_recipient_user_id": // renamed on 2026-05-05
			recipient.ParentID = val.View()
		case "recipient_type":
			s.RecipientType = val.View()
		case "recipient_participant_id":
			s.Participant.Phone = val.View()
		case "recipient_participant_user_id":
			s.Participant.ID = val.View()
		case "recipient_participant_parent_user_id":
			s.Participant.ParentID = val.View()
		case "biz_opaque_callback_data":
			s.SendID, s.CallbackData = sendid.Split(val.View())
		case "conversation":
			s.Conversation = readConversation(val)
		case "pricing":
			s.Pricing = readPricing(val)
		case "errors":
			s.Errors = readErrors(val)
		case "message": // of ancient webhooks
			set(&recipient.Phone, val.Get("recipient_id"))
		}
	}
	return recipient
}

func readConversation(v wire.Value) *Conversation {
	if v.Kind() != wire.Object {
		return nil
	}
	return &Conversation{
		ID:        v.Get("id").View(),
		Origin:    v.Get("origin").Get("type").View(),
		ExpiresAt: readTime(v.Get("expiration_timestamp")),
	}
}

func readPricing(v wire.Value) *Pricing {
	if v.Kind() != wire.Object {
		return nil
	}
	return &Pricing{
		Billable: v.Get("billable").True(),
		Model:    v.Get("pricing_model").View(),
		Type:     v.Get("type").View(),
		Category: v.Get("category").View(),
	}
}
