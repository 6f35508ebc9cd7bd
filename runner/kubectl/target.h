// What the user names in a cluster -> the spec of a DiagnosticRun.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "runner/kubectl/cluster.h"

namespace edp::kubectl {

struct ClusterTarget {
  std::string ns;          // empty: the user named none
  Json target;             // spec.target: {"pod": ...}, {"workload": {...}} or {"selector": {...}}
  std::string shown;       // "deploy/checkout", "pods with app=checkout"
  std::string short_name;  // the start of a run's name: "checkout"
  bool is_pod = false;
};

// "deploy/checkout", "pod/x", "sts/x", "ds/x", "rs/x", also by their long names; as kubectl writes them.
Result<ClusterTarget> parse_resource(std::string_view text);

// kubectl's -l: "app=checkout,tier!=db,env in (a,b),canary,!old".
Result<ClusterTarget> parse_selector(std::string_view text);

// "pod:NS/NAME", "deploy:NS/NAME", "selector:NS/LABELS": edp-runner's --target. Nothing where the prefix is
// none of these.
std::optional<Result<ClusterTarget>> parse_cluster_target(std::string_view text);

// Every pod that may be diagnosed.
ClusterTarget all_enabled();

struct RunOptions {
  std::string profile;  // these are left out of the object where empty: the CRD and the profile have defaults
  std::vector<std::string> collectors;
  std::string duration, timeout;  // as the CRD takes them, see crd_duration()
  std::string gate, priority, ttl;
  int max_parallel = 0;  // 0: the CRD's
};

// "20", "20s", "2m", "1h" -> "20s", "2m", "1h". Fractions are rounded up to whole seconds.
Result<std::string> crd_duration(std::string_view text);

// The object to create in `ns`; its name is left to the apiserver.
Json run_object(const ClusterTarget& target, const std::string& ns, const RunOptions& options);

}  // namespace edp::kubectl
