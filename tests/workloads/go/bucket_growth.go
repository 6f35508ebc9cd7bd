package main

import "time"

// Fault: a cache for each of 40 tenants, never emptied and never sized: the maps grow by doubling, and what growth
// has allocated is most of the live heap.
func init() { register("bucket-growth", runBucketGrowth) }

type tenantCache struct{ entries map[int][4]int64 }

func (c *tenantCache) put(id int) {
	c.entries[id] = [4]int64{int64(id)} // edp:culprit GO-HEAP-BUCKET-GROWTH
}

func runBucketGrowth() {
	const tenants = 40
	caches := make([]tenantCache, tenants)
	for i := range caches {
		caches[i].entries = map[int][4]int64{}
	}
	next := 0
	put := func(n int) {
		for i := 0; i < n; i++ {
			caches[next%tenants].put(next)
			next++
		}
	}
	put(1200000)
	// Goes on slowly: 4,000 entries a second, at most another 480,000 in two minutes; and entries that are there are
	// written again, as in a cache in use.
	r := newRandom(1)
	every(50*time.Millisecond, func() {
		put(200)
		for i := 0; i < 10000; i++ {
			id := r.below(next)
			caches[id%tenants].put(id)
		}
	})
}
