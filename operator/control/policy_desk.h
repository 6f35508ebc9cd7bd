// The policies: what happens to pods, alerts, breaches and the clock become runs. Of one policy at most one
// run is being made at a time, so that its cooldown and its limit see the one before.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "operator/control/office.h"
#include "operator/reconcile/policy.h"
#include "operator/serve/alerts.h"

namespace edp::control {

class PolicyDesk {
 public:
  PolicyDesk(Office& office, std::vector<std::string> system_namespaces);

  void lead(double now);
  void retire();

  // Told on every replica, for what was seen before counts.
  void on_pod(const watch::PodRecord* old, const watch::PodRecord* now, double time);
  void on_policy(const watch::PolicyRecord* old, const watch::PolicyRecord* now, double time);
  void on_alerts(const std::vector<serve::Alert>& alerts, double now);
  void on_breach(const watch::PodRecord& pod, std::string_view detail, double now);
  // A rollout has brought its first ready pod: (pod, policy), for the canary comparison.
  std::function<void(const watch::PodRecord&, const watch::PolicyRecord&)> on_rollout;

  // Its schedule.
  void reconcile(const std::string& name, double now);
  void on_outcome(const act::Outcome& outcome, const std::string& name, double now);

  [[nodiscard]] bool watches(const watch::PolicyRecord& policy, const watch::PodRecord& pod) const {
    return reconcile::watches(policy, pod, system_namespaces_);
  }

 private:
  struct Work {
    std::deque<reconcile::Fired> fired;
    bool busy = false;
    std::string fault;  // told already
  };

  void fire(const watch::PolicyRecord& policy, reconcile::Fired fired, double now);
  void proceed(const std::string& name, double now);
  std::vector<const watch::RunRecord*> runs_of(std::string_view policy) const;
  void tell(const watch::PolicyRecord& policy, const std::string& fault, double now);

  Office& office_;
  const std::vector<std::string> system_namespaces_;
  bool leading_ = false;
  reconcile::Revisions revisions_;
  std::map<std::string, Work, std::less<>> work_;
};

}  // namespace edp::control
