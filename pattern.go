package wacloud

import (
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A pattern is what an id has to look like: segments that are split by ':'.
type pattern struct {
	text     string // as it was written
	segments []segment
}

type segment struct {
	kind segmentKind
	text string // the literal, or the parameter's name; the rest of a plain prefix has none
}

type segmentKind uint8

const (
	segmentLiteral segmentKind = iota
	segmentParam               // {name}: one segment that is not empty
	segmentRest                // {name...} or the end of a plain prefix: one or more segments, empty ones included
)

// parsePattern reads a pattern. Its errors say what is wrong, not which pattern it is.
func parsePattern(text string) (*pattern, error) {
	if err := checkPatternText(text); err != nil {
		return nil, err
	}
	body, isPrefix := strings.CutSuffix(text, ":")
	p := &pattern{text: text}
	for part := range strings.SplitSeq(body, ":") {
		s, err := parseSegment(part)
		if err != nil {
			return nil, err
		}
		p.segments = append(p.segments, s)
	}
	if isPrefix {
		p.segments = append(p.segments, segment{kind: segmentRest})
	}
	return p, p.checkSegments()
}

// checkPatternText refuses what could never be sent as an id.
func checkPatternText(text string) error {
	switch {
	case text == "":
		return errors.New("it is empty")
	case !utf8.ValidString(text):
		return errors.New("it is not valid UTF-8")
	case strings.TrimSpace(text) != text:
		return errors.New("it begins or ends with a space")
	case strings.ContainsFunc(text, unicode.IsControl):
		return errors.New("it contains a control character")
	}
	return nil
}

func parseSegment(part string) (segment, error) {
	if part == "" {
		return segment{}, errors.New("it has an empty segment")
	}
	if !strings.ContainsAny(part, "{}") {
		return segment{kind: segmentLiteral, text: part}, nil
	}
	name, opened := strings.CutPrefix(part, "{")
	name, closed := strings.CutSuffix(name, "}")
	if !opened || !closed || strings.ContainsAny(name, "{}") {
		return segment{}, fmt.Errorf("a parameter fills a whole segment, as in {name}, %q does not", part)
	}
	if part == "{...}" {
		return segment{kind: segmentRest}, nil
	}
	kind := segmentParam
	if before, ok := strings.CutSuffix(name, "..."); ok {
		name, kind = before, segmentRest
	}
	if !isParamName(name) {
		return segment{}, fmt.Errorf("%q is no name: use ASCII letters, digits and _, and do not begin with a digit", name)
	}
	return segment{kind: kind, text: name}, nil
}

func isParamName(name string) bool {
	for i := range len(name) {
		c := name[i]
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

func (p *pattern) checkSegments() error {
	seen := make(map[string]bool)
	for i, s := range p.segments {
		if s.kind == segmentRest && i < len(p.segments)-1 {
			return errors.New("{name...} takes all that follows, so nothing can stand behind it")
		}
		if s.kind == segmentLiteral || s.text == "" {
			continue
		}
		if seen[s.text] {
			return fmt.Errorf("the parameter %s stands in it twice", s.text)
		}
		seen[s.text] = true
	}
	return nil
}

// index finds a parameter by its name.
func (p *pattern) index(name string) int {
	for i, s := range p.segments {
		if s.kind != segmentLiteral && s.text == name {
			return i
		}
	}
	return -1
}

// rest is the index of the segment that takes the rest of an id, or -1.
func (p *pattern) rest() int {
	if last := len(p.segments) - 1; p.segments[last].kind == segmentRest {
		return last
	}
	return -1
}

// value cuts what the i-th segment of p took out of an id that p matches.
func (p *pattern) value(id string, i int) string {
	for range i {
		_, id, _ = strings.Cut(id, ":")
	}
	if p.segments[i].kind != segmentRest {
		id, _, _ = strings.Cut(id, ":")
	}
	return id
}

// exampleOfBoth is an id that p and q match, for two patterns that overlap.
func exampleOfBoth(p, q *pattern) string {
	var parts []string
	for i := range max(len(p.segments), len(q.segments)) {
		part := "x"
		for _, r := range []*pattern{p, q} {
			if i < len(r.segments) && r.segments[i].kind == segmentLiteral {
				part = r.segments[i].text
			}
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ":")
}

// callSite is the file and line from where the exported function that calls callSite was called.
func callSite() string {
	_, file, line, ok := runtime.Caller(2)
	if !ok {
		return "an unknown place"
	}
	return file + ":" + strconv.Itoa(line)
}
