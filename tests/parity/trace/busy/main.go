// Does a little of everything that an execution trace can tell, and writes the trace.
//
//	busy OUT           for half a second
//	busy OUT MB        until the trace has so many megabytes
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// A short trace holds a bit of everything; a long one is filled as fast as can be.
var short = true

func pause(i int) {
	if short && i%32 == 31 {
		time.Sleep(time.Millisecond)
	}
}

type store struct {
	mu   sync.RWMutex
	data map[int][]byte
}

func (s *store) put(k int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data[k%5000] = make([]byte, 200+k%1000)
}

func (s *store) get(k int) int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.data[k%5000])
}

func handle(ctx context.Context, s *store, k int) {
	ctx, task := trace.NewTask(ctx, "request")
	defer task.End()
	trace.WithRegion(ctx, "lookup", func() { s.get(k) })
	trace.WithRegion(ctx, "update", func() {
		s.put(k)
		trace.Logf(ctx, "update", "key %d", k%10)
	})
}

func pingPong(stop *int32) {
	a, b := make(chan int), make(chan int)
	go func() {
		for v := range a {
			b <- v
		}
		close(b)
	}()
	for i := 0; atomic.LoadInt32(stop) == 0; i++ {
		a <- i
		<-b
		pause(i)
	}
	close(a)
}

func selects(stop *int32) {
	work, tick := make(chan int, 4), time.NewTicker(time.Millisecond)
	defer tick.Stop()
	var wg sync.WaitGroup
	for i := 0; i < 3; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for v := range work {
				if v%64 == 0 {
					time.Sleep(50 * time.Microsecond)
				}
			}
		}()
	}
	for i := 0; atomic.LoadInt32(stop) == 0; i++ {
		pause(i)
		select {
		case work <- i:
		case <-tick.C:
			runtime.Gosched()
		}
	}
	close(work)
	wg.Wait()
}

func conds(stop *int32) {
	var mu sync.Mutex
	c := sync.NewCond(&mu)
	turn := 0
	var wg sync.WaitGroup
	for i := 0; i < 2; i++ {
		wg.Add(1)
		go func(me int) {
			defer wg.Done()
			for i := 0; ; i++ {
				pause(i)
				mu.Lock()
				for turn != me && atomic.LoadInt32(stop) == 0 {
					c.Wait()
				}
				turn = 1 - me
				mu.Unlock()
				c.Broadcast()
				if atomic.LoadInt32(stop) != 0 {
					return
				}
			}
		}(i)
	}
	wg.Wait()
}

func echo(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			io.Copy(c, c)
		}()
	}
}

func network(stop *int32, address string) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		panic(err)
	}
	defer c.Close()
	r := bufio.NewReader(c)
	for i := 0; atomic.LoadInt32(stop) == 0; i++ {
		pause(i)
		fmt.Fprintf(c, "hello\n")
		if _, err := r.ReadString('\n'); err != nil {
			return
		}
	}
}

func syscalls(stop *int32) {
	r, w, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	go func() {
		buffer := make([]byte, 1)
		for {
			if n, _ := r.Read(buffer); n == 0 {
				return
			}
		}
	}()
	for i := 0; atomic.LoadInt32(stop) == 0; i++ {
		pause(i)
		w.Write([]byte{1})
		if f, err := os.Open("/proc/self/stat"); err == nil {
			io.Copy(io.Discard, f)
			f.Close()
		}
	}
	w.Close()
}

func shortLived(stop *int32, s *store) {
	for k := 0; atomic.LoadInt32(stop) == 0; k++ {
		var wg sync.WaitGroup
		for i := 0; i < 8; i++ {
			wg.Add(1)
			go func(k int) {
				defer wg.Done()
				handle(context.Background(), s, k)
			}(k*8 + i)
		}
		wg.Wait()
		pause(k)
	}
}

type counting struct {
	w io.Writer
	n int64
}

func (c *counting) Write(p []byte) (int, error) {
	atomic.AddInt64(&c.n, int64(len(p)))
	return c.w.Write(p)
}

func main() {
	file, err := os.Create(os.Args[1])
	if err != nil {
		panic(err)
	}
	limit := int64(0)
	if len(os.Args) > 2 {
		mb, _ := strconv.Atoi(os.Args[2])
		short = false
		limit = int64(mb) * 1e6
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go echo(listener)
	blocked := make(chan bool)
	go func() { <-blocked }() // as the trace begins, and to its end

	out := &counting{w: bufio.NewWriterSize(file, 1<<20)}
	pprof.StartCPUProfile(io.Discard)
	if err := trace.Start(out); err != nil {
		panic(err)
	}
	s := &store{data: map[int][]byte{}}
	var stop int32
	var wg sync.WaitGroup
	work := []func(){
		func() { pingPong(&stop) },
		func() { pingPong(&stop) },
		func() { selects(&stop) },
		func() { conds(&stop) },
		func() { network(&stop, listener.Addr().String()) },
		func() { syscalls(&stop) },
		func() { shortLived(&stop, s) },
		func() { shortLived(&stop, s) },
	}
	work = append(work, more(&stop)...)
	if !short { // as a busy service does: many at once
		for i := 0; i < 24; i++ {
			work = append(work, func() { network(&stop, listener.Addr().String()) }, func() { shortLived(&stop, s) },
				func() { selects(&stop) })
		}
	}
	for _, f := range work {
		f := f
		wg.Add(1)
		go func() {
			defer wg.Done()
			f()
		}()
	}
	begin := time.Now()
	for time.Since(begin) < 500*time.Millisecond || atomic.LoadInt64(&out.n) < limit {
		time.Sleep(20 * time.Millisecond)
		if limit == 0 {
			runtime.GC()
			runtime.GOMAXPROCS(2 + int(time.Since(begin)/(100*time.Millisecond))%4)
			var stats runtime.MemStats
			runtime.ReadMemStats(&stats)
		}
	}
	atomic.StoreInt32(&stop, 1)
	wg.Wait()
	trace.Stop()
	pprof.StopCPUProfile()
	out.w.(*bufio.Writer).Flush()
	file.Close()
}
