package wacloud

import (
	"strconv"
	"strings"
)

// Severity tells whether a [Problem] keeps a message from being sent.
type Severity uint8

// The severities.
const (
	SeverityError   Severity = iota // Meta refuses it, or is inferred to
	SeverityWarning                 // Meta takes it, but a phone may cut it or it is likely a slip
)

// String returns "error" or "warning".
func (s Severity) String() string {
	if s == SeverityWarning {
		return "warning"
	}
	return "error"
}

// A Problem is one broken rule. It never holds the text, the ids or the numbers that broke it, so it is safe to log.
type Problem struct {
	Path     string // JSON path in the request body, such as "interactive.action.buttons[1].reply.title"
	Rule     string // name of the row of the limits table, see docs/limits.md
	Got      string // what was found, never the text itself: "27 characters"
	Limit    string // "at most 20 characters"
	Severity Severity
	Inferred bool   // the rule is our reading, Meta does not state it
	Hint     string // how to mend it
}

// Error is the problem in one line: "interactive.action.buttons[1].reply.title: 27 characters, at most 20 characters
// (shorten it)".
func (p Problem) Error() string {
	var b strings.Builder
	if p.Severity == SeverityWarning {
		b.WriteString("warning: ")
	}
	b.WriteString(p.Path)
	b.WriteString(": ")
	b.WriteString(p.Got)
	b.WriteString(", ")
	b.WriteString(p.Limit)
	if p.Hint != "" {
		b.WriteString(" (")
		b.WriteString(p.Hint)
		b.WriteString(")")
	}
	return b.String()
}

// ValidationError holds every problem of a message that keeps it from being sent, in the order of the request body. It
// is an [ErrInvalid], and [errors.AsType] finds the first [Problem] in it.
type ValidationError struct {
	Problems []Problem
}

// Error lists all problems in one line.
func (e *ValidationError) Error() string {
	var b strings.Builder
	b.WriteString("wacloud: validate: ")
	if n := len(e.Problems); n != 1 {
		b.WriteString(strconv.Itoa(n))
		b.WriteString(" problems: ")
	}
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(p.Error())
	}
	return b.String()
}

// Is reports whether target is [ErrInvalid].
func (e *ValidationError) Is(target error) bool { return target == ErrInvalid }

// Unwrap returns the problems.
func (e *ValidationError) Unwrap() []error {
	errs := make([]error, len(e.Problems))
	for i, p := range e.Problems {
		errs[i] = p
	}
	return errs
}
