package wacloud

import "github.com/wacloud/wacloud/internal/wire"

// pin reads both a pin and its end.
func (f field) pin() (m Message) {
	m = Pin{}
	f.object(func(o *object) {
		kind, id := o.need("type").oneOf("pin", "unpin"), o.need("message_id").str()
		switch kind {
		case "pin":
			m = Pin{MessageID: id, Days: o.need("expiration_days").int()}
		case "unpin":
			m = Unpin{MessageID: id}
		default:
			o.skip()
		}
	})
	return m
}

// buttonsOrMixed reads reply buttons, and those with links among them.
func (o *object) buttonsOrMixed() Message {
	if hasLinks(o.v) {
		return o.mixedButtons()
	}
	return o.buttonsMessage()
}

func hasLinks(v wire.Value) bool {
	for _, button := range v.Get("action").Get("buttons").Elements {
		if kind, _ := button.Get("type").Str(); kind == "cta_url" {
			return true
		}
	}
	return false
}

func (o *object) mixedButtons() (m MixedButtons) {
	m.Header, m.Body, m.Footer = o.header(), o.need("body").textOf(), o.optionalText("footer")
	o.need("action").object(func(a *object) {
		a.need("buttons").each(func(_ int, f field) { f.object(func(o *object) { o.mixedButton(&m) }) })
	})
	return m
}

func (o *object) mixedButton(m *MixedButtons) {
	f := o.need("type")
	kind := f.oneOf("cta_url", "reply")
	if kind == "" {
		o.skip()
		return
	}
	if kind == "cta_url" && len(m.Buttons) > 0 {
		f.problem("value", "links before reply buttons", "")
	}
	o.need(kind).object(func(o *object) {
		if kind == "cta_url" {
			m.Links = append(m.Links, Link{Text: o.need("display_text").str(), URL: o.need("url").str()})
		} else {
			m.Buttons = append(m.Buttons, Button{ID: o.need("id").str(), Title: o.need("title").str()})
		}
	})
}

// directSend reads the members of a direct send, nil without any.
func (o *object) directSend() *DirectSend {
	category, ttl, config := o.get("category"), o.get("ttl_seconds"), o.get("direct_send_config")
	if !category.present() && !ttl.present() && !config.present() {
		return nil
	}
	d := &DirectSend{Category: o.need("category").str(), TTLSeconds: ttl.int()}
	o.optionalObject("direct_send_config", func(o *object) { d.TemplateName = o.need("template_name").filled() })
	return d
}

// marketing reads the members of a marketing message, nil without any.
func (o *object) marketing() *Marketing {
	policy, sharing := o.get("product_policy"), o.get("message_activity_sharing")
	if !policy.present() && !sharing.present() {
		return nil
	}
	m := &Marketing{ProductPolicy: policy.filled()}
	if m.ProductPolicy == cloudFallback {
		m.ProductPolicy = ""
	}
	if sharing.present() {
		m.ActivitySharing = new(sharing.bool())
	}
	return m
}
