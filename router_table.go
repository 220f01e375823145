package wacloud

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
)

// callbackKind says what a callback is for. Their order is that of Router.Routes.
type callbackKind uint8

const (
	kindReply callbackKind = iota
	kindLabel
	kindFlow
	kindText
	kindLocation
	kindMessage
	kindGroupMessage
	kindTracker
	kindStatus
	kindEvent
	kindNotFound
	kindBadID
	kindExpired
	kindRepeated
	kindFailed
	callbackKinds
)

var callbackNames = [callbackKinds]string{
	"reply", "label", "flow", "text", "location", "message", "group_message", "tracker", "status", "event",
	"not_found", "bad_id", "expired", "repeated", "failed",
}

// A callback is one registration.
type callback struct {
	kind    callbackKind
	name    string   // the pattern, label or flow
	pattern *pattern // of a reply or tracker
	source  string
	handler HandlerFunc
	own     []Middleware
	scopes  []*scope // outermost first
	chain   HandlerFunc
}

func (c *callback) info() RouteInfo {
	return RouteInfo{Pattern: c.name, Kind: callbackNames[c.kind], Source: c.source}
}

// build wraps the handler in its middleware.
func (c *callback) build() {
	c.chain = wrap(c.handler, c.own)
	for _, s := range slices.Backward(c.scopes) {
		c.chain = wrap(c.chain, s.middleware)
	}
}

func wrap(h HandlerFunc, mw []Middleware) HandlerFunc {
	for _, m := range slices.Backward(mw) {
		h = m(h)
	}
	return h
}

// A routeTable holds everything that is registered on a router and its groups.
type routeTable struct {
	all      []*callback
	replies  patternTree[*callback]
	trackers patternTree[*callback] // by callback data
	labels   map[string]*callback
	flows    map[string]*callback
	single   [callbackKinds]*callback // kinds of which there is one
	failed   func(ctx context.Context, e *Event, err error)

	signer       *IDSigner
	signerSource string
	logger       *slog.Logger

	closed atomic.Pointer[string] // why nothing can be registered any more
	built  sync.Once
}

func panicf(format string, args ...any) { panic(fmt.Sprintf("wacloud: "+format, args...)) }

func (t *routeTable) mustBeOpen(what, source string) {
	if why := t.closed.Load(); why != nil {
		panicf("%s at %s: %s; register everything before", what, source, *why)
	}
}

func mustBeMiddleware(mw []Middleware, what, source string) {
	if i := slices.IndexFunc(mw, func(m Middleware) bool { return m == nil }); i >= 0 {
		panicf("%s at %s: middleware %d is nil", what, source, i+1)
	}
}

// add registers a callback. name is the pattern, label or flow.
func (r *Router) add(kind callbackKind, name string, h HandlerFunc, mw []Middleware, source string) {
	c := &callback{kind: kind, name: name, source: source, handler: h, own: slices.Clone(mw)}
	t := r.ready()
	c.scopes = r.scopes
	t.mustBeOpen(c.String(), source)
	if h == nil {
		panicf("%s at %s: nil callback", c, source)
	}
	mustBeMiddleware(mw, c.String(), source)
	t.insert(c)
}

// String names the callback in panics.
func (c *callback) String() string {
	switch c.kind {
	case kindReply:
		return fmt.Sprintf("pattern %q", c.name)
	case kindLabel, kindFlow, kindTracker:
		return fmt.Sprintf("%s %q", callbackNames[c.kind], c.name)
	default:
		return fmt.Sprintf("the %s callback", callbackNames[c.kind])
	}
}

// insert puts c where dispatch finds it, or panics.
func (t *routeTable) insert(c *callback) {
	switch c.kind {
	case kindReply:
		insertPattern(&t.replies, c)
	case kindTracker:
		insertPattern(&t.trackers, c)
	case kindLabel:
		t.insertNamed(&t.labels, c)
	case kindFlow:
		t.insertNamed(&t.flows, c)
	default:
		mustBeFirst(c, t.single[c.kind])
		t.single[c.kind] = c
	}
	t.all = append(t.all, c)
}

func insertPattern(into *patternTree[*callback], c *callback) {
	p, err := parsePattern(c.name)
	if err != nil {
		panicf("%s at %s: %v", c, c.source, err)
	}
	c.pattern = p
	other := into.add(p, c)
	if other == nil {
		return
	}
	both := exampleOfBoth(p, other.pattern)
	panicf("%s (registered at %s) conflicts with %s (registered at %s): %q matches both and neither is more specific",
		c, c.source, other.value, other.value.source, both)
}

func (t *routeTable) insertNamed(into *map[string]*callback, c *callback) {
	if c.name == "" {
		panicf("%s at %s: it is empty", c, c.source)
	}
	mustBeFirst(c, (*into)[c.name])
	if *into == nil {
		*into = make(map[string]*callback)
	}
	(*into)[c.name] = c
}

func mustBeFirst(c, other *callback) {
	if other != nil {
		panicf("%s (registered at %s) is already registered at %s", c, c.source, other.source)
	}
}

// mount copies what sub has, inside the given scopes, and closes sub.
func (t *routeTable) mount(sub *routeTable, scopes []*scope, source string) {
	why := "the router was mounted at " + source
	sub.closed.CompareAndSwap(nil, &why)
	for _, c := range sub.all {
		mounted := *c
		mounted.scopes = slices.Concat(scopes, c.scopes)
		t.insert(&mounted)
	}
	if sub.failed != nil {
		t.failed = sub.failed
	}
	if sub.signer == nil {
		return
	}
	if t.signer != nil {
		panicf("Mount at %s: both routers have a signer, set at %s and %s", source, t.signerSource, sub.signerSource)
	}
	t.signer, t.signerSource = sub.signer, sub.signerSource
}

// list yields what is registered in a fixed order.
func (t *routeTable) list() iter.Seq[RouteInfo] {
	return func(yield func(RouteInfo) bool) {
		sorted := slices.SortedFunc(slices.Values(t.all), func(a, b *callback) int {
			return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name))
		})
		for _, c := range sorted {
			if !yield(c.info()) {
				return
			}
		}
	}
}

// build closes the table and makes every chain, once.
func (t *routeTable) build(scopes []*scope) {
	t.built.Do(func() {
		why := "the router has handled an event"
		t.closed.CompareAndSwap(nil, &why)
		t.fill(kindNotFound, &callback{handler: t.warnNotFound, scopes: scopes})
		t.fill(kindBadID, t.single[kindNotFound])
		t.fill(kindExpired, t.single[kindNotFound])
		t.fill(kindRepeated, &callback{handler: ignore, scopes: scopes})
		for _, c := range t.all {
			c.build()
		}
		for _, kind := range []callbackKind{kindNotFound, kindBadID, kindExpired, kindRepeated} {
			t.single[kind].build()
		}
	})
}

// fill sets the default of a kind that has no callback.
func (t *routeTable) fill(kind callbackKind, standIn *callback) {
	if t.single[kind] == nil {
		c := *standIn
		c.kind = kind
		t.single[kind] = &c
	}
}

func ignore(context.Context, *Event) error { return nil }

func (t *routeTable) log() *slog.Logger {
	if t == nil || t.logger == nil {
		return slog.Default()
	}
	return t.logger
}

func (t *routeTable) warnNotFound(ctx context.Context, e *Event) error {
	t.log().WarnContext(ctx, "a tap reached no route; set Router.NotFound to answer it", slog.Any("event", e))
	return nil
}
