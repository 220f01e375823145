package wacloud

import (
	"context"
	"iter"
	"log/slog"
	"slices"
	"sync"
)

// A Handler handles events: a [*Router] or a [HandlerFunc].
type Handler interface {
	Handle(ctx context.Context, e *Event) error
}

// HandlerFunc is a function that handles events: a callback.
type HandlerFunc func(ctx context.Context, e *Event) error

// Handle calls f.
func (f HandlerFunc) Handle(ctx context.Context, e *Event) error { return f(ctx, e) }

// A FailureHandler is a [Handler] that is told which events were given up.
type FailureHandler interface {
	HandleFailed(ctx context.Context, e *Event, err error)
}

// Middleware wraps a callback, to do something before and after it or instead of it.
type Middleware func(HandlerFunc) HandlerFunc

// Router hands each event to the callback that fits it best:
//
//	event                                           goes to the first of these that is registered
//	a tap: button, list row, quick reply, typed     Reply by id, Label by title, NotFound
//	the answer of a flow or an address form         Flow by name, Message, NotFound
//	a text that was waited for, see Expect          Reply by id, Text, Message, Event
//	a payment, a call permission                    Message, Event
//	a text                                          Text, Message, Event
//	a location                                      Location, Message, Event
//	any other message: media, contacts, reactions,  Message, Event
//	orders, edits, unknown types, …
//	a message in a group that is not a tap          GroupMessage, Event
//	a status of a message that was sent with Track  OnStatus by callback data, Status, Event
//	any other status                                Status, Event
//	anything else: echoes, errors, the account,     Event
//	system messages, everything in standby
//
// An event that nothing takes is dropped; only NotFound has a default, a warning in the log.
//
// # Patterns
//
// An id is split by ':' into segments. In the pattern of [Router.Reply] a segment is a literal, {name}, which takes one
// segment that is not empty, or, as the last one, {name...}, which takes the rest: one or more segments, even empty ones.
// A pattern that ends in ':' is a plain prefix: "order:" is "order:{...}" and takes "order:" and everything below it, but
// not "order". An empty id matches nothing.
//
// Where several patterns match, a literal goes before {name} before the rest, at each segment from the left. The order
// of registration never matters. Two patterns that match the same ids, or that overlap without one being more specific
// (as "a:{x}:c" and "a:b:{y}"), do not go together: the second registration panics. So do a bad pattern, a nil callback
// and a second callback for the same kind of event. All these panics name the places in the source.
//
// # Use
//
// The zero Router is empty and ready. Register everything first, from one goroutine: after the first event, and once it
// is mounted, a router panics when something is registered. Handling events is safe for concurrent use. A Router must
// not be copied.
type Router struct {
	setup  sync.Once
	table  *routeTable // a group has its parent's
	scopes []*scope    // whose middleware applies here, outermost first
}

// A scope is what one router or group wraps around its callbacks.
type scope struct{ middleware []Middleware }

// NewRouter returns an empty router.
func NewRouter() *Router { return new(Router) }

// ready makes the zero Router usable.
func (r *Router) ready() *routeTable {
	r.setup.Do(func() {
		if r.table == nil {
			r.table = new(routeTable)
			r.scopes = []*scope{new(scope)}
		}
	})
	return r.table
}

// Reply registers the callback for taps whose id matches pattern: reply buttons, list rows, quick replies of templates
// and carousels, typed answers, and texts that [Expect] waits for. Patterns are absolute, in groups and mounted routers too. The callback reads the
// parameters with [Event.Param] and [Event.Rest]; see [On] for typed ones.
func (r *Router) Reply(pattern string, h HandlerFunc, mw ...Middleware) {
	r.add(kindReply, pattern, h, mw, callSite())
}

// Text registers the callback for texts.
func (r *Router) Text(h HandlerFunc, mw ...Middleware) { r.add(kindText, "", h, mw, callSite()) }

// Location registers the callback for locations.
func (r *Router) Location(h HandlerFunc, mw ...Middleware) {
	r.add(kindLocation, "", h, mw, callSite())
}

// Flow registers the callback for the answers of a form, by the name that Meta gives it: "flow" or "address_message".
// The answer is in [Reply.Data].
func (r *Router) Flow(name string, h HandlerFunc, mw ...Middleware) {
	r.add(kindFlow, name, h, mw, callSite())
}

// Label registers the callback for template buttons that were sent without a payload, by their label, exactly. Meta
// sends such a tap without an id, or with the label as its id; then a pattern that matches it goes first.
func (r *Router) Label(title string, h HandlerFunc, mw ...Middleware) {
	r.add(kindLabel, title, h, mw, callSite())
}

// Message registers the callback for messages of a user that nothing more specific took.
func (r *Router) Message(h HandlerFunc, mw ...Middleware) {
	r.add(kindMessage, "", h, mw, callSite())
}

// GroupMessage registers the callback for messages in groups. They never reach Text, Location and Message, so that a bot
// made for single users does not talk in groups unless it is meant to. A tap in a group goes where all taps go.
func (r *Router) GroupMessage(h HandlerFunc, mw ...Middleware) {
	r.add(kindGroupMessage, "", h, mw, callSite())
}

// Status registers the callback for statuses: sent, delivered, read, failed, … Those of messages that were sent with
// [Route.Track] go to [OnStatus].
func (r *Router) Status(h HandlerFunc, mw ...Middleware) {
	r.add(kindStatus, "", h, mw, callSite())
}

