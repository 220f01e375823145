package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wacloud/wacloud"
)

// decode reads a message as the library does and returns why it is refused. Warnings refuse nothing.
func decode(body []byte) (out *wacloud.Outgoing, problems, warnings []wacloud.Problem) {
	if p, ok := unsupported(body); ok {
		return nil, []wacloud.Problem{p}, nil
	}
	out, err := wacloud.DecodeMessage(body)
	if err != nil {
		if invalid, ok := errors.AsType[*wacloud.ValidationError](err); ok {
			return nil, invalid.Problems, nil
		}
		return nil, []wacloud.Problem{{Path: "$", Rule: "syntax", Got: "not a message"}}, nil
	}
	for _, p := range out.Check() {
		if p.Severity == wacloud.SeverityError {
			problems = append(problems, p)
		} else {
			warnings = append(warnings, p)
		}
	}
	return out, problems, warnings
}

// The types that Meta names (Meta, send messages, read 2026-03), those that the library does not model included.
var (
	messageTypes = []string{
		"text", "image", "video", "audio", "document", "sticker", "location", "contacts", "reaction", "interactive",
		"template", "pin",
	}
	interactiveTypes = []string{
		"button", "list", "cta_url", "carousel", "product", "product_list", "catalog_message", "flow",
		"location_request_message", "address_message", "voice_call", "call_permission_request", "request_contact_info",
		"order_details", "order_status",
	}
)

// Rules of the engine, beside those of the library.
const (
	ruleMessageType     = "message-type"
	ruleInteractiveType = "interactive-type"
	ruleSelf            = "sender-is-recipient"
)

// unsupported reports a type that nobody names: the library would keep it as Raw.
func unsupported(body []byte) (wacloud.Problem, bool) {
	var b struct {
		Type        any `json:"type"`
		Interactive struct {
			Type any `json:"type"`
		} `json:"interactive"`
	}
	_ = json.Unmarshal(body, &b) // what does not fit is reported by DecodeMessage
	kind, ok := b.Type.(string)
	if ok && kind != "" && !slices.Contains(messageTypes, kind) {
		return wacloud.Problem{Path: "type", Rule: ruleMessageType, Got: "not a type that Meta names"}, true
	}
	inner, ok := b.Interactive.Type.(string)
	if ok && inner != "" && kind == "interactive" && !slices.Contains(interactiveTypes, inner) {
		return wacloud.Problem{
			Path: "interactive.type", Rule: ruleInteractiveType, Got: "not a type that Meta names",
			Limit: "one of " + strings.Join(interactiveTypes, ", "),
		}, true
	}
	return wacloud.Problem{}, false
}

// codeFor is the code with which Meta refuses a broken rule: 131008 for what is missing, 100 for what does not fit the
// schema, 131009 for a value (Meta, error codes, read 2025-12).
func codeFor(p wacloud.Problem) int {
	switch p.Rule {
	case "required":
		return 131008
	case "syntax", "type", "unknown-field", "duplicate-key":
		return 100
	case ruleMessageType:
		return 131051
	case ruleSelf:
		return 131021
	}
	if p.Path == "messaging_product" {
		return 100
	}
	return 131009
}

// refuse turns the problems of a message into one refusal: the first decides on the code, all are named.
func refuse(problems []wacloud.Problem) refusal {
	var b strings.Builder
	for i, p := range problems {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(describe(p))
	}
	return refusal{Code: codeFor(problems[0]), Details: b.String()}
}

func describe(p wacloud.Problem) string {
	switch p.Rule {
	case "required":
		return p.Path + ": it is required"
	case "unknown-field":
		return p.Path + ": unknown field"
	}
	text := fmt.Sprintf("%s: %s", p.Path, p.Got)
	if p.Limit != "" {
		text += ", " + p.Limit
	}
	return text
}
