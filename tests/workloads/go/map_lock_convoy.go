package main

import (
	"sync"
	"time"
)

// Fault: one mutex guards one map, and 24 workers merge their counts into it at the same moment, holding the lock
// for more than a millisecond each (swiss maps take 17 ns an entry, classic ones twice that). The last in the row waits
// more than 30 ms for its turn.
func init() { register("map-lock-convoy", runMapLockConvoy) }

type ledger struct {
	mu      sync.Mutex
	balance map[int]int64
}

func (l *ledger) merge(entries []int) {
	l.mu.Lock() // edp:culprit GO-MAP-LOCK-CONVOY GO-BLOCKED-CHAIN
	for _, account := range entries {
		l.balance[account]++ // edp:culprit GO-MAP-LOCK-CONVOY GO-MAP-ASSIGN-HOT GO-BLOCKED-CHAIN
	}
	l.mu.Unlock() // edp:culprit GO-MAP-LOCK-CONVOY GO-BLOCKED-CHAIN
}

func runMapLockConvoy() {
	const workers, accounts = 24, 50000
	l := ledger{balance: make(map[int]int64, accounts)}
	r := newRandom(1)
	entries := make([]int, 80000)
	for i := range entries {
		entries[i] = r.below(accounts)
	}
	for worker := 0; worker < workers; worker++ {
		go every(60*time.Millisecond, func() { l.merge(entries) })
	}
}
