//go:build !go1.23

package main

import "sync"

// sync.Map.Clear came with Go 1.23.
func clearSyncMap(m *sync.Map) {
	m.Range(func(key, _ any) bool {
		m.Delete(key)
		return true
	})
}
