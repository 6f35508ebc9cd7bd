// GO-MAP-VALUE-ESCAPE: what a line stores in a map is allocated on the heap for it, at a notable cost.
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "runner/analyse/format.h"
#include "runner/analyse/rules/go/doubling.h"
#include "runner/analyse/rules/go/hot_spots.h"
#include "runner/analyse/rules/go/rules.h"

namespace edp::analyse::go {
namespace {

constexpr config::ThresholdSpec kShare = {
    .key = "map.escape_alloc_percent",
    .value = 20,
    .unit = "percent",
    .meaning = "share of all allocated bytes or objects that one function's map stores have to have"};
constexpr config::ThresholdSpec kWarning = {
    .key = "map.escape_percent",
    .value = 10,
    .unit = "percent",
    .meaning = "share of the busy CPU in allocating and collecting what one function's map stores allocate"};
constexpr config::ThresholdSpec kMostShare = {
    .key = "map.escape_most_percent",
    .value = 50,
    .unit = "percent",
    .meaning = "share of all allocated bytes from which a high rate is a warning whatever it costs now"};
constexpr config::ThresholdSpec kHighRate = {
    .key = "map.escape_bytes_per_second",
    .value = 16 << 20,
    .unit = "bytes per second",
    .meaning = "the rate that is meant by it: a heap of 64 MiB is then collected every few seconds"};
constexpr config::ThresholdSpec kCritical = {.key = "map.escape_critical_percent",
                                             .value = 40,
                                             .unit = "percent",
                                             .meaning = "the same, from which it is critical"};
constexpr config::ThresholdSpec kMinObjects = {
    .key = "map.escape_min_samples",
    .value = 30,
    .unit = "count",
    .meaning = "sampled allocations below which a place is not judged"};

// What one function's map stores allocate for what they store.
struct Escapes {
  std::map<CodeLine, int64_t> lines;  // bytes by line of the store
  std::set<CodeLine> constructors;    // inlined functions that allocate
  SizeFigures figures;                // size unused
  double sampled = 0;
  bool sync_map = false;
  CpuLine cpu;  // what the lines allocate outside map operations; the rest unused

