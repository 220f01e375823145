package wacloud

import (
	"bytes"

	"github.com/wacloud/wacloud/internal/wire"
)

// interactiveReaders read the object of an interactive message by its "type".
var interactiveReaders = map[string]func(o *object) Message{
	"button":                   func(o *object) Message { return o.buttonsOrMixed() },
	"list":                     func(o *object) Message { return o.listMessage() },
	"cta_url":                  func(o *object) Message { return o.ctaURL() },
	"carousel":                 func(o *object) Message { return o.carousel() },
	"product":                  func(o *object) Message { return o.product() },
	"product_list":             func(o *object) Message { return o.productList() },
	"catalog_message":          func(o *object) Message { return o.catalog() },
	"location_request_message": func(o *object) Message { return o.locationRequest() },
	"request_contact_info":     func(o *object) Message { return o.contactInfoRequest() },
	"address_message":          func(o *object) Message { return o.addressRequest() },
	"flow":                     func(o *object) Message { return o.flow() },
	"voice_call":               func(o *object) Message { return o.voiceCall() },
	"call_permission_request":  func(o *object) Message { return o.callPermissionRequest() },
	"order_details":            func(o *object) Message { return o.orderDetails() },
	"order_status":             func(o *object) Message { return o.orderStatus() },
}

// interactive returns nil for a kind that is not modelled.
func (f field) interactive() (m Message) {
	known := true
	f.object(func(o *object) {
		kind := o.need("type").filled()
		var read func(*object) Message
		if read, known = interactiveReaders[kind]; known {
			m = read(o)
			return
		}
		o.skip()
		known = kind == "" // which has been reported
	})
	if known && m == nil {
		m = Buttons{} // not shown to anyone: there is a problem
	}
	return m
}

// textOf is the text of a member that is an object with a text.
func (f field) textOf() (text string) {
	f.object(func(o *object) { text = o.need("text").str() })
	return text
}

// optionalText is textOf for a member that is left out rather than empty.
func (o *object) optionalText(name string) (text string) {
	o.optionalObject(name, func(o *object) { text = o.need("text").filled() })
	return text
}

// header reads the header, if there is one.
func (o *object) header() (h Header) {
	o.get("header").object(func(o *object) { h = o.headerOf("text", "image", "video", "document") })
	return h
}

// headerOf reads a header of one of the kinds.
func (o *object) headerOf(kinds ...string) (h Header) {
	kind := o.need("type").oneOf(kinds...)
	switch kind {
	case "text":
		return HeaderText{Text: o.need("text").str(), SubText: o.optional("sub_text")}
	case "image":
		o.need(kind).object(func(o *object) { h = HeaderImage{Media: o.media()} })
	case "video":
		o.need(kind).object(func(o *object) { h = HeaderVideo{Media: o.media()} })
	case "document":
		o.need(kind).object(func(o *object) {
			h = HeaderDocument{Media: o.media(), Filename: o.optional("filename")}
		})
	default:
		o.skip()
	}
	return h
}

// textHeader is header where only text is allowed.
func (o *object) textHeader() (text string) {
	o.get("header").object(func(o *object) {
		if o.need("type").oneOf("text") == "" {
			o.skip()
			return
		}
		text = o.need("text").filled()
	})
	return text
}

// bareAction reads an action that is only a name.
func (o *object) bareAction(name string) {
	o.need("action").object(func(a *object) { a.need("name").oneOf(name) })
}

// parameters reads an action with parameters.
func (o *object) parameters(name string, read func(p *object)) {
	o.need("action").object(func(a *object) {
		a.need("name").oneOf(name)
		a.need("parameters").object(read)
	})
}

// optionalParameters is parameters for those that are left out rather than empty.
func (o *object) optionalParameters(name string, read func(p *object)) {
	o.need("action").object(func(a *object) {
		a.need("name").oneOf(name)
		a.optionalObject("parameters", read)
	})
}

