package wacloud

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// windowDoubt is how long after its end a window is not yet taken for closed: the record may be a minute behind, and Meta's
// clock may be.
const windowDoubt = time.Minute

// OrTemplate sends t instead of the message where the customer service window is closed: at once where [Client.Window] has
// known that for a minute, else after Meta refused the message, or one of its shapes below (see [Fallback]), with 131047. A
// window that is unknown is left to Meta, so without a [Store] the message is always tried first. t goes out once, and
// what refuses it is returned.
//
// t is checked with the message: a template that breaks a rule is found the first time, and not when it is needed. It
// quotes nothing. [Sent] has it as its Message, and Fallback says why. Each of its quick replies whose payload is the id of
// a choice of the message can be typed under the title that it has there, see [WithAnswerWithin]; its own label is known to
// Meta alone.
//
// Within a handler, with a [Store], a run after an error stays with what the last one has sent: it does not send the template
// because the window has closed meanwhile.
func OrTemplate(t Template) SendOption {
	return sendOptionFunc(func(c *sendConfig) { c.template = &t })
}

// startTemplate checks the template of cfg and is where o's descent begins: at the template where nothing else could arrive.
func (c *Client) startTemplate(ctx context.Context, o *Outgoing, cfg *sendConfig, log descentLog) (descent, error) {
	if !cfg.skipValidation {
		t := *o
		t.Message, t.ReplyTo = *cfg.template, ""
		if err := c.checkOutgoing(ctx, &t); err != nil {
			return descent{}, fmt.Errorf("wacloud: or template: %w", err)
		}
	}
	closed, err := c.closedFor(ctx, o)
	if err != nil || closed == "" {
		return descent{}, err
	}
	d := descent{Template: true, Cause: closed}
	return d, log.write(ctx, d)
}

// closedFor says since when nothing but a template can reach o's recipient, or "". An earlier run of the handler that sent o,
// or may have, has settled it: the window was open. What cannot be read is unknown.
func (c *Client) closedFor(ctx context.Context, o *Outgoing) (string, error) {
	if isNil(o.Message) {
		return "", nil
	}
	if _, template := deref(o.Message).(Template); template {
		return "", nil
	}
	w, err := c.Window(ctx, o.To)
	if err != nil || !w.Closed(time.Now().Add(-windowDoubt)) {
		return "", nil //nolint:nilerr // then it is left to Meta, who knows
	}
	began, err := c.began(ctx, o)
	if began || err != nil {
		return "", err
	}
	return "the customer service window closed at " + w.ClosesAt.Format(time.RFC3339), nil
}

// began reports whether an earlier run of the handler made this call.
func (c *Client) began(ctx context.Context, o *Outgoing) (bool, error) {
	r := runFrom(ctx)
	if r == nil {
		return false, nil
	}
	body, err := EncodeMessage(*o)
	if err != nil {
		return false, err
	}
	_, _, err = c.storeFor(ctx).Get(ctx, r.nextSendKey(c.number, body))
	switch {
	case errors.Is(err, ErrNotFound):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("wacloud: read recorded send: %w", err)
	}
	return true, nil
}

// templateRung is the template as a shape below m.
func (cfg *sendConfig) templateRung(m Message) (Rung, bool) {
	if cfg == nil || cfg.template == nil {
		return Rung{}, false
	}
	t := *cfg.template
	return Rung{Messages: []Message{t}, Why: "the template given to OrTemplate", Choices: t.choicesOf(m)}, true
}

// choicesOf are the choices of other that come back from a quick reply of m.
func (m Template) choicesOf(other Message) []Choice {
	return slices.DeleteFunc(choicesOf(other), func(c Choice) bool { return !m.answersWith(c.ID) })
}

func (m Template) answersWith(id string) bool {
	reply := TemplateButton(QuickReplyPayload(id))
	return slices.Contains(m.Buttons, reply) ||
		slices.ContainsFunc(m.Cards, func(k TemplateCard) bool { return slices.Contains(k.Buttons, reply) })
}
