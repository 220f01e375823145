package wacloud_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

// ledgerCounts counts what became of unknown sends.
type ledgerCounts struct {
	mu  sync.Mutex
	got map[string]int
}

func (c *ledgerCounts) Observe(_ context.Context, m wacloud.Measurement) {
	if m.Metric != wacloud.MetricSendSettled {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.got == nil {
		c.got = map[string]int{}
	}
	c.got[m.Label] += int(m.Value)
}

func (c *ledgerCounts) is(t *testing.T, want map[string]int) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if diff := cmp.Diff(want, c.got); diff != "" {
		t.Errorf("settled (-want +got):\n%s", diff)
	}
}

// ledgerRefused is an answer that no shape and no repetition cures.
const ledgerRefused = `{"error":{"message":"x","type":"OAuthException","code":131047}}`

// sweepFor lets time pass in front of somebody who looks every 15 seconds.
func sweepFor(t *testing.T, d time.Duration, clients ...*wacloud.Client) {
	t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); sleep(15 * time.Second) {
		for _, c := range clients {
			require.NoError(t, c.SettleUnknown(t.Context()))
		}
	}
}

func TestUnknownSendIsSettledByThePolicy(t *testing.T) {
	t.Parallel()
	type ask = func(context.Context, wacloud.UnknownSend) (wacloud.UnknownAction, error)
	always := func(do wacloud.UnknownAction, err error) ask {
		return func(context.Context, wacloud.UnknownSend) (wacloud.UnknownAction, error) { return do, err }
	}
	const cut = -1
	for _, tt := range []struct {
		name    string
		policy  wacloud.Unknown
		answers []int // to the requests, then 200
		posts   int
		want    map[string]int
	}{
		{"nothing set", wacloud.Unknown{}, []int{cut}, 1, map[string]int{"dropped": 1}},
		{"sent again", wacloud.Unknown{Do: wacloud.Resend}, []int{cut}, 2, map[string]int{"resent": 1}},
		{"unknown again", wacloud.Unknown{Do: wacloud.Resend}, []int{cut, cut}, 2, map[string]int{"resent": 1, "dropped": 1}},
		{"refused then", wacloud.Unknown{Do: wacloud.Resend}, []int{cut, 400}, 2, map[string]int{"dropped": 1}},
		{"throttled then", wacloud.Unknown{Do: wacloud.Resend}, []int{cut, 429, 429}, 4, map[string]int{"resent": 1}},
		{"asked: drop", wacloud.Unknown{Do: wacloud.Resend, Ask: always(wacloud.Drop, nil)}, []int{cut}, 1, map[string]int{"asked": 1, "dropped": 1}},
		{"asked: send", wacloud.Unknown{Ask: always(wacloud.Resend, nil)}, []int{cut}, 2, map[string]int{"asked": 1, "resent": 1}},
		{"asked: send, unknown again and again", wacloud.Unknown{Ask: always(wacloud.Resend, nil)}, []int{cut, cut, cut}, 4, map[string]int{"asked": 3, "resent": 3}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store, counts := wacloud.NewMemoryStore(), new(ledgerCounts)
				graph := &hookGraph{fail: func(n int) (int, string) {
					if n > len(tt.answers) {
						return 0, ""
					}
					if tt.answers[n-1] == 429 {
						return 429, `{"error":{"message":"x","type":"OAuthException","code":130429}}`
					}
					return tt.answers[n-1], ledgerRefused
				}}
				client := hookClient(t, graph, wacloud.WithStore(store), wacloud.WithUnknown(tt.policy), wacloud.WithObserver(counts))
				sent, err := client.Send(t.Context(), wacloud.Phone(ledgerUser), wacloud.NewText("hi"), wacloud.CallbackData("order-7"))
				_, ambiguous := errors.AsType[*wacloud.AmbiguousSendError](err)
				require.True(t, ambiguous, "%v %v", sent, err)

				sweepFor(t, 5*time.Minute-time.Second, client)
				require.Len(t, graph.sent(), 1, "never early")
				counts.is(t, nil)
				sweepFor(t, time.Hour, client)
				require.Len(t, graph.sent(), tt.posts)
				for _, body := range graph.sent() {
					require.Equal(t, graph.sent()[0], body, "the same request, the same id")
				}
				counts.is(t, tt.want)
				sweepFor(t, 2*time.Hour, client)
				require.Empty(t, ledgerKeys(t, store))
			})
		})
	}
}

