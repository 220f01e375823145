package faulttest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/inbox/faulttest/internal/history"
	"github.com/wacloud/wacloud/inbox/faulttest/internal/meta"
	"github.com/wacloud/wacloud/internal/pgcluster"
)

// bot is the program of package bot, built without the race detector.
var bot string

// long is the form of make soak.
var long = os.Getenv("WACLOUD_SOAK") == "1"

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "wafault")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	bot = filepath.Join(dir, "bot")
	build := exec.Command("go", "build", "-o", bot, "./bot")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "building the bot:", err)
		return 1
	}
	code := m.Run()
	if long && code == 0 {
		if err := writeTable(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return code
}

// either is the short form's value, or the long form's.
func either[T any](short, soak T) T {
	if long {
		return soak
	}
	return short
}

// skipLoudly skips a test that this machine cannot run; where CI=true it fails.
func skipLoudly(tb testing.TB, why string) {
	tb.Helper()
	if os.Getenv("CI") == "true" {
		tb.Fatal("required where CI=true: ", why)
	}
	tb.Skip("SKIPPED: ", why)
}

// newCluster starts a PostgreSQL of the test's own, as durable as it is by default.
func newCluster(t *testing.T) *pgcluster.Cluster {
	t.Helper()
	cluster, err := pgcluster.Start(t.Context(), true)
	if errors.Is(err, pgcluster.ErrNotInstalled) {
		skipLoudly(t, err.Error())
	}
	require.NoError(t, err)
	t.Cleanup(func() { _ = cluster.Close() })
	return cluster
}

// A fleet is the processes of one test and what they wrote.
type fleet struct {
	t    *testing.T
	dir  string
	http *http.Client

	mu      sync.Mutex
	crashes []history.Crash
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 100}
	t.Cleanup(transport.CloseIdleConnections)
	return &fleet{t: t, dir: t.TempDir(), http: &http.Client{Transport: transport, Timeout: 20 * time.Second}}
}

func (f *fleet) path(name string) string { return filepath.Join(f.dir, name) }

// freeAddr returns a loopback address that nobody listens on.
func freeAddr(tb testing.TB) string {
	tb.Helper()
	l, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// A process is a bot, a client or a server that can be killed and started again.
type process struct {
	fleet       *fleet
	args        []string
	addr, stats string   // of a bot
	wrap        []string // a program, with arguments, that runs the bot

	cmd    *exec.Cmd
	exited chan struct{}
	log    string
}

// bot starts a bot and waits until it answers.
func (f *fleet) bot(args ...string) *process {
	f.t.Helper()
	p := f.newBot(args...)
	p.start()
	p.awaitUp()
	return p
}

// natsServer starts a NATS server in a process of its own.
func (f *fleet) natsServer() *process {
	f.t.Helper()
	p := &process{fleet: f, addr: freeAddr(f.t)}
	p.args = []string{"nats", "-dsn", f.path("nats"), "-addr", p.addr}
	p.start()
	p.awaitUp()
	return p
}

func (f *fleet) newBot(args ...string) *process {
	f.t.Helper()
	p := &process{fleet: f, addr: freeAddr(f.t), stats: freeAddr(f.t)}
	p.args = append([]string{"serve", "-addr", p.addr, "-stats", p.stats, "-journal", f.dir}, args...)
	return p
}

func (p *process) start() {
	p.fleet.t.Helper()
	log, err := os.CreateTemp(p.fleet.dir, "log-")
	require.NoError(p.fleet.t, err)
	defer func() { _ = log.Close() }()
	p.log = log.Name()
	command := slices.Concat(p.wrap, []string{bot}, p.args)
	p.cmd = exec.Command(command[0], command[1:]...)
	p.cmd.Stderr = log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // with what wraps it
	require.NoError(p.fleet.t, p.cmd.Start())
	cmd, exited := p.cmd, make(chan struct{})
	p.exited = exited
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	p.fleet.t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-exited
	})
}

// awaitUp waits until the bot answers /stats and takes connections for webhooks.
func (p *process) awaitUp() {
	p.fleet.t.Helper()
	up := func() bool {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(context.Background(), "tcp", p.addr)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}
	for start := time.Now(); !up(); <-time.After(5 * time.Millisecond) {
		select {
		case <-p.exited:
			require.FailNow(p.fleet.t, "the process ended", p.said())
		default:
			require.Less(p.fleet.t, time.Since(start), 30*time.Second, "the process does not listen")
		}
	}
}

func readFile(tb testing.TB, path string) string {
	tb.Helper()
	text, err := os.ReadFile(path)
	require.NoError(tb, err)
	return string(text)
}

// said is the end of what the process logged.
func (p *process) said() string {
	text, _ := os.ReadFile(p.log)
	return string(text[max(0, len(text)-4000):])
}

// kill ends the process at once: after the first time that is written down, before the second.
func (p *process) kill() {
	p.fleet.crashed(p.cmd.Process.Pid)
	_ = p.cmd.Process.Kill()
	<-p.exited
	p.fleet.crashed(p.cmd.Process.Pid)
}

// died waits for a process that ends by itself, at a point where it was ordered to.
func (p *process) died() {
	p.fleet.t.Helper()
	select {
	case <-p.exited:
	case <-time.After(20 * time.Second):
		require.FailNow(p.fleet.t, "the process did not die", p.said())
	}
}

