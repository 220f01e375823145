package wire

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
	"unsafe"
)

// Cursor walks a [Value] from front to back and looks at every byte once, however deep the value is: Members and
// Elements of nested values share one position. What the caller does not read is skipped.
type Cursor struct {
	b []byte
	i int
}

// Cursor returns a cursor at the start of v.
func (v Value) Cursor() Cursor { return Cursor{b: v} }

// Kind is the JSON type of the value at the cursor.
func (c *Cursor) Kind() Kind { return Value(c.b[c.i:]).Kind() }

// Value reads the value at the cursor.
func (c *Cursor) Value() Value {
	return c.Since(c.i)
}

// Mark is the cursor's position, for Since.
func (c *Cursor) Mark() int { return c.i }

// Since is the value that started at a mark. If the cursor is still there, it reads the value.
func (c *Cursor) Since(mark int) Value {
	c.skipFrom(mark)
	return Value(c.b[mark:c.i:c.i])
}

// Members calls yield for each member of the object at the cursor, with the cursor at the member's value. At any other
// kind it does nothing and does not move. The key may share the input's memory. After a break the cursor is lost.
func (c *Cursor) Members(yield func(key string) bool) {
	if c.Kind() != Object {
		return
	}
	for c.next('}') {
		key := c.key()
		at := c.i
		if !yield(key) {
			return
		}
		c.skipFrom(at)
	}
}

// Elements calls yield for each element of the array at the cursor, with the cursor at the element. At any other kind
// it does nothing and does not move. After a break the cursor is lost.
func (c *Cursor) Elements(yield func(i int) bool) {
	if c.Kind() != Array {
		return
	}
	for n := 0; c.next(']'); n++ {
		at := c.i
		if !yield(n) {
			return
		}
		c.skipFrom(at)
	}
}

// next steps over the opening bracket or the comma to the next item. At the closing bracket it steps over that and
// reports false.
func (c *Cursor) next(closing byte) bool {
	c.i = skipSpace(c.b, c.i)
	if c.b[c.i] != closing {
		c.i = skipSpace(c.b, c.i+1)
	}
	if c.b[c.i] == closing {
		c.i++
		return false
	}
	return true
}

// key reads a key and its colon.
func (c *Cursor) key() string {
	start := c.i + 1
	c.i = skipString(c.b, c.i)
	key := view(c.b[start : c.i-1])
	c.i = skipSpace(c.b, skipSpace(c.b, c.i)+1)
	return key
}

// skipFrom skips the item at the given position unless the caller has read it.
func (c *Cursor) skipFrom(at int) {
	if c.i == at {
		c.i = skip(c.b, at)
	}
}

// skip returns the end of the valid value that starts at i.
func skip(b []byte, i int) int {
	if i >= len(b) {
		return i
	}
	switch b[i] {
	case '"':
		return skipString(b, i)
	case '{', '[':
		return skipNested(b, i)
	}
	for i < len(b) && b[i] != ',' && b[i] != '}' && b[i] != ']' && b[i] > ' ' {
		i++
	}
	return i
}

func skipNested(b []byte, i int) int {
	for depth := 0; ; {
		switch b[i] {
		case '"':
			i = skipString(b, i)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		i++
		if depth == 0 {
			return i
		}
	}
}

// skipString is plainRun for strings that are known to be valid.
func skipString(b []byte, i int) int {
	for i++; i+8 <= len(b); {
		x := binary.LittleEndian.Uint64(b[i:])
		quote, backslash := x^(low*'"'), x^(low*'\\')
		found := ((quote-low)&^quote | (backslash-low)&^backslash) & high
		if found == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(found) / 8
		if b[i] == '"' {
			return i + 1
		}
		i += 2
	}
	for ; b[i] != '"'; i++ {
		if b[i] == '\\' {
			i++
		}
	}
	return i + 1
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// view is the inside of a JSON string as text. It shares raw's memory where nothing is escaped.
func view(raw []byte) string {
	if plain(raw) {
		return alias(raw)
	}
	return string(appendUnescaped(nil, raw))
}

// plain reports whether the inside of a JSON string means itself: nothing is escaped, and it is valid UTF-8.
func plain(raw []byte) bool {
	i := 0
	for ; i+8 <= len(raw); i += 8 {
		x := binary.LittleEndian.Uint64(raw[i:])
		backslash := x ^ (low * '\\')
		if ((backslash-low)&^backslash|x)&high != 0 {
			break
		}
	}
	for ; i < len(raw); i++ {
		if raw[i] == '\\' || raw[i] >= utf8.RuneSelf {
			return bytes.IndexByte(raw[i:], '\\') < 0 && utf8.Valid(raw[i:])
		}
	}
	return true
}

// alias returns b as a string without a copy.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) } //nolint:gosec // callers never change b
