package wacloud_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// formats is v as the verbs and the loggers print it.
func formats(v any) []string {
	var b strings.Builder
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "v", v)
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "v", v)
	return append([]string{b.String()}, fmt.Sprintf("%v", v), fmt.Sprintf("%+v", v), fmt.Sprintf("%#v", v))
}

var allSentinels = map[string]error{
	"auth": wacloud.ErrAuth, "limited": wacloud.ErrRateLimited, "window": wacloud.ErrWindowClosed,
	"undeliverable": wacloud.ErrUndeliverable, "invalid": wacloud.ErrInvalid, "template": wacloud.ErrTemplate,
	"blocked": wacloud.ErrBlocked, "unavailable": wacloud.ErrUnavailable,
}

// Written by hand from Meta's pages: code, sentinel, and whether a send with this answer is repeated ("safe"), may not
// be ("-"), or leaves open what happened ("unclear").
const codeSheet = `
0 auth -
1 unavailable unclear
2 unavailable safe
3 auth -
4 limited safe
10 auth -
33 invalid -
100 invalid -
190 auth -
200 auth -
201 auth -
250 auth -
299 auth -
368 blocked -
613 limited safe
1026 undeliverable -
2040 invalid -
2046 invalid -
2047 invalid -
80007 limited safe
130429 limited safe
130472 undeliverable -
130497 blocked -
130501 invalid -
131000 unavailable unclear
131005 auth -
131008 invalid -
131009 invalid -
131016 unavailable safe
131020 invalid -
131021 invalid -
131026 undeliverable -
131030 invalid -
131031 blocked -
131036 undeliverable -
131037 blocked -
131041 invalid -
131042 blocked -
131044 invalid -
131045 blocked -
131047 window -
131048 blocked -
131049 blocked -
131050 blocked -
131051 invalid -
131052 invalid -
131053 invalid -
131055 invalid -
131056 limited safe
131057 unavailable safe
131059 invalid -
131060 undeliverable -
131062 invalid -
131063 blocked -
131064 limited -
131201 invalid -
131202 invalid -
131203 invalid -
131204 invalid -
131205 invalid -
131206 invalid -
131207 invalid -
131208 invalid -
131209 invalid -
131210 invalid -
131211 invalid -
131212 invalid -
131213 invalid -
131214 invalid -
131215 invalid -
132000 template -
132001 template -
132005 template -
132007 template -
132008 template -
132012 template -
132015 template -
132016 template -
132018 template -
132068 invalid -
132069 invalid -
133000 blocked -
133004 unavailable safe
133005 blocked -
133006 blocked -
133008 blocked -
133009 blocked -
133010 blocked -
133015 blocked -
133016 limited -
134011 invalid -
134100 template -
134101 template -
134102 template -
135000 invalid -
137000 invalid -
138000 invalid -
138009 invalid -
138018 invalid -
139000 invalid -
139004 invalid -
139100 invalid -
139103 invalid -
139200 blocked -
147001 invalid -
147005 invalid -
200005 template -
200007 template -
1752041 blocked -
2388001 template -
2388019 template -
2388999 template -
2494100 blocked -
2593079 blocked -
2593085 blocked -
2593107 blocked -
2593108 blocked -
`

func TestCodes(t *testing.T) {
	t.Parallel()
	for line := range strings.SplitSeq(strings.TrimSpace(codeSheet), "\n") {
		var code int
		var sentinel, rule string
		_, err := fmt.Sscan(line, &code, &sentinel, &rule)
		require.NoError(t, err, line)
		for _, status := range []int{400, 403, 429, 500, 503} { // the status is a hint at most
			apiErr := &wacloud.APIError{StatusCode: status, Code: code, Type: "OAuthException"}
			require.Equal(t, sentinel, matching(apiErr), "%s, status %d", line, status)
			require.Equal(t, rule == "safe" || status == 429 && rule == "unclear", wacloud.SafeToRetry(apiErr), "%s, status %d", line, status)
		}
		require.Equal(t, sentinel, matching(fmt.Errorf("wrapped: %w", wacloud.EventError{Code: code})), line)
	}
}

