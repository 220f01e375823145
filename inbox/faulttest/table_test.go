package faulttest_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A measure is a row of the table that make soak writes.
type measure struct {
	test                                            string
	Acked, Again, Kills, Lost, Disordered, Overlaps int
	Client                                          summary
	Note                                            string
}

var table struct {
	mu   sync.Mutex
	rows []measure
}

// record keeps a row for the table.
func record(t *testing.T, m measure) {
	t.Helper()
	m.test = t.Name()
	table.mu.Lock()
	defer table.mu.Unlock()
	table.rows = append(table.rows, m)
}

// The table stands in the document between these lines.
const (
	document   = "../../docs/guarantees.md"
	tableBegin = "<!-- written by make soak -->\n"
	tableEnd   = "<!-- end of what make soak writes -->\n"
)

// writeTable replaces the table in the document. The rows of tests that did not run stay.
func writeTable() error {
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	before, rest, ok := bytes.Cut(text, []byte(tableBegin))
	old, after, ok2 := bytes.Cut(rest, []byte(tableEnd))
	if !ok || !ok2 {
		return fmt.Errorf("%s has no place for the table", document)
	}
	floor, err := fsyncFloor()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s, %s/%s, %d CPUs, %s. %s\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), time.Now().UTC().Format(time.DateOnly), floor)
	b.WriteString("| test | acknowledged | kills | handled again | lost · out of order · two at once | answers p50 / p99 / max | |\n|---|---:|---:|---:|---|---|---|\n")
	rows := map[string]string{}
	for line := range strings.Lines(string(old)) {
		if cells := strings.Split(line, "|"); len(cells) > 2 && strings.Contains(line, " · ") && !strings.Contains(line, "acknowledged") {
			rows[strings.TrimSpace(cells[1])] = line
		}
	}
	for _, m := range table.rows {
		rows[strings.TrimPrefix(m.test, "Test")] = m.line()
	}
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		b.WriteString(rows[name])
	}
	return os.WriteFile(document, slices.Concat(before, []byte(tableBegin), b.Bytes(), []byte(tableEnd), after), 0o644)
}

func (m measure) line() string {
	latency := ""
	if m.Client.Acked > 0 {
		latency = fmt.Sprintf("%v / %v / %v", short(m.Client.P50), short(m.Client.P99), short(m.Client.Max))
	}
	return fmt.Sprintf("| %s | %d | %d | %d | %d · %d · %d | %s | %s |\n", strings.TrimPrefix(m.test, "Test"), m.Acked, m.Kills, m.Again,
		m.Lost, m.Disordered, m.Overlaps, latency, m.Note)
}

func short(d time.Duration) time.Duration {
	if d < 100*time.Millisecond {
		return d.Round(100 * time.Microsecond)
	}
	return d.Round(time.Millisecond)
}

// fsyncFloor is what a commit costs at the least on this machine: 2 KB written and synced, 500 times.
func fsyncFloor() (string, error) {
	f, err := os.Create(filepath.Join(os.TempDir(), fmt.Sprintf("wafsync-%d", os.Getpid())))
	if err != nil {
		return "", err
	}
	defer func() { _, _ = f.Close(), os.Remove(f.Name()) }()
	block := bytes.Repeat([]byte("x"), 2048)
	var took []time.Duration
	for range 500 {
		start := time.Now()
		if _, err := f.Write(block); err != nil {
			return "", err
		}
		if err := f.Sync(); err != nil {
			return "", err
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	return fmt.Sprintf("The machine's floor, 2 KB written and fsynced: p50 %v, p99 %v.", took[250].Round(10*time.Microsecond), took[495].Round(10*time.Microsecond)), nil
}
