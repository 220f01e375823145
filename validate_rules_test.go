package wacloud

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

var (
	aPicture     = HeaderImage{Media: MediaLink("https://example.com/a.jpg")}
	aVideo       = HeaderVideo{Media: MediaLink("https://example.com/a.mp4")}
	aReply       = QuickReplies{{ID: "1", Title: "One"}}
	anotherReply = QuickReplies{{ID: "2", Title: "Two"}}
	aLink        = Link{Text: "Open", URL: "https://example.com"}
	aPhone       = Phone("+15550001234")
	aButton      = Button{ID: "1", Title: "One"}
)

func buttonTitled(title string) Message { return NewButtons("Body", Button{ID: "1", Title: title}) }

func linkTo(url string) Message { return NewCTAURL("Body", Link{Text: "Open", URL: url}) }

func carouselOf(cards ...Card) Message { return NewCarousel("Body", cards...) }

func withHeader(h Header) Message { return NewButtons("Body", aButton).WithHeader(h) }

func aFlow(change func(m *Flow)) Message {
	m := Flow{Body: "Body", ID: "1", CTA: "Open"}
	change(&m)
	return m
}

func anAddress(change func(m *AddressRequest)) Message {
	m := AddressRequest{Body: "Body", Country: "IN"}
	change(&m)
	return m
}

func aContact(change func(k *Contact)) Message {
	k := Contact{Name: ContactName{Formatted: "Ada L", First: "Ada"}}
	change(&k)
	return NewContacts(k)
}

