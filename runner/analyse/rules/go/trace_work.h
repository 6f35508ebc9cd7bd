// What the holders of a lock do, seen by CPU samples. Internal to trace_stalls.
#pragma once

#include "runner/analyse/rules/go/trace_stalls.h"

namespace edp::analyse::go {

// Of the trace's samples, the CPU profile's, or the source: the first that tells.
HolderWork holder_work(const RuleInput& input, const TraceLocks& locks, const TraceLock& lock);

}  // namespace edp::analyse::go
