// From a DiagnosticPolicy and what happens to pods to the runs that it starts. Pure; what has to survive a
// restart is read from the runs that exist.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "operator/reconcile/action.h"
#include "operator/reconcile/run.h"
#include "operator/reconcile/time_zone.h"
#include "operator/watch/records.h"

namespace edp::reconcile {

enum class Trigger : uint8_t { kRollout, kRestart, kOomKilled, kBreach, kAlert, kSchedule };
std::string_view to_string(
    Trigger trigger);  // "rollout", "restart", "oomKilled", "breach", "alert", "schedule"

// Does the policy watch this namespace and these labels? "All" leaves out kube-* and `system_namespaces`.
bool watches(const watch::PolicyRecord& policy, const watch::PodRecord& pod,
             const std::vector<std::string>& system_namespaces);

// Something that calls for a diagnosis of one pod, or of a workload's pods, or (schedule) of a namespace's
// pods that the policy selects.
struct Fired {
  Trigger trigger = Trigger::kRestart;
  std::string ns;
  std::string pod;        // of one pod, else empty
  WorkloadName workload;  // may be empty
  std::string
      occasion;      // what tells this occasion from the next: the revision, "restart 3", the alert, the time
  std::string note;  // for people
  std::string alert;  // Alertmanager's fingerprint of it, of kAlert
  std::string priority = "Manual";
};

// Which template each workload had last. Bounded by the number of workloads that have labelled pods.
class Revisions {
 public:
  // Tell every labelled pod that is ready. True if the pod shows a template that is newer than the
  // workload's, and that no pod has shown since it was: a rollout has brought its first ready pod. The first
  // one told of a workload is none.
  bool ready(const watch::PodRecord& pod);
  void forget(std::string_view ns, const WorkloadName& workload);
  [[nodiscard]] size_t size() const { return last_.size(); }

 private:
  struct Last {
    std::string revision;
    int64_t created = 0;  // of its oldest pod told
  };
  std::unordered_map<std::string, Last> last_;
};

// A pod changed (old null: it is new; then only a rollout can fire). `rollout` is what Revisions::ready said
// of it.
std::vector<Fired> on_pod(const watch::PolicyRecord& policy, const watch::PodRecord* old,
                          const watch::PodRecord& now, bool rollout);
std::optional<Fired> on_breach(const watch::PolicyRecord& policy, const watch::PodRecord& pod,
                               std::string_view detail, int64_t now);
// An alert that fires, by its labels: namespace with pod, deployment, statefulset, daemonset or replicaset.
// `find` gives the pod or null.
std::optional<Fired> on_alert(
    const watch::PolicyRecord& policy, const std::map<std::string, std::string, std::less<>>& labels,
    std::string_view fingerprint, int64_t starts_at,
    const std::function<const watch::PodRecord*(std::string_view ns, std::string_view name)>& find);

struct Schedule {
  std::optional<int64_t>
      due;  // the latest time that has come and was not acted upon; store it as lastScheduleTime
  std::optional<int64_t> next;  // when to look again
  std::string fault;            // the schedule or its zone makes no sense
};
// A time missed by more than ten minutes (the operator was away) is left out. The first look only sets the
// start.
Schedule on_schedule(const watch::PolicyRecord& policy, const TimeZone& zone, int64_t now);
// One for each namespace that has a pod which the policy watches and which is labelled.
std::vector<Fired> scheduled(const watch::PolicyRecord& policy, const std::vector<std::string>& namespaces,
                             int64_t due);

// The run to create, or nothing and why: suspended, not asked for, cooling down, enough targets.
struct RunDecision {
  std::optional<Action> create;
  std::string why;
};
// `runs`: all that carry the policy's label and still exist. The run's name follows from policy, trigger,
// target and occasion: a second attempt after a crash meets the first one's run. Cooldown is per pod for
// triggers of one pod, of which within a cooldown at most maxTargets belong to one workload; else per
// workload, or per namespace for schedules.
RunDecision decide(const watch::PolicyRecord& policy, const Fired& fired,
                   const std::vector<const watch::RunRecord*>& runs, int64_t now);

// --- canary ---
struct Side {
  size_t pods = 0, samples = 0, failures = 0;  // of probes
  double p50_ms = 0, p99_ms = 0;               // of successful ones
  int64_t restarts = 0;                        // since the rollout began
};
struct CanaryLimits {
  size_t min_samples = 50;
  double latency_factor = 1.5, latency_floor_ms = 5;  // slower: above both
  double error_points = 0.02;                         // and surely so (two-proportion z test, 99%)
};
struct CanaryVerdict {
  enum class Kind : uint8_t { kCannotTell, kHealthy, kWorse } kind = Kind::kCannotTell;
  std::string reason;  // "NotEnoughSamples", "NoOtherPods", "Healthy", "Slower", "MoreErrors", "MoreRestarts"
  std::string message;  // with the figures
};
CanaryVerdict judge_canary(const Side& canary, const Side& rest, const CanaryLimits& limits = {});

}  // namespace edp::reconcile
