// GO-MAP-RANGE-STALL: a walk over a map, with its lock in hand, holds others up.
// docs/rules/GO-MAP-RANGE-STALL.md
#include <algorithm>

#include "runner/analyse/format.h"
#include "runner/analyse/rules/go/rules.h"
#include "runner/analyse/rules/go/trace_stalls.h"

namespace edp::analyse::go {
namespace {

bool shared(const Stall& stall) {
  return !stall.lock->sites.releases.empty() &&
         std::ranges::any_of(stall.lock->sites.releases,
                             [](const LockSite& s) { return s.operation == SymbolClass::kRWMutexRUnlock; });
}

void make(model::Finding& finding, const Stall& stall, const RuleInput& input) {
  const model::GoroutineFrame& line = stall.map_line;
  finding.title = "A walk over a map in " + std::string(line.function) + " holds up " + stall.handlers +
                  " for up to " + nanoseconds_text(stall.longest);
  finding.summary = "Goroutines of " + stall.handlers + " " + waits_text(stall) + ", " + guard_text(stall) +
                    " while " + std::string(line.function) + " walked the map at " +
                    place_text(line.file, line.line) + ". " + holder_text(stall);
  if (shared(stall)) {
    finding.summary +=
        "It is walked under the read lock: a writer that comes meanwhile waits for the end of the walk, and "
        "every "
        "reader that comes later waits behind the writer. ";
  }
  const int64_t iterate = stall.work.at(SymbolClass::kMapIterate);
  describe_work(finding, stall, "iteration under the lock", iterate, input.thresholds.get(kStallRange));
  finding.advice =
      "Keep the total or the sorted list that the walk computes up to date at each write. Else copy what is "
      "needed under "
      "the lock (maps.Clone is much faster than a walk that does more) and walk the copy outside, or split "
      "the map into "
      "shards and walk one shard's lock at a time.";
}

Judgement judge(const RuleInput& input) { return judge_stalls(input, StallCause::kRange, make); }

}  // namespace

Rule map_range_stall() {
  return {.id = "GO-MAP-RANGE-STALL",
          .title = "a walk over a map, with its lock in hand, holds others up",
          .requirement = "T4",
          .thresholds = {kLockWait, kStallMinWaits, kCriticalWaiting, kMapShare, kStallRange},
          .judge = judge,
          .fault = "GO-MAP-LOCK-CONVOY"};
}

}  // namespace edp::analyse::go
