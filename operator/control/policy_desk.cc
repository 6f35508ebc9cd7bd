#include "operator/control/policy_desk.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "operator/control/act_audit.h"
#include "operator/kube/paths.h"
#include "operator/publish/log.h"

namespace edp::control {
namespace {

namespace log = publish::log;

// A storm of pods that die must not become a storm of memory: what is beyond is dropped, and the cooldown
// would have refused nearly all of it anyway.
constexpr size_t kMaxFired = 256;

std::string policy_key(std::string_view name) { return "policy/" + std::string(name); }

reconcile::ObjectId object_of(const watch::PolicyRecord& policy) {
  return {.api_version = "edp.dev/v1alpha1",
          .kind = "DiagnosticPolicy",
          .ns = {},
          .name = policy.name,
          .uid = policy.uid};
}

act::Step schedule_step(const watch::PolicyRecord& policy, int64_t due) {
  act::Step step{.kind = act::StepKind::kPatch};
  step.call.method = "PATCH";
  step.call.path =
      "/apis/edp.dev/v1alpha1/diagnosticpolicies/" + kube::escape_segment(policy.name) + "/status";
  step.call.content_type = "application/merge-patch+json";
  step.call.body = nlohmann::json{{"status", {{"lastScheduleTime", watch::format_time(due)}}}}.dump();
  step.call.timeout = std::chrono::seconds(10);
  return step;
}

}  // namespace

PolicyDesk::PolicyDesk(Office& office, std::vector<std::string> system_namespaces)
    : office_(office), system_namespaces_(std::move(system_namespaces)) {}

void PolicyDesk::lead(double now) {
  leading_ = true;
  office_.world.policies.for_each(
      [&](const watch::PolicyRecord& policy) { office_.queue.add(policy_key(policy.name), now); });
}

void PolicyDesk::retire() {
  leading_ = false;
  work_.clear();
}

std::vector<const watch::RunRecord*> PolicyDesk::runs_of(std::string_view policy) const {
  std::vector<const watch::RunRecord*> runs;
  office_.world.runs.for_each([&](const watch::RunRecord& run) {
    if (run.policy == policy) runs.push_back(&run);
  });
  return runs;
}

void PolicyDesk::on_pod(const watch::PodRecord* old, const watch::PodRecord* now, double time) {
  if (now == nullptr || now->runner || !now->enabled()) return;
  // What was there before this replica knew the cluster is no news.
  const bool rollout = now->ready && revisions_.ready(*now) && office_.world.pods.synced();
  if (old != nullptr && now->restarts > old->restarts)
    office_.metrics.target_restarted(now->restarts - old->restarts);
  if (!leading_ || !office_.world.pods.synced()) return;
  office_.world.policies.for_each([&](const watch::PolicyRecord& policy) {
    if (!watches(policy, *now)) return;
    if (rollout && policy.canary && on_rollout) on_rollout(*now, policy);
    for (reconcile::Fired& fired : reconcile::on_pod(policy, old, *now, rollout)) {
      fire(policy, std::move(fired), time);
    }
  });
}

void PolicyDesk::on_policy(const watch::PolicyRecord*, const watch::PolicyRecord* now, double time) {
  if (now != nullptr && leading_) office_.queue.add(policy_key(now->name), time);
}

void PolicyDesk::on_alerts(const std::vector<serve::Alert>& alerts, double now) {
  if (!leading_) return;
  const auto find = [&](std::string_view ns, std::string_view name) {
    return office_.world.pods.find(ns, name);
  };
  for (const serve::Alert& alert : alerts) {
    if (!alert.firing) continue;
    office_.world.policies.for_each([&](const watch::PolicyRecord& policy) {
      auto fired = reconcile::on_alert(policy, alert.labels, alert.fingerprint, alert.starts_at, find);
      if (fired) fire(policy, std::move(*fired), now);
    });
  }
}

void PolicyDesk::on_breach(const watch::PodRecord& pod, std::string_view detail, double now) {
  if (!leading_) return;
  office_.world.policies.for_each([&](const watch::PolicyRecord& policy) {
    if (auto fired = reconcile::on_breach(policy, pod, detail, static_cast<int64_t>(now))) {
      fire(policy, std::move(*fired), now);
    }
  });
}

void PolicyDesk::fire(const watch::PolicyRecord& policy, reconcile::Fired fired, double now) {
  Work& work = work_[policy.name];
  if (work.fired.size() >= kMaxFired) return;
  work.fired.push_back(std::move(fired));
  proceed(policy.name, now);
}

void PolicyDesk::proceed(const std::string& name, double now) {
  const auto found = work_.find(name);
  const watch::PolicyRecord* policy = office_.world.policies.find(name);
  if (found == work_.end() || policy == nullptr) return;
  Work& work = found->second;
  while (!work.busy && !work.fired.empty()) {
    const reconcile::Fired fired = std::move(work.fired.front());
    work.fired.pop_front();
    reconcile::RunDecision decision =
        reconcile::decide(*policy, fired, runs_of(name), static_cast<int64_t>(now));
    if (!decision.create) {
      log::debug("no run", {{"policy", name},
                            {"trigger", std::string(reconcile::to_string(fired.trigger))},
                            {"why", decision.why}});
      continue;
    }
    act::Task task{
        .key = policy_key(name),
        .steps = {audited_create_run(*decision.create, name, reconcile::to_string(fired.trigger))}};
    add_event(task.steps, office_,
              {.object = object_of(*policy),
               .reason = "RunCreated",
               .message = decision.create->ns + "/" + decision.create->name + ": " + fired.note},
              now);
    work.busy = true;
    office_.submit(std::move(task), true);
  }
}

void PolicyDesk::on_outcome(const act::Outcome& outcome, const std::string& name, double now) {
  for (const act::StepResult& result : outcome.results) {
    if (const auto* run = std::get_if<watch::RunRecord>(&result.object)) {
      office_.world.runs.apply({watch::DeltaKind::kUpsert, *run});
    }
    if (!result.good && result.kind != act::StepKind::kEvent) {
      log::warning("a call about a policy failed", {{"policy", name}, {"problem", result.problem}});
    }
  }
  const auto found = work_.find(name);
  if (found == work_.end()) return;
  found->second.busy = false;
  if (leading_) proceed(name, now);
}

void PolicyDesk::tell(const watch::PolicyRecord& policy, const std::string& fault, double now) {
  Work& work = work_[policy.name];
  if (work.fault == fault) return;
  work.fault = fault;
  if (fault.empty()) return;
  act::Task task{.key = "event", .steps = {}};
  add_event(task.steps, office_,
            {.object = object_of(policy), .warning = true, .reason = "InvalidSchedule", .message = fault},
            now);
  if (!task.steps.empty()) office_.submit(std::move(task), false);
}

void PolicyDesk::reconcile(const std::string& name, double now) {
  const watch::PolicyRecord* policy = office_.world.policies.find(name);
  if (policy == nullptr || !leading_ || policy->schedule.empty() || policy->suspend) return;
  const auto zone = reconcile::load_time_zone(policy->time_zone.empty() ? "UTC" : policy->time_zone);
  if (!zone) return tell(*policy, zone.error().to_string(), now);
  const reconcile::Schedule schedule = reconcile::on_schedule(*policy, *zone, static_cast<int64_t>(now));
  tell(*policy, schedule.fault, now);
  if (schedule.next) office_.queue.add_at(policy_key(name), static_cast<double>(*schedule.next), now);
  if (!schedule.due) return;
  std::set<std::string> namespaces;
  office_.world.pods.for_each([&](const watch::PodRecord& pod) {
    if (pod.enabled() && !pod.runner && watches(*policy, pod)) namespaces.insert(pod.ns.str());
  });
  act::Task task{.key = "schedule/" + name, .steps = {schedule_step(*policy, *schedule.due)}};
  office_.submit(std::move(task), false);
  for (reconcile::Fired& fired :
       reconcile::scheduled(*policy, {namespaces.begin(), namespaces.end()}, *schedule.due)) {
    fire(*policy, std::move(fired), now);
  }
}

}  // namespace edp::control
