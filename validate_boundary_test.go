package wacloud

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A textRow writes a text of exactly the wanted length into an otherwise valid message.
type textRow struct {
	path   string
	prefix string // counted as ASCII, where the text cannot start with anything
	check  func(s string) []Problem
	ascii  bool // other characters break another rule
}

func inButtons(change func(m *Buttons, s string)) func(string) []Problem {
	return func(s string) []Problem {
		m := NewButtons("Body", Button{ID: "1", Title: "One"})
		change(&m, s)
		return Check(m)
	}
}

func inList(change func(m *List, s string)) func(string) []Problem {
	return func(s string) []Problem {
		m := NewList("Body", Menu{Button: "Open", Sections: Rows(Row{ID: "1", Title: "One"})})
		change(&m, s)
		return Check(m)
	}
}

func inCards(change func(k *Card, s string)) func(string) []Problem {
	return func(s string) []Problem {
		cards := quickCards(2, 1)
		for i := range cards {
			change(&cards[i], s)
		}
		return Check(NewCarousel("Body", cards...))
	}
}

// onFirstReply changes the first quick reply of the first of two cards.
func onFirstReply(change func(b *Button, s string)) func(string) []Problem {
	return func(s string) []Problem {
		cards := quickCards(2, 1)
		b := Button{ID: "first", Title: "One"}
		change(&b, s)
		cards[0].Action = QuickReplies{b}
		return Check(NewCarousel("Body", cards...))
	}
}

// quickCards are n cards with a number of quick replies each.
func quickCards(n, replies int) []Card {
	cards := make([]Card, n)
	for i := range cards {
		a := make(QuickReplies, replies)
		for j := range a {
			a[j] = Button{ID: string(rune('a'+i)) + string(rune('a'+j)), Title: "Title"}
		}
		cards[i] = NewCard(HeaderImage{Media: MediaLink("https://example.com/a.jpg")}, a)
	}
	return cards
}

func inProducts(change func(m *ProductList, s string)) func(string) []Problem {
	return func(s string) []Problem {
		m := ProductList{Header: "Header", Body: "Body", CatalogID: "1", Sections: []ProductSection{{RetailerIDs: []string{"sku"}}}}
		change(&m, s)
		return Check(m)
	}
}

func inFlow(s string) []Problem { return Check(Flow{Body: "Body", ID: "1", CTA: s}) }

