// Which lines of the user's code allocate, from an allocs or heap profile.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "runner/model/facts.h"
#include "runner/model/finding.h"

namespace edp::analyse::go {

struct AllocLine {
  model::GoroutineFrame frame;  // the innermost frame of the user's code
  int64_t objects = 0, bytes = 0;
  int64_t map_objects =
      0;  // of objects: allocated by a map operation (buckets, tables, keys and values it copies)
};

struct AllocLines {
  const model::ProfileFact* fact = nullptr;  // nullptr: no profile
  double window_seconds = 0;                 // 0: since the process began
  int64_t objects = 0, bytes = 0;            // of all lines, those without a user's frame included
  uint64_t rows = 0;
  std::vector<AllocLine> lines;  // most objects first
};

// The last delta, else the last profile since the process began.
AllocLines alloc_lines(const model::Facts& facts);

}  // namespace edp::analyse::go
