package sqlite_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// While a transaction holds the file, the store is read as ever; what waits to be written can be taken back, and is then
// not written later.
func TestStoreWhileTheFileIsLocked(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bot.db")
	store := open(t, path).Store()
	require.NoError(t, store.Put(t.Context(), "before", []byte("1"), 0))
	tx, err := raw(t, path+"?_txlock=immediate").BeginTx(t.Context(), nil)
	require.NoError(t, err)

	var waits sync.WaitGroup
	waits.Go(func() {
		if err := store.Put(context.Background(), "waits", nil, 0); err != nil {
			t.Error(err)
		}
	})
	started := time.Now()
	var taken sync.WaitGroup
	for i := range 20 {
		taken.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(200+10*i)*time.Millisecond)
			defer cancel()
			// The first to come may be in the transaction that waits for the lock: it is written, and says so.
			if err := store.Put(ctx, fmt.Sprintf("taken-%02d", i), nil, 0); err == nil {
				if err := store.Delete(context.Background(), fmt.Sprintf("taken-%02d", i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	value, _, err := store.Get(t.Context(), "before")
	require.NoError(t, err)
	require.Equal(t, []byte("1"), value)
	require.Less(t, time.Since(started), 2*time.Second, "a read waits for no writer")
	<-time.After(time.Second)
	require.NoError(t, tx.Rollback())
	waits.Wait()
	taken.Wait()
	require.NoError(t, store.Put(t.Context(), "after", nil, 0))
	entries, err := store.Scan(t.Context(), "taken-", "", 100)
	require.NoError(t, err)
	require.Empty(t, entries, "what was reported as not written was written")
}

// Writes that go into one transaction fail and succeed each for itself.
func TestStoreWritesTogether(t *testing.T) {
	t.Parallel()
	store := open(t, filepath.Join(t.TempDir(), "bot.db")).Store()
	var won sync.Map
	var all sync.WaitGroup
	for i := range 300 {
		all.Go(func() {
			ok, err := store.Swap(t.Context(), fmt.Sprintf("key-%d", i%100), 0, fmt.Appendf(nil, "%d", i), time.Hour)
			if err != nil {
				t.Error(err)
			}
			if ok {
				if _, twice := won.LoadOrStore(i%100, i); twice {
					t.Errorf("key %d was won twice", i%100)
				}
			}
		})
	}
	all.Wait()
	for i := range 100 {
		winner, ok := won.Load(i)
		require.True(t, ok, "nobody won key %d", i)
		value, _, err := store.Get(t.Context(), fmt.Sprintf("key-%d", i))
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(winner), string(value))
	}
	_, _, err := store.Get(t.Context(), "key-100")
	require.ErrorIs(t, err, wacloud.ErrNotFound)
}