// What is asked about is the send as it was.
func TestUnknownSendIsAskedAbout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked []wacloud.UnknownSend
		began := time.Now()
		policy := wacloud.Unknown{After: time.Minute, Ask: func(_ context.Context, s wacloud.UnknownSend) (wacloud.UnknownAction, error) {
			asked = append(asked, s)
			switch len(asked) {
			case 1:
				return wacloud.Resend, errors.New("the database is away")
			case 2:
				panic("oops")
			default:
				return wacloud.Drop, nil
			}
		}}
		graph := &hookGraph{fail: func(int) (int, string) { return -1, "" }}
		client := hookClient(t, graph, wacloud.WithStore(wacloud.NewMemoryStore()), wacloud.WithUnknown(policy))
		m := wacloud.NewButtons("How?", wacloud.Button{ID: "a", Title: "A"})
		_, err := client.Send(t.Context(), wacloud.Phone(ledgerUser), m, wacloud.CallbackData("order-7"))
		unknown, _ := errors.AsType[*wacloud.AmbiguousSendError](err)
		sweepFor(t, 10*time.Minute, client)
		want := wacloud.UnknownSend{
			SendID: unknown.SendID, PhoneNumberID: hookNumber, To: wacloud.Phone(ledgerUser), Message: m,
			CallbackData: "order-7", At: began,
		}
		require.Len(t, asked, 3, "again after an error, each a minute later")
		for _, s := range asked {
			require.True(t, want.At.Equal(s.At))
			s.At = want.At
			require.Equal(t, want, s)
		}
		require.Len(t, graph.sent(), 1)
	})
}

func TestUnknownPolicyIsChecked(t *testing.T) {
	t.Parallel()
	for _, u := range []wacloud.Unknown{{After: -1}, {Do: 7}} {
		_, err := wacloud.NewClient("1", wacloud.NewSecret("t"), wacloud.WithUnknown(u))
		require.ErrorContains(t, err, "wacloud: new client: unknown: ")
	}
}

// A client looks after the sends of its own number only, and does nothing without a store.
func TestUnknownSendsOfOthersAreLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := wacloud.NewMemoryStore()
		graph := &hookGraph{fail: func(n int) (int, string) { return -1, "" }}
		client := hookClient(t, graph, wacloud.WithStore(store), wacloud.WithUnknown(wacloud.Unknown{Do: wacloud.Resend}))
		other, err := client.ForNumber("777")
		require.NoError(t, err)
		_, err = other.Send(t.Context(), wacloud.Phone(ledgerUser), wacloud.NewText("hi"))
		require.Error(t, err)
		sweepFor(t, 20*time.Minute, client, hookClient(t, graph))
		require.Len(t, graph.sent(), 1)
		sweepFor(t, time.Minute, other)
		require.Len(t, graph.sent(), 2)
	})
}

// deadProcess is what a process sees after it was killed at the n-th call to its store: nothing works any more, and
// nothing leaves.
type deadProcess struct {
	wacloud.Store
	next http.RoundTripper
	left atomic.Int32
}

var errKilled = errors.New("killed")

func (p *deadProcess) alive() bool { return p.left.Load() > 0 }

func (p *deadProcess) call() error {
	if p.left.Add(-1) < 0 {
		return errKilled
	}
	return nil
}

func (p *deadProcess) RoundTrip(req *http.Request) (*http.Response, error) {
	if !p.alive() {
		return nil, errKilled
	}
	return p.next.RoundTrip(req)
}

func (p *deadProcess) Get(ctx context.Context, key string) ([]byte, uint64, error) {
	if err := p.call(); err != nil {
		return nil, 0, err
	}
	return p.Store.Get(ctx, key)
}

func (p *deadProcess) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := p.call(); err != nil {
		return err
	}
	return p.Store.Put(ctx, key, value, ttl)
}

func (p *deadProcess) Swap(ctx context.Context, key string, old uint64, value []byte, ttl time.Duration) (bool, error) {
	if err := p.call(); err != nil {
		return false, err
	}
	return p.Store.Swap(ctx, key, old, value, ttl)
}

