// What the holders of a lock do, seen by CPU samples. Internal to trace_stalls.
#pragma once

#include "runner/analyse/rules/go/trace_stalls.h"

namespace edp::analyse::go {

// Of the trace's samples, the CPU profile's, or the source: the first that tells. `places`: the locks of the
// run's block and mutex profiles.
HolderWork holder_work(const RuleInput& input, const TraceLocks& locks, const TraceLock& lock,
                       const std::vector<LockPlace>& places);

}  // namespace edp::analyse::go
