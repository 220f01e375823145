package wacloud

import (
	"slices"

	"github.com/wacloud/wacloud/internal/wire"
)

// contactBook finds the contact of an element among those of its value.
type contactBook struct {
	contacts []contact
	longest  int                   // in bytes
	byID     map[string]wire.Value // of a long book, once it is needed
}

type contact struct {
	waID   string
	userID string
	raw    wire.Value
}

func (c *contactBook) add(contacts wire.Value) {
	c.contacts, c.byID = slices.Clip(c.contacts), nil
	for _, v := range contacts.Elements {
		entry := contact{raw: v}
		for key, val := range v.Members {
			switch key {
			case "wa_id":
				entry.waID = val.View()
			case "user_id":
				entry.userID = val.View()
			}
		}
		c.contacts = append(c.contacts, entry)
		c.longest = max(c.longest, len(v))
	}
}

// of returns the contact with the user's WhatsApp id, else the one with the user's id, else nil: never somebody else's.
func (c *contactBook) of(u User) wire.Value {
	if v := c.find(u.Phone); v != nil {
		return v
	}
	return c.find(u.ID)
}

func (c *contactBook) find(id string) wire.Value {
	if id == "" {
		return nil
	}
	if len(c.contacts) > 16 {
		return c.index()[id]
	}
	for _, e := range c.contacts {
		if e.waID == id || e.userID == id {
			return e.raw
		}
	}
	return nil
}

// index makes the search in a batch of a thousand messages linear.
func (c *contactBook) index() map[string]wire.Value {
	if c.byID != nil {
		return c.byID
	}
	c.byID = make(map[string]wire.Value, 2*len(c.contacts))
	for _, e := range slices.Backward(c.contacts) {
		c.byID[e.waID] = e.raw
		c.byID[e.userID] = e.raw
	}
	return c.byID
}

// fill completes u with what the contact says.
func (u *User) fill(contact wire.Value) {
	for key, val := range contact.Members {
		switch key {
		case "wa_id":
			set(&u.Phone, val)
		case "user_id":
			set(&u.ID, val)
		case "parent_user_id":
			set(&u.ParentID, val)
		case "profile":
			u.Name = val.Get("name").View()
			u.Username = val.Get("username").View()
		}
	}
}

// set gives *s the text of v unless it has one.
func set(s *string, v wire.Value) {
	if *s == "" {
		*s = v.View()
	}
}