// TestRules has a message for each rule without a number, and what is said about it.
func TestRules(t *testing.T) {
	t.Parallel()
	const (
		title  = "interactive.action.buttons[0].reply.title"
		url    = "interactive.action.parameters.url"
		card1  = "interactive.action.cards[1]."
		params = "interactive.action.parameters."
	)
	tests := []struct {
		rule  string
		m     Message
		wants []string // path: found; nothing when it passes
	}{
		{"text.utf8", NewText("a\xff"), []string{"text.body: bytes that are not UTF-8"}},
		{"text.utf8", Document{Media: MediaID("1"), Filename: "\xff"}, []string{"document.filename: bytes that are not UTF-8"}},
		{"text.utf8", Reaction{MessageID: "1", Emoji: "\xff"}, []string{"reaction.emoji: bytes that are not UTF-8"}},
		{"text.utf8", aContact(func(k *Contact) { k.Phones = []ContactPhone{{Phone: "1"}, {Phone: "\xff"}} }), []string{"contacts[0].phones[1]: bytes that are not UTF-8"}},
		{"text.utf16", buttonTitled(strings.Repeat("🛵", 11)), []string{title + ": 22 UTF-16 units"}},
		{"text.utf16", buttonTitled(strings.Repeat("🛵", 10)), nil},
		{"text.blank", NewText(" \n\t"), []string{"text.body: white space only"}},
		{"text.blank", NewText("\u00a0\u2003"), []string{"text.body: white space only"}},
		{"text.blank", NewText(" a"), nil},
		{"text.blank", withHeader(HeaderText{Text: "Menu", SubText: " "}), []string{"interactive.header.sub_text: white space only"}},
		{"text.blank", NewButtons("Body", aButton).WithFooter("\n"), []string{"interactive.footer.text: white space only"}},
		{"label.blank", buttonTitled("  "), []string{title + ": white space only"}},
		{"label.break", buttonTitled("a\nb"), []string{title + ": a line break"}},
		{"label.break", buttonTitled("é\u2028b"), []string{title + ": a line break"}},
		{"label.break", buttonTitled("a\x00b"), []string{title + ": a control character"}},
		{"label.break", buttonTitled("é\u0084"), []string{title + ": a control character"}},
		{"label.break", buttonTitled("é\t👩‍👩‍👧"), nil},
		{"label.tab", buttonTitled("a\tb"), []string{title + ": a tab"}},
		{"label.markdown", buttonTitled("a *bold* one"), []string{title + ": markdown"}},
		{"label.markdown", buttonTitled("_a_"), []string{title + ": markdown"}},
		{"label.markdown", buttonTitled("~no~!"), []string{title + ": markdown"}},
		{"label.markdown", buttonTitled("`code`"), []string{title + ": markdown"}},
		{"label.markdown", buttonTitled("snake_case_id"), nil},
		{"label.markdown", buttonTitled("2 * 3 * 4"), nil},
		{"label.markdown", buttonTitled("5* hotel"), nil},
		{"label.markdown", buttonTitled("~10 ~20"), nil},
		{"label.markdown", buttonTitled("**"), nil},
		{"label.markdown", withHeader(HeaderText{Text: "*Menu*"}), []string{"interactive.header.text: markdown"}},
		{"header.text.break", withHeader(HeaderText{Text: "a\nb"}), []string{"interactive.header.text: a line break"}},
		{"id.space", NewButtons("Body", Button{ID: " a", Title: "One"}), []string{"interactive.action.buttons[0].reply.id: space at its start or end"}},
		{"id.space", NewButtons("Body", Button{ID: "a\n", Title: "One"}), []string{"interactive.action.buttons[0].reply.id: space at its start or end"}},
		{"id.space", Image{Media: MediaID("1 ")}, []string{"image.id: space at its start or end"}},
		{"id.space", NewButtons("Body", Button{ID: "a b", Title: "One"}), nil},
		{"id.route", NewButtons("Body", Button{ID: brokenID(`route "item:{id}": {id} cannot be written`), Title: "One"}), []string{
			`interactive.action.buttons[0].reply.id: route "item:{id}": {id} cannot be written`,
		}},

		{"url", linkTo(""), []string{url + ": no http:// or https:// at its start"}},
		{"url", linkTo("example.com"), []string{url + ": no http:// or https:// at its start"}},
		{"url", linkTo("javascript:alert(1)"), []string{url + ": no http:// or https:// at its start"}},
		{"url", linkTo("ftp://example.com"), []string{url + ": no http:// or https:// at its start"}},
		{"url", linkTo(" https://example.com"), []string{url + ": no http:// or https:// at its start"}},
		{"url", linkTo("https://"), []string{url + ": no host"}},
		{"url", linkTo("https:///menu"), []string{url + ": no host"}},
		{"url", linkTo("https://:443/"), []string{url + ": no host"}},
		{"url", linkTo("https://?a=b"), []string{url + ": no host"}},
		{"url", linkTo("https://me:secret@example.com/"), []string{url + ": a user name in the address"}},
		{"url", linkTo("https://example.com/a b"), []string{url + ": a space or control character"}},
		{"url", linkTo("https://example.com/\n"), []string{url + ": a space or control character"}},
		{"url", linkTo("https://example.com/%zz"), []string{url + ": not a well-formed address"}},
		{"url", linkTo("https://example.com:port/"), []string{url + ": not a well-formed address"}},
		{"url", linkTo("https://example.com:65536/"), []string{url + ": not a well-formed address"}},
		{"url", linkTo(`https://example.com\.evil`), []string{url + ": not a well-formed address"}},
		{"url", linkTo("HTTP://EXAMPLE.com:8080/%41?x=@#y"), nil},
		{"url", linkTo("https://[2001:db8::1]/"), nil},
		{"url", linkTo("https://münchen.example/käse"), nil},
		{"url", Image{Media: MediaLink("/tmp/a.jpg")}, []string{"image.link: no http:// or https:// at its start"}},
		{"url", carouselOf(NewCard(aPicture, Link{Text: "a", URL: "tel:1"}), NewCard(aPicture, aLink)), []string{
			"interactive.action.cards[0].action.parameters.url: no http:// or https:// at its start",
		}},

		{"message", nil, []string{"type: no message"}},
		{"message", (*Buttons)(nil), []string{"type: no message"}},
		{"message", (*Raw)(nil), []string{"type: no message"}},
		{"text.preview", Text{Body: "see example.com", PreviewURL: true}, []string{"text.preview_url: a text without one"}},
		{"text.preview", Text{Body: "ftp://a and HTTPS://example.com", PreviewURL: true}, nil},
		{"media.source", Image{}, []string{"image: neither id nor link"}},
		{"media.source", Sticker{Media: Media{ID: "1", Link: "https://example.com/a"}}, []string{"sticker: both id and link"}},
		{"media.source", withHeader(HeaderDocument{}), []string{"interactive.header.document: neither id nor link"}},
		{"location.latitude", Location{Latitude: 90.1, Longitude: 1}, []string{"location.latitude: out of range"}},
		{"location.latitude", Location{Latitude: math.NaN(), Longitude: 1}, []string{"location.latitude: not a number"}},
		{"location.latitude", Location{Latitude: -90, Longitude: 1}, nil},
		{"location.longitude", Location{Latitude: 1, Longitude: -180.1}, []string{"location.longitude: out of range"}},
		{"location.longitude", Location{Latitude: 1, Longitude: math.Inf(1)}, []string{"location.longitude: not a number"}},
		{"location.longitude", Location{Latitude: 1, Longitude: 180}, nil},
		{"location.zero", Location{}, []string{"location: latitude 0, longitude 0"}},
		{"location.zero", Location{Latitude: 0, Longitude: 9}, nil},
		{"contact.name", aContact(func(k *Contact) { k.Name.First = "" }), []string{"contacts[0].name: no other part"}},
		{"contact.name", aContact(func(k *Contact) { k.Name.First, k.Name.Prefix = "", "Dr" }), nil},
		{"contact.birthday", aContact(func(k *Contact) { k.Birthday = "31.01.1990" }), []string{"contacts[0].birthday: another form"}},
		{"contact.birthday", aContact(func(k *Contact) { k.Birthday = "1990-02-30" }), []string{"contacts[0].birthday: another form"}},
		{"contact.birthday", aContact(func(k *Contact) { k.Birthday = "1990-01-31" }), nil},
		{"reaction.emoji", Reaction{MessageID: "1", Emoji: "👍👍"}, []string{"reaction.emoji: 2 characters"}},
		{"reaction.emoji", Reaction{MessageID: "1", Emoji: "a"}, []string{"reaction.emoji: something else"}},
		{"reaction.emoji", Reaction{MessageID: "1"}, nil},
		{"raw.type", Raw{JSON: []byte(`{}`)}, []string{"type: empty"}},
		{"raw.type", Raw{Type: "to", JSON: []byte(`{}`)}, []string{"type: something else"}},
		{"raw.type", Raw{Type: `a":1`, JSON: []byte(`{}`)}, []string{"type: something else"}},
		{"raw.json", Raw{Type: "pin"}, []string{"pin: empty"}},
		{"raw.json", Raw{Type: "pin", JSON: []byte(`{"a"`)}, []string{"pin: not JSON"}},
		{"raw.json", Raw{Type: "pin", JSON: []byte(`[]`)}, []string{"pin: other JSON"}},
		{"raw.json", Raw{Type: "pin", JSON: []byte(` {"a":1} `)}, nil},
		{"raw.json", Raw{Type: "pin", JSON: []byte(`{}`), Extra: []byte(`[]`)}, []string{"$: other JSON"}},
		{"raw.extra", Raw{Type: "text", JSON: []byte(`{}`), Extra: []byte(`{"to":"1","category":"utility"}`)}, []string{"to: a member that the request has already"}},
		{"raw.unchecked", Raw{Type: "pin", JSON: []byte(`{}`)}, []string{"pin: pin"}},
		{"raw.unchecked", Raw{Type: "interactive", JSON: []byte(`{"type":"order_details"}`)}, []string{"interactive: interactive.order_details"}},
		{"raw.unchecked", Raw{Type: "interactive", JSON: []byte(`{"type":"+15550001234"}`)}, []string{"interactive: interactive"}},

		{"header", withHeader((*HeaderText)(nil)), []string{"interactive.header: a nil pointer"}},
		{"header", withHeader(&HeaderText{Text: "Menu"}), nil},
		{"button.id.unique", NewButtons("Body", aButton, Button{ID: "1", Title: "Two"}), []string{"interactive.action.buttons[1].reply.id: used before in this message"}},
		{"button.title.unique", NewButtons("Body", aButton, Button{ID: "2", Title: "One"}), []string{"interactive.action.buttons[1].reply.title: used before in this message"}},
		{"section.title.required", NewList("Body", Menu{"Open", []Section{{Title: "A", Rows: []Row{{ID: "1", Title: "One"}}}, {Rows: []Row{{ID: "2", Title: "Two"}}}}}), []string{"interactive.action.sections[1].title: empty"}},
		{"section.title.required", NewList("Body", Menu{"Open", Rows(Row{ID: "1", Title: "One"})}), nil},
		{"row.id.unique", NewList("Body", Menu{"Open", []Section{{Title: "A", Rows: []Row{{ID: "1", Title: "One"}}}, {Title: "B", Rows: []Row{{ID: "1", Title: "One"}}}}}), []string{"interactive.action.sections[1].rows[0].id: used before in this message"}},
		{"cta.header.link", NewCTAURL("Body", aLink).WithHeader(HeaderImage{Media: MediaID("1")}), []string{"interactive.header.image.id: an id"}},
		{"cta.header.link", NewCTAURL("Body", aLink).WithHeader(&HeaderDocument{Media: MediaID("1")}), []string{"interactive.header.document.id: an id"}},
		{"cta.header.link", NewCTAURL("Body", aLink).WithHeader(aPicture), nil},

		{"card.header", carouselOf(NewCard(aPicture, aReply), NewCard(nil, anotherReply)), []string{card1 + "header: nothing"}},
		{"card.header", carouselOf(NewCard(aPicture, aReply), NewCard((*HeaderVideo)(nil), anotherReply)), []string{card1 + "header: nothing"}},
		{"card.header.kind", carouselOf(NewCard(aPicture, aReply), NewCard(aVideo, anotherReply)), []string{card1 + "header.type: video after image"}},
		{"card.header.kind", carouselOf(NewCard(&aPicture, aReply), NewCard(aPicture, anotherReply)), nil},
		{"card.header.link", carouselOf(NewCard(aPicture, aReply), NewCard(HeaderImage{Media: MediaID("1")}, anotherReply)), []string{card1 + "header.image.id: an id"}},
		{"card.header.type", carouselOf(NewCard(aPicture, aReply), NewCard(HeaderImage{Media: MediaLink("https://example.com/a.webp?b=.jpg")}, anotherReply)), []string{card1 + "header.image.link: another ending"}},
		{"card.header.type", carouselOf(NewCard(aVideo, aReply), NewCard(HeaderVideo{Media: MediaLink("https://example.com/a.jpg")}, anotherReply)), []string{card1 + "header.video.link: another ending"}},
		{"card.header.type", carouselOf(NewCard(aPicture, aReply), NewCard(HeaderImage{Media: MediaLink("https://example.com/A.JPEG?v=1#x")}, anotherReply)), nil},
		{"card.header.type", carouselOf(NewCard(aPicture, aReply), NewCard(HeaderImage{Media: MediaLink("https://example.com/picture/7")}, anotherReply)), nil},
		{"card.header.type", carouselOf(NewCard(aPicture, aReply), NewCard(HeaderImage{Media: MediaLink("https://pictures.example/v1.10")}, anotherReply)), nil},
		{"card.header.type", carouselOf(NewCard(aPicture, aReply), NewCard(HeaderImage{Media: MediaLink("https://pictures.example")}, anotherReply)), nil},
		{"card.header.type", carouselOf(NewCard(aVideo, aReply), NewCard(HeaderVideo{Media: MediaLink("https://example.com/a.3gp")}, anotherReply)), nil},
		{"card.body.all", carouselOf(NewCard(aPicture, aReply).WithBody("a"), NewCard(aPicture, anotherReply)), []string{card1 + "body.text: empty, other cards have one"}},
		{"card.body.all", carouselOf(NewCard(aPicture, aReply), NewCard(aPicture, anotherReply).WithBody("a")), []string{"interactive.action.cards[0].body.text: empty, other cards have one"}},
		{"card.action", carouselOf(NewCard(aPicture, aReply), NewCard(aPicture, nil)), []string{card1 + "action: nothing"}},
		{"card.action", carouselOf(NewCard(aPicture, aLink), NewCard(aPicture, (*Link)(nil))), []string{card1 + "action: nothing"}},
		{"card.action.kind", carouselOf(NewCard(aPicture, aReply), NewCard(aPicture, aLink)), []string{card1 + "action: quick replies on one card, a link on another"}},
		{"card.action.kind", carouselOf(NewCard(aPicture, &aReply), NewCard(aPicture, anotherReply)), nil},
		{"quick_replies.equal", carouselOf(NewCard(aPicture, aReply), NewCard(aPicture, QuickReplies{{ID: "2", Title: "a"}, {ID: "3", Title: "b"}})), []string{card1 + "action.buttons: 2 after 1"}},
		{"quick_reply.id.unique", carouselOf(NewCard(aPicture, aReply), NewCard(aPicture, aReply)), []string{card1 + "action.buttons[0].quick_reply.id: used before in this message"}},
		{"card.type", carouselOf(NewCard(aPicture, aReply), Card{Header: aPicture, Action: anotherReply, WireType: "product"}), []string{card1 + "type: another word"}},
		{"card.type", carouselOf(Card{Header: aPicture, Action: aReply, WireType: "cta_url"}, Card{Header: aPicture, Action: anotherReply, WireType: "-"}), nil},
		{"card.type.link", carouselOf(NewCard(aPicture, aLink), Card{Header: aPicture, Action: aLink, WireType: "button"}), []string{card1 + `type: "button"`}},
		{"product_section.title.required", ProductList{Header: "H", Body: "B", CatalogID: "1", Sections: []ProductSection{{RetailerIDs: []string{"a"}}, {Title: "B", RetailerIDs: []string{"b"}}}}, []string{"interactive.action.sections[0].title: empty"}},

		{"flow.source", aFlow(func(m *Flow) { m.ID = "" }), []string{"interactive.action.parameters: neither id nor name"}},
		{"flow.source", aFlow(func(m *Flow) { m.Name = "n" }), []string{"interactive.action.parameters: both id and name"}},
		{"flow.cta.emoji", aFlow(func(m *Flow) { m.CTA = "Open 📝" }), []string{params + "flow_cta: an emoji"}},
		{"flow.mode", aFlow(func(m *Flow) { m.Mode = "live" }), []string{params + "mode: another word"}},
		{"flow.mode", aFlow(func(m *Flow) { m.Mode = "draft" }), nil},
		{"flow.action", aFlow(func(m *Flow) { m.Action = "open" }), []string{params + "flow_action: another word"}},
		{"flow.payload", aFlow(func(m *Flow) { m.Action, m.Screen = "data_exchange", "A" }), []string{params + "flow_action_payload: with data_exchange"}},
		{"flow.payload", aFlow(func(m *Flow) { m.Screen = "A" }), nil},
		{"flow.data", aFlow(func(m *Flow) { m.Data = []byte(`{ }`) }), []string{params + "flow_action_payload.data: an empty object"}},
		{"flow.data", aFlow(func(m *Flow) { m.Data = []byte(`[1]`) }), []string{params + "flow_action_payload.data: other JSON"}},
		{"flow.data", aFlow(func(m *Flow) { m.Data = []byte(`{"a":1}`) }), nil},
		{"flow.version", aFlow(func(m *Flow) { m.MessageVersion = "4" }), []string{params + "flow_message_version: another word"}},
		{"address.country", anAddress(func(m *AddressRequest) { m.Country = "" }), []string{params + "country: empty"}},
		{"address.country", anAddress(func(m *AddressRequest) { m.Country = "SG" }), []string{params + "country: another country"}},
		{"address.field", anAddress(func(m *AddressRequest) { m.Values = map[string]string{"zip": "1", "city": "Pune"} }), []string{params + "values.zip: another field"}},
		{"address.field", anAddress(func(m *AddressRequest) { m.ValidationErrors = map[string]string{"+91 98": "no"} }), []string{params + "validation_errors.…: another field"}},
	}
	exercised := map[string]bool{}
	for i, tt := range slices.Concat(tests, templateRuleTests, paymentRuleTests) {
		exercised[tt.rule] = true
		t.Run(fmt.Sprintf("%s/%d", tt.rule, i), func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, p := range ofRule(Check(tt.m), tt.rule) {
				got = append(got, p.Path+": "+p.Got)
			}
			if diff := cmp.Diff(tt.wants, got); diff != "" {
				t.Errorf("Check(%+v) (-want +got):\n%s", tt.m, diff)
			}
			for _, p := range errorsOf(Check(tt.m)) {
				require.True(t, p.Rule == tt.rule && tt.wants != nil, "nothing else is wrong: %v", p)
			}
		})
	}
	for _, tt := range slices.Concat(envelopeTests, endpointTests) {
		exercised[tt.rule] = true
	}
	for _, rule := range []string{"image.read", "image.type", "image.color", "image.gray", "image.png", "image.square", "file.type"} {
		exercised[rule] = true // by TestCheckImage and TestUploadLimits
	}
	for _, l := range limits {
		_, text := textRows[l.name]
		_, count := countRows[l.name]
		_, upload := uploadRows[l.name]
		require.True(t, text || count || upload || exercised[l.name], "no test breaks %s", l.name)
		require.False(t, l.unit != noUnit && exercised[l.name], "%s is a number: test its boundary", l.name)
	}
}

