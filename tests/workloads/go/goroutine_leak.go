package main

import "time"

// Fault: a lookup that runs into its timeout leaves behind the goroutine that sends the late answer: nobody will
// ever read the channel, which has no buffer.
func init() { register("goroutine-leak", runGoroutineLeak) }

func lookup(key int) (int64, bool) {
	answer := make(chan int64)
	go func() { // edp:culprit GO-GOROUTINE-LEAK
		time.Sleep(20 * time.Millisecond) // the slow backend
		answer <- checksum(key)           // edp:culprit GO-GOROUTINE-LEAK
	}()
	select {
	case value := <-answer:
		return value, true
	case <-time.After(5 * time.Millisecond):
		return 0, false // edp: the sender is forgotten here
	}
}

func runGoroutineLeak() {
	const limit = 20000 // bounds the memory: 200 s at this rate
	key := 0
	every(10*time.Millisecond, func() {
		if key++; key < limit {
			go lookup(key)
		}
	})
}