func (p *deadProcess) Delete(ctx context.Context, key string) error {
	if err := p.call(); err != nil {
		return err
	}
	return p.Store.Delete(ctx, key)
}

func (p *deadProcess) Scan(ctx context.Context, prefix, after string, limit int) ([]wacloud.Entry, error) {
	if err := p.call(); err != nil {
		return nil, err
	}
	return p.Store.Scan(ctx, prefix, after, limit)
}

// A process may be killed before any of its calls to the store, while it sends and while it settles. A message goes out at
// most once, or once more where the policy says so, and nothing is left in the end.
func TestKilledBetweenEveryPairOfWrites(t *testing.T) {
	t.Parallel()
	const calls = 9 // more than a send or a sweep makes
	for _, do := range []wacloud.UnknownAction{wacloud.Drop, wacloud.Resend} {
		for _, cuts := range []int{0, 1, 2} { // how many requests are cut after Meta has them
			for first := range int32(calls) {
				for second := range int32(calls) {
					t.Run(fmt.Sprintf("do %d, %d cut, killed before call %d and %d", do, cuts, first, second), func(t *testing.T) {
						t.Parallel()
						synctest.Test(t, func(t *testing.T) {
							store := wacloud.NewMemoryStore()
							graph := &hookGraph{fail: func(n int) (int, string) {
								if n <= cuts {
									return -1, ""
								}
								return 0, ""
							}}
							process := func(calls int32) *wacloud.Client {
								p := &deadProcess{Store: store, next: graph}
								p.left.Store(calls)
								return hookClient(t, p, wacloud.WithStore(p), wacloud.WithUnknown(wacloud.Unknown{Do: do}))
							}
							_, _ = process(first).Send(t.Context(), wacloud.Phone(ledgerUser), answersButtons)
							posts := len(graph.sent())
							require.LessOrEqual(t, posts, 1)
							sleep(6 * time.Minute)
							_ = process(second).SettleUnknown(t.Context())
							sweepFor(t, 4*time.Hour, process(1<<20))
							want := posts
							if do == wacloud.Resend {
								want++ // a send that did not begin may go out too
							}
							require.LessOrEqual(t, len(graph.sent()), want)
							for _, key := range ledgerKeys(t, store) {
								require.NotEqual(t, "pend", key)
							}
						})
					})
				}
			}
		}
	}
}

// Several processes look at once: one of them acts.
func TestSweepersAtOnceSendOnce(t *testing.T) {
	t.Parallel()
	for round := range 20 {
		synctest.Test(t, func(t *testing.T) {
			store, counts := wacloud.NewMemoryStore(), new(ledgerCounts)
			graph := &hookGraph{fail: func(n int) (int, string) {
				if n == 1 {
					return -1, ""
				}
				return 0, ""
			}}
			policy := wacloud.Unknown{Do: wacloud.Resend}
			if round%2 == 1 {
				policy.Ask = func(context.Context, wacloud.UnknownSend) (wacloud.UnknownAction, error) {
					sleep(time.Second)
					return wacloud.Resend, nil
				}
			}
			var clients []*wacloud.Client
			for range 4 {
				clients = append(clients, hookClient(t, graph, wacloud.WithStore(&ledgerSlowScan{store}), wacloud.WithUnknown(policy), wacloud.WithObserver(counts)))
			}
			_, err := clients[0].Send(t.Context(), wacloud.Phone(ledgerUser), wacloud.NewText("hi"))
			require.Error(t, err)
			sleep(5 * time.Minute)
			var all sync.WaitGroup
			for _, c := range clients {
				all.Go(func() {
					if err := c.SettleUnknown(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			require.Len(t, graph.sent(), 2)
			counts.mu.Lock()
			defer counts.mu.Unlock()
			require.Equal(t, 1, counts.got["resent"])
			require.Zero(t, counts.got["dropped"])
		})
	}
}

// ledgerSlowScan lets all see the records before one acts.
type ledgerSlowScan struct{ wacloud.Store }

func (s *ledgerSlowScan) Scan(ctx context.Context, prefix, after string, limit int) ([]wacloud.Entry, error) {
	page, err := s.Store.Scan(ctx, prefix, after, limit)
	sleep(time.Second)
	return page, err
}

// What a handler's run knows to be accepted is not unknown, whatever the ledger says.
func TestAcceptedSendOfARunIsNotSentAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &ledgerNoDelete{wacloud.NewMemoryStore()}
		s := newSendRun(t, wacloud.WithStore(store), wacloud.WithUnknown(wacloud.Unknown{Do: wacloud.Resend}))
		s.run(t, func(ctx context.Context, e *wacloud.Event) error {
			_, err := e.Respond(ctx, wacloud.NewText("one"))
			return err
		})
		require.Contains(t, ledgerKeys(t, store), "pend")
		sweepFor(t, time.Hour, s.client)
		require.Len(t, s.graph.sent(), 1)
		require.NotContains(t, ledgerKeys(t, store), "pend")
	})
}

// A send that was refused is the handler's to make again, also where its process died before all of its record was gone.
func TestRefusedSendOfARunIsNotSentAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &ledgerKeeping{wacloud.NewMemoryStore()}
		s := newSendRun(t, wacloud.WithStore(store), wacloud.WithUnknown(wacloud.Unknown{Do: wacloud.Resend}))
		s.graph.fail = func(int) (int, string) { return 400, ledgerRefused }
		s.run(t, func(ctx context.Context, e *wacloud.Event) error {
			_, err := e.Respond(ctx, wacloud.NewText("one"))
			return err
		})
		require.Contains(t, ledgerKeys(t, store), "pend")
		sweepFor(t, time.Hour, s.client)
		require.Len(t, s.graph.sent(), 1)
		require.NotContains(t, ledgerKeys(t, store), "pend")
	})
}

