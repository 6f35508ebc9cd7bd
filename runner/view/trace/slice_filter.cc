#include "runner/view/trace/slice_filter.h"

#include <algorithm>

#include "runner/view/regex.h"

namespace edp::view {

Result<SliceFilter> SliceFilter::make(const SliceOptions& options, const model::Timeline& timeline) {
  SliceFilter filter;
  filter.options_ = options;
  if (options.goroutine) {
    filter.goroutine_ = timeline.find_goroutine(*options.goroutine);
    if (filter.goroutine_ == model::kNone) {
      return fail("the trace has no goroutine " + std::to_string(*options.goroutine));
    }
  }
  const auto regex = compile("filter", options.function);
  if (!regex) return tl::unexpected(regex.error());
  if (!*regex) return filter;
  // Each function is looked at once, then each frame, then each stack.
  enum : char { kUnknown, kNo, kYes };
  std::vector<char> functions(timeline.text_count(), kUnknown);
  std::vector<bool> frames;
  frames.reserve(timeline.frames.size());
  for (const model::TraceFrame& frame : timeline.frames) {
    if (frame.function == model::kNone) {
      frames.push_back(false);
      continue;
    }
    char& known = functions[frame.function];
    if (known == kUnknown) known = matches(**regex, timeline.text(frame.function)) ? kYes : kNo;
    frames.push_back(known == kYes);
  }
  filter.stacks_.reserve(timeline.stack_count() + 1);
  for (uint32_t i = 0; i < timeline.stack_count(); ++i) {
    filter.stacks_.push_back(
        std::ranges::any_of(timeline.stack(i), [&](uint32_t frame) { return frames[frame]; }));
  }
  filter.stacks_.push_back(false);  // never empty, as that means "no pattern"
  return filter;
}

bool SliceFilter::takes_state_and_time(const model::GoSlice& slice) const {
  return (!options_.state || slice.state == *options_.state) && slice.end >= options_.from &&
         slice.begin <= options_.to;
}

bool SliceFilter::takes(const model::GoSlice& slice) const {
  return takes_state_and_time(slice) &&
         (stacks_.empty() || takes_stack(slice.stack) || takes_stack(slice.by_stack));
}

}  // namespace edp::view
