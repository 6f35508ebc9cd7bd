// What lies beside the slices: ranges, series, CPU samples. Format: encode.h.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "runner/model/timeline.h"
#include "runner/report/timeline/encode.h"
#include "runner/report/timeline/tables.h"

namespace edp::report {

struct Beside {
  const model::Timeline& timeline;
  const TimelineLimits& limits;
  PageTables& tables;
  std::function<uint32_t(uint32_t goroutine)> name;  // its number in the page

  // Above the limit: the collector's phases and stops, and the longest of the others. Returns how many.
  uint64_t append_ranges(std::string& out);
  // Above the limit: the least and the greatest of each of equal steps of time.
  void append_series(std::string& out) const;
  // Above the limit: one of every so many. Returns how many.
  uint64_t append_samples(std::string& out);
};

}  // namespace edp::report
