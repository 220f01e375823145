package wacloud

import (
	"strings"
	"unicode/utf8"
)

// Check returns the problems of the request, warnings included, or nil: those of the message, and the rules that need
// the recipient and the rest of the request. Groups take text, media, templates and pins only, address messages go to
// numbers with +91, a reaction quotes nothing, callback data has at most 512 characters, a [DirectSend] and [Marketing]
// take some kinds only.
func (o Outgoing) Check() []Problem {
	c := newChecker()
	o.check(c)
	return c.finish()
}

// maxCallbackData is what a client with a [Store] leaves of Meta's 512 characters: the id of the send takes 31 of them.
const maxCallbackData = 480

// checkStored is Check for a client with a [Store].
func (o *Outgoing) checkStored() []Problem {
	n := utf8.RuneCountInString(o.CallbackData)
	if n <= maxCallbackData {
		return o.Check()
	}
	rest := *o
	rest.CallbackData = ""
	problems := rest.Check()
	c, l := newChecker(), &limits[ruleCallbackData]
	c.report(ruleCallbackData, "biz_opaque_callback_data", l.amount(n),
		"at most "+l.amount(maxCallbackData)+" with a Store: the id of the send takes the rest of "+l.amount(l.max), l.hint)
	return append(problems, c.finish()...)
}

func (o *Outgoing) check(c *checker) {
	o.To.check(c)
	c.message(o.Message)
	c.givenID("context.message_id", o.ReplyTo)
	c.callbackData(o.CallbackData)
	c.utf8("recipient_identity_key_hash", o.IdentityKeyHash)
	if isNil(o.Message) {
		return
	}
	kind := o.Message.messageType()
	if o.To.kind == recipientGroup && !goesToGroups(kind) {
		c.fail(ruleGroupKind, "type", "another kind")
	}
	if asksAddress(o.Message) && !o.To.isIndian() {
		c.fail(ruleAddressTo, o.To.field(), "another number")
	}
	o.checkEndpoint(c)
	o.checkTemplateTo(c)
	if o.ReplyTo == "" {
		return
	}
	switch kind {
	case "reaction":
		c.fail(ruleReactionReply, "context", "a quoted message")
	case "template":
		c.fail(ruleTemplateReply, "context", "a quoted message")
	}
}

func (c *checker) callbackData(s string) {
	const field = "biz_opaque_callback_data"
	if why, ok := untrackable(s); ok {
		c.fail(ruleIDRoute, field, why)
		return
	}
	c.length(ruleCallbackData, field, s)
}

// goesToGroups reports whether groups take messages of a type. The pin is of groups only.
func goesToGroups(kind string) bool {
	switch kind {
	case "text", "image", "video", "audio", "document", "sticker", "template", "pin":
		return true
	}
	return false
}

func asksAddress(m Message) bool {
	switch m.(type) {
	case AddressRequest, *AddressRequest:
		return true
	}
	return false
}

// field is where a recipient stands in the request body.
func (r Recipient) field() string {
	if r.kind == recipientUserID {
		return "recipient"
	}
	return "to"
}

// isIndian reports whether r is a number of India, or a user id of India. Anybody else cannot fill an address message.
func (r Recipient) isIndian() bool {
	switch r.kind {
	case recipientPhone, recipientWaID:
		return strings.HasPrefix(r.value, "91")
	case recipientUserID:
		return strings.HasPrefix(r.value, "IN.")
	default:
		return false
	}
}

func (r Recipient) check(c *checker) {
	switch r.kind {
	case recipientPhone:
		c.phone(r.value)
	case recipientWaID:
		if !isDigits(r.value) {
			c.fail(ruleToWaID, "to", "something else")
		}
	case recipientUserID:
		if !isUserID(r.value) {
			c.fail(ruleToUserID, "recipient", "another form")
		}
	case recipientGroup:
		if r.value == "" || strings.TrimSpace(r.value) != r.value || !isUTF8(r.value) {
			c.fail(ruleToGroup, "to", "something else")
		}
	default:
		c.fail(ruleTo, "to", "nobody")
	}
}

// phone checks a full international number. [Phone] has made plain digits of a good one already.
func (c *checker) phone(s string) {
	digits := s
	if !isDigits(s) {
		digits, _ = dropPunctuation(s)
	}
	switch {
	case digits == "":
		c.fail(ruleToPhoneForm, "to", "something else")
	case digits[0] == '0':
		c.fail(ruleToPhoneForm, "to", "a 0 at its start")
	default:
		c.number(ruleToPhone, "to", len(digits))
	}
}

// isUserID reports whether s is a business-scoped user id, such as "US.13491208655302741918", or a parent one, such as
// "US.ENT.11815799212886844830".
func isUserID(s string) bool {
	if len(s) < 4 || !isCapital(s[0]) || !isCapital(s[1]) || s[2] != '.' {
		return false
	}
	id := strings.TrimPrefix(s[3:], "ENT.")
	if id == "" || len(id) > 128 {
		return false
	}
	for i := 0; i < len(id); i++ {
		if !isAlphanumeric(id[i]) {
			return false
		}
	}
	return true
}

func isCapital(b byte) bool { return 'A' <= b && b <= 'Z' }
