package main

import "runtime/debug"

// Fault: an index is built anew for every batch with a map that starts empty, so that each build doubles it
// a dozen times. The size is known beforehand. The garbage collector is kept out of it by a large GOGC, so that the
// cost of growing itself is what shows.
func init() { register("map-growth", runMapGrowth) }

func indexByID(ids []int) map[int]int32 {
	index := make(map[int]int32)
	for position, id := range ids {
		index[id] = int32(position) // edp:culprit GO-MAP-GROWTH-HOT
	}
	return index
}

func runMapGrowth() {
	debug.SetGCPercent(1000)
	ids := make([]int, 30000)
	for i := range ids {
		ids[i] = i * 7919
	}
	spend(0.7, func() { indexByID(ids) })
}
