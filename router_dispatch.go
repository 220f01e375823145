package wacloud

import (
	"context"
	"errors"
	"time"
)

// Handle hands e to the callback that fits it best and returns its error; nil when there is none. It notes in e what it
// found, for [Event.Param] and its like: an event is handled by one router at a time.
func (r *Router) Handle(ctx context.Context, e *Event) error {
	if e == nil {
		return errors.New("wacloud: route: nil event")
	}
	t := r.ready()
	t.build(r.scopes[:1])
	c := t.resolve(e)
	if c == nil {
		return nil
	}
	if e.binding != nil && e.binding.run == nil {
		ctx = context.WithValue(ctx, bindingKey{}, e.binding)
	}
	return c.chain(ctx, e)
}

// bindingKey finds the binding of an event that is handled outside of an inbox's run: a run is its own context.
type bindingKey struct{}

// HandleFailed calls the callback of [Router.Failed]. [Event.Param] works in it as in the callback that failed.
func (r *Router) HandleFailed(ctx context.Context, e *Event, err error) {
	t := r.ready()
	t.build(r.scopes[:1])
	if e == nil || t.failed == nil {
		return
	}
	t.resolve(e)
	t.failed(ctx, e, err)
}

// resolve finds the callback for e, or nil, and notes in e what it found.
func (t *routeTable) resolve(e *Event) *callback {
	e.route = routeState{table: t}
	c := t.choose(e)
	e.route.taken = c
	return c
}

func (t *routeTable) choose(e *Event) *callback {
	switch {
	case e.Standby:
	case e.Kind == KindStatus:
		return t.chooseForStatus(e)
	case e.Kind == KindMessage && e.Message != nil:
		if e.Message.Reply != nil {
			return t.chooseForReply(e, e.Message.Reply)
		}
		return t.chooseForMessage(e.Message)
	}
	return t.single[kindEvent]
}

// first is the callback of the first of the kinds that has one.
func (t *routeTable) first(kinds ...callbackKind) *callback {
	for _, kind := range kinds {
		if c := t.single[kind]; c != nil {
			return c
		}
	}
	return nil
}

func (t *routeTable) chooseForMessage(m *InboundMessage) *callback {
	_, isSystem := m.Content.(SystemContent)
	_, isText := m.Content.(TextContent)
	_, isLocation := m.Content.(LocationContent)
	switch {
	case isSystem:
		return t.single[kindEvent]
	case m.GroupID != "":
		return t.first(kindGroupMessage, kindEvent)
	case isText:
		return t.first(kindText, kindMessage, kindEvent)
	case isLocation:
		return t.first(kindLocation, kindMessage, kindEvent)
	}
	return t.first(kindMessage, kindEvent)
}

func (t *routeTable) chooseForReply(e *Event, reply *Reply) *callback {
	switch reply.Kind {
	case ReplyKindFlow:
		if c := t.flows[reply.ID]; c != nil {
			return c
		}
		return t.first(kindMessage, kindNotFound)
	case ReplyKindPayment, ReplyKindCallPermission:
		return t.chooseForMessage(e.Message)
	case ReplyKindExpected:
		return t.chooseForExpected(e, reply)
	default:
		return t.chooseForTap(e, reply)
	}
}

// chooseForExpected trusts the id, which Expect wrote. A text whose route is gone is a text.
func (t *routeTable) chooseForExpected(e *Event, reply *Reply) *callback {
	e.route.id = reply.ID
	if found := t.replies.find(reply.ID); found != nil {
		return found.value
	}
	return t.chooseForMessage(e.Message)
}

// isTap tells whether e is an option that the user chose.
func isTap(e *Event) bool {
	if e.Kind != KindMessage || e.Standby || e.Message == nil || e.Message.Reply == nil {
		return false
	}
	switch e.Message.Reply.Kind {
	case ReplyKindFlow, ReplyKindPayment, ReplyKindCallPermission, ReplyKindExpected:
		return false
	default:
		return true
	}
}

func (t *routeTable) chooseForTap(e *Event, reply *Reply) *callback {
	e.route.id = reply.ID
	if kind, refused := t.checkSignature(e); refused {
		return t.single[kind]
	}
	if found := t.replies.find(e.route.id); found != nil {
		return found.value
	}
	if c := t.labels[reply.Title]; c != nil && isLabelTap(reply) {
		return c
	}
	return t.single[kindNotFound]
}

// isLabelTap tells whether a template button without a payload was tapped.
func isLabelTap(reply *Reply) bool {
	return reply.Kind == ReplyKindQuick && (reply.ID == "" || reply.ID == reply.Title)
}

// checkSignature takes the signature off e.route.id. refused tells that the tap goes to the callback of kind.
func (t *routeTable) checkSignature(e *Event) (kind callbackKind, refused bool) {
	if t.signer == nil {
		return 0, false
	}
	id, sum, ok := cutSignature(e.route.id)
	if !ok {
		return 0, false
	}
	e.route.id = id
	switch t.signer.judge(id, &sum, e.UserKey(), tapTime(e)) {
	case signatureBad:
		return kindBadID, true
	case signatureExpired:
		return kindExpired, true
	default:
		e.route.signed = true
		return 0, false
	}
}

// tapTime is when Meta says that the tap was made; now where it says nothing or something odd.
func tapTime(e *Event) time.Time {
	now := time.Now()
	if e.Timestamp.IsZero() || e.Timestamp.After(now) {
		return now
	}
	return e.Timestamp
}

// badID runs the callback for an id whose values do not fit their types.
func (t *routeTable) badID(ctx context.Context, e *Event) error { return t.instead(ctx, e, kindBadID) }

// instead runs the callback of a kind in place of the one that took the event, inside of its middleware. A middleware may
// stand outside of any router; then there is only the warning.
func (t *routeTable) instead(ctx context.Context, e *Event, kind callbackKind) error {
	if t == nil {
		return t.warnNotFound(ctx, e)
	}
	return t.single[kind].handler(ctx, e)
}
