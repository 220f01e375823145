package wacloud

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// textRung is everything as text, the choices numbered.
func textRung(w Wording, o offer) (Rung, bool) {
	rung := Rung{Why: "the choices as text"}
	if m := sendableMedia(o.media); m != nil {
		rung.Messages = append(rung.Messages, m)
	}
	blocks := []string{o.header, o.body}
	n := numbersFor(o)
	for _, g := range o.groups {
		lines := []string{g.title, g.body}
		for _, opt := range g.options {
			var line string
			line, opt.Choice = textLine(opt, n)
			lines = append(lines, line)
			rung.Choices = append(rung.Choices, opt.Choice)
		}
		blocks = append(blocks, joinBlocks("\n", lines...))
	}
	blocks = append(blocks, o.footer)
	if n.last > 0 {
		blocks = append(blocks, w.Prompt)
	}
	for _, part := range splitText(joinBlocks("\n\n", blocks...), limits[ruleText].max) {
		rung.Messages = append(rung.Messages, Text{Body: part})
	}
	return rung, true
}

// textLine is the line of one choice, and the choice with what the line shows.
func textLine(opt option, n *numbers) (string, Choice) {
	c := opt.Choice
	c.Label = oneLine(c.Title)
	if c.URL != "" {
		return joinBlocks(": ", c.Label, c.URL), c
	}
	c.Number = n.next(c.Title)
	return strconv.Itoa(c.Number) + ". " + joinBlocks(" — ", c.Label, oneLine(opt.description)), c
}

// numbers are those in front of the choices. One that is the title of another choice is left out: who types it means that.
type numbers struct {
	last   int
	titles map[string]int // how often each is there
}

func numbersFor(o offer) *numbers {
	n := &numbers{titles: make(map[string]int)}
	for _, opt := range o.options() {
		if opt.URL == "" {
			n.titles[fold(opt.Title)]++
		}
	}
	return n
}

func (n *numbers) next(title string) int {
	for {
		n.last++
		text := strconv.Itoa(n.last)
		others := n.titles[text]
		if fold(title) == text {
			others--
		}
		if others == 0 {
			return n.last
		}
	}
}

// sendableMedia is a header as a message that can be sent, or nil.
func sendableMedia(h Header) Message {
	if h == nil {
		return nil
	}
	m := mediaMessage(h)
	if m == nil || m.Validate() != nil {
		return nil
	}
	return m
}

// splitText cuts s into parts of at most limit characters: at the last blank line, line or word in the second half, else
// at the last word, else between two characters that a reader sees. White space at a cut is dropped.
func splitText(s string, limit int) []string {
	var parts []string
	for s = strings.TrimSpace(s); s != ""; {
		cut := cutAt(s, limit)
		if part := strings.TrimSpace(s[:cut]); part != "" {
			parts = append(parts, part)
		}
		s = strings.TrimSpace(s[cut:])
	}
	return parts
}

// cutAt is where to cut s, in bytes.
func cutAt(s string, limit int) int {
	var end, line, word, paragraph int // the last place of each kind that fits
	half, newlines := 0, 0
	for n := 0; end < len(s); {
		size := clusterLen(s[end:])
		cluster := s[end : end+size]
		if n += countUnits(cluster); n > limit {
			break
		}
		end += size
		if n <= limit/2 {
			half = end
		}
		switch {
		case strings.ContainsRune(cluster, '\n'):
			line, newlines = end, newlines+1
			if newlines > 1 {
				paragraph = end
			}
		case isBlank(cluster):
			word = end
		default:
			newlines = 0
		}
	}
	if end == len(s) {
		return end
	}
	for _, place := range []int{paragraph, line, word} {
		if place > half {
			return place
		}
	}
	if place := max(paragraph, line, word); place > 0 {
		return place
	}
	if end > 0 {
		return end
	}
	return fitting(s, limit) // one character with thousands of accents
}

// fitting is the length in bytes of the code points at the start of s that fit.
func fitting(s string, limit int) int {
	n := 0
	for i, r := range s {
		if n += units(r); n > limit {
			return i
		}
	}
	return len(s)
}

// countUnits counts UTF-16 units: what fits so fits in code points too.
func countUnits(s string) int { return utf16Len(s) }

func units(r rune) int {
	if r > 0xffff {
		return 2
	}
	return 1
}

// clusterLen is the length in bytes of the first character that a reader sees in s, by the rules of graphemes, and a line
// end of two bytes. s is not empty.
func clusterLen(s string) int {
	if strings.HasPrefix(s, "\r\n") {
		return 2
	}
	first, size := utf8.DecodeRuneInString(s)
	flag, joined := isRegional(first), first == zeroWidthJoiner
	for size < len(s) {
		r, n := utf8.DecodeRuneInString(s[size:])
		switch {
		case r == zeroWidthJoiner:
			joined = true
		case isExtender(r) || unicode.Is(unicode.Mc, r):
		case flag && isRegional(r):
			flag = false
		case joined && !unicode.IsSpace(r):
			joined = false
		default:
			return size
		}
		size += n
	}
	return size
}

const zeroWidthJoiner = '\u200d'
