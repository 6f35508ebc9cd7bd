// Reads the columns of the page's timeline back, as console/src/timeline/decode.ts does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace edp::report::testing {

struct PageSlice {
  uint64_t duration = 0;
  uint8_t of = 0, cause = 0;  // of: the class, 8 for merged slices
  std::string reason;
  std::vector<std::string> stack, by_stack;  // leaf first, "function file:line"
  int64_t by = -1, proc = -1;                // by: the goroutine's id
  uint64_t merged = 0;
  std::vector<uint64_t> share;  // by class
  bool operator==(const PageSlice&) const = default;
};

struct PageLane {
  uint64_t id = 0;
  std::string function;
  uint64_t group = 0;
  int64_t begin = 0;
  std::vector<PageSlice> slices;
};

struct PageGroup {
  std::string function;
  uint64_t goroutines = 0, without_lane = 0;
  std::vector<std::vector<int64_t>> states;  // by class, sixteenths
};

struct PageRange {
  uint64_t kind = 0, flags = 0;
  int64_t begin = 0;
  uint64_t duration = 0;
  int64_t goroutine = -1, proc = -1;  // the goroutine's id
  std::string text;
  uint64_t a = 0, b = 0;
};

struct PageColumns {
  std::vector<std::string> texts;
  std::vector<PageGroup> groups;
  std::vector<PageLane> lanes;
  std::vector<std::vector<int64_t>> procs;  // busy, sixteenths
  std::vector<PageRange> ranges;
  std::vector<std::vector<std::pair<int64_t, int64_t>>> series;
  std::vector<std::pair<int64_t, int64_t>> samples;  // time, goroutine id
  bool at_end = false;                               // whether nothing was left over
};

PageColumns read_columns(std::string_view bytes);

}  // namespace edp::report::testing
