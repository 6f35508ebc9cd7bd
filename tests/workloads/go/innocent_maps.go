package main

import (
	"sync"
	"time"
)

// The innocent twins of the map faults.
func init() {
	register("rwmutex-map-low-contention", runRWMutexMap)
	register("sharded-map", runShardedMap)
	register("map-presized", runMapPresized)
	register("map-read-hot", runMapReadHot)
	register("map-iterate-small", runMapIterateSmall)
}

// A map behind an RWMutex: short critical sections, nearly all of them reads.
func runRWMutexMap() {
	const keys = 5000
	var mu sync.RWMutex
	prices := make(map[int]int64, keys)
	for i := 0; i < keys; i++ {
		prices[i] = int64(i)
	}
	for worker := 0; worker < 8; worker++ {
		r := newRandom(worker)
		go spend(0.1, func() {
			for i := 0; i < 100; i++ {
				key := r.below(keys)
				checksum(key)
				mu.RLock()
				_ = prices[key]
				mu.RUnlock()
			}
		})
	}
	r := newRandom(99)
	every(20*time.Millisecond, func() {
		mu.Lock()
		prices[r.below(keys)]++
		mu.Unlock()
	})
}

type shard struct {
	mu     sync.Mutex
	counts map[int]int
	_      [48]byte // one shard a cache line
}

// 64 shards, each with its own lock: writes, but no two workers meet, and the useful work outweighs them.
func runShardedMap() {
	const keys = 20000
	shards := make([]shard, 64)
	for i := range shards {
		shards[i].counts = make(map[int]int, keys/len(shards)+1)
	}
	for worker := 0; worker < 4; worker++ {
		r := newRandom(worker)
		go spend(0.2, func() {
			for i := 0; i < 100; i++ {
				key := r.below(keys)
				checksum(key)
				s := &shards[key%len(shards)]
				s.mu.Lock()
				s.counts[key]++
				s.mu.Unlock()
			}
		})
	}
}

// Maps that are made for the size they get, some of them kept: large buckets in the heap, none of them by growth.
func runMapPresized() {
	const size = 100000
	fill := func() map[int]int {
		m := make(map[int]int, size)
		for i := 0; i < size; i++ {
			m[i*7919] = i
		}
		return m
	}
	var kept [8]map[int]int
	turn := 0
	go every(500*time.Millisecond, func() {
		kept[turn%len(kept)] = fill()
		turn++
	})
	spend(0.6, func() { checksum(turn) })
}

// Reads are the hot spot: a lookup table in its best use.
func runMapReadHot() {
	const size = 5000
	table := make(map[int]int64, size)
	for i := 0; i < size; i++ {
		table[i] = int64(i)
	}
	r := newRandom(1)
	var sum int64
	spend(0.7, func() {
		for i := 0; i < 1000; i++ {
			sum += table[r.below(size)]
		}
	})
}

// Headers of a request: a map of six entries, walked once a request.
func runMapIterateSmall() {
	headers := map[string]string{"Host": "a", "Accept": "b", "Cookie": "c", "Agent": "d", "Via": "e", "Age": "f"}
	length := 0
	spend(0.6, func() {
		checksum(length)
		checksum(length)
		for name, value := range headers {
			length += len(name) + len(value)
		}
	})
}
