package wacloud

import (
	"bytes"
	"strconv"

	"github.com/wacloud/wacloud/internal/wire"
)

func (Template) messageType() string { return "template" }

func (m Template) appendContent(b []byte) []byte {
	b = wire.AppendField(append(b, '{'), "name", m.Name)
	b = append(wire.AppendField(wire.AppendOpen(b, "language", '{'), "code", m.Language), '}')
	without := len(b)
	b = wire.AppendOpen(b, "components", '[')
	none := len(b)
	b = m.appendComponents(b)
	if len(b) == none {
		return append(b[:without], '}')
	}
	return append(b, "]}"...)
}

func (m *Template) appendComponents(b []byte) []byte {
	b = appendTemplateHeader(b, m.Header)
	b = appendTemplateBody(b, m.Body)
	if !m.OfferEnds.IsZero() {
		b = append(appendComponent(b, "limited_time_offer"), `{"type":"limited_time_offer","limited_time_offer":{`...)
		b = strconv.AppendInt(wire.AppendKey(b, "expiration_time_ms"), m.OfferEnds.UnixMilli(), 10)
		b = append(b, "}}]}"...)
	}
	if !m.OrderStatus.isZero() {
		b = append(appendComponent(b, "order_status"), `{"type":"order_status","order_status":{`...)
		b = append(m.OrderStatus.appendUpdate(b), "}}]}"...)
	}
	if len(m.Cards) > 0 {
		b = append(wire.AppendComma(b), `{"type":"carousel","cards":[`...)
		for i := range m.Cards {
			b = m.Cards[i].appendCard(wire.AppendComma(b), i)
		}
		b = append(b, "]}"...)
	}
	b = appendTemplateButtons(b, m.Buttons, !m.OfferEnds.IsZero())
	return appendTapTargets(b, m.TapTargets)
}

// appendComponent opens a component and its parameters. Close it with a bracket and a brace.
func appendComponent(b []byte, kind string) []byte {
	b = wire.AppendField(append(wire.AppendComma(b), '{'), "type", kind)
	return wire.AppendOpen(b, "parameters", '[')
}

func appendTemplateHeader(b []byte, h TemplateHeader) []byte {
	if isNil(h) {
		return b
	}
	b = wire.AppendField(append(appendComponent(b, "header"), '{'), "type", h.templateParameterType())
	return append(h.appendTemplateParameter(b), "}]}"...)
}

func appendTemplateBody(b []byte, parameters []TemplateParameter) []byte {
	without := len(b)
	b = appendComponent(b, "body")
	none := len(b)
	for _, p := range parameters {
		if !isNil(p) {
			b = wire.AppendField(append(wire.AppendComma(b), '{'), "type", p.templateParameterType())
			b = append(p.appendTemplateParameter(b), '}')
		}
	}
	if len(b) == none {
		return b[:without]
	}
	return append(b, "]}"...)
}

func (k *TemplateCard) appendCard(b []byte, index int) []byte {
	b = wire.AppendInt(append(b, `{"card_index":`...), index)
	b = wire.AppendOpen(b, "components", '[')
	b = appendTemplateHeader(b, k.Header)
	b = appendTemplateBody(b, k.Body)
	return append(appendTemplateButtons(b, k.Buttons, false), "]}"...)
}

func appendTapTargets(b []byte, targets []TapTarget) []byte {
	if len(targets) == 0 {
		return b
	}
	b = append(appendComponent(b, "tap_target_configuration"), `{"type":"tap_target_configuration"`...)
	b = appendList(b, "tap_target_configuration", targets, func(b []byte, t TapTarget) []byte {
		return wire.AppendField(wire.AppendField(b, "url", t.URL), "title", t.Title)
	})
	return append(b, "}]}"...)
}

// Parameters. Each appends the members beside "type".

func (TextParameter) templateParameterType() string     { return "text" }
func (CurrencyParameter) templateParameterType() string { return "currency" }
func (DateTimeParameter) templateParameterType() string { return "date_time" }
func (HeaderImage) templateParameterType() string       { return "image" }
func (HeaderVideo) templateParameterType() string       { return "video" }
func (HeaderDocument) templateParameterType() string    { return "document" }
func (HeaderProduct) templateParameterType() string     { return "product" }
func (Location) templateParameterType() string          { return "location" }

func (p TextParameter) appendTemplateParameter(b []byte) []byte {
	return wire.AppendField(wire.AppendOptional(b, "parameter_name", p.Name), "text", p.Text)
}

func (p CurrencyParameter) appendTemplateParameter(b []byte) []byte {
	b = wire.AppendField(wire.AppendOpen(b, "currency", '{'), "fallback_value", p.Fallback)
	b = wire.AppendField(b, "code", p.Code)
	return append(strconv.AppendInt(wire.AppendKey(b, "amount_1000"), p.Amount1000, 10), '}')
}

func (p DateTimeParameter) appendTemplateParameter(b []byte) []byte {
	return append(wire.AppendField(wire.AppendOpen(b, "date_time", '{'), "fallback_value", p.Fallback), '}')
}

func (h HeaderImage) appendTemplateParameter(b []byte) []byte    { return h.appendHeader(b) }
func (h HeaderVideo) appendTemplateParameter(b []byte) []byte    { return h.appendHeader(b) }
func (h HeaderDocument) appendTemplateParameter(b []byte) []byte { return h.appendHeader(b) }

