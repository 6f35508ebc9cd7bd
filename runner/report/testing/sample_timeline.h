// Timelines that no program wrote, for tests and benchmarks: a lock that one holder keeps, and those it holds
// up.
#pragma once

#include <cstdint>

#include "runner/model/timeline.h"

namespace edp::report::testing {

struct TimelineShape {
  uint32_t workers = 8;  // take turns at one lock
  uint32_t procs = 4;
  uint64_t rounds = 12;  // of each worker; 6 states a round
};
// The same for the same shape. The first worker holds the lock for 18 ms once, in the middle of the trace.
model::Timeline sample_timeline(const TimelineShape& shape = {});

}  // namespace edp::report::testing
