package inboxtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wacloud/wacloud"
)

// RunStore holds a store to every property of [wacloud.Store], each in a subtest. open returns an empty store.
func RunStore(t *testing.T, open func() (wacloud.Store, error)) {
	t.Helper()
	for _, c := range []struct {
		name string
		run  func(context.Context, wacloud.Store) error
	}{
		{"put and get", storePutGet},
		{"absent", storeAbsent},
		{"swap", storeSwap},
		{"one of many swaps wins", storeRace},
		{"expiry", storeExpiry},
		{"scan", storeScan},
		{"several keys at once", storeGetAll},
		{"any bytes", storeBytes},
		{"values are copies", storeCopies},
		{"a cancelled context", storeCancelled},
		{"random operations against a map", storeModel},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := open()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.run(t.Context(), s); err != nil {
				t.Error(err)
			}
		})
	}
}

// expect complains unless the key holds want.
func expect(ctx context.Context, s wacloud.Store, key, want string) (version uint64, err error) {
	value, version, err := s.Get(ctx, key)
	if err != nil {
		return 0, fmt.Errorf("get: %w", err)
	}
	if string(value) != want || version == 0 {
		return 0, fmt.Errorf("get: %q with version %d, want %q with a version", value, version, want)
	}
	return version, nil
}

func expectAbsent(ctx context.Context, s wacloud.Store, key string) error {
	if _, _, err := s.Get(ctx, key); !errors.Is(err, wacloud.ErrNotFound) {
		return fmt.Errorf("get of an absent key returned %v, want ErrNotFound", err) //nolint:errorlint // it may be nil
	}
	return nil
}

func storePutGet(ctx context.Context, s wacloud.Store) error {
	if err := s.Put(ctx, "k", []byte("one"), 0); err != nil {
		return err
	}
	first, err := expect(ctx, s, "k", "one")
	if err != nil {
		return err
	}
	if err := s.Put(ctx, "k", []byte("two"), time.Hour); err != nil {
		return err
	}
	second, err := expect(ctx, s, "k", "two")
	if err == nil && first == second {
		err = errors.New("a new value has the version of the old one")
	}
	return err
}

func storeAbsent(ctx context.Context, s wacloud.Store) error {
	if err := errors.Join(expectAbsent(ctx, s, "k"), s.Delete(ctx, "k"), s.Put(ctx, "k", nil, 0)); err != nil {
		return err
	}
	if _, err := expect(ctx, s, "k", ""); err != nil {
		return fmt.Errorf("an empty value: %w", err)
	}
	return errors.Join(s.Delete(ctx, "k"), expectAbsent(ctx, s, "k"))
}

func storeSwap(ctx context.Context, s wacloud.Store) error {
	steps := []struct {
		what string
		old  func() uint64
		want bool
	}{
		{"into an absent key", func() uint64 { return 0 }, true},
		{"into a key that is there", func() uint64 { return 0 }, false},
		{"of the current version", func() uint64 { _, v, _ := s.Get(ctx, "k"); return v }, true},
		{"of a version that never was", func() uint64 { return 1<<61 + 12345 }, false},
	}
	for _, step := range steps {
		if ok, err := s.Swap(ctx, "k", step.old(), []byte(step.what), 0); err != nil || ok != step.want {
			return fmt.Errorf("swap %s: %v, %w, want %v", step.what, ok, err, step.want)
		}
	}
	old, err := expect(ctx, s, "k", "of the current version")
	if err != nil {
		return err
	}
	// A version must not come back with a new life of the key.
	if err := errors.Join(s.Delete(ctx, "k"), s.Put(ctx, "k", []byte("new life"), 0)); err != nil {
		return err
	}
	if ok, err := s.Swap(ctx, "k", old, []byte("stale"), 0); err != nil || ok {
		return fmt.Errorf("swap of a version from before the deletion: %v, %w, want false", ok, err)
	}
	return nil
}