// matching names the sentinels that err is.
func matching(err error) string {
	var names []string
	for name, sentinel := range allSentinels {
		if errors.Is(err, sentinel) {
			names = append(names, name)
		}
	}
	return strings.Join(names, " and ")
}

// Around each range there are codes that are not Meta's.
func TestCodesOutsideTheTable(t *testing.T) {
	t.Parallel()
	for _, code := range []int{-1, 5, 9, 11, 199, 300, 131001, 131007, 131010, 131200, 131216, 137999, 138019, 139005, 139099, 139104, 147000, 147006, 2387999, 2389000, 99999999} {
		require.Equal(t, "invalid", matching(&wacloud.APIError{StatusCode: 400, Code: code, Type: "x"}), code)
		require.Equal(t, "unavailable", matching(&wacloud.APIError{StatusCode: 500, Code: code, Type: "x"}), code)
		require.Empty(t, matching(wacloud.EventError{Code: code}), code)
	}
}

func TestStatusDecidesWithoutACode(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err  wacloud.APIError
		is   string
		safe bool
	}{
		{err: wacloud.APIError{StatusCode: 400}, is: "invalid"},
		{err: wacloud.APIError{StatusCode: 401}, is: "auth"},
		{err: wacloud.APIError{StatusCode: 404}, is: "invalid"},
		{err: wacloud.APIError{StatusCode: 429}, is: "limited", safe: true},
		{err: wacloud.APIError{StatusCode: 500}, is: "unavailable"},
		{err: wacloud.APIError{StatusCode: 502}, is: "unavailable"},
		{err: wacloud.APIError{StatusCode: 503}, is: "unavailable"},
		{err: wacloud.APIError{StatusCode: 302}},
		{err: wacloud.APIError{StatusCode: 200}},
		// Meta's word that it passes counts on a 4xx and a 503, not on a 500, and never against the code.
		{err: wacloud.APIError{StatusCode: 400, Code: 1, Transient: true}, is: "unavailable", safe: true},
		{err: wacloud.APIError{StatusCode: 400, Code: 777, Transient: true}, is: "unavailable", safe: true},
		{err: wacloud.APIError{StatusCode: 503, Code: 131000, Transient: true}, is: "unavailable", safe: true},
		{err: wacloud.APIError{StatusCode: 500, Code: 131000, Transient: true}, is: "unavailable"},
		{err: wacloud.APIError{StatusCode: 500, Code: 777, Transient: true}, is: "unavailable"},
		{err: wacloud.APIError{StatusCode: 503, Code: 131009, Transient: true}, is: "invalid"},
		{err: wacloud.APIError{StatusCode: 500, Code: 3}, is: "auth"},
	}
	for _, tt := range tests {
		require.Equal(t, tt.is, matching(&tt.err), "%d %d", tt.err.StatusCode, tt.err.Code)
		require.Equal(t, tt.safe, wacloud.SafeToRetry(&tt.err), "%d %d", tt.err.StatusCode, tt.err.Code)
	}
	require.False(t, wacloud.SafeToRetry(nil))
	require.False(t, wacloud.SafeToRetry(errors.New("x")))
}

