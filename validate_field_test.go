package wacloud_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

func fieldButton(id, title string) wacloud.Button { return wacloud.Button{ID: id, Title: title} }

func fieldButtons(n int) wacloud.Buttons {
	m := wacloud.NewButtons("Body")
	for i := range n {
		m = m.WithButtons(fieldButton(strconv.Itoa(i), fmt.Sprint("Title ", i)))
	}
	return m
}

func fieldRows(from, to int) []wacloud.Row {
	var rows []wacloud.Row
	for i := from; i < to; i++ {
		rows = append(rows, wacloud.Row{ID: strconv.Itoa(i), Title: fmt.Sprint("Row ", i)})
	}
	return rows
}

func fieldList(sections ...wacloud.Section) wacloud.List {
	return wacloud.NewList("Body", wacloud.Menu{Button: "Open", Sections: sections})
}

func fieldRow(row wacloud.Row) wacloud.List {
	return fieldList(wacloud.Section{Rows: []wacloud.Row{row}})
}

func fieldCards(n int) []wacloud.Card {
	cards := make([]wacloud.Card, n)
	for i := range cards {
		cards[i] = wacloud.NewCard(wacloud.HeaderImage{Media: wacloud.MediaLink("https://example.com/a.jpg")},
			wacloud.QuickReplies{fieldButton(strconv.Itoa(i), "Choose")})
	}
	return cards
}

func fieldLink(text, url string) wacloud.CTAURL {
	return wacloud.NewCTAURL("Body", wacloud.Link{Text: text, URL: url})
}

