package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	natsio "github.com/nats-io/nats.go"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/inbox/nats"
	"github.com/wacloud/wacloud/inbox/postgres"
	"github.com/wacloud/wacloud/inbox/sqlite"
)

// An inbox is what the engines' Admins have in common.
type inbox interface {
	Stats(ctx context.Context) (wacloud.InboxStats, error)
	DeadLetters(ctx context.Context, after string, limit int) ([]wacloud.DeadLetter, error)
	Redrive(ctx context.Context, id string) error
	Purge(ctx context.Context, id string) error
	Close() error
}

// open opens the inbox without running it. Its errors never repeat the address: it may hold a password.
func (j *job) open(ctx context.Context) (inbox, error) {
	switch where := j.inbox; {
	case strings.HasPrefix(where, "postgres://"), strings.HasPrefix(where, "postgresql://"), isKeyValue(where):
		in, err := postgres.OpenAdmin(ctx, where)
		if err != nil {
			return nil, err
		}
		return in, nil
	case strings.HasPrefix(where, "nats://"), strings.HasPrefix(where, "tls://"):
		return j.openNATS(ctx)
	case strings.Contains(where, "://"):
		return nil, errors.New("-inbox is neither a file nor postgres:// nor nats://")
	default:
		in, err := sqlite.OpenAdmin(ctx, strings.TrimPrefix(where, "sqlite:"), !j.changes)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no file %s", where)
		}
		if err != nil {
			return nil, err
		}
		return in, nil
	}
}

// isKeyValue recognises PostgreSQL's other form of a connection string.
func isKeyValue(where string) bool {
	return strings.Contains(where, "host=") || strings.Contains(where, "dbname=")
}

type natsInbox struct {
	*nats.Admin
	conn *natsio.Conn
}

func (in natsInbox) Close() error {
	in.conn.Close()
	return nil
}

func (j *job) openNATS(ctx context.Context) (inbox, error) {
	opts := []natsio.Option{natsio.Name("wacloud inbox"), natsio.Timeout(j.timeout), natsio.MaxReconnects(0)}
	if j.creds != "" {
		opts = append(opts, natsio.UserCredentials(j.creds))
	}
	conn, err := natsio.Connect(j.inbox, opts...)
	if err != nil {
		return nil, fmt.Errorf("nats: %w", err)
	}
	admin, err := nats.OpenAdmin(ctx, conn, nats.Name(j.natsName))
	if err != nil {
		conn.Close()
		return nil, err
	}
	return natsInbox{admin, conn}, nil
}
