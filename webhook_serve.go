package wacloud

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"
)

// clientCertificateName is who Meta's webhooks come from (Meta, webhooks, mTLS, read 2026-09).
const clientCertificateName = "client.webhooks.fbclientcerts.com"

// Limits of the server: a webhook is one small request, so whoever is slower is not Meta.
const (
	headerTimeout  = 5 * time.Second
	requestTimeout = 15 * time.Second
	idleTimeout    = 120 * time.Second
	maxHeader      = 16 << 10
	closeTimeout   = 10 * time.Second
)

// Serve listens on addr, answers /webhook and runs the webhook until ctx ends or SIGINT or SIGTERM comes. Then it stops
// listening, lets requests and handlers finish, and returns nil. A second signal ends the process as it does without
// Serve. It speaks plain HTTP: put it behind something that ends TLS, or use [Webhook] in a server of your own.
//
// The server closes connections that take over 5 s for the header or 15 s for the request, or idle for 120 s, and reads
// at most 16 KiB of header.
func Serve(ctx context.Context, addr string, w *Webhook) error {
	if w == nil {
		return errors.New("wacloud: serve: the webhook is nil")
	}
	if w.cfg.ClientCA != nil {
		return errors.New("wacloud: serve: ClientCA needs TLS: use a server of your own with Webhook.TLSConfig")
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("wacloud: serve: %w", err)
	}
	return w.serve(ctx, listener, stop)
}

// serve serves and runs until ctx ends or one of both fails. stop lets the next signal through.
func (w *Webhook) serve(ctx context.Context, listener net.Listener, stop func()) error {
	if !w.state.CompareAndSwap(runNotStarted, runRunning) { // before the first request
		_ = listener.Close()
		return errWebhookRan
	}
	defer w.state.Store(runEnded)
	server := w.server()
	runCtx, endRun := context.WithCancel(context.WithoutCancel(ctx))
	defer endRun()
	failed := make(chan error, 2)
	ran := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	go func() {
		err := w.runIfHandling(runCtx)
		ran <- err
		if err != nil {
			failed <- err
		}
	}()
	w.log.Info("wacloud: listening", "address", listener.Addr().String())

	var cause error
	select {
	case <-ctx.Done():
		stop()
	case cause = <-failed:
	}
	closeErr := shutdown(server)
	endRun()
	runErr := <-ran
	if err := cmp.Or(cause, closeErr, runErr); err != nil {
		return fmt.Errorf("wacloud: serve: %w", err)
	}
	return nil
}

// runIfHandling is Run, or nothing until ctx ends where other processes handle the events.
func (w *Webhook) runIfHandling(ctx context.Context) error {
	if w.cfg.IngestOnly {
		<-ctx.Done()
		return nil
	}
	return w.run(ctx)
}

func (w *Webhook) server() *http.Server {
	return &http.Server{
		Handler:           http.HandlerFunc(w.serveWebhook),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       requestTimeout,
		WriteTimeout:      requestTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
	}
}

// serveWebhook answers one path. An [http.ServeMux] would redirect the likes of /a/../webhook.
func (w *Webhook) serveWebhook(rw http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/webhook" {
		http.NotFound(rw, r)
		return
	}
	w.ServeHTTP(rw, r)
}

// shutdown stops listening and waits for the requests, which take no longer than Put does.
func shutdown(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		_ = server.Close()
		return fmt.Errorf("shutdown: %w", err)
	}
	return nil
}

// TLSConfig returns a copy of base (which may be nil) that asks for client certificates and leaves it to the webhook to
// judge them: with ClientCA, requests without one of Meta's are answered 403.
func (w *Webhook) TLSConfig(base *tls.Config) *tls.Config {
	cfg := new(tls.Config)
	if base != nil {
		cfg = base.Clone()
	}
	if w.cfg.ClientCA != nil {
		cfg.ClientAuth = tls.RequestClientCert
		cfg.ClientCAs = w.cfg.ClientCA
	}
	return cfg
}

// fromMeta reports whether the connection itself has a client certificate of Meta's that ClientCA signed. What headers
// say of certificates is not looked at.
func (w *Webhook) fromMeta(state *tls.ConnectionState) bool {
	if state == nil || len(state.PeerCertificates) == 0 {
		return false
	}
	leaf, rest := state.PeerCertificates[0], state.PeerCertificates[1:]
	between := x509.NewCertPool()
	for _, cert := range rest {
		between.AddCert(cert)
	}
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots: w.cfg.ClientCA, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	named := leaf.Subject.CommonName == clientCertificateName || slices.Contains(leaf.DNSNames, clientCertificateName)
	return err == nil && named
}
