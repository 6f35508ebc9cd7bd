package main

import (
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// Shop takes orders. It has nothing of its own to be slow at.
type Shop struct {
	cache  SessionCache
	orders atomic.Int64
}

// requestsPerVisit is how long a visit lasts before checkout.
const requestsPerVisit = 6

// Visit handles one request of a visitor: find the session, note that it is in use, add to the cart, write it back.
func (s *Shop) Visit(id string, customer int32, cents int64, now time.Time) {
	session, known := s.cache.Get(id)
	if !known {
		session = s.cache.Open(id, customer, now)
	}
	session = s.cache.Touch(id, session, now)
	session.Requests++
	session.Total += cents
	s.cache.Touch(id, session, now)
	if session.Requests == requestsPerVisit {
		s.orders.Add(1)
		s.cache.Close(id)
	}
}

func (s *Shop) serveVisit(w http.ResponseWriter, r *http.Request) {
	cents, err := strconv.ParseInt(r.FormValue("cents"), 10, 64)
	if err != nil {
		http.Error(w, "cents: a number", http.StatusBadRequest)
		return
	}
	s.Visit(r.FormValue("session"), 0, cents, time.Now())
	fmt.Fprintf(w, "%d orders so far\n", s.orders.Load())
}
