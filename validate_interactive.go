package wacloud

import (
	"maps"
	"slices"

	"github.com/wacloud/wacloud/internal/wire"
)

// Validate reports everything that Meta would refuse, see [Buttons].
func (m Buttons) Validate() error { c := newChecker(); m.check(c); return c.verdict() }

func (m Buttons) check(c *checker) {
	c.in("interactive")
	c.header(m.Header)
	c.text(ruleBody, "body.text", m.Body)
	c.text(ruleFooter, "footer.text", m.Footer)
	c.number(ruleButtons, "action.buttons", len(m.Buttons))
	for i, b := range m.Buttons {
		c.at("action.buttons", i)
		c.id(ruleButtonID, "reply.id", b.ID)
		c.unique(ruleButtonIDUnique, "reply.id", b.ID)
		c.label(ruleButtonTitle, "reply.title", b.Title)
		c.out()
	}
	c.forget()
	for i, b := range m.Buttons {
		c.at("action.buttons", i)
		c.unique(ruleButtonTitleUnique, "reply.title", b.Title)
		c.out()
	}
	c.out()
}

// Validate reports everything that Meta would refuse, see [List].
func (m List) Validate() error { c := newChecker(); m.check(c); return c.verdict() }

func (m List) check(c *checker) {
	c.in("interactive")
	if m.Header != "" {
		c.headerText(ruleHeaderText, m.Header)
	}
	c.text(ruleListBody, "body.text", m.Body)
	c.advise(ruleListBodyLong, "body.text", m.Body, limits[ruleListBody].max)
	c.text(ruleFooter, "footer.text", m.Footer)
	c.in("action")
	c.label(ruleListButton, "button", m.Menu.Button)
	c.number(ruleListSections, "sections", len(m.Menu.Sections))
	n := m.Menu.rows()
	if len(m.Menu.Sections) > 0 {
		c.number(ruleListRows, "sections", n)
	}
	for i, s := range m.Menu.Sections {
		c.at("sections", i)
		c.sectionTitle(ruleSectionTitle, ruleSectionTitled, s.Title, len(m.Menu.Sections))
		if n > 0 {
			c.number(ruleSectionRows, "rows", len(s.Rows))
		}
		for i, r := range s.Rows {
			c.at("rows", i)
			r.check(c)
			c.out()
		}
		c.out()
	}
	c.out()
	c.out()
}

// rows is the number of rows over all sections.
func (m Menu) rows() int {
	n := 0
	for _, s := range m.Sections {
		n += len(s.Rows)
	}
	return n
}

func (r Row) check(c *checker) {
	c.id(ruleRowID, "id", r.ID)
	c.unique(ruleRowIDUnique, "id", r.ID)
	c.label(ruleRowTitle, "title", r.Title)
	c.text(ruleRowDescription, "description", r.Description)
}

// sectionTitle checks the title of one of n sections.
func (c *checker) sectionTitle(length, required rule, title string, n int) {
	if title == "" && n > 1 {
		c.fail(required, "title", "empty")
		return
	}
	c.label(length, "title", title)
}

// Validate reports everything that Meta would refuse, see [CTAURL].
func (m CTAURL) Validate() error { c := newChecker(); m.check(c); return c.verdict() }

func (m CTAURL) check(c *checker) {
	c.in("interactive")
	c.header(m.Header)
	if media, ok := headerMedia(m.Header); ok && media.ID != "" && media.Link == "" {
		c.fail(ruleLinkHeader, "header."+m.Header.headerType()+".id", "an id")
	}
	c.text(ruleBody, "body.text", m.Body)
	c.text(ruleFooter, "footer.text", m.Footer)
	c.label(ruleLinkText, "action.parameters.display_text", m.Link.Text)
	c.web("action.parameters.url", m.Link.URL)
	c.out()
}

// Validate reports an empty or long body.
func (m LocationRequest) Validate() error { c := newChecker(); m.check(c); return c.verdict() }

