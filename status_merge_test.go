package wacloud_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

// statusBot notes the statuses that its callback sees, and fails as often as fail says.
type statusBot struct {
	srv   *wacloudtest.Server
	store wacloud.Store

	mu   sync.Mutex
	saw  []string
	fail int
}

func newStatusBot(t *testing.T, store wacloud.Store) *statusBot {
	b := &statusBot{srv: wacloudtest.NewServer(t, wacloudtest.InMemory()), store: store}
	r := wacloud.NewRouter()
	r.Status(func(_ context.Context, e *wacloud.Event) error {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.saw = append(b.saw, e.Status.Status+e.Status.Participant.Phone)
		if b.fail > 0 {
			b.fail--
			return errors.New("the database is down")
		}
		return nil
	})
	b.srv.Serve(r, func(c *wacloud.WebhookConfig) { c.Store, c.RunConfig.MaxAttempts = b.store, 5 })
	return b
}

// brings delivers a status each, one after the other, and returns what the callback saw of them.
func (b *statusBot) brings(statuses ...string) []string {
	for _, s := range statuses {
		b.bring(wacloud.Status{ID: "wamid.A", Status: s, Recipient: phoneOnly})
	}
	return b.seen()
}

func (b *statusBot) bring(statuses ...wacloud.Status) {
	for _, s := range statuses {
		b.srv.Deliver(wacloudtest.Status(s))
		b.srv.Wait()
	}
}

func (b *statusBot) seen() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	saw := b.saw
	b.saw = nil
	return saw
}

func TestStatusMerge(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		come string
		want string
	}{
		{"in order", "sent delivered read played", "sent delivered read played"},
		{"a late sent", "read sent", "read"},
		{"delivered that never came", "sent read", "sent read"},
		{"everything late", "played read delivered sent", "played"},
		{"failed at once", "failed", "failed"},
		{"failed after sent", "sent failed", "sent failed"},
		{"sent after failed", "failed sent", "failed"},
		{"failed after delivered: one of the user's phones", "delivered failed", "delivered"},
		{"delivered after failed: it arrived", "failed delivered failed", "failed delivered"},
		{"repeated", "sent sent delivered delivered sent", "sent delivered"},
		{"newer than this release", "read bounced", "read bounced"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newStatusBot(t, wacloud.NewMemoryStore())
			require.Equal(t, strings.Fields(tt.want), b.brings(strings.Fields(tt.come)...))
		})
	}
}

func TestStatusMergeKnowsWhatBelongsTogether(t *testing.T) {
	t.Parallel()
	group := func(member, status string) wacloud.Status {
		return wacloud.Status{ID: "wamid.G", Status: status, RecipientType: "group", GroupID: "G1", Participant: wacloud.User{Phone: member}}
	}
	for _, tt := range []struct {
		name string
		come []wacloud.Status
		want []string
	}{
		{
			"each member of a group",
			[]wacloud.Status{group("15550000001", "read"), group("15550000002", "delivered"), group("15550000001", "delivered"), group("15550000002", "read")},
			[]string{"read15550000001", "delivered15550000002", "read15550000002"},
		},
		{
			"each message",
			[]wacloud.Status{{ID: "wamid.A", Status: "read", Recipient: phoneOnly}, {ID: "wamid.B", Status: "sent", Recipient: phoneOnly}},
			[]string{"read", "sent"},
		},
		{
			"a user who is named in two ways",
			[]wacloud.Status{{ID: "wamid.A", Status: "read", Recipient: phoneOnly}, {ID: "wamid.A", Status: "delivered", Recipient: userIDOnly}},
			[]string{"read"},
		},
		{
			"payments not at all",
			[]wacloud.Status{
				{ID: "wamid.A", Status: "read", Recipient: phoneOnly},
				{ID: "wamid.A", Status: "failed", Type: "payment", Recipient: phoneOnly},
				{ID: "wamid.A", Status: "sent", Type: "payment", Recipient: phoneOnly},
			},
			[]string{"read", "failed", "sent"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newStatusBot(t, wacloud.NewMemoryStore())
			b.bring(tt.come...)
			require.Equal(t, tt.want, b.seen())
		})
	}
}

