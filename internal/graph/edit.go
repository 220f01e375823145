package graph

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wacloud/wacloud"
)

// The functions of this file rewrite a webhook body for a fault. A body that is not one of a webhook stays as it is.

// edit decodes a body, lets change work on each of its values ("field messages"), and writes it again as Meta would.
func edit(body []byte, change func(value map[string]any)) []byte {
	return editEntries(body, func(entry map[string]any) {
		for _, c := range objects(entry["changes"]) {
			if value, ok := c["value"].(map[string]any); ok {
				change(value)
			}
		}
	})
}

func editEntries(body []byte, change func(entry map[string]any)) []byte {
	root, ok := decodeObject(body)
	if !ok {
		return body
	}
	for _, entry := range objects(root["entry"]) {
		change(entry)
	}
	return encode(root)
}

func decodeObject(body []byte) (map[string]any, bool) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var root map[string]any
	return root, d.Decode(&root) == nil && root != nil
}

// objects returns the objects of an array.
func objects(v any) []map[string]any {
	items, _ := v.([]any)
	var all []map[string]any
	for _, it := range items {
		if o, ok := it.(map[string]any); ok {
			all = append(all, o)
		}
	}
	return all
}

// withTime gives the entries a time, as some of Meta's have.
func withTime(body []byte, now time.Time) []byte {
	return editEntries(body, func(entry map[string]any) { entry["time"] = now.Unix() })
}

func withUnknownType(body []byte) []byte {
	return edit(body, func(value map[string]any) {
		for _, m := range objects(value["messages"]) {
			if kind, ok := m["type"].(string); ok {
				delete(m, kind)
			}
			m["id"], m["type"] = text(m["id"])+"F", "hologram"
			m["hologram"] = map[string]any{"id": "1", "depth": 3}
		}
	})
}

func withUnknownFields(body []byte) []byte {
	return editEntries(body, func(entry map[string]any) {
		changes, _ := entry["changes"].([]any)
		for _, c := range objects(entry["changes"]) {
			if value, ok := c["value"].(map[string]any); ok {
				value["constellation"] = []any{map[string]any{"star": 1}}
				for _, m := range objects(value["messages"]) {
					m["mood"] = map[string]any{"emoji": "🙂"}
				}
			}
		}
		entry["changes"] = append(changes, map[string]any{"field": "telepathy_update", "value": map[string]any{"level": 1}})
	})
}

// withPadding makes a body at least as long as size.
func withPadding(body []byte, size int) []byte {
	root, ok := decodeObject(body)
	if !ok {
		return body
	}
	root["padding"] = strings.Repeat("x", max(0, size-len(body)))
	return encode(root)
}

// persons calls change with every object that names the user, and the keys of the phone and of the user id in it.
func persons(value map[string]any, change func(o map[string]any, phone string, ids ...string)) {
	for _, c := range objects(value["contacts"]) {
		change(c, "wa_id", "user_id", "parent_user_id")
	}
	for _, m := range objects(value["messages"]) {
		change(m, "from", "from_user_id", "from_parent_user_id")
	}
	for _, s := range objects(value["statuses"]) {
		change(s, "recipient_id", "recipient_user_id", "recipient_parent_user_id")
	}
}

// withoutPhone leaves the user's phone number out, where there is a user id beside it.
func withoutPhone(body []byte) []byte {
	return edit(body, func(value map[string]any) {
		persons(value, func(o map[string]any, phone string, ids ...string) {
			if text(o[ids[0]]) != "" {
				delete(o, phone)
			}
		})
	})
}

// withoutUserID leaves the user's ids out, where there is a phone number beside them.
func withoutUserID(body []byte) []byte {
	return edit(body, func(value map[string]any) {
		persons(value, func(o map[string]any, phone string, ids ...string) {
			if text(o[phone]) != "" {
				maps.DeleteFunc(o, func(key string, _ any) bool { return slices.Contains(ids, key) })
			}
		})
	})
}

