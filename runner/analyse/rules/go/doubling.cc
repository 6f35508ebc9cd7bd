#include "runner/analyse/rules/go/doubling.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <tuple>

namespace edp::analyse::go {
namespace {

// Size classes and pages round sizes up, and from 16 buckets on a classic map adds a sixteenth of them as
// spare: measured, the ratio of two neighbours varies from 1.78 to 2.34.
constexpr double kLow = 1.75;
constexpr double kHigh = 2.4;
constexpr size_t kShortest = 4;
// One bucket or group of integers. A classic map of values without pointers also has lists of a few pointers,
// which double as well.
constexpr int64_t kSmallestArray = 64;
constexpr size_t kMostSizes = 512;  // of one line; the larger ones are looked at

struct Best {
  size_t length = 1;
  int64_t bytes = 0;
  size_t before = SIZE_MAX;
  [[nodiscard]] std::tuple<size_t, int64_t> rank() const { return {length, bytes}; }
};

}  // namespace

int64_t DoublingSeries::entries_at_least() const {
  if (members.empty()) return 0;
  // The smallest two may be such lists.
  return static_cast<int64_t>(std::ldexp(6.5, static_cast<int>(members.size()) - 4));
}

DoublingSeries doubling_series(const std::vector<SizeFigures>& sizes) {
  const std::span<const SizeFigures> tried = std::span(sizes).last(std::min(sizes.size(), kMostSizes));
  std::vector<Best> best(tried.size());
  size_t end = SIZE_MAX;
  for (size_t i = 0; i < tried.size(); ++i) {
    best[i].bytes = tried[i].alloc_bytes;
    const auto size = static_cast<double>(tried[i].size);
    for (size_t j = i; j-- > 0;) {
      const auto smaller = static_cast<double>(tried[j].size);
      if (smaller * kHigh < size || tried[j].size < kSmallestArray) break;
      if (smaller * kLow > size) continue;
      const Best longer{.length = best[j].length + 1,
                        .bytes = saturating_add(best[j].bytes, tried[i].alloc_bytes),
                        .before = j};
      if (longer.rank() > best[i].rank()) best[i] = longer;
    }
    if (end == SIZE_MAX || best[i].rank() > best[end].rank()) end = i;
  }
  DoublingSeries series;
  if (end == SIZE_MAX || best[end].length < kShortest) return series;
  for (size_t i = end; i != SIZE_MAX; i = best[i].before) series.members.push_back(tried[i]);
  std::ranges::reverse(series.members);
  for (const SizeFigures& member : series.members) series.total.add(member);
  return series;
}

}  // namespace edp::analyse::go
