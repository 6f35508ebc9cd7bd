#include <algorithm>
#include <array>
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

// Days since 1970-01-01 of the proleptic Gregorian calendar; years begin in March.
int64_t days_from_civil(int64_t year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t of_era = year - era * 400;
  const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146'097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719'468;
}

int days_in(int month, int64_t year) {
  constexpr std::array<int, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return kDays[static_cast<size_t>(month) - 1] + (month == 2 && leap ? 1 : 0);
}

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
  if (day < 1 || day > days_in(month, year) || (!take(text, 'T') && !take(text, 't'))) return 0;
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
  return days_from_civil(year, month, day) * 86'400 + hour * 3600 + minute * 60 + second - offset;
}

std::string format_time(int64_t seconds) {
  // Years 0 to 9999, which RFC 3339 can write.
  seconds = std::clamp<int64_t>(seconds, -62'167'219'200, 253'402'300'799);
  int64_t days = seconds / 86'400;
  int64_t rest = seconds % 86'400;
  if (rest < 0) {
    rest += 86'400;
    --days;
  }
  days += 719'468;
  const int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const int64_t of_era = days - era * 146'097;
  const int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36'524 - of_era / 146'096) / 365;
  const int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_from_march = (5 * of_year + 2) / 153;
  const int64_t day = of_year - (153 * month_from_march + 2) / 5 + 1;
  const int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  const int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  std::array<char, 64> text{};
  const int length = std::snprintf(text.data(), text.size(), "%04lld-%02lld-%02lldT%02lld:%02lld:%02lldZ",
                                   static_cast<long long>(year), static_cast<long long>(month),
                                   static_cast<long long>(day), static_cast<long long>(rest / 3600),
                                   static_cast<long long>(rest / 60 % 60), static_cast<long long>(rest % 60));
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
