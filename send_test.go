package wacloud_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

const (
	canaryToken  = "EAAGcanaryTOKEN0123456789abcdef"
	canarySecret = "canarysecret9f8e7d6c5b4a39281706"
	canaryPhone  = "5511987654321"
	canaryText   = "um segredo entre nós"
	testNumberID = "106540352242922"

	acceptedAnswer = `{"messaging_product":"whatsapp","contacts":[{"input":"+5511987654321","wa_id":"551187654321"}],` +
		`"messages":[{"id":"wamid.HBgNNTUxMQ=="}]}`
)

// graphStub is a Graph API that answers with what the test says and keeps what it was asked.
type graphStub struct {
	*httptest.Server
	mu       sync.Mutex
	requests []stubRequest
}

type stubRequest struct {
	Method, Path, Query, Body string
	Header                    http.Header
}

// newGraphStub calls answer with the number of the request, from 1.
func newGraphStub(t testing.TB, answer func(n int, w http.ResponseWriter, r *http.Request)) *graphStub {
	t.Helper()
	s := &graphStub{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.requests = append(s.requests, stubRequest{r.Method, r.URL.Path, r.URL.RawQuery, string(body), r.Header.Clone()})
		n := len(s.requests)
		s.mu.Unlock()
		answer(n, w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *graphStub) seen() []stubRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]stubRequest(nil), s.requests...)
}

// newStubClient is a client of url that waits a millisecond between attempts.
func newStubClient(t testing.TB, url string, opts ...wacloud.Option) *wacloud.Client {
	t.Helper()
	c, err := wacloud.NewClient(testNumberID, wacloud.NewSecret(canaryToken), append([]wacloud.Option{
		wacloud.WithBaseURL(url),
		wacloud.WithRetry(wacloud.RetryPolicy{MinDelay: time.Millisecond, MaxDelay: 10 * time.Millisecond}),
	}, opts...)...)
	require.NoError(t, err)
	return c
}

