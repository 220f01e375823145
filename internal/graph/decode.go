package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/wacloud/wacloud"
)

// decode reads a message as the library does and returns why it is refused. Warnings refuse nothing.
func decode(body []byte) (out *wacloud.Outgoing, problems, warnings []wacloud.Problem) {
	out, err := wacloud.DecodeMessage(body)
	if err != nil {
		if kind := typeOf(body); kind != "" && !isKnown(kind) {
			return nil, []wacloud.Problem{unknownType(wacloud.Raw{Type: kind})}, nil
		}
		if invalid, ok := errors.AsType[*wacloud.ValidationError](err); ok {
			return nil, invalid.Problems, nil
		}
		return nil, []wacloud.Problem{{Path: "$", Rule: "syntax", Got: "not a message"}}, nil
	}
	if raw, ok := out.Message.(wacloud.Raw); ok {
		return nil, []wacloud.Problem{unknownType(raw)}, nil
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

// Rules of the engine, beside those of the library.
const (
	ruleMessageType     = "message-type"
	ruleInteractiveType = "interactive-type"
	ruleSelf            = "sender-is-recipient"
)

// unknownType is the problem of a type that no page of Meta's names. The library sends it, for who knows better; here it is
// refused as by Meta, because it is a slip more often than news.
func unknownType(raw wacloud.Raw) wacloud.Problem {
	p := wacloud.Problem{Path: "type", Rule: ruleMessageType, Got: "not a type that Meta names", Limit: "the kinds that Check knows"}
	if raw.Type == "interactive" {
		p.Path, p.Rule = "interactive.type", ruleInteractiveType
	}
	return p
}

func typeOf(body []byte) string {
	var b struct {
		Type any `json:"type"`
	}
	_ = json.Unmarshal(body, &b) // what does not fit is reported by DecodeMessage
	kind, _ := b.Type.(string)
	return kind
}

// isKnown reports whether the library knows a type: an empty message of one that it does not know is a Raw.
func isKnown(kind string) bool {
	name, err := json.Marshal(kind)
	if err != nil {
		return false
	}
	out, err := wacloud.DecodeMessage(fmt.Appendf(nil, `{"messaging_product":"whatsapp","to":"1","type":%s,%[1]s:{}}`, name))
	if err != nil {
		return true
	}
	raw, ok := out.Message.(wacloud.Raw)
	return !ok || raw.Type == "interactive"
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
