#include "operator/control/ticket_desk.h"

#include <algorithm>
#include <vector>

#include "operator/reconcile/status.h"

namespace edp::control {
namespace {

// "checkout-7d4b9c6f8d-x2x7k" -> "checkout": a Deployment's pod that is gone. The hashes have no vowels.
std::string deployment_of(const std::string& pod) {
  constexpr std::string_view kHash = "bcdfghjklmnpqrstvwxz2456789";
  const size_t last = pod.rfind('-');
  if (last == std::string::npos || last == 0 || pod.size() - last - 1 != 5) return {};
  const size_t first = pod.rfind('-', last - 1);
  if (first == std::string::npos || first == 0) return {};
  const std::string hash = pod.substr(first + 1, last - first - 1);
  if (hash.size() < 6 || hash.size() > 10) return {};
  const auto hashed = [&](const std::string& part) {
    return part.find_first_not_of(kHash) == std::string::npos;
  };
  return hashed(hash) && hashed(pod.substr(last + 1)) ? pod.substr(0, first) : std::string();
}

std::string duration_text(double seconds) {
  return seconds > 0 ? std::to_string(static_cast<int64_t>(seconds)) + "s" : std::string();
}

}  // namespace

void TicketDesk::lead() {
  if (!offer_) return;
  leading_ = true;
  handed_.clear();
  workloads_.clear();
  consider_all();
}

// In the order in which they ended, as they would have come.
void TicketDesk::consider_all() {
  std::vector<const watch::RunRecord*> runs;
  world_.runs.for_each([&](const watch::RunRecord& run) { runs.push_back(&run); });
  std::ranges::sort(runs, {}, [](const watch::RunRecord* run) { return run->status.completed; });
  for (const watch::RunRecord* run : runs) consider(*run);
}

void TicketDesk::retire() {
  leading_ = false;
  handed_.clear();
  workloads_.clear();
}

void TicketDesk::on_run(const watch::RunRecord* old, const watch::RunRecord* now) {
  if (!leading_) return;
  if (now == nullptr) {
    handed_.erase(old->uid);
    for (const watch::TargetStatus& target : old->status.targets) workloads_.erase(target.uid);
    return;
  }
  consider(*now);
}

void TicketDesk::work() {
  if (!leading_ || !crowded_) return;
  crowded_ = false;
  consider_all();
}

reconcile::WorkloadName TicketDesk::workload_of(const watch::RunRecord& run,
                                                const watch::TargetStatus& target) const {
  const watch::PodRecord* pod = world_.pods.find(run.ns, target.pod);
  if (pod != nullptr && pod->uid == target.uid) {
    if (reconcile::WorkloadName name = reconcile::workload_of(*pod); !name.name.empty()) return name;
  }
  if (const auto known = workloads_.find(target.uid); known != workloads_.end()) return known->second;
  if (!run.target.workload_name.empty()) {
    return {.kind = run.target.workload_kind, .name = run.target.workload_name};
  }
  if (pod == nullptr) {
    if (std::string name = deployment_of(target.pod); !name.empty()) {
      return {.kind = "Deployment", .name = std::move(name)};
    }
  }
  return {.kind = "Pod", .name = target.pod};
}

void TicketDesk::consider(const watch::RunRecord& run) {
  if (!reconcile::finished(run.status)) {
    for (const watch::TargetStatus& target : run.status.targets) {
      if (const auto name = workload_of(run, target); name.kind != "Pod") workloads_[target.uid] = name;
    }
    return;
  }
  if (run.status.critical == 0 && run.validates.empty()) return;
  if (handed_.contains(run.uid)) return;
  tickets::RunEnded ended{.ns = run.ns.str(),
                          .name = run.name,
                          .uid = run.uid,
                          .validates = run.validates,
                          .created = run.created,
                          .completed = run.status.completed,
                          .succeeded = reconcile::is_true(run.status, "Succeeded"),
                          .failure = {},
                          .report_url = run.status.report_url,
                          .alerts = {},
                          .checks = {.profile = run.profile,
                                     .duration = duration_text(run.duration_seconds),
                                     .collectors = run.collectors},
                          .targets = {},
                          .worst = run.status.worst};
  if (!run.alert.empty()) ended.alerts.push_back(run.alert);
  if (const watch::Condition* failed = reconcile::find_condition(run.status, "Failed");
      failed != nullptr && failed->status == "True") {
    ended.failure = failed->reason + ": " + failed->message;
  }
  for (const watch::TargetStatus& target : run.status.targets) {
    reconcile::WorkloadName workload = workload_of(run, target);
    ended.targets.push_back({.pod = target.pod,
                             .uid = target.uid,
                             .digest = target.digest,
                             .kind = std::move(workload.kind),
                             .workload = std::move(workload.name),
                             .succeeded = target.phase == "Succeeded"});
  }
  if (offer_(std::move(ended))) {
    handed_.insert(run.uid);
    for (const watch::TargetStatus& target : run.status.targets) workloads_.erase(target.uid);
  } else {
    crowded_ = true;
  }
}

}  // namespace edp::control
