#include "runner/view/merger.h"

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

#include "runner/view/filter.h"
#include "runner/view/measure.h"

namespace edp::view {
namespace {

using model::kNone;
using model::Label;
using model::Profile;

void put(std::string& key, uint64_t number) {
  for (int i = 0; i < 8; ++i) key += static_cast<char>(number >> (8 * i));
}

void put(std::string& key, std::string_view text) {
  put(key, text.size());
  key += text;
}

uint64_t mix(uint64_t hash, uint64_t more) {
  hash = (hash ^ more) * 0x9E3779B97F4A7C15ULL;
  return hash ^ (hash >> 32);
}

bool same(const Label& a, const Label& b) {
  return a.is_number == b.is_number && a.key == b.key && a.text == b.text && a.number == b.number &&
         a.unit == b.unit;
}

}  // namespace

Merger::Merger(size_t width) : width_(width) { slots_.assign(1024, kNone); }

uint32_t Merger::mapping(const Profile& source, uint32_t index) {
  if (index == kNone) return kNone;
  uint32_t& known = source_mappings_[index];
  if (known != kNone) return known;
  const model::Mapping& mapping = source.mappings[index];
  constexpr uint64_t kPage = 0x1000;
  uint64_t size = mapping.limit - mapping.start + kPage - 1;
  size -= size % kPage;
  std::string key;
  put(key, size);
  put(key, mapping.offset);
  put(key, mapping.build_id.empty() ? mapping.file : mapping.build_id);
  const auto [entry, is_new] = mappings_.try_emplace(key, static_cast<uint32_t>(sum_.mappings.size()));
  if (is_new) {
    sum_.mappings.push_back(mapping);
    sum_.mappings.back().id = sum_.mappings.size();
  }
  return known = entry->second;
}

uint32_t Merger::function(const Profile& source, uint32_t index) {
  if (index == kNone) return kNone;
  uint32_t& known = source_functions_[index];
  if (known != kNone) return known;
  const model::Function& function = source.functions[index];
  std::string key;
  put(key, static_cast<uint64_t>(function.start_line));
  put(key, function.name);
  put(key, function.system_name);
  put(key, function.file);
  const auto [entry, is_new] = functions_.try_emplace(key, static_cast<uint32_t>(sum_.functions.size()));
  if (is_new) {
    sum_.functions.push_back(function);
    sum_.functions.back().id = sum_.functions.size();
  }
  return known = entry->second;
}

uint32_t Merger::location(const Profile& source, uint32_t index) {
  uint32_t& known = source_locations_[index];
  if (known != kNone) return known;
  model::Location location = source.locations[index];
  std::string key;
  const uint32_t from = location.mapping;
  location.mapping = mapping(source, from);
  if (from != kNone) {
    // Addresses move with their mapping: it may lie elsewhere in each process.
    location.address += sum_.mappings[location.mapping].start - source.mappings[from].start;
    put(key, location.address - sum_.mappings[location.mapping].start);
  } else {
    put(key, location.address);
  }
  put(key, location.mapping);
  put(key, location.is_folded ? 1 : 0);
  const auto lines = source.lines_of(location);
  location.first_line = static_cast<uint32_t>(sum_.lines.size());
  for (const model::Line& line : lines) {
    model::Line ours = line;
    ours.function = function(source, line.function);
    put(key, ours.function);
    put(key, static_cast<uint64_t>(line.line));
    sum_.lines.push_back(ours);
  }
  put(key, lines.empty() ? 0 : static_cast<uint64_t>(lines.back().column));
  const auto [entry, is_new] = locations_.try_emplace(key, static_cast<uint32_t>(sum_.locations.size()));
  if (is_new) {
    location.id = sum_.locations.size() + 1;
    sum_.locations.push_back(location);
  } else {
    sum_.lines.resize(location.first_line);
  }
  return known = entry->second;
}

void Merger::put_labels(const model::Sample& sample) {
  const size_t begin = sum_.labels.size();
  for (const Label& label : sample.labels) {
    if (!is_empty(label)) sum_.labels.push_back(label);
  }
  const auto ours = std::span(sum_.labels).subspan(begin);
  const auto before = [](const Label& a, const Label& b) {
    return std::tie(a.is_number, a.key) < std::tie(b.is_number, b.key);
  };
  if (std::is_sorted(ours.begin(), ours.end(), before)) return;
  // Values of one key keep their order: it is part of what makes samples the same.
  std::vector<std::pair<Label, size_t>> ordered;
  for (const Label& label : ours) ordered.emplace_back(label, ordered.size());
  std::sort(ordered.begin(), ordered.end(), [&before](const auto& a, const auto& b) {
    if (before(a.first, b.first)) return true;
    return !before(b.first, a.first) && a.second < b.second;
  });
  for (size_t i = 0; i < ours.size(); ++i) ours[i] = ordered[i].first;
}

bool Merger::equals(uint32_t merged, uint64_t stack_begin, uint64_t label_begin) const {
  const model::Sample other = sum_.sample(merged);
  const auto stack = std::span(sum_.sample_locations).subspan(stack_begin);
  const auto labels = std::span(sum_.labels).subspan(label_begin);
  return std::equal(stack.begin(), stack.end(), other.locations.begin(), other.locations.end()) &&
         std::equal(labels.begin(), labels.end(), other.labels.begin(), other.labels.end(), same);
}

void Merger::grow() {
  slots_.assign(slots_.size() * 2, kNone);
  for (uint32_t i = 0; i < hashes_.size(); ++i) {
    size_t slot = hashes_[i] & (slots_.size() - 1);
    while (slots_[slot] != kNone) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = i;
  }
}

void Merger::sample(const model::Sample& sample) {
  if (std::all_of(sample.values.begin(), sample.values.end(), [](int64_t v) { return v == 0; })) return;
  const uint64_t stack_begin = sum_.sample_locations.size();
  const uint64_t label_begin = sum_.labels.size();
  uint64_t hash = 0;
  for (const uint32_t index : sample.locations) {
    sum_.sample_locations.push_back(location(*source_, index));
    hash = mix(hash, sum_.sample_locations.back());
  }
  put_labels(sample);
  for (size_t i = label_begin; i < sum_.labels.size(); ++i) {
    hash = mix(hash, std::hash<std::string_view>()(sum_.labels[i].key));
    hash = mix(hash, std::hash<std::string_view>()(sum_.labels[i].text));
    hash = mix(hash, static_cast<uint64_t>(sum_.labels[i].number));
  }
  size_t slot = hash & (slots_.size() - 1);
  for (; slots_[slot] != kNone; slot = (slot + 1) & (slots_.size() - 1)) {
    const uint32_t merged = slots_[slot];
    if (hashes_[merged] != hash || !equals(merged, stack_begin, label_begin)) continue;
    for (size_t v = 0; v < width_; ++v) {
      int64_t& value = sum_.values[merged * width_ + v];
      value = wrapping_add(value, sample.values[v]);
    }
    sum_.sample_locations.resize(stack_begin);
    sum_.labels.resize(label_begin);
    return;
  }
  slots_[slot] = static_cast<uint32_t>(hashes_.size());
  hashes_.push_back(hash);
  sum_.location_ends.push_back(sum_.sample_locations.size());
  sum_.label_ends.push_back(sum_.labels.size());
  sum_.values.insert(sum_.values.end(), sample.values.begin(), sample.values.end());
  if (hashes_.size() * 2 > slots_.size()) grow();
}

void Merger::add(const Profile& source) {
  source_ = &source;
  source_mappings_.assign(source.mappings.size(), kNone);
  source_functions_.assign(source.functions.size(), kNone);
  source_locations_.assign(source.locations.size(), kNone);
  // The first mapping is the main program's, in the sum as in the first source that has any.
  if (sum_.mappings.empty() && !source.mappings.empty()) (void)mapping(source, 0);
  for (size_t i = 0; i < source.sample_count(); ++i) sample(source.sample(i));
  if (source.storage) storages_.push_back(source.storage);
}

Profile Merger::finish(bool& has_zero) {
  has_zero = false;
  for (size_t i = 0; i < hashes_.size() && !has_zero; ++i) {
    const auto row = std::span(sum_.values).subspan(i * width_, width_);
    has_zero = std::all_of(row.begin(), row.end(), [](int64_t v) { return v == 0; });
  }
  if (sum_.labels.empty()) sum_.label_ends = {};
  sum_.storage = std::make_shared<std::vector<std::shared_ptr<const void>>>(std::move(storages_));
  return std::move(sum_);
}

void combine_headers(const std::vector<Profile>& sources, Profile& sum) {
  const Profile& first = sources.front();
  sum.sample_types = first.sample_types;
  sum.period_type = first.period_type;
  sum.drop_frames = first.drop_frames;
  sum.keep_frames = first.keep_frames;
  for (const Profile& source : sources) {
    if (sum.time_nanos == 0 || source.time_nanos < sum.time_nanos) sum.time_nanos = source.time_nanos;
    sum.duration_nanos = wrapping_add(sum.duration_nanos, source.duration_nanos);
    if (sum.period == 0 || sum.period < source.period) sum.period = source.period;
    for (const std::string_view comment : source.comments) {
      if (std::find(sum.comments.begin(), sum.comments.end(), comment) == sum.comments.end()) {
        sum.comments.push_back(comment);
      }
    }
    if (sum.default_sample_type.empty()) sum.default_sample_type = source.default_sample_type;
    if (sum.doc_url.empty()) sum.doc_url = source.doc_url;
  }
}

}  // namespace edp::view
