package wacloud_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// What castGraph does with a message, besides refusing it with a code.
const (
	castAccepts  = ""
	castHolds    = "held_for_quality_assessment"
	castPauses   = "paused"
	castCuts     = "cut"     // before it is taken, after the body was read
	castCutsLate = "cut 200" // after it was taken
	castPage     = "page"    // a proxy's 403
)

// castGraph takes messages over HTTP, or as a transport, and counts what reaches each phone.
type castGraph struct {
	answer func(to string, nth int) string // one of the above or a Graph code; nth is the recipient's, from 1

	mu        sync.Mutex
	dead      bool           // the sender's process is: nothing leaves it
	posts     map[string]int // by recipient
	delivered map[string]int
	order     []string // of deliveries
	bodies    []string
	at        []time.Time // of the posts
}

func newCastGraph(answer func(to string, nth int) string) *castGraph {
	return &castGraph{answer: answer, posts: map[string]int{}, delivered: map[string]int{}}
}

func (g *castGraph) take(body string) (status int, answer string) {
	out, err := wacloud.DecodeMessage([]byte(body))
	if err != nil {
		return http.StatusBadRequest, graphCode("100")
	}
	text, _ := out.To.MarshalText()
	to := string(text)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.posts[to]++
	g.at, g.bodies = append(g.at, time.Now()), append(g.bodies, body)
	does := castAccepts
	if g.answer != nil {
		does = g.answer(to, g.posts[to])
	}
	switch does {
	case castCuts:
		return 0, ""
	case castPage:
		return http.StatusForbidden, "<html>no</html>"
	case castAccepts, castHolds, castPauses, castCutsLate:
		g.delivered[to]++
		g.order = append(g.order, to)
		if does == castCutsLate {
			return 0, ""
		}
		member := ""
		if does != castAccepts {
			member = `,"message_status":"` + does + `"`
		}
		return http.StatusOK, `{"messages":[{"id":"wamid.` + strconv.Itoa(len(g.order)) + `"` + member + `}]}`
	default:
		return http.StatusBadRequest, graphCode(does)
	}
}

func (g *castGraph) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	status, answer := g.take(string(body))
	if status == 0 {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, answer)
}

var errCastDead = errors.New("the process is gone")

func (g *castGraph) RoundTrip(r *http.Request) (*http.Response, error) {
	g.mu.Lock()
	dead := g.dead
	g.mu.Unlock()
	if dead {
		return nil, errCastDead
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	status, answer := g.take(string(body))
	if status == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer)), Request: r}, nil
}

// castClient sends over g as a transport, without limits unless opts say otherwise.
func castClient(t *testing.T, g *castGraph, store wacloud.Store, opts ...wacloud.Option) *wacloud.Client {
	t.Helper()
	c, err := wacloud.NewClient(testNumberID, wacloud.NewSecret(canaryToken), append([]wacloud.Option{
		wacloud.WithStore(store), wacloud.WithRateLimit(wacloud.RateLimit{Off: true}),
		wacloud.WithHTTPClient(&http.Client{Transport: g}),
	}, opts...)...)
	require.NoError(t, err)
	return c
}

// castHTTPClient does so over sockets.
func castHTTPClient(t *testing.T, g *castGraph, store wacloud.Store) *wacloud.Client {
	t.Helper()
	srv := httptest.NewServer(g)
	t.Cleanup(srv.Close)
	return castClient(t, g, store, wacloud.WithBaseURL(srv.URL), wacloud.WithHTTPClient(srv.Client()))
}

func castName(i int) string { return "phone:" + strconv.Itoa(5511900000000+i) }

func castTo(i int) wacloud.Recipient { return wacloud.Phone(strconv.Itoa(5511900000000 + i)) }

// castTos are the recipients from 0 to n-1.
func castTos(n int) iter.Seq[wacloud.Recipient] {
	return func(yield func(wacloud.Recipient) bool) {
		for i := range n {
			if !yield(castTo(i)) {
				return
			}
		}
	}
}

var castTemplate = wacloud.NewTemplate("spring_sale", "pt_BR").WithTexts("Ada")

// requireReport compares the counts, whatever the time.
func requireReport(t *testing.T, want, got wacloud.BroadcastReport) {
	t.Helper()
	got.Elapsed = 0
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("report (-want +got):\n%s", diff)
	}
}