func TestEveryAnswerThatIsNoSuccessIsAnAPIError(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 70<<10)
	tests := []struct {
		name   string
		status int
		body   string
		header map[string]string
		want   wacloud.APIError
		text   string
	}{
		{
			name: "Graph's envelope", status: 400,
			body: `{"error":{"message":"(#131009) Parameter value is not valid","type":"OAuthException","code":131009,` +
				`"error_subcode":2494010,"error_data":{"messaging_product":"whatsapp","details":"Button title length invalid"},` +
				`"is_transient":false,"error_user_title":"t","fbtrace_id":"AbC-dEf_12"}}`,
			want: wacloud.APIError{
				Code: 131009, Subcode: 2494010, Type: "OAuthException",
				Message: "(#131009) Parameter value is not valid", Details: "Button title length invalid", TraceID: "AbC-dEf_12",
			},
			text: "wacloud: api: invalid request: (#131009) Parameter value is not valid: Button title length invalid " +
				"(code 131009, http 400, fbtrace_id AbC-dEf_12)",
		},
		{
			name: "error_data is a string", status: 400,
			body: `{"error":{"code":100,"error_data":"plain","is_transient":"true"}}`,
			want: wacloud.APIError{Code: 100, Details: "plain", Transient: true},
			text: "wacloud: api: invalid request: bad request: plain (code 100, http 400)",
		},
		{
			name: "code is a string, message a number", status: 401,
			body: `{"error":{"code":"190","message":7,"new":[{}]}}`,
			want: wacloud.APIError{Code: 190, Message: "7"},
			text: "wacloud: api: credentials refused: 7 (code 190, http 401)",
		},
		{
			name: "error is a string", status: 400, body: `{"error":"nope"}`,
			text: "wacloud: api: invalid request: bad request (code 0, http 400)",
		},
		{
			name: "a proxy's page", status: 502, body: "<html><h1>502 Bad Gateway</h1></html>",
			text: "wacloud: api: service unavailable: bad gateway (code 0, http 502)",
		},
		{
			name: "nothing", status: 500, body: "",
			text: "wacloud: api: service unavailable: internal server error (code 0, http 500)",
		},
		{
			name: "long", status: 400, body: long, want: wacloud.APIError{Body: []byte(long[:64<<10])},
			text: "wacloud: api: invalid request: bad request (code 0, http 400)",
		},
		{
			name: "throttled", status: 429, body: "", header: map[string]string{"Retry-After": "7200"},
			want: wacloud.APIError{RetryAfter: 7200e9},
			text: "wacloud: api: rate limited: too many requests (code 0, http 429, retry after 2h0m0s)",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := newGraphStub(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
				for k, v := range tt.header {
					w.Header().Set(k, v)
				}
				answerWith(tt.status, tt.body)(0, w, nil)
			})
			_, err := sendCanary(t.Context(), newStubClient(t, srv.URL))
			got, ok := errors.AsType[*wacloud.APIError](err)
			require.True(t, ok, "%T", err)
			tt.want.StatusCode = tt.status
			if tt.want.Body == nil {
				tt.want.Body = []byte(tt.body)
			}
			if diff := cmp.Diff(&tt.want, got); diff != "" {
				t.Errorf("APIError (-want +got):\n%s", diff)
			}
			require.Equal(t, tt.text, got.Error())
			requireSilent(t, err)
		})
	}
}

// Graph repeats tokens and numbers in its messages. The error must not pass them on.
func TestErrorTextsKeepSecrets(t *testing.T) {
	t.Parallel()
	for _, message := range []string{
		"Malformed access token " + canaryToken,
		"Error validating " + canaryToken[:22],
		"Recipient +" + canaryPhone + " is not valid",
		"Recipient +55 (11) 98765-4321 is not valid",
		canaryPhone,
		"x" + canaryPhone + "y",
	} {
		body := fmt.Sprintf(`{"error":{"code":190,"message":%q,"error_data":{"details":%q},"fbtrace_id":"A"}}`, message, "see: "+message)
		srv := newGraphStub(t, answerWith(401, body))
		_, err := sendCanary(t.Context(), newStubClient(t, srv.URL))
		requireSilent(t, err)
		require.NotContains(t, err.Error(), canaryToken[:22])
		require.Contains(t, err.Error(), "code 190")
	}
}

// A token too short to look like one is still the token.
func TestErrorTextsKeepShortTokens(t *testing.T) {
	t.Parallel()
	srv := newGraphStub(t, answerWith(401, `{"error":{"code":190,"message":"bad s3cr3t","error_data":"s3cr3t too"}}`))
	c, err := wacloud.NewClient(testNumberID, wacloud.NewSecret("s3cr3t"), wacloud.WithBaseURL(srv.URL))
	require.NoError(t, err)
	_, err = sendCanary(t.Context(), c)
	require.EqualError(t, err, "wacloud: api: credentials refused: bad [redacted]: [redacted] too (code 190, http 401)")
}

func TestErrorTextIsOneLine(t *testing.T) {
	t.Parallel()
	e := &wacloud.APIError{StatusCode: 400, Message: "a\n{\"level\":\"ERROR\"}\x00" + strings.Repeat("é ", 1000), TraceID: "x\ny\"" + strings.Repeat("z", 200)}
	require.NotContains(t, e.Error(), "\n")
	require.NotContains(t, e.Error(), "\x00")
	require.Less(t, len(e.Error()), 700)
}
