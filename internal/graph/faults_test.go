package graph_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud/internal/graph"
)

func TestFaultsComeInOrderAndRunOut(t *testing.T) {
	t.Parallel()
	const body = `{"messaging_product":"whatsapp","to":"15550001234","type":"text","text":{"body":"hi"}}`
	e := newEngine(t)
	e.Arm(graph.Fault{Code: 130429, RetryAfter: 1500 * time.Millisecond}, 2)
	e.Arm(graph.Fault{HTML: true}, 1)
	e.Arm(graph.Fault{Call: graph.CallRead, Code: 2}, 1)
	require.Equal(t, 4, e.Armed())
	for range 2 {
		require.Equal(t, 130429, send(t, e, body).Error.Code)
	}
	r := httptest.NewRequest(http.MethodPost, "/v23.0/"+number+"/messages", strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer test-token")
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	require.Equal(t, http.StatusBadGateway, w.Code)
	require.Contains(t, w.Header().Get("Content-Type"), "text/html")
	require.Contains(t, w.Body.String(), "<html>")
	require.Equal(t, http.StatusOK, send(t, e, body).Status, "a fault of reading does not hit a send")
	a := send(t, e, `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.IN0001"}`)
	require.Equal(t, http.StatusServiceUnavailable, a.Status)
	require.True(t, a.Error.Transient)
	require.Zero(t, e.Armed())
	e.Arm(graph.Fault{Code: 2}, 5)
	e.Disarm()
	require.Zero(t, e.Armed())
}

func TestRetryAfterIsInWholeSeconds(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	e.Arm(graph.Fault{Code: 4, Status: http.StatusTooManyRequests, RetryAfter: 1500 * time.Millisecond}, 1)
	r := httptest.NewRequest(http.MethodPost, "/v23.0/"+number+"/messages", strings.NewReader("{}"))
	r.Header.Set("Authorization", "Bearer test-token")
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	require.Equal(t, http.StatusTooManyRequests, w.Code)
	require.Equal(t, "2", w.Header().Get("Retry-After"))
}

// A cut before the call is done leaves nothing behind; one after it leaves the message.
func TestCutConnections(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault graph.Fault
		sent  int
	}{
		{"before", graph.Fault{Cut: true}, 0},
		{"after", graph.Fault{CutAfter: true}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t)
			srv := httptest.NewServer(e)
			defer srv.Close()
			for _, hc := range []*http.Client{srv.Client(), {Transport: graph.InProcess{Handler: e}}} {
				e.Arm(tt.fault, 1)
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+"/v23.0/"+number+"/messages",
					strings.NewReader(`{"messaging_product":"whatsapp","to":"15550001234","type":"text","text":{"body":"hi"}}`))
				require.NoError(t, err)
				req.Header.Set("Authorization", "Bearer test-token")
				req.Header.Set("Content-Type", "application/json")
				_, err = hc.Do(req)
				require.Error(t, err)
				require.True(t, errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF), err)
			}
			require.Len(t, e.Sent(), 2*tt.sent)
		})
	}
}

// The statuses are those that Meta prints beside its codes (Meta, error codes, read 2025-12).
func TestCodesHaveTheirStatus(t *testing.T) {
	t.Parallel()
	for code, status := range map[int]int{
		2: 503, 3: 500, 4: 400, 10: 403, 190: 401, 250: 403, 368: 403, 130429: 400, 131000: 500, 131005: 403, 131016: 500,
		131031: 403, 131047: 400, 131056: 400, 131057: 500, 132001: 404, 133004: 503, 135000: 400, 999999: 400,
	} {
		e := newEngine(t)
		e.Arm(graph.Fault{Code: code}, 1)
		a := send(t, e, `{}`)
		require.Equal(t, status, a.Status, code)
		require.Equal(t, code, a.Error.Code)
		require.Truef(t, strings.HasPrefix(a.Error.Message, fmt.Sprintf("(#%d) ", code)), a.Error.Message)
		require.NotEmpty(t, a.Error.Data.Details)
	}
}
