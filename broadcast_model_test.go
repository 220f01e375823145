package wacloud_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
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
	"github.com/wacloud/wacloud/wacloudtest"
)

func TestBroadcastToTenThousand(t *testing.T) {
	t.Parallel()
	g := newCastGraph(nil)
	c := castClient(t, g, wacloud.NewMemoryStore())
	for _, want := range []wacloud.BroadcastReport{{Sent: 10_000}, {Skipped: 10_000}} {
		report, err := c.Broadcast(t.Context(), "sale", castTos(10_000), castTemplate)
		require.NoError(t, err)
		requireReport(t, want, report)
	}
	require.Len(t, g.delivered, 10_000)
	for name, n := range g.delivered {
		require.Equal(t, 1, n, name)
	}
}

// Several processes may run one broadcast: each recipient gets one message, from one of them, and all others say so.
func TestBroadcastOfManyProcessesAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const processes, people = 4, 300
		g := newCastGraph(func(_ string, nth int) string {
			if nth == 1 {
				return "131016" // so that some give a recipient back while others look at it
			}
			return castAccepts
		})
		slow := castTransport(func(r *http.Request) (*http.Response, error) {
			<-time.After(300 * time.Millisecond) // so that some look while others send
			return g.RoundTrip(r)
		})
		store := wacloud.NewMemoryStore()
		reports := make([]wacloud.BroadcastReport, processes)
		var wg sync.WaitGroup
		for i := range processes {
			c := castClient(t, g, store, wacloud.WithHTTPClient(&http.Client{Transport: slow}), wacloud.WithRetry(wacloud.RetryPolicy{MaxAttempts: 1}))
			wg.Go(func() {
				var err error
				if reports[i], err = c.Broadcast(t.Context(), "sale", castTos(people), castTemplate); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		var sum wacloud.BroadcastReport
		for _, r := range reports {
			sum.Sent += r.Sent
			sum.Skipped += r.Skipped
			sum.Unknown += r.Unknown
		}
		requireReport(t, wacloud.BroadcastReport{Sent: people, Skipped: (processes - 1) * people}, sum)
		require.Len(t, g.delivered, people)
		for name, n := range g.delivered {
			require.Equal(t, 1, n, name)
		}
	})
}

// A castPerson is what the model knows of one recipient: what Meta is going to do with each message, and what is on record.
type castPerson struct {
	answers []string // then accepts
	record  wacloud.BroadcastOutcome
	code    int

	posts, delivered int
}

// call says what one call makes of a recipient, by the rules of the documentation.
func (p *castPerson) call() (o wacloud.BroadcastOutcome, code int) {
	switch p.record {
	case wacloud.BroadcastOpen:
	case wacloud.BroadcastSent:
		return wacloud.BroadcastSkipped, 0
	default:
		return p.record, p.code
	}
	for {
		does := castAccepts
		if p.posts < len(p.answers) {
			does = p.answers[p.posts]
		}
		p.posts++
		switch does {
		case castAccepts:
			p.delivered++
			p.record = wacloud.BroadcastSent
			return wacloud.BroadcastSent, 0
		case castCutsLate:
			p.delivered++
			fallthrough
		case castCuts:
			p.record = wacloud.BroadcastUnknown
			return wacloud.BroadcastUnknown, 0
		case "131000":
			p.record, p.code = wacloud.BroadcastUnknown, 131000
			return wacloud.BroadcastUnknown, p.code
		case "131026", "131049", "131050":
			p.code, _ = strconv.Atoi(does)
			p.record = wacloud.BroadcastRefused
			return wacloud.BroadcastRefused, p.code
		case "100", "131030":
			code, _ = strconv.Atoi(does)
			return wacloud.BroadcastRefused, code
		}
		// 130429, 131016, 131056 are waited for
	}
}

// Whatever Meta does, with everybody named up to three times, each call reports what the rules say, and each recipient has
// got what the rules say.
func TestBroadcastAgainstAModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { castAgainstModel(t, rand.New(rand.NewPCG(seed, 5))) })
		})
	}
}

