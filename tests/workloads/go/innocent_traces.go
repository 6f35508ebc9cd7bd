package main

import (
	"sync"
	"time"
)

// The innocent twins of the faults that execution traces show: the same work, and nobody waits for it.
func init() {
	register("map-grown-outside-the-lock", runMapGrownOutside)
	register("rwmutex-short-sections", runRWMutexShortSections)
	register("range-of-a-private-map", runRangeOfAPrivateMap)
	register("sched-half-loaded", runSchedHalfLoaded)
}

// The price list grows from nothing all the same, but before the lock is taken.
func runMapGrownOutside() {
	const items = 400000
	var mu sync.RWMutex
	prices := map[int]int64{}
	for reader := 0; reader < 12; reader++ {
		r := newRandom(reader)
		go every(4*time.Millisecond, func() {
			mu.RLock()
			_ = prices[r.below(items)*7919]
			mu.RUnlock()
		})
	}
	every(250*time.Millisecond, func() {
		fresh := make(map[int]int64)
		for item := 0; item < items; item++ {
			fresh[item*7919] = int64(item)
		}
		mu.Lock()
		prices = fresh
		mu.Unlock()
	})
}

type ledgerBook struct {
	mu   sync.RWMutex
	left map[int]int
}

func (b *ledgerBook) book(orders []int) {
	b.mu.Lock()
	for _, item := range orders {
		b.left[item]--
	}
	b.mu.Unlock()
}

func (b *ledgerBook) available(item int) int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.left[item]
}

// All orders are booked, two hundred at a time, each lot worked out before the lock is taken, which is then held for
// microseconds.
func runRWMutexShortSections() {
	const items, batch = 50000, 200
	b := ledgerBook{left: make(map[int]int, items)}
	r := newRandom(1)
	orders := make([]int, 200000)
	for i := range orders {
		orders[i] = r.below(items)
	}
	for reader := 0; reader < 12; reader++ {
		own := newRandom(reader)
		go every(4*time.Millisecond, func() { b.available(own.below(items)) })
	}
	every(120*time.Millisecond, func() {
		for i := 0; i+batch <= len(orders); i += batch {
			for n := 0; n < 40; n++ {
				checksum(n)
			}
			b.book(orders[i : i+batch])
		}
	})
}

// The walk is as long, over a map that belongs to the one who walks it.
func runRangeOfAPrivateMap() {
	const sessions = 3000000
	private := make(map[int]int64, sessions)
	for id := 0; id < sessions; id++ {
		private[id] = 1
	}
	t := sessionTable{sessions: make(map[int]int64, 1000)}
	serveSessions(&t, 1000)
	every(150*time.Millisecond, func() {
		for _, bytes := range private {
			total += bytes
		}
	})
}

var total int64

// The parts are worked off by four goroutines that together need a good half of one of two CPUs.
func runSchedHalfLoaded() {
	for worker := 0; worker < 4; worker++ {
		worker := worker
		go spend(0.15, func() { compress(worker, 10000) })
	}
	for i := 0; i < 4; i++ {
		go beat()
	}
}
