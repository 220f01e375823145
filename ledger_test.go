package wacloud_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

const ledgerUser = hookUser

// ledgerKeys are the keys of a store, without what is random in them.
func ledgerKeys(t *testing.T, store wacloud.Store) []string {
	t.Helper()
	entries, err := store.Scan(t.Context(), "", "", 1000)
	require.NoError(t, err)
	var keys []string
	for _, e := range entries {
		kind, _, _ := strings.Cut(e.Key, "|")
		keys = append(keys, kind)
	}
	return keys
}

// ledgerStatus is the event of a status, with the callback data as it was on the wire.
func ledgerStatus(t *testing.T, status, wamid, callbackData string, codes ...int) wacloud.Event {
	t.Helper()
	s := wacloud.Status{ID: wamid, Status: status, CallbackData: callbackData, Recipient: wacloud.User{Phone: ledgerUser}}
	for _, code := range codes {
		s.Errors = append(s.Errors, wacloud.EventError{Code: code})
	}
	return *wacloudtest.Event(t, wacloudtest.Status(s, wacloudtest.ToNumber(hookNumber)))
}

func TestSendWithoutStoreHasNoID(t *testing.T) {
	t.Parallel()
	graph := new(hookGraph)
	sent, err := hookClient(t, graph).Send(t.Context(), wacloud.Phone(ledgerUser), wacloud.NewText("hi"), wacloud.CallbackData(strings.Repeat("é", 512)))
	require.NoError(t, err)
	require.Empty(t, sent.SendID)
	require.NotContains(t, graph.sent()[0], "~wa:")
}

// With a store each send has an id of its own, on the wire in front of the caller's data, and the status gives both back.
func TestSendIDRoundTrips(t *testing.T) {
	t.Parallel()
	for _, own := range []string{"", "order-7", "~wa:x", strings.Repeat("é", 480)} {
		t.Run(own[:min(len(own), 8)], func(t *testing.T) {
			t.Parallel()
			graph, store := new(hookGraph), wacloud.NewMemoryStore()
			client := hookClient(t, graph, wacloud.WithStore(store))
			sent, err := client.Send(t.Context(), wacloud.Phone(ledgerUser), wacloud.NewText("hi"), wacloud.CallbackData(own))
			require.NoError(t, err)
			require.Regexp(t, `^[A-Z2-7]{26}$`, sent.SendID)
			require.Empty(t, ledgerKeys(t, store), "a send that was accepted leaves nothing behind")

			o, err := wacloud.DecodeMessage([]byte(graph.sent()[0]))
			require.NoError(t, err)
			require.Equal(t, "~wa:"+sent.SendID+":"+own, o.CallbackData)
			e := ledgerStatus(t, "delivered", sent.MessageID, o.CallbackData)
			require.Equal(t, sent.SendID, e.Status.SendID)
			require.Equal(t, own, e.Status.CallbackData)
			require.Contains(t, string(e.Body()), "~wa:"+sent.SendID, "the body stays as it came")
			again, err := wacloud.ParseWebhook(e.Body())
			require.NoError(t, err)
			require.Equal(t, sent.SendID, again[0].Status.SendID)
		})
	}
}

func TestCallbackDataLeavesRoomForTheID(t *testing.T) {
	t.Parallel()
	graph := new(hookGraph)
	client := hookClient(t, graph, wacloud.WithStore(wacloud.NewMemoryStore()))
	_, err := client.Send(t.Context(), wacloud.Phone("12"), wacloud.NewText("hi"), wacloud.CallbackData(strings.Repeat("é", 481)))
	invalid, ok := errors.AsType[*wacloud.ValidationError](err)
	require.True(t, ok, "%v", err)
	require.Len(t, invalid.Problems, 2, "with everything else that is wrong")
	want := wacloud.Problem{
		Path: "biz_opaque_callback_data", Rule: "callback_data", Got: "481 characters",
		Limit: "at most 480 characters with a Store: the id of the send takes the rest of 512 characters",
		Hint:  "store the data and send its key",
	}
	if diff := cmp.Diff(want, invalid.Problems[1]); diff != "" {
		t.Errorf("problem (-want +got):\n%s", diff)
	}
	require.Empty(t, graph.sent())

	_, err = client.Send(t.Context(), wacloud.Phone(ledgerUser), wacloud.NewText("hi"), wacloud.CallbackData(strings.Repeat("é", 481)), wacloud.SkipValidation())
	require.NoError(t, err)
}

// ledgerSpy notes the writes of a store in order.
type ledgerSpy struct {
	wacloud.Store
	mu     sync.Mutex
	writes []string
}

