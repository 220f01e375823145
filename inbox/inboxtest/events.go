package inboxtest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wacloud/wacloud"
)

// Text is an event of a text message, made from the webhook that Meta would send. Events of one user have one key.
func Text(user, id, body string) wacloud.Event {
	quote := func(s string) string {
		b, err := json.Marshal(s)
		if err != nil {
			panic(err) // a string always has a JSON form
		}
		return string(b)
	}
	events, err := wacloud.ParseWebhook([]byte(`{"object":"whatsapp_business_account","entry":[{"id":"200000000000001","changes":[{"field":"messages","value":{` +
		`"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550005555","phone_number_id":"100000000000001"},"messages":[{` +
		`"from":` + quote(user) + `,"id":` + quote(id) + `,"timestamp":"1790000000","type":"text","text":{"body":` + quote(body) + `}}]}}]}]}`))
	if err != nil || len(events) != 1 {
		panic(fmt.Sprintf("inboxtest: %d events, %v", len(events), err))
	}
	return events[0]
}

// user returns the i-th user.
func user(i int) string { return fmt.Sprintf("1555%07d", i) }

// number returns the n-th event of the i-th user.
func number(i, n int) wacloud.Event {
	return Text(user(i), fmt.Sprintf("wamid.%d.%d", i, n), strconv.Itoa(n))
}

// A recorder is a handler that remembers what it was called with, and notices two calls for one key at once.
type recorder struct {
	mu       sync.Mutex
	handled  []string            // ids, in order
	byKey    map[string][]string // texts, in order
	active   map[string]bool
	overlaps int
	then     wacloud.HandlerFunc // what it returns; nil for nil
}

func newRecorder(then wacloud.HandlerFunc) *recorder {
	return &recorder{byKey: map[string][]string{}, active: map[string]bool{}, then: then}
}

func (r *recorder) handle(ctx context.Context, e *wacloud.Event) error {
	key := e.Key()
	r.mu.Lock()
	if r.active[key] {
		r.overlaps++
	}
	r.active[key] = true
	r.handled = append(r.handled, e.ID)
	r.byKey[key] = append(r.byKey[key], e.Text())
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.active[key] = false
	}()
	if r.then != nil {
		return r.then(ctx, e)
	}
	return nil
}

// lingers takes its time over each n-th event, so that another of its key has the time to run beside it if it may.
func lingers(n int64, d time.Duration) wacloud.HandlerFunc {
	var calls atomic.Int64
	return func(context.Context, *wacloud.Event) error {
		if calls.Add(1)%n == 0 {
			<-time.After(d)
		}
		return nil
	}
}

// count is how often the event was handled; without an event, how often any was.
func (r *recorder) count(events ...wacloud.Event) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(events) == 0 {
		return len(r.handled)
	}
	n := 0
	for _, id := range r.handled {
		if id == events[0].ID {
			n++
		}
	}
	return n
}

// texts are the texts of a key in the order in which they were handled.
func (r *recorder) texts(key string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.byKey[key])
}

func (r *recorder) overlapped() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.overlaps
}

// expectCount complains unless the event was handled n times.
func (r *recorder) expectCount(e wacloud.Event, n int) error {
	if got := r.count(e); got != n {
		return fmt.Errorf("event handled %d times, want %d", got, n)
	}
	return nil
}
