//go:build go1.25

package main

import (
	"log"
	"net/http"
	"runtime/trace"
)

// A service that keeps the last seconds of its trace, as the Go blog shows.
func serveRecorder(mux *http.ServeMux, path string) {
	recorder := trace.NewFlightRecorder(trace.FlightRecorderConfig{})
	if err := recorder.Start(); err != nil {
		log.Fatal(err)
	}
	mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { recorder.WriteTo(w) })
}
