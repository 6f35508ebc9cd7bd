package main

import (
	"strconv"
	"sync"
	"time"
)

// Fault: a sync.Map holds a value that every request writes (the time a session was last seen). Nine of ten
// operations are Stores to keys that exist already; sync.Map is made for the opposite mix.
func init() { register("syncmap-write-heavy", runSyncMapWriteHeavy) }

type lastSeen struct {
	sessions sync.Map // session id -> int64, Unix nanoseconds
}

func (l *lastSeen) touch(id string, now int64) {
	l.sessions.Store(id, now) // edp:culprit GO-SYNCMAP-WRITE-HEAVY
}

func (l *lastSeen) seen(id string) bool {
	_, ok := l.sessions.Load(id)
	return ok
}

func runSyncMapWriteHeavy() {
	ids := sessionIDs(20000)
	var l lastSeen
	for _, id := range ids {
		l.touch(id, 0)
	}
	for worker := 0; worker < 2; worker++ {
		r := newRandom(worker)
		go spend(0.4, func() {
			now := time.Now().UnixNano()
			for i := 0; i < 100; i++ {
				id := ids[r.below(len(ids))]
				if i%10 == 0 {
					l.seen(id)
				} else {
					l.touch(id, now)
				}
			}
		})
	}
}

func sessionIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = "session-" + strconv.Itoa(i)
	}
	return ids
}
