// What the fuzz targets share: small limits, so that each input is over quickly, and a walk over everything
// that was decoded, so that a view or index that points nowhere is found.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "runner/decode/decoder.h"

namespace edp::fuzz {

inline decode::Limits small_limits() {
  decode::Limits limits;
  limits.max_inflated_bytes = 1 << 20;
  limits.max_model_bytes = 16 << 20;
  return limits;
}

inline void require(bool condition) {
  if (!condition) std::abort();
}

inline size_t touch(std::string_view text) {
  size_t sum = 0;
  for (const char c : text) sum += static_cast<unsigned char>(c);
  return sum;
}

inline size_t touch(const model::Profile& profile) {
  size_t sum = touch(profile.default_sample_type) + touch(profile.drop_frames) + touch(profile.keep_frames) +
               touch(profile.doc_url) + touch(profile.period_type.type) + touch(profile.period_type.unit);
  for (const auto text : profile.comments) sum += touch(text);
  for (const auto& type : profile.sample_types) sum += touch(type.type) + touch(type.unit);
  for (const auto& mapping : profile.mappings) sum += touch(mapping.file) + touch(mapping.build_id);
  for (const auto& function : profile.functions) {
    sum += touch(function.name) + touch(function.system_name) + touch(function.file);
  }
  for (const auto& location : profile.locations) {
    require(location.mapping == model::kNone || location.mapping < profile.mappings.size());
    require(uint64_t{location.first_line} + location.line_count <= profile.lines.size());
    for (const auto& line : profile.lines_of(location)) require(line.function < profile.functions.size());
  }
  require(profile.values.size() == profile.sample_count() * profile.sample_types.size());
  require(profile.label_ends.empty() || profile.label_ends.size() == profile.sample_count());
  for (size_t i = 0; i < profile.sample_count(); ++i) {
    const model::Sample sample = profile.sample(i);
    for (const uint32_t location : sample.locations) require(location < profile.locations.size());
    for (const auto& label : sample.labels) sum += touch(label.key) + touch(label.text) + touch(label.unit);
  }
  return sum;
}

inline size_t touch(const model::Goroutines& goroutines) {
  size_t sum = touch(goroutines.fatal_error);
  for (const auto& goroutine : goroutines.list) {
    sum += touch(goroutine.state) + touch(goroutine.created_by.function) + touch(goroutine.created_by.file);
    for (const auto& frame : goroutine.frames) sum += touch(frame.function) + touch(frame.file);
  }
  return sum;
}

inline size_t touch(const model::Timeline& timeline) {
  size_t sum = 0;
  const auto stack = [&](uint32_t index) {
    for (const uint32_t i : timeline.stack(index)) {
      require(i < timeline.frames.size());
      sum +=
          touch(timeline.text(timeline.frames[i].function)) + touch(timeline.text(timeline.frames[i].file));
    }
  };
  for (uint32_t i = 0; i < timeline.goroutines.size(); ++i) {
    int64_t at = -1;
    for (const model::GoSlice& slice : timeline.slices(i)) {
      require(slice.begin <= slice.end && (at < 0 || at == slice.begin));
      require(slice.by == model::kNone || slice.by < timeline.goroutines.size());
      require(slice.proc == model::kNone || slice.proc < timeline.procs.size());
      stack(slice.event_stack());
      sum += touch(timeline.text(slice.reason));
      at = slice.end;
    }
    if (i < 100) require(timeline.find_goroutine(timeline.goroutines[i].id) != model::kNone);
  }
  for (uint32_t i = 0; i < timeline.procs.size(); ++i) {
    for (const model::ProcSlice& slice : timeline.proc_slices(i)) {
      require(slice.thread == model::kNone || slice.thread < timeline.threads.size());
    }
  }
  for (const model::TraceRange& range : timeline.ranges()) {
    require(range.begin <= range.end);
    require(range.goroutine == model::kNone || range.goroutine < timeline.goroutines.size());
    sum += touch(timeline.text(range.text));
    stack(range.stack);
  }
  for (const model::CpuSample& sample : timeline.cpu_samples) stack(sample.stack);
  for (const model::Series::Point& point : timeline.points(timeline.heap_live)) sum += point.value;
  return sum;
}

// The facts are walked, errors have a text, and the sum keeps the compiler from leaving all that out.
inline int check(const Result<decode::Decoded>& decoded) {
  if (!decoded) {
    require(!decoded.error().to_string().empty());
    return 0;
  }
  size_t sum = 0;
  if (decoded->profile) sum += touch(*decoded->profile);
  if (decoded->goroutines) sum += touch(*decoded->goroutines);
  for (const auto& timeline : decoded->traces) sum += touch(timeline);
  for (const auto& problem : decoded->problems) sum += touch(problem);
  [[maybe_unused]] static volatile size_t sink = 0;
  sink = sum;
  return 0;
}

inline std::string bytes_of(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace edp::fuzz
