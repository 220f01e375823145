package wacloud

import (
	"context"
	"iter"
	"log/slog"
	"time"
)

// A Handler handles events: a [*Router] or a [HandlerFunc].
type Handler interface {
	Handle(ctx context.Context, e *Event) error
}

// HandlerFunc is a function that handles events.
type HandlerFunc func(ctx context.Context, e *Event) error

// Handle calls f.
func (f HandlerFunc) Handle(ctx context.Context, e *Event) error { return f(ctx, e) }

// A FailureHandler is a [Handler] that is told which events were given up.
type FailureHandler interface {
	HandleFailed(ctx context.Context, e *Event, err error)
}

// Middleware wraps a handler.
type Middleware func(HandlerFunc) HandlerFunc

// Router hands events to callbacks.
type Router struct{}

// NewRouter returns an empty router.
func NewRouter() *Router { panic("skeleton") }

// Reply registers a callback for taps whose id matches pattern.
func (r *Router) Reply(pattern string, h HandlerFunc, mw ...Middleware) { panic("skeleton") }

// Text registers the callback for texts.
func (r *Router) Text(h HandlerFunc, mw ...Middleware) { panic("skeleton") }

// Location registers the callback for locations.
func (r *Router) Location(h HandlerFunc, mw ...Middleware) { panic("skeleton") }

// Flow registers a callback for the answers of a flow, by its name ("flow", "address_message").
func (r *Router) Flow(name string, h HandlerFunc, mw ...Middleware) { panic("skeleton") }

// Label registers a callback for template buttons without a payload, by their label.
func (r *Router) Label(title string, h HandlerFunc, mw ...Middleware) { panic("skeleton") }

// Message registers the callback for messages that nothing more specific took.
func (r *Router) Message(h HandlerFunc, mw ...Middleware) { panic("skeleton") }

// GroupMessage registers the callback for messages in groups.
func (r *Router) GroupMessage(h HandlerFunc, mw ...Middleware) { panic("skeleton") }

// Status registers the callback for statuses.
func (r *Router) Status(h HandlerFunc, mw ...Middleware) { panic("skeleton") }

// Event registers the callback for events that nothing else took.
func (r *Router) Event(h HandlerFunc, mw ...Middleware) { panic("skeleton") }

// NotFound registers the callback for taps without a route.
func (r *Router) NotFound(h HandlerFunc) { panic("skeleton") }

// BadID registers the callback for taps whose route matches and whose value or signature does not hold.
func (r *Router) BadID(h HandlerFunc) { panic("skeleton") }

// Expired registers the callback for taps whose signature is good and past.
func (r *Router) Expired(h HandlerFunc) { panic("skeleton") }

// Repeated registers the callback for the second of a double tap, see [Once].
func (r *Router) Repeated(h HandlerFunc) { panic("skeleton") }

// Failed registers the callback for events that were given up.
func (r *Router) Failed(f func(ctx context.Context, e *Event, err error)) { panic("skeleton") }

// Signer makes the router check signed ids.
func (r *Router) Signer(s *IDSigner) { panic("skeleton") }

// Use adds middleware to all callbacks.
func (r *Router) Use(mw ...Middleware) { panic("skeleton") }

// Group scopes middleware.
func (r *Router) Group(fn func(r *Router)) { panic("skeleton") }

// Mount adds the routes of another router.
func (r *Router) Mount(sub *Router) { panic("skeleton") }

// RouteInfo describes a registered callback.
type RouteInfo struct {
	Pattern string
	Kind    string // "reply", "text", …
	Source  string // file:line of the registration
}

// Lookup tells which route an id reaches, and its parameters.
func (r *Router) Lookup(id string) (info RouteInfo, params map[string]string, ok bool) {
	panic("skeleton")
}

// Routes lists what is registered.
func (r *Router) Routes() iter.Seq[RouteInfo] { panic("skeleton") }

// Handle hands e to the callback that fits it best.
func (r *Router) Handle(ctx context.Context, e *Event) error { panic("skeleton") }

// HandleFailed calls the callback of [Router.Failed].
func (r *Router) HandleFailed(ctx context.Context, e *Event, err error) { panic("skeleton") }

// Recover turns a panic of a callback into an error.
func Recover() Middleware { panic("skeleton") }

// Log writes a line for each event.
func Log(l *slog.Logger) Middleware { panic("skeleton") }

// AutoMarkRead marks messages as read before the callback runs. It never fails the callback.
func AutoMarkRead() Middleware { panic("skeleton") }

// AutoTyping shows the typing indicator while the callback runs. It never fails the callback.
func AutoTyping() Middleware { panic("skeleton") }

// Once lets a callback run once for each user, tapped message and id within ttl.
func Once(store Store, ttl time.Duration) Middleware { panic("skeleton") }

// RequireSigned sends taps whose id has no good signature to [Router.BadID].
func RequireSigned() Middleware { panic("skeleton") }
