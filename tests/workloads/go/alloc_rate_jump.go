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
	every(10*time.Millisecond, func() {
		events := 40 // 4,000 a second
		if jumped.Load() {
			events = 2000 // 200,000 a second
		}
		for i := 0; i < events; i++ {
			id++
			emit(id)
		}
	})
}
