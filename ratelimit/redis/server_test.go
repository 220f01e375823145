//go:build unix

package redislimit_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		fmt.Fprintln(os.Stderr, "SKIPPED: the shared limiter is not tested: no redis-server on this machine (Debian: apt-get install redis-server)")
		if os.Getenv("CI") == "true" {
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// A server is a redis-server of the machine, on a socket in a folder of its own, without a port and without files.
type server struct {
	dir string
	cmd *exec.Cmd
}

func startServer(t *testing.T) *server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("no redis-server on this machine")
	}
	dir, err := os.MkdirTemp("", "wards") //nolint:usetesting // the path of a socket has at most 107 bytes
	require.NoError(t, err)
	s := &server{dir: dir}
	t.Cleanup(func() {
		s.kill()
		_ = os.RemoveAll(dir)
	})
	s.up(t)
	return s
}

func (s *server) socket() string { return filepath.Join(s.dir, "s") }

func (s *server) up(t *testing.T) {
	t.Helper()
	s.cmd = exec.Command("redis-server", "--port", "0", "--unixsocket", s.socket(), "--save", "", "--appendonly", "no", "--dir", s.dir)
	require.NoError(t, s.cmd.Start())
	c := redis.NewClient(&redis.Options{Network: "unix", Addr: s.socket()})
	defer func() { _ = c.Close() }()
	require.Eventually(t, func() bool { return c.Ping(t.Context()).Err() == nil }, 30*time.Second, 10*time.Millisecond)
}

// kill ends the server at once: it forgets everything.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

func (s *server) signal(t *testing.T, signal os.Signal) {
	t.Helper()
	require.NoError(t, s.cmd.Process.Signal(signal))
}

func (s *server) stop(t *testing.T) { t.Helper(); s.signal(t, syscall.SIGSTOP) }
func (s *server) cont(t *testing.T) { t.Helper(); s.signal(t, syscall.SIGCONT) }

// client connects to a socket.
func client(t *testing.T, socket string) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{Network: "unix", Addr: socket, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// A slowPath is a socket that passes everything on to a server, after a delay.
type slowPath struct {
	delay atomic.Int64 // in nanoseconds
}

// newSlowPath returns the path of the socket.
func newSlowPath(t *testing.T, s *server) (*slowPath, string) {
	t.Helper()
	p, socket := new(slowPath), filepath.Join(s.dir, "p")
	l, err := net.Listen("unix", socket)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(in, s.socket())
		}
	}()
	return p, socket
}

func (p *slowPath) serve(in net.Conn, server string) {
	defer in.Close()
	out, err := net.Dial("unix", server)
	if err != nil {
		return
	}
	defer out.Close()
	go func() {
		_, _ = io.Copy(in, out)
		_ = in.Close()
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := in.Read(buf)
		if err != nil {
			return
		}
		if d := p.delay.Load(); d > 0 {
			<-time.After(time.Duration(d))
		}
		if _, err := out.Write(buf[:n]); err != nil {
			return
		}
	}
}