var envelopeTests = []struct {
	rule  string
	o     Outgoing
	wants []string
}{
	{"to", Outgoing{Message: NewText("Hi")}, []string{"to: nobody"}},
	{"to.phone.form", Outgoing{To: Phone(""), Message: NewText("Hi")}, []string{"to: something else"}},
	{"to.phone.form", Outgoing{To: Phone("call me 1234567"), Message: NewText("Hi")}, []string{"to: something else"}},
	{"to.phone.form", Outgoing{To: Phone("++1 555 000 1234"), Message: NewText("Hi")}, []string{"to: something else"}},
	{"to.phone.form", Outgoing{To: Phone("0049 30 123456"), Message: NewText("Hi")}, []string{"to: a 0 at its start"}},
	{"to.phone.form", Outgoing{To: Phone("٠١٢٣٤٥٦٧٨٩"), Message: NewText("Hi")}, []string{"to: something else"}},
	{"to.phone.form", Outgoing{To: Phone("+1 (555) 000-12.34"), Message: NewText("Hi")}, nil},
	{"to.wa_id", Outgoing{To: WaID("+15550001234"), Message: NewText("Hi")}, []string{"to: something else"}},
	{"to.wa_id", Outgoing{To: WaID(""), Message: NewText("Hi")}, []string{"to: something else"}},
	{"to.wa_id", Outgoing{To: WaID("15550001234"), Message: NewText("Hi")}, nil},
	{"to.user_id", Outgoing{To: UserID("us.abc"), Message: NewText("Hi")}, []string{"recipient: another form"}},
	{"to.user_id", Outgoing{To: UserID("US."), Message: NewText("Hi")}, []string{"recipient: another form"}},
	{"to.user_id", Outgoing{To: UserID("US.ENT."), Message: NewText("Hi")}, []string{"recipient: another form"}},
	{"to.user_id", Outgoing{To: UserID("US.a-b"), Message: NewText("Hi")}, []string{"recipient: another form"}},
	{"to.user_id", Outgoing{To: UserID("US." + strings.Repeat("a", 129)), Message: NewText("Hi")}, []string{"recipient: another form"}},
	{"to.user_id", Outgoing{To: UserID("US." + strings.Repeat("a", 128)), Message: NewText("Hi")}, nil},
	{"to.user_id", Outgoing{To: UserID("US.ENT.11815799212886844830"), Message: NewText("Hi")}, nil},
	{"to.user_id", Outgoing{To: UserID("US.ENT"), Message: NewText("Hi")}, nil},
	{"to.group", Outgoing{To: GroupID(""), Message: NewText("Hi")}, []string{"to: something else"}},
	{"to.group", Outgoing{To: GroupID(" g"), Message: NewText("Hi")}, []string{"to: something else"}},
	{"group.kind", Outgoing{To: GroupID("g"), Message: NewButtons("Body", aButton)}, []string{"type: another kind"}},
	{"group.kind", Outgoing{To: GroupID("g"), Message: Location{Latitude: 1}}, []string{"type: another kind"}},
	{"group.kind", Outgoing{To: GroupID("g"), Message: Reaction{MessageID: "1", Emoji: "👍"}}, []string{"type: another kind"}},
	{"group.kind", Outgoing{To: GroupID("g"), Message: Raw{Type: "interactive", JSON: []byte(`{}`)}}, []string{"type: another kind"}},
	{"group.kind", Outgoing{To: GroupID("g"), Message: &Sticker{Media: MediaID("1")}}, nil},
	{"group.kind", Outgoing{To: GroupID("g"), Message: Raw{Type: "template", JSON: []byte(`{}`)}}, nil},
	{"group.kind", Outgoing{To: GroupID("g"), Message: Raw{Type: "pin", JSON: []byte(`{}`)}}, nil},
	{"address.to", Outgoing{To: aPhone, Message: anAddress(func(*AddressRequest) {})}, []string{"to: another number"}},
	{"address.to", Outgoing{To: UserID("US.a"), Message: anAddress(func(*AddressRequest) {})}, []string{"recipient: another number"}},
	{"address.to", Outgoing{To: UserID("IN.a"), Message: anAddress(func(*AddressRequest) {})}, nil},
	{"address.to", Outgoing{To: Phone("+91 90000 00000"), Message: anAddress(func(*AddressRequest) {})}, nil},
	{"address.to", Outgoing{To: WaID("919000000000"), Message: &AddressRequest{Body: "Body", Country: "IN"}}, nil},
	{"reaction.reply", Outgoing{To: aPhone, Message: Reaction{MessageID: "1"}, ReplyTo: "wamid.1"}, []string{"context: a quoted message"}},
	{"reaction.reply", Outgoing{To: aPhone, Message: NewText("Hi"), ReplyTo: "wamid.1"}, nil},
	{"template.reply", Outgoing{To: aPhone, Message: NewTemplate("hello", "en"), ReplyTo: "wamid.1"}, []string{"context: a quoted message"}},
}

