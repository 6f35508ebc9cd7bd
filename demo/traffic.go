package main

import (
	"strconv"
	"time"
)

// generateTraffic plays the visitors of a busy evening: 500 of them are in the shop at a time for each shopper, and
// a new one comes for each that leaves. It rests often enough to take a quarter of a CPU at most.
func generateTraffic(shop *Shop, shopper int) {
	const present, share = 500, 0.25
	ids := make([]string, present)
	visits := make([]int, present)
	visitor, request := 0, 0
	for {
		start := time.Now()
		for time.Since(start) < 5*time.Millisecond {
			for i := 0; i < 50; i++ {
				slot := (request * 7919) % present
				if visits[slot]%requestsPerSession == 0 {
					visitor++
					ids[slot] = "s-" + strconv.Itoa(shopper) + "-" + strconv.Itoa(visitor)
				}
				shop.Visit(ids[slot], visitor, request)
				visits[slot]++
				request++
			}
		}
		busy := time.Since(start)
		time.Sleep(time.Duration(float64(busy) * (1 - share) / share))
	}
}
