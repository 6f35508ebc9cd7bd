#include "operator/kube/retry_after.h"

#include <algorithm>
#include <ctime>

namespace edp::kube {

std::optional<std::chrono::seconds> parse_retry_after(const std::string& text,
                                                      std::chrono::system_clock::time_point now) {
  using std::chrono::seconds;
  constexpr seconds kMost = std::chrono::hours(1);
  if (text.empty()) return std::nullopt;
  if (text.find_first_not_of("0123456789") == std::string::npos)
    return text.size() > 6 ? kMost : std::min(seconds(std::stol(text)), kMost);
  tm parts{};
  const char* rest = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (rest == nullptr || *rest != '\0') return std::nullopt;
  // In whole seconds: a date of the year 9999 is beyond what the clock can count in nanoseconds.
  const auto wait = seconds(timegm(&parts)) - std::chrono::floor<seconds>(now.time_since_epoch());
  return std::clamp<seconds>(wait, seconds(0), kMost);
}

}  // namespace edp::kube
