package wacloud_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

// randomOutcome is what Meta's pages, and the rules of HTTP, say that an answer means for the message.
type randomOutcome int

const (
	randomAccepted randomOutcome = iota
	randomRefused                // before it was processed: it is sent again
	randomRejected               // for good
	randomUnknown                // nobody can tell
)

// A randomFault is what the server does with one request.
type randomFault struct {
	name    string
	outcome randomOutcome
	accepts bool // whatever it answers, the user gets the message
	answer  func(w http.ResponseWriter, r *http.Request)
}

func (f randomFault) String() string {
	if f.accepts && f.outcome == randomUnknown {
		return f.name + ", delivered"
	}
	return f.name
}

const randomHTML = "<html><head><title>Sorry, something went wrong.</title></head></html>"

func randomAnswer(status int, body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func randomCode(status, code int) randomFault {
	return randomFault{name: fmt.Sprint(status, " ", code), answer: randomAnswer(status, graphCode(strconv.Itoa(code)))}
}

// randomBreak writes what is left of an answer and breaks the connection.
func randomBreak(part string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(conn, part)
		_ = conn.Close()
	}
}

// The faults that say that nothing was done. Two of them are not the handler's.
var (
	randomNoServer = randomFault{name: "connection refused", outcome: randomRefused}
	randomPair     = randomFault{name: "400 131056", outcome: randomRefused, answer: randomCode(400, 131056).answer}
	randomRefusals = []randomFault{
		randomNoServer,
		{name: "429 html", answer: randomAnswer(429, randomHTML)},
		randomCode(429, 130429), randomCode(400, 130429), randomCode(400, 4), randomCode(400, 80007), randomCode(400, 613),
		randomCode(503, 2), randomCode(500, 131016), randomCode(400, 133004), randomCode(503, 131057),
		{name: "400 transient", answer: randomAnswer(400, `{"error":{"message":"x","type":"OAuthException","code":987654,"is_transient":true}}`)},
	}
	randomRejections = []randomFault{
		randomCode(400, 100), randomCode(400, 131009), randomCode(400, 131026), randomCode(400, 131047), randomCode(400, 131051),
		randomCode(401, 190), randomCode(403, 10), randomCode(404, 132001), randomCode(403, 368), randomCode(400, 131048),
		{name: "400 html", answer: randomAnswer(400, randomHTML)},
	}
)

// The faults after which nobody can tell. Some come only after the message was taken, one only before.
var (
	randomCutBefore = randomFault{name: "cut before the body", answer: randomBreak("")}
	randomStall     = randomFault{name: "stall", answer: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }}
	randomUnclear   = []randomFault{
		randomCutBefore, randomStall,
		{name: "cut after the body", answer: randomBreak("")},
		{name: "cut in the answer's head", answer: randomBreak("HTTP/1.1 20")},
		{name: "500 html", answer: randomAnswer(500, randomHTML)},
		{name: "502 html", answer: randomAnswer(502, randomHTML)},
		{name: "503 html", answer: randomAnswer(503, randomHTML)},
		{name: "504 nothing", answer: randomAnswer(504, "")},
		randomCode(500, 1), randomCode(500, 131000),
	}
	randomHalfOK = []randomFault{
		{name: "truncated 200", answer: randomBreak("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + acceptedAnswer[:60])},
		{name: "200 html", answer: randomAnswer(200, randomHTML)},
		{name: "200 without an id", answer: randomAnswer(200, `{"messaging_product":"whatsapp","messages":[]}`)},
	}
)

func randomOf(r *rand.Rand, faults []randomFault, outcome randomOutcome) randomFault {
	f := faults[r.IntN(len(faults))]
	f.outcome = outcome
	return f
}

// randomEnd is a fault after which the send is over.
func randomEnd(r *rand.Rand) randomFault {
	switch r.IntN(10) {
	case 0:
		return randomOf(r, randomRejections, randomRejected)
	case 1:
		f := randomOf(r, randomHalfOK, randomUnknown)
		f.accepts = true
		return f
	case 2, 3:
		f := randomOf(r, randomUnclear, randomUnknown)
		if f.name == randomStall.name && r.IntN(3) > 0 {
			return randomEnd(r) // it takes its time
		}
		f.accepts = f.name != randomCutBefore.name && r.IntN(2) == 0
		return f
	default:
		return randomFault{name: "accepted", outcome: randomAccepted, accepts: true}
	}
}

// randomPlan is what becomes of the requests of send n, up to more refusals than one call of Send bears.
func randomPlan(r *rand.Rand, n int) (plan []randomFault) {
	end := randomEnd(r)
	if end.name == randomStall.name { // its client is impatient, and nothing else of it may depend on the machine
		return []randomFault{end}
	}
	for range max(r.IntN(12)-5, 0) {
		plan = append(plan, randomOf(r, randomRefusals, randomRefused))
	}
	if n%250 == 7 {
		plan = append(plan, randomPair) // it takes a second
	}
	return append(plan, end)
}

// A randomSend is one message, what is planned for it, and what came of it.
type randomSend struct {
	plan   []randomFault
	resend randomFault
	sent   *wacloud.Sent
	err    error

	requests  int            // guarded by the graph's mutex, like what follows
	delivered int            // to the user
	ids       map[string]int // how often by each send id
}

// paired reports whether one of the requests waits for the recipient's limit, which may be too long for one call.
func (s *randomSend) paired() bool {
	return len(s.plan) > 1 && s.plan[len(s.plan)-2].name == randomPair.name
}

func (s *randomSend) end() randomFault { return s.plan[len(s.plan)-1] }

// A randomGraph is a Graph API whose every request has its fault.
type randomGraph struct {
	*httptest.Server
	seed    uint64
	refused *http.Transport
	passed  *http.Transport
	hook    http.Handler // gets a status of each message that the user got; nil for none
	posting sync.WaitGroup

	mu    sync.Mutex
	sends []randomSend
}

func newRandomGraph(t *testing.T, n int) *randomGraph {
	t.Helper()
	g := &randomGraph{seed: rand.Uint64(), sends: make([]randomSend, n)}
	t.Logf("seed %d", g.seed)
	for i := range g.sends {
		r := rand.New(rand.NewPCG(g.seed, uint64(i)))
		s := &g.sends[i]
		s.plan, s.ids = randomPlan(r, i), make(map[string]int)
		for s.resend = randomEnd(r); s.resend.name == randomStall.name || s.resend.name == randomCutBefore.name; {
			s.resend = randomEnd(r)
		}
	}
	nobody := refusedAddr(t)
	g.refused = &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, nobody)
	}}
	g.passed = &http.Transport{MaxIdleConnsPerHost: 100}
	g.Server = httptest.NewServer(g)
	t.Cleanup(g.passed.CloseIdleConnections)
	return g
}

