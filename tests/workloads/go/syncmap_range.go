package main

import (
	"sync"
	"time"
)

// Fault: a metrics page walks a sync.Map of 60,000 entries 25 times a second: each Range takes several
// milliseconds, and most of the program's CPU time goes there.
func init() { register("syncmap-range", runSyncMapRange) }

type connectionTable struct {
	connections sync.Map // connection id -> *connection
}

type connection struct{ bytes int64 }

func (t *connectionTable) totalBytes() int64 {
	var total int64
	t.connections.Range(func(_, value any) bool { // edp:culprit GO-SYNCMAP-RANGE
		total += value.(*connection).bytes // edp:culprit GO-SYNCMAP-RANGE
		return true
	}) // edp:culprit GO-SYNCMAP-RANGE
	return total
}

func runSyncMapRange() {
	const size = 60000
	var t connectionTable
	for id := 0; id < size; id++ {
		t.connections.Store(id, &connection{bytes: int64(id)})
	}
	go every(40*time.Millisecond, func() { t.totalBytes() })
	r := newRandom(1)
	spend(0.05, func() {
		for i := 0; i < 100; i++ {
			t.connections.Load(r.below(size))
		}
	})
}
