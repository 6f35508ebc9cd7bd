// Goroutines that were started alike and are blocked alike, followed over the snapshots of a run.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "runner/analyse/rules/go/goroutine_stacks.h"

namespace edp::analyse::go {

struct GroupPoint {
  const Snapshot* snapshot = nullptr;
  int64_t count = 0;
  std::vector<uint64_t> ids;     // dump only, sorted
  std::vector<int64_t> minutes;  // dump only, one for each goroutine
};

struct GoroutineGroup {
  model::GoroutineFrame blocked;  // the innermost line of the user's code, else the innermost line at all
  model::GoroutineFrame entry;    // the function that the goroutine runs
  model::GoroutineFrame created;  // the go statement; function empty where only profiles show the group
  Wait wait = Wait::kOther;
  std::vector<GroupPoint> points;  // one a snapshot, oldest first; snapshots of one moment are merged
};

// Groups of goroutines that wait for something that another goroutine or peer must do. Running ones, sleepers
// (time.Sleep ends by itself) and the runtime's own are left out.
std::vector<GoroutineGroup> goroutine_groups(const std::vector<Snapshot>& all);

// How a group changed from its first to its last point.
struct Growth {
  double seconds = 0;
  int64_t first = 0, last = 0;
  bool has_ids = false;
  int64_t stayed = 0;     // of the first dump's, still there in the last dump
  int64_t first_ids = 0;  // in the first dump
  // In the last dump, and started since the first: a worker that comes back to where it waits is not.
  int64_t added = 0;
  bool fell = false;  // fewer at some point than at the one before, beyond chance
  // Growth a second in the first and in the second half of the time; equal where there are only two points.
  double early_rate = 0, late_rate = 0;
  size_t moments = 0;
  [[nodiscard]] int64_t grown() const { return last - first; }
  [[nodiscard]] double rate() const { return seconds > 0 ? static_cast<double>(grown()) / seconds : 0; }
};
Growth growth_of(const GoroutineGroup& group);

}  // namespace edp::analyse::go
