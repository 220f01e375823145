package wacloud

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/wacloud/wacloud/internal/wire"
)

func (f field) template() (m Template) {
	f.object(func(o *object) {
		m.Name = o.need("name").str()
		o.need("language").object(func(l *object) {
			m.Language = l.need("code").str()
			l.get("policy").oneOf("deterministic") // the only one, which Meta takes and does not need
		})
		o.optionalList("components").components(map[string]func(o *object){
			"header":                   func(o *object) { m.Header = o.templateHeader() },
			"body":                     func(o *object) { m.Body = o.templateBody() },
			"limited_time_offer":       func(o *object) { m.OfferEnds = o.offer() },
			"order_status":             func(o *object) { m.OrderStatus = o.orderStatusComponent() },
			"carousel":                 func(o *object) { m.Cards = o.templateCards() },
			"button":                   func(o *object) { o.templateButton(&m.Buttons) },
			"tap_target_configuration": func(o *object) { m.TapTargets = o.tapTargets() },
		})
	})
	return m
}

// components reads an array of components by their types. Only buttons may be there twice.
func (f field) components(readers map[string]func(o *object)) {
	seen := map[string]bool{}
	f.each(func(_ int, f field) {
		f.object(func(o *object) {
			kind := o.need("type")
			name := kind.word()
			read, ok := readers[name]
			switch {
			case !ok:
				if name != "" {
					kind.problem("value", "a component of templates", "see the components on Meta's pages")
				}
				o.skip()
			case seen[name]:
				kind.problem("value", "each component once", "put the parameters into one")
				o.skip()
			default:
				seen[name] = name != "button"
				read(o)
			}
		})
	})
}

// word is a string in lower case: some of Meta's pages write the words of templates in capitals.
func (f field) word() string { return strings.ToLower(f.filled()) }

// wordOf is word for one of the values.
func (f field) wordOf(values ...string) string {
	word := f.word()
	if word != "" && !slices.Contains(values, word) {
		f.problem("value", `"`+strings.Join(values, `" or "`)+`"`, "")
		return ""
	}
	return word
}

// parameter reads the only element of the parameters, whose type is one of kinds.
func (o *object) parameter(read func(kind string, p *object), kinds ...string) {
	f := o.need("parameters")
	n := 0
	f.each(func(i int, f field) {
		n++
		if i == 0 {
			f.object(func(p *object) { p.typed(read, kinds...) })
		}
	})
	if f.v.Kind() == wire.Array && n != 1 {
		f.problem("value", "exactly one element", "")
	}
}

// typed reads a parameter whose type is one of kinds.
func (o *object) typed(read func(kind string, p *object), kinds ...string) {
	kind := o.need("type").wordOf(kinds...)
	if kind == "" {
		o.skip()
		return
	}
	read(kind, o)
}

func (o *object) templateHeader() (h TemplateHeader) {
	o.parameter(func(kind string, p *object) {
		switch kind {
		case "text":
			h = p.textParameter()
		case "location":
			h = p.need(kind).location()
		default:
			h = p.templateMedia(kind)
		}
	}, "text", "image", "video", "document", "location", "product")
	return h
}

// templateMedia reads the headers that cards have too, and documents.
func (o *object) templateMedia(kind string) (h TemplateHeader) {
	o.need(kind).object(func(o *object) {
		switch kind {
		case "image":
			h = HeaderImage{Media: o.media()}
		case "video":
			h = HeaderVideo{Media: o.media()}
		case "document":
			h = HeaderDocument{Media: o.media(), Filename: o.optional("filename")}
		case "product":
			h = HeaderProduct{RetailerID: o.need("product_retailer_id").str(), CatalogID: o.need("catalog_id").str()}
		}
	})
	return h
}

func (o *object) textParameter() TextParameter {
	return TextParameter{Name: o.optional("parameter_name"), Text: o.need("text").str()}
}

func (o *object) templateBody() []TemplateParameter {
	return list(o.needList("parameters"), func(_ int, o *object) (p TemplateParameter) {
		o.typed(func(kind string, o *object) {
			switch kind {
			case "text":
				p = o.textParameter()
			case "currency":
				o.need(kind).object(func(o *object) {
					p = CurrencyParameter{
						Fallback: o.need("fallback_value").str(), Code: o.need("code").str(), Amount1000: o.need("amount_1000").int64(),
					}
				})
			case "date_time":
				o.need(kind).object(func(o *object) { p = DateTimeParameter{Fallback: o.need("fallback_value").str()} })
			}
		}, "text", "currency", "date_time")
		return p
	})
}

func (o *object) offer() (ends time.Time) {
	o.parameter(func(kind string, p *object) {
		p.need(kind).object(func(o *object) { ends = o.need("expiration_time_ms").moment(time.UnixMilli) })
	}, "limited_time_offer")
	return ends
}

// moment is a time after 1970, from a count that is a number or a string of digits.
func (f field) moment(from func(int64) time.Time) (t time.Time) {
	if f.present() {
		n, ok := f.v.Int()
		if ok && n > 0 && n < maxMoment {
			return from(n).UTC()
		}
		f.problem("value", "a time after 1970", "")
	}
	return t
}

// maxMoment is far behind the end of any order, and within what a time can hold in seconds.
const maxMoment = 1 << 48

func (o *object) orderStatusComponent() (u OrderUpdate) {
	o.parameter(func(kind string, p *object) {
		p.need(kind).object(func(o *object) { u = o.orderUpdate() })
	}, "order_status")
	return u
}

