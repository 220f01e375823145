package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/wacloud/wacloud/simulator"
)

// defaultListen is tried first; when it is taken and nobody asked for it, any free port serves.
const defaultListen = "127.0.0.1:8790"

// serveFlags are the flags of the simulator itself.
type serveFlags struct {
	webhook, exec, listen, session, dir string
	hosts                               words
	numbers                             words
	watch                               words
	allowRemote, remoteMedia            bool
}

// words is a flag that may come more than once.
type words []string

func (w *words) String() string     { return strings.Join(*w, ",") }
func (w *words) Set(s string) error { *w = append(*w, s); return nil }

func parseServe(args []string, t terminal) (serveFlags, error) {
	var f serveFlags
	fs := flag.NewFlagSet("wasim", flag.ContinueOnError)
	fs.SetOutput(t.err)
	fs.StringVar(&f.webhook, "webhook", "http://127.0.0.1:8080/webhook", "the bot's webhook `address`")
	fs.StringVar(&f.exec, "exec", "", "start the bot with this `command`, with its variables set, and stop it at the end")
	fs.Var(&f.watch, "watch", "start the bot of -exec again, and the chats anew, when a file changes whose name matches a `pattern`: '*.go' in this folder and those\n"+
		"below, or './bot/*.go'; may be repeated")
	fs.StringVar(&f.listen, "listen", defaultListen, "`address` to listen at")
	fs.StringVar(&f.session, "session", sessionPath(t), "`file` that tells other wasim commands where this one runs")
	fs.StringVar(&f.dir, "dir", cachePath(t, "states"), "`folder` for saved states")
	fs.Var(&f.numbers, "number", "a business phone number, as `id` or id=display; may be repeated")
	fs.Var(&f.hosts, "host", "another `name` by which clients may call the simulator; may be repeated")
	fs.BoolVar(&f.allowRemote, "allow-remote", false, "serve other machines too: who knows the printed address controls it")
	fs.BoolVar(&f.remoteMedia, "remote-media", false, "fetch pictures that the bot links to from the internet, to show them")
	fs.Usage = func() {
		fmt.Fprint(t.err, "Usage: wasim [flags]      run the simulator\n       wasim VERB …        drive the one that runs: see wasim help\n\n")
		fs.PrintDefaults()
	}
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return f, err
		}
		return f, errUsage
	}
	if fs.NArg() > 0 {
		return f, fmt.Errorf("%q is no flag: verbs come first, see wasim help", fs.Arg(0))
	}
	if len(f.watch) > 0 && f.exec == "" {
		return f, errors.New("-watch needs -exec, the bot that it starts again")
	}
	return f, nil
}

// serve runs the simulator until ctx ends or the bot of -exec does.
func serve(ctx context.Context, args []string, t terminal) error {
	f, err := parseServe(args, t)
	if err != nil {
		return err
	}
	files, err := watchedBy(f.watch)
	if err != nil {
		return err
	}
	listener, err := listen(ctx, f)
	if err != nil {
		return err
	}
	defer listener.Close()
	bot := newChild(f.exec, len(files) > 0)
	sim, err := newSimulator(f, listener.Addr(), bot)
	if err != nil {
		return err
	}
	defer sim.Close()
	here := session{URL: sim.Config().BaseURL, Token: sim.ControlToken().Reveal(), PID: os.Getpid()}
	if err := writeSession(f.session, here); err != nil {
		return err
	}
	defer removeSession(f.session)
	greet(t, f, sim)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if len(files) > 0 {
		go watchFiles(ctx, files, func() { startAnew(ctx, here, t) })
	}
	return serveUntil(ctx, t, bot, sim, listener)
}

// startAnew is "wasim restart -reset true".
func startAnew(ctx context.Context, s session, t terminal) {
	inv := invocation{verb: restart, session: s, fields: map[string]any{"reset": true}}
	if _, err := inv.call(ctx); err != nil && ctx.Err() == nil {
		fmt.Fprintln(t.err, "wasim:", err)
	}
}

// serveUntil serves until the end, and then stops the bot and the server.
func serveUntil(ctx context.Context, t terminal, c *child, sim *simulator.Simulator, listener net.Listener) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	server := &http.Server{Handler: sim, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	bot := make(chan error, 1)
	if c.command != "" {
		go func() {
			err := c.run(ctx, childEnv(t.environ, sim.Env()), sim, t)
			cancel(err)
			bot <- err
		}()
	} else {
		bot <- nil
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-served:
		cancel(err)
	}
	if botErr := <-bot; err == nil {
		err = botErr
	}
	sim.Close() // ends the streams, which a shutdown would wait for
	stopping, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer done()
	_ = server.Shutdown(stopping) // what is still open then is cut by the end of the process
	return err
}

// listen opens the port, on loopback unless told otherwise.
func listen(ctx context.Context, f serveFlags) (net.Listener, error) {
	host, _, err := net.SplitHostPort(f.listen)
	if err != nil {
		return nil, fmt.Errorf("-listen: %w", err)
	}
	addr, err := netip.ParseAddr(host)
	if loopback := host == "localhost" || err == nil && addr.IsLoopback(); !loopback && !f.allowRemote {
		return nil, fmt.Errorf("-listen %s is not on loopback: add -allow-remote if other machines shall reach it", f.listen)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", f.listen)
	if errors.Is(err, syscall.EADDRINUSE) && f.listen == defaultListen {
		return lc.Listen(ctx, "tcp", "127.0.0.1:0")
	}
	return l, err
}

func newSimulator(f serveFlags, addr net.Addr, bot *child) (*simulator.Simulator, error) {
	opts := simulator.Options{
		Webhook: f.webhook, BaseURL: baseURL(addr), Dir: f.dir, RemoteMedia: f.remoteMedia,
		AllowRemote: f.allowRemote, Hosts: f.hosts, Exec: f.exec,
	}
	if f.exec != "" {
		opts.Restart = bot.restart
	}
	for i, n := range f.numbers {
		id, display, ok := strings.Cut(n, "=")
		if !ok {
			display = fmt.Sprintf("155500055%02d", 55+i)
		}
		opts.Numbers = append(opts.Numbers, simulator.Number{ID: id, Display: display})
	}
	return simulator.New(opts)
}

// baseURL is the address for this machine, also when every interface is listened at.
func baseURL(addr net.Addr) string {
	host, port, _ := net.SplitHostPort(addr.String()) // a listener's address has both
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// greet prints what the bot and its author need.
func greet(t terminal, f serveFlags, sim *simulator.Simulator) {
	fmt.Fprint(t.out, "This is not WhatsApp: a simulator of Meta's Cloud API on this machine.\n\n")
	fmt.Fprintf(t.out, "Phone     %s\nWebhooks  %s\n\n", sim.PageURL(), f.webhook)
	for _, v := range sim.Env() {
		fmt.Fprintf(t.out, "export %s\n", v)
	}
	fmt.Fprintln(t.out)
	if f.exec != "" {
		fmt.Fprintf(t.out, "Starting  %s\n", f.exec)
	}
	if len(f.watch) > 0 {
		fmt.Fprintf(t.out, "Watching  %s\n", strings.Join(f.watch, " "))
	}
}

// cachePath is a place of the user's for files of ours; without a home it is the temporary folder.
func cachePath(t terminal, name string) string {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	if d := t.getenv("XDG_CACHE_HOME"); d != "" {
		dir = d
	}
	return filepath.Join(dir, "wasim", name)
}
