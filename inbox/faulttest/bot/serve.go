package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"runtime"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // to make the table of effects

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/inbox/faulttest/internal/meta"
	"github.com/wacloud/wacloud/inbox/nats"
	"github.com/wacloud/wacloud/inbox/postgres"
	"github.com/wacloud/wacloud/inbox/sqlinbox"
	"github.com/wacloud/wacloud/inbox/sqlite"
)

// serve is a bot: webhooks in, an inbox, handlers that write a journal.
func serve(args []string) error {
	f := newFlags("serve")
	if err := f.Parse(args); err != nil {
		return err
	}
	ctx := context.Background()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	in, store, err := openInbox(ctx, f, log)
	if err != nil {
		return err
	}
	handler, err := newHandler(f)
	if err != nil {
		return err
	}
	options := []wacloud.Option{wacloud.WithRateLimit(wacloud.RateLimit{Off: true})}
	if f.graph != "" {
		options = append(options, wacloud.WithBaseURL(f.graph))
	}
	c, err := wacloud.NewClient(meta.Number, wacloud.NewSecret("token"), options...)
	if err != nil {
		return err
	}
	hook, err := wacloud.NewWebhook(wacloud.WebhookConfig{
		Client: c, AppSecrets: []wacloud.Secret{wacloud.NewSecret(meta.Secret)}, VerifyToken: wacloud.NewSecret("verify"),
		Handler: handler, Inbox: points{in, f.idle}, Store: store, Logger: log,
		RunConfig: wacloud.RunConfig{MaxAttempts: f.attempts, Workers: f.workers},
	})
	if err != nil {
		return err
	}
	if f.stats != "" {
		go serveStats(f.stats, in)
	}
	if f.age > 0 {
		go ageIDs(f)
	}
	return errors.Join(wacloud.Serve(ctx, f.addr, hook), in.Close())
}

func openInbox(ctx context.Context, f *flags, log *slog.Logger) (wacloud.Inbox, wacloud.Store, error) {
	options := []sqlinbox.Option{sqlinbox.Logger(log)}
	if f.lease > 0 {
		options = append(options, sqlinbox.LeaseFor(f.lease))
	}
	switch f.engine {
	case "sqlite":
		if err := makeEffects("sqlite", f); err != nil {
			return nil, nil, err
		}
		opts := []sqlite.Option{sqlite.With(options...)}
		if f.maxBytes > 0 {
			opts = append(opts, sqlite.MaxFileBytes(f.maxBytes))
		}
		in, err := sqlite.Open(f.dsn, opts...)
		if err != nil {
			return nil, nil, err
		}
		return in, in.Store(), nil
	case "postgres":
		if err := makeEffects("pgx", f); err != nil {
			return nil, nil, err
		}
		in, err := retry(func() (*postgres.Inbox, error) {
			return postgres.Open(ctx, f.dsn, postgres.Logger(log), postgres.With(options...))
		})
		if err != nil {
			return nil, nil, err
		}
		return in, in.Store(), nil
	case "nats":
		in, err := retry(func() (*nats.Inbox, error) {
			conn, err := connectNATS(f.dsn)
			if err != nil {
				return nil, err
			}
			opts := []nats.Option{nats.Partitions(16), nats.Replicas(f.replicas), nats.Logger(log)}
			if f.lease > 0 {
				opts = append(opts, nats.LeaseFor(f.lease))
			}
			in, err := nats.Open(ctx, conn, opts...)
			if err != nil {
				conn.Close()
			}
			return in, err
		})
		return in, nil, err
	}
	return nil, nil, fmt.Errorf("bot: %q is no engine", f.engine)
}

// retry waits for a database that is starting.
func retry[T any](open func() (T, error)) (v T, err error) {
	for range 200 {
		if v, err = open(); err == nil {
			return v, nil
		}
		<-time.After(50 * time.Millisecond)
	}
	return v, err
}

// makeEffects makes the table that handlers write to when they complete.
func makeEffects(driver string, f *flags) error {
	if !f.effects {
		return nil
	}
	db, err := sql.Open(driver, f.dsn)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(context.Background(), `CREATE TABLE IF NOT EXISTS effects (who TEXT NOT NULL, n INTEGER NOT NULL, pid INTEGER NOT NULL)`)
	return errors.Join(err, db.Close())
}

// Stats is what /stats answers.
type Stats struct {
	wacloud.InboxStats
	Goroutines int
	Heap       uint64 // bytes that are in use after a collection, for /stats?heap
	PeakMemory string // of the process, resident
	Err        string
}

func serveStats(addr string, in wacloud.Inbox) {
	server := &http.Server{Addr: addr, ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := in.Stats(r.Context())
		answer := Stats{InboxStats: s, Goroutines: runtime.NumGoroutine(), PeakMemory: peakMemory()}
		if err != nil {
			answer.Err = err.Error()
		}
		if r.URL.RawQuery == "heap" {
			answer.Heap = heapInUse()
		}
		_ = json.NewEncoder(w).Encode(answer) //nolint:errchkjson,musttag // numbers and a string, read back by the same type
	})}
	fmt.Fprintln(os.Stderr, server.ListenAndServe())
}

func heapInUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what the first has finalised
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func peakMemory() string {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
