// The light health probe of watched workloads: whom to ask, what the answers mean, and how a canary compares
// with the rest of its workload. Watched is every workload with at least one labelled pod that a policy
// watches.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "operator/control/office.h"
#include "operator/control/policy_desk.h"
#include "operator/probe/breach.h"
#include "operator/probe/history.h"
#include "operator/probe/prober.h"
#include "operator/reconcile/policy.h"

namespace edp::control {

struct ProbeSettings {
  double refresh_seconds = 5;       // at most so often the list of targets is made anew
  double canary_seconds = 600;      // a rollout is watched for so long
  double canary_step_seconds = 15;  // and judged so often
};

class ProbeDesk {
 public:
  using SetTargets = std::function<void(std::vector<probe::Target>)>;
  ProbeDesk(Office& office, PolicyDesk& policies, SetTargets set_targets, ProbeSettings settings = {});

  void lead(double now);
  void retire();
  void changed() { stale_ = true; }  // a pod or a policy
  void on_results(const std::vector<probe::ProbeResult>& results, double now);
  void on_rollout(const watch::PodRecord& pod, const watch::PolicyRecord& policy, double now);
  // Refreshes and judges what is due; when to be called again.
  double work(double now);

 private:
  struct Pod {
    std::string name, policy;
    watch::Symbol ns;
    probe::BreachDetector detector;
    probe::History history;
    bool wanted = true;  // in the list under way
  };
  struct Canary {
    std::string policy, revision;
    watch::Symbol ns;
    reconcile::WorkloadName workload;
    double until = 0, next = 0;
    std::unordered_map<std::string, int32_t> restarts;  // of each pod when it began
  };

  void refresh();
  void judge(Canary& canary, double now, bool last);
  void tell(const Canary& canary, const reconcile::CanaryVerdict& verdict, double now);

  Office& office_;
  PolicyDesk& policies_;
  const SetTargets set_targets_;
  const ProbeSettings settings_;
  bool leading_ = false, stale_ = false;
  double next_refresh_ = 0;
  std::unordered_map<std::string, Pod> pods_;                // by uid
  std::set<std::pair<std::string, std::string>> workloads_;  // with probes: namespace, name
  std::map<std::string, Canary> canaries_;                   // by "ns/kind/name"
};

}  // namespace edp::control