// Whatever the order, with whatever repetitions: what a callback sees rises, and ends with the highest.
func TestStatusMergeRisesInEveryOrder(t *testing.T) {
	t.Parallel()
	order := []string{"sent", "failed", "delivered", "read", "played"}
	rng := rand.New(rand.NewPCG(20261123, 1))
	b := newStatusBot(t, wacloud.NewMemoryStore())
	for round := range 400 {
		come := make([]string, 1+rng.IntN(9))
		highest := 0
		for i := range come {
			n := rng.IntN(len(order))
			come[i], highest = order[n], max(highest, n)
			b.bring(wacloud.Status{ID: fmt.Sprint("wamid.", round), Status: come[i], Recipient: phoneOnly})
		}
		saw := b.seen()
		last := -1
		for _, s := range saw {
			n := slices.Index(order, s)
			require.Greater(t, n, last, "%v made %v", come, saw)
			last = n
		}
		require.Equal(t, highest, last, "%v made %v", come, saw)
	}
}

// An event that is handled again, after an error or in another process, is no step back and no repetition.
func TestStatusMergeShowsAnEventThatRunsAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newStatusBot(t, wacloud.NewMemoryStore())
		b.fail = 2
		require.Equal(t, []string{"sent", "sent", "sent", "read"}, b.brings("sent", "read", "delivered"))

		other := newStatusBot(t, b.store) // its inbox knows nothing of the events before
		require.Equal(t, []string{"read"}, other.brings("delivered", "read"))
	})
}

func TestStatusMergeEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newStatusBot(t, wacloud.NewMemoryStore())
		require.Equal(t, []string{"read"}, b.brings("read"))
		sleep(8*24*time.Hour - time.Second)
		require.Empty(t, b.brings("sent"))
		sleep(2 * time.Second)
		require.Equal(t, []string{"delivered"}, b.brings("delivered"), "nothing is kept for ever")
	})
}

func TestWithoutAStoreStatusesAreNotMerged(t *testing.T) {
	t.Parallel()
	b := newStatusBot(t, nil)
	require.Equal(t, []string{"read", "sent"}, b.brings("read", "sent"))
}

// A status costs one read, and one write if it counts. No phone number gets into the store by it.
func TestStatusMergeCosts(t *testing.T) {
	t.Parallel()
	store := &countingStore{Store: wacloud.NewMemoryStore()}
	b := newStatusBot(t, store)
	b.brings("read")
	require.Equal(t, [2]int{1, 1}, store.calls("status|"))
	b.brings("delivered", "sent")
	require.Equal(t, [2]int{3, 1}, store.calls("status|"))
	entries, err := store.Scan(t.Context(), "status|", "", 10)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.NotContains(t, entries[0].Key+string(entries[0].Value), phoneOnly.Phone)
	require.NotContains(t, entries[0].Key+string(entries[0].Value), "wamid")
}

// countingStore counts the reads and the writes of keys.
type countingStore struct {
	wacloud.Store
	mu     sync.Mutex
	reads  []string
	writes []string
}

func (s *countingStore) Get(ctx context.Context, key string) ([]byte, uint64, error) {
	s.mu.Lock()
	s.reads = append(s.reads, key)
	s.mu.Unlock()
	return s.Store.Get(ctx, key)
}

func (s *countingStore) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	s.mu.Lock()
	s.writes = append(s.writes, key)
	s.mu.Unlock()
	return s.Store.Put(ctx, key, value, ttl)
}

func (s *countingStore) Swap(ctx context.Context, key string, old uint64, value []byte, ttl time.Duration) (bool, error) {
	s.mu.Lock()
	s.writes = append(s.writes, key)
	s.mu.Unlock()
	return s.Store.Swap(ctx, key, old, value, ttl)
}

// calls are the reads and writes of keys with a prefix.
func (s *countingStore) calls(prefix string) (n [2]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, keys := range [][]string{s.reads, s.writes} {
		for _, key := range keys {
			if strings.HasPrefix(key, prefix) {
				n[i]++
			}
		}
	}
	return n
}
