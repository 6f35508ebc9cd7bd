package main

import (
	"sync"
	"sync/atomic"
)

// Fault: an event filter asks a sync.Map for ids that it has never seen, then stores some of them. On classic
// sync.Map each such Load takes the lock (a miss), as many misses as there are keys promote the dirty map,
// and the next new key copies all of it again.
func init() { register("syncmap-misses", runSyncMapMisses) }

type eventFilter struct {
	seen   atomic.Pointer[sync.Map] // event id -> true; replaced when it is full, so memory stays bounded
	stored atomic.Int64
}

func (f *eventFilter) isNew(id int) bool {
	_, known := f.seen.Load().Load(id) // edp:culprit GO-SYNCMAP-MISS-STORM
	return !known
}

func (f *eventFilter) remember(id int) {
	f.seen.Load().Store(id, true) // edp:culprit GO-SYNCMAP-MISS-STORM GO-SYNCMAP-WRITE-HEAVY
	if f.stored.Add(1)%20000 == 0 {
		f.seen.Store(new(sync.Map))
	}
}

func runSyncMapMisses() {
	var f eventFilter
	f.seen.Store(new(sync.Map))
	for worker := 0; worker < 2; worker++ {
		next := worker << 40
		go spend(0.4, func() {
			for i := 0; i < 100; i++ {
				next++
				// Two of three events are rejected after the look-up, so Loads stay in the majority.
				if f.isNew(next) && next%3 == 0 {
					f.remember(next)
				}
			}
		})
	}
}
