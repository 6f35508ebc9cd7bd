// A sampled profile as neutral facts: tables of columns, no object a sample. The shape follows pprof's
// profile.proto (google/pprof), the units are those of its value types.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace edp::model {

inline constexpr uint32_t kNone = UINT32_MAX;

struct ValueType {
  std::string_view type;  // "samples", "cpu", "inuse_space", "contentions", "delay", ...
  std::string_view unit;  // "count", "nanoseconds", "bytes", ...
};

struct Mapping {
  uint64_t id = 0;  // as in the file
  uint64_t start = 0, limit = 0, offset = 0;
  std::string_view file, build_id;
  bool has_functions = false, has_filenames = false, has_line_numbers = false, has_inline_frames = false;
};

struct Function {
  uint64_t id = 0;               // as in the file
  std::string_view name;         // as shown to people, generic arguments included
  std::string_view system_name;  // as in the binary
  std::string_view file;
  int64_t start_line = 0;
};

// One source position. Inlined calls give a location several lines.
struct Line {
  uint32_t function = kNone;  // index into Profile::functions
  int64_t line = 0, column = 0;
};

struct Location {
  uint64_t id = 0;  // as in the file
  uint64_t address = 0;
  uint32_t mapping = kNone;                 // index into Profile::mappings
  uint32_t first_line = 0, line_count = 0;  // range in Profile::lines, innermost (inlined callee) first
  bool is_folded = false;
};

struct Label {
  std::string_view key;
  std::string_view text;  // set for text labels
  int64_t number = 0;     // set for numeric labels
  std::string_view unit;
  bool is_number = false;
};

struct Sample {
  std::span<const uint32_t> locations;  // indices into Profile::locations, leaf first
  std::span<const int64_t> values;      // one for each sample type
  std::span<const Label> labels;
};

// All indices below are checked by the decoder: readers need no bounds checks of their own.
struct Profile {
  std::vector<ValueType> sample_types;
  std::vector<Mapping> mappings;
  std::vector<Function> functions;
  std::vector<Line> lines;
  std::vector<Location> locations;

  // Sample i: sample_locations[location_ends[i-1] .. location_ends[i]), values[i * sample_types.size() ..),
  // and likewise its labels (label_ends is empty where no sample has any).
  std::vector<uint32_t> sample_locations;
  std::vector<uint64_t> location_ends;
  std::vector<int64_t> values;
  std::vector<Label> labels;
  std::vector<uint64_t> label_ends;

  ValueType period_type;
  int64_t period = 0;
  int64_t time_nanos = 0;      // wall clock at the start, Unix nanoseconds
  int64_t duration_nanos = 0;  // 0 where the format has none
  std::string_view default_sample_type, drop_frames, keep_frames, doc_url;
  std::vector<std::string_view> comments;

  // Keeps what the views point into alive (the inflated bytes, or an arena).
  std::shared_ptr<const void> storage;

  [[nodiscard]] size_t sample_count() const { return location_ends.size(); }

  [[nodiscard]] Sample sample(size_t i) const {
    const uint64_t location_begin = i == 0 ? 0 : location_ends[i - 1];
    Sample s;
    s.locations = std::span(sample_locations).subspan(location_begin, location_ends[i] - location_begin);
    s.values = std::span(values).subspan(i * sample_types.size(), sample_types.size());
    if (!label_ends.empty()) {
      const uint64_t label_begin = i == 0 ? 0 : label_ends[i - 1];
      s.labels = std::span(labels).subspan(label_begin, label_ends[i] - label_begin);
    }
    return s;
  }

  [[nodiscard]] std::span<const Line> lines_of(const Location& location) const {
    return std::span(lines).subspan(location.first_line, location.line_count);
  }

  // Index of the sample type with this name, or kNone.
  [[nodiscard]] uint32_t type_index(std::string_view type) const {
    for (size_t i = 0; i < sample_types.size(); ++i) {
      if (sample_types[i].type == type) return static_cast<uint32_t>(i);
    }
    return kNone;
  }
};

}  // namespace edp::model
