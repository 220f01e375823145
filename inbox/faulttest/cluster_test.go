package faulttest_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// Three servers keep everything three times. One after the other is killed and comes back, the leaders of the stream and of
// its consumers step down, and at last all three are killed at once: nothing that was answered 200 is lost, and what was
// handled before is not handled again.
func TestKillsOfANATSCluster(t *testing.T) {
	if !long {
		t.Skip("only in the long form (make soak): a cluster of three takes its time")
	}
	f := newFleet(t)
	c := f.natsCluster()
	p := f.bot("-engine", "nats", "-dsn", c.urls(), "-replicas", "3", "-lease", "5s")
	ctx, stop := context.WithCancel(t.Context())
	var chaos sync.WaitGroup
	kills := 0
	chaos.Go(func() {
		for ctx.Err() == nil {
			c.trouble(func() {
				c.killOne(kills)
				c.stepDown(kills)
			})
			kills++
			<-time.After(time.Second)
		}
	})
	s := f.client([]*process{p}, "acks", "-for", "60s", "-acked", "20000")
	stop()
	chaos.Wait()
	drained := p.drain(10 * time.Minute)
	r := f.check("acks")
	t.Logf("%d kills, %d acked, %d handled, %d again; drained in %v; %v", kills, r.Acked, r.Handled, r.Again, drained, s)
	require.Greater(t, kills, 5)

	for _, server := range c.servers {
		server.kill()
	}
	for _, server := range c.servers {
		server.start()
	}
	c.awaitWhole()
	f.crashed(0)
	handled := len(f.history().Spans)
	f.client([]*process{p}, "again", "-n", "2000", "-duplicates", "0") // the first 20 of each user
	p.drain(time.Minute)
	require.Len(t, f.history().Spans, handled, "ids were forgotten")
	record(t, measure{
		Acked: r.Acked, Again: r.Again, Kills: kills + 3, Lost: len(r.Lost), Disordered: len(r.Disordered), Overlaps: len(r.Overlaps), Client: s,
		Note: "R3; 2,000 ids again after all three servers were killed: none handled",
	})
}

// A natsCluster is three servers in three processes.
type natsCluster struct {
	*fleet
	servers []*process
	conn    *nats.Conn
	js      jetstream.JetStream
}

func (f *fleet) natsCluster() *natsCluster {
	f.t.Helper()
	var peers []string
	for range 3 {
		peers = append(peers, freeAddr(f.t))
	}
	c := &natsCluster{fleet: f}
	for i, own := range peers {
		p := &process{fleet: f, addr: freeAddr(f.t)}
		p.args = []string{"nats", "-dsn", f.path("nats" + strconv.Itoa(i)), "-addr", p.addr, "-peer", own, "-peers", strings.Join(peers, ",")}
		p.start()
		c.servers = append(c.servers, p)
	}
	for _, p := range c.servers {
		p.awaitUp()
	}
	var err error
	c.conn, err = nats.Connect(c.urls(), nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond))
	require.NoError(f.t, err)
	f.t.Cleanup(c.conn.Close)
	c.js, err = jetstream.New(c.conn)
	require.NoError(f.t, err)
	return c
}

func (c *natsCluster) urls() string {
	var urls []string
	for _, p := range c.servers {
		urls = append(urls, "nats://"+p.addr)
	}
	return strings.Join(urls, ",")
}

// trouble does something to the cluster. All the while an outcome may not be recorded in time, and the event is handled again:
// that is a crash of the server's, whenever the handler began.
func (c *natsCluster) trouble(do func()) {
	over := make(chan struct{})
	var marks sync.WaitGroup
	marks.Go(func() {
		for {
			c.crashed(0)
			select {
			case <-over:
				c.crashed(0)
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	})
	do()
	close(over)
	marks.Wait()
}

// killOne kills one server, lets the others work alone, and waits until it has caught up.
func (c *natsCluster) killOne(i int) {
	server := c.servers[i%len(c.servers)]
	server.kill()
	<-time.After(time.Second)
	server.start()
	c.awaitWhole()
}

// awaitWhole waits until every server has all of the events.
func (c *natsCluster) awaitWhole() {
	whole := func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		stream, err := c.js.Stream(ctx, "wacloud_events")
		if err != nil {
			return false
		}
		cluster := stream.CachedInfo().Cluster
		if cluster.Leader == "" || len(cluster.Replicas) != 2 {
			return false
		}
		for _, r := range cluster.Replicas {
			if !r.Current || r.Offline {
				return false
			}
		}
		return true
	}
	for start := time.Now(); !whole(); <-time.After(20 * time.Millisecond) {
		if time.Since(start) > time.Minute {
			c.t.Error("a server of the cluster does not come back")
			return
		}
	}
}

// stepDown makes the leader of the stream and of one of its consumers give the lead to another server.
func (c *natsCluster) stepDown(i int) {
	for _, what := range []string{"STREAM.LEADER.STEPDOWN.wacloud_events", fmt.Sprintf("CONSUMER.LEADER.STEPDOWN.wacloud_events.p%d", i%16)} {
		if _, err := c.conn.Request("$JS.API."+what, nil, 2*time.Second); err != nil {
			c.t.Log("step down:", err) // the leader was just lost
		}
	}
}