// ledgerKeeping cannot delete what the ledger says of a send.
type ledgerKeeping struct{ wacloud.Store }

func (s *ledgerKeeping) Delete(ctx context.Context, key string) error {
	if strings.HasPrefix(key, "pend|") {
		return errors.New("the disk is full")
	}
	return s.Store.Delete(ctx, key)
}

// ledgerNoDelete cannot delete.
type ledgerNoDelete struct{ wacloud.Store }

func (*ledgerNoDelete) Delete(context.Context, string) error { return errors.New("the disk is full") }

// The policy waits for a sender that is still at work, however short After is.
func TestSlowSendIsNotUnknown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		graph := &hookGraph{}
		slow := &ledgerSlow{next: graph, d: 25 * time.Second}
		client := hookClient(t, slow, wacloud.WithStore(wacloud.NewMemoryStore()), wacloud.WithUnknown(wacloud.Unknown{After: time.Second, Do: wacloud.Resend}))
		var sending sync.WaitGroup
		sending.Go(func() {
			if _, err := client.Send(t.Context(), wacloud.Phone(ledgerUser), wacloud.NewText("hi")); err != nil {
				t.Error(err)
			}
		})
		for range 300 {
			sleep(100 * time.Millisecond)
			require.NoError(t, client.SettleUnknown(t.Context()))
		}
		sending.Wait()
		require.Len(t, graph.sent(), 1)
	})
}

type ledgerSlow struct {
	next http.RoundTripper
	d    time.Duration
}

func (s *ledgerSlow) RoundTrip(req *http.Request) (*http.Response, error) {
	sleep(s.d)
	return s.next.RoundTrip(req)
}

// ledgerBot is a webhook whose handler sends once, and fails with what Send returns.
type ledgerBot struct {
	srv    *wacloudtest.Server
	store  wacloud.Store
	inbox  *wacloud.MemoryInbox
	counts *ledgerCounts
	hook   *wacloud.Webhook

	mu   sync.Mutex
	sent []*wacloud.Sent
	errs []error
	seen []wacloud.Status
}

