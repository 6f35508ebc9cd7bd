// What became of one attempt at one target, from what is seen of its Job and its pod.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "operator/reconcile/outcome.h"
#include "operator/reconcile/run.h"

namespace edp::reconcile {

// A Job with its pod, or an ephemeral container.
struct AttemptView {
  int32_t number = 0;
  std::string job;
  bool done = false, complete = false, deleting = false;
  bool deletable = true;  // an ephemeral container can't be taken back
  std::string ns, uid;
  int64_t created = 0, finished = 0;
  std::string reason, message;  // of the Job's end
  // The runner, as far as it is seen.
  bool runner_ended = false, out_of_memory = false;
  std::optional<int32_t> exit_code;
  std::string summary, waiting_reason, waiting_message;
  int64_t waiting_since = 0;
};

// Of a run's target, by attempt; the highest number last.
std::vector<AttemptView> attempts_at(const RunInput& input, const watch::TargetStatus& target);

struct Judgement {
  enum class Kind : uint8_t {
    kRunning,    // or its end can't be told yet
    kSucceeded,  // `outcome` holds
    kRetry,      // a later attempt may succeed
    kFailed,     // none will
  };
  Kind kind = Kind::kRunning;
  std::string reason, message;
  Outcome outcome;
  int64_t look_again = 0;  // 0: not before something changes
};

Judgement judge(const AttemptView& attempt, bool target_lives, const RunSettings& settings, int64_t now);

}  // namespace edp::reconcile
