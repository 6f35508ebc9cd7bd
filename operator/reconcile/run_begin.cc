#include <algorithm>

#include "operator/reconcile/run_reconciler.h"
#include "operator/reconcile/status.h"

namespace edp::reconcile {
namespace {

constexpr int64_t kProfilePatience = 5;  // a profile applied together with the run may be told a moment later
constexpr int64_t kYoung = 60;           // less than a finished Job is kept

}  // namespace

void Reconciler::begin() {
  if (profile_ == nullptr) {
    wait_or_fail("UnknownProfile",
                 "there is no DiagnosticProfile " + run_.profile + ", and it is not built in",
                 kProfilePatience);
    return;
  }
  if (!check_profile()) return;
  if (run_.suspend) {
    condition("Accepted", true, "Accepted", "suspended; targets are chosen when it goes on");
    condition("Admitted", false, "Suspended", "spec.suspend is true");
    condition("Running", false, "Suspended", "spec.suspend is true");
    return;
  }
  if (!run_.target.workload_name.empty() && in_.workload == WorkloadState::kAsking) {
    look_again(now_ + 5);
    status_ = run_.status;  // nothing is said before there is something to say
    return;
  }
  size_t limit = settings_.max_targets;
  if (in_.policy != nullptr && in_.policy->max_targets > 0) {
    limit = std::min(limit, static_cast<size_t>(in_.policy->max_targets));
  }
  const Choice choice = choose_targets(in_, limit);
  if (choice.pods.empty()) {
    if (choice.reason == "NoPodMatches") {
      wait_or_fail(choice.reason, choice.message, settings_.wait_for_pods);
    } else {
      refuse(choice.reason, choice.message);
    }
    return;
  }
  for (const watch::PodRecord* pod : choice.pods) {
    status_.targets.push_back({.pod = pod->name, .uid = pod->uid, .phase = "Waiting"});
  }
  std::string message = std::to_string(choice.pods.size()) + (choice.pods.size() == 1 ? " pod" : " pods");
  if (choice.pods.size() < choice.eligible) {
    message = std::to_string(choice.pods.size()) + " of " + std::to_string(choice.eligible) +
              " pods: ready ones first, of those the newest";
  }
  condition("Accepted", true, "TargetsChosen", message);
  // Those who find room at once need no second look. The Job of a pod that the spec names may even come
  // before the status: chosen again, it is the same one, and while the run is young no Job of it can have
  // ended and gone.
  for (TargetStatus& target : status_.targets) wait(target, nullptr);
  const bool early = !run_.target.pod.empty() && now_ < run_.created + kYoung;
  for (Action& action : out_.actions) action.early = early;
  count();
  conclude();  // also says that nothing runs yet, which saves a second write
  tell(false, "TargetsChosen", message);
}

bool Reconciler::check_profile() {
  const bool allowed = profile_->reach == watch::Reach::kNetwork ||
                       (profile_->reach == watch::Reach::kNode && settings_.allow_node) ||
                       (profile_->reach == watch::Reach::kEphemeralContainer &&
                        settings_.ephemeral_namespaces.contains(run_.ns.view()));
  if (!allowed) {
    refuse("ReachNotAllowed",
           "profile " + profile_->name + " reaches its targets by " +
               (profile_->reach == watch::Reach::kNode ? "a Job on their node" : "an ephemeral container") +
               ", which this installation does not allow in namespace " + run_.ns.str());
    return false;
  }
  if (const auto text = runner_profile(run_, *profile_); !text) {
    refuse("InvalidSpec", text.error().to_string());
    return false;
  }
  const watch::RunTarget& target = run_.target;
  if (target.pod.empty() && target.workload_name.empty() && !target.selector) {
    refuse("InvalidSpec", "spec.target names no pod, workload or selector");
    return false;
  }
  return true;
}

void Reconciler::refuse(const std::string& reason, const std::string& message) {
  condition("Accepted", false, reason, message);
  fail_run(reason, message);
}

void Reconciler::wait_or_fail(const std::string& reason, const std::string& message, int64_t patience) {
  const watch::Condition* accepted = find_condition(status_, "Accepted");
  const bool waits = accepted != nullptr && accepted->status == "False";
  const int64_t since = waits ? accepted->transition : now_;
  if (waits && now_ >= since + patience) {
    refuse(reason, message + " (waited " + std::to_string(patience) + " s)");
    return;
  }
  condition("Accepted", false, reason, message);
  look_again(since + patience);
}

}  // namespace edp::reconcile
