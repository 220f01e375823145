package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	natsio "github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/inbox/inboxtest"
	"github.com/wacloud/wacloud/inbox/nats"
	"github.com/wacloud/wacloud/inbox/postgres"
	"github.com/wacloud/wacloud/inbox/sqlinbox"
	"github.com/wacloud/wacloud/inbox/sqlite"
	"github.com/wacloud/wacloud/internal/pgcluster"
)

// What nobody may see without -reveal.
const (
	anaPhone = "5511987654321"
	anaText  = "my secret wish"
	anaWamid = "wamid.HBgNNTUxMTk4NzY1NDMyMQ"
)

// call runs the program.
func call(t *testing.T, where string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	getenv := func(name string) string {
		if name == "WACLOUD_INBOX" {
			return where
		}
		return ""
	}
	code = run(t.Context(), append([]string{"inbox"}, args...), getenv, &out, &errs)
	return code, out.String(), errs.String()
}

// done is call that must succeed.
func done(t *testing.T, where string, args ...string) string {
	t.Helper()
	code, stdout, stderr := call(t, where, args...)
	require.Zero(t, code, "%v: %s%s", args, stdout, stderr)
	return stdout
}

// A bot gives up every event while it is broken.
type bot struct {
	inbox   wacloud.Inbox
	mended  atomic.Bool
	handled chan string
}

func newBot(in wacloud.Inbox) *bot { return &bot{inbox: in, handled: make(chan string, 100)} }

func (b *bot) run(ctx context.Context) error {
	return b.inbox.Run(ctx, wacloud.RunConfig{Handler: wacloud.HandlerFunc(b.handle)})
}

func (b *bot) handle(_ context.Context, e *wacloud.Event) error {
	if !b.mended.Load() {
		return wacloud.Permanent(fmt.Errorf("no \x1b[31mshop\x1b[0m for %s (%s): %s", anaPhone, e.Message.ID, e.Text()))
	}
	b.handled <- e.Message.ID
	return nil
}

// Every engine, while a bot runs on it.
func TestCommandsWhileTheBotRuns(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t *testing.T) (in wacloud.Inbox, where string){
		"sqlite": openSQLite, "postgres": openPostgres, "nats": openNATS,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in, where := open(t)
			b := newBot(in)
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- b.run(ctx) }()
			defer func() { stop(); require.NoError(t, <-ended); require.NoError(t, in.Close()) }()

			require.Equal(t, "no dead letters\n", done(t, where, "list"))
			const events = 4
			for i := range events {
				_, err := in.Put(t.Context(), []wacloud.Event{inboxtest.Text(anaPhone, fmt.Sprint(anaWamid, i), anaText)})
				require.NoError(t, err)
			}
			awaitStats(t, where, func(s statsLine) bool { return s.DeadLetters == events && s.Depth == 0 })
			testPrinting(t, where, events)

			// Put back: the bot, which runs all the time, handles it.
			b.mended.Store(true)
			handles := listHandles(t, where)
			require.Equal(t, "redriven "+handles[0]+"\n", done(t, where, "redrive", handles[0]))
			require.Contains(t, await(t, b.handled), anaWamid)
			code, _, stderr := call(t, where, "redrive", handles[0])
			require.Equal(t, exitFailed, code)
			require.Equal(t, "wacloud: "+handles[0]+" is no dead letter\n", stderr)

			// Purged: nobody handles it any more.
			require.Equal(t, "purged "+handles[1]+"\n", done(t, where, "purge", "-inbox", where, handles[1][:6]))
			require.Equal(t, "2 of 2 dead letters redriven", lastLine(done(t, where, "redrive", "-all")))
			require.Len(t, []string{await(t, b.handled), await(t, b.handled)}, 2)
			awaitStats(t, where, func(s statsLine) bool { return s == statsLine{} })
			require.Equal(t, "no dead letters\n", done(t, where, "list"))
			require.Empty(t, b.handled)
		})
	}
}

