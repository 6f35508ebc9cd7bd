package main

import (
	"sync"
	"time"
)

// The innocent twins of the sync.Map faults: what sync.Map is made for, or too small to matter.
func init() {
	register("syncmap-read-mostly", runSyncMapReadMostly)
	register("slow-range-small", runSlowRangeSmall)
	register("syncmap-load-or-store", runSyncMapLoadOrStore)
}

// A hot routing table: a great many Loads of keys that stay, a new key now and then.
func runSyncMapReadMostly() {
	const routes = 2000
	var table sync.Map
	for i := 0; i < routes; i++ {
		table.Store(i, i)
	}
	next := routes
	go every(500*time.Millisecond, func() {
		table.Store(next, next)
		table.Store(next%routes, next)
		next++
	})
	for worker := 0; worker < 2; worker++ {
		r := newRandom(worker)
		go spend(0.35, func() {
			for i := 0; i < 1000; i++ {
				table.Load(r.below(routes))
			}
		})
	}
}

// A Range over 20 entries, ten times a second, beside real work.
func runSlowRangeSmall() {
	var listeners sync.Map
	for i := 0; i < 20; i++ {
		listeners.Store(i, i)
	}
	var sum int
	go every(100*time.Millisecond, func() {
		listeners.Range(func(_, value any) bool {
			sum += value.(int)
			return true
		})
	})
	spend(0.5, func() { checksum(1) })
}

// A registry of metrics: LoadOrStore on every use, but the keys are there after the first seconds, so it only reads.
func runSyncMapLoadOrStore() {
	const metrics = 300
	var registry sync.Map
	r := newRandom(1)
	spend(0.6, func() {
		for i := 0; i < 100; i++ {
			name := r.below(metrics)
			registry.LoadOrStore(name, name)
			if i%4 == 0 {
				checksum(name)
			}
		}
	})
}
