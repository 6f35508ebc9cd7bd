// Command demo is the service that `./edp demo` diagnoses: a shop's session service with a real fault. Its
// sessions live in a sync.Map that every request writes to (sessions.go); the traffic comes from the program itself
// (traffic.go).
//
// It listens on a loopback address only, prints its URL as the first line, and ends after -for seconds or when
// its standard input closes.
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
	"time"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "loopback address to serve on")
	seconds := flag.Float64("for", 600, "end after so many seconds")
	flag.Parse()

	// What a canary would have: one of ten contention events is sampled.
	runtime.SetMutexProfileFraction(10)
	runtime.SetBlockProfileRate(int(100 * time.Microsecond))

	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	if !listener.Addr().(*net.TCPAddr).IP.IsLoopback() {
		log.Fatalf("%s is not a loopback address", *listen)
	}
	fmt.Printf("http://%s\n", listener.Addr())

	shop := &Shop{}
	http.HandleFunc("/visit", shop.serveVisit)
	go func() { log.Fatal(http.Serve(listener, nil)) }()
	for shopper := 0; shopper < 4; shopper++ {
		go generateTraffic(shop, shopper)
	}
	waitForEnd(time.Duration(*seconds * float64(time.Second)))
}

// waitForEnd returns after the limit, or when whoever started the program closes the pipe to its standard input.
func waitForEnd(limit time.Duration) {
	closed := make(chan struct{})
	if info, err := os.Stdin.Stat(); err == nil && info.Mode()&os.ModeNamedPipe != 0 {
		go func() {
			io.Copy(io.Discard, os.Stdin)
			close(closed)
		}()
	}
	select {
	case <-time.After(limit):
	case <-closed:
	}
}
