package wire

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

const maxDepth = 10_000

// low and high have one bit in each of eight bytes. With them "is one of these bytes zero" is a subtraction.
const (
	low  = 0x0101010101010101
	high = 0x8080808080808080
)

// nesting remembers of each open level whether it is an object: one bit a level, so that check needs no recursion.
type nesting struct {
	depth   int
	objects [maxDepth/64 + 1]uint64
}

func (n *nesting) open(object bool) bool {
	n.depth++
	if n.depth > maxDepth {
		return false
	}
	word, bit := &n.objects[n.depth/64], uint64(1)<<(n.depth%64)
	*word &^= bit
	if object {
		*word |= bit
	}
	return true
}

func (n *nesting) inObject() bool {
	return n.objects[n.depth/64]&(1<<(n.depth%64)) != 0
}

// check returns the end of the value at i, and whether it is valid JSON as encoding/json takes it.
func check(b []byte, i int) (end int, ok bool) {
	var n nesting
	for {
		if i, ok = checkStart(b, i, &n); !ok {
			return i, false
		}
		if i < 0 { // an object or array is open: its first value comes next
			i = ^i
			continue
		}
		if i, ok = checkEnd(b, i, &n); !ok || n.depth == 0 {
			return i, ok
		}
	}
}

// checkStart reads a scalar or an empty container and returns its end, or opens a container and returns the complement
// of the position of its first value.
func checkStart(b []byte, i int, n *nesting) (int, bool) {
	if i = skipSpace(b, i); i == len(b) {
		return i, false
	}
	switch b[i] {
	case '"':
		return checkString(b, i)
	case '{', '[':
		object := b[i] == '{'
		if i = skipSpace(b, i+1); i < len(b) && b[i] == closing(object) {
			return i + 1, n.depth < maxDepth
		}
		if !n.open(object) {
			return i, false
		}
		if !object {
			return ^i, true
		}
		i, ok := checkKey(b, i)
		return ^i, ok
	case 't':
		return checkWord(b, i, "true")
	case 'f':
		return checkWord(b, i, "false")
	case 'n':
		return checkWord(b, i, "null")
	default:
		return checkNumber(b, i)
	}
}

// checkEnd reads what follows a value: closing brackets, and the comma (and key) before the next value.
func checkEnd(b []byte, i int, n *nesting) (int, bool) {
	for n.depth > 0 {
		i = skipSpace(b, i)
		if i == len(b) {
			return i, false
		}
		object := n.inObject()
		switch {
		case b[i] == closing(object):
			n.depth--
			i++
		case b[i] == ',' && object:
			return checkKey(b, skipSpace(b, i+1))
		case b[i] == ',':
			return i + 1, true
		default:
			return i, false
		}
	}
	return i, true
}

func closing(object bool) byte {
	if object {
		return '}'
	}
	return ']'
}

// checkKey reads a key and its colon.
func checkKey(b []byte, i int) (int, bool) {
	i, ok := checkString(b, i)
	if !ok {
		return i, false
	}
	i = skipSpace(b, i)
	return i + 1, i < len(b) && b[i] == ':'
}

func checkWord(b []byte, i int, word string) (int, bool) {
	end := i + len(word)
	return end, end <= len(b) && string(b[i:end]) == word
}

func checkNumber(b []byte, i int) (int, bool) {
	if i < len(b) && b[i] == '-' {
		i++
	}
	if i < len(b) && b[i] == '0' {
		i++
	} else if end := skipDigits(b, i); end > i {
		i = end
	} else {
		return i, false
	}
	if i < len(b) && b[i] == '.' {
		end := skipDigits(b, i+1)
		if end == i+1 {
			return i, false
		}
		i = end
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		end := skipDigits(b, i)
		return end, end > i
	}
	return i, true
}

func skipDigits(b []byte, i int) int {
	for i < len(b) && '0' <= b[i] && b[i] <= '9' {
		i++
	}
	return i
}

func checkString(b []byte, i int) (int, bool) {
	if i >= len(b) || b[i] != '"' {
		return i, false
	}
	for i++; ; {
		i = plainRun(b, i)
		if i == len(b) || b[i] < ' ' {
			return i, false
		}
		if b[i] == '"' {
			return i + 1, true
		}
		end, ok := checkEscape(b, i)
		if !ok {
			return i, false
		}
		i = end
	}
}

func checkEscape(b []byte, i int) (int, bool) {
	if i+1 >= len(b) {
		return i, false
	}
	switch b[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2, true
	case 'u':
		return i + 6, i+6 <= len(b) && hex4(b[i+2:i+6]) >= 0
	default:
		return i, false
	}
}

// plainRun returns the position of the first quote, backslash or control character from i on, or len(b). It looks at
// eight bytes at once; the lowest bit found is exact.
func plainRun(b []byte, i int) int {
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		quote, backslash := x^(low*'"'), x^(low*'\\')
		found := ((quote-low)&^quote | (backslash-low)&^backslash | (x-low*' ')&^x) & high
		if found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(b) && b[i] != '"' && b[i] != '\\' && b[i] >= ' ' {
		i++
	}
	return i
}

// hex4 returns the number in four hex digits, or -1.
func hex4(b []byte) rune {
	var r rune
	for _, c := range b[:4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// appendUnescaped appends what the inside of a valid JSON string means.
func appendUnescaped(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		switch c := raw[i]; {
		case c == '\\' && raw[i+1] == 'u':
			r, n := unescapeRune(raw[i:])
			dst = utf8.AppendRune(dst, r)
			i += n
		case c == '\\':
			dst = append(dst, unescapeByte(raw[i+1]))
			i += 2
		case c < utf8.RuneSelf:
			dst = append(dst, c)
			i++
		default:
			r, n := utf8.DecodeRune(raw[i:])
			dst = utf8.AppendRune(dst, r)
			i += n
		}
	}
	return dst
}

// unescapeRune reads \uXXXX, or two of them that are a surrogate pair, and returns its length.
func unescapeRune(raw []byte) (rune, int) {
	r := hex4(raw[2:])
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if len(raw) >= 12 && raw[6] == '\\' && raw[7] == 'u' {
		if pair := utf16.DecodeRune(r, hex4(raw[8:])); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return utf8.RuneError, 6
}

func unescapeByte(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	default:
		return c
	}
}
