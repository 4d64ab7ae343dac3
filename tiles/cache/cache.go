// Package cache keeps what was costly to make, within a number of bytes, and
// makes each thing once however many ask for it at the same time.
//
// Keys must contain the version of what they name: nothing here expires, it is
// only pushed out by what was used later.
package cache

import (
	"container/list"
	"context"
	"errors"
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// ErrAbandoned is returned to those who waited for a build that panicked.
var ErrAbandoned = errors.New("cache: the build was abandoned")

// Cache holds values by key. It is safe for use by many goroutines.
type Cache[K comparable, V any] struct {
	seed   maphash.Seed
	shards []shard[K, V]
	size   func(V) int64

	hits, misses, builds, waits, evicted atomic.Int64
}

type shard[K comparable, V any] struct {
	mu      sync.Mutex
	entries map[K]*list.Element // of *entry[K, V]
	recent  list.List           // most recently used first
	flying  map[K]*flight[V]
	bytes   int64
	limit   int64
}

type entry[K comparable, V any] struct {
	key   K
	value V
	bytes int64
}

type flight[V any] struct {
	done  chan struct{}
	value V
	err   error
}

// overhead is about what an entry costs beside its value, in bytes.
const overhead = 200

// New returns a cache of at most limit bytes, as counted by size. Shards are
// locked apart; one shard gives an exact order of use.
func New[K comparable, V any](limit int64, shards int, size func(V) int64) *Cache[K, V] {
	c := &Cache[K, V]{seed: maphash.MakeSeed(), shards: make([]shard[K, V], shards), size: size}
	for i := range c.shards {
		s := &c.shards[i]
		s.entries, s.flying, s.limit = map[K]*list.Element{}, map[K]*flight[V]{}, limit/int64(shards)
	}
	return c
}

// Get returns the value of key, building it when it is not there. Of many that
// ask at once one builds, in its own goroutine, and the others wait for it or
// for the end of their context. An error is told to all who waited and is not kept.
func (c *Cache[K, V]) Get(ctx context.Context, key K, build func() (V, error)) (V, error) {
	s := &c.shards[maphash.Comparable(c.seed, key)%uint64(len(c.shards))]
	s.mu.Lock()
	if e, ok := s.entries[key]; ok {
		s.recent.MoveToFront(e)
		value := e.Value.(*entry[K, V]).value
		s.mu.Unlock()
		c.hits.Add(1)
		return value, nil
	}
	c.misses.Add(1)
	if f, ok := s.flying[key]; ok {
		s.mu.Unlock()
		c.waits.Add(1)
		return f.wait(ctx)
	}
	f := &flight[V]{done: make(chan struct{}), err: ErrAbandoned}
	s.flying[key] = f
	s.mu.Unlock()

	c.builds.Add(1)
	defer c.land(s, key, f)
	f.value, f.err = build()
	return f.value, f.err
}

func (f *flight[V]) wait(ctx context.Context) (V, error) {
	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
		var none V
		return none, ctx.Err()
	}
}

// land ends a build, also one that panicked: those who wait hear of it.
func (c *Cache[K, V]) land(s *shard[K, V], key K, f *flight[V]) {
	s.mu.Lock()
	delete(s.flying, key)
	if f.err == nil {
		c.keep(s, key, f.value)
	}
	s.mu.Unlock()
	close(f.done)
}

func (c *Cache[K, V]) keep(s *shard[K, V], key K, value V) {
	bytes := c.size(value) + overhead
	if bytes > s.limit {
		return
	}
	s.entries[key] = s.recent.PushFront(&entry[K, V]{key, value, bytes})
	s.bytes += bytes
	for s.bytes > s.limit {
		oldest := s.recent.Remove(s.recent.Back()).(*entry[K, V])
		delete(s.entries, oldest.key)
		s.bytes -= oldest.bytes
		c.evicted.Add(1)
	}
}

// Clear forgets everything that is kept. Builds under way are kept when they end.
func (c *Cache[K, V]) Clear() {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		clear(s.entries)
		s.recent.Init()
		s.bytes = 0
		s.mu.Unlock()
	}
}

// Stats are counts since the start, and what is kept now.
type Stats struct {
	Hits, Misses, Builds, Waits, Evicted int64
	Entries, Bytes                       int64
}

// Stats returns the counts.
func (c *Cache[K, V]) Stats() Stats {
	stats := Stats{
		Hits: c.hits.Load(), Misses: c.misses.Load(), Builds: c.builds.Load(),
		Waits: c.waits.Load(), Evicted: c.evicted.Load(),
	}
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		stats.Entries += int64(len(s.entries))
		stats.Bytes += s.bytes
		s.mu.Unlock()
	}
	return stats
}
