package wacloud

// Validate reports a missing message id and a wrong number of days.
func (m Pin) Validate() error { c := newChecker(); m.check(c); return c.verdict() }

func (m Pin) check(c *checker) {
	c.id(rulePinTo, "pin.message_id", m.MessageID)
	c.number(rulePinDays, "pin.expiration_days", m.Days)
}

// Validate reports a missing message id.
func (m Unpin) Validate() error { c := newChecker(); m.check(c); return c.verdict() }

func (m Unpin) check(c *checker) { c.id(rulePinTo, "pin.message_id", m.MessageID) }

// Validate reports everything that Meta would refuse, see [MixedButtons]. That it goes out as a [DirectSend] is a rule of
// [Outgoing.Check].
func (m MixedButtons) Validate() error { c := newChecker(); m.check(c); return c.verdict() }

func (m MixedButtons) check(c *checker) {
	c.in("interactive")
	c.header(m.Header)
	c.text(ruleBody, "body.text", m.Body)
	c.text(ruleFooter, "footer.text", m.Footer)
	c.number(ruleMixedLinks, "action.buttons", len(m.Links))
	c.number(ruleMixedButtons, "action.buttons", len(m.Links)+len(m.Buttons))
	for i, l := range m.Links {
		c.at("action.buttons", i)
		c.label(ruleLinkText, "cta_url.display_text", l.Text)
		c.web("cta_url.url", l.URL)
		c.out()
	}
	for i, b := range m.Buttons {
		c.at("action.buttons", len(m.Links)+i)
		c.id(ruleButtonID, "reply.id", b.ID)
		c.unique(ruleButtonIDUnique, "reply.id", b.ID)
		c.label(ruleButtonTitle, "reply.title", b.Title)
		c.out()
	}
	c.forget()
	for i, b := range m.Buttons {
		c.at("action.buttons", len(m.Links)+i)
		c.unique(ruleButtonTitleUnique, "reply.title", b.Title)
		c.out()
	}
	c.out()
}

// checkEndpoint checks what a direct send, a marketing message and a pin ask of the request.
func (o *Outgoing) checkEndpoint(c *checker) {
	switch o.Message.(type) {
	case Pin, *Pin, Unpin, *Unpin:
		if o.To.kind != recipientGroup {
			c.fail(rulePinGroup, o.To.field(), "somebody else")
		}
	case MixedButtons, *MixedButtons:
		if o.DirectSend == nil {
			c.fail(ruleMixedDirect, "category", "another message")
		}
	}
	if o.DirectSend != nil {
		o.DirectSend.check(c, o.Message)
	}
	if o.Marketing != nil {
		o.Marketing.check(c, o)
	}
}

func (d *DirectSend) check(c *checker, m Message) {
	if d.Category != "utility" && d.Category != "authentication" && d.Category != "service" {
		c.fail(ruleDirectCategory, "category", "another word")
	}
	if d.TTLSeconds < 0 {
		c.fail(ruleDirectTTL, "ttl_seconds", "less than 0")
	}
	c.utf8("direct_send_config.template_name", d.TemplateName)
	switch m := m.(type) {
	case Text:
		m.checkDirect(c)
	case *Text:
		m.checkDirect(c)
	case Buttons, *Buttons, CTAURL, *CTAURL, MixedButtons, *MixedButtons, VoiceCall, *VoiceCall:
	default:
		c.fail(ruleDirectKind, "type", "another kind")
	}
}

func (m Text) checkDirect(c *checker) {
	c.length(ruleDirectText, "text.body", m.Body)
	if m.PreviewURL {
		c.fail(ruleDirectPreview, "text.preview_url", "a preview")
	}
}

func (m *Marketing) check(c *checker, o *Outgoing) {
	switch o.Message.(type) {
	case Template, *Template:
	default:
		c.fail(ruleMarketingKind, "type", "another kind")
	}
	c.oneOf(ruleMarketingPolicy, "product_policy", m.ProductPolicy, cloudFallback, "STRICT")
	if o.DirectSend != nil {
		c.fail(ruleMarketingDirect, "category", "both")
	}
}

// templateIn is the template that a message is, or nil.
func templateIn(m Message) *Template {
	switch m := m.(type) {
	case Template:
		return &m
	case *Template:
		return m
	}
	return nil
}

// checkTemplateTo checks what the recipient asks of a template.
func (o *Outgoing) checkTemplateTo(c *checker) {
	m := templateIn(o.Message)
	if m == nil {
		return
	}
	if o.To.kind == recipientGroup && m.isCommerce() {
		c.fail(ruleGroupKind, "type", "a template with products or an order")
	}
	if _, ok := m.otp(); ok && o.To.kind == recipientUserID {
		c.fail(ruleTemplateOTPTo, "recipient", "a user id")
	}
}
