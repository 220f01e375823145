package wacloud_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

// namesSeen runs webhook bodies through a webhook and returns the user key that the callback saw for each.
func namesSeen(t *testing.T, store wacloud.Store, bodies ...[]byte) []wacloud.UserKey {
	t.Helper()
	var seen []wacloud.UserKey
	srv := wacloudtest.NewServer(t, wacloudtest.InMemory())
	srv.Serve(wacloud.HandlerFunc(func(_ context.Context, e *wacloud.Event) error {
		seen = append(seen, e.UserKey())
		require.Equal(t, string(e.UserKey()), e.Key())
		return nil
	}), func(c *wacloud.WebhookConfig) { c.Store = store })
	for _, body := range bodies {
		require.Equal(t, 200, srv.Deliver(body).Status)
		srv.Wait()
	}
	require.Len(t, seen, len(bodies))
	return seen
}

var (
	bothNames  = wacloud.User{Phone: "15550001234", ID: "US.ab12", Name: "Ada"}
	phoneOnly  = wacloud.User{Phone: "15550001234", Name: "Ada"}
	userIDOnly = wacloud.User{ID: "US.ab12", Name: "Ada"}
)

func TestUserWhoHidesTheNumberStaysTheSame(t *testing.T) {
	t.Parallel()
	seen := namesSeen(t, wacloud.NewMemoryStore(),
		wacloudtest.Text(bothNames, "1"), wacloudtest.Text(userIDOnly, "2"), wacloudtest.Text(phoneOnly, "3"))
	require.Equal(t, seen[0], seen[1])
	require.Equal(t, seen[0], seen[2])
}

func TestNamesAreOnRecordForOtherProcesses(t *testing.T) {
	t.Parallel()
	store := wacloud.NewMemoryStore()
	first := namesSeen(t, store, wacloudtest.Text(bothNames, "1"))
	require.Equal(t, first, namesSeen(t, store, wacloudtest.Text(userIDOnly, "2")))
}

func TestWithoutAStoreEachNameIsAUser(t *testing.T) {
	t.Parallel()
	seen := namesSeen(t, nil, wacloudtest.Text(bothNames, "1"), wacloudtest.Text(userIDOnly, "2"))
	require.NotEqual(t, seen[0], seen[1])
}

func TestUnknownUserIDIsItsOwnName(t *testing.T) {
	t.Parallel()
	seen := namesSeen(t, wacloud.NewMemoryStore(), wacloudtest.Text(userIDOnly, "1"), wacloudtest.Text(bothNames, "2"))
	require.NotEqual(t, seen[0], seen[1], "before both names came together nobody could know")
}

func TestChangesOfNames(t *testing.T) {
	t.Parallel()
	newID, newPhone := wacloud.User{ID: "US.new"}, "15550009999"
	t.Run("a new user id", func(t *testing.T) {
		t.Parallel()
		seen := namesSeen(t, wacloud.NewMemoryStore(), wacloudtest.Text(bothNames, "1"),
			wacloudtest.System(userIDOnly, wacloud.SystemContent{Type: "user_changed_user_id", UserID: newID.ID, PreviousUserID: userIDOnly.ID}),
			wacloudtest.Text(newID, "2"))
		require.Equal(t, seen[0], seen[2])
	})
	t.Run("a new number", func(t *testing.T) {
		t.Parallel()
		seen := namesSeen(t, wacloud.NewMemoryStore(), wacloudtest.Text(bothNames, "1"),
			wacloudtest.System(phoneOnly, wacloud.SystemContent{Type: "user_changed_number", WaID: newPhone, UserID: newID.ID}),
			wacloudtest.Text(newID, "2"), wacloudtest.Text(wacloud.User{Phone: newPhone}, "3"), wacloudtest.Text(phoneOnly, "4"))
		require.Equal(t, seen[2], seen[3])
		require.NotEqual(t, seen[0], seen[3], "whoever has the old number now is somebody else")
		require.Equal(t, seen[0], seen[4])
	})
}

func TestNamesOfOneNumberSayNothingAboutAnother(t *testing.T) {
	t.Parallel()
	store := wacloud.NewMemoryStore()
	namesSeen(t, store, wacloudtest.Text(bothNames, "1"))
	entries, err := store.Scan(t.Context(), "alias|", "", 10)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Contains(t, entries[0].Key, wacloudtest.PhoneNumberID)
}

// laneInbox notes the lanes in which events are stored.
type laneInbox struct {
	wacloud.Inbox
	lanes []string
}

func (in *laneInbox) Put(ctx context.Context, events []wacloud.Event) (wacloud.PutResult, error) {
	for i := range events {
		in.lanes = append(in.lanes, events[i].Key())
	}
	return in.Inbox.Put(ctx, events)
}

// The lane is chosen when an event is stored: later would be too late for one user's events to wait for each other.
func TestNamesAreOneLaneInTheInbox(t *testing.T) {
	t.Parallel()
	in := &laneInbox{Inbox: wacloud.NewMemoryInbox()}
	srv := wacloudtest.NewServer(t, wacloudtest.InMemory())
	srv.Serve(wacloud.HandlerFunc(func(context.Context, *wacloud.Event) error { return nil }), func(c *wacloud.WebhookConfig) {
		c.Store, c.Inbox = wacloud.NewMemoryStore(), in
	})
	for _, body := range [][]byte{wacloudtest.Text(bothNames, "1"), wacloudtest.Text(userIDOnly, "2")} {
		require.Equal(t, 200, srv.Deliver(body).Status)
		srv.Wait()
	}
	require.Len(t, in.lanes, 2)
	require.Equal(t, in.lanes[0], in.lanes[1])
}