func withUsername(body []byte) []byte {
	return edit(body, func(value map[string]any) {
		for _, c := range objects(value["contacts"]) {
			profile, ok := c["profile"].(map[string]any)
			if !ok {
				profile = map[string]any{}
				c["profile"] = profile
			}
			if text(profile["username"]) == "" {
				profile["username"] = "a_user_name"
			}
		}
	})
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// bystander is nobody that the simulation knows.
var bystander = wacloud.User{Phone: "15550007777", ID: "US.bystander01", Name: "Bystander"}

// withAnotherNumber adds an entry in which somebody else wrote to another number of the business.
func (e *Engine) withAnotherNumber(body []byte) []byte {
	_, about, _ := eventsOf(body)
	e.mu.Lock()
	number := Number{ID: "199999999999999", Display: "15550009999", BusinessAccountID: e.cfg.Numbers[0].BusinessAccountID}
	if m := e.byID[about]; m != nil {
		for _, n := range e.cfg.Numbers {
			if n.ID != m.chat.key.number {
				number = n
			}
		}
	}
	id := e.nextInbound()
	e.mu.Unlock()
	other := Element{Number: number, Time: e.Now(), ID: id, From: bystander}.Message(Text("Hello from another number"))
	both, err := Batch(body, other)
	if err != nil {
		return body
	}
	return both
}

// withStatuses puts the statuses of the chat's last messages beside the messages of a body.
func (e *Engine) withStatuses(body []byte) []byte {
	_, about, _ := eventsOf(body)
	var statuses []any
	e.mu.Lock()
	if m := e.byID[about]; m != nil {
		for _, out := range m.chat.messages.items {
			if !out.FromUser && out.Status != "failed" {
				statuses = append(statuses, statusesOf(e.writeStatus(out, "delivered", nil))...)
			}
		}
	}
	e.mu.Unlock()
	statuses = statuses[max(0, len(statuses)-5):]
	return edit(body, func(value map[string]any) {
		if statuses != nil {
			value["statuses"] = statuses
		}
	})
}

func statusesOf(body []byte) (all []any) {
	edit(body, func(value map[string]any) { all, _ = value["statuses"].([]any) })
	return all
}

// merge puts several bodies into one: their entries, their changes in one entry, or their messages and statuses in one
// change where the number is the same.
func merge(level string, bodies [][]byte) []byte {
	if level == "entries" {
		if all, err := Batch(bodies...); err == nil {
			return all
		}
	}
	var entries []any
	for _, body := range bodies {
		root, ok := decodeObject(body)
		if !ok {
			continue
		}
		for _, entry := range objects(root["entry"]) {
			entries = mergeEntry(entries, entry, level == "messages")
		}
	}
	return encode(map[string]any{"object": "whatsapp_business_account", "entry": entries})
}

// mergeEntry adds the changes of an entry to that of the same account.
func mergeEntry(entries []any, entry map[string]any, inside bool) []any {
	for _, known := range objects(entries) {
		if known["id"] != entry["id"] {
			continue
		}
		changes, _ := known["changes"].([]any)
		for _, c := range objects(entry["changes"]) {
			if !inside || !mergeChange(changes, c) {
				changes = append(changes, c)
			}
		}
		known["changes"] = changes
		return entries
	}
	return append(entries, entry)
}

// mergeChange adds the lists of a change to those of the same field and number, if there are such.
func mergeChange(changes []any, c map[string]any) bool {
	value, _ := c["value"].(map[string]any)
	for _, known := range objects(changes) {
		into, _ := known["value"].(map[string]any)
		if into == nil || known["field"] != c["field"] || numberOf(into) != numberOf(value) {
			continue
		}
		for _, key := range []string{"contacts", "messages", "statuses"} {
			if more, ok := value[key].([]any); ok {
				old, _ := into[key].([]any)
				into[key] = append(old, more...)
			}
		}
		return true
	}
	return false
}

func numberOf(value map[string]any) string {
	metadata, _ := value["metadata"].(map[string]any)
	return text(metadata["phone_number_id"])
}