func (s *ledgerSpy) note(op, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kind, _, _ := strings.Cut(key, "|")
	s.writes = append(s.writes, op+" "+kind)
}

func (s *ledgerSpy) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	s.note("put", key)
	return s.Store.Put(ctx, key, value, ttl)
}

func (s *ledgerSpy) Swap(ctx context.Context, key string, old uint64, value []byte, ttl time.Duration) (bool, error) {
	s.note("swap", key)
	return s.Store.Swap(ctx, key, old, value, ttl)
}

func (s *ledgerSpy) Delete(ctx context.Context, key string) error {
	s.note("delete", key)
	return s.Store.Delete(ctx, key)
}

func (s *ledgerSpy) taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.writes
	s.writes = nil
	return all
}

// The record is there when the request leaves, and gone when it was accepted or refused. Two writes are all it takes.
func TestSendIsOnRecordBeforeItLeaves(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		status int
		body   string
		left   []string
	}{
		{"accepted", 0, "", nil},
		{"refused", 400, `{"error":{"message":"x","type":"OAuthException","code":131009}}`, nil},
		{"throttled", 429, `{"error":{"message":"x","type":"OAuthException","code":130429}}`, nil},
		{"unknown", -1, "", []string{"pend"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := &ledgerSpy{Store: wacloud.NewMemoryStore()}
			var atPost []string
			graph := &hookGraph{fail: func(int) (int, string) {
				atPost = ledgerKeys(t, store)
				return tt.status, tt.body
			}}
			client := hookClient(t, graph, wacloud.WithStore(store))
			_, err := client.Send(t.Context(), wacloud.Phone(ledgerUser), wacloud.NewText("hi"))
			require.Equal(t, tt.name == "accepted", err == nil, "%v", err)
			require.Equal(t, []string{"pend"}, atPost)
			require.Equal(t, tt.left, ledgerKeys(t, store))
			if tt.left == nil {
				require.Equal(t, []string{"put pend", "delete pend"}, store.taken())
			}
			if unknown, ok := errors.AsType[*wacloud.AmbiguousSendError](err); ok {
				require.Contains(t, graph.sent()[0], unknown.SendID)
				require.NotEmpty(t, unknown.SendID)
			}
		})
	}
}

// The caller may go away with the answer: the outcome is recorded all the same.
func TestOutcomeIsRecordedWhenTheCallerIsGone(t *testing.T) {
	t.Parallel()
	for _, status := range []int{0, 400, -1} {
		ctx, cancel := context.WithCancel(t.Context())
		store := wacloud.NewMemoryStore()
		graph := &hookGraph{fail: func(int) (int, string) {
			cancel()
			return status, `{"error":{"message":"x","type":"OAuthException","code":131009}}`
		}}
		_, err := hookClient(t, graph, wacloud.WithStore(store)).Send(ctx, wacloud.Phone(ledgerUser), wacloud.NewText("hi"))
		if _, unknown := errors.AsType[*wacloud.AmbiguousSendError](err); unknown {
			require.Equal(t, -1, status)
			entries, err := store.Scan(t.Context(), "pend|", "", 10)
			require.NoError(t, err)
			require.Contains(t, string(entries[0].Value), `"state":"unknown"`)
			continue
		}
		require.Empty(t, ledgerKeys(t, store))
	}
}

// A store that cannot take the record keeps the message from being sent, and the choice that was open stays open.
func TestNothingIsSentWithoutARecord(t *testing.T) {
	t.Parallel()
	store := &dyingStore{Store: wacloud.NewMemoryStore()}
	store.dead.Store(true)
	graph := new(hookGraph)
	_, err := hookClient(t, graph, wacloud.WithStore(store)).Send(t.Context(), wacloud.Phone(ledgerUser), wacloud.NewText("hi"))
	require.ErrorContains(t, err, "wacloud: record send: the process is gone")
	require.Empty(t, graph.sent())
	require.Empty(t, ledgerKeys(t, store))
}

// A handler's run keeps the id of each of its sends, and calls are matched without it.
func TestRunKnowsItsSendIDs(t *testing.T) {
	t.Parallel()
	s := newSendRun(t, wacloud.WithStore(wacloud.NewMemoryStore()))
	var ids []string
	for range 2 {
		s.run(t, func(ctx context.Context, e *wacloud.Event) error {
			sent, err := e.Respond(ctx, wacloud.NewText("one"), wacloud.CallbackData("order-7"))
			require.NoError(t, err)
			ids = append(ids, sent.SendID)
			return errors.New("again")
		})
	}
	require.Len(t, s.graph.sent(), 1)
	require.NotEmpty(t, ids[0])
	require.Equal(t, ids[0], ids[1])
}
