package main

import "time"

// Fault: two goroutines write the same map without a lock. The runtime notices and ends the process with
// "fatal error: concurrent map writes", exit status 2. What it prints is the input of the diagnosis.
func init() { register("map-concurrent-write-crash", runMapConcurrentWriteCrash) }

type stockLevels struct{ level map[int]int }

func (s *stockLevels) set(item, count int) {
	s.level[item] = count // edp:culprit GO-MAP-CONCURRENT-WRITE
}

func runMapConcurrentWriteCrash() {
	s := stockLevels{level: make(map[int]int, 1000)}
	for writer := 0; writer < 2; writer++ {
		writer := writer
		go func() {
			time.Sleep(500 * time.Millisecond)
			for i := 0; ; i++ {
				s.set(i%1000, writer)
			}
		}()
	}
}
