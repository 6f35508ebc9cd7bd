// Command busy works for a second in ways that fill every kind of profile, and writes them to a folder:
// recursion, inlined calls, generics, closures, labels, lock contention, blocking.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"sort"
	"strings"
	"sync"
	"time"
)

type store[K comparable, V any] struct {
	mu   sync.Mutex
	data map[K]V
}

func (s *store[K, V]) put(k K, v V) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data[k] = v
}

func apply[T any](n int, f func(T) T, v T) T {
	for i := 0; i < n; i++ {
		v = f(v)
	}
	return v
}

func fib(n int) int {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}

func even(n int) bool { return n == 0 || odd(n-1) }
func odd(n int) bool  { return n != 0 && even(n-1) }

type visitor struct{ f func(int) struct{ n int } }

func visit[T interface{ call(int) int }](v T, n int) (sum int) {
	for i := 0; i < n; i++ {
		sum += v.call(i)
	}
	return sum
}

func (v visitor) call(n int) int { return v.f(n).n }

var sink any

func work(id int, s *store[string, []byte], shared *sync.Map) {
	for end := time.Now().Add(time.Second); time.Now().Before(end); {
		for i := 0; i < 200; i++ {
			s.put(fmt.Sprintf("key-%d-%d", id, i), make([]byte, 128))
			shared.Store(i, strings.Repeat("x", i))
		}
		words := strings.Fields(strings.Repeat("b a d c ", 100))
		sort.Strings(words)
		sink = []any{apply(10, func(x int) int { return fib(12) + x }, 1), even(500),
			visit(visitor{func(n int) struct{ n int } { return struct{ n int }{n * n} }}, 1000), words}
	}
}

func save(folder, name string, write func(*os.File) error) {
	file, err := os.Create(filepath.Join(folder, name))
	if err == nil {
		err = write(file)
	}
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "busy:", err)
		os.Exit(1)
	}
}

func main() {
	folder := os.Args[1]
	runtime.SetMutexProfileFraction(2)
	runtime.SetBlockProfileRate(1000)
	runtime.MemProfileRate = 4096
	save(folder, "cpu.pb.gz", func(file *os.File) error {
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
		s := &store[string, []byte]{data: map[string][]byte{}}
		var shared sync.Map
		var group sync.WaitGroup
		for id := 0; id < 4; id++ {
			group.Add(1)
			go pprof.Do(context.Background(), pprof.Labels("worker", fmt.Sprint(id), "kind", "map,writer"), func(context.Context) {
				defer group.Done()
				work(id, s, &shared)
			})
		}
		group.Wait()
		sink = s
		return nil
	})
	for i := 0; i < 10; i++ {
		go pprof.Do(context.Background(), pprof.Labels("waits", "forever"), func(context.Context) { select {} })
	}
	runtime.GC()
	for _, name := range []string{"heap", "allocs", "mutex", "block", "goroutine", "threadcreate"} {
		save(folder, name+".pb.gz", func(file *os.File) error { return pprof.Lookup(name).WriteTo(file, 0) })
	}
	runtime.KeepAlive(sink)
}
