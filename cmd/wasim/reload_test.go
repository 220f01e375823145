package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWatchFiles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		write := func(name, text string) {
			t.Helper()
			path := filepath.Join(dir, name)
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
			require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		}
		write("main.go", "1")
		write("shop/shop.go", "1")
		write("node_modules/a/a.go", "1")
		write(".git/a.go", "1")
		files, err := watchedBy([]string{filepath.Join(dir, "*.go"), filepath.Join(dir, "page.html")})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		var changes atomic.Int64
		go watchFiles(ctx, files, func() { changes.Add(1) })
		seen := func(want int64, why string) {
			t.Helper()
			<-time.After(10 * lookEvery)
			synctest.Wait()
			require.Equal(t, want, changes.Load(), why)
		}
		seen(0, "nothing has changed")
		write("main.go", "12")
		seen(1, "a file")
		write("shop/shop.go", "12")
		write("main.go", "123")
		seen(2, "two files at once")
		write("page.html", "")
		seen(3, "a new file")
		write("deep/er/page.html", "")
		seen(4, "a new folder")
		require.NoError(t, os.Remove(filepath.Join(dir, "page.html")))
		seen(5, "a file that is gone")
		require.NoError(t, os.Chtimes(filepath.Join(dir, "main.go"), time.Time{}, time.Unix(1, 0)))
		seen(6, "written again with the same length")
		for name := range map[string]bool{"bot.db": true, "page.htm": true, "node_modules/a/a.go": true, ".git/a.go": true, "shop/.cache/a.go": true} {
			write(name, "123")
		}
		seen(6, "files that do not matter")
		for i := range 20 { // no moment of rest
			write("main.go", strings.Repeat("x", 10+i))
			<-time.After(lookEvery)
			synctest.Wait()
		}
		require.Equal(t, int64(6), changes.Load(), "it goes on")
		seen(7, "and is over")
		cancel()
		write("main.go", "")
		seen(7, "nobody watches")
	})
}

// A change of the bot's files starts it again, and the chats anew; a bot that does not start waits for the next change.
func TestBotIsStartedAgainWhenItsFilesChange(t *testing.T) {
	t.Parallel()
	address, dir := freeAddress(t), t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	change := func(text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(text), 0o600))
	}
	change("1")
	watch := []string{"-webhook", "http://" + address + "/webhook", "-exec", self, "-watch", filepath.Join(dir, "*.go")}
	r := start(t, []string{"WASIM_TEST_BOT=" + address}, watch...)
	waitUntil(t, r, func() bool { return strings.Contains(r.must("handshake"), `"ok": true`) })
	r.must("say", "hi")
	waitForLine(t, r, "[More]")
	change("12")
	waitUntil(t, r, func() bool { return strings.Count(r.out.String(), "number 100000000000001") == 2 }) // its first line
	require.Empty(t, r.must("chat"))
	waitUntil(t, r, func() bool { return strings.Contains(r.must("handshake"), `"ok": true`) })
	r.must("say", "hi")
	waitForLine(t, r, "[More]")
	require.Zero(t, r.stop())

	r = start(t, []string{"WASIM_TEST_BOT=" + address, "WASIM_TEST_BOT_ENDS=1"}, watch...)
	for n := 1; n <= 2; n++ {
		waitUntil(t, r, func() bool { return strings.Count(r.out.String(), "it starts again when a file changes") == n })
		require.Equal(t, n, strings.Count(r.out.String(), "the bot gives up"))
		change(strings.Repeat("x", 10*n))
	}
	require.Zero(t, r.stop())
}