func answerWith(status int, body string) func(int, http.ResponseWriter, *http.Request) {
	return func(_ int, w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func sendCanary(ctx context.Context, c *wacloud.Client, opts ...wacloud.SendOption) (*wacloud.Sent, error) {
	return c.Send(ctx, wacloud.Phone("+55 11 98765-4321"), wacloud.NewText(canaryText), opts...)
}

// requireSilent fails when an error tells a secret, a number or a text.
func requireSilent(t testing.TB, err error) {
	t.Helper()
	require.Error(t, err)
	texts := []string{err.Error()}
	if apiErr, ok := errors.AsType[*wacloud.APIError](err); ok {
		texts = append(texts, strings.Join(formats(apiErr), "\n"))
	}
	for _, text := range append(texts, formats(err)...) {
		for _, secret := range []string{canaryToken, canarySecret, canaryPhone, canaryText, "98765-4321"} {
			require.NotContains(t, text, secret)
		}
	}
}

func TestSendPostsTheMessage(t *testing.T) {
	t.Parallel()
	srv := newGraphStub(t, answerWith(http.StatusOK, acceptedAnswer))
	sent, err := sendCanary(t.Context(), newStubClient(t, srv.URL), wacloud.ReplyTo("wamid.IN"), wacloud.CallbackData("order-7"))
	require.NoError(t, err)
	want := &wacloud.Sent{
		MessageID: "wamid.HBgNNTUxMQ==",
		WaID:      "551187654321", // Meta dropped the ninth digit
		Message:   wacloud.NewText(canaryText),
		Attempts:  1,
	}
	if diff := cmp.Diff(want, sent); diff != "" {
		t.Errorf("Sent (-want +got):\n%s", diff)
	}

	got := srv.seen()[0]
	require.Equal(t, "POST /v23.0/"+testNumberID+"/messages", got.Method+" "+got.Path)
	require.Empty(t, got.Query)
	require.Equal(t, "Bearer "+canaryToken, got.Header.Get("Authorization"))
	require.Equal(t, "application/json", got.Header.Get("Content-Type"))
	require.Regexp(t, `^wacloud/\d+\.\d+\.\d+$`, got.Header.Get("User-Agent"))
	require.NotContains(t, got.Header, "Idempotency-Key")
	require.NotContains(t, got.Header, "X-Idempotency-Key")
	require.JSONEq(t, `{"messaging_product":"whatsapp","recipient_type":"individual","to":"+5511987654321",
		"context":{"message_id":"wamid.IN"},"biz_opaque_callback_data":"order-7",
		"type":"text","text":{"body":"`+canaryText+`"}}`, got.Body)
}

func TestSendRefusesBeforeTheNetwork(t *testing.T) {
	t.Parallel()
	srv := newGraphStub(t, answerWith(http.StatusOK, acceptedAnswer))
	c := newStubClient(t, srv.URL)
	phone := wacloud.Phone(canaryPhone)
	var nilText *wacloud.Text
	tests := []struct {
		name string
		to   wacloud.Recipient
		m    wacloud.Message
		opts []wacloud.SendOption
	}{
		{name: "no recipient", m: wacloud.NewText("x")},
		{name: "no recipient, unchecked", m: wacloud.NewText("x"), opts: []wacloud.SendOption{wacloud.SkipValidation()}},
		{name: "no message", to: phone},
		{name: "no message, unchecked", to: phone, opts: []wacloud.SendOption{wacloud.SkipValidation()}},
		{name: "nil pointer", to: phone, m: nilText},
		{name: "nil pointer, unchecked", to: phone, m: nilText, opts: []wacloud.SendOption{wacloud.SkipValidation()}},
		{name: "empty text", to: phone, m: wacloud.NewText("")},
		{name: "short number", to: wacloud.Phone("12345"), m: wacloud.NewText("x")},
		{name: "callback data", to: phone, m: wacloud.NewText("x"), opts: []wacloud.SendOption{wacloud.CallbackData(strings.Repeat("x", 513))}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := c.Send(t.Context(), tt.to, tt.m, tt.opts...)
			require.ErrorIs(t, err, wacloud.ErrInvalid)
			invalid, ok := errors.AsType[*wacloud.ValidationError](err)
			require.True(t, ok, "%T", err)
			require.NotEmpty(t, invalid.Problems)
			require.False(t, wacloud.SafeToRetry(err))
		})
	}
	require.Empty(t, srv.seen())
}

func TestSkipValidationSendsWhatWeWouldRefuse(t *testing.T) {
	t.Parallel()
	srv := newGraphStub(t, answerWith(http.StatusOK, acceptedAnswer))
	long := strings.Repeat("x", 5000)
	_, err := newStubClient(t, srv.URL).Send(t.Context(), wacloud.Phone(canaryPhone), wacloud.NewText(long), nil, wacloud.SkipValidation())
	require.NoError(t, err)
	require.Contains(t, srv.seen()[0].Body, long)
}

func TestSendOptionsAreIndependentOfOrder(t *testing.T) {
	t.Parallel()
	srv := newGraphStub(t, answerWith(http.StatusOK, acceptedAnswer))
	c := newStubClient(t, srv.URL)
	opts := []wacloud.SendOption{
		wacloud.ReplyTo("wamid.IN"), wacloud.CallbackData("d"), wacloud.IdentityKeyHash("h"), wacloud.SkipValidation(),
	}
	permute(opts, func(p []wacloud.SendOption) {
		_, err := sendCanary(t.Context(), c, p...)
		require.NoError(t, err)
	})
	for _, r := range srv.seen() {
		require.Equal(t, srv.seen()[0].Body, r.Body)
	}
	require.Len(t, srv.seen(), 24)
	require.Contains(t, srv.seen()[0].Body, `"recipient_identity_key_hash":"h"`)
}

// permute calls f with each order of s.
func permute[T any](s []T, f func([]T)) {
	var rec func(k int)
	rec = func(k int) {
		if k == len(s) {
			f(append([]T(nil), s...))
			return
		}
		for i := k; i < len(s); i++ {
			s[k], s[i] = s[i], s[k]
			rec(k + 1)
			s[k], s[i] = s[i], s[k]
		}
	}
	rec(0)
}

func TestSendAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		body   string
		want   wacloud.Sent
	}{
		{
			name: "template", status: 200,
			body: `{"contacts":[{"wa_id":"1"}],"messages":[{"id":"wamid.1","message_status":"held_for_quality_assessment"}]}`,
			want: wacloud.Sent{MessageID: "wamid.1", WaID: "1", Status: "held_for_quality_assessment"},
		},
		{
			name: "user id", status: 200,
			body: `{"contacts":[{"input":"BR.1","user_id":"BR.1"}],"messages":[{"id":"wamid.1"}]}`,
			want: wacloud.Sent{MessageID: "wamid.1", UserID: "BR.1"},
		},
		{
			name: "no contacts, created", status: 201,
			body: `{"messages":[{"id":"wamid.1"}]}`,
			want: wacloud.Sent{MessageID: "wamid.1"},
		},
		{
			name: "number for a string", status: 200,
			body: `{"contacts":[{"wa_id":5511}],"messages":[{"id":"wamid.1"}]}`,
			want: wacloud.Sent{MessageID: "wamid.1", WaID: "5511"},
		},
		{
			name: "odd contacts", status: 200,
			body: `{"contacts":{"a":1},"messages":[{"id":"wamid.1"}]}`,
			want: wacloud.Sent{MessageID: "wamid.1"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := newGraphStub(t, answerWith(tt.status, tt.body))
			sent, err := sendCanary(t.Context(), newStubClient(t, srv.URL))
			require.NoError(t, err)
			tt.want.Message, tt.want.Attempts = wacloud.NewText(canaryText), 1
			if diff := cmp.Diff(&tt.want, sent); diff != "" {
				t.Errorf("Sent (-want +got):\n%s", diff)
			}
		})
	}
}

