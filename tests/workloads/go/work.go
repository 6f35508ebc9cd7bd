package main

// checksum stands for the useful work of a request: some hundred nanoseconds of CPU without maps or allocation.
//
//go:noinline
func checksum(seed int) int64 {
	hash := uint64(seed) + 14695981039346656037
	for i := 0; i < 400; i++ {
		hash = (hash ^ uint64(i)) * 1099511628211
	}
	return int64(hash)
}
