package graph

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/wacloud/wacloud"
)

// contentOf reads a message's type, what stands under the type's name, and the message that it refers to.
func contentOf(m *Message) (kind string, content json.RawMessage, about string) {
	fields := m.Body
	if m.FromUser {
		fields = inboundMessage(m.Body, m.ID)
	}
	var all map[string]json.RawMessage
	if json.Unmarshal(fields, &all) != nil {
		return "", nil, ""
	}
	var context struct {
		ID        string `json:"id"`
		MessageID string `json:"message_id"`
	}
	_ = json.Unmarshal(all["type"], &kind)
	_ = json.Unmarshal(all["context"], &context) // most have none
	if about = context.MessageID; m.FromUser {
		about = context.ID
	}
	return kind, all[kind], about
}

// webhookBody is as much of a webhook as the engine has to find again in its own.
type webhookBody struct {
	Entry []struct {
		Changes []struct {
			Value struct {
				messagesAndStatuses
				Standby messagesAndStatuses `json:"standby"`
			} `json:"value"`
		} `json:"changes"`
	} `json:"entry"`
}

type messagesAndStatuses struct {
	Messages []json.RawMessage `json:"messages"`
}

// inboundMessage finds the element of a webhook body that has an id.
func inboundMessage(body []byte, id string) json.RawMessage {
	var b webhookBody
	if json.Unmarshal(body, &b) != nil {
		return nil
	}
	for _, entry := range b.Entry {
		for _, change := range entry.Changes {
			for _, m := range slices.Concat(change.Value.Messages, change.Value.Standby.Messages) {
				var head struct {
					ID string `json:"id"`
				}
				if json.Unmarshal(m, &head) == nil && head.ID == id {
					return m
				}
			}
		}
	}
	return nil
}

// react hangs a reaction on the message that it is about.
func (e *Engine) react(m *Message) {
	if m.Type != "reaction" {
		return
	}
	var r struct {
		MessageID string `json:"message_id"`
		Emoji     string `json:"emoji"`
	}
	_ = json.Unmarshal(m.Content(), &r)
	target := e.byID[r.MessageID]
	if target == nil || target.chat != m.chat {
		return
	}
	kept := slices.DeleteFunc(slices.Clone(target.Reactions), func(old MessageReaction) bool { return old.FromUser == m.FromUser })
	if r.Emoji != "" {
		kept = append(kept, MessageReaction{m.FromUser, r.Emoji})
	}
	target.Reactions, target.rev = kept, e.nextRev()
}

// eventsOf describes the events of a webhook in a few words, and names the first message.
func eventsOf(body []byte) (what, messageID string, isMessage bool) {
	events, err := wacloud.ParseWebhook(body)
	if err != nil || len(events) == 0 {
		return "a body that is no webhook", "", false
	}
	first := max(0, slices.IndexFunc(events, func(ev wacloud.Event) bool { return ev.Message != nil || ev.Status != nil }))
	ev := &events[first]
	switch {
	case ev.Message != nil:
		what, messageID = ev.Kind.String()+" "+ev.Message.Type, ev.Message.ID
	case ev.Status != nil:
		what, messageID = "status "+ev.Status.Status, ev.Status.ID
	default:
		what = ev.Kind.String() + " " + ev.Field
	}
	if len(events) > 1 {
		what += fmt.Sprintf(" and %d more", len(events)-1)
	}
	return what, messageID, ev.Kind == wacloud.KindMessage
}