func TestEnvelopeRules(t *testing.T) {
	t.Parallel()
	for i, tt := range slices.Concat(envelopeTests, endpointTests) {
		t.Run(fmt.Sprintf("%s/%d", tt.rule, i), func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, p := range ofRule(tt.o.Check(), tt.rule) {
				got = append(got, p.Path+": "+p.Got)
			}
			require.Equal(t, tt.wants, got)
			for _, p := range errorsOf(tt.o.Check()) {
				require.True(t, p.Rule == tt.rule && tt.wants != nil, "nothing else is wrong: %v", p)
			}
		})
	}
	spaced := Outgoing{To: aPhone, Message: NewText("Hi"), ReplyTo: " wamid.1"}.Check()
	require.Len(t, ofRule(spaced, "id.space"), 1)
	require.Equal(t, "context.message_id", spaced[0].Path)
	require.Len(t, ofRule(Outgoing{}.Check(), "message"), 1, "all problems at once")
	require.Len(t, ofRule(Outgoing{}.Check(), "to"), 1)
}

// Problems go to logs: whatever was in the message, it is not in them.
func TestProblemsHoldNoContent(t *testing.T) {
	t.Parallel()
	const secret = "4915550009999"
	long := strings.Repeat(secret, 400)
	messages := []Message{
		NewText(long), buttonTitled(long), NewButtons(long, Button{ID: " " + secret, Title: secret + "\n"}, Button{ID: " " + secret, Title: secret + "\n"}),
		linkTo(secret), linkTo("https://" + secret + ":" + secret + "@example.com"), linkTo("https://example.com:" + secret),
		NewList(long, Menu{long, []Section{{Title: long, Rows: []Row{{ID: long, Title: long, Description: long}}}}}),
		Reaction{MessageID: " " + secret, Emoji: secret},
		aContact(func(k *Contact) { k.Birthday = secret }),
		Raw{Type: "x" + secret + "!", JSON: []byte(secret)},
		Raw{Type: "interactive", JSON: []byte(`{"type":"+` + secret + `"}`)},
		anAddress(func(m *AddressRequest) {
			m.Country, m.Values = secret, map[string]string{secret: secret, "in_pin_code": secret}
		}),
		aFlow(func(m *Flow) { m.Mode, m.Data, m.CTA = secret, []byte(secret), long }),
		carouselOf(Card{Header: HeaderImage{Media: Media{secret, secret}}, Body: long, WireType: secret, Action: QuickReplies{{ID: long, Title: long}}}),
		VoiceCall{Body: long, Text: long, Payload: long},
		Location{Latitude: 4915550009999},
		secretTemplate(secret), secretOrder(secret), NewOrderStatus(long, OrderUpdate{ReferenceID: long + "+", Status: secret, PaymentStatus: secret}),
		Pin{MessageID: " " + secret},
		NewMixedButtons(long, Link{Text: long, URL: secret}).WithButtons(Button{ID: long, Title: long}),
	}
	for _, to := range []Recipient{Phone(secret + secret), WaID("+" + secret), UserID(secret), GroupID(" " + secret)} {
		for _, m := range messages {
			for _, p := range (Outgoing{To: to, Message: m, ReplyTo: " " + secret, CallbackData: long}).Check() {
				require.NotContains(t, fmt.Sprintf("%+v %v", p, p), secret)
			}
			require.NotEmpty(t, Check(m))
		}
	}
}

