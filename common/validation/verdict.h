// Whether a fault is gone: the same checks again on the same workload, held against the run in which it was
// found.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/validation/load.h"
#include "common/validation/reading.h"

namespace edp::validation {

enum class Verdict { kGone, kStillThere, kCannotTell };
std::string_view to_string(Verdict verdict);  // "Gone", "StillThere", "CannotTell"

struct Fault {
  std::string rule, fingerprint, function;
  Load load;  // when it was last found
};

struct Judged {
  Verdict verdict = Verdict::kCannotTell;
  // "FindingGone", "FindingPresent", "RuleNotJudged", "LoadNotComparable", "FaultMayHaveMoved", "NoReport"
  std::string reason;
  std::string message;  // for people, with the figures
  Load load;            // now: the busiest target's
};

// `now`: one reading a target, none of them left out. A rule that could not be judged on every target is
// never "gone"; neither is a fault whose rule now finds a CRITICAL with a fingerprint that `known` (has a
// ticket of its own) denies, for a fault that was moved has a new one.
Judged judge(const Fault& fault, const std::vector<Reading>& now, const std::vector<std::string>& known = {});

}  // namespace edp::validation
