#include "runner/report/timeline/tables.h"

#include <ranges>

#include "runner/report/timeline/columns.h"

namespace edp::report {

using model::kNone;

PageTables::PageTables(const model::Timeline& timeline)
    : timeline_(timeline),
      text_of_(timeline.text_count(), kNone),
      stack_of_(timeline.stack_count(), kNone),
      frame_of_(timeline.frames.size(), kNone) {}

uint32_t PageTables::text(uint32_t timeline_text) {
  if (timeline_text == kNone) return 0;
  uint32_t& index = text_of_[timeline_text];
  if (index == kNone) index = literal(timeline_.text(timeline_text));
  return index;
}

uint32_t PageTables::literal(std::string_view text) {
  texts_.push_back(text);
  return static_cast<uint32_t>(texts_.size() - 1);
}

uint32_t PageTables::frame(uint32_t timeline_frame) {
  uint32_t& index = frame_of_[timeline_frame];
  if (index == kNone) {
    index = static_cast<uint32_t>(frames_.size());
    frames_.push_back(timeline_frame);
    (void)text(timeline_.frames[timeline_frame].function);
    (void)text(timeline_.frames[timeline_frame].file);
  }
  return index;
}

uint32_t PageTables::stack(uint32_t timeline_stack) {
  if (timeline_stack == kNone) return 0;
  uint32_t& index = stack_of_[timeline_stack];
  if (index != kNone) return index;
  uint32_t parent = 0;
  for (const uint32_t each : timeline_.stack(timeline_stack) | std::views::reverse) {
    const uint32_t of = frame(each);
    const auto [at, added] =
        node_of_.try_emplace(uint64_t{parent} << 32 | of, static_cast<uint32_t>(nodes_.size()));
    if (added) nodes_.push_back({parent, of});
    parent = at->second;
  }
  index = parent;
  return index;
}

void PageTables::append_to(std::string& out) const {
  Column texts;
  texts.put(texts_.size());
  for (const std::string_view text : texts_) texts.put_text(text);

  Column functions, files, lines;
  functions.put(frames_.size());
  for (const uint32_t each : frames_) {
    const model::TraceFrame& frame = timeline_.frames[each];
    functions.put(frame.function == kNone ? 0 : text_of_[frame.function]);
    files.put(frame.file == kNone ? 0 : text_of_[frame.file]);
    lines.put(frame.line);
  }

  Column distances, frames;
  distances.put(nodes_.size());
  for (uint32_t i = 0; i < nodes_.size(); ++i) {
    distances.put(i - nodes_[i].parent);
    frames.put(nodes_[i].frame);
  }
  append_columns(out, texts, functions, files, lines, distances, frames);
}

}  // namespace edp::report
