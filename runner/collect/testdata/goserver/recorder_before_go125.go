//go:build !go1.25

package main

import (
	"log"
	"net/http"
)

func serveRecorder(*http.ServeMux, string) { log.Fatal("a flight recorder needs Go 1.25") }
