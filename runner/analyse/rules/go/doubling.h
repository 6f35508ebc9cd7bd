// The trace that a growing map leaves in a heap profile: arrays of which each is about twice as large as the
// one before.
#pragma once

#include <cstdint>
#include <vector>

#include "runner/analyse/rules/go/code_lines.h"

namespace edp::analyse::go {

// Empty unless there are at least four sizes.
struct DoublingSeries {
  std::vector<SizeFigures> members;  // ascending
  SizeFigures total;                 // size unused

  [[nodiscard]] bool empty() const { return members.empty(); }
  [[nodiscard]] int64_t smallest() const { return members.front().size; }
  [[nodiscard]] int64_t largest() const { return members.back().size; }
  // A map that allocated all of them held more entries than this, whatever their size: a classic map grows to
  // 2^k buckets when it has more than 6.5 * 2^(k-1) entries, a swiss one to 2^k groups beyond 7 * 2^(k-1).
  // Low by two doublings, for what else may stand at the series' lower end.
  [[nodiscard]] int64_t entries_at_least() const;
};

// The longest series among the sizes (ascending); of equally long ones the one with more bytes.
DoublingSeries doubling_series(const std::vector<SizeFigures>& sizes);

}  // namespace edp::analyse::go