type randomNumber struct{}

const randomHeader = "X-Test-Send"

// RoundTrip tells the server which send it is before the body does, or leads to where no server is. A request that the policy
// makes has nobody who says which it is.
func (g *randomGraph) RoundTrip(r *http.Request) (*http.Response, error) {
	n, ok := r.Context().Value(randomNumber{}).(int)
	if !ok {
		return g.passed.RoundTrip(r)
	}
	g.mu.Lock()
	s := &g.sends[n]
	refuse := s.plan[min(s.requests, len(s.plan)-1)].name == randomNoServer.name
	if refuse {
		s.requests++
	}
	g.mu.Unlock()
	if refuse {
		return g.refused.RoundTrip(r)
	}
	r = r.Clone(r.Context())
	r.Header.Set(randomHeader, strconv.Itoa(n))
	return g.passed.RoundTrip(r)
}

func (g *randomGraph) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.posting.Add(1)
	defer g.posting.Done()
	n, f := -1, randomFault{}
	if r.Header.Get(randomHeader) != "" {
		n, _ = strconv.Atoi(r.Header.Get(randomHeader))
		f = g.next(n)
	}
	if f.name == randomCutBefore.name {
		f.answer(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client is gone
	}
	o, err := wacloud.DecodeMessage(body)
	if err != nil {
		panic(err)
	}
	if n < 0 {
		n, _ = strconv.Atoi(strings.TrimPrefix(o.Message.(wacloud.Text).Body, "message "))
		f = g.sends[n].resend
	}
	id := randomID(n)
	if f.accepts {
		id = g.deliver(n, o)
	}
	if f.answer == nil {
		f.answer = randomAnswer(200, `{"messaging_product":"whatsapp","messages":[{"id":"`+id+`"}]}`)
	}
	f.answer(w, r)
}

// next is the fault of a send's next request. There is none after the last: the library should not have made it.
func (g *randomGraph) next(n int) randomFault {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := &g.sends[n]
	s.requests++
	return s.plan[min(s.requests, len(s.plan))-1]
}

func randomID(n int) string { return "wamid." + strconv.Itoa(n) }

func randomUser(n int) string { return "55119" + strconv.Itoa(10_000_000+n) }

