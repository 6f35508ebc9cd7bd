// Command workloads runs one program that misbehaves on purpose, or its innocent twin, for EDP's matrix test.
//
// One binary holds them all, so that a toolchain compiles net/http once. A workload's file says in its first
// lines what is wrong with it; the lines at fault end in an "edp:culprit RULE-ID" comment, which the
// matrix reads, so that no line number is written down anywhere.
package main

import (
	_ "expvar" // /debug/vars
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	_ "net/http/pprof" // /debug/pprof/
	"os"
	"runtime"
	"sort"
	"strings"
	"sync"
	"time"
)

type workload struct {
	name string
	run  func() // starts its goroutines and returns, or keeps running; the process ends both
}

var (
	workloads []workload

	// Closed when a client first asks for anything below /debug/pprof/: a workload whose fault has to
	// happen inside the observed window starts its clock here.
	observed     = make(chan struct{})
	observedOnce sync.Once
)

func register(name string, run func()) { workloads = append(workloads, workload{name, run}) }

func find(name string) *workload {
	for i := range workloads {
		if workloads[i].name == name {
			return &workloads[i]
		}
	}
	return nil
}

func main() {
	log.SetFlags(0)
	name := flag.String("workload", "", "which workload to run")
	list := flag.Bool("list", false, "print the names of the workloads and exit")
	listen := flag.String("listen", "127.0.0.1:0", "loopback address of /debug/pprof/ and /debug/vars")
	inPod := flag.Bool("in-pod", false, "let -listen be any address, which in a pod only the cluster can reach")
	seconds := flag.Float64("for", 120, "end after so many seconds")
	mutexFraction := flag.Int("mutex-fraction", 1, "runtime.SetMutexProfileFraction; 0 leaves it off")
	blockRate := flag.Int("block-rate", 10000, "runtime.SetBlockProfileRate in nanoseconds; 0 leaves it off")
	flag.Parse()

	if *list {
		sort.Slice(workloads, func(i, j int) bool { return workloads[i].name < workloads[j].name })
		for _, w := range workloads {
			fmt.Println(w.name)
		}
		return
	}
	chosen := find(*name)
	if chosen == nil {
		log.Fatalf("no workload %q; -list names them", *name)
	}
	runtime.GOMAXPROCS(2) // the same program everywhere, whatever the machine
	runtime.SetMutexProfileFraction(*mutexFraction)
	runtime.SetBlockProfileRate(*blockRate)

	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	if !*inPod && !listener.Addr().(*net.TCPAddr).IP.IsLoopback() {
		log.Fatalf("%s is not a loopback address", *listen)
	}
	fmt.Printf("http://%s\n", listener.Addr())
	go chosen.run()
	go func() { log.Fatal(http.Serve(listener, http.HandlerFunc(serve))) }()
	waitForEnd(time.Duration(*seconds * float64(time.Second)))
}

func serve(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/debug/pprof/") {
		observedOnce.Do(func() { close(observed) })
	}
	http.DefaultServeMux.ServeHTTP(w, r)
}

// waitForEnd returns after the limit, or as soon as whoever started the process has gone: where standard
// input is a pipe, its closing is the sign. (PR_SET_PDEATHSIG would fire when the starting thread ends.)
func waitForEnd(limit time.Duration) {
	parentGone := make(chan struct{})
	if info, err := os.Stdin.Stat(); err == nil && info.Mode()&os.ModeNamedPipe != 0 {
		go func() {
			io.Copy(io.Discard, os.Stdin)
			close(parentGone)
		}()
	}
	select {
	case <-time.After(limit):
	case <-parentGone:
	}
}
