// Program bot is every process of the fault tests but the test itself: a bot, a client that plays Meta, a NATS server.
//
//	bot serve -engine sqlite -dsn bot.db -addr 127.0.0.1:8080 …
//	bot client -addrs 127.0.0.1:8080 -mode closed …
//	bot nats -dsn folder -addr 127.0.0.1:4222
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/nats-io/nats.go"

	"github.com/wacloud/wacloud/inbox/nats/natstest"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("bot: want serve, client or nats")
	}
	switch args[0] {
	case "serve":
		return serve(args[1:])
	case "client":
		return client(args[1:])
	case "nats":
		return natsServer(args[1:])
	}
	return fmt.Errorf("bot: %q is no command", args[0])
}

// natsServer keeps its streams in a folder until it is killed.
func natsServer(args []string) error {
	f := newFlags("nats")
	if err := f.Parse(args); err != nil {
		return err
	}
	start := func() (*natstest.Server, error) { return natstest.Listen(f.dsn, f.addr) }
	if f.peers != "" {
		start = func() (*natstest.Server, error) {
			return natstest.Join(f.dsn, f.addr, f.peer, strings.Split(f.peers, ",")...)
		}
	}
	s, err := start()
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	<-ctx.Done()
	s.Close()
	return nil
}

// connectNATS connects to one of the servers, separated by commas, for as long as the process lives, however often the server dies.
func connectNATS(url string) (*nats.Conn, error) {
	return nats.Connect(url, nats.MaxReconnects(-1), nats.ReconnectWait(natsReconnect), nats.RetryOnFailedConnect(false))
}