func (o *object) templateCards() []TemplateCard {
	return list(o.needList("cards"), func(i int, o *object) (k TemplateCard) {
		o.cardIndex(i)
		o.need("components").components(map[string]func(o *object){
			"header": func(o *object) { k.Header = o.templateCardHeader() },
			"body":   func(o *object) { k.Body = o.templateBody() },
			"button": func(o *object) { o.templateButton(&k.Buttons) },
		})
		return k
	})
}

func (o *object) templateCardHeader() (h TemplateCardHeader) {
	o.parameter(func(kind string, p *object) {
		h, _ = p.templateMedia(kind).(TemplateCardHeader)
	}, "image", "video", "product")
	return h
}

func (o *object) tapTargets() (targets []TapTarget) {
	o.parameter(func(kind string, p *object) {
		targets = list(p.needList(kind), func(_ int, o *object) TapTarget {
			return TapTarget{URL: o.need("url").str(), Title: o.need("title").str()}
		})
	}, "tap_target_configuration")
	return targets
}

// maxTemplateButtons is how many places there are for buttons: the index has one digit.
const maxTemplateButtons = 10

// templateButton puts a button at its place.
func (o *object) templateButton(buttons *[]TemplateButton) {
	f := o.need("sub_type")
	kind := f.word()
	read, ok := templateButtonReaders[kind]
	if !ok {
		if kind != "" {
			f.problem("value", "a sub type of template buttons", "see the buttons on Meta's pages")
		}
		o.skip()
		return
	}
	place, ok := o.buttonPlace(kind == callButton)
	button := read(o)
	if !ok {
		return
	}
	for len(*buttons) <= place {
		*buttons = append(*buttons, nil)
	}
	if (*buttons)[place] != nil {
		o.get("index").report("value", "an index that stands twice", "each index once", "")
		return
	}
	(*buttons)[place] = button
}

// buttonPlace is the index of a button, which may be missing in calls only.
func (o *object) buttonPlace(optional bool) (place int, ok bool) {
	index := o.get("index")
	if !index.present() && optional {
		return 0, true
	}
	n, ok := o.need("index").v.Int()
	ok = ok && n >= 0 && n < maxTemplateButtons
	if index.present() && !ok {
		index.problem("value", `a number from 0 to 9`, "")
	}
	return int(n), ok
}

var templateButtonReaders = map[string]func(o *object) TemplateButton{
	"quick_reply": func(o *object) TemplateButton {
		var payload QuickReplyPayload
		o.parameter(func(kind string, p *object) { payload = QuickReplyPayload(p.need(kind).str()) }, "payload")
		return payload
	},
	"url": func(o *object) TemplateButton {
		var suffix URLSuffix
		o.parameter(func(kind string, p *object) { suffix = URLSuffix(p.need(kind).str()) }, "text")
		return suffix
	},
	"copy_code": func(o *object) TemplateButton {
		var code CouponCode
		o.parameter(func(kind string, p *object) { code = CouponCode(p.need(kind).str()) }, "coupon_code")
		return code
	},
	"flow":         func(o *object) TemplateButton { return o.flowButton() },
	"catalog":      func(o *object) TemplateButton { return o.catalogButton() },
	productsButton: func(o *object) TemplateButton { return o.productsButton() },
	callButton:     func(o *object) TemplateButton { return o.callButton() },
	orderButton:    func(o *object) TemplateButton { return o.orderDetailsButton() },
}

// optionalParameter is parameter where it may be missing.
func (o *object) optionalParameter(read func(kind string, p *object), kinds ...string) {
	if o.get("parameters").present() {
		o.parameter(read, kinds...)
	}
}

// action reads the object of a parameter that is an action.
func (o *object) action(read func(a *object)) func(kind string, p *object) {
	return func(kind string, p *object) { p.need(kind).object(read) }
}

func (o *object) flowButton() (b FlowButton) {
	o.optionalParameter(o.action(func(a *object) {
		b.Token = a.optional("flow_token")
		if data := a.get("flow_action_data"); data.is(wire.Object) {
			b.Data = bytes.Clone(data.v)
		}
	}), "action")
	return b
}

func (o *object) catalogButton() (b CatalogButton) {
	o.optionalParameter(o.action(func(a *object) {
		b.ThumbnailRetailerID = a.optional("thumbnail_product_retailer_id")
	}), "action")
	return b
}

func (o *object) productsButton() (b ProductsButton) {
	o.parameter(o.action(func(a *object) {
		b.ThumbnailRetailerID = a.need("thumbnail_product_retailer_id").str()
		b.Sections = a.productSections()
	}), "action")
	return b
}

func (o *object) orderDetailsButton() (b OrderDetailsButton) {
	o.parameter(o.action(func(a *object) {
		a.need("order_details").object(func(o *object) { b.Payment = o.payment() })
	}), "action")
	return b
}

func (o *object) callButton() (b CallButton) {
	seen := map[string]bool{}
	o.optionalList("parameters").each(func(_ int, f field) {
		f.object(func(p *object) {
			p.typed(func(kind string, p *object) {
				if seen[kind] {
					p.get("type").problem("value", "each parameter once", "")
				}
				seen[kind] = true
				if kind == "payload" {
					b.Payload = p.need(kind).filled()
				} else {
					b.TTLMinutes = p.need(kind).int()
				}
			}, "ttl_minutes", "payload")
		})
	})
	return b
}

// needList is a list that must be there and hold something.
func (o *object) needList(name string) field {
	o.need(name)
	return o.optionalList(name)
}
