package main

import (
	"strconv"
	"time"
)

// generateTraffic plays the visitors of a busy evening: for each shopper 400 of them are in the shop at a time, and
// a new one comes for each that leaves. It rests often enough to take a third of a CPU.
func generateTraffic(shop *Shop, shopper int) {
	const present = 400
	const share, slice = 0.33, 5 * time.Millisecond
	ids := make([]string, present)
	visits := make([]int, present)
	visitors, requests := 0, 0
	for {
		start := time.Now()
		for time.Since(start) < slice {
			now := time.Now()
			for i := 0; i < 50; i++ {
				slot := requests % present
				requests++
				if visits[slot]%requestsPerVisit == 0 {
					visitors++
					ids[slot] = "s-" + strconv.Itoa(shopper) + "-" + strconv.Itoa(visitors)
				}
				visits[slot]++
				shop.Visit(ids[slot], int32(visitors), 499, now)
			}
		}
		busy := min(time.Since(start), 2*slice)
		time.Sleep(time.Duration(float64(busy) * (1 - share) / share))
	}
}
