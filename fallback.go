package wacloud

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"unicode/utf8"
)

// A Choice is one thing that a message lets the user choose: a reply button, a row of a list, a quick reply of a card, or
// a link.
type Choice struct {
	ID     string `json:"id,omitempty"`     // comes back when it is tapped or typed; empty for a link
	Title  string `json:"title"`            // as the message has it
	Label  string `json:"label,omitempty"`  // as this shape shows it: shortened, for example
	Number int    `json:"number,omitempty"` // the number in front of it, from 1; 0 where none is shown
	URL    string `json:"url,omitempty"`    // of a link
}

// A Rung is another shape of a message: what is sent when the message itself cannot be shown. It has every choice of the
// message, in the same order.
type Rung struct {
	Messages []Message // sent one after the other
	Why      string    // what the shape is, for people
	Choices  []Choice
}

// LogValue says what the shape is and how many messages it has, without their text.
func (r Rung) LogValue() slog.Value {
	return slog.GroupValue(slog.String("why", r.Why), slog.Int("messages", len(r.Messages)))
}

// Degrade returns the shapes below m, the richest first, or none for a kind that has no choices. Each message of each
// passes [Check]. It never drops a choice:
//
//   - [Buttons]: a [List] where it fits, then numbered text
//   - [List]: numbered text
//   - [Carousel]: up to 4 cards as a picture with buttons each, then a [List] where it fits, then numbered text
//   - [CTAURL]: text with the link
//
// A number that is the title of another choice is left out: typed, it means that one. Texts over 4096 characters are split
// between paragraphs, lines or words, never inside an emoji. A message that no shape
// can carry has none: a choice without an id or a title, a text that is not UTF-8.
//
// The words around the choices are English; [Wording.Degrade] takes others. Degrade is pure.
func Degrade(m Message) []Rung { return Wording{}.Degrade(m) }

// Wording is what the library itself writes when it changes the shape of a message. The zero value, and an empty field, is
// English.
type Wording struct {
	Prompt string // below numbered choices
	Menu   string // the label of a list, at most 20 characters
}

// WordingEnglish is the default.
func WordingEnglish() Wording {
	return Wording{Prompt: "Reply with the number or the name of your choice.", Menu: "Choose"}
}

// WordingPortuguese is for Brazil.
func WordingPortuguese() Wording {
	return Wording{Prompt: "Responda com o número ou o nome da opção.", Menu: "Escolher"}
}

// WordingSpanish is for Latin America and Spain.
func WordingSpanish() Wording {
	return Wording{Prompt: "Responde con el número o el nombre de la opción.", Menu: "Elegir"}
}

// Degrade is the function [Degrade] with these words.
func (w Wording) Degrade(m Message) []Rung { return w.rungs(m, true) }

func (w Wording) withDefaults() Wording {
	english := WordingEnglish()
	if w.Prompt == "" {
		w.Prompt = english.Prompt
	}
	if w.Menu == "" {
		w.Menu = english.Menu
	}
	return w
}

// check reports words that would keep a shape from being sent.
func (w Wording) check() error {
	probe := List{Body: "x", Menu: Menu{Button: w.withDefaults().Menu, Sections: Rows(Row{ID: "x", Title: "x"})}}
	if err := probe.Validate(); err != nil {
		return fmt.Errorf("fallback: Menu is no label of a list: %w", err)
	}
	if !utf8.ValidString(w.Prompt) || utf8.RuneCountInString(w.Prompt) > limits[ruleBody].max {
		return errors.New("fallback: Prompt is not UTF-8 or has more than 1024 characters")
	}
	return nil
}

// rungs makes the shapes below m, with its pictures, videos and documents or without.
func (w Wording) rungs(m Message, media bool) []Rung {
	o, shapes := offerOf(m)
	if !o.canBeMade() {
		return nil
	}
	if !media {
		o = o.withoutMedia()
	}
	w = w.withDefaults()
	var rungs []Rung
	for _, shape := range shapes {
		if rung, ok := shape(w, o); ok && rung.isValid() {
			rungs = append(rungs, rung)
		}
	}
	return rungs
}

func (r Rung) isValid() bool {
	for _, m := range r.Messages {
		if m.Validate() != nil {
			return false
		}
	}
	return len(r.Messages) > 0
}

// An offer is what a message shows and lets the user choose, without its shape.
type offer struct {
	header string
	media  Header // a picture, video or document above it, or nil
	body   string
	footer string
	groups []offerGroup
}

