// What a page can hold of a trace: all of it, or the longest of everything with the rest merged.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "runner/model/timeline.h"
#include "runner/report/timeline/slice_class.h"

namespace edp::report {

// The classes of a timeline's slices, looked up once. A WaitGroup is waited for as a channel is: by design.
class SliceClasses {
 public:
  explicit SliceClasses(const model::Timeline& timeline);
  [[nodiscard]] SliceClass of(const model::GoSlice& slice) const {
    if (slice.state != model::GoState::kWaiting) return slice_class(slice.state, {});
    const SliceClass of = slice.reason == model::kNone ? SliceClass::kIdle : waits_[slice.reason];
    const bool group = of == SliceClass::kLock && slice.stack != model::kNone && wait_groups_[slice.stack];
    return group ? SliceClass::kChannel : of;
  }

 private:
  std::vector<SliceClass> waits_;  // by text
  std::vector<bool> wait_groups_;  // by stack
};

// Slices too short to be kept each, one behind the other.
struct MergedSlices {
  int64_t begin = 0, end = 0;
  uint64_t count = 0;
  std::array<int64_t, kSliceClasses> time{};  // nanoseconds in each class
};

// In nanoseconds.
struct Merging {
  int64_t below = 0;  // shorter slices are merged; 0: none is
  int64_t step = 0;   // and a merged one ends once it is so long, so that the mix still shows its course
};

// Keeps every slice of at least `merging.below` and gathers what lies between. A gap is never covered up.
//   on_slice(const GoSlice&, SliceClass)   on_merged(const MergedSlices&)
template <typename OnSlice, typename OnMerged>
class SliceMerger {
 public:
  SliceMerger(Merging merging, OnSlice on_slice, OnMerged on_merged)
      : merging_(merging), on_slice_(std::move(on_slice)), on_merged_(std::move(on_merged)) {}

  void add(const model::GoSlice& slice, SliceClass of) {
    if (slice.duration() >= merging_.below || of == SliceClass::kNone) {
      flush();
      on_slice_(slice, of);
      return;
    }
    if (merged_.count == 0) {
      merged_ = {.begin = slice.begin};
      only_ = slice;
      only_class_ = of;
    }
    merged_.end = slice.end;
    ++merged_.count;
    merged_.time[static_cast<size_t>(of)] += slice.duration();
    if (merged_.end - merged_.begin >= merging_.step) flush();
  }
  void flush() {
    if (merged_.count == 1) on_slice_(only_, only_class_);
    if (merged_.count > 1) on_merged_(merged_);
    merged_.count = 0;
  }

 private:
  Merging merging_;
  OnSlice on_slice_;
  OnMerged on_merged_;
  MergedSlices merged_;
  model::GoSlice only_;
  SliceClass only_class_ = SliceClass::kNone;
};

// The goroutine's last slice, "does not exist", is no part of its lane.
inline bool is_end(const model::GoSlice& slice, const model::Timeline& timeline) {
  return slice.state == model::GoState::kNotExist && slice.end == timeline.end;
}

struct Detail {
  Merging merging;
  std::vector<uint32_t> goroutines;  // with a lane of their own, those that waited longest first
  std::vector<int64_t> lock_wait;    // of every goroutine, the longest for a lock
};

// `slices` and `lanes` are what may be kept.
Detail choose_detail(const model::Timeline& timeline, const SliceClasses& classes, uint64_t slices,
                     uint32_t lanes);

}  // namespace edp::report
