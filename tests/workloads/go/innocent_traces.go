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

// All orders are booked, two hundred at a time: the lock is held for microseconds.
func runRWMutexShortSections() {
	const items, batch = 50000, 200
	s := stock{left: make(map[int]int, items)}
	r := newRandom(1)
	orders := make([]int, 900000)
	for i := range orders {
		orders[i] = r.below(items)
	}
	for reader := 0; reader < 12; reader++ {
		go s.serveAvailability(reader, items)
	}
	every(120*time.Millisecond, func() {
		for i := 0; i+batch <= len(orders); i += batch {
			s.book(orders[i : i+batch])
		}
	})
}

// The walk is as long, over a map that belongs to the one who walks it.
func runRangeOfAPrivateMap() {
	const sessions = 1500000
	private := make(map[int]int64, sessions)
	for id := 0; id < sessions; id++ {
		private[id] = 1
	}
	t := sessionTable{sessions: make(map[int]int64, 1000)}
	t.serve(1000)
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
