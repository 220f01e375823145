package wacloud_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

var fallbackPicture = wacloud.HeaderImage{Media: wacloud.MediaLink("https://example.com/a.jpg")}

func TestDegrade(t *testing.T) {
	t.Parallel()
	image := wacloud.Image{Media: fallbackPicture.Media}
	for _, tt := range []struct {
		name string
		m    wacloud.Message
		want [][]wacloud.Message
	}{
		{
			name: "buttons",
			m: wacloud.NewButtons("How?", wacloud.Button{ID: "d", Title: "Delivery"}, wacloud.Button{ID: "p", Title: "Pickup"}).
				WithHeader(fallbackPicture).WithFooter("Thanks"),
			want: [][]wacloud.Message{
				{image, wacloud.List{Body: "How?", Footer: "Thanks", Menu: wacloud.Menu{Button: "Choose", Sections: wacloud.Rows(
					wacloud.Row{ID: "d", Title: "Delivery"}, wacloud.Row{ID: "p", Title: "Pickup"})}}},
				{image, wacloud.NewText("How?\n\n1. Delivery\n2. Pickup\n\nThanks\n\nReply with the number or the name of your choice.")},
			},
		},
		{
			name: "buttons by pointer, with two lines of header",
			m: &wacloud.Buttons{
				Header: &wacloud.HeaderText{Text: "Shop", SubText: "Open now"}, Body: "How?", Buttons: []wacloud.Button{{ID: "d", Title: "Delivery"}},
			},
			want: [][]wacloud.Message{
				{wacloud.List{Header: "Shop", Body: "Open now\nHow?", Menu: wacloud.Menu{Button: "Choose", Sections: wacloud.Rows(wacloud.Row{ID: "d", Title: "Delivery"})}}},
				{wacloud.NewText("Shop\n\nOpen now\nHow?\n\n1. Delivery\n\nReply with the number or the name of your choice.")},
			},
		},
		{
			name: "titles that fit no row and are equal where they are cut",
			m: wacloud.NewButtons("Which?",
				wacloud.Button{ID: "a", Title: "Margherita with basil and rocket"}, wacloud.Button{ID: "b", Title: "Margherita with basil and ham"}),
			want: [][]wacloud.Message{
				{wacloud.NewList("Which?", wacloud.Menu{Button: "Choose", Sections: wacloud.Rows(
					wacloud.Row{ID: "a", Title: "Margherita with bas… (1)", Description: "Margherita with basil and rocket"},
					wacloud.Row{ID: "b", Title: "Margherita with bas… (2)", Description: "Margherita with basil and ham"})})},
				{wacloud.NewText("Which?\n\n1. Margherita with basil and rocket\n2. Margherita with basil and ham\n\nReply with the number or the name of your choice.")},
			},
		},
		{
			name: "an id that is too long for a row",
			m:    wacloud.NewButtons("How?", wacloud.Button{ID: strings.Repeat("i", 201), Title: "Delivery"}),
			want: [][]wacloud.Message{{wacloud.NewText("How?\n\n1. Delivery\n\nReply with the number or the name of your choice.")}},
		},
		{
			name: "list",
			m: wacloud.NewList("Pick", wacloud.Menu{Button: "Open", Sections: []wacloud.Section{
				{Title: "Food", Rows: []wacloud.Row{{ID: "p", Title: "Pizza", Description: "R$ 40"}, {ID: "s", Title: "Soup"}}},
				{Title: "Drinks", Rows: []wacloud.Row{{ID: "w", Title: "Water"}}},
			}}).WithHeader("Menu"),
			want: [][]wacloud.Message{{wacloud.NewText(
				"Menu\n\nPick\n\nFood\n1. Pizza — R$ 40\n2. Soup\n\nDrinks\n3. Water\n\nReply with the number or the name of your choice.")}},
		},
		{
			name: "link",
			m:    wacloud.NewCTAURL("Your order", wacloud.Link{Text: "Open", URL: "https://example.com/o/1"}).WithFooter("Bye"),
			want: [][]wacloud.Message{{wacloud.NewText("Your order\n\nOpen: https://example.com/o/1\n\nBye")}},
		},
		{
			name: "carousel of two",
			m: wacloud.NewCarousel("Where?",
				wacloud.NewCard(fallbackPicture, wacloud.QuickReplies{{ID: "r:1", Title: "Menu"}}).WithBody("*Bella*\nPizza, pasta"),
				wacloud.NewCard(fallbackPicture, wacloud.QuickReplies{{ID: "r:2", Title: "Menu"}}).WithBody("*Sushi Bar*")),
			want: [][]wacloud.Message{
				{
					wacloud.NewText("Where?"),
					wacloud.NewButtons("*Bella*\nPizza, pasta", wacloud.Button{ID: "r:1", Title: "Menu"}).WithHeader(fallbackPicture),
					wacloud.NewButtons("*Sushi Bar*", wacloud.Button{ID: "r:2", Title: "Menu"}).WithHeader(fallbackPicture),
				},
				{wacloud.NewList("Where?", wacloud.Menu{Button: "Choose", Sections: wacloud.Rows(
					wacloud.Row{ID: "r:1", Title: "Bella", Description: "Menu · Pizza, pasta"},
					wacloud.Row{ID: "r:2", Title: "Sushi Bar", Description: "Menu"})})},
				{wacloud.NewText("Where?\n\n*Bella*\nPizza, pasta\n1. Menu\n\n*Sushi Bar*\n2. Menu\n\nReply with the number or the name of your choice.")},
			},
		},
		{
			name: "carousel with two replies a card and no text",
			m: wacloud.NewCarousel("Which?",
				wacloud.NewCard(fallbackPicture, wacloud.QuickReplies{{ID: "1:b", Title: "Buy"}, {ID: "1:m", Title: "More"}}),
				wacloud.NewCard(fallbackPicture, wacloud.QuickReplies{{ID: "2:b", Title: "Buy"}, {ID: "2:m", Title: "More"}})),
			want: [][]wacloud.Message{
				{
					wacloud.NewText("Which?"),
					wacloud.NewButtons("1/2", wacloud.Button{ID: "1:b", Title: "Buy"}, wacloud.Button{ID: "1:m", Title: "More"}).WithHeader(fallbackPicture),
					wacloud.NewButtons("2/2", wacloud.Button{ID: "2:b", Title: "Buy"}, wacloud.Button{ID: "2:m", Title: "More"}).WithHeader(fallbackPicture),
				},
				{wacloud.NewList("Which?", wacloud.Menu{Button: "Choose", Sections: []wacloud.Section{
					{Title: "1/2", Rows: []wacloud.Row{{ID: "1:b", Title: "Buy"}, {ID: "1:m", Title: "More"}}},
					{Title: "2/2", Rows: []wacloud.Row{{ID: "2:b", Title: "Buy"}, {ID: "2:m", Title: "More"}}},
				}})},
				{wacloud.NewText("Which?\n\n1. Buy\n2. More\n\n3. Buy\n4. More\n\nReply with the number or the name of your choice.")},
			},
		},
		{
			name: "carousel of links has no menu",
			m: wacloud.NewCarousel("Where?",
				wacloud.NewCard(fallbackPicture, wacloud.Link{Text: "Open", URL: "https://example.com/1"}).WithBody("One"),
				wacloud.NewCard(fallbackPicture, wacloud.Link{Text: "Open", URL: "https://example.com/2"}).WithBody("Two")),
			want: [][]wacloud.Message{
				{
					wacloud.NewText("Where?"),
					wacloud.NewCTAURL("One", wacloud.Link{Text: "Open", URL: "https://example.com/1"}).WithHeader(fallbackPicture),
					wacloud.NewCTAURL("Two", wacloud.Link{Text: "Open", URL: "https://example.com/2"}).WithHeader(fallbackPicture),
				},
				{wacloud.NewText("Where?\n\nOne\nOpen: https://example.com/1\n\nTwo\nOpen: https://example.com/2")},
			},
		},
		{name: "text has nothing to choose", m: wacloud.NewText("Hi")},
		{name: "nil"},
		{name: "nil pointer", m: (*wacloud.Buttons)(nil)},
		{name: "no buttons", m: wacloud.NewButtons("How?")},
		{name: "a choice that cannot come back", m: wacloud.NewButtons("How?", wacloud.Button{Title: "Delivery"})},
		{name: "a choice without a title", m: wacloud.NewButtons("How?", wacloud.Button{ID: "d", Title: " "})},
		{name: "a text that is not UTF-8", m: wacloud.NewButtons("\xff", wacloud.Button{ID: "d", Title: "Delivery"})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got [][]wacloud.Message
			for _, rung := range wacloud.Degrade(tt.m) {
				got = append(got, rung.Messages)
				require.NotEmpty(t, rung.Why)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("the rungs' messages (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDegradeWording(t *testing.T) {
	t.Parallel()
	m := wacloud.NewButtons("Como?", wacloud.Button{ID: "d", Title: "Entrega"})
	for _, tt := range []struct {
		name   string
		words  wacloud.Wording
		menu   string
		prompt string
	}{
		{"Portuguese", wacloud.WordingPortuguese(), "Escolher", "Responda com o número ou o nome da opção."},
		{"Spanish", wacloud.WordingSpanish(), "Elegir", "Responde con el número o el nombre de la opción."},
		{"English", wacloud.WordingEnglish(), "Choose", "Reply with the number or the name of your choice."},
		{"own menu", wacloud.Wording{Menu: "Auf"}, "Auf", "Reply with the number or the name of your choice."},
		{"own prompt", wacloud.Wording{Prompt: "Bitte wählen"}, "Choose", "Bitte wählen"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rungs := tt.words.Degrade(m)
			require.Equal(t, tt.menu, rungs[0].Messages[0].(wacloud.List).Menu.Button)
			require.Equal(t, "Como?\n\n1. Entrega\n\n"+tt.prompt, rungs[1].Messages[0].(wacloud.Text).Body)
		})
	}
}

// A long text is split, and what a reader sees as one is never cut.
func TestDegradeSplitsText(t *testing.T) {
	t.Parallel()
	family, flag, accent := "👨‍👩‍👧‍👦", "🇧🇷", "e\u0301"
	for _, tt := range []struct {
		name string
		body string
		unit string // what no part may hold half of
	}{
		{"words", strings.Repeat("palavra ", 1000), "palavra"},
		{"lines", strings.Repeat("uma linha inteira\n", 500), "uma linha inteira"},
		{"families without a space", strings.Repeat(family, 1500), family},
		{"flags without a space", strings.Repeat(flag, 2500), flag},
		{"accents without a space", strings.Repeat(accent, 4500), accent},
		{"one long word", strings.Repeat("x", 9000), "x"},
		{"a long address", strings.Repeat("text ", 810) + "https://example.com/" + strings.Repeat("p", 500), "https://example.com/" + strings.Repeat("p", 500)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rungs := wacloud.Degrade(wacloud.NewList(tt.body, wacloud.Menu{Button: "Open", Sections: wacloud.Rows(wacloud.Row{ID: "r", Title: "Row"})}))
			require.Len(t, rungs, 1)
			require.Greater(t, len(rungs[0].Messages), 1)
			count := 0
			var all strings.Builder
			for _, m := range rungs[0].Messages {
				body := m.(wacloud.Text).Body
				require.Empty(t, wacloud.Check(m))
				all.WriteString(body + "\n")
				text, _, _ := strings.Cut(body, "1. Row")
				rest := strings.ReplaceAll(text, tt.unit, "")
				count += strings.Count(text, tt.unit)
				require.Empty(t, strings.TrimSpace(strings.ReplaceAll(rest, "text", "")), "half of what belongs together")
			}
			require.Equal(t, strings.Count(tt.body, tt.unit), count)
			require.Contains(t, all.String(), "1. Row\n\nReply with")
		})
	}
}

// One character with thousands of accents is cut: there is no other way.
func TestDegradeCutsWhatNoMessageHolds(t *testing.T) {
	t.Parallel()
	body := "e" + strings.Repeat("\u0301", 9000)
	rungs := wacloud.Degrade(wacloud.NewCTAURL(body, wacloud.Link{Text: "Open", URL: "https://example.com"}))
	accents := 0
	for _, m := range rungs[0].Messages {
		require.Empty(t, wacloud.Check(m))
		accents += strings.Count(m.(wacloud.Text).Body, "\u0301")
	}
	require.Equal(t, 9000, accents)
}

func TestDegradeKeepsEveryChoice(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3000) {
		g := degradeGenerator{rand.New(rand.NewPCG(seed, 5))}
		m, choices := g.message()
		rungs := wacloud.Degrade(m)
		require.NotEmpty(t, rungs, "seed %d", seed)
		for _, rung := range rungs {
			where := fmt.Sprintf("seed %d, %T, %s", seed, m, rung.Why)
			for _, part := range rung.Messages {
				require.NoError(t, part.Validate(), where)
			}
			if diff := cmp.Diff(choices, withoutLabels(rung.Choices)); diff != "" {
				t.Fatalf("%s: choices of the rung (-want +got):\n%s", where, diff)
			}
			requireShown(t, where, rung)
		}
	}
}

// requireShown finds each choice of a rung in its messages, in order, by id or number and with its title.
func requireShown(t *testing.T, where string, rung wacloud.Rung) {
	t.Helper()
	shown := shownChoices(rung.Messages)
	next, text := 0, allText(rung.Messages)
	for _, c := range rung.Choices {
		switch {
		case c.Number > 0 || c.URL != "":
			line := oneSpaced(c.Title) + ": " + c.URL
			if c.URL == "" {
				line = fmt.Sprintf("%d. %s", c.Number, oneSpaced(c.Title))
			}
			at := strings.Index(text, line)
			if at < 0 && c.URL != "" { // a link button
				require.Contains(t, shown, [2]string{c.URL, c.Title}, where)
				continue
			}
			require.GreaterOrEqual(t, at, 0, "%s: %q is not in %q", where, line, text)
			text = text[at+len(line):]
		default:
			require.Less(t, next, len(shown), where)
			require.Equal(t, c.ID, shown[next][0], where)
			require.Contains(t, shown[next][1], oneSpaced(c.Title), where)
			next++
		}
	}
	seen := map[[2]string]bool{}
	for _, s := range shown {
		require.False(t, seen[s], "%s: %q twice", where, s)
		seen[s] = true
	}
}

// shownChoices are ids, or addresses, and what is shown of them.
func shownChoices(ms []wacloud.Message) (shown [][2]string) {
	for _, m := range ms {
		switch m := m.(type) {
		case wacloud.Buttons:
			for _, b := range m.Buttons {
				shown = append(shown, [2]string{b.ID, b.Title})
			}
		case wacloud.CTAURL:
			shown = append(shown, [2]string{m.Link.URL, m.Link.Text})
		case wacloud.List:
			for _, s := range m.Menu.Sections {
				for _, r := range s.Rows {
					shown = append(shown, [2]string{r.ID, r.Title + "|" + r.Description})
				}
			}
		}
	}
	return shown
}

func allText(ms []wacloud.Message) string {
	var b strings.Builder
	for _, m := range ms {
		if m, ok := m.(wacloud.Text); ok {
			b.WriteString(m.Body + "\n")
		}
	}
	return b.String()
}

func oneSpaced(s string) string { return strings.Join(strings.Fields(s), " ") }

func withoutLabels(choices []wacloud.Choice) []wacloud.Choice {
	var plain []wacloud.Choice
	for _, c := range choices {
		plain = append(plain, wacloud.Choice{ID: c.ID, Title: c.Title, URL: c.URL})
	}
	return plain
}

// degradeGenerator makes messages, valid and over the limits.
type degradeGenerator struct{ *rand.Rand }

func (g degradeGenerator) message() (wacloud.Message, []wacloud.Choice) {
	switch g.IntN(5) {
	case 0:
		m := wacloud.Buttons{Header: g.header(), Body: g.text(1500), Footer: g.text(50)}
		for i := range 1 + g.IntN(12) {
			m.Buttons = append(m.Buttons, wacloud.Button{ID: g.id(i), Title: g.title(i, 40)})
		}
		return m, buttonsAsChoices(m.Buttons)
	case 1:
		m := wacloud.List{Body: g.text(5000), Footer: g.text(60), Menu: wacloud.Menu{Button: "Open"}}
		var choices []wacloud.Choice
		for i := range 1 + g.IntN(30) {
			if i == 0 || g.IntN(3) == 0 {
				m.Menu.Sections = append(m.Menu.Sections, wacloud.Section{Title: g.title(i, 24)})
			}
			s := &m.Menu.Sections[len(m.Menu.Sections)-1]
			s.Rows = append(s.Rows, wacloud.Row{ID: g.id(i), Title: g.title(i, 24), Description: g.text(72)})
			choices = append(choices, wacloud.Choice{ID: g.id(i), Title: s.Rows[len(s.Rows)-1].Title})
		}
		return m, choices
	case 2:
		m := wacloud.CTAURL{Header: g.header(), Body: g.text(1000), Footer: g.text(60), Link: wacloud.Link{Text: g.title(0, 20), URL: "https://example.com/0"}}
		return &m, []wacloud.Choice{{Title: m.Link.Text, URL: m.Link.URL}}
	case 3:
		m := wacloud.Carousel{Body: g.text(900)}
		var choices []wacloud.Choice
		for i := range 1 + g.IntN(12) {
			link := wacloud.Link{Text: g.title(i, 20), URL: fmt.Sprintf("https://example.com/%d", i)}
			m.Cards = append(m.Cards, wacloud.NewCard(fallbackPicture, link).WithBody(g.text(160)))
			choices = append(choices, wacloud.Choice{Title: link.Text, URL: link.URL})
		}
		return m, choices
	default:
		m := wacloud.Carousel{Body: g.text(900)}
		var choices []wacloud.Choice
		replies := 1 + g.IntN(3)
		for i := range 1 + g.IntN(12) {
			var q wacloud.QuickReplies
			for j := range replies {
				q = append(q, wacloud.Button{ID: g.id(i*10 + j), Title: g.title(j, 20)})
			}
			m.Cards = append(m.Cards, wacloud.NewCard(fallbackPicture, q).WithBody(g.text(160)))
			choices = append(choices, buttonsAsChoices(q)...)
		}
		return m, choices
	}
}

func buttonsAsChoices(buttons []wacloud.Button) (choices []wacloud.Choice) {
	for _, b := range buttons {
		choices = append(choices, wacloud.Choice{ID: b.ID, Title: b.Title})
	}
	return choices
}

func (g degradeGenerator) header() wacloud.Header {
	return []wacloud.Header{nil, wacloud.HeaderText{Text: "Shop"}, fallbackPicture}[g.IntN(3)]
}

func (g degradeGenerator) id(i int) string {
	return fmt.Sprintf("item:%d:%s", i, strings.Repeat("a", i%3))
}

// title has 1 to limit characters and is unlike the titles with another i.
func (g degradeGenerator) title(i, limit int) string {
	return g.clip(fmt.Sprintf("%c%s", 'A'+i, g.text(limit)), limit)
}

// text is up to limit characters with words, lines and emoji, never with what a cut could confuse.
func (g degradeGenerator) text(limit int) string {
	words := []string{"pizza", "ação", "👨‍👩‍👧", "🇧🇷", "Ünïcödé", "a", "*negrito*", "https://example.com/x", "R$ 10,00"}
	var b strings.Builder
	for range g.IntN(1 + limit/4) {
		b.WriteString(words[g.IntN(len(words))] + []string{" ", " ", "\n"}[g.IntN(3)])
	}
	return g.clip(b.String(), limit)
}

func (g degradeGenerator) clip(s string, limit int) string {
	if utf8.RuneCountInString(s) > limit {
		s = string([]rune(s)[:limit])
	}
	return strings.TrimSpace(s)
}
