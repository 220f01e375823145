package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMain is one of the bot's processes when the program under test starts one.
func TestMain(m *testing.M) {
	if os.Getenv(envInbox) != "" {
		main()
	}
	os.Exit(m.Run())
}

// count is the number before a row's text.
func count(t *testing.T, table, row string) int {
	t.Helper()
	found := regexp.MustCompile(`(?m)^ *(\d+)  +` + regexp.QuoteMeta(row)).FindStringSubmatch(table)
	require.NotNil(t, found, "%q is not in\n%s", row, table)
	n, err := strconv.Atoi(found[1])
	require.NoError(t, err)
	return n
}

func show(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), append([]string{"-for", "4s", "-users", "8"}, args...), strings.NewReader(""), &stdout, &stderr)
	t.Log("\n" + stdout.String() + stderr.String())
	require.Zero(t, code)
	require.Contains(t, stdout.String(), "Nothing was lost.")
	require.Positive(t, count(t, stdout.String(), "taps were acknowledged with 200"))
	require.GreaterOrEqual(t, count(t, stdout.String(), "processes were killed"), 2)
	require.Zero(t, count(t, stdout.String(), "lost"))
	require.Zero(t, count(t, stdout.String(), "answered out of order"))
	return stdout.String()
}

func TestPostgreSQL(t *testing.T) {
	t.Parallel()
	if !hasPostgreSQL() && os.Getenv("CI") != "true" {
		t.Skip("SKIPPED: no PostgreSQL server on this machine (Debian: apt-get install postgresql)")
	}
	require.Zero(t, count(t, show(t), "answered twice"))
}

func hasPostgreSQL() bool {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	_, err := exec.LookPath("postgres")
	return len(found) > 0 || err == nil
}

func TestNATS(t *testing.T) {
	t.Parallel()
	show(t, "-nats")
}

func TestWrongUse(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-users", "0"}, {"-for", "0s"}, {"now"}, {"-nats", "-postgres", "x"}, {"-what"}} {
		var stdout, stderr bytes.Buffer
		require.Equal(t, 2, run(t.Context(), args, strings.NewReader(""), &stdout, &stderr), args)
		require.NotEmpty(t, stderr.String())
	}
}

// The counting must be able to fail.
func TestVerdict(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		store bool
		sent  []string
		dead  map[tap]bool
		want  verdict
		err   string
	}{
		{"all well", true, []string{"ok 1 1", "ok 1 2"}, nil, verdict{acked: 2, once: 2}, ""},
		{"lost", true, []string{"ok 1 1"}, nil, verdict{acked: 2, once: 1, lost: 1}, "1 taps were lost"},
		{"an apology is no answer", true, []string{"ok 1 1", "sorry 1 2"}, nil, verdict{acked: 2, once: 1, lost: 1}, "1 taps were lost"},
		{"twice", true, []string{"ok 1 1", "ok 1 2", "ok 1 2"}, nil, verdict{acked: 2, once: 1, twice: 1}, "answered twice"},
		{"twice without a store", false, []string{"ok 1 1", "ok 1 2", "ok 1 2"}, nil, verdict{acked: 2, once: 1, twice: 1}, ""},
		{"out of order", true, []string{"ok 1 2", "ok 1 1"}, nil, verdict{acked: 2, once: 2, disorder: 1}, "1 answered out of order"},
		{"other users are no order", true, []string{"ok 1 1", "ok 2 9", "ok 1 2"}, nil, verdict{acked: 2, once: 2}, ""},
		{
			name: "given up", store: true, sent: []string{"ok 1 1", "ok 1 2", "sorry 1 2"},
			dead: map[tap]bool{{1, 2}: true}, want: verdict{acked: 2, once: 1, gaveUp: 1, arrived: 1, told: 1},
		},
		{"given up twice", true, []string{"ok 1 1", "ok 1 2", "ok 1 2"}, map[tap]bool{{1, 2}: true}, verdict{acked: 2, once: 1, twice: 1}, "answered twice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLedger()
			l.acked[tap{1, 1}], l.acked[tap{1, 2}] = true, true
			for _, text := range c.sent {
				l.sent(text)
			}
			got := l.judge(c.dead)
			require.Equal(t, c.want, got)
			got.store = c.store
			if c.err == "" {
				require.NoError(t, got.err())
			} else {
				require.ErrorContains(t, got.err(), c.err)
			}
		})
	}
	require.Error(t, newLedger().judge(nil).err(), "a show without taps shows nothing")
}
