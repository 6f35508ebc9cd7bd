// Faultproxy stands between the operator and a kube-apiserver and misbehaves on request: it ends a process at its
// nth write, loses answers, drops watches, goes dumb, or refuses everything. It keeps a journal of all writes.
//
//	faultproxy -server https://127.0.0.1:16443 -ca ca.crt -cert admin.crt -key admin.key
//
// prints its address, then serves the API over plain HTTP on loopback, and its own controls below /-/:
//
//	POST /-/plan     {"kill":{"pid":1,"nth":3,"when":"before|after"}, "lose":{"nth":2}, "status":{"code":429,"count":5}}
//	POST /-/drop     ends all watches that are under way; answers with their number
//	POST /-/refuse?on=true|false    closes every connection without an answer
//	GET  /-/writes   the journal: [{"n","time","agent","method","path","status"}]
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

type kill struct {
	PID  int    `json:"pid"`
	Nth  int    `json:"nth"`
	When string `json:"when"`
}

type plan struct {
	Kill *kill `json:"kill"`
	Lose *struct {
		Nth int `json:"nth"`
	} `json:"lose"`
	Status *struct {
		Code  int `json:"code"`
		Count int `json:"count"`
	} `json:"status"`
}

type write struct {
	N      int       `json:"n"`
	Time   time.Time `json:"time"`
	Agent  string    `json:"agent"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
	Status int       `json:"status"` // 0: not forwarded, or not answered
}

type proxy struct {
	backend http.Handler
	mu      sync.Mutex
	plan    plan
	planned int // writes since the plan was set
	refuse  bool
	writes  []write
	watches map[int]context.CancelFunc
	serial  int
}

// Counted are the writes that change the cluster for good: leases are renewed all the time, reviews change nothing.
func counted(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	return !strings.Contains(r.URL.Path, "/leases") && !strings.HasSuffix(r.URL.Path, "reviews")
}

func isWatch(r *http.Request) bool {
	w := r.URL.Query().Get("watch")
	return w == "true" || w == "1"
}

type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(code int) { r.status = code; r.ResponseWriter.WriteHeader(code) }
func (r *recorder) Flush() {
	if f, ok := r.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/-/") {
		p.control(w, r)
		return
	}
	p.mu.Lock()
	if p.refuse {
		p.mu.Unlock()
		panic(http.ErrAbortHandler) // closes the connection
	}
	if s := p.plan.Status; s != nil && s.Count > 0 {
		s.Count--
		code := s.Code
		p.mu.Unlock()
		w.Header().Set("Retry-After", "1")
		http.Error(w, "planned", code)
		return
	}
	if isWatch(r) {
		ctx, cancel := context.WithCancel(r.Context())
		p.serial++
		id := p.serial
		p.watches[id] = cancel
		p.mu.Unlock()
		defer func() {
			cancel()
			p.mu.Lock()
			delete(p.watches, id)
			p.mu.Unlock()
		}()
		p.backend.ServeHTTP(w, r.WithContext(ctx))
		return
	}
	if !counted(r) {
		p.mu.Unlock()
		p.backend.ServeHTTP(w, r)
		return
	}
	p.planned++
	n := p.planned
	k, lose := p.plan.Kill, p.plan.Lose
	at := len(p.writes)
	p.writes = append(p.writes, write{N: n, Time: time.Now(), Agent: r.UserAgent(), Method: r.Method, Path: r.URL.Path})
	p.mu.Unlock()

	hit := k != nil && k.Nth == n
	if hit && k.When == "before" {
		_ = syscall.Kill(k.PID, syscall.SIGKILL)
		panic(http.ErrAbortHandler)
	}
	out := &recorder{ResponseWriter: w}
	var sink http.ResponseWriter = out
	lost := hit || (lose != nil && lose.Nth == n)
	if lost {
		sink = &recorder{ResponseWriter: discard{http.Header{}}}
	}
	p.backend.ServeHTTP(sink, r)
	p.mu.Lock()
	p.writes[at].Status = sink.(*recorder).status
	p.mu.Unlock()
	if hit {
		_ = syscall.Kill(k.PID, syscall.SIGKILL)
	}
	if lost {
		panic(http.ErrAbortHandler)
	}
}

type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

func (p *proxy) control(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/-/plan":
		p.plan, p.planned = plan{}, 0
		if err := json.NewDecoder(r.Body).Decode(&p.plan); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		fmt.Fprintln(w, "{}")
	case "/-/drop":
		for _, cancel := range p.watches {
			cancel()
		}
		fmt.Fprintf(w, "{\"dropped\": %d}\n", len(p.watches))
	case "/-/refuse":
		p.refuse = r.URL.Query().Get("on") == "true"
		if p.refuse {
			for _, cancel := range p.watches {
				cancel()
			}
		}
		fmt.Fprintln(w, "{}")
	case "/-/writes":
		_ = json.NewEncoder(w).Encode(p.writes)
	default:
		http.NotFound(w, r)
	}
}

func main() {
	server := flag.String("server", "", "URL of the kube-apiserver")
	ca := flag.String("ca", "", "its CA, PEM")
	cert := flag.String("cert", "", "client certificate, PEM")
	key := flag.String("key", "", "its key, PEM")
	listen := flag.String("listen", "127.0.0.1:0", "address to listen on")
	flag.Parse()
	target, err := url.Parse(*server)
	if err != nil {
		log.Fatal(err)
	}
	pem, err := os.ReadFile(*ca)
	if err != nil {
		log.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		log.Fatal(errors.New("no certificate in " + *ca))
	}
	pair, err := tls.LoadX509KeyPair(*cert, *key)
	if err != nil {
		log.Fatal(err)
	}
	reverse := httputil.NewSingleHostReverseProxy(target)
	reverse.FlushInterval = -1
	reverse.Transport = &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}},
		MaxIdleConnsPerHost: 64,
	}
	// The client's own end of a watch, or a server that is down: no answer at all, as without a proxy.
	reverse.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	reverse.ErrorLog = log.New(os.Stderr, "", 0)
	p := &proxy{backend: reverse, watches: map[int]context.CancelFunc{}}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s\n", listener.Addr())
	log.Fatal((&http.Server{Handler: p}).Serve(listener))
}
