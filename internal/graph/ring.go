package graph

import "slices"

// maxRingBytes bounds what one ring holds, whatever the size of its values.
const maxRingBytes = 32 << 20

// ring keeps the last values, up to a number of them and of bytes.
type ring[T any] struct {
	max   int
	items []T
	sizes []int
	bytes int
}

func newRing[T any](most int) ring[T] { return ring[T]{max: most} }

// add appends v and returns what had to go for it: a quarter at once, so that not every call moves everything.
func (r *ring[T]) add(v T, size int) (dropped []T) {
	if len(r.items) >= r.max || r.bytes+size > maxRingBytes {
		n, freed := 0, 0
		for n < len(r.items) && (n <= r.max/4 || r.bytes-freed+size > maxRingBytes) {
			freed += r.sizes[n]
			n++
		}
		dropped = r.items[:n]
		r.items, r.sizes, r.bytes = slices.Clone(r.items[n:]), slices.Clone(r.sizes[n:]), r.bytes-freed
	}
	r.items, r.sizes, r.bytes = append(r.items, v), append(r.sizes, size), r.bytes+size
	return dropped
}

func (r *ring[T]) all() []T { return slices.Clone(r.items) }
