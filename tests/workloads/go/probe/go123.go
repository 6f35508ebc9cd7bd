//go:build go1.23

package main

import (
	"sync"
	"unique"
)

func clearSyncMap(m *sync.Map) { m.Clear() }

// Package unique has a trie of its own (1.23, 1.24), which must not be taken for a sync.Map.
var handle = unique.Make("handle")
