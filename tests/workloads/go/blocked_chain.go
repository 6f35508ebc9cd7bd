package main

import (
	"net"
	"sync"
	"time"
)

// Fault: a client keeps one lock over a whole exchange with a slow server. All 60 callers queue up behind
// the one that reads from the network. No map is involved.
func init() { register("blocked-chain", runBlockedChain) }

type rateClient struct {
	mu   sync.Mutex
	conn net.Conn
}

func (c *rateClient) rate() (byte, error) {
	c.mu.Lock() // edp:culprit GO-BLOCKED-CHAIN
	defer c.mu.Unlock()
	return c.exchange() // edp:culprit GO-BLOCKED-CHAIN
}

func (c *rateClient) exchange() (byte, error) {
	var answer [1]byte
	if _, err := c.conn.Write([]byte{'?'}); err != nil {
		return 0, err
	}
	_, err := c.conn.Read(answer[:]) // edp:culprit GO-BLOCKED-CHAIN
	return answer[0], err
}

func slowRateServer(conn net.Conn) {
	var question [1]byte
	for {
		if _, err := conn.Read(question[:]); err != nil {
			return
		}
		time.Sleep(400 * time.Millisecond)
		conn.Write([]byte{'!'})
	}
}

func runBlockedChain() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			panic(err)
		}
		slowRateServer(conn)
	}()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		panic(err)
	}
	client := rateClient{conn: conn}
	for caller := 0; caller < 60; caller++ {
		go func() {
			for {
				if _, err := client.rate(); err != nil {
					panic(err)
				}
			}
		}()
	}
}
