package wacloud

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// GenerateMessage returns a random message that is valid, warnings aside. Every kind, every slot and every optional part
// comes up. Seed r to get the same messages again.
func GenerateMessage(r *rand.Rand) Message {
	g := generator{r}
	return g.pick(generators)(g)
}

// GenerateOutgoing returns a random request that is valid, warnings aside.
func GenerateOutgoing(r *rand.Rand) Outgoing {
	g := generator{r}
	o := Outgoing{
		Message: GenerateMessage(r), CallbackData: g.maybe(g.text(512)), IdentityKeyHash: g.maybe(g.word(30)),
	}
	switch o.Message.(type) {
	case AddressRequest:
		o.To = Phone("+91" + g.digits(10))
	case Text, Image, Video, Audio, Document, Sticker:
		o.To = g.anyone(4)
	case Pin, Unpin:
		o.To = GroupID("grp_" + g.digits(10))
	default:
		o.To = g.anyone(3)
	}
	if _, reaction := o.Message.(Reaction); !reaction {
		o.ReplyTo = g.maybe("wamid." + g.word(40))
	}
	g.endpoint(&o)
	return o
}

type generator struct{ *rand.Rand }

var generators = []func(generator) Message{
	func(g generator) Message { return Text{Body: g.text(4096), PreviewURL: g.coin()} },
	func(g generator) Message { return Image{Media: g.media(), Caption: g.maybe(g.text(1024))} },
	func(g generator) Message { return Video{Media: g.media(), Caption: g.maybe(g.text(1024))} },
	func(g generator) Message { return Audio{Media: g.media(), Voice: g.coin()} },
	func(g generator) Message {
		return Document{Media: g.media(), Filename: g.maybe(g.word(20) + ".pdf"), Caption: g.maybe(g.text(1024))}
	},
	func(g generator) Message { return Sticker{Media: g.media()} },
	func(g generator) Message {
		return Location{
			Latitude: g.Float64()*180 - 90, Longitude: g.Float64()*360 - 180,
			Name: g.maybe(g.text(40)), Address: g.maybe(g.text(40)),
		}
	},
	func(g generator) Message { return Contacts{Contacts: some(g, 1, 4, generator.contact)} },
	func(g generator) Message {
		return Reaction{MessageID: "wamid." + g.word(40), Emoji: g.maybe("👍🏽")}
	},
	func(g generator) Message {
		m := Raw{Type: "hologram", JSON: json.RawMessage(`{"name":"` + g.word(20) + `"}`)}
		if g.coin() {
			m.Extra = json.RawMessage(`{"depth":"STRICT","n":` + g.digits(3) + `}`)
		}
		return m
	},
	func(g generator) Message {
		return Buttons{Header: g.header(), Body: g.text(1024), Footer: g.maybe(g.text(60)), Buttons: g.buttons(1+g.IntN(3), "b")}
	},
	func(g generator) Message {
		return List{
			Header: g.maybe(g.label(60)), Body: g.text(4096), Footer: g.maybe(g.text(60)),
			Menu: Menu{Button: g.label(20), Sections: g.sections()},
		}
	},
	func(g generator) Message {
		return CTAURL{Header: g.header(), Body: g.text(1024), Footer: g.maybe(g.text(60)), Link: g.link()}
	},
	func(g generator) Message { return Carousel{Body: g.text(1024), Cards: g.cards()} },
	func(g generator) Message {
		return ProductCarousel{Body: g.text(1024), CatalogID: g.digits(15), RetailerIDs: g.skus(2, 10)}
	},
	func(g generator) Message {
		return Product{
			Body: g.maybe(g.text(1024)), Footer: g.maybe(g.text(60)), CatalogID: g.digits(15), RetailerID: g.word(10),
		}
	},
	func(g generator) Message {
		return ProductList{
			Header: g.label(60), Body: g.text(1024), Footer: g.maybe(g.text(60)), CatalogID: g.digits(15),
			Sections: some(g, 1, 10, func(g generator) ProductSection {
				return ProductSection{Title: g.label(24), RetailerIDs: g.skus(1, 3)}
			}),
		}
	},
	func(g generator) Message {
		return Catalog{Body: g.text(1024), Footer: g.maybe(g.text(60)), ThumbnailRetailerID: g.maybe(g.word(10))}
	},
	func(g generator) Message { return LocationRequest{Body: g.text(1024)} },
	func(g generator) Message { return ContactInfoRequest{Body: g.text(1024)} },
	func(g generator) Message { return CallPermissionRequest{Body: g.maybe(g.text(1024))} },
	func(g generator) Message {
		return VoiceCall{
			Body: g.text(1024), Text: g.maybe(g.label(20)), TTLMinutes: g.IntN(2) * (1 + g.IntN(43200)),
			Payload: g.maybe(g.text(512)),
		}
	},
	func(g generator) Message { return g.flow() },
	func(g generator) Message {
		return AddressRequest{
			Header: g.header(), Body: g.text(1024), Footer: g.maybe(g.text(60)), Country: "IN", Values: g.addressValues(),
			SavedAddresses: some(g, 0, 3, func(g generator) SavedAddress {
				return SavedAddress{ID: g.unique("saved"), Value: g.addressValues()}
			}),
			ValidationErrors: g.addressValues(),
		}
	},
	func(g generator) Message { return g.template() },
	func(g generator) Message {
		return OrderDetails{Image: g.maybeMedia(), Body: g.text(1024), Footer: g.maybe(g.text(60)), Payment: g.payment()}
	},
	func(g generator) Message {
		return OrderStatus{Header: g.header(), Body: g.text(1024), Footer: g.maybe(g.text(60)), Update: g.orderUpdate()}
	},
	func(g generator) Message { return Pin{MessageID: "wamid." + g.word(40), Days: 1 + g.IntN(30)} },
	func(g generator) Message { return Unpin{MessageID: "wamid." + g.word(40)} },
	func(g generator) Message {
		return MixedButtons{
			Header: g.header(), Body: g.text(1024), Footer: g.maybe(g.text(60)),
			Links: some(g, 1, 2, generator.link), Buttons: g.buttons(g.IntN(9), "b"),
		}
	},
}

