package wacloud

import (
	"context"
	"errors"
)

// Handle hands e to the callback that fits it best and returns its error; nil when there is none. It notes in e what it
// found, for [Event.Param] and its like: an event is handled by one router at a time.
func (r *Router) Handle(ctx context.Context, e *Event) error {
	if e == nil {
		return errors.New("wacloud: route: nil event")
	}
	t := r.ready()
	t.build(r.scopes[:1])
	if e.route = t.resolve(e); e.route.taken == nil {
		return nil
	}
	return e.route.taken.chain(ctx, e)
}

// HandleFailed calls the callback of [Router.Failed]. [Event.Param] works in it as in the callback that failed.
func (r *Router) HandleFailed(ctx context.Context, e *Event, err error) {
	t := r.ready()
	t.build(r.scopes[:1])
	if e == nil || t.failed == nil {
		return
	}
	e.route = t.resolve(e)
	t.failed(ctx, e, err)
}

// resolve finds the callback for e.
func (t *routeTable) resolve(e *Event) routeState {
	switch {
	case e.Standby:
	case e.Kind == KindStatus:
		return t.first(kindStatus, kindEvent)
	case e.Kind == KindMessage && e.Message != nil:
		if e.Message.Reply != nil {
			return t.resolveReply(e, e.Message.Reply)
		}
		return t.resolveMessage(e.Message)
	}
	return t.first(kindEvent)
}

// first is the first of the kinds that has a callback.
func (t *routeTable) first(kinds ...callbackKind) routeState {
	for _, kind := range kinds {
		if c := t.single[kind]; c != nil {
			return routeState{table: t, taken: c}
		}
	}
	return routeState{table: t}
}

func (t *routeTable) resolveMessage(m *InboundMessage) routeState {
	kind := kindMessage
	switch m.Content.(type) {
	case SystemContent:
		return t.first(kindEvent)
	case TextContent:
		kind = kindText
	case LocationContent:
		kind = kindLocation
	}
	if m.GroupID != "" {
		return t.first(kindGroupMessage, kindEvent)
	}
	return t.first(kind, kindMessage, kindEvent)
}

func (t *routeTable) resolveReply(e *Event, reply *Reply) routeState {
	switch reply.Kind {
	case ReplyKindFlow:
		if c := t.flows[reply.ID]; c != nil {
			return routeState{table: t, taken: c}
		}
		return t.first(kindMessage, kindNotFound)
	case ReplyKindPayment, ReplyKindCallPermission:
		return t.resolveMessage(e.Message)
	}
	return t.resolveTap(e, reply)
}

// isTap tells whether e is a reply that Router.Reply sees.
func isTap(e *Event) bool {
	if e.Kind != KindMessage || e.Standby || e.Message == nil || e.Message.Reply == nil {
		return false
	}
	switch e.Message.Reply.Kind {
	case ReplyKindFlow, ReplyKindPayment, ReplyKindCallPermission:
		return false
	}
	return true
}

func (t *routeTable) resolveTap(e *Event, reply *Reply) routeState {
	st := routeState{table: t, id: reply.ID}
	if kind, refused := t.checkSignature(e, &st); refused {
		st.taken = t.single[kind]
		return st
	}
	st.taken = t.single[kindNotFound]
	if found := t.replies.find(st.id); found != nil {
		st.taken = found.value
	} else if c := t.labels[reply.Title]; c != nil && isLabelTap(reply) {
		st.taken = c
	}
	return st
}

// isLabelTap tells whether a template button without a payload was tapped.
func isLabelTap(reply *Reply) bool {
	return reply.Kind == ReplyKindQuick && (reply.ID == "" || reply.ID == reply.Title)
}

// checkSignature takes the signature off st.id. refused tells that the tap goes to the callback of kind.
func (t *routeTable) checkSignature(e *Event, st *routeState) (kind callbackKind, refused bool) {
	if t.signer == nil {
		return 0, false
	}
	id, sum, ok := cutSignature(st.id)
	if !ok {
		return 0, false
	}
	st.id = id
	switch t.signer.judge(id, &sum, e.UserKey()) {
	case signatureBad:
		return kindBadID, true
	case signatureExpired:
		return kindExpired, true
	}
	st.signed = true
	return 0, false
}

// instead runs the callback of a kind in place of the one that took the event, inside of its middleware.
func (t *routeTable) instead(ctx context.Context, e *Event, kind callbackKind) error {
	return t.single[kind].handler(ctx, e)
}