// An offerGroup is a section of a list or a card.
type offerGroup struct {
	title   string
	media   Header
	body    string
	options []option
}

type option struct {
	Choice
	description string
}

type shape func(w Wording, o offer) (Rung, bool)

// offerOf takes m apart and names the shapes below it, the richest first.
func offerOf(m Message) (offer, []shape) {
	if isNil(m) {
		return offer{}, nil
	}
	switch m := deref(m).(type) {
	case Buttons:
		o := offer{body: m.Body, footer: m.Footer, groups: []offerGroup{{options: buttonOptions(m.Buttons)}}}
		return o.withHeader(m.Header), []shape{listRung, textRung}
	case List:
		return offerOfList(m), []shape{textRung}
	case CTAURL:
		o := offer{body: m.Body, footer: m.Footer, groups: []offerGroup{{options: linkOptions(m.Link)}}}
		return o.withHeader(m.Header), []shape{textRung}
	case Carousel:
		return offerOfCarousel(m), []shape{cardsRung, listRung, textRung}
	case MixedButtons: // its buttons can be typed; it goes where no other shape was agreed on
		return offer{groups: []offerGroup{{options: buttonOptions(m.Buttons)}}}, nil
	default:
		return offer{}, nil
	}
}

func offerOfList(m List) offer {
	o := offer{header: m.Header, body: m.Body, footer: m.Footer}
	for _, s := range m.Menu.Sections {
		g := offerGroup{title: s.Title}
		for _, row := range s.Rows {
			g.options = append(g.options, option{Choice{ID: row.ID, Title: row.Title}, row.Description})
		}
		o.groups = append(o.groups, g)
	}
	return o
}

func offerOfCarousel(m Carousel) offer {
	o := offer{body: m.Body}
	for _, card := range m.Cards {
		g := offerGroup{body: card.Body}
		if _, ok := headerMedia(card.Header); ok {
			g.media = card.Header
		}
		if !isNil(card.Action) {
			switch a := deref(card.Action).(type) {
			case QuickReplies:
				g.options = buttonOptions(a)
			case Link:
				g.options = linkOptions(a)
			}
		}
		o.groups = append(o.groups, g)
	}
	return o
}

func buttonOptions(buttons []Button) []option {
	options := make([]option, len(buttons))
	for i, b := range buttons {
		options[i].Choice = Choice{ID: b.ID, Title: b.Title}
	}
	return options
}

func linkOptions(l Link) []option { return []option{{Choice: Choice{Title: l.Text, URL: l.URL}}} }

func (o offer) withHeader(h Header) offer {
	if isNil(h) {
		return o
	}
	switch h := deref(h).(type) {
	case HeaderText:
		o.header = h.Text
		o.body = joinBlocks("\n", h.SubText, o.body)
	default:
		o.media = h
	}
	return o
}

func (o offer) withoutMedia() offer {
	o.media = nil
	groups := make([]offerGroup, len(o.groups))
	for i, g := range o.groups {
		g.media = nil
		groups[i] = g
	}
	o.groups = groups
	return o
}

// canBeMade reports whether there is something to choose and each choice can be shown and can come back.
func (o offer) canBeMade() bool {
	n := 0
	for _, g := range o.groups {
		for _, opt := range g.options {
			if !opt.canBeMade() {
				return false
			}
			n++
		}
	}
	return n > 0
}

func (o option) canBeMade() bool {
	if o.URL != "" {
		return urlFault(o.URL) == ""
	}
	_, broken := brokenIDReason(o.ID)
	return o.ID != "" && !broken && utf8.ValidString(o.ID) && !hasSpaceAround(o.ID) && oneLine(o.Title) != ""
}

// choicesOf are what m itself lets the user choose and send back; links send nothing back.
func choicesOf(m Message) []Choice {
	o, _ := offerOf(m)
	var choices []Choice
	for _, opt := range o.options() {
		if opt.URL == "" {
			choices = append(choices, opt.Choice)
		}
	}
	return choices
}

// options are those of all groups.
func (o offer) options() []option {
	var all []option
	for _, g := range o.groups {
		all = append(all, g.options...)
	}
	return all
}

// joinBlocks joins what is not blank.
func joinBlocks(sep string, blocks ...string) string {
	var kept []string
	for _, s := range blocks {
		if s = strings.TrimSpace(s); s != "" {
			kept = append(kept, s)
		}
	}
	return strings.Join(kept, sep)
}

// oneLine is s as a label can have it: control characters and runs of white space are one space.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return isSpaceOrControl(r) }), " ")
}
