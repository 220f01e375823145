package wacloud

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/wacloud/wacloud/internal/wire"
)

// A decoder collects what is wrong with a request body.
type decoder struct{ problems []Problem }

// maxDecodeProblems bounds the memory that a hostile body can make the report take.
const maxDecodeProblems = 100

func (d *decoder) add(p Problem) {
	switch n := len(d.problems); {
	case n < maxDecodeProblems:
		d.problems = append(d.problems, p)
	case n == maxDecodeProblems:
		d.problems = append(d.problems, Problem{Path: "$", Rule: "more", Got: "more problems", Limit: "100 are listed"})
	}
}

// A field is one value of the body and the way to it. It may be absent: then every method gives the zero value and
// reports nothing.
type field struct {
	d    *decoder
	path string
	v    wire.Value
}

func (f field) present() bool { return f.v != nil }

// problem reports what f is.
func (f field) problem(rule, limit, hint string) { f.report(rule, f.describe(), limit, hint) }

func (f field) report(rule, got, limit, hint string) {
	path := f.path
	if path == "" {
		path = "$"
	}
	f.d.add(Problem{Path: path, Rule: rule, Got: got, Limit: limit, Hint: hint})
}

var kindNames = [...]string{"nothing", "null", "a boolean", "a number", "a string", "an object", "an array"}

// describe says what f is without showing any text of the message.
func (f field) describe() string {
	switch s, _ := f.v.Str(); {
	case f.v.Kind() != wire.String:
		return kindNames[f.v.Kind()]
	case s == "":
		return "an empty string"
	case isWireWord(s):
		return strconv.Quote(s)
	default:
		return "a string"
	}
}

// isWireWord reports whether s looks like a word of the protocol, such as "cta_url", and not like a text, id or number.
func isWireWord(s string) bool {
	for i := range len(s) {
		if (s[i] < 'a' || s[i] > 'z') && s[i] != '_' {
			return false
		}
	}
	return s != "" && len(s) <= 32
}

// is reports an f of another kind.
func (f field) is(kind wire.Kind) bool {
	if f.present() && f.v.Kind() != kind {
		hint := ""
		switch {
		case f.v.Kind() == wire.Null:
			hint = "leave it out"
		case kind == wire.String && f.v.Kind() == wire.Number:
			hint = "put it in quotes"
		}
		f.problem("type", kindNames[kind], hint)
	}
	return f.v.Kind() == kind
}

// str is a string.
func (f field) str() string {
	if !f.is(wire.String) {
		return ""
	}
	s, _ := f.v.Str()
	return s
}

// filled is a string that is not empty.
func (f field) filled() string {
	s := f.str()
	if s == "" && f.v.Kind() == wire.String {
		f.problem("empty", "at least one character", "leave it out")
	}
	return s
}

// oneOf is one of the strings, or "" after a report.
func (f field) oneOf(values ...string) string {
	if !f.is(wire.String) {
		return ""
	}
	s, _ := f.v.Str()
	if slices.Contains(values, s) {
		return s
	}
	f.problem("value", `"`+strings.Join(values, `" or "`)+`"`, "")
	return ""
}

// bool is true or false; Meta's own senders write them as strings too.
func (f field) bool() bool {
	if k := f.v.Kind(); f.present() && k != wire.Bool && string(f.v) != `"true"` && string(f.v) != `"false"` {
		f.problem("type", kindNames[wire.Bool], "")
	}
	return f.v.True()
}

// int is a whole number.
func (f field) int() int {
	if !f.is(wire.Number) {
		return 0
	}
	n, ok := f.v.Int()
	if !ok || int64(int(n)) != n {
		f.problem("type", "a whole number", "")
	}
	return int(n)
}

// degrees is a number, or a string that holds one as on Meta's pages.
func (f field) degrees() float64 {
	n, ok := f.v.Float()
	if !ok && f.present() {
		f.problem("type", "degrees, as a string of digits with a point", "")
	}
	return n
}

// each calls read for each element of an array.
func (f field) each(read func(i int, f field)) {
	if !f.is(wire.Array) {
		return
	}
	for i, v := range f.v.Elements {
		read(i, field{f.d, fmt.Sprintf("%s[%d]", f.path, i), v})
	}
}

