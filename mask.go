package wacloud

import (
	"regexp"
	"strings"
)

// maxErrorText is the length up to which a text of the API is repeated in an error, in bytes.
const maxErrorText = 400

// sensitive matches what may be a token or a message id (20 letters and digits in a row), a user id ("BR.…") or a phone
// number (7 digits, however they are grouped). Graph repeats bad tokens, ids and numbers in its messages.
var sensitive = regexp.MustCompile(`[A-Za-z0-9]{20,}|\b[A-Z]{2}\.[A-Za-z0-9]{6,}|\+?\d(?:[ .()/-]{0,2}\d){6,}`)

// maskText makes a text that came from outside fit for an error or a log line.
func maskText(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(clip(s, maxErrorText), ""))
	return sensitive.ReplaceAllString(s, "…")
}

// clip is at most the first n bytes of s.
func clip(s string, n int) string { return s[:min(n, len(s))] }