func castAgainstModel(t *testing.T, r *rand.Rand) {
	does := []string{
		castAccepts, castAccepts, castAccepts, castAccepts, castCuts, castCutsLate, "131000",
		"131026", "131049", "131050", "100", "131030", "130429", "131016", "131056",
	}
	people := make([]castPerson, 1+r.IntN(60))
	model := map[string]*castPerson{}
	var list []int
	for i := range people {
		for range r.IntN(5) {
			people[i].answers = append(people[i].answers, does[r.IntN(len(does))])
		}
		model[castName(i)] = &people[i]
		for range 1 + r.IntN(3) {
			list = append(list, i)
		}
	}
	g := newCastGraph(func(to string, nth int) string {
		if answers := model[to].answers; nth <= len(answers) {
			return answers[nth-1]
		}
		return castAccepts
	})
	store := wacloud.NewMemoryStore()
	for call := range 4 {
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		recipients := make([]wacloud.Recipient, len(list))
		for i, person := range list {
			recipients[i] = castTo(person)
		}
		retry := wacloud.RetryPolicy{MaxAttempts: 1 + r.IntN(2)}
		limit := wacloud.RateLimit{Off: r.IntN(2) == 0}
		c := castClient(t, g, store, wacloud.WithRetry(retry), withLimit(limit))

		want := castExpect(people, list)
		report, err := c.Broadcast(t.Context(), "sale", slices.Values(recipients), castTemplate, wacloud.BroadcastInFlight(1+r.IntN(8)))
		if stopped, ok := errors.AsType[*wacloud.BroadcastStopError](err); ok {
			require.ErrorContains(t, stopped, "in a row are unknown")
			return // the model does not know what comes in a row
		}
		require.NoError(t, err)
		report.Elapsed = 0
		if diff := cmp.Diff(want, report); diff != "" {
			t.Fatalf("call %d (-want +got):\n%s", call, diff)
		}
		for i, p := range people {
			require.Equal(t, p.delivered, g.delivered[castName(i)], "call %d, recipient %d", call, i)
			require.Equal(t, p.posts, g.posts[castName(i)], "call %d, recipient %d", call, i)
			require.LessOrEqual(t, p.delivered, 1)
		}
	}
}

// castExpect is the model's report of a call. Who is named again is skipped, unless an earlier call has recorded another
// outcome, which counts again.
func castExpect(people []castPerson, list []int) (want wacloud.BroadcastReport) {
	mine := map[int]bool{} // recorded by this call
	for _, person := range list {
		p := &people[person]
		fresh := p.record == wacloud.BroadcastOpen
		o, code := wacloud.BroadcastSkipped, 0
		if !mine[person] {
			o, code = p.call()
		}
		mine[person] = mine[person] || fresh
		switch o {
		case wacloud.BroadcastSent:
			want.Sent++
		case wacloud.BroadcastSkipped:
			want.Skipped++
		case wacloud.BroadcastUnknown:
			want.Unknown++
		case wacloud.BroadcastRefused:
			want.Refused++
			if want.Codes == nil {
				want.Codes = map[int]int{}
			}
			want.Codes[code]++
		default:
			panic(fmt.Sprint("the model says ", o))
		}
	}
	return want
}

// A status tells what became of a message whose connection was cut, and the next call has it. Of the other nobody will ever know.
func TestBroadcastUnknownIsSettledByAStatus(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := wacloud.NewMemoryStore()
		srv := wacloudtest.NewServer(t, wacloudtest.InMemory(), wacloudtest.AutoStatus())
		srv.Serve(wacloud.NewRouter(), func(c *wacloud.WebhookConfig) { c.Store = store })
		srv.FailWith(wacloudtest.Fault{CutAfter: true}, 1)
		srv.FailWith(wacloudtest.Fault{Cut: true}, 1)
		c := srv.Client(wacloud.WithStore(store))
		report, err := c.Broadcast(t.Context(), "sale", castTos(5), castTemplate, wacloud.BroadcastInFlight(1))
		require.NoError(t, err)
		require.Equal(t, 5, report.Sent+report.Unknown, "%+v", report) // a status may be faster than the end of the connection
		require.Positive(t, report.Unknown)
		srv.Wait()
		report, err = c.Broadcast(t.Context(), "sale", castTos(5), castTemplate)
		require.NoError(t, err)
		requireReport(t, wacloud.BroadcastReport{Skipped: 4, Unknown: 1}, report)
		require.Len(t, srv.Sent(), 4)
	})
}

