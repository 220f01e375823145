package faulttest_test

import (
	"testing"
)

// A measure is a row of the table that make soak writes.
type measure struct {
	Acked, Again, Kills, Lost, Disordered, Overlaps int
	Client                                          summary
	Note                                            string
}

func record(t *testing.T, m measure) { t.Helper(); _ = m }
