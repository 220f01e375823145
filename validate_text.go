package wacloud

import (
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// traits are what the bytes of a text tell at one glance.
type traits uint8

const (
	traitControl traits = 1 << iota // a line break or control character, a tab excepted
	traitTab
	traitMark // may be markdown
	traitLead // leads the line breaks and control characters beyond ASCII: U+0080 to U+009F, U+2028, U+2029
)

// traitsOf are the traits of each byte.
var traitsOf = func() (t [256]traits) {
	for b := range t {
		switch {
		case b == '\t':
			t[b] = traitTab
		case b < ' ' || b == 0x7f:
			t[b] = traitControl
		case strings.IndexByte(markdownMarks, byte(b)) >= 0:
			t[b] = traitMark
		case b == 0xc2 || b == 0xe2:
			t[b] = traitLead
		}
	}
	return t
}()

func scan(s string) (found traits) {
	for i := range len(s) {
		found |= traitsOf[s[i]]
	}
	return found
}

// isBlank reports whether s, which is not empty, is white space only.
func isBlank(s string) bool {
	if isInk(s[0]) {
		return false
	}
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsSpace(r) && strings.TrimSpace(s) == ""
}

// hasSpaceAround reports whether s, which is not empty, starts or ends with white space.
func hasSpaceAround(s string) bool {
	return (!isInk(s[0]) || !isInk(s[len(s)-1])) && strings.TrimSpace(s) != s
}

// isInk reports whether b is a visible ASCII character, which most texts start and end with.
func isInk(b byte) bool { return ' ' < b && b < 0x7f }

// controlFault says which line break or control character other than a tab stands in s, or "".
func controlFault(s string) string {
	for _, r := range s {
		switch {
		case r == '\n', r == '\r', r == '\u0085', r == '\u2028', r == '\u2029':
			return "a line break"
		case r != '\t' && unicode.IsControl(r):
			return "a control character"
		}
	}
	return ""
}

const markdownMarks = "*_~`"

// hasMarkdown reports whether a phone would format part of s in a body: *bold*, _italic_, ~struck~, `code`.
func hasMarkdown(s string) bool {
	for i := strings.IndexAny(s, markdownMarks); i >= 0 && i < len(s); i++ {
		if strings.IndexByte(markdownMarks, s[i]) >= 0 && opensMarkdown(s, i) && closesMarkdown(s, i) {
			return true
		}
	}
	return false
}

// opensMarkdown reports whether the mark at i stands at the start of a word.
func opensMarkdown(s string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	return i+1 < len(s) && s[i+1] > ' ' && (i == 0 || !isWord(before))
}

// closesMarkdown reports whether the mark at i has its like at the end of a word behind it.
func closesMarkdown(s string, i int) bool {
	for j := i + 2; j < len(s); j++ {
		if s[j] != s[i] || s[j-1] <= ' ' || s[j-1] == s[i] {
			continue
		}
		after, _ := utf8.DecodeRuneInString(s[j+1:])
		if j+1 == len(s) || !isWord(after) {
			return true
		}
	}
	return false
}

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// urlFault says what keeps s from being an address that a phone opens, or "". Most addresses are plain ASCII and cost
// no allocation; net/url judges the others.
func urlFault(s string) string {
	rest, ok := cutWebScheme(s)
	if !ok {
		return "no http:// or https:// at its start"
	}
	host := rest
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		host = rest[:i]
	}
	switch {
	case strings.IndexByte(host, '@') >= 0:
		return "a user name in the address"
	case host == "" || host[0] == ':':
		return "no host"
	case hasSpace(s):
		return "a space or control character"
	case isPlainHost(host) && isPlainPath(rest[len(host):]):
		return ""
	}
	if u, err := url.Parse(s); err != nil || u.Hostname() == "" || u.User != nil || !isPort(u.Port()) {
		return "not a well-formed address"
	}
	return ""
}

// isPort reports whether s is a port, or none.
func isPort(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return s == "" || err == nil
}

