package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

func runFor(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(ctx, args, &out, &errs)
	return code, out.String(), errs.String()
}

// count is the number before a name in the summary, 0 where it is not there.
func count(t *testing.T, stdout, name string) int {
	t.Helper()
	found := regexp.MustCompile(`(?m)^ +(\d+) +` + name + `\b`).FindStringSubmatch(stdout)
	if found == nil {
		return 0
	}
	n, err := strconv.Atoi(found[1])
	require.NoError(t, err)
	return n
}

func rehearsal(t *testing.T) {
	t.Helper()
	t.Setenv("WHATSAPP_ACCESS_TOKEN", "")
}

func TestRehearsalWithoutCredentials(t *testing.T) {
	rehearsal(t)
	code, stdout, stderr := runFor(t.Context(), "-people", "120", "-rate", "100000", "-db", filepath.Join(t.TempDir(), "b.db"))
	require.Zero(t, code, "%s\n%s", stdout, stderr)
	require.Contains(t, stdout, "nothing leaves this machine")
	require.Equal(t, 120, count(t, stdout, "sent")+count(t, stdout, "refused")+count(t, stdout, "unknown"), stdout)
	require.Equal(t, count(t, stdout, "refused"), count(t, stdout, "131049")+count(t, stdout, "131026")+count(t, stdout, "131050"))
	require.Positive(t, count(t, stdout, "131049"))
	require.Equal(t, 1, count(t, stdout, "unknown"))
	require.NotContains(t, stdout, "█", "no bar where no terminal is")
	require.Regexp(t, `(?m)^120 of 120  `, stdout)
}

func TestRehearsalOfAFile(t *testing.T) {
	rehearsal(t)
	dir := t.TempDir()
	file, results := filepath.Join(dir, "people.csv"), filepath.Join(dir, "results.csv")
	require.NoError(t, os.WriteFile(file, []byte("phone,name\n+55 11 90000-0001,Ana\n 5511900000002,\"Bruno, Jr.\"\nx7,Carla\n5511900000001,Ana\n"), 0o600))
	code, stdout, stderr := runFor(t.Context(), "-csv", file, "-results", results, "-db", filepath.Join(dir, "b.db"), "-rate", "2")
	require.Zero(t, code, stderr)
	require.Equal(t, []int{2, 1, 1, 1}, []int{
		count(t, stdout, "sent"), count(t, stdout, "skipped"), count(t, stdout, "refused"), count(t, stdout, "here"),
	}, stdout)
	written, err := os.ReadFile(results)
	require.NoError(t, err)
	require.Contains(t, string(written), "phone:5511900000001,sent,,wamid.")
	require.Contains(t, string(written), "\n,refused,,\n")
	info, err := os.Stat(results)
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	rehearsal(t)
	dir := t.TempDir()
	for name, content := range map[string]string{
		"nobody is in it":        "phone,name\n",
		"wrong number of fields": "5511900000001,Ana\n5511900000002\n",
		"no such file":           "",
	} {
		file := filepath.Join(dir, strings.ReplaceAll(name, " ", "-")+".csv")
		if content != "" {
			require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		} else if runtime.GOOS == "windows" {
			continue // it says so in its own words
		}
		code, _, stderr := runFor(t.Context(), "-csv", file, "-db", filepath.Join(dir, "b.db"))
		require.Equal(t, 1, code)
		require.Contains(t, stderr, name)
	}
}

func TestInterruptedRehearsal(t *testing.T) {
	rehearsal(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := &cutter{after: "of 5000", cut: cancel}
	require.Equal(t, interrupted, run(ctx, []string{"-people", "5000", "-db", filepath.Join(t.TempDir(), "b.db")}, out, &bytes.Buffer{}))
	require.Contains(t, out.all.String(), "Interrupted.")
	require.Positive(t, count(t, out.all.String(), "sent"))
}

// A cutter calls cut once a text was written.
type cutter struct {
	after string
	cut   func()
	all   strings.Builder
}

func (c *cutter) Write(b []byte) (int, error) {
	c.all.Write(b)
	if strings.Contains(c.all.String(), c.after) {
		c.cut()
	}
	return len(b), nil
}

func TestForRealItNeedsToBeToldWhat(t *testing.T) {
	for name, value := range wacloudtest.NewServer(t).Env() {
		t.Setenv(name, value)
	}
	code, _, stderr := runFor(t.Context(), "-id", "sale")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "-csv and -template are needed")
}

