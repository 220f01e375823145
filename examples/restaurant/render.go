package main

import (
	"fmt"
	"strings"

	"github.com/wacloud/wacloud"
)

// An option is what a user can tap on a message.
type option struct{ id, title, description string }

// render draws a message the way the phone would, as lines of text, with its options numbered.
func render(m wacloud.Message) (text string, options []option) {
	var b strings.Builder
	switch m := m.(type) {
	case wacloud.Text:
		b.WriteString(m.Body)
	case wacloud.Buttons:
		b.WriteString(m.Body)
		for _, button := range m.Buttons {
			options = append(options, option{button.ID, button.Title, ""})
		}
		writeOptions(&b, options, 0)
		writeFooter(&b, m.Footer)
	case wacloud.List:
		if m.Header != "" {
			fmt.Fprintf(&b, "*%s*\n", m.Header)
		}
		fmt.Fprintf(&b, "%s\n≡ %s", m.Body, m.Menu.Button)
		for _, s := range m.Menu.Sections {
			for _, row := range s.Rows {
				options = append(options, option{row.ID, row.Title, row.Description})
			}
		}
		writeOptions(&b, options, 0)
		writeFooter(&b, m.Footer)
	case wacloud.CTAURL:
		fmt.Fprintf(&b, "%s\n  ↗ %s: %s", m.Body, m.Link.Text, m.Link.URL)
		writeFooter(&b, m.Footer)
	case wacloud.Carousel:
		b.WriteString(m.Body)
		for _, card := range m.Cards {
			options = writeCard(&b, card, options)
		}
	default:
		fmt.Fprintf(&b, "(%T)", m)
	}
	return b.String(), options
}

func writeCard(b *strings.Builder, card wacloud.Card, options []option) []option {
	b.WriteString("\n")
	if picture, ok := card.Header.(wacloud.HeaderImage); ok {
		fmt.Fprintf(b, "┌ 🖼  %s\n", picture.Media.Link)
	}
	fmt.Fprintf(b, "│ %s", strings.ReplaceAll(card.Body, "\n", "\n│ "))
	from := len(options)
	switch action := card.Action.(type) {
	case wacloud.QuickReplies:
		for _, reply := range action {
			options = append(options, option{reply.ID, reply.Title, ""})
		}
		writeOptions(b, options, from)
	case wacloud.Link:
		fmt.Fprintf(b, "\n  ↗ %s: %s", action.Text, action.URL)
	}
	return options
}

func writeOptions(b *strings.Builder, options []option, from int) {
	for i, o := range options[from:] {
		fmt.Fprintf(b, "\n  [%d] %s", from+i+1, o.title)
		if o.description != "" {
			fmt.Fprintf(b, " – %s", o.description)
		}
	}
}

func writeFooter(b *strings.Builder, footer string) {
	if footer != "" {
		fmt.Fprintf(b, "\n  %s", footer)
	}
}

// indent puts a speaker before a text and lines the rest up under it.
func indent(speaker, text string) string {
	return speaker + " " + strings.ReplaceAll(text, "\n", "\n   ")
}