func testPrinting(t *testing.T, where string, events int) {
	t.Helper()
	handles := listHandles(t, where)
	require.Len(t, handles, events)
	for _, args := range [][]string{{"list"}, {"list", "-json"}, {"show", handles[0]}, {"show", "-json", handles[0]}} {
		out := done(t, where, args...)
		require.Contains(t, out, handles[0])
		require.Contains(t, out, "wa_id:…21", "the masked user")
		for _, secret := range []string{anaPhone, "87654321", anaText, "secret", anaWamid, "HBgN", "\x1b", `\u001b[3`} {
			if strings.Contains(args[len(args)-1], "json") || len(args) == 3 {
				if secret == `\u001b[3` { // JSON may hold it, escaped
					continue
				}
			}
			require.NotContains(t, out, secret, "%v", args)
		}
	}
	revealed := done(t, where, "show", handles[0], "-reveal")
	for _, text := range []string{anaPhone, anaText, anaWamid, `"object":"whatsapp_business_account"`} {
		require.Contains(t, revealed, text)
	}
	require.Contains(t, done(t, where, "list", "-limit", "1"), fmt.Sprintf("%d more", events-1))

	var l letter
	require.NoError(t, json.Unmarshal([]byte(done(t, where, "show", "-reveal", "-json", handles[0])), &l))
	require.Equal(t, anaText, l.Text)
	require.Equal(t, 1, l.Attempts)
	require.WithinDuration(t, time.Now(), l.FailedAt, time.Minute)
	parsed, err := wacloud.ParseWebhook(l.Webhook)
	require.NoError(t, err)
	require.Equal(t, l.EventID, parsed[0].ID)
}

type statsLine struct {
	Depth       int `json:"depth"`
	DeadLetters int `json:"dead_letters"`
}

func awaitStats(t *testing.T, where string, ok func(statsLine) bool) {
	t.Helper()
	require.Eventually(t, func() bool {
		var s statsLine
		require.NoError(t, json.Unmarshal([]byte(done(t, where, "stats", "-json")), &s))
		return ok(s)
	}, 20*time.Second, 20*time.Millisecond)
}

func listHandles(t *testing.T, where string) []string {
	t.Helper()
	return regexp.MustCompile(`(?m)^[0-9a-f]{12}`).FindAllString(done(t, where, "list"), -1)
}

func await(t *testing.T, c chan string) string {
	t.Helper()
	select {
	case s := <-c:
		return s
	case <-time.After(20 * time.Second):
		t.Fatal("nothing was handled")
		return ""
	}
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}

func openSQLite(t *testing.T) (wacloud.Inbox, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bot.db")
	in, err := sqlite.Open(path, sqlite.With(sqlinbox.PollEvery(10*time.Millisecond)))
	require.NoError(t, err)
	require.NoError(t, in.Ready(t.Context()))
	return in, path
}

func openPostgres(t *testing.T) (wacloud.Inbox, string) {
	t.Helper()
	cluster, err := pgcluster.Start(t.Context(), false)
	if errors.Is(err, pgcluster.ErrNotInstalled) && os.Getenv("CI") != "true" {
		t.Skip("SKIPPED: ", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { _ = cluster.Close() })
	_, _, stderr := call(t, cluster.DSN(), "list")
	require.Contains(t, stderr, "no inbox found")
	in, err := postgres.Open(t.Context(), cluster.DSN())
	require.NoError(t, err)
	return in, cluster.DSN()
}

func openNATS(t *testing.T) (wacloud.Inbox, string) {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true})
	require.NoError(t, err)
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	require.True(t, s.ReadyForConnections(10*time.Second))
	conn, err := natsio.Connect(s.ClientURL())
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	_, _, stderr := call(t, s.ClientURL(), "list")
	require.Contains(t, stderr, "no inbox \"wacloud\" found")
	in, err := nats.Open(t.Context(), conn, nats.Partitions(7)) // what the program has to find out
	require.NoError(t, err)
	require.NoError(t, in.Ready(t.Context()))
	return in, s.ClientURL()
}

// A bot in another process, as it is in real life: it owns the file, and is killed with it.
func TestBotInAnotherProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bot.db")
	child := startBot(t, path, false)
	awaitStats(t, path, func(s statsLine) bool { return s.DeadLetters == 200 })
	_, err := sqlite.Open(path)
	require.ErrorIs(t, err, sqlite.ErrInUse, "the bot owns the file all the time")
	handles := listHandles(t, path)
	require.Len(t, handles, 100)

	// The bot is broken: what is put back comes back, and nothing of it is lost.
	require.Equal(t, "200 of 200 dead letters redriven", lastLine(done(t, path, "redrive", "-all")))
	awaitStats(t, path, func(s statsLine) bool { return s.DeadLetters == 200 && s.Depth == 0 })
	done(t, path, "purge", handles[0])

	// Put back while nobody runs, after a kill -9 that left a log behind.
	require.NoError(t, child.Process.Kill())
	_ = child.Wait()
	require.Contains(t, done(t, path, "list"), "99 more")
	done(t, path, "redrive", handles[1])
	mended := startBot(t, path, true)
	awaitStats(t, path, func(s statsLine) bool { return s == statsLine{DeadLetters: 198} })
	require.NoError(t, mended.Process.Signal(os.Interrupt))
	require.NoError(t, mended.Wait())
	require.Contains(t, done(t, path, "list"), "98 more", "and after a clean end, which takes the log away")
}

