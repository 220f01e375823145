package faulttest_test

import (
	"database/sql"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud/inbox/faulttest/internal/meta"
)

func args(f *fleet, more ...string) []string {
	return append([]string{"-engine", "sqlite", "-dsn", f.path("bot.db")}, more...)
}

// One message, delivered 10,000 times at the same time, and all of them again to another process.
func TestDuplicateStorm(t *testing.T) {
	f := newFleet(t)
	p := f.bot(args(f)...)
	s := f.client([]*process{p}, "acks", "-mode", "storm", "-n", "10000", "-conns", "256")
	require.Equal(t, 10_000, s.Acked, s)
	p.drain(30 * time.Second)
	require.Len(t, f.history().Spans, 1)

	f.client([]*process{p}, "acks", "-users", "100", "-n", "3000", "-duplicates", "0")
	p.drain(30 * time.Second)
	p.terminate()
	p = f.bot(args(f)...)
	f.client([]*process{p}, "acks", "-users", "100", "-n", "3000", "-duplicates", "0") // all of yesterday's
	p.drain(30 * time.Second)
	require.Len(t, f.history().Spans, 3000) // the storm's is one of them
	record(t, measure{Acked: s.Acked, Client: s, Note: "one id 10,000 times, then 3,000 ids again after a restart: each handled once"})
}

// A webhook of 1,000 messages of 100 users: each user's in their order.
func TestBatchOfAThousand(t *testing.T) {
	f := newFleet(t)
	p := f.bot(args(f)...)
	for batch := range 5 {
		var messages []string
		for i := range 1000 {
			messages = append(messages, meta.Message(meta.User(i%100), batch*10+i/100, ""))
		}
		for range 2 {
			status, err := meta.Post(t.Context(), f.http, p.addr, meta.Webhook(messages...))
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, status)
		}
	}
	p.drain(30 * time.Second)
	next := map[string]int{}
	h := f.history()
	require.Len(t, h.Spans, 5000)
	require.NoError(t, h.Check().Err()) // sorts them
	for _, s := range h.Spans {
		require.Equal(t, next[s.User], s.N, s.User)
		next[s.User]++
	}
}

// Some handlers panic, fail or hang; what others wait for their turn does not change, and nobody's events are lost.
func TestHandlersThatFail(t *testing.T) {
	f := newFleet(t)
	p := f.bot(args(f, "-work", "1ms")...)
	before, err := p.look()
	require.NoError(t, err)
	var clients sync.WaitGroup
	for i, order := range []string{"panic", "error"} {
		clients.Go(func() {
			f.client([]*process{p}, "acks-"+order, "-from", []string{"1000", "2000"}[i], "-users", "10", "-n", "200", "-order", order)
		})
	}
	clients.Go(func() {
		f.client([]*process{p}, "acks-hang", "-from", "3000", "-users", "2", "-n", "2", "-order", "slow 5s")
	})
	s := f.client([]*process{p}, "acks", "-from", "0", "-users", "80", "-n", "1600")
	clients.Wait()
	require.Zero(t, s.Refused)
	p.drain(80 * time.Second)
	r := f.check("acks", "acks-panic", "acks-error", "acks-hang")
	require.Equal(t, 2002, r.Handled)
	require.Equal(t, 400, r.Again, "each that failed, once more")
	after, err := p.look()
	require.NoError(t, err)
	require.Zero(t, after.DeadLetters)
	require.Less(t, after.Goroutines, before.Goroutines+100)
	record(t, measure{Acked: r.Acked, Again: r.Again, Client: s, Note: "a fifth of the handlers panicked or failed"})
}

