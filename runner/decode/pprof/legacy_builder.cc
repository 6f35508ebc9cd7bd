#include "runner/decode/pprof/legacy_builder.h"

#include <algorithm>

#include "runner/decode/text/lines.h"

namespace edp::decode::pprof {

bool LegacyBuilder::read_addresses(std::string_view text) {
  for (size_t at = text.find("0x"); at != std::string_view::npos; at = text.find("0x")) {
    text.remove_prefix(at + 2);
    const size_t end = std::min(text.find_first_not_of("0123456789abcdef"), text.size());
    if (end == 0) continue;
    auto address = text::number<uint64_t>(text.substr(0, end), 16);
    if (!address) return false;
    --*address;  // from the next instruction back to the call
    const auto [entry, is_new] =
        locations_.try_emplace(*address, static_cast<uint32_t>(profile.locations.size()));
    if (is_new) {
      model::Location location;
      location.id = profile.locations.size() + 1;
      location.address = *address;
      profile.locations.push_back(location);
      memory_ += sizeof location + 64;
    }
    profile.sample_locations.push_back(entry->second);
    memory_ += sizeof(uint32_t);
    text.remove_prefix(end);
  }
  return true;
}

void LegacyBuilder::add_sample(std::initializer_list<int64_t> values) {
  profile.values.insert(profile.values.end(), values);
  profile.location_ends.push_back(profile.sample_locations.size());
  memory_ += values.size() * sizeof(int64_t) + sizeof(uint64_t);
}

void LegacyBuilder::add_number_label(std::string_view key, int64_t number) {
  model::Label label;
  label.key = key;
  label.number = number;
  label.is_number = true;
  profile.labels.push_back(label);
  profile.label_ends.push_back(profile.labels.size());
  memory_ += sizeof label + sizeof(uint64_t);
}

uint32_t LegacyBuilder::function(std::string_view name, std::string_view file) {
  std::string key;
  key.reserve(name.size() + file.size() + 1);
  key.append(name).append(1, '\0').append(file);
  const auto [entry, is_new] =
      functions_.try_emplace(std::move(key), static_cast<uint32_t>(profile.functions.size()));
  if (is_new) {
    model::Function function;
    function.id = profile.functions.size() + 1;
    function.name = function.system_name = name;
    function.file = file;
    profile.functions.push_back(function);
    memory_ += sizeof function + 64 + entry->first.size();
  }
  return entry->second;
}

void LegacyBuilder::read_comment(std::string_view line) {
  // Columns are padded with tabs.
  const auto next_column = [&line] {
    const size_t begin = std::min(line.find_first_not_of('\t'), line.size());
    const size_t end = std::min(line.find('\t', begin), line.size());
    const std::string_view column = line.substr(begin, end - begin);
    line.remove_prefix(end);
    return column;
  };
  if (!text::consume(line, "#\t0x")) return;
  const auto address = text::number<uint64_t>(next_column(), 16);
  std::string_view name = next_column();
  const std::string_view position = next_column();
  const size_t plus = name.rfind("+0x"), colon = position.rfind(':');
  if (!address || name.empty() || colon == std::string_view::npos) return;
  name = name.substr(0, plus);
  const auto number = text::number<int64_t>(position.substr(colon + 1));
  const auto known = locations_.find(*address);
  if (!number || known == locations_.end()) return;
  model::Location& location = profile.locations[known->second];
  if (location.line_count != 0) return;  // named by an earlier sample
  location.first_line = static_cast<uint32_t>(profile.lines.size());
  location.line_count = 1;
  profile.lines.push_back({.function = function(name, position.substr(0, colon)), .line = *number});
  memory_ += sizeof(model::Line);
  any_symbol_ = true;
}

model::Profile LegacyBuilder::finish(std::shared_ptr<const std::string> text) {
  bool any_address = false;
  for (model::Location& location : profile.locations) {
    if (location.address == 0) continue;
    location.mapping = 0;
    any_address = true;
  }
  if (any_address) {
    model::Mapping mapping;
    mapping.id = 1;
    mapping.limit = UINT64_MAX;
    mapping.has_functions = mapping.has_filenames = mapping.has_line_numbers = any_symbol_;
    profile.mappings.push_back(mapping);
  }
  profile.storage = std::move(text);
  return std::move(profile);
}

}  // namespace edp::decode::pprof
