package wacloud

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/wacloud/wacloud/internal/wire"
)

// Validate reports an empty or long body.
func (m Text) Validate() error { c := newChecker(); m.check(c); return c.verdict() }

func (m Text) check(c *checker) {
	c.text(ruleText, "text.body", m.Body)
	if m.PreviewURL && !hasWebScheme(m.Body) {
		c.fail(ruleTextPreview, "text.preview_url", "a text without one")
	}
}

// Validate reports a missing or ambiguous source and a long caption.
func (m Image) Validate() error { c := newChecker(); m.check(c); return c.verdict() }

func (m Image) check(c *checker) {
	c.in("image")
	c.file(m.Media)
	c.text(ruleCaption, "caption", m.Caption)
	c.out()
}

// Validate reports a missing or ambiguous source and a long caption.
func (m Video) Validate() error { c := newChecker(); m.check(c); return c.verdict() }

func (m Video) check(c *checker) {
	c.in("video")
	c.file(m.Media)
	c.text(ruleCaption, "caption", m.Caption)
	c.out()
}

// Validate reports a missing or ambiguous source.
func (m Audio) Validate() error { c := newChecker(); m.check(c); return c.verdict() }

func (m Audio) check(c *checker) {
	c.in("audio")
	c.file(m.Media)
	c.out()
}

// Validate reports a missing or ambiguous source and a long caption.
func (m Document) Validate() error { c := newChecker(); m.check(c); return c.verdict() }

func (m Document) check(c *checker) {
	c.in("document")
	c.file(m.Media)
	c.utf8("filename", m.Filename)
	c.text(ruleCaption, "caption", m.Caption)
	c.out()
}

// Validate reports a missing or ambiguous source.
func (m Sticker) Validate() error { c := newChecker(); m.check(c); return c.verdict() }

func (m Sticker) check(c *checker) {
	c.in("sticker")
	c.file(m.Media)
	c.out()
}

// Validate reports coordinates that are not on earth.
func (m Location) Validate() error { c := newChecker(); m.check(c); return c.verdict() }

func (m Location) check(c *checker) {
	c.in("location")
	c.degrees(ruleLatitude, "latitude", m.Latitude, 90)
	c.degrees(ruleLongitude, "longitude", m.Longitude, 180)
	if m.Latitude == 0 && m.Longitude == 0 {
		c.fail(ruleLocationZero, "", "latitude 0, longitude 0")
	}
	c.utf8("name", m.Name)
	c.utf8("address", m.Address)
	c.out()
}

// degrees checks a coordinate without printing it: it is where somebody is.
func (c *checker) degrees(r rule, field string, v, limit float64) {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		c.fail(r, field, "not a number")
	case v < -limit || v > limit:
		c.fail(r, field, "out of range")
	}
}

// Validate reports a wrong number of cards and what is missing on them.
func (m Contacts) Validate() error { c := newChecker(); m.check(c); return c.verdict() }

func (m Contacts) check(c *checker) {
	c.number(ruleContacts, "contacts", len(m.Contacts))
	for i := range m.Contacts {
		c.at("contacts", i)
		m.Contacts[i].check(c)
		c.out()
	}
}

func (k *Contact) check(c *checker) {
	n := &k.Name
	c.text(ruleContactName, "name.formatted_name", n.Formatted)
	if n.First == "" && n.Last == "" && n.Middle == "" && n.Suffix == "" && n.Prefix == "" {
		c.fail(ruleContactParts, "name", "no other part")
	}
	if k.Birthday != "" && !isDate(k.Birthday) {
		c.fail(ruleContactBirthday, "birthday", "another form")
	}
	c.utf8("name", n.First, n.Last, n.Middle, n.Suffix, n.Prefix)
	c.utf8("org", k.Org.Company, k.Org.Department, k.Org.Title)
	for i, p := range k.Phones {
		c.at("phones", i)
		c.utf8("", p.Phone, p.Type, p.WaID)
		c.out()
	}
	for i, e := range k.Emails {
		c.at("emails", i)
		c.utf8("", e.Email, e.Type)
		c.out()
	}
	for i, u := range k.URLs {
		c.at("urls", i)
		c.utf8("", u.URL, u.Type)
		c.out()
	}
	for i, a := range k.Addresses {
		c.at("addresses", i)
		c.utf8("", a.Street, a.City, a.State, a.Zip, a.Country, a.CountryCode, a.Type)
		c.out()
	}
}

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// Validate reports a missing message id.
func (m Reaction) Validate() error { c := newChecker(); m.check(c); return c.verdict() }

func (m Reaction) check(c *checker) {
	c.in("reaction")
	c.id(ruleReactionTo, "message_id", m.MessageID)
	c.utf8("emoji", m.Emoji)
	switch n := graphemes(m.Emoji); {
	case n > 1:
		c.fail(ruleReactionEmoji, "emoji", strconv.Itoa(n)+" characters")
	case n == 1 && !hasEmoji(m.Emoji):
		c.fail(ruleReactionEmoji, "emoji", "something else")
	}
	c.out()
}

// Validate reports a type that cannot be one and content that is not a JSON object. Nothing else of a Raw is checked,
// and [Check] says so in a warning that names the kind.
func (m Raw) Validate() error { c := newChecker(); m.check(c); return c.verdict() }

func (m Raw) check(c *checker) {
	m.checkJSON(c)
	if isTypeName(m.Type) {
		object, _ := rawObject(m.JSON)
		c.fail(ruleRawUnchecked, m.Type, rawKind(m.Type, object))
	}
}

// rawKind is the type, and where it is "interactive" the type inside as well.
func rawKind(kind string, object wire.Value) string {
	if inner, _ := object.Get("type").Str(); kind == "interactive" && isTypeName(inner) {
		return kind + "." + inner
	}
	return kind
}

// object checks that b is one JSON object and returns it, or nil.
func (c *checker) object(r rule, field string, b []byte) wire.Value {
	object, ok := rawObject(b)
	switch {
	case ok:
		return object
	case len(bytes.TrimSpace(b)) == 0:
		c.fail(r, field, "empty")
	case !json.Valid(b):
		c.fail(r, field, "not JSON")
	default:
		c.fail(r, field, "other JSON")
	}
	return nil
}

// utf8 checks free texts for which Meta states no limit.
func (c *checker) utf8(field string, texts ...string) {
	for _, s := range texts {
		if !isUTF8(s) {
			c.fail(ruleUTF8, field, "bytes that are not UTF-8")
			return
		}
	}
}

// isTypeName reports whether s can be the name of a type: the key of a request body that is not one of the envelope's.
func isTypeName(s string) bool {
	switch s {
	case "", "messaging_product", "recipient_type", "to", "recipient", "type", "context", "biz_opaque_callback_data",
		"recipient_identity_key_hash", "category", "ttl_seconds", "direct_send_config", "status", "message_id",
		"typing_indicator":
		return false
	}
	return len(s) <= 64 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}
