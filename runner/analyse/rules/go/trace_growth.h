// Growth of maps on a trace's timeline: how large the growing table is, and when it grew.
#pragma once

#include <cstdint>
#include <string>

#include "runner/analyse/rules/go/doubling.h"
#include "runner/analyse/rules/go/trace_stalls.h"

namespace edp::analyse::go {

// Sudden rises of the live heap while one goroutine held the lock, where they double: the arrays of a classic
// map that grows. Inferred. (Swiss maps grow by tables of at most 1,024 slots, which the heap's size does not
// show.)
DoublingSeries heap_doublings(const model::Facts& facts, const TraceLock& lock);
// Entries of a classic map with an array so large, at least: no bucket is larger than 2,064 bytes, for keys
// and values of more than 128 bytes are kept by pointer.
int64_t entries_of_array(int64_t bytes);

// Growth seen by CPU samples while somebody waited for the lock.
struct GrowthOnTimeline {
  size_t episodes = 0;  // runs of growth by one goroutine
  int64_t longest = 0;  // from an episode's first sample in growth to its last, nanoseconds
  int64_t waited = 0;   // by all goroutines together, in holds with growth in them
  std::string artefact;
};
GrowthOnTimeline growth_on_timeline(const model::Facts& facts, const TraceLocks& locks,
                                    const TraceLock& lock);

// The largest power of two that is at most `entries`, as "2^18"; entries below 1,024 as they are.
std::string power_text(int64_t entries);

}  // namespace edp::analyse::go
