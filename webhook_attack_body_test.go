package wacloud_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// counting counts what is read of an endless body.
type counting struct{ n int64 }

func (c *counting) Read(p []byte) (int, error) {
	clear(p)
	c.n += int64(len(p))
	return len(p), nil
}

func TestAttack16LargeBodies(t *testing.T) {
	t.Parallel()
	a := newAttackTarget(t)
	srv := httptest.NewServer(a)
	defer srv.Close()
	large := func(size int) []byte {
		body := hookBody(hookText("wamid.1", hookUser, "x"))
		return append(body, bytes.Repeat([]byte(" "), size-len(body))...)
	}
	require.Equal(t, 200, hookPost(t, srv.URL, large(3<<20)))
	require.Equal(t, 200, hookPost(t, srv.URL, large(4<<20)))
	require.Equal(t, "x", a.events.next(t).Text())

	req := hookRequest(t.Context(), attackURL, large(4<<20+1))
	req.Body = untouched{t}
	require.Equal(t, 413, hookStatus(a, req), "known by its length")

	endless := new(counting)
	req = hookRequest(t.Context(), attackURL, nil)
	req.Body, req.ContentLength = io.NopCloser(io.LimitReader(endless, 10<<30)), -1
	require.Equal(t, 413, hookStatus(a, req), "10 GB without a length")
	require.Less(t, endless.n, int64(10<<20))

	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL, io.LimitReader(new(counting), 10<<30))
	require.NoError(t, err)
	req.Header = hookRequest(t.Context(), attackURL, nil).Header
	if res, err := http.DefaultClient.Do(req); err == nil { // or the connection was cut while the client wrote
		require.Equal(t, 413, res.StatusCode)
		require.NoError(t, res.Body.Close())
	}
}

// pipeListener is a network of one server inside a bubble of virtual time.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

// dial returns nil when the server is gone.
func (l *pipeListener) dial() net.Conn {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client
	case <-l.done:
		return nil
	}
}

// serveInBubble runs w behind a plain http.Server, which has no limits of its own, or with those that change sets.
func serveInBubble(t *testing.T, w http.Handler, change func(*http.Server)) (l *pipeListener, stop func()) {
	t.Helper()
	l = newPipeListener()
	server := &http.Server{Handler: w}
	if change != nil {
		change(server)
	}
	done := make(chan struct{})
	go func() {
		_ = server.Serve(l)
		close(done)
	}()
	return l, func() {
		_ = server.Close()
		<-done
	}
}

// rawPost writes a request's head for a body of length bytes.
func rawPost(conn net.Conn, body []byte, length int) error {
	_, err := fmt.Fprintf(conn, "POST /webhook HTTP/1.1\r\nHost: hook.test\r\nContent-Type: application/json\r\n"+
		"X-Hub-Signature-256: %s\r\nContent-Length: %d\r\n\r\n", hookSign(hookSecret, body), length)
	return err
}

func TestAttack17BodyThatStalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, stopRun := hookStart(t, hookConfig(t, make(hookSink, 1)))
		l, stop := serveInBubble(t, w, nil)
		conn := l.dial()
		start := time.Now()
		body := hookBody(hookText("wamid.1", hookUser, "x"))
		require.NoError(t, rawPost(conn, body, len(body)+100))
		_, err := conn.Write(body)
		require.NoError(t, err)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		require.Equal(t, 408, res.StatusCode)
		require.True(t, res.Close, "the connection ends")
		require.Equal(t, 15*time.Second, time.Since(start))
		require.NoError(t, conn.Close())
		stop()
		stopRun()
	})
}

