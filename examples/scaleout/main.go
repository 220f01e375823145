// Scaleout runs one bot as three processes on one inbox behind one webhook address, lets users tap, and kills processes
// (kill -9) and starts them again meanwhile. In the end it counts: nothing that was acknowledged is lost.
//
//	go run -C examples/scaleout .         # on a PostgreSQL of its own (Debian: apt-get install postgresql)
//	go run -C examples/scaleout . -nats   # on a NATS server inside the program, which needs nothing installed
//
// Everything happens on loopback, with a Graph server of its own, in about 20 seconds. Bot.go is the bot as it would run in
// production; the other files are the world around it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is main with everything it touches passed in. It returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if os.Getenv(envInbox) != "" { // one of the three processes
		if err := runBot(ctx, stdin, stdout); err != nil {
			fmt.Fprintln(stderr, "scaleout: bot:", err)
			return 1
		}
		return 0
	}
	flags := flag.NewFlagSet("scaleout", flag.ContinueOnError)
	flags.SetOutput(stderr)
	var o options
	flags.BoolVar(&o.nats, "nats", false, "use NATS JetStream instead of PostgreSQL")
	flags.StringVar(&o.database, "postgres", "", "connection string of an empty `database` to use, instead of a server of its own")
	flags.DurationVar(&o.tapFor, "for", 12*time.Second, "how long the users tap")
	flags.IntVar(&o.users, "users", 20, "how many users tap")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if o.users < 1 || o.tapFor <= 0 || flags.NArg() > 0 || o.nats && o.database != "" {
		fmt.Fprintln(stderr, "scaleout: wrong use: at least one user, some time, no arguments, and one engine")
		return 2
	}
	switch err := play(ctx, o, stdout); {
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "scaleout: interrupted")
		return 1
	case err != nil:
		fmt.Fprintln(stderr, "scaleout:", err)
		return 1
	}
	return 0
}
