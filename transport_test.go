package wacloud_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// requireAmbiguous is the one outcome for a request that left and got no answer.
func requireAmbiguous(t *testing.T, sent *wacloud.Sent, err error) {
	t.Helper()
	require.Nil(t, sent)
	_, ambiguous := errors.AsType[*wacloud.AmbiguousSendError](err)
	require.True(t, ambiguous, "%T: %v", err, err)
	require.False(t, wacloud.SafeToRetry(err))
	requireSilent(t, err)
}

// requireNotSent is the outcome for a request that provably did not leave.
func requireNotSent(t *testing.T, sent *wacloud.Sent, err error) {
	t.Helper()
	require.Nil(t, sent)
	_, ambiguous := errors.AsType[*wacloud.AmbiguousSendError](err)
	require.False(t, ambiguous, "%v", err)
	require.True(t, wacloud.SafeToRetry(err), "%T: %v", err, err)
	requireSilent(t, err)
}

// faults are what can go wrong once the server has the request. Each is played over HTTP/1.1 and HTTP/2.
var faults = map[string]func(w http.ResponseWriter, r *http.Request){
	"cut before the body is read": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	"cut after the body": func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		panic(http.ErrAbortHandler)
	},
	"cut after the headers": func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	},
	"truncated 200": func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		w.Header().Set("Content-Length", strconv.Itoa(len(acceptedAnswer)))
		_, _ = io.WriteString(w, acceptedAnswer[:40])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	},
	"truncated 200 without a length": func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		_, _ = io.WriteString(w, acceptedAnswer[:40])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	},
	"no answer in time": func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		<-r.Context().Done()
	},
	"half an answer in time": func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		_, _ = io.WriteString(w, acceptedAnswer[:40])
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	},
}

func TestFaultsAfterTheRequestLeft(t *testing.T) {
	t.Parallel()
	for _, proto := range []int{1, 2} {
		for name, fault := range faults {
			t.Run(fmt.Sprintf("HTTP %d/%s", proto, name), func(t *testing.T) {
				t.Parallel()
				var hits atomic.Int32
				srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					hits.Add(1)
					if r.ProtoMajor != proto {
						t.Errorf("served over %s", r.Proto)
					}
					fault(w, r)
				}))
				srv.EnableHTTP2 = proto == 2
				srv.StartTLS()
				t.Cleanup(srv.Close)
				hc := srv.Client()
				hc.Timeout = 300 * time.Millisecond
				sent, err := sendCanary(t.Context(), newStubClient(t, srv.URL, wacloud.WithHTTPClient(hc)))
				requireAmbiguous(t, sent, err)
				require.EqualValues(t, 1, hits.Load(), "requests")
			})
		}
	}
}

// The caller's context ends while the server has the request.
func TestCancelAfterTheRequestLeft(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	srv := newGraphStub(t, func(_ int, _ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	sent, err := sendCanary(ctx, newStubClient(t, srv.URL))
	requireAmbiguous(t, sent, err)
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, wacloud.ErrUnavailable)
	require.Len(t, srv.seen(), 1)
}

func TestCancelBeforeTheRequest(t *testing.T) {
	t.Parallel()
	srv := newGraphStub(t, answerWith(http.StatusOK, acceptedAnswer))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	sent, err := sendCanary(ctx, newStubClient(t, srv.URL))
	requireNotSent(t, sent, err)
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, srv.seen())
}

func refusedAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

func TestRefusedConnectionIsRetried(t *testing.T) {
	t.Parallel()
	srv := newGraphStub(t, answerWith(http.StatusOK, acceptedAnswer))
	refused := refusedAddr(t)
	dials := 0
	hc := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		if dials++; dials < 3 {
			addr = refused
		}
		return new(net.Dialer).DialContext(ctx, network, addr)
	}}}
	sent, err := sendCanary(t.Context(), newStubClient(t, srv.URL, wacloud.WithHTTPClient(hc)))
	require.NoError(t, err)
	require.Equal(t, 3, sent.Attempts)
	require.Len(t, srv.seen(), 1)
}

