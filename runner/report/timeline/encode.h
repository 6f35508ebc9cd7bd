// One trace as the columns that the page's timeline reads.
//
// All figures are varints (LEB128); "signed" is zigzag; "delta" is signed and by distance from the one
// before; "index" is 0 for none, else the number + 1. Lists begin with their length, tables follow in this
// order, each column by column:
//
//   texts     length and bytes of each; text 0 is empty
//   frames    function (text), file (text), line
//   stacks    distance to the caller's node, frame; node 0 is no stack
//   shapes    what recurs in slices, the most frequent first: class (slice_class.h, kMerged for merged
//   slices),
//             cause (GoCause), reason (text), stack, by_stack; "stack" is a node
//   groups    goroutines that run the same function: function (text), number of goroutines, of these without
//   a
//             lane; then for each group and each class but kNone the occupancy (occupancy.h)
//   lanes     number of lanes, number of goroutines named; the lanes come first: id (delta), function (text),
//             group; then for the lanes: number of slices, begin (delta)
//   slices    those of the first lane, then of the second ...: duration, shape; then only of those that have
//   it:
//             by (index of a named goroutine; causes create and unblock), processor (index; classes running
//             and syscall), merged: number of slices, then for each class but kNone its share in 255ths
//   procs     id; then for each the occupancy of class running
//   ranges    in order of begin: kind * 4 + begun_before * 2 + not_ended, begin (delta), duration, goroutine
//             (index), processor (index), text, stack, a, b; for a log, b is its message (text)
//   series    heap in use, heap goal, GOMAXPROCS, each: time (delta), value (delta)
//   samples   of the CPU: time (delta), goroutine (index), processor (index), stack
#pragma once

#include <cstdint>
#include <string>

#include "runner/model/timeline.h"

namespace edp::report {

struct TimelineLimits {
  uint64_t slices = 1'500'000;  // about 5 bytes each in the page
  uint32_t lanes = 50'000;
  uint64_t ranges = 200'000, samples = 100'000, points = 16'384;
  uint32_t groups = 64;
};

// What of the trace is in the columns.
struct EncodedTimeline {
  std::string columns;
  int64_t merge_below = 0;  // slices shorter than this are merged with their neighbours; 0: none is
  uint64_t slices = 0, lanes = 0, ranges = 0, samples = 0;
};

inline constexpr uint8_t kMerged = 8;  // beside the classes

EncodedTimeline encode_timeline(const model::Timeline& timeline, const TimelineLimits& limits);

}  // namespace edp::report
