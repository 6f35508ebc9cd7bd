package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"sort"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
)

func latency(ctx context.Context, c *kubernetes.Clientset, d dynamic.Interface, count, first int, every time.Duration) {
	watch, err := c.BatchV1().Jobs(jobNamespace).Watch(ctx, metav1.ListOptions{})
	must(err)
	seen := make(chan struct {
		uid  string
		when time.Time
	}, count)
	go func() {
		for event := range watch.ResultChan() {
			if job, ok := event.Object.(*batchv1.Job); ok && event.Type == "ADDED" {
				seen <- struct {
					uid  string
					when time.Time
				}{job.Labels["edp.dev/run-uid"], time.Now()}
			}
		}
	}()
	began := map[string]time.Time{}
	var made []string
	for i := 0; i < count; i++ {
		name := fmt.Sprintf("latency-%d-%05d", os.Getpid(), i)
		at := time.Now()
		created, err := d.Resource(runs).Namespace(podNamespace).Create(ctx, newRun(name, podNamespace, pod(first+i).Name, "light"), metav1.CreateOptions{})
		if err != nil {
			log.Fatal(err)
		}
		began[string(created.GetUID())] = at
		made = append(made, name)
		time.Sleep(time.Until(at.Add(every)))
	}
	var took []float64
	deadline := time.After(30 * time.Second)
	for len(took) < count {
		select {
		case one := <-seen:
			if at, ok := began[one.uid]; ok {
				took = append(took, float64(one.when.Sub(at).Microseconds())/1000)
				delete(began, one.uid)
			}
			continue
		case <-deadline:
		}
		break
	}
	watch.Stop()
	text, _ := json.Marshal(map[string]any{"count": count, "lost": len(began),
		"p50_ms": quantile(took, 0.5), "p99_ms": quantile(took, 0.99), "max_ms": quantile(took, 1)})
	fmt.Println(string(text))
	background := metav1.DeletePropagationBackground
	for _, name := range made {
		must(client(d.Resource(runs).Namespace(podNamespace).Delete(ctx, name, metav1.DeleteOptions{})))
	}
	must(client(c.BatchV1().Jobs(jobNamespace).DeleteCollection(ctx, metav1.DeleteOptions{PropagationPolicy: &background}, metav1.ListOptions{})))
}

func newRun(name, namespace, pod, profile string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "edp.dev/v1alpha1", "kind": "DiagnosticRun", "metadata": map[string]any{"name": name, "namespace": namespace},
		"spec": map[string]any{"target": map[string]any{"pod": pod}, "profile": profile}}}
}

// -1 of nothing.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return -1
	}
	sort.Float64s(values)
	return values[int(q*float64(len(values)-1))]
}
