// What waiting for one lock costs, in figures that mean the same on every Go version.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runner/analyse/rule.h"
#include "runner/analyse/rules/go/lock_sites.h"

namespace edp::analyse::go {

inline constexpr config::ThresholdSpec kLockWait{
    "lock.wait_milliseconds", 10, "milliseconds",
    "goroutines that wait longer for one lock, on average, form a convoy"};
inline constexpr config::ThresholdSpec kLockStarvation{
    "lock.starvation_milliseconds", 1, "milliseconds",
    "shorter waits are no convoy however many wait; Go's own mutex calls a longer one starvation"};
inline constexpr config::ThresholdSpec kLockWaiting{"lock.waiting_goroutines", 8, "goroutines",
                                                    "so many waiting for one lock on average form a convoy "
                                                    "although each waits less than lock.wait_milliseconds"};
inline constexpr config::ThresholdSpec kLockMinWaiting{
    "lock.min_waiting_goroutines", 1, "goroutines",
    "a lock for which fewer wait on average costs nothing worth a finding, however long a single wait was"};
inline constexpr config::ThresholdSpec kLockMinEvents{"lock.min_events", 10, "count",
                                                      "fewer waits in a profile are chance"};

inline constexpr config::ThresholdSpec kMapShare{
    "lock.map_share_percent", 10, "percent",
    "a lock guards a map when map operations take this share of the CPU time seen while it is held"};
inline constexpr config::ThresholdSpec kCriticalWaiting{
    "lock.critical_waiting_goroutines", 20, "goroutines",
    "CRITICAL when so many wait for one lock on average, each longer than lock.wait_milliseconds"};

struct LockCost {
  double wait_seconds = 0;  // mean wait for the lock; 0 = not known
  double waiting = 0;       // goroutines waiting for the one lock, on average; 0 = nobody, or not known
  double handovers_per_second = 0;  // contended Unlocks; 0 = not known
  double events = 0;                // that the figures rest on
  model::Basis wait_basis = model::Basis::kSampled;
  model::Basis waiting_basis = model::Basis::kSampled;
  std::string wait_artefact, waiting_artefact, handover_artefact;
  std::string wait_note, waiting_note;
  // Seen over a window or at several moments, not in one snapshot only.
  bool is_steady = true;
  std::string unclear;  // why there is contention here that could not be judged
};

// By Little's law the sum of all waits in a window, divided by the window, is the number of goroutines that
// wait at a time. The block profile has that sum on every version. A mutex profile has it from Go 1.22 on;
// before, its delay is the time during which anybody waited at all, and the queue's length comes from
// goroutine snapshots.
LockCost cost_of(const LockPlace& place, const ContentionProfile& block, const ContentionProfile& mutex,
                 const std::vector<Snapshot>& all, const RuleInput& input);

bool is_convoy(const LockCost& cost, const config::Thresholds& thresholds);

// Wait, then contended handovers where known, then (always last, where known) goroutines waiting.
void add_cost_evidence(model::Finding& finding, const LockCost& cost, const config::Thresholds& thresholds);

// Holders (Unlock lines) and waiters (Lock lines) into `related`, heaviest first, a few of each.
void add_lock_lines(model::Finding& finding, const LockPlace& place);

}  // namespace edp::analyse::go
