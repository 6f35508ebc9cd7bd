package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"runtime"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

// Programs that are busy, or keep much, or wait a lot, without any fault around maps.
func init() {
	register("hot-no-maps", runHotNoMaps)
	register("gc-pressure-no-map", runGCPressureNoMap)
	register("worker-pool-idle", runWorkerPoolIdle)
	register("goroutine-burst", runGoroutineBurst)
	register("json-heavy", runJSONHeavy)
	register("heap-big-but-tight", runHeapBigButTight)
	register("steady-alloc", runSteadyAlloc)
}

// Hashing and sorting.
func runHotNoMaps() {
	buffer := make([]byte, 4096)
	numbers := make([]int, 2000)
	r := newRandom(1)
	spend(0.8, func() {
		sum := sha256.Sum256(buffer)
		copy(buffer, sum[:])
		for i := range numbers {
			numbers[i] = r.below(1 << 30)
		}
		sort.Ints(numbers)
	})
}

var newestBuffer atomic.Pointer[[]byte]

// The collector is as busy as in map-growth-gc, but what it collects are buffers.
func runGCPressureNoMap() {
	type node struct{ next *node }
	live := make([]*node, 200000)
	for i := range live {
		live[i] = &node{next: live[(i*7919)%len(live)]}
	}
	spend(0.7, func() {
		buffer := make([]byte, 16<<10)
		buffer[0] = byte(len(live))
		newestBuffer.Store(&buffer)
	})
	runtime.KeepAlive(live)
}

// 200 workers wait for a job each; a few of them get one. Nobody is blocked and nothing leaks.
func runWorkerPoolIdle() {
	jobs := make(chan int)
	var done atomic.Int64
	for worker := 0; worker < 200; worker++ {
		go func() {
			for job := range jobs {
				done.Add(checksum(job) & 1)
			}
		}()
	}
	job := 0
	every(5*time.Millisecond, func() {
		jobs <- job
		job++
	})
}

// Each second 300 goroutines start, wait for a while and end: their number goes up and down, and never grows.
func runGoroutineBurst() {
	for {
		var burst sync.WaitGroup
		for i := 0; i < 300; i++ {
			i := i
			burst.Add(1)
			go func() {
				defer burst.Done()
				<-time.After(time.Duration(300+i) * time.Millisecond) // the answer of a backend
				checksum(i)
			}()
		}
		burst.Wait()
		time.Sleep(400 * time.Millisecond)
	}
}

type order struct {
	ID    int               `json:"id"`
	Items []string          `json:"items"`
	Tags  map[string]string `json:"tags"`
	Total float64           `json:"total"`
}

// JSON in and out: the standard library's own sync.Map and some small maps are at work.
func runJSONHeavy() {
	o := order{ID: 1, Items: []string{"book", "pen", "lamp"}, Tags: map[string]string{"source": "web", "lang": "en"}, Total: 12.5}
	for worker := 0; worker < 2; worker++ {
		go spend(0.35, func() {
			text, err := json.Marshal(o)
			if err != nil {
				panic(err)
			}
			var back order
			if err := json.NewDecoder(bytes.NewReader(text)).Decode(&back); err != nil {
				panic(err)
			}
		})
	}
}

// 120 MiB of blocks that are all in use.
func runHeapBigButTight() {
	blocks := make([][]byte, 120<<10)
	for i := range blocks {
		blocks[i] = make([]byte, 1024)
	}
	runtime.GC()
	runtime.GC()
	spend(0.05, func() { checksum(len(blocks)) })
	runtime.KeepAlive(blocks)
}

// 100,000 small objects a second, all the time.
func runSteadyAlloc() {
	id := 0
	atRate(func() int { return 100000 }, func() {
		id++
		newestMessage.Store(&message{id: id})
	})
}

type message struct {
	id   int
	body [6]int64
}

var newestMessage atomic.Pointer[message]
