package wacloud

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// A codec writes and reads the ids of one pattern for one parameter type. What reflection has to find out is found out
// once, when the route is made.
type codec struct {
	pattern *pattern
	values  []valueCodec // one for each segment; those of literals are empty
}

type valueCodec struct {
	kind  valueKind
	field int // of the struct, or -1 for the parameter itself
}

type valueKind uint8

const (
	valueNone valueKind = iota // a literal
	valueString
	valueInt
	valueUint
	valueBool
	valueText
	valueRest
)

var (
	textMarshaler   = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

var errUnnamedRest = errors.New("a typed route names its rest, as in {path...}")

// newCodec fits a pattern to a parameter type. complete demands that each field is in the pattern.
func newCodec(typ reflect.Type, text string, complete bool) (*codec, error) {
	p, err := parsePattern(text)
	if err != nil {
		return nil, err
	}
	c := &codec{pattern: p, values: make([]valueCodec, len(p.segments))}
	if typ.Kind() == reflect.Struct && !isText(typ) {
		return c, c.fitStruct(typ, complete)
	}
	return c, c.fitScalar(typ, complete)
}

func isText(typ reflect.Type) bool {
	pointer := reflect.PointerTo(typ)
	return pointer.Implements(textMarshaler) || pointer.Implements(textUnmarshaler)
}

// fitScalar makes the whole parameter the value of the only {name}.
func (c *codec) fitScalar(typ reflect.Type, complete bool) error {
	names := c.pattern.parameters()
	switch {
	case len(names) > 1:
		return fmt.Errorf("it has %d parameters, %v is the value of one; use a struct with id tags", len(names), typ)
	case len(names) == 0 && complete:
		return fmt.Errorf("it has no parameter for %v; use None", typ)
	}
	for _, i := range names {
		if err := c.fit(i, typ, -1); err != nil {
			return err
		}
	}
	return nil
}

// fitStruct pairs parameters and fields by name.
func (c *codec) fitStruct(typ reflect.Type, complete bool) error {
	seen := make(map[string]string)
	for i := range typ.NumField() {
		f := typ.Field(i)
		name, err := fieldName(f)
		if err != nil {
			return fmt.Errorf("field %s of %v: %w", f.Name, typ, err)
		}
		if name == "-" {
			continue
		}
		if other, ok := seen[name]; ok {
			return fmt.Errorf("fields %s and %s of %v have the same tag %q", other, f.Name, typ, name)
		}
		seen[name] = f.Name
		at := c.pattern.index(name)
		if at < 0 && !complete {
			continue
		}
		if at < 0 {
			return fmt.Errorf("field %s of %v has the tag %q, and the pattern has no {%s}", f.Name, typ, name, name)
		}
		if err := c.fit(at, f.Type, i); err != nil {
			return fmt.Errorf("field %s of %v: %w", f.Name, typ, err)
		}
	}
	for _, i := range c.pattern.parameters() {
		if c.values[i].kind != valueNone {
			continue
		}
		if name := c.pattern.segments[i].text; name != "" {
			return fmt.Errorf("no field of %v has the tag `id:%q`", typ, name)
		}
		return errUnnamedRest
	}
	return nil
}

// fieldName reads the tag of a field.
func fieldName(f reflect.StructField) (string, error) {
	tag, ok := f.Tag.Lookup("id")
	switch {
	case !ok:
		return "", errors.New(`it has no tag, use id:"name", or id:"-" to leave it out`)
	case tag == "-":
		return tag, nil
	case !isParamName(tag):
		return "", fmt.Errorf("the tag %q is no name", tag)
	case !f.IsExported():
		return "", errors.New("it is not exported")
	}
	return tag, nil
}

// fit makes a field, or the parameter itself, the value of segment i.
func (c *codec) fit(i int, typ reflect.Type, field int) error {
	kind, err := kindOf(typ)
	if err != nil {
		return err
	}
	s := c.pattern.segments[i]
	switch isRest := s.kind == segmentRest; {
	case isRest && s.text == "":
		return errUnnamedRest
	case isRest && kind != valueRest:
		return fmt.Errorf("{%s...} is a []string, not %v", s.text, typ)
	case !isRest && kind == valueRest:
		return fmt.Errorf("{%s} is one segment, a []string is {%s...}", s.text, s.text)
	}
	c.values[i] = valueCodec{kind, field}
	return nil
}

func kindOf(typ reflect.Type) (valueKind, error) {
	pointer := reflect.PointerTo(typ)
	writes, reads := pointer.Implements(textMarshaler), pointer.Implements(textUnmarshaler)
	switch {
	case typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Interface:
		return 0, fmt.Errorf("%v can be nil; use a value type", typ)
	case writes && reads:
		return valueText, nil
	case writes:
		return 0, fmt.Errorf("%v has MarshalText and no UnmarshalText", typ)
	case reads:
		return 0, fmt.Errorf("%v has UnmarshalText and no MarshalText", typ)
	case typ == reflect.TypeFor[[]string]():
		return valueRest, nil
	}
	switch typ.Kind() {
	case reflect.String:
		return valueString, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return valueInt, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return valueUint, nil
	case reflect.Bool:
		return valueBool, nil
	}
	return 0, fmt.Errorf("%v is no string, integer, bool, []string or text marshaler", typ)
}

// parameters are the indexes of the segments that are no literals.
func (p *pattern) parameters() []int {
	var at []int
	for i, s := range p.segments {
		if s.kind != segmentLiteral {
			at = append(at, i)
		}
	}
	return at
}

// encode writes the id for p, which is addressable.
func (c *codec) encode(p reflect.Value) string {
	var short [96]byte
	b := short[:0]
	for i, s := range c.pattern.segments {
		if i > 0 {
			b = append(b, ':')
		}
		if s.kind == segmentLiteral {
			b = append(b, s.text...)
			continue
		}
		var ok bool
		if b, ok = c.values[i].append(b, p); !ok {
			return brokenID(fmt.Sprintf("route %q: {%s} cannot be written", c.pattern.text, s.text))
		}
	}
	if len(b) == 0 {
		return brokenID(fmt.Sprintf("route %q: the id is empty", c.pattern.text))
	}
	return string(b)
}

func (v valueCodec) in(p reflect.Value) reflect.Value {
	if v.field < 0 {
		return p
	}
	return p.Field(v.field)
}

func (v valueCodec) append(b []byte, p reflect.Value) ([]byte, bool) {
	f := v.in(p)
	switch v.kind {
	case valueString:
		return appendEscaped(b, f.String()), true
	case valueInt:
		return strconv.AppendInt(b, f.Int(), 10), true
	case valueUint:
		return strconv.AppendUint(b, f.Uint(), 10), true
	case valueBool:
		return strconv.AppendBool(b, f.Bool()), true
	case valueText:
		text, ok := marshalText(f)
		return appendEscaped(b, text), ok
	default: // valueRest
		return appendRest(b, *f.Addr().Interface().(*[]string)), true
	}
}

func appendRest(b []byte, parts []string) []byte {
	for i, part := range parts {
		if i > 0 {
			b = append(b, ':')
		}
		b = appendEscaped(b, part)
	}
	return b
}

// marshalText reports false for an error and for a panic.
func marshalText(f reflect.Value) (text string, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	b, err := f.Addr().Interface().(encoding.TextMarshaler).MarshalText()
	return string(b), err == nil
}

// decode reads an id that the pattern matches into p, which is addressable and zero.
func (c *codec) decode(id string, p reflect.Value) error {
	for i := range c.values {
		v := &c.values[i]
		segment, tail, _ := strings.Cut(id, ":")
		if v.kind == valueRest {
			segment = id
		}
		if v.kind != valueNone && !v.read(segment, v.in(p)) {
			return c.badValue(i)
		}
		id = tail
	}
	return nil
}

// badValue names the parameter, never its value.
func (c *codec) badValue(i int) error {
	return fmt.Errorf("wacloud: route %q: {%s} does not hold: %w", c.pattern.text, c.pattern.segments[i].text, ErrBadID)
}

func (v *valueCodec) read(s string, f reflect.Value) bool {
	switch v.kind {
	case valueInt:
		return readInt(s, f)
	case valueUint:
		return readUint(s, f)
	case valueBool:
		f.SetBool(s == "true")
		return s == "true" || s == "false"
	case valueRest:
		return readRest(s, f.Addr().Interface().(*[]string))
	default: // valueString, valueText
		text, ok := unescape(s)
		return ok && v.readText(text, f)
	}
}

func (v *valueCodec) readText(text string, f reflect.Value) bool {
	if v.kind == valueText {
		return unmarshalText(f, text)
	}
	f.SetString(text)
	return true
}

func readInt(s string, f reflect.Value) bool {
	n, err := strconv.ParseInt(s, 10, f.Type().Bits())
	f.SetInt(n)
	return err == nil && isCanonical(strings.TrimPrefix(s, "-"), s == "-0")
}

func readUint(s string, f reflect.Value) bool {
	n, err := strconv.ParseUint(s, 10, f.Type().Bits())
	f.SetUint(n)
	return err == nil && isCanonical(s, false)
}

// isCanonical tells whether a number is written as we write it: no plus sign, no leading zero, no negative zero.
func isCanonical(digits string, negativeZero bool) bool {
	return !negativeZero && digits[0] != '+' && (digits[0] != '0' || digits == "0")
}

func readRest(s string, parts *[]string) bool {
	if s == "" {
		return true
	}
	for part := range strings.SplitSeq(s, ":") {
		text, ok := unescape(part)
		if !ok || part == "" {
			return false
		}
		*parts = append(*parts, text)
	}
	return true
}

// unmarshalText reports false for an error and for a panic: ids come from outside.
func unmarshalText(f reflect.Value, text string) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	return f.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)) == nil
}