func newLedgerBot(t *testing.T, policy wacloud.Unknown, opts ...wacloudtest.Option) *ledgerBot {
	t.Helper()
	b := &ledgerBot{
		srv: wacloudtest.NewServer(t, opts...), store: wacloud.NewMemoryStore(), inbox: wacloud.NewMemoryInbox(), counts: new(ledgerCounts),
	}
	r := wacloud.NewRouter()
	r.Text(func(ctx context.Context, e *wacloud.Event) error {
		sent, err := e.Respond(ctx, wacloud.NewText("one"), wacloud.CallbackData("order-7"))
		b.mu.Lock()
		defer b.mu.Unlock()
		if err != nil {
			b.errs = append(b.errs, err)
			return err
		}
		b.sent = append(b.sent, sent)
		return nil
	})
	r.Status(func(_ context.Context, e *wacloud.Event) error {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.seen = append(b.seen, *e.Status)
		return nil
	})
	b.hook = b.srv.Serve(r, func(c *wacloud.WebhookConfig) {
		c.Store, c.Inbox = b.store, b.inbox
		c.Client = b.srv.Client(wacloud.WithUnknown(policy), wacloud.WithObserver(b.counts), wacloud.WithRetry(wacloud.RetryPolicy{MaxAttempts: 1}))
	})
	return b
}

func (b *ledgerBot) outcomes() (sent []*wacloud.Sent, errs []error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sent, b.errs
}

// redrive hands the dead letter out again and waits.
func (b *ledgerBot) redrive(t *testing.T) {
	t.Helper()
	letters, err := b.inbox.DeadLetters(t.Context(), "", 10)
	require.NoError(t, err)
	require.Len(t, letters, 1)
	require.NoError(t, b.inbox.Redrive(t.Context(), letters[0].ID))
}

// An answer that was lost after Meta had the message: the status settles it, and the handler that runs again gets its Sent.
func TestUnknownSendOfAHandlerIsSettledByItsStatus(t *testing.T) {
	t.Parallel()
	b := newLedgerBot(t, wacloud.Unknown{Do: wacloud.Resend})
	ana := b.srv.User("Ana")
	b.srv.FailWith(wacloudtest.Fault{CutAfter: true}, 1)
	ana.Say("oi")
	b.srv.Wait()
	_, errs := b.outcomes()
	require.Len(t, errs, 1)
	unknown, ok := errors.AsType[*wacloud.AmbiguousSendError](errs[0])
	require.True(t, ok, "%v", errs[0])
	require.Len(t, b.srv.HandlerErrors(), 1)
	require.Len(t, b.srv.Sent(), 1)
	require.Equal(t, "order-7", b.srv.Sent()[0].CallbackData)

	status := wacloudtest.Status(wacloud.Status{ID: "wamid.X", Status: "delivered", SendID: unknown.SendID, CallbackData: "order-7", Recipient: wacloud.User{Phone: "5511"}})
	b.srv.Deliver(status)
	b.srv.Wait()
	b.counts.is(t, map[string]int{"sent": 1})
	require.NotContains(t, ledgerKeys(t, b.store), "pend")
	b.mu.Lock()
	seen := b.seen[0]
	b.mu.Unlock()
	require.Equal(t, "order-7", seen.CallbackData)
	require.Equal(t, unknown.SendID, seen.SendID)

	b.redrive(t)
	require.Eventually(t, func() bool { sent, _ := b.outcomes(); return len(sent) == 1 }, 10*time.Second, time.Millisecond)
	sent, _ := b.outcomes()
	require.Equal(t, "wamid.X", sent[0].MessageID)
	require.Equal(t, "5511", sent[0].WaID)
	require.Equal(t, unknown.SendID, sent[0].SendID)
	require.Len(t, b.srv.Sent(), 1)
}

// The webhook's Run looks by itself, in time, and what a resend brought is the handler's.
func TestRunSettlesUnknownSends(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newLedgerBot(t, wacloud.Unknown{Do: wacloud.Resend}, wacloudtest.InMemory())
		ana := b.srv.User("Ana")
		b.srv.FailWith(wacloudtest.Fault{Cut: true}, 1)
		ana.Say("oi")
		synctest.Wait()
		require.Empty(t, b.srv.Sent())
		require.Len(t, b.srv.HandlerErrors(), 1)
		sleep(5*time.Minute - 2*time.Second)
		require.Empty(t, b.srv.Sent())
		sleep(20 * time.Second)
		synctest.Wait()
		require.Len(t, b.srv.Sent(), 1)
		b.counts.is(t, map[string]int{"resent": 1})
		b.redrive(t)
		synctest.Wait()
		sent, _ := b.outcomes()
		require.Len(t, sent, 1)
		require.NotEmpty(t, sent[0].MessageID)
		require.Len(t, b.srv.Sent(), 1)
	})
}

