package wacloudtest

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"sync"
)

// Run lets a program that is no test use the kit, a demonstration or a rehearsal for example. It calls f with what stands for the test,
// and when f is done its clean-ups, the last one first.
//
// The error joins what went wrong, in its order: what Errorf and Fatalf were told, what f returned, and panics of f and of clean-ups with
// their stacks. As in a test, Fatalf ends the goroutine that calls it, and what f has deferred runs. On a goroutine that f has started it
// ends that one, and Run goes on waiting for f.
//
// What Logf is told goes to log, a line each, from one goroutine at a time; nil discards it. The TB is safe for concurrent use, also after
// Run has returned: then it drops what it is told and calls a clean-up at once.
func Run(log io.Writer, f func(tb TB) error) error {
	if log == nil {
		log = io.Discard
	}
	p := &program{log: log}
	p.call(func() { p.fail(f(p)) })
	for cleanup, more := p.pop(); more; cleanup, more = p.pop() {
		p.call(cleanup)
	}
	return errors.Join(p.errs...) // over: nothing is added any more
}

// A program stands where the kit expects a test.
type program struct {
	mu       sync.Mutex
	log      io.Writer
	errs     []error // nil ones too
	cleanups []func()
	over     bool
}

// call calls f on a goroutine of its own, so that Fatalf ends f and nothing else.
func (p *program) call(f func()) {
	var done sync.WaitGroup
	done.Go(func() {
		defer func() {
			if v := recover(); v != nil {
				p.Errorf("wacloudtest: panic: %v\n%s", v, debug.Stack())
			}
		}()
		f()
	})
	done.Wait()
}

// pop takes the last clean-up. When there is none, it is over.
func (p *program) pop() (cleanup func(), ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.cleanups) - 1
	if last < 0 {
		p.over = true
		return nil, false
	}
	cleanup = p.cleanups[last]
	p.cleanups = p.cleanups[:last]
	return cleanup, true
}

func (p *program) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.over {
		p.errs = append(p.errs, err)
	}
}

func (p *program) Helper() {}

func (p *program) Cleanup(f func()) {
	p.mu.Lock()
	over := p.over
	if !over {
		p.cleanups = append(p.cleanups, f)
	}
	p.mu.Unlock()
	if over {
		f()
	}
}

func (p *program) Logf(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.over {
		fmt.Fprintf(p.log, format+"\n", args...)
	}
}

func (p *program) Errorf(format string, args ...any) { p.fail(fmt.Errorf(format, args...)) }

func (p *program) Fatalf(format string, args ...any) {
	p.Errorf(format, args...)
	runtime.Goexit()
}
