// Command broadcast sends a template to everybody in a CSV file, each once, with a progress bar and a summary.
//
// Without credentials it plays the whole with made-up people and a Graph server inside the process:
//
//	go run -C examples ./broadcast
//
// For real it needs the environment of [wacloud.ConfigFromEnv] and a build that records on disk who was sent to:
//
//	go run -C examples -tags sqlite ./broadcast -id spring-sale -csv people.csv -template spring_sale -language pt_BR
//
// The first column of the file is the phone number with its country code, the others fill the template's body in order. Ctrl-C ends it
// cleanly; the same command goes on, and so it does after a crash.
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

	"github.com/wacloud/wacloud"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends it at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// interrupted is the exit code of a program that a signal ended.
const interrupted = 130

// A job is what the flags say.
type job struct {
	id, csv, template, language string
	results, db                 string
	rate, people                int
}

// run is main with everything it touches passed in. It returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var j job
	flags := flag.NewFlagSet("broadcast", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&j.id, "id", "", "name of the broadcast: with the same one it goes on where it ended")
	flags.StringVar(&j.csv, "csv", "", "file of recipients: phone number, then the texts of the template's body")
	flags.StringVar(&j.template, "template", "", "name of the template")
	flags.StringVar(&j.language, "language", "en", "language code of the template")
	flags.StringVar(&j.results, "results", "", "file to write each recipient's outcome to")
	flags.StringVar(&j.db, "db", "broadcast.db", "file that records who was sent to (needs a build with -tags sqlite)")
	flags.IntVar(&j.rate, "rate", 80, "messages that the number may send in a second")
	flags.IntVar(&j.people, "people", 600, "made-up recipients, where no credentials are set")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	report, err := j.start(ctx, stdout)
	if report != nil {
		summarize(stdout, report)
	}
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stdout, "\nInterrupted. "+afterwards)
		return interrupted
	case err != nil:
		fmt.Fprintln(stderr, "broadcast:", err)
		return 1
	}
	return 0
}

// start sends for real where there are credentials. The report is nil where nothing began.
func (j *job) start(ctx context.Context, out io.Writer) (report *wacloud.BroadcastReport, err error) {
	if os.Getenv("WHATSAPP_ACCESS_TOKEN") == "" {
		return j.rehearse(ctx, out)
	}
	if j.id == "" || j.csv == "" || j.template == "" {
		return nil, errors.New("-id, -csv and -template are needed to send for real")
	}
	cfg, err := wacloud.ConfigFromEnv()
	if err != nil {
		return nil, err
	}
	store, closeStore, err := openStore(j.db)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeStore()) }()
	list, err := openList(j.csv, wacloud.NewTemplate(j.template, j.language))
	if err != nil {
		return nil, err
	}
	return j.send(ctx, cfg, store, list, out)
}

// send sends to the whole list and shows how far it is.
func (j *job) send(ctx context.Context, cfg wacloud.Config, store wacloud.Store, list *list, out io.Writer) (*wacloud.BroadcastReport, error) {
	client, err := cfg.NewClient(wacloud.WithStore(store), wacloud.WithRateLimit(wacloud.RateLimit{PerSecond: j.rate}))
	if err != nil {
		return nil, err
	}
	results, err := openResults(j.results)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "Broadcast %q: template %s to %d recipients\n\n", j.id, list.template.Name, list.total)
	progress := newProgress(out, list.total)
	report, err := client.BroadcastEach(ctx, j.id, list.messages,
		wacloud.BroadcastProgress(progress.show), wacloud.BroadcastResults(results.write))
	progress.end()
	return &report, errors.Join(err, list.err, results.close())
}
