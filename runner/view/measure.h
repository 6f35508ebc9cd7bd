// Values with units as pprof scales and prints them: "1.50MB", "120ms", "12.34%".
// The tables follow google/pprof's internal/measurement; users compare our figures with its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace edp::view {

struct Scaled {
  double value = 0;
  std::string unit;  // empty where it says nothing ("count")
};

// `to` may be a unit, or "auto" or "minimum": the largest unit in which the value is at least 1.
Scaled scale(int64_t value, std::string_view from, std::string_view to);

// Two decimals where they are not both zero, then the unit; zero has no unit.
std::string scaled_label(int64_t value, std::string_view from, std::string_view to);

// Five characters and "%"; |value / total|, at least two digits. A total of 0 gives 0%.
std::string percentage(int64_t value, int64_t total);

// True where both units measure the same thing (bytes and megabytes).
bool same_dimension(std::string_view a, std::string_view b);

// Go's conversion of a double to int64 on amd64: out of range gives the smallest int64.
int64_t to_int64(double value);

// Overflow wraps, as it does in Go: hostile files can hold any value.
inline int64_t wrapping_add(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}
inline int64_t wrapping_abs(int64_t a) {
  return a < 0 ? static_cast<int64_t>(uint64_t{0} - static_cast<uint64_t>(a)) : a;
}
// For means: a divisor of 0 leaves the value as it is.
inline int64_t mean_of(int64_t value, int64_t divisor) {
  if (divisor == 0) return value;
  if (divisor == -1) return static_cast<int64_t>(uint64_t{0} - static_cast<uint64_t>(value));
  return value / divisor;
}

}  // namespace edp::view
