#include "operator/reconcile/run.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "operator/reconcile/attempt.h"
#include "operator/reconcile/outcome.h"
#include "operator/reconcile/status.h"
#include "operator/reconcile/targets.h"

namespace edp::reconcile {
namespace {

using watch::Condition;
using watch::Reach;
using watch::RunStatus;
using watch::TargetStatus;

constexpr int64_t kProfilePatience = 5;  // a profile applied together with the run may be told a moment later
constexpr int64_t kPlacedPatience = 31;  // see Ledger::placing
constexpr int64_t kYoung = 60;           // less than a finished Job is kept
constexpr int64_t kWaitingPatience = 60;  // a quota may have become too small
constexpr size_t kWorst = 5;

bool terminal(const TargetStatus& target) { return target.phase == "Succeeded" || target.phase == "Failed"; }

class Reconciler {
 public:
  Reconciler(const RunInput& input, const RunSettings& settings)
      : in_(input), settings_(settings), run_(*input.run), now_(input.now), status_(run_.status) {
    profile_ = in_.profile != nullptr ? in_.profile : builtin_profile(run_.profile);
  }

  RunOutput reconcile() {
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

 private:
  // --- small helpers ---
  void condition(const char* type, bool is, std::string reason, std::string message) {
    set_condition(status_,
                  Condition{.type = type,
                            .status = is ? "True" : "False",
                            .reason = std::move(reason),
                            .message = std::move(message),
                            .observed_generation = run_.generation},
                  now_);
  }

  void look_again(int64_t at) {
    if (at == 0) return;
    at = std::max(at, now_ + 1);
    if (out_.look_again == 0 || at < out_.look_again) out_.look_again = at;
  }

  void tell(bool warning, std::string reason, std::string message) {
    out_.events.push_back(
        {.object = {"edp.dev/v1alpha1", "DiagnosticRun", run_.ns.str(), run_.name, run_.uid},
         .warning = warning,
         .reason = std::move(reason),
         .message = std::move(message)});
  }

  void tell_pod(const TargetStatus& target, bool warning, std::string reason, std::string message) {
    out_.events.push_back({.object = {"v1", "Pod", run_.ns.str(), target.pod, target.uid},
                           .warning = warning,
                           .reason = std::move(reason),
                           .message = std::move(message)});
  }

  void delete_job(const AttemptView& attempt, const TargetStatus* target) {
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

  void fail_run(const std::string& reason, const std::string& message) {
    condition("Running", false, "Finished", "");
    condition("Succeeded", false, reason, "see the condition Failed");
    condition("Failed", true, reason, message);
    status_.completed = now_;
  }

  // --- at the end, and after it ---
  void after_the_end() {
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

  void delete_record(const watch::JobRecord& job) {
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

  void cancel() {
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

  void tell_end() {
    if (const Condition* failed = find_condition(status_, "Failed"); is_true(status_, "Failed")) {
      tell(true, failed->reason, failed->message);
    } else {
      tell(status_.gate_result == "Failed", "Succeeded",
           status_.verdict + (status_.gate_result.empty() ? "" : "; gate " + status_.gate_result));
    }
  }

  // --- before targets are chosen ---
  void begin() {
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

  bool check_profile() {
    const bool allowed = profile_->reach == Reach::kNetwork ||
                         (profile_->reach == Reach::kNode && settings_.allow_node) ||
                         (profile_->reach == Reach::kEphemeralContainer &&
                          settings_.ephemeral_namespaces.contains(run_.ns.view()));
    if (!allowed) {
      refuse("ReachNotAllowed",
             "profile " + profile_->name + " reaches its targets by " +
                 (profile_->reach == Reach::kNode ? "a Job on their node" : "an ephemeral container") +
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

  void refuse(const std::string& reason, const std::string& message) {
    condition("Accepted", false, reason, message);
    fail_run(reason, message);
  }

  void wait_or_fail(const std::string& reason, const std::string& message, int64_t patience) {
    const Condition* accepted = find_condition(status_, "Accepted");
    const bool waits = accepted != nullptr && accepted->status == "False";
    const int64_t since = waits ? accepted->transition : now_;
    if (waits && now_ >= since + patience) {
      refuse(reason, message + " (waited " + std::to_string(patience) + " s)");
      return;
    }
    condition("Accepted", false, reason, message);
    look_again(since + patience);
  }

  // --- with targets ---
  void advance() {
    for (size_t i = 0; i < status_.targets.size(); ++i) advance(status_.targets[i], run_.status.targets[i]);
    for (const watch::JobRecord* job : in_.jobs) {
      const bool known = std::ranges::any_of(
          status_.targets, [&](const TargetStatus& target) { return target.uid == job->target_uid; });
      if (!known && !job->done() && !job->deleting) delete_record(*job);
    }
    count();
    conclude();
  }

  void advance(TargetStatus& target, const TargetStatus& stored) {
    const std::vector<AttemptView> attempts = attempts_at(in_, target);
    if (terminal(target)) {
      for (const AttemptView& attempt : attempts) {
        if (!attempt.done || settings_.delete_finished_jobs) delete_job(attempt, &target);
      }
      return;
    }
    const AttemptView* last = attempts.empty() ? nullptr : &attempts.back();
    for (const AttemptView& attempt : attempts) {
      if (&attempt != last && !attempt.done) delete_job(attempt, &target);
    }
    if (last != nullptr && last->number > target.attempt) begin_attempt(target, *last);
    const bool is_last = last != nullptr && last->number == target.attempt;
    if (target.phase == "Running") {
      if (is_last) {
        follow(target, *last);
      } else if (run_.suspend) {
        set(target, "Waiting", "Suspended", "");
      } else {
        end_attempt(target,
                    {.kind = Judgement::Kind::kRetry, .reason = "JobGone", .message = "its Job was deleted"});
      }
    } else if (is_last && target.reason == "Suspended" &&
               (last->done || (!run_.suspend && !last->deleting))) {
      target.phase = "Running";  // it ended before it could be deleted, or was never deleted
      follow(target, *last);
    } else if (is_last && !last->done && run_.suspend) {
      delete_job(*last, &target);
    }
    // Only from what is stored: what this pass found out has to be written first.
    if (target.phase == "Waiting" && stored.phase == "Waiting") wait(target, last);
  }

  static void set(TargetStatus& target, const char* phase, std::string reason, std::string message) {
    target.phase = phase;
    target.reason = std::move(reason);
    target.message = std::move(message);
  }

  void begin_attempt(TargetStatus& target, const AttemptView& attempt) {
    target.attempt = attempt.number;
    set(target, "Running", "", "");
    if (status_.started == 0) status_.started = attempt.created != 0 ? attempt.created : now_;
    condition("Admitted", true, "Admitted", "");
    tell(false, "JobCreated",
         attempt.job + " diagnoses pod " + target.pod + ", attempt " + std::to_string(attempt.number));
    tell_pod(target, false, "DiagnosisStarted", "by DiagnosticRun " + run_.name);
  }

  void follow(TargetStatus& target, const AttemptView& attempt) {
    if (run_.suspend && !attempt.done && attempt.deletable) {
      delete_job(attempt, &target);
      set(target, "Waiting", "Suspended", "");
      return;
    }
    const Judgement judgement = judge(attempt, lives(in_, target.pod, target.uid), settings_, now_);
    look_again(judgement.look_again);
    if (judgement.kind == Judgement::Kind::kRunning) {
      set(target, "Running", judgement.reason, judgement.message);
      return;
    }
    if (!attempt.done) delete_job(attempt, &target);
    end_attempt(target, judgement);
  }

  void end_attempt(TargetStatus& target, const Judgement& judgement) {
    const int32_t most = profile_ == nullptr ? 1 : std::max(1, profile_->max_attempts);
    switch (judgement.kind) {
      case Judgement::Kind::kRunning:
        return;
      case Judgement::Kind::kSucceeded:
        set(target, "Succeeded", judgement.reason, judgement.message);
        take(target, judgement.outcome);
        return;
      case Judgement::Kind::kFailed:
        set(target, "Failed", judgement.reason, judgement.message);
        break;
      case Judgement::Kind::kRetry: {
        const std::string of = std::to_string(target.attempt) + " of " + std::to_string(most);
        if (target.attempt < most) {
          set(target, "Waiting", judgement.reason, "attempt " + of + ": " + judgement.message);
          tell(true, "AttemptFailed", "pod " + target.pod + ", " + target.message);
          return;
        }
        if (most == 1) {
          set(target, "Failed", judgement.reason, judgement.message);
        } else {
          set(target, "Failed", "RetriesExhausted",
              "attempt " + of + ": " + judgement.reason + ": " + judgement.message);
        }
        break;
      }
    }
    tell_pod(target, true, "DiagnosisFailed", target.reason + ": " + target.message);
  }

  void take(TargetStatus& target, const Outcome& outcome) {
    target.critical = outcome.critical;
    target.warning = outcome.warning;
    target.info = outcome.info;
    target.exit_status = outcome.exit_status;
    target.digest = outcome.uploaded ? outcome.digest : "";
    for (watch::WorstFinding finding : outcome.worst) {
      finding.pod = target.pod;
      status_.worst.push_back(std::move(finding));
    }
    std::ranges::stable_sort(status_.worst, [](const watch::WorstFinding& a, const watch::WorstFinding& b) {
      return severity_rank(a.severity) > severity_rank(b.severity);
    });
    if (status_.worst.size() > kWorst) status_.worst.resize(kWorst);
    if (!target.digest.empty()) point_to_report(target);
    tell_pod(
        target, outcome.critical > 0, "Diagnosed",
        verdict_text(outcome.critical, outcome.warning, outcome.info) + " (DiagnosticRun " + run_.name + ")");
  }

  void point_to_report(const TargetStatus& target) {
    const std::string& base = settings_.public_url.empty() ? settings_.job.reports_url : settings_.public_url;
    status_.report_url = base + "/api/v1/runs/" + run_.ns.str() + "/" + run_.name;
    if (status_.targets.size() > 1) return;
    status_.report_url += "/" + run_.uid + "/targets/" + target.uid + "/report.json";
    status_.report_digest = target.digest;
  }

  // The next attempt, when its time has come and there is room.
  void wait(TargetStatus& target, const AttemptView* last) {
    if (run_.suspend) return;
    if (last != nullptr && !last->done) return;  // until it is gone
    const watch::PodRecord* pod = in_.pods.find(target.pod);
    if (!lives(in_, target.pod, target.uid) || pod->deleting) {
      set(target, "Failed", "TargetGone", "the pod ended before it could be diagnosed");
      tell_pod(target, true, "DiagnosisFailed", "TargetGone: " + target.message);
      return;
    }
    if (profile_ == nullptr) {
      set(target, "Failed", "UnknownProfile", "the DiagnosticProfile " + run_.profile + " is gone");
      return;
    }
    if (last != nullptr && target.reason != "Suspended") {
      const double delay =
          std::ldexp(static_cast<double>(settings_.retry_base), std::min(target.attempt - 1, 20));
      const int64_t due = last->finished + std::min(settings_.retry_cap, static_cast<int64_t>(delay));
      if (now_ < due) {
        look_again(due);
        return;
      }
    }
    const std::string job = job_name(run_.uid, target.uid, target.attempt + 1);
    const auto answer = in_.answers.find(job);
    const Answer said = answer == in_.answers.end() ? Answer::kNone : answer->second;
    if (said == Answer::kTooLarge) {
      set(target, "Failed", "QuotaTooSmall",
          "one runner of profile " + profile_->name + " needs more than the quota of " + settings_.job.ns +
              " allows");
      return;
    }
    out_.wishes.push_back({.job = job,
                           .run_ns = run_.ns.str(),
                           .run_name = run_.name,
                           .run_uid = run_.uid,
                           .target_uid = target.uid,
                           .node = pod->node,
                           .requests = profile_->requests,
                           .limits = profile_->limits,
                           .priority = run_.priority,
                           .max_parallel = run_.max_parallel,
                           .per_node = in_.policy == nullptr ? 0 : in_.policy->max_per_node,
                           .charged = profile_->reach == Reach::kNetwork,
                           .since = run_.created});
    if (said == Answer::kPlaced) look_again(now_ + kPlacedPatience);
    if (said == Answer::kNone) look_again(now_ + 1);  // the ledger hears of it only now
    if (said == Answer::kWaiting) look_again(now_ + kWaitingPatience);
    if (said == Answer::kGranted) create(target, *pod, job);
  }

  void create(TargetStatus& target, const watch::PodRecord& pod, const std::string& job) {
    const bool ephemeral = profile_->reach == Reach::kEphemeralContainer;
    auto body = ephemeral ? build_ephemeral_container(run_, *profile_, pod, target.attempt + 1, settings_.job)
                          : build_job(run_, *profile_, pod, target.attempt + 1, settings_.job);
    if (!body) {
      set(target, "Failed", "InvalidSpec", body.error().to_string());
      out_.wishes.pop_back();
      return;
    }
    const std::string& job_ns = profile_->reach == Reach::kNode ? settings_.job.node_ns : settings_.job.ns;
    out_.actions.push_back(
        {.kind = ephemeral ? Action::Kind::kAddEphemeralContainer : Action::Kind::kCreateJob,
         .ns = ephemeral ? run_.ns.str() : job_ns,
         .name = job,
         .body = std::move(*body),
         .run_ns = run_.ns.str(),
         .run_name = run_.name,
         .run_uid = run_.uid,
         .pod = target.pod,
         .target_uid = target.uid});
  }

  // --- sums ---
  void count() {
    const auto in_phase = [&](std::string_view phase) {
      return static_cast<int32_t>(std::ranges::count(status_.targets, phase, &TargetStatus::phase));
    };
    status_.matched = static_cast<int32_t>(status_.targets.size());
    status_.waiting = in_phase("Waiting");
    status_.running = in_phase("Running");
    status_.succeeded = in_phase("Succeeded");
    status_.failed = in_phase("Failed");
    status_.critical = status_.warning = status_.info = 0;
    for (const TargetStatus& target : status_.targets) {
      status_.critical += target.critical;
      status_.warning += target.warning;
      status_.info += target.info;
    }
    if (status_.succeeded > 0) {
      status_.verdict = verdict_text(status_.critical, status_.warning, status_.info);
    }
  }

  void judge_gate() {
    static const watch::ProfileRecord kNoProfile;
    const int gate = severity_rank(effective_gate(run_, profile_ == nullptr ? kNoProfile : *profile_));
    const bool reached = (status_.critical > 0 && gate <= 3) || (status_.warning > 0 && gate <= 2) ||
                         (status_.info > 0 && gate <= 1);
    if (reached) {
      status_.gate_result = "Failed";
    } else if (is_true(status_, "Succeeded")) {
      status_.gate_result = "Passed";
    }
  }

  void conclude() {
    if (status_.waiting > 0 || status_.running > 0) {
      if (status_.running > 0) {
        condition("Running", true, "Running", "");
      } else if (run_.suspend) {
        condition("Running", false, "Suspended", "spec.suspend is true");
      } else {
        condition("Running", false, "Waiting", "");
      }
      if (!is_true(status_, "Admitted")) {
        condition("Admitted", false, run_.suspend ? "Suspended" : "Waiting",
                  run_.suspend ? "spec.suspend is true" : "waits for room in the quota");
      }
      return;
    }
    if (status_.failed == 0) {
      const bool stored = std::ranges::none_of(
          status_.targets, [](const TargetStatus& target) { return target.reason == "ReportNotStored"; });
      condition("Running", false, "Finished", "");
      condition("Succeeded", true, stored ? "Diagnosed" : "ReportNotStored",
                stored ? status_.verdict : status_.verdict + "; not every full report could be stored");
      status_.completed = now_;
    } else {
      const auto first = std::ranges::find(status_.targets, "Failed", &TargetStatus::phase);
      std::string message = first->message;
      if (status_.targets.size() > 1) {
        message = std::to_string(status_.failed) + " of " + std::to_string(status_.targets.size()) +
                  " targets failed; " + first->pod + ": " + first->message;
      }
      fail_run(first->reason, message);
    }
    judge_gate();
  }

  const RunInput& in_;
  const RunSettings& settings_;
  const watch::RunRecord& run_;
  const int64_t now_;
  const watch::ProfileRecord* profile_ = nullptr;
  RunStatus status_;
  RunOutput out_;
};

}  // namespace

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