// The quick look at a label's bytes misses no line break and no control character.
func TestScanMissesNothing(t *testing.T) {
	t.Parallel()
	for r := range rune(0x11000) {
		if s := string(r); controlFault(s) != "" && scan(s)&(traitControl|traitLead) == 0 {
			t.Errorf("%U", r)
		}
	}
}

// Validate is Check without the warnings, for every kind.
func TestValidateIsCheckWithoutWarnings(t *testing.T) {
	t.Parallel()
	bad := "\xff"
	messages := []Message{
		Text{},
		Image{},
		Video{},
		Audio{},
		Document{},
		Sticker{},
		Location{Latitude: 91},
		Contacts{},
		Reaction{},
		Raw{},
		Buttons{},
		List{},
		CTAURL{},
		Carousel{},
		ProductCarousel{},
		Product{},
		ProductList{},
		Catalog{},
		LocationRequest{},
		ContactInfoRequest{},
		AddressRequest{},
		Flow{},
		VoiceCall{},
		CallPermissionRequest{Body: bad},
		Template{},
		OrderDetails{},
		OrderStatus{},
		Pin{},
		Unpin{},
		MixedButtons{},
	}
	require.Len(t, messages, 30)
	for _, m := range messages {
		var err *ValidationError
		require.ErrorAs(t, m.Validate(), &err, "%T", m)
		require.Equal(t, errorsOf(Check(m)), err.Problems, "%T", m)
	}
	require.Equal(t, "error warning", SeverityError.String()+" "+SeverityWarning.String())
}

