#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "operator/watch/readers.h"
#include "operator/watch/records.h"

namespace edp::watch {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes `count` digits off the front; -1 where there are not so many.
int digits(std::string_view& text, size_t count) {
  if (text.size() < count) return -1;
  int value = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!is_digit(text[i])) return -1;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}
bool take(std::string_view& text, char c) {
  if (text.empty() || text[0] != c) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

int64_t parse_time(std::string_view text) {
  const int year = digits(text, 4);
  if (year < 0 || !take(text, '-')) return 0;
  const int month = digits(text, 2);
  if (month < 1 || month > 12 || !take(text, '-')) return 0;
  const int day = digits(text, 2);
  if (day < 1) return 0;
  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok() || (!take(text, 'T') && !take(text, 't'))) return 0;
  const int hour = digits(text, 2);
  if (hour < 0 || hour > 23 || !take(text, ':')) return 0;
  const int minute = digits(text, 2);
  if (minute < 0 || minute > 59 || !take(text, ':')) return 0;
  const int second = digits(text, 2);
  if (second < 0 || second > 60) return 0;
  if (take(text, '.')) {
    size_t fraction = 0;
    while (fraction < text.size() && is_digit(text[fraction])) ++fraction;
    if (fraction == 0) return 0;
    text.remove_prefix(fraction);
  }
  int64_t offset = 0;
  if (!take(text, 'Z') && !take(text, 'z')) {
    if (text.empty() || (text[0] != '+' && text[0] != '-')) return 0;
    const int sign = text[0] == '-' ? -1 : 1;
    text.remove_prefix(1);
    const int hours = digits(text, 2);
    if (hours < 0 || hours > 23 || !take(text, ':')) return 0;
    const int minutes = digits(text, 2);
    if (minutes < 0 || minutes > 59) return 0;
    offset = sign * (hours * 3600 + minutes * 60);
  }
  if (!text.empty()) return 0;
  return std::chrono::sys_days(date).time_since_epoch().count() * int64_t{86'400} + hour * 3600 +
         minute * 60 + second - offset;
}

std::string format_time(int64_t seconds) {
  // Years 0 to 9999, which RFC 3339 can write.
  seconds = std::clamp<int64_t>(seconds, -62'167'219'200, 253'402'300'799);
  const std::chrono::sys_seconds when{std::chrono::seconds(seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(when);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(when - day);
  std::array<char, 64> text{};
  const int length =
      std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                    static_cast<int>(time.seconds().count()));
  return std::string(text.data(), static_cast<size_t>(length));
}

std::optional<double> parse_duration(std::string_view text) {
  if (text.empty() || text.size() > 64) return std::nullopt;
  if (text == "0") return 0.0;
  struct Unit {
    std::string_view name;
    double seconds;
  };
  constexpr Unit kUnits[] = {{"ms", 1e-3}, {"us", 1e-6}, {"ns", 1e-9}, {"h", 3600}, {"m", 60}, {"s", 1}};
  double total = 0;
  while (!text.empty()) {
    double value = 0, place = 1;
    bool point = false, any = false;
    size_t at = 0;
    for (; at < text.size() && (is_digit(text[at]) || (text[at] == '.' && !point)); ++at) {
      if (text[at] == '.') {
        point = true;
        continue;
      }
      any = true;
      value = value * 10 + (text[at] - '0');
      if (point) place *= 10;
    }
    if (!any) return std::nullopt;
    text.remove_prefix(at);
    const auto* const unit = std::find_if(std::begin(kUnits), std::end(kUnits),
                                          [&](const Unit& u) { return text.starts_with(u.name); });
    if (unit == std::end(kUnits)) return std::nullopt;
    text.remove_prefix(unit->name.size());
    total += value / place * unit->seconds;
  }
  return total;
}

}  // namespace edp::watch
