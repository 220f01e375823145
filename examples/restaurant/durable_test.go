package main

import (
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

func TestRealServiceWantsADurableBuild(t *testing.T) {
	for name, value := range wacloudtest.NewServer(t).Env() {
		t.Setenv(name, value)
	}
	t.Setenv("PUBLIC_URL", "https://restaurant.example")
	code, _, stderr := playFor(t, "")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "go run -C examples -tags sqlite ./restaurant")
}

// Who only wants a look waits for no database to be compiled.
func TestDemonstrationCompilesNoDatabase(t *testing.T) {
	t.Parallel()
	list := func(args ...string) string {
		out, err := exec.CommandContext(t.Context(), "go", append([]string{"list", "-deps"}, args...)...).CombinedOutput()
		require.NoError(t, err, "%s", out)
		return string(out)
	}
	require.NotContains(t, list("."), "sqlite")
	require.Contains(t, list("-tags", "sqlite", "."), "modernc.org/sqlite")
}

// What the real service has acknowledged is answered although it is killed before it could.
func TestRealServiceAnswersAfterAKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	binary := filepath.Join(dir, "restaurant")
	build := exec.CommandContext(t.Context(), "go", "build", "-tags", "sqlite", "-o", binary, ".")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)

	graph := wacloudtest.NewServer(t, wacloudtest.Patience(30*time.Second))
	addr := freeAddr(t)
	start := func() *exec.Cmd {
		bot := exec.CommandContext(t.Context(), binary, "-addr", addr, "-db", filepath.Join(dir, "bot.db"))
		bot.Env = append(os.Environ(), "PUBLIC_URL=https://restaurant.example")
		for name, value := range graph.Env() {
			bot.Env = append(bot.Env, name+"="+value)
		}
		bot.Stderr = t.Output()
		require.NoError(t, bot.Start())
		t.Cleanup(func() { _, _ = bot.Process.Kill(), bot.Wait() }) // twice for one that was killed does no harm
		awaitHTTP(t, "http://"+addr+"/pictures/none")
		return bot
	}

	first := start()
	graph.ConnectURL("http://" + addr + "/webhook")
	ana := graph.User("Ana")
	graph.FailWith(wacloudtest.Fault{Code: 4, RetryAfter: 2 * time.Second}, 1) // throttled: the callback waits, and dies waiting
	ana.Say("oi")
	require.NoError(t, first.Process.Kill())
	_ = first.Wait()
	require.Empty(t, graph.Sent())

	start()
	wacloudtest.Expect[wacloud.Message](ana)
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// awaitHTTP returns when something answers.
func awaitHTTP(t *testing.T, url string) {
	t.Helper()
	require.Eventually(t, func() bool {
		resp, err := http.Get(url)
		if err != nil {
			return false
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		return resp.Body.Close() == nil
	}, 30*time.Second, 20*time.Millisecond)
}
