package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"

	"github.com/wacloud/wacloud"
)

// A ledger is the truth about every tap, kept where no bot can touch it.
type ledger struct {
	mu        sync.Mutex
	acked     map[tap]bool
	answers   map[tap]int
	apologies map[tap]int
	last      map[int]int // the latest tap of each user that was answered
	disorder  int         // taps whose first answer came after that of a later tap
	again     int         // webhooks that were delivered again because no 200 came
	repeated  int         // webhooks that were delivered twice although a 200 came
}

func newLedger() *ledger {
	return &ledger{acked: map[tap]bool{}, answers: map[tap]int{}, apologies: map[tap]int{}, last: map[int]int{}}
}

func (l *ledger) note(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
}

func (l *ledger) counts() (acked, answered int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acked), len(l.answers)
}

// sent notes a message that the Graph server accepted.
func (l *ledger) sent(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var kind string
	var t tap
	if n, _ := fmt.Sscanf(text, "%s %d %d", &kind, &t.User, &t.N); n != 3 {
		return
	}
	if kind == "sorry" {
		l.apologies[t]++
		return
	}
	l.answers[t]++
	if l.answers[t] == 1 {
		if t.N < l.last[t.User] {
			l.disorder++
		}
		l.last[t.User] = max(l.last[t.User], t.N)
	}
}

type bodyKey struct{}

// front stands before the Graph server and notes what it accepts, also when the bot did not live to hear of it.
func (l *ledger) front(graph *url.URL) http.Handler {
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(graph) },
		ModifyResponse: func(resp *http.Response) error {
			body, _ := resp.Request.Context().Value(bodyKey{}).([]byte)
			if out, err := wacloud.DecodeMessage(body); err == nil && resp.StatusCode == http.StatusOK {
				if text, ok := out.Message.(wacloud.Text); ok {
					l.sent(text.Body)
				}
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the bot died in the middle of a request: nothing was accepted
		}
		// Without the cancellation: what has arrived is accepted, whether or not the bot lives.
		ctx := context.WithValue(context.WithoutCancel(r.Context()), bodyKey{}, body)
		r = r.WithContext(ctx)
		r.Body = io.NopCloser(bytes.NewReader(body))
		proxy.ServeHTTP(w, r)
	})
}

// A verdict is the count at the end.
type verdict struct {
	acked, once, twice, gaveUp, arrived, told, disorder, lost int
	kills, again, repeated                                    int
	store                                                     bool
}

// judge counts; dead are the taps that the inbox gave up.
func (l *ledger) judge(dead map[tap]bool) verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := verdict{acked: len(l.acked), disorder: l.disorder, again: l.again, repeated: l.repeated}
	for t := range l.acked {
		switch n := l.answers[t]; {
		case n > 1:
			v.twice++
		case dead[t]:
			v.gaveUp++
			v.arrived += n
			v.told += min(l.apologies[t], 1)
		case n == 1:
			v.once++
		default:
			v.lost++
		}
	}
	return v
}

// err is nil when the promises held.
func (v verdict) err() error {
	switch {
	case v.acked == 0:
		return errors.New("no tap was acknowledged")
	case v.lost > 0, v.disorder > 0:
		return fmt.Errorf("%d taps were lost and %d answered out of order", v.lost, v.disorder)
	case v.store && v.twice > 0:
		return fmt.Errorf("%d taps were answered twice", v.twice)
	}
	return nil
}

func (v verdict) print(out io.Writer) {
	row := func(n int, what, why string) {
		fmt.Fprintln(out, strings.TrimRight(fmt.Sprintf("%7d  %-32s %s", n, what, why), " "))
	}
	fmt.Fprintln(out)
	row(v.acked, "taps were acknowledged with 200", "")
	row(v.once, "  answered once", "")
	row(v.twice, "  answered twice", v.whyTwice())
	row(v.gaveUp, "  given up", v.whyGaveUp())
	row(v.disorder, "  answered out of order", "")
	row(v.lost, "  lost", "")
	row(v.kills, "processes were killed", "and started again")
	row(v.again, "webhooks were delivered again", "because no 200 came, as Meta does")
	row(v.repeated, "webhooks came twice", "although a 200 came, as happens; handled once")
	if v.err() == nil {
		fmt.Fprintln(out, "\nNothing was lost.")
	}
}

func (v verdict) whyTwice() string {
	if v.store || v.twice == 0 {
		return ""
	}
	return "killed after the answer left; without a Store nobody knows"
}

func (v verdict) whyGaveUp() string {
	if v.gaveUp == 0 {
		return ""
	}
	return fmt.Sprintf("killed while the answer was on its way (%d arrived): not sent again, %d users told, a dead letter each", v.arrived, v.told)
}
