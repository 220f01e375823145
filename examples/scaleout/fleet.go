package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"
)

// bots is how many processes the bot has.
const bots = 3

// A fleet is the processes of the bot, and the address in front of them.
type fleet struct {
	env []string

	mu      sync.Mutex
	process [bots]*process // nil while it is down
	address [bots]*url.URL // where the last one listened
	next    int
	kills   int
}

type process struct {
	cmd   *exec.Cmd
	stdin io.Closer
}

// start starts the i-th process and waits until it is ready.
func (f *fleet) start(ctx context.Context, i int) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), self) // it ends by its input, or by kill
	cmd.Env = append(os.Environ(), f.env...)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p := &process{cmd, stdin}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return errors.Join(fmt.Errorf("bot %d did not start", i+1), p.stop())
	}
	address, err := url.Parse(strings.TrimSpace(line))
	if err == nil {
		err = awaitReady(ctx, address.JoinPath("ready").String())
	}
	if err != nil {
		return errors.Join(err, p.stop())
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.process[i], f.address[i] = p, address
	return nil
}

func awaitReady(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultTransport.RoundTrip(req); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return errors.New("a bot is not ready after 20 s")
		}
	}
}

// kill ends the i-th process as a power cut would.
func (f *fleet) kill(i int) {
	f.mu.Lock()
	p := f.process[i]
	f.process[i] = nil
	f.kills++
	f.mu.Unlock()
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// stop lets a process end by itself.
func (p *process) stop() error {
	_ = p.stdin.Close()
	return p.cmd.Wait()
}

func (f *fleet) stop() {
	var ending sync.WaitGroup
	for i := range bots {
		if p := f.process[i]; p != nil {
			ending.Go(func() {
				timer := time.AfterFunc(15*time.Second, func() { _ = p.cmd.Process.Kill() })
				defer timer.Stop()
				_ = p.stop()
			})
		}
	}
	ending.Wait()
}

// disturb kills one process after the other and starts it again, until ctx ends. At its end all are up.
func (f *fleet) disturb(ctx context.Context) error {
	for i := 0; pause(ctx, 900*time.Millisecond) == nil; i = (i + 1) % bots {
		f.kill(i)
		_ = pause(ctx, 600*time.Millisecond)
		if err := f.start(context.WithoutCancel(ctx), i); err != nil {
			return err
		}
	}
	return nil
}

// state shows who is up: "1 – 3".
func (f *fleet) state() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var up []string
	for i, p := range f.process {
		if p == nil {
			up = append(up, "–")
		} else {
			up = append(up, strconv.Itoa(i+1))
		}
	}
	return strings.Join(up, " ")
}

// balancer hands each request to the next process, whether it is up or not: the time until a real one notices.
func (f *fleet) balancer() http.Handler {
	return &httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(f.target()) },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
}

func (f *fleet) target() *url.URL {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next = (f.next + 1) % bots
	return f.address[f.next]
}

// pause waits for d, or returns the error of ctx when it ends before.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