// One user has 10,000 slow events. Others are handled meanwhile.
func TestOneUserWithALongQueue(t *testing.T) {
	f := newFleet(t)
	p := f.bot(args(f)...)
	var messages []string
	for i := range 1000 {
		messages = append(messages, meta.Message(meta.User(9999), i, "slow 1s"))
	}
	for batch := range 10 {
		_ = batch
		status, err := meta.Post(t.Context(), f.http, p.addr, meta.Webhook(messages...))
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status)
		for i := range messages {
			messages[i] = meta.Message(meta.User(9999), (batch+1)*1000+i, "slow 1s")
		}
	}
	s := f.client([]*process{p}, "acks", "-mode", "open", "-rate", "200", "-users", "100", "-n", "600")
	require.Equal(t, 600, s.Acked, s)
	require.Eventually(t, func() bool {
		st, err := p.look()
		return err == nil && st.Depth <= 10_000
	}, 10*time.Second, 10*time.Millisecond)
	acked := map[string]int64{}
	h := f.history("acks")
	for _, a := range h.Acks {
		acked[meta.ID(a.User, a.N)] = a.Acked
	}
	waited := time.Duration(0)
	seen := 0
	for _, span := range h.Spans {
		if at, ok := acked[meta.ID(span.User, span.N)]; ok {
			seen++
			waited = max(waited, time.Duration(span.Begin-at))
		}
	}
	require.Equal(t, 600, seen)
	t.Logf("600 others, the longest wait behind 10,000 slow events of one user: %v", waited)
	require.Less(t, waited, 2*time.Second)
	record(t, measure{Acked: 10_600, Client: s, Note: "the longest wait of the others was " + waited.Round(time.Millisecond).String()})
}

// Handlers take a second; answers do not.
func TestSlowHandlers(t *testing.T) {
	f := newFleet(t)
	p := f.bot(args(f, "-quiet")...)
	s := f.client([]*process{p}, "acks", "-mode", "open", "-rate", "1000", "-users", "5000",
		"-n", either("5000", "60000"), "-order", "slow 1s")
	st, err := p.look()
	require.NoError(t, err)
	t.Logf("%v; peak %s", s, st.PeakMemory)
	require.Equal(t, s.Webhooks, s.Acked, s)
	require.Less(t, st.Goroutines, 2000)
	record(t, measure{Acked: s.Acked, Client: s, Note: "1,000/s, handlers take 1 s; peak memory " + st.PeakMemory})
}

func TestTenThousandAtOnce(t *testing.T) {
	var limit syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	if limit.Max < 11_000 {
		skipLoudly(t, "10,000 connections need a limit of 11,000 open files")
	}
	f := newFleet(t)
	p := f.bot(args(f)...)
	s := f.client([]*process{p}, "acks", "-mode", "burst", "-n", "10000", "-users", "1000")
	st, err := p.look()
	require.NoError(t, err)
	t.Logf("%v; peak %s", s, st.PeakMemory)
	require.Equal(t, 10_000, s.Webhooks)
	if long { // on a busy machine some wait for over 5 s and get a 503
		require.Equal(t, 10_000, s.Acked, s)
	}
	p.drain(30 * time.Second)
	require.GreaterOrEqual(t, f.check("acks").Handled, s.Acked)
	record(t, measure{Acked: s.Acked, Client: s, Note: "10,000 connections at the same instant; peak memory " + st.PeakMemory})
}

// openLoop is Meta's own sizing for a number with 1,000 messages a second: webhooks come when they come.
func openLoop(t *testing.T, f *fleet, bots []*process) {
	t.Helper()
	s := f.client(bots, "acks", "-mode", "open", "-rate", either("1000", "3300"), "-users", "2000", "-n", either("5000", "99000"))
	t.Log(s)
	require.Equal(t, s.Webhooks, s.Acked, s)
	bots[0].drain(either(time.Minute, 10*time.Minute))
	st, err := bots[0].look()
	require.NoError(t, err)
	require.Equal(t, s.Acked, f.check("acks").Handled)
	record(t, measure{Acked: s.Acked, Client: s, Note: "open loop, " + either("1,000", "3,300") + "/s; peak memory " + st.PeakMemory})
}

func TestOpenLoopOnSQLite(t *testing.T) {
	f := newFleet(t)
	openLoop(t, f, []*process{f.bot(args(f)...)})
}

