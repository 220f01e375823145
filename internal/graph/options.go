package graph

import "github.com/wacloud/wacloud"

// OptionKind is how a tap on an [Option] arrives.
type OptionKind uint8

// The kinds.
const (
	OptionButton   OptionKind = iota // a reply button
	OptionRow                        // a row of a list
	OptionCard                       // a quick reply of a carousel card
	OptionTemplate                   // a quick reply of a template
)

// Option is something that can be tapped on a message.
type Option struct {
	Kind        OptionKind
	ID          string
	Title       string
	Description string
	Card        int // of carousels, -1 elsewhere
}

// Options returns what can be tapped on a message with an answer to the bot: links open a page and tell nobody.
func Options(m wacloud.Message) []Option {
	switch m := m.(type) {
	case wacloud.Buttons:
		return buttonOptions(OptionButton, -1, m.Buttons)
	case wacloud.List:
		var all []Option
		for _, s := range m.Menu.Sections {
			for _, r := range s.Rows {
				all = append(all, Option{OptionRow, r.ID, r.Title, r.Description, -1})
			}
		}
		return all
	case wacloud.Carousel:
		var all []Option
		for i, c := range m.Cards {
			if replies, ok := c.Action.(wacloud.QuickReplies); ok {
				all = append(all, buttonOptions(OptionCard, i, replies)...)
			}
		}
		return all
	case wacloud.MixedButtons:
		return buttonOptions(OptionButton, -1, m.Buttons)
	case wacloud.Template:
		return templateOptions(m)
	}
	return nil
}

func buttonOptions(kind OptionKind, card int, buttons []wacloud.Button) []Option {
	var all []Option
	for _, b := range buttons {
		all = append(all, Option{Kind: kind, ID: b.ID, Title: b.Title, Card: card})
	}
	return all
}

// templateOptions finds the payloads of a template's quick replies. Their labels are part of the approved template, which
// a request does not show, so the payload stands for the label.
func templateOptions(m wacloud.Template) []Option {
	all := quickReplyOptions(m.Buttons, -1)
	for i, k := range m.Cards {
		all = append(all, quickReplyOptions(k.Buttons, i)...)
	}
	return all
}

func quickReplyOptions(buttons []wacloud.TemplateButton, card int) []Option {
	var all []Option
	for _, b := range buttons {
		if payload, ok := b.(wacloud.QuickReplyPayload); ok {
			all = append(all, Option{Kind: OptionTemplate, ID: string(payload), Title: string(payload), Card: card})
		}
	}
	return all
}

// Tap is what arrives when o is tapped.
func (e *Engine) Tap(o Option) Content { return o.Taps(e.Policy().CarouselTap)[0] }

// Taps is what arrives when o is tapped and taps on cards have a shape: one content, or three with [TapTurns].
func (o Option) Taps(shape TapShape) []Content {
	b := wacloud.Button{ID: o.ID, Title: o.Title}
	switch {
	case o.Kind == OptionRow:
		return []Content{ListReply(wacloud.Row{ID: o.ID, Title: o.Title, Description: o.Description})}
	case o.Kind == OptionCard && shape == TapTurns:
		return []Content{CarouselTap(TapButton, b), CarouselTap(TapButtonReply, b), CarouselTap(TapQuickReply, b)}
	case o.Kind == OptionCard:
		return []Content{CarouselTap(shape, b)}
	case o.Kind == OptionTemplate:
		return []Content{QuickReply(b)}
	default:
		return []Content{ButtonReply(b)}
	}
}