func (o *object) buttonsMessage() (m Buttons) {
	m.Header, m.Body, m.Footer = o.header(), o.need("body").textOf(), o.optionalText("footer")
	o.need("action").object(func(a *object) { m.Buttons = a.buttons("reply") })
	return m
}

// buttons reads the buttons of an action, each an object of its kind under the name of its kind.
func (o *object) buttons(kind string) []Button {
	return list(o.need("buttons"), func(_ int, o *object) (b Button) {
		if o.need("type").oneOf(kind) == "" {
			o.skip()
			return b
		}
		o.need(kind).object(func(o *object) { b = Button{ID: o.need("id").str(), Title: o.need("title").str()} })
		return b
	})
}

func (o *object) listMessage() (m List) {
	m.Header, m.Body, m.Footer = o.textHeader(), o.need("body").textOf(), o.optionalText("footer")
	o.need("action").object(func(a *object) {
		m.Menu.Button = a.need("button").str()
		m.Menu.Sections = list(a.need("sections"), func(_ int, o *object) Section { return o.section() })
	})
	return m
}

func (o *object) section() Section {
	return Section{
		Title: o.optional("title"),
		Rows: list(o.need("rows"), func(_ int, o *object) Row {
			return Row{ID: o.need("id").str(), Title: o.need("title").str(), Description: o.optional("description")}
		}),
	}
}

func (o *object) ctaURL() (m CTAURL) {
	m.Header, m.Body, m.Footer = o.header(), o.need("body").textOf(), o.optionalText("footer")
	o.need("action").object(func(a *object) { m.Link = a.link() })
	return m
}

// link reads the members of the action of a link.
func (o *object) link() (l Link) {
	o.need("name").oneOf("cta_url")
	o.need("parameters").object(func(p *object) {
		l = Link{Text: p.need("display_text").str(), URL: p.need("url").str()}
	})
	return l
}

// carousel reads both kinds; the first card tells which it is.
func (o *object) carousel() Message {
	body := o.need("body").textOf()
	var m Message = Carousel{Body: body}
	o.need("action").object(func(a *object) {
		cards := a.need("cards")
		if isProductCards(cards.v) {
			m = productCarousel(body, cards)
			return
		}
		m = Carousel{Body: body, Cards: list(cards, func(i int, o *object) Card { return o.card(i) })}
	})
	return m
}

func isProductCards(cards wire.Value) bool {
	for _, card := range cards.Elements {
		kind, _ := card.Get("type").Str()
		return kind == "product"
	}
	return false
}

// cardIndex reports an index that is not the card's place: the order of the array is the order on the phone.
func (o *object) cardIndex(i int) {
	f := o.need("card_index")
	if n := f.int(); f.v.Kind() == wire.Number && n != i {
		f.problem("card-index", string(wire.AppendInt(nil, i)), "number the cards from 0 in the order of the array")
	}
}

func (o *object) card(i int) (c Card) {
	o.cardIndex(i)
	o.need("header").object(func(o *object) { c.Header, _ = o.headerOf("image", "video").(CardHeader) })
	c.Body = o.optionalText("body")
	o.need("action").object(func(a *object) { c.Action = a.cardAction() })
	c.WireType = noWireType
	if f := o.get("type"); f.present() {
		c.WireType = f.oneOf("cta_url", "button")
	}
	if c.Action != nil && c.WireType == c.Action.cardType() {
		c.WireType = ""
	}
	return c
}

// cardAction reads quick replies, which have buttons, or a link, which has a name.
func (o *object) cardAction() CardAction {
	if _, ok := o.index["buttons"]; ok {
		return QuickReplies(o.buttons("quick_reply"))
	}
	return o.link()
}