// Many numbers: Clients is asked for the one that sent.
func TestRunSettlesUnknownSendsOfManyNumbers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := wacloudtest.NewServer(t, wacloudtest.InMemory(), wacloudtest.Numbers("111", "222", "333"))
		store := wacloud.NewMemoryStore()
		client := srv.Client(wacloud.WithStore(store), wacloud.WithUnknown(wacloud.Unknown{Do: wacloud.Resend}))
		srv.Serve(wacloud.NewRouter(), func(c *wacloud.WebhookConfig) { c.Clients, c.Store = ledgerClients{client}, store })
		for _, number := range []string{"222", "333"} {
			srv.FailWith(wacloudtest.Fault{Cut: true}, 1)
			from, err := client.ForNumber(number)
			require.NoError(t, err)
			_, err = from.Send(t.Context(), srv.User("Ana").Recipient(), wacloud.NewText(number))
			require.Error(t, err)
		}
		sleep(6 * time.Minute)
		synctest.Wait()
		sent := srv.Sent()
		require.Len(t, sent, 1)
		require.Equal(t, wacloud.NewText("222"), sent[0].Message)
	})
}

// ledgerClients has no client for 333.
type ledgerClients struct{ client *wacloud.Client }

func (c ledgerClients) ClientFor(_ context.Context, e *wacloud.Event) (*wacloud.Client, error) {
	if e.PhoneNumberID == "333" {
		return nil, errors.New("unknown")
	}
	return c.client, nil
}

// A send that a status names settles, as what the status says, in a handler's run or not, also while the policy has given it up.
func TestStatusSettlesUnknownSends(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		status string
		wait   time.Duration
		number string
		want   map[string]int
	}{
		{"sent", "sent", 0, "", map[string]int{"sent": 1}},
		{"read", "read", 0, "", map[string]int{"sent": 1}},
		{"failed", "failed", 0, "", map[string]int{"failed": 1}},
		{"late", "delivered", 20 * time.Minute, "", map[string]int{"dropped": 1, "sent": 1}},
		{"of another number", "sent", 0, "777", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := wacloudtest.NewServer(t, wacloudtest.InMemory(), wacloudtest.Numbers(wacloudtest.PhoneNumberID))
				store, counts := wacloud.NewMemoryStore(), new(ledgerCounts)
				client := srv.Client(wacloud.WithStore(store), wacloud.WithObserver(counts))
				srv.Serve(wacloud.NewRouter(), func(c *wacloud.WebhookConfig) { c.Client, c.Store = client, store })
				srv.FailWith(wacloudtest.Fault{CutAfter: true}, 1)
				_, err := client.Send(t.Context(), srv.User("Ana").Recipient(), wacloud.NewText("hi"))
				unknown, ok := errors.AsType[*wacloud.AmbiguousSendError](err)
				require.True(t, ok)
				sleep(tt.wait)
				s := wacloud.Status{ID: "wamid.X", Status: tt.status, SendID: unknown.SendID, Recipient: wacloud.User{Phone: "5511"}}
				var opts []wacloudtest.EventOption
				if tt.number != "" {
					opts = append(opts, wacloudtest.ToNumber(tt.number))
				}
				for range 2 {
					srv.Deliver(wacloudtest.Status(s, opts...))
					synctest.Wait()
				}
				counts.is(t, tt.want)
				require.Equal(t, tt.number == "", !strings.Contains(strings.Join(ledgerKeys(t, store), " "), "pend"))
			})
		})
	}
}

