package wacloud

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The grammar of a value in an id. Buttons stay in chats for years, so it can grow but not change:
//
//   - '%', ':', white space, control characters and bytes that are not UTF-8 are written as %XX, byte by byte;
//   - the empty string is a lone '%', because an empty segment is no value;
//   - all else stands for itself.

const upperHex = "0123456789ABCDEF"

// appendEscaped appends s as one segment of an id.
func appendEscaped(b []byte, s string) []byte {
	if s == "" {
		return append(b, '%')
	}
	for len(s) > 0 {
		c, size := utf8.DecodeRuneInString(s)
		if plainInID(c, size) {
			b = append(b, s[:size]...)
		} else {
			b = appendHex(b, s[:size])
		}
		s = s[size:]
	}
	return b
}

func plainInID(c rune, size int) bool {
	switch {
	case c == '%' || c == ':':
		return false
	case c == utf8.RuneError && size == 1:
		return false
	}
	return !unicode.IsSpace(c) && !unicode.IsControl(c)
}

func appendHex(b []byte, s string) []byte {
	for i := range len(s) {
		b = append(b, '%', upperHex[s[i]>>4], upperHex[s[i]&0xF])
	}
	return b
}

// unescape reads a segment of an id. It allocates only where something is escaped, and reports whether all escapes hold.
func unescape(s string) (string, bool) {
	first := strings.IndexByte(s, '%')
	switch {
	case first < 0:
		return s, true
	case s == "%":
		return "", true
	}
	b := append(make([]byte, 0, len(s)), s[:first]...)
	for i := first; i < len(s); i++ {
		if s[i] != '%' {
			b = append(b, s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		high, ok1 := unhex(s[i+1])
		low, ok2 := unhex(s[i+2])
		if !ok1 || !ok2 {
			return "", false
		}
		b = append(b, high<<4|low)
		i += 2
	}
	return string(b), true
}

func unhex(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}
