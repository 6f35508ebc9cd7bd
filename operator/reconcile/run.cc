#include <algorithm>
#include <utility>

#include "operator/reconcile/run_reconciler.h"
#include "operator/reconcile/status.h"

namespace edp::reconcile {

bool terminal(const watch::TargetStatus& target) {
  return target.phase == "Succeeded" || target.phase == "Failed";
}

RunOutput Reconciler::reconcile() {
  if (run_.deleting) {
    out_.actions = reconcile_gone(in_.jobs);
    return std::move(out_);
  }
  status_.observed_generation = run_.generation;
  if (finished(run_.status)) {
    after_the_end();
  } else if (run_.cancel) {
    cancel();
  } else if (status_.targets.empty()) {
    begin();
  } else {
    advance();
  }
  if (finished(status_) && !finished(run_.status)) tell_end();
  fit_status(status_);
  if (!(status_ == run_.status)) out_.status = status_;
  return std::move(out_);
}

void Reconciler::after_the_end() {
  for (const watch::JobRecord* job : in_.jobs) {
    if (job->deleting) continue;
    if (!job->done() || settings_.delete_finished_jobs) delete_record(*job);
  }
  if (!run_.ttl_seconds || status_.completed == 0) return;
  const int64_t due = status_.completed + *run_.ttl_seconds;
  if (now_ < due) {
    look_again(due);
    return;
  }
  out_.actions.push_back({.kind = Action::Kind::kDeleteRun,
                          .ns = run_.ns.str(),
                          .name = run_.name,
                          .uid = run_.uid,
                          .run_ns = run_.ns.str(),
                          .run_name = run_.name,
                          .run_uid = run_.uid});
}

void Reconciler::cancel() {
  for (TargetStatus& target : status_.targets) {
    if (terminal(target)) continue;
    target.phase = "Failed";
    target.reason = "Cancelled";
    target.message.clear();
  }
  for (const watch::JobRecord* job : in_.jobs) {
    if (!job->done() && !job->deleting) delete_record(*job);
  }
  if (find_condition(status_, "Accepted") == nullptr) {
    condition("Accepted", true, "Accepted", "cancelled before any target was chosen");
  }
  count();
  fail_run("Cancelled", "spec.cancel is true");
  judge_gate();
}

void Reconciler::tell_end() {
  if (const watch::Condition* failed = find_condition(status_, "Failed"); is_true(status_, "Failed")) {
    tell(true, failed->reason, failed->message);
  } else {
    tell(status_.gate_result == "Failed", "Succeeded",
         status_.verdict + (status_.gate_result.empty() ? "" : "; gate " + status_.gate_result));
  }
}

void Reconciler::condition(const char* type, bool is, std::string reason, std::string message) {
  set_condition(status_,
                watch::Condition{.type = type,
                                 .status = is ? "True" : "False",
                                 .reason = std::move(reason),
                                 .message = std::move(message),
                                 .observed_generation = run_.generation},
                now_);
}

void Reconciler::look_again(int64_t at) {
  if (at == 0) return;
  at = std::max(at, now_ + 1);
  if (out_.look_again == 0 || at < out_.look_again) out_.look_again = at;
}

void Reconciler::tell(bool warning, std::string reason, std::string message) {
  out_.events.push_back({.object = {"edp.dev/v1alpha1", "DiagnosticRun", run_.ns.str(), run_.name, run_.uid},
                         .warning = warning,
                         .reason = std::move(reason),
                         .message = std::move(message)});
}

void Reconciler::tell_pod(const TargetStatus& target, bool warning, std::string reason, std::string message) {
  out_.events.push_back({.object = {"v1", "Pod", run_.ns.str(), target.pod, target.uid},
                         .warning = warning,
                         .reason = std::move(reason),
                         .message = std::move(message)});
}

void Reconciler::delete_job(const AttemptView& attempt, const TargetStatus* target) {
  if (attempt.deleting || !attempt.deletable) return;
  out_.actions.push_back({.kind = Action::Kind::kDeleteJob,
                          .ns = attempt.ns,
                          .name = attempt.job,
                          .uid = attempt.uid,
                          .run_ns = run_.ns.str(),
                          .run_name = run_.name,
                          .run_uid = run_.uid,
                          .pod = target == nullptr ? "" : target->pod,
                          .target_uid = target == nullptr ? "" : target->uid});
}

void Reconciler::delete_record(const watch::JobRecord& job) {
  for (Action& action : reconcile_gone({&job})) out_.actions.push_back(std::move(action));
  if (!job.done()) return;
  out_.actions.push_back({.kind = Action::Kind::kDeleteJob,
                          .ns = job.ns.str(),
                          .name = job.name,
                          .uid = job.uid,
                          .run_ns = job.run_namespace,
                          .run_name = job.run_name,
                          .run_uid = job.run_uid,
                          .target_uid = job.target_uid});
}

void Reconciler::fail_run(const std::string& reason, const std::string& message) {
  condition("Running", false, "Finished", "");
  condition("Succeeded", false, reason, "see the condition Failed");
  condition("Failed", true, reason, message);
  status_.completed = now_;
}

RunOutput reconcile_run(const RunInput& input, const RunSettings& settings) {
  return Reconciler(input, settings).reconcile();
}

std::vector<Action> reconcile_gone(const std::vector<const watch::JobRecord*>& jobs) {
  std::vector<Action> actions;
  for (const watch::JobRecord* job : jobs) {
    if (job->done() || job->deleting) continue;
    actions.push_back({.kind = Action::Kind::kDeleteJob,
                       .ns = job->ns.str(),
                       .name = job->name,
                       .uid = job->uid,
                       .run_ns = job->run_namespace,
                       .run_name = job->run_name,
                       .run_uid = job->run_uid,
                       .target_uid = job->target_uid});
  }
  return actions;
}

bool finished(const watch::RunStatus& status) {
  return is_true(status, "Succeeded") || is_true(status, "Failed");
}

std::string key_of(const Action& action) {
  return std::to_string(static_cast<int>(action.kind)) + "/" + action.ns + "/" + action.name;
}

}  // namespace edp::reconcile