// A status may come before the answer. When the answer never comes, the send is known to be out all the same.
func TestStatusBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	for _, answered := range []bool{true, false} {
		t.Run(strconv.FormatBool(answered), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := wacloudtest.NewServer(t, wacloudtest.InMemory())
				store, counts := wacloud.NewMemoryStore(), new(ledgerCounts)
				stall := ledgerStall{next: srv.HTTPClient().Transport, answered: answered}
				client := srv.Client(wacloud.WithStore(store), wacloud.WithObserver(counts), wacloud.WithHTTPClient(&http.Client{Transport: stall}))
				srv.Serve(wacloud.NewRouter(), func(c *wacloud.WebhookConfig) { c.Client = client })
				go func() {
					sleep(2 * time.Second)
					entries, err := store.Scan(t.Context(), "pend|", "", 10)
					if err != nil || len(entries) != 1 {
						t.Error("no record of the send", err)
						return
					}
					srv.Deliver(wacloudtest.Status(wacloud.Status{
						ID: "wamid.X", Status: "sent", SendID: strings.TrimPrefix(entries[0].Key, "pend|"), Recipient: wacloud.User{Phone: "5511"},
					}))
				}()
				sent, err := client.Send(t.Context(), srv.User("Ana").Recipient(), wacloud.NewText("hi"))
				require.NoError(t, err)
				require.NotEmpty(t, sent.SendID)
				if answered {
					require.NotEqual(t, "wamid.X", sent.MessageID)
					counts.is(t, nil)
				} else {
					require.Equal(t, "wamid.X", sent.MessageID)
					require.Equal(t, "5511", sent.WaID)
					counts.is(t, map[string]int{"sent": 1})
				}
				sleep(3 * time.Hour)
				synctest.Wait()
				require.NotContains(t, ledgerKeys(t, store), "pend")
				require.Len(t, srv.Sent(), 1)
			})
		})
	}
}

// ledgerStall answers after ten seconds, or never.
type ledgerStall struct {
	next     http.RoundTripper
	answered bool
}

func (s ledgerStall) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := s.next.RoundTrip(req)
	sleep(10 * time.Second)
	if !s.answered {
		return nil, errors.New("cut")
	}
	return resp, err
}

// A process that dies with a send of a handler: the handler that runs again gets an unknown outcome, and after the status its Sent.
func TestHandlerKilledWhileSending(t *testing.T) {
	t.Parallel()
	for _, settled := range []bool{false, true} {
		t.Run(strconv.FormatBool(settled), func(t *testing.T) {
			t.Parallel()
			graph, store := new(hookGraph), wacloud.NewMemoryStore()
			p := &deadProcess{Store: store, next: graph}
			p.left.Store(4) // the run's record, the ledger's, the open choice and what comes after the answer
			graph.fail = func(int) (int, string) { p.left.Store(0); return 0, "" }
			e := newSendRun(t).event
			handle := func(c *wacloud.Client) (sent *wacloud.Sent, err error) {
				attempt := e
				attempt.Attempt = 1
				wacloud.RunConfig{Handler: wacloud.HandlerFunc(func(ctx context.Context, e *wacloud.Event) error {
					sent, err = c.Bind(e).Respond(ctx, wacloud.NewText("one"))
					return err
				})}.Deliver(t.Context(), &attempt, nil)
				return sent, err
			}
			_, _ = handle(hookClient(t, p, wacloud.WithStore(p)))
			require.Len(t, graph.sent(), 1)
			o, err := wacloud.DecodeMessage([]byte(graph.sent()[0]))
			require.NoError(t, err)

			graph.fail = nil
			client := hookClient(t, graph, wacloud.WithStore(store))
			if settled {
				cfg := hookConfig(t, wacloud.NewRouter())
				cfg.Client = client
				status := ledgerStatus(t, "sent", "wamid.OUT1", o.CallbackData)
				ledgerHandle(t, cfg, status)
			}
			sent, err := handle(client)
			if settled {
				require.NoError(t, err)
				require.Equal(t, "wamid.OUT1", sent.MessageID)
			} else {
				unknown, ok := errors.AsType[*wacloud.AmbiguousSendError](err)
				require.True(t, ok, "%v", err)
				require.Contains(t, o.CallbackData, unknown.SendID)
			}
			require.Len(t, graph.sent(), 1)
		})
	}
}

// A process that dies while it records an accepted send leaves the ledger's record until that of the handler's run is whole:
// a status can complete it.
func TestHandlerKilledAfterSending(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := wacloud.NewMemoryStore()
		dying := &ledgerDying{Store: store}
		s := newSendRun(t, wacloud.WithStore(dying))
		respond := func(ctx context.Context, e *wacloud.Event) error {
			_, err := e.Respond(ctx, wacloud.NewText("one"))
			return err
		}
		s.run(t, respond)
		require.Len(t, s.graph.sent(), 1)
		o, err := wacloud.DecodeMessage([]byte(s.graph.sent()[0]))
		require.NoError(t, err)

		s.client = hookClient(t, s.graph, wacloud.WithStore(store))
		cfg := hookConfig(t, wacloud.NewRouter())
		cfg.Client = s.client
		hook := hookNew(t, cfg)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = hook.Run(ctx) })
		_, err = cfg.Inbox.Put(ctx, []wacloud.Event{ledgerStatus(t, "sent", "wamid.OUT1", o.CallbackData)})
		require.NoError(t, err)
		synctest.Wait()
		cancel()
		running.Wait()
		require.True(t, s.run(t, respond).Done)
		require.Len(t, s.graph.sent(), 1)
	})
}

