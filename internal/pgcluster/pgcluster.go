//go:build unix

// Package pgcluster starts a private PostgreSQL for a test or a demonstration, from the server that the machine has: data
// and socket in a temporary folder, no TCP port, gone when it is closed.
package pgcluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

// ErrNotInstalled is what Start returns on a machine without a PostgreSQL server.
var ErrNotInstalled = errors.New("pgcluster: no PostgreSQL server on this machine (Debian: apt-get install postgresql)")

// port only names the socket's file.
const port = "54329"

// A Cluster is a running server.
type Cluster struct {
	bin, dir string
	as       *syscall.Credential // nil for ourselves
	fsync    bool
}

// Start makes and starts a cluster. With fsync it is as durable as a server is by default; without it tests are faster.
func Start(ctx context.Context, fsync bool) (*Cluster, error) {
	bin, err := findServer()
	if err != nil {
		return nil, err
	}
	// Not t.TempDir: the path of a socket has at most 107 bytes.
	dir, err := os.MkdirTemp("", "wapg")
	if err != nil {
		return nil, err
	}
	c := &Cluster{bin: bin, dir: dir, fsync: fsync}
	if err := errors.Join(c.dropPrivileges(), c.initialise(ctx)); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := c.Up(ctx); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return c, nil
}

// DSN is the connection string of the cluster's database.
func (c *Cluster) DSN() string {
	return fmt.Sprintf("host=%s port=%s user=wacloud dbname=postgres sslmode=disable", c.dir, port)
}

// Up starts the server again after Crash.
func (c *Cluster) Up(ctx context.Context) error {
	options := fmt.Sprintf("-c listen_addresses='' -c unix_socket_directories='%s' -c port=%s -c max_connections=100 -c fsync=%v", c.dir, port, c.fsync)
	return c.run(ctx, "pg_ctl", "-D", c.data(), "-w", "-t", "60", "-l", filepath.Join(c.dir, "log"), "-o", options, "start")
}

// Crash ends the server at once, without a checkpoint: it recovers from its log when it is started again.
func (c *Cluster) Crash(ctx context.Context) error {
	return c.run(ctx, "pg_ctl", "-D", c.data(), "-w", "-m", "immediate", "stop")
}

// Close stops the server and deletes everything.
func (c *Cluster) Close() error {
	err := c.run(context.Background(), "pg_ctl", "-D", c.data(), "-w", "-m", "immediate", "stop")
	return errors.Join(err, os.RemoveAll(c.dir))
}

func (c *Cluster) data() string { return filepath.Join(c.dir, "data") }

func (c *Cluster) initialise(ctx context.Context) error {
	return c.run(ctx, "initdb", "-D", c.data(), "-A", "trust", "-U", "wacloud", "-E", "UTF8", "--no-sync", "--no-instructions")
}

// dropPrivileges makes the commands run as another user when we are root, which the server refuses to run as.
func (c *Cluster) dropPrivileges() error {
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		u, err = user.Lookup("nobody")
	}
	if err != nil {
		return fmt.Errorf("pgcluster: no user to run the server as: %w", err)
	}
	uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
	gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(errUID, errGID); err != nil {
		return fmt.Errorf("pgcluster: user %s: %w", u.Username, err)
	}
	c.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return os.Chown(c.dir, int(uid), int(gid))
}

func (c *Cluster) run(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin, name), args...) //nolint:gosec // our own arguments
	cmd.Dir = c.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.as, Setpgid: true} // Ctrl-C in a terminal is not for the server
	// The server inherits the output: a file, because a pipe would stay open as long as it runs.
	out, err := os.CreateTemp(c.dir, name+"-*.out")
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(out.Name())
		return fmt.Errorf("pgcluster: %s: %w\n%s", name, err, text)
	}
	return nil
}

// findServer returns the folder of the newest server: Debian keeps each version in a folder of its own, not in PATH.
func findServer() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if len(found) > 0 {
		newest := slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })
		return filepath.Dir(newest), nil
	}
	path, err := exec.LookPath("postgres")
	if err != nil {
		return "", ErrNotInstalled
	}
	return filepath.Dir(path), nil
}

func version(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	return n
}
