package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// consumer is a stranger's module: it knows the repository through a module proxy only.
type consumer struct {
	dir     string
	proxy   string // folder of the packed modules
	version string
	env     []string
	out     io.Writer
}

func newConsumer(dir, proxy, version string, out io.Writer) *consumer {
	return &consumer{
		dir:     filepath.Join(dir, "consumer"),
		proxy:   proxy,
		version: version,
		out:     out,
		env: []string{
			"GOWORK=off",
			"GOFLAGS=-mod=mod -modcacherw", // so that the folder can be removed
			"GOMODCACHE=" + filepath.Join(dir, "modcache"),
			"GONOSUMDB=github.com/wacloud/*", // nobody has published what was just packed
			"GONOSUMCHECK=1",
		},
	}
}

// build gets the modules and builds a program that imports all that can be imported, then runs it.
func (c *consumer) build(ctx context.Context, repo string, modules []localModule) error {
	if err := c.useProxies(ctx); err != nil {
		return err
	}
	quickstart := filepath.Join(repo, "examples", "quickstart")
	if err := os.CopyFS(filepath.Join(c.dir, "quickstart"), os.DirFS(quickstart)); err != nil {
		return err
	}
	var imports []string
	var gets []string
	for _, m := range modules {
		packages, err := m.importable(ctx, repo)
		if err != nil {
			return err
		}
		if len(packages) > 0 {
			imports = append(imports, packages...)
			gets = append(gets, m.path+"@"+c.version)
		}
	}
	if err := c.write("main.go", program(imports)); err != nil {
		return err
	}
	if err := c.golang(ctx, "mod", "init", "example.com/stranger"); err != nil {
		return err
	}
	for _, args := range [][]string{
		slices.Concat([]string{"get"}, gets),
		{"mod", "tidy"},
		{"build", "-o", os.DevNull, "./..."},
		{"vet", "./..."},
		{"run", "."},
	} {
		if err := c.golang(ctx, args...); err != nil {
			return err
		}
	}
	if err := c.install(ctx, repo, modules); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "a module outside the repository builds with %d packages of %d modules\n", len(imports), len(gets))
	return nil
}

// install installs the commands by their version, as a stranger does who has no module.
func (c *consumer) install(ctx context.Context, repo string, modules []localModule) error {
	env := append([]string{"GOBIN=" + filepath.Join(c.dir, "bin")}, c.env...)
	for _, m := range modules {
		commands, err := m.commands(ctx, repo)
		if err != nil {
			return err
		}
		for _, name := range commands {
			fmt.Fprintln(c.out, "go install", name+"@"+c.version)
			if _, err := output(ctx, c.dir, env, "go", "install", name+"@"+c.version); err != nil {
				return err
			}
		}
	}
	return nil
}

// commands lists the module's programs below cmd/ of the repository.
func (m localModule) commands(ctx context.Context, repo string) ([]string, error) {
	dir := filepath.Join(repo, "cmd")
	if m.dir != "" && !strings.HasPrefix(m.dir, "cmd/") {
		return nil, nil
	}
	found, err := fs.Glob(os.DirFS(dir), "*/main.go")
	if err != nil {
		return nil, err
	}
	var commands []string
	for _, name := range found {
		folder := path.Join("cmd", path.Dir(name))
		_, err := os.Stat(filepath.Join(repo, filepath.FromSlash(folder), "go.mod"))
		switch own := err == nil; {
		case own && folder == m.dir:
			commands = append(commands, m.path)
		case !own && m.dir == "":
			commands = append(commands, m.path+"/"+folder)
		}
	}
	return commands, ctx.Err()
}

// useProxies puts the packed modules first, then what this machine has downloaded before, then its usual proxy.
func (c *consumer) useProxies(ctx context.Context) error {
	cache, err := output(ctx, ".", nil, "go", "env", "GOMODCACHE")
	if err != nil {
		return err
	}
	usual, err := output(ctx, ".", nil, "go", "env", "GOPROXY")
	if err != nil {
		return err
	}
	downloaded := filepath.Join(cache, "cache", "download")
	c.env = append(c.env, fmt.Sprintf("GOPROXY=file://%s,file://%s,%s", c.proxy, downloaded, usual))
	return nil
}

// golang runs the go command as the stranger would.
func (c *consumer) golang(ctx context.Context, args ...string) error {
	fmt.Fprintln(c.out, "go", strings.Join(args, " "))
	text, err := output(ctx, c.dir, c.env, "go", args...)
	if text != "" {
		fmt.Fprintln(c.out, text)
	}
	return err
}

func (c *consumer) write(name, text string) error {
	return os.WriteFile(filepath.Join(c.dir, filepath.FromSlash(name)), []byte(text), 0o600)
}

// importable lists the module's packages that another module may import. Programs of the repository itself (examples,
// measurements, tools) have none.
func (m localModule) importable(ctx context.Context, repo string) ([]string, error) {
	if slices.Contains([]string{"examples", "benchmarks", "tools"}, path.Clean(strings.SplitN(m.dir, "/", 2)[0])) {
		return nil, nil
	}
	list, err := output(ctx, filepath.Join(repo, filepath.FromSlash(m.dir)), []string{"GOWORK=off"},
		"go", "list", "-f", `{{if and .GoFiles (ne .Name "main")}}{{.ImportPath}}{{end}}`, "./...")
	if err != nil {
		return nil, err
	}
	var packages []string
	for p := range strings.FieldsSeq(list) {
		if !strings.Contains(p+"/", "/internal/") {
			packages = append(packages, p)
		}
	}
	return packages, nil
}

// program is a program that imports packages for nothing but to see them build.
func program(imports []string) string {
	var b strings.Builder
	b.WriteString("package main\n\nimport (\n")
	for _, p := range imports {
		fmt.Fprintf(&b, "\t_ %q\n", p)
	}
	b.WriteString(")\n\nfunc main() {}\n")
	return b.String()
}
