// GO-GC-ASSIST-STALL: goroutines have to mark for the collector because maps grow.
// docs/rules/GO-GC-ASSIST-STALL.md
#include <algorithm>
#include <map>

#include "runner/analyse/format.h"
#include "runner/analyse/rules/go/rules.h"
#include "runner/analyse/rules/go/trace_stalls.h"
#include "runner/analyse/sites.h"

namespace edp::analyse::go {
namespace {

constexpr config::ThresholdSpec kAssistPercent{
    "assist.percent", 10, "percent",
    "mark assist is notable when it takes this share of the time in which goroutines run"};
constexpr config::ThresholdSpec kAssistGrowth{
    "assist.growth_percent", 30, "percent",
    "growth of maps is its cause when so much of the assist begins in it, at one function's lines"};
constexpr config::ThresholdSpec kMinAssists{"assist.min_count", 5, "count",
                                            "fewer assists in a trace are chance"};

struct Assist {
  int64_t total = 0, longest = 0, running = 0;
  uint64_t count = 0;
  int64_t stopped = 0, stopped_longest = 0;  // stop-the-world for the collector
  uint64_t stops = 0;
  std::string artefact;  // of the longest assist
  model::TraceInterval where;
  struct Growth {
    int64_t total = 0;
    model::GoroutineFrame line;
    std::string_view handler;
  };
  std::map<std::string_view, Growth> growth;  // by function, in maps that grow
};

void read_stops(const model::Timeline& timeline, Assist& assist) {
  for (const model::TraceRange& range : timeline.ranges(model::RangeKind::kStopTheWorld)) {
    if (timeline.text(range.text).find("GC") == std::string_view::npos) continue;
    ++assist.stops;
    assist.stopped += range.end - range.begin;
    assist.stopped_longest = std::max(assist.stopped_longest, range.end - range.begin);
  }
}

Assist read(const model::Facts& facts, const TraceLocks& locks) {
  Assist assist;
  for (size_t i = 0; i < facts.traces.size(); ++i) {
    const model::Timeline& timeline = *facts.traces[i].timeline;
    for (uint32_t g = 0; g < timeline.goroutines.size(); ++g) {
      if (timeline.text(timeline.goroutines[g].function).starts_with("runtime.")) continue;
      for (const model::GoSlice& slice : timeline.slices(g))
        assist.running += slice.state == model::GoState::kRunning ? slice.duration() : 0;
    }
    for (const model::TraceRange& range : timeline.ranges(model::RangeKind::kMarkAssist)) {
      const int64_t took = range.end - range.begin;
      ++assist.count;
      assist.total += took;
      if (took >= assist.longest) {
        assist.longest = took;
        assist.artefact = facts.traces[i].artefact;
        assist.where = {.begin = range.begin, .end = range.end, .goroutine = {}};
        if (range.goroutine != model::kNone) assist.where.goroutine = timeline.goroutines[range.goroutine].id;
      }
      const TraceStack& stack = locks.stacks[i]->of(range.stack);
      if (!stack.growth) continue;
      const model::GoroutineFrame& caller = stack.frames[stack.caller];
      Assist::Growth& growth = assist.growth[caller.function];
      growth.total += took;
      growth.line = caller;
      growth.handler = stack.handler();
    }
    read_stops(timeline, assist);
  }
  return assist;
}

double share(int64_t part, int64_t whole) {
  return whole <= 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

Judgement judge(const RuleInput& input) {
  if (std::string reason = traces_missing(input.facts); !reason.empty())
    return Judgement::unknown(std::move(reason));
  const Assist assist = read(input.facts, input.readings.own<TraceLocks>());
  const double percent = share(assist.total, assist.running);
  if (static_cast<double>(assist.count) < input.thresholds.get(kMinAssists) ||
      percent < input.thresholds.get(kAssistPercent)) {
    return Judgement::clean();
  }
  Judgement judgement;
  for (const auto& [function, growth] : assist.growth) {
    const double part = share(growth.total, assist.total);
    if (part < input.thresholds.get(kAssistGrowth)) continue;
    model::Finding finding;
    finding.severity = model::Severity::kWarning;
    finding.subject = growth_subject(function);
    finding.title = std::string(growth.handler) +
                    " marks for the garbage collector while a map grows: " + nanoseconds_text(growth.total) +
                    " of it";
    finding.summary = "Goroutines spend " + percent_text(percent) +
                      " of their running time marking for the collector before they may allocate; " +
                      percent_text(part) + " of that begins where a map grows, at " +
                      place_text(growth.line.file, growth.line.line) + ".";
    const auto add = [&](std::string name, double value, std::string unit, std::optional<double> threshold,
                         std::string note) {
      finding.evidence.push_back({.name = std::move(name),
                                  .value = value,
                                  .unit = std::move(unit),
                                  .threshold = threshold,
                                  .basis = model::Basis::kMeasured,
                                  .artefact = assist.artefact,
                                  .note = std::move(note)});
    };
    add("mark assist, of the time in which goroutines ran", percent, "percent",
        input.thresholds.get(kAssistPercent),
        std::to_string(assist.count) + " assists, with what they wait for in them");
    add("of it, begun while a map grew here", part, "percent", input.thresholds.get(kAssistGrowth),
        "by the stack at which each assist began");
    add("longest mark assist", static_cast<double>(assist.longest), "nanoseconds", std::nullopt, "");
    finding.evidence.back().interval = assist.where;
    if (assist.stops > 0) {
      add("longest stop of the world for the collector", static_cast<double>(assist.stopped_longest),
          "nanoseconds", std::nullopt,
          std::to_string(assist.stops) + " stops, " + nanoseconds_text(assist.stopped) + " together");
    }
    finding.location = location_of(growth.line, "map operation");
    finding.advice =
        "Make the map with its size, make(map[K]V, n): growth then allocates nothing, and the collector has "
        "less to "
        "chase. Where the live heap is small, a higher GOGC (with GOMEMLIMIT) makes collections rarer.";
    judgement.findings.push_back(std::move(finding));
  }
  return judgement;
}

}  // namespace

Rule gc_assist_stall() {
  return {.id = "GO-GC-ASSIST-STALL",
          .title = "goroutines have to mark for the collector because maps grow",
          .requirement = "T3",
          .thresholds = {kAssistPercent, kAssistGrowth, kMinAssists},
          .judge = judge,
          .fault = "GO-MAP-GROWTH-GC"};
}

}  // namespace edp::analyse::go