func TestOpenLoopOnPostgres(t *testing.T) {
	cluster := newCluster(t)
	f := newFleet(t)
	var bots []*process
	for range 2 {
		bots = append(bots, f.bot("-engine", "postgres", "-dsn", cluster.DSN()))
	}
	openLoop(t, f, bots)
}

// A bot that is asked to stop under load stops soon, refuses nothing that it took, and loses nothing.
func TestStopUnderLoad(t *testing.T) {
	cluster := newCluster(t)
	f := newFleet(t)
	flags := []string{"-engine", "postgres", "-dsn", cluster.DSN(), "-work", "20ms"}
	stopped, stays := f.bot(flags...), f.bot(flags...)
	var load sync.WaitGroup
	var s summary
	load.Go(func() { s = f.client([]*process{stopped, stays}, "acks", "-for", "3s") })
	<-time.After(1500 * time.Millisecond)
	took, well := stopped.terminate()
	require.True(t, well, stopped.said())
	require.Less(t, took, 10*time.Second)
	held := query(t, cluster.DSN(), "SELECT count(*) FROM wa_lane WHERE token <> 0")
	load.Wait()
	stays.drain(20 * time.Second) // less than a lease: all of them were given back
	r := f.check("acks")
	require.Zero(t, s.Refused, s)
	require.Zero(t, r.Again)
	t.Logf("stopped in %v, %d leases in the database then; %v", took, held, s)
	record(t, measure{Acked: r.Acked, Client: s, Note: "stopped in " + took.Round(time.Millisecond).String()})
}

// The store hangs: webhooks are answered 503 after 5 s, and nothing piles up behind them.
func TestStoreThatHangs(t *testing.T) {
	f := newFleet(t)
	p := f.bot(args(f)...)
	before, err := p.look()
	require.NoError(t, err)
	db, err := sql.Open("sqlite", "file:"+f.path("bot.db")+"?_txlock=immediate&_pragma=busy_timeout(5000)")
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	s := f.client([]*process{p}, "acks", "-mode", "burst", "-n", "500", "-users", "100")
	require.Equal(t, 500, s.Refused, s)
	require.Less(t, s.Max, 8*time.Second)
	require.NoError(t, tx.Rollback())
	f.deliver(p, meta.User(0), 1, "")
	p.drain(20 * time.Second)
	require.Eventually(t, func() bool {
		st, err := p.look()
		return err == nil && st.Goroutines < before.Goroutines+50
	}, 20*time.Second, 50*time.Millisecond)
	record(t, measure{Client: s, Note: "500 × 503, then 200 again"})
}

// The disk is full, then there is room.
func TestFullDisk(t *testing.T) {
	f := newFleet(t)
	disk := f.path("disk")
	require.NoError(t, os.Mkdir(disk, 0o700))
	err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=6m")
	if errors.Is(err, syscall.EPERM) {
		t.Skip("SKIPPED: this machine lets nobody mount a file system")
	}
	require.NoError(t, err)
	t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
	p := f.bot("-engine", "sqlite", "-dsn", filepath.Join(disk, "bot.db"), "-idle")
	acked, refused := 0, 0
	for i := 0; refused < 20; i++ {
		status, err := f.post(p, meta.User(i%50), i, "")
		require.NoError(t, err)
		switch status {
		case http.StatusOK:
			acked++
		case http.StatusServiceUnavailable:
			refused++
		default:
			require.FailNow(t, "neither 200 nor 503", "%d", status)
		}
		require.Less(t, i, 100_000)
	}
	require.NoError(t, syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT, "size=60m"))
	for i := range 300 {
		f.deliver(p, meta.User(100+i%50), i, "")
	}
	p.terminate()
	p = f.bot("-engine", "sqlite", "-dsn", filepath.Join(disk, "bot.db"))
	p.drain(60 * time.Second)
	handled := map[string]bool{}
	for _, s := range f.history().Spans {
		handled[meta.ID(s.User, s.N)] = true
	}
	require.GreaterOrEqual(t, len(handled), acked+300)
	p.terminate()
	record(t, measure{Acked: acked + 300, Note: "then 503, then room: all handled"})
}
