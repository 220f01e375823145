package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	natsio "github.com/nats-io/nats.go"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/inbox/nats"
	"github.com/wacloud/wacloud/inbox/postgres"
	"github.com/wacloud/wacloud/inbox/sqlinbox"
)

// envInbox says where the inbox is that all processes share. It makes the program one of them.
const envInbox = "SCALEOUT_INBOX"

// lease is how long the others wait before they take over the users of a process that died. The default is 30 s; here the
// show would be over by then.
const lease = 3 * time.Second

// A tap is what a button's id says: the n-th tap of a user.
type tap struct {
	User int `id:"user"`
	N    int `id:"n"`
}

var onTap = wacloud.NewRoute[tap]("tap:{user}:{n}")

func newRouter() *wacloud.Router {
	r := wacloud.NewRouter()
	wacloud.On(r, onTap, func(ctx context.Context, e *wacloud.Event, t tap) error {
		_, err := e.Respond(ctx, wacloud.NewText(fmt.Sprintf("ok %d %d", t.User, t.N)))
		return err
	})
	// A process that was killed while its answer was on its way leaves an answer of which nobody knows whether it arrived.
	// It is not sent again; the user is told.
	r.Failed(func(ctx context.Context, e *wacloud.Event, _ error) {
		if t, err := onTap.Parse(e.Message.Reply.ID); err == nil {
			_, _ = e.Respond(ctx, wacloud.NewText(fmt.Sprintf("sorry %d %d", t.User, t.N)))
		}
	})
	r.NotFound(func(context.Context, *wacloud.Event) error { return errors.New("a tap without a route") })
	return r
}

// openInbox opens what the processes share. NATS has no store, so there an answer whose process dies before it can say so is
// sent again by the next one.
func openInbox(ctx context.Context, where string) (inbox wacloud.Inbox, store wacloud.Store, err error) {
	if !strings.HasPrefix(where, "nats://") {
		in, err := postgres.Open(ctx, where, postgres.With(sqlinbox.LeaseFor(lease)))
		if err != nil {
			return nil, nil, err
		}
		return in, in.Store(), nil
	}
	conn, err := natsio.Connect(where)
	if err != nil {
		return nil, nil, err
	}
	in, err := nats.Open(ctx, conn, nats.LeaseFor(lease), nats.Partitions(16))
	return in, nil, err
}

// runBot is one process of the bot. It ends with its standard input, so that none outlives the program that started it.
func runBot(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, stdin)
		cancel()
	}()
	cfg, err := wacloud.ConfigFromEnv()
	if err != nil {
		return err
	}
	inbox, store, err := openInbox(ctx, os.Getenv(envInbox))
	if err != nil {
		return err
	}
	client, err := cfg.NewClient(wacloud.WithStore(store))
	if err != nil {
		return err
	}
	hook, err := wacloud.NewWebhook(wacloud.WebhookConfig{
		Client:      client,
		AppSecrets:  cfg.AppSecrets,
		VerifyToken: cfg.VerifyToken,
		Handler:     newRouter(),
		Inbox:       inbox,
		Store:       store,
		Logger:      slog.New(slog.DiscardHandler), // what goes wrong here goes wrong on purpose
	})
	if err != nil {
		return err
	}
	return errors.Join(serve(ctx, hook, stdout), inbox.Close())
}

// serve serves webhooks on a free port, says on which, and handles events until ctx ends.
func serve(ctx context.Context, hook *wacloud.Webhook, stdout io.Writer) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/webhook", hook)
	mux.HandleFunc("GET /ready", hook.ServeReady)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	defer func() { _ = server.Close() }()
	fmt.Fprintf(stdout, "http://%s\n", listener.Addr())
	return hook.Run(ctx)
}
