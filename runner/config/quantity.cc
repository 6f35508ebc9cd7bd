#include "runner/config/quantity.h"

#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <utility>

namespace edp::config {
namespace {

using Unit = std::pair<std::string_view, double>;

template <size_t N>
Result<double> parse(std::string_view text, const std::array<Unit, N>& units, std::string_view example) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc() && std::isfinite(number) && number >= 0) {
    const std::string_view unit(rest, static_cast<size_t>(end - rest));
    for (const auto& [name, factor] : units) {
      if (unit == name) return number * factor;
    }
  }
  return fail("'" + std::string(text) + "' is not a quantity like " + std::string(example));
}

}  // namespace

Result<double> parse_seconds(std::string_view text) {
  constexpr std::array<Unit, 5> kUnits{{{"", 1}, {"s", 1}, {"ms", 1e-3}, {"m", 60}, {"h", 3600}}};
  return parse(text, kUnits, "30s, 80ms or 2m");
}

Result<uint64_t> parse_bytes(std::string_view text) {
  constexpr std::array<Unit, 5> kUnits{
      {{"", 1}, {"B", 1}, {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30}}};
  const auto bytes = parse(text, kUnits, "64KiB, 256MiB or 1GiB");
  if (!bytes) return tl::unexpected(bytes.error());
  if (*bytes >= 0x1p63) return fail("'" + std::string(text) + "' is more than can be counted");
  return static_cast<uint64_t>(*bytes);
}

Result<int> parse_count(std::string_view text) {
  int number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc() && rest == end && number >= 0 && number <= 1'000'000) return number;
  return fail("'" + std::string(text) + "' is not a whole number up to 1000000");
}

}  // namespace edp::config
