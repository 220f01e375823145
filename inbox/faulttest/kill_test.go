package faulttest_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// killFor is how long a loop takes at the least.
var killFor = either(8*time.Second, 30*time.Second)

// killLoop lets 100 users write, one message after the other, every tenth delivered twice, while processes are killed.
func killLoop(t *testing.T, f *fleet, acked string, also func(context.Context), bots ...*process) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var chaos sync.WaitGroup
	kills := 0
	chaos.Go(func() { kills = f.killOften(ctx, bots...) })
	if also != nil {
		chaos.Go(func() { also(ctx) })
	}
	s := f.client(bots, "acks", "-for", killFor.String(), "-acked", acked)
	stop()
	chaos.Wait()
	drained := bots[0].drain(either(90*time.Second, 10*time.Minute))
	r := f.check("acks")
	t.Logf("%d kills, %d acked, %d handled, %d again; drained in %v; %v", kills, r.Acked, r.Handled, r.Again, drained, s)
	require.Positive(t, kills)
	require.Positive(t, r.Again, "no kill hit a handler: the test shows nothing")
	record(t, measure{Acked: r.Acked, Again: r.Again, Kills: kills, Lost: len(r.Lost), Disordered: len(r.Disordered), Overlaps: len(r.Overlaps), Client: s})
}

func TestKillsOnSQLite(t *testing.T) {
	f := newFleet(t)
	p := f.bot("-engine", "sqlite", "-dsn", f.path("bot.db"))
	killLoop(t, f, either("0", "200000"), nil, p)
}

func TestKillsOnPostgres(t *testing.T) {
	for name, n := range map[string]int{"2 processes": 2, "3 processes": 3} {
		t.Run(name, func(t *testing.T) {
			cluster := newCluster(t)
			f := newFleet(t)
			var bots []*process
			for range n {
				bots = append(bots, f.bot("-engine", "postgres", "-dsn", cluster.DSN(), "-lease", "5s"))
			}
			killLoop(t, f, either("0", "60000"), nil, bots...)
		})
	}
}

// The database is ended without a checkpoint and comes back while everything else goes on dying, too.
func TestKillsAndCrashesOfPostgres(t *testing.T) {
	cluster := newCluster(t)
	f := newFleet(t)
	var bots []*process
	for range 2 {
		bots = append(bots, f.bot("-engine", "postgres", "-dsn", cluster.DSN(), "-lease", "5s"))
	}
	crashes := func(ctx context.Context) {
		for range 3 {
			select {
			case <-ctx.Done():
				return
			case <-time.After(killFor / 5):
			}
			f.crashed(0)
			if err := cluster.Crash(context.Background()); err != nil {
				t.Error(err)
			}
			f.crashed(0)
			if err := cluster.Up(context.Background()); err != nil {
				t.Error(err)
			}
			f.crashed(0)
		}
	}
	killLoop(t, f, either("0", "60000"), crashes, bots...)
}

func TestKillsOfANATSServer(t *testing.T) {
	f := newFleet(t)
	server := f.natsServer()
	p := f.bot("-engine", "nats", "-dsn", "nats://"+server.addr, "-lease", "5s")
	died := 0
	kills := func(ctx context.Context) {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(2 * time.Second):
			}
			died++
			f.crashed(0)
			server.kill()
			f.crashed(0)
			server.start()
			server.awaitUp()
			f.crashed(0)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	var chaos sync.WaitGroup
	chaos.Go(func() { kills(ctx) })
	s := f.client([]*process{p}, "acks", "-for", killFor.String(), "-acked", either("0", "50000"))
	stop()
	chaos.Wait()
	drained := p.drain(either(2*time.Minute, 10*time.Minute))
	r := f.check("acks")
	t.Logf("%d acked, %d handled, %d again; drained in %v; %v", r.Acked, r.Handled, r.Again, drained, s)
	record(t, measure{Acked: r.Acked, Again: r.Again, Kills: died, Lost: len(r.Lost), Disordered: len(r.Disordered), Overlaps: len(r.Overlaps), Client: s})
}