func storeRace(ctx context.Context, s wacloud.Store) error {
	var won, failed atomic.Int64
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			switch ok, err := s.Swap(ctx, "claim", 0, fmt.Append(nil, i), time.Minute); {
			case err != nil:
				failed.Add(1)
			case ok:
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || failed.Load() != 0 {
		return fmt.Errorf("%d of 32 concurrent claims won and %d failed, want 1 and 0", won.Load(), failed.Load())
	}
	return nil
}

func storeExpiry(ctx context.Context, s wacloud.Store) error {
	const ttl = 40 * time.Millisecond
	if err := errors.Join(s.Put(ctx, "short", []byte("x"), ttl), s.Put(ctx, "long", []byte("y"), time.Hour)); err != nil {
		return err
	}
	if err := errors.Join(s.Put(ctx, "past", []byte("z"), 0), s.Put(ctx, "past", []byte("z"), -time.Second), expectAbsent(ctx, s, "past")); err != nil {
		return fmt.Errorf("with a ttl that has passed: %w", err)
	}
	if ok, err := s.Swap(ctx, "past", 0, []byte("z"), -time.Second); err != nil || !ok {
		return fmt.Errorf("swap with a ttl that has passed: %v, %w, want true", ok, err)
	}
	if err := expectAbsent(ctx, s, "past"); err != nil {
		return fmt.Errorf("after that swap: %w", err)
	}
	t := time.NewTimer(3 * ttl)
	defer t.Stop()
	<-t.C
	if err := expectAbsent(ctx, s, "short"); err != nil {
		return fmt.Errorf("after its time: %w", err)
	}
	if entries, err := s.Scan(ctx, "", "", 10); err != nil || len(entries) != 1 {
		return fmt.Errorf("scan shows %d entries, %w, want the one that lives", len(entries), err)
	}
	if ok, err := s.Swap(ctx, "short", 0, []byte("again"), 0); err != nil || !ok {
		return fmt.Errorf("swap into an expired key: %v, %w, want true", ok, err)
	}
	_, err := expect(ctx, s, "short", "again")
	return err
}

func storeScan(ctx context.Context, s wacloud.Store) error {
	for _, k := range []string{"b", "a:2", "a:1", "a", "a:10", "a;", "\xff\xff", "\xff"} {
		if err := s.Put(ctx, k, []byte("v"+k), 0); err != nil {
			return err
		}
	}
	for _, c := range []struct {
		prefix, after string
		limit         int
		want          []string
	}{
		{"a:", "", 10, []string{"a:1", "a:10", "a:2"}},
		{"a:", "", 2, []string{"a:1", "a:10"}},
		{"a:", "a:10", 10, []string{"a:2"}},
		{"", "a;", 10, []string{"b", "\xff", "\xff\xff"}},
		{"\xff", "", 10, []string{"\xff", "\xff\xff"}},
		{"none", "", 10, nil},
		{"a:", "", 0, nil},
	} {
		entries, err := s.Scan(ctx, c.prefix, c.after, c.limit)
		if err != nil {
			return err
		}
		var got []string
		for _, e := range entries {
			got = append(got, e.Key)
			if string(e.Value) != "v"+e.Key || e.Version == 0 {
				return fmt.Errorf("scan: %q holds %q with version %d", e.Key, e.Value, e.Version)
			}
		}
		if !slices.Equal(got, c.want) {
			return fmt.Errorf("scan of %q after %q, at most %d: %q, want %q", c.prefix, c.after, c.limit, got, c.want)
		}
	}
	return nil
}

// storeGetAll is for stores that can.
func storeGetAll(ctx context.Context, s wacloud.Store) error {
	multi, ok := s.(wacloud.MultiStore)
	if !ok {
		return nil
	}
	for _, k := range []string{"a", "b", "c\x00", ""} {
		if err := s.Put(ctx, k, []byte("v"+k), 0); err != nil {
			return err
		}
	}
	if err := s.Put(ctx, "expired", nil, -1); err != nil {
		return err
	}
	entries, err := multi.GetAll(ctx, "a", "absent", "c\x00", "", "expired")
	if err != nil {
		return err
	}
	got := map[string]string{}
	for _, e := range entries {
		got[e.Key] = string(e.Value)
		if _, version, err := s.Get(ctx, e.Key); err != nil || version != e.Version {
			return fmt.Errorf("several keys: %q has version %d, and %d by itself, %w", e.Key, e.Version, version, err)
		}
	}
	if want := map[string]string{"a": "va", "c\x00": "vc\x00", "": "v"}; len(entries) != len(want) || !maps.Equal(got, want) {
		return fmt.Errorf("several keys: %q, want %q", got, want)
	}
	if entries, err = multi.GetAll(ctx); err != nil || len(entries) > 0 {
		return fmt.Errorf("no keys: %d entries, %w", len(entries), err)
	}
	return nil
}

func storeBytes(ctx context.Context, s wacloud.Store) error {
	for _, odd := range []string{"nul\x00", "\xff\xfe", `'";--`, "", strings.Repeat("k", 2000), "\n", "%"} {
		if err := s.Put(ctx, odd, []byte(odd), 0); err != nil {
			return fmt.Errorf("put of %.20q: %w", odd, err)
		}
		if _, err := expect(ctx, s, odd, odd); err != nil {
			return err
		}
	}
	return nil
}

func storeCopies(ctx context.Context, s wacloud.Store) error {
	value := []byte("mine")
	if err := s.Put(ctx, "k", value, 0); err != nil {
		return err
	}
	value[0] = 'X'
	got, _, err := s.Get(ctx, "k")
	if err != nil || !bytes.Equal(got, []byte("mine")) {
		return fmt.Errorf("the store shares memory with Put's caller: %q, %w", got, err)
	}
	got[0] = 'Y'
	_, err = expect(ctx, s, "k", "mine")
	return err
}

func storeCancelled(ctx context.Context, s wacloud.Store) error {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	if err := s.Put(ctx, "k", nil, 0); !errors.Is(err, context.Canceled) {
		return fmt.Errorf("put with a cancelled context returned %v, want context.Canceled", err) //nolint:errorlint // it may be nil
	}
	return nil
}

func storeModel(ctx context.Context, s wacloud.Store) error {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	want := map[string]string{}
	for n := range 400 {
		key, value := fmt.Sprint("k", random.IntN(12)), fmt.Sprint("v", n)
		var err error
		switch random.IntN(4) {
		case 0, 1:
			err = s.Put(ctx, key, []byte(value), 0)
			want[key] = value
		case 2:
			err = s.Delete(ctx, key)
			delete(want, key)
		default:
			err = swapAny(ctx, s, want, key, value)
		}
		if err != nil {
			return fmt.Errorf("seed %d, operation %d: %w", seed, n, err)
		}
	}
	entries, err := s.Scan(ctx, "", "", 100)
	if err != nil {
		return err
	}
	got := map[string]string{}
	for _, e := range entries {
		got[e.Key] = string(e.Value)
	}
	if !maps.Equal(got, want) {
		return fmt.Errorf("seed %d: the store holds %v, want %v", seed, got, want)
	}
	return nil
}

// swapAny swaps the current version, whatever it is, and expects to win.
func swapAny(ctx context.Context, s wacloud.Store, want map[string]string, key, value string) error {
	_, version, err := s.Get(ctx, key)
	if _, there := want[key]; there != (err == nil) {
		return fmt.Errorf("get returned %v, and the key is there: %v", err, there) //nolint:errorlint // it may be nil
	}
	ok, err := s.Swap(ctx, key, version, []byte(value), 0)
	if err == nil && !ok {
		err = errors.New("swap of the current version lost")
	}
	want[key] = value
	return err
}
