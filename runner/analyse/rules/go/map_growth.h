// What the growth of maps at a function's lines allocates: what the rules about growth have in common.
#pragma once

#include <optional>
#include <string>

#include "runner/analyse/rules/go/code_lines.h"
#include "runner/analyse/rules/go/doubling.h"
#include "runner/analyse/rules/go/hot_spots.h"

namespace edp::analyse::go {

// The CPU profile shows that a line's maps grow, a heap profile what the line allocates: all of it by growth
// where the line allocates nothing else, otherwise the sizes that double.
struct GrowthAllocs {
  const HeapReading* reading = nullptr;
  SizeFigures total;         // size unused
  DoublingSeries series;     // of the line that has the longest; may be empty
  bool only_series = false;  // the line allocates other things too: the doubling sizes alone are counted
  bool splits = false;       // swiss: tables of 1,024 slots were split, so a map has more than 896 entries

  // Entries that the largest of the maps has at least; 0 where nothing tells.
  [[nodiscard]] int64_t entries_at_least() const;
};

// Without a reading, what the CPU profile alone tells.
GrowthAllocs growth_allocs(const HeapReading* reading, const std::vector<const CpuLine*>& lines);

// Of all bytes that the lines allocated since the start of the process, the part that is in use; unset
// without an allocs or heap profile, or with too little in it.
std::optional<double> kept_percent(const CodeLines& lines, const HotSpot& spot);

// How to do without: fits the lives of the maps and names the size.
std::string growth_advice(const CodeLines& lines, const HotSpot& spot, const GrowthAllocs& allocs);

}  // namespace edp::analyse::go