func TestFailedConnections(t *testing.T) {
	t.Parallel()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request arrived") }))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	noDNS := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no DNS here")
	}}
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts and never shakes hands
	require.NoError(t, err)
	t.Cleanup(func() { _ = silent.Close() })
	tests := []struct {
		name, url string
		transport *http.Transport
	}{
		{name: "refused", url: "http://" + refusedAddr(t), transport: &http.Transport{}},
		{name: "DNS", url: "https://graph.example", transport: &http.Transport{DialContext: (&net.Dialer{Resolver: noDNS}).DialContext}},
		{name: "certificate", url: srv.URL, transport: &http.Transport{}},
		{name: "TLS handshake", url: "https://" + silent.Addr().String(), transport: &http.Transport{TLSHandshakeTimeout: 20 * time.Millisecond}},
		{name: "TLS version", url: srv.URL, transport: &http.Transport{TLSClientConfig: &tls.Config{MaxVersion: tls.VersionTLS11}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			counted := &countingTransport{RoundTripper: tt.transport}
			sent, err := sendCanary(t.Context(), newStubClient(t, tt.url, wacloud.WithHTTPClient(&http.Client{Transport: counted})))
			requireNotSent(t, sent, err)
			require.ErrorIs(t, err, wacloud.ErrUnavailable)
			require.EqualValues(t, 4, counted.n.Load(), "attempts")
		})
	}
}

type countingTransport struct {
	http.RoundTripper
	n atomic.Int32
}

func (c *countingTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	c.n.Add(1)
	return c.RoundTripper.RoundTrip(r)
}

// A connection attempt that takes too long ended before anything was written.
func TestTimeoutWhileConnecting(t *testing.T) {
	t.Parallel()
	hc := &http.Client{Timeout: 20 * time.Millisecond, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
	}}
	sent, err := sendCanary(t.Context(), newStubClient(t, "https://graph.example", wacloud.WithHTTPClient(hc)))
	requireNotSent(t, sent, err)
	require.ErrorIs(t, err, wacloud.ErrUnavailable)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "timed out after 20ms")
}

// On a connection that served before, net/http itself likes to send again. It must not, once a byte was written.
func TestReusedConnectionIsNotReplayed(t *testing.T) {
	t.Parallel()
	var requests, conns atomic.Int32
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conns.Add(1)
			go serveThenCut(conn, &requests)
		}
	}()
	c := newStubClient(t, "http://"+l.Addr().String(), wacloud.WithHTTPClient(&http.Client{Transport: &http.Transport{}}))
	_, err = sendCanary(t.Context(), c)
	require.NoError(t, err)
	sent, err := sendCanary(t.Context(), c)
	requireAmbiguous(t, sent, err)
	require.EqualValues(t, 2, requests.Load(), "requests")
	require.EqualValues(t, 1, conns.Load(), "connections")
}

// serveThenCut answers the first request of a connection and breaks it on the second, after reading that.
func serveThenCut(conn net.Conn, requests *atomic.Int32) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for n := 1; ; n++ {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		_, _ = io.ReadAll(r.Body)
		requests.Add(1)
		if n == 2 {
			return
		}
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(acceptedAnswer), acceptedAnswer)
	}
}

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

var errBroken = errors.New("broken")

// What a transport does decides, not what it is: only an unread body, or a trace that shows that nothing was written,
// proves that nothing was sent.
func TestForeignTransports(t *testing.T) {
	t.Parallel()
	read := func(r *http.Request) { _, _ = io.ReadAll(r.Body) }
	tests := []struct {
		name      string
		transport transportFunc
		sent      bool
	}{
		{name: "reads nothing", transport: func(*http.Request) (*http.Response, error) { return nil, errBroken }},
		{name: "closes the body unread", transport: func(r *http.Request) (*http.Response, error) {
			_ = r.Body.Close()
			return nil, errBroken
		}},
		{name: "reads the body, fires no trace", sent: true, transport: func(r *http.Request) (*http.Response, error) {
			read(r)
			return nil, errBroken
		}},
		{name: "reads one byte", sent: true, transport: func(r *http.Request) (*http.Response, error) {
			_, _ = r.Body.Read(make([]byte, 1))
			return nil, errBroken
		}},
		{name: "reads the body, then looks for a connection", transport: func(r *http.Request) (*http.Response, error) {
			read(r)
			httptrace.ContextClientTrace(r.Context()).GetConn("graph.example:443")
			return nil, errBroken
		}},
		{name: "reads the body and writes the headers", sent: true, transport: func(r *http.Request) (*http.Response, error) {
			read(r)
			trace := httptrace.ContextClientTrace(r.Context())
			trace.GetConn("graph.example:443")
			trace.WroteHeaders()
			return nil, errBroken
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			counted := &countingTransport{RoundTripper: tt.transport}
			sent, err := sendCanary(t.Context(), newStubClient(t, "https://graph.example", wacloud.WithHTTPClient(&http.Client{Transport: counted})))
			require.ErrorIs(t, err, errBroken)
			if tt.sent {
				requireAmbiguous(t, sent, err)
				require.EqualValues(t, 1, counted.n.Load(), "attempts")
				return
			}
			requireNotSent(t, sent, err)
			require.EqualValues(t, 4, counted.n.Load(), "attempts")
		})
	}
}

