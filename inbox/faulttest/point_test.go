package faulttest_test

import (
	"database/sql"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/wacloud/wacloud/inbox/faulttest/internal/history"
	"github.com/wacloud/wacloud/inbox/faulttest/internal/meta"
)

// A row tells how often each message had its effect in the database.
func effects(t *testing.T, driver, dsn string) map[history.Event]int {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	rows, err := db.QueryContext(t.Context(), "SELECT who, n FROM effects")
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	found := map[history.Event]int{}
	for rows.Next() {
		var e history.Event
		require.NoError(t, rows.Scan(&e.User, &e.N))
		found[e]++
	}
	require.NoError(t, rows.Err())
	return found
}

// A bot that dies at a point is started again. Whatever the point, the message has its effect once.
func TestDeathAtEveryPoint(t *testing.T) {
	points := []struct {
		name, order string
		runs        int // of the handler at least, as its journal shows them
	}{
		{"between commit and 200", "die-committed", 1},
		{"between 200 and handler", "die-before", 1},
		{"in the handler", "die-in", 2},
		{"between handler and completion", "die-after", 2},
	}
	for _, tt := range points {
		t.Run(tt.name, func(t *testing.T) {
			f := newFleet(t)
			p := f.bot("-engine", "sqlite", "-dsn", f.path("bot.db"), "-effects")
			n := either(50, 1000)
			for i := range n {
				status, err := f.post(p, meta.User(0), i, tt.order)
				answered := err == nil && status == http.StatusOK // a handler may die before the answer is written
				require.False(t, answered && tt.order == "die-committed")
				p.died()
				f.crashed(p.cmd.Process.Pid)
				p.start()
				if !answered {
					f.deliver(p, meta.User(0), i, tt.order) // Meta does
				}
				p.awaitUp()
			}
			p.drain(30 * time.Second)
			p.terminate()
			got := effects(t, "sqlite", f.path("bot.db"))
			require.Len(t, got, n)
			for id, times := range got {
				require.Equal(t, 1, times, "%v", id)
			}
			h := f.history()
			require.GreaterOrEqual(t, len(h.Spans), n*tt.runs)
			r := h.Check()
			require.NoError(t, r.Err())
			record(t, measure{Kills: n, Acked: n, Again: r.Again, Note: "each effect once"})
		})
	}
}

// The client has its 200, nobody has begun to handle, and the process is killed.
func TestDeathWithAQueue(t *testing.T) {
	f := newFleet(t)
	p := f.bot("-engine", "sqlite", "-dsn", f.path("bot.db"), "-idle")
	s := f.client([]*process{p}, "acks", "-n", "2000")
	require.Equal(t, 2000, s.Acked-s.Webhooks+2000)
	p.kill()
	p = f.bot("-engine", "sqlite", "-dsn", f.path("bot.db"))
	p.drain(30 * time.Second)
	require.Equal(t, 2000, f.check("acks").Handled)
}

// A graph plays the Graph API: it counts what was sent, and may kill who sends.
type graph struct {
	mu   sync.Mutex
	sent map[string]int
	kill func(text string) bool // before the answer
}