func (g generator) pick(from []func(generator) Message) func(generator) Message {
	return from[g.IntN(len(from))]
}

func (g generator) coin() bool { return g.IntN(2) == 0 }

// maybe is s or nothing.
func (g generator) maybe(s string) string {
	if g.coin() {
		return ""
	}
	return s
}

// some makes min to max values, nil for none.
func some[T any](g generator, min, max int, make func(generator) T) (all []T) {
	for range min + g.IntN(max-min+1) {
		all = append(all, make(g))
	}
	return all
}

func (g generator) from(alphabet string, n int) string {
	runes := []rune(alphabet)
	var b strings.Builder
	for range n {
		b.WriteRune(runes[g.IntN(len(runes))])
	}
	return b.String()
}

func (g generator) digits(n int) string { return "1" + g.from("0123456789", n-1) }

func (g generator) word(n int) string {
	return g.from("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", 1+g.IntN(n))
}

// text is 1 to max characters of every sort, at most max UTF-16 units, and not blank.
func (g generator) text(max int) string {
	n := 1 + g.IntN(min(max, 40))/2
	if g.IntN(20) == 0 {
		n = max / 2
	}
	return "x" + g.from("abc é\n\t\"\\<&>/{}[]:,'🍕👩日\u2028\u200d\u0301", n-1)
}

// label is text in one line without markdown, blanks at its ends and emoji enough to fill it.
func (g generator) label(max int) string {
	return g.from("abcdefghijklmnopqrstuvwxyzé🍕日\"\\<&>", 1+g.IntN(max/2))
}

// unique is an id that no other call gives.
func (g generator) unique(prefix string) string {
	return fmt.Sprintf("%s:%x", prefix, g.Uint64())
}

func (g generator) media() Media {
	if g.coin() {
		return MediaID(g.digits(15))
	}
	return g.linked("jpg")
}

func (g generator) linked(suffix string) Media {
	return MediaLink("https://cdn.example.com/" + g.word(10) + "." + suffix + "?a=1&b=2")
}

func (g generator) header() Header {
	switch g.IntN(5) {
	case 0:
		return HeaderText{Text: g.label(60), SubText: g.maybe(g.label(60))}
	case 1:
		return HeaderImage{Media: g.media()}
	case 2:
		return HeaderVideo{Media: g.media()}
	case 3:
		return HeaderDocument{Media: g.media(), Filename: g.maybe(g.word(20) + ".pdf")}
	default:
		return nil
	}
}

