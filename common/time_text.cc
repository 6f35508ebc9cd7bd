#include "common/time_text.h"

#include <array>
#include <cstdio>

namespace edp {

std::string format_micro_time(std::chrono::sys_time<std::chrono::microseconds> when) {
  const auto day = std::chrono::floor<std::chrono::days>(when);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(when - day);
  if (date.year() < std::chrono::year(0) || date.year() > std::chrono::year(9999)) return "";
  std::array<char, 80> text{};
  const int length = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
      static_cast<int>(time.seconds().count()), static_cast<int>(time.subseconds().count()));
  return {text.data(), static_cast<size_t>(length)};
}

}  // namespace edp
