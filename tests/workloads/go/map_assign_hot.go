package main

import "strconv"

// Fault: every event adds one to a counter in a map with string keys; that assignment is nearly all the program does.
// The map never grows after its start.
func init() { register("map-assign-hot", runMapAssignHot) }

type hitCounter struct{ hits map[string]int }

func (c *hitCounter) count(path string) {
	c.hits[path]++ // edp:culprit GO-MAP-ASSIGN-HOT
}

func runMapAssignHot() {
	paths := make([]string, 5000)
	for i := range paths {
		paths[i] = "/api/v1/orders/" + strconv.Itoa(i) + "/items"
	}
	counter := hitCounter{hits: make(map[string]int, len(paths))}
	r := newRandom(1)
	spend(0.7, func() {
		for i := 0; i < 1000; i++ {
			counter.count(paths[r.below(len(paths))])
		}
	})
}
