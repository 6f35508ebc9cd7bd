// Where a program waits for its locks, and who hands them over: block profile (Lock lines, the waiters),
// mutex profile (Unlock lines, the holders) and goroutine snapshots, brought together by the place that owns
// the lock.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runner/analyse/rules/go/goroutine_stacks.h"

namespace edp::analyse::go {

struct LockSite {
  model::GoroutineFrame owner;  // the direct caller of Lock or Unlock
  model::GoroutineFrame user;   // the first frame of the user's own code, the owner itself or above it
  SymbolClass operation = SymbolClass::kNone;
  int64_t contentions = 0;
  int64_t delay = 0;  // nanoseconds
};

// Goroutines that wait for one place's lock at one moment.
struct Waiters {
  const Snapshot* snapshot = nullptr;
  int64_t count = 0;
  int64_t minutes = 0;                  // the longest wait that the dump names
  std::map<uint64_t, int64_t> by_lock;  // dump only: waiters by the lock's address, where it is shown
  std::vector<const Stack*> stacks;
  // The share of the one lock that most of them wait for: 64 shards' locks stand on one line. 1 where not
  // known.
  [[nodiscard]] double top_share() const;
};

// A receiver's type, or a function: likely, not surely, one lock (or one array of them).
struct LockPlace {
  std::string place;               // "main.(*Cache)"
  std::vector<LockSite> waits;     // from the block profile, longest delay first
  std::vector<LockSite> releases;  // from the mutex profile, likewise
  std::vector<Waiters> waiters;    // one for each snapshot in which somebody waited
  int64_t wait_contentions = 0, wait_delay = 0;
  int64_t release_contentions = 0, release_delay = 0;
};

// One profile of contention: the last delta, else the last one since the process began.
struct ContentionProfile {
  const model::ProfileFact* fact = nullptr;  // nullptr: not collected
  double window_seconds = 0;                 // 0: since the process began, or not known
  // Nothing at all in it, neither in the delta nor before: sampling is off, or nothing ever waited.
  bool is_empty = true;
};
ContentionProfile contention_profile(const model::Facts& facts, model::ProfileKind kind);

// Places where somebody waited; locks inside sync.Map and the runtime's own are left out. `all` outlives the
// result.
std::vector<LockPlace> lock_places(const ContentionProfile& block, const ContentionProfile& mutex,
                                   const std::vector<Snapshot>& all);

// Goroutines that wait for the place's lock at a moment, on average over all snapshots; unset without
// snapshots.
std::optional<double> waiting_in_snapshots(const LockPlace& place, const std::vector<Snapshot>& all);

// Since Go 1.22 a mutex profile's delay is the sum over all waiters; before, only the time since the lock was
// last handed over (golang/go#61015). Unset where the version is not known.
std::optional<bool> mutex_delay_counts_all_waiters(const model::Facts& facts);

// Why lock figures are not there, and how to get them.
std::string how_to_profile_locks(const model::Facts& facts);

}  // namespace edp::analyse::go
