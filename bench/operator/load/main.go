// Load fills a test cluster with pods that look like production's, and measures how long it takes from the creation
// of a DiagnosticRun to that of its Job, as a watch sees it.
//
//	load -kubeconfig FILE pods -count 10000
//	load -kubeconfig FILE latency -count 500 -every 50ms      prints {"count","lost","p50_ms","p99_ms","max_ms"}
//	load -kubeconfig FILE burst -count 1000 -targets 200      prints what came of that many runs at once (burst.go)
//
// For `pods` and `latency` no node, scheduler or controller may take part: the pods are bound to nodes that do not exist
// and their status is written here. For `burst` all of them must, with targets of the names that it expects.
package main

import (
	"context"
	"flag"
	"log"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	podNamespace = "load"
	jobNamespace = "diagnostic-system"
)

var runs = schema.GroupVersionResource{Group: "edp.dev", Version: "v1alpha1", Resource: "diagnosticruns"}

// Calls f with 0 to count-1, eight at a time.
func inParallel(count int, f func(i int)) {
	work := make(chan int)
	var group sync.WaitGroup
	for w := 0; w < 8; w++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := range work {
				f(i)
			}
		}()
	}
	for i := 0; i < count; i++ {
		work <- i
	}
	close(work)
	group.Wait()
}

func must(err error) {
	if err != nil && !errors.IsAlreadyExists(err) {
		log.Fatal(err)
	}
}

// Gone already is as good.
func client(err error) error {
	if errors.IsNotFound(err) {
		return nil
	}
	return err
}

func main() {
	kubeconfig := flag.String("kubeconfig", "", "kubeconfig file")
	flag.Parse()
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	must(err)
	config.QPS = -1
	untyped := dynamic.NewForConfigOrDie(config)
	config.ContentType = "application/vnd.kubernetes.protobuf"
	typed := kubernetes.NewForConfigOrDie(config)
	ctx := context.Background()
	what := flag.NewFlagSet(flag.Arg(0), flag.ExitOnError)
	count := what.Int("count", 1000, "how many")
	first := what.Int("first", 0, "the first pod to diagnose")
	every := what.Duration("every", 50*time.Millisecond, "pace of the runs")
	targets := what.Int("targets", 200, "pods that the runs of a burst share")
	profile := what.String("profile", "light", "of the runs of a burst")
	limit := what.Duration("limit", 20*time.Minute, "of a burst")
	must(what.Parse(flag.Args()[1:]))
	switch flag.Arg(0) {
	case "pods":
		prepare(ctx, typed)
		makePods(ctx, typed, *count)
	case "latency":
		latency(ctx, typed, untyped, *count, *first, *every)
	case "burst":
		burst(ctx, typed, untyped, options{*count, *targets, *profile, *limit})
	default:
		log.Fatal("usage: load -kubeconfig FILE pods|latency|burst [-count N]")
	}
}