// deliver brings the message to the user. The status comes before the answer or after it.
func (g *randomGraph) deliver(n int, o *wacloud.Outgoing) (id string) {
	g.mu.Lock()
	s := &g.sends[n]
	s.delivered++
	s.ids[o.CallbackData]++
	id = randomID(n)
	g.mu.Unlock()
	if g.hook == nil {
		return id
	}
	post := func() {
		body := wacloudtest.Status(wacloud.Status{
			ID: id, Status: "sent", CallbackData: o.CallbackData, Recipient: wacloud.User{Phone: randomUser(n)},
		}, wacloudtest.ToNumber(hookNumber))
		for hookStatus(g.hook, hookRequest(context.Background(), "/", body)) != http.StatusOK { // Meta repeats too
			continue
		}
	}
	if n%2 == 0 {
		post()
	} else {
		g.posting.Go(post)
	}
	return id
}

// client waits for answers as long as it takes, an impatient one does not.
func (g *randomGraph) client(t *testing.T, impatient bool, opts ...wacloud.Option) *wacloud.Client {
	t.Helper()
	hc := &http.Client{Transport: g, Timeout: 5 * time.Minute}
	if impatient {
		hc.Timeout = 150 * time.Millisecond
	}
	c, err := wacloud.NewClient(hookNumber, wacloud.NewSecret("token"), append([]wacloud.Option{
		wacloud.WithBaseURL(g.URL), wacloud.WithHTTPClient(hc),
		wacloud.WithRateLimit(wacloud.RateLimit{PerSecond: 1e9}),
		wacloud.WithRetry(wacloud.RetryPolicy{MinDelay: time.Millisecond, MaxDelay: 2 * time.Second}),
	}, opts...)...)
	require.NoError(t, err)
	return c
}

// run makes all sends, some at a time, and a caller's repetitions of those that may be repeated.
func (g *randomGraph) run(t *testing.T, c, impatient *wacloud.Client) {
	t.Helper()
	next := make(chan int)
	var senders sync.WaitGroup
	for range 50 {
		senders.Go(func() {
			for n := range next {
				s := &g.sends[n]
				by := c
				if s.end().name == randomStall.name {
					by = impatient
				}
				ctx := context.WithValue(t.Context(), randomNumber{}, n)
				for call := 0; call == 0 || call < 20 && wacloud.SafeToRetry(s.err); call++ {
					s.sent, s.err = by.Send(ctx, wacloud.Phone(randomUser(n)), wacloud.NewText("message "+strconv.Itoa(n)))
				}
			}
		})
	}
	for n := range g.sends {
		next <- n
	}
	close(next)
	senders.Wait()
}

// finish waits until nothing is under way any more.
func (g *randomGraph) finish() {
	g.Close()
	g.posting.Wait()
}

func (s *randomSend) ambiguous() bool {
	_, ok := errors.AsType[*wacloud.AmbiguousSendError](s.err)
	return ok
}

// check compares what came of send n with what was planned, before any policy.
func (s *randomSend) check(n int, statuses bool) (problem string) {
	end := s.end()
	stalled := end.name == randomStall.name // a request that came to its end on the way was not delivered
	delivered := 0
	if end.accepts {
		delivered = 1
	}
	switch {
	case !stalled && s.requests != len(s.plan):
		return fmt.Sprintf("%d requests, not %d", s.requests, len(s.plan))
	case s.delivered != delivered && (!stalled || s.delivered > delivered):
		return fmt.Sprintf("delivered %d times, not %d", s.delivered, delivered)
	}
	known := s.err == nil && s.sent.MessageID == randomID(n)
	_, answered := errors.AsType[*wacloud.APIError](s.err)
	switch {
	case end.outcome == randomAccepted && !known:
		return "it was accepted"
	case end.outcome == randomAccepted && len(s.plan) <= 4 && !s.paired() && s.sent.Attempts != len(s.plan):
		return fmt.Sprintf("%d attempts of one call", s.sent.Attempts)
	case end.outcome == randomRejected && (!answered || s.ambiguous()):
		return "it was rejected"
	case end.outcome == randomUnknown && !s.ambiguous() && (!statuses || s.delivered == 0 || !known):
		return "nobody can tell"
	}
	return ""
}

func (g *randomGraph) check(t *testing.T, statuses bool) (unknown, delivered int) {
	t.Helper()
	seen := map[string]int{}
	for n := range g.sends {
		s := &g.sends[n]
		if problem := s.check(n, statuses); problem != "" {
			t.Errorf("send %d of seed %d: %v: %s; got %v, %v", n, g.seed, s.plan, problem, s.sent, s.err)
		}
		for _, f := range s.plan {
			seen[f.name]++
		}
		if s.end().outcome == randomUnknown {
			unknown++
			delivered += s.delivered
		}
	}
	for _, f := range append(append(append(append([]randomFault{randomPair}, randomRefusals...), randomRejections...), randomUnclear...), randomHalfOK...) {
		if seen[f.name] == 0 {
			t.Errorf("%s was never tried", f.name)
		}
	}
	t.Logf("%d sends, %d of unknown outcome, %d of these delivered", len(g.sends), unknown, delivered)
	return unknown, delivered
}