func (h HeaderProduct) appendTemplateParameter(b []byte) []byte {
	b = wire.AppendField(wire.AppendOpen(b, "product", '{'), "product_retailer_id", h.RetailerID)
	return append(wire.AppendField(b, "catalog_id", h.CatalogID), '}')
}

// appendTemplateParameter writes no more decimals than there are, as Meta's page of this header.
func (m Location) appendTemplateParameter(b []byte) []byte {
	b = wire.AppendOpen(b, "location", '{')
	b = wire.AppendField(b, "latitude", strconv.FormatFloat(m.Latitude, 'f', -1, 64))
	b = wire.AppendField(b, "longitude", strconv.FormatFloat(m.Longitude, 'f', -1, 64))
	b = wire.AppendOptional(b, "name", m.Name)
	return append(wire.AppendOptional(b, "address", m.Address), '}')
}

// appendTemplateButtons appends a component for each button that takes a parameter. The index is a string on some of
// Meta's pages and a number on those of catalogs, product lists and limited-time offers; the page of calls has none, so
// it is left out where it is 0.
func appendTemplateButtons(b []byte, buttons []TemplateButton, offer bool) []byte {
	for i, button := range buttons {
		if isNil(button) {
			continue
		}
		kind := button.templateButtonType()
		b = append(wire.AppendComma(b), `{"type":"button"`...)
		b = wire.AppendField(b, "sub_type", kind)
		switch {
		case kind == callButton && i == 0:
		case offer || kind == catalogButton || kind == productsButton || kind == orderButton:
			b = wire.AppendInt(wire.AppendKey(b, "index"), i)
		default:
			b = wire.AppendField(b, "index", strconv.Itoa(i))
		}
		b = append(button.appendTemplateButton(b), '}')
	}
	return b
}

// The sub types of buttons that have a form of their own. The catalog's is in capitals on Meta's page.
const (
	callButton     = "voice_call"
	catalogButton  = "CATALOG"
	productsButton = "mpm"
	orderButton    = "order_details"
)

func (QuickReplyPayload) templateButtonType() string  { return "quick_reply" }
func (URLSuffix) templateButtonType() string          { return "url" }
func (CouponCode) templateButtonType() string         { return "copy_code" }
func (FlowButton) templateButtonType() string         { return "flow" }
func (CatalogButton) templateButtonType() string      { return catalogButton }
func (ProductsButton) templateButtonType() string     { return productsButton }
func (CallButton) templateButtonType() string         { return callButton }
func (OrderDetailsButton) templateButtonType() string { return orderButton }

// appendButtonParameter appends the only parameter of a button, which is a string.
func appendButtonParameter(b []byte, kind, value string) []byte {
	b = wire.AppendField(append(wire.AppendOpen(b, "parameters", '['), '{'), "type", kind)
	return append(wire.AppendField(b, kind, value), "}]"...)
}

// appendButtonAction opens the only parameter of a button, which is an object. Close it with two braces and a bracket.
func appendButtonAction(b []byte) []byte {
	return append(wire.AppendOpen(b, "parameters", '['), `{"type":"action","action":{`...)
}

func (p QuickReplyPayload) appendTemplateButton(b []byte) []byte {
	return appendButtonParameter(b, "payload", string(p))
}

func (s URLSuffix) appendTemplateButton(b []byte) []byte {
	return appendButtonParameter(b, "text", string(s))
}

func (k CouponCode) appendTemplateButton(b []byte) []byte {
	return appendButtonParameter(b, "coupon_code", string(k))
}

func (f FlowButton) appendTemplateButton(b []byte) []byte {
	data := bytes.TrimSpace(f.Data)
	if f.Token == "" && len(data) == 0 {
		return b
	}
	b = wire.AppendOptional(appendButtonAction(b), "flow_token", f.Token)
	if len(data) > 0 {
		b = append(wire.AppendKey(b, "flow_action_data"), data...)
	}
	return append(b, "}}]"...)
}

func (k CatalogButton) appendTemplateButton(b []byte) []byte {
	if k.ThumbnailRetailerID == "" {
		return b
	}
	b = wire.AppendField(appendButtonAction(b), "thumbnail_product_retailer_id", k.ThumbnailRetailerID)
	return append(b, "}}]"...)
}

func (p ProductsButton) appendTemplateButton(b []byte) []byte {
	b = wire.AppendField(appendButtonAction(b), "thumbnail_product_retailer_id", p.ThumbnailRetailerID)
	return append(appendProductSections(b, p.Sections), "}}]"...)
}

func (k CallButton) appendTemplateButton(b []byte) []byte {
	if k == (CallButton{}) {
		return b
	}
	b = wire.AppendOpen(b, "parameters", '[')
	if k.TTLMinutes != 0 {
		b = wire.AppendInt(append(b, `{"type":"ttl_minutes","ttl_minutes":`...), k.TTLMinutes)
		b = append(b, '}')
	}
	if k.Payload != "" {
		b = wire.AppendField(append(wire.AppendComma(b), `{"type":"payload"`...), "payload", k.Payload)
		b = append(b, '}')
	}
	return append(b, ']')
}

func (o OrderDetailsButton) appendTemplateButton(b []byte) []byte {
	b = wire.AppendOpen(appendButtonAction(b), "order_details", '{')
	return append(o.Payment.appendPayment(b), "}}}]"...)
}
