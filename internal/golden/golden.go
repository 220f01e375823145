// Package golden compares what a test got with a file that a person has read.
package golden

import (
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// Compare fails the test unless the file holds got and a line break. With the flag -update it writes the file instead: read
// what it wrote before you commit it.
func Compare(tb testing.TB, file string, got []byte) {
	tb.Helper()
	got = append(got[:len(got):len(got)], '\n')
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			tb.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	if string(want) != string(got) {
		tb.Errorf("%s:\n got %swant %s", file, got, want)
	}
}
