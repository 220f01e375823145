package graph

import (
	"encoding/json"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/wacloud/wacloud"
)

// typingShown is how long the typing indicator lasts (Meta, typing indicators, read 2026-03).
const typingShown = 25 * time.Second

// address is whom a request names.
type address struct {
	input  string
	userID bool
	group  bool
}

// send takes a message or refuses it as Meta would.
func (e *Engine) send(r *http.Request, body []byte, f Fault) answer {
	a, out := e.check(r, body)
	if out != nil {
		a = e.take(r.PathValue("number"), body, *out, f, a.problems)
	}
	a.request = body
	return a
}

// take writes a valid message into its chat, unless there is one too many or the user has not written for too long.
func (e *Engine) take(number string, body []byte, out wacloud.Outgoing, f Fault, warnings []wacloud.Problem) answer {
	to := addressOf(body)
	e.mu.Lock()
	refused, fails := e.allow(number, to, &out)
	if refused != 0 {
		e.mu.Unlock()
		return refusal{Code: refused}.answer()
	}
	key := e.addressee(number, to)
	c := e.chat(key)
	if e.policy.PairLimit && key.user != nil && !c.pair.take(e.Now(), pairBurst, pairPerSecond) {
		e.mu.Unlock()
		return refusal{Code: 131056}.answer()
	}
	m := &Message{ID: e.nextOutbound(), At: e.Now(), Outgoing: out, Body: body, Status: "accepted", Problems: warnings, After: c.failed()}
	e.sent.add(out, len(body))
	c.typing, c.rev = time.Time{}, e.nextRev()
	e.write(c, m)
	if f.Async {
		fails = f.Code
	} else if fails == 0 && key.user != nil {
		fails = key.user.Phone.refuses(m)
	}
	e.mu.Unlock()
	e.announce(m.ID, fails)
	a := accepted(m, to, key)
	a.problems, a.messageID, a.chat = warnings, m.ID, key.String()
	return a
}

// check decodes and validates a message as the library does; out is nil when it is refused. The answer holds the problems.
func (e *Engine) check(r *http.Request, body []byte) (a answer, out *wacloud.Outgoing) {
	if mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); mediaType != "application/json" {
		return refusal{Code: 100, Details: "The Content-Type must be application/json."}.answer(), nil
	}
	out, problems, warnings := decode(body)
	if len(problems) == 0 {
		problems = e.checkRecipient(r.PathValue("number"), addressOf(body))
	}
	if len(problems) > 0 {
		a = refuse(problems).answer()
		a.problems = append(problems, warnings...)
		return a, nil
	}
	return answer{problems: warnings}, out
}

// checkRecipient refuses a number that writes to itself.
func (e *Engine) checkRecipient(number string, to address) []wacloud.Problem {
	n, _ := e.Number(number)
	if to.userID || to.group || digits(to.input) != digits(n.Display) {
		return nil
	}
	return []wacloud.Problem{{Path: "to", Rule: ruleSelf, Got: "the business's own number"}}
}

// accepted is the answer to a message (Meta, send messages, read 2026-03): wa_id for a phone number, user_id for a
// business-scoped user id.
func accepted(m *Message, to address, key chatKey) answer {
	type contact struct {
		Input  string `json:"input"`
		WaID   string `json:"wa_id,omitempty"`
		UserID string `json:"user_id,omitempty"`
	}
	type message struct {
		ID      string `json:"id"`
		GroupID string `json:"group_id,omitempty"`
		Status  string `json:"message_status,omitempty"`
	}
	type response struct {
		MessagingProduct string    `json:"messaging_product"`
		Contacts         []contact `json:"contacts"`
		Messages         []message `json:"messages"`
	}
	who := contact{Input: to.input}
	sent := message{ID: m.ID, GroupID: key.group}
	switch {
	case to.group:
		who.WaID = to.input
	case to.userID:
		who.UserID = to.input
	default:
		who.WaID = key.user.Identity.Phone
	}
	if _, ok := m.Outgoing.Message.(wacloud.Template); ok {
		sent.Status = "accepted"
	}
	return jsonAnswer(response{"whatsapp", []contact{who}, []message{sent}})
}

// addressOf reads whom a body names; "to" wins over "recipient".
func addressOf(body []byte) address {
	var b struct {
		RecipientType string `json:"recipient_type"`
		To            string `json:"to"`
		Recipient     string `json:"recipient"`
	}
	_ = json.Unmarshal(body, &b) // DecodeMessage took it
	if b.To == "" {
		return address{input: b.Recipient, userID: true}
	}
	return address{input: b.To, group: b.RecipientType == "group"}
}

// isReceipt reports whether a body marks a message as read.
func isReceipt(body []byte) bool {
	var b struct {
		Status json.RawMessage `json:"status"`
		Type   json.RawMessage `json:"type"`
	}
	return json.Unmarshal(body, &b) == nil && b.Status != nil && b.Type == nil
}

// receipt marks a message and those before it as read, and shows the typing indicator (Meta, mark messages as read and
// typing indicators, read 2026-03).
func (e *Engine) receipt(r *http.Request, body []byte) answer {
	a := e.markRead(r.PathValue("number"), body)
	a.request = body
	return a
}

func (e *Engine) markRead(number string, body []byte) answer {
	var b struct {
		Product   string `json:"messaging_product"`
		Status    string `json:"status"`
		MessageID string `json:"message_id"`
		Typing    *struct {
			Type string `json:"type"`
		} `json:"typing_indicator"`
	}
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	if err := d.Decode(&b); err != nil {
		return refusal{Code: 100, Details: "The request is not a mark as read: " + err.Error()}.answer()
	}
	switch {
	case b.Product != "whatsapp":
		return refusal{Code: 131008, Details: `messaging_product: it must be "whatsapp"`}.answer()
	case b.Status != "read":
		return refusal{Code: 131009, Details: `status: it must be "read"`}.answer()
	case b.MessageID == "":
		return refusal{Code: 131008, Details: "message_id: it is required"}.answer()
	case b.Typing != nil && b.Typing.Type != "text":
		return refusal{Code: 131009, Details: `typing_indicator.type: it must be "text"`}.answer()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	m := e.byID[b.MessageID]
	if m == nil || !m.FromUser || m.chat.key.number != number {
		return refusal{Code: 131009, Details: "message_id: there is no such message from a user"}.answer()
	}
	for _, earlier := range m.chat.messages.items {
		if earlier.FromUser && earlier.Seq <= m.Seq && !earlier.Read {
			earlier.Read, earlier.rev = true, e.nextRev()
		}
	}
	if b.Typing != nil {
		m.chat.typing, m.chat.rev = e.Now().Add(typingShown), e.nextRev()
	}
	e.touch()
	return success
}
