// GO-MAP-GROWTH-STALL: goroutines wait for a lock while the map under it grows.
// docs/rules/GO-MAP-GROWTH-STALL.md
#include <algorithm>

#include "runner/analyse/format.h"
#include "runner/analyse/rules/go/code_lines.h"
#include "runner/analyse/rules/go/map_growth.h"
#include "runner/analyse/rules/go/rules.h"
#include "runner/analyse/rules/go/trace_growth.h"

namespace edp::analyse::go {
namespace {

struct TableSize {
  int64_t entries = 0;  // at least; 0 where nothing tells
  std::string artefact, note;
};

// By the arrays that double: on the timeline, or those that a heap profile knows of the line.
TableSize table_size(const Stall& stall, const RuleInput& input) {
  TableSize size;
  const DoublingSeries series = heap_doublings(input.facts, *stall.lock);
  if (!series.empty()) {
    size = {std::max(series.entries_at_least(), entries_of_array(series.largest())), stall.artefact,
            "the live heap rose in steps that double, from " +
                bytes_text(static_cast<double>(series.smallest())) + " to " +
                bytes_text(static_cast<double>(series.largest())) + ", while the lock was held"};
  }
  const auto& lines = input.readings.own<CodeLines>();
  const auto& heap = lines.allocs;
  if (!lines.cpu || !heap) return size;
  std::vector<const CpuLine*> here;
  for (const CpuLine& line : lines.cpu->lines) {
    const CodeLine& at = line.caller.place;
    if (at.function == stall.map_line.function && at.line == stall.map_line.line) here.push_back(&line);
  }
  const int64_t entries = growth_allocs(&*heap, here).entries_at_least();
  if (entries > size.entries) {
    size = {entries, heap->fact->artefact,
            "by the arrays that the line allocated since the start of the process"};
  }
  return size;
}

void make(model::Finding& finding, const Stall& stall, const RuleInput& input) {
  const auto& locks = input.readings.own<TraceLocks>();
  const TableSize size = table_size(stall, input);
  const model::GoroutineFrame& line = stall.map_line;
  finding.title = stall.handlers + " waits up to " + nanoseconds_text(stall.longest) + " while the map of " +
                  stall.lock->place + " grows";
  finding.summary =
      "Goroutines of " + stall.handlers + " " + waits_text(stall) + ", " + guard_text(stall) + " while ";
  finding.summary +=
      size.entries > 0 ? "a table of at least " + power_text(size.entries) + " entries" : "its table";
  finding.summary += " was being grown at " + place_text(line.file, line.line) + ". " + holder_text(stall);
  describe_work(finding, stall, "map growth under the lock", stall.work.growth,
                input.thresholds.get(kStallGrowth));
  if (const GrowthOnTimeline seen = growth_on_timeline(input.facts, locks, *stall.lock); seen.episodes > 0) {
    finding.evidence.push_back(
        {.name = "growth on the timeline, longest from its first CPU sample to its last",
         .value = static_cast<double>(seen.longest),
         .unit = "nanoseconds",
         .basis = model::Basis::kSampled,
         .artefact = seen.artefact,
         .note = std::to_string(seen.episodes) + " times; a sample every 10 ms of CPU time"});
    finding.evidence.push_back({.name = "waiting while a holder grew the map, all goroutines together",
                                .value = static_cast<double>(seen.waited),
                                .unit = "nanoseconds",
                                .basis = model::Basis::kInferred,
                                .artefact = seen.artefact,
                                .note = "in holds of the lock in which growth was sampled"});
  }
  if (size.entries > 0) {
    finding.evidence.push_back({.name = "entries of the table, at least",
                                .value = static_cast<double>(size.entries),
                                .unit = "count",
                                .basis = model::Basis::kInferred,
                                .artefact = size.artefact,
                                .note = size.note});
  }
  const std::string entries =
      size.entries > 0 ? "more than " + count_text(static_cast<double>(size.entries)) + " entries here"
                       : "the number of entries that it reaches";
  finding.advice =
      "Make the map with its size, make(map[K]V, n) for " + entries +
      ": nothing grows then while others wait. Where a whole map is read anew, build it before Lock and only "
      "swap the pointer under the lock. A map that has to grow all the time belongs in shards, so that a "
      "growth holds up the callers of one shard only.";
}

Judgement judge(const RuleInput& input) { return judge_stalls(input, StallCause::kGrowth, make); }

}  // namespace

Rule map_growth_stall() {
  return {.id = "GO-MAP-GROWTH-STALL",
          .title = "goroutines wait for a lock while the map under it grows",
          .requirement = "T3",
          .thresholds = {kLockWait, kStallMinWaits, kCriticalWaiting, kMapShare, kStallGrowth},
          .judge = judge,
          .fault = "GO-MAP-LOCK-CONVOY"};
}

}  // namespace edp::analyse::go
