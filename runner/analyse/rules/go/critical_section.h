// What a profile shows inside a lock's critical sections: samples whose stack goes through a function that
// takes or releases the lock, at a line between the two.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runner/analyse/rules/go/lock_sites.h"
#include "runner/analyse/symbols.h"
#include "runner/model/profile.h"

namespace edp::analyse::go {

struct Section {
  std::string function;                   // exact, closures by their own name
  int64_t first_line = 0, last_line = 0;  // of Lock and of Unlock; 0 = not known
  bool is_exclusive = false;              // Lock, not RLock
  [[nodiscard]] bool has(int64_t line) const {
    return (first_line == 0 || line >= first_line) && (last_line == 0 || line <= last_line);
  }
};

// The sections of a place, from all lines that were seen to take or release its lock. Where any of them
// excludes all others (Lock, not RLock), only those: they are what everybody waits for.
std::vector<Section> sections_of(const LockPlace& place);

struct MapLine {
  model::GoroutineFrame frame;  // the direct caller of the map operation
  std::string section;          // the function whose section it was seen in
  int64_t value = 0;
  std::array<int64_t, kSymbolClassCount> by_class{};  // value by the innermost map operation
  [[nodiscard]] int64_t at(SymbolClass c) const { return by_class[static_cast<size_t>(c)]; }
};

struct SectionReading {
  int64_t value = 0;  // of all samples within the sections, in the unit of the sample type that was read
  uint64_t rows = 0;
  int64_t map_value = 0;                              // of those in an operation on a map of the user's
  std::array<int64_t, kSymbolClassCount> by_class{};  // map_value by the innermost map operation
  std::vector<MapLine> lines;                         // heaviest first
  [[nodiscard]] int64_t at(SymbolClass c) const { return by_class[static_cast<size_t>(c)]; }
  // Share of `value`, 0 to 100.
  [[nodiscard]] double map_percent() const;
  // Share of map_value, 0 to 100.
  [[nodiscard]] double percent_of_map(SymbolClass c) const;
};

SectionReading read_sections(const model::Profile& profile, uint32_t value_index,
                             const std::vector<Section>& sections);

}  // namespace edp::analyse::go