func cutWebScheme(s string) (string, bool) {
	for _, scheme := range [...]string{"https://", "http://"} {
		if len(s) >= len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
			return s[len(scheme):], true
		}
	}
	return "", false
}

func hasSpace(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] == 0x7f {
			return true
		}
	}
	return !utf8.ValidString(s)
}

func isPlainHost(host string) bool {
	for i := 0; i < len(host); i++ {
		if b := host[i]; !isAlphanumeric(b) && b != '.' && b != '-' {
			return false
		}
	}
	return true
}

// isPlainPath reports whether net/url has nothing to object to: a percent sign is where it might.
func isPlainPath(path string) bool { return strings.IndexByte(path, '%') < 0 }

func isAlphanumeric(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9'
}

// extension is the ending of a link's path, such as ".jpg", or "" when it has none that could name a file type.
func extension(link string) string {
	path, _, _ := strings.Cut(link, "#")
	path, _, _ = strings.Cut(path, "?")
	rest, _ := cutWebScheme(path)
	name := rest[strings.LastIndexByte(rest, '/')+1:]
	dot := strings.LastIndexByte(name, '.')
	if len(name) == len(rest) || dot < 0 || len(name)-dot > 6 || strings.IndexFunc(name[dot:], unicode.IsLetter) < 0 {
		return ""
	}
	return name[dot:]
}

// graphemes counts what a reader sees as one character each, closely enough for emoji: joined families, skin tones,
// flags, keycaps, variation selectors and combining marks.
func graphemes(s string) int {
	n, flag, joined := 0, false, false
	for _, r := range s {
		switch {
		case isRegional(r) && flag:
			flag = false // second half of a flag
		case isRegional(r):
			flag = true
			n++
		case r == '\u200d':
			joined, flag = true, false
			continue
		case isExtender(r) && n > 0:
			continue
		case joined:
			flag = false
		default:
			flag = false
			n++
		}
		joined = false
	}
	return n
}

func isRegional(r rune) bool { return 0x1f1e6 <= r && r <= 0x1f1ff }

func isExtender(r rune) bool {
	switch {
	case 0xfe00 <= r && r <= 0xfe0f, // variation selectors
		0x1f3fb <= r && r <= 0x1f3ff, // skin tones
		0xe0020 <= r && r <= 0xe007f: // tags, as in the flag of Scotland
		return true
	}
	return r > unicode.MaxLatin1 && unicode.In(r, unicode.Mn, unicode.Me)
}

// hasEmoji reports whether s holds a character that phones draw as a picture.
func hasEmoji(s string) bool {
	for _, r := range s {
		if isEmoji(r) {
			return true
		}
	}
	return false
}

// isEmoji covers the blocks that hold emoji and little else.
func isEmoji(r rune) bool {
	switch {
	case r < 0x203c:
		return false
	case r == 0xfe0f, r == 0x20e3, r == 0x203c, r == 0x2049, r == 0x3030, r == 0x303d, r == 0x3297, r == 0x3299,
		0x231a <= r && r <= 0x23ff, 0x25aa <= r && r <= 0x27bf, 0x2934 <= r && r <= 0x2935,
		0x2b05 <= r && r <= 0x2b55, 0x1f000 <= r && r <= 0x1faff:
		return true
	}
	return false
}

func isUTF8(s string) bool { return utf8.ValidString(s) }

// hasWebScheme reports whether an address with its scheme stands somewhere in s.
func hasWebScheme(s string) bool {
	for i := strings.Index(s, "://"); i >= 0; {
		if foldEnds(s[:i], "http") || foldEnds(s[:i], "https") {
			return true
		}
		next := strings.Index(s[i+1:], "://")
		if next < 0 {
			return false
		}
		i += 1 + next
	}
	return false
}

func foldEnds(s, end string) bool {
	return len(s) >= len(end) && strings.EqualFold(s[len(s)-len(end):], end)
}

// foldsTo reports whether s is one of words, whatever its case.
func foldsTo(s string, words ...string) bool {
	for _, w := range words {
		if strings.EqualFold(s, w) {
			return true
		}
	}
	return false
}
