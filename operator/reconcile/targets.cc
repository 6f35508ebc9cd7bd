#include "operator/reconcile/targets.h"

#include <algorithm>
#include <string_view>
#include <tuple>

#include "operator/reconcile/status.h"

namespace edp::reconcile {
namespace {

using watch::PodPhase;
using watch::PodRecord;

bool can_be_reached(const PodRecord& pod) {
  return pod.phase == PodPhase::kRunning && !pod.deleting && !pod.ip.empty();
}

bool ended(const PodRecord& pod) {
  return pod.phase == PodPhase::kSucceeded || pod.phase == PodPhase::kFailed;
}

std::string describe(const RunInput& input) {
  const watch::RunTarget& target = input.run->target;
  const std::string ns = input.run->ns.str();
  if (!target.pod.empty()) return "pod " + ns + "/" + target.pod;
  if (!target.workload_name.empty()) return target.workload_kind + " " + ns + "/" + target.workload_name;
  return "the selector in namespace " + ns;
}

bool selects(const RunInput& input, const PodRecord& pod) {
  const watch::RunTarget& target = input.run->target;
  if (!target.workload_name.empty()) {
    if (input.workload == WorkloadState::kSelector) return input.workload_selector.matches(*pod.labels);
    return owned_by(pod, target.workload_kind, target.workload_name);
  }
  return target.selector && target.selector->matches(*pod.labels);
}

std::vector<const PodRecord*> matching(const RunInput& input) {
  std::vector<const PodRecord*> pods;
  if (!input.run->target.pod.empty()) {
    if (const PodRecord* pod = input.pods.find(input.run->target.pod)) pods.push_back(pod);
    return pods;
  }
  if (input.workload == WorkloadState::kMissing && !input.run->target.workload_name.empty()) return pods;
  input.pods.each([&](const PodRecord& pod) {
    if (!ended(pod) && selects(input, pod)) pods.push_back(&pod);
  });
  return pods;
}

}  // namespace

Choice choose_targets(const RunInput& input, size_t limit) {
  Choice choice;
  const std::vector<const PodRecord*> pods = matching(input);
  size_t enabled = 0;
  for (const PodRecord* pod : pods) {
    if (!pod->enabled()) continue;
    ++enabled;
    if (can_be_reached(*pod)) choice.pods.push_back(pod);
  }
  choice.eligible = choice.pods.size();
  std::ranges::sort(choice.pods, [](const PodRecord* a, const PodRecord* b) {
    return std::tuple(!a->ready, -a->created, std::string_view(a->name)) <
           std::tuple(!b->ready, -b->created, std::string_view(b->name));
  });
  if (choice.pods.size() > limit) choice.pods.resize(limit);
  std::vector<std::string_view> names;
  for (const PodRecord* pod : choice.pods) names.push_back(pod->name);
  choice.pods.resize(most_targets(names));
  if (!choice.pods.empty()) return choice;
  const std::string what = describe(input);
  if (enabled > 0) {
    choice.reason = "NoPodMatches";
    choice.message = what + ": no pod with the label edp-enabled=true is running yet";
  } else if (!pods.empty()) {
    choice.reason = "TargetNotEnabled";
    choice.message = what + ": " + (pods.size() == 1 ? "the pod lacks" : "none of its pods has") +
                     " the label edp-enabled=true, without which nothing is diagnosed";
  } else {
    choice.reason = "NoPodMatches";
    choice.message =
        input.workload == WorkloadState::kMissing ? what + " does not exist" : what + " matches no pod";
  }
  return choice;
}

bool lives(const RunInput& input, const std::string& pod, const std::string& uid) {
  const PodRecord* found = input.pods.find(pod);
  return found != nullptr && found->uid == uid && !ended(*found);
}

std::string_view revision_of(const PodRecord& pod) {
  const std::string_view hash = watch::label(*pod.labels, "pod-template-hash");
  return hash.empty() ? watch::label(*pod.labels, "controller-revision-hash") : hash;
}

WorkloadName workload_of(const PodRecord& pod) {
  if (pod.owner_kind.empty()) return {};
  if (pod.owner_kind == std::string_view("ReplicaSet")) {
    const std::string_view hash = watch::label(*pod.labels, "pod-template-hash");
    const std::string_view owner = pod.owner_name.view();
    if (!hash.empty() && owner.size() > hash.size() + 1 && owner.ends_with(hash) &&
        owner[owner.size() - hash.size() - 1] == '-') {
      return {"Deployment", std::string(owner.substr(0, owner.size() - hash.size() - 1))};
    }
  }
  return {pod.owner_kind.str(), pod.owner_name.str()};
}

bool owned_by(const PodRecord& pod, std::string_view kind, std::string_view name) {
  if (pod.owner_kind == kind && pod.owner_name == name) return true;
  if (kind != "Deployment") return false;
  const WorkloadName workload = workload_of(pod);
  return workload.kind == kind && workload.name == name;
}

}  // namespace edp::reconcile