func productCarousel(body string, cards field) ProductCarousel {
	m := ProductCarousel{Body: body}
	m.RetailerIDs = list(cards, func(i int, o *object) (id string) {
		o.cardIndex(i)
		o.need("type").oneOf("product")
		o.need("action").object(func(a *object) {
			id = a.need("product_retailer_id").str()
			catalog := a.need("catalog_id")
			if i == 0 {
				m.CatalogID = catalog.str()
			} else if catalog.str() != m.CatalogID {
				catalog.problem("value", "the catalog of the first card", "all products come from one catalog")
			}
		})
		return id
	})
	return m
}

func (o *object) product() (m Product) {
	m.Body, m.Footer = o.optionalText("body"), o.optionalText("footer")
	o.need("action").object(func(a *object) {
		m.CatalogID, m.RetailerID = a.need("catalog_id").str(), a.need("product_retailer_id").str()
	})
	return m
}

func (o *object) productList() (m ProductList) {
	o.need("header") // of the kinds with a header the only one that must have it
	m.Header, m.Body, m.Footer = o.textHeader(), o.need("body").textOf(), o.optionalText("footer")
	o.need("action").object(func(a *object) {
		m.CatalogID = a.need("catalog_id").str()
		m.Sections = a.productSections()
	})
	return m
}

func (o *object) productSections() []ProductSection {
	return list(o.need("sections"), func(_ int, o *object) ProductSection {
		return ProductSection{
			Title: o.optional("title"),
			RetailerIDs: list(o.need("product_items"), func(_ int, o *object) string {
				return o.need("product_retailer_id").str()
			}),
		}
	})
}

func (o *object) catalog() (m Catalog) {
	m.Body, m.Footer = o.need("body").textOf(), o.optionalText("footer")
	o.optionalParameters("catalog_message", func(p *object) {
		m.ThumbnailRetailerID = p.need("thumbnail_product_retailer_id").filled()
	})
	return m
}

func (o *object) locationRequest() LocationRequest {
	o.bareAction("send_location")
	return LocationRequest{Body: o.need("body").textOf()}
}

func (o *object) contactInfoRequest() ContactInfoRequest {
	o.bareAction("request_contact_info")
	return ContactInfoRequest{Body: o.need("body").textOf()}
}

func (o *object) callPermissionRequest() CallPermissionRequest {
	o.bareAction("call_permission_request")
	return CallPermissionRequest{Body: o.optionalText("body")}
}

func (o *object) voiceCall() (m VoiceCall) {
	m.Body = o.need("body").textOf()
	o.optionalParameters("voice_call", func(p *object) {
		m.Text, m.TTLMinutes, m.Payload = p.optional("display_text"), p.get("ttl_minutes").int(), p.optional("payload")
	})
	return m
}

func (o *object) addressRequest() (m AddressRequest) {
	m.Header, m.Body, m.Footer = o.header(), o.need("body").textOf(), o.optionalText("footer")
	o.parameters("address_message", func(p *object) {
		m.Country = p.need("country").str()
		m.Values = p.optionalStrings("values")
		m.SavedAddresses = list(p.optionalList("saved_addresses"), func(_ int, o *object) SavedAddress {
			return SavedAddress{ID: o.need("id").str(), Value: o.optionalStrings("value")}
		})
		m.ValidationErrors = p.optionalStrings("validation_errors")
	})
	return m
}

func (o *object) flow() (m Flow) {
	m.Header, m.Body, m.Footer = o.header(), o.need("body").textOf(), o.optionalText("footer")
	o.parameters("flow", func(p *object) {
		if v := p.need("flow_message_version").filled(); v != flowVersion {
			m.MessageVersion = v
		}
		m.Token, m.ID, m.Name = p.optional("flow_token"), p.optional("flow_id"), p.optional("flow_name")
		m.CTA = p.need("flow_cta").str()
		m.Mode, m.Action = p.optional("mode"), p.optional("flow_action")
		p.optionalObject("flow_action_payload", func(o *object) {
			m.Screen = o.optional("screen")
			if data := o.get("data"); data.is(wire.Object) {
				m.Data = bytes.Clone(data.v)
			}
		})
	})
	return m
}