func (g *graph) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var m struct{ Text struct{ Body string } }
	body, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(body, &m)
	g.mu.Lock()
	g.sent[m.Text.Body]++
	first := g.sent[m.Text.Body] == 1
	g.mu.Unlock()
	if first && g.kill != nil && g.kill(m.Text.Body) {
		panic(http.ErrAbortHandler) // no answer
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"messaging_product":"whatsapp","contacts":[{"input":"1","wa_id":"1"}],"messages":[{"id":"wamid.out"}]}`)
}

// A handler sends three messages, fails twice, and its process is killed after one of the sends or in the middle of it.
func TestSendsOfABotThatDies(t *testing.T) {
	n := either(18, 1000)
	for _, after := range []bool{true, false} {
		name := map[bool]string{true: "after a send", false: "during a send"}[after]
		t.Run(name, func(t *testing.T) {
			var sender atomic.Pointer[os.Process]
			g := &graph{sent: map[string]int{}}
			if !after {
				g.kill = func(text string) bool { // "…<user>.<n> <which>"
					id, which, _ := strings.Cut(text, " ")
					i, _ := strconv.Atoi(id[strings.LastIndex(id, ".")+1:])
					if which != strconv.Itoa(1+i%3) {
						return false
					}
					_ = sender.Load().Kill()
					return true
				}
			}
			server := httptest.NewServer(g)
			defer server.Close()
			f := newFleet(t)
			p := f.bot("-engine", "sqlite", "-dsn", f.path("bot.db"), "-graph", server.URL)
			for i := range n {
				sender.Store(p.cmd.Process)
				order := "sends none"
				if after {
					order = "sends " + strconv.Itoa(1+i%3)
				}
				f.deliver(p, meta.User(0), i, order)
				p.died()
				p.start()
				p.awaitUp()
			}
			p.drain(30 * time.Second)
			g.mu.Lock()
			defer g.mu.Unlock()
			for text, times := range g.sent {
				require.Equal(t, 1, times, text)
			}
			want := n * 3
			if !after { // what comes behind an unknown outcome is not sent, and no more than that
				want = 0
				for i := range n {
					want += 1 + i%3
				}
			}
			require.Len(t, g.sent, want)
			record(t, measure{Kills: n, Acked: n, Note: "each message sent once, and never twice where the outcome was unknown"})
		})
	}
}

// A process that is stopped for longer than its lease lets others have its lanes. When it goes on, its effects are undone.
func TestStalledProcessIsFenced(t *testing.T) {
	cluster := newCluster(t)
	f := newFleet(t)
	args := []string{"-engine", "postgres", "-dsn", cluster.DSN(), "-lease", "2s", "-effects"}
	bots := map[int]*process{}
	var first *process
	for range 2 {
		first = f.bot(args...)
		bots[first.cmd.Process.Pid] = first
	}
	const users = 20
	for i := range users {
		f.deliver(first, meta.User(i), 1, "stall 1s")
	}
	var stalled *process
	require.Eventually(t, func() bool {
		for _, s := range f.history().Spans {
			stalled = bots[s.PID]
		}
		return stalled != nil
	}, 10*time.Second, time.Millisecond)
	require.NoError(t, stalled.cmd.Process.Signal(syscall.SIGSTOP))
	var other *process
	for _, p := range bots {
		if p != stalled {
			other = p
		}
	}
	other.drain(60 * time.Second)
	require.NoError(t, stalled.cmd.Process.Signal(syscall.SIGCONT))
	stalled.drain(10 * time.Second)
	require.Eventually(t, func() bool { // its handlers come to their end, too late
		s, err := stalled.look()
		return err == nil && s.Running == 0
	}, 10*time.Second, 10*time.Millisecond)
	<-time.After(1500 * time.Millisecond) // a handler that was stopped sleeps on for its second
	late := 0
	for _, s := range f.history().Spans {
		if s.PID == stalled.cmd.Process.Pid && s.End > 0 && !s.Failed {
			late++
		}
	}
	require.Positive(t, late, "no handler of the stalled process came to its end: the test shows nothing")
	got := effects(t, "pgx", cluster.DSN())
	require.Len(t, got, users)
	for id, times := range got {
		require.Equal(t, 1, times, "%v", id)
	}
	record(t, measure{Acked: users, Note: strconv.Itoa(late) + " handlers finished after their lease was lost; each effect once"})
}

// strace sees an fsync end between the reading of each webhook and the writing of its 200.
func TestEveryAnswerIsBehindAnFsync(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		skipLoudly(t, "strace is not installed (Debian: apt-get install strace)")
	}
	f := newFleet(t)
	p := f.newBot("-engine", "sqlite", "-dsn", f.path("bot.db"), "-idle")
	trace := f.path("trace")
	p.wrap = []string{"strace", "-f", "-e", "trace=read,write,fsync,fdatasync", "-s", "32", "-o", trace}
	p.start()
	p.awaitUp()
	const n = 200
	for i := range n {
		status, err := f.post(p, meta.User(i%7), i, "")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status)
	}
	p.terminate()
	answers, syncs := 0, 0
	synced := false
	request, answer := regexp.MustCompile(`"POST /webhook`), regexp.MustCompile(`write\(\d+, "HTTP/1\.1 200`)
	sync := regexp.MustCompile(`(fsync|fdatasync)(\(\d+\)| resumed>\)) += 0`)
	for line := range strings.Lines(readFile(t, trace)) {
		switch {
		case request.MatchString(line):
			synced = false
		case sync.MatchString(line):
			synced = true
			if answers < n {
				syncs++
			}
		case answer.MatchString(line):
			require.True(t, synced, "answer %d was written before anything was on the disk", answers)
			answers++
		}
	}
	require.Equal(t, n, answers)
	t.Logf("%d answers, %d fsyncs", answers, syncs)
	record(t, measure{Acked: answers, Note: strconv.Itoa(syncs) + " fsyncs, one at least before each 200"})
}
