package main

// Fault: the cheapest offer is found by walking the whole map for each request.
func init() { register("map-iterate-hot", runMapIterateHot) }

func cheapest(offers map[int]int) (best int) {
	price := int(^uint(0) >> 1)
	for offer, cost := range offers { // edp:culprit GO-MAP-ITERATION-HOT
		if cost < price { // edp:culprit GO-MAP-ITERATION-HOT
			best, price = offer, cost
		}
	}
	return best
}

func runMapIterateHot() {
	const size = 20000
	offers := make(map[int]int, size)
	for i := 0; i < size; i++ {
		offers[i] = (i * 7919) % 100003
	}
	spend(0.7, func() { cheapest(offers) })
}
