// Choosing samples by their labels: "regex", "key=regex", or a range of numbers with units.
#pragma once

#include <re2/re2.h>
#include <tsl/robin_map.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "runner/model/profile.h"

namespace edp::view {

// The unit of each numeric label key: the first that a sample names, else one guessed from the key.
class NumberUnits {
 public:
  void read(const model::Profile& profile);
  [[nodiscard]] std::string_view unit(std::string_view key) const;

 private:
  tsl::robin_map<std::string_view, std::string_view> units_;
};

class TagFilter {
 public:
  // nullptr for an empty text. `units` must outlive the filter.
  static Result<std::unique_ptr<TagFilter>> parse(std::string_view option, const std::string& text,
                                                  const NumberUnits& units);
  [[nodiscard]] bool matches(const model::Sample& sample);

 private:
  // Bounds in `unit`, both included; the numbers' own unit must convert to it.
  struct Range {
    std::optional<double> low, high;
    std::string unit;
  };
  explicit TagFilter(const NumberUnits& units) : units_(&units) {}
  static Result<std::optional<Range>> parse_range(std::string_view option, const std::string& text);
  [[nodiscard]] bool in_range(const model::Label& label) const;
  [[nodiscard]] bool text_matches(size_t regex, std::string_view text);

  const NumberUnits* units_;
  std::string key_;  // empty: any
  bool has_key_ = false;
  std::optional<Range> range_;
  std::vector<std::unique_ptr<re2::RE2>> regexes_;
  std::vector<tsl::robin_map<std::string, bool>> known_;  // a regex's answers
};

}  // namespace edp::view
