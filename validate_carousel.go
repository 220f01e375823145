package wacloud

import "strconv"

// Validate reports everything that Meta would refuse, see [Carousel].
func (m Carousel) Validate() error { c := newChecker(); m.check(c); return c.verdict() }

func (m Carousel) check(c *checker) {
	c.in("interactive")
	c.text(ruleBody, "body.text", m.Body)
	c.number(ruleCards, "action.cards", len(m.Cards))
	same := firstCard(m.Cards)
	for i := range m.Cards {
		c.at("action.cards", i)
		m.Cards[i].check(c)
		same.check(c, &m.Cards[i])
		c.out()
	}
	c.out()
}

func (k *Card) check(c *checker) {
	k.checkType(c)
	k.checkHeader(c)
	c.text(ruleCardBody, "body.text", k.Body)
	c.number(ruleCardBodyBreaks, "body.text", countBreaks(k.Body))
	if isNil(k.Action) {
		c.fail(ruleCardAction, "action", "nothing")
		return
	}
	k.Action.checkCardAction(c)
}

// countBreaks counts the line breaks of s, a carriage return with its line feed as one.
func countBreaks(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] == '\n' || s[i] == '\r' && (i+1 == len(s) || s[i+1] != '\n') {
			n++
		}
	}
	return n
}

func (k *Card) checkType(c *checker) {
	switch k.WireType {
	case "", "-", "cta_url":
	case "button":
		if kind, _ := actionShape(k.Action); kind == linkAction {
			c.fail(ruleCardTypeLink, "type", `"button"`)
		}
	default:
		c.fail(ruleCardType, "type", "another word")
	}
}

func (k *Card) checkHeader(c *checker) {
	if isNil(k.Header) {
		c.fail(ruleCardHeader, "header", "nothing")
		return
	}
	k.Header.checkHeader(c)
	media, ok := headerMedia(k.Header)
	if !ok {
		return
	}
	if media.ID != "" && media.Link == "" {
		c.fail(ruleCardHeaderLink, "header."+k.Header.headerType()+".id", "an id")
	}
	if !fitsCard(k.Header.headerType(), media.Link) {
		c.fail(ruleCardHeaderType, "header."+k.Header.headerType()+".link", "another ending")
	}
}

// fitsCard reports whether the ending of a link, where it has one, is that of a file that cards show.
func fitsCard(kind, link string) bool {
	ext := extension(link)
	if ext == "" {
		return true
	}
	if kind == "video" {
		return foldsTo(ext, ".mp4", ".3gp", ".3gpp")
	}
	return foldsTo(ext, ".jpg", ".jpeg", ".png")
}

func (a QuickReplies) checkCardAction(c *checker) {
	c.number(ruleQuickReplies, "action.buttons", len(a))
	if len(a) <= limits[ruleQuickReplies].max {
		c.number(ruleQuickRepliesMany, "action.buttons", len(a))
	}
	for i, b := range a {
		c.at("action.buttons", i)
		c.id(ruleQuickReplyID, "quick_reply.id", b.ID)
		c.advise(ruleQuickReplyIDLong, "quick_reply.id", b.ID, limits[ruleQuickReplyID].max)
		c.unique(ruleQuickReplyIDUnique, "quick_reply.id", b.ID)
		c.label(ruleQuickReplyTitle, "quick_reply.title", b.Title)
		c.out()
	}
}

func (a Link) checkCardAction(c *checker) {
	c.label(ruleCardLinkText, "action.parameters.display_text", a.Text)
	c.web("action.parameters.url", a.URL)
}

type actionKind uint8

const (
	noAction actionKind = iota
	quickReplyAction
	linkAction
)

// actionShape is the kind of an action and the number of its quick replies.
func actionShape(a CardAction) (actionKind, int) {
	if isNil(a) {
		return noAction, 0
	}
	switch a := a.(type) {
	case QuickReplies:
		return quickReplyAction, len(a)
	case *QuickReplies:
		return quickReplyAction, len(*a)
	case Link, *Link:
		return linkAction, 0
	}
	return noAction, 0
}

// cardShape is what all cards of a carousel have in common: the kind of the first header and action that there are.
type cardShape struct {
	header  string
	action  actionKind
	replies int
	body    bool
}

func firstCard(cards []Card) cardShape {
	var s cardShape
	for i := range cards {
		k := &cards[i]
		s.body = s.body || k.Body != ""
		if s.header == "" && !isNil(k.Header) {
			s.header = k.Header.headerType()
		}
		if s.action == noAction {
			s.action, s.replies = actionShape(k.Action)
		}
	}
	return s
}

// check compares a card with the shape of them all.
func (s *cardShape) check(c *checker, k *Card) {
	if !isNil(k.Header) && k.Header.headerType() != s.header {
		c.fail(ruleCardHeaderKind, "header.type", k.Header.headerType()+" after "+s.header)
	}
	if k.Body == "" && s.body {
		c.fail(ruleCardBodyAll, "body.text", "empty, other cards have one")
	}
	kind, replies := actionShape(k.Action)
	switch {
	case kind == noAction:
	case kind != s.action:
		c.fail(ruleCardActionKind, "action", "quick replies on one card, a link on another")
	case replies != s.replies:
		c.fail(ruleQuickRepliesEqual, "action.buttons", strconv.Itoa(replies)+" after "+strconv.Itoa(s.replies))
	}
}

// Validate reports everything that Meta would refuse, see [ProductCarousel].
func (m ProductCarousel) Validate() error { c := newChecker(); m.check(c); return c.verdict() }

func (m ProductCarousel) check(c *checker) {
	c.in("interactive")
	c.text(ruleBody, "body.text", m.Body)
	c.number(ruleProductCards, "action.cards", len(m.RetailerIDs))
	if len(m.RetailerIDs) == 0 {
		c.id(ruleCatalogID, "action.cards", m.CatalogID)
	} else {
		c.id(ruleCatalogID, "action.cards[0].action.catalog_id", m.CatalogID)
	}
	for i, id := range m.RetailerIDs {
		c.at("action.cards", i)
		c.id(ruleRetailerID, "action.product_retailer_id", id)
		c.out()
	}
	c.out()
}
