package main

import (
	"sync/atomic"
	"time"
)

// Fault: some seconds after the observation began the program allocates fifty times as many objects a second as
// before: an event that used to be pooled is now made anew.
func init() { register("alloc-rate-jump", runAllocRateJump) }

type event struct {
	id      int
	payload [6]int64
}

var newestEvent atomic.Pointer[event]

func emit(id int) {
	newestEvent.Store(&event{id: id}) // edp:culprit GO-ALLOC-RATE-JUMP
}

func runAllocRateJump() {
	var jumped atomic.Bool
	go func() {
		<-observed
		time.Sleep(3 * time.Second)
		jumped.Store(true)
	}()
	id := 0
	rate := func() int {
		if jumped.Load() {
			return 200000
		}
		return 4000
	}
	atRate(rate, func() {
		id++
		emit(id)
	})
}
