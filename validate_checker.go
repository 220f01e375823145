package wacloud

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf16"
	"unicode/utf8"
)

// A checker collects the problems of one message. Its verbs take the row of the limits table and a field below the
// place where it stands; the path is written only when something is wrong, so a message without problems costs no
// allocation.
type checker struct {
	problems []Problem
	place    [maxDepth]step
	depth    int
	seen     []string // for unique
}

// A step is one step of the path; index counts only where it is not negative.
type step struct {
	name  string
	index int
}

const maxDepth = 12

// maxSeen bounds the comparison of ids. A message with more is refused for their number already.
const maxSeen = 256

// checkers keeps used checkers: they are handed to interface methods, so each would be an allocation.
var checkers = sync.Pool{New: func() any { return new(checker) }}

func newChecker() *checker { return checkers.Get().(*checker) }

// finish returns the problems and gives c back.
func (c *checker) finish() []Problem {
	problems := c.problems
	c.problems, c.depth = nil, 0
	c.forget()
	checkers.Put(c)
	return problems
}

// verdict is finish for Validate.
func (c *checker) verdict() error { return validationError(c.finish()) }

// validationError is the errors among problems, nil without any.
func validationError(problems []Problem) error {
	var found []Problem
	for _, p := range problems {
		if p.Severity == SeverityError {
			found = append(found, p)
		}
	}
	if found == nil {
		return nil
	}
	return &ValidationError{Problems: found}
}

// message checks m, whatever is in the interface.
func (c *checker) message(m Message) {
	if isNil(m) {
		c.fail(ruleMessage, "type", "no message")
		return
	}
	m.check(c)
}

// in and at go one step down, out goes back up.
func (c *checker) in(name string) { c.at(name, -1) }

func (c *checker) at(name string, index int) {
	c.place[c.depth] = step{name, index}
	c.depth++
}

func (c *checker) out() { c.depth-- }

// path is the place of c and field below it, "$" for the request itself.
func (c *checker) path(field string) string {
	if c.depth == 0 && field == "" {
		return "$"
	}
	var b strings.Builder
	for _, s := range c.place[:c.depth] {
		writeStep(&b, s.name)
		if s.index >= 0 {
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
		}
	}
	writeStep(&b, field)
	return b.String()
}

func writeStep(b *strings.Builder, name string) {
	if name == "" {
		return
	}
	if b.Len() > 0 {
		b.WriteByte('.')
	}
	b.WriteString(name)
}

// fail reports that a rule does not hold.
func (c *checker) fail(r rule, field, got string) {
	c.report(r, field, got, limits[r].rule, limits[r].hint)
}

func (c *checker) report(r rule, field, got, want, hint string) {
	l := &limits[r]
	c.problems = append(c.problems, Problem{
		Path: c.path(field), Rule: l.name, Got: got, Limit: want,
		Severity: l.severity, Inferred: l.inferred, Hint: hint,
	})
}

// tooMuch and tooLittle report what is over or under the numbers of a row.
func (c *checker) tooMuch(r rule, field, got string) {
	l := &limits[r]
	c.report(r, field, got, "at most "+l.amount(l.max), l.hint)
}

func (c *checker) tooLittle(r rule, field, got string) {
	l := &limits[r]
	hint := l.less
	switch {
	case hint != "":
	case l.max == unlimited:
		hint = l.hint
	case l.unit == things:
		hint = "add " + l.noun
	default:
		hint = "it is required"
	}
	c.report(r, field, got, "at least "+l.amount(l.min), hint)
}

// number checks n against a row.
func (c *checker) number(r rule, field string, n int) {
	switch l := &limits[r]; {
	case n < l.min:
		c.tooLittle(r, field, l.amount(n))
	case n > l.max:
		c.tooMuch(r, field, l.amount(n))
	}
}

// amount is n with the row's unit.
func (l *limit) amount(n int) string {
	noun := l.noun
	switch l.unit {
	case characters:
		noun = "characters"
	case utf8Bytes:
		noun = "bytes"
	case lineBreaks:
		noun = "line breaks"
	default:
	}
	if n == 1 {
		noun = singular(noun)
	}
	return strconv.Itoa(n) + " " + noun
}

// singular is one of the things that the table counts.
func singular(noun string) string {
	if stem, ok := strings.CutSuffix(noun, "ies"); ok {
		return stem + "y"
	}
	return strings.TrimSuffix(noun, "s")
}

