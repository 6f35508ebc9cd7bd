#include "operator/reconcile/time_zone.h"

#include <algorithm>
#include <cctype>
#include <chrono>

#include "common/files.h"

namespace edp::reconcile {
namespace {

constexpr int64_t kDay = 86'400;
constexpr uint64_t kMaxZoneFile = 256 << 10;

// Days since 1970.
int64_t days_of(int64_t year, int32_t month, int32_t day) {
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  return std::chrono::sys_days(date).time_since_epoch().count();
}

bool leap(int64_t year) { return std::chrono::year(static_cast<int>(year)).is_leap(); }

int64_t year_of(int64_t seconds) {
  const auto day =
      std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds(std::chrono::seconds(seconds)));
  return static_cast<int>(std::chrono::year_month_day(day).year());
}

int32_t days_in(int64_t year, int32_t month) {
  const std::chrono::year_month_day_last last(
      std::chrono::year(static_cast<int>(year)),
      std::chrono::month_day_last(std::chrono::month(static_cast<unsigned>(month))));
  return static_cast<int32_t>(static_cast<unsigned>(last.day()));
}

// Reads big-endian numbers; `good` turns false at the end of the bytes.
struct Cursor {
  std::string_view bytes;
  bool good = true;

  int64_t number(size_t size) {
    if (bytes.size() < size) {
      good = false;
      return 0;
    }
    uint64_t value = (static_cast<uint8_t>(bytes[0]) & 0x80) != 0 ? ~uint64_t{0} : 0;
    for (size_t i = 0; i < size; ++i) value = value << 8 | static_cast<uint8_t>(bytes[i]);
    bytes.remove_prefix(size);
    return static_cast<int64_t>(value);
  }
  std::string_view take(size_t size) {
    if (bytes.size() < size) {
      good = false;
      return {};
    }
    const std::string_view taken = bytes.substr(0, size);
    bytes.remove_prefix(size);
    return taken;
  }
};

struct Header {
  char version = 0;
  uint64_t ut = 0, standard = 0, leaps = 0, times = 0, types = 0, characters = 0;
};

bool read_header(Cursor& cursor, Header& header) {
  if (cursor.take(4) != "TZif") return false;
  const std::string_view version = cursor.take(1);
  (void)cursor.take(15);
  for (uint64_t* count :
       {&header.ut, &header.standard, &header.leaps, &header.times, &header.types, &header.characters}) {
    const int64_t value = cursor.number(4);
    if (value < 0 || value > 100'000) return false;
    *count = static_cast<uint64_t>(value);
  }
  if (!cursor.good) return false;
  header.version = version[0];
  return header.types > 0;
}

size_t body_size(const Header& header, size_t time_size) {
  return header.times * (time_size + 1) + header.types * 6 + header.characters +
         header.leaps * (time_size + 4) + header.standard + header.ut;
}

// "CET", "<+03>": at least three characters.
bool take_name(std::string_view& text) {
  size_t size = 0;
  if (text.starts_with('<')) {
    size = text.find('>');
    if (size == std::string_view::npos || size < 4) return false;
    text.remove_prefix(size + 1);
    return true;
  }
  while (size < text.size() && std::isalpha(static_cast<unsigned char>(text[size])) != 0) ++size;
  if (size < 3) return false;
  text.remove_prefix(size);
  return true;
}

bool take_number(std::string_view& text, int32_t max, int32_t& value) {
  value = 0;
  size_t size = 0;
  while (size < text.size() && size < 4 && std::isdigit(static_cast<unsigned char>(text[size])) != 0) {
    value = value * 10 + (text[size++] - '0');
  }
  text.remove_prefix(size);
  return size > 0 && value <= max;
}

bool take(std::string_view& text, char what) {
  if (!text.starts_with(what)) return false;
  text.remove_prefix(1);
  return true;
}

// "[+-]hh[:mm[:ss]]" -> seconds.
bool take_time(std::string_view& text, int32_t& seconds) {
  const int32_t sign = take(text, '-') ? -1 : 1;
  if (sign == 1) (void)take(text, '+');
  int32_t hours = 0, minutes = 0, rest = 0;
  if (!take_number(text, 167, hours)) return false;
  if (take(text, ':') && !take_number(text, 59, minutes)) return false;
  if (take(text, ':') && !take_number(text, 59, rest)) return false;
  seconds = sign * (hours * 3600 + minutes * 60 + rest);
  return true;
}

}  // namespace

TimeZone TimeZone::fixed(int32_t seconds_east) {
  TimeZone zone;
  zone.first_offset_ = seconds_east;
  return zone;
}

// "M10.5.0/3", "J60", "59".
bool TimeZone::parse_rule(std::string_view& text, Rule& rule) {
  if (take(text, 'M')) {
    rule.kind = Rule::Kind::kMonth;
    if (!take_number(text, 12, rule.month) || !take(text, '.') || !take_number(text, 5, rule.week) ||
        !take(text, '.') || !take_number(text, 6, rule.day) || rule.month < 1 || rule.week < 1) {
      return false;
    }
  } else {
    rule.kind = take(text, 'J') ? Rule::Kind::kJulian : Rule::Kind::kDay;
    if (!take_number(text, 366, rule.day)) return false;
  }
  rule.time = 7200;
  return !take(text, '/') || take_time(text, rule.time);
}

// POSIX' TZ: "CET-1CEST,M3.5.0,M10.5.0/3"; offsets count west of Greenwich.
bool TimeZone::parse_footer(std::string_view text) {
  int32_t west = 0;
  if (!take_name(text) || !take_time(text, west)) return false;
  standard_ = -west;
  has_footer_ = true;
  if (text.empty()) return true;
  if (!take_name(text)) return false;
  summer_ = standard_ + 3600;
  if (!text.empty() && text[0] != ',') {
    if (!take_time(text, west)) return false;
    summer_ = -west;
  }
  if (!take(text, ',') || !parse_rule(text, begins_) || !take(text, ',') || !parse_rule(text, ends_)) {
    return false;
  }
  has_summer_ = true;
  return text.empty();
}

// Seconds since 1970 in UTC; `offset`: the one that holds before the change.
int64_t TimeZone::rule_time(const Rule& rule, int64_t year, int32_t offset) {
  int64_t day = 0;
  switch (rule.kind) {
    case Rule::Kind::kJulian:  // 1..365, 29 February never counts
      day = days_of(year, 1, 1) + rule.day - 1 + (leap(year) && rule.day >= 60 ? 1 : 0);
      break;
    case Rule::Kind::kDay:
      day = days_of(year, 1, 1) + rule.day;
      break;
    case Rule::Kind::kMonth: {
      const int64_t first = days_of(year, rule.month, 1);
      const int64_t weekday = ((first + 4) % 7 + 7) % 7;  // 1 January 1970 was a Thursday
      int64_t in_month = 1 + (rule.day - weekday + 7) % 7 + (rule.week - 1) * 7;
      while (in_month > days_in(year, rule.month)) in_month -= 7;
      day = first + in_month - 1;
      break;
    }
  }
  return day * kDay + rule.time - offset;
}

int32_t TimeZone::footer_offset(int64_t utc_seconds) const {
  if (!has_summer_) return standard_;
  const int64_t year = year_of(utc_seconds + standard_);
  const int64_t begin = rule_time(begins_, year, standard_);
  const int64_t end = rule_time(ends_, year, summer_);
  const bool summer = begin < end ? utc_seconds >= begin && utc_seconds < end
                                  : utc_seconds >= begin || utc_seconds < end;  // the southern half
  return summer ? summer_ : standard_;
}

int32_t TimeZone::offset(int64_t utc_seconds) const {
  const auto after = std::ranges::upper_bound(transitions_, utc_seconds, {}, &Transition::at);
  if (after == transitions_.end() && has_footer_) return footer_offset(utc_seconds);
  return after == transitions_.begin() ? first_offset_ : std::prev(after)->offset;
}

Result<TimeZone> TimeZone::parse(std::string_view tzif) {
  Cursor cursor{tzif};
  Header header;
  if (!read_header(cursor, header)) return fail("no time zone file");
  size_t time_size = 4;
  if (header.version >= '2') {  // the same again, with 8 bytes a time
    (void)cursor.take(body_size(header, 4));
    if (!read_header(cursor, header)) return fail("a time zone file that is cut or broken");
    time_size = 8;
  }
  if (cursor.bytes.size() < body_size(header, time_size)) return fail("a time zone file that is cut");
  TimeZone zone;
  for (uint64_t i = 0; i < header.times; ++i) zone.transitions_.push_back({.at = cursor.number(time_size)});
  const std::string_view types = cursor.take(header.times);
  std::vector<int32_t> offsets;
  std::vector<bool> summer;
  for (uint64_t i = 0; i < header.types; ++i) {
    offsets.push_back(static_cast<int32_t>(cursor.number(4)));
    summer.push_back(cursor.number(1) != 0);
    (void)cursor.take(1);
  }
  for (uint64_t i = 0; i < header.times; ++i) {
    const auto type = static_cast<uint8_t>(types[i]);
    if (type >= offsets.size()) return fail("a time zone file with a type that it does not define");
    zone.transitions_[i].offset = offsets[type];
  }
  if (!std::ranges::is_sorted(zone.transitions_, {}, &Transition::at)) {
    return fail("a time zone file whose changes are not in order");
  }
  const auto standard = std::ranges::find(summer, false);
  zone.first_offset_ = offsets[standard == summer.end() ? 0 : static_cast<size_t>(standard - summer.begin())];
  (void)cursor.take(header.characters + header.leaps * (time_size + 4) + header.standard + header.ut);
  if (time_size == 8 && take(cursor.bytes, '\n')) {
    const std::string_view footer = cursor.bytes.substr(0, cursor.bytes.find('\n'));
    if (!footer.empty() && !zone.parse_footer(footer)) return fail("a time zone file with a broken rule");
  }
  return zone;
}

Result<TimeZone> load_time_zone(std::string_view name, const std::string& folder) {
  const std::string shown(name.substr(0, 80));
  if (name.empty() || name == "UTC" || name == "Etc/UTC") return TimeZone::utc();
  std::string_view offset = name;
  if (offset.starts_with("UTC")) offset.remove_prefix(3);
  if (offset.starts_with('+') || offset.starts_with('-')) {
    const int32_t sign = offset[0] == '-' ? -1 : 1;
    offset.remove_prefix(1);
    int32_t hours = 0, minutes = 0;
    bool good = take_number(offset, 1400, hours);
    if (hours > 14) {  // "0330"
      minutes = hours % 100;
      hours /= 100;
    } else if (take(offset, ':')) {
      good = good && take_number(offset, 59, minutes);
    }
    if (!good || !offset.empty() || hours > 14 || minutes > 59)
      return fail("'" + shown + "' is no offset such as +02:00");
    return TimeZone::fixed(sign * (hours * 3600 + minutes * 60));
  }
  const bool plain = std::ranges::all_of(name, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '/' || c == '_' || c == '-' || c == '+';
  });
  if (!plain || name.starts_with('/')) return fail("'" + shown + "' is no name of a time zone");
  auto bytes = read_file(folder + "/" + std::string(name), kMaxZoneFile);
  if (!bytes) return fail("time zone '" + shown + "' is not known here: " + bytes.error().what);
  auto zone = TimeZone::parse(*bytes);
  if (!zone) return fail("time zone '" + shown + "': " + zone.error().what);
  return zone;
}

}  // namespace edp::reconcile
