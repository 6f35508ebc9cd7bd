package main

import (
	"net"
	"sync"
	"time"
)

// Programs whose goroutines wait or meet at a lock, as they should.
func init() {
	register("io-wait-many", runIOWaitMany)
	register("mutex-hot-no-map", runMutexHotNoMap)
	register("alloc-waves", runAllocWaves)
}

// 60 connections, each with a goroutine that reads from a slow peer: many wait, none for another.
func runIOWaitMany() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				panic(err)
			}
			go slowRateServer(conn)
		}
	}()
	for caller := 0; caller < 60; caller++ {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			panic(err)
		}
		client := rateClient{conn: conn} // its own lock, which nobody else asks for
		go func() {
			for {
				if _, err := client.rate(); err != nil {
					panic(err)
				}
			}
		}()
	}
}

// Eight goroutines share a counter behind a mutex: contended at times, held for nanoseconds, and no map.
func runMutexHotNoMap() {
	var mu sync.Mutex
	var total int64
	for worker := 0; worker < 8; worker++ {
		go spend(0.1, func() {
			value := checksum(1)
			mu.Lock()
			total += value
			mu.Unlock()
		})
	}
}

// Allocation comes in waves of a second: between 50,000 and 100,000 objects a second, as load does.
func runAllocWaves() {
	start := time.Now()
	rate := func() int {
		if int(time.Since(start).Seconds()*2)%2 == 1 {
			return 100000
		}
		return 50000
	}
	id := 0
	atRate(rate, func() {
		id++
		newestMessage.Store(&message{id: id})
	})
}
