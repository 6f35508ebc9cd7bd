// GO-HEAP-FRAGMENTATION: the heap holds much more memory than its objects need.
#include <algorithm>
#include <optional>
#include <utility>

#include "runner/analyse/format.h"
#include "runner/analyse/rules/go/code_lines.h"
#include "runner/analyse/rules/go/rules.h"

namespace edp::analyse::go {
namespace {

constexpr config::ThresholdSpec kMinBytes = {
    .key = "heap.unused_min_bytes",
    .value = 64 << 20,
    .unit = "bytes",
    .meaning = "unused bytes of the heap below which they don't matter"};
constexpr config::ThresholdSpec kHoles = {.key = "heap.holes_percent",
                                          .value = 30,
                                          .unit = "percent",
                                          .meaning =
                                              "share of the spans in use that stays unused even when the "
                                              "heap is as full as it gets before a collection"};
constexpr config::ThresholdSpec kIdle = {
    .key = "heap.idle_percent",
    .value = 50,
    .unit = "percent",
    .meaning = "share of the memory that the heap holds which is idle and not given back"};

// GOGC=off without a memory limit: Go prints the largest number that there is.
constexpr uint64_t kNoGoal = uint64_t{1} << 62;

// Where the memory that the heap holds goes, exact. HeapInuse is spans with at least one object, HeapAlloc
// the objects (those that the sweeper has not looked at yet included). Their difference alone proves nothing:
// after a collection it is room that the program fills again before the next one. The heap is fullest at
// NextGC; what the spans have beyond that stays unused.
struct Use {
  const model::MemoryStats* stats = nullptr;
  uint64_t inuse = 0, objects = 0, room = 0, holes = 0, idle = 0;
  [[nodiscard]] uint64_t held() const { return inuse + idle; }
};

std::optional<Use> use_of(const model::MemoryStats& stats) {
  if (!stats.heap_inuse || !stats.heap_alloc) return std::nullopt;
  Use use{.stats = &stats, .inuse = *stats.heap_inuse};
  use.objects = std::min(*stats.heap_alloc, use.inuse);
  const uint64_t goal = stats.next_gc && *stats.next_gc < kNoGoal ? *stats.next_gc : 0;
  const uint64_t filled = std::min(std::max(use.objects, goal), use.inuse);
  use.room = filled - use.objects;
  use.holes = use.inuse - filled;
  if (stats.heap_idle && stats.heap_released && *stats.heap_idle > *stats.heap_released) {
    use.idle = *stats.heap_idle - *stats.heap_released;
  }
  return use;
}

double percent_of(uint64_t part, uint64_t whole) {
  return whole > 0 ? 100.0 * static_cast<double>(part) / static_cast<double>(whole) : 0;
}

std::string bytes_of(uint64_t bytes) { return bytes_text(static_cast<double>(bytes)); }

// Small objects share spans: those that stay keep the spans of those that went. The line that keeps most of
// them is the first to look at.
const HeapLine* main_keeper(const HeapReading& heap) {
  constexpr int64_t kLargestSharing = 32 << 10;  // above it, each object has spans of its own
  const HeapLine* keeper = nullptr;
  int64_t most = 0;
  for (const HeapLine& line : heap.lines) {
    if (line.caller.user.empty()) continue;
    int64_t kept = 0;
    for (const SizeFigures& size : line.sizes) {
      if (size.size <= kLargestSharing) kept = saturating_add(kept, size.inuse_bytes);
    }
    if (kept > most) {
      most = kept;
      keeper = &line;
    }
  }
  return keeper;
}

void add_evidence(const Use& use, size_t snapshots, std::optional<double> holes_threshold,
                  std::optional<double> idle_threshold, model::Finding& f) {
  const auto add = [&](std::string name, double value, std::string unit, std::optional<double> threshold,
                       std::string note) {
    f.evidence.push_back({.name = std::move(name),
                          .value = value,
                          .unit = std::move(unit),
                          .threshold = threshold,
                          .basis = model::Basis::kMeasured,
                          .artefact = use.stats->artefact,
                          .note = std::move(note)});
  };
  add("holes: unused in spans in use, even with the heap at its fullest", static_cast<double>(use.holes),
      "bytes", {},
      snapshots > 1 ? "the least of " + std::to_string(snapshots) + " snapshots" : "one snapshot");
  add("holes in the spans in use", percent_of(use.holes, use.inuse), "percent", holes_threshold, "");
  add("spans in use (HeapInuse)", static_cast<double>(use.inuse), "bytes", {}, "");
  add("objects (HeapAlloc)", static_cast<double>(use.objects), "bytes", {},
      "garbage that is not swept yet included");
  add("room up to the next collection (NextGC)", static_cast<double>(use.room), "bytes", {},
      "not fragmentation: GOGC grants it, and it is filled before the next collection");
  add("idle and not given back (HeapIdle - HeapReleased)", static_cast<double>(use.idle), "bytes", {}, "");
  add("idle part of what the heap holds", percent_of(use.idle, use.held()), "percent", idle_threshold, "");
}

model::Finding holes_finding(const Use& use, size_t snapshots, const CodeLines& lines,
                             const RuleInput& input) {
  model::Finding f;
  f.rule = "GO-HEAP-FRAGMENTATION";
  f.severity = model::Severity::kWarning;
  f.title =
      "The heap is fragmented: " + bytes_of(use.holes) + " of " + bytes_of(use.inuse) + " in use are holes";
  f.summary = "Spans of " + bytes_of(use.inuse) + " hold " + bytes_of(use.objects) +
              " of objects. Even when the heap is as full as it gets before a collection, " +
              percent_text(percent_of(use.holes, use.inuse)) +
              " of it stays unused: a span is free for other sizes and for the system only when its last "
              "object is gone.";
  add_evidence(use, snapshots, input.thresholds.get(kHoles), std::nullopt, f);
  if (lines.heap) {
    if (const HeapLine* keeper = main_keeper(*lines.heap); keeper != nullptr) {
      f.location = keeper->caller.user.location("allocation");
      f.summary += " Of the small objects that stay, most were allocated by " +
                   std::string(keeper->caller.user.function) + ".";
      f.evidence.push_back(
          {.name = "in use of what was allocated there",
           .value = static_cast<double>(keeper->total.inuse_bytes),
           .unit = "bytes",
           .basis = model::Basis::kSampled,
           .artefact = lines.heap->fact->artefact,
           .note = bytes_text(static_cast<double>(keeper->total.alloc_bytes)) +
                   " were allocated there since the start; that they keep the spans is inferred"});
    }
  }
  f.advice =
      "Don't let objects that stay grow up among many that go: after a bulk load, copy what is kept into new "
      "objects (the copies "
      "lie close together), keep it in a few large slices instead of many small objects, or load in smaller "
      "parts. GOMEMLIMIT, GOGC and debug.FreeOSMemory don't help against holes: objects never move.";
  return f;
}

model::Finding idle_finding(const Use& use, size_t snapshots, const RuleInput& input) {
  model::Finding f;
  f.rule = "GO-HEAP-FRAGMENTATION";
  f.severity = model::Severity::kInfo;
  f.title = "The heap holds " + bytes_of(use.idle) + " that is idle and not given back to the system";
  f.summary = "The heap was larger before: " + percent_text(percent_of(use.idle, use.held())) +
              " of what it holds is idle. Go gives such memory back slowly, over minutes.";
  add_evidence(use, snapshots, std::nullopt, input.thresholds.get(kIdle), f);
  f.advice =
      "If the peak comes again and again, cut it: work in smaller parts, reuse buffers. If the memory is "
      "needed elsewhere, set "
      "GOMEMLIMIT, which makes Go give it back sooner, or call debug.FreeOSMemory after the peak.";
  return f;
}

Judgement judge(const RuleInput& input) {
  // Of several snapshots, the one with the least counts: holes that close again are none.
  std::optional<Use> least_holes;
  std::optional<Use> least_idle;
  size_t snapshots = 0;
  for (const model::MemoryStats& stats : input.facts.memory) {
    const std::optional<Use> use = use_of(stats);
    if (!use) continue;
    ++snapshots;
    if (!least_holes || use->holes < least_holes->holes) least_holes = use;
    if (!least_idle || use->idle < least_idle->idle) least_idle = use;
  }
  if (snapshots == 0) {
    return Judgement::unknown(
        "no HeapInuse and HeapAlloc of the target: " + input.facts.why_missing("memstats") +
        "; they come from /debug/pprof/heap?debug=1, /debug/vars or /metrics");
  }
  const config::Thresholds& thresholds = input.thresholds;
  const double min_bytes = thresholds.get(kMinBytes);
  Judgement judgement;
  if (static_cast<double>(least_holes->holes) >= min_bytes &&
      percent_of(least_holes->holes, least_holes->inuse) >= thresholds.get(kHoles)) {
    judgement.findings.push_back(
        holes_finding(*least_holes, snapshots, input.readings.own<CodeLines>(), input));
  } else if (static_cast<double>(least_idle->idle) >= min_bytes &&
             percent_of(least_idle->idle, least_idle->held()) >= thresholds.get(kIdle)) {
    judgement.findings.push_back(idle_finding(*least_idle, snapshots, input));
  }
  return judgement;
}

}  // namespace

Rule heap_fragmentation() {
  return {.id = "GO-HEAP-FRAGMENTATION",
          .title = "The heap holds much more memory than its objects need",
          .requirement = "G6",
          .thresholds = {kMinBytes, kHoles, kIdle},
          .judge = judge};
}

}  // namespace edp::analyse::go
