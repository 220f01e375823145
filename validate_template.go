package wacloud

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// Validate reports what no template takes, see [Template]. How many parameters the template has, and how long its texts
// get with them, is known to Meta alone.
func (m Template) Validate() error { c := newChecker(); m.check(c); return c.verdict() }

func (m Template) check(c *checker) {
	c.in("template")
	c.length(ruleTemplateName, "name", m.Name)
	if strings.Trim(m.Name, lowerCase+digits+"_") != "" {
		c.fail(ruleTemplateNameForm, "name", "another character")
	}
	if !isLanguage(m.Language) {
		c.fail(ruleTemplateLanguage, "language.code", "another form")
	}
	m.walk(func(i int, k component) {
		c.at("components", i)
		m.checkComponent(c, k)
		c.out()
	})
	m.checkButtons(c)
	c.out()
	c.forget()
}

const (
	lowerCase = "abcdefghijklmnopqrstuvwxyz"
	upperCase = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits    = "0123456789"
)

// isLanguage reports whether s has the form of a language code: en, fil, pt_BR.
func isLanguage(s string) bool {
	language, country, regional := strings.Cut(s, "_")
	return len(language) >= 2 && len(language) <= 3 && strings.Trim(language, lowerCase) == "" &&
		(!regional || len(country) >= 2 && len(country) <= 4 && strings.Trim(country, upperCase+digits) == "")
}

// A component is one element of a template's components, in the order of the request: a button where it is not negative,
// else one of the slots.
type component struct {
	slot   string
	button int
}

// walk calls visit for each component that the encoder writes, with its place.
func (m *Template) walk(visit func(i int, k component)) {
	n := 0
	slot := func(name string, filled bool) {
		if filled {
			visit(n, component{name, -1})
			n++
		}
	}
	slot("header", m.Header != nil)
	slot("body", len(m.Body) > 0)
	slot("limited_time_offer", !m.OfferEnds.IsZero())
	slot("order_status", !m.OrderStatus.isZero())
	slot("carousel", len(m.Cards) > 0)
	for i, b := range m.Buttons {
		if b != nil {
			visit(n, component{"button", i})
			n++
		}
	}
	slot("tap_target_configuration", len(m.TapTargets) > 0)
}

func (m *Template) checkComponent(c *checker, k component) {
	switch k.slot {
	case "header":
		c.templateHeader(m.Header)
	case "body":
		c.templateBody(ruleTemplateBody, m.Body)
		m.checkBodyOfKind(c)
	case "limited_time_offer":
		c.moment("parameters[0].limited_time_offer.expiration_time_ms", m.OfferEnds)
	case "order_status":
		c.in("parameters[0].order_status")
		m.OrderStatus.check(c)
		c.out()
	case "carousel":
		c.templateCards(m.Cards)
	case "button":
		c.templateButton(m.Buttons[k.button])
	case "tap_target_configuration":
		for i, t := range m.TapTargets {
			c.at("parameters[0].tap_target_configuration", i)
			c.web("url", t.URL)
			c.label(ruleTapTitle, "title", t.Title)
			c.out()
		}
	}
}

// checkBodyOfKind checks the shorter limits of templates that the other slots tell, and of a one-time password.
func (m *Template) checkBodyOfKind(c *checker) {
	if !m.OfferEnds.IsZero() {
		c.templateTexts(ruleTemplateOfferBody, m.Body)
	}
	if isProduct(m.Header) {
		c.templateTexts(ruleTemplateProductBody, m.Body)
	}
	if code, ok := m.otp(); ok {
		c.length(ruleTemplateOTP, "parameters[0].text", code)
	}
}

// otp is the text that stands alone both in the body and on the first button, as a one-time password does.
func (m *Template) otp() (code string, ok bool) {
	if len(m.Body) != 1 || len(m.Buttons) == 0 {
		return "", false
	}
	p, isText := textParameter(m.Body[0])
	switch b := m.Buttons[0].(type) {
	case URLSuffix:
		ok = string(b) == p.Text
	case *URLSuffix:
		ok = b != nil && string(*b) == p.Text
	default:
	}
	return p.Text, isText && ok && p.Text != ""
}

