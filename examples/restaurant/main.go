// Restaurant is an ordering bot in Portuguese: restaurants on a carousel, dishes in lists, the cart on buttons, the order
// behind a link. Every id on its buttons carries the state it needs.
//
//	go run -C examples ./restaurant             # no credentials: a phone in your browser, at the address that it prints
//	go run -C examples ./restaurant -terminal   # a phone in your terminal
//	go run -C examples ./restaurant -script     # plays a whole order by itself and checks every answer
//
// In the browser Caio has an old phone, which shows no carousels: he gets the restaurants in another shape, and may type
// instead of tapping.
//
// With the WHATSAPP_* variables of wacloud.ConfigFromEnv and PUBLIC_URL (the https address under which Meta reaches this
// program) it serves the real API on the address of -addr, and keeps the events in the file of -db. For that it is built
// with the tag sqlite, so that nobody waits for a database to be compiled who only wants a look:
//
//	go run -C examples -tags sqlite ./restaurant
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

	"github.com/wacloud/wacloud"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is main with everything it touches passed in. It returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("restaurant", flag.ContinueOnError)
	flags.SetOutput(stderr)
	script := flags.Bool("script", false, "play a whole order against a local Graph server and check every answer")
	terminal := flags.Bool("terminal", false, "open the phone in the terminal instead of the browser, even where credentials are set")
	phone := flags.String("phone", "127.0.0.1:0", "address of the phone in the browser")
	without := flags.String("without", "", "leave out the route with this pattern, to see the script fail")
	addr := flags.String("addr", ":8080", "address to serve the real API's webhooks on")
	db := flags.String("db", "restaurant.db", "file that keeps the real API's events (needs a build with -tags sqlite)")
	if err := flags.Parse(args); err != nil {
		return 2
	}

	var err error
	switch {
	case *script:
		err = playScript(ctx, stdout, *without)
	case *terminal:
		err = openTerminal(ctx, stdin, stdout)
	case os.Getenv("WHATSAPP_ACCESS_TOKEN") == "":
		err = openPhone(ctx, *phone, stdout)
	default:
		err = serveReal(ctx, *addr, *db)
	}
	if err != nil {
		fmt.Fprintln(stderr, "restaurant:", err)
		return 1
	}
	return 0
}

// serveReal serves the real API until ctx ends.
func serveReal(ctx context.Context, addr, db string) (err error) {
	cfg, err := wacloud.ConfigFromEnv()
	if err != nil {
		return err
	}
	publicURL := strings.TrimSuffix(os.Getenv("PUBLIC_URL"), "/")
	if !strings.HasPrefix(publicURL, "https://") {
		return errors.New("set PUBLIC_URL to the https address under which Meta reaches this program; pictures and order pages are linked there")
	}
	inbox, store, err := openInbox(db)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, inbox.Close()) }()
	s, err := newServiceOn(inbox, store, cfg, publicURL, "")
	if err != nil {
		return err
	}
	return s.listenAndRun(ctx, addr)
}