// A 200 is a success only with a message id. Without one nobody knows, so it is neither repeated nor called a refusal;
// an error with a code is one.
func TestSendNeedsAMessageID(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		ambiguous  bool
		is         error
	}{
		{name: "error in a 200", body: `{"error":{"message":"(#131009) x","type":"OAuthException","code":131009}}`, is: wacloud.ErrInvalid},
		{name: "window in a 200", body: `{"error":{"type":"OAuthException","code":131047}}`, is: wacloud.ErrWindowClosed},
		{name: "server fault in a 200", body: `{"error":{"type":"OAuthException","code":131000}}`, ambiguous: true, is: wacloud.ErrUnavailable},
		{name: "empty object", body: `{}`, ambiguous: true},
		{name: "empty body", body: ``, ambiguous: true},
		{name: "empty id", body: `{"messages":[{"id":""}]}`, ambiguous: true},
		{name: "no messages", body: `{"messages":[]}`, ambiguous: true},
		{name: "half an answer", body: `{"messages":[{"id":"wami`, ambiguous: true},
		{name: "a page", body: `<html>ok</html>`, ambiguous: true},
		{name: "null", body: `null`, ambiguous: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := newGraphStub(t, answerWith(http.StatusOK, tt.body))
			sent, err := sendCanary(t.Context(), newStubClient(t, srv.URL))
			require.Nil(t, sent)
			apiErr, ok := errors.AsType[*wacloud.APIError](err)
			require.True(t, ok, "%T", err)
			require.Equal(t, http.StatusOK, apiErr.StatusCode)
			require.Equal(t, tt.body, string(apiErr.Body))
			_, ambiguous := errors.AsType[*wacloud.AmbiguousSendError](err)
			require.Equal(t, tt.ambiguous, ambiguous)
			require.False(t, wacloud.SafeToRetry(err))
			if tt.is != nil {
				require.ErrorIs(t, err, tt.is)
			}
			require.Len(t, srv.seen(), 1)
			requireSilent(t, err)
		})
	}
}

func TestMarkReadAndTyping(t *testing.T) {
	t.Parallel()
	srv := newGraphStub(t, answerWith(http.StatusOK, `{"success":true}`))
	c := newStubClient(t, srv.URL)
	require.NoError(t, c.MarkRead(t.Context(), "wamid.IN"))
	require.NoError(t, c.Typing(t.Context(), "wamid.IN"))
	got := srv.seen()
	require.Equal(t, "/v23.0/"+testNumberID+"/messages", got[0].Path)
	require.JSONEq(t, `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.IN"}`, got[0].Body)
	require.JSONEq(t, `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.IN","typing_indicator":{"type":"text"}}`, got[1].Body)

	require.Error(t, c.MarkRead(t.Context(), ""))
	require.Error(t, c.Typing(t.Context(), ""))
	require.Len(t, srv.seen(), 2)
}

