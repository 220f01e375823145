package wacloud

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for s, want := range map[string]time.Duration{
		"": 0, "0": 0, "5": 5 * time.Second, " 5 ": 5 * time.Second, "1.5": 1500 * time.Millisecond,
		"-5": 0, "NaN": 0, "Inf": 24 * time.Hour, "-Inf": 0, "1e300": 24 * time.Hour, "99999999999999999999": 24 * time.Hour, "86401": 24 * time.Hour,
		"Sun, 01 Mar 2026 12:00:30 GMT":  30 * time.Second,
		"Sun, 01 Mar 2026 11:00:00 GMT":  0,
		"Sunday, 01-Mar-26 12:01:00 GMT": time.Minute,
		"Sun Mar  1 12:02:00 2026":       2 * time.Minute,
		"Tue, 01 Mar 2196 11:00:00 GMT":  24 * time.Hour,
		"soon":                           0, "5s": 0, "5, 6": 0,
	} {
		require.Equal(t, want, parseRetryAfter(s, now), "%q", s)
	}
}

func TestUsageHeader(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]time.Duration{
		"":   0,
		"{}": 0,
		`{"1":[{"type":"whatsapp","call_count":100,"estimated_time_to_regain_access":5}]}`:                                                5 * time.Minute,
		`{"1":[{"estimated_time_to_regain_access":2},{"estimated_time_to_regain_access":9}],"2":[{"estimated_time_to_regain_access":7}]}`: 9 * time.Minute,
		`{"1":[{"estimated_time_to_regain_access":"3"}]}`:                                                                                 3 * time.Minute,
		`{"1":[{"estimated_time_to_regain_access":-3}]}`:                                                                                  0,
		`{"1":[{"estimated_time_to_regain_access":1e99}]}`:                                                                                24 * time.Hour,
		`{"1":[{"estimated_time_to_regain_access":null}]}`:                                                                                0,
		`{"1":{"estimated_time_to_regain_access":3}}`:                                                                                     0,
		`[1]`:  0,
		`{"1"`: 0,
	} {
		require.Equal(t, want, parseUsage(s), s)
	}
	h := http.Header{"Retry-After": {"60"}, "X-Business-Use-Case-Usage": {`{"1":[{"estimated_time_to_regain_access":3}]}`}}
	require.Equal(t, 3*time.Minute, retryAfter(h, time.Now()))
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"5", "-1", "1e9", "Sun, 01 Mar 2026 12:00:30 GMT", "NaN", `{"1":[{"estimated_time_to_regain_access":5}]}`} {
		f.Add(s)
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		for _, d := range []time.Duration{parseRetryAfter(s, now), parseUsage(s)} {
			if d < 0 || d > maxRetryAfter {
				t.Errorf("%q: %v", s, d)
			}
		}
	})
}

func TestCodeTableIsSorted(t *testing.T) {
	t.Parallel()
	for i, row := range codeTable {
		require.LessOrEqual(t, row.first, row.last)
		if i > 0 {
			require.Less(t, codeTable[i-1].last, row.first)
		}
	}
}

func TestMaskText(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"":                                  "",
		"(#131047) Re-engagement message":   "(#131047) Re-engagement message",
		"to +55 11 98765-4321 failed":       "to … failed",
		"to (55)11987654321":                "to (…",
		"5511987654321":                     "…",
		"token EAAGm0PX4ZCpsBAKZ1234567890": "token …",
		"biz_opaque_callback_data too long": "biz_opaque_callback_data too long",
		"a\nb\tc\x00d\x7f":                  "a b c d ",
		"bad \xff utf":                      "bad  utf",
		"6 digits 123456":                   "6 digits 123456",
	} {
		require.Equal(t, want, maskText(s))
	}
}
