package main

import (
	"sync"
	"time"
)

// Session is what the service remembers of a visitor between two requests.
type Session struct {
	ID       string
	Customer int
	LastSeen time.Time
	Requests int
	Cart     [8]int
}

// SessionCache looks harmless: sync.Map needs no lock, and reading is fast. But a session is written on every
// single request, is new after a handful of them, and is gone a moment later. sync.Map is made for keys that are
// written once and read ever after.
type SessionCache struct {
	sessions sync.Map // session id -> Session
}

// Open makes a session for a visitor who has none.
func (c *SessionCache) Open(id string, customer int) Session {
	session := Session{ID: id, Customer: customer, LastSeen: time.Now()}
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

// Touch writes the session back after each request, if only to note when it was last seen.
func (c *SessionCache) Touch(session Session) {
	session.LastSeen = time.Now()
	session.Requests++
	c.sessions.Store(session.ID, session)
}

// Close ends a session: checkout, or expiry.
func (c *SessionCache) Close(id string) {
	c.sessions.Delete(id)
}
