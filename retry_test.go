package wacloud_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// step is one answer of a scripted transport: a status, a body and headers, or an error.
type step struct {
	status int
	body   string
	header http.Header
	err    error
	delay  time.Duration
}

// script plays one step per request, the last one again and again, and notes when each came.
type script struct {
	steps []step
	at    []time.Duration // since the first request
	start time.Time
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.at == nil {
		s.start = time.Now()
	}
	st := s.steps[min(len(s.at), len(s.steps)-1)]
	s.at = append(s.at, time.Since(s.start))
	if st.err == nil || st.delay > 0 {
		_, _ = io.ReadAll(r.Body)
	}
	select {
	case <-time.After(st.delay):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if st.err != nil {
		return nil, st.err
	}
	if st.header == nil {
		st.header = http.Header{}
	}
	return &http.Response{StatusCode: st.status, Header: st.header, Body: io.NopCloser(strings.NewReader(st.body)), ContentLength: -1, Request: r}, nil
}

func graphCode(code string) string { return `{"error":{"type":"OAuthException","code":` + code + `}}` }

func scriptClient(t *testing.T, s *script, p wacloud.RetryPolicy, timeout time.Duration) *wacloud.Client {
	t.Helper()
	c, err := wacloud.NewClient(testNumberID, wacloud.NewSecret(canaryToken), wacloud.WithRetry(p),
		wacloud.WithHTTPClient(&http.Client{Transport: s, Timeout: timeout}))
	require.NoError(t, err)
	return c
}

var (
	accepted = step{status: 200, body: acceptedAnswer}
	refused  = step{err: errBroken} // the body is not read
)

func TestRetries(t *testing.T) {
	t.Parallel()
	retryAfter := func(status int, s string) step {
		return step{status: status, header: http.Header{"Retry-After": {s}}}
	}
	tests := []struct {
		name   string
		policy wacloud.RetryPolicy
		steps  []step
		at     []time.Duration // exact where the pause is not random
		n      int             // requests, where it is
		err    error           // nil for success
	}{
		{name: "accepted at once", steps: []step{accepted}, n: 1},
		{name: "unreached twice", steps: []step{refused, refused, accepted}, n: 3},
		{name: "unreached for ever", steps: []step{refused}, n: 4, err: wacloud.ErrUnavailable},
		{name: "no retry", policy: wacloud.RetryPolicy{MaxAttempts: 1}, steps: []step{refused, accepted}, n: 1, err: wacloud.ErrUnavailable},
		{name: "seven attempts", policy: wacloud.RetryPolicy{MaxAttempts: 7}, steps: []step{refused}, n: 7, err: wacloud.ErrUnavailable},
		{name: "throughput", steps: []step{{status: 400, body: graphCode("130429")}, accepted}, n: 2},
		{name: "app limit", steps: []step{{status: 400, body: graphCode("4")}, accepted}, n: 2},
		{name: "account limit", steps: []step{{status: 400, body: graphCode("80007")}, accepted}, n: 2},
		{name: "custom limit", steps: []step{{status: 400, body: graphCode("613")}, accepted}, n: 2},
		{name: "429 of a gateway", steps: []step{{status: 429, body: "slow down"}, accepted}, n: 2},
		{name: "maintenance", steps: []step{{status: 500, body: graphCode("131057")}, accepted}, n: 2},
		{name: "overloaded", steps: []step{{status: 503, body: graphCode("2")}, {status: 500, body: graphCode("131016")}, {status: 503, body: graphCode("133004")}, accepted}, n: 4},
		{name: "transient 503", steps: []step{{status: 503, body: `{"error":{"code":131000,"is_transient":true}}`}, accepted}, n: 2},
		{name: "transient 500", steps: []step{{status: 500, body: `{"error":{"code":131000,"is_transient":true}}`}, accepted}, n: 1, err: wacloud.ErrUnavailable},
		{name: "something went wrong", steps: []step{{status: 500, body: graphCode("131000")}, accepted}, n: 1, err: wacloud.ErrUnavailable},
		{name: "502", steps: []step{{status: 502, body: "<html>"}, accepted}, n: 1, err: wacloud.ErrUnavailable},
		{name: "502, unclear is repeated", policy: wacloud.RetryPolicy{RetryUnclear: true}, steps: []step{{status: 502, body: "<html>"}, accepted}, n: 2},
		{name: "permission, with a 500", steps: []step{{status: 500, body: graphCode("3")}, accepted}, n: 1, err: wacloud.ErrAuth},
		{name: "token", steps: []step{{status: 401, body: graphCode("190")}, accepted}, n: 1, err: wacloud.ErrAuth},
		{name: "spam limit", steps: []step{{status: 400, body: graphCode("131048")}, accepted}, n: 1, err: wacloud.ErrBlocked},
		{name: "window", steps: []step{{status: 400, body: graphCode("131047")}, accepted}, n: 1, err: wacloud.ErrWindowClosed},

		{
			name: "one recipient's limit", policy: wacloud.RetryPolicy{MaxAttempts: 9}, steps: []step{{status: 400, body: graphCode("131056")}},
			at: []time.Duration{0, time.Second, 5 * time.Second, 21 * time.Second}, err: wacloud.ErrRateLimited,
		}, // 64 s is over MaxDelay
		{
			name: "one recipient's limit, Meta asks for more", steps: []step{{status: 400, body: graphCode("131056"), header: http.Header{"Retry-After": {"9"}}}, accepted},
			at: []time.Duration{0, 9 * time.Second},
		},
		{name: "Retry-After", steps: []step{retryAfter(429, "7"), accepted}, at: []time.Duration{0, 7 * time.Second}},
		{name: "Retry-After as a date", steps: []step{retryAfter(429, "Sat, 01 Jan 2000 00:00:20 GMT"), accepted}, at: []time.Duration{0, 20 * time.Second}},
		{name: "Retry-After at MaxDelay", steps: []step{retryAfter(429, "30"), accepted}, at: []time.Duration{0, 30 * time.Second}},
		{name: "Retry-After beyond MaxDelay", steps: []step{retryAfter(429, "31"), accepted}, at: []time.Duration{0}, err: wacloud.ErrRateLimited},
		{
			name: "usage header", steps: []step{{
				status: 400, body: graphCode("80007"),
				header: http.Header{"X-Business-Use-Case-Usage": {`{"1":[{"type":"whatsapp","estimated_time_to_regain_access":0.1}]}`}},
			}, accepted},
			at: []time.Duration{0, 6 * time.Second},
		},
		{
			name: "usage header of minutes", steps: []step{{
				status: 400, body: graphCode("80007"),
				header: http.Header{"X-Business-Use-Case-Usage": {`{"1":[{"type":"whatsapp","estimated_time_to_regain_access":5}]}`}},
			}, accepted},
			at: []time.Duration{0}, err: wacloud.ErrRateLimited,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{steps: tt.steps}
				sent, err := sendCanary(t.Context(), scriptClient(t, s, tt.policy, 0))
				if tt.err == nil {
					require.NoError(t, err)
					require.Equal(t, len(s.at), sent.Attempts)
				} else {
					require.ErrorIs(t, err, tt.err)
				}
				if tt.at != nil {
					require.Equal(t, tt.at, s.at)
				} else {
					require.Len(t, s.at, tt.n)
				}
			})
		})
	}
}

