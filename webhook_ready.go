package wacloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const readyTimeout = time.Second

// Ready reports whether the webhook can take events: it is running (or IngestOnly) and has not begun to stop, and its inbox
// takes writes within a second. An inbox that can tell has a method Ready(context.Context) error; all durable ones of this
// repository have.
//
// A webhook whose events wait too long is ready all the same: turning Meta away would make them wait longer. Alert on
// [MetricOldestAge] instead.
func (w *Webhook) Ready(ctx context.Context) error {
	if !w.cfg.IngestOnly && w.state.Load() != runRunning {
		return errors.New("wacloud: not ready: nobody handles the events")
	}
	inbox, ok := w.cfg.Inbox.(interface {
		Ready(ctx context.Context) error
	})
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	if err := inbox.Ready(ctx); err != nil {
		return fmt.Errorf("wacloud: not ready: %w", err)
	}
	return nil
}

// ServeReady answers a readiness probe: 200, or 503 and a line in the log. It writes to the database each time, so serve it
// where only the probe can reach it, and do not use it for liveness: a process whose database is away should wait, not be
// restarted.
//
//	mux.HandleFunc("GET /ready", hook.ServeReady)
func (w *Webhook) ServeReady(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	rw.Header().Set("Cache-Control", "no-store")
	if err := w.Ready(r.Context()); err != nil {
		w.log.WarnContext(r.Context(), "wacloud: not ready", "error", err)
		rw.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(rw, "not ready\n")
		return
	}
	_, _ = io.WriteString(rw, "ready\n")
}