// A transport that gives up and reads the body afterwards gets nothing: it was reported as not sent.
func TestLateTransportCannotSend(t *testing.T) {
	t.Parallel()
	late := make(chan *http.Request, 1)
	hc := &http.Client{Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
		late <- r
		return nil, errBroken
	})}
	c := newStubClient(t, "https://graph.example", wacloud.WithHTTPClient(hc), wacloud.WithRetry(wacloud.RetryPolicy{MaxAttempts: 1}))
	sent, err := sendCanary(t.Context(), c)
	requireNotSent(t, sent, err)
	n, err := io.Copy(io.Discard, (<-late).Body)
	require.Zero(t, n)
	require.Error(t, err)
}

// A transport that ends with the attempt's time may still be about to write, so its trace proves nothing.
func TestTraceProvesNothingAfterATimeout(t *testing.T) {
	t.Parallel()
	hc := &http.Client{Timeout: 10 * time.Millisecond, Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
		_, _ = io.ReadAll(r.Body)
		httptrace.ContextClientTrace(r.Context()).GetConn("graph.example:443")
		<-r.Context().Done()
		return nil, r.Context().Err()
	})}
	sent, err := sendCanary(t.Context(), newStubClient(t, "https://graph.example", wacloud.WithHTTPClient(hc)))
	requireAmbiguous(t, sent, err)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// net/http must have no way to send a body again: it can with a GetBody or an Idempotency-Key.
func TestRequestsCannotBeReplayed(t *testing.T) {
	t.Parallel()
	hc := &http.Client{Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
		if r.GetBody != nil || r.Header.Get("Idempotency-Key") != "" || r.Header.Get("X-Idempotency-Key") != "" {
			t.Error("the request can be replayed")
		}
		return nil, errBroken
	})}
	_, err := sendCanary(t.Context(), newStubClient(t, "https://graph.example", wacloud.WithHTTPClient(hc)))
	require.ErrorIs(t, err, errBroken)
}

// The caller's own trace and context values reach the transport.
func TestCallersContextReachesTheTransport(t *testing.T) {
	t.Parallel()
	srv := newGraphStub(t, answerWith(http.StatusOK, acceptedAnswer))
	type key struct{}
	var wrote atomic.Bool
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{WroteHeaders: func() { wrote.Store(true) }})
	ctx = context.WithValue(ctx, key{}, "span")
	hc := &http.Client{Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
		if r.Context().Value(key{}) != "span" {
			t.Error("the caller's value is lost")
		}
		return http.DefaultTransport.RoundTrip(r)
	})}
	_, err := sendCanary(ctx, newStubClient(t, srv.URL, wacloud.WithHTTPClient(hc)))
	require.NoError(t, err)
	require.True(t, wrote.Load())
}

// Answers are read to their end and closed, so that connections are used again.
func TestConnectionsAreUsedAgain(t *testing.T) {
	t.Parallel()
	var conns atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":{"code":131009,"type":"x"}}`)
	}))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			conns.Add(1)
		}
	}
	srv.Start()
	t.Cleanup(srv.Close)
	c := newStubClient(t, srv.URL, wacloud.WithHTTPClient(&http.Client{Transport: &http.Transport{}}))
	for range 5 {
		_, err := sendCanary(t.Context(), c)
		require.ErrorIs(t, err, wacloud.ErrInvalid)
	}
	require.EqualValues(t, 1, conns.Load())
}

// net/http puts the URL into its errors, and the URL holds the app secret's proof.
func TestTransportErrorsDoNotShowTheURL(t *testing.T) {
	t.Parallel()
	c := newStubClient(t, "http://"+refusedAddr(t), wacloud.WithAppSecretProof(wacloud.NewSecret(canarySecret)))
	_, err := sendCanary(t.Context(), c)
	requireSilent(t, err)
	require.NotContains(t, err.Error(), "appsecret_proof")
	require.NotContains(t, err.Error(), testNumberID)
}
