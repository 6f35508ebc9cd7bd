// The peer of edp-operator in bench/operator: the same core controller (watch pods, Jobs, quotas and DiagnosticRuns;
// for each run choose the labelled pods and create their Jobs; keep the status) as one would write it with
// controller-runtime, caches stripped of managed fields as its users are advised to.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

const jobNamespace = "diagnostic-system"

var runKind = schema.GroupVersionKind{Group: "edp.dev", Version: "v1alpha1", Kind: "DiagnosticRun"}

type reconciler struct{ client.Client }

func (r *reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	run := &unstructured.Unstructured{}
	run.SetGroupVersionKind(runKind)
	if err := r.Get(ctx, request.NamespacedName, run); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	pods, err := r.targets(ctx, run)
	if err != nil {
		return reconcile.Result{}, err
	}
	started := 0
	for i := range pods {
		pod := &pods[i]
		if pod.Labels["edp-enabled"] != "true" {
			continue
		}
		if err := r.Create(ctx, job(run, pod)); err != nil && !apierrors.IsAlreadyExists(err) {
			return reconcile.Result{}, err
		}
		if started++; started == 1 { // maxParallel
			break
		}
	}
	if _, found, _ := unstructured.NestedSlice(run.Object, "status", "conditions"); found || started == 0 {
		return reconcile.Result{}, nil
	}
	patch := fmt.Sprintf(`{"status":{"conditions":[{"type":"Accepted","status":"True","reason":"TargetsChosen","message":"%d chosen","lastTransitionTime":%q}]}}`,
		started, metav1.Now().UTC().Format("2006-01-02T15:04:05Z"))
	return reconcile.Result{}, r.Status().Patch(ctx, run, client.RawPatch("application/merge-patch+json", []byte(patch)))
}

// The pod that is named, or those that the selector chooses.
func (r *reconciler) targets(ctx context.Context, run *unstructured.Unstructured) ([]corev1.Pod, error) {
	if name, _, _ := unstructured.NestedString(run.Object, "spec", "target", "pod"); name != "" {
		var pod corev1.Pod
		err := r.Get(ctx, client.ObjectKey{Namespace: run.GetNamespace(), Name: name}, &pod)
		return []corev1.Pod{pod}, err
	}
	raw, _, _ := unstructured.NestedMap(run.Object, "spec", "target", "selector")
	text, err := json.Marshal(raw)
	if err != nil {
		return nil, err
	}
	var wanted metav1.LabelSelector
	if err := json.Unmarshal(text, &wanted); err != nil {
		return nil, err
	}
	selector, err := metav1.LabelSelectorAsSelector(&wanted)
	if err != nil {
		return nil, err
	}
	var pods corev1.PodList
	err = r.List(ctx, &pods, client.InNamespace(run.GetNamespace()), client.MatchingLabelsSelector{Selector: selector})
	return pods.Items, err
}

func job(run *unstructured.Unstructured, pod *corev1.Pod) *batchv1.Job {
	sum := sha256.Sum256([]byte(string(run.GetUID()) + "/" + string(pod.UID)))
	no, yes, zero, user := false, true, int32(0), int64(65532)
	names := map[string]string{"app.kubernetes.io/name": "edp-runner", "edp.dev/run-uid": string(run.GetUID()), "edp.dev/target-uid": string(pod.UID)}
	amounts := corev1.ResourceList{"cpu": resource.MustParse("10m"), "memory": resource.MustParse("16Mi")}
	return &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Namespace: jobNamespace, Name: "edp-" + hex.EncodeToString(sum[:6]) + "-1", Labels: names},
		Spec: batchv1.JobSpec{BackoffLimit: &zero, Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: names},
			Spec: corev1.PodSpec{RestartPolicy: corev1.RestartPolicyNever, AutomountServiceAccountToken: &no,
				SecurityContext: &corev1.PodSecurityContext{RunAsNonRoot: &yes, RunAsUser: &user, SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}},
				Containers: []corev1.Container{{Name: "runner", Image: "localhost/edp:test", Args: []string{"--target", "http://" + pod.Status.PodIP + ":6060"},
					Resources: corev1.ResourceRequirements{Requests: amounts, Limits: amounts},
					SecurityContext: &corev1.SecurityContext{AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes,
						Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}}}}}}}}
}

func main() {
	kubeconfig := flag.String("config", "", "kubeconfig file")
	flag.Parse()
	ctrl.SetLogger(zap.New(zap.WriteTo(os.Stderr)))
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		log.Fatal(err)
	}
	config.QPS = -1 // no limit of its own
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		log.Fatal(err)
	}
	only := map[string]cache.Config{jobNamespace: {}}
	manager, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:  scheme,
		Metrics: metricsserver.Options{BindAddress: "0"},
		Cache: cache.Options{
			DefaultTransform: cache.TransformStripManagedFields(),
			ByObject:         map[client.Object]cache.ByObject{&batchv1.Job{}: {Namespaces: only}, &corev1.ResourceQuota{}: {Namespaces: only}},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	run := &unstructured.Unstructured{}
	run.SetGroupVersionKind(runKind)
	if err := ctrl.NewControllerManagedBy(manager).Named("diagnosticrun").For(run).
		WithOptions(controller.Options{MaxConcurrentReconciles: 4}).
		Complete(&reconciler{manager.GetClient()}); err != nil {
		log.Fatal(err)
	}
	ctx := ctrl.SetupSignalHandler()
	for _, object := range []client.Object{&corev1.Pod{}, &batchv1.Job{}, &corev1.ResourceQuota{}} {
		if _, err := manager.GetCache().GetInformer(ctx, object); err != nil {
			log.Fatal(err)
		}
	}
	go func() {
		if manager.GetCache().WaitForCacheSync(ctx) {
			fmt.Println("synced")
		}
	}()
	if err := manager.Start(ctx); err != nil {
		log.Fatal(err)
	}
}
