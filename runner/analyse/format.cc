#include "runner/analyse/format.h"

#include <array>
#include <cinttypes>
#include <cmath>
#include <cstdio>

namespace edp::analyse {
namespace {

std::string print(const char* format, double value) {
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), format, value);
  return size > 0 ? std::string(text.data(), std::min<size_t>(static_cast<size_t>(size), text.size() - 1))
                  : "";
}

// Two figures where there are few before the point: 1.2, 35, 410.
std::string short_number(double value) {
  const double size = std::fabs(value);
  if (size >= 9.95 || size == std::floor(size)) return print("%.0f", value);
  return print(size >= 0.095 ? "%.1f" : "%.2g", value);
}

std::string with_commas(double value) {
  std::string digits = print("%.0f", std::fabs(value));
  for (size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return value < 0 ? "-" + digits : digits;
}

}  // namespace

std::string percent_text(double percent) {
  if (percent > 0 && percent < 0.1) return "under 0.1%";
  return short_number(percent) + "%";
}

std::string seconds_text(double seconds) {
  const double size = std::fabs(seconds);
  if (size >= 120) {
    const double minutes = std::floor(size / 60);
    const double rest = std::floor(size - minutes * 60);
    std::string text = (seconds < 0 ? "-" : "") + with_commas(minutes) + " min";
    if (rest > 0 && minutes < 60) text += " " + print("%.0f", rest) + " s";
    return text;
  }
  if (size >= 0.9995) return short_number(seconds) + " s";
  if (size >= 0.9995e-3) return short_number(seconds * 1e3) + " ms";
  if (size >= 0.9995e-6) return short_number(seconds * 1e6) + " us";
  if (size == 0) return "0 s";
  return short_number(seconds * 1e9) + " ns";
}

std::string nanoseconds_text(int64_t nanoseconds) {
  return seconds_text(static_cast<double>(nanoseconds) / 1e9);
}

std::string count_text(double count) {
  const double size = std::fabs(count);
  if (size >= 999.95e6) return short_number(count / 1e9) + " billion";
  if (size >= 999'500) return short_number(count / 1e6) + " million";
  if (size >= 9.95) return with_commas(count);
  return short_number(count);
}

std::string rate_text(double per_second) { return count_text(per_second) + "/s"; }

std::string bytes_text(double bytes) {
  static constexpr std::array<const char*, 6> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  size_t unit = 0;
  while (std::fabs(bytes) >= 1023.5 && unit + 1 < kUnits.size()) {
    bytes /= 1024;
    ++unit;
  }
  return short_number(bytes) + " " + kUnits[unit];
}

std::string bytes_rate_text(double per_second) { return bytes_text(per_second) + "/s"; }

std::string place_text(std::string_view file, int64_t line) {
  if (file.empty()) return "line " + std::to_string(line);
  return std::string(file.substr(file.rfind('/') + 1)) + ":" + std::to_string(line);
}

}  // namespace edp::analyse
