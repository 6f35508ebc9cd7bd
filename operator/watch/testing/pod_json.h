// A pod as a cluster with a service mesh's worth of settings has them: about 7 KB of JSON.
#pragma once

#include <string>

namespace edp::watch::testing {

// Pods of one `workload` (30 each) have the same labels; every 20th namespace and 100th node is the same.
inline std::string realistic_pod(int number) {
  const int workload = number / 30;
  const std::string n = std::to_string(number);
  const std::string w = std::to_string(workload);
  const std::string hash = std::to_string(700'000'000 + workload * 7919);
  const std::string name = "checkout-" + w + "-" + hash + "-" + std::to_string(10'000 + number);
  std::string uid = "6f1ed002-ab5b-4d7c-9c3e-";
  uid += std::to_string(100'000'000'000 + number);
  const std::string env = [] {
    std::string all;
    for (int i = 0; i < 12; ++i) {
      if (i != 0) all += ',';
      all += R"({"name":"CHECKOUT_SETTING_)" + std::to_string(i) +
             R"(","valueFrom":{"configMapKeyRef":{"name":"checkout-settings","key":"setting-)" +
             std::to_string(i) + R"("}}})";
    }
    return all;
  }();
  const std::string fields = [] {
    std::string all;
    for (int i = 0; i < 12; ++i) {
      if (i != 0) all += ',';
      all += R"("k:{\"name\":\"CHECKOUT_SETTING_)" + std::to_string(i) +
             R"(\"}":{".":{},"f:name":{},"f:valueFrom":{".":{},"f:configMapKeyRef":{}}})";
    }
    return all;
  }();
  return R"({"metadata":{"name":")" + name + R"(","generateName":"checkout-)" + w + "-" + hash +
         R"(-","namespace":"shop-)" + std::to_string(workload % 20) + R"(","uid":")" + uid +
         R"(","resourceVersion":")" + std::to_string(500'000 + number) +
         R"(","creationTimestamp":"2025-11-03T08:15:30Z","labels":{"app":"checkout-)" + w +
         R"(","app.kubernetes.io/name":"checkout","app.kubernetes.io/version":"2.14.3","edp-enabled":"true","pod-template-hash":")" +
         hash +
         R"(","team":"payments"},"annotations":{"kubectl.kubernetes.io/restartedAt":"2025-11-03T08:15:29Z","prometheus.io/port":"9090","prometheus.io/scrape":"true","cni.projectcalico.org/containerID":"b1946ac92492d2347c6235b4d2611184b1946ac92492d2347c6235b4d2611184","cni.projectcalico.org/podIP":"10.1.2.3/32"},"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"checkout-)" +
         w + "-" + hash + R"(","uid":"0b9d4f2e-1a7f-4ce0-b3a1-5f0f6f9be1aa","controller":true,"blockOwnerDeletion":true}],"managedFields":[{"manager":"kube-controller-manager","operation":"Update","apiVersion":"v1","time":"2025-11-03T08:15:30Z","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:generateName":{},"f:labels":{".":{},"f:app":{},"f:edp-enabled":{},"f:pod-template-hash":{}},"f:ownerReferences":{".":{},"k:{\"uid\":\"0b9d4f2e-1a7f-4ce0-b3a1-5f0f6f9be1aa\"}":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"checkout\"}":{".":{},"f:env":{)" + fields + R"(},"f:image":{},"f:imagePullPolicy":{},"f:name":{},"f:ports":{".":{},"k:{\"containerPort\":8080,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{},"f:name":{},"f:protocol":{}}},"f:readinessProbe":{".":{},"f:httpGet":{}},"f:resources":{}}},"f:dnsPolicy":{},"f:restartPolicy":{},"f:schedulerName":{}}}},{"manager":"kubelet","operation":"Update","apiVersion":"v1","time":"2025-11-03T08:15:41Z","fieldsType":"FieldsV1","fieldsV1":{"f:status":{"f:conditions":{"k:{\"type\":\"ContainersReady\"}":{".":{},"f:lastProbeTime":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}},"k:{\"type\":\"Ready\"}":{".":{},"f:lastProbeTime":{},"f:status":{},"f:type":{}}},"f:containerStatuses":{},"f:hostIP":{},"f:phase":{},"f:podIP":{},"f:podIPs":{},"f:startTime":{}}},"subresource":"status"}]},"spec":{"volumes":[{"name":"kube-api-access-x2x","projected":{"sources":[{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},{"configMap":{"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca.crt"}]}},{"downwardAPI":{"items":[{"path":"namespace","fieldRef":{"apiVersion":"v1","fieldPath":"metadata.namespace"}}]}}],"defaultMode":420}}],"containers":[{"name":"checkout","image":"registry.example/shop/checkout:2.14.3","args":["--listen=:8080","--metrics=:9090"],"ports":[{"name":"http","containerPort":8080,"protocol":"TCP"},{"name":"metrics","containerPort":9090,"protocol":"TCP"},{"name":"pprof","containerPort":6061,"protocol":"TCP"}],"env":[)" +
         env +
         R"(],"resources":{"limits":{"cpu":"2","memory":"1Gi"},"requests":{"cpu":"500m","memory":"512Mi"}},"volumeMounts":[{"name":"kube-api-access-x2x","readOnly":true,"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}],"livenessProbe":{"httpGet":{"path":"/live","port":"http","scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3},"readinessProbe":{"httpGet":{"path":"/ready","port":"http","scheme":"HTTP"},"initialDelaySeconds":5,"timeoutSeconds":2,"periodSeconds":5,"successThreshold":1,"failureThreshold":3},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent","securityContext":{"capabilities":{"drop":["ALL"]},"runAsNonRoot":true,"allowPrivilegeEscalation":false}}],"restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","serviceAccountName":"checkout","serviceAccount":"checkout","nodeName":"node-)" + std::to_string(number % 100) + R"(","securityContext":{},"schedulerName":"default-scheduler","tolerations":[{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300},{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}],"priority":0,"enableServiceLinks":true,"preemptionPolicy":"PreemptLowerPriority"},"status":{"phase":"Running","conditions":[{"type":"PodReadyToStartContainers","status":"True","lastProbeTime":null,"lastTransitionTime":"2025-11-03T08:15:33Z"},{"type":"Initialized","status":"True","lastProbeTime":null,"lastTransitionTime":"2025-11-03T08:15:30Z"},{"type":"Ready","status":"True","lastProbeTime":null,"lastTransitionTime":"2025-11-03T08:15:41Z"},{"type":"ContainersReady","status":"True","lastProbeTime":null,"lastTransitionTime":"2025-11-03T08:15:41Z"},{"type":"PodScheduled","status":"True","lastProbeTime":null,"lastTransitionTime":"2025-11-03T08:15:30Z"}],"hostIP":"192.168.4.17","hostIPs":[{"ip":"192.168.4.17"}],"podIP":"10.)" +
         std::to_string(number / 65'536 % 256) + "." + std::to_string(number / 256 % 256) + "." +
         std::to_string(number % 256) +
         R"(","podIPs":[{"ip":"10.1.2.3"}],"startTime":"2025-11-03T08:15:30Z","containerStatuses":[{"name":"checkout","state":{"running":{"startedAt":"2025-11-05T17:02:09Z"}},"lastState":{"terminated":{"exitCode":137,"reason":"OOMKilled","startedAt":"2025-11-03T08:15:35Z","finishedAt":"2025-11-05T17:02:08Z","containerID":"containerd://5d41402abc4b2a76b9719d911017c5925d41402abc4b2a76b9719d911017c592"}},"ready":true,"restartCount":1,"image":"registry.example/shop/checkout:2.14.3","imageID":"registry.example/shop/checkout@sha256:7d793037a0760186574b0282f2f435e77d793037a0760186574b0282f2f435e7","containerID":"containerd://9e107d9d372bb6826bd81d3542a419d69e107d9d372bb6826bd81d3542a419d6","started":true}],"qosClass":"Burstable"}})";
}

}  // namespace edp::watch::testing
