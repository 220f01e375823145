package postgres

import (
	"context"
	"database/sql"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	announceEvery = 20 * time.Millisecond // a commit with NOTIFY waits for the others that have one
	reconnect     = 5 * time.Second
)

// hints tell the other processes that there are events, and hear it from them. Hints are only that: one may be lost, a
// pooler may not pass them on, and polling finds the events all the same.
type hints struct {
	conn     *pgx.ConnConfig
	db       *sql.DB
	log      *slog.Logger
	received chan struct{}
	stored   chan struct{}
	running  sync.WaitGroup
}

func newHints(conn *pgx.ConnConfig, db *sql.DB, log *slog.Logger) *hints {
	return &hints{conn: conn, db: db, log: log, received: make(chan struct{}, 1), stored: make(chan struct{}, 1)}
}

func (h *hints) start(ctx context.Context) {
	h.running.Go(func() { h.listenForever(ctx) })
	h.running.Go(func() { h.announceForever(ctx) })
}

func (h *hints) wait() { h.running.Wait() }

// announce is called after events were stored. It never waits.
func (h *hints) announce() { poke(h.stored) }

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (h *hints) announceForever(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.stored:
		}
		if _, err := h.db.ExecContext(ctx, "SELECT pg_notify('"+channel+"', '')"); err != nil && ctx.Err() == nil {
			h.log.WarnContext(ctx, "wacloud: postgres: cannot announce events, other processes find them by polling", "error", err)
		}
		pause(ctx, announceEvery)
	}
}

func (h *hints) listenForever(ctx context.Context) {
	for ctx.Err() == nil {
		if err := h.listen(ctx); err != nil && ctx.Err() == nil {
			h.log.WarnContext(ctx, "wacloud: postgres: cannot listen, events of other processes are found by polling", "error", err)
			pause(ctx, reconnect)
		}
	}
}

func (h *hints) listen(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, h.conn.Copy())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return err
	}
	for {
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return err
		}
		poke(h.received)
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
