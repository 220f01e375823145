// Command report runs the benchmarks several times over and writes their table.
//
// All benchmarks run once in each pass, so that a machine that is busy for a while slows ours and the floor alike. Each
// number is the least of all passes: what disturbs a measurement only ever adds to it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	passes := flag.Int("passes", 20, "how often each benchmark runs")
	benchtime := flag.String("benchtime", "100ms", "how long each benchmark runs in a pass")
	out := flag.String("o", "", "file to write, standard output if empty")
	flag.Parse()
	if err := run(context.Background(), *passes, *benchtime, *out); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, passes int, benchtime, out string) (err error) {
	dir, err := os.MkdirTemp("", "report")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	binary := filepath.Join(dir, "benchmarks.test")
	if text, err := exec.CommandContext(ctx, "go", "test", "-c", "-o", binary, ".").CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, text)
	}
	best := map[string]result{}
	for pass := range passes {
		fmt.Fprintf(os.Stderr, "pass %d of %d\n", pass+1, passes)
		text, err := exec.CommandContext(ctx, binary, "-test.run=^$", "-test.bench=.", "-test.benchtime="+benchtime).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w\n%s", err, text)
		}
		for name, r := range parse(string(text)) {
			best[name] = r.least(best[name])
		}
	}
	report, err := table(best, passes)
	if err != nil {
		return err
	}
	if out == "" {
		_, err := fmt.Print(report)
		return err
	}
	return os.WriteFile(out, []byte(report+byHand(out)), 0o644)
}

// byHand is the end of the page that stands there: what other programs measured is not ours to delete.
func byHand(path string) string {
	const heading = "\n## Measured by other programs\n"
	page, err := os.ReadFile(path)
	if err != nil {
		return "" // a new page
	}
	if _, rest, ok := strings.Cut(string(page), heading); ok {
		return heading + rest
	}
	return ""
}

// result is one line of a benchmark's output.
type result struct {
	ns     float64
	bytes  int
	allocs int
}

func (r result) least(other result) result {
	if other == (result{}) {
		return r
	}
	return result{min(r.ns, other.ns), min(r.bytes, other.bytes), min(r.allocs, other.allocs)}
}

var line = regexp.MustCompile(`(?m)^Benchmark(\S+?)(?:-\d+)?\s+\d+\s+([\d.]+) ns/op\s+(\d+) B/op\s+(\d+) allocs/op$`)

// parse reads the output of a benchmark run.
func parse(text string) map[string]result {
	results := map[string]result{}
	for _, m := range line.FindAllStringSubmatch(text, -1) {
		ns, _ := strconv.ParseFloat(m[2], 64) // the expression lets only numbers through
		bytes, _ := strconv.Atoi(m[3])
		allocs, _ := strconv.Atoi(m[4])
		results[m[1]] = result{ns, bytes, allocs}
	}
	return results
}

// budget is one row of the table: what a piece of work may cost.
type budget struct {
	work   string
	ours   string  // benchmark
	floor  string  // benchmark that stands beside it, or empty
	ratio  float64 // at most this many times the floor's time
	ns     float64 // or at most this time
	allocs int
}

var budgets = []budget{
	{work: "build, validate and encode 3 buttons", ours: "EncodeButtons/ours", floor: "EncodeButtons/floor", ratio: 1.0, allocs: 3},
	{work: "build, validate and encode a list of 10 rows", ours: "EncodeList/ours", floor: "EncodeList/floor", ratio: 1.0, allocs: 3},
	{work: "`Send` over a stub transport", ours: "Send/ours", floor: "Send/floor", ratio: 1.15, allocs: 42},
	{work: "parse one button reply", ours: "Parse/ours", floor: "Parse/floor", ratio: 0.6, allocs: 12},
	{work: "signed webhook to callback, `MemoryInbox`", ours: "Webhook/ours", floor: "Webhook/floor", ratio: 0.75, allocs: 35},
	{work: "signed webhook to callback, no inbox", ours: "Webhook/handler", floor: "Webhook/floor", ratio: 0.75, allocs: 35},
	{work: "route a tap, 10 typed routes", ours: "Router/10", ns: 150, allocs: 1},
	{work: "route a tap, 10,000 typed routes", ours: "Router/10000", ns: 150, allocs: 1},
}

const preamble = `# Benchmarks

Written by ` + "`make bench`" + `; do not edit by hand.

Ours beside a floor: the least that a program without a library can do, written by hand with minimal structs,
` + "`encoding/json` and `crypto/hmac`" + `, and without any check ([floor.go](../benchmarks/floor.go)). Ours does all that the library does:
it validates what it sends, keeps what it does not know, survives what is malformed.

%s, %s/%s, %d CPUs, %s: the least of %d passes in which all benchmarks ran once. Trust ratios, not digits.

| work | ours | floor | ratio | allocs, ours / floor | budget | met |
|---|---:|---:|---:|---:|---|---|
`

const notes = `
How the webhook lines are measured: a signed POST of %d allocations and %s by itself (` + "`httptest.NewRecorder`" + ` and the request's context) goes to the
handler, and the clock stops when the callback has run. The floor verifies, unmarshals and calls back inside the handler. Ours stores
the event in a ` + "`MemoryInbox`" + `, whose worker calls back; "no inbox" is the same webhook with an inbox that calls back inside ` + "`Put`" + `. The recorder's share
is in all of them; the budget on allocations counts what is above it.

Every benchmark:

| benchmark | ns/op | B/op | allocs/op |
|---|---:|---:|---:|
`

// table renders the report.
func table(best map[string]result, passes int) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, preamble, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), time.Now().UTC().Format(time.DateOnly), passes)
	recorder := best["Webhook/recorder"]
	for _, want := range budgets {
		r, ok := best[want.ours]
		if !ok {
			return "", fmt.Errorf("benchmark %s did not run", want.ours)
		}
		allocs := r.allocs
		if strings.HasPrefix(want.ours, "Webhook/") {
			allocs -= recorder.allocs
		}
		b.WriteString(want.row(r, best[want.floor], allocs))
	}
	fmt.Fprintf(&b, notes, recorder.allocs, duration(recorder.ns))
	for _, name := range slices.Sorted(maps.Keys(best)) {
		r := best[name]
		fmt.Fprintf(&b, "| %s | %.0f | %d | %d |\n", name, r.ns, r.bytes, r.allocs)
	}
	return b.String(), nil
}

// row renders one budget; allocs is what counts against it.
func (want budget) row(r, floor result, allocs int) string {
	floorTime, ratio, limit := "–", "–", fmt.Sprintf("%.0f ns", want.ns)
	met := r.ns <= want.ns
	floorAllocs := "–"
	if want.floor != "" {
		floorTime, ratio = duration(floor.ns), fmt.Sprintf("%.2f", r.ns/floor.ns)
		limit = fmt.Sprintf("%.2f× the floor", want.ratio)
		met = r.ns <= want.ratio*floor.ns
		floorAllocs = strconv.Itoa(floor.allocs)
	}
	verdict := "yes"
	switch {
	case !met && allocs > want.allocs:
		verdict = "**no**: time and allocations"
	case !met:
		verdict = "**no**: time"
	case allocs > want.allocs:
		verdict = "**no**: allocations"
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %d / %s | %s, %d allocs | %s |\n",
		want.work, duration(r.ns), floorTime, ratio, r.allocs, floorAllocs, limit, want.allocs, verdict)
}

func duration(ns float64) string {
	if ns < 1000 {
		return fmt.Sprintf("%.0f ns", ns)
	}
	return fmt.Sprintf("%.2f µs", ns/1000)
}