var textRows = joined(templateTextRows, map[string]textRow{
	"url.length": {path: "interactive.action.parameters.url", prefix: "https://example.com/", check: func(s string) []Problem {
		return Check(NewCTAURL("Body", Link{Text: "Open", URL: s}))
	}},
	"callback_data": {path: "biz_opaque_callback_data", check: func(s string) []Problem {
		return Outgoing{To: Phone("+15550001234"), Message: NewText("Hi"), CallbackData: s}.Check()
	}},
	"text.body": {path: "text.body", check: func(s string) []Problem { return Check(NewText(s)) }},
	"caption": {path: "image.caption", check: func(s string) []Problem {
		return Check(Image{Media: MediaID("1"), Caption: s})
	}},
	"contact.formatted_name": {path: "contacts[0].name.formatted_name", check: func(s string) []Problem {
		return Check(NewContacts(Contact{Name: ContactName{Formatted: s, First: "Ada"}}))
	}},
	"reaction.message_id": {path: "reaction.message_id", check: func(s string) []Problem { return Check(Reaction{MessageID: s}) }},
	"header.text":         {path: "interactive.header.text", check: inButtons(func(m *Buttons, s string) { m.Header = HeaderText{Text: s} })},
	"header.sub_text": {path: "interactive.header.sub_text", check: inButtons(func(m *Buttons, s string) {
		m.Header = HeaderText{Text: "Header", SubText: s}
	})},
	"body":             {path: "interactive.body.text", check: inButtons(func(m *Buttons, s string) { m.Body = s })},
	"body.optional":    {path: "interactive.body.text", check: func(s string) []Problem { return Check(CallPermissionRequest{Body: s}) }},
	"footer":           {path: "interactive.footer.text", check: inButtons(func(m *Buttons, s string) { m.Footer = s })},
	"button.id":        {path: "interactive.action.buttons[0].reply.id", check: inButtons(func(m *Buttons, s string) { m.Buttons[0].ID = s })},
	"button.title":     {path: "interactive.action.buttons[0].reply.title", check: inButtons(func(m *Buttons, s string) { m.Buttons[0].Title = s })},
	"list.body":        {path: "interactive.body.text", check: inList(func(m *List, s string) { m.Body = s })},
	"list.body.long":   {path: "interactive.body.text", check: inList(func(m *List, s string) { m.Body = s })},
	"list.button":      {path: "interactive.action.button", check: inList(func(m *List, s string) { m.Menu.Button = s })},
	"section.title":    {path: "interactive.action.sections[0].title", check: inList(func(m *List, s string) { m.Menu.Sections[0].Title = s })},
	"row.id":           {path: "interactive.action.sections[0].rows[0].id", check: inList(func(m *List, s string) { m.Menu.Sections[0].Rows[0].ID = s })},
	"row.title":        {path: "interactive.action.sections[0].rows[0].title", check: inList(func(m *List, s string) { m.Menu.Sections[0].Rows[0].Title = s })},
	"row.description":  {path: "interactive.action.sections[0].rows[0].description", check: inList(func(m *List, s string) { m.Menu.Sections[0].Rows[0].Description = s })},
	"cta.display_text": {path: "interactive.action.parameters.display_text", check: func(s string) []Problem { return Check(NewCTAURL("Body", Link{Text: s, URL: "https://example.com"})) }},
	"card.body":        {path: "interactive.action.cards[0].body.text", check: inCards(func(k *Card, s string) { k.Body = s })},
	"quick_reply.id": {path: "interactive.action.cards[0].action.buttons[0].quick_reply.id", check: onFirstReply(func(b *Button, s string) {
		b.ID = s
	})},
	"quick_reply.id.long": {path: "interactive.action.cards[0].action.buttons[0].quick_reply.id", check: onFirstReply(func(b *Button, s string) {
		b.ID = s
	})},
	"quick_reply.title": {path: "interactive.action.cards[0].action.buttons[0].quick_reply.title", check: onFirstReply(func(b *Button, s string) {
		b.Title = s
	})},
	"card.display_text": {path: "interactive.action.cards[0].action.parameters.display_text", check: inCards(func(k *Card, s string) {
		k.Action = Link{Text: s, URL: "https://example.com"}
	})},
	"catalog_id": {path: "interactive.action.catalog_id", check: func(s string) []Problem { return Check(Product{CatalogID: s, RetailerID: "sku"}) }},
	"product_retailer_id": {path: "interactive.action.product_retailer_id", check: func(s string) []Problem {
		return Check(Product{CatalogID: "1", RetailerID: s})
	}},
	"product_list.header":   {path: "interactive.header.text", check: inProducts(func(m *ProductList, s string) { m.Header = s })},
	"product_section.title": {path: "interactive.action.sections[0].title", check: inProducts(func(m *ProductList, s string) { m.Sections[0].Title = s })},
	"flow.cta":              {path: "interactive.action.parameters.flow_cta", check: inFlow},
	"flow.cta.long":         {path: "interactive.action.parameters.flow_cta", check: inFlow},
	"address.in_pin_code": {path: "interactive.action.parameters.values.in_pin_code", check: func(s string) []Problem {
		return Check(AddressRequest{Body: "Body", Country: "IN", Values: map[string]string{"in_pin_code": s}})
	}},
	"address.saved.id": {path: "interactive.action.parameters.saved_addresses[0].id", check: func(s string) []Problem {
		return Check(AddressRequest{Body: "Body", Country: "IN", SavedAddresses: []SavedAddress{{ID: s}}})
	}},
	"call.display_text": {path: "interactive.action.parameters.display_text", check: func(s string) []Problem { return Check(VoiceCall{Body: "Body", Text: s}) }},
	"call.payload":      {path: "interactive.action.parameters.payload", check: func(s string) []Problem { return Check(VoiceCall{Body: "Body", Payload: s}) }},
})

// A countRow builds an otherwise valid message with n of something.
type countRow struct {
	path  string
	check func(n int) []Problem
}

// many is n texts of the form a, b, … z, aa, ab, …: valid as ids and titles.
func many(n int) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = string(rune('a'+i/26)) + string(rune('a'+i%26))
	}
	return texts
}

