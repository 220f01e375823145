// Package snippets holds the documentation to compiled code.
package snippets

import (
	"go/ast"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const repo = "../.."

// Every Go snippet of the documentation is a region of a Go file that is compiled: an example, or a program of examples/.
func TestSnippetsAreCompiledCode(t *testing.T) {
	t.Parallel()
	sources := compiled(t)
	snippets := append(fenced(t), packageComments(t)...)
	if len(snippets) < 4 {
		t.Fatalf("found %d snippets: the search for them is broken", len(snippets))
	}
	for _, s := range snippets {
		if !anyContains(sources, s.text) {
			t.Errorf("%s: this snippet is in no compiled file:\n%s", s.place, s.text)
		}
	}
}

func TestIndentDoesNotCount(t *testing.T) {
	t.Parallel()
	source := normal("func f() {\n\tif a {\n\t\tb()\n\t}\n}\n")
	for text, want := range map[string]bool{
		"if a {\n\tb()\n}":       true,
		"\tif a {\n\t\tb()\n\t}": true,
		"if a {\n\tc()\n}":       false,
		"f a {":                  false, // only whole lines
	} {
		if got := anyContains([]string{source}, text); got != want {
			t.Errorf("%q: got %t", text, got)
		}
	}
}

type snippet struct{ place, text string }

// fenced returns the ```go blocks of the Markdown files.
func fenced(t *testing.T) []snippet {
	t.Helper()
	var snippets []snippet
	for name, text := range files(t, ".md") {
		for i, part := range strings.Split(text, "```") {
			if block, ok := strings.CutPrefix(part, "go\n"); ok && i%2 == 1 {
				snippets = append(snippets, snippet{name, block})
			}
		}
	}
	return snippets
}

// packageComments returns the indented blocks of package comments.
func packageComments(t *testing.T) []snippet {
	t.Helper()
	var snippets []snippet
	for name, text := range files(t, "doc.go") {
		f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range codeBlocks(f.Doc) {
			snippets = append(snippets, snippet{name, block})
		}
	}
	return snippets
}

func codeBlocks(group *ast.CommentGroup) []string {
	var blocks []string
	var p comment.Parser
	for _, b := range p.Parse(group.Text()).Content {
		if code, ok := b.(*comment.Code); ok {
			blocks = append(blocks, code.Text)
		}
	}
	return blocks
}

// compiled returns every Go file but the package comments themselves.
func compiled(t *testing.T) []string {
	t.Helper()
	var sources []string
	for name, text := range files(t, ".go") {
		if filepath.Base(name) != "doc.go" {
			sources = append(sources, normal(text))
		}
	}
	return sources
}

// files returns the repository's files whose name ends so.
func files(t *testing.T, suffix string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := fs.WalkDir(os.DirFS(repo), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, suffix):
			return nil
		}
		text, err := os.ReadFile(filepath.Join(repo, name))
		found[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// normal strips what depends on where a line stands: its indent, and empty lines around.
func normal(text string) string {
	var b strings.Builder
	b.WriteByte('\n')
	for line := range strings.Lines(strings.Trim(text, "\n")) {
		b.WriteString(strings.TrimSpace(line))
		b.WriteByte('\n')
	}
	return b.String()
}

func anyContains(sources []string, text string) bool {
	text = normal(text)
	for _, s := range sources {
		if strings.Contains(s, text) {
			return true
		}
	}
	return false
}
