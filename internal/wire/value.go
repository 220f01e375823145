package wire

import "errors"

// Value is one valid JSON value without space around it, a slice of the input it was read from. A nil Value is absent,
// and every method works on it: what is not there has no members, no text and no number.
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

// Parse checks that b is exactly one JSON value, at most 1,000 levels deep, and returns it. Values read from the result
// need no further check. It allocates nothing.
func Parse(b []byte) (Value, error) { panic("skeleton") }

// Kind is the JSON type of v.
func (v Value) Kind() Kind { panic("skeleton") }

// Get returns the member of an object, the last one where a key stands twice. Keys are case-sensitive.
func (v Value) Get(key string) Value { panic("skeleton") }

// Members calls yield for each member of an object, in order, with the key unescaped.
func (v Value) Members(yield func(key string, val Value) bool) { panic("skeleton") }

// Elements calls yield for each element of an array.
func (v Value) Elements(yield func(i int, val Value) bool) { panic("skeleton") }

// Str returns the text of a JSON string; ok is false for every other kind.
func (v Value) Str() (s string, ok bool) { panic("skeleton") }

// Text returns a string, a number or a bool as text, and "" for everything else: webhooks write one for the other.
func (v Value) Text() string { panic("skeleton") }

// Int returns a number, or a string that holds one.
func (v Value) Int() (n int64, ok bool) { panic("skeleton") }

// Float returns a number, or a string that holds one.
func (v Value) Float() (f float64, ok bool) { panic("skeleton") }

// True reports whether v is true or "true".
func (v Value) True() bool { panic("skeleton") }
