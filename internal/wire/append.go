// Package wire is JSON as bytes: an append-style writer and a reader whose values are slices of their input.
package wire

import (
	"strconv"
	"unicode/utf8"
)

// AppendString appends s as a JSON string. Unlike encoding/json it escapes no HTML; each byte that is not UTF-8 becomes
// U+FFFD.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		if unescaped[s[i]] {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if size > 1 {
			i += size
			continue
		}
		b = append(b, s[start:i]...)
		b = appendEscape(b, r)
		i++
		start = i
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

// unescaped tells the ASCII bytes that stand for themselves in a JSON string. It is never changed.
var unescaped = func() (t [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// appendEscape appends an ASCII character that needs an escape, or U+FFFD.
func appendEscape(b []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	switch r {
	case '"', '\\':
		return append(b, '\\', byte(r))
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	case utf8.RuneError:
		return utf8.AppendRune(b, r)
	default:
		return append(b, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
	}
}

// AppendInt appends n.
func AppendInt(b []byte, n int) []byte { return strconv.AppendInt(b, int64(n), 10) }

// The functions below write members of the object that b ends in. A comma goes before each but the first, which is the
// one after a '{' or '['.

// AppendComma appends a comma unless b ends in the start of an object or array.
func AppendComma(b []byte) []byte {
	if n := len(b); n == 0 || b[n-1] == '{' || b[n-1] == '[' {
		return b
	}
	return append(b, ',')
}

// AppendKey appends the key of a member. The key is written as it is: it must need no escape.
func AppendKey(b []byte, key string) []byte {
	b = append(AppendComma(b), '"')
	b = append(b, key...)
	return append(b, '"', ':')
}

// AppendOpen appends a key and the start of its object or array.
func AppendOpen(b []byte, key string, start byte) []byte { return append(AppendKey(b, key), start) }

// AppendField appends a member that is a string.
func AppendField(b []byte, key, s string) []byte { return AppendString(AppendKey(b, key), s) }

// AppendOptional is AppendField unless s is empty.
func AppendOptional(b []byte, key, s string) []byte {
	if s == "" {
		return b
	}
	return AppendField(b, key, s)
}
