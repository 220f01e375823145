package main

import (
	"context"
	"errors"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/wacloud/wacloud"
)

// A service is the bot and what it serves over HTTP: the webhook, the pictures of the carousel, the pages of the orders.
type service struct {
	hook    *wacloud.Webhook
	inbox   wacloud.Inbox
	router  *wacloud.Router
	handler http.Handler
}

// newService keeps everything in memory, for demonstrations: it loses what it holds when the process dies.
func newService(cfg wacloud.Config, publicURL, without string) (*service, error) {
	return newServiceOn(wacloud.NewMemoryInbox(), wacloud.NewMemoryStore(), cfg, publicURL, without)
}

func newServiceOn(inbox wacloud.Inbox, store wacloud.Store, cfg wacloud.Config, publicURL, without string) (*service, error) {
	// A phone that cannot show a carousel gets another shape, and what its user types finds the callback by the store.
	client, err := cfg.NewClient(wacloud.WithStore(store), wacloud.WithFallback(wacloud.WordingPortuguese()))
	if err != nil {
		return nil, err
	}
	b := &bot{shop: newShop(), publicURL: publicURL}
	router := b.routes(store, without)
	hook, err := wacloud.NewWebhook(wacloud.WebhookConfig{
		Client:      client,
		AppSecrets:  cfg.AppSecrets,
		VerifyToken: cfg.VerifyToken,
		Handler:     router,
		Inbox:       inbox,
		Store:       store,

		SimulatorToken: cfg.SimulatorToken,

		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/webhook", hook)
	mux.HandleFunc("GET /pictures/{name}", servePicture)
	mux.HandleFunc("GET /orders/{id}", b.serveOrder)
	return &service{hook, inbox, router, mux}, nil
}

// listenAndRun serves on addr and handles events until ctx ends.
func (s *service) listenAndRun(ctx context.Context, addr string) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	return s.serve(ctx, listener)
}

func (s *service) serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{Handler: s.handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var serving sync.WaitGroup
	serving.Go(func() { cancel(server.Serve(listener)) })
	serving.Go(func() {
		<-ctx.Done() // take no more webhooks, while Run lets the running callbacks finish
		shutdown, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer stop()
		_ = server.Shutdown(shutdown)
	})
	err := s.hook.Run(ctx)
	cancel(err)
	serving.Wait()
	if cause := context.Cause(ctx); err == nil && !errors.Is(cause, context.Canceled) && !errors.Is(cause, http.ErrServerClosed) {
		err = cause
	}
	return err
}

var orderPage = template.Must(template.New("order").Parse(`<!doctype html>
<html lang="pt-BR"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Seu pedido</title>
<style>body{font:16px/1.5 system-ui;margin:10vh auto;max-width:28rem;padding:0 1rem}li{margin:.25rem 0}</style>
<h1>Seu pedido está sendo preparado 👩‍🍳</h1>
<ul>{{range .Lines}}<li>{{.}}</li>{{end}}</ul>
<p><strong>Total: {{.Total}}</strong></p></html>
`))

// serveOrder is the page behind the link of the order's message.
func (b *bot) serveOrder(w http.ResponseWriter, r *http.Request) {
	var id UUID
	if id.UnmarshalText([]byte(r.PathValue("id"))) != nil {
		http.NotFound(w, r)
		return
	}
	o, ok := b.shop.order(id)
	if !ok {
		http.NotFound(w, r)
		return
	}
	page := struct {
		Lines []string
		Total string
	}{Total: price(total(o.lines))}
	for _, l := range o.lines {
		page.Lines = append(page.Lines, l.item.Name+" · "+price(l.item.Cents))
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = orderPage.Execute(w, page)
}
