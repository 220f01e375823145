package wire

import "unsafe"

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
	start := c.i
	c.i = skip(c.b, start)
	return Value(c.b[start:c.i:c.i])
}

// Members calls yield for each member of the object at the cursor, with the cursor at the member's value. At any other
// kind it does nothing and does not move. The key may share the input's memory. After a break the cursor is lost.
func (c *Cursor) Members(yield func(key string) bool) {
	if c.Kind() != Object {
		return
	}
	for c.next('}') {
		start := c.i + 1
		c.i = skipString(c.b, c.i)
		key := view(c.b[start : c.i-1])
		c.i = skipSpace(c.b, skipSpace(c.b, c.i)+1) // the colon
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

func skipString(b []byte, i int) int {
	for i++; ; i += 2 {
		i = plainRun(b, i)
		if b[i] == '"' {
			return i + 1
		}
	}
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

// alias returns b as a string without a copy.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
