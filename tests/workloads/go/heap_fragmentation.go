package main

import "runtime"

// Fault: of the documents that were loaded together one in eight stays, scattered over all the spans: the heap holds
// about eight times the memory that is in use, and none of it can go back to the system.
func init() { register("heap-fragmentation", runHeapFragmentation) }

func loadDocuments(n int) [][]byte {
	documents := make([][]byte, n)
	for i := range documents {
		documents[i] = make([]byte, 1024) // edp:culprit GO-HEAP-FRAGMENTATION
	}
	return documents
}

func keepOneInEight(documents [][]byte) [][]byte {
	var kept [][]byte
	for i := 0; i < len(documents); i += 8 {
		kept = append(kept, documents[i])
	}
	return kept
}

func runHeapFragmentation() {
	kept := keepOneInEight(loadDocuments(160 << 10)) // 160 MiB, 20 MiB of it kept
	runtime.GC()
	runtime.GC() // the second one finishes the sweep of the first
	spend(0.05, func() { checksum(len(kept)) })
	runtime.KeepAlive(kept)
}
