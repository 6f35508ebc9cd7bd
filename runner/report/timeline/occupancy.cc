#include "runner/report/timeline/occupancy.h"

namespace edp::report {

void Occupancy::add(int64_t begin, int64_t end, SliceClass of) {
  if (begin >= end) return;
  Row& row = rows_[static_cast<size_t>(of)];
  const auto first = static_cast<size_t>(begin / step_);
  const auto last = static_cast<size_t>((end - 1) / step_);
  if (first == last) {
    row.partial[first] += end - begin;
    return;
  }
  row.partial[first] += static_cast<int64_t>(first + 1) * step_ - begin;
  row.partial[last] += end - static_cast<int64_t>(last) * step_;
  ++row.change[first + 1];
  --row.change[last];
}

void Occupancy::put(SliceClass of, Column& column) const {
  const Row& row = rows_[static_cast<size_t>(of)];
  int64_t whole = 0, before = 0;
  for (size_t i = 0; i < kSteps; ++i) {
    whole += row.change[i];
    const int64_t mean = whole * kScale + (row.partial[i] * kScale + step_ / 2) / step_;
    column.put_signed(mean - before);
    before = mean;
  }
}

}  // namespace edp::report
