#include "operator/reconcile/policy.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/files.h"
#include "operator/reconcile/cron.h"

namespace edp::reconcile {
namespace {

constexpr int64_t kMissed = 600;  // seconds after which a scheduled time is left out
constexpr std::string_view kRestart = "restart", kOom = "OOMKilled";

std::string place(std::string_view ns, const WorkloadName& workload) {
  return std::string(ns) + "/" + workload.kind + "/" + workload.name;
}

Fired of_pod(Trigger trigger, const watch::PodRecord& pod) {
  return {.trigger = trigger, .ns = pod.ns.str(), .pod = pod.name, .workload = workload_of(pod)};
}

bool of_one_pod(const Fired& fired) { return !fired.pod.empty(); }

// What a run of the policy is about, as its target tells.
bool same_target(const watch::RunRecord& run, const Fired& fired) {
  if (run.ns != std::string_view(fired.ns)) return false;
  if (of_one_pod(fired)) return run.target.pod == fired.pod;
  if (!fired.workload.name.empty()) {
    return run.target.workload_kind == fired.workload.kind && run.target.workload_name == fired.workload.name;
  }
  return run.target.selector.has_value();
}

nlohmann::json selector_json(const watch::Selector& selector) {
  constexpr std::array<const char*, 4> kNames{"In", "NotIn", "Exists", "DoesNotExist"};
  nlohmann::json terms = nlohmann::json::array(
      {{{"key", "edp-enabled"}, {"operator", "In"}, {"values", nlohmann::json::array({"true"})}}});
  for (const watch::SelectorTerm& term : selector.terms) {
    nlohmann::json one = {{"key", term.key}, {"operator", kNames[static_cast<size_t>(term.op)]}};
    if (!term.values.empty()) one["values"] = term.values;
    terms.push_back(std::move(one));
  }
  return {{"matchExpressions", std::move(terms)}};
}

nlohmann::json target_json(const watch::PolicyRecord& policy, const Fired& fired) {
  if (of_one_pod(fired)) return {{"pod", fired.pod}};
  if (!fired.workload.name.empty()) {
    return {{"workload", {{"kind", fired.workload.kind}, {"name", fired.workload.name}}}};
  }
  return {{"selector", selector_json(policy.pods)}};
}

// At most 63 characters: it becomes a label's value elsewhere.
std::string run_name(const watch::PolicyRecord& policy, const Fired& fired) {
  const std::string about = policy.uid + "/" + std::string(to_string(fired.trigger)) + "/" + fired.ns + "/" +
                            fired.pod + "/" + place(fired.ns, fired.workload) + "/" + fired.occasion;
  std::string trigger(to_string(fired.trigger));
  std::ranges::transform(trigger, trigger.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  std::string name = policy.name.substr(0, 40);
  while (!name.empty() && (name.back() == '-' || name.back() == '.')) name.pop_back();
  return name + "-" + trigger + "-" + sha256_hex(about).substr(0, 10);
}

Action create_run(const watch::PolicyRecord& policy, const Fired& fired) {
  Action action{.kind = Action::Kind::kCreateRun, .ns = fired.ns, .name = run_name(policy, fired)};
  nlohmann::json spec = {
      {"target", target_json(policy, fired)}, {"profile", policy.profile}, {"priority", fired.priority}};
  if (policy.keep_runs_seconds > 0) spec["ttlAfterFinished"] = std::to_string(policy.keep_runs_seconds) + "s";
  nlohmann::json annotations = {{"edp.dev/trigger", std::string(to_string(fired.trigger))},
                                {"edp.dev/requested-by", "policy/" + policy.name},
                                {"edp.dev/note", fired.note}};
  if (!fired.alert.empty()) annotations["edp.dev/alert-fingerprint"] = fired.alert;
  const nlohmann::json body = {{"apiVersion", "edp.dev/v1alpha1"},
                               {"kind", "DiagnosticRun"},
                               {"metadata",
                                {{"name", action.name},
                                 {"namespace", fired.ns},
                                 {"labels", {{"edp.dev/policy", policy.name}}},
                                 {"annotations", std::move(annotations)}}},
                               {"spec", std::move(spec)}};
  action.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  action.run_ns = fired.ns;
  action.run_name = action.name;
  action.pod = fired.pod;
  return action;
}

}  // namespace

std::string_view to_string(Trigger trigger) {
  switch (trigger) {
    case Trigger::kRollout:
      return "rollout";
    case Trigger::kRestart:
      return "restart";
    case Trigger::kOomKilled:
      return "oomKilled";
    case Trigger::kBreach:
      return "breach";
    case Trigger::kAlert:
      return "alert";
    case Trigger::kSchedule:
      return "schedule";
  }
  return "unknown";
}

bool watches(const watch::PolicyRecord& policy, const watch::PodRecord& pod,
             const std::vector<std::string>& system_namespaces) {
  const std::string_view ns = pod.ns.view();
  if (policy.namespaces.empty()) {
    if (ns.starts_with("kube-") || std::ranges::find(system_namespaces, ns) != system_namespaces.end()) {
      return false;
    }
  } else if (std::ranges::find(policy.namespaces, ns) == policy.namespaces.end()) {
    return false;
  }
  return policy.pods.matches(*pod.labels);
}

bool Revisions::ready(const watch::PodRecord& pod) {
  const WorkloadName workload = workload_of(pod);
  const std::string_view revision = revision_of(pod);
  if (workload.name.empty() || revision.empty()) return false;
  const auto [found, first] = last_.try_emplace(place(pod.ns.view(), workload));
  Last& last = found->second;
  if (first) {
    last = {.revision = std::string(revision), .created = pod.created};
    return false;
  }
  if (last.revision == revision) {
    last.created = std::min(last.created, pod.created);
    return false;
  }
  // A pod of the template before, which is ready again.
  if (pod.created <= last.created) return false;
  last = {.revision = std::string(revision), .created = pod.created};
  return true;
}

void Revisions::forget(std::string_view ns, const WorkloadName& workload) {
  last_.erase(place(ns, workload));
}

std::vector<Fired> on_pod(const watch::PolicyRecord& policy, const watch::PodRecord* old,
                          const watch::PodRecord& now, bool rollout) {
  std::vector<Fired> all;
  if (rollout && policy.on_rollout) {
    Fired fired = of_pod(Trigger::kRollout, now);
    fired.occasion = std::string(revision_of(now));
    fired.note = "rollout of " + place(now.ns.view(), fired.workload) + " to " + fired.occasion;
    all.push_back(std::move(fired));
  }
  if (old == nullptr || now.restarts <= old->restarts) return all;
  const std::string count = std::string(kRestart) + " " + std::to_string(now.restarts);
  const bool oom = now.last_termination.reason == kOom;
  if (oom && policy.on_oom_killed) {
    Fired fired = of_pod(Trigger::kOomKilled, now);
    fired.occasion = count;
    fired.note = "a container of " + now.ns.str() + "/" + now.name + " was killed for want of memory";
    fired.priority = "Critical";
    all.push_back(std::move(fired));
  } else if (policy.on_restart) {
    Fired fired = of_pod(Trigger::kRestart, now);
    fired.occasion = count;
    fired.note = count + " of " + now.ns.str() + "/" + now.name + ": " + now.last_termination.reason.str() +
                 ", exit code " + std::to_string(now.last_termination.exit_code);
    fired.priority = "Critical";
    all.push_back(std::move(fired));
  }
  return all;
}

std::optional<Fired> on_breach(const watch::PolicyRecord& policy, const watch::PodRecord& pod,
                               std::string_view detail, int64_t now) {
  if (!policy.on_breach) return std::nullopt;
  // Only a labelled pod may be diagnosed: for another one its workload's labelled pods are.
  Fired fired = of_pod(Trigger::kBreach, pod);
  if (!pod.enabled()) {
    fired.pod.clear();
    if (fired.workload.name.empty()) return std::nullopt;
  }
  fired.occasion = std::to_string(now / std::max<int64_t>(1, policy.cooldown_seconds));
  fired.note = "health of " + pod.ns.str() + "/" + pod.name + ": " + std::string(detail);
  fired.priority = "Critical";
  return fired;
}

std::optional<Fired> on_alert(
    const watch::PolicyRecord& policy, const std::map<std::string, std::string, std::less<>>& labels,
    std::string_view fingerprint, int64_t starts_at,
    const std::function<const watch::PodRecord*(std::string_view ns, std::string_view name)>& find) {
  if (!policy.on_alert) return std::nullopt;
  const auto value = [&](std::string_view key) {
    const auto found = labels.find(key);
    return found == labels.end() ? std::string() : found->second;
  };
  Fired fired{.trigger = Trigger::kAlert, .ns = value("namespace")};
  if (fired.ns.empty()) return std::nullopt;
  if (!policy.namespaces.empty() &&
      std::ranges::find(policy.namespaces, fired.ns) == policy.namespaces.end()) {
    return std::nullopt;
  }
  if (const watch::PodRecord* pod = find(fired.ns, value("pod")); pod != nullptr) {
    if (!pod->enabled() || !policy.pods.matches(*pod->labels)) return std::nullopt;
    fired.pod = pod->name;
    fired.workload = workload_of(*pod);
  } else {
    constexpr std::array<std::pair<std::string_view, const char*>, 4> kKinds{{{"deployment", "Deployment"},
                                                                              {"statefulset", "StatefulSet"},
                                                                              {"daemonset", "DaemonSet"},
                                                                              {"replicaset", "ReplicaSet"}}};
    for (const auto& [label, kind] : kKinds) {
      if (fired.workload.name.empty() && !value(label).empty()) {
        fired.workload = {.kind = kind, .name = value(label)};
      }
    }
    if (fired.workload.name.empty()) return std::nullopt;
  }
  fired.occasion = std::string(fingerprint) + "@" + std::to_string(starts_at);
  fired.alert = fingerprint;
  fired.note = "alert " + value("alertname") + ", " + std::string(fingerprint);
  if (value("severity") == "critical") fired.priority = "Critical";
  return fired;
}

Schedule on_schedule(const watch::PolicyRecord& policy, const TimeZone& zone, int64_t now) {
  Schedule schedule;
  const auto cron = Cron::parse(policy.schedule);
  if (!cron) {
    schedule.fault = cron.error().to_string();
    return schedule;
  }
  schedule.next = cron->next(now, zone);
  if (!schedule.next) schedule.fault = "the schedule '" + policy.schedule + "' never comes";
  if (policy.last_schedule == 0) return schedule;  // begins now
  // The latest time that has come.
  std::optional<int64_t> due;
  for (auto at = cron->next(std::max(policy.last_schedule, now - kMissed), zone); at && *at <= now;
       at = cron->next(*at, zone)) {
    due = at;
  }
  schedule.due = due;
  return schedule;
}

std::vector<Fired> scheduled(const watch::PolicyRecord& policy, const std::vector<std::string>& namespaces,
                             int64_t due) {
  std::vector<Fired> all;
  for (const std::string& ns : namespaces) {
    all.push_back({.trigger = Trigger::kSchedule,
                   .ns = ns,
                   .occasion = watch::format_time(due),
                   .note = "scheduled for " + watch::format_time(due) + " by " + policy.name,
                   .priority = "Periodic"});
  }
  return all;
}

RunDecision decide(const watch::PolicyRecord& policy, const Fired& fired,
                   const std::vector<const watch::RunRecord*>& runs, int64_t now) {
  if (policy.suspend) return {.why = "the policy is suspended"};
  Action create = create_run(policy, fired);
  int32_t in_workload = 0;
  for (const watch::RunRecord* run : runs) {
    if (run->ns == std::string_view(fired.ns) && run->name == create.name) {
      return {.why = "run " + create.name + " exists"};
    }
    // A schedule has its own pace.
    if (fired.trigger == Trigger::kSchedule) {
      if (same_target(*run, fired) && run->trigger == to_string(Trigger::kSchedule) &&
          !finished(run->status)) {
        return {.why = "run " + run->name + " has not ended yet"};
      }
      continue;
    }
    const int64_t age = now - run->created;
    if (age >= policy.cooldown_seconds && finished(run->status)) continue;
    if (same_target(*run, fired)) {
      return {.why = "cooling down: run " + run->name + " was made " + std::to_string(age) + " s ago"};
    }
    if (of_one_pod(fired) && !fired.workload.name.empty() && run->ns == std::string_view(fired.ns) &&
        !run->target.pod.empty() && run->target.pod.starts_with(fired.workload.name + "-")) {
      ++in_workload;
    }
  }
  if (of_one_pod(fired) && in_workload >= std::max(1, policy.max_targets)) {
    return {.why =
                std::to_string(in_workload) + " pods of " + fired.workload.name + " are diagnosed already"};
  }
  return {.create = std::move(create)};
}

}  // namespace edp::reconcile
