package wacloud_test

import (
	"encoding/json"
	"net/url"
	"reflect"
	"testing"
	"unicode/utf8"

	"github.com/wacloud/wacloud"
)

// messageSource builds messages out of fuzz input: the first byte chooses the kind, then each text takes a byte for its
// length and the bytes themselves, and each count a byte.
type messageSource struct{ data []byte }

func (s *messageSource) byte() byte {
	if len(s.data) == 0 {
		return 0
	}
	b := s.data[0]
	s.data = s.data[1:]
	return b
}

func (s *messageSource) text() string {
	n := min(int(s.byte()), len(s.data))
	t := string(s.data[:n])
	s.data = s.data[n:]
	return t
}

func (s *messageSource) count() int { return int(s.byte() % 5) }

func (s *messageSource) media() wacloud.Media { return wacloud.Media{ID: s.text(), Link: s.text()} }

func (s *messageSource) link() wacloud.Link { return wacloud.Link{Text: s.text(), URL: s.text()} }

func (s *messageSource) header() wacloud.Header {
	switch s.byte() % 7 {
	case 0:
		return wacloud.HeaderText{Text: s.text(), SubText: s.text()}
	case 1:
		return wacloud.HeaderImage{Media: s.media()}
	case 2:
		return wacloud.HeaderVideo{Media: s.media()}
	case 3:
		return wacloud.HeaderDocument{Media: s.media(), Filename: s.text()}
	case 4:
		return (*wacloud.HeaderText)(nil)
	case 5:
		return &wacloud.HeaderImage{Media: s.media()}
	}
	return nil
}

func (s *messageSource) cardHeader() wacloud.CardHeader {
	h, _ := s.header().(wacloud.CardHeader)
	return h
}

func (s *messageSource) action() wacloud.CardAction {
	switch s.byte() % 5 {
	case 0:
		return s.link()
	case 1, 2:
		return wacloud.QuickReplies(s.buttons())
	case 3:
		return (*wacloud.QuickReplies)(nil)
	}
	return nil
}

func (s *messageSource) buttons() []wacloud.Button {
	var buttons []wacloud.Button
	for range s.count() {
		buttons = append(buttons, wacloud.Button{ID: s.text(), Title: s.text()})
	}
	return buttons
}

func (s *messageSource) sections() []wacloud.Section {
	var sections []wacloud.Section
	for range s.count() {
		section := wacloud.Section{Title: s.text()}
		for range s.count() {
			section.Rows = append(section.Rows, wacloud.Row{ID: s.text(), Title: s.text(), Description: s.text()})
		}
		sections = append(sections, section)
	}
	return sections
}

func (s *messageSource) texts() map[string]string {
	var m map[string]string
	for range s.count() {
		if m == nil {
			m = map[string]string{}
		}
		m[s.text()] = s.text()
	}
	return m
}

func (s *messageSource) cards() []wacloud.Card {
	var cards []wacloud.Card
	for range s.count() {
		cards = append(cards, wacloud.Card{Header: s.cardHeader(), Body: s.text(), Action: s.action(), WireType: s.text()})
	}
	return cards
}

