package wire

import (
	"errors"
	"math"
	"strconv"
)

// Value is one valid JSON value without space around it, a slice of the input it was read from. A nil Value is absent,
// and every method works on it: what is not there has no members, no text and no number. Only what came out of [Parse]
// is a Value: the methods trust its syntax.
type Value []byte

// Kind is the JSON type of a [Value].
type Kind uint8

// The kinds.
const (
	Absent Kind = iota
	Null
	Bool
	Number
	String
	Object
	Array
)

// ErrSyntax is what Parse returns for anything that is not one JSON value.
var ErrSyntax = errors.New("not valid JSON")

// Parse checks that b is exactly one JSON value, at most 10,000 levels deep (what encoding/json takes), and returns it.
// Values read from the result need no further check. It allocates nothing.
func Parse(b []byte) (Value, error) {
	start := skipSpace(b, 0)
	end, ok := check(b, start)
	if !ok || skipSpace(b, end) != len(b) {
		return nil, ErrSyntax
	}
	return Value(b[start:end:end]), nil
}

// Kind is the JSON type of v.
func (v Value) Kind() Kind {
	if len(v) == 0 {
		return Absent
	}
	switch v[0] {
	case '{':
		return Object
	case '[':
		return Array
	case '"':
		return String
	case 't', 'f':
		return Bool
	case 'n':
		return Null
	default:
		return Number
	}
}

// Get returns the member of an object, the last one where a key stands twice. Keys are case-sensitive.
func (v Value) Get(key string) Value {
	if v.Kind() != Object {
		return nil
	}
	var found Value
	for c := v.Cursor(); c.next('}'); {
		if k, member := c.key(), c.Value(); k == key {
			found = member
		}
	}
	return found
}

// Members calls yield for each member of an object, in order, with the key unescaped. The key may share v's memory:
// clone it to keep it longer than v.
func (v Value) Members(yield func(key string, val Value) bool) {
	if v.Kind() != Object {
		return
	}
	for c := v.Cursor(); c.next('}'); {
		if key := c.key(); !yield(key, c.Value()) {
			return
		}
	}
}

// Elements calls yield for each element of an array.
func (v Value) Elements(yield func(i int, val Value) bool) {
	if v.Kind() != Array {
		return
	}
	c := v.Cursor()
	for i := 0; c.next(']'); i++ {
		if !yield(i, c.Value()) {
			return
		}
	}
}

// Str returns the text of a JSON string; ok is false for every other kind. Invalid UTF-8 and lone surrogates become
// U+FFFD, as in encoding/json.
func (v Value) Str() (s string, ok bool) {
	if v.Kind() != String {
		return "", false
	}
	raw := v[1 : len(v)-1]
	if plain(raw) {
		return string(raw), true
	}
	return string(appendUnescaped(nil, raw)), true
}

// View is [Value.Text] without a copy where none is needed: the result may share v's memory, and lives only as long as
// nobody changes that.
func (v Value) View() string {
	switch v.Kind() {
	case String:
		return view(v[1 : len(v)-1])
	case Number, Bool:
		return alias(v)
	default:
		return ""
	}
}

// Text returns a string, a number or a bool as text, and "" for everything else: webhooks write one for the other.
func (v Value) Text() string {
	switch v.Kind() {
	case String:
		s, _ := v.Str()
		return s
	case Number, Bool:
		return string(v)
	default:
		return ""
	}
}

// Int returns a number, or a string that holds one. A number with a fraction is none.
func (v Value) Int() (n int64, ok bool) {
	s := v.numeral()
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, true
	}
	f, ok := v.Float()
	if !ok || f != math.Trunc(f) || math.Abs(f) >= 1<<63 {
		return 0, false
	}
	return int64(f), true
}

// Float returns a number, or a string that holds one. What does not fit a float64 is none.
func (v Value) Float() (f float64, ok bool) {
	s := v.numeral()
	if end, valid := checkNumber([]byte(s), 0); !valid || end != len(s) {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// numeral is the text of what may be a number. ParseFloat alone would take "Inf" and "0x1p-2".
func (v Value) numeral() string {
	if k := v.Kind(); k != Number && k != String {
		return ""
	}
	return v.View()
}

// True reports whether v is true or "true".
func (v Value) True() bool {
	return string(v) == "true" || string(v) == `"true"`
}
