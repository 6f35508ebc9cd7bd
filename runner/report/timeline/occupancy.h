// How many were in each state, over the whole trace in equal steps: what a lane of many is drawn from.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "runner/report/timeline/columns.h"
#include "runner/report/timeline/slice_class.h"

namespace edp::report {

class Occupancy {
 public:
  static constexpr uint32_t kSteps = 512;
  static constexpr int64_t kScale = 16;  // figures are in sixteenths

  explicit Occupancy(int64_t duration) : step_(duration / kSteps + 1) {}

  void add(int64_t begin, int64_t end, SliceClass of);
  // The mean number in each step, each by its distance from the step before.
  void put(SliceClass of, Column& column) const;

 private:
  struct Row {
    std::array<int64_t, kSteps> partial{};  // nanoseconds of those that fill a part of the step
    std::array<int64_t, kSteps + 1>
        change{};  // how many more fill the whole of this step than of the one before
  };
  int64_t step_;
  std::vector<Row> rows_{kSliceClasses};
};

}  // namespace edp::report
