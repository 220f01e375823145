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

// target is where webhooks go.
type target struct {
	mu      sync.Mutex
	url     string
	client  *http.Client
	down    bool   // the last one found nobody
	reached bool   // one has found somebody
	back    int    // counts how often somebody was there again, or somebody else
	late    []late // to be repeated when the bot is up again
	batch   batch
}

// late is a webhook that comes once more.
type late struct{ body []byte }

// What may wait for a restart.
const (
	maxLate      = 100
	maxLateBytes = 16 << 20
)

// Delivery is one webhook that was posted to the bot, or kept from it by a fault.
type Delivery struct {
	ID        int // counts calls and deliveries, in the order in which they began
	At        time.Time
	Took      time.Duration
	URL       string
	Header    http.Header // of the request
	Body      []byte
	What      string // "message text"
	MessageID string
	Chat      string // number/user key, where the message is known
	Status    int    // of the bot's answer, 0 when there was none
	Answered  http.Header
	Answer    []byte
	Err       error // why there was no answer
	Attempt   int   // counts from 1
	NextAt    time.Time
	Fault     string

	rev int
}

// Connect says where webhooks go. Without a transport they go over the network.
func (e *Engine) Connect(webhookURL string, transport http.RoundTripper) {
	e.target.mu.Lock()
	defer e.target.mu.Unlock()
	e.target.url = webhookURL
	e.target.back++
	e.target.client = &http.Client{
		Transport:     transport,
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (e *Engine) connected() bool {
	e.target.mu.Lock()
	defer e.target.mu.Unlock()
	return e.target.client != nil
}

// address is where webhooks go, and the client that goes there; nil before [Engine.Connect].
func (e *Engine) address() (string, *http.Client) {
	e.target.mu.Lock()
	defer e.target.mu.Unlock()
	return e.target.url, e.target.client
}

// Back counts how often the bot was there again after it was not, or was another one.
func (e *Engine) Back() int {
	e.target.mu.Lock()
	defer e.target.mu.Unlock()
	return e.target.back
}

// Reachable reports whether the last webhook found a bot; known is false before the first.
func (e *Engine) Reachable() (up, known bool) {
	e.target.mu.Lock()
	defer e.target.mu.Unlock()
	return !e.target.down, e.target.reached || e.target.down
}

// errNotConnected says that there is no bot.
var errNotConnected = errors.New("graph: no bot is connected")

// letter is one webhook on its way.
type letter struct {
	body      []byte // what is posted
	signature string // left out when empty
	again     []byte // what is posted when it is not taken
	attempt   int    // counts from 1
	fault     string
}

func (e *Engine) signed(body []byte) letter {
	return letter{body: body, signature: Sign(body, e.cfg.AppSecret), again: body, attempt: 1}
}

// Deliver signs a webhook body, posts it and returns the bot's answer. An armed fault hits it; where the policy says so
// it is repeated until the bot takes it.
func (e *Engine) Deliver(ctx context.Context, body []byte) Delivery {
	_, _, isMessage := eventsOf(body)
	if d, joined := e.joinBatch(ctx, body); joined {
		return d
	}
	return e.deliverWith(ctx, body, e.faults.takeWebhook(isMessage))
}

// Post is Deliver with a signature header of its own, without faults and repetition; an empty signature is left out.
func (e *Engine) Post(ctx context.Context, body []byte, signature string) Delivery {
	return e.record(e.exchange(ctx, letter{body: body, signature: signature, attempt: 1}))
}

// redeliveries are the pauses after which a webhook that was not taken is repeated. Meta goes on for days.
var redeliveries = [...]time.Duration{time.Second, 4 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute}

// attempt posts a letter and, where the policy says so, schedules the next attempt.
func (e *Engine) attempt(ctx context.Context, l letter) Delivery {
	d := e.exchange(ctx, l)
	if d.Status != http.StatusOK && e.Policy().Redeliver && e.connected() && l.attempt <= len(redeliveries) {
		pause := redeliveries[l.attempt-1]
		next := e.signed(l.again)
		next.attempt = l.attempt + 1
		if e.at(time.Now().Add(pause), len(next.body), func(ctx context.Context) { e.attempt(ctx, next) }) {
			d.NextAt = e.Now().Add(pause)
		}
	}
	return e.record(d)
}

// exchange posts a letter.
func (e *Engine) exchange(ctx context.Context, l letter) Delivery {
	d := Delivery{ID: e.nextEntry(), At: e.Now(), Body: l.body, Attempt: l.attempt, Fault: l.fault}
	start := time.Now()
	d.Err = e.post(ctx, l, &d)
	d.Took = time.Since(start)
	e.Notice(ctx, d.Err)
	return d
}

func (e *Engine) post(ctx context.Context, l letter, d *Delivery) error {
	address, client := e.address()
	if client == nil {
		return errNotConnected
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(l.body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "facebookexternalua")
	if l.signature != "" {
		req.Header.Set("X-Hub-Signature-256", l.signature)
	}
	d.URL, d.Header = address, req.Header.Clone()
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	d.Answered = shown(resp.Header)
	d.Status, d.Answer, err = read(resp, nil, maxAnswer)
	return err
}

func read(resp *http.Response, err error, most int64) (status int, text []byte, _ error) {
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	text, err = io.ReadAll(io.LimitReader(resp.Body, most))
	return resp.StatusCode, text, err
}

// record keeps a delivery.
func (e *Engine) record(d Delivery) Delivery {
	d.What, d.MessageID, _ = eventsOf(d.Body)
	e.mu.Lock()
	defer e.mu.Unlock()
	d.rev = e.nextRev()
	if m := e.byID[d.MessageID]; m != nil {
		d.Chat = m.chat.key.String()
	}
	e.posts.add(d, len(d.Body)+len(d.Answer))
	e.touch()
	return d
}

// Notice sees by what became of a request whether the bot is up. When it is again, what is late comes.
func (e *Engine) Notice(ctx context.Context, err error) {
	e.target.mu.Lock()
	wasDown := e.target.down
	switch {
	case err == nil:
		e.target.down, e.target.reached = false, true
	case ctx.Err() == nil:
		e.target.down = true
	}
	back := wasDown && !e.target.down
	if back {
		e.target.back++
	}
	e.target.mu.Unlock()
	if back {
		e.Restarted()
	}
}

// Restarted says that the bot was restarted: what the fault "late" keeps comes once more.
func (e *Engine) Restarted() {
	e.target.mu.Lock()
	all := e.target.late
	e.target.late = nil
	e.target.mu.Unlock()
	for _, l := range all {
		again := e.signed(l.body)
		again.fault = kindLate
		e.at(time.Now(), len(again.body), func(ctx context.Context) { e.attempt(ctx, again) })
	}
}

// Deliveries returns the last webhooks that were posted, in order.
func (e *Engine) Deliveries() []Delivery {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.posts.all()
}

// Handshake asks the bot for the verification that Meta does when an address is registered.
func (e *Engine) Handshake(ctx context.Context) error {
	address, client := e.address()
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
	resp, err := client.Do(req)
	status, text, err := read(resp, err, maxAnswer)
	if urlErr, ok := errors.AsType[*url.Error](err); ok { // its text holds the verify token
		err = urlErr.Err
	}
	switch {
	case err != nil:
		return fmt.Errorf("graph: handshake: %w", err)
	case status != http.StatusOK || string(text) != challenge:
		return fmt.Errorf("graph: handshake: the bot answered %d %q, not 200 and the challenge", status, text)
	}
	return nil
}

// maxTold is how much a bot may tell of itself.
const maxTold = 4 << 20

// Ask asks the bot at the address of its webhook for what it tells of itself; token is the bearer.
func (e *Engine) Ask(ctx context.Context, token string) (status int, body []byte, err error) {
	address, client := e.address()
	if client == nil {
		return 0, nil, errNotConnected
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/json")
	resp, err := client.Do(req)
	return read(resp, err, maxTold)
}

// Delivering reports whether webhooks wait to be delivered.
func (e *Engine) Delivering() bool { return e.schedule.running() }

// Sign returns the X-Hub-Signature-256 header of a body.
func Sign(body []byte, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}