// One emoji as a reader sees it, however many code points it has.
func TestGraphemes(t *testing.T) {
	t.Parallel()
	tests := map[string]int{
		"": 0, "a": 1, "ab": 2, "👍": 1, "👍🏽": 1, "❤️": 1, "❤️‍🔥": 1, "👩‍👩‍👧": 1, "👨‍👩‍👧‍👦": 1, "🏳️‍🌈": 1, "🇧🇷": 1, "🇧🇷🇵🇹": 2,
		"1️⃣": 1, "#️⃣": 1, "👍👍": 2, "👩🏽‍🚀👍": 2, "🏴󠁧󠁢󠁳󠁣󠁴󠁿": 1, "é": 1, "e\u0301": 1, "🇧": 1, "👍🏽🇧🇷❤️": 3,
	}
	for s, want := range tests {
		require.Equal(t, want, graphemes(s), "%q", s)
		if want == 1 && s != "a" && !strings.HasPrefix(s, "e") && s != "é" {
			require.True(t, hasEmoji(s), "%q", s)
		}
	}
}

func TestTooManyIDsAreNotComparedForever(t *testing.T) {
	t.Parallel()
	rows := make([]Row, 200_000)
	for i := range rows {
		rows[i] = Row{ID: strconv.Itoa(i), Title: "Title"}
	}
	problems := Check(NewList("Body", Menu{"Open", Rows(rows...)}))
	require.Len(t, problems, 1)
	require.Equal(t, "200000 rows", problems[0].Got)
}

