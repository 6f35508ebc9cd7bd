#include "operator/reconcile/cron.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace edp::reconcile {
namespace {

constexpr int64_t kDay = 86'400;
constexpr size_t kMaxText = 200;
constexpr int32_t kMaxDays = 8 * 366;

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kMacros{{{"@hourly", "0 * * * *"},
                                                                                {"@daily", "0 0 * * *"},
                                                                                {"@midnight", "0 0 * * *"},
                                                                                {"@weekly", "0 0 * * 0"},
                                                                                {"@monthly", "0 0 1 * *"},
                                                                                {"@yearly", "0 0 1 1 *"},
                                                                                {"@annually", "0 0 1 1 *"}}};
constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun",
                                                   "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdays{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct Field {
  std::string_view name;
  int low = 0, high = 0;
  const std::string_view* words = nullptr;
  int count = 0;  // of words; the first stands for `low`
};

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  size_t begin = 0;
  while (begin <= text.size()) {
    const size_t end = std::min(text.find_first_of(separators, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::optional<int> number_of(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

std::optional<int> value_of(std::string_view text, const Field& field) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  for (int i = 0; i < field.count; ++i) {
    if (field.words[i] == lower) return field.low + i;
  }
  const auto number = number_of(text);
  if (!number || *number < field.low || *number > field.high) return std::nullopt;
  return number;
}

// One item of a list: "*", "5", "1-5", "*/15", "10-50/20", "5/10" (from 5 on).
bool add_item(std::string_view item, const Field& field, std::vector<int>& values) {
  int step = 1;
  const size_t slash = item.find('/');
  if (slash != std::string_view::npos) {
    const auto given = number_of(item.substr(slash + 1));
    if (!given || *given < 1 || *given > field.high) return false;
    step = *given;
    item = item.substr(0, slash);
  }
  int low = field.low, high = field.high;
  if (item != "*") {
    const size_t dash = item.find('-');
    const auto first = value_of(item.substr(0, dash), field);
    if (!first) return false;
    low = *first;
    if (dash != std::string_view::npos) {
      const auto last = value_of(item.substr(dash + 1), field);
      if (!last || *last < low) return false;
      high = *last;
    } else if (slash == std::string_view::npos) {
      high = low;
    }
  }
  for (int value = low; value <= high; value += step) values.push_back(value);
  return true;
}

template <size_t N>
Result<void> read_field(std::string_view text, const Field& field, std::bitset<N>& into) {
  std::vector<int> values;
  for (const std::string_view item : split(text, ",")) {
    if (!add_item(item, field, values)) {
      return fail("the " + std::string(field.name) + " '" + std::string(text) +
                  "' is none: " + std::to_string(field.low) + " to " + std::to_string(field.high) +
                  ", lists, ranges and steps are");
    }
  }
  for (const int value : values) into.set(static_cast<size_t>(value) % N);
  return {};
}

struct Date {
  int32_t month = 1, day = 1, weekday = 4;
};

// Of days since 1970.
Date date_of(int64_t days) {
  const std::chrono::sys_days day{std::chrono::days(days)};
  const std::chrono::year_month_day date(day);
  return {.month = static_cast<int32_t>(static_cast<unsigned>(date.month())),
          .day = static_cast<int32_t>(static_cast<unsigned>(date.day())),
          .weekday = static_cast<int32_t>(std::chrono::weekday(day).c_encoding())};
}

int64_t floor_days(int64_t seconds) { return seconds / kDay - (seconds % kDay < 0 ? 1 : 0); }

// The moment at which local clocks first show `local`; nothing where they never do.
std::optional<int64_t> first_moment(int64_t local, const TimeZone& zone) {
  std::optional<int64_t> first;
  // The offsets before and after any change nearby.
  for (const int64_t near : {local - kDay, local + kDay}) {
    const int64_t moment = local - zone.offset(near - zone.offset(near));
    if (moment + zone.offset(moment) == local && (!first || moment < *first)) first = moment;
  }
  return first;
}

}  // namespace

Result<Cron> Cron::parse(std::string_view text) {
  if (text.size() > kMaxText)
    return fail("a schedule of more than " + std::to_string(kMaxText) + " characters");
  for (const auto& [name, meaning] : kMacros) {
    if (text == name) text = meaning;
  }
  std::vector<std::string_view> fields = split(text, " \t");
  std::erase(fields, std::string_view());
  if (fields.size() != 5) {
    return fail("'" + std::string(text) +
                "' is no schedule: minute, hour, day of month, month and day of week, " +
                "or a word such as @hourly");
  }
  Cron cron;
  cron.any_day_ = fields[2].starts_with('*');
  cron.any_weekday_ = fields[4].starts_with('*');
  const Field minute{.name = "minute", .low = 0, .high = 59};
  const Field hour{.name = "hour", .low = 0, .high = 23};
  const Field day{.name = "day of month", .low = 1, .high = 31};
  const Field month{.name = "month", .low = 1, .high = 12, .words = kMonths.data(), .count = 12};
  const Field weekday{.name = "day of week", .low = 0, .high = 7, .words = kWeekdays.data(), .count = 7};
  if (auto good = read_field(fields[0], minute, cron.minutes_); !good) return tl::unexpected(good.error());
  if (auto good = read_field(fields[1], hour, cron.hours_); !good) return tl::unexpected(good.error());
  if (auto good = read_field(fields[2], day, cron.days_); !good) return tl::unexpected(good.error());
  if (auto good = read_field(fields[3], month, cron.months_); !good) return tl::unexpected(good.error());
  if (auto good = read_field(fields[4], weekday, cron.weekdays_); !good) return tl::unexpected(good.error());
  return cron;
}

bool Cron::day_matches(int32_t day, int32_t month, int32_t weekday) const {
  if (!months_[static_cast<size_t>(month)]) return false;
  const bool by_day = days_[static_cast<size_t>(day)];
  const bool by_weekday = weekdays_[static_cast<size_t>(weekday)];
  return any_day_ || any_weekday_ ? by_day && by_weekday : by_day || by_weekday;
}

std::optional<int64_t> Cron::next(int64_t after, const TimeZone& zone) const {
  const int64_t today = floor_days(after + zone.offset(after));
  // A clock that is set back may show again what today has shown before.
  for (int64_t days = today - 1; days < today + kMaxDays; ++days) {
    const Date date = date_of(days);
    if (!day_matches(date.day, date.month, date.weekday)) continue;
    for (int64_t minute = 0; minute < 1440; ++minute) {
      if (!hours_[static_cast<size_t>(minute / 60)] || !minutes_[static_cast<size_t>(minute % 60)]) continue;
      const auto moment = first_moment(days * kDay + minute * 60, zone);
      if (moment && *moment > after) return moment;
    }
  }
  return std::nullopt;
}

}  // namespace edp::reconcile
