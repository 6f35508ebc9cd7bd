// GO-MAP-GROWTH-GC: growing maps is what keeps the garbage collector busy: map -> allocation -> GC.
#include <algorithm>
#include <optional>
#include <utility>

#include "runner/analyse/format.h"
#include "runner/analyse/rules/go/hot_spots.h"
#include "runner/analyse/rules/go/map_growth.h"
#include "runner/analyse/rules/go/rules.h"
#include "runner/analyse/rules/go/trace_subjects.h"

namespace edp::analyse::go {
namespace {

constexpr config::ThresholdSpec kGrowthShare = {.key = "map.growth_alloc_percent",
                                                .value = 25,
                                                .unit = "percent",
                                                .meaning =
                                                    "share of the allocated bytes that growing one "
                                                    "function's maps has to have, to be a source of GC work"};
constexpr config::ThresholdSpec kWarning = {
    .key = "map.growth_gc_percent",
    .value = 10,
    .unit = "percent",
    .meaning = "share of the busy CPU that the collector spends on what that growth allocates"};
constexpr config::ThresholdSpec kCritical = {.key = "map.growth_gc_critical_percent",
                                             .value = 25,
                                             .unit = "percent",
                                             .meaning = "the same, from which it is critical"};
constexpr config::ThresholdSpec kMinBytes = {
    .key = "map.growth_gc_min_bytes",
    .value = 32 << 20,
    .unit = "bytes",
    .meaning = "bytes that the process has to have allocated for shares of them to be judged (64 samples)"};

struct GcCost {
  int64_t nanoseconds = 0;
  std::string note;  // where it is a bound
};

std::optional<uint64_t> gomaxprocs(const model::Facts& facts) {
  for (const model::MemoryStats& stats : facts.memory) {
    if (stats.gomaxprocs && *stats.gomaxprocs > 0) return stats.gomaxprocs;
  }
  return std::nullopt;
}

// Go before 1.22 does not tell marking on idle cores, which costs nothing, from other. What the collector may
// take from the program is a quarter of the CPUs.
GcCost gc_cost(const CpuReading& cpu, const model::Facts& facts) {
  if (cpu.gc_idle_told) return {.nanoseconds = cpu.gc(), .note = {}};
  int64_t background = cpu.gc_background;
  if (const auto cpus = gomaxprocs(facts); cpus && cpu.window_seconds > 0) {
    background =
        std::min(background, static_cast<int64_t>(static_cast<double>(*cpus) * cpu.window_seconds * 1e9 / 4));
  }
  return {.nanoseconds = cpu.gc() - cpu.gc_background + background,
          .note = "at most: this Go does not tell marking on idle cores from other"};
}

struct Chain {
  const CodeLines& lines;
  const HotSpot& spot;
  GrowthAllocs allocs;
  double growth_percent = 0;  // of the allocated bytes
  GcCost gc;
  double gc_percent = 0;    // of busy CPU
  double cost_percent = 0;  // of busy CPU: the collector's work on what growth allocates
};

// Growth's share of the allocated bytes. Since the start of the process the share may come from when it
// started: it is then held against growth's share of the time spent allocating now.
double growth_percent(const CpuReading& cpu, const HotSpot& spot, const GrowthAllocs& allocs) {
  const double bytes = 100.0 * static_cast<double>(allocs.total.alloc_bytes) /
                       static_cast<double>(allocs.reading->total.alloc_bytes);
  if (allocs.reading->window_seconds > 0) return bytes;
  int64_t allocating = 0;
  for (const CpuLine* line : spot.lines) allocating = saturating_add(allocating, line->growth_allocating);
  return cpu.allocating > 0
             ? std::min(bytes, 100.0 * static_cast<double>(allocating) / static_cast<double>(cpu.allocating))
             : 0;
}

// Collections and pauses between the first and the last snapshot, else since the start.
void add_collections(const model::Facts& facts, model::Finding& f) {
  const model::MemoryStats* first = nullptr;
  const model::MemoryStats* last = nullptr;
  for (const model::MemoryStats& stats : facts.memory) {
    if (!stats.gc_count) continue;
    if (first == nullptr) first = &stats;
    last = &stats;
  }
  if (last == nullptr) return;
  const double seconds = last->taken_at - first->taken_at;
  if (seconds > 0 && *last->gc_count >= *first->gc_count) {
    f.evidence.push_back({.name = "collections a second",
                          .value = static_cast<double>(*last->gc_count - *first->gc_count) / seconds,
                          .unit = "per_second",
                          .basis = model::Basis::kMeasured,
                          .artefact = last->artefact});
    if (first->gc_pause_total_ns && last->gc_pause_total_ns &&
        *last->gc_pause_total_ns >= *first->gc_pause_total_ns) {
      f.evidence.push_back(
          {.name = "time stopped by the collector in " + seconds_text(seconds),
           .value = static_cast<double>(*last->gc_pause_total_ns - *first->gc_pause_total_ns),
           .unit = "nanoseconds",
           .basis = model::Basis::kMeasured,
           .artefact = last->artefact});
    }
    return;
  }
  f.evidence.push_back({.name = "collections since the start",
                        .value = static_cast<double>(*last->gc_count),
                        .unit = "count",
                        .basis = model::Basis::kMeasured,
                        .artefact = last->artefact});
}

model::Finding finding(const Chain& chain, model::Severity severity, const RuleInput& input) {
  const CpuReading& cpu = *chain.lines.cpu;
  const HeapReading& heap = *chain.allocs.reading;
  const double seconds = heap.window_seconds;
  const auto bytes = static_cast<double>(chain.allocs.total.alloc_bytes);
  const std::string amount = seconds > 0 ? bytes_rate_text(bytes / seconds) : bytes_text(bytes);
  model::Finding f;
  f.rule = "GO-MAP-GROWTH-GC";
  f.severity = severity;
  f.title = "Growing maps in " + chain.spot.who() + " allocates " + percent_text(chain.growth_percent) +
            " of all bytes; GC takes " + percent_text(chain.gc_percent) + " of the CPU";
  f.summary = "Map, allocation, GC: the maps filled here outgrow their arrays and allocate larger ones (" +
              amount + ", " + percent_text(chain.growth_percent) +
              " of what the process allocates). The sooner the heap fills up, the more often it is "
              "collected: the collector "
              "takes " +
              percent_text(chain.gc_percent) + " of the CPU, about " + percent_text(chain.cost_percent) +
              " on account of this growth.";
  f.evidence.push_back(
      {.name = "allocated bytes by map growth",
       .value = chain.growth_percent,
       .unit = "percent",
       .threshold = input.thresholds.get(kGrowthShare),
       .basis = model::Basis::kInferred,
       .artefact = heap.fact->artefact,
       .note = chain.allocs.only_series
                   ? "sampled bytes; the sizes that double, as the line allocates other things too"
                   : "sampled bytes; the CPU profile shows growth, and nothing else that allocates, at the "
                     "line"});
  f.evidence.push_back(
      {.name = seconds > 0 ? "bytes a second by map growth" : "bytes by map growth since the start",
       .value = seconds > 0 ? bytes / seconds : bytes,
       .unit = "bytes",
       .basis = model::Basis::kInferred,
       .artefact = heap.fact->artefact});
  f.evidence.push_back(cpu_part(cpu, "CPU of the garbage collector", chain.gc_percent, chain.gc.note));
  const std::pair<std::string_view, int64_t> parts[] = {
      {"marking in the background", cpu.gc_background},
      {"marking that allocating goroutines have to do", cpu.gc_assist},
      {"sweeping and returning memory", cpu.gc_sweep},
      {"write barriers", cpu.gc_barrier}};
  for (const auto& [what, nanoseconds] : parts) {
    if (nanoseconds > 0)
      f.evidence.push_back(cpu_part(cpu, "CPU in " + std::string(what), cpu.percent(nanoseconds)));
  }
  f.evidence.push_back(
      {.name = "CPU of the collector on account of this growth",
       .value = chain.cost_percent,
       .unit = "percent",
       .threshold = input.thresholds.get(kWarning),
       .basis = model::Basis::kInferred,
       .artefact = cpu.fact->artefact,
       .note = "the collector's CPU times growth's share of the bytes: what is allocated sets the number "
               "of collections"});
  f.evidence.push_back(
      cpu_part(cpu, "CPU in growing the maps themselves", cpu.percent(chain.spot.figure.value)));
  add_collections(input.facts, f);
  f.location = chain.spot.line.location("map operation");
  f.subject = growth_subject(f.location.function);
  f.related = chain.spot.related(&CpuLine::growth);
  f.advice = growth_advice(chain.lines, chain.spot, chain.allocs);
  return f;
}

Judgement judge(const RuleInput& input) {
  const auto& lines = input.readings.own<CodeLines>();
  if (std::string reason = cpu_missing(lines, input); !reason.empty())
    return Judgement::unknown(std::move(reason));
  const std::vector<HotSpot> spots = hot_spots(*lines.cpu, &CpuLine::growth);
  if (spots.empty()) return Judgement::clean();
  // Growth is seen in the CPU profile's window: without a delta the bytes since the start have to do.
  const auto& heap = lines.window_allocs ? lines.window_allocs : lines.allocs;
  if (!heap) {
    return Judgement::unknown("no allocs profile: " + input.facts.why_missing("allocs") +
                              "; it comes from /debug/pprof/allocs?seconds=10");
  }
  if (static_cast<double>(heap->total.alloc_bytes) < input.thresholds.get(kMinBytes))
    return Judgement::clean();
  const GcCost gc = gc_cost(*lines.cpu, input.facts);
  Judgement judgement;
  for (const HotSpot& spot : spots) {
    if (static_cast<double>(spot.figure.count) < input.thresholds.get(kMinSpotSamples)) continue;
    Chain chain{.lines = lines, .spot = spot, .allocs = growth_allocs(&*heap, spot.lines), .gc = gc};
    chain.growth_percent = growth_percent(*lines.cpu, spot, chain.allocs);
    chain.gc_percent = lines.cpu->percent(gc.nanoseconds);
    chain.cost_percent = chain.gc_percent * chain.growth_percent / 100;
    if (chain.growth_percent < input.thresholds.get(kGrowthShare)) continue;
    if (chain.cost_percent < input.thresholds.get(kWarning)) continue;
    const double cost = static_cast<double>(lines.cpu->busy.value) * chain.cost_percent / 100;
    if (!is_notable(*lines.cpu, static_cast<int64_t>(cost), input)) continue;
    const bool critical =
        chain.cost_percent >= input.thresholds.get(kCritical) && is_saturated(*lines.cpu, input);
    judgement.findings.push_back(
        finding(chain, critical ? model::Severity::kCritical : model::Severity::kWarning, input));
  }
  return judgement;
}

}  // namespace

Rule map_growth_gc() {
  return {.id = "GO-MAP-GROWTH-GC",
          .title = "Growing maps is a source of the garbage collector's work",
          .requirement = "G5",
          .thresholds = {kGrowthShare, kWarning, kCritical, kMinBytes, kMinCpuSamples, kMinSpotSamples,
                         kMinCores, kSaturatedPercent},
          .judge = judge};
}

}  // namespace edp::analyse::go
