// A Go service with net/http/pprof, as the tests of runner/collect want it: base path, TLS, token, basic auth,
// WriteTimeout. It writes its address to standard output and ends when its standard input is closed.
package main

import (
	"crypto/tls"
	"expvar"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"runtime"
	rpprof "runtime/pprof"
	"strings"
	"sync"
	"time"
)

var (
	base         = flag.String("base", "", "path before /debug/pprof")
	noIndex      = flag.Bool("no-index", false, "mount single handlers only")
	cert         = flag.String("cert", "", "PEM of the server's certificate; with -key, TLS")
	key          = flag.String("key", "", "PEM of its key")
	token        = flag.String("token", "", "bearer token to ask for")
	user         = flag.String("user", "", "user:password to ask for")
	writeTimeout = flag.Duration("write-timeout", 0, "of the server")
	fraction     = flag.Int("mutex-fraction", 0, "for runtime.SetMutexProfileFraction")
	profileSelf  = flag.Bool("profile-self", false, "keep a CPU profile running")
	recorder     = flag.String("flight-recorder", "", "path of a flight recorder's trace")
	goroutines   = flag.Int("goroutines", 0, "that only wait")
)

func main() {
	log.SetFlags(0)
	flag.Parse()
	runtime.SetMutexProfileFraction(*fraction)
	if *profileSelf {
		if err := rpprof.StartCPUProfile(io.Discard); err != nil {
			log.Fatal(err)
		}
	}
	for i := 0; i < *goroutines; i++ {
		go func() { select {} }()
	}
	go contend()

	mux := http.NewServeMux()
	root := *base + "/debug/pprof/"
	if *noIndex {
		mux.Handle(root+"heap", pprof.Handler("heap"))
	} else {
		mux.Handle(root, http.StripPrefix(*base, http.HandlerFunc(pprof.Index)))
	}
	mux.HandleFunc(root+"profile", pprof.Profile)
	mux.HandleFunc(root+"symbol", pprof.Symbol)
	mux.HandleFunc(root+"trace", pprof.Trace)
	mux.Handle(*base+"/debug/vars", expvar.Handler())

	if *recorder != "" {
		serveRecorder(mux, *recorder)
	}

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Handler: guard(mux), WriteTimeout: *writeTimeout, ErrorLog: log.New(io.Discard, "", 0)}
	fmt.Println(listener.Addr())
	go func() {
		if *cert == "" {
			log.Fatal(server.Serve(listener))
		}
		pair, err := tls.LoadX509KeyPair(*cert, *key)
		if err != nil {
			log.Fatal(err)
		}
		config := &tls.Config{Certificates: []tls.Certificate{pair}}
		log.Fatal(server.Serve(tls.NewListener(listener, config)))
	}()
	io.Copy(io.Discard, os.Stdin)
}

func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if *token != "" && r.Header.Get("Authorization") != "Bearer "+*token {
			http.Error(w, "wrong token", http.StatusUnauthorized)
			return
		}
		if *user != "" {
			name, password, _ := strings.Cut(*user, ":")
			if u, p, ok := r.BasicAuth(); !ok || u != name || p != password {
				http.Error(w, "wrong user or password", http.StatusUnauthorized)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// A little work for the profiles: two goroutines that fight for a lock, and one that allocates.
func contend() {
	var mu sync.Mutex
	var kept [][]byte
	for i := 0; i < 2; i++ {
		go func() {
			for {
				mu.Lock()
				for end := time.Now().Add(200 * time.Microsecond); time.Now().Before(end); {
				}
				kept = append(kept, make([]byte, 4096))
				if len(kept) > 1000 {
					kept = nil
				}
				mu.Unlock()
				time.Sleep(time.Millisecond)
			}
		}()
	}
}