// The owner of a file counts time from its start, and its machine may have slept. What is put back must not be ready later
// than the owner's clock says.
func TestPutBackIsReadyAtOnce(t *testing.T) {
	t.Parallel()
	in, path := openSQLite(t)
	b := newBot(in)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.run(ctx) }()
	_, err := in.Put(t.Context(), []wacloud.Event{inboxtest.Text(anaPhone, anaWamid, anaText)})
	require.NoError(t, err)
	awaitStats(t, path, func(s statsLine) bool { return s.DeadLetters == 1 })
	stop()
	require.NoError(t, <-ended)
	require.NoError(t, in.Close())

	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	var failed, ready int64
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT failed_at FROM wa_dead").Scan(&failed))
	done(t, path, "redrive", "-all")
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT ready_at FROM wa_lane").Scan(&ready))
	require.LessOrEqual(t, ready, failed)
}

const botEnv = "WACLOUD_TEST_BOT"

func startBot(t *testing.T, path string, mended bool) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), botEnv+"="+path, fmt.Sprintf("%s_MENDED=%v", botEnv, mended))
	cmd.Stderr = t.Output()
	ready, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	line := make([]byte, 1)
	_, err = ready.Read(line)
	require.NoError(t, err, "the bot did not start")
	return cmd
}

// TestMain is the bot when startBot asks for it.
func TestMain(m *testing.M) {
	if path := os.Getenv(botEnv); path != "" {
		if err := runBot(path, os.Getenv(botEnv+"_MENDED") == "true"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func runBot(path string, mended bool) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	in, err := sqlite.Open(path)
	if err != nil {
		return err
	}
	b := newBot(in)
	b.mended.Store(mended)
	for i := range 200 {
		if _, err := in.Put(ctx, []wacloud.Event{inboxtest.Text(strconv.Itoa(5511900000000+i), fmt.Sprint("wamid.", i), "oi")}); err != nil {
			return err
		}
	}
	fmt.Println("ready")
	return errors.Join(b.run(ctx), in.Close())
}

func TestWrongUse(t *testing.T) {
	t.Parallel()
	where := filepath.Join(t.TempDir(), "none.db")
	for _, c := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"no command", nil, exitUsage, "usage: wacloud inbox"},
		{"unknown command", []string{"drop"}, exitUsage, "usage: wacloud inbox"},
		{"unknown flag", []string{"list", "-force"}, exitUsage, "-force"},
		{"show without id", []string{"show"}, exitUsage, "it takes one id"},
		{"show with two", []string{"show", "a", "b"}, exitUsage, "it takes one id"},
		{"redrive without id", []string{"redrive"}, exitUsage, "it takes ids, or -all"},
		{"ids and all", []string{"purge", "-all", "abcd"}, exitUsage, "either ids or -all"},
		{"list with id", []string{"list", "abcd"}, exitUsage, "it takes no ids"},
		{"no file", []string{"list"}, exitFailed, "there is no file"},
		{"other scheme", []string{"list", "-inbox", "redis://x"}, exitFailed, "neither a file"},
		{"nobody there", []string{"list", "-inbox", "postgres://u:hunter2@127.0.0.1:1/x"}, exitFailed, "failed to connect"},
		{"nobody there", []string{"list", "-inbox", "nats://u:hunter2@127.0.0.1:1"}, exitFailed, "nats"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := call(t, where, c.args...)
			require.Equal(t, c.code, code)
			require.Empty(t, stdout)
			require.Contains(t, stderr, c.want)
			require.NotContains(t, stderr, "hunter2")
		})
	}
	_, err := os.Stat(where)
	require.ErrorIs(t, err, os.ErrNotExist, "looking makes no file")
	for _, args := range [][]string{{"help"}, {"-h"}, {"inbox", "-h"}, {"inbox", "list", "-h"}, {"version"}} {
		var out, errs bytes.Buffer
		secret := func(string) string { return "postgres://u:hunter2@db/x" }
		require.Equal(t, exitDone, run(t.Context(), args, secret, &out, &errs))
		require.NotContains(t, out.String()+errs.String(), "hunter2", "not even as a flag's default")
		require.NotEmpty(t, out.String()+errs.String())
	}
}

func TestFileThatIsNoInbox(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{"text": "not a database, whatever its name may say", "empty": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "x.db")
			require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
			code, _, stderr := call(t, path, "redrive", "-all")
			require.Equal(t, exitFailed, code)
			require.Contains(t, stderr, "no inbox found")
			left, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, content, string(left))
		})
	}
}
