package wacloud

import "strings"

// routeState is what the router found out about an event.
type routeState struct {
	table  *routeTable
	taken  *callback // by which callback
	id     string    // that was tapped, without its signature
	signed bool      // the id's signature was good
}

// Param is the named parameter of the pattern that took the event, or "". Where the escapes of the segment hold it is
// decoded ("%3A" is ":", a lone "%" the empty string), else it comes as it is. A {name...} comes raw, as in [Event.Rest].
func (e *Event) Param(name string) string {
	p := e.routePattern()
	if p == nil || name == "" {
		return ""
	}
	i := p.index(name)
	if i < 0 {
		return ""
	}
	return p.param(e.route.id, i)
}

// Rest is what the id had behind a plain prefix or in a {name...}, raw and with its ':', or "".
func (e *Event) Rest() string {
	p := e.routePattern()
	if p == nil || p.rest() < 0 {
		return ""
	}
	return p.value(e.route.id, p.rest())
}

// Route is the callback that took the event, for logs and metrics; the zero RouteInfo before a router saw the event.
func (e *Event) Route() RouteInfo {
	if e == nil || e.route.taken == nil {
		return RouteInfo{}
	}
	return e.route.taken.info()
}

func (e *Event) routePattern() *pattern {
	if e == nil || e.route.taken == nil {
		return nil
	}
	return e.route.taken.pattern
}

// param is the value of the i-th segment of p, decoded where it can be.
func (p *pattern) param(id string, i int) string {
	raw := p.value(id, i)
	if p.segments[i].kind == segmentRest || strings.IndexByte(raw, '%') < 0 {
		return raw
	}
	if decoded, ok := unescape(raw); ok {
		return decoded
	}
	return raw
}
