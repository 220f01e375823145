package wacloud

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wacloud/wacloud/internal/wire"
)

// newAPIError reads whatever the answer holds. Nothing in it is required, and no field of another type than documented
// hides the rest.
func newAPIError(resp *http.Response, body []byte, token Secret) *APIError {
	e := &APIError{StatusCode: resp.StatusCode, Body: body}
	e.RetryAfter = retryAfter(resp.Header, time.Now())
	root, err := wire.Parse(body)
	if err != nil {
		return e
	}
	v := root.Get("error")
	e.Code = number(v.Get("code"))
	e.Subcode = number(v.Get("error_subcode"))
	e.Type = v.Get("type").Text()
	e.Message = strings.ReplaceAll(v.Get("message").Text(), token.Reveal(), redacted)
	e.TraceID = v.Get("fbtrace_id").Text()
	e.Transient = v.Get("is_transient").True()
	data := v.Get("error_data")
	if data.Kind() == wire.Object {
		data = data.Get("details")
	}
	e.Details = strings.ReplaceAll(data.Text(), token.Reveal(), redacted)
	return e
}

func number(v wire.Value) int {
	n, _ := v.Int()
	return int(n)
}

// maxRetryAfter caps what a server can make us believe.
const maxRetryAfter = 24 * time.Hour

// retryAfter is how long the server asks to wait: the longest of Retry-After and Meta's usage header, 0 for nothing.
func retryAfter(h http.Header, now time.Time) time.Duration {
	return max(parseRetryAfter(h.Get("Retry-After"), now), parseUsage(h.Get("X-Business-Use-Case-Usage")))
}

// parseRetryAfter reads seconds or an HTTP date, as RFC 9110 has them. It is never negative.
func parseRetryAfter(s string, now time.Time) time.Duration {
	s = strings.TrimSpace(s)
	if s == "" {
		return 0
	}
	if seconds, err := strconv.ParseFloat(s, 64); err == nil {
		return capSeconds(seconds)
	}
	if at, err := http.ParseTime(s); err == nil {
		return min(max(at.Sub(now), 0), maxRetryAfter)
	}
	return 0
}

// parseUsage reads the minutes after which a business account may call again, from
// {"<account>":[{"type":…,"estimated_time_to_regain_access":5}]} (Meta, Graph API rate limiting).
func parseUsage(s string) time.Duration {
	root, err := wire.Parse([]byte(s))
	if err != nil {
		return 0
	}
	var longest time.Duration
	for _, account := range root.Members {
		for _, usage := range account.Elements {
			minutes, _ := usage.Get("estimated_time_to_regain_access").Float()
			longest = max(longest, capSeconds(60*minutes))
		}
	}
	return longest
}

// capSeconds is a duration between 0 and maxRetryAfter, for any float.
func capSeconds(seconds float64) time.Duration {
	if !(seconds > 0) { // NaN too
		return 0
	}
	return time.Duration(min(seconds, maxRetryAfter.Seconds()) * float64(time.Second))
}
