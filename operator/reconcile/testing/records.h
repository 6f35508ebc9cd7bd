// Records for tests.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "operator/watch/records.h"

namespace edp::reconcile::testing {

inline std::shared_ptr<const watch::Labels> labels(const std::map<std::string, std::string>& of) {
  watch::Labels all;
  for (const auto& [key, value] : of) all.emplace_back(watch::Symbol(key), watch::Symbol(value));
  return std::make_shared<const watch::Labels>(std::move(all));
}

// Running, ready, labelled, at 10.0.0.1 on node n1, of ReplicaSet checkout-7d4b9.
inline watch::PodRecord pod(const std::string& name, std::map<std::string, std::string> more = {},
                            bool enabled = true) {
  more["pod-template-hash"] = "7d4b9";
  if (enabled) more["edp-enabled"] = "true";
  watch::PodRecord record;
  record.ns = watch::Symbol("shop");
  record.name = name;
  record.uid = "uid-" + name;
  record.owner_kind = watch::Symbol("ReplicaSet");
  record.owner_name = watch::Symbol("checkout-7d4b9");
  record.node = watch::Symbol("n1");
  record.labels = labels(more);
  record.ip = "10.0.0.1";
  record.created = 900;
  record.ready_since = 905;
  record.phase = watch::PodPhase::kRunning;
  record.ready = true;
  return record;
}

inline watch::RunRecord run(const std::string& target_pod = "") {
  watch::RunRecord record;
  record.ns = watch::Symbol("shop");
  record.name = "why-slow";
  record.uid = "run-uid";
  record.resource_version = "7";
  record.generation = 1;
  record.created = 1000;
  if (target_pod.empty()) {
    record.target.workload_kind = "Deployment";
    record.target.workload_name = "checkout";
  } else {
    record.target.pod = target_pod;
  }
  return record;
}

}  // namespace edp::reconcile::testing
