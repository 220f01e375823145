package wacloud_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
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
)

func TestMemoryStoreZeroValue(t *testing.T) {
	t.Parallel()
	var s wacloud.MemoryStore
	ctx := t.Context()
	_, _, err := s.Get(ctx, "k")
	require.ErrorIs(t, err, wacloud.ErrNotFound)
	require.NoError(t, s.Delete(ctx, "k"))
	entries, err := s.Scan(ctx, "", "", 10)
	require.NoError(t, err)
	require.Empty(t, entries)
	ok, err := s.Swap(ctx, "k", 0, []byte("v"), 0)
	require.NoError(t, err)
	require.True(t, ok)
}

func TestMemoryStoreTakesAnyBytes(t *testing.T) {
	t.Parallel()
	s, ctx := wacloud.NewMemoryStore(), t.Context()
	for _, k := range []string{"", "\x00", "a\x00b", "\xff\xfe", "'; DROP TABLE x; --", "😀", strings.Repeat("k", 100_000)} {
		require.NoError(t, s.Put(ctx, k, []byte(k), 0))
		got, version, err := s.Get(ctx, k)
		require.NoError(t, err)
		require.Equal(t, k, string(got))
		require.NotZero(t, version)
	}
	require.NoError(t, s.Put(ctx, "empty", nil, 0))
	got, _, err := s.Get(ctx, "empty")
	require.NoError(t, err)
	require.Equal(t, []byte{}, got)
}

func TestMemoryStoreCopies(t *testing.T) {
	t.Parallel()
	s, ctx := wacloud.NewMemoryStore(), t.Context()
	in := []byte("before")
	require.NoError(t, s.Put(ctx, "k", in, 0))
	in[0] = 'X'
	out, _, err := s.Get(ctx, "k")
	require.NoError(t, err)
	require.Equal(t, "before", string(out))
	out[0] = 'Y'
	entries, err := s.Scan(ctx, "k", "", 1)
	require.NoError(t, err)
	entries[0].Value[0] = 'Z'
	again, _, err := s.Get(ctx, "k")
	require.NoError(t, err)
	require.Equal(t, "before", string(again))
}

func TestMemoryStoreForgetsByItsClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, ctx := wacloud.NewMemoryStore(), t.Context()
		require.NoError(t, s.Put(ctx, "k", []byte("v"), time.Minute))
		_, version, err := s.Get(ctx, "k")
		require.NoError(t, err)
		sleep(time.Minute - 1)
		_, _, err = s.Get(ctx, "k")
		require.NoError(t, err)
		sleep(1)
		_, _, err = s.Get(ctx, "k")
		require.ErrorIs(t, err, wacloud.ErrNotFound)
		ok, err := s.Swap(ctx, "k", version, []byte("w"), 0)
		require.NoError(t, err)
		require.False(t, ok, "an expired version is gone")
		ok, err = s.Swap(ctx, "k", 0, []byte("w"), 0)
		require.NoError(t, err)
		require.True(t, ok, "an expired key is absent")

		require.NoError(t, s.Put(ctx, "k", []byte("x"), -1))
		_, _, err = s.Get(ctx, "k")
		require.ErrorIs(t, err, wacloud.ErrNotFound)
	})
}

// sleep waits in a bubble, where it takes no time.
func sleep(d time.Duration) { <-time.After(d) }

func TestMemoryStoreVersionsAreNotUsedTwice(t *testing.T) {
	t.Parallel()
	s, ctx := wacloud.NewMemoryStore(), t.Context()
	require.NoError(t, s.Put(ctx, "k", []byte("v"), 0))
	_, old, err := s.Get(ctx, "k")
	require.NoError(t, err)
	require.NoError(t, s.Delete(ctx, "k"))
	require.NoError(t, s.Put(ctx, "k", []byte("v"), 0))
	ok, err := s.Swap(ctx, "k", old, []byte("w"), 0)
	require.NoError(t, err)
	require.False(t, ok)
}

func TestMemoryStoreSwapHasOneWinner(t *testing.T) {
	t.Parallel()
	s, ctx := wacloud.NewMemoryStore(), t.Context()
	var wins atomic.Int32
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if ok, err := s.Swap(ctx, "k", 0, []byte("v"), time.Hour); err == nil && ok {
				wins.Add(1)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, wins.Load())
}

func TestMemoryStoreHonoursTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := wacloud.NewMemoryStore()
	_, _, err := s.Get(ctx, "k")
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, s.Put(ctx, "k", nil, 0), context.Canceled)
	_, err = s.Swap(ctx, "k", 0, nil, 0)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, s.Delete(ctx, "k"), context.Canceled)
	_, err = s.Scan(ctx, "", "", 1)
	require.ErrorIs(t, err, context.Canceled)
}

func TestMemoryStoreScansInPages(t *testing.T) {
	t.Parallel()
	s, ctx := wacloud.NewMemoryStore(), t.Context()
	for _, k := range []string{"b", "a|2", "a|10", "a|1", "a", "c", "a|é"} {
		require.NoError(t, s.Put(ctx, k, []byte(k), 0))
	}
	var got []string
	for after := ""; ; {
		page, err := s.Scan(ctx, "a|", after, 2)
		require.NoError(t, err)
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			got = append(got, e.Key)
			after = e.Key
		}
	}
	require.Equal(t, []string{"a|1", "a|10", "a|2", "a|é"}, got)
	none, err := s.Scan(ctx, "", "", -1)
	require.NoError(t, err)
	require.Empty(t, none)
}

// storeModel is what a store is, as a list.
type storeModel struct {
	now     time.Duration
	entries map[string]modelEntry
}

type modelEntry struct {
	value   string
	written int // number of the write
	until   time.Duration
}

func (m *storeModel) get(k string) (modelEntry, bool) {
	e, ok := m.entries[k]
	return e, ok && (e.until == 0 || m.now < e.until)
}

func TestMemoryStoreAgainstAModel(t *testing.T) {
	t.Parallel()
	for range 200 {
		seed := rand.Uint64()
		synctest.Test(t, func(t *testing.T) {
			if diff := runStoreModel(t.Context(), seed); diff != "" {
				t.Errorf("seed %d: %s", seed, diff)
			}
		})
	}
}

func runStoreModel(ctx context.Context, seed uint64) string {
	rnd := rand.New(rand.NewPCG(seed, 1))
	s, m := wacloud.NewMemoryStore(), &storeModel{entries: map[string]modelEntry{}}
	versions := map[string]uint64{} // of the store, by key, as last read
	read := map[string]int{}        // of the model, at the same time
	for i := 1; i <= 150; i++ {
		k, v := string(rune('a'+rnd.IntN(6))), strconv.Itoa(i)
		ttl := time.Duration(rnd.IntN(4)) * time.Second
		entry := modelEntry{value: v, written: i}
		if ttl > 0 {
			entry.until = m.now + ttl
		}
		switch op := rnd.IntN(6); op {
		case 0:
			d := time.Duration(rnd.IntN(1500)) * time.Millisecond
			sleep(d)
			m.now += d
		case 1:
			_ = s.Put(ctx, k, []byte(v), ttl)
			m.entries[k] = entry
		case 2:
			_ = s.Delete(ctx, k)
			delete(m.entries, k)
		case 3:
			value, version, err := s.Get(ctx, k)
			want, ok := m.get(k)
			if (err == nil) != ok || string(value) != want.value && ok {
				return fmt.Sprintf("step %d: get %q: %q, %v; want %q, %v", i, k, value, err, want.value, ok)
			}
			versions[k], read[k] = version, want.written
			if !ok {
				versions[k], read[k] = 0, 0
			}
		case 4:
			old, okOld := m.get(k)
			want := okOld && read[k] == old.written || !okOld && read[k] == 0
			got, _ := s.Swap(ctx, k, versions[k], []byte(v), ttl)
			if got != want {
				return fmt.Sprintf("step %d: swap %q: %v, want %v", i, k, got, want)
			}
			if got {
				m.entries[k] = entry
			}
		case 5:
			var want []string
			for k := range m.entries {
				if _, ok := m.get(k); ok && k > "b" {
					want = append(want, k)
				}
			}
			slices.Sort(want)
			want = want[:min(len(want), 3)]
			var got []string
			entries, _ := s.Scan(ctx, "", "b", 3)
			for _, e := range entries {
				got = append(got, e.Key)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				return fmt.Sprintf("step %d: scan (-want +got):\n%s", i, diff)
			}
		}
	}
	return ""
}
