// Wasim is a phone in the browser for bots on WhatsApp's Cloud API, in any language and without a Meta account.
//
//	wasim                                         # webhooks go to http://127.0.0.1:8080/webhook
//	wasim -webhook http://localhost:3000/webhook
//	wasim -exec "go run ./bot"                    # starts the bot with its variables set, and stops it
//	wasim -exec "go run ./bot" -watch '*.go'      # and starts it again, with empty chats, when its files change
//
// It prints the variables that the bot needs and the address of the phone. While it runs, the same command with a verb
// does what a hand does on the phone: wasim say "hi", wasim tap Pizza, wasim fault duplicate, wasim help.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], terminal{os.Stdout, os.Stderr, os.Environ()})
	stop()
	os.Exit(code)
}

// terminal is what the command talks to.
type terminal struct {
	out, err io.Writer
	environ  []string
}

func (t terminal) getenv(name string) string {
	for _, v := range t.environ {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}

// errUsage is a slip that flag has explained already.
var errUsage = errors.New("usage")

// run is the command; it returns the exit status: 0, 1 for a failure, 2 for a slip in the arguments.
func run(ctx context.Context, args []string, t terminal) int {
	var err error
	switch {
	case len(args) == 0 || strings.HasPrefix(args[0], "-"):
		err = serve(ctx, args, t)
	case args[0] == "help":
		help(t.out)
	default:
		err = drive(ctx, args[0], args[1:], t)
	}
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		return 2
	default:
		fmt.Fprintln(t.err, "wasim:", err)
		return 1
	}
}