func (m LocationRequest) check(c *checker) { c.text(ruleBody, "interactive.body.text", m.Body) }

// Validate reports an empty or long body.
func (m ContactInfoRequest) Validate() error { c := newChecker(); m.check(c); return c.verdict() }

func (m ContactInfoRequest) check(c *checker) { c.text(ruleBody, "interactive.body.text", m.Body) }

// Validate reports missing ids and long texts.
func (m Product) Validate() error { c := newChecker(); m.check(c); return c.verdict() }

func (m Product) check(c *checker) {
	c.in("interactive")
	c.text(ruleBodyOptional, "body.text", m.Body)
	c.text(ruleFooter, "footer.text", m.Footer)
	c.id(ruleCatalogID, "action.catalog_id", m.CatalogID)
	c.id(ruleRetailerID, "action.product_retailer_id", m.RetailerID)
	c.out()
}

// Validate reports everything that Meta would refuse, see [ProductList].
func (m ProductList) Validate() error { c := newChecker(); m.check(c); return c.verdict() }

func (m ProductList) check(c *checker) {
	c.in("interactive")
	c.headerText(ruleProductHeader, m.Header)
	c.text(ruleBody, "body.text", m.Body)
	c.text(ruleFooter, "footer.text", m.Footer)
	c.in("action")
	c.id(ruleCatalogID, "catalog_id", m.CatalogID)
	c.productSections(m.Sections)
	c.out()
	c.out()
}

// productSections checks the sections of the action at the place of c.
func (c *checker) productSections(sections []ProductSection) {
	c.number(ruleProductSections, "sections", len(sections))
	products := 0
	for i, s := range sections {
		products += len(s.RetailerIDs)
		c.at("sections", i)
		c.sectionTitle(ruleProductSection, ruleProductSectionTitled, s.Title, len(sections))
		c.number(ruleSectionProducts, "product_items", len(s.RetailerIDs))
		for i, id := range s.RetailerIDs {
			c.at("product_items", i)
			c.id(ruleRetailerID, "product_retailer_id", id)
			c.out()
		}
		c.out()
	}
	c.number(ruleProducts, "sections", products)
}

// Validate reports an empty or long body and a long footer.
func (m Catalog) Validate() error { c := newChecker(); m.check(c); return c.verdict() }

func (m Catalog) check(c *checker) {
	c.in("interactive")
	c.text(ruleBody, "body.text", m.Body)
	c.text(ruleFooter, "footer.text", m.Footer)
	if m.ThumbnailRetailerID != "" {
		c.id(ruleRetailerID, "action.parameters.thumbnail_product_retailer_id", m.ThumbnailRetailerID)
	}
	c.out()
}

// Validate reports everything that Meta would refuse, see [Flow].
func (m Flow) Validate() error { c := newChecker(); m.check(c); return c.verdict() }

func (m Flow) check(c *checker) {
	c.in("interactive")
	c.header(m.Header)
	c.text(ruleBody, "body.text", m.Body)
	c.text(ruleFooter, "footer.text", m.Footer)
	c.in("action.parameters")
	switch {
	case m.ID == "" && m.Name == "":
		c.fail(ruleFlowSource, "", "neither id nor name")
	case m.ID != "" && m.Name != "":
		c.fail(ruleFlowSource, "", "both id and name")
	}
	c.givenID("flow_id", m.ID)
	c.utf8("flow_name", m.Name)
	c.utf8("flow_token", m.Token)
	c.label(ruleFlowCTA, "flow_cta", m.CTA)
	c.flowCTA(m.CTA)
	c.oneOf(ruleFlowMode, "mode", m.Mode, "published", "draft")
	c.oneOf(ruleFlowAction, "flow_action", m.Action, "navigate", "data_exchange")
	c.oneOf(ruleFlowVersion, "flow_message_version", m.MessageVersion, "3")
	m.checkPayload(c)
	c.out()
	c.out()
}

