#include <algorithm>
#include <cmath>

#include "operator/reconcile/run_reconciler.h"
#include "operator/reconcile/status.h"

namespace edp::reconcile {
namespace {

constexpr int64_t kPlacedPatience = 31;   // see Ledger::placing
constexpr int64_t kWaitingPatience = 60;  // a quota may have become too small

}  // namespace

void Reconciler::advance() {
  for (size_t i = 0; i < status_.targets.size(); ++i) advance(status_.targets[i], run_.status.targets[i]);
  for (const watch::JobRecord* job : in_.jobs) {
    const bool known = std::ranges::any_of(
        status_.targets, [&](const TargetStatus& target) { return target.uid == job->target_uid; });
    if (!known && !job->done() && !job->deleting) delete_record(*job);
  }
  count();
  conclude();
}

void Reconciler::advance(TargetStatus& target, const TargetStatus& stored) {
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
  } else if (is_last && target.reason == "Suspended" && (last->done || (!run_.suspend && !last->deleting))) {
    target.phase = "Running";  // it ended before it could be deleted, or was never deleted
    follow(target, *last);
  } else if (is_last && !last->done && run_.suspend) {
    delete_job(*last, &target);
  }
  // Only from what is stored: what this pass found out has to be written first.
  if (target.phase == "Waiting" && stored.phase == "Waiting") wait(target, last);
}

void Reconciler::set(TargetStatus& target, const char* phase, std::string reason, std::string message) {
  target.phase = phase;
  target.reason = std::move(reason);
  target.message = std::move(message);
}

void Reconciler::begin_attempt(TargetStatus& target, const AttemptView& attempt) {
  target.attempt = attempt.number;
  set(target, "Running", "", "");
  if (status_.started == 0) status_.started = attempt.created != 0 ? attempt.created : now_;
  condition("Admitted", true, "Admitted", "");
  tell(false, "JobCreated",
       attempt.job + " diagnoses pod " + target.pod + ", attempt " + std::to_string(attempt.number));
  tell_pod(target, false, "DiagnosisStarted", "by DiagnosticRun " + run_.name);
}

void Reconciler::follow(TargetStatus& target, const AttemptView& attempt) {
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

void Reconciler::end_attempt(TargetStatus& target, const Judgement& judgement) {
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

void Reconciler::wait(TargetStatus& target, const AttemptView* last) {
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
                         .charged = profile_->reach == watch::Reach::kNetwork,
                         .since = run_.created});
  if (said == Answer::kPlaced) look_again(now_ + kPlacedPatience);
  if (said == Answer::kNone) look_again(now_ + 1);  // the ledger hears of it only now
  if (said == Answer::kWaiting) look_again(now_ + kWaitingPatience);
  if (said == Answer::kGranted) create(target, *pod, job);
}

void Reconciler::create(TargetStatus& target, const watch::PodRecord& pod, const std::string& job) {
  const bool ephemeral = profile_->reach == watch::Reach::kEphemeralContainer;
  auto body = ephemeral ? build_ephemeral_container(run_, *profile_, pod, target.attempt + 1, settings_.job)
                        : build_job(run_, *profile_, pod, target.attempt + 1, settings_.job);
  if (!body) {
    set(target, "Failed", "InvalidSpec", body.error().to_string());
    out_.wishes.pop_back();
    return;
  }
  const std::string& job_ns =
      profile_->reach == watch::Reach::kNode ? settings_.job.node_ns : settings_.job.ns;
  out_.actions.push_back({.kind = ephemeral ? Action::Kind::kAddEphemeralContainer : Action::Kind::kCreateJob,
                          .ns = ephemeral ? run_.ns.str() : job_ns,
                          .name = job,
                          .body = std::move(*body),
                          .run_ns = run_.ns.str(),
                          .run_name = run_.name,
                          .run_uid = run_.uid,
                          .pod = target.pod,
                          .target_uid = target.uid});
}

}  // namespace edp::reconcile
