package wacloud

import (
	"context"
	"time"
)

// aheadStore is a store of which some keys were read before they are asked for. It is for one goroutine and a short while.
type aheadStore struct {
	Store
	known map[string]Entry // of an absent key it is zero
}

// readAhead reads keys in one round trip, where the store can. Empty keys are none.
func readAhead(ctx context.Context, store Store, keys ...string) (Store, error) {
	multi, ok := store.(MultiStore)
	if !ok || len(keys) < 2 {
		return store, nil
	}
	entries, err := multi.GetAll(ctx, keys...)
	if err != nil {
		return nil, err
	}
	s := &aheadStore{store, make(map[string]Entry, len(keys))}
	for _, key := range keys {
		s.known[key] = Entry{}
	}
	for _, e := range entries {
		s.known[e.Key] = e
	}
	return s, nil
}

// Get implements [Store].
func (s *aheadStore) Get(ctx context.Context, key string) ([]byte, uint64, error) {
	e, ok := s.known[key]
	switch {
	case !ok:
		return s.Store.Get(ctx, key)
	case e.Version == 0:
		return nil, 0, ErrNotFound
	}
	return e.Value, e.Version, nil
}

// Put implements [Store].
func (s *aheadStore) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	delete(s.known, key)
	return s.Store.Put(ctx, key, value, ttl)
}

// Swap implements [Store].
func (s *aheadStore) Swap(ctx context.Context, key string, old uint64, value []byte, ttl time.Duration) (bool, error) {
	delete(s.known, key)
	return s.Store.Swap(ctx, key, old, value, ttl)
}

// Delete implements [Store].
func (s *aheadStore) Delete(ctx context.Context, key string) error {
	delete(s.known, key)
	return s.Store.Delete(ctx, key)
}
