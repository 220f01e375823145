package sqlinbox

import (
	"context"
	"database/sql"
	"fmt"
)

// migrations bring the schema from each version to the next. They are never edited once released.
var migrations = [][]string{
	{
		`CREATE TABLE wa_lane (
			lane {blob} PRIMARY KEY,
			ready_at BIGINT NOT NULL,
			token BIGINT NOT NULL
		)`,
		`CREATE INDEX wa_lane_ready ON wa_lane (ready_at)`,
		`CREATE TABLE wa_event (
			seq {serial},
			lane {blob} NOT NULL,
			body {blob} NOT NULL,
			attempts INTEGER NOT NULL,
			stored_at BIGINT NOT NULL
		)`,
		`CREATE INDEX wa_event_lane ON wa_event (lane, seq)`,
		`CREATE TABLE wa_seen (
			id {blob} PRIMARY KEY,
			stored_at BIGINT NOT NULL
		)`,
		`CREATE INDEX wa_seen_stored ON wa_seen (stored_at)`,
		`CREATE TABLE wa_dead (
			id {blob} PRIMARY KEY,
			lane {blob} NOT NULL,
			body {blob} NOT NULL,
			attempts INTEGER NOT NULL,
			error TEXT NOT NULL,
			failed_at BIGINT NOT NULL
		)`,
		`CREATE INDEX wa_dead_failed ON wa_dead (failed_at)`,
		`CREATE TABLE wa_store (
			key {blob} PRIMARY KEY,
			value {blob} NOT NULL,
			version BIGINT NOT NULL,
			expires_at BIGINT NOT NULL
		)`,
		`CREATE INDEX wa_store_expires ON wa_store (expires_at)`,
	},
	{
		`CREATE TABLE wa_total (
			slot INTEGER PRIMARY KEY,
			events BIGINT NOT NULL,
			bytes BIGINT NOT NULL,
			dead BIGINT NOT NULL,
			ids BIGINT NOT NULL
		)`,
		`INSERT INTO wa_total (slot, events, bytes, dead, ids) SELECT 0, 0, 0, 0, COUNT(*) FROM wa_seen`,
	},
}

// schemaLock is the advisory lock under which PostgreSQL's schema is changed.
const schemaLock = 7721105

// lockSchema makes the processes that start at the same time do it one after the other. SQLite has one owner.
func (d Dialect) lockSchema(ctx context.Context, tx *sql.Tx) error {
	if d.oneOwner {
		return nil
	}
	_, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", schemaLock)
	return err
}

// migrate runs the migrations that are missing. When the schema is current it reads one row and changes nothing: DDL at
// every start, even IF NOT EXISTS, takes locks that deadlock with the workers of the other processes.
func (in *Inbox) migrate(ctx context.Context) error {
	if version, err := in.schemaVersion(ctx, in.db); err == nil && version == len(migrations) {
		return nil
	}
	return in.inTx(ctx, func(tx *sql.Tx) error {
		if err := in.dialect.lockSchema(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS wa_schema (version INTEGER NOT NULL)"); err != nil {
			return err
		}
		version, err := in.schemaVersion(ctx, tx)
		if err != nil {
			return err
		}
		if version > len(migrations) {
			return fmt.Errorf("the database has version %d of the schema, this release knows %d: use a newer release", version, len(migrations))
		}
		for _, statements := range migrations[version:] {
			for _, s := range statements {
				if _, err := tx.ExecContext(ctx, in.dialect.sql(s)); err != nil {
					return err
				}
			}
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM wa_schema"); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, in.dialect.sql("INSERT INTO wa_schema (version) VALUES (?)"), len(migrations))
		return err
	})
}

func (in *Inbox) schemaVersion(ctx context.Context, db rowQuerier) (int, error) {
	var version int
	err := db.QueryRowContext(ctx, "SELECT COALESCE(MAX(version), 0) FROM wa_schema").Scan(&version)
	return version, err
}
