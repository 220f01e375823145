package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
	"golang.org/x/mod/zip"
)

// defaultVersion is what a repository of one module is packed at: nothing in it names a version.
const defaultVersion = "v0.0.0"

// localModule is one module of the repository, as it is committed.
type localModule struct {
	path  string
	dir   string // slash-separated, relative to the repository; empty for the root
	gomod []byte
	// requires are the versions that it requires of the repository's other modules, by path.
	requires map[string]string
}

// findModules reads every go.mod of the repository.
func findModules(repo string) ([]localModule, error) {
	var modules []localModule
	err := fs.WalkDir(os.DirFS(repo), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "testdata"):
			return fs.SkipDir
		case d.Name() != "go.mod":
			return nil
		}
		gomod, err := os.ReadFile(filepath.Join(repo, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		m, err := newLocalModule(strings.TrimPrefix(path.Dir(name), "."), gomod)
		modules = append(modules, m)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(modules) == 0 {
		return nil, errors.New("no go.mod is committed")
	}
	return keepOwnRequires(modules), nil
}

func newLocalModule(dir string, gomod []byte) (localModule, error) {
	f, err := modfile.Parse(dir+"/go.mod", gomod, nil)
	if err != nil {
		return localModule{}, err
	}
	if f.Module == nil {
		return localModule{}, fmt.Errorf("%s/go.mod names no module", dir)
	}
	m := localModule{path: f.Module.Mod.Path, dir: dir, gomod: gomod, requires: map[string]string{}}
	for _, r := range f.Require {
		m.requires[r.Mod.Path] = r.Mod.Version
	}
	return m, nil
}

// keepOwnRequires drops from each module what it requires of other people.
func keepOwnRequires(modules []localModule) []localModule {
	own := map[string]bool{}
	for _, m := range modules {
		own[m.path] = true
	}
	for _, m := range modules {
		for path := range m.requires {
			if !own[path] {
				delete(m.requires, path)
			}
		}
	}
	return modules
}

// commonVersion is the one version that the modules require of each other. Users do not see a replace directive, so a
// version that differs from the one that is tagged breaks their build.
func commonVersion(modules []localModule, want string) (string, error) {
	version := want
	for _, m := range modules {
		for path, v := range m.requires {
			if version == "" {
				version = v
			}
			if v != version {
				return "", fmt.Errorf("%s requires %s at %s, not at %s", m.path, path, v, version)
			}
		}
	}
	if version == "" {
		version = defaultVersion
	}
	if !semver.IsValid(version) {
		return "", fmt.Errorf("%q is not a version such as v0.1.0", version)
	}
	return version, nil
}

// pack writes the module into a folder that is laid out as a module proxy.
func (m localModule) pack(proxy, repo, version string) (err error) {
	escaped, err := module.EscapePath(m.path)
	if err != nil {
		return err
	}
	dir := filepath.Join(proxy, filepath.FromSlash(escaped), "@v")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	files := map[string]string{
		"list":            version + "\n",
		version + ".info": fmt.Sprintf("{%q: %q}\n", "Version", version),
		version + ".mod":  string(m.gomod),
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	archive, err := os.Create(filepath.Join(dir, version+".zip"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, archive.Close()) }()
	return zip.CreateFromVCS(archive, module.Version{Path: m.path, Version: version}, repo, "HEAD", m.dir)
}
