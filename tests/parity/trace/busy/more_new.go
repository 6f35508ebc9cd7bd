//go:build go1.23

package main

import (
	"iter"
	"sync/atomic"
	"time"
)

// Coroutines: goroutines that switch to each other without the scheduler.
func coroutines(stop *int32) {
	for k := 0; atomic.LoadInt32(stop) == 0; k++ {
		if k%32 == 31 {
			time.Sleep(time.Millisecond)
		}
		next, end := iter.Pull(func(yield func(int) bool) {
			for i := 0; yield(i); i++ {
			}
		})
		for i := 0; i < 10; i++ {
			next()
		}
		end()
	}
}

func more(stop *int32) []func() { return []func(){threads, func() { coroutines(stop) }} }