func TestAttack18SlowHeaders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		events := make(hookSink, 100)
		w, stopRun := hookStart(t, hookConfig(t, events))
		limits := wacloud.NewServerForTest(w)
		l, stop := serveInBubble(t, w, func(s *http.Server) {
			s.ReadHeaderTimeout, s.ReadTimeout, s.WriteTimeout = limits.ReadHeaderTimeout, limits.ReadTimeout, limits.WriteTimeout
		})
		var wg sync.WaitGroup
		begin := time.Now()
		for range 1000 {
			wg.Go(func() {
				conn := l.dial()
				go func() { _, _ = io.Copy(io.Discard, conn) }() // a pipe has no buffer for what the server says
				for _, c := range []byte("POST /webhook HTTP/1.1\r\nHost: hook.test\r\n") {
					if _, err := conn.Write([]byte{c}); err != nil {
						break
					}
					sleep(time.Second)
				}
				if d := time.Since(begin); d > 6*time.Second {
					t.Errorf("a slow connection lived for %v", d)
				}
				_ = conn.Close()
			})
		}
		for i := range 4 {
			sleep(time.Second)
			start := time.Now()
			conn := l.dial()
			body := hookBody(hookText(fmt.Sprint("wamid.", i), hookUser, "x"))
			require.NoError(t, rawPost(conn, body, len(body)))
			_, err := conn.Write(body)
			require.NoError(t, err)
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			require.NoError(t, err)
			require.Equal(t, 200, res.StatusCode)
			require.Less(t, time.Since(start), 250*time.Millisecond)
			require.NoError(t, conn.Close())
		}
		wg.Wait()
		stop()
		stopRun()
	})
}

func TestAttack19SlowBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, stopRun := hookStart(t, hookConfig(t, make(hookSink, 1)))
		l, stop := serveInBubble(t, w, nil)
		conn := l.dial()
		start := time.Now()
		body := hookBody(hookText("wamid.1", hookUser, "x"))
		require.NoError(t, rawPost(conn, body, len(body)))
		answer := make(chan int, 1)
		go func() {
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				answer <- 0
				return
			}
			answer <- res.StatusCode
		}()
		for _, c := range body {
			if _, err := conn.Write([]byte{c}); err != nil {
				break
			}
			sleep(time.Second)
		}
		require.Equal(t, 408, <-answer)
		require.LessOrEqual(t, time.Since(start), 17*time.Second, "a byte does not buy time")
		require.NoError(t, conn.Close())
		stop()
		stopRun()
	})
}

func TestAttack20CompressedBody(t *testing.T) {
	t.Parallel()
	a := newAttackTarget(t)
	for _, coding := range []string{"gzip", "deflate", "br", "zstd", "identity, gzip"} {
		req := hookRequest(t.Context(), attackURL, []byte("\x1f\x8b\x08bomb"))
		req.Header.Set("Content-Encoding", coding)
		req.Body = untouched{t}
		require.Equal(t, 415, hookStatus(a, req), coding)
	}
	a.requireUntouched(t)
}

func TestAttack21SmuggledRequest(t *testing.T) {
	t.Parallel()
	a := newAttackTarget(t)
	srv := httptest.NewServer(a)
	defer srv.Close()
	body := hookBody(hookText("wamid.1", hookUser, "x"))
	head := "POST /webhook HTTP/1.1\r\nHost: hook.test\r\nContent-Type: application/json\r\nX-Hub-Signature-256: " + hookSign(hookSecret, body) + "\r\n"
	chunked := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	tests := []struct {
		name string
		raw  string
		want []int // statuses that are safe
	}{
		{name: "two lengths", raw: head + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n" + string(body), want: []int{400}},
		{name: "unknown coding", raw: head + "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\n" + chunked, want: []int{400, 501}},
		{name: "negative length", raw: head + "Content-Length: -1\r\n\r\n" + string(body), want: []int{400}},
		{name: "two codings", raw: head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n" + chunked, want: []int{400, 501}},
		// One request and no more: what follows is not a second one, because the connection ends.
		{name: "coding and length", raw: head + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + chunked, want: []int{200}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", srv.Listener.Addr().String())
			require.NoError(t, err)
			defer func() { _ = conn.Close() }()
			_, err = io.WriteString(conn, tt.raw+"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
			require.NoError(t, err)
			answers, err := readStatuses(conn)
			require.NoError(t, err)
			require.Len(t, answers, 1)
			require.Contains(t, tt.want, answers[0])
		})
	}
}

// readStatuses reads all answers until the server ends the connection.
func readStatuses(conn net.Conn) (statuses []int, err error) {
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return nil, err
	}
	r := bufio.NewReader(conn)
	for {
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "reset") {
				return statuses, nil
			}
			return statuses, err
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		statuses = append(statuses, res.StatusCode)
	}
}
