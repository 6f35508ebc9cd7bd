// Schedules: five fields "minute hour day-of-month month day-of-week" with *, lists, ranges, steps and
// English names (jan, mon; 7 is Sunday), or @hourly @daily @midnight @weekly @monthly @yearly @annually. As
// with Vixie's cron, when both day fields are restricted (do not begin with *), either may match.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/result.h"
#include "operator/reconcile/time_zone.h"

namespace edp::reconcile {

class Cron {
 public:
  static Result<Cron> parse(std::string_view text);

  // The first minute after `after` (seconds since 1970, UTC) that matches in the zone's local time; nothing
  // within eight years (31 February). A local time that a change of the clock skips does not happen on that
  // day; one that it repeats happens once, at its first passing.
  [[nodiscard]] std::optional<int64_t> next(int64_t after, const TimeZone& zone) const;

 private:
  [[nodiscard]] bool day_matches(int32_t day, int32_t month, int32_t weekday) const;

  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;     // 1..31
  std::bitset<13> months_;   // 1..12
  std::bitset<7> weekdays_;  // 0 Sunday
  bool any_day_ = true, any_weekday_ = true;
};

}  // namespace edp::reconcile