// castRacing lets somebody else write the record of a recipient just before the first that swaps it.
type castRacing struct {
	wacloud.Store
	raced bool
}

func (s *castRacing) Swap(ctx context.Context, key string, old uint64, value []byte, ttl time.Duration) (bool, error) {
	if strings.HasPrefix(key, "broadcast|") && !s.raced {
		s.raced = true
		now, _, err := s.Get(ctx, key)
		if err == nil {
			err = s.Put(ctx, key, now, time.Hour)
		}
		if err != nil {
			return false, err
		}
	}
	return s.Store.Swap(ctx, key, old, value, ttl)
}

// A status settles an unknown outcome also where the broadcast writes its record at the same moment.
func TestBroadcastIsSettledBesideItsOwnRecord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := wacloud.NewMemoryStore()
		srv := wacloudtest.NewServer(t, wacloudtest.InMemory())
		racing := &castRacing{Store: store}
		srv.Serve(wacloud.NewRouter(), func(c *wacloud.WebhookConfig) { c.Store = racing })
		srv.FailWith(wacloudtest.Fault{CutAfter: true}, 1)
		c := srv.Client(wacloud.WithStore(store))
		report, err := c.Broadcast(t.Context(), "sale", castTos(1), castTemplate)
		require.NoError(t, err)
		requireReport(t, wacloud.BroadcastReport{Unknown: 1}, report)
		pending, err := store.Scan(t.Context(), "pend|", "", 2)
		require.NoError(t, err)
		require.Len(t, pending, 1)
		srv.Deliver(wacloudtest.Status(wacloud.Status{
			ID: "wamid.CUT", Status: "sent", SendID: strings.TrimPrefix(pending[0].Key, "pend|"), Recipient: wacloud.User{Phone: "5511900000000"},
		}))
		srv.Wait()
		require.True(t, racing.raced)
		report, err = c.BroadcastReport(t.Context(), "sale")
		require.NoError(t, err)
		requireReport(t, wacloud.BroadcastReport{Sent: 1}, report)
	})
}

// What Meta reports after it accepted a message is counted by recipient and code, and nobody gets the message again.
func TestBroadcastCountsWhatFailsLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := wacloud.NewMemoryStore()
		srv := wacloudtest.NewServer(t, wacloudtest.InMemory())
		var told []string
		r := wacloud.NewRouter()
		r.Status(func(_ context.Context, e *wacloud.Event) error {
			told = append(told, e.Status.CallbackData)
			return nil
		})
		srv.Serve(r, func(c *wacloud.WebhookConfig) { c.Store = store })
		c := srv.Client(wacloud.WithStore(store))
		_, err := c.Broadcast(t.Context(), "sale", castTos(5), castTemplate, wacloud.BroadcastInFlight(1))
		require.NoError(t, err)

		sent := srv.Sent()
		fail := func(i, code int, change func(*wacloud.Status)) {
			s := wacloud.Status{
				ID: "wamid.CAST" + strconv.Itoa(i), Status: "failed", CallbackData: sent[i].CallbackData, Recipient: wacloud.User{Phone: strconv.Itoa(5511900000000 + i)},
				Errors: []wacloud.EventError{{Code: code, Title: "not now"}},
			}
			if change != nil {
				change(&s)
			}
			require.Equal(t, http.StatusOK, srv.Deliver(wacloudtest.Status(s)).Status)
			srv.Wait()
		}
		fail(0, 131049, nil)
		fail(0, 131049, nil) // delivered twice
		fail(1, 131050, nil)
		fail(2, 131049, func(s *wacloud.Status) { s.Status, s.Errors = "delivered", nil })
		fail(3, 131049, func(s *wacloud.Status) { s.CallbackData = "sale" })
		fail(3, 131049, func(s *wacloud.Status) { s.ID, s.CallbackData = "wamid.X", "broadcast:other:"+strings.Repeat("0", 32) })
		fail(4, 131049, func(s *wacloud.Status) { s.Type = "payment" })
		require.Regexp(t, `^broadcast:sale:[0-9a-f]{32}$`, told[0])

		want := wacloud.BroadcastReport{Sent: 3, Refused: 2, Codes: map[int]int{131049: 1, 131050: 1}}
		report, err := c.BroadcastReport(t.Context(), "sale")
		require.NoError(t, err)
		requireReport(t, want, report)
		report, err = c.Broadcast(t.Context(), "sale", castTos(5), castTemplate)
		require.NoError(t, err)
		requireReport(t, wacloud.BroadcastReport{Skipped: 3, Refused: 2, Codes: want.Codes}, report)
		require.Len(t, srv.Sent(), 5)
		report, err = c.BroadcastReport(t.Context(), "other")
		require.NoError(t, err)
		requireReport(t, wacloud.BroadcastReport{}, report)
		_, err = c.BroadcastReport(t.Context(), "no spaces")
		require.Error(t, err)
	})
}

