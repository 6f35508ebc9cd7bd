#include "operator/control/run_desk.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "operator/control/act_audit.h"
#include "operator/kube/paths.h"
#include "operator/publish/log.h"
#include "operator/reconcile/status.h"

namespace edp::control {
namespace {

namespace log = publish::log;

constexpr double kUnanswered = 3;  // seconds

act::Step status_step(const watch::RunRecord& run, const watch::RunStatus& status) {
  act::Step step{.kind = act::StepKind::kRunStatus};
  step.call.method = "PATCH";
  step.call.path = "/apis/edp.dev/v1alpha1/namespaces/" + kube::escape_segment(run.ns.view()) +
                   "/diagnosticruns/" + kube::escape_segment(run.name) + "/status";
  step.call.content_type = "application/merge-patch+json";
  step.call.body = reconcile::status_json(status, run.resource_version);
  step.call.timeout = std::chrono::seconds(10);
  return step;
}

bool places(const reconcile::Action& action) {
  return action.kind == reconcile::Action::Kind::kCreateJob ||
         action.kind == reconcile::Action::Kind::kAddEphemeralContainer;
}

// The server said no, as opposed to: nobody knows.
bool refused(const act::StepResult& result) {
  return result.status >= 400 && result.status < 500 && result.status != 429 && result.status != 408;
}

// What of a pod can change a verdict about it.
bool same_target(const watch::PodRecord& a, const watch::PodRecord& b) {
  return a.ip == b.ip && a.phase == b.phase && a.deleting == b.deleting && a.ready == b.ready &&
         a.labels == b.labels && a.restarts == b.restarts &&
         (a.ephemeral ? b.ephemeral && *a.ephemeral == *b.ephemeral : !b.ephemeral);
}

}  // namespace

RunDesk::RunDesk(Office& office, Directory& directory, reconcile::RunSettings settings,
                 reconcile::LedgerOptions ledger)
    : office_(office),
      directory_(directory),
      settings_(std::move(settings)),
      ledger_options_(std::move(ledger)),
      ledger_(ledger_options_) {}

void RunDesk::lead(double now) {
  leading_ = true;
  ledger_ = reconcile::Ledger(ledger_options_);
  work_.clear();
  targets_.clear();
  choosing_.clear();
  const auto when = static_cast<int64_t>(now);
  office_.world.quotas.for_each([&](const watch::QuotaRecord& quota) { ledger_.quota(quota, when); });
  office_.world.jobs.for_each([&](const watch::JobRecord& job) { on_job(nullptr, &job, now); });
  office_.world.runs.for_each([&](const watch::RunRecord& run) {
    for (const watch::PodRecord* pod : office_.world.runner_pods(run.uid)) on_pod(nullptr, pod, now);
    on_run(nullptr, &run, now);
    for (const watch::TargetStatus& target : run.status.targets) {
      const watch::PodRecord* pod = office_.world.pods.find(run.ns, target.pod);
      if (pod != nullptr && pod->uid == target.uid) tell_ledger(run.uid, *pod, false, now);
    }
  });
}

void RunDesk::retire() {
  leading_ = false;
  work_.clear();
  targets_.clear();
  choosing_.clear();
}

void RunDesk::look_at(std::string_view uid, double now) {
  if (leading_) office_.queue.add(run_key(uid), now);
}

void RunDesk::index_targets(const watch::RunRecord& run, Work& work) {
  for (const std::string& pod : work.targets) {
    const auto found = targets_.find(pod);
    if (found == targets_.end()) continue;
    found->second.erase(run.uid);
    if (found->second.empty()) targets_.erase(found);
  }
  work.targets.clear();
  const bool finished = reconcile::finished(run.status);
  if (!finished) {
    for (const watch::TargetStatus& target : run.status.targets) {
      work.targets.push_back(target.uid);
      targets_[target.uid].insert(run.uid);
    }
  }
  auto& choosing = choosing_[run.ns];
  if (work.targets.empty() && !finished) {
    choosing.insert(run.uid);
  } else {
    choosing.erase(run.uid);
  }
  if (choosing.empty()) choosing_.erase(run.ns);
}

void RunDesk::forget(const std::string& uid) {
  const auto found = work_.find(uid);
  if (found == work_.end()) return;
  for (const std::string& pod : found->second.targets) {
    const auto runs = targets_.find(pod);
    if (runs == targets_.end()) continue;
    runs->second.erase(uid);
    if (runs->second.empty()) targets_.erase(runs);
  }
  for (auto at = choosing_.begin(); at != choosing_.end();) {
    at->second.erase(uid);
    at = at->second.empty() ? choosing_.erase(at) : std::next(at);
  }
  work_.erase(found);
}

void RunDesk::on_run(const watch::RunRecord* old, const watch::RunRecord* now, double time) {
  if (!leading_) return;
  if (now == nullptr) {
    ledger_.wish(old->uid, {});
    forget(old->uid);
    office_.queue.remove(run_key(old->uid));
    office_.queue.add(gone_key(old->uid), time);
    return;
  }
  Work& work = work_[now->uid];
  if (work.first_seen == 0) work.first_seen = time;
  index_targets(*now, work);
  look_at(now->uid, time);
}

void RunDesk::on_job(const watch::JobRecord* old, const watch::JobRecord* now, double time) {
  const watch::JobRecord& job = now != nullptr ? *now : *old;
  if (job.run_uid.empty()) return;
  // The pod may have been told before its Job.
  if (old == nullptr) {
    for (const watch::PodRecord* pod : office_.world.runner_pods(job.run_uid)) tell_directory(nullptr, pod);
  }
  if (!leading_) return;
  if (now == nullptr) {
    ledger_.job_gone(job.ns.view(), job.name, static_cast<int64_t>(time));
  } else {
    ledger_.job(job, static_cast<int64_t>(time));
  }
  if (office_.world.run(job.run_uid) != nullptr) {
    look_at(job.run_uid, time);
  } else if (now != nullptr && office_.world.runs.synced()) {
    // Its run may only not have been told yet.
    office_.queue.add_at(gone_key(job.run_uid), time + 2, time);
  }
}

void RunDesk::tell_directory(const watch::PodRecord* old, const watch::PodRecord* now) {
  const watch::PodRecord& pod = now != nullptr ? *now : *old;
  if (!pod.runner) return;
  const std::string_view job_name = watch::label(*pod.labels, "batch.kubernetes.io/job-name");
  const watch::JobRecord* job = office_.world.jobs.find(pod.ns, job_name);
  if (now == nullptr || job == nullptr) return directory_.drop(pod);
  directory_.put(pod, {.run_namespace = job->run_namespace,
                       .run_name = job->run_name,
                       .run_uid = job->run_uid,
                       .target_uid = job->target_uid,
                       .attempt = job->attempt});
}

void RunDesk::on_pod(const watch::PodRecord* old, const watch::PodRecord* now, double time) {
  tell_directory(old, now);
  if (!leading_) return;
  const watch::PodRecord& pod = now != nullptr ? *now : *old;
  if (pod.runner) {
    const std::string_view job = watch::label(*pod.labels, "batch.kubernetes.io/job-name");
    if (now != nullptr) ledger_.runner_pod(job, pod, static_cast<int64_t>(time));
    look_at(run_uid_of(pod), time);
    return;
  }
  if (old != nullptr && now != nullptr && same_target(*old, *now)) return;
  if (const auto runs = targets_.find(pod.uid); runs != targets_.end()) {
    for (const std::string& uid : runs->second) {
      tell_ledger(uid, pod, now == nullptr, time);
      look_at(uid, time);
    }
  }
  if (!pod.enabled()) return;
  if (const auto runs = choosing_.find(pod.ns); runs != choosing_.end()) {
    for (const std::string& uid : runs->second) look_at(uid, time);
  }
}

// A runner inside its target's pod holds a slot as a Job does.
void RunDesk::tell_ledger(const std::string& run_uid, const watch::PodRecord& pod, bool gone, double time) {
  const watch::RunRecord* run = office_.world.run(run_uid);
  if (run == nullptr || !pod.ephemeral) return;
  for (const watch::EphemeralContainer& container : *pod.ephemeral) {
    if (reconcile::attempt_of(container.name, run_uid, pod.uid) == 0) continue;
    ledger_.job({.ns = pod.ns,
                 .name = container.name,
                 .run_uid = run_uid,
                 .run_namespace = run->ns.str(),
                 .run_name = run->name,
                 .target_uid = pod.uid,
                 .target_node = pod.node,
                 .created = static_cast<int64_t>(time),
                 .finished = container.finished,
                 .complete = gone || container.state.exit_code.has_value()},
                static_cast<int64_t>(time));
  }
}

void RunDesk::on_profile(std::string_view name, double time) {
  office_.world.runs.for_each([&](const watch::RunRecord& run) {
    if (run.profile == name && !reconcile::finished(run.status)) look_at(run.uid, time);
  });
}

void RunDesk::on_quota(const watch::QuotaRecord* old, const watch::QuotaRecord* now, double time) {
  if (!leading_) return;
  if (now != nullptr) {
    ledger_.quota(*now, static_cast<int64_t>(time));
  } else {
    ledger_.quota_gone(old->name);
  }
}

void RunDesk::reconcile(const std::string& uid, double now) {
  const watch::RunRecord* run = office_.world.run(uid);
  if (run == nullptr || !leading_) return;
  Work& work = work_[uid];
  if (work.busy) {
    work.again = true;
    return;
  }
  const auto when = static_cast<int64_t>(now);
  reconcile::RunInput input{
      .run = run,
      .profile = office_.world.profiles.find(run->profile),
      .policy = run->policy.empty() ? nullptr : office_.world.policies.find(run->policy),
      .pods = {.find = [&](std::string_view name) { return office_.world.pods.find(run->ns, name); },
               .each =
                   [&](const std::function<void(const watch::PodRecord&)>& visit) {
                     for (const watch::PodRecord* pod : office_.world.pods_in(run->ns)) visit(*pod);
                   }},
      .jobs = office_.world.jobs_of(uid),
      .runner_pods = office_.world.runner_pods(uid),
      .answers = ledger_.answers(uid, when),
      .now = when};
  reconcile::RunOutput output = reconcile::reconcile_run(input, settings_);
  ledger_.wish(uid, output.wishes);
  // Where there is room now, the Job need not wait until the status has said that it waits.
  if (!output.wishes.empty() && admit(now)) {
    input.answers = ledger_.answers(uid, when);
    output = reconcile::reconcile_run(input, settings_);
    ledger_.wish(uid, output.wishes);
  }
  if (output.look_again > 0) {
    office_.queue.add_at(run_key(uid), static_cast<double>(output.look_again), now);
  }

  act::Task task{.key = run_key(uid), .steps = {}};
  work.sent.clear();
  bool urgent = false;
  const auto send = [&](const reconcile::Action& action) {
    task.steps.push_back(audited_step(action, run, settings_.job.requester_checked));
    work.sent.push_back({.job = places(action) ? action.name : std::string()});
    if (places(action)) ledger_.placing(action.name, when);
    urgent = true;
  };
  // What was refused waits behind the status from then on, so that people see why.
  const auto goes_first = [&](const reconcile::Action& action) { return action.early && !work.failed; };
  for (const reconcile::Action& action : output.actions) {
    if (goes_first(action)) send(action);
  }
  if (output.status) {
    task.steps.push_back(status_step(*run, *output.status));
    work.sent.push_back(
        {.job = {}, .finishes = reconcile::finished(*output.status) && !reconcile::finished(run->status)});
  }
  for (const reconcile::Action& action : output.actions) {
    if (!goes_first(action)) send(action);
  }
  work.notes = std::move(output.events);
  if (task.steps.empty()) {
    office_.queue.forget(run_key(uid));
    tell_events(work, now);
    return;
  }
  work.busy = true;
  office_.submit(std::move(task), urgent);
}

// By themselves, once what they tell of has been written: nothing waits for them.
void RunDesk::tell_events(Work& work, double now) {
  act::Task task{.key = "events", .steps = {}};
  for (const reconcile::EventNote& note : std::exchange(work.notes, {})) {
    add_event(task.steps, office_, note, now);
  }
  if (!task.steps.empty()) office_.submit(std::move(task), false);
}

void RunDesk::on_outcome(const act::Outcome& outcome, const std::string& uid, double now) {
  const auto found = work_.find(uid);
  if (found == work_.end() || !leading_) return;
  Work& work = found->second;
  for (size_t i = 0; i < work.sent.size(); ++i) {
    const Sent& sent = work.sent[i];
    const act::StepResult* result = i < outcome.results.size() ? &outcome.results[i] : nullptr;
    if (!sent.job.empty()) {
      if (result == nullptr || !result->sent || (!result->good && refused(*result))) {
        ledger_.not_placed(sent.job);  // not sent, for a step before it failed, or refused: the room is free
      } else if (!result->good) {
        ledger_.answer_lost(sent.job);  // it may be there: it is sent again
      } else {
        office_.metrics.job_created();
        if (!work.job_seen && work.first_seen > 0) {
          work.job_seen = true;
          office_.metrics.applied_to_job(now - work.first_seen);
        }
      }
    }
    if (sent.finishes && result != nullptr && result->good) {
      if (const auto* run = std::get_if<watch::RunRecord>(&result->object)) count_finished(*run);
    }
  }
  work.sent.clear();
  work.busy = false;
  const bool again = std::exchange(work.again, false);
  work.failed = !outcome.good();
  if (!work.failed) tell_events(work, now);
  // `work` may go with what is told now.
  std::string problem;
  for (const act::StepResult& result : outcome.results) {
    if (const auto* run = std::get_if<watch::RunRecord>(&result.object)) {
      office_.world.runs.apply({watch::DeltaKind::kUpsert, *run});
    } else if (const auto* job = std::get_if<watch::JobRecord>(&result.object)) {
      office_.world.jobs.apply({watch::DeltaKind::kUpsert, *job});
    }
    if (!result.good && result.kind != act::StepKind::kEvent) problem = result.problem;
    if (!result.sent) tell_audit_failure(uid, result.problem, now);
  }
  if (problem.empty()) {
    office_.queue.forget(run_key(uid));
    if (again) look_at(uid, now);
    return;
  }
  // Of a server that does not answer the run is not to blame.
  const bool answered = outcome.results.back().status != 0;
  const double delay =
      office_.queue.add_failed(run_key(uid), now, answered ? queue::Backoff().cap : kUnanswered);
  log::warning("a call about a run failed", {{"run", uid}, {"problem", problem}, {"again_in", delay}});
}

void RunDesk::sweep_gone(const std::string& uid, double now) {
  if (!leading_ || office_.world.run(uid) != nullptr) return;
  const std::vector<reconcile::Action> actions = reconcile::reconcile_gone(office_.world.jobs_of(uid));
  if (actions.empty()) return;
  act::Task task{.key = gone_key(uid), .steps = {}};
  for (const reconcile::Action& action : actions) task.steps.push_back(audited_step(action, nullptr, false));
  office_.submit(std::move(task), true);
  // Until its Jobs are gone; a delete that failed is sent again.
  office_.queue.add_at(gone_key(uid), now + 5, now);
}

bool RunDesk::admit(double now) {
  const std::vector<reconcile::Grant> grants = ledger_.admit(static_cast<int64_t>(now));
  for (const reconcile::Grant& grant : grants) {
    const watch::RunRecord* run = office_.world.run(grant.run_uid);
    if (run == nullptr) {
      ledger_.not_placed(grant.job);
      continue;
    }
    office_.metrics.admitted(run->priority);
    office_.metrics.run_started(std::max(0.0, now - static_cast<double>(run->created)));
    look_at(grant.run_uid, now);
  }
  return !grants.empty();
}

// A run that waits for the audit says so; events are no acts, and need none.
void RunDesk::tell_audit_failure(const std::string& uid, const std::string& problem, double now) {
  const watch::RunRecord* run = office_.world.run(uid);
  if (run == nullptr) return;
  act::Task task{.key = "events", .steps = {}};
  add_event(task.steps, office_,
            {.object = {"edp.dev/v1alpha1", "DiagnosticRun", run->ns.str(), run->name, run->uid},
             .warning = true,
             .reason = "AuditFailed",
             .message = problem},
            now);
  if (!task.steps.empty()) office_.submit(std::move(task), false);
}

double RunDesk::next_due(double now) const {
  return static_cast<double>(ledger_.next_due(static_cast<int64_t>(now)));
}

void RunDesk::count_finished(const watch::RunRecord& run) {
  const bool good = reconcile::is_true(run.status, "Succeeded");
  const watch::Condition* end = reconcile::find_condition(run.status, good ? "Succeeded" : "Failed");
  const int64_t began = run.status.started > 0 ? run.status.started : run.created;
  office_.metrics.run_finished(good, end != nullptr ? end->reason : "",
                               static_cast<double>(std::max<int64_t>(0, run.status.completed - began)));
  for (const watch::WorstFinding& finding : run.status.worst) {
    office_.metrics.finding(finding.rule, finding.severity);
  }
}

void RunDesk::measure(double now) {
  std::map<std::string_view, int64_t> by_condition;
  for (const std::string_view type : {"Accepted", "Admitted", "Running", "Succeeded", "Failed"}) {
    by_condition[type] = 0;
  }
  office_.world.runs.for_each([&](const watch::RunRecord& run) {
    for (const watch::Condition& condition : run.status.conditions) {
      const auto found = by_condition.find(condition.type);
      if (found != by_condition.end() && condition.status == "True") ++found->second;
    }
  });
  for (const auto& [type, count] : by_condition) office_.metrics.set_runs(type, count);
  const reconcile::LedgerFigures figures = ledger_.figures();
  office_.metrics.set_waiting("Critical", static_cast<int64_t>(figures.waiting_critical));
  office_.metrics.set_waiting("Manual", static_cast<int64_t>(figures.waiting_manual));
  office_.metrics.set_waiting("Periodic", static_cast<int64_t>(figures.waiting_periodic));
  for (const auto& [resource, use] : ledger_.use(static_cast<int64_t>(now))) {
    if (use.hard > 0) {
      office_.metrics.set_quota_used(resource, static_cast<double>(use.used) / static_cast<double>(use.hard));
    }
  }
}

}  // namespace edp::control
