package wacloud

// routeState is what the router found out about an event.
type routeState struct{}

// Param is the named parameter of the route's pattern, decoded, or "".
func (e *Event) Param(name string) string { panic("skeleton") }

// Rest is what the id had behind a plain prefix or in a {name...}, raw.
func (e *Event) Rest() string { panic("skeleton") }
