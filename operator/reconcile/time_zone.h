// Local time of the world's zones without the process-wide TZ variable of the C library: zone files (TZif,
// RFC 8536) are read here. "UTC", "Etc/UTC", and offsets "+02:00", "-0330", "UTC+2" need no file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace edp::reconcile {

class TimeZone {
 public:
  static TimeZone utc() { return TimeZone(); }
  static TimeZone fixed(int32_t seconds_east);
  // The bytes of a zone file; versions 1 to 4, with or without the rule for later years in its footer.
  static Result<TimeZone> parse(std::string_view tzif);

  // Seconds east of UTC that hold at that moment.
  [[nodiscard]] int32_t offset(int64_t utc_seconds) const;

 private:
  struct Rule {  // when summer time begins or ends, in local time before the change
    enum class Kind : uint8_t { kJulian, kDay, kMonth } kind = Kind::kMonth;
    int32_t month = 0, week = 0, day = 0, time = 7200;
  };
  struct Transition {
    int64_t at = 0;
    int32_t offset = 0;
  };
  static bool parse_rule(std::string_view& text, Rule& rule);
  bool parse_footer(std::string_view text);
  static int64_t rule_time(const Rule& rule, int64_t year, int32_t offset);
  [[nodiscard]] int32_t footer_offset(int64_t utc_seconds) const;

  std::vector<Transition> transitions_;
  int32_t first_offset_ = 0;  // before the first transition
  bool has_footer_ = false, has_summer_ = false;
  int32_t standard_ = 0, summer_ = 0;
  Rule begins_, ends_;
};

// By name, from `folder` when it is no fixed one. The only function of this layer that reads files: it is
// called when a policy is read, not when it is judged. Refuses names that leave the folder.
Result<TimeZone> load_time_zone(std::string_view name, const std::string& folder = "/usr/share/zoneinfo");

}  // namespace edp::reconcile
