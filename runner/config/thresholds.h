// The figures that rules hold against what they see. Rules declare them with defaults, a diagnostic
// profile may set others.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace edp::config {

struct ThresholdSpec {
  std::string_view key;  // "syncmap.write_share_percent"; one key may serve several rules
  double value = 0;
  std::string_view unit;     // "percent", "per_second", "milliseconds", ...
  std::string_view meaning;  // one line for people
};

class Thresholds {
 public:
  Thresholds() = default;
  explicit Thresholds(std::map<std::string, double, std::less<>> set) : set_(std::move(set)) {}
  // The profile's value, else the spec's default.
  [[nodiscard]] double get(const ThresholdSpec& spec) const {
    const auto found = set_.find(spec.key);
    return found == set_.end() ? spec.value : found->second;
  }

 private:
  std::map<std::string, double, std::less<>> set_;
};

}  // namespace edp::config
