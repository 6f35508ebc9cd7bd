package main

import (
	"sync"
	"time"
)

// Session is what the service remembers of a visitor between two requests.
type Session struct {
	Customer int32
	Requests int32 // so far
	Total    int64 // of the cart, in cents
	LastSeen int64 // Unix nanoseconds
}

// SessionCache looks harmless: sync.Map needs no lock, and reading is fast. But a session is written on every
// single request, is new after a handful of them, and is gone a moment later. sync.Map is made for keys that are
// written once and read ever after.
type SessionCache struct {
	sessions sync.Map // session id -> Session
}

// Open makes a session for a visitor who has none.
func (c *SessionCache) Open(id string, customer int32, now time.Time) Session {
	session := Session{Customer: customer, LastSeen: now.UnixNano()}
	c.sessions.Store(id, session)
	return session
}

// Get finds the session of a request. Crawlers and expired cookies ask for sessions that are not there.
func (c *SessionCache) Get(id string) (Session, bool) {
	value, ok := c.sessions.Load(id)
	if !ok {
		return Session{}, false
	}
	return value.(Session), true
}

// Touch writes the session back, if only to note when it was last seen.
func (c *SessionCache) Touch(id string, session Session, now time.Time) Session {
	session.LastSeen = now.UnixNano()
	c.sessions.Store(id, session)
	return session
}

// Close ends a session: checkout, or expiry.
func (c *SessionCache) Close(id string) {
	c.sessions.Delete(id)
}
