package graph

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"time"
)

// refusal is an error of the Graph API.
type refusal struct {
	Code       int
	Subcode    int
	Status     int // of HTTP, defaults to the code's
	Details    string
	RetryAfter time.Duration
}

// answer writes Meta's error envelope (Meta, error codes, read 2025-12).
func (r refusal) answer() answer {
	known := codeOf(r.Code)
	if r.Status == 0 {
		r.Status = known.status
	}
	if r.Details == "" {
		r.Details = detailsOf(r.Code)
	}
	type errorData struct {
		MessagingProduct string `json:"messaging_product"`
		Details          string `json:"details"`
	}
	type graphError struct {
		Message   string    `json:"message"`
		Type      string    `json:"type"`
		Code      int       `json:"code"`
		Subcode   int       `json:"error_subcode,omitempty"`
		ErrorData errorData `json:"error_data"`
		Transient bool      `json:"is_transient,omitempty"`
		TraceID   string    `json:"fbtrace_id"`
	}
	body, err := json.Marshal(map[string]graphError{"error": {
		Message: fmt.Sprintf("(#%d) %s", r.Code, known.title), Type: "OAuthException", Code: r.Code, Subcode: r.Subcode,
		ErrorData: errorData{"whatsapp", r.Details}, Transient: known.transient, TraceID: traceID(r),
	}})
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	return answer{status: r.Status, body: body, retryAfter: r.RetryAfter, code: r.Code, details: r.Details}
}

// traceID is the same for the same refusal, so that tests can compare answers.
func traceID(r refusal) string {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %d %s", r.Code, r.Status, r.Details)
	return fmt.Sprintf("A%015X", h.Sum64()>>4)
}

// Title is Meta's short text for a code.
func Title(code int) string { return codeOf(code).title }

// detailsOf is what Meta says in error_data of a code: its own words where a sample of them is known, else the title.
func detailsOf(code int) string {
	if code == 131047 {
		return "Message failed to send because more than 24 hours have passed since the customer last replied to this number."
	}
	return Title(code) + "."
}

type codeRow struct {
	status    int
	title     string
	transient bool
}

func codeOf(code int) codeRow {
	if row, ok := codes[code]; ok {
		return row
	}
	if code >= 200 && code <= 299 {
		return codeRow{http.StatusForbidden, "Permission is not granted", false}
	}
	return codeRow{http.StatusBadRequest, "Error", false}
}

// codes holds the HTTP status and the title of the codes that tests ask for (Meta, error codes, read 2025-12). Throttles
// print 400 on Meta's page, while gateways saw 429: the code decides, and we follow the page.
var codes = map[int]codeRow{
	0:      {401, "AuthException", false},
	1:      {400, "API unknown", false},
	2:      {503, "API service", true},
	3:      {500, "API method", false},
	4:      {400, "API too many calls", false},
	10:     {403, "Permission denied", false},
	33:     {400, "Parameter value is not valid", false},
	100:    {400, "Invalid parameter", false},
	190:    {401, "Access token has expired", false},
	368:    {403, "Temporarily blocked for policies violations", false},
	2500:   {400, "Unknown path components", false},
	80007:  {400, "Rate limit issues", false},
	130429: {400, "Rate limit hit", false},
	130472: {400, "User's number is part of an experiment", false},
	130497: {403, "Business account is restricted from messaging users in this country", false},
	131000: {500, "Something went wrong", false},
	131005: {403, "Access denied", false},
	131008: {400, "Required parameter is missing", false},
	131009: {400, "Parameter value is not valid", false},
	131016: {500, "Service unavailable", false},
	131021: {400, "Recipient cannot be sender", false},
	131026: {400, "Message undeliverable", false},
	131030: {400, "Recipient phone number not in allowed list", false},
	131031: {403, "Account has been locked", false},
	131037: {400, "Display name approval needed", false},
	131042: {400, "Business eligibility payment issue", false},
	131045: {500, "Incorrect certificate", false},
	131047: {400, "Re-engagement message", false},
	131048: {400, "Spam rate limit hit", false},
	131049: {400, "Meta chose not to deliver", false},
	131050: {400, "User stopped marketing messages", false},
	131051: {400, "Unsupported message type", false},
	131052: {400, "Media download error", false},
	131053: {400, "Media upload error", false},
	131055: {400, "Method not allowed", false},
	131056: {400, "Business account and consumer account pair rate limit hit", false},
	131057: {500, "Account in maintenance mode", false},
	131060: {400, "Message unavailable", false},
	131062: {400, "Business-scoped user ids are not supported for this message", false},
	132000: {400, "Template param count mismatch", false},
	132001: {404, "Template does not exist", false},
	132005: {400, "Template hydrated text too long", false},
	132007: {400, "Template format character policy violated", false},
	132008: {400, "Template parameter format", false},
	132012: {400, "Template parameter format mismatch", false},
	132015: {400, "Template is paused", false},
	132016: {400, "Template is disabled", false},
	132018: {400, "Template parameter problem", false},
	132068: {400, "Flow is blocked", false},
	132069: {400, "Flow is throttled", false},
	133000: {500, "Incomplete deregistration", false},
	133004: {503, "Server temporarily unavailable", false},
	133010: {400, "Phone number not registered", false},
	135000: {400, "Generic user error", false},
	137000: {400, "Identity key hash mismatch", false},
}
