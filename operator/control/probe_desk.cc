#include "operator/control/probe_desk.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

#include "operator/publish/log.h"

namespace edp::control {
namespace {

namespace log = publish::log;

using WorkloadKey = std::tuple<std::string_view, std::string, std::string>;  // namespace, kind, name

// A pod without an owner is a workload of its own.
WorkloadKey key_of(const watch::PodRecord& pod) {
  reconcile::WorkloadName workload = reconcile::workload_of(pod);
  if (workload.name.empty()) workload = {.kind = "Pod", .name = pod.name};
  return {pod.ns.view(), std::move(workload.kind), std::move(workload.name)};
}

double milliseconds(std::chrono::microseconds time) { return static_cast<double>(time.count()) / 1000; }

// Restarts are counted apart: they are no probes.
void fill(reconcile::Side& side, const std::vector<const probe::History*>& histories) {
  const probe::Summary summary = probe::summarize(histories);
  side.samples = summary.results;
  side.failures = summary.failures;
  side.p50_ms = milliseconds(summary.p50);
  side.p99_ms = milliseconds(summary.p99);
}

}  // namespace

ProbeDesk::ProbeDesk(Office& office, PolicyDesk& policies, SetTargets set_targets, ProbeSettings settings)
    : office_(office), policies_(policies), set_targets_(std::move(set_targets)), settings_(settings) {}

void ProbeDesk::lead(double now) {
  leading_ = true;
  stale_ = true;
  next_refresh_ = now;
}

void ProbeDesk::retire() {
  leading_ = false;
  pods_.clear();
  canaries_.clear();
  set_targets_({});
}

void ProbeDesk::refresh() {
  std::map<WorkloadKey, const watch::PolicyRecord*> watched;
  office_.world.pods.for_each([&](const watch::PodRecord& pod) {
    if (!pod.enabled() || pod.runner) return;
    office_.world.policies.for_each([&](const watch::PolicyRecord& policy) {
      if (policy.probe && !policy.suspend && policies_.watches(policy, pod)) {
        watched.try_emplace(key_of(pod), &policy);
      }
    });
  });
  for (auto& [uid, pod] : pods_) pod.wanted = false;
  std::vector<probe::Target> targets;
  std::set<std::pair<std::string, std::string>> workloads;
  int64_t unready = 0;
  if (!watched.empty()) {
    office_.world.pods.for_each([&](const watch::PodRecord& pod) {
      if (pod.runner) return;
      const WorkloadKey key = key_of(pod);
      const auto found = watched.find(key);
      if (found == watched.end()) return;
      const watch::PolicyRecord& policy = *found->second;
      auto target =
          probe::target_of(pod, watch::Symbol(std::get<2>(key)),
                           std::chrono::seconds(std::max<int64_t>(1, policy.probe_interval_seconds)));
      if (!target) return;
      if (!pod.ready) ++unready;
      Pod& state = pods_[pod.uid];
      state.name = pod.name;
      state.ns = pod.ns;
      state.policy = policy.name;
      state.wanted = true;
      workloads.emplace(pod.ns.view(), std::get<2>(key));
      targets.push_back(std::move(*target));
    });
  }
  std::erase_if(pods_, [](const auto& entry) { return !entry.second.wanted; });
  for (const auto& [ns, workload] : workloads_) {
    if (!workloads.contains({ns, workload})) office_.metrics.probes_gone(ns, workload);
  }
  workloads_ = std::move(workloads);
  office_.metrics.set_probe_targets(static_cast<int64_t>(targets.size()));
  office_.metrics.set_probe_unready(unready);
  set_targets_(std::move(targets));
}

void ProbeDesk::on_results(const std::vector<probe::ProbeResult>& results, double now) {
  if (!leading_) return;
  for (const probe::ProbeResult& result : results) {
    const auto found = pods_.find(result.key);
    // Our own lack of sockets says nothing about the target.
    if (found == pods_.end() || result.error == probe::ErrorKind::kLocal ||
        result.error == probe::ErrorKind::kAddress) {
      continue;
    }
    Pod& state = found->second;
    if (result.ok) {
      office_.metrics.probed(result.ns.view(), result.workload.view(), milliseconds(result.latency) / 1000);
    } else {
      office_.metrics.probe_failed();
    }
    state.history.add(result.ok, result.latency);
    const watch::PolicyRecord* policy = office_.world.policies.find(state.policy);
    const watch::PodRecord* pod = office_.world.pods.find(state.ns, state.name);
    if (policy == nullptr || pod == nullptr || pod->uid != result.key) continue;
    const probe::BreachLimits limits{
        .failures = policy->breach_failures,
        .latency = std::chrono::microseconds(static_cast<int64_t>(policy->breach_latency_ms * 1000)),
        .slow = policy->breach_failures};
    if (state.detector.add(limits, result.ok, result.latency) != probe::BreachDetector::Change::kBegins)
      continue;
    const std::string kind(probe::to_string(state.detector.breach()));
    office_.metrics.breach(kind);
    std::string detail = kind + ": the latest probe ";
    detail += result.ok ? "took " + std::to_string(std::lround(milliseconds(result.latency))) + " ms"
                        : "failed (" + std::string(probe::to_string(result.error)) + ")";
    log::warning("health breach", {{"pod", state.ns.str() + "/" + state.name}, {"detail", detail}});
    policies_.on_breach(*pod, detail, now);
  }
}

void ProbeDesk::on_rollout(const watch::PodRecord& pod, const watch::PolicyRecord& policy, double now) {
  if (!leading_) return;
  const WorkloadKey key = key_of(pod);
  const auto& [ns, kind, name] = key;
  Canary canary{.policy = policy.name,
                .revision = std::string(reconcile::revision_of(pod)),
                .ns = pod.ns,
                .workload = {.kind = kind, .name = name},
                .until = now + settings_.canary_seconds,
                .next = now + settings_.canary_step_seconds};
  for (const watch::PodRecord* other : office_.world.pods_in(pod.ns)) {
    if (key_of(*other) == key) canary.restarts[other->uid] = other->restarts;
  }
  canaries_[std::string(ns) + "/" + kind + "/" + name] = std::move(canary);
}

// The labelled pods of the new template against all others of the workload.
void ProbeDesk::judge(Canary& canary, double now, bool last) {
  reconcile::Side sides[2];
  std::vector<const probe::History*> histories[2];
  const watch::PodRecord* example = nullptr;
  for (const watch::PodRecord* pod : office_.world.pods_in(canary.ns)) {
    const auto& [ns, kind, name] = key_of(*pod);
    if (kind != canary.workload.kind || name != canary.workload.name) continue;
    const bool is_canary = pod->enabled() && reconcile::revision_of(*pod) == canary.revision;
    if (is_canary) example = pod;
    reconcile::Side& side = sides[is_canary ? 0 : 1];
    ++side.pods;
    const auto before = canary.restarts.find(pod->uid);
    side.restarts += pod->restarts - (before == canary.restarts.end() ? 0 : before->second);
    const auto probed = pods_.find(pod->uid);
    if (probed != pods_.end()) histories[is_canary ? 0 : 1].push_back(&probed->second.history);
  }
  for (const size_t i : {0U, 1U}) fill(sides[i], histories[i]);
  const reconcile::CanaryVerdict verdict = reconcile::judge_canary(sides[0], sides[1]);
  const bool worse = verdict.kind == reconcile::CanaryVerdict::Kind::kWorse;
  if (!worse && !last) return;
  canary.until = now;
  tell(canary, verdict, now);
  if (!worse) return;
  office_.metrics.breach("canary");
  if (example != nullptr) policies_.on_breach(*example, "canary: " + verdict.message, now);
}

void ProbeDesk::tell(const Canary& canary, const reconcile::CanaryVerdict& verdict, double now) {
  const watch::PolicyRecord* policy = office_.world.policies.find(canary.policy);
  if (policy == nullptr) return;
  act::Task task{.key = "event", .steps = {}};
  add_event(task.steps, office_,
            {.object = {.api_version = "edp.dev/v1alpha1",
                        .kind = "DiagnosticPolicy",
                        .ns = {},
                        .name = policy->name,
                        .uid = policy->uid},
             .warning = verdict.kind == reconcile::CanaryVerdict::Kind::kWorse,
             .reason = "Canary" + verdict.reason,
             .message = canary.ns.str() + "/" + canary.workload.name + ": " + verdict.message},
            now);
  if (!task.steps.empty()) office_.submit(std::move(task), false);
}

double ProbeDesk::work(double now) {
  if (!leading_) return std::numeric_limits<double>::infinity();
  if (stale_ && now >= next_refresh_) {
    stale_ = false;
    next_refresh_ = now + settings_.refresh_seconds;
    refresh();
  }
  double due = stale_ ? next_refresh_ : std::numeric_limits<double>::infinity();
  for (auto& [key, canary] : canaries_) {
    if (now >= canary.next) {
      canary.next = now + settings_.canary_step_seconds;
      judge(canary, now, now >= canary.until);
    }
    due = std::min(due, canary.next);
  }
  std::erase_if(canaries_, [&](const auto& entry) { return now >= entry.second.until; });
  return due;
}

}  // namespace edp::control
