#include "runner/analyse/rules/go/map_growth.h"

#include <algorithm>

#include "runner/analyse/format.h"

namespace edp::analyse::go {
namespace {

// A line that allocates values too shows it in the CPU profile; below this part of its growth's allocating
// time they don't matter.
constexpr int64_t kNegligiblePart = 20;

// A map that stays keeps half of what its growth ever allocated; with twenty made and dropped for each that
// stays, a fortieth is kept.
constexpr double kBrieflyLivedPercent = 2.5;

// A table of 1,024 slots is split when seven eighths of it are in use.
constexpr int64_t kEntriesOfFullTable = 896;

}  // namespace

int64_t GrowthAllocs::entries_at_least() const {
  return std::max(series.entries_at_least(), splits ? kEntriesOfFullTable : 0);
}

GrowthAllocs growth_allocs(const HeapReading* reading, const std::vector<const CpuLine*>& lines) {
  GrowthAllocs allocs;
  allocs.reading = reading;
  for (const CpuLine* cpu : lines) {
    allocs.splits |= cpu->splits;
    const HeapLine* heap = reading == nullptr ? nullptr : reading->find(cpu->caller);
    if (heap == nullptr) continue;
    DoublingSeries series = doubling_series(heap->sizes);
    const bool other = cpu->allocating_total() > cpu->growth_allocating / kNegligiblePart;
    allocs.only_series |= other;
    allocs.total.add(other ? series.total : heap->total);
    if (series.members.size() > allocs.series.members.size()) allocs.series = std::move(series);
  }
  return allocs;
}

std::optional<double> kept_percent(const CodeLines& lines, const HotSpot& spot) {
  constexpr double kFewSamples = 30;
  if (!lines.allocs) return std::nullopt;
  int64_t allocated = 0;
  int64_t kept = 0;
  double sampled = 0;
  for (const CpuLine* line : spot.lines) {
    const HeapLine* heap = lines.allocs->find(line->caller);
    if (heap == nullptr) continue;
    allocated = saturating_add(allocated, heap->total.alloc_bytes);
    kept = saturating_add(kept, heap->total.inuse_bytes);
    for (const SizeFigures& size : heap->sizes) sampled += lines.allocs->sampled(size);
  }
  if (allocated <= 0 || sampled < kFewSamples) return std::nullopt;
  return 100.0 * static_cast<double>(kept) / static_cast<double>(allocated);
}

std::string growth_advice(const CodeLines& lines, const HotSpot& spot, const GrowthAllocs& allocs) {
  if (spot.in_library) {
    return "The map grows inside " + std::string(spot.library) +
           ": hand it a type without maps (a struct instead of map[string]any), or a map that was made "
           "beforehand and is "
           "emptied by clear().";
  }
  const int64_t entries = allocs.entries_at_least();
  const std::string size = entries > 0 ? "make(map[K]V, n); the maps here reach more than " +
                                             count_text(static_cast<double>(entries)) + " entries"
                                       : "make(map[K]V, n) with the number of entries that it reaches";
  if (const std::optional<double> kept = kept_percent(lines, spot); kept && *kept < kBrieflyLivedPercent) {
    return "The maps here live briefly (" + percent_text(*kept) +
           " of what was allocated here is still in use): make them with their size, " + size +
           "; or keep one and empty it by clear(), which keeps its arrays.";
  }
  return "Make the map with its size, " + size +
         ". If it is meant to grow all the time, split it into shards, so that a single growth moves less, "
         "and bound it: "
         "a cache with a limit (otter, ristretto, freecache) does not grow beyond it.";
}

}  // namespace edp::analyse::go