// settled counts how sends of unknown outcome ended, by label.
func (m *measured) settled() map[string]int {
	counts := map[string]int{}
	for _, x := range m.of(wacloud.MetricSendSettled) {
		counts[x.Label]++
	}
	return counts
}

// randomSends is how many sends a test makes at most.
func randomSends(n int) int {
	if testing.Short() {
		return min(n, 2000)
	}
	return n
}

// Ten thousand sends through a server with every fault, with statuses: each message reaches its user at most once; exactly once
// where all requests before were refused; what is unknown is what the faults left unknown, and a status settles it if it
// was accepted.
func TestRandomSendsWithStatuses(t *testing.T) {
	t.Parallel()
	g, metrics, store := newRandomGraph(t, randomSends(10_000)), new(measured), wacloud.NewMemoryStore()
	opts := []wacloud.Option{wacloud.WithStore(store), wacloud.WithObserver(metrics), wacloud.WithUnknown(wacloud.Unknown{After: time.Hour})}
	c := g.client(t, false, opts...)
	cfg := hookConfig(t, wacloud.NewRouter())
	cfg.Client, cfg.Store = c, store
	hook, _ := hookStart(t, cfg)
	g.hook = hook
	g.run(t, c, g.client(t, true, opts...))
	g.finish()
	unknown, delivered := g.check(t, true)

	left := func() int {
		page, err := store.Scan(t.Context(), "pend|", "", 2*len(g.sends))
		require.NoError(t, err)
		return len(page)
	}
	require.Eventually(t, func() bool { return left() <= unknown-delivered }, time.Minute, 20*time.Millisecond)
	require.Equal(t, unknown-delivered, left(), "what was not delivered stays unknown")
	require.Equal(t, map[string]int{"sent": delivered}, metrics.settled())
}

// The same without a store, where the caller is all there is.
func TestRandomSendsWithoutStore(t *testing.T) {
	t.Parallel()
	g := newRandomGraph(t, randomSends(2000))
	g.run(t, g.client(t, false), g.client(t, true))
	g.finish()
	g.check(t, false)
}

// What stays unknown is dropped or sent once more, as the policy says.
func TestRandomSendsByPolicy(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		do   wacloud.UnknownAction
	}{
		{name: "drop", do: wacloud.Drop},
		{name: "resend", do: wacloud.Resend},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g, metrics, store := newRandomGraph(t, randomSends(2000)), new(measured), wacloud.NewMemoryStore()
			opts := []wacloud.Option{
				wacloud.WithStore(store), wacloud.WithObserver(metrics),
				wacloud.WithUnknown(wacloud.Unknown{After: time.Millisecond, Do: tt.do}),
			}
			c := g.client(t, false, opts...)
			g.run(t, c, g.client(t, true, opts...))
			g.passed.CloseIdleConnections()
			g.posting.Wait()
			unknown, _ := g.check(t, false)

			want := map[string]int{"dropped": unknown}
			for n := range g.sends {
				s := &g.sends[n]
				if tt.do == wacloud.Resend && s.end().outcome == randomUnknown {
					if s.resend.outcome != randomRejected {
						want["resent"]++
					}
					if s.resend.outcome == randomAccepted {
						want["dropped"]--
					}
				}
			}
			before := make([]int, len(g.sends))
			for n := range g.sends {
				before[n] = g.sends[n].delivered
			}
			for range 100 {
				require.NoError(t, c.SettleUnknown(t.Context()))
				if got := metrics.settled(); got["dropped"] == want["dropped"] || got["resent"] > want["resent"] {
					break
				}
				<-time.After(5 * time.Millisecond)
			}
			require.NoError(t, c.SettleUnknown(t.Context()))
			g.finish()
			require.Equal(t, want, metrics.settled())
			for n := range g.sends {
				s := &g.sends[n]
				again := 0
				if tt.do == wacloud.Resend && s.end().outcome == randomUnknown && s.resend.accepts {
					again = 1
				}
				require.Equal(t, before[n]+again, s.delivered, "send %d of seed %d: %v, again %v", n, g.seed, s.plan, s.resend)
				require.LessOrEqual(t, len(s.ids), 1, "one id")
			}
		})
	}
}
