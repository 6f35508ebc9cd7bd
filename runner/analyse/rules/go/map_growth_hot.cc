// GO-MAP-GROWTH-HOT: growing maps takes a notable part of the CPU.
#include <utility>

#include "runner/analyse/format.h"
#include "runner/analyse/rules/go/hot_spots.h"
#include "runner/analyse/rules/go/map_growth.h"
#include "runner/analyse/rules/go/rules.h"

namespace edp::analyse::go {
namespace {

constexpr config::ThresholdSpec kWarning = {
    .key = "map.growth_percent",
    .value = 10,
    .unit = "percent",
    .meaning =
        "share of the busy CPU in growing one function's maps from which it is notable: it can be avoided"};
constexpr config::ThresholdSpec kCritical = {.key = "map.growth_critical_percent",
                                             .value = 40,
                                             .unit = "percent",
                                             .meaning = "the same, from which it is critical"};

void add_alloc_evidence(const GrowthAllocs& allocs, model::Finding& f) {
  if (allocs.total.alloc_bytes <= 0) return;
  const std::string artefact = allocs.reading->fact->artefact;
  const double seconds = allocs.reading->window_seconds;
  const auto bytes = static_cast<double>(allocs.total.alloc_bytes);
  f.evidence.push_back({.name = seconds > 0 ? "bytes a second that growth allocates there"
                                            : "bytes that growth allocated there",
                        .value = seconds > 0 ? bytes / seconds : bytes,
                        .unit = "bytes",
                        .basis = model::Basis::kInferred,
                        .artefact = artefact,
                        .note = allocs.only_series
                                    ? "the sizes that double; the line allocates other things too"
                                    : "the line allocates nothing else, as the CPU profile shows"});
  if (!allocs.series.empty()) {
    f.evidence.push_back({.name = "sizes in a doubling series",
                          .value = static_cast<double>(allocs.series.members.size()),
                          .unit = "count",
                          .basis = model::Basis::kSampled,
                          .artefact = artefact,
                          .note = "from " + bytes_text(static_cast<double>(allocs.series.smallest())) +
                                  " to " + bytes_text(static_cast<double>(allocs.series.largest()))});
  }
}

model::Finding finding(const CodeLines& lines, const HotSpot& spot, model::Severity severity,
                       double threshold) {
  const CpuReading& cpu = *lines.cpu;
  const std::string share = percent_text(cpu.percent(spot.figure.value));
  model::Finding f;
  f.rule = "GO-MAP-GROWTH-HOT";
  f.severity = severity;
  f.title = "Growing maps in " + spot.who() + " takes " + share + " of the CPU";
  f.summary = "Making larger arrays for maps that are full, and moving the entries into them, takes " +
              cpu_cost_text(cpu, spot.figure.value) + " (" + share +
              "). A map that is made with its final size does none of it.";
  f.evidence = cpu_evidence(cpu, spot.figure, "CPU in map growth", threshold);
  int64_t allocating = 0;
  for (const CpuLine* line : spot.lines) allocating = saturating_add(allocating, line->growth_allocating);
  f.evidence.push_back(cpu_part(cpu, "of it, CPU in allocating the arrays", cpu.percent(allocating)));
  const auto& heap = lines.window_allocs ? lines.window_allocs : lines.allocs;
  const GrowthAllocs allocs = growth_allocs(heap ? &*heap : nullptr, spot.lines);
  add_alloc_evidence(allocs, f);
  f.location = spot.line.location("map operation");
  f.related = spot.related(&CpuLine::growth);
  f.advice = growth_advice(lines, spot, allocs);
  return f;
}

Judgement judge(const RuleInput& input) {
  return judge_hot_spots(input, &CpuLine::growth, {kWarning, kCritical}, finding);
}

}  // namespace

Rule map_growth_hot() {
  return {.id = "GO-MAP-GROWTH-HOT",
          .title = "Growing maps takes a notable part of the CPU",
          .requirement = "G5",
          .thresholds = {kWarning, kCritical, kMinCpuSamples, kMinSpotSamples, kMinCores, kSaturatedPercent},
          .judge = judge};
}

}  // namespace edp::analyse::go
