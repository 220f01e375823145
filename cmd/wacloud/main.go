// Wacloud looks after the inbox of a bot from outside: it lists the events that the bot gave up, shows one, puts them back
// or deletes them, also while the bot runs.
//
//	go install github.com/wacloud/wacloud/cmd/wacloud@latest
//	wacloud inbox list -inbox bot.db
//	wacloud inbox redrive -inbox "$DATABASE_URL" 3f2a9c41d0e8
//
// Phone numbers, names, texts and ids of messages are not printed unless -reveal asks for them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"syscall"
	"time"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1 // some or all of it could not be done
	exitUsage  = 2 // the command line is wrong
)

const help = `wacloud looks after a bot's inbox, also while the bot runs.

usage: wacloud inbox <command> [flags] [id ...]

commands:
  list      the events that were given up (dead letters), newest first
  show      one of them
  redrive   put dead letters back: the bot handles them again
  purge     delete dead letters for good
  stats     how many events wait, and for how long

wacloud inbox <command> -h tells the flags of a command, wacloud version the version.
exit codes: 0 done, 1 not or not all done, 2 wrong use
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// errUsage is a wrong command line that was explained already.
var errUsage = errors.New("wrong use")

// run is main with everything it touches passed in. It returns the exit code.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	switch {
	case len(args) == 1 && args[0] == "version":
		fmt.Fprintln(stdout, version())
		return exitDone
	case len(args) > 0 && len(args) <= 2 && slices.Contains([]string{"help", "-h", "-help", "--help"}, args[len(args)-1]):
		fmt.Fprint(stdout, help)
		return exitDone
	case len(args) < 2 || args[0] != "inbox" || commands[args[1]].do == nil:
		fmt.Fprint(stderr, help)
		return exitUsage
	}
	j, err := parse(args[1], args[2:], getenv, stdout, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitDone
	case err != nil:
		return exitUsage
	}
	ctx, cancel := context.WithTimeout(ctx, j.timeout)
	defer cancel()
	if err := j.do(ctx); err != nil {
		fmt.Fprintln(stderr, "wacloud:", clean(err.Error()))
		return exitFailed
	}
	return exitDone
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return "wacloud " + info.Main.Version
	}
	return "wacloud (unknown version)"
}

// A job is one call of the program.
type job struct {
	command
	inbox    string
	natsName string
	creds    string
	json     bool
	reveal   bool
	all      bool
	limit    int
	timeout  time.Duration
	ids      []string
	out      io.Writer
}

// A command of wacloud inbox.
type command struct {
	usage   string
	about   string
	changes bool // it writes
	ids     bool // it takes ids
	all     bool // and -all instead
	do      func(*job, context.Context, inbox) error
}

var commands = map[string]command{
	"list":    {usage: "list [flags]", about: "lists dead letters, newest first", do: (*job).list},
	"show":    {usage: "show [flags] id", about: "shows one dead letter", ids: true, do: (*job).show},
	"redrive": {usage: "redrive [flags] id ...", about: "puts dead letters back at the end of their user's lane, with all their attempts", ids: true, all: true, changes: true, do: (*job).redrive},
	"purge":   {usage: "purge [flags] id ...", about: "deletes dead letters for good", ids: true, all: true, changes: true, do: (*job).purge},
	"stats":   {usage: "stats [flags]", about: "tells how many events wait, and for how long", do: (*job).stats},
}

// parse reads a command line in which flags and ids may stand in any order. It explains what is wrong itself.
func parse(name string, args []string, getenv func(string) string, stdout, stderr io.Writer) (*job, error) {
	j := &job{command: commands[name], out: stdout}
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		fmt.Fprintf(f.Output(), "usage: wacloud inbox %s\n\n%s\n\nflags:\n", j.usage, j.about)
		f.PrintDefaults()
	}
	f.StringVar(&j.inbox, "inbox", "", "`where` the inbox is: a file of SQLite, postgres://… or nats://…; WACLOUD_INBOX when not given")
	f.StringVar(&j.natsName, "nats-name", "wacloud", "`prefix` of the inbox's streams, on NATS")
	f.StringVar(&j.creds, "nats-creds", "", "`file` with credentials, on NATS")
	f.BoolVar(&j.json, "json", false, "print JSON, one object a line")
	f.DurationVar(&j.timeout, "timeout", 30*time.Second, "give up after this `time`")
	if name == "list" || name == "show" {
		f.BoolVar(&j.reveal, "reveal", false, "print phone numbers, names, texts and message ids")
	}
	if name == "list" {
		f.IntVar(&j.limit, "limit", 100, "print at most this `many`, 0 for all")
	}
	if j.command.all {
		f.BoolVar(&j.all, "all", false, "all dead letters")
	}
	for rest := args; ; rest = f.Args()[1:] {
		if err := f.Parse(rest); err != nil {
			return nil, err
		}
		if f.NArg() == 0 {
			break
		}
		j.ids = append(j.ids, f.Arg(0))
	}
	if j.inbox == "" { // not the flag's default, which -h would print, password and all
		j.inbox = getenv("WACLOUD_INBOX")
	}
	if wrong := j.wrong(); wrong != "" {
		fmt.Fprintf(stderr, "wacloud: %s: %s\n\n", name, wrong)
		f.Usage()
		return nil, errUsage
	}
	return j, nil
}

// wrong says what is wrong with the command line.
func (j *job) wrong() string {
	switch n := len(j.ids); {
	case j.inbox == "":
		return "-inbox is missing, and WACLOUD_INBOX is not set"
	case !j.command.ids && n > 0:
		return "it takes no ids"
	case j.all && n > 0:
		return "either ids or -all"
	case j.command.ids && !j.command.all && n != 1:
		return "it takes one id"
	case j.command.ids && n == 0 && !j.all:
		return "it takes ids, or -all"
	case j.limit < 0:
		return "-limit is negative"
	}
	return ""
}

// do opens the inbox and runs the command on it.
func (j *job) do(ctx context.Context) (err error) {
	in, err := j.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	return j.command.do(j, ctx, in)
}
