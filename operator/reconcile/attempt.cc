#include "operator/reconcile/attempt.h"

#include <algorithm>
#include <array>

#include "common/http_url.h"

namespace edp::reconcile {
namespace {

using Kind = Judgement::Kind;

bool is_image_trouble(std::string_view reason) {
  constexpr std::array<std::string_view, 5> kReasons = {
      "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable"};
  return std::ranges::find(kReasons, reason) != kReasons.end();
}

AttemptView view_of(const watch::JobRecord& job) {
  return {.number = job.attempt,
          .job = job.name,
          .done = job.done(),
          .complete = job.complete,
          .deleting = job.deleting,
          .ns = job.ns.str(),
          .uid = job.uid,
          .created = job.created,
          .finished = job.finished,
          .reason = job.reason,
          .message = job.message};
}

void add_runner(AttemptView& view, const watch::PodRecord& pod) {
  view.runner_ended = pod.phase == watch::PodPhase::kSucceeded || pod.phase == watch::PodPhase::kFailed;
  view.out_of_memory = pod.last_termination.reason == "OOMKilled";
  view.waiting_since = std::max(pod.created, pod.ready_since);
  if (pod.runner == nullptr) return;
  view.exit_code = pod.runner->exit_code;
  view.summary = pod.runner->message;
  view.waiting_reason = pod.runner->waiting_reason;
  view.waiting_message = pod.runner->waiting_message;
}

// Of a runner inside its target's pod. Nobody says when it was added; `since` is the run's own start.
AttemptView view_of(const watch::EphemeralContainer& container, int32_t number, int64_t since) {
  const bool ended = container.state.exit_code.has_value();
  return {.number = number,
          .job = container.name,
          .done = ended,
          .complete = container.state.exit_code == 0,
          .deletable = false,
          .finished = container.finished,
          .runner_ended = ended,
          .exit_code = container.state.exit_code,
          .summary = container.state.message,
          .waiting_reason = container.state.waiting_reason,
          .waiting_message = container.state.waiting_message,
          .waiting_since = since};
}

void add_ephemeral(std::vector<AttemptView>& attempts, const RunInput& input,
                   const watch::TargetStatus& target) {
  const watch::PodRecord* pod = input.pods.find(target.pod);
  if (pod == nullptr || pod->uid != target.uid || !pod->ephemeral) return;
  for (const watch::EphemeralContainer& container : *pod->ephemeral) {
    const int32_t number = attempt_of(container.name, input.run->uid, target.uid);
    if (number > 0) attempts.push_back(view_of(container, number, input.run->status.started));
  }
}

Judgement judge_running(const AttemptView& attempt, bool target_lives, const RunSettings& settings,
                        int64_t now) {
  if (!target_lives) {
    return {.kind = Kind::kFailed, .reason = "TargetGone", .message = "the pod ended while it was diagnosed"};
  }
  if (!is_image_trouble(attempt.waiting_reason)) return {};
  const int64_t patience_ends = attempt.waiting_since + settings.image_patience;
  const std::string why = attempt.waiting_reason + ": " + http::one_line(attempt.waiting_message, 160);
  if (now >= patience_ends) {
    return {.kind = Kind::kFailed, .reason = "ImagePullFailed", .message = "the runner's image: " + why};
  }
  return {.reason = attempt.waiting_reason, .message = why, .look_again = std::max(patience_ends, now + 1)};
}

Judgement stored_or_not(const Outcome& outcome) {
  if (outcome.uploaded) return {.kind = Kind::kSucceeded, .outcome = outcome};
  return {.kind = Kind::kSucceeded,
          .reason = "ReportNotStored",
          .message = "the verdict is known, the full report could not be stored" +
                     (outcome.error.empty() ? std::string() : ": " + outcome.error),
          .outcome = outcome};
}

// A runner that could not deliver exits with 1, whatever it found. Findings prove that it had judged; without
// any, it may as well have had nothing to judge.
bool has_verdict(const Outcome& outcome) {
  if (outcome.exit_status == 0 || outcome.exit_status == 2) return true;
  return outcome.exit_status == 1 && !outcome.digest.empty() &&
         outcome.critical + outcome.warning + outcome.info > 0;
}

Judgement judge_failed(const AttemptView& attempt, const Result<Outcome>& outcome) {
  if (attempt.reason == "DeadlineExceeded") {
    std::string why = "not done before its deadline";
    if (!attempt.waiting_reason.empty()) {
      why += "; the runner's container: " + attempt.waiting_reason + " " +
             http::one_line(attempt.waiting_message, 120);
    }
    return {.kind = Kind::kFailed, .reason = "DeadlineExceeded", .message = why};
  }
  if (attempt.out_of_memory) {
    return {.kind = Kind::kRetry,
            .reason = "RunnerOOMKilled",
            .message =
                "the runner needed more memory than its limit; raise resources.limits.memory of the profile"};
  }
  const std::string error = outcome && !outcome->error.empty() ? ": " + outcome->error : std::string();
  if (attempt.exit_code == 3) {
    return {
        .kind = Kind::kRetry, .reason = "TargetUnreachable", .message = "nothing could be collected" + error};
  }
  if (attempt.exit_code) {
    return {.kind = Kind::kRetry,
            .reason = "RunnerFailed",
            .message = "the runner ended with exit status " + std::to_string(*attempt.exit_code) + error};
  }
  return {.kind = Kind::kRetry,
          .reason = "RunnerLost",
          .message = "the runner's pod was evicted or its node lost"};
}

}  // namespace

std::vector<AttemptView> attempts_at(const RunInput& input, const watch::TargetStatus& target) {
  std::vector<AttemptView> attempts;
  for (const watch::JobRecord* job : input.jobs) {
    if (job->target_uid == target.uid) attempts.push_back(view_of(*job));
  }
  add_ephemeral(attempts, input, target);
  for (const watch::PodRecord* pod : input.runner_pods) {
    if (watch::label(*pod->labels, "edp.dev/target-uid") != target.uid) continue;
    const std::string number(watch::label(*pod->labels, "edp.dev/attempt"));
    for (AttemptView& attempt : attempts) {
      if (attempt.deletable && std::to_string(attempt.number) == number) add_runner(attempt, *pod);
    }
  }
  std::ranges::sort(attempts, {}, &AttemptView::number);
  return attempts;
}

Judgement judge(const AttemptView& attempt, bool target_lives, const RunSettings& settings, int64_t now) {
  if (!attempt.done) return judge_running(attempt, target_lives, settings, now);
  const Result<Outcome> outcome = parse_outcome(attempt.summary);
  if (outcome && has_verdict(*outcome)) return stored_or_not(*outcome);
  // Pods are watched apart from Jobs: the runner's end may be on its way.
  const int64_t patience_ends = attempt.finished + settings.message_patience;
  const bool told = attempt.runner_ended || attempt.reason == "DeadlineExceeded";
  if (!told && now < patience_ends) return {.look_again = patience_ends};
  if (attempt.complete) {
    return {.kind = Kind::kFailed,
            .reason = "ReportMissing",
            .message = outcome ? "the runner ended well, but says it has no verdict" : outcome.error().what};
  }
  Judgement judgement = judge_failed(attempt, outcome);
  if (judgement.kind == Kind::kRetry && !target_lives) {
    judgement.kind = Kind::kFailed;
    judgement.message = "the pod is gone; before that, " + judgement.message;
    judgement.reason = "TargetGone";
  }
  return judgement;
}

}  // namespace edp::reconcile
