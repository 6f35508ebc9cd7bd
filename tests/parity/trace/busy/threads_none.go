//go:build !cgo

package main

func threads() {}