// Full jitter: a pause is anything from 0 to a bound that doubles, and stays at MaxDelay.
func TestBackoffIsBoundedAndRandom(t *testing.T) {
	t.Parallel()
	bounds := []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second, 5 * time.Second}
	longest := make([]time.Duration, len(bounds))
	synctest.Test(t, func(t *testing.T) {
		for range 200 {
			s := &script{steps: []step{refused}}
			_, err := sendCanary(t.Context(), scriptClient(t, s, wacloud.RetryPolicy{MaxAttempts: 7, MaxDelay: 5 * time.Second}, 0))
			require.Error(t, err)
			require.Len(t, s.at, 7)
			for i := range bounds {
				longest[i] = max(longest[i], s.at[i+1]-s.at[i])
			}
		}
	})
	for i, bound := range bounds {
		require.LessOrEqual(t, longest[i], bound)
		require.Greater(t, longest[i], bound*4/5)
	}
}

// The time of one attempt must not cut the pause before the next.
func TestRetryAfterLongerThanAnAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{steps: []step{{status: 429, header: http.Header{"Retry-After": {"20"}}}, accepted}}
		sent, err := sendCanary(t.Context(), scriptClient(t, s, wacloud.RetryPolicy{}, 2*time.Second))
		require.NoError(t, err)
		require.Equal(t, 2, sent.Attempts)
		require.Equal(t, []time.Duration{0, 20 * time.Second}, s.at)
	})
}

func TestDefaultTimeoutIsPerAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{steps: []step{{delay: time.Hour, err: errBroken}}}
		start := time.Now()
		sent, err := sendCanary(t.Context(), scriptClient(t, s, wacloud.RetryPolicy{}, 0))
		requireAmbiguous(t, sent, err)
		require.Equal(t, 30*time.Second, time.Since(start))
		require.ErrorContains(t, err, "timed out after 30s")
	})
}

func TestPauseEndsWithTheCallersContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, cancel)
		s := &script{steps: []step{{status: 429, header: http.Header{"Retry-After": {"20"}}}}}
		start := time.Now()
		_, err := sendCanary(ctx, scriptClient(t, s, wacloud.RetryPolicy{}, 0))
		require.Equal(t, 3*time.Second, time.Since(start))
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, wacloud.ErrRateLimited) // the last answer is not lost
		require.True(t, wacloud.SafeToRetry(err))
		require.Len(t, s.at, 1)
	})
}

func TestPauseBeyondTheDeadlineIsNotBegun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		s := &script{steps: []step{{status: 429, header: http.Header{"Retry-After": {"11"}}}}}
		start := time.Now()
		_, err := sendCanary(ctx, scriptClient(t, s, wacloud.RetryPolicy{}, 0))
		require.Zero(t, time.Since(start))
		require.ErrorIs(t, err, wacloud.ErrRateLimited)
	})
}

// Once an attempt was unclear, no later answer makes the message certainly not sent.
func TestUnclearStaysUnclear(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{steps: []step{{status: 502}, {status: 400, body: graphCode("131047")}}}
		sent, err := sendCanary(t.Context(), scriptClient(t, s, wacloud.RetryPolicy{RetryUnclear: true}, 0))
		requireAmbiguous(t, sent, err)
		require.ErrorIs(t, err, wacloud.ErrWindowClosed)
		require.Len(t, s.at, 2)
	})
}

// Each try has its own request and the whole body.
func TestEachTryHasTheWholeBody(t *testing.T) {
	t.Parallel()
	srv := newGraphStub(t, func(n int, w http.ResponseWriter, _ *http.Request) {
		if n < 4 {
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		_, _ = io.WriteString(w, acceptedAnswer)
	})
	sent, err := sendCanary(t.Context(), newStubClient(t, srv.URL))
	require.NoError(t, err)
	require.Equal(t, 4, sent.Attempts)
	for _, r := range srv.seen() {
		require.Contains(t, r.Body, canaryText)
		require.Equal(t, srv.seen()[0].Body, r.Body)
	}
}

// Idempotent calls are repeated after unclear faults too, and refusals are not.
func TestIdempotentCallsAreRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{steps: []step{{status: 500, body: graphCode("131000")}, {delay: time.Minute, err: errBroken}, {status: 200, body: `{"success":true}`}}}
		require.NoError(t, scriptClient(t, s, wacloud.RetryPolicy{}, time.Second).MarkRead(t.Context(), "wamid.1"))
		require.Len(t, s.at, 3)

		s = &script{steps: []step{{status: 400, body: graphCode("131009")}}}
		require.ErrorIs(t, scriptClient(t, s, wacloud.RetryPolicy{}, 0).MarkRead(t.Context(), "wamid.1"), wacloud.ErrInvalid)
		require.Len(t, s.at, 1)

		s = &script{steps: []step{{status: 502}}}
		err := scriptClient(t, s, wacloud.RetryPolicy{}, 0).MarkRead(t.Context(), "wamid.1")
		require.ErrorIs(t, err, wacloud.ErrUnavailable)
		_, ambiguous := errors.AsType[*wacloud.AmbiguousSendError](err)
		require.False(t, ambiguous)
		require.Len(t, s.at, 4)
	})
}
