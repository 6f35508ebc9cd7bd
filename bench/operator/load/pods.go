package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
)

// Pods are spread over so many nodes that no node's limit holds a run of `latency` back.
const nodes = 500

// Namespaces, their ServiceAccounts, and a quota whose status nobody else keeps here.
func prepare(ctx context.Context, c *kubernetes.Clientset) {
	for _, ns := range []string{podNamespace, jobNamespace} {
		_, err := c.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}}, metav1.CreateOptions{})
		must(err)
		for _, name := range []string{"default", "edp-runner"} {
			_, err = c.CoreV1().ServiceAccounts(ns).Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
			must(err)
		}
	}
	hard := corev1.ResourceList{}
	used := corev1.ResourceList{}
	for _, key := range []corev1.ResourceName{"requests.cpu", "requests.memory", "limits.cpu", "limits.memory"} {
		hard[key], used[key] = resource.MustParse("100Ti"), resource.MustParse("0")
	}
	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "load"}, Spec: corev1.ResourceQuotaSpec{Hard: hard}}
	made, err := c.CoreV1().ResourceQuotas(jobNamespace).Create(ctx, quota, metav1.CreateOptions{})
	if errors.IsAlreadyExists(err) {
		return
	}
	must(err)
	made.Status = corev1.ResourceQuotaStatus{Hard: hard, Used: used}
	_, err = c.CoreV1().ResourceQuotas(jobNamespace).UpdateStatus(ctx, made, metav1.UpdateOptions{})
	must(err)
}

func pod(i int) *corev1.Pod {
	app := fmt.Sprintf("service-%03d", i/20)
	yes, no := true, false
	env := []corev1.EnvVar{}
	for k := 0; k < 24; k++ {
		env = append(env, corev1.EnvVar{Name: fmt.Sprintf("SETTING_NUMBER_%02d", k), Value: fmt.Sprintf("https://%s.internal.example/%d", app, k)})
	}
	probe := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/ready", Port: intstr.FromString("http")}}, PeriodSeconds: 10}
	container := corev1.Container{
		Name: "app", Image: "registry.example/team/" + app + ":1.42.0", Env: env,
		Ports:          []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}, {Name: "pprof", ContainerPort: 6060}},
		ReadinessProbe: probe, LivenessProbe: probe,
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{"cpu": resource.MustParse("100m"), "memory": resource.MustParse("128Mi")},
			Limits:   corev1.ResourceList{"cpu": resource.MustParse("1"), "memory": resource.MustParse("512Mi")}},
		VolumeMounts: []corev1.VolumeMount{{Name: "config", MountPath: "/etc/app"}, {Name: "tmp", MountPath: "/tmp"}},
	}
	sidecar := *container.DeepCopy()
	sidecar.Name, sidecar.Image, sidecar.Ports = "proxy", "registry.example/mesh/proxy:2.3", nil
	sidecar.ReadinessProbe, sidecar.LivenessProbe = nil, nil
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprintf("%s-6d5f9c7b4d-%05d", app, i), Namespace: podNamespace,
			Labels: map[string]string{"app": app, "edp-enabled": "true", "pod-template-hash": "6d5f9c7b4d", "team": fmt.Sprintf("team-%d", i%17), "app.kubernetes.io/part-of": "shop"},
			Annotations: map[string]string{"prometheus.io/scrape": "true", "prometheus.io/port": "8080",
				"mesh.example/status": strings.Repeat("x", 400), "checksum/config": strings.Repeat("a1", 32)},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: app + "-6d5f9c7b4d", UID: "11111111-2222-3333-4444-555555555555", Controller: &yes, BlockOwnerDeletion: &yes}},
		},
		Spec: corev1.PodSpec{
			NodeName: fmt.Sprintf("node-%03d", i%nodes), Containers: []corev1.Container{container, sidecar}, AutomountServiceAccountToken: &no,
			Volumes: []corev1.Volume{
				{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: app}}}},
				{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}},
		},
	}
}

func status(i int) corev1.PodStatus {
	now := metav1.Now()
	condition := func(t corev1.PodConditionType) corev1.PodCondition {
		return corev1.PodCondition{Type: t, Status: corev1.ConditionTrue, LastTransitionTime: now}
	}
	container := func(name string) corev1.ContainerStatus {
		return corev1.ContainerStatus{Name: name, Ready: true, Image: "registry.example/team/app:1.42.0",
			ImageID: "registry.example/team/app@sha256:" + strings.Repeat("0f", 32), ContainerID: "containerd://" + strings.Repeat("ab", 32),
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}}}
	}
	ip := fmt.Sprintf("10.%d.%d.%d", 100+i/65536, i/256%256, i%256)
	return corev1.PodStatus{Phase: corev1.PodRunning, PodIP: ip, PodIPs: []corev1.PodIP{{IP: ip}}, HostIP: "192.0.2.1", StartTime: &now,
		Conditions:        []corev1.PodCondition{condition(corev1.PodScheduled), condition(corev1.PodInitialized), condition(corev1.ContainersReady), condition(corev1.PodReady)},
		ContainerStatuses: []corev1.ContainerStatus{container("app"), container("proxy")}}
}

func makePods(ctx context.Context, c *kubernetes.Clientset, count int) {
	began := time.Now()
	inParallel(count, func(i int) {
		made, err := c.CoreV1().Pods(podNamespace).Create(ctx, pod(i), metav1.CreateOptions{})
		if errors.IsAlreadyExists(err) {
			return
		}
		must(err)
		made.Status = status(i)
		_, err = c.CoreV1().Pods(podNamespace).UpdateStatus(ctx, made, metav1.UpdateOptions{})
		must(err)
	})
	one, err := c.CoreV1().RESTClient().Get().AbsPath("/api/v1/namespaces/" + podNamespace + "/pods/" + pod(0).Name).DoRaw(ctx)
	must(err)
	fmt.Printf("{\"pods\": %d, \"seconds\": %.1f, \"bytes_of_one\": %d}\n", count, time.Since(began).Seconds(), len(one))
}
