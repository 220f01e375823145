package main

import (
	"flag"
	"time"
)

const natsReconnect = 50 * time.Millisecond

// flags are those of all commands.
type flags struct {
	*flag.FlagSet

	// serve
	engine, dsn, addr, stats, journal, graph string
	lease, work, age                         time.Duration
	attempts, workers, replicas              int
	maxBytes                                 int64
	idle, quiet, effects                     bool

	// nats
	peer, peers string

	// client
	addrs, mode, out        string
	users, n, rate, from    int
	conns, acked            int
	duration                time.Duration
	duplicates              float64
	order                   string
	ackTimeout, resendPause time.Duration
}

func newFlags(command string) *flags {
	f := &flags{FlagSet: flag.NewFlagSet(command, flag.ContinueOnError)}
	f.StringVar(&f.engine, "engine", "sqlite", "sqlite, postgres or nats")
	f.StringVar(&f.dsn, "dsn", "", "file, connection string, URL, or folder")
	f.StringVar(&f.addr, "addr", "", "where webhooks are taken")
	f.StringVar(&f.stats, "stats", "", "where /stats is answered")
	f.StringVar(&f.journal, "journal", "", "folder of the journals")
	f.StringVar(&f.graph, "graph", "", "base URL of the Graph API")
	f.DurationVar(&f.lease, "lease", 0, "of a lane; 0 for the default")
	f.DurationVar(&f.age, "age", 0, "ids that are as old become 8 days older; 0 for never")
	f.DurationVar(&f.work, "work", 0, "how long a handler takes")
	f.IntVar(&f.attempts, "attempts", 1000, "before an event is given up")
	f.IntVar(&f.workers, "workers", 0, "handlers at once; 0 for the default")
	f.Int64Var(&f.maxBytes, "max-bytes", 0, "size of the file; 0 for no bound")
	f.IntVar(&f.replicas, "replicas", 1, "servers that keep everything, on NATS")
	f.BoolVar(&f.idle, "idle", false, "take webhooks and handle nothing")
	f.BoolVar(&f.quiet, "quiet", false, "no journal")
	f.BoolVar(&f.effects, "effects", false, "a row for each event, written when it completes")

	f.StringVar(&f.peer, "peer", "", "where the other servers of a cluster find this one")
	f.StringVar(&f.peers, "peers", "", "where all of them find each other, separated by commas")

	f.StringVar(&f.addrs, "addrs", "", "of the bots, separated by commas")
	f.StringVar(&f.mode, "mode", "closed", "closed, open, burst or storm")
	f.StringVar(&f.out, "out", "", "file for what was answered 200")
	f.IntVar(&f.users, "users", 100, "who write")
	f.IntVar(&f.n, "n", 0, "webhooks in all")
	f.IntVar(&f.from, "from", 0, "number of the first user")
	f.IntVar(&f.rate, "rate", 0, "webhooks a second, for open")
	f.IntVar(&f.conns, "conns", 0, "connections at once; 0 for no bound")
	f.DurationVar(&f.duration, "for", 0, "how long, for closed")
	f.IntVar(&f.acked, "acked", 0, "messages that must be acknowledged before closed ends")
	f.Float64Var(&f.duplicates, "duplicates", 0.1, "share of webhooks that are delivered once more")
	f.StringVar(&f.order, "order", "", "what the bot should do with each message")
	f.DurationVar(&f.ackTimeout, "timeout", 20*time.Second, "of a webhook")
	f.DurationVar(&f.resendPause, "pause", 5*time.Millisecond, "before a webhook is delivered again")
	return f
}
