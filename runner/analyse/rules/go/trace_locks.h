// Who waited for which lock in execution traces, and who let them go.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runner/analyse/rules/go/critical_section.h"
#include "runner/analyse/rules/go/lock_sites.h"
#include "runner/analyse/rules/go/trace_stacks.h"

namespace edp::analyse::go {

// One stay of a goroutine in Lock or RLock. Measured.
struct LockWait {
  uint32_t trace = 0;  // index into Facts::traces
  uint32_t goroutine = model::kNone;
  int64_t begin = 0, end = 0;
  bool cut = false;                                     // it began before the trace, or went on after it
  uint32_t stack = model::kNone;                        // where it waits; kNone where the trace does not tell
  uint32_t by = model::kNone, by_stack = model::kNone;  // who called Unlock, and where
  [[nodiscard]] int64_t duration() const { return end - begin; }
};

// The time up to an Unlock that let a waiter go, for which the one who called it surely or likely had the
// lock: from the end of its own wait, else from the handover before, or from when its first waiter came.
struct LockHold {
  uint32_t trace = 0;
  uint32_t goroutine = model::kNone;
  int64_t begin = 0, end = 0;
  uint32_t release = model::kNone;  // stack of the Unlock
  int64_t waited = 0;               // by others within it, all together
};

// Locks of one place (see lock_sites.h), or inside the sync.Maps of one place.
struct TraceLock {
  std::string place;
  bool inside_sync_map = false;
  std::vector<LockWait> waits;  // of at least kShortestWait; by trace and begin
  std::vector<LockHold> holds;  // by trace and end
  LockPlace sites;     // the same as the Lock and Unlock lines of profiles; a wait counts as one contention
  int64_t waited = 0;  // all waits, short ones too
};

// Shorter ones are summed up only: they lead to no verdict, and a busy trace has millions.
inline constexpr int64_t kShortestWait = 100'000;

// A reading for Readings::own().
struct TraceLocks {
  explicit TraceLocks(const model::Facts& facts);

  std::vector<std::unique_ptr<TraceStacks>> stacks;  // one a trace
  std::vector<TraceLock> locks;                      // longest waits, all together, first
  double seconds = 0;                                // that all traces cover
  bool any_cpu_sample = false;

  [[nodiscard]] const TraceLock* find(std::string_view place, bool inside_sync_map) const;
};

}  // namespace edp::analyse::go
