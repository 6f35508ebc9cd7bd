// Writes the forms in which Go serves its runtime's facts, for the decoders' tests (see regenerate.sh).
package main

import (
	"encoding/json"
	"expvar"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"sync"
	"time"
)

type order struct {
	id    int
	notes [120]byte
}

var (
	mu     sync.Mutex
	orders = map[string]*order{}
	plain  = map[int]int{}
)

func put(id int) {
	mu.Lock()
	defer mu.Unlock()
	orders[fmt.Sprint("order-", id)] = &order{id: id}
	time.Sleep(20 * time.Microsecond)
}

func work() {
	var done sync.WaitGroup
	for w := 0; w < 4; w++ {
		done.Add(1)
		go func(w int) {
			defer done.Done()
			for i := 0; i < 500; i++ {
				put(w*1000 + i)
			}
		}(w)
	}
	done.Wait()
}

func crash() {
	for w := 0; w < 8; w++ {
		go func() {
			for i := 0; ; i++ {
				plain[i%64] = i
			}
		}()
	}
	select {}
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "crash" {
		crash()
	}
	folder := os.Args[1]
	runtime.MemProfileRate = 4096
	runtime.SetMutexProfileFraction(5)
	runtime.SetBlockProfileRate(1)
	never := make(chan int)
	go func() { <-never }()
	go func() {
		runtime.LockOSThread()
		var wg sync.WaitGroup
		wg.Add(1)
		wg.Wait()
	}()
	go func() { select {} }()
	mu.Lock()
	go put(-1)
	time.Sleep(10 * time.Millisecond)
	for _, debug := range []int{1, 2} {
		write(folder, "goroutine", debug)
	}
	mu.Unlock()
	work()
	runtime.GC()
	for _, name := range []string{"heap", "mutex", "block", "threadcreate"} {
		write(folder, name, 1)
	}
	expvar.NewInt("goroutines").Set(int64(runtime.NumGoroutine()))
	answer := httptest.NewRecorder()
	expvar.Handler().ServeHTTP(answer, &http.Request{})
	var vars map[string]any
	check(json.Unmarshal(answer.Body.Bytes(), &vars))
	vars["cmdline"] = []string{"shop"}
	text, err := json.Marshal(vars)
	check(err)
	check(os.WriteFile(filepath.Join(folder, "vars.json"), text, 0o644))
}

func write(folder, name string, debug int) {
	file, err := os.Create(filepath.Join(folder, fmt.Sprintf("%s.debug%d.txt", name, debug)))
	check(err)
	check(pprof.Lookup(name).WriteTo(file, debug))
	check(file.Close())
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