func (c *checker) templateHeader(h TemplateHeader) {
	if isNil(h) {
		c.fail(ruleHeader, "parameters", "a nil pointer")
		return
	}
	c.in("parameters[0]")
	h.checkTemplateHeader(c)
	c.out()
}

func (p TextParameter) checkTemplateHeader(c *checker) {
	p.checkTemplateParameter(c)
	c.length(ruleTemplateHeader, "text", p.Text)
}

func (h HeaderImage) checkTemplateHeader(c *checker) { c.headerFile("image", h.Media) }
func (h HeaderVideo) checkTemplateHeader(c *checker) { c.headerFile("video", h.Media) }

func (h HeaderDocument) checkTemplateHeader(c *checker) {
	c.headerFile("document", h.Media)
	c.utf8("document.filename", h.Filename)
}

func (m Location) checkTemplateHeader(c *checker) { m.check(c) }

func (h HeaderProduct) checkTemplateHeader(c *checker) {
	c.id(ruleRetailerID, "product.product_retailer_id", h.RetailerID)
	c.id(ruleCatalogID, "product.catalog_id", h.CatalogID)
}

// templateBody checks the parameters of a body and their texts together.
func (c *checker) templateBody(together rule, parameters []TemplateParameter) {
	named, unnamed := 0, 0
	for i, p := range parameters {
		c.at("parameters", i)
		if isNil(p) {
			c.fail(ruleTemplateParameter, "", "nothing")
		} else {
			p.checkTemplateParameter(c)
		}
		if t, ok := textParameter(p); ok {
			if t.Name != "" {
				named++
			} else {
				unnamed++
			}
			if named > 0 && unnamed > 0 {
				c.fail(ruleTemplateNames, "parameter_name", "names on some texts")
				named, unnamed = 0, -len(parameters) // once is enough
			}
		}
		c.out()
	}
	c.templateTexts(together, parameters)
}

// templateTexts checks the texts of a body together.
func (c *checker) templateTexts(r rule, parameters []TemplateParameter) {
	var all strings.Builder
	for _, p := range parameters {
		if t, ok := textParameter(p); ok {
			all.WriteString(t.Text)
		}
	}
	if n := all.Len(); n > limits[r].max {
		c.long(r, "parameters", all.String())
	}
}

func textParameter(p TemplateParameter) (TextParameter, bool) {
	switch p := p.(type) {
	case TextParameter:
		return p, true
	case *TextParameter:
		if p != nil {
			return *p, true
		}
	default:
	}
	return TextParameter{}, false
}

func (p TextParameter) checkTemplateParameter(c *checker) {
	c.givenID("parameter_name", p.Name)
	c.text(ruleTemplateText, "text", p.Text)
	if strings.ContainsAny(p.Text, "\n\r\t") || strings.Contains(p.Text, "     ") {
		c.fail(ruleTemplateSpace, "text", "a line break, a tab or 5 spaces")
	}
}

func (p CurrencyParameter) checkTemplateParameter(c *checker) {
	c.in("currency")
	c.text(ruleTemplateFallback, "fallback_value", p.Fallback)
	if len(p.Code) != 3 || !isCapital(p.Code[0]) || !isCapital(p.Code[1]) || !isCapital(p.Code[2]) {
		c.fail(ruleTemplateCurrency, "code", "another form")
	}
	c.out()
}

func (p DateTimeParameter) checkTemplateParameter(c *checker) {
	c.text(ruleTemplateFallback, "date_time.fallback_value", p.Fallback)
}

// moment checks a time that is written as a number.
func (c *checker) moment(field string, t time.Time) {
	if n := t.UnixMilli(); n <= 0 || n >= maxMoment {
		c.fail(ruleTime, field, "another time")
	}
}

