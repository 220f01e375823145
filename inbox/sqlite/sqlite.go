// Package sqlite is the durable inbox for one machine, in a file:
//
//	inbox, err := sqlite.Open("bot.db")
//
// It is [sqlinbox] on SQLite (modernc.org/sqlite, no C compiler needed), in WAL mode with synchronous=FULL: when Put
// returns, the event is on the disk. One process owns the file; a second one fails at start.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"runtime"
	"strconv"

	"github.com/gofrs/flock"
	_ "modernc.org/sqlite" // the driver

	"github.com/wacloud/wacloud/inbox/sqlinbox"
)

// ErrInUse is what Open returns when another process, or another inbox of this one, has the file.
var ErrInUse = errors.New("wacloud: sqlite: the file is in use by another process")

// An Inbox is a [wacloud.Inbox] in a file, with [Inbox.Store] beside it. It is safe for concurrent use.
type Inbox struct {
	*sqlinbox.Inbox
	db   *sql.DB // one connection, which writes
	read *sql.DB
	lock *flock.Flock
}

type config struct {
	maxPages int64
	inbox    []sqlinbox.Option
}

// An Option configures [Open].
type Option func(*config)

// MaxFileBytes bounds the size of the file, in steps of 4 KiB and at least 256 KiB; beyond it Put returns
// wacloud.ErrInboxFull, and takes events again when others are done. An eighth is kept for handling what is stored. There
// is no bound by default but the disk and [sqlinbox.MaxBytes].
func MaxFileBytes(n int64) Option { return func(c *config) { c.maxPages = max(n/pageSize, minPages) } }

// With sets options of [sqlinbox.Open].
func With(opts ...sqlinbox.Option) Option {
	return func(c *config) { c.inbox = append(c.inbox, opts...) }
}

const (
	pageSize   = 4096
	minPages   = 64
	maxReaders = 4
)

// Open opens the inbox in the file at path and makes the file where there is none. Beside it SQLite keeps path-wal and
// path-shm, and path.lock says who owns it. The file must be on a disk of this machine: network file systems lie about
// locks.
func Open(path string, opts ...Option) (*Inbox, error) {
	var cfg config
	for _, opt := range opts {
		opt(&cfg)
	}
	path, err := realPath(path)
	if err != nil {
		return nil, fmt.Errorf("wacloud: sqlite: %w", err)
	}
	lock := flock.New(path + ".lock")
	switch locked, err := lock.TryLock(); {
	case err != nil:
		return nil, fmt.Errorf("wacloud: sqlite: lock: %w", err)
	case !locked:
		return nil, fmt.Errorf("%w: %s; stop it, or use PostgreSQL to share an inbox", ErrInUse, filepath.Base(path))
	}
	in, err := open(path, cfg)
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	in.lock = lock
	return in, nil
}

func open(path string, cfg config) (*Inbox, error) {
	db, err := sql.Open("sqlite", dsn(path, cfg))
	if err != nil {
		return nil, fmt.Errorf("wacloud: sqlite: %w", err)
	}
	db.SetMaxOpenConns(1) // one writer; a second would only wait for the first
	ctx := context.Background()
	if err := checkDurable(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	read, err := openReaders(path)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	check := sqlinbox.CheckPut((&guard{path: path, maxPages: cfg.maxPages}).check)
	in, err := sqlinbox.Open(ctx, db, sqlinbox.SQLite(), append([]sqlinbox.Option{check, sqlinbox.Readers(read)}, cfg.inbox...)...)
	if err != nil {
		return nil, errors.Join(err, read.Close(), db.Close())
	}
	return &Inbox{Inbox: in, db: db, read: read}, nil
}

// openReaders opens connections that only read: in WAL mode they wait for no writer, and no writer for them.
func openReaders(path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", fileURI(path, url.Values{"_pragma": {"busy_timeout(5000)", "query_only(1)"}}))
	if err != nil {
		return nil, fmt.Errorf("wacloud: sqlite: %w", err)
	}
	db.SetMaxOpenConns(maxReaders)
	db.SetMaxIdleConns(maxReaders)
	return db, nil
}

// realPath follows symbolic links, so that one file has one lock.
func realPath(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return real, err
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path)) // the file is still to be made
	return filepath.Join(dir, filepath.Base(path)), err
}

func dsn(path string, cfg config) string {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(OFF)",
	}}
	if cfg.maxPages > 0 {
		q.Add("_pragma", "max_page_count("+strconv.FormatInt(cfg.maxPages, 10)+")")
	}
	return fileURI(path, q)
}

// fileURI is how SQLite wants a path with parameters.
func fileURI(path string, q url.Values) string {
	path = filepath.ToSlash(path)
	if runtime.GOOS == "windows" {
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}

// checkDurable reads back what the promise of the inbox rests on.
func checkDurable(ctx context.Context, db *sql.DB) error {
	var journal string
	var synchronous int
	if err := db.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&journal); err != nil {
		return fmt.Errorf("wacloud: sqlite: open: %w", err)
	}
	if err := db.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&synchronous); err != nil {
		return fmt.Errorf("wacloud: sqlite: open: %w", err)
	}
	const full = 2
	if journal != "wal" || synchronous != full {
		return fmt.Errorf("wacloud: sqlite: journal_mode is %s and synchronous %d, want wal and 2: is the file on a disk of this machine?", journal, synchronous)
	}
	return nil
}

// Close stores what Put was called with, closes the file and frees it for another process. End Run's context first.
func (in *Inbox) Close() error {
	return errors.Join(in.Inbox.Close(), in.read.Close(), in.db.Close(), in.lock.Unlock())
}