func (s *messageSource) message() wacloud.Message {
	switch s.byte() % 32 {
	case 0:
		return wacloud.Text{Body: s.text(), PreviewURL: s.byte() > 127}
	case 1:
		return wacloud.Image{Media: s.media(), Caption: s.text()}
	case 2:
		return wacloud.Video{Media: s.media(), Caption: s.text()}
	case 3:
		return wacloud.Audio{Media: s.media(), Voice: s.byte() > 127}
	case 4:
		return wacloud.Document{Media: s.media(), Filename: s.text(), Caption: s.text()}
	case 5:
		return wacloud.Sticker{Media: s.media()}
	case 6:
		return wacloud.Location{Latitude: float64(s.byte()), Longitude: -float64(s.byte()), Name: s.text(), Address: s.text()}
	case 7:
		return wacloud.NewContacts(wacloud.Contact{
			Name:     wacloud.ContactName{Formatted: s.text(), First: s.text(), Last: s.text()},
			Phones:   []wacloud.ContactPhone{{Phone: s.text(), WaID: s.text(), Type: s.text()}},
			Org:      wacloud.ContactOrg{Company: s.text(), Title: s.text()},
			Birthday: s.text(),
		})
	case 8:
		return wacloud.Reaction{MessageID: s.text(), Emoji: s.text()}
	case 9:
		return wacloud.Raw{Type: s.text(), JSON: json.RawMessage(s.text()), Extra: json.RawMessage(s.text())}
	case 10:
		return wacloud.Buttons{Header: s.header(), Body: s.text(), Footer: s.text(), Buttons: s.buttons()}
	case 11:
		return wacloud.List{Header: s.text(), Body: s.text(), Footer: s.text(), Menu: wacloud.Menu{Button: s.text(), Sections: s.sections()}}
	case 12:
		return wacloud.CTAURL{Header: s.header(), Body: s.text(), Footer: s.text(), Link: s.link()}
	case 13:
		return wacloud.Carousel{Body: s.text(), Cards: s.cards()}
	case 14:
		return wacloud.ProductCarousel{Body: s.text(), CatalogID: s.text(), RetailerIDs: []string{s.text(), s.text()}}
	case 15:
		return wacloud.Product{Body: s.text(), Footer: s.text(), CatalogID: s.text(), RetailerID: s.text()}
	case 16:
		return wacloud.ProductList{Header: s.text(), Body: s.text(), Footer: s.text(), CatalogID: s.text(), Sections: []wacloud.ProductSection{
			{Title: s.text(), RetailerIDs: []string{s.text()}}, {Title: s.text(), RetailerIDs: []string{s.text(), s.text()}},
		}}
	case 17:
		return wacloud.Catalog{Body: s.text(), Footer: s.text(), ThumbnailRetailerID: s.text()}
	case 18:
		return wacloud.Flow{
			Header: s.header(), Body: s.text(), Footer: s.text(), ID: s.text(), Name: s.text(), CTA: s.text(), Token: s.text(),
			Mode: s.text(), Action: s.text(), Screen: s.text(), Data: json.RawMessage(s.text()), MessageVersion: s.text(),
		}
	case 19:
		return wacloud.AddressRequest{
			Header: s.header(), Body: s.text(), Footer: s.text(), Country: s.text(), Values: s.texts(),
			SavedAddresses: []wacloud.SavedAddress{{ID: s.text(), Value: s.texts()}}, ValidationErrors: s.texts(),
		}
	case 20:
		return wacloud.VoiceCall{Body: s.text(), Text: s.text(), TTLMinutes: int(s.byte()) - 1, Payload: s.text()}
	case 21:
		return wacloud.CallPermissionRequest{Body: s.text()}
	case 22:
		return (*wacloud.Carousel)(nil)
	case 24, 25:
		return s.template()
	case 26:
		return wacloud.OrderDetails{Image: s.media(), Body: s.text(), Footer: s.text(), Payment: s.payment()}
	case 27:
		return wacloud.Pin{MessageID: s.text(), Days: int(s.byte())}
	case 28:
		return wacloud.Unpin{MessageID: s.text()}
	case 29:
		return wacloud.OrderStatus{Header: s.header(), Body: s.text(), Footer: s.text(), Update: s.orderUpdate()}
	case 30:
		m := wacloud.NewMixedButtons(s.text()).WithHeader(s.header()).WithFooter(s.text()).WithButtons(s.buttons()...)
		for range s.count() {
			m.Links = append(m.Links, s.link())
		}
		return m
	}
	return nil
}

func (s *messageSource) recipient() wacloud.Recipient {
	switch s.byte() % 5 {
	case 0:
		return wacloud.Phone(s.text())
	case 1:
		return wacloud.WaID(s.text())
	case 2:
		return wacloud.UserID(s.text())
	case 3:
		return wacloud.GroupID(s.text())
	}
	return wacloud.Recipient{}
}

