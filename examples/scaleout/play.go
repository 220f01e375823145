package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"sync"
	"time"

	natsio "github.com/nats-io/nats.go"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/inbox/nats"
	"github.com/wacloud/wacloud/inbox/nats/natstest"
	"github.com/wacloud/wacloud/inbox/postgres"
	"github.com/wacloud/wacloud/wacloudtest"
)

type options struct {
	nats     bool
	database string
	tapFor   time.Duration
	users    int
}

const (
	tapEvery  = 150 * time.Millisecond // of one user
	drainFor  = 30 * time.Second       // at most, after the last tap
	repeatOne = 10                     // of so many webhooks one is delivered twice
)

// admin looks into the inbox from outside.
type admin interface {
	Stats(ctx context.Context) (wacloud.InboxStats, error)
	DeadLetters(ctx context.Context, after string, limit int) ([]wacloud.DeadLetter, error)
}

// play is the whole show.
func play(ctx context.Context, o options, out io.Writer) error {
	return wacloudtest.Run(nil, func(tb wacloudtest.TB) error {
		return playOn(ctx, o, wacloudtest.NewServer(tb), out)
	})
}

func playOn(ctx context.Context, o options, graph *wacloudtest.Server, out io.Writer) error {
	engine, err := startEngine(ctx, o)
	if err != nil {
		return err
	}
	defer engine.stop()

	graphURL, err := url.Parse(graph.URL())
	if err != nil {
		return err
	}
	ledger := newLedger()
	front := httptest.NewServer(ledger.front(graphURL))
	defer front.Close()

	env := graph.Env()
	env["WHATSAPP_BASE_URL"] = front.URL
	env[envInbox] = engine.address
	f := &fleet{}
	for name := range maps.Keys(env) {
		f.env = append(f.env, name+"="+env[name])
	}
	defer f.stop()
	for i := range bots {
		if err := f.start(ctx, i); err != nil {
			return err
		}
	}
	balancer := httptest.NewServer(f.balancer())
	defer balancer.Close()
	graph.ConnectURL(balancer.URL + "/webhook")
	look, closeLook, err := engine.look(ctx)
	if err != nil {
		return err
	}
	defer closeLook()

	fmt.Fprintf(out, "%d processes of one bot on one %s, behind %s/webhook.\n%d users tap for %v while processes are killed (kill -9) and started again.\n\n",
		bots, engine.name, balancer.URL, o.users, o.tapFor)
	if err := tapAndKill(ctx, o, graph, f, ledger, look, out); err != nil {
		return err
	}
	dead, err := deadTaps(ctx, look)
	if err != nil {
		return err
	}
	v := ledger.judge(dead)
	v.kills, v.store = f.kills, !o.nats
	v.print(out)
	return v.err()
}

// tapAndKill lets the users tap and the processes die, and then waits until everything is handled.
func tapAndKill(ctx context.Context, o options, graph *wacloudtest.Server, f *fleet, l *ledger, look admin, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	progressed := progress(ctx, f, l, look, out)
	defer func() { cancel(); <-progressed }()

	tapping, stop := context.WithTimeout(ctx, o.tapFor)
	defer stop()
	var users sync.WaitGroup
	for i := range o.users {
		identity := graph.User(fmt.Sprintf("user %d", i)).Identity()
		users.Go(func() { tapOn(tapping, i, identity, graph, l) })
	}
	err := f.disturb(tapping)
	users.Wait()
	if err != nil {
		return err
	}
	return drain(ctx, look)
}

// tapOn taps one button after the other. A tap is delivered until it is answered 200, and not before the one before was.
func tapOn(ctx context.Context, user int, from wacloud.User, graph *wacloudtest.Server, l *ledger) {
	for n := 1; ctx.Err() == nil; n++ {
		t := tap{user, n}
		body := wacloudtest.ButtonReply(from, onTap.Button("Next", t), wacloudtest.About("wamid.menu"))
		for graph.Deliver(body).Status != http.StatusOK {
			l.note(func() { l.again++ })
			if pause(ctx, 50*time.Millisecond) != nil {
				return // never acknowledged, so nothing was promised
			}
		}
		l.note(func() { l.acked[t] = true })
		if (user+n)%repeatOne == 0 {
			l.note(func() { l.repeated++ })
			graph.Deliver(body)
		}
		_ = pause(ctx, tapEvery)
	}
}

// drain waits until the inbox is empty.
func drain(ctx context.Context, look admin) error {
	ctx, cancel := context.WithTimeout(ctx, drainFor)
	defer cancel()
	for {
		stats, err := look.Stats(ctx)
		if err == nil && stats.Depth == 0 {
			return nil
		}
		if pause(ctx, 50*time.Millisecond) != nil {
			return fmt.Errorf("the inbox is not empty after %v: %d events wait (%w)", drainFor, stats.Depth, err)
		}
	}
}

// progress prints a line each second until ctx ends.
func progress(ctx context.Context, f *fleet, l *ledger, look admin, out io.Writer) (done chan struct{}) {
	done = make(chan struct{})
	go func() {
		defer close(done)
		for start := time.Now(); pause(ctx, time.Second) == nil; {
			stats, err := look.Stats(ctx)
			if err != nil {
				continue
			}
			acked, answered := l.counts()
			fmt.Fprintf(out, "%4.0f s   acknowledged %5d   answered %5d   waiting %4d, the oldest for %4.1f s   processes %s\n",
				time.Since(start).Seconds(), acked, answered, stats.Depth, stats.OldestAge.Seconds(), f.state())
		}
	}()
	return done
}

// deadTaps are the taps that were given up.
func deadTaps(ctx context.Context, look admin) (map[tap]bool, error) {
	letters, err := look.DeadLetters(ctx, "", 1_000_000)
	dead := map[tap]bool{}
	for _, d := range letters {
		if m := d.Event.Message; m != nil && m.Reply != nil {
			if t, err := onTap.Parse(m.Reply.ID); err == nil {
				dead[t] = true
			}
		}
	}
	return dead, err
}

// An engine keeps the inbox.
type engine struct {
	name    string
	address string
	stop    func()
	look    func(ctx context.Context) (admin, func(), error)
}

func startEngine(ctx context.Context, o options) (*engine, error) {
	if o.nats {
		return startNATS(ctx)
	}
	e := &engine{name: "PostgreSQL", address: o.database, stop: func() {}}
	if e.address == "" {
		var err error
		if e.address, e.stop, err = startCluster(ctx); err != nil {
			return nil, err
		}
	}
	e.look = func(ctx context.Context) (admin, func(), error) {
		a, err := postgres.OpenAdmin(ctx, e.address)
		if err != nil {
			return nil, nil, err
		}
		return a, func() { _ = a.Close() }, nil
	}
	return e, nil
}

func startNATS(ctx context.Context) (*engine, error) {
	dir, err := os.MkdirTemp("", "scaleout")
	if err != nil {
		return nil, err
	}
	free, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := free.Addr().String()
	_ = free.Close()
	server, err := natstest.Listen(dir, address)
	if err != nil {
		return nil, err
	}
	e := &engine{name: "NATS server", address: "nats://" + address}
	e.stop = func() {
		server.Close()
		_ = os.RemoveAll(dir)
	}
	e.look = func(ctx context.Context) (admin, func(), error) {
		conn, err := natsio.Connect(e.address)
		if err != nil {
			return nil, nil, err
		}
		a, err := nats.OpenAdmin(ctx, conn)
		return a, conn.Close, err
	}
	return e, nil
}
