// What a runner says at its end: the termination message of its pod, edp.summary/v1, at most 4,096 bytes. It
// comes from a pod that has talked to a target, so it is hostile until checked: sizes, nesting and characters
// are capped.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "operator/watch/records.h"

namespace edp::reconcile {

struct Outcome {
  int32_t exit_status = 0;  // 0 nothing at the gate, 1 error, 2 finding(s) at the gate, 3 nothing to judge
  int32_t critical = 0, warning = 0, info = 0;
  std::vector<watch::WorstFinding> worst;  // at most five, `pod` empty
  std::string digest;                      // "sha256:<64 hex>", else empty
  bool uploaded = false;
  std::string error;  // one line
};

// At most 8 KiB are looked at. An error names what is wrong, without repeating the text.
Result<Outcome> parse_outcome(std::string_view message);

// CRITICAL 3, WARNING 2, INFO 1, anything else 0.
int severity_rank(std::string_view severity);

// "2 CRITICAL, 1 WARNING", "no findings".
std::string verdict_text(int64_t critical, int64_t warning, int64_t info);

}  // namespace edp::reconcile
