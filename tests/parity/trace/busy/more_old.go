//go:build !go1.23

package main

func more(*int32) []func() { return []func(){threads} }