// flowCTA reports what phones and other senders do not take in the label of a flow.
func (c *checker) flowCTA(s string) {
	c.advise(ruleFlowCTALong, "flow_cta", s, limits[ruleFlowCTA].max)
	if hasEmoji(s) {
		c.fail(ruleFlowCTAEmoji, "flow_cta", "an emoji")
	}
}

func (m Flow) checkPayload(c *checker) {
	c.utf8("flow_action_payload.screen", m.Screen)
	if m.Action == "data_exchange" && (m.Screen != "" || len(m.Data) > 0) {
		c.fail(ruleFlowPayload, "flow_action_payload", "with data_exchange")
	}
	if len(m.Data) == 0 {
		return
	}
	if data := c.object(ruleFlowData, "flow_action_payload.data", m.Data); data != nil && isEmptyObject(data) {
		c.fail(ruleFlowData, "flow_action_payload.data", "an empty object")
	}
}

func isEmptyObject(object wire.Value) bool {
	for range object.Members {
		return false
	}
	return true
}

// oneOf checks a word that may be empty.
func (c *checker) oneOf(r rule, field, s string, words ...string) {
	if s != "" && !slices.Contains(words, s) {
		c.fail(r, field, "another word")
	}
}

// Validate reports everything that Meta would refuse, see [AddressRequest]. That the recipient's number must start with
// +91 is a rule of [Outgoing.Check].
func (m AddressRequest) Validate() error { c := newChecker(); m.check(c); return c.verdict() }

func (m AddressRequest) check(c *checker) {
	c.in("interactive")
	c.header(m.Header)
	c.text(ruleBody, "body.text", m.Body)
	c.text(ruleFooter, "footer.text", m.Footer)
	c.in("action.parameters")
	switch m.Country {
	case "IN":
	case "":
		c.fail(ruleAddressCountry, "country", "empty")
	default:
		c.fail(ruleAddressCountry, "country", "another country")
	}
	c.address("values", m.Values, true)
	for i, a := range m.SavedAddresses {
		c.at("saved_addresses", i)
		c.id(ruleAddressSavedID, "id", a.ID)
		c.address("value", a.Value, true)
		c.out()
	}
	c.address("validation_errors", m.ValidationErrors, false)
	c.out()
	c.out()
}

// address checks a map by field names; values is false where the map holds messages about the fields.
func (c *checker) address(name string, fields map[string]string, values bool) {
	if len(fields) == 0 {
		return
	}
	c.in(name)
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		if !isAddressField(field) {
			c.fail(ruleAddressField, printableField(field), "another field")
		}
		c.utf8(printableField(field), field, fields[field])
	}
	if values {
		c.text(ruleAddressPin, "in_pin_code", fields["in_pin_code"])
	}
	c.out()
}

func isAddressField(s string) bool {
	switch s {
	case "name", "phone_number", "in_pin_code", "house_number", "floor_number", "tower_number", "building_name",
		"address", "landmark_area", "city", "state":
		return true
	}
	return false
}

// printableField is a field name for a path, or nothing where it could be data.
func printableField(s string) string {
	if isTypeName(s) && (s[0] < '0' || s[0] > '9') {
		return s
	}
	return "…"
}

// Validate reports everything that Meta would refuse, see [VoiceCall].
func (m VoiceCall) Validate() error { c := newChecker(); m.check(c); return c.verdict() }

func (m VoiceCall) check(c *checker) {
	c.in("interactive")
	c.text(ruleBody, "body.text", m.Body)
	c.in("action.parameters")
	c.label(ruleCallText, "display_text", m.Text)
	if m.TTLMinutes != 0 {
		c.number(ruleCallTTL, "ttl_minutes", m.TTLMinutes)
	}
	c.length(ruleCallPayload, "payload", m.Payload)
	c.out()
	c.out()
}

// Validate reports a long body.
func (m CallPermissionRequest) Validate() error { c := newChecker(); m.check(c); return c.verdict() }

func (m CallPermissionRequest) check(c *checker) {
	c.text(ruleBodyOptional, "interactive.body.text", m.Body)
}
