package main

import (
	"sync"
	"time"
)

// Fault: one writer books a whole day's orders while it holds the write lock of an RWMutex: 20 ms and more, without
// growth or iteration. The readers, who each need the map for nanoseconds, stand in line for it.
func init() { register("rwmutex-convoy", runRWMutexConvoy) }

type stock struct {
	mu   sync.RWMutex
	left map[int]int
}

func (s *stock) book(orders []int) {
	s.mu.Lock() // edp:culprit GO-MAP-LOCK-WAIT GO-MAP-LOCK-CONVOY GO-BLOCKED-CHAIN
	for _, item := range orders {
		s.left[item]-- // edp:culprit GO-MAP-LOCK-WAIT GO-MAP-LOCK-CONVOY GO-MAP-ASSIGN-HOT GO-BLOCKED-CHAIN
	}
	s.mu.Unlock() // edp:culprit GO-MAP-LOCK-WAIT GO-MAP-LOCK-CONVOY GO-BLOCKED-CHAIN
}

func (s *stock) available(item int) int {
	s.mu.RLock() // edp:culprit GO-BLOCKED-CHAIN
	defer s.mu.RUnlock()
	return s.left[item]
}

func serveAvailability(s *stock, seed, items int) {
	r := newRandom(seed)
	every(4*time.Millisecond, func() { s.available(r.below(items)) })
}

func runRWMutexConvoy() {
	const items = 50000
	s := stock{left: make(map[int]int, items)}
	r := newRandom(1)
	orders := make([]int, 2000000)
	for i := range orders {
		orders[i] = r.below(items)
	}
	for reader := 0; reader < 12; reader++ {
		go serveAvailability(&s, reader, items)
	}
	every(150*time.Millisecond, func() { s.book(orders) })
}
