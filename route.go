package wacloud

import (
	"context"
	"time"
)

// A Route is one definition that writes ids and reads them back.
type Route[P any] struct{}

// None is the parameter type of a [Route] without parameters.
type None struct{}

// NewRoute returns a route. It panics when pattern and P do not fit.
func NewRoute[P any](pattern string) *Route[P] { panic("skeleton") }

// ID writes the id for p.
func (r *Route[P]) ID(p P) string { panic("skeleton") }

// Button is a button whose id is r.ID(p).
func (r *Route[P]) Button(title string, p P) Button { panic("skeleton") }

// Row is a list row whose id is r.ID(p).
func (r *Route[P]) Row(title, description string, p P) Row { panic("skeleton") }

// Parse reads an id.
func (r *Route[P]) Parse(id string) (P, error) { panic("skeleton") }

// Alias returns r with a pattern of an earlier release that it reads too, and never writes.
func (r *Route[P]) Alias(pattern string) *Route[P] { panic("skeleton") }

// Pattern is the pattern of the route.
func (r *Route[P]) Pattern() string { panic("skeleton") }

// On registers a typed callback.
func On[P any](r *Router, route *Route[P], h func(ctx context.Context, e *Event, p P) error, mw ...Middleware) {
	panic("skeleton")
}

// IDSigner signs ids, so that a user can use only those that they were given, and only for a time.
type IDSigner struct{}

// NewIDSigner returns a signer. The first key signs, all are accepted.
func NewIDSigner(keys ...Secret) (*IDSigner, error) { panic("skeleton") }

// Sign appends an expiry and a signature for user to id.
func (s *IDSigner) Sign(id string, user UserKey, ttl time.Duration) string { panic("skeleton") }
