package main

import (
	"sync"
	"time"
)

// Fault: a price list is read anew under the lock that its readers need, into a map that starts empty. While the
// map doubles, again and again, up to 400,000 entries, everybody who asks for a price waits.
func init() { register("map-growth-stall", runMapGrowthStall) }

type priceList struct {
	mu     sync.RWMutex
	prices map[int]int64
}

func (p *priceList) reload(items int) {
	p.mu.Lock() // edp:culprit GO-MAP-LOCK-CONVOY GO-BLOCKED-CHAIN
	p.prices = make(map[int]int64)
	for item := 0; item < items; item++ {
		p.prices[item*7919] = int64(item) // edp:culprit GO-MAP-GROWTH-STALL GO-MAP-LOCK-CONVOY GO-MAP-GROWTH-HOT GO-MAP-GROWTH-GC GO-MAP-ASSIGN-HOT GO-GC-ASSIST-STALL GO-BLOCKED-CHAIN
	}
	p.mu.Unlock() // edp:culprit GO-MAP-LOCK-CONVOY GO-BLOCKED-CHAIN
}

func (p *priceList) price(item int) int64 {
	p.mu.RLock() // edp:culprit GO-BLOCKED-CHAIN
	defer p.mu.RUnlock()
	return p.prices[item]
}

func serveQuotes(p *priceList, seed int) {
	r := newRandom(seed)
	every(4*time.Millisecond, func() { p.price(r.below(400000) * 7919) })
}

func runMapGrowthStall() {
	var p priceList
	for reader := 0; reader < 12; reader++ {
		go serveQuotes(&p, reader)
	}
	every(250*time.Millisecond, func() { p.reload(400000) })
}