func TestProblemTexts(t *testing.T) {
	t.Parallel()
	problems := Check(NewButtons("", Button{ID: "1", Title: strings.Repeat("x", 27)}, Button{ID: "1", Title: "a\tb"}))
	require.Equal(t, []string{
		"interactive.body.text: empty, at least 1 character (it is required)",
		"interactive.action.buttons[0].reply.title: 27 characters, at most 20 characters (shorten it)",
		"interactive.action.buttons[1].reply.id: used before in this message, unique in the message (give each button an id of its own)",
		"warning: interactive.action.buttons[1].reply.title: a tab, no tab (write a space instead of the tab)",
	}, slices.Collect(func(yield func(string) bool) {
		for _, p := range problems {
			if !yield(p.Error()) {
				return
			}
		}
	}))
	err := NewButtons("Body", Button{ID: "1", Title: strings.Repeat("x", 27)}).Validate()
	require.EqualError(t, err, "wacloud: validate: interactive.action.buttons[0].reply.title: 27 characters, at most 20 characters (shorten it)")
	err = NewButtons("Body").WithFooter(strings.Repeat("x", 61)).Validate()
	require.EqualError(t, err, "wacloud: validate: 2 problems: interactive.footer.text: 61 characters, at most 60 characters (shorten it); "+
		"interactive.action.buttons: 0 buttons, at least 1 button (add buttons)")
	require.NoError(t, buttonTitled("a\tb").Validate(), "warnings do not count")
}
