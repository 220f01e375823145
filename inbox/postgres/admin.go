package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/stdlib"

	"github.com/wacloud/wacloud/inbox/sqlinbox"
)

// An Admin looks after the dead letters in a database. It is safe for concurrent use.
type Admin struct {
	*sqlinbox.Admin
	db *sql.DB
}

// OpenAdmin connects to the inbox in a database without running it: it changes no schema and does not listen.
func OpenAdmin(ctx context.Context, dsn string) (*Admin, error) {
	conn, err := parse(dsn)
	if err != nil {
		return nil, err
	}
	db := stdlib.OpenDB(*conn)
	db.SetMaxOpenConns(1)
	admin, err := sqlinbox.OpenAdmin(ctx, db, sqlinbox.Postgres())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("wacloud: postgres: %w", err), db.Close())
	}
	return &Admin{admin, db}, nil
}

// Close closes the connection.
func (a *Admin) Close() error { return a.db.Close() }
