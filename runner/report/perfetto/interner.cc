#include "runner/report/perfetto/interner.h"

#include <ranges>

#include "runner/analyse/symbols.h"

namespace edp::report::perfetto {

using model::kNone;

Interner::Interner(const model::Timeline& timeline)
    : timeline_(timeline), frames_(timeline.frames.size()), stacks_(timeline.stack_count()) {}

uint64_t Interner::text_of(Tag table, std::string_view text) {
  auto& known = texts_[table];
  const auto [at, added] = known.try_emplace(std::string(text), known.size() + 1);
  if (added) {
    protozero::pbf_writer data(pending_);
    protozero::pbf_writer entry(data, table);
    entry.add_uint64(interned::kIid, at->second);
    entry.add_string(interned::kText, at->first);
  }
  return at->second;
}

uint64_t Interner::frame(uint32_t frame) {
  const uint64_t number = uint64_t{frame} + 1;
  if (frames_[frame]) return number;
  frames_[frame] = true;
  const model::TraceFrame& told = timeline_.frames[frame];
  const uint64_t function = text_of(interned::kFunction, timeline_.text(told.function));
  const uint64_t file = text_of(interned::kSourcePath, timeline_.text(told.file));
  protozero::pbf_writer data(pending_);
  protozero::pbf_writer entry(data, interned::kFrame);
  entry.add_uint64(interned::kIid, number);
  entry.add_uint64(interned::kFrameFunction, function);
  entry.add_uint64(interned::kFrameSource, file);
  entry.add_uint32(interned::kFrameLine, told.line);
  return number;
}

uint64_t Interner::callstack(uint32_t stack) {
  if (stack == kNone) return 0;
  const uint64_t number = uint64_t{stack} + 1;
  if (stacks_[stack]) return number;
  stacks_[stack] = true;
  std::vector<uint64_t> frames;
  for (const uint32_t each : timeline_.stack(stack) | std::views::reverse) frames.push_back(frame(each));
  protozero::pbf_writer data(pending_);
  protozero::pbf_writer entry(data, interned::kCallstack);
  entry.add_uint64(interned::kIid, number);
  for (const uint64_t each : frames) entry.add_uint64(interned::kCallstackFrames, each);
  return number;
}

std::string_view Interner::place(uint32_t stack) {
  if (stack == kNone) return {};
  const auto [at, added] = places_.try_emplace(stack);
  if (!added) return at->second;
  const auto frames = timeline_.stack(stack);
  const auto own = std::ranges::find_if_not(frames, [&](uint32_t each) {
    const model::TraceFrame& frame = timeline_.frames[each];
    return analyse::is_standard_library(timeline_.text(frame.function), timeline_.text(frame.file));
  });
  const model::TraceFrame& frame = timeline_.frames[own == frames.end() ? frames.front() : *own];
  const std::string_view file = timeline_.text(frame.file);
  at->second = timeline_.text(frame.function);
  at->second += ' ';
  at->second += file.substr(file.rfind('/') + 1);
  at->second += ':' + std::to_string(frame.line);
  return at->second;
}

}  // namespace edp::report::perfetto
