// GO-MAP-LOCK-WAIT: an execution trace shows long waits for the lock around a map.
// docs/rules/GO-MAP-LOCK-WAIT.md
#include "runner/analyse/format.h"
#include "runner/analyse/rules/go/rules.h"
#include "runner/analyse/rules/go/trace_stalls.h"

namespace edp::analyse::go {
namespace {

std::string advice(const Stall& stall) {
  const HolderWork& work = stall.work;
  if (work.from_source) {
    return "No CPU sample was taken while the lock was held: look for what the holder waits for (I/O, a "
           "channel, "
           "another lock) and do that outside; let a CPU profile run beside the trace to see what it "
           "computes.";
  }
  std::string text;
  if (work.percent(work.map_samples) < 50) {
    text = "Shorten the section first: " + percent_text(100 - work.percent(work.map_samples)) +
           " of the CPU time under the lock is not the map's; move that work before Lock or behind Unlock. ";
  }
  const bool writes =
      work.at(SymbolClass::kMapAssign) + work.at(SymbolClass::kMapDelete) >= work.map_samples / 2;
  text += writes ? "Work through the changes in small batches that let others in between, or split map and "
                   "lock into "
                   "shards by a hash of the key, so that writers of different keys don't meet."
                 : "Readers hold each other up through writers that wait in between: hold the lock for "
                   "single look-ups "
                   "only, or read without one (an atomic.Pointer to a map that is never changed).";
  return text;
}

void make(model::Finding& finding, const Stall& stall, const RuleInput& input) {
  const model::GoroutineFrame& line = stall.map_line;
  finding.title = stall.handlers + " waits up to " + nanoseconds_text(stall.longest) +
                  " for the lock around a map of " + stall.lock->place;
  finding.summary = "Goroutines of " + stall.handlers + " " + waits_text(stall) + ", " + guard_text(stall) +
                    " while its holder worked on the map at " + place_text(line.file, line.line) + ". " +
                    holder_text(stall);
  if (stall.work.from_source) finding.summary += "That the lock guards this map is read from the source. ";
  describe_work(finding, stall, "map operations under the lock", stall.work.map_samples,
                input.thresholds.get(kMapShare));
  finding.advice = advice(stall);
}

Judgement judge(const RuleInput& input) { return judge_stalls(input, StallCause::kWork, make); }

}  // namespace

Rule map_lock_wait() {
  return {.id = "GO-MAP-LOCK-WAIT",
          .title = "a trace shows long waits for the lock around a map",
          .requirement = "T4",
          .thresholds = {kLockWait, kStallMinWaits, kCriticalWaiting, kMapShare},
          .judge = judge,
          .fault = "GO-MAP-LOCK-CONVOY"};
}

}  // namespace edp::analyse::go