func manyRows(n int) []Row {
	rows := make([]Row, 0, n)
	for _, s := range many(n) {
		rows = append(rows, Row{ID: s, Title: s})
	}
	return rows
}

var countRows = joined(templateCountRows, map[string]countRow{
	"to.phone": {"to", func(n int) []Problem {
		return Outgoing{To: Phone("+" + strings.Repeat("5", n)), Message: NewText("Hi")}.Check()
	}},
	"contacts": {"contacts", func(n int) []Problem {
		m := Contacts{}
		for range n {
			m.Contacts = append(m.Contacts, Contact{Name: ContactName{Formatted: "Ada L", First: "Ada"}})
		}
		return Check(m)
	}},
	"buttons": {"interactive.action.buttons", func(n int) []Problem {
		m := NewButtons("Body")
		for _, s := range many(n) {
			m = m.WithButtons(Button{ID: s, Title: s})
		}
		return Check(m)
	}},
	"list.sections": {"interactive.action.sections", func(n int) []Problem {
		m := NewList("Body", Menu{Button: "Open"})
		for _, s := range many(n) {
			m = m.WithSections(Section{Title: s, Rows: []Row{{ID: s, Title: s}}})
		}
		return Check(m)
	}},
	"list.rows": {"interactive.action.sections", func(n int) []Problem {
		return Check(NewList("Body", Menu{Button: "Open", Sections: Rows(manyRows(n)...)}))
	}},
	"section.rows": {"interactive.action.sections[1].rows", func(n int) []Problem {
		rows := manyRows(n + 1)
		return Check(NewList("Body", Menu{Button: "Open", Sections: []Section{
			{Title: "A", Rows: rows[n:]}, {Title: "B", Rows: rows[:n]},
		}}))
	}},
	"cards": {"interactive.action.cards", func(n int) []Problem { return Check(NewCarousel("Body", quickCards(n, 1)...)) }},
	"card.body.breaks": {"interactive.action.cards[0].body.text", func(n int) []Problem {
		cards := quickCards(2, 1)
		for i := range cards {
			cards[i].Body = "Body" + strings.Repeat("\n", n) + "end"
		}
		return Check(NewCarousel("Body", cards...))
	}},
	"quick_replies": {"interactive.action.cards[0].action.buttons", func(n int) []Problem {
		return Check(NewCarousel("Body", quickCards(2, n)...))
	}},
	"quick_replies.many": {"interactive.action.cards[0].action.buttons", func(n int) []Problem {
		return Check(NewCarousel("Body", quickCards(2, n)...))
	}},
	"product_cards": {"interactive.action.cards", func(n int) []Problem {
		return Check(ProductCarousel{Body: "Body", CatalogID: "1", RetailerIDs: many(n)})
	}},
	"product_list.sections": {"interactive.action.sections", func(n int) []Problem {
		m := ProductList{Header: "Header", Body: "Body", CatalogID: "1"}
		for _, s := range many(n) {
			m.Sections = append(m.Sections, ProductSection{Title: s, RetailerIDs: []string{s}})
		}
		return Check(m)
	}},
	"product_list.items": {"interactive.action.sections", func(n int) []Problem {
		return Check(ProductList{Header: "Header", Body: "Body", CatalogID: "1", Sections: []ProductSection{{RetailerIDs: many(n)}}})
	}},
	"product_section.items": {"interactive.action.sections[1].product_items", func(n int) []Problem {
		return Check(ProductList{Header: "Header", Body: "Body", CatalogID: "1", Sections: []ProductSection{
			{Title: "A", RetailerIDs: []string{"sku"}}, {Title: "B", RetailerIDs: many(n)},
		}})
	}},
	"call.ttl_minutes": {"interactive.action.parameters.ttl_minutes", func(n int) []Problem {
		return Check(VoiceCall{Body: "Body", TTLMinutes: n})
	}},
	"image.size":         {"image", func(n int) []Problem { return CheckImage(padded(squareJPEG(), n)) }},
	"image.size.decimal": {"image", func(n int) []Problem { return CheckImage(padded(squareJPEG(), n)) }},
})

