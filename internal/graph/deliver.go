package graph

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// maxAnswer is how much of the bot's answer to a webhook is kept.
const maxAnswer = 4 << 10

// target is where webhooks go, and the queue of those that nobody waits for.
type target struct {
	mu     sync.Mutex
	url    string
	client *http.Client
	queue  [][]byte
	busy   bool
	wg     sync.WaitGroup
}

// Delivery is one webhook that was posted to the bot.
type Delivery struct {
	At     time.Time
	Took   time.Duration
	Body   []byte
	Status int // of the bot's answer, 0 when there was none
	Answer []byte
	Err    error // why there was no answer
}

// Connect says where webhooks go. Without a transport they go over the network.
func (e *Engine) Connect(webhookURL string, transport http.RoundTripper) {
	e.target.mu.Lock()
	defer e.target.mu.Unlock()
	e.target.url = webhookURL
	e.target.client = &http.Client{
		Transport:     transport,
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// errNotConnected says that there is no bot.
var errNotConnected = errors.New("graph: no bot is connected")

// Deliver signs a webhook body, posts it and returns the bot's answer.
func (e *Engine) Deliver(ctx context.Context, body []byte) Delivery {
	return e.Post(ctx, body, Sign(body, e.cfg.AppSecret))
}

// Post is Deliver with a signature header of its own; an empty one is left out.
func (e *Engine) Post(ctx context.Context, body []byte, signature string) Delivery {
	start := e.cfg.Now()
	d := Delivery{At: start, Body: body}
	d.Status, d.Answer, d.Err = e.post(ctx, body, signature)
	d.Took = e.cfg.Now().Sub(start)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.posts.add(d, len(d.Body)+len(d.Answer))
	e.touch()
	return d
}

func (e *Engine) post(ctx context.Context, body []byte, signature string) (status int, text []byte, err error) {
	e.target.mu.Lock()
	address, client := e.target.url, e.target.client
	e.target.mu.Unlock()
	if client == nil {
		return 0, nil, errNotConnected
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "facebookexternalua")
	if signature != "" {
		req.Header.Set("X-Hub-Signature-256", signature)
	}
	return read(client.Do(req))
}

func read(resp *http.Response, err error) (status int, text []byte, _ error) {
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	text, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return resp.StatusCode, text, err
}

// Deliveries returns the last webhooks that were posted, in order.
func (e *Engine) Deliveries() []Delivery {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.posts.all()
}

// Handshake asks the bot for the verification that Meta does when an address is registered.
func (e *Engine) Handshake(ctx context.Context) error {
	e.target.mu.Lock()
	address, client := e.target.url, e.target.client
	e.target.mu.Unlock()
	if client == nil {
		return errNotConnected
	}
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	const challenge = "1158201444"
	q := u.Query()
	q.Set("hub.mode", "subscribe")
	q.Set("hub.challenge", challenge)
	q.Set("hub.verify_token", e.cfg.VerifyToken)
	u.RawQuery = q.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return err
	}
	status, text, err := read(client.Do(req))
	switch {
	case err != nil:
		return err
	case status != http.StatusOK || string(text) != challenge:
		return fmt.Errorf("graph: handshake: the bot answered %d %q, not 200 and the challenge", status, text)
	}
	return nil
}

// enqueue delivers body in the background, after what is queued already.
func (e *Engine) enqueue(body []byte) {
	t := &e.target
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.client == nil {
		return
	}
	t.queue = append(t.queue, body)
	if !t.busy {
		t.busy = true
		t.wg.Go(e.drain)
	}
}

// drain ends when the queue is empty, so that nothing runs while nothing is to be done.
func (e *Engine) drain() {
	t := &e.target
	for {
		t.mu.Lock()
		if len(t.queue) == 0 {
			t.busy = false
			t.mu.Unlock()
			e.Touch()
			return
		}
		body := t.queue[0]
		t.queue = t.queue[1:]
		t.mu.Unlock()
		e.Deliver(context.Background(), body)
	}
}

// Delivering reports whether webhooks wait to be delivered.
func (e *Engine) Delivering() bool {
	e.target.mu.Lock()
	defer e.target.mu.Unlock()
	return e.target.busy
}

// Sign returns the X-Hub-Signature-256 header of a body.
func Sign(body []byte, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}
