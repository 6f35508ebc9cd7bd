package main

import "time"

// spend repeats work so that it takes about the given share of one CPU, whatever the machine's speed. Where others
// take the CPU away in the middle, the pause does not grow with the interruption.
func spend(share float64, work func()) {
	const slice = 5 * time.Millisecond
	for {
		start := time.Now()
		for time.Since(start) < slice {
			work()
		}
		busy := time.Since(start)
		if busy > 2*slice {
			busy = 2 * slice
		}
		time.Sleep(time.Duration(float64(busy) * (1 - share) / share))
	}
}

// every calls work at a fixed rate of the wall clock; a call that takes too long makes later ones drop out.
func every(period time.Duration, work func()) {
	for range time.Tick(period) {
		work()
	}
}

// atRate does work so many times a second of the wall clock, and catches up when it was held up. The rate is asked
// for every time.
func atRate(perSecond func() int, work func()) {
	last, owed := time.Now(), 0.0
	every(10*time.Millisecond, func() {
		now := time.Now()
		owed += now.Sub(last).Seconds() * float64(perSecond())
		last = now
		for ; owed >= 1; owed-- {
			work()
		}
	})
}

// random is a xorshift generator: cheap, so that it does not show in profiles, and the same on every run.
type random uint64

func newRandom(seed int) *random {
	r := random(seed)*0x9E3779B97F4A7C15 + 1
	return &r
}

func (r *random) below(n int) int {
	x := uint64(*r)
	x ^= x << 13
	x ^= x >> 7
	x ^= x << 17
	*r = random(x)
	return int((x >> 11) % uint64(n))
}
