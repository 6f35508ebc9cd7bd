package main

import "sync"

// Fault: requests in flight live in a sync.Map: every key is stored once, read once and deleted a moment later.
// Each insert and delete takes the slow path, and the map never settles into its read-only part.
func init() { register("syncmap-churn", runSyncMapChurn) }

type inFlight struct {
	requests sync.Map // request id -> *request
}

type request struct{ id, step int }

func (f *inFlight) begin(id int) {
	f.requests.Store(id, &request{id: id}) // edp:culprit GO-SYNCMAP-KEY-CHURN
}

func (f *inFlight) advance(id int) {
	if value, ok := f.requests.Load(id); ok {
		value.(*request).step++
	}
}

func (f *inFlight) end(id int) {
	f.requests.Delete(id) // edp:culprit GO-SYNCMAP-KEY-CHURN
}

func runSyncMapChurn() {
	const alive = 500
	var f inFlight
	for worker := 0; worker < 2; worker++ {
		next := worker << 40
		first := next
		go spend(0.4, func() {
			for i := 0; i < 100; i++ {
				f.begin(next)
				f.advance(next)
				next++
				if next-first > alive {
					f.end(next - alive)
				}
			}
		})
	}
}