func TestForRealItNeedsADurableBuild(t *testing.T) {
	for name, value := range wacloudtest.NewServer(t).Env() {
		t.Setenv(name, value)
	}
	_, _, err := openStore(filepath.Join(t.TempDir(), "none", "b.db"))
	require.Error(t, err) // with the tag, because there is no such folder
	code, _, stderr := runFor(t.Context(), "-id", "sale", "-csv", "people.csv", "-template", "sale", "-db", filepath.Join(t.TempDir(), "b.db"))
	require.Equal(t, 1, code)
	if strings.Contains(afterwards, "memory") {
		require.Contains(t, stderr, "go run -C examples -tags sqlite ./broadcast")
	}
}

// What was sent by a run that was interrupted, or killed, is not sent by the next.
func TestGoesOnWhereItEnded(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no Ctrl-C for another process here")
	}
	dir := t.TempDir()
	binary := filepath.Join(dir, "broadcast")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-tags", "sqlite", "-o", binary, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)

	const people = 60
	var rows strings.Builder
	for i := range people {
		rows.WriteString("551190000" + strconv.Itoa(1000+i) + ",Ana\n")
	}
	file := filepath.Join(dir, "people.csv")
	require.NoError(t, os.WriteFile(file, []byte(rows.String()), 0o600))

	for _, end := range []os.Signal{os.Interrupt, os.Kill} {
		t.Run(end.String(), func(t *testing.T) {
			t.Parallel()
			graph := wacloudtest.NewServer(t)
			command := func(rate string) (*exec.Cmd, *locked) {
				cmd := exec.CommandContext(t.Context(), binary, "-id", "sale", "-csv", file, "-template", "spring_sale",
					"-db", filepath.Join(t.TempDir(), "b.db"), "-rate", rate)
				cmd.Env = os.Environ()
				for name, value := range graph.Env() {
					cmd.Env = append(cmd.Env, name+"="+value)
				}
				stdout := new(locked)
				cmd.Stdout, cmd.Stderr = stdout, t.Output()
				return cmd, stdout
			}
			first, stdout := command("4") // a second takes long enough to see it
			db := first.Args[8]
			require.NoError(t, first.Start())
			require.Eventually(t, func() bool { return len(graph.Sent()) >= 8 }, time.Minute, time.Millisecond)
			require.NoError(t, first.Process.Signal(end))
			_ = first.Wait()
			before := len(graph.Sent())
			require.Less(t, before, people)
			if end == os.Interrupt {
				require.Equal(t, interrupted, first.ProcessState.ExitCode(), stdout)
				require.Equal(t, before, count(t, stdout.String(), "sent"), stdout)
				require.Contains(t, stdout.String(), "The same command goes on from here.")
			}

			second, stdout := command("1000")
			second.Args[8] = db
			require.NoError(t, second.Run(), stdout)
			times := map[wacloud.Recipient]int{}
			for _, o := range graph.Sent() {
				times[o.To]++
				require.Equal(t, 1, times[o.To], "twice")
			}
			unknown := count(t, stdout.String(), "unknown")
			require.Equal(t, people, count(t, stdout.String(), "sent")+count(t, stdout.String(), "skipped")+unknown, stdout)
			require.GreaterOrEqual(t, len(times)+unknown, people)
			if end == os.Interrupt {
				require.Zero(t, unknown)
			} else {
				require.LessOrEqual(t, unknown, 2) // half of what may be sent in a second
			}
		})
	}
}

// locked is a buffer that a process writes and a test reads.
type locked struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func TestRehearsalCompilesNoDatabase(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.NotContains(t, string(out), "sqlite")
}
