package main

import "time"

// Fault: a background job has a goroutine for each of its 24 parts, and none of them ever waits. The heartbeats of
// the same program get a processor only after all parts have had their turn.
func init() { register("sched-delay", runSchedDelay) }

func compress(part int, rounds int) uint64 {
	hash := uint64(part)
	for i := 0; i < rounds; i++ { // edp:culprit GO-SCHED-DELAY
		hash = (hash ^ uint64(i)) * 1099511628211 // edp:culprit GO-SCHED-DELAY
	}
	return hash
}

func beat() {
	every(5*time.Millisecond, func() { checksum(1) })
}

func runSchedDelay() {
	for part := 0; part < 24; part++ {
		part := part
		go func() {
			for {
				compress(part, 1000000)
			}
		}()
	}
	for i := 0; i < 4; i++ {
		go beat()
	}
}