// FuzzCheckEncodes holds Check, EncodeMessage and DecodeMessage to each other: what has no error is a request of valid
// JSON, and the request decodes to what was sent.
func FuzzCheckEncodes(f *testing.F) {
	f.Add([]byte("\x00\x0a5550001234\x00\x02Hi"))
	f.Add([]byte("\x00\x0a5550001234\x01\x011\x00\x02Hi"))
	f.Add([]byte("\x01\x0a5550001234\x08\x05wamid\x04\xf0\x9f\x91\x8d"))
	f.Add([]byte("\x00\x0a5550001234\x0a\x00\x01A\x00\x04Body\x00\x01\x011\x03One"))
	f.Add([]byte("\x00\x0a5550001234\x0b\x00\x04Body\x00\x04Open\x01\x00\x01\x011\x03One\x00"))
	f.Add([]byte("\x00\x0a5550001234\x0c\x06\x04Body\x00\x01O\x0ahttp://a.b"))
	f.Add([]byte("\x00\x0a5550001234\x0d\x01B\x02\x01\x00\x0ahttp://a.b\x00\x01\x01\x011\x01a\x00\x01\x00\x0ahttp://a.b\x00\x01\x01\x012\x01a\x00"))
	f.Add([]byte("\x00\x0a5550001234\x12\x06\x01B\x00\x011\x00\x01O\x00\x00\x00\x00\x07{\"a\":1}\x00"))
	f.Add([]byte("\x00\x0a9150001234\x13\x06\x01B\x00\x02IN\x01\x04city\x01P\x011\x00\x00"))
	f.Add([]byte("\x02\x04US.a\x09\x08hologram\x02{}\x00"))
	f.Add([]byte("\x00\x0a5550001234\x18\x01a\x02en\x04\x00\x01x\x01\x00\x00\x01y\x00\x00\x02\x00\x01p\x01\x01s"))
	f.Add([]byte("\x03\x01g\x1b\x05wamid\x07"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := &messageSource{data}
		o := wacloud.Outgoing{To: s.recipient(), Message: s.message()}
		o.ReplyTo, o.CallbackData, o.IdentityKeyHash = s.text(), s.text(), s.text()
		s.endpoint(&o)
		for _, p := range o.Check() {
			if p.Path == "" || p.Rule == "" || p.Got == "" || p.Limit == "" || !utf8.ValidString(p.Error()) {
				t.Fatalf("a problem without a part: %+v", p)
			}
			if p.Severity == wacloud.SeverityError {
				return
			}
		}
		body, err := wacloud.EncodeMessage(o)
		if err != nil || !json.Valid(body) {
			t.Fatalf("EncodeMessage(%#v) = %s, %v", o, body, err)
		}
		got, err := wacloud.DecodeMessage(body)
		_, raw := o.Message.(wacloud.Raw)
		if raw && (err != nil || reflect.TypeOf(got.Message) != reflect.TypeOf(o.Message)) {
			return // of a kind that is modelled
		}
		if err != nil {
			t.Fatalf("DecodeMessage(%s): %v", body, err)
		}
		if !raw && reflect.TypeOf(got.Message) != reflect.TypeOf(o.Message) {
			t.Fatalf("%T decodes to %T: %s", o.Message, got.Message, body)
		}
		again, err := wacloud.EncodeMessage(*got)
		if err != nil {
			t.Fatal(err)
		}
		if string(again) != string(body) {
			t.Fatalf("encode, decode, encode:\n%s\n%s", body, again)
		}
	})
}

// FuzzURL holds the check of an address to net/url: what passes is a web address there too.
func FuzzURL(f *testing.F) {
	for _, s := range []string{"https://a.b", "HTTP://x:80/%41?a#b", "http://a@b", "https://[::1]/", "https://é/", `http://a\b`, "http://a:b", "http://-/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m := wacloud.NewCTAURL("Body", wacloud.Link{Text: "Open", URL: s})
		if m.Validate() != nil {
			return
		}
		u, err := url.Parse(s)
		if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
			t.Fatalf("%q passes: %v", s, err)
		}
	})
}