func (c *checker) templateCards(cards []TemplateCard) {
	c.number(ruleTemplateCards, "cards", len(cards))
	c.number(ruleTemplateCardsFew, "cards", len(cards))
	for i := range cards {
		k := &cards[i]
		c.at("cards", i)
		k.check(c)
		if got := k.differs(&cards[0]); got != "" {
			c.fail(ruleTemplateCardsSame, "components", got)
		}
		c.out()
	}
}

func (k *TemplateCard) check(c *checker) {
	if isNil(k.Header) {
		c.fail(ruleTemplateCardHeader, "components", "no header")
	} else {
		c.at("components", 0)
		c.templateHeader(k.Header)
		if media, ok := templateMedia(k.Header); ok && media.ID == "" && media.Link != "" {
			c.fail(ruleTemplateCardID, "parameters[0]."+k.Header.templateParameterType(), "a link")
		}
		c.out()
	}
	if len(k.Body) > 0 {
		c.at("components", k.bodyPlace())
		c.templateBody(ruleTemplateCardBody, k.Body)
		c.out()
	}
	k.walkButtons(c, c.templateButton)
	c.number(ruleTemplateCardButtons, "components", len(k.Buttons))
}

// bodyPlace is where the body of a card stands among its components.
func (k *TemplateCard) bodyPlace() int {
	if isNil(k.Header) {
		return 0
	}
	return 1
}

// walkButtons visits the buttons of a card that take a parameter, with c at their place.
func (k *TemplateCard) walkButtons(c *checker, visit func(b TemplateButton)) {
	place := k.bodyPlace()
	if len(k.Body) > 0 {
		place++
	}
	for _, b := range k.Buttons {
		if b != nil {
			c.at("components", place)
			visit(b)
			c.out()
			place++
		}
	}
}

// templateMedia is the file of a header that has one.
func templateMedia(h TemplateHeader) (Media, bool) {
	media, ok := h.(Header)
	if !ok {
		return Media{}, false
	}
	return headerMedia(media)
}

// differs says what is filled otherwise than on the first card.
func (k *TemplateCard) differs(first *TemplateCard) string {
	switch {
	case !isNil(k.Header) && !isNil(first.Header) && k.Header.templateParameterType() != first.Header.templateParameterType():
		return k.Header.templateParameterType() + " after " + first.Header.templateParameterType()
	case len(k.Body) != len(first.Body):
		return strconv.Itoa(len(k.Body)) + " parameters after " + strconv.Itoa(len(first.Body))
	case len(k.Buttons) != len(first.Buttons):
		return strconv.Itoa(len(k.Buttons)) + " buttons after " + strconv.Itoa(len(first.Buttons))
	}
	for i := range k.Buttons {
		if kind := buttonKind(k.Buttons[i]); kind != buttonKind(first.Buttons[i]) {
			return "another kind of button"
		}
	}
	return ""
}

// buttonKind is the sub type of a button, empty for none.
func buttonKind(b TemplateButton) string {
	if isNil(b) {
		return ""
	}
	return b.templateButtonType()
}

// checkButtons checks what the buttons of a template have in common.
func (m *Template) checkButtons(c *checker) {
	c.number(ruleTemplateButtons, "components", len(m.Buttons))
	count := map[string]int{}
	last := ""
	for _, b := range m.Buttons {
		kind := buttonKind(b)
		if kind == "quick_reply" && count[kind] > 0 && last != kind && last != "" {
			c.fail(ruleTemplateGrouped, "components", "another button between them")
		}
		count[kind]++
		if kind != "" {
			last = kind
		}
	}
	c.number(ruleTemplateURLs, "components", count["url"])
	c.number(ruleTemplateCoupons, "components", count["copy_code"])
}

func (c *checker) templateButton(b TemplateButton) {
	if isNil(b) {
		c.fail(ruleTemplateButton, "", "a nil pointer")
		return
	}
	b.checkTemplateButton(c)
}

