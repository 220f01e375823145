package wacloud

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxTracked is how many characters of callback data are the caller's: the rest of Meta's 512 is ours where there is a
// store, and a bot must not break when it gets one.
const maxTracked = 480

// Track makes the statuses of a message go to the callback that [OnStatus] registered for the route, with p:
//
//	e.Respond(ctx, receipt, orderSent.Track(order))
//	wacloud.OnStatus(r, orderSent, func(ctx context.Context, e *wacloud.Event, o order) error { … e.Status.Status … })
//
// It is [CallbackData] with r.ID(p), of which at most 480 characters are taken; of both options the last counts. A value
// that is longer or cannot be written is refused with the name of the route when the message is checked. Meta echoes
// it to the business's webhooks only; the user does not see it.
func (r *Route[P]) Track(p P) SendOption {
	id := r.ID(p)
	if n := utf8.RuneCountInString(id); n > maxTracked {
		id = brokenID(fmt.Sprintf("route %q: an id of %d characters, a tracker takes %d", r.Pattern(), n, maxTracked))
	}
	return CallbackData(id)
}

// untrackable tells why [Route.Track] made data that cannot be sent.
func untrackable(data string) (why string, ok bool) {
	why, ok = brokenIDReason(data)
	return why, ok && strings.HasPrefix(why, "route ")
}

// OnStatus registers a typed callback for the statuses of messages that were sent with [Route.Track], or with callback data
// that route or one of its aliases reads. All other statuses go to [Router.Status], and so does, inside of mw, one whose
// values do not fit their types. Patterns of callback data and those of [Router.Reply] have nothing to do with each other;
// among themselves they follow the same rules.
func OnStatus[P any](r *Router, route *Route[P], h func(ctx context.Context, e *Event, p P) error, mw ...Middleware) {
	source := callSite()
	route.mustBeMade("OnStatus", source)
	route.register(r, kindTracker, h, (*routeTable).untracked, mw, source)
}

// untracked runs the callback of a status whose callback data is not what it looked like.
func (t *routeTable) untracked(ctx context.Context, e *Event) error {
	if c := t.first(kindStatus, kindEvent); c != nil {
		return c.handler(ctx, e)
	}
	return nil
}

func (t *routeTable) chooseForStatus(e *Event) *callback {
	if e.Status != nil {
		e.route.id = e.Status.CallbackData
	}
	if found := t.trackers.find(e.route.id); found != nil {
		return found.value
	}
	return t.first(kindStatus, kindEvent)
}

// LookupStatus tells which callback of [OnStatus] the statuses of a message reach, by its callback data, as
// [Router.Lookup] does for ids.
func (r *Router) LookupStatus(callbackData string) (info RouteInfo, params map[string]string, ok bool) {
	return lookup(&r.ready().trackers, callbackData)
}
