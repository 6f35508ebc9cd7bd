// What a trace says at first glance: how long goroutines were in which state, what lasted longest, and what
// the garbage collector did meanwhile.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "runner/view/trace/slice_filter.h"

namespace edp::view {

struct StateTotal {
  model::GoState state = model::GoState::kUndetermined;
  uint32_t reason = model::kNone;  // text
  uint64_t count = 0;
  int64_t total = 0, longest = 0;  // ns
};

struct LongSlice {
  uint32_t goroutine = model::kNone;
  model::GoSlice slice;
};

struct RangeTotal {
  model::RangeKind kind = model::RangeKind::kGcMark;
  uint32_t text = model::kNone;  // kStopTheWorld: why
  uint64_t count = 0;
  int64_t total = 0, longest = 0;  // ns
};

struct Extremes {
  uint64_t least = 0, most = 0;
  bool any = false;
};

// States are those that the filter takes, cut to its time. Ranges and figures are of the whole trace.
struct TraceSummary {
  uint64_t goroutines = 0;         // that have such a state
  uint64_t alive = 0;              // of these, at the end
  std::vector<StateTotal> states;  // most time first
  std::vector<LongSlice> longest;  // longest first: what ended, of goroutines of the program; running only
                                   // where it was asked for
  std::vector<RangeTotal> ranges;  // by kind, most time first
  Extremes heap_live, heap_goal, gomaxprocs;
};

TraceSummary summarize(const model::Timeline& timeline, const SliceFilter& filter,
                       const SliceOptions& options, size_t longest = 10);

// For people; `name` is the file's.
std::string summary_text(const TraceSummary& summary, const model::Timeline& timeline,
                         const std::string& name);

// The frame to show of a stack: the topmost that is the program's own, or a library's; else the leaf. kNone
// where there is none.
uint32_t telling_frame(const model::Timeline& timeline, uint32_t stack);

}  // namespace edp::view
