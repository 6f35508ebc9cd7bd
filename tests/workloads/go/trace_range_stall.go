package main

import (
	"sync"
	"time"
)

// Fault: a status page walks all sessions under the read lock. Other readers could go on, but the first writer that
// comes along has to wait for the end of the walk, and makes every later reader wait behind itself.
func init() { register("range-stall", runRangeStall) }

type sessionTable struct {
	mu       sync.RWMutex
	sessions map[int]int64 // id -> bytes
}

func (t *sessionTable) bytes() int64 {
	t.mu.RLock() // edp:culprit GO-MAP-LOCK-CONVOY GO-BLOCKED-CHAIN
	defer t.mu.RUnlock()
	var total int64
	for _, bytes := range t.sessions { // edp:culprit GO-MAP-RANGE-STALL GO-MAP-LOCK-CONVOY GO-MAP-ITERATION-HOT GO-BLOCKED-CHAIN
		total += bytes
	}
	return total
}

func (t *sessionTable) count(id int, bytes int64) {
	t.mu.Lock() // edp:culprit GO-BLOCKED-CHAIN
	t.sessions[id] += bytes
	t.mu.Unlock()
}

func (t *sessionTable) of(id int) int64 {
	t.mu.RLock() // edp:culprit GO-BLOCKED-CHAIN
	defer t.mu.RUnlock()
	return t.sessions[id]
}

func serveTraffic(t *sessionTable, seed, sessions int) {
	r := newRandom(seed)
	every(5*time.Millisecond, func() { t.count(r.below(sessions), 100) })
}

func serveLookups(t *sessionTable, seed, sessions int) {
	r := newRandom(seed)
	every(5*time.Millisecond, func() { t.of(r.below(sessions)) })
}

func serveSessions(t *sessionTable, sessions int) {
	for i := 0; i < 4; i++ {
		go serveTraffic(t, i, sessions)
	}
	for i := 0; i < 8; i++ {
		go serveLookups(t, i, sessions)
	}
}

func runRangeStall() {
	const sessions = 3000000
	t := sessionTable{sessions: make(map[int]int64, sessions)}
	for id := 0; id < sessions; id++ {
		t.sessions[id] = 1
	}
	serveSessions(&t, sessions)
	every(150*time.Millisecond, func() { t.bytes() })
}
