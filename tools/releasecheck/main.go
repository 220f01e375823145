// Command releasecheck proves that a stranger can go get the repository's modules as they are committed.
//
// It packs every module at one version into a module proxy in a temporary folder, the way the Go module proxy would, and
// then, in a module outside the repository and without a replace directive, builds a program that imports every package
// that can be imported, and the quickstart, and installs the commands.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
)

func main() {
	repo := flag.String("repo", ".", "root of the repository")
	version := flag.String("version", "", "version that the modules must require of each other; empty to take what they require")
	keep := flag.Bool("keep", false, "keep the temporary folder")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *repo, *version, *keep, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "releasecheck:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, repo, version string, keep bool, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "releasecheck")
	if err != nil {
		return err
	}
	if keep {
		fmt.Fprintln(out, "keeping", dir)
	} else {
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}

	clone := filepath.Join(dir, "clone")
	if err := cloneHead(ctx, repo, clone, out); err != nil {
		return err
	}
	release, err := releaseCommit(ctx, clone)
	if err != nil {
		return err
	}
	modules, err := findModules(release)
	if err != nil {
		return err
	}
	if version, err = commonVersion(modules, version); err != nil {
		return err
	}
	proxy := filepath.Join(dir, "proxy")
	for _, m := range modules {
		if err := m.pack(proxy, release, version); err != nil {
			return fmt.Errorf("pack %s: %w", m.path, err)
		}
		fmt.Fprintf(out, "packed %s@%s\n", m.path, version)
	}
	return newConsumer(dir, proxy, version, out).build(ctx, clone, modules)
}

// cloneHead clones what is committed, so that nothing else can make the check succeed.
func cloneHead(ctx context.Context, repo, clone string, out io.Writer) error {
	status, err := output(ctx, repo, nil, "git", "status", "--porcelain")
	if err != nil {
		return err
	}
	if status != "" {
		fmt.Fprintln(out, "*** changes that are not committed are not in this check")
	}
	abs, err := filepath.Abs(repo)
	if err != nil {
		return err
	}
	_, err = output(ctx, repo, nil, "git", "clone", "--quiet", "--depth=1", "file://"+filepath.ToSlash(abs), clone)
	return err
}

// releaseCommit makes the commit that is tagged, in a clone of its own.
func releaseCommit(ctx context.Context, clone string) (dir string, err error) {
	dir = clone + "-release"
	for _, args := range [][]string{
		{"git", "clone", "--quiet", ".", dir},
		{"bash", filepath.Join(dir, "scripts", "drop-replace.sh")},
		{"git", "-C", dir, "-c", "user.name=releasecheck", "-c", "user.email=releasecheck@localhost", "commit", "--quiet", "--all", "--message=Release"},
	} {
		if _, err := output(ctx, clone, nil, args[0], args[1:]...); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// output runs a command in dir and returns what it printed, trimmed. Its error holds what the command complained of.
func output(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(args, " "), err, stdout, stderr.String())
	}
	return strings.TrimSpace(string(stdout)), nil
}
