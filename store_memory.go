package wacloud

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// MemoryStore is a [Store] that is lost with the process. The zero value is an empty store. What expires is removed
// piecemeal by later writes, so a store that is written to holds few dead entries; nothing bounds the live ones.
type MemoryStore struct {
	mu      sync.Mutex
	entries map[string]memoryEntry
	version uint64 // of the newest entry; versions are not used twice
}

type memoryEntry struct {
	value   []byte
	version uint64
	expires time.Time // zero: never
}

func (e memoryEntry) live(now time.Time) bool { return e.expires.IsZero() || now.Before(e.expires) }

// sweepStep is how many entries each write looks at: with 8, at most about an eighth of a busy store is dead.
const sweepStep = 8

// NewMemoryStore returns an empty store.
func NewMemoryStore() *MemoryStore { return new(MemoryStore) }

// Get implements [Store].
func (s *MemoryStore) Get(ctx context.Context, key string) ([]byte, uint64, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, fmt.Errorf("wacloud: store get: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.entries[key]
	if !ok || !e.live(time.Now()) {
		return nil, 0, ErrNotFound
	}
	return copyBytes(e.value), e.version, nil
}

// GetAll implements [MultiStore].
func (s *MemoryStore) GetAll(ctx context.Context, keys ...string) ([]Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("wacloud: store get: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	var found []Entry
	for _, key := range keys {
		if e, ok := s.entries[key]; ok && e.live(now) {
			found = append(found, Entry{key, copyBytes(e.value), e.version})
		}
	}
	return found, nil
}

// Put implements [Store].
func (s *MemoryStore) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("wacloud: store put: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set(key, value, ttl)
	return nil
}

// Swap implements [Store].
func (s *MemoryStore) Swap(ctx context.Context, key string, old uint64, value []byte, ttl time.Duration) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, fmt.Errorf("wacloud: store swap: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var version uint64
	if e, ok := s.entries[key]; ok && e.live(time.Now()) {
		version = e.version
	}
	if version != old {
		return false, nil
	}
	s.set(key, value, ttl)
	return true, nil
}

// Delete implements [Store].
func (s *MemoryStore) Delete(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("wacloud: store delete: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.entries, key)
	return nil
}

// Scan implements [Store]. It looks at every key: a store in memory is for tests and small services.
func (s *MemoryStore) Scan(ctx context.Context, prefix, after string, limit int) ([]Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("wacloud: store scan: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	var keys []string
	for key, e := range s.entries {
		if strings.HasPrefix(key, prefix) && key > after && e.live(now) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	keys = keys[:min(len(keys), max(limit, 0))]
	out := make([]Entry, len(keys))
	for i, key := range keys {
		e := s.entries[key]
		out[i] = Entry{Key: key, Value: copyBytes(e.value), Version: e.version}
	}
	return out, nil
}

func (s *MemoryStore) set(key string, value []byte, ttl time.Duration) {
	now := time.Now()
	s.sweep(now)
	if ttl < 0 {
		delete(s.entries, key)
		return
	}
	s.version++
	e := memoryEntry{value: copyBytes(value), version: s.version}
	if ttl > 0 {
		e.expires = now.Add(ttl)
	}
	if s.entries == nil {
		s.entries = make(map[string]memoryEntry)
	}
	s.entries[strings.Clone(key)] = e
}

// sweep removes the dead among a few entries, which the map picks at random.
func (s *MemoryStore) sweep(now time.Time) {
	looked := 0
	for key, e := range s.entries {
		if !e.live(now) {
			delete(s.entries, key)
		}
		if looked++; looked == sweepStep {
			return
		}
	}
}

// copyBytes never returns nil, so that an empty value reads back as empty and not as none.
func copyBytes(b []byte) []byte { return append([]byte{}, b...) }