  [[nodiscard]] CodeLine heaviest() const {
    return std::ranges::max_element(lines, {}, [](const auto& entry) { return entry.second; })->first;
  }
};

AllocKind main_kind(const CpuLine& line) {
  return static_cast<AllocKind>(
      std::distance(line.allocating.begin(), std::ranges::max_element(line.allocating)));
}

// Lines of the user's that store into a map (false) or a sync.Map (true).
std::map<CodeLine, bool> store_lines(const CodeLines& lines, const HeapReading& heap) {
  std::map<CodeLine, bool> stores;
  for (const CpuLine& line : lines.cpu->lines) {
    if (line.caller.in_library()) continue;
    if (line.assign.count > 0 || line.growth.count > 0) stores.try_emplace(line.caller.place, false);
    if (line.sync_map_store) stores[line.caller.place] = true;
  }
  for (const HeapLine& line : heap.lines) {
    if (line.sync_map_store && !line.caller.in_library()) stores[line.caller.place] = true;
  }
  return stores;
}

// Lines that call the standard library: what they box may be for that call (fmt.Sprintf), not for the map.
std::set<CodeLine> library_callers(const CodeLines& lines, const HeapReading& heap) {
  std::set<CodeLine> callers;
  for (const CpuLine& line : lines.cpu->lines) {
    if (line.caller.in_library()) callers.insert(line.caller.user);
  }
  for (const HeapLine& line : heap.lines) {
    if (line.caller.in_library()) callers.insert(line.caller.user);
  }
  return callers;
}

// Heap profiles don't tell a map's own arrays from values made at the same line: where the line's maps grow,
// sizes that double are the arrays'.
SizeFigures without_arrays(const HeapLine& heap, const CpuLine& cpu) {
  SizeFigures figures = heap.total;
  if (cpu.growth.count == 0) return figures;
  const DoublingSeries series = doubling_series(heap.sizes);
  figures.alloc_objects -= series.total.alloc_objects;
  figures.alloc_bytes -= series.total.alloc_bytes;
  return figures;
}

using ByFunction = std::map<std::pair<std::string_view, std::string_view>, Escapes>;

void add(ByFunction& escapes, const CodeLine& store, bool sync_map, const HeapLine& heap,
         const SizeFigures& figures, const CpuLine& cpu, const HeapReading& reading) {
  Escapes& e = escapes[{store.function, store.file}];
  const bool same = store == heap.caller.place;
  e.lines[store] = saturating_add(e.lines[store], figures.alloc_bytes);
  if (!same) e.constructors.insert(heap.caller.place);
  e.figures.add(figures);
  e.sync_map |= sync_map;
  for (size_t i = 0; i < cpu.allocating.size(); ++i) {
    e.cpu.allocating[i] = saturating_add(e.cpu.allocating[i], cpu.allocating[i]);
  }
  for (const SizeFigures& size : heap.sizes) e.sampled += reading.sampled(size);
}

ByFunction find_escapes(const CodeLines& lines, const HeapReading& heap) {
  const std::map<CodeLine, bool> stores = store_lines(lines, heap);
  const std::set<CodeLine> calling = library_callers(lines, heap);
  ByFunction escapes;
  for (const HeapLine& line : heap.lines) {
    if (line.sync_map || line.caller.in_library()) continue;
    // The CPU profile says that the line itself allocates, and what.
    const CpuLine* cpu = lines.cpu->find(line.caller);
    if (cpu == nullptr || cpu->allocating_total() == 0) continue;
    if (main_kind(*cpu) == AllocKind::kInterface && calling.contains(line.caller.place)) continue;
    if (const auto store = stores.find(line.caller.place); store != stores.end()) {
      add(escapes, store->first, store->second, line, without_arrays(line, *cpu), *cpu, heap);
      continue;
    }
    for (const auto& [outer, figures] : line.inlined_into) {
      const auto store = stores.find(outer);
      if (store != stores.end()) add(escapes, outer, store->second, line, figures, *cpu, heap);
    }
  }
  return escapes;
}

std::string advice(const Escapes& e) {
  switch (main_kind(e.cpu)) {
    case AllocKind::kInterface:
      if (e.sync_map) {
        return "A sync.Map takes keys and values as interfaces, so each value that is no pointer is boxed "
               "anew: use a typed map "
               "with a RWMutex, or split into shards; or a generic concurrent map (xsync.Map, otter); or "
               "store a pointer to a "
               "value that stays, and change the value.";
      }
      return "The map's values are interfaces, so each value that is no pointer is boxed anew: give the map "
             "the values' "
             "own type.";
    case AllocKind::kSlice:
      return "Each store makes a new slice: reuse the one that is there (m[k] = append(m[k][:0], ...)), keep "
             "small ones as "
             "arrays in the map, or put the data into one large slice and their offsets into the map.";
    case AllocKind::kString:
      return "Each store makes a string, as key or as value: use a struct of its parts as the key (struct{a, "
             "b string}), or "
             "keep the strings that come again.";
    case AllocKind::kMap:
      return "Each store makes a further map: one map with a struct of both keys as its key (map[struct{a, b "
             "K}]V) needs none.";
    default:
      break;
  }
  if (e.sync_map) {
    return "Each store allocates a new object: change the object that is there, where its readers allow; or "
           "use a typed map of "
           "values behind a RWMutex or in shards.";
  }
  return "Each store allocates a new object, and what it replaces is garbage: keep values in the map "
         "(map[K]T instead of "
         "map[K]*T; up to 128 bytes they lie in the map itself), change the object that is there, or take "
         "objects from "
         "a slice or a sync.Pool that is reused.";
}

struct Share {
  double bytes = 0, objects = 0;  // percent of all that was allocated
  double gc = 0, cost = 0;        // percent of busy CPU
};

model::Finding finding(const CodeLines& lines, const HeapReading& heap, const Escapes& e, const Share& share,
                       model::Severity severity, const RuleInput& input) {
  const CpuReading& cpu = *lines.cpu;
  const CodeLine store = e.heaviest();
  const std::string what(to_string(main_kind(e.cpu)));
  const std::string since =
      heap.window_seconds > 0 ? "in " + seconds_text(heap.window_seconds) : "since the start";
  model::Finding f;
  f.rule = "GO-MAP-VALUE-ESCAPE";
  f.severity = severity;
  f.title = "Map stores in " + std::string(store.function) + " allocate " + percent_text(share.bytes) +
            " of all bytes (" + what + ")";
  f.summary = "What the line stores in a " + std::string(e.sync_map ? "sync.Map" : "map") +
              " escapes to the heap: " + count_text(static_cast<double>(e.figures.alloc_objects)) +
              " objects, " + bytes_text(static_cast<double>(e.figures.alloc_bytes)) + " " + since +
              ". Allocating them and collecting what they replace takes about " + percent_text(share.cost) +
              " of the CPU.";
  const auto from_heap = [&](std::string name, double value, std::string unit,
                             std::optional<double> threshold) {
    f.evidence.push_back({.name = std::move(name),
                          .value = value,
                          .unit = std::move(unit),
                          .threshold = threshold,
                          .basis = model::Basis::kSampled,
                          .artefact = heap.fact->artefact,
                          .note = {}});
  };
  from_heap("allocated bytes by these stores", share.bytes, "percent", input.thresholds.get(kShare));
  from_heap("allocated objects by these stores", share.objects, "percent", input.thresholds.get(kShare));
  if (heap.window_seconds > 0) {
    from_heap("bytes a second by these stores",
              static_cast<double>(e.figures.alloc_bytes) / heap.window_seconds, "bytes",
              input.thresholds.get(kHighRate));
  }
  f.evidence.push_back(cpu_part(cpu, "CPU in allocating them", cpu.percent(e.cpu.allocating_total())));
  f.evidence.push_back(cpu_part(cpu, "CPU of the garbage collector", share.gc));
  f.evidence.push_back({.name = "CPU in allocating and collecting them",
                        .value = share.cost,
                        .unit = "percent",
                        .threshold = input.thresholds.get(kWarning),
                        .basis = model::Basis::kInferred,
                        .artefact = cpu.fact->artefact,
                        .note = "the collector's part by their share of the bytes"});
  f.location = store.location("map operation");
  for (const CodeLine& constructor : e.constructors) f.related.push_back(constructor.location("allocation"));
  for (const auto& [line, bytes] : e.lines) {
    if (line != store && bytes > e.figures.alloc_bytes / 20)
      f.related.push_back(line.location("map operation"));
  }
  f.advice = advice(e);
  return f;
}

double percent_of(int64_t part, int64_t whole) {
  return whole > 0 ? 100.0 * static_cast<double>(part) / static_cast<double>(whole) : 0;
}

Judgement judge(const RuleInput& input) {
  const auto& lines = input.readings.own<CodeLines>();
  if (std::string reason = cpu_missing(lines, input); !reason.empty())
    return Judgement::unknown(std::move(reason));
  const auto& heap = lines.window_allocs ? lines.window_allocs : lines.allocs;
  if (!heap) {
    return Judgement::unknown("no allocs profile: " + input.facts.why_missing("allocs") +
                              "; it comes from /debug/pprof/allocs?seconds=10");
  }
  const config::Thresholds& thresholds = input.thresholds;
  Judgement judgement;
  for (const auto& [function, e] : find_escapes(lines, *heap)) {
    if (e.sampled < thresholds.get(kMinObjects)) continue;
    Share share;
    share.bytes = percent_of(e.figures.alloc_bytes, heap->total.alloc_bytes);
    share.objects = percent_of(e.figures.alloc_objects, heap->total.alloc_objects);
    if (std::max(share.bytes, share.objects) < thresholds.get(kShare)) continue;
    share.gc = lines.cpu->percent(lines.cpu->gc());
    share.cost = lines.cpu->percent(e.cpu.allocating_total()) + share.gc * std::min(share.bytes, 100.0) / 100;
    const double rate =
        heap->window_seconds > 0 ? static_cast<double>(e.figures.alloc_bytes) / heap->window_seconds : 0;
    const bool most = share.bytes >= thresholds.get(kMostShare) && rate >= thresholds.get(kHighRate);
    const double cost = static_cast<double>(lines.cpu->busy.value) * share.cost / 100;
    const bool costly =
        share.cost >= thresholds.get(kWarning) && is_notable(*lines.cpu, static_cast<int64_t>(cost), input);
    if (!costly && !most) continue;
    const bool critical = share.cost >= thresholds.get(kCritical) && is_saturated(*lines.cpu, input);
    const auto severity = critical ? model::Severity::kCritical : model::Severity::kWarning;
    judgement.findings.push_back(finding(lines, *heap, e, share, severity, input));
  }
  return judgement;
}

}  // namespace

Rule map_value_escape() {
  return {.id = "GO-MAP-VALUE-ESCAPE",
          .title = "Values escape to the heap because they are stored in a map",
          .requirement = "G6",
          .thresholds = {kShare, kWarning, kCritical, kMostShare, kHighRate, kMinObjects, kMinCpuSamples,
                         kMinCores, kSaturatedPercent},
          .judge = judge};
}

}  // namespace edp::analyse::go
