package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// lookEvery is how often the bot's files are looked at. What has changed is acted on when it has rested for as long.
const lookEvery = 500 * time.Millisecond

// A watched is a folder, with those below it, and the names of the files in them that matter.
type watched struct {
	root fs.FS
	name string // a pattern of [filepath.Match]
}

// watchedBy reads the patterns of -watch: "*.go", "./bot/*.go".
func watchedBy(patterns []string) ([]watched, error) {
	var all []watched
	for _, p := range patterns {
		dir, name := filepath.Split(p)
		if dir == "" {
			dir = "."
		}
		if _, err := filepath.Match(name, ""); err != nil || name == "" {
			return nil, fmt.Errorf("-watch %s: it must end with a file's name or a pattern of names, such as *.go", p)
		}
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("-watch %s: %s is no folder", p, dir)
		}
		all = append(all, watched{os.DirFS(dir), name})
	}
	return all, nil
}

// watchFiles calls changed when files have been changed, made or removed, and then left alone for a moment, until ctx ends.
func watchFiles(ctx context.Context, all []watched, changed func()) {
	every := time.NewTicker(lookEvery)
	defer every.Stop()
	known := stampOf(all)
	for last := known; ; {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		now := stampOf(all)
		if rests := now == last; rests && now != known {
			known = now
			changed()
		}
		last = now
	}
}

// stampOf stands for the names, sizes and times of the files.
func stampOf(all []watched) uint64 {
	h := fnv.New64a()
	for i, w := range all {
		_ = fs.WalkDir(w.root, ".", func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil: // it went away, or is not ours to read
				return nil //nolint:nilerr // the others count
			case d.IsDir() && isForeign(path):
				return fs.SkipDir
			case d.IsDir():
				return nil
			}
			if ok, _ := filepath.Match(w.name, d.Name()); !ok {
				return nil
			}
			if info, err := d.Info(); err == nil {
				fmt.Fprintln(h, i, path, info.Size(), info.ModTime().UnixNano())
			}
			return nil
		})
	}
	return h.Sum64()
}

// isForeign is for folders that are large and not the author's.
func isForeign(dir string) bool {
	name := filepath.Base(dir)
	return dir != "." && (strings.HasPrefix(name, ".") || name == "node_modules")
}
