package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"strings"
	"sync"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
)

const burstNamespace = "shop"

type options struct {
	count, targets int
	profile        string
	limit          time.Duration
}

// What the watches say of a burst, from the first run to the last. All times are those at which a watch told.
type account struct {
	mu    sync.Mutex
	began time.Time

	ended, succeeded     map[string]time.Time // runs by name
	reasons              map[string]int       // of failed runs
	jobs, ends           []time.Time          // of Jobs, as they came
	failedJobs, exceeded map[string]bool
	endedJobs            map[string]bool
	pods                 *podAccount
	over                 []string // what was beyond the quota, when
	mostUsed             map[corev1.ResourceName]int64
	lastUsed             int64
	rooms                []time.Time // the quota's status showed room for one more pod
}

func (a *account) onRun(event watch.Event) {
	run, ok := event.Object.(*unstructured.Unstructured)
	if !ok {
		return
	}
	conditions, _, _ := unstructured.NestedSlice(run.Object, "status", "conditions")
	for _, one := range conditions {
		condition, _ := one.(map[string]any)
		kind, _ := condition["type"].(string)
		if condition["status"] != "True" || (kind != "Succeeded" && kind != "Failed") {
			continue
		}
		if _, known := a.ended[run.GetName()]; known {
			continue
		}
		a.ended[run.GetName()] = time.Now()
		if kind == "Succeeded" {
			a.succeeded[run.GetName()] = time.Now()
		} else {
			a.reasons[fmt.Sprint(condition["reason"], ": ", condition["message"])]++
		}
	}
}

func (a *account) onJob(event watch.Event) {
	job, ok := event.Object.(*batchv1.Job)
	if !ok {
		return
	}
	if event.Type == watch.Added {
		a.jobs = append(a.jobs, time.Now())
	}
	if job.Status.Failed > 0 {
		a.failedJobs[job.Name] = true
	}
	for i := range job.Status.Conditions {
		kind := job.Status.Conditions[i].Type
		if (kind == batchv1.JobComplete || kind == batchv1.JobFailed) && !a.endedJobs[job.Name] {
			a.endedJobs[job.Name] = true
			a.ends = append(a.ends, time.Now())
		}
	}
}

func (a *account) onEvent(event watch.Event) {
	if said, ok := event.Object.(*corev1.Event); ok && strings.Contains(said.Message, "exceeded quota") {
		a.exceeded[said.Name] = true
	}
}

func (a *account) onQuota(event watch.Event) {
	quota, ok := event.Object.(*corev1.ResourceQuota)
	if !ok || event.Type == watch.Deleted {
		return
	}
	for name, used := range quota.Status.Used {
		a.mostUsed[name] = max(a.mostUsed[name], used.MilliValue())
		if hard, limited := quota.Status.Hard[name]; limited && used.Cmp(hard) > 0 {
			a.over = append(a.over, fmt.Sprintf("quota %s: %s used of %s", name, used.String(), hard.String()))
		}
	}
}

func (a *account) onPod(event watch.Event) {
	if pod, ok := event.Object.(*corev1.Pod); ok {
		a.over = append(a.over, a.pods.take(pod, event.Type == watch.Deleted)...)
	}
}

// Follows one kind until the context ends. The watch begins before the first run is made.
func (a *account) follow(start func(metav1.ListOptions) (watch.Interface, error), on func(watch.Event)) {
	hour := int64(3600)
	stream, err := start(metav1.ListOptions{TimeoutSeconds: &hour})
	must(err)
	go func() {
		for event := range stream.ResultChan() {
			a.mu.Lock()
			if event.Type == watch.Error {
				log.Fatalf("a watch failed, so not everything was seen: %v", event.Object)
			}
			on(event)
			a.mu.Unlock()
		}
		log.Fatal("a watch ended, so not everything was seen")
	}()
}

