#include "operator/probe/history.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

namespace edp::probe {
namespace {

constexpr uint16_t kFailed = 0x8000;
constexpr int kMantissa = 8;  // bits

// A float of our own: five bits of exponent, eight of mantissa, two to spare; from 0 to about 19 hours.
uint16_t encode(std::chrono::microseconds latency) {
  constexpr int64_t kMost = (int64_t{511} << 27);
  const auto value = static_cast<uint64_t>(std::clamp<int64_t>(latency.count(), 0, kMost));
  const auto width = static_cast<int>(std::bit_width(value));
  const int shift = std::max(0, width - kMantissa - 1);
  // With shift 0 the value is exact; above, the leading one is implied by the exponent.
  if (shift == 0 && value < (1U << kMantissa)) return static_cast<uint16_t>(value);
  return static_cast<uint16_t>(((shift + 1) << kMantissa) | ((value >> shift) & ((1U << kMantissa) - 1)));
}
std::chrono::microseconds decode(uint16_t code) {
  const int exponent = (code & ~kFailed) >> kMantissa;
  const int64_t mantissa = code & ((1 << kMantissa) - 1);
  if (exponent == 0) return std::chrono::microseconds(mantissa);
  return std::chrono::microseconds((mantissa | (1 << kMantissa)) << (exponent - 1));
}

std::chrono::microseconds quantile(std::vector<std::chrono::microseconds>& values, double q) {
  if (values.empty()) return {};
  const auto rank = static_cast<size_t>(std::ceil(q * static_cast<double>(values.size())));
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::max<size_t>(rank, 1) - 1);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

}  // namespace

void History::add(bool ok, std::chrono::microseconds latency) {
  ring_[next_] = static_cast<uint16_t>(encode(latency) | (ok ? 0 : kFailed));
  next_ = static_cast<uint8_t>((next_ + 1) % kSize);
  count_ = static_cast<uint8_t>(std::min<size_t>(count_ + 1U, kSize));
}
bool History::ok(size_t age) const { return (ring_[(next_ + kSize - 1 - age) % kSize] & kFailed) == 0; }
std::chrono::microseconds History::latency(size_t age) const {
  return decode(ring_[(next_ + kSize - 1 - age) % kSize]);
}

Summary summarize(std::span<const History* const> group) {
  Summary summary;
  std::vector<std::chrono::microseconds> good;
  for (const History* history : group) {
    ++summary.targets;
    for (size_t age = 0; age < history->size(); ++age) {
      ++summary.results;
      if (history->ok(age)) {
        good.push_back(history->latency(age));
      } else {
        ++summary.failures;
      }
    }
  }
  summary.p50 = quantile(good, 0.50);
  summary.p95 = quantile(good, 0.95);
  summary.p99 = quantile(good, 0.99);
  return summary;
}

}  // namespace edp::probe
