package graph

import (
	"net/http"
	"time"
)

// The sides of a [FaultKind].
const (
	SideAPI     = "api"
	SideWebhook = "webhook"
)

// FaultKind is a fault that can be armed by its name.
type FaultKind struct {
	Kind       string
	Side       string
	What       string
	Parameters []string // the fields of [Fault] that may be changed, as the control API names them
	preset     Fault
}

// The webhook faults that the engine tells apart.
const (
	kindDuplicate         = "duplicate"
	kindDuplicateBody     = "duplicate-body"
	kindDuplicateParallel = "duplicate-parallel"
	kindReorder           = "reorder-"
	kindReorderTap        = "reorder-tap"
	kindReorderDelivered  = "reorder-delivered"
	kindReorderRead       = "reorder-read"
	kindBatch             = "batch"
	kindBatchNumbers      = "batch-numbers"
	kindBatchStatuses     = "batch-statuses"
	kindDrop              = "drop"
	kindDelay             = "delay"
	kindLate              = "late"
	kindBadSignature      = "bad-signature"
	kindNoSignature       = "no-signature"
	kindTruncated         = "truncated"
	kindHuge              = "huge"
	kindUnknownType       = "unknown-type"
	kindUnknownField      = "unknown-field"
	kindUserIDOnly        = "user-id-only"
	kindPhoneOnly         = "phone-only"
	kindUsername          = "username"
)

// FaultKinds returns every fault that can be armed by its name.
func FaultKinds() []FaultKind {
	on := []string{"on"}
	code := []string{"retry_after_s", "async", "call"}
	webhook := func(kind, what string, preset Fault, parameters ...string) FaultKind {
		preset.Kind = kind
		return FaultKind{kind, SideWebhook, what, append(parameters, on...), preset}
	}
	api := func(kind, what string, preset Fault, parameters ...string) FaultKind {
		preset.Kind = kind
		return FaultKind{kind, SideAPI, what, parameters, preset}
	}
	reorder := func(kind, what string) FaultKind {
		return FaultKind{kind, SideWebhook, what, nil, Fault{Kind: kind}}
	}
	return []FaultKind{
		webhook(kindDuplicate, "the same body twice", Fault{}),
		webhook(kindDuplicateBody, "the same message twice, in two bodies", Fault{}),
		webhook(kindDuplicateParallel, "the same body twice, at once", Fault{}),
		reorder(kindReorderTap, "what the user does next comes before the statuses of a message"),
		reorder(kindReorderDelivered, "delivered before sent"),
		reorder(kindReorderRead, "read before delivered"),
		webhook(kindBatch, "n webhooks in one POST", Fault{Count: 3, Level: "messages", Delay: 2 * time.Second}, "n", "level", "delay_ms"),
		webhook(kindBatchNumbers, "two numbers in one POST", Fault{}),
		webhook(kindBatchStatuses, "a message and statuses in one change", Fault{}),
		webhook(kindDrop, "never sent", Fault{}),
		webhook(kindDelay, "late", Fault{Delay: 3 * time.Second}, "delay_ms"),
		webhook(kindLate, "once more after the bot was restarted", Fault{}),
		webhook(kindBadSignature, "a wrong signature", Fault{}),
		webhook(kindNoSignature, "no signature", Fault{}),
		webhook(kindTruncated, "half of the body", Fault{}, "signed"),
		webhook(kindHuge, "10 MB", Fault{}),
		webhook(kindUnknownType, "a message type of the future comes first", Fault{}),
		webhook(kindUnknownField, "fields of the future are in it", Fault{}),
		webhook(kindUserIDOnly, "the user has a business-scoped id only", Fault{}),
		webhook(kindPhoneOnly, "the user has a phone number only", Fault{}),
		webhook(kindUsername, "the user has a username", Fault{}),

		api("throttled", "HTTP 429 with Retry-After", Fault{Code: 80007, Status: http.StatusTooManyRequests, RetryAfter: 2 * time.Second}, "retry_after_s", "call"),
		api("throughput", "130429: too many messages of the number", Fault{Code: 130429}, code...),
		api("pair", "131056: too many messages to the user", Fault{Code: 131056}, code...),
		api("window", "131047: the user has not written for 24 hours", Fault{Code: 131047}, code...),
		api("undeliverable", "131026: it cannot be delivered", Fault{Code: 131026}, code...),
		api("withheld", "131049: Meta chose not to deliver", Fault{Code: 131049}, code...),
		api("token-expired", "190 with subcode 463: the token has expired", Fault{
			Code: 190, Subcode: 463, Details: "Error validating access token: Session has expired.",
		}, "call"),
		api("code", "any code", Fault{Code: 131000}, "code", "status", "retry_after_s", "async", "call"),
		api("html", "500 with a page instead of JSON", Fault{HTML: true, Status: http.StatusInternalServerError}, "status", "call"),
		api("cut", "the connection is cut and nothing is done", Fault{Cut: true}, "call"),
		api("cut-after", "the message is accepted, then the connection is cut", Fault{CutAfter: true}, "call"),
		api("slow", "a slow answer", Fault{Delay: 5 * time.Second}, "delay_ms", "call"),
	}
}

// NewFault returns the fault of a kind, with its usual parameters.
func NewFault(kind string) (Fault, FaultKind, bool) {
	for _, k := range FaultKinds() {
		if k.Kind == kind {
			return k.preset, k, true
		}
	}
	return Fault{}, FaultKind{}, false
}

// sideOf is [SideAPI] for what has no name.
func sideOf(kind string) string {
	if _, k, ok := NewFault(kind); ok {
		return k.Side
	}
	return SideAPI
}