// One that dies between the record of the handler's run and that of the ledger, before the request, leaves a send of unknown outcome
// to the handler that runs again, and that one leaves it to the policy, once.
func TestHandlerKilledBeforeTheLedger(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		do    wacloud.UnknownAction
		posts int
	}{{wacloud.Drop, 0}, {wacloud.Resend, 1}} {
		t.Run(strconv.Itoa(int(tt.do)), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store := wacloud.NewMemoryStore()
				s := newSendRun(t)
				p := &deadProcess{Store: store, next: s.graph}
				p.left.Store(1)
				s.client = hookClient(t, p, wacloud.WithStore(p))
				respond := func() (err error) {
					s.run(t, func(ctx context.Context, e *wacloud.Event) error {
						_, err = e.Respond(ctx, wacloud.NewText("one"))
						return err
					})
					return err
				}
				require.ErrorIs(t, respond(), errKilled)
				s.client = hookClient(t, s.graph, wacloud.WithStore(store), wacloud.WithUnknown(wacloud.Unknown{Do: tt.do}))
				for range 2 {
					unknown, ok := errors.AsType[*wacloud.AmbiguousSendError](respond())
					require.True(t, ok)
					require.Equal(t, []string{"pend", "sent"}, ledgerKeys(t, store))
					_, _, err := store.Get(t.Context(), "pend|"+unknown.SendID)
					require.NoError(t, err)
				}
				sweepFor(t, 3*time.Hour, s.client)
				require.Len(t, s.graph.sent(), tt.posts)
				require.Equal(t, tt.posts == 1, respond() == nil)
				sweepFor(t, 3*time.Hour, s.client)
				require.Len(t, s.graph.sent(), tt.posts, "the policy had its say")
			})
		})
	}
}

// One that dies while it forgets a refused send leaves nothing that keeps the handler's next run from making it.
func TestHandlerKilledAfterARefusal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := wacloud.NewMemoryStore()
		s := newSendRun(t, wacloud.WithStore(&ledgerDying{Store: store}))
		s.graph.fail = func(n int) (int, string) {
			if n == 1 {
				return 400, ledgerRefused
			}
			return 0, ""
		}
		respond := func(ctx context.Context, e *wacloud.Event) error {
			_, err := e.Respond(ctx, wacloud.NewText("one"))
			return err
		}
		require.False(t, s.run(t, respond).Done)
		s.client = hookClient(t, s.graph, wacloud.WithStore(store))
		require.True(t, s.run(t, respond).Done)
	})
}

// ledgerDying is the store of a process that dies once it has removed the ledger's record, if it comes to that first.
type ledgerDying struct {
	wacloud.Store
	dead atomic.Bool
}

func (s *ledgerDying) Delete(ctx context.Context, key string) error {
	if strings.HasPrefix(key, "pend|") {
		defer s.dead.Store(true)
	} else if sleep(time.Second); s.dead.Load() {
		return errKilled
	}
	return s.Store.Delete(ctx, key)
}

func (s *ledgerDying) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	sleep(time.Second)
	if s.dead.Load() {
		return errKilled
	}
	return s.Store.Put(ctx, key, value, ttl)
}

// ledgerHandle puts events through a webhook's inbox and waits until they are handled.
func ledgerHandle(t *testing.T, cfg wacloud.WebhookConfig, events ...wacloud.Event) {
	t.Helper()
	hook := hookNew(t, cfg)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- hook.Run(ctx) }()
	_, err := cfg.Inbox.Put(ctx, events)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		stats, err := cfg.Inbox.Stats(ctx)
		return err == nil && stats.Depth == 0
	}, 20*time.Second, time.Millisecond)
	cancel()
	require.NoError(t, <-done)
}
