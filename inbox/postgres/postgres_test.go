package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/inbox/inboxtest"
	"github.com/wacloud/wacloud/inbox/postgres"
	"github.com/wacloud/wacloud/inbox/sqlinbox"
	"github.com/wacloud/wacloud/internal/pgcluster"
)

var cluster *pgcluster.Cluster

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	switch cluster, err = pgcluster.Start(context.Background(), false); {
	case errors.Is(err, pgcluster.ErrNotInstalled) && os.Getenv("CI") != "true":
		fmt.Fprintln(os.Stderr, "SKIPPED: the PostgreSQL inbox is not tested:", err)
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		return 1
	default:
		defer func() { _ = cluster.Close() }()
	}
	return m.Run()
}

var databases atomic.Int64

// database returns the connection string of a database of its own.
func database(tb testing.TB) string {
	tb.Helper()
	if cluster == nil {
		tb.Skip("no PostgreSQL server on this machine")
	}
	conn, err := pgx.Connect(tb.Context(), cluster.DSN())
	require.NoError(tb, err)
	defer func() { require.NoError(tb, conn.Close(tb.Context())) }()
	name := fmt.Sprintf("test%d", databases.Add(1))
	_, err = conn.Exec(tb.Context(), "CREATE DATABASE "+name)
	require.NoError(tb, err)
	return strings.Replace(cluster.DSN(), "dbname=postgres", "dbname="+name, 1)
}

func TestInbox(t *testing.T) {
	t.Parallel()
	var dsn string
	inboxtest.Run(t, inboxtest.Config{
		Open: func() (wacloud.Inbox, error) {
			dsn = database(t)
			return postgres.Open(t.Context(), dsn)
		},
		Reopen: func(in wacloud.Inbox) (wacloud.Inbox, error) {
			if err := in.Close(); err != nil {
				return nil, err
			}
			return postgres.Open(t.Context(), dsn)
		},
		Bounded: func(n int64) (wacloud.Inbox, error) {
			return postgres.Open(t.Context(), database(t), postgres.With(sqlinbox.MaxBytes(n)))
		},
	})
}

func TestStore(t *testing.T) {
	t.Parallel()
	inboxtest.RunStore(t, func() (wacloud.Store, error) {
		in, err := postgres.Open(t.Context(), database(t))
		if err != nil {
			return nil, err
		}
		t.Cleanup(func() { _ = in.Close() })
		return in.Store(), nil
	})
}