// padded is a file of n bytes that starts with header.
func padded(header []byte, n int) io.Reader {
	return io.LimitReader(io.MultiReader(strings.NewReader(string(header)), zeros{}), int64(n))
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// uploadRows are rows that Upload holds to, with a type that they are for.
var uploadRows = map[string]string{
	"audio.size": "audio/mpeg", "video.size": "video/mp4", "document.size": "application/pdf",
	"sticker.size": "image/webp", "image.size": "image/png",
}

// A script writes a text of n characters. The numbers are of the scripts and come from Unicode's own charts.
type script struct {
	name                     string
	text                     string
	characters, utf16, bytes int
}

var scripts = []script{
	{"ASCII", "a", 1, 1, 1},
	{"é", "é", 1, 1, 2},
	{"emoji", "🛵", 1, 2, 4},
	{"ZWJ family", "👨‍👩‍👧‍👦", 7, 11, 25},
}

// write returns a text that counts exactly n in unit u: as many of the script as fit, filled up with "a"; and what it
// counts in UTF-16.
func (s script) write(u unit, n int) (text string, utf16 int) {
	size := s.characters
	if u == utf8Bytes {
		size = s.bytes
	}
	k, rest := n/size, n%size
	return strings.Repeat(s.text, k) + strings.Repeat("a", rest), k*s.utf16 + rest
}

func TestTextLimits(t *testing.T) {
	t.Parallel()
	for i := range limits {
		l := &limits[i]
		row, ok := textRows[l.name]
		if !ok {
			continue
		}
		for _, s := range scripts {
			if row.ascii && s.bytes > 1 {
				continue
			}
			t.Run(l.name+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				if l.max != unlimited {
					testUpper(t, l, row, s)
				}
				if l.max == unlimited {
					text, _ := s.write(characters, 10_000)
					require.Empty(t, errorsOf(row.check(text)), "a long text")
				}
				if l.min > 0 {
					text, _ := s.write(l.unit, l.min)
					require.Empty(t, errorsOf(row.check(text)), "the shortest text")
					requireBroken(t, l, row.path, "empty", row.check(""))
				}
			})
		}
	}
}

func testUpper(t *testing.T, l *limit, row textRow, s script) {
	t.Helper()
	text, units := s.write(l.unit, l.max-len(row.prefix))
	units += len(row.prefix)
	problems := row.check(row.prefix + text)
	require.Empty(t, errorsOf(problems), "at the limit")
	require.Empty(t, ofRule(problems, l.name), "at the limit")
	if l.severity == SeverityError && l.unit == characters {
		require.Equal(t, units > l.max, len(ofRule(problems, "text.utf16")) > 0, "UTF-16")
	}
	text, _ = s.write(l.unit, l.max+1-len(row.prefix))
	unit := map[unit]string{characters: " characters", utf8Bytes: " bytes"}[l.unit]
	requireBroken(t, l, row.path, itoa(l.max+1)+unit, row.check(row.prefix+text))
}

// also are rules that cannot but break together with another: more than 10 sections have more than 10 rows.
var also = map[string]string{"list.sections": "list.rows"}

// requireBroken requires that the row, and no other error, is reported.
func requireBroken(t *testing.T, l *limit, path, got string, problems []Problem) {
	t.Helper()
	found := ofRule(problems, l.name)
	require.NotEmpty(t, found, "the rule is broken: %v", problems)
	require.Equal(t, path, found[0].Path)
	require.Equal(t, got, found[0].Got)
	require.Equal(t, l.severity, found[0].Severity)
	require.Equal(t, l.inferred, found[0].Inferred)
	require.NotEmpty(t, found[0].Hint)
	for _, p := range errorsOf(problems) {
		require.Contains(t, []string{l.name, also[l.name]}, p.Rule, "nothing else is wrong")
	}
}

func TestCountLimits(t *testing.T) {
	t.Parallel()
	for i := range limits {
		l := &limits[i]
		row, ok := countRows[l.name]
		if !ok {
			continue
		}
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			noun := l.noun
			if l.unit == lineBreaks {
				noun = "line breaks"
			}
			if l.max != unlimited {
				problems := row.check(l.max)
				require.Empty(t, errorsOf(problems))
				require.Empty(t, ofRule(problems, l.name))
				got := itoa(l.max+1) + " " + noun
				if l.name == "image.size" {
					got = "more than 5 MB" // it is not read any further
				}
				requireBroken(t, l, row.path, got, row.check(l.max+1))
			}
			if l.min > 0 && l.name != "call.ttl_minutes" { // where 0 is Meta's default
				require.Empty(t, errorsOf(row.check(l.min)))
				found := ofRule(row.check(l.min-1), l.name)
				require.NotEmpty(t, found)
				require.Equal(t, row.path, found[0].Path)
				require.Contains(t, found[0].Limit, "at least ")
			}
		})
	}
	require.Len(t, ofRule(countRows["call.ttl_minutes"].check(-1), "call.ttl_minutes"), 1)
	require.Empty(t, countRows["call.ttl_minutes"].check(0))
}

