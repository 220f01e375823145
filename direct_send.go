package wacloud

import "slices"

// DirectSend sends a message that is no template outside of the customer service window. It is a beta that Meta opens for
// an account; others get an [ErrInvalid] with the code 100 (Meta, direct-send/supported-features-and-limits, read
// 2026-07). It takes a [Text] of at most 1024 characters without preview, [Buttons], [CTAURL], [MixedButtons] and
// [VoiceCall]. It is a [SendOption] and a part of [Outgoing]:
//
//	client.Send(ctx, to, m, wacloud.DirectSend{Category: "utility"})
type DirectSend struct {
	Category     string // "utility", "authentication" or "service"
	TTLSeconds   int    // for how long Meta tries to deliver; 0 is Meta's default
	TemplateName string // the template that the message is counted under
}

func (d DirectSend) applySend(c *sendConfig) { c.directSend = &d }

// MixedButtons is a message with link buttons and reply buttons, which only [DirectSend] takes: at most 10, of which the
// first 1 or 2 are links (Meta, direct-send/supported-features-and-limits, read 2026-07). The tap on a reply button comes
// back as a [Reply] of [ReplyKindButton].
type MixedButtons struct {
	Header  Header // optional
	Body    string // 1 to 1024 characters
	Footer  string // at most 60 characters
	Links   []Link
	Buttons []Button
}

// NewMixedButtons returns a message with links.
func NewMixedButtons(body string, links ...Link) MixedButtons {
	return MixedButtons{Body: body, Links: slices.Clone(links)}
}

// WithHeader returns m with a header.
func (m MixedButtons) WithHeader(h Header) MixedButtons { m.Header = h; return m }

// WithFooter returns m with a footer.
func (m MixedButtons) WithFooter(footer string) MixedButtons { m.Footer = footer; return m }

// WithButtons returns m with more reply buttons after those it has.
func (m MixedButtons) WithButtons(buttons ...Button) MixedButtons {
	m.Buttons = slices.Concat(m.Buttons, buttons)
	return m
}
