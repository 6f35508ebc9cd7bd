// GO-SYNCMAP-LOCK-WAIT: an execution trace shows long waits inside a sync.Map.
// docs/rules/GO-SYNCMAP-LOCK-WAIT.md
#include <algorithm>

#include "runner/analyse/format.h"
#include "runner/analyse/rules/go/rules.h"
#include "runner/analyse/rules/go/trace_stalls.h"
#include "runner/analyse/sites.h"

namespace edp::analyse::go {
namespace {

// "Store" of the first wait at the line; what was asked for, not what it does inside.
std::string operation_at(const Stall& stall, const TraceLocks& locks, const model::GoroutineFrame& line) {
  for (const LockWait& wait : stall.lock->waits) {
    const TraceStack& stack = locks.stacks[wait.trace]->of(wait.stack);
    if (!stack.in_map() || stack.frames[stack.caller].line != line.line) continue;
    return std::string(to_string(stack.operation));
  }
  return "a sync.Map operation";
}

Judgement judge(const RuleInput& input) {
  if (std::string reason = traces_missing(input.facts); !reason.empty())
    return Judgement::unknown(std::move(reason));
  const auto& locks = input.readings.own<TraceLocks>();
  Judgement judgement;
  for (const Stall& stall : find_stalls(input, true)) {
    if (stall.lock->sites.waits.empty()) continue;
    const model::GoroutineFrame& line = stall.lock->sites.waits.front().user;
    const std::string operation = operation_at(stall, locks, line);
    model::Finding finding;
    finding.severity = severity_of(stall, input.thresholds);
    finding.subject = sync_map_subject(line.function);
    finding.title = stall.handlers + " waits up to " + nanoseconds_text(stall.longest) + " in " + operation +
                    " at " + place_text(line.file, line.line);
    finding.summary = "Goroutines of " + stall.handlers + " " + waits_text(stall) + ", in " + operation +
                      " at " + place_text(line.file, line.line) + ", for the lock inside the sync.Map of " +
                      stall.lock->place + ". " + holder_text(stall);
    finding.location = location_of(line, "waiter");
    finding.identity = location_of(line, "map operation");  // as the fault's rule names it
    describe_waits(finding, stall, input);
    finding.advice =
        "A sync.Map's writers, and on classic maps (Go up to 1.23) Loads that miss, pass one lock, which is "
        "held while "
        "the whole map is copied. Use a built-in map under a sync.RWMutex, or shards of it where many write.";
    judgement.findings.push_back(std::move(finding));
  }
  return judgement;
}

}  // namespace

Rule syncmap_lock_wait() {
  return {.id = "GO-SYNCMAP-LOCK-WAIT",
          .title = "a trace shows long waits inside a sync.Map",
          .requirement = "T4",
          .thresholds = {kLockWait, kStallMinWaits, kCriticalWaiting},
          .judge = judge,
          .fault = "GO-SYNCMAP-WRITE-HEAVY"};
}

}  // namespace edp::analyse::go