// Who got another message in place of the one that failed is not counted as refused, until that fails too.
func TestBroadcastCountsWhatFellBackLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := wacloud.NewMemoryStore()
		srv := wacloudtest.NewServer(t, wacloudtest.InMemory())
		c := srv.Client(wacloud.WithStore(store))
		var sent *wacloud.Sent
		r := wacloud.NewRouter()
		r.Status(func(_ context.Context, e *wacloud.Event) error {
			sent = e.Status.Fallback
			return nil
		})
		srv.Serve(r, func(cfg *wacloud.WebhookConfig) { cfg.Client = c })
		_, err := c.Broadcast(t.Context(), "sale", castTos(1), castTemplate, wacloud.BroadcastSend(wacloud.Fallback(wacloud.NewText("A sale!"))),
			wacloud.BroadcastResults(func(r wacloud.BroadcastResult) { sent = r.Sent }))
		require.NoError(t, err)
		data := srv.Sent()[0].CallbackData
		for _, want := range []wacloud.BroadcastReport{{Sent: 1}, {Refused: 1, Codes: map[int]int{131051: 1}}} {
			srv.Deliver(wacloudtest.Status(wacloud.Status{
				ID: sent.MessageID, SendID: sent.SendID, Status: "failed", CallbackData: data, Recipient: wacloud.User{Phone: "5511900000000"},
				Errors: []wacloud.EventError{{Code: 131051}},
			}))
			srv.Wait()
			report, err := c.BroadcastReport(t.Context(), "sale")
			require.NoError(t, err)
			requireReport(t, want, report)
			require.Len(t, srv.Sent(), 2)
		}
	})
}

// A status that says failed may be faster than the answer that says accepted. It counts.
func TestBroadcastFailsBeforeItIsAccepted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := wacloud.NewMemoryStore()
		srv := wacloudtest.NewServer(t, wacloudtest.InMemory())
		srv.Serve(wacloud.NewRouter(), func(c *wacloud.WebhookConfig) { c.Store = store })
		g := newCastGraph(nil)
		early := castTransport(func(r *http.Request) (*http.Response, error) {
			answer, err := g.RoundTrip(r)
			out, decodeErr := wacloud.DecodeMessage([]byte(g.bodies[len(g.bodies)-1]))
			if err = errors.Join(err, decodeErr); err != nil {
				return nil, err
			}
			srv.Deliver(wacloudtest.Status(wacloud.Status{
				ID: "wamid.EARLY", Status: "failed", CallbackData: out.CallbackData, Recipient: wacloud.User{Phone: "5511900000000"},
				Errors: []wacloud.EventError{{Code: 131050}},
			}, wacloudtest.ToNumber(hookNumber)))
			srv.Wait()
			return answer, nil
		})
		c := castClient(t, g, store, wacloud.WithHTTPClient(&http.Client{Transport: early}))
		_, err := c.Broadcast(t.Context(), "sale", castTos(1), castTemplate)
		require.NoError(t, err)
		report, err := c.BroadcastReport(t.Context(), "sale")
		require.NoError(t, err)
		requireReport(t, wacloud.BroadcastReport{Refused: 1, Codes: map[int]int{131050: 1}}, report)
	})
}