func (g generator) buttons(n int, prefix string) []Button {
	all := make([]Button, n)
	for i := range all {
		all[i] = Button{ID: g.unique(prefix), Title: strconv.Itoa(i) + g.label(18)}
	}
	return all
}

func (g generator) sections() []Section {
	return some(g, 1, 5, func(g generator) Section {
		s := Section{Title: g.label(24)}
		for range 1 + g.IntN(2) {
			s.Rows = append(s.Rows, Row{ID: g.unique("r"), Title: g.label(24), Description: g.maybe(g.text(72))})
		}
		return s
	})
}

func (g generator) link() Link {
	return Link{Text: g.word(20), URL: "https://example.com/" + g.word(20) + "?a=1&b=<2>"}
}

// cards agree in what cards must agree in.
func (g generator) cards() []Card {
	replies, video, body := g.IntN(3), g.coin(), g.coin()
	return some(g, 2, 10, func(g generator) Card {
		c := Card{Header: HeaderImage{Media: g.linked("jpg")}, Action: g.link()}
		if video {
			c.Header = HeaderVideo{Media: g.linked("mp4")}
		}
		if replies > 0 {
			c.Action = QuickReplies(g.buttons(replies, "q"))
			c.WireType = []string{"", "cta_url", noWireType}[g.IntN(3)]
		}
		if body {
			c.Body = g.label(160)
		}
		return c
	})
}

func (g generator) skus(min, max int) []string {
	return some(g, min, max, func(g generator) string { return g.unique("sku") })
}

func (g generator) flow() Flow {
	m := Flow{
		Header: g.header(), Body: g.text(1024), Footer: g.maybe(g.text(60)), ID: g.digits(15), CTA: g.label(30),
		Token: g.maybe(g.word(20)), Mode: g.maybe("draft"),
	}
	if g.coin() {
		m.ID, m.Name = "", g.word(20)
	}
	if g.coin() {
		m.Action = "data_exchange"
		return m
	}
	m.Action, m.Screen = g.maybe("navigate"), g.maybe("FIRST")
	if g.coin() {
		m.Data = json.RawMessage(`{"name":"` + g.word(20) + `","list":[1,2.5e3,null,true]}`)
	}
	return m
}

func (g generator) addressValues() map[string]string {
	if g.coin() {
		return nil
	}
	return map[string]string{"name": g.text(20), "in_pin_code": g.digits(6), "city": g.text(20)}
}

func (g generator) contact() Contact {
	c := Contact{
		Name: ContactName{
			Formatted: g.text(20), First: g.text(20), Last: g.maybe(g.text(20)), Middle: g.maybe(g.text(20)),
			Suffix: g.maybe(g.text(5)), Prefix: g.maybe(g.text(5)),
		},
		Phones: some(g, 0, 2, func(g generator) ContactPhone {
			return ContactPhone{Phone: "+" + g.digits(11), Type: g.maybe("WORK"), WaID: g.maybe(g.digits(11))}
		}),
		Emails: some(g, 0, 2, func(g generator) ContactEmail {
			return ContactEmail{Email: g.word(8) + "@example.com", Type: g.maybe("HOME")}
		}),
		URLs: some(g, 0, 2, func(g generator) ContactURL {
			return ContactURL{URL: g.link().URL, Type: g.maybe("WORK")}
		}),
		Addresses: some(g, 0, 2, func(g generator) ContactAddress {
			return ContactAddress{
				Street: g.text(20), City: g.maybe(g.text(20)), State: g.maybe("SP"), Zip: g.maybe(g.digits(8)),
				Country: g.maybe("Brazil"), CountryCode: g.maybe("br"), Type: g.maybe("HOME"),
			}
		}),
		Birthday: g.maybe("1990-01-31"),
	}
	if g.coin() {
		c.Org = ContactOrg{Company: g.text(20), Department: g.maybe(g.text(20)), Title: g.maybe(g.text(20))}
	}
	return c
}

// anyone is a recipient of one of the first n sorts; the fourth is a group.
func (g generator) anyone(n int) Recipient {
	switch g.IntN(n) {
	case 0:
		return Phone("+" + g.digits(7+g.IntN(9)))
	case 1:
		return WaID(g.digits(7 + g.IntN(9)))
	case 2:
		return UserID("BR." + g.word(100))
	default:
		return GroupID("grp_" + g.digits(10))
	}
}