func TestUploadLimits(t *testing.T) {
	t.Parallel()
	for i := range limits {
		l := &limits[i]
		mime, ok := uploadRows[l.name]
		if !ok {
			continue
		}
		u := Upload{Reader: strings.NewReader(""), MIMEType: mime}
		_, err := u.check(int64(l.max))
		require.NoError(t, err, l.name)
		_, err = u.check(int64(l.max) + 1)
		require.ErrorIs(t, err, ErrInvalid, l.name)
	}
	_, err := Upload{Reader: strings.NewReader(""), MIMEType: "image/gif"}.check(1)
	require.ErrorIs(t, err, ErrInvalid, "file.type")
}

// The numbers of Meta's pages once more, by hand, so that a slip in the table is seen.
func TestLimitsAreMetas(t *testing.T) {
	t.Parallel()
	want := map[string][2]int{
		"text.body": {1, 4096}, "caption": {0, 1024}, "contacts": {1, 257}, "callback_data": {0, 512},
		"header.text": {1, 60}, "header.sub_text": {0, 60}, "body": {1, 1024}, "body.optional": {0, 1024}, "footer": {0, 60},
		"buttons": {1, 3}, "button.id": {1, 256}, "button.title": {1, 20},
		"list.body": {1, 4096}, "list.body.long": {0, 1024}, "list.button": {1, 20}, "list.sections": {1, 10}, "list.rows": {1, 10},
		"section.title": {0, 24}, "section.rows": {1, unlimited},
		"row.id": {1, 200}, "row.title": {1, 24}, "row.description": {0, 72},
		"cta.display_text": {1, 20}, "url.length": {0, 2000},
		"cards": {2, 10}, "card.body": {0, 160}, "card.body.breaks": {0, 2}, "card.display_text": {1, 20},
		"quick_replies": {1, 3}, "quick_replies.many": {0, 2},
		"quick_reply.id": {1, 256}, "quick_reply.id.long": {0, 20}, "quick_reply.title": {1, 20},
		"product_cards": {2, 10}, "product_list.header": {1, 60}, "product_list.sections": {1, 10}, "product_list.items": {1, 30},
		"product_section.items": {1, unlimited}, "product_section.title": {0, 24},
		"flow.cta": {1, 30}, "flow.cta.long": {0, 20}, "address.in_pin_code": {0, 6},
		"call.display_text": {0, 20}, "call.ttl_minutes": {1, 43200}, "call.payload": {0, 512},
		"to.phone": {7, 15}, "catalog_id": {1, unlimited}, "product_retailer_id": {1, unlimited}, "address.saved.id": {1, unlimited},
		"reaction.message_id": {1, unlimited}, "contact.formatted_name": {1, unlimited},
		"image.size": {0, 5242880}, "image.size.decimal": {0, 5000000}, "audio.size": {0, 16777216}, "video.size": {0, 16777216},
		"document.size": {0, 104857600}, "sticker.size": {0, 512000},
	}
	want = joined(want, templateLimits)
	for _, l := range limits {
		if l.unit == noUnit {
			continue
		}
		require.Contains(t, want, l.name)
		got := [2]int{l.min, l.max}
		require.Equal(t, want[l.name], got, l.name)
		require.Equal(t, l.name == "card.display_text", l.unit == utf8Bytes, l.name)
	}
}

func errorsOf(problems []Problem) []Problem {
	var found []Problem
	for _, p := range problems {
		if p.Severity == SeverityError {
			found = append(found, p)
		}
	}
	return found
}

func ofRule(problems []Problem, name string) []Problem {
	var found []Problem
	for _, p := range problems {
		if p.Rule == name {
			found = append(found, p)
		}
	}
	return found
}
