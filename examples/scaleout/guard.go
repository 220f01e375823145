package main

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
)

// A guard stands where the test kit expects a test: it keeps complaints for the end.
type guard struct {
	mu       sync.Mutex
	err      error
	cleanups []func()
}

// Helper and the following methods implement [wacloudtest.TB].
func (g *guard) Helper()             {}
func (g *guard) Logf(string, ...any) {}

func (g *guard) Cleanup(f func()) { g.cleanups = append(g.cleanups, f) }

func (g *guard) Errorf(format string, args ...any) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.err = errors.Join(g.err, fmt.Errorf(format, args...))
}

func (g *guard) Fatalf(format string, args ...any) {
	g.Errorf(format, args...)
	runtime.Goexit()
}

func (g *guard) failed() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.err
}

func (g *guard) close() {
	for _, cleanup := range slices.Backward(g.cleanups) {
		cleanup()
	}
}
