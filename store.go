package wacloud

import (
	"context"
	"time"
)

// A Store keeps small values by key: what an event has sent, taps that were done, open questions. What Put or Swap
// returned nil for is durable, except in a [MemoryStore]. It takes no part in an inbox's transaction. Its own clock
// decides expiry. Keys and values are any bytes, empty ones and zero bytes included; slices are copied in and out.
// Implementations are safe for concurrent use, also by other processes.
type Store interface {
	// Get returns the value and its version, or an error that is [ErrNotFound]. A version is never 0, and a key that is
	// written again never gets a version that it had before.
	Get(ctx context.Context, key string) (value []byte, version uint64, err error)
	// Put sets the value. A ttl of 0 means for ever; a negative one has already passed, so the key is then absent.
	Put(ctx context.Context, key string, value []byte, ttl time.Duration) error
	// Swap sets the value only if the key still has the version old; 0 means only if it is absent or expired. It reports
	// whether it did. Of concurrent swaps from one version exactly one succeeds.
	Swap(ctx context.Context, key string, old uint64, value []byte, ttl time.Duration) (bool, error)
	// Delete removes the key; an absent key is no error.
	Delete(ctx context.Context, key string) error
	// Scan returns up to limit entries whose key starts with prefix and comes after after, in order of the keys' bytes.
	Scan(ctx context.Context, prefix, after string, limit int) ([]Entry, error)
}

// A MultiStore is a [Store] that looks several keys up in one go, which saves round trips to a database: a webhook asks for
// several keys for each event.
type MultiStore interface {
	Store
	// GetAll returns the entries of those keys that there are, in any order.
	GetAll(ctx context.Context, keys ...string) ([]Entry, error)
}

// An Entry is one key of a [Store].
type Entry struct {
	Key     string
	Value   []byte
	Version uint64
}