// list reads the elements of an array that are objects.
func list[T any](f field, read func(i int, o *object) T) (all []T) {
	f.each(func(i int, f field) {
		var v T
		f.object(func(o *object) { v = read(i, o) })
		all = append(all, v)
	})
	return all
}

// An object is a JSON object. What nobody has asked it for in the end is an unknown field.
type object struct {
	field
	members []member
	index   map[string]int // of members, by name
}

type member struct {
	name string
	v    wire.Value
	read bool
}

// object reads the members of f.
func (f field) object(read func(o *object)) {
	if !f.is(wire.Object) {
		return
	}
	o := &object{field: f, index: map[string]int{}}
	for name, v := range f.v.Members {
		name = strings.Clone(name)
		if _, ok := o.index[name]; ok {
			o.child(name, v).report("duplicate-key", "a key that stands twice", "each key once", "keep the one that you mean")
			continue
		}
		o.index[name] = len(o.members)
		o.members = append(o.members, member{name: name, v: v})
	}
	read(o)
	for _, m := range o.members {
		if !m.read {
			o.child(m.name, m.v).report("unknown-field", "unknown field", "the fields on Meta's pages", "take it out, or send the message as Raw")
		}
	}
}

// child is the member of that name.
func (o *object) child(name string, v wire.Value) field {
	path := name
	switch {
	case !isPathName(name):
		path = o.path + "[" + strconv.Quote(maskText(clip(name, 40))) + "]"
	case o.path != "":
		path = o.path + "." + name
	}
	return field{o.d, path, v}
}

// isPathName reports whether a key may stand in a path as it is. One with many digits may hold a phone number.
func isPathName(s string) bool {
	digits := 0
	for i := range len(s) {
		switch c := s[i] | 0x20; {
		case s[i] >= '0' && s[i] <= '9':
			digits++
		case (c < 'a' || c > 'z') && s[i] != '_':
			return false
		}
	}
	return s != "" && len(s) <= 64 && digits < 7
}

// get is the member of that name, or an absent field.
func (o *object) get(name string) field {
	i, ok := o.index[name]
	if !ok {
		return o.child(name, nil)
	}
	o.members[i].read = true
	return o.child(name, o.members[i].v)
}

// need is get for what must be there.
func (o *object) need(name string) field {
	f := o.get(name)
	if !f.present() {
		f.report("required", "missing", "a required field", "")
	}
	return f
}

// optional is a string that is left out rather than empty.
func (o *object) optional(name string) string { return o.get(name).filled() }

// optionalObject reads an object that is left out rather than empty.
func (o *object) optionalObject(name string, read func(o *object)) {
	f := o.get(name)
	if !f.present() {
		return
	}
	f.object(func(o *object) {
		if len(o.members) == 0 {
			o.problem("empty", "at least one member", "leave it out")
			return
		}
		read(o)
	})
}

// optionalList is an array that is left out rather than empty.
func (o *object) optionalList(name string) field {
	f := o.get(name)
	if f.v.Kind() == wire.Array && len(bytes.TrimSpace(f.v[1:len(f.v)-1])) == 0 {
		f.problem("empty", "at least one element", "leave it out")
	}
	return f
}

// optionalStrings is an object of strings that is left out rather than empty.
func (o *object) optionalStrings(name string) (values map[string]string) {
	o.optionalObject(name, func(o *object) {
		values = make(map[string]string, len(o.members))
		for _, m := range o.members {
			values[m.name] = o.get(m.name).str()
		}
	})
	return values
}

// skip leaves the members that are unread unreported: a report about the object itself has said enough.
func (o *object) skip() {
	for i := range o.members {
		o.members[i].read = true
	}
}

// rest is an object of the members that are unread, nil where there are none.
func (o *object) rest() (extra []byte) {
	for i := range o.members {
		if m := &o.members[i]; !m.read {
			m.read = true
			extra = append(append(wire.AppendString(append(extra, ','), m.name), ':'), m.v...)
		}
	}
	if extra == nil {
		return nil
	}
	extra[0] = '{'
	return append(extra, '}')
}
