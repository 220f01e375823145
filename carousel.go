package wacloud

import "slices"

// CardAction is what a carousel card offers: [QuickReplies] or one [Link]. All cards of a carousel offer the same kind,
// and the same number of quick replies.
//
//sumtype:decl
type CardAction interface {
	cardType() string // the card's "type" on the wire
	appendCardAction(b []byte) []byte
	checkCardAction(c *checker)
}

// QuickReplies are the choices on a carousel card. The ids are unique over all cards: nothing else in the webhook tells
// which card was tapped. A tap comes back as a [Reply] of [ReplyKindQuick].
type QuickReplies []Button

// A Card is one card of a [Carousel].
type Card struct {
	Header CardHeader // required, by link
	Body   string     // optional, at most 160 characters and 2 line breaks; all cards have one or none has
	Action CardAction
	// WireType is the card's "type" on the wire: empty for ours ("cta_url" with a [Link], "button" with [QuickReplies]),
	// "-" for none, else "cta_url" or "button". Senders differ and Meta takes all three; decoding keeps what it found
	// where that is not ours.
	WireType string
}

// noWireType is the WireType of a card without a type.
const noWireType = "-"

// NewCard returns a card without a body.
func NewCard(header CardHeader, action CardAction) Card { return Card{Header: header, Action: action} }

// WithBody returns c with a text.
func (c Card) WithBody(body string) Card { c.Body = body; return c }

// Carousel is a message with 2 to 10 cards that scroll sideways (Meta, interactive-media-carousel-messages, read 2025-12).
// Square JPEG pictures show best; others are cropped. Meta states no maximum of quick replies on a card: one and two are
// known to work, three could not be checked against the live API.
type Carousel struct {
	Body  string // 1 to 1024 characters
	Cards []Card
}

// NewCarousel returns a message with cards.
func NewCarousel(body string, cards ...Card) Carousel {
	return Carousel{Body: body, Cards: slices.Clone(cards)}
}

// WithCards returns m with more cards after those it has.
func (m Carousel) WithCards(cards ...Card) Carousel {
	m.Cards = slices.Concat(m.Cards, cards)
	return m
}

// ProductCarousel is a message with 2 to 10 products of one catalog that scroll sideways (Meta,
// interactive-product-carousel-messages, read 2026-03).
type ProductCarousel struct {
	Body        string // 1 to 1024 characters
	CatalogID   string
	RetailerIDs []string
}
