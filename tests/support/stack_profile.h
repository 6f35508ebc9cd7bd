// Small profiles written as stacks, for tests.
#pragma once

#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/string_arena.h"
#include "runner/model/profile.h"

namespace edp::testing {

class StackProfile {
 public:
  explicit StackProfile(std::initializer_list<model::ValueType> types) {
    profile_.sample_types = types;
    profile_.mappings.push_back({.id = 1, .file = "/bin/server"});
    profile_.storage = arena_;
  }

  // Leaf first. "g:12" is function g at line 12; "f<g" is one location, f inlined into g. Labels are
  // "key=text" or "key=#12unit".
  StackProfile& add(std::initializer_list<std::string_view> stack, std::initializer_list<int64_t> values,
                    std::initializer_list<std::string_view> labels = {}) {
    for (const std::string_view frame : stack) profile_.sample_locations.push_back(location(frame));
    profile_.location_ends.push_back(profile_.sample_locations.size());
    profile_.values.insert(profile_.values.end(), values.begin(), values.end());
    for (const std::string_view text : labels) profile_.labels.push_back(label(text));
    label_ends_.push_back(profile_.labels.size());
    return *this;
  }

  model::Profile take() {
    if (!profile_.labels.empty()) profile_.label_ends = label_ends_;
    return profile_;
  }

  model::Profile& profile() { return profile_; }

 private:
  uint32_t function(std::string_view name) {
    const auto [entry, is_new] = functions_.try_emplace(std::string(name), profile_.functions.size());
    if (is_new) {
      const std::string_view kept = arena_->add(name);
      const std::string_view file = arena_->add("/src/" + std::string(name) + ".go");
      profile_.functions.push_back(
          {.id = entry->second + 1, .name = kept, .system_name = kept, .file = file, .start_line = 1});
    }
    return entry->second;
  }

  uint32_t location(std::string_view frame) {
    const auto [entry, is_new] = locations_.try_emplace(std::string(frame), profile_.locations.size());
    if (!is_new) return entry->second;
    model::Location location{.id = entry->second + 1, .address = 0x1000 + 16 * uint64_t{entry->second}};
    location.mapping = 0;
    location.first_line = static_cast<uint32_t>(profile_.lines.size());
    while (!frame.empty()) {
      const size_t end = std::min(frame.find('<'), frame.size());
      std::string_view name = frame.substr(0, end);
      int64_t line = 0;
      if (const size_t colon = name.rfind(':'); colon != std::string_view::npos) {
        line = std::stoll(std::string(name.substr(colon + 1)));
        name = name.substr(0, colon);
      }
      profile_.lines.push_back({.function = function(name), .line = line});
      frame.remove_prefix(std::min(end + 1, frame.size()));
    }
    location.line_count = static_cast<uint32_t>(profile_.lines.size()) - location.first_line;
    profile_.locations.push_back(location);
    return entry->second;
  }

  model::Label label(std::string_view text) {
    const size_t equals = text.find('=');
    model::Label label{.key = arena_->add(text.substr(0, equals))};
    std::string_view value = text.substr(equals + 1);
    if (!value.starts_with('#')) {
      label.text = arena_->add(value);
      return label;
    }
    size_t used = 0;
    label.is_number = true;
    label.number = std::stoll(std::string(value.substr(1)), &used);
    label.unit = arena_->add(value.substr(1 + used));
    return label;
  }

  model::Profile profile_;
  std::shared_ptr<StringArena> arena_ = std::make_shared<StringArena>();
  std::map<std::string, uint32_t> functions_, locations_;
  std::vector<uint64_t> label_ends_;
};

}  // namespace edp::testing
