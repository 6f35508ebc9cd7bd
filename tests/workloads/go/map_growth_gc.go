package main

// Fault: reports are grouped into maps of pointers that start empty and grow to 20,000 entries. Growth
// allocates most of what the program allocates, and with a live heap full of pointers behind it the garbage
// collector takes a good part of the CPU: map -> allocation -> GC.
func init() { register("map-growth-gc", runMapGrowthGC) }

type reportLine struct {
	next  *reportLine
	name  string
	count int
}

func groupByCustomer(lines []*reportLine) map[int]*reportLine {
	groups := make(map[int]*reportLine)
	for i, line := range lines {
		groups[i] = line // edp:culprit GO-MAP-GROWTH-GC GO-MAP-GROWTH-HOT
	}
	return groups
}

func runMapGrowthGC() {
	// The live heap: long chains of small objects, dear to mark.
	archive := make([]*reportLine, 200000)
	for i := range archive {
		archive[i] = &reportLine{name: "line", next: archive[(i*7919)%len(archive)]}
	}
	lines := archive[:20000]
	var recent [16]map[int]*reportLine
	turn := 0
	spend(0.7, func() {
		recent[turn%len(recent)] = groupByCustomer(lines)
		turn++
	})
}
