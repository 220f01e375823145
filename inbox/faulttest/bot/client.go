package main

import (
	"bufio"
	"context"
	"encoding/json"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wacloud/wacloud/inbox/faulttest/internal/history"
	"github.com/wacloud/wacloud/inbox/faulttest/internal/meta"
)

// Summary is what a client prints at its end.
type Summary struct {
	Webhooks, Acked, Refused, Unreachable int
	P50, P99, Max, Took                   time.Duration // latency of the answers, in an open loop from when they were due
}

// A deliverer plays Meta.
type deliverer struct {
	*flags
	http  *http.Client
	to    []string
	began time.Time

	mu        sync.Mutex
	acks      *bufio.Writer
	summary   Summary
	latencies []time.Duration
}

func client(args []string) error {
	f := newFlags("client")
	if err := f.Parse(args); err != nil {
		return err
	}
	d := &deliverer{flags: f, to: strings.Split(f.addrs, ","), began: time.Now(), http: &http.Client{
		Timeout: f.ackTimeout,
		Transport: &http.Transport{
			MaxIdleConns: 0, MaxIdleConnsPerHost: 20_000, MaxConnsPerHost: f.conns,
			DialContext: (&net.Dialer{Timeout: f.ackTimeout}).DialContext,
		},
	}}
	out, err := os.Create(f.out)
	if err != nil {
		return err
	}
	d.acks = bufio.NewWriter(out)
	map[string]func(){"closed": d.closed, "open": d.open, "burst": d.burst, "storm": d.storm}[f.mode]()
	if err := d.acks.Flush(); err != nil {
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(d.sum()) //nolint:musttag // read by the same names
}

func (d *deliverer) sum() Summary {
	s := d.summary
	s.Took = time.Since(d.began)
	if n := len(d.latencies); n > 0 {
		slices.Sort(d.latencies)
		s.P50, s.P99, s.Max = d.latencies[n/2], d.latencies[n*99/100], d.latencies[n-1]
	}
	return s
}

// closed lets each user send one message after the other, each until it is answered 200.
func (d *deliverer) closed() {
	end := d.began.Add(d.duration)
	perUser := d.n / d.users
	var users sync.WaitGroup
	for i := range d.users {
		user := meta.User(d.from + i)
		users.Go(func() {
			for n := 1; d.goesOn(n, perUser, end); n++ {
				if !d.until200(user, n, end) {
					return
				}
				if rand.Float64() < d.duplicates { //nolint:gosec // no secret
					_, _ = d.post(meta.Text(user, 1+rand.IntN(n), d.order)) //nolint:gosec // of today or long ago
				}
			}
		})
	}
	users.Wait()
}

// goesOn reports whether a user sends an n-th message: up to a number of messages, or for a time and until enough were
// acknowledged in all.
func (d *deliverer) goesOn(n, perUser int, end time.Time) bool {
	if d.duration == 0 {
		return n <= perUser
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Now().Before(end) || d.summary.Acked < d.acked
}

// until200 delivers a message until it is answered 200. Past end it gives up after a while: nothing was acknowledged.
func (d *deliverer) until200(user string, n int, end time.Time) bool {
	body := meta.Text(user, n, d.order)
	sent := time.Now()
	for {
		start := time.Now()
		status, err := d.post(body)
		d.count(status, err, time.Since(start))
		if err == nil && status == http.StatusOK {
			d.ack(user, n, sent)
			return true
		}
		if d.duration > 0 && time.Since(end) > 2*time.Second && !d.goesOn(n, 0, end) {
			return false
		}
		<-time.After(d.resendPause)
	}
}

// open sends at a fixed rate, whether answers come or not. Nothing is delivered twice but by choice.
func (d *deliverer) open() {
	var running sync.WaitGroup
	for i := range d.n {
		due := d.began.Add(time.Duration(i) * time.Second / time.Duration(d.rate))
		if wait := time.Until(due); wait > 0 {
			<-time.After(wait)
		}
		running.Go(func() { d.once(meta.User(d.from+i%d.users), 1+i/d.users, due) })
	}
	running.Wait()
}

// burst sends everything at the same instant.
func (d *deliverer) burst() {
	var running sync.WaitGroup
	start := make(chan struct{})
	for i := range d.n {
		running.Go(func() {
			<-start
			d.once(meta.User(d.from+i%d.users), 1+i/d.users, time.Now())
		})
	}
	close(start)
	running.Wait()
}

// storm delivers one message again and again.
func (d *deliverer) storm() {
	var running sync.WaitGroup
	for range d.n {
		running.Go(func() { d.once(meta.User(d.from), 1, time.Now()) })
	}
	running.Wait()
}

func (d *deliverer) once(user string, n int, due time.Time) {
	sent := time.Now()
	status, err := d.post(meta.Text(user, n, d.order))
	d.count(status, err, time.Since(due))
	if err == nil && status == http.StatusOK {
		d.ack(user, n, sent)
	}
}

func (d *deliverer) post(body []byte) (int, error) {
	return meta.Post(context.Background(), d.http, d.to[rand.IntN(len(d.to))], body) //nolint:gosec // no secret
}

func (d *deliverer) count(status int, err error, took time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.summary.Webhooks++
	switch {
	case err != nil:
		d.summary.Unreachable++
	case status != http.StatusOK:
		d.summary.Refused++
	default:
		d.summary.Acked++
	}
	d.latencies = append(d.latencies, took)
}

func (d *deliverer) ack(user string, n int, sent time.Time) {
	a := history.Ack{Event: history.Event{User: user, N: n}, Sent: sent.UnixNano(), Acked: time.Now().UnixNano()}
	d.mu.Lock()
	defer d.mu.Unlock()
	_, _ = d.acks.Write(history.AckLine(a))
}
