package wacloud

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// ErrBadID is what [Route.Parse] returns for an id that the route did not write.
var ErrBadID = errors.New("wacloud: bad id")

// A Route is one definition that writes ids and reads them back, so that a button and its callback cannot drift:
//
//	type removeItem struct {
//		N int `id:"n"`
//	}
//
//	var cartRemove = wacloud.NewRoute[removeItem]("cart:remove:{n}")
//
//	cartRemove.Button("Remove", removeItem{N: 3}) // the id is "cart:remove:3"
//	wacloud.On(r, cartRemove, func(ctx context.Context, e *wacloud.Event, p removeItem) error { … })
//
// Buttons stay in chats for years, so the form of ids is fixed: integers are decimal without a plus sign or leading
// zeros, booleans "true" and "false", an [encoding.TextMarshaler] is its text. In strings and texts '%', ':', white
// space, control characters and bytes that are not UTF-8 are written as %XX; the empty string is a lone "%". What was
// written is read back exactly. A {name...} takes a []string of any length; none at all leaves the id with a ':' at its
// end.
//
// A value that equals a literal of another pattern reaches that one: the id of "cart:{name}" for "view" is "cart:view".
//
// A Route never changes; it is safe for concurrent use. The zero Route is not usable, make one with [NewRoute].
type Route[P any] struct {
	codecs []*codec // the first writes
	reader patternTree[*codec]
}

// None is the parameter type of a [Route] without parameters.
type None struct{}

// NewRoute returns a route. Each {name} of the pattern is a field of the struct P with the tag `id:"name"`, and each
// field has such a tag, or `id:"-"`. For a pattern with one parameter, P may also be the value itself, as in
// NewRoute[int]("page:{n}"); without one it is [None].
//
// A value is a string, an integer, a bool, a type that implements both [encoding.TextMarshaler] and
// [encoding.TextUnmarshaler] (itself or its pointer), or a []string for {name...}. NewRoute panics when pattern and P do
// not fit, naming the field and the call: a package variable fails at the start of the program and in each test.
func NewRoute[P any](pattern string) *Route[P] {
	return new(Route[P]).with(pattern, "NewRoute", callSite())
}

// Alias returns a route that reads ids of an earlier release too, and never writes them. The pattern may lack parameters:
// what it lacks is the zero value. It panics as [NewRoute] does.
func (r *Route[P]) Alias(pattern string) *Route[P] {
	return r.with(pattern, "Alias", callSite())
}

// with returns a copy of r with one more pattern.
func (r *Route[P]) with(pattern, what, source string) *Route[P] {
	added, err := newCodec(reflect.TypeFor[P](), pattern, len(r.codecs) == 0)
	if err != nil {
		panicf("%s(%q) at %s: %v", what, pattern, source, err)
	}
	next := new(Route[P])
	for _, c := range append(slices.Clip(r.codecs), added) {
		if other := next.reader.add(c.pattern, c); other != nil {
			panicf("%s(%q) at %s: it conflicts with %q: %q matches both and neither is more specific",
				what, pattern, source, other.pattern.text, exampleOfBoth(c.pattern, other.pattern))
		}
		next.codecs = append(next.codecs, c)
	}
	return next
}

// Pattern is the pattern that the route writes.
func (r *Route[P]) Pattern() string { return r.codecs[0].pattern.text }

// ID writes the id for p. A value that cannot be written, because its MarshalText fails, gives an id that the check of
// every message refuses with the name of the route; so nothing has to be handled here.
func (r *Route[P]) ID(p P) string { return r.codecs[0].encode(reflect.ValueOf(&p).Elem()) }

// Button is a reply button whose id is r.ID(p). Its id has at most 256 characters.
func (r *Route[P]) Button(title string, p P) Button { return Button{ID: r.ID(p), Title: title} }

// Row is a list row whose id is r.ID(p). Its id has at most 200 characters.
func (r *Route[P]) Row(title, description string, p P) Row {
	return Row{ID: r.ID(p), Title: title, Description: description}
}

// Parse reads an id that the route or one of its aliases wrote. Any other is an [ErrBadID]. A signature is not taken off,
// see [Router.Signer].
func (r *Route[P]) Parse(id string) (P, error) {
	var p P
	found := r.reader.find(id)
	if found == nil {
		return p, fmt.Errorf("wacloud: route %q: no pattern matches: %w", r.Pattern(), ErrBadID)
	}
	if err := found.value.decode(id, reflect.ValueOf(&p).Elem()); err != nil {
		var none P
		return none, err
	}
	return p, nil
}

// On registers a typed callback for the ids of route and of its aliases. An id that matches the pattern while a value
// does not fit its type goes to [Router.BadID], inside of mw.
func On[P any](r *Router, route *Route[P], h func(ctx context.Context, e *Event, p P) error, mw ...Middleware) {
	source := callSite()
	route.mustBeMade("On", source)
	route.register(r, kindReply, h, (*routeTable).badID, mw, source)
}

func (r *Route[P]) mustBeMade(what, source string) {
	if r == nil || len(r.codecs) == 0 {
		panicf("%s at %s: a route is made by NewRoute", what, source)
	}
}

// register adds a callback for each pattern of the route. misfit takes the events whose values do not fit their types.
func (r *Route[P]) register(on *Router, kind callbackKind, h func(ctx context.Context, e *Event, p P) error,
	misfit func(t *routeTable, ctx context.Context, e *Event) error, mw []Middleware, source string,
) {
	for _, c := range r.codecs {
		var typed HandlerFunc
		if h != nil {
			typed = func(ctx context.Context, e *Event) error {
				var p P
				if err := c.decode(e.route.id, reflect.ValueOf(&p).Elem()); err != nil {
					return misfit(e.route.table, ctx, e)
				}
				return h(ctx, e, p)
			}
		}
		on.add(kind, c.pattern.text, typed, mw, source)
	}
}

// brokenPrefix begins the ids that stand for values which could not be written. The leading space makes every check
// refuse them; no id of a working route has one.
const brokenPrefix = " !"

// brokenID is an id that says why it cannot be sent. why holds no values.
func brokenID(why string) string { return brokenPrefix + why }

// brokenIDReason tells why an id was made by brokenID, for the check of messages.
func brokenIDReason(id string) (why string, ok bool) { return strings.CutPrefix(id, brokenPrefix) }
