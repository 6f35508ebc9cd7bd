package main

import (
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
)

// Shop takes orders. It has nothing of its own to be slow at.
type Shop struct {
	cache  SessionCache
	orders atomic.Int64
}

// requestsPerSession is how long a visit lasts before checkout.
const requestsPerSession = 6

// Visit handles one request of a visitor: find the session, put the item into the cart, write the session back.
func (s *Shop) Visit(sessionID string, customer, item int) {
	session, known := s.cache.Get(sessionID)
	if !known {
		session = s.cache.Open(sessionID, customer)
	}
	session.Cart[session.Requests%len(session.Cart)] = item
	s.cache.Touch(session)
	if session.Requests+1 >= requestsPerSession {
		s.orders.Add(1)
		s.cache.Close(sessionID)
	}
}

func (s *Shop) serveOrder(w http.ResponseWriter, r *http.Request) {
	item, err := strconv.Atoi(r.FormValue("item"))
	if err != nil {
		http.Error(w, "item: a number", http.StatusBadRequest)
		return
	}
	s.Visit(r.FormValue("session"), 0, item)
	fmt.Fprintf(w, "%d orders so far\n", s.orders.Load())
}
