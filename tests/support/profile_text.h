// A profile as text, in the form of google/pprof's Profile.String(), for golden cases and for comparing with
// Go.
#pragma once

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "runner/model/profile.h"

namespace edp::testing {

inline std::string hex(uint64_t value) {
  char text[32];
  (void)std::snprintf(text, sizeof text, "%#llx", static_cast<unsigned long long>(value));
  return value == 0 ? "0x0" : text;
}

inline std::string padded(int64_t value, size_t width) {
  std::string text = std::to_string(value);
  return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

inline std::string join(const std::vector<std::string>& parts) {
  std::string result;
  for (const std::string& part : parts) result += (result.empty() ? "" : " ") + part;
  return result;
}

// Labels grouped by key and sorted, as pprof keeps them in maps.
inline std::string labels_text(const model::Sample& sample, bool numbers) {
  struct Group {
    std::vector<std::string> plain, with_unit;
    bool any_unit = false;
  };
  std::map<std::string, Group> groups;
  for (const model::Label& label : sample.labels) {
    if (label.is_number != numbers) continue;
    Group& group = groups[std::string(label.key)];
    const std::string value = numbers ? std::to_string(label.number) : std::string(label.text);
    group.plain.push_back(value);
    group.with_unit.push_back(value + " " + std::string(label.unit));
    group.any_unit |= !label.unit.empty();
  }
  std::vector<std::string> lines;
  for (const auto& [key, group] : groups) {
    lines.push_back(key + ":[" + join(group.any_unit ? group.with_unit : group.plain) + "]");
  }
  std::sort(lines.begin(), lines.end());
  return join(lines);
}

inline std::string location_text(const model::Profile& profile, const model::Location& location) {
  std::string head = padded(static_cast<int64_t>(location.id), 6) + ": " + hex(location.address) + " ";
  if (location.mapping != model::kNone) {
    head += "M=" + std::to_string(profile.mappings[location.mapping].id) + " ";
  }
  if (location.is_folded) head += "[F] ";
  if (location.line_count == 0) return head + "\n";
  std::string result;
  for (const model::Line& line : profile.lines_of(location)) {
    const model::Function& function = profile.functions[line.function];
    result += head + std::string(function.name) + " " + std::string(function.file) + ":" +
              std::to_string(line.line) + ":" + std::to_string(line.column) +
              " s=" + std::to_string(function.start_line);
    if (function.name != function.system_name) result += "(" + std::string(function.system_name) + ")";
    result += "\n";
    head = "             ";
  }
  return result;
}

// Without the lines "Time:" and "Duration:", whose form depends on the place.
inline std::string profile_text(const model::Profile& profile) {
  std::string out;
  for (const auto comment : profile.comments) out += "Comment: " + std::string(comment) + "\n";
  if (!profile.doc_url.empty()) out += "Doc: " + std::string(profile.doc_url) + "\n";
  out += "PeriodType: " + std::string(profile.period_type.type) + " " +
         std::string(profile.period_type.unit) + "\n";
  out += "Period: " + std::to_string(profile.period) + "\nSamples:\n";
  std::vector<std::string> types;
  for (const auto& type : profile.sample_types) {
    types.push_back(std::string(type.type) + "/" + std::string(type.unit) +
                    (type.type == profile.default_sample_type ? "[dflt]" : ""));
  }
  out += join(types) + "\n";
  for (size_t i = 0; i < profile.sample_count(); ++i) {
    const model::Sample sample = profile.sample(i);
    for (const int64_t value : sample.values) out += " " + padded(value, 10);
    out += ": ";
    for (const uint32_t location : sample.locations) {
      out += std::to_string(profile.locations[location].id) + " ";
    }
    out += "\n";
    for (const bool numbers : {false, true}) {
      const std::string labels = labels_text(sample, numbers);
      if (!labels.empty()) out += "                " + labels + "\n";
    }
  }
  out += "Locations\n";
  for (const auto& location : profile.locations) out += location_text(profile, location);
  out += "Mappings\n";
  for (const auto& mapping : profile.mappings) {
    out += std::to_string(mapping.id) + ": " + hex(mapping.start) + "/" + hex(mapping.limit) + "/" +
           hex(mapping.offset) + " " + std::string(mapping.file) + " " + std::string(mapping.build_id) + " ";
    if (mapping.has_functions) out += "[FN]";
    if (mapping.has_filenames) out += "[FL]";
    if (mapping.has_line_numbers) out += "[LN]";
    if (mapping.has_inline_frames) out += "[IN]";
    out += "\n";
  }
  return out;
}

}  // namespace edp::testing
