// Which pods a run diagnoses.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "operator/reconcile/run.h"

namespace edp::reconcile {

struct Choice {
  std::vector<const watch::PodRecord*> pods;  // ready ones first, of those the newest
  size_t eligible = 0;                        // also those beyond the limit
  // Where no pod was chosen.
  std::string reason, message;  // "NoPodMatches", which may change with time, or "TargetNotEnabled"
};

Choice choose_targets(const RunInput& input, size_t limit);

// The pod of that name and uid is there and has not ended.
bool lives(const RunInput& input, const std::string& pod, const std::string& uid);

}  // namespace edp::reconcile