// length checks the length of s and its encoding, and reports whether s has text. The bytes are an upper bound of the
// characters, so a short text is not counted.
func (c *checker) length(r rule, field, s string) bool {
	l := &limits[r]
	switch {
	case s == "" && l.min > 0:
		c.tooLittle(r, field, "empty")
	case len(s) > l.max:
		c.long(r, field, s)
	}
	if !utf8.ValidString(s) {
		c.fail(ruleUTF8, field, "bytes that are not UTF-8")
	}
	return s != ""
}

// text is length for a text that is more than white space.
func (c *checker) text(r rule, field, s string) {
	if c.length(r, field, s) && isBlank(s) {
		c.fail(ruleBlank, field, "white space only")
	}
}

// label is length for a line on a button or in a menu.
func (c *checker) label(r rule, field, s string) {
	if !c.length(r, field, s) {
		return
	}
	if isBlank(s) {
		c.fail(ruleLabelBlank, field, "white space only")
	}
	c.line(ruleLabelBreak, field, s)
}

// line reports line breaks and control characters under r, and what a phone shows literally or swallows.
func (c *checker) line(r rule, field, s string) {
	found := scan(s)
	if found&(traitControl|traitLead) != 0 {
		if got := controlFault(s); got != "" {
			c.fail(r, field, got)
		}
	}
	if found&traitTab != 0 {
		c.fail(ruleLabelTab, field, "a tab")
	}
	if found&traitMark != 0 && hasMarkdown(s) {
		c.fail(ruleLabelMarkdown, field, "markdown")
	}
}

// long checks a text whose bytes are over the limit.
func (c *checker) long(r rule, field, s string) {
	l := &limits[r]
	if l.unit == utf8Bytes {
		c.number(r, field, len(s))
		return
	}
	n := utf8.RuneCountInString(s)
	c.number(r, field, n)
	if units := utf16Len(s); n <= l.max && units > l.max {
		c.report(ruleUTF16, field, strconv.Itoa(units)+" UTF-16 units", "at most "+strconv.Itoa(l.max)+" UTF-16 units",
			limits[ruleUTF16].hint)
	}
}

// advise checks a text against a row of warnings, unless it is over the hard limit and an error already.
func (c *checker) advise(r rule, field, s string, hard int) {
	if len(s) <= limits[r].max {
		return
	}
	if n := utf8.RuneCountInString(s); n <= hard {
		c.number(r, field, n)
	}
}

func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}

// id checks an id of a length that Meta limits, or that has to be there.
func (c *checker) id(r rule, field, s string) {
	if why, ok := brokenIDReason(s); ok {
		c.fail(ruleIDRoute, field, why)
		return
	}
	if c.length(r, field, s) && hasSpaceAround(s) {
		c.fail(ruleIDSpace, field, "space at its start or end")
	}
}

// givenID checks an id that Meta gave: of a file, a message, a flow. It may be empty.
func (c *checker) givenID(field, s string) {
	c.utf8(field, s)
	if s != "" && hasSpaceAround(s) {
		c.fail(ruleIDSpace, field, "space at its start or end")
	}
}

// unique checks that s was not seen since the last forget. Empty values are reported elsewhere.
func (c *checker) unique(r rule, field, s string) {
	switch {
	case s == "" || len(c.seen) >= maxSeen:
	case slices.Contains(c.seen, s):
		c.fail(r, field, "used before in this message")
	default:
		c.seen = append(c.seen, s)
	}
}

func (c *checker) forget() {
	clear(c.seen)
	c.seen = c.seen[:0]
}

// web checks an address that a phone or Meta opens.
func (c *checker) web(field, s string) {
	if fault := urlFault(s); fault != "" {
		c.fail(ruleURL, field, fault)
		return
	}
	c.advise(ruleURLLength, field, s, unlimited)
}

// file checks where a media file is. Its fields stand in the object at the place of c.
func (c *checker) file(m Media) {
	switch {
	case m.ID == "" && m.Link == "":
		c.fail(ruleMediaSource, "", "neither id nor link")
	case m.ID != "" && m.Link != "":
		c.fail(ruleMediaSource, "", "both id and link")
	}
	c.givenID("id", m.ID)
	if m.Link != "" {
		c.web("link", m.Link)
	}
}