// terminate asks the process to stop and returns how long it took and whether it ended well.
func (p *process) terminate() (time.Duration, bool) {
	p.fleet.t.Helper()
	start := time.Now()
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGTERM)
	p.died()
	return time.Since(start), p.cmd.ProcessState.Success()
}

func (f *fleet) crashed(pid int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.crashes = append(f.crashes, history.Crash{PID: pid, At: time.Now().UnixNano()})
}

// killOften kills one of the processes every 200 to 800 ms and starts it again, until ctx ends. All live then.
func (f *fleet) killOften(ctx context.Context, processes ...*process) (kills int) {
	for {
		select {
		case <-ctx.Done():
			return kills
		case <-time.After(time.Duration(200+rand.IntN(600)) * time.Millisecond):
		}
		p := processes[rand.IntN(len(processes))]
		p.kill()
		p.start()
		kills++
	}
}

// botStats is what /stats answers.
type botStats struct {
	wacloud.InboxStats
	Goroutines int
	Heap       uint64
	PeakMemory string
	Err        string
}

func (p *process) look() (botStats, error) { return p.ask("") }

func (p *process) ask(what string) (s botStats, err error) {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+p.stats+"/stats?"+what, nil)
	if err != nil {
		return s, err
	}
	resp, err := p.fleet.http.Do(req)
	if err != nil {
		return s, err
	}
	defer func() { _ = resp.Body.Close() }()
	if err := json.NewDecoder(resp.Body).Decode(&s); err != nil {
		return s, err
	}
	if s.Err != "" {
		err = errors.New(s.Err)
	}
	return s, err
}

// drain waits until everything is handled and returns how long that took.
func (p *process) drain(patience time.Duration) time.Duration {
	p.fleet.t.Helper()
	start := time.Now()
	var s botStats
	var err error
	for time.Since(start) < patience {
		if s, err = p.look(); err == nil && s.Depth == 0 {
			return time.Since(start)
		}
		<-time.After(20 * time.Millisecond)
	}
	require.FailNow(p.fleet.t, "events are left", "%+v %v\n%s", s, err, p.said())
	return 0
}

// A summary is what a client prints.
type summary struct {
	Webhooks, Acked, Refused, Unreachable int
	P50, P99, Max, Took                   time.Duration
}

func (s summary) String() string {
	return fmt.Sprintf("%d webhooks in %v: %d × 200, %d × other, %d unreachable; p50 %v, p99 %v, max %v",
		s.Webhooks, s.Took.Round(time.Millisecond), s.Acked, s.Refused, s.Unreachable,
		s.P50.Round(100*time.Microsecond), s.P99.Round(100*time.Microsecond), s.Max.Round(100*time.Microsecond))
}

// client runs a client until it is done. What was answered 200 is in the file named acks.
func (f *fleet) client(to []*process, acks string, args ...string) summary {
	f.t.Helper()
	var addrs []string
	for _, p := range to {
		addrs = append(addrs, p.addr)
	}
	cmd := exec.Command(bot, append([]string{"client", "-addrs", strings.Join(addrs, ","), "-out", f.path(acks)}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(f.t, err)
	var s summary
	require.NoError(f.t, json.Unmarshal(out, &s))
	return s
}

// history collects what all processes wrote.
func (f *fleet) history(acks ...string) history.History {
	f.t.Helper()
	f.mu.Lock()
	h := history.History{Crashes: slices.Clone(f.crashes)}
	f.mu.Unlock()
	for _, name := range acks {
		got, err := history.ReadAcks(f.path(name))
		require.NoError(f.t, err)
		h.Acks = append(h.Acks, got...)
	}
	var err error
	h.Spans, err = history.ReadJournals(f.dir)
	require.NoError(f.t, err)
	return h
}

// check holds everything that happened against the promises.
func (f *fleet) check(acks ...string) history.Report {
	f.t.Helper()
	r := f.history(acks...).Check()
	require.NoError(f.t, r.Err())
	return r
}

// post delivers one message once.
func (f *fleet) post(p *process, user string, n int, order string) (int, error) {
	return meta.Post(context.Background(), f.http, p.addr, meta.Text(user, n, order))
}

// deliver delivers one message until it is answered 200.
func (f *fleet) deliver(p *process, user string, n int, order string) {
	f.t.Helper()
	require.Eventually(f.t, func() bool {
		status, err := f.post(p, user, n, order)
		return err == nil && status == http.StatusOK
	}, 30*time.Second, 5*time.Millisecond)
}

// query runs a query of one number against a PostgreSQL database.
func query(tb testing.TB, dsn, sql string) (n int) {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), dsn)
	require.NoError(tb, err)
	defer func() { _ = conn.Close(context.Background()) }()
	require.NoError(tb, conn.QueryRow(tb.Context(), sql).Scan(&n))
	return n
}

// execute runs statements against a PostgreSQL database.
func execute(tb testing.TB, dsn string, statements ...string) {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), dsn)
	require.NoError(tb, err)
	defer func() { _ = conn.Close(context.Background()) }()
	for _, s := range statements {
		_, err := conn.Exec(tb.Context(), s)
		require.NoError(tb, err, s)
	}
}