// What other libraries send and Meta refuses: 37 messages over the limits, each refused with its place.
func TestWhatOthersSendIsRefused(t *testing.T) {
	t.Parallel()
	x := func(n int) string { return strings.Repeat("x", n) }
	cards := func(n int, change func(cards []wacloud.Card)) wacloud.Message {
		c := fieldCards(n)
		change(c)
		return wacloud.NewCarousel("Body", c...)
	}
	none := func([]wacloud.Card) {}
	const (
		buttons = "interactive.action.buttons"
		row     = "interactive.action.sections[0].rows[0]."
	)
	tests := []struct {
		name string
		m    wacloud.Message
		want string // rule at path
	}{
		{"no buttons", fieldButtons(0), "buttons at " + buttons},
		{"4 buttons", fieldButtons(4), "buttons at " + buttons},
		{"empty body", wacloud.NewButtons("", fieldButton("1", "One")), "body at interactive.body.text"},
		{"empty button id", wacloud.NewButtons("Body", fieldButton("", "One")), "button.id at " + buttons + "[0].reply.id"},
		{"empty button title", wacloud.NewButtons("Body", fieldButton("1", "")), "button.title at " + buttons + "[0].reply.title"},
		{"no rows", fieldList(wacloud.Section{}), "list.rows at interactive.action.sections"},
		{"11 rows", fieldList(wacloud.Section{Rows: fieldRows(0, 11)}), "list.rows at interactive.action.sections"},
		{
			"11 rows in two sections", fieldList(wacloud.Section{Title: "A", Rows: fieldRows(0, 6)}, wacloud.Section{Title: "B", Rows: fieldRows(6, 11)}),
			"list.rows at interactive.action.sections",
		},
		{"empty row id", fieldRow(wacloud.Row{Title: "One"}), "row.id at " + row + "id"},
		{"empty row title", fieldRow(wacloud.Row{ID: "1"}), "row.title at " + row + "title"},
		{"empty list label", wacloud.NewList("Body", wacloud.Menu{Sections: wacloud.Rows(fieldRows(0, 1)...)}), "list.button at interactive.action.button"},
		{"empty text", wacloud.NewText(""), "text.body at text.body"},
		{"title of 21", wacloud.NewButtons("Body", fieldButton("1", x(21))), "button.title at " + buttons + "[0].reply.title"},
		{"id of 257", wacloud.NewButtons("Body", fieldButton(x(257), "One")), "button.id at " + buttons + "[0].reply.id"},
		{"body of 1025", wacloud.NewButtons(x(1025), fieldButton("1", "One")), "body at interactive.body.text"},
		{"header of 61", fieldButtons(1).WithHeader(wacloud.HeaderText{Text: x(61)}), "header.text at interactive.header.text"},
		{"footer of 61", fieldButtons(1).WithFooter(x(61)), "footer at interactive.footer.text"},
		{"two buttons with one id", wacloud.NewButtons("Body", fieldButton("1", "One"), fieldButton("1", "Two")), "button.id.unique at " + buttons + "[1].reply.id"},
		{"two buttons with one title", wacloud.NewButtons("Body", fieldButton("1", "One"), fieldButton("2", "One")), "button.title.unique at " + buttons + "[1].reply.title"},
		{
			"two rows with one id", fieldList(wacloud.Section{Rows: append(fieldRows(0, 1), fieldRows(0, 1)...)}),
			"row.id.unique at interactive.action.sections[0].rows[1].id",
		},
		{"row title of 25", fieldRow(wacloud.Row{ID: "1", Title: x(25)}), "row.title at " + row + "title"},
		{"description of 73", fieldRow(wacloud.Row{ID: "1", Title: "One", Description: x(73)}), "row.description at " + row + "description"},
		{"row id of 201", fieldRow(wacloud.Row{ID: x(201), Title: "One"}), "row.id at " + row + "id"},
		{"section title of 25", fieldList(wacloud.Section{Title: x(25), Rows: fieldRows(0, 1)}), "section.title at interactive.action.sections[0].title"},
		{"list label of 21", wacloud.NewList("Body", wacloud.Menu{Button: x(21), Sections: wacloud.Rows(fieldRows(0, 1)...)}), "list.button at interactive.action.button"},
		{"list body of 4097", wacloud.NewList(x(4097), wacloud.Menu{Button: "Open", Sections: wacloud.Rows(fieldRows(0, 1)...)}), "list.body at interactive.body.text"},
		{
			"one of two sections untitled", fieldList(wacloud.Section{Title: "A", Rows: fieldRows(0, 1)}, wacloud.Section{Rows: fieldRows(1, 2)}),
			"section.title.required at interactive.action.sections[1].title",
		},
		{"1 card", cards(1, none), "cards at interactive.action.cards"},
		{"11 cards", cards(11, none), "cards at interactive.action.cards"},
		{
			"a link beside quick replies", cards(2, func(c []wacloud.Card) { c[1].Action = wacloud.Link{Text: "Open", URL: "https://example.com"} }),
			"card.action.kind at interactive.action.cards[1].action",
		},
		{
			"unequal quick replies", cards(2, func(c []wacloud.Card) {
				c[1].Action = wacloud.QuickReplies{fieldButton("a", "A"), fieldButton("b", "B")}
			}),
			"quick_replies.equal at interactive.action.cards[1].action.buttons",
		},
		{"card without header", cards(2, func(c []wacloud.Card) { c[1].Header = nil }), "card.header at interactive.action.cards[1].header"},
		{"link label of 21", fieldLink(x(21), "https://example.com"), "cta.display_text at interactive.action.parameters.display_text"},
		{"empty address", fieldLink("Open", ""), "url at interactive.action.parameters.url"},
		{"javascript address", fieldLink("Open", "javascript:alert(1)"), "url at interactive.action.parameters.url"},
		{"text of 4097", wacloud.NewText(x(4097)), "text.body at text.body"},
		{"empty to", nil, "to at to"},
	}
	require.Len(t, tests, 37)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := wacloud.Outgoing{To: wacloud.Phone("+15550001234"), Message: tt.m}
			if tt.m == nil {
				o = wacloud.Outgoing{Message: wacloud.NewText("Hi")}
			}
			var got []string
			for _, p := range o.Check() {
				if p.Severity == wacloud.SeverityError {
					got = append(got, p.Rule+" at "+p.Path)
				}
			}
			if diff := cmp.Diff([]string{tt.want}, got); diff != "" {
				t.Errorf("Check() (-want +got):\n%s", diff)
			}
		})
	}
}

