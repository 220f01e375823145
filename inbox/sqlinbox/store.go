package sqlinbox

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/wacloud/wacloud"
)

// Store is a durable [wacloud.Store] in the inbox's database. It is safe for concurrent use.
type Store struct{ in *Inbox }

// Store returns the store beside the inbox: what a bot sends is recorded in it, so that a handler that runs again after a
// crash does not send again. It is ready for use as long as the database is open.
func (in *Inbox) Store() *Store { return &Store{in} }

const alive = "(expires_at = 0 OR expires_at > {now})"

// Get implements [wacloud.Store].
func (s *Store) Get(ctx context.Context, key string) (value []byte, version uint64, err error) {
	entries, err := s.in.lookUp(ctx, []string{key})
	switch {
	case err != nil:
		return nil, 0, fmt.Errorf("wacloud: store get: %w", err)
	case len(entries) == 0:
		return nil, 0, wacloud.ErrNotFound
	}
	return entries[0].Value, entries[0].Version, nil
}

// GetAll implements [wacloud.MultiStore].
func (s *Store) GetAll(ctx context.Context, keys ...string) ([]wacloud.Entry, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	entries, err := s.in.lookUp(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("wacloud: store get: %w", err)
	}
	return entries, nil
}

// Put implements [wacloud.Store].
func (s *Store) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	_, err := s.write(ctx, "put", `INSERT INTO wa_store (key, value, version, expires_at) VALUES (?, ?, ?, `+expiry(ttl)+`)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = excluded.version, expires_at = excluded.expires_at`,
		entry(key, value, ttl)...)
	return err
}

// Swap implements [wacloud.Store].
func (s *Store) Swap(ctx context.Context, key string, old uint64, value []byte, ttl time.Duration) (bool, error) {
	if old == 0 {
		n, err := s.write(ctx, "swap", `INSERT INTO wa_store (key, value, version, expires_at) VALUES (?, ?, ?, `+expiry(ttl)+`)
			ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = excluded.version, expires_at = excluded.expires_at
			WHERE wa_store.expires_at > 0 AND wa_store.expires_at <= {now}`, append(entry(key, value, ttl), now)...)
		return n == 1, err
	}
	args := append(entry(key, value, ttl)[1:], []byte(key), int64(old), now) //nolint:gosec // versions are below 1<<62
	n, err := s.write(ctx, "swap", `UPDATE wa_store SET value = ?, version = ?, expires_at = `+expiry(ttl)+`
		WHERE key = ? AND version = ? AND `+alive, args...)
	return n == 1, err
}

// Delete implements [wacloud.Store].
func (s *Store) Delete(ctx context.Context, key string) error {
	_, err := s.write(ctx, "delete", "DELETE FROM wa_store WHERE key = ?", []byte(key))
	return err
}

// Scan implements [wacloud.Store]. Keys are in byte order.
func (s *Store) Scan(ctx context.Context, prefix, after string, limit int) ([]wacloud.Entry, error) {
	if limit <= 0 {
		return nil, nil
	}
	text, args := "SELECT key, value, version FROM wa_store WHERE key >= ? AND key > ?", []any{[]byte(prefix), []byte(after)}
	if after == "" { // the empty key itself is wanted too
		text, args = "SELECT key, value, version FROM wa_store WHERE key >= ?", args[:1]
	}
	if end := prefixEnd(prefix); end != nil {
		text, args = text+" AND key < ?", append(args, end)
	}
	var entries []wacloud.Entry
	err := s.in.query(ctx, s.in.reads, func(rows *sql.Rows) error {
		e, err := scanEntry(rows)
		entries = append(entries, e)
		return err
	}, text+" AND "+alive+" ORDER BY key LIMIT ?", append(args, now, limit)...)
	if err != nil {
		return nil, fmt.Errorf("wacloud: store scan: %w", s.in.dialect.wrap(err))
	}
	return entries, nil
}

// entry is the arguments for key, value, version and expiry. The version is random: one that was deleted never comes back.
func entry(key string, value []byte, ttl time.Duration) []any {
	if value == nil {
		value = []byte{}
	}
	args := []any{[]byte(key), value, unique()}
	if ttl > 0 {
		args = append(args, now, ttl.Microseconds())
	}
	return args
}

// expiry is when a value is over: 0 for never, and long ago for a ttl that has passed.
func expiry(ttl time.Duration) string {
	switch {
	case ttl > 0:
		return "{now} + ?"
	case ttl < 0:
		return "1"
	default:
		return "0"
	}
}

// prefixEnd is the first key after all that start with prefix, nil when there is none.
func prefixEnd(prefix string) []byte {
	end := bytes.TrimRight([]byte(prefix), "\xff")
	if len(end) == 0 {
		return nil
	}
	end = bytes.Clone(end)
	end[len(end)-1]++
	return end
}