func TestBroadcastSendsToEachOnce(t *testing.T) {
	t.Parallel()
	g := newCastGraph(nil)
	c := castHTTPClient(t, g, wacloud.NewMemoryStore())
	everybody := slices.Values([]wacloud.Recipient{
		castTo(0), castTo(1), wacloud.Phone("+55 11 90000-0000"), wacloud.WaID("5511900000001"), wacloud.UserID("BR.ada"), castTo(2),
	})
	inOrder := wacloud.BroadcastInFlight(1)
	report, err := c.Broadcast(t.Context(), "spring.sale_2026-1", everybody, castTemplate, inOrder)
	require.NoError(t, err)
	requireReport(t, wacloud.BroadcastReport{Sent: 4, Skipped: 2}, report)
	want := map[string]int{castName(0): 1, castName(1): 1, castName(2): 1, "user:BR.ada": 1}
	if diff := cmp.Diff(want, g.delivered); diff != "" {
		t.Fatalf("delivered (-want +got):\n%s", diff)
	}
	for _, body := range g.bodies {
		out, err := wacloud.DecodeMessage([]byte(body))
		require.NoError(t, err)
		require.Regexp(t, `^~wa:[A-Z2-7]{26}:broadcast:spring\.sale_2026-1:[0-9a-f]{32}$`, out.CallbackData)
		require.Equal(t, castTemplate, out.Message)
	}

	report, err = c.Broadcast(t.Context(), "spring.sale_2026-1", everybody, castTemplate)
	require.NoError(t, err)
	requireReport(t, wacloud.BroadcastReport{Skipped: 6}, report)
	report, err = c.Broadcast(t.Context(), "spring.sale_2026-2", castTos(1), castTemplate)
	require.NoError(t, err)
	requireReport(t, wacloud.BroadcastReport{Sent: 1}, report)
}

// castDeath is a store of a process that dies at its n-th call, before that has an effect or after.
type castDeath struct {
	wacloud.Store
	graph *castGraph
	late  bool

	mu   sync.Mutex
	left int
}

func (s *castDeath) call(do func() error) error {
	s.mu.Lock()
	s.left--
	dies, dead := s.left == 0, s.left < 0
	s.mu.Unlock()
	if dies {
		s.graph.mu.Lock()
		s.graph.dead = true
		s.graph.mu.Unlock()
	}
	if dead || dies && !s.late {
		return errCastDead
	}
	if err := do(); err != nil || !dies {
		return err
	}
	return errCastDead
}

func (s *castDeath) Get(ctx context.Context, key string) (value []byte, version uint64, err error) {
	err = s.call(func() error {
		value, version, err = s.Store.Get(ctx, key)
		return err
	})
	return value, version, err
}

func (s *castDeath) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	return s.call(func() error { return s.Store.Put(ctx, key, value, ttl) })
}

func (s *castDeath) Swap(ctx context.Context, key string, old uint64, value []byte, ttl time.Duration) (ok bool, err error) {
	err = s.call(func() error {
		ok, err = s.Store.Swap(ctx, key, old, value, ttl)
		return err
	})
	return ok && err == nil, err
}

func (s *castDeath) Delete(ctx context.Context, key string) error {
	return s.call(func() error { return s.Store.Delete(ctx, key) })
}

// A process may die at any call of its store, before or after that has an effect. The next one sends nothing twice, leaves nobody
// out but those who were on their way, and says who these are.
func TestBroadcastGoesOnAfterADeathAtEveryStoreCall(t *testing.T) {
	t.Parallel()
	for _, inFlight := range []int{1, 3} {
		for _, late := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d in flight, late %v", inFlight, late), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					lost, had := 0, 0 // of the unknown: who got nothing, who has the message
					for n := 1; ; n++ {
						died, l, h := castDie(t, n, inFlight, late)
						lost, had = lost+l, had+h
						if !died {
							break
						}
					}
					require.NotZero(t, lost, "no death fell between a record and its message")
					if !late {
						require.NotZero(t, had, "no death fell between a message and its record")
					}
				})
			})
		}
	}
}

func castDie(t *testing.T, n, inFlight int, late bool) (died bool, lost, had int) {
	t.Helper()
	const people = 8
	g := newCastGraph(func(to string, nth int) string {
		if to == castName(3) && nth == 1 {
			return "131016" // not done: it is repeated
		}
		return castAccepts
	})
	store := wacloud.NewMemoryStore()
	death := &castDeath{Store: store, graph: g, late: late, left: n}
	opts := []wacloud.BroadcastOption{wacloud.BroadcastInFlight(inFlight)}
	_, err := castClient(t, g, death, wacloud.WithRetry(wacloud.RetryPolicy{MaxAttempts: 1})).
		Broadcast(t.Context(), "sale", castTos(people), castTemplate, opts...)
	if died = g.dead; died {
		require.Error(t, err)
	}
	g.dead = false

	unknown := map[string]bool{}
	results := wacloud.BroadcastResults(func(r wacloud.BroadcastResult) {
		if r.Outcome == wacloud.BroadcastUnknown {
			text, _ := r.To.MarshalText()
			unknown[string(text)] = true
		}
	})
	report, err := castClient(t, g, store).Broadcast(t.Context(), "sale", castTos(people), castTemplate, append(opts, results)...)
	require.NoError(t, err)
	require.Equal(t, people, report.Total())
	require.Equal(t, people, report.Sent+report.Skipped+report.Unknown, "call %d: %+v", n, report)
	require.LessOrEqual(t, report.Unknown, inFlight)
	require.Len(t, unknown, report.Unknown)
	for i := range people {
		switch got := g.delivered[castName(i)]; {
		case unknown[castName(i)]:
			require.LessOrEqual(t, got, 1)
			lost, had = lost+1-got, had+got
		default:
			require.Equal(t, 1, got, "call %d, recipient %d", n, i)
		}
	}
	return died, lost, had
}