func (p QuickReplyPayload) checkTemplateButton(c *checker) {
	c.id(ruleTemplatePayload, "parameters[0].payload", string(p))
	c.unique(ruleTemplatePayloadUnique, "parameters[0].payload", string(p))
}

func (s URLSuffix) checkTemplateButton(c *checker) {
	c.length(ruleTemplateURL, "parameters[0].text", string(s))
}

func (k CouponCode) checkTemplateButton(c *checker) {
	c.label(ruleTemplateCoupon, "parameters[0].coupon_code", string(k))
	c.advise(ruleTemplateCouponLong, "parameters[0].coupon_code", string(k), limits[ruleTemplateCoupon].max)
}

func (f FlowButton) checkTemplateButton(c *checker) {
	c.utf8("parameters[0].action.flow_token", f.Token)
	f.checkData(c)
}

// checkData reports data that would break the request, or that is empty.
func (f FlowButton) checkData(c *checker) {
	const field = "parameters[0].action.flow_action_data"
	if len(f.Data) == 0 {
		return
	}
	if data := c.object(ruleFlowData, field, f.Data); data != nil && isEmptyObject(data) {
		c.fail(ruleFlowData, field, "an empty object")
	}
}

func (k CatalogButton) checkTemplateButton(c *checker) {
	if k.ThumbnailRetailerID != "" {
		c.id(ruleRetailerID, "parameters[0].action.thumbnail_product_retailer_id", k.ThumbnailRetailerID)
	}
}

func (p ProductsButton) checkTemplateButton(c *checker) {
	c.in("parameters[0].action")
	c.id(ruleRetailerID, "thumbnail_product_retailer_id", p.ThumbnailRetailerID)
	c.productSections(p.Sections)
	c.out()
}

func (k CallButton) checkTemplateButton(c *checker) {
	payload := "parameters[0].payload"
	if k.TTLMinutes != 0 {
		c.number(ruleCallTTL, "parameters[0].ttl_minutes", k.TTLMinutes)
		payload = "parameters[1].payload"
	}
	c.length(ruleCallPayload, payload, k.Payload)
}

func (o OrderDetailsButton) checkTemplateButton(c *checker) {
	c.in("parameters[0].action.order_details")
	o.Payment.check(c)
	c.out()
}

// checkJSON reports data of flows that would break the request.
func (m Template) checkJSON(c *checker) {
	c.in("template")
	m.walk(func(i int, k component) {
		c.at("components", i)
		if k.button >= 0 {
			checkFlowJSON(c, m.Buttons[k.button])
		}
		if k.slot == "carousel" {
			for i := range m.Cards {
				c.at("cards", i)
				m.Cards[i].walkButtons(c, func(b TemplateButton) { checkFlowJSON(c, b) })
				c.out()
			}
		}
		c.out()
	})
	c.out()
}

func checkFlowJSON(c *checker, b TemplateButton) {
	var data []byte
	switch f := b.(type) {
	case FlowButton:
		data = f.Data
	case *FlowButton:
		if f != nil {
			data = f.Data
		}
	default:
	}
	if len(bytes.TrimSpace(data)) > 0 {
		c.object(ruleFlowData, "parameters[0].action.flow_action_data", data)
	}
}

// isCommerce reports whether a template shows products or an order, which does not go to groups.
func (m *Template) isCommerce() bool {
	if m == nil {
		return false
	}
	if !m.OrderStatus.isZero() || isProduct(m.Header) {
		return true
	}
	for _, k := range m.Cards {
		if isProduct(k.Header) {
			return true
		}
	}
	for _, b := range m.Buttons {
		switch buttonKind(b) {
		case catalogButton, productsButton, orderButton:
			return true
		}
	}
	return false
}

func isProduct(h TemplateHeader) bool {
	return !isNil(h) && h.templateParameterType() == "product"
}