// Event registers the callback for events that nothing else took. It alone sees standby events and echoes: somebody else
// holds those conversations, so it must not answer them.
func (r *Router) Event(h HandlerFunc, mw ...Middleware) { r.add(kindEvent, "", h, mw, callSite()) }

// NotFound registers the callback for taps without a route, such as a button of an earlier release: the place to answer
// with a menu. The default logs a warning.
func (r *Router) NotFound(h HandlerFunc) { r.add(kindNotFound, "", h, nil, callSite()) }

// BadID registers the callback for taps whose route matches while a value does not fit its type, and for signed ids that
// were changed or belong to somebody else. The default is the one of NotFound.
func (r *Router) BadID(h HandlerFunc) { r.add(kindBadID, "", h, nil, callSite()) }

// Expired registers the callback for taps whose signature is good and past. The default is the one of NotFound.
func (r *Router) Expired(h HandlerFunc) { r.add(kindExpired, "", h, nil, callSite()) }

// Repeated registers the callback for the second of a double tap, see [Once]. The default does nothing: the first tap is
// being answered.
func (r *Router) Repeated(h HandlerFunc) { r.add(kindRepeated, "", h, nil, callSite()) }

// Failed registers the callback for events that were given up: the place to tell the user that something went wrong. The
// event is a dead letter by then; an answer that fails is not tried again. Middleware does not apply.
func (r *Router) Failed(f func(ctx context.Context, e *Event, err error)) {
	source := callSite()
	if f == nil {
		r.add(kindFailed, "", nil, nil, source)
	}
	r.add(kindFailed, "", func(context.Context, *Event) error { return nil }, nil, source)
	r.table.failed = f
}

// Signer makes the router check signed ids: the signature is taken off before the id is routed, and a bad one goes to
// BadID, a past one to Expired. Ids without a signature are routed as ever; [RequireSigned] refuses them.
func (r *Router) Signer(s *IDSigner) {
	source := callSite()
	t := r.ready()
	t.mustBeOpen("Signer", source)
	switch {
	case s == nil:
		panicf("Signer at %s: nil signer", source)
	case t.signer != nil:
		panicf("Signer at %s: there is one already, set at %s; one signer can hold several keys", source, t.signerSource)
	}
	t.signer, t.signerSource = s, source
}

// Logger sets where warnings go: taps without a route, and what the middleware of this package could not do. Without it
// that is [slog.Default]. No line holds personal data.
func (r *Router) Logger(l *slog.Logger) {
	t := r.ready()
	t.mustBeOpen("Logger", callSite())
	t.logger = l
}

// Use adds middleware to all callbacks of this router or group, those registered before and NotFound included. The first
// is the outermost. It stands around the middleware of groups and of single callbacks. Chains are built once, at the
// first event.
func (r *Router) Use(mw ...Middleware) {
	source := callSite()
	r.ready().mustBeOpen("Use", source)
	mustBeMiddleware(mw, "Use", source)
	inner := r.scopes[len(r.scopes)-1]
	inner.middleware = append(inner.middleware, mw...)
}

// Group calls fn with a router that registers in r and whose middleware applies to what is registered in fn only.
// Patterns stay absolute.
func (r *Router) Group(fn func(r *Router)) {
	source := callSite()
	r.ready().mustBeOpen("Group", source)
	if fn == nil {
		panicf("Group at %s: nil function", source)
	}
	group := &Router{table: r.table, scopes: append(slices.Clip(r.scopes), new(scope))}
	fn(group)
}

// Mount registers everything that sub has, within the middleware of r. Patterns stay absolute; conflicts panic as if
// all had been registered here. sub's logger is not taken over. sub can no longer be changed.
func (r *Router) Mount(sub *Router) {
	source := callSite()
	r.ready().mustBeOpen("Mount", source)
	switch {
	case sub == nil:
		panicf("Mount at %s: nil router", source)
	case sub.ready() == r.table:
		panicf("Mount at %s: a router cannot be mounted on itself", source)
	}
	r.table.mount(sub.table, r.scopes, source)
}

// RouteInfo describes a registered callback.
type RouteInfo struct {
	Pattern string // of a reply or tracker; the name of a flow, the title of a label
	Kind    string // what registered it: "reply", "text", "group_message", "not_found", …; "tracker" for [OnStatus]
	Source  string // file:line of the registration
}

// Lookup tells which callback of [Router.Reply] an id reaches, and its parameters by name as [Event.Param] gives them.
// With a [Router.Signer] the signature is taken off, not checked. It has no effects.
func (r *Router) Lookup(id string) (info RouteInfo, params map[string]string, ok bool) {
	t := r.ready()
	if t.signer != nil {
		id, _, _ = cutSignature(id)
	}
	return lookup(&t.replies, id)
}

func lookup(in *patternTree[*callback], id string) (info RouteInfo, params map[string]string, ok bool) {
	found := in.find(id)
	if found == nil {
		return RouteInfo{}, nil, false
	}
	params = make(map[string]string)
	for i, s := range found.pattern.segments {
		if s.kind != segmentLiteral && s.text != "" {
			params[s.text] = found.pattern.param(id, i)
		}
	}
	return found.value.info(), params, true
}

// Routes lists what is registered, replies first, by kind and then by pattern.
func (r *Router) Routes() iter.Seq[RouteInfo] { return r.ready().list() }

// hasNotFound tells whether taps without a route are answered.
func (r *Router) hasNotFound() bool {
	c := r.ready().single[kindNotFound]
	return c != nil && c.source != ""
}

// hasSigner tells whether ids may carry a signature.
func (r *Router) hasSigner() bool { return r.ready().signer != nil }
