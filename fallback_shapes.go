package wacloud

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"
)

// maxCardMessages is how many cards become messages of their own: more would flood the chat.
const maxCardMessages = 4

// cardsRung is each card as a message of its own.
func cardsRung(_ Wording, o offer) (Rung, bool) {
	if len(o.groups) > maxCardMessages {
		return Rung{}, false
	}
	rung := Rung{Why: "each card as a message of its own"}
	if strings.TrimSpace(o.body) != "" {
		rung.Messages = append(rung.Messages, Text{Body: o.body})
	}
	for i, g := range o.groups {
		body := g.body
		if strings.TrimSpace(body) == "" {
			body = ordinal(i, len(o.groups))
		}
		rung.Messages = append(rung.Messages, cardMessage(g, body))
		for _, opt := range g.options {
			opt.Label = opt.Title
			rung.Choices = append(rung.Choices, opt.Choice)
		}
	}
	return rung, true
}

func cardMessage(g offerGroup, body string) Message {
	if len(g.options) == 1 && g.options[0].URL != "" {
		return CTAURL{Header: g.media, Body: body, Link: Link{Text: g.options[0].Title, URL: g.options[0].URL}}
	}
	m := Buttons{Header: g.media, Body: body}
	for _, opt := range g.options {
		m.Buttons = append(m.Buttons, Button{ID: opt.ID, Title: opt.Title})
	}
	return m
}

func ordinal(i, n int) string { return strconv.Itoa(i+1) + "/" + strconv.Itoa(n) }

// listRung is a menu of all choices. A list has no place for links.
func listRung(w Wording, o offer) (Rung, bool) {
	sections := o.sections()
	for _, opt := range o.options() {
		if opt.URL != "" {
			return Rung{}, false
		}
	}
	rung := Rung{Why: "the choices as a menu"}
	if o.media != nil {
		rung.Messages = append(rung.Messages, mediaMessage(o.media))
	}
	rung.Messages = append(rung.Messages, List{
		Header: o.header, Body: o.body, Footer: o.footer, Menu: Menu{Button: w.Menu, Sections: sections},
	})
	rows := 0
	for _, s := range sections {
		for _, row := range s.Rows {
			rung.Choices = append(rung.Choices, o.options()[rows].Choice)
			rung.Choices[rows].Label = row.Title
			rows++
		}
	}
	return rung, rows <= limits[ruleListRows].max
}

// sections turn groups into a menu: one group is its rows, cards with one choice each are rows named after the cards, and
// other cards are sections.
func (o offer) sections() []Section {
	single := len(o.groups) > 1
	for _, g := range o.groups {
		single = single && len(g.options) == 1
	}
	switch {
	case len(o.groups) == 1:
		return Rows(rowsOf(o.groups[0].options)...)
	case single:
		return Rows(o.cardRows()...)
	}
	var sections []Section
	headings := o.headings(limits[ruleSectionTitle].max)
	for i, g := range o.groups {
		if len(g.options) > 0 {
			sections = append(sections, Section{Title: headings[i], Rows: rowsOf(g.options)})
		}
	}
	return sections
}

// rowsOf shortens titles to what a row holds and keeps the whole in the description.
func rowsOf(options []option) []Row {
	titles := make([]string, len(options))
	for i, opt := range options {
		titles[i] = oneLine(opt.Title)
	}
	rows := make([]Row, len(options))
	for i, short := range distinct(titles, limits[ruleRowTitle].max) {
		rows[i] = Row{ID: options[i].ID, Title: short}
		if short != titles[i] {
			rows[i].Description = shorten(titles[i], limits[ruleRowDescription].max)
		}
	}
	return rows
}

// cardRows are cards with one choice each: the card's first line is the title, the choice and the rest its description.
func (o offer) cardRows() []Row {
	rows := make([]Row, len(o.groups))
	for i, heading := range o.headings(limits[ruleRowTitle].max) {
		g := o.groups[i]
		_, rest := cardText(g.body)
		rows[i] = Row{
			ID: g.options[0].ID, Title: heading,
			Description: shorten(joinBlocks(" · ", oneLine(g.options[0].Title), rest), limits[ruleRowDescription].max),
		}
	}
	return rows
}

// headings are what tells the groups apart, in at most limit characters each.
func (o offer) headings(limit int) []string {
	names := make([]string, len(o.groups))
	for i, g := range o.groups {
		names[i], _ = cardText(g.body)
		if names[i] == "" {
			names[i] = ordinal(i, len(o.groups))
		}
	}
	return distinct(names, limit)
}

// cardText is the first line of a card, without the marks around it, and the rest in one line.
func cardText(body string) (heading, rest string) {
	first, more, _ := strings.Cut(strings.TrimSpace(body), "\n")
	return strings.Trim(oneLine(first), markdownMarks+" "), oneLine(more)
}

// distinct shortens labels so that those that differed, or stand for different things, still do.
func distinct(labels []string, limit int) []string {
	short := make([]string, len(labels))
	seen := make(map[string]int, len(labels))
	for i, s := range labels {
		short[i] = shorten(s, limit)
		seen[short[i]]++
	}
	for i, s := range short {
		if seen[s] > 1 {
			suffix := fmt.Sprintf(" (%d)", i+1)
			short[i] = shorten(labels[i], limit-len(suffix)) + suffix
		}
	}
	return short
}

// shorten cuts s to limit characters between two that a reader sees, and marks the cut.
func shorten(s string, limit int) string {
	if countUnits(s) <= limit {
		return s
	}
	cut := 0
	for n := 0; cut < len(s); {
		size := clusterLen(s[cut:])
		n += countUnits(s[cut : cut+size])
		if n > limit-1 {
			break
		}
		cut += size
	}
	return strings.TrimRight(s[:cut], " ") + "…"
}

// mediaMessage is a header as a message.
func mediaMessage(h Header) Message {
	switch h := deref(h).(type) {
	case HeaderImage:
		return Image{Media: h.Media}
	case HeaderVideo:
		return Video{Media: h.Media}
	case HeaderDocument:
		return Document{Media: h.Media, Filename: h.Filename}
	default:
		return nil
	}
}

// deref is v, or what v points to. v is not nil.
func deref[T any](v T) T {
	if rv := reflect.ValueOf(v); rv.Kind() == reflect.Pointer {
		if value, ok := reflect.TypeAssert[T](rv.Elem()); ok {
			return value
		}
	}
	return v
}

func isSpaceOrControl(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
