// Command probe does each operation on maps and sync.Maps in a function of its own under a CPU profile, so that
// the project's table of symbols can be checked against what each Go toolchain really makes of it. It leaves
// out net/http: a toolchain compiles it in seconds.
//
//	probe PROFILE
package main

import (
	"log"
	"os"
	"runtime/pprof"
	"sync"
	"syscall"
	"time"
)

type operation struct {
	name string // the function of the same name carries out the operation
	run  func()
}

var operations = []operation{
	{"assign", assign},
	{"access", access},
	{"remove", remove},
	{"iterate", iterate},
	{"grow", grow},
	{"syncLoad", syncLoad},
	{"syncStore", syncStore},
	{"syncLoadOrStore", syncLoadOrStore},
	{"syncDelete", syncDelete},
	{"syncCompareAndSwap", syncCompareAndSwap},
	{"syncRange", syncRange},
	{"syncMiss", syncMiss},
}

type point struct{ x, y int }

const size = 10000

var (
	byInt    = map[int]int{}
	byInt32  = map[int32]int{}
	byString = map[string]int{}
	byPoint  = map[point]int{}
	byPtr    = map[*point]int{}
	names    [size]string
	points   [size]*point
	concur   sync.Map
	sink     int
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: probe PROFILE")
	}
	for i := range names {
		names[i] = string(rune('a'+i%26)) + time.Duration(i).String()
		points[i] = &point{i, i}
	}
	assign()
	syncStore()
	clearAll()

	out, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	if err := pprof.StartCPUProfile(out); err != nil {
		log.Fatal(err)
	}
	for _, operation := range operations {
		// CPU time, not wall time: a busy machine takes as many samples of each operation.
		for start := cpuTime(); cpuTime()-start < 250*time.Millisecond; {
			operation.run()
		}
	}
	pprof.StopCPUProfile()
	if err := out.Close(); err != nil {
		log.Fatal(err)
	}
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano())
}

func assign() {
	for i := 0; i < size; i++ {
		byInt[i] = i
		byInt32[int32(i)] = i
		byString[names[i]] = i
		byPoint[*points[i]] = i
		byPtr[points[i]] = i
	}
}

func access() {
	for i := 0; i < size; i++ {
		sink += byInt[i] + byInt32[int32(i)] + byString[names[i]] + byPoint[*points[i]] + byPtr[points[i]]
		if _, ok := byInt[-i]; ok {
			sink++
		}
		if _, ok := byPoint[point{-1, i}]; ok {
			sink++
		}
	}
}

func remove() {
	for i := 0; i < size; i++ {
		delete(byInt, i)
		delete(byInt32, int32(i))
		delete(byString, names[i])
		delete(byPoint, *points[i])
	}
}

func iterate() {
	for range [10]int{} {
		for _, v := range byPtr {
			sink += v
		}
	}
}

func grow() {
	m := map[int]int{}
	for i := 0; i < size; i++ {
		m[i] = i
	}
	sink += len(m)
}

func syncStore() {
	for i := range points {
		concur.Store(points[i], i)
	}
}

func syncLoad() {
	for i := range points {
		concur.Load(points[i])
	}
}

func syncLoadOrStore() {
	for i := range points {
		concur.LoadOrStore(points[i], i)
	}
}

func syncCompareAndSwap() {
	for i := range points {
		concur.CompareAndSwap(points[i], i, i)
	}
}

func syncDelete() {
	for i := range points {
		concur.Delete(points[i])
	}
}

func syncRange() {
	concur.Range(func(_, v any) bool {
		sink += v.(int)
		return true
	})
}

// On classic sync.Map the Loads of a key that is not there miss, so many of them promote the dirty map, and the
// next new key makes a copy of all of it.
func syncMiss() {
	const keys = 500
	var m sync.Map
	for i := 0; i < keys; i++ {
		m.Store(i, i)
	}
	for i := 0; i < 50; i++ {
		m.Store(keys+i, i)
		for miss := 0; miss < keys+i+1; miss++ {
			m.Load(-1)
		}
	}
}