func burst(ctx context.Context, c *kubernetes.Clientset, d dynamic.Interface, o options) {
	quotas, err := c.CoreV1().ResourceQuotas(jobNamespace).List(ctx, metav1.ListOptions{})
	must(err)
	if len(quotas.Items) != 1 {
		log.Fatalf("%d quotas in %s", len(quotas.Items), jobNamespace)
	}
	a := &account{ended: map[string]time.Time{}, succeeded: map[string]time.Time{}, reasons: map[string]int{},
		failedJobs: map[string]bool{}, endedJobs: map[string]bool{}, exceeded: map[string]bool{}, mostUsed: map[corev1.ResourceName]int64{},
		pods: newPodAccount(quotas.Items[0].Spec.Hard)}
	a.follow(func(o metav1.ListOptions) (watch.Interface, error) {
		return d.Resource(runs).Namespace(burstNamespace).Watch(ctx, o)
	}, a.onRun)
	a.follow(func(o metav1.ListOptions) (watch.Interface, error) {
		return c.BatchV1().Jobs(jobNamespace).Watch(ctx, o)
	}, a.onJob)
	a.follow(func(o metav1.ListOptions) (watch.Interface, error) {
		return c.CoreV1().Pods(jobNamespace).Watch(ctx, o)
	}, a.onPod)
	a.follow(func(o metav1.ListOptions) (watch.Interface, error) {
		return c.CoreV1().ResourceQuotas(jobNamespace).Watch(ctx, o)
	}, a.onQuota)
	a.follow(func(o metav1.ListOptions) (watch.Interface, error) {
		return c.CoreV1().Events(jobNamespace).Watch(ctx, o)
	}, a.onEvent)

	a.began = time.Now()
	create(ctx, d, o)
	applied := time.Since(a.began)
	done := func() bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		return len(a.ended) >= o.count
	}
	for !done() && time.Since(a.began) < o.limit {
		time.Sleep(200 * time.Millisecond)
	}
	time.Sleep(2 * time.Second) // for events that come late
	a.mu.Lock()
	defer a.mu.Unlock()
	a.print(o, applied)
}

func create(ctx context.Context, d dynamic.Interface, o options) {
	inParallel(o.count, func(i int) {
		run := newRun(fmt.Sprintf("burst-%04d", i), burstNamespace, fmt.Sprintf("checkout-%d", i%o.targets), o.profile)
		if _, err := d.Resource(runs).Namespace(burstNamespace).Create(ctx, run, metav1.CreateOptions{}); err != nil {
			log.Fatal(err)
		}
	})
}

// Milliseconds from the k-th end to the Job that took its place: the first Jobs, as many as fit, needed none.
func taken(ends, jobs []time.Time, fit int) []float64 {
	var took []float64
	for k, end := range ends {
		if fit+k < len(jobs) {
			took = append(took, float64(jobs[fit+k].Sub(end).Microseconds())/1000)
		}
	}
	return took
}

// The most in ten seconds, by the second.
func peak(times []time.Time) float64 {
	most := 0
	for i, first := 0, 0; i < len(times); i++ {
		for times[i].Sub(times[first]) > 10*time.Second {
			first++
		}
		most = max(most, i-first+1)
	}
	return float64(most) / 10
}

func (a *account) print(o options, applied time.Duration) {
	last := a.began
	for _, when := range a.ended {
		if when.After(last) {
			last = when
		}
	}
	fit := a.pods.fit()
	out := map[string]any{
		"runs": o.count, "applied_s": applied.Seconds(), "ended": len(a.ended), "succeeded": len(a.succeeded), "failed": a.reasons,
		"seconds": last.Sub(a.began).Seconds(), "jobs": len(a.jobs), "failed_jobs": len(a.failedJobs), "exceeded_quota": len(a.exceeded),
		"over": a.over, "fit": fit, "most": a.pods.mostText(), "most_pods": a.pods.most[corev1.ResourcePods],
		"held_s":     a.pods.meanHeld(),
		"pod_to_job": figures(taken(a.pods.ends, a.jobs, fit)),
		"job_to_job": figures(taken(a.ends, a.jobs, fit)),
	}
	if n := len(a.jobs); n > 0 {
		out["admitted_per_s"] = float64(n) / a.jobs[n-1].Sub(a.began).Seconds()
		out["peak_per_s"] = peak(a.jobs)
		out["first_job_s"] = a.jobs[0].Sub(a.began).Seconds()
		out["busy"] = a.pods.busy(a.jobs[min(fit, n)-1], a.jobs[n-1])
	}
	text, err := json.Marshal(out)
	must(err)
	fmt.Println(string(text))
}

func figures(values []float64) map[string]float64 {
	return map[string]float64{"p50_ms": quantile(values, 0.5), "p99_ms": quantile(values, 0.99), "max_ms": quantile(values, 1)}
}