// Duplicate ids, duplicate titles and untitled sections were accepted, and a family of three was refused as a reaction.
func TestFieldDuplicatesAndFamilies(t *testing.T) {
	t.Parallel()
	m := wacloud.NewButtons("Body", fieldButton("1", "One"), fieldButton("1", "One"))
	require.Len(t, wacloud.Check(m), 2)
	untitled := fieldList(wacloud.Section{Rows: fieldRows(0, 1)}, wacloud.Section{Rows: fieldRows(1, 2)})
	require.Len(t, wacloud.Check(untitled), 2)
	require.Empty(t, wacloud.Check(wacloud.Reaction{MessageID: "wamid.1", Emoji: "👩‍👩‍👧"}))
}

// 20 rows were taken, and 11 emoji called too long for a title.
func TestFieldRowsAndEmoji(t *testing.T) {
	t.Parallel()
	require.Error(t, fieldList(wacloud.Section{Title: "A", Rows: fieldRows(0, 10)}, wacloud.Section{Title: "B", Rows: fieldRows(10, 20)}).Validate())
	require.NoError(t, wacloud.NewButtons("Body", fieldButton("1", strings.Repeat("🛵", 11))).Validate())
}

// Where bytes are counted, 2,100 Hebrew letters are refused.
func TestFieldHebrewIsCountedInCharacters(t *testing.T) {
	t.Parallel()
	require.Empty(t, wacloud.Check(wacloud.NewText(strings.Repeat("א", 2100))))
	require.Empty(t, wacloud.Check(wacloud.NewText(strings.Repeat("א", 4096))))
	require.NotEmpty(t, wacloud.Check(wacloud.NewText(strings.Repeat("א", 4097))))
}

// Where bytes are counted, 2,000 é are refused that 3,000 characters allow.
func TestFieldAccentsAreCountedInCharacters(t *testing.T) {
	t.Parallel()
	require.Empty(t, wacloud.Check(wacloud.NewButtons(strings.Repeat("é", 1024), fieldButton("1", strings.Repeat("é", 20)))))
	require.Empty(t, wacloud.Check(wacloud.NewText(strings.Repeat("é", 3000))))
}

// Row ids of 256 characters were taken; Meta takes 200.
func TestFieldRowIDs(t *testing.T) {
	t.Parallel()
	require.NoError(t, fieldRow(wacloud.Row{ID: strings.Repeat("x", 200), Title: "One"}).Validate())
	require.Error(t, fieldRow(wacloud.Row{ID: strings.Repeat("x", 201), Title: "One"}).Validate())
}

// Where nothing is checked, an id of 5,000 characters goes out.
func TestFieldLongID(t *testing.T) {
	t.Parallel()
	require.Error(t, wacloud.NewButtons("Body", fieldButton(strings.Repeat("x", 5000), "One")).Validate())
}

// A validator that takes 0 for missing refuses the equator.
func TestLocationOnTheEquator(t *testing.T) {
	t.Parallel()
	require.Empty(t, wacloud.Check(wacloud.Location{Latitude: 0, Longitude: 32.44}))
	require.Empty(t, wacloud.Check(wacloud.Location{Latitude: 51.48, Longitude: 0}))
}

// Meta's own sample has a quick-reply id of 21 characters, and a live message had one of 32: a warning, no error.
func TestQuickReplyIDOfMetasSample(t *testing.T) {
	t.Parallel()
	cards := fieldCards(2)
	cards[0].Action = wacloud.QuickReplies{fieldButton("learn-zebra-haworthia", "Learn more")}
	m := wacloud.NewCarousel("Body", cards...)
	require.NoError(t, m.Validate())
	require.Len(t, wacloud.Check(m), 1)
	require.Equal(t, "quick_reply.id.long", wacloud.Check(m)[0].Rule)
}

// "*bold*\n\ntext" is what Meta's sample of a card body looks like.
func TestCardBodyOfMetasSample(t *testing.T) {
	t.Parallel()
	cards := fieldCards(2)
	for i := range cards {
		cards[i] = cards[i].WithBody("*Zebra*\n\nA plant")
	}
	require.Empty(t, wacloud.Check(wacloud.NewCarousel("Body", cards...)))
}
