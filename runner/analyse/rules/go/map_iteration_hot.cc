// GO-MAP-ITERATION-HOT: walking maps takes a large part of the CPU.
#include <utility>

#include "runner/analyse/format.h"
#include "runner/analyse/rules/go/hot_spots.h"
#include "runner/analyse/rules/go/rules.h"

namespace edp::analyse::go {
namespace {

constexpr config::ThresholdSpec kWarning = {
    .key = "map.iterate_percent",
    .value = 15,
    .unit = "percent",
    .meaning = "share of the busy CPU in one function's iteration over maps, the loop's body not counted"};
constexpr config::ThresholdSpec kCritical = {.key = "map.iterate_critical_percent",
                                             .value = 60,
                                             .unit = "percent",
                                             .meaning = "the same, from which it is critical"};

model::Finding finding(const CodeLines& lines, const HotSpot& spot, model::Severity severity,
                       double threshold) {
  const CpuReading& cpu = *lines.cpu;
  const std::string share = percent_text(cpu.percent(spot.figure.value));
  model::Finding f;
  f.rule = "GO-MAP-ITERATION-HOT";
  f.severity = severity;
  f.title = "Iterating over maps in " + spot.who() + " takes " + share + " of the CPU";
  f.summary = "Going from entry to entry takes " + cpu_cost_text(cpu, spot.figure.value) + " (" + share +
              "); what the loop does with the entries is not in this figure. Each pass visits every slot of "
              "the map, also "
              "those that deleted entries left empty.";
  f.evidence = cpu_evidence(cpu, spot.figure, "CPU in map iteration", threshold);
  f.location = spot.line.location("map operation");
  f.related = spot.related(&CpuLine::iterate);
  if (spot.in_library) {
    f.advice = "The map is walked inside " + std::string(spot.library) +
               ": call it less often, or keep what it makes of the map until the map changes.";
  } else {
    f.advice =
        "Keep what the loop works out (a sum, a minimum, a sorted list) up to date where the map is written, "
        "so that "
        "reading it needs no pass; or keep the entries in a slice beside the map, which is read many times "
        "faster. A map that was once much larger stays slow to walk: copy what is left into a new one.";
  }
  return f;
}

Judgement judge(const RuleInput& input) {
  return judge_hot_spots(input, &CpuLine::iterate, {kWarning, kCritical}, finding);
}

}  // namespace

Rule map_iteration_hot() {
  return {.id = "GO-MAP-ITERATION-HOT",
          .title = "Iterating over maps takes a large part of the CPU",
          .requirement = "G5",
          .thresholds = {kWarning, kCritical, kMinCpuSamples, kMinSpotSamples, kMinCores, kSaturatedPercent},
          .judge = judge};
}

}  // namespace edp::analyse::go