func TestMarkReadFailures(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"false": `{"success":false}`,
		"error": `{"error":{"code":131009,"type":"OAuthException"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newGraphStub(t, answerWith(http.StatusOK, body))
			err := newStubClient(t, srv.URL).MarkRead(t.Context(), "wamid.IN")
			_, ok := errors.AsType[*wacloud.APIError](err)
			require.True(t, ok, "%T", err)
			_, ambiguous := errors.AsType[*wacloud.AmbiguousSendError](err)
			require.False(t, ambiguous)
		})
	}
}

// Marking as read does no harm twice, so what would be unclear for a message is repeated.
func TestMarkReadIsRepeated(t *testing.T) {
	t.Parallel()
	srv := newGraphStub(t, func(n int, w http.ResponseWriter, _ *http.Request) {
		switch n {
		case 1:
			w.WriteHeader(http.StatusBadGateway)
		case 2:
			panic(http.ErrAbortHandler) // the connection breaks
		default:
			_, _ = io.WriteString(w, `{"success":true}`)
		}
	})
	require.NoError(t, newStubClient(t, srv.URL).MarkRead(t.Context(), "wamid.IN"))
	require.Len(t, srv.seen(), 3)
}

func TestConcurrentSends(t *testing.T) {
	t.Parallel()
	srv := newGraphStub(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"messages": []any{map[string]string{"id": "wamid." + r.URL.Path}}})
	})
	c := newStubClient(t, srv.URL)
	var wg sync.WaitGroup
	for _, id := range []string{"1", "22", "333", "4444"} {
		wg.Go(func() {
			other, err := c.ForNumber(id)
			if err != nil {
				t.Error(err)
				return
			}
			for range 5 {
				sent, err := sendCanary(t.Context(), other)
				if err != nil || sent.MessageID != "wamid./v23.0/"+id+"/messages" {
					t.Errorf("number %s: %v, %v", id, sent, err)
				}
			}
		})
	}
	wg.Wait()
	require.Equal(t, testNumberID, c.PhoneNumberID())
}

// The whole way of a message, but for the network, has a budget of 42 allocations; the race detector adds its own.
func TestSendAllocates(t *testing.T) {
	header := http.Header{"Content-Type": {"application/json"}}
	hc := &http.Client{Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
		_, _ = io.Copy(io.Discard, r.Body)
		return &http.Response{StatusCode: 200, Header: header, Body: io.NopCloser(strings.NewReader(acceptedAnswer)), ContentLength: int64(len(acceptedAnswer)), Request: r}, nil
	})}
	c := newStubClient(t, "https://graph.example", wacloud.WithHTTPClient(hc), wacloud.WithRateLimit(wacloud.RateLimit{PerSecond: 1e6}))
	var to []wacloud.Recipient // one would use up its credit
	for i := range 102 {
		to = append(to, wacloud.Phone("+55119999"+strconv.Itoa(10000+i)))
	}
	m := wacloud.NewButtons("?", wacloud.Button{ID: "a", Title: "A"}, wacloud.Button{ID: "b", Title: "B"}, wacloud.Button{ID: "c", Title: "C"})
	allocs := testing.AllocsPerRun(100, func() {
		if _, err := c.Send(context.Background(), to[0], m); err != nil {
			t.Fatal(err)
		}
		to = to[1:]
	})
	require.LessOrEqual(t, allocs, 42.0)
}

// The bugs of other libraries that concern sending.

func TestFieldNewAnswerFieldsAreNoError(t *testing.T) {
	t.Parallel()
	srv := newGraphStub(t, answerWith(http.StatusOK, `{"messaging_product":"whatsapp","new":{"a":[1]},`+
		`"contacts":[{"input":"1","wa_id":"1","user_id":"US.1","parent":{}}],"messages":[{"id":"wamid.1","group_id":"g","x":null}]}`))
	sent, err := sendCanary(t.Context(), newStubClient(t, srv.URL))
	require.NoError(t, err)
	require.Equal(t, "US.1", sent.UserID)
}

func TestFieldErrorsAreReturned(t *testing.T) {
	t.Parallel()
	srv := newGraphStub(t, answerWith(http.StatusBadRequest, `{"error":{"code":131009,"type":"OAuthException","message":"(#131009) x"}}`))
	_, err := sendCanary(t.Context(), newStubClient(t, srv.URL))
	require.ErrorIs(t, err, wacloud.ErrInvalid)
}

func TestFieldUserIDIsARecipient(t *testing.T) {
	t.Parallel()
	srv := newGraphStub(t, answerWith(http.StatusOK, acceptedAnswer))
	_, err := newStubClient(t, srv.URL).Send(t.Context(), wacloud.UserID("BR.13491208655302741918"), wacloud.NewText("x"))
	require.NoError(t, err)
	require.JSONEq(t, `{"messaging_product":"whatsapp","recipient_type":"individual","recipient":"BR.13491208655302741918",
		"type":"text","text":{"body":"x"}}`, srv.seen()[0].Body)
}

// A reset and a 5xx after the request left are not repeated: the user would get the message again.
func TestFieldNoSecondMessageAfterAFault(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(w http.ResponseWriter){
		"reset": func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
		"500":   func(w http.ResponseWriter) { w.WriteHeader(500) },
		"502":   func(w http.ResponseWriter) { w.WriteHeader(502) },
		"503":   func(w http.ResponseWriter) { w.WriteHeader(503) },
		"504":   func(w http.ResponseWriter) { w.WriteHeader(504) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newGraphStub(t, func(_ int, w http.ResponseWriter, _ *http.Request) { fault(w) })
			_, err := sendCanary(t.Context(), newStubClient(t, srv.URL))
			_, ambiguous := errors.AsType[*wacloud.AmbiguousSendError](err)
			require.True(t, ambiguous, "%v", err)
			require.Len(t, srv.seen(), 1)
		})
	}
}

// A 429 must not block the caller for as long as the server likes.
func TestFieldLongRetryAfterIsReturned(t *testing.T) {
	t.Parallel()
	srv := newGraphStub(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	_, err := sendCanary(t.Context(), newStubClient(t, srv.URL))
	require.ErrorIs(t, err, wacloud.ErrRateLimited)
	apiErr, _ := errors.AsType[*wacloud.APIError](err)
	require.Equal(t, time.Hour, apiErr.RetryAfter)
	require.True(t, wacloud.SafeToRetry(err))
	require.Len(t, srv.seen(), 1)
}
